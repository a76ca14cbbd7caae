# SPDX-License-Identifier: EUPL-1.2
"""What the yearly report calls its tables, rows and numbers. Source language; translated where shown."""

from collections.abc import Mapping
from typing import Final

from meldkluis.crypto.yearly import UNSET
from meldkluis.workstation import words
from meldkluis.workstation.render import N_

_UNKNOWN: Final = N_("niet bekend")

TABLES: Final[Mapping[str, str]] = {
    "channel": N_("Hoe de meldingen binnenkwamen"),
    "anonymous": N_("Anoniem of met naam"),
    "strength": N_("Waar de melding is versleuteld"),
    "regime": N_("Soort zaak"),
    "type": N_("Waar de meldingen over gaan"),
    "subject": N_("Over wie de meldingen gaan"),
    "outcome": N_("Hoe het afliep"),
}
"""The tables, by axis; a table's title."""

ROWS: Final[Mapping[str, Mapping[str, str]]] = {
    "channel": words.CHANNELS,
    "anonymous": {"yes": N_("anoniem"), "no": N_("met naam"), UNSET: _UNKNOWN},
    "strength": {
        "browser": N_("in de browser van de melder"),
        "door": N_("bij aankomst op de server"),
        "offline": N_("vooraf, op een eigen apparaat"),
        "officer": N_("door een vertrouwenspersoon, na een mondelinge melding"),
        UNSET: _UNKNOWN,
    },
    "regime": words.REGIMES,
    "type": {**words.TYPES, UNSET: N_("nog niet gekozen")},
    "subject": {**words.SUBJECTS, UNSET: N_("nog niet gekozen")},
    "outcome": {
        "founded": N_("onderzocht en vastgesteld"),
        "unfounded": N_("onderzocht, niet vastgesteld"),
        "not_taken_up": N_("geen onderzoek: niet in behandeling of doorverwezen"),
        "no_report": N_("geen melding (bijvoorbeeld spam of een test)"),
        "open": N_("nog open op 31 december"),
        UNSET: _UNKNOWN,
    },
}

FLAGS: Final[Mapping[str, str]] = {
    "none": N_("geen maatregel"),
    "talk": N_("gesprek"),
    "warning": N_("waarschuwing"),
    "reprimand": N_("berisping"),
    "dismissal": N_("ontslag"),
    "police": N_("aangifte"),
}
"""Measures; a report can have several."""

RATES: Final[Mapping[str, str]] = {
    "acknowledged": N_("Ontvangst binnen zeven dagen bevestigd"),
    "person": N_("Waarvan door een vertrouwenspersoon"),
    "feedback": N_("Terugkoppeling binnen drie maanden gegeven"),
}

SINGLES: Final[Mapping[str, str]] = {
    "older_open": N_("Meldingen uit eerdere jaren die op 31 december open waren"),
    "destroyed": N_("Zaken die in het jaar zijn vernietigd"),
}

TEXTS: Final[Mapping[str, str]] = {
    "lessons": N_("Wat wij hebben geleerd"),
    "measures": N_("Wat wij hebben gedaan om herhaling te voorkomen"),
    "remarks": N_("Opmerkingen bij de cijfers"),
}

SMALL: Final = N_("minder dan 5")
WITHHELD: Final = N_("niet getoond")
NO_TABLE: Final = N_("geen cijfers")
