# SPDX-License-Identifier: EUPL-1.2
"""Languages: one Jinja environment for each, sentences with slots, days and sizes in words.

- Dutch is the source; other languages come from compiled catalogues in `locale/`.
- Everything printed into a page is escaped; undefined names are errors.
- One environment a language: installing translations on a shared one would leak across languages.
"""

import base64
import gettext
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from meldkluis.crypto.encoding import b64
from meldkluis.intake.texts import TEXTS

ROOT: Final = Path(__file__).resolve().parent.parent
"""The folder that holds `templates/` and `locale/`: the repository, or the installed package."""

SOURCE: Final = "nl"
LANGUAGES: Final = {"nl": "Nederlands", "en": "English"}
DOMAIN: Final = "intake"
_KILO: Final = 1000

# Control characters (C0 but tab and line end, DEL, C1) and bidirectional controls: a text must read as what it is.
_HIDDEN: Final = dict.fromkeys(
    [
        *range(9),
        *(0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0)),
        *(0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)),
    ]
)


def visible(text: str) -> str:
    """Return somebody's words without characters that hide or reorder what is read."""
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_HIDDEN)


def one_line(text: str) -> str:
    """Return a name fit for one line."""
    return " ".join(visible(text).split())


def data_url(text: str) -> str:
    """Return a text as the address of a file to save; it is never sent anywhere."""
    return "data:text/plain;charset=utf-8;base64," + base64.b64encode(text.encode("utf-8")).decode("ascii")


class Language:
    """One language: its sentences and its templates."""

    def __init__(self, code: str, prefix: str = "") -> None:
        """Load the catalogue of `code`, for pages under `prefix`; ValueError for a language that does not exist."""
        if code not in LANGUAGES:
            raise ValueError("a language without a catalogue")
        self.code: Final = code
        self.prefix: Final = prefix
        self._catalogue: Final = _catalogue(code)

    @cached_property
    def environment(self) -> Environment:
        """The Jinja environment, with every template compiled once a process."""
        environment = Environment(
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
            loader=FileSystemLoader(ROOT / "templates"),
            auto_reload=False,
        )
        environment.install_gettext_translations(self._catalogue, newstyle=True)  # type: ignore[attr-defined]
        environment.policies["ext.i18n.trimmed"] = True
        environment.filters |= {"visible": visible, "one_line": one_line, "b64": b64, "data_url": data_url}
        environment.globals |= {
            "text": self.text,
            "day": self.day,
            "size": self.size,
            "language": self.code,
            "prefix": self.prefix,
        }
        return environment

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        """Return the page."""
        return self.environment.get_template(template).render(values)

    def text(self, name: str, **slots: object) -> str:
        """Return a sentence of `texts.TEXTS`, its slots filled."""
        sentence = self._catalogue.gettext(TEXTS[name])
        return sentence.format(**slots) if slots else sentence

    def sentence(self, msgid: str) -> str:
        """Return a sentence that stands elsewhere in the sources, marked for translation."""
        return self._catalogue.gettext(msgid)

    def day(self, value: date) -> str:
        """Return a day in words: 22 november 2026."""
        month = self.text("months").split()[value.month - 1]
        return f"{value.day} {month} {value.year}"

    def size(self, count: int) -> str:
        """Return a number of bytes in words, with one decimal from a megabyte on."""
        if count < _KILO:
            return self.text("size-b", n=count)
        if count < _KILO * _KILO:
            return self.text("size-kb", n=round(count / _KILO))
        tenths = f"{count / _KILO / _KILO:.1f}".removesuffix(".0").replace(".", self.text("decimal-mark"))
        return self.text("size-mb", n=tenths)


def _catalogue(code: str) -> gettext.NullTranslations:
    if code == SOURCE:
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, ROOT / "locale", [code])
