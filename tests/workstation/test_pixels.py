# SPDX-License-Identifier: EUPL-1.2
"""What comes out of the sandbox is hostile until it was read."""

import subprocess
from io import BytesIO

import pytest
from hypothesis import given, strategies as st
from sandboxes import need_sandbox, pixels

from meldkluis.workstation import pixels as module
from meldkluis.workstation.inside.frames import MOST_PAGES, Writer
from meldkluis.workstation.pixels import BadStreamError, Page, read_shown, to_pdf


class Counting(BytesIO):
    """A stream that remembers the most that was asked of it at once."""

    asked = 0

    def read(self, count=-1, /):
        self.asked = max(self.asked, count)
        return super().read(count)


def written(*pages, end=True):
    out = BytesIO()
    writer = Writer(out)
    for page in pages:
        writer.page(*page)
    if end:
        writer.end()
    return out.getvalue()


RED = (2, 1, b"\xff\0\0" * 2)


def header(width, height):
    return b"P" + width.to_bytes(4, "big") + height.to_bytes(4, "big")


def test_what_was_written_is_read():
    """Pages come out as they went in, whole, with the count of the file's pages."""
    shown = read_shown(BytesIO(written(RED, (1, 3, b"abcdefghi"))))

    assert [(page.width, page.height, pixels(page)) for page in shown.pages] == [RED, (1, 3, b"abcdefghi")]
    assert (shown.whole, shown.reason, shown.more) == (True, "", False)


@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda end: written(RED, end=False) + end))
def test_any_bytes_are_read_or_refused(raw):
    """No stream crashes the reader, and none makes it believe more pages than were written."""
    try:
        shown = read_shown(BytesIO(raw))
    except BadStreamError:
        return
    assert len(shown.pages) <= raw.count(b"P")
    assert all(len(pixels(page)) == page.width * page.height * 3 for page in shown.pages)


@pytest.mark.parametrize(
    "lie",
    [
        header(2**32 - 1, 2**32 - 1), header(0, 5), header(5, 0), header(4000, 4000), header(4001, 1), header(1, 2**31),
        b"M\xff\xff\xff\xff", b"C" + b"\xff" * 8, b"M\0\0\0\x02{}", b"M\0\0\0\x04[[1]", b"M\0\0\0\x05[[1]]", b"Q", b"",
        b"M\0\0\0\x02[[" + b"[" * 200, b"Z\0\0\0\x01\0\0\0\x01", b"M\0\x01\x86\xa0" + b"[" * 100_000,
    ],
)  # fmt: skip
def test_lies_about_sizes(lie):
    """A size is checked before anything of that size is read."""
    stream = Counting(lie)

    with pytest.raises(BadStreamError):
        read_shown(stream)
    assert stream.asked <= 1_000_000


@pytest.mark.parametrize("end", [b"", header(2, 2) + b"short", b"P", b"Z\0\0\0\x07\0\0\0\x07", header(0, 0)])
def test_cut_stream_is_noticed(end):
    """A stream that ends before its end is not whole; the pages before the cut stay."""
    shown = read_shown(BytesIO(written(RED, end=False) + end))

    assert len(shown.pages) == 1
    assert (shown.whole, shown.more) == (False, True)


def test_more_after_the_end_is_noticed():
    """Nothing follows the end."""
    assert not read_shown(BytesIO(written(RED) + b"x")).whole


def test_pages_are_counted(monkeypatch):
    """More pages, or larger ones when compressed, than are kept end the reading."""
    many = written(*[RED] * MOST_PAGES, end=False)
    assert len(read_shown(BytesIO(many + header(2, 1) + RED[2])).pages) == MOST_PAGES
    monkeypatch.setattr(module, "MOST_KEPT", 50)
    assert len(read_shown(BytesIO(many)).pages) < 5


def test_png_and_pdf_are_sound(tmp_path):
    """Readers of others see the pixels that were put in: Pillow those of a PNG, poppler those of a PDF."""
    need_sandbox()
    page = Page.from_pixels(3, 2, bytes(range(18)))
    told = subprocess.run(["pdfinfo", "-"], input=to_pdf([page, page]), capture_output=True, check=True)
    subprocess.run(["pdfimages", "-", tmp_path / "p"], input=to_pdf([page, page]), capture_output=True, check=True)
    program = "import sys; from PIL import Image; sys.stdout.buffer.write(Image.open(sys.stdin.buffer).tobytes())"
    seen = subprocess.run(["/usr/bin/python3", "-Ic", program], input=page.png(), capture_output=True, check=True)

    assert [image.read_bytes() for image in sorted(tmp_path.iterdir())] == [b"P6\n3 2\n255\n" + bytes(range(18))] * 2
    assert told.stderr == b""
    assert seen.stdout == bytes(range(18))
