# SPDX-License-Identifier: EUPL-1.2
"""What kind of file something is: name and content must agree, and the name is the reporter's."""

import pytest
from hypothesis import given, strategies as st
from sandboxes import GIF, bmp, docx, pdf, png, sample, svg

from meldkluis.workstation.display import inert_name, safe_name
from meldkluis.workstation.kinds import START, VIEWED, kind_of

MAIL = b"From: a@example.org\r\nSubject: x\r\n\r\nhallo\r\n"


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.pdf", pdf(), "pdf"), ("A.PDF", pdf(), "pdf"), ("a.docx", docx(), "office"), ("a.png", png(), "picture"),
        ("a.jpg", png(), "picture"), ("a.gif", GIF, "picture"), ("a.bmp", bmp(), "picture"), ("a.svg", svg(), "svg"),
        ("a.eml", MAIL, "mail"), ("a.txt", b"hallo", "text"), ("a.html", b"<p>hallo", "text"),
        ("a.txt", "hallo".encode("utf-16"), "text"), ("a.heic", sample("heic"), "heic"),
        ("a.msg", sample("msg"), "outlook"), ("a.doc", sample("doc"), "office"),
        # Polyglots, and names that say something else.
        ("a.docx", pdf() + docx(), "mismatch"), ("a.pdf", docx() + pdf(), "mismatch"), ("a.html", GIF, "mismatch"),
        ("a.html", GIF + b"<script>", "mismatch"), ("a.txt", pdf(), "mismatch"), ("a.txt", b"a\0b", "mismatch"),
        ("a.txt", b"MZ\x90", "mismatch"), ("a.eml", b"\x7fELF", "mismatch"), ("a.eml", b"hallo", "mismatch"),
        ("a.svg", b"<html>", "mismatch"), ("a.png", b"hallo", "mismatch"), ("a.docx", sample("doc"), "locked"),
        ("a.zip", docx(), "archive"), ("a.tar.gz", b"", "archive"), ("a.mp3", b"", "media"), ("a.exe", pdf(), "unknown"),
        ("a.docm", docx(), "unknown"), ("pdf", pdf(), "pdf"), ("", pdf(), "unknown"),
        ("a.pdf", b"age-encryption.org/v1\n", "sealed"),
        # What a system would take for the suffix counts, and not what is read.
        ("a.pdf\0.exe", pdf(), "unknown"), ("exe.\u202efdp", pdf(), "unknown"), ("../../a.pdf", pdf(), "pdf"),
        ("a.pdf ", pdf(), "pdf"), ("a.p\u200bdf", pdf(), "unknown"),
    ],
)  # fmt: skip
def test_kinds(name, content, kind):
    """Only what both name and content say is looked at."""
    assert kind_of(safe_name(name), content[:START]).name == kind


@given(st.text(max_size=40), st.binary(max_size=60))
def test_suffix_is_one_of_ours(name, start):
    """Whatever the name, what is handed on of it is a suffix of our own list."""
    kind = kind_of(safe_name(name), start)

    assert kind.suffix == "" or (kind.suffix.isalnum() and kind.suffix.isascii() and len(kind.suffix) <= 5)
    assert kind.viewed == (kind.name in VIEWED)


@given(st.text(max_size=400))
def test_saved_names_open_nothing(name):
    """A saved attachment has a last suffix that no program is registered for, and is a name of its folder."""
    saved = inert_name(name)

    assert saved.endswith(".bijlage")
    assert len(saved.encode()) <= 255
    assert "/" not in saved
    assert not saved.startswith(".")
