# SPDX-License-Identifier: EUPL-1.2
"""What a sandbox wrote, read as hostile: bounded pages of raw pixels, which become PNG and PDF here.

- Whoever took over a converter chooses every byte of the stream (`inside.frames`). It can say what a page looks like,
  and nothing else: no length is believed before it was checked, no word of it is shown unless the officer asked for
  metadata, and browsers decode only what was compressed here.
- Memory is bounded by one page of pixels and by MOST_KEPT bytes of compressed ones.
- PNG: ISO 15948 (RGB, 8 bits, filter 0). PDF: ISO 32000-1 7.4.4.4; PNG's compressed lines are FlateDecode's with
  predictor 15, so that a page is compressed once.
"""

import json
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from meldkluis.workstation.errors import WorkstationError
from meldkluis.workstation.inside.frames import LONGEST_SIDE, MOST_PAGES, MOST_PIXELS, REASONS

MOST_KEPT: Final = 192_000_000
"""Bytes of compressed pages of one file."""

MOST_COPY: Final = 128_000_000
MOST_PARTS: Final = 200
_MOST_METADATA: Final = 1_000_000
_SPEED: Final = 1
"""zlib's level: pages are looked at once."""


class Stream(Protocol):
    """Something that bytes are read from; fewer than asked for only at its end."""

    def read(self, count: int, /) -> bytes:
        """Read."""


class BadStreamError(WorkstationError):
    """What came out of the sandbox is not what a converter writes, or ended early."""

    def __init__(self) -> None:
        super().__init__("the sandbox wrote something else than pages")


@dataclass(frozen=True)
class Page:
    """A picture of a page: size in pixels, and its lines compressed as PNG and PDF both take them."""

    width: int
    height: int
    lines: bytes = field(repr=False)

    @classmethod
    def from_pixels(cls, width: int, height: int, pixels: bytes) -> "Page":
        """Compress RGB pixels of width * height * 3 bytes."""
        row, squeeze = width * 3, zlib.compressobj(_SPEED)
        pieces = [squeeze.compress(b"\x00" + pixels[start : start + row]) for start in range(0, len(pixels), row)]
        return cls(width, height, b"".join(pieces) + squeeze.flush())

    def png(self) -> bytes:
        """Return the page as a PNG file."""
        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        chunks = ((b"IHDR", header), (b"IDAT", self.lines), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")
            for kind, content in chunks
        )


@dataclass
class Shown:
    """What came of a file. `reason` is one of REASONS where there is no more than this, else empty.

    `whole` is False where the sandbox was ended, or ended itself, before it was done; `total` is 0 where not counted.
    """

    pages: list[Page] = field(default_factory=list)
    total: int = 0
    parts: int = 0
    metadata: list[tuple[str, str]] = field(default_factory=list)
    copy: bytes | None = field(default=None, repr=False)
    reason: str = ""
    whole: bool = False
    kept: int = 0

    @property
    def more(self) -> bool:
        """Whether the file has more pages than there are here."""
        return self.total > len(self.pages) or not self.whole


def read_shown(stream: Stream) -> Shown:
    """Read a stream to its end or its first wrong byte.

    What was whole before a wrong byte is kept: pages are pictures, whoever wrote them. BadStreamError when nothing was.
    """
    shown = Shown()
    try:
        while _frame(stream, shown):
            pass
        shown.whole = stream.read(1) == b""
    except BadStreamError:
        if not shown.pages and not shown.reason:
            raise
    return shown


def _frame(stream: Stream, shown: Shown) -> bool:
    """Read one frame; False after the last one."""
    match _exactly(stream, 1):
        case b"P":
            _page(stream, shown)
        case b"A":
            shown.parts = min(_number(stream, 2), MOST_PARTS)
        case b"M":
            shown.metadata = _metadata(_exactly(stream, _number(stream, 4), _MOST_METADATA))
        case b"C":
            shown.copy = _exactly(stream, _number(stream, 8), MOST_COPY)
        case b"E":
            shown.reason = REASONS.get(_exactly(stream, 1), "broken")
        case b"Z":
            pages, shown.total = _number(stream, 4), _number(stream, 4)
            if pages != len(shown.pages):
                raise BadStreamError
            return False
        case _:
            raise BadStreamError
    return True


def _page(stream: Stream, shown: Shown) -> None:
    width, height = _number(stream, 4), _number(stream, 4)
    if not (0 < width <= LONGEST_SIDE and 0 < height <= LONGEST_SIDE and width * height <= MOST_PIXELS):
        raise BadStreamError
    if len(shown.pages) == MOST_PAGES:
        raise BadStreamError
    page = Page.from_pixels(width, height, _exactly(stream, width * height * 3, MOST_PIXELS * 3))
    shown.kept += len(page.lines)
    if shown.kept > MOST_KEPT:
        raise BadStreamError
    shown.pages.append(page)


def _number(stream: Stream, size: int) -> int:
    return int.from_bytes(_exactly(stream, size), "big")


def _exactly(stream: Stream, count: int, most: int = 16) -> bytes:
    if count > most:
        raise BadStreamError
    content = stream.read(count)
    if len(content) != count:
        raise BadStreamError
    return content


def _metadata(raw: bytes) -> list[tuple[str, str]]:
    """Read the list of fields; its texts are the reporter's or worse, and are only shown as such."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise BadStreamError from None
    if not isinstance(found, list) or len(found) > 1000:
        raise BadStreamError
    fields = []
    for item in found:
        if not (isinstance(item, list) and len(item) == 2 and all(isinstance(text, str) for text in item)):
            raise BadStreamError
        fields.append((item[0][:300], item[1][:300]))
    return fields


def to_pdf(pages: Sequence[Page], dpi: int = 150) -> bytes:
    """Return pages as a PDF 1.4 of pictures alone: no text, no metadata, nothing that a converter wrote."""
    out, places = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), [0]

    def add(content: bytes) -> None:
        places.append(len(out))
        out.extend(b"%d 0 obj\n%s\nendobj\n" % (len(places) - 1, content))

    kids = b" ".join(b"%d 0 R" % (3 + 3 * number) for number in range(len(pages)))
    add(b"<< /Type /Catalog /Pages 2 0 R >>")
    add(b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(pages)))
    for number, page in enumerate(pages):
        me = 3 + 3 * number
        width, height = (b"%.2f" % (side * 72 / dpi) for side in (page.width, page.height))
        drawing = b"q %s 0 0 %s 0 0 cm /P Do Q" % (width, height)
        add(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %s %s] /Contents %d 0 R"
            b" /Resources << /XObject << /P %d 0 R >> >> >>" % (width, height, me + 1, me + 2)
        )
        add(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing))
        parameters = b"<< /Predictor 15 /Colors 3 /BitsPerComponent 8 /Columns %d >>" % page.width
        add(
            b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB /BitsPerComponent 8"
            b" /Filter /FlateDecode /DecodeParms %s /Length %d >>\nstream\n%s\nendstream"
            % (page.width, page.height, parameters, len(page.lines), page.lines)
        )
    table = len(out)
    out.extend(b"xref\n0 %d\n0000000000 65535 f \n" % len(places))
    for place in places[1:]:
        out.extend(b"%010d 00000 n \n" % place)
    out.extend(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(places), table))
    return bytes(out)
