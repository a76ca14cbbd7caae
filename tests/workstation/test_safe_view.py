# SPDX-License-Identifier: EUPL-1.2
"""Each kind of file becomes pictures of pages, in a sandbox; and why some do not."""

import base64
import subprocess
import sys
from pathlib import Path

import pytest
from sandboxes import GIF, bmp, docx, ink, look, need_sandbox, package, pdf, pixels, png, ref_of, sample, svg

from meldkluis.workstation.errors import ActError
from meldkluis.workstation.sandbox import MOST_VIEWED, Bounds, Sandbox
from meldkluis.workstation.viewing import Viewer, Wanted

pytestmark = pytest.mark.usefixtures("sandbox")
A4 = (1240, 1754)


@pytest.fixture(scope="module")
def sandbox():
    """A machine on which everything can be looked at."""
    need_sandbox()


def seen(name, content, part=0):
    """The pages of a file of which nothing is held back."""
    view = look(name, content, part)
    assert (view.reason, view.shown.whole, view.missing) == ("", True, ())
    assert view.shown.pages
    return view.shown.pages


@pytest.mark.parametrize("suffixes", ["doc docx odt rtf", "xls xlsx ods", "ppt pptx odp"])
def test_office_files(suffixes):
    """Texts, sheets and presentations, old and new, show their words."""
    for suffix in suffixes.split():
        (page,) = seen(f"a.{suffix}", sample(suffix))
        assert ink(page) > 500, suffix


def test_pdf():
    """Each page of a PDF is a picture at 150 dots an inch, however large the page is."""
    pages = seen("a.pdf", pdf(3))

    assert [(page.width, page.height) for page in pages] == [(1240, 1755)] * 3
    assert all(ink(page) > 500 for page in pages)
    (huge,) = seen("a.pdf", pdf(size="14400 14400"))
    assert (huge.width, huge.height) == (2000, 2000)


def test_pictures():
    """PNG, GIF, BMP, JPEG's cousins and HEIC are shown; of an animation each picture."""
    (shown,) = seen("a.png", png())
    assert (shown.width, shown.height) == (40, 30)
    assert pixels(shown) == b"\x20\x10\x60" * 40 * 30
    assert pixels(seen("a.gif", GIF)[0])[:3] == b"\x20\x10\x60"
    assert pixels(seen("a.bmp", bmp())[0])[:3] == b"\x20\x10\x60"
    assert len(seen("a.heic", sample("heic"))) == 1
    program = (
        "import io, sys; from PIL import Image; a = Image.new('RGB', (30, 20), 'navy'); out = io.BytesIO();"
        " a.save(out, sys.argv[1], **({'save_all': True, 'append_images': [a]} if sys.argv[2:] else {}));"
        " sys.stdout.buffer.write(out.getvalue())"
    )
    for kind, suffix, more in (("JPEG", "jpg", ()), ("WEBP", "webp", ()), ("TIFF", "tif", ("two",))):
        made = subprocess.run(["/usr/bin/python3", "-Ic", program, kind, *more], capture_output=True, check=True).stdout
        assert len(seen(f"a.{suffix}", made)) == 1 + len(more)


def test_drawing():
    """An SVG is drawn."""
    assert ink(seen("a.svg", svg())[0]) > 1000


def test_text_shows_what_hides():
    """Text is drawn on A4; a character that hides is drawn as its code point, which takes more ink than nothing."""
    (page,) = seen("a.txt", "Regel één.\nRegel twee.".encode())
    (turned,) = seen("a.txt", "Regel één.\nRegel\u202e twee.".encode())

    assert (page.width, page.height) == A4
    assert ink(turned) > ink(page) > 500
    for name, content in (("a.html", b"<script>x</script>"), ("a.xml", b"<a/>"), ("a.json", b"{}"), ("a.csv", b"a;b")):
        assert ink(seen(name, content)[0]) > 100
    assert len(seen("a.log", b"regel\n" * 200)) == 4


def test_long_text_is_cut_aloud():
    """More than 200 pages are not made, and it is said that there are more."""
    view = look("a.txt", b"x\n" * 66 * 205)

    assert len(view.shown.pages) == 200
    assert view.shown.more


def mail(*, inner=b"", boundary=b"x"):
    """A message with an HTML part, a picture, a text and, if given, a message."""
    parts = [
        b"Content-Type: text/html\r\n\r\n<p>Hallo <a href='https://evil.example/'>klik</a><img src='//evil.example/x'>",
        b"Content-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(png()),
        b"Content-Type: text/plain\r\nContent-Disposition: attachment; filename=a.exe\r\n\r\nMZ",
    ]
    if inner:
        parts.append(b"Content-Type: message/rfc822\r\n\r\n" + inner)
    body = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    return (
        b"From: =?utf-8?q?J=C3=A9?= <j@example.org>\r\nTo: o@example.org\r\nSubject: Voorbeeld\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=" + boundary + b"\r\n\r\n" + body + b"--" + boundary + b"--\r\n"
    )


def test_mail():
    """An e-mail is shown as text with its headers; what hangs on it can be looked at one level deep."""
    message = mail(inner=mail(boundary=b"y"))
    view = look("a.eml", message)

    assert (view.reason, view.shown.parts) == ("", 3)
    assert ink(view.shown.pages[0]) > 5000
    assert pixels(seen("a.eml", message, 1)[0]) == b"\x20\x10\x60" * 40 * 30
    assert look("a.eml", message, 2).reason == "part"
    assert look("a.eml", message, 9).reason == "part"
    assert ink(seen("a.eml", message, 3)[0]) > 5000


def test_outlook():
    """A message of Outlook is shown as an e-mail, its attachment too."""
    assert look("a.msg", sample("msg")).shown.parts == 1
    assert ink(seen("a.msg", sample("msg"))[0]) > 3000
    assert ink(seen("a.msg", sample("msg"), 1)[0]) > 500


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.zip", b"PK\x03\x04", "archive"), ("a.mp3", b"ID3", "media"), ("a.xyz", b"x", "unknown"),
        ("a.pdf", png(), "mismatch"), ("a.docx", sample("doc"), "locked"), ("a.pdf", b"%PDF-1.4\nx", "broken"),
        ("a.docx", b"PK\x03\x04x", "broken"), ("a.png", png()[:40], "broken"), ("a.svg", b"<svg", "broken"),
        ("a.heic", sample("heic")[:60], "broken"), ("a.msg", sample("msg")[:8] + bytes(600), "broken"),
    ],
)  # fmt: skip
def test_not_shown_with_its_reason(name, content, reason):
    """What cannot be shown has a reason, and no page."""
    view = look(name, content)

    assert (view.reason, view.shown.pages) == (reason, [])


def test_passwords_are_named(tmp_path):
    """A PDF or ODF with a password is said to have one."""
    locked = package({"mimetype": "x", "META-INF/manifest.xml": "<manifest:encryption-data>", "content.xml": "x"})
    assert look("a.odt", locked).reason == "locked"
    encrypted = pdf().replace(
        b"/Root 1 0 R", b"/ID [<00><00>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <" + b"41" * 32 + b"> /U <"
        + b"42" * 32 + b"> >> /Root 1 0 R",
    )  # fmt: skip
    assert look("a.pdf", encrypted).reason == "locked"


def test_too_large_is_not_read():
    """A file over the bound is not fetched at all."""
    ref = ref_of("a.pdf", b"")
    large = type(ref)(**{**vars(ref), "length": MOST_VIEWED + 1})

    def read():
        raise AssertionError("it was read")

    assert Viewer().look(Wanted(b"", b""), large, read, {}).reason == "too-large"


def test_last_one_is_kept_and_forgotten():
    """Pages stay while they are turned; another file or the end of the office drops them."""
    viewer, one, other = Viewer(), Wanted(b"c", b"1"), Wanted(b"c", b"2")
    viewer.look(one, ref_of("a.png", png()), lambda: iter([png()]), {})
    assert viewer.page(one, 1) is not None
    assert [viewer.page(one, 0), viewer.page(one, 2), viewer.page(other, 1)] == [None] * 3
    viewer.look(one, ref_of("a.png", png()), lambda: pytest.fail("made again"), {})
    viewer.look(other, ref_of("a.txt", b"x"), lambda: iter([b"x"]), {"html": "", "parts": "", "outlook": ""})
    assert viewer.page(one, 1) is None
    viewer.close()
    assert viewer.page(other, 1) is None
    with pytest.raises(ActError, match="locked"):
        viewer.look(one, ref_of("a.png", png()), lambda: iter([png()]), {})


def test_no_bubblewrap_no_view(tmp_path):
    """Without bubblewrap, and with one that gives no sandbox, nothing is opened: there is no other way."""
    refused = tmp_path / "refused"
    refused.write_text("#!/bin/sh\nexit 1\n")
    refused.chmod(0o700)
    for program, reason in ((tmp_path / "none", "no-bwrap"), (refused, "no-namespace")):
        viewer = Viewer(Sandbox(program=str(program)))
        view = viewer.look(Wanted(b"", b""), ref_of("a.png", png()), lambda: iter([png()]), {})
        assert (view.reason, view.shown.pages) == (reason, [])
        with pytest.raises(ActError, match=reason):
            Sandbox(program=str(program)).run({}, b"", lambda _: None)


def test_no_user_namespaces_no_view():
    """Where the kernel gives no user namespaces, that is the reason."""
    program = "from meldkluis.workstation.sandbox import Sandbox; print(Sandbox().refusal())"
    setting = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    done = subprocess.run(
        ["unshare", "-Ur", "sh", "-c", setting, "sh", sys.executable, "-c", program],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip

    assert done.stdout == "no-namespace\n"


def test_time_ends_it():
    """When time is up everything inside is ended, and what was whole stays."""
    assert look("a.docx", docx(), bounds=Bounds(seconds=0.3)).reason == "broken"
