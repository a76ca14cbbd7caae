# SPDX-License-Identifier: EUPL-1.2
"""The sheet that the reporter of an oral report gets on paper: code, days, and what to do, in the reporter's language.

Pure but for the words, which come from the catalogue. Nothing here is kept.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from meldkluis.mailbox.terms import Dues
from meldkluis.workstation.account import REACTION, account_due
from meldkluis.workstation.render import N_, language

_TITLE: Final = N_("Uw melding")
_OPENING: Final = N_("{name} ontving uw melding op {day}. Een vertrouwenspersoon schreef op wat u meldde.")
_CODE: Final = N_("Uw code")
_KEEP: Final = N_(
    "Bewaar deze woorden waar niemand anders ze vindt. Wie ze heeft, leest uw berichten. Wij bewaren ze niet."
)
_USE: Final = N_("Wat kunt u met de code?")
_GO: Final = N_("Ga naar {address} en kies Mijn berichten. Gebruik niet de computer of telefoon van uw werk.")
_SITE: Final = N_("de meldpagina van {name}")
_ACCOUNT: Final = N_("Uiterlijk op {day} vraagt de vertrouwenspersoon u daar of het verslag klopt.")
_READ: Final = N_("Lees het verslag na en zeg of het klopt. U hebt daarvoor minstens {days} dagen.")
_ADD: Final = N_("Schrijf wat er niet klopt of wat u wilt toevoegen.")
_NEXT: Final = N_("Wat gebeurt er nu?")
_ACKNOWLEDGED: Final = N_("De ontvangst van uw melding is bevestigd.")
_ACKNOWLEDGE: Final = N_("Uiterlijk op {day} krijgt u een ontvangstbevestiging.")
_FEEDBACK: Final = N_("Uiterlijk op {day} hoort u wat er met uw melding gebeurt en waarom.")


@dataclass(frozen=True)
class Sheet:
    """A sheet in words: each list under its heading."""

    language: str
    title: str
    opening: str
    code: str
    words: tuple[str, ...] = field(repr=False)
    keep: str
    use: tuple[str, tuple[str, ...]]
    next: tuple[str, tuple[str, ...]]


def make_sheet(
    code: str, spoken: str, *, organisation: str, address: str, received: date, dues: Dues, acknowledged: bool
) -> Sheet:
    """Return the sheet for a code in the reporter's language; `address` is that of the site, or empty."""
    words = language(spoken)
    say, day = words.say, words.day
    site = address or say(_SITE).format(name=organisation)
    acknowledgement = _ACKNOWLEDGED if acknowledged else _ACKNOWLEDGE
    return Sheet(
        language=spoken,
        title=say(_TITLE),
        opening=say(_OPENING).format(name=organisation, day=day(received)),
        code=say(_CODE),
        words=tuple(code.split()),
        keep=say(_KEEP),
        use=(
            say(_USE),
            (
                say(_GO).format(address=site),
                say(_ACCOUNT).format(day=day(account_due(received))),
                say(_READ).format(days=REACTION.days),
                say(_ADD),
            ),
        ),
        next=(
            say(_NEXT),
            (
                say(acknowledgement).format(day=day(dues.acknowledgement.nominal)),
                say(_FEEDBACK).format(day=day(dues.feedback.nominal)),
            ),
        ),
    )
