# SPDX-License-Identifier: EUPL-1.2
"""Pages in the officer's language: one Jinja environment for each, days and sizes in words.

- Everything is escaped, undefined names are errors, and reporters' words go through `pieces`, which shows what hides.
- Dutch is the source; English comes from the compiled catalogue `workstation` in `locale/`.
"""

import gettext
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from meldkluis.crypto.encoding import b64
from meldkluis.crypto.roster import fingerprint
from meldkluis.workstation import display

ROOT: Final = Path(__file__).resolve().parent.parent
"""The folder that holds `templates/` and `locale/`: the repository, or the installed package."""

SOURCE: Final = "nl"
LANGUAGES: Final = {"nl": "Nederlands", "en": "English"}
DOMAIN: Final = "workstation"
_KILO: Final = 1000


def N_(sentence: str) -> str:  # noqa: N802 - the name that gettext's extractors know
    """Mark a sentence for translation where it stands; it is translated where it is shown."""
    return sentence


_MONTHS: Final = N_("januari februari maart april mei juni juli augustus september oktober november december")
_DECIMAL_MARK: Final = N_(",")


def case_label(case: bytes) -> str:
    """Return the short name of a case that its officers see alike: the first four bytes."""
    digits = case[:4].hex().upper()
    return f"{digits[:4]}-{digits[4:]}"


def _capitalized(text: str) -> str:
    """Return a text with its first letter as a capital; the rest as it is."""
    return text[:1].upper() + text[1:]


class Language:
    """One language: its sentences and its templates."""

    def __init__(self, code: str) -> None:
        self.code: Final = code
        self._catalogue: Final = (
            gettext.NullTranslations()
            if code == SOURCE
            else gettext.translation(DOMAIN, ROOT / "locale", [code], fallback=True)
        )
        self.say: Final[Callable[[str], str]] = self._catalogue.gettext
        self._environment: Final = self._make_environment()

    def _make_environment(self) -> Environment:
        environment = Environment(
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
            loader=FileSystemLoader(ROOT / "templates" / "workstation"),
            auto_reload=False,
        )
        environment.install_gettext_translations(self._catalogue, newstyle=True)  # type: ignore[attr-defined]
        environment.policies["ext.i18n.trimmed"] = True
        environment.filters |= {
            "pieces": display.pieces, "one_line": display.one_line, "label": case_label, "fingerprint": fingerprint,
            "b64": b64, "capitalize_first": _capitalized,
        }  # fmt: skip
        environment.globals |= {
            "language": self.code, "languages": LANGUAGES, "day": self.day, "size": self.size, "say": self.say,
            "in_words": self.in_words,
        }  # fmt: skip
        return environment

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        """Return the page."""
        return self._environment.get_template(template).render(values)

    def day(self, value: date) -> str:
        """Return a day in words: 22 november 2026."""
        return f"{value.day} {self.say(_MONTHS).split()[value.month - 1]} {value.year}"

    def in_words(self, words: Mapping[str, str], name: str) -> str:
        """Return a category in words; nothing for a name that is none."""
        return self.say(words[name]) if name in words else ""

    def size(self, count: int) -> str:
        """Return a number of bytes in words."""
        if count < _KILO:
            return f"{count} B"
        if count < _KILO * _KILO:
            return f"{round(count / _KILO)} kB"
        tenths = f"{count / _KILO / _KILO:.1f}".removesuffix(".0").replace(".", self.say(_DECIMAL_MARK))
        return f"{tenths} MB"


@cache
def language(code: str) -> Language:
    """Return a language; the source language for a code without a catalogue."""
    return Language(code if code in LANGUAGES else SOURCE)


def preferred(accept_language: str) -> str:
    """Return the first of our languages that a browser asks for; the order is the browser's, weights are not read."""
    for part in accept_language.split(","):
        code = part.split(";")[0].strip().lower()[:2]
        if code in LANGUAGES:
            return code
    return SOURCE
