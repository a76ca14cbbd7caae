# SPDX-License-Identifier: EUPL-1.2
"""What an officer fills in about an oral report: read, checked, and turned into what its reporter sends.

- Every field that is wrong is named at once; nothing that was typed is changed but line ends.
- Contact details count only where the officer says that the reporter wants them there.
- Pure but for the words, which come from the catalogue; the day comes in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from meldkluis.crypto.encoding import b64, day as read_day
from meldkluis.crypto.errors import FormatError
from meldkluis.crypto.limits import SHORT_TEXT, Limits
from meldkluis.crypto.message import LANGUAGES
from meldkluis.crypto.report import Draft
from meldkluis.mailbox.terms import TermsError, dues
from meldkluis.workstation.deciding import check_past
from meldkluis.workstation.errors import ActError
from meldkluis.workstation.render import N_, language

WAYS: Final = {
    "phone": N_("per telefoon"),
    "letter": N_("per brief"),
    "conversation": N_("in een gesprek"),
    "other": N_("op een andere manier"),
}
"""How a report came: channels of `crypto.note`."""

ERRORS: Final = {
    "how": N_("Hoe kwam de melding binnen? Kies een antwoord."),
    "received": N_("Dag van ontvangst: vul een dag in."),
    "future": N_("Dag van ontvangst: die dag moet nog komen."),
    "old": N_("Dag van ontvangst: die dag is te lang geleden."),
    "reason": N_("Reden: leg uit waarom u dit niet op de dag van ontvangst vastlegde."),
    "reason-long": N_("Reden: deze tekst is te lang."),
    "about-long": N_("Over wie: deze tekst is te lang."),
    "text": N_("Verslag: schrijf op wat de melder zei."),
    "text-long": N_("Verslag: deze tekst is te lang."),
    "name-long": N_("Naam van de melder: deze tekst is te lang."),
    "contact-long": N_("Bereikbaar: deze tekst is te lang."),
    "wish": N_("Contactgegevens: zet het vinkje als de melder dit wil. Maak de velden anders leeg."),
    "reader-key": N_("Wie mag dit lezen: iemand die u koos, heeft nu geen sleutel. Haal dat vinkje weg."),
    "roster": N_("De lijst of een sleutel van de lezers is veranderd. Kijk wie dit leest en verstuur opnieuw."),
    "refused": N_("De server nam de melding niet aan. Er is niets vastgelegd. Uw tekst staat hieronder."),
}  # fmt: skip
"""What is wrong, in words that name the field as the form does."""

_OPENING: Final = N_("Deze melding kwam op {day} binnen, {how}. Een vertrouwenspersoon schreef dit verslag.")
_SHORT: Final = {"reason": "reason", "about": "about", "name": "name", "contact": "contact"}


@dataclass(frozen=True)
class OralForm:
    """A form without errors. `to` are the keys of all who may read; `reason` is empty for a report of today."""

    how: str
    received: date
    reason: str = field(repr=False)
    about: str = field(repr=False)
    text: str = field(repr=False)
    language: str
    name: str = field(repr=False)
    contact: str = field(repr=False)
    to: frozenset[bytes]
    acknowledge: bool

    def draft(self) -> Draft:
        """Return what the reporter's part is made of. The first line says how it came and who wrote it."""
        words = language(self.language)
        opening = words.say(_OPENING).format(day=words.day(self.received), how=words.say(WAYS[self.how]))
        return Draft(
            kind="report",
            about=self.about,
            text=f"{opening}\n\n{self.text}",
            to=self.to,
            name=self.name,
            contact=self.contact,
            language=self.language,
            strength="officer",
        )

    def note(self) -> str:
        """Return the reason for the case's note, in the language of the organisation's records."""
        came = f"Gemeld {WAYS[self.how]}."
        return f"{came} {self.reason}" if self.reason else came


def reader_field(key: bytes) -> str:
    """Return the name of the tick box of a member."""
    return f"to-{b64(key)}"


def read(
    form: Mapping[str, str], today: date, members: frozenset[bytes], me: bytes
) -> tuple[OralForm | None, dict[str, str]]:
    """Return the form, or None and what is wrong: names of ERRORS by field."""
    typed = {name: form.get(name, "").strip() for name in ("reason", "about", "text", "name", "contact", "received")}
    errors = {name: f"{name}-long" for name in _SHORT if len(typed[name]) > SHORT_TEXT}
    received = _received(typed["received"], today, errors)
    if form.get("how") not in WAYS:
        errors["how"] = "how"
    if received is not None and received < today and not typed["reason"]:
        errors["reason"] = "reason"
    if not typed["text"] or len(typed["text"].encode()) > Limits.document:
        errors["text"] = "text-long" if typed["text"] else "text"
    if (typed["name"] or typed["contact"]) and form.get("wish") != "yes":
        errors["wish"] = "wish"
    if errors or received is None:
        return None, errors
    spoken = form.get("language", "")
    to = frozenset(key for key in members if key == me or form.get(reader_field(key)) == "yes")
    return OralForm(
        how=form["how"],
        received=received,
        reason=typed["reason"],
        about=typed["about"],
        text=typed["text"],
        language=spoken if spoken in LANGUAGES else LANGUAGES[0],
        name=typed["name"],
        contact=typed["contact"],
        to=to,
        acknowledge=form.get("acknowledge") == "yes",
    ), {}


def _received(written: str, today: date, errors: dict[str, str]) -> date | None:
    try:
        received = read_day(written)
    except FormatError:
        errors["received"] = "received"
        return None
    try:
        check_past(received, today, "received")
        dues(received)
    except ActError as error:
        errors["received"] = error.reason.partition("-")[0]
    except TermsError:
        errors["received"] = "old"
    return received
