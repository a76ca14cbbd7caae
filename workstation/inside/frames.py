# SPDX-License-Identifier: EUPL-1.2
"""What the sandbox writes: frames with a letter, lengths as big-endian numbers, and an end that cannot be mistaken.

- `P` width:4 height:4 pixels (RGB, three bytes each), a page; `A` count:2, parts of an e-mail that can be looked at;
  `M` length:4 JSON, a list of [field, value]; `C` length:8, a cleaned copy; `E` letter:1, why there is no more;
  `Z` pages:4 total:4, the end (total 0: not counted). A stream without `Z` was cut.
"""

from typing import BinaryIO, Final

MOST_PAGES: Final = 200
"""Pages that are shown of one file."""

LONGEST_SIDE: Final = 4000
"""Pixels."""

MOST_PIXELS: Final = 8_000_000
"""Pixels of one page: A3 at 150 dpi has 4.4 million."""

REASONS: Final = {
    b"l": "locked",
    b"b": "broken",
    b"p": "too-many-pixels",
    b"u": "too-much-inside",
    b"s": "slow",
    b"k": "part",
    b"n": "not-cleaned",
}
"""Letters of an `E` frame and what they stand for."""

_LETTERS: Final = {reason: letter for letter, reason in REASONS.items()}


class StopError(Exception):
    """No more pages can be made; `reason` is one of REASONS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason: Final = reason


class FullError(Exception):
    """As many pages as are shown were written."""


class Writer:
    """Writes frames; `page` raises FullError after the last page that is shown."""

    def __init__(self, out: BinaryIO) -> None:
        self._out: Final = out
        self.pages = 0
        self.total = 0

    def page(self, width: int, height: int, pixels: bytes) -> None:
        """Write a page; its pixels are width * height * 3 bytes."""
        if self.pages == MOST_PAGES:
            raise FullError
        self._out.write(b"P" + width.to_bytes(4, "big") + height.to_bytes(4, "big"))
        self._out.write(pixels)
        self.pages += 1

    def parts(self, count: int) -> None:
        """Say how many parts an e-mail has that can be looked at."""
        self._out.write(b"A" + count.to_bytes(2, "big"))

    def metadata(self, found: bytes) -> None:
        """Write what metadata was found, as JSON."""
        self._out.write(b"M" + len(found).to_bytes(4, "big") + found)

    def copy(self, content: bytes) -> None:
        """Write a cleaned copy."""
        self._out.write(b"C" + len(content).to_bytes(8, "big") + content)

    def stop(self, reason: str) -> None:
        """Say why there is no more."""
        self._out.write(b"E" + _LETTERS[reason])

    def end(self) -> None:
        """Write the end."""
        self._out.write(b"Z" + self.pages.to_bytes(4, "big") + self.total.to_bytes(4, "big"))
        self._out.flush()
