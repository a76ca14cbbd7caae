# SPDX-License-Identifier: EUPL-1.2
"""Pictures and text as pages, with Debian's python3-pil.

- A picture's size is read before anything is decoded; what is too large is not decoded.
- Text is drawn in the order of its characters, without reordering from right to left, in a font of one width;
  what would not be seen, or has no sign in the font, is drawn as its code point.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageDraw, ImageFont, ImageOps, ImageSequence

from meldkluis.workstation.display import pieces
from meldkluis.workstation.inside.frames import LONGEST_SIDE, MOST_PAGES, StopError, Writer

_MOST_DECODED: Final = 80_000_000
"""Pixels: a large camera's picture has 60 million."""

_VIEW: Final = (2000, 2000)
_PAPER: Final = (1240, 1754)
"""A4 at 150 dpi."""

_MARGIN, _LINE, _SIZE, _COLUMNS, _ROWS = 80, 24, 18, 98, 66
_FONT: Final = Path("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf")
_MOST_CHARACTERS: Final = 4_000_000

_NOT_A_PICTURE: Final = (
    OSError, ValueError, SyntaxError, EOFError, KeyError, MemoryError, OverflowError, Image.DecompressionBombError,
)  # fmt: skip
"""What Pillow raises for files that are not what they say."""

Run = tuple[str, bool]


def picture(path: Path, out: Writer) -> None:
    """Write each frame of a picture as a page."""
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(path) as image:
            image.draft("RGB", _VIEW)
            for frame in ImageSequence.Iterator(image):
                # Nothing was decoded yet: the pictures of one file differ in size.
                if frame.width * frame.height > _MOST_DECODED:
                    raise StopError("too-many-pixels")
                _frame(frame, out)
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        KeyError,
        MemoryError,
        OverflowError,
        Image.DecompressionBombError,
    ):
        # Pillow raises any of these for files that are not what they say.
        if out.pages == 0:
            raise StopError("broken") from None


def _frame(frame: Any, out: Writer) -> None:
    turned = ImageOps.exif_transpose(frame).convert("RGBA")
    turned.thumbnail(_VIEW)
    if max(turned.size) > LONGEST_SIDE:
        raise StopError("too-many-pixels")
    paper = Image.new("RGB", turned.size, "white")
    paper.paste(turned, mask=turned.getchannel("A"))
    out.page(paper.width, paper.height, paper.tobytes())


def decoded(raw: bytes) -> str:
    """Return the text of a file in the encoding that it most likely has; every file has some text."""
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig")):
        if raw.startswith(mark):
            return raw[: _MOST_CHARACTERS * 2].decode(encoding, "replace")
    raw = raw[:_MOST_CHARACTERS]
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start > len(raw) - 4:
            return raw.decode("utf-8", "ignore")
        return raw.decode("cp1252", "replace")


def text(content: str, out: Writer) -> None:
    """Write a text as pages of A4."""
    drawing = _Drawing()
    lines = _lines(drawing.signs(content[:_MOST_CHARACTERS]))
    while rows := list(islice(lines, _ROWS)):
        page = drawing.page(rows)
        out.page(*_PAPER, page)
        if out.pages > MOST_PAGES:
            return


def _lines(signs: Iterator[Run]) -> Iterator[list[Run]]:
    line: list[Run] = []
    used = 0
    for sign, hidden in signs:
        if sign == "\n":
            yield line
            line, used = [], 0
            continue
        if used + len(sign) > _COLUMNS:
            yield line
            line, used = [], 0
        line.append((sign, hidden))
        used += len(sign)
    if line:
        yield line


class _Drawing:
    """Draws lines of text; knows which characters the font has no sign for."""

    def __init__(self) -> None:
        self._font: Final = ImageFont.truetype(str(_FONT), _SIZE, layout_engine=ImageFont.Layout.BASIC)
        self._missing: Final = bytes(self._font.getmask("\U0010ffff"))
        self._has: Final[dict[str, bool]] = {}
        self._width: Final = self._font.getlength("x")

    def signs(self, content: str) -> Iterator[Run]:
        """Yield what is drawn for each character, and whether it stands for one that would not be seen."""
        for piece in pieces(content):
            if piece.hidden:
                yield piece.text, True
                continue
            for character in piece.text:
                if character == "\n":
                    yield "\n", False
                elif character == "\t":
                    yield "    ", False
                elif self._drawn(character):
                    yield character, False
                else:
                    yield f"⟦U+{ord(character):04X}⟧", True

    def _drawn(self, character: str) -> bool:
        if " " <= character <= "~":
            return True
        if character not in self._has:
            mask = self._font.getmask(character)
            self._has[character] = bytes(mask) != self._missing and self._font.getlength(character) == self._width
        return self._has[character]

    def page(self, rows: list[list[Run]]) -> bytes:
        """Return the pixels of a page with these lines."""
        paper = Image.new("RGB", _PAPER, "white")
        pen = ImageDraw.Draw(paper)
        for number, row in enumerate(rows):
            x, y = float(_MARGIN), _MARGIN + number * _LINE
            for run, hidden in _joined(row):
                pen.text((x, y), run, font=self._font, fill=(163, 25, 15) if hidden else (0, 0, 0))
                x += len(run) * self._width
        return bytes(paper.tobytes())


def _joined(row: list[Run]) -> Iterator[Run]:
    run, kind = "", False
    for sign, hidden in row:
        if hidden != kind and run:
            yield run, kind
            run = ""
        run, kind = run + sign, hidden
    if run:
        yield run, kind
