# SPDX-License-Identifier: EUPL-1.2
"""The pages of a case file: `zaak.html`, the metadata for an archive, and what to read first.

- `zaak.html` stands alone: no script, nothing fetched, hidden characters shown; it prints.
- `metagegevens.xml` uses the names of MDTO 1.0 (nationaalarchief.nl/mdto) for what is known here; the archivist maps
  and completes it. It is no valid MDTO by itself, and says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from meldkluis.crypto.course import Course
from meldkluis.crypto.message import Contact
from meldkluis.crypto.roster import Member
from meldkluis.workstation import entry_words, steps_words, words
from meldkluis.workstation.casefile import Choice, Part
from meldkluis.workstation.dossier import Item
from meldkluis.workstation.handling import Handling
from meldkluis.workstation.render import N_, Language

READ_FIRST: Final = (
    N_("Lees eerst: dit is een dossier van een melding bij een vertrouwenspersoon."),
    N_("Open zaak.html in een browser. Daarin staat wat er is gedeeld."),
    N_("In de map bijlagen staan de bestanden zoals de melder ze stuurde. Een bestand kan uw computer aanvallen."),
    N_("Open bijlagen alleen op een computer zonder netwerk of in een afgeschermde omgeving."),
    N_("Controleren kan met Python 3.11 of nieuwer, zonder netwerk: python3 -I -S controleer.py"),
    N_("Vertrouwt u dit dossier niet, haal controleer.py dan uit de broncode van Meldkluis."),
    N_("U mag niet proberen te achterhalen wie de melder is, en niet doorgeven wat u daarover weet."),
    N_("De geheimhouding van de Wet bescherming klokkenluiders (artikel 1a) geldt ook voor u."),
    N_("Vernietig dit dossier als u het niet meer nodig hebt."),
)
KEEPS: Final[Mapping[str, tuple[str, str]]] = {
    "4.1.4": ("B", "Blijvend te bewaren"),
    "12.1.7": ("V", "Tijdelijk te bewaren"),
}
"""How MDTO's list of appraisals calls what the selectielijst gemeenten 2020 says of a category."""


@dataclass(frozen=True)
class Sheet:
    """Everything that a case file's pages show. `contacts` is empty where no identity is disclosed."""

    case: bytes
    choice: Choice
    parts: Sequence[Part] = field(repr=False)
    items: Sequence[Item] = field(repr=False)
    contacts: Sequence[tuple[int, Contact]] = field(repr=False)
    day: date
    giver: Member | None
    organisation: str
    archive: str | None
    handling: Handling = field(repr=False)
    course: Course


def html(language: Language, sheet: Sheet, digests: Mapping[str, str]) -> bytes:
    """Return zaak.html; `digests` are the SHA-256s of the attachments by their paths."""
    values = {
        "sheet": sheet, "digests": digests, "words": words, "entry_words": entry_words,
        "title_of": steps_words.title_of, "choice_of": steps_words.choice_of,
    }  # fmt: skip
    page = language.render("casefile.html", values)
    return page.encode("utf-8")


def metadata(language: Language, sheet: Sheet) -> bytes:
    """Return metagegevens.xml for a category of the selectielijst that the archivist chose."""
    assert sheet.archive is not None
    code, label = KEEPS[sheet.archive]
    values = {"sheet": sheet, "code": code, "label": label, "words": words}
    return language.render("casefile.xml", values).encode("utf-8")


def readme(language: Language, sheet: Sheet) -> bytes:
    """Return what to read first, as plain text."""
    lines = [language.say(sentence) for sentence in READ_FIRST]
    if sheet.choice.kind == "archive":
        lines.append(language.say(_ARCHIVE))
    return ("\n".join(lines) + "\n").encode("utf-8")


_ARCHIVE: Final = N_(
    "metagegevens.xml gebruikt namen van MDTO. De archivaris vult het aan en zet het om naar het eigen schema."
)
