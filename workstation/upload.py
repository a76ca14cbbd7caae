# SPDX-License-Identifier: EUPL-1.2
"""A form with one small file (multipart/form-data, RFC 7578), read in memory.

- Nothing is spooled and no file name is looked at; a body that is too long is refused while it comes in.
- A field that stands twice, a body that stops in the middle, a part without a name: refused as a whole.
"""

import logging
import re
from collections.abc import AsyncIterator
from typing import Any, Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser
from starlette.exceptions import HTTPException

# Its warnings quote bytes of what was sent.
for _name in ("python_multipart", "python_multipart.multipart"):
    logging.getLogger(_name).disabled = True

_BOUNDARY: Final = re.compile(r'multipart/form-data\s*;\s*boundary=(?:"([^"\s]{1,70})"|([^\s";,]{1,70}))\s*', re.ASCII)
_FIELD: Final = re.compile(rb'form-data\s*;\s*name="([a-z-]{1,40})"\s*(;.*)?', re.DOTALL)
_MOST_FIELDS: Final = 20
_LONGEST_HEADER: Final = 4096


class _Parts:
    """What the parser tells of a form, collected."""

    def __init__(self) -> None:
        self.found: dict[str, bytearray] = {}
        self.ended = False
        self._header = b""
        self._value = b""
        self._part: bytearray | None = None
        self._disposition = b""

    def callbacks(self) -> Any:
        """Return the methods under the parser's names for them."""
        return {
            "on_header_field": self._on_field, "on_header_value": self._on_value, "on_header_end": self._on_header,
            "on_headers_finished": self._on_part, "on_part_data": self._on_data, "on_end": self._on_end,
        }  # fmt: skip

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]
        self._bound()

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._bound()

    def _bound(self) -> None:
        if len(self._header) + len(self._value) > _LONGEST_HEADER:
            raise HTTPException(400)

    def _on_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _on_part(self) -> None:
        named = _FIELD.fullmatch(self._disposition)
        self._disposition = b""
        name = "" if named is None else named[1].decode("ascii")
        if not name or name in self.found or len(self.found) == _MOST_FIELDS:
            raise HTTPException(400)
        self._part = self.found[name] = bytearray()

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        assert self._part is not None
        self._part += data[start:end]

    def _on_end(self) -> None:
        self.ended = True


async def read_upload(content_type: str, body: AsyncIterator[bytes], largest: int) -> tuple[dict[str, str], bytes]:
    """Return the text fields and the field `file` of a form of at most `largest` bytes; HTTPException 400, 413, 415."""
    boundary = _BOUNDARY.fullmatch(content_type)
    if boundary is None:
        raise HTTPException(415)
    parts, size = _Parts(), 0
    try:
        parser = MultipartParser((boundary[1] or boundary[2]).encode("ascii"), parts.callbacks())
        async for chunk in body:
            size += len(chunk)
            if size > largest:
                raise HTTPException(413)
            parser.write(chunk)
        parser.finalize()
        file = bytes(parts.found.pop("file", b""))
        fields = {name: value.decode("utf-8").replace("\r\n", "\n") for name, value in parts.found.items()}
    except (FormParserError, UnicodeError):
        raise HTTPException(400) from None
    if not parts.ended:
        raise HTTPException(400)
    return fields, file
