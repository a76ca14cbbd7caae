# SPDX-License-Identifier: EUPL-1.2
"""Reporters' words and file names on the officer's screen and disk."""

import re
import unicodedata

import pytest
from hypothesis import given, strategies as st

from meldkluis.workstation.display import content_disposition, one_line, pieces, safe_name, visible


@pytest.mark.parametrize(
    ("attack", "shown"),
    [
        ("\u202egpj.exe", "⟦U+202E⟧gpj.exe"),
        ("\x1b[2J\x1b]0;title\x07", "⟦U+001B⟧[2J⟦U+001B⟧]0;title⟦U+0007⟧"),
        ("\x9b31m", "⟦U+009B⟧31m"),
        ("zero\u200bwidth", "zero⟦U+200B⟧width"),
        ("\u2066isolate\u2069", "⟦U+2066⟧isolate⟦U+2069⟧"),
        ("nul\x00", "nul⟦U+0000⟧"),
        ("tag\U000e0041", "tag⟦U+E0041⟧"),
        ("line\u2028separator", "line⟦U+2028⟧separator"),
        ("hangul\u3164filler", "hangul⟦U+3164⟧filler"),
        ("private\ue000", "private⟦U+E000⟧"),
        ("\ufeffbom", "⟦U+FEFF⟧bom"),
        ("del\x7f", "del⟦U+007F⟧"),
    ],
)
def test_hidden_characters_are_shown(attack, shown):
    """Characters that hide, reorder or command are shown as their code points."""
    assert visible(attack) == shown


def test_layout_stays():
    """Line ends of every kind and tabs keep their meaning; letters of all scripts stay as they are."""
    assert visible("een\r\ntwee\rdrie\tvier") == "een\ntwee\ndrie\tvier"
    assert visible("Žluťoučký кот 猫 عربى é") == "Žluťoučký кот 猫 عربى é"


@given(st.text())
def test_nothing_hidden_survives(text):
    """Whatever comes in, no control, format, private or unassigned character comes out."""
    assert all(
        character in "\n\t" or unicodedata.category(character) not in {"Cc", "Cf", "Co", "Cn", "Cs"}
        for character in visible(text)
    )


@given(st.text())
def test_pieces_join_to_visible(text):
    """Pieces lose and add nothing but the marks."""
    assert "".join(piece.text for piece in pieces(text)) == visible(text)
    assert "".join(piece.text for piece in pieces(text) if not piece.hidden).replace("\r", "") == "".join(
        character for character in text.replace("\r\n", "\n").replace("\r", "\n") if visible(character) == character
    )


def test_one_line_is_one_line():
    """A text for a list has no line ends and is cut."""
    assert one_line("a\nb\t c") == "a b c"
    assert len(one_line("x" * 500, 80)) == 80


@pytest.mark.parametrize(
    ("attack", "safe"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..\\..\\boot.ini", "_.._boot.ini"),
        ("C:\\x.txt", "C__x.txt"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("COM1.log", "_COM1.log"),
        ("lpt¹.txt", "_lpt¹.txt"),
        (".bashrc", "bashrc"),
        ("-rf", "_-rf"),
        ("foto\u202egpj.exe", "foto_gpj.exe"),
        ("a\x00.txt", "a_.txt"),
        ("a\r\nSet-Cookie: x", "a__Set-Cookie_ x"),
        ("", "bijlage"),
        ("...", "bijlage"),
        ("/.pdf", "bijlage.pdf"),
        ("naam. ", "naam"),
        ("verslag é 猫.pdf", "verslag é 猫.pdf"),
        ('a"b;c.txt', "a_b;c.txt"),
        ("%2e%2e%2f", "_2e_2e_2f"),
    ],
)
def test_file_names_are_harmless(attack, safe):
    """No name is a path, a device, a hidden file, an option or a header."""
    assert safe_name(attack) == safe


@given(st.text(max_size=400))
def test_every_file_name_is_harmless(name):
    """Any name becomes one that every file system takes and that means itself."""
    safe = safe_name(name)

    assert 0 < len(safe.encode()) <= 160
    assert not re.search(r'[/\\:*?"<>|\x00-\x1f\x7f]', safe)
    assert not safe.startswith((".", "-", " "))
    assert not safe.endswith((".", " "))


def test_long_names_keep_their_suffix():
    """A name of a thousand characters is cut before its suffix."""
    assert safe_name("é" * 500 + ".docx").endswith("é.docx")
    assert len(safe_name("猫" * 1000).encode()) <= 150


@given(st.text(max_size=200))
def test_content_disposition_is_one_ascii_header(name):
    """The header is ASCII on one line, with both spellings of the name (RFC 6266)."""
    header = content_disposition(name)

    assert re.fullmatch(r"attachment; filename=\"[A-Za-z0-9 ._()-]+\"; filename\*=UTF-8''[A-Za-z0-9%._~-]+", header)
