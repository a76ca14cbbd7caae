# SPDX-License-Identifier: EUPL-1.2
"""Texts: complete in every language, and harmless wherever they come from."""

import re
import string
from datetime import date

import pytest

from meldkluis.intake.i18n import LANGUAGES, ROOT, Language, data_url, one_line, visible
from meldkluis.intake.texts import FOR_SCRIPT, TEXTS


@pytest.mark.parametrize("code", LANGUAGES)
def test_slots_survive_translation(code):
    """A translated sentence has the slots of the Dutch one."""
    language, formatter = Language(code), string.Formatter()
    for name, source in TEXTS.items():
        slots = {item[1] for item in formatter.parse(source) if item[1]}

        assert slots == {item[1] for item in formatter.parse(language.text(name)) if item[1]}, name


def test_script_texts_exist():
    """Every text that a page prints for its script is there, and the README names every one of them."""
    readme = (ROOT / "templates" / "README.md").read_text("utf-8")
    named = set(re.findall(r"`([a-z]+(?:-[a-z]+)*)`", readme))
    for names in FOR_SCRIPT.values():
        assert set(names) <= TEXTS.keys()
        assert set(names) - named <= {
            "error-check",
            "error-kind",
            "error-characters",
            "error-malformed",
            "error-later",
            "error-files-again",
            "error-bundle-text",
            "mailbox-news",
            "number-door",
        }


@pytest.mark.parametrize(("code", "words"), [("nl", "22 november 2026"), ("en", "22 November 2026")])
def test_days(code, words):
    """A day is written in words."""
    assert words == Language(code).day(date(2026, 11, 22))


@pytest.mark.parametrize(
    ("count", "nl", "en"),
    [
        (0, "0 bytes", "0 bytes"),
        (999, "999 bytes", "999 bytes"),
        (1500, "2 kB", "2 kB"),
        (100_000_000, "100 MB", "100 MB"),
        (2_450_000, "2,5 MB", "2.5 MB"),
    ],
)
def test_sizes(count, nl, en):
    """A size is written in words."""
    assert (nl, en) == (Language("nl").size(count), Language("en").size(count))


def test_hidden_characters():
    """What could make a text read as another is taken out, tabs and line ends stay."""
    assert visible("a\tb\r\nc\x00\x1b\x9b\u202e\u2066\u200f\rd") == "a\tb\nc\nd"
    assert one_line(" a\r\n\u202e b ") == "a b"


def test_data_url_holds_nothing_but_text():
    """A text becomes a data URL from which nothing can break out."""
    assert data_url('a\n<b>"#%&') == "data:text/plain;charset=utf-8;base64,YQo8Yj4iIyUm"


def test_unknown_language():
    """A language without a catalogue is refused when the server starts."""
    with pytest.raises(ValueError):
        Language("fy")
