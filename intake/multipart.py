# SPDX-License-Identifier: EUPL-1.2
"""multipart/form-data as a stream of events (RFC 7578; HTML, section 4.10.21.8).

- Nothing is collected and nothing touches a disk: a part's bytes are handed on as they come.
- A body that stops in the middle is an error; python-multipart alone would let it pass.
- Pure: it is fed bytes and gives events. Reading the network and judging fields is for the caller.
"""

import logging
import re
from dataclasses import dataclass
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser

# Its warnings quote bytes of what was sent.
for _name in ("python_multipart", "python_multipart.multipart"):
    logging.getLogger(_name).disabled = True

_CONTENT_TYPE: Final = re.compile(
    r'multipart/form-data\s*;(?:[^"]*;)?\s*boundary=(?:"([^"\s]{1,70})"|([^\s";,]{1,70}))\s*', re.IGNORECASE
)
_DISPOSITION: Final = re.compile(
    r'form-data\s*;\s*name=(?:"([^"]*)"|([^\s";]+))\s*(?:;\s*filename=(?:"(.*)"|([^\s";]+))\s*)?',
    re.IGNORECASE | re.DOTALL,
)
_HEADERS: Final = 16
_HEADER: Final = 32 * 1024
"""Longest header of a part: a hostile file name must come through to be refused by name, not as a broken form."""


class MultipartError(Exception):
    """The body is not the form that it says it is, or stops in the middle."""


@dataclass(frozen=True)
class Begin:
    """A field begins. `filename` is None for a field without a file; it is whatever was sent, hostile or not."""

    name: str
    filename: str | None


@dataclass(frozen=True)
class Data:
    """The next bytes of the field."""

    data: bytes


@dataclass(frozen=True)
class End:
    """The field is complete."""


Event = Begin | Data | End


def boundary_of(content_type: str) -> bytes:
    """Return the boundary named by a Content-Type header; MultipartError when it names none."""
    found = _CONTENT_TYPE.fullmatch(content_type.strip())
    if found is None:
        raise MultipartError("not a multipart form")
    try:
        return (found[1] or found[2]).encode("ascii")
    except UnicodeEncodeError:
        raise MultipartError("an unusable boundary") from None


class FormStream:
    """Turns the bytes of a form into events."""

    def __init__(self, boundary: bytes) -> None:
        """Expect a body with this boundary; MultipartError when none can have it."""
        self._events: list[Event] = []
        self._headers: dict[str, bytes] = {}
        self._field = bytearray()
        self._value = bytearray()
        self._ended = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._headers.clear,
                    "on_header_field": self._on_field,
                    "on_header_value": self._on_value,
                    "on_header_end": self._on_header,
                    "on_headers_finished": self._on_headers,
                    "on_part_data": self._on_data,
                    "on_part_end": self._on_part_end,
                    "on_end": self._on_end,
                },
                max_header_count=_HEADERS,
                max_header_size=_HEADER,
            )
        except FormParserError:
            raise MultipartError("an unusable boundary") from None

    def feed(self, data: bytes) -> list[Event]:
        """Return what the next bytes say; MultipartError when they cannot be part of a form."""
        if self._ended:
            # RFC 2046 lets an epilogue follow; nothing in it means anything.
            return []
        try:
            self._parser.write(data)
        except FormParserError:
            raise MultipartError("a broken form") from None
        events, self._events = self._events, []
        return events

    def finish(self) -> None:
        """Say that the body is over; MultipartError unless the form was complete."""
        if not self._ended:
            raise MultipartError("the form stops in the middle")

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header(self) -> None:
        name = self._field.decode("ascii", "replace").lower()
        if name in self._headers:
            raise MultipartError("a header stands twice")
        self._headers[name] = bytes(self._value)
        self._field.clear()
        self._value.clear()

    def _on_headers(self) -> None:
        raw = self._headers.get("content-disposition", b"").decode("utf-8", "replace").strip()
        found = _DISPOSITION.fullmatch(raw)
        if found is None:
            raise MultipartError("a part without a name")
        name, filename = found[1] or found[2] or "", found[3] if found[3] is not None else found[4]
        self._events.append(Begin(name, None if filename is None else _unescape(filename)))

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self._events.append(Data(data[start:end]))

    def _on_part_end(self) -> None:
        self._events.append(End())

    def _on_end(self) -> None:
        self._ended = True


def _unescape(filename: str) -> str:
    for written, meant in (("%22", '"'), ("%0D", "\r"), ("%0A", "\n"), ('\\"', '"')):
        filename = filename.replace(written, meant)
    return filename
