# SPDX-License-Identifier: EUPL-1.2
"""Attachments and the sandbox that looks at them: what must be there, hostile files, and what came out."""

import os
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path

import pytest

from meldkluis.crypto.message import AttachmentRef
from meldkluis.workstation.pixels import Page
from meldkluis.workstation.sandbox import Bounds, Sandbox, missing_tools
from meldkluis.workstation.viewing import View, Viewer, Wanted

REQUIRED = os.environ.get("MELDKLUIS_REQUIRE_SANDBOX") == "1"
SAMPLES = Path(__file__).parents[1] / "workstation" / "samples.zip"
WORDS = {"html": "opmaak", "parts": "Bijlagen:", "outlook": "Outlook"}


def need_sandbox() -> None:
    """Skip aloud where sandbox or converters are missing; fail where they must be there."""
    lacking = [tool.package for tool in missing_tools()]
    refusal = Sandbox().refusal()
    if not lacking and not refusal:
        return
    text = f"!!! NOT TESTED: safe view. {refusal} {' '.join(lacking)}: install them, or see the README. !!!"
    if REQUIRED:
        pytest.fail(text)
    warnings.warn(pytest.PytestWarning(text), stacklevel=2)
    pytest.skip(text)


def sample(suffix: str) -> bytes:
    """Return the sample of a kind of file."""
    with zipfile.ZipFile(SAMPLES) as samples:
        return samples.read(f"voorbeeld.{suffix}")


def ref_of(name: str, content: bytes) -> AttachmentRef:
    """Return how a message names a file."""
    return AttachmentRef(
        bytes(16), name, len(content), bytes(32), zlib.crc32(content).to_bytes(32, "big"), sealed=False
    )


def look(name: str, content: bytes, part: int = 0, bounds: Bounds | None = None) -> View:
    """Look at a file in a sandbox of its own."""

    def read() -> Iterator[bytes]:
        yield content

    return Viewer(Sandbox(bounds)).look(Wanted(bytes(16), bytes(16), part), ref_of(name, content), read, WORDS)


def pixels(page: Page) -> bytes:
    """Return a page's pixels, three bytes each."""
    lines, row = zlib.decompress(page.lines), page.width * 3 + 1
    return b"".join(lines[start + 1 : start + row] for start in range(0, len(lines), row))


def ink(page: Page) -> int:
    """Return how many bytes of a page are dark."""
    return sum(value < 200 for value in pixels(page))


def package(files: Mapping[str, bytes | str]) -> bytes:
    """Return a ZIP."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            # One day for all, so that the same files are the same bytes.
            package.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def docx(body: str = "Voorbeeld", declaration: str = "") -> bytes:
    """Return a text in OOXML (ECMA-376); `declaration` comes before its document."""
    types = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml"'
        ' ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
    )
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r"'
        ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"'
        ' Target="word/document.xml"/></Relationships>'
    )
    document = (
        f'<?xml version="1.0"?>{declaration}<w:document'
        ' xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        f"<w:body><w:p><w:r><w:t>{body}</w:t></w:r></w:p></w:body></w:document>"
    )
    return package({"[Content_Types].xml": types, "_rels/.rels": relations, "word/document.xml": document})


def pdf(pages: int = 1, catalog: str = "", tree: str = "", size: str = "595 842") -> bytes:
    """Return a PDF with a word on each page (ISO 32000-1); `catalog` and `tree` are added to those objects."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(pages))
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {catalog} >>",
        tree or f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number in range(pages):
        drawing = "BT /F 24 Tf 72 700 Td (Voorbeeld) Tj ET"
        resources = "/Resources << /Font << /F 3 0 R >> >>"
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {size}] /Contents {5 + 2 * number} 0 R {resources} >>",
            f"<< /Length {len(drawing)} >>\nstream\n{drawing}\nendstream",
        ]
    out, places = "%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size_of = len(objects) + 1
    end = f"trailer\n<< /Size {size_of} /Root 1 0 R /Info << /Author (J. Jansen) >> >>\nstartxref\n{len(out)}\n%%EOF\n"
    return f"{out}xref\n0 {size_of}\n0000000000 65535 f \n{table}{end}".encode()


def png(width: int = 40, height: int = 30, *, content: bytes | None = None, author: str = "") -> bytes:
    """Return a dark PNG (ISO 15948), with its maker's name if one is given; `content` replaces its compressed lines."""
    lines = (
        zlib.compress(b"".join(b"\0" + b"\x20\x10\x60" * width for _ in range(height))) if content is None else content
    )
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))]
    if author:
        chunks.append((b"tEXt", b"Author\0" + author.encode()))
    chunks += [(b"IDAT", lines), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


GIF = b"GIF89a\x02\0\x02\0\x80\0\0\x20\x10\x60\xff\xff\xff,\0\0\0\0\x02\0\x02\0\0\x02\x02D\x02\0;"
"""Two by two pixels (GIF89a)."""


def bmp(side: int = 8) -> bytes:
    """Return a dark square (BITMAPINFOHEADER, 24 bits)."""
    body = b"\x60\x10\x20" * side * side
    return b"BM" + struct.pack("<IHHI", 54 + len(body), 0, 0, 54) + struct.pack(
        "<IiiHHIIiiII", 40, side, side, 1, 24, 0, len(body), 0, 0, 0, 0
    ) + body  # fmt: skip


def svg(inside: str = "", declaration: str = "") -> bytes:
    """Return a drawing of a square, and whatever more (SVG 1.1)."""
    return (
        f'<?xml version="1.0"?>{declaration}<svg xmlns="http://www.w3.org/2000/svg"'
        ' xmlns:xlink="http://www.w3.org/1999/xlink" width="100" height="100" viewBox="0 0 100 100">'
        f'<rect width="50" height="50" fill="#102060"/>{inside}</svg>'
    ).encode()
