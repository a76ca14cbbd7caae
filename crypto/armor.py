# SPDX-License-Identifier: EUPL-1.2
"""ASCII armor of an age file (C2SP age.md, "ASCII armor"; RFC 7468 section 3, strict).

- Guarantees: lines of exactly 64 columns but the last, canonical base64 with padding, nothing but white space outside,
  LF or CRLF line ends; constant memory.
- Called by `age`, which tells armored from binary input. Pure.
"""

import binascii
from typing import Final

from meldkluis.crypto.errors import FormatError

BEGIN: Final = b"-----BEGIN AGE ENCRYPTED FILE-----"
END: Final = b"-----END AGE ENCRYPTED FILE-----"
_COLUMNS: Final = 64
_WHITE_SPACE: Final = 1024
"""Bytes of white space before and behind, together: what people paste has a few, a hostile file could have millions."""


class ArmorError(FormatError):
    """The text is not a strictly armored age file."""


def encode(data: bytes) -> bytes:
    """Return the armored text of an age file, lines ended by LF."""
    text = binascii.b2a_base64(data, newline=False)
    lines = [text[at : at + _COLUMNS] for at in range(0, len(text), _COLUMNS)]
    return b"\n".join((BEGIN, *lines, END)) + b"\n"


def decode(text: bytes) -> bytes:
    """Return the bytes of an armored file; ArmorError."""
    reader = ArmorReader()
    data = reader.update(text)
    return data + reader.finish()


class ArmorReader:
    """Reads armored text in pieces of any size."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._white_space = 0
        self._begun = False
        self._full = True
        self._ended = False

    def update(self, text: bytes) -> bytes:
        """Return the bytes of the lines that are complete; ArmorError."""
        self._held += text
        *lines, rest = bytes(self._held).split(b"\n")
        self._held = bytearray(rest)
        if len(rest) > _WHITE_SPACE:
            raise ArmorError("a line is too long")
        return self._read(lines)

    def finish(self) -> bytes:
        """Return what was left; ArmorError unless the last line was there."""
        data = self._read([bytes(self._held)]) if self._held else b""
        self._held = bytearray()
        if not self._ended:
            raise ArmorError("the last line is missing")
        return data

    def _read(self, lines: list[bytes]) -> bytes:
        body: list[bytes] = []
        for line in lines:
            if self._begun and not self._ended:
                self._read_inside(line.removesuffix(b"\r"), body)
            else:
                self._read_outside(line)
        text = b"".join(body)
        try:
            data = binascii.a2b_base64(text)
        except binascii.Error:
            raise ArmorError("not base64") from None
        # The decoder skips what it does not know; writing it again is what makes this strict.
        if binascii.b2a_base64(data, newline=False) != text:
            raise ArmorError("not the canonical base64")
        return data

    def _read_inside(self, line: bytes, body: list[bytes]) -> None:
        if line == END:
            self._ended = True
        elif self._full and 0 < len(line) <= _COLUMNS:
            self._full = len(line) == _COLUMNS and not line.endswith(b"=")
            body.append(line)
        else:
            raise ArmorError("a line of another length than it must have")

    def _read_outside(self, line: bytes) -> None:
        if not self._begun and line.removesuffix(b"\r") == BEGIN:
            self._begun = True
            return
        self._white_space += len(line) + 1
        if line.strip() or self._white_space > _WHITE_SPACE:
            raise ArmorError("something else than white space outside")
