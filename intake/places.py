# SPDX-License-Identifier: EUPL-1.2
"""Where else a reporter can go: shipped as data, to be checked every year.

The nine competent authorities of the Wet bescherming klokkenluiders, and the other places that a reporter may need.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from meldkluis.intake.texts import N_


@dataclass(frozen=True)
class Place:
    """A place outside; `what` is a sentence of the catalogue."""

    name: str
    what: str
    url: str = ""


CHECKED: Final = date(2026, 11, 25)
"""Day on which somebody last looked whether the list still holds."""

PLACES: Final = (
    Place(
        "Huis voor Klokkenluiders",
        N_("advies, onderzoek van misstanden, onderzoek als u nadeel krijgt. Telefoon 088 133 10 00."),
        "https://www.huisvoorklokkenluiders.nl/",
    ),
    Place(
        "Autoriteit Consument & Markt (ACM)",
        N_("concurrentie, consumenten, energie, telecom en vervoer."),
        "https://www.acm.nl/",
    ),
    Place("Autoriteit Financiële Markten (AFM)", N_("gedrag op financiële markten."), "https://www.afm.nl/"),
    Place("De Nederlandsche Bank (DNB)", N_("banken, verzekeraars en pensioenfondsen."), "https://www.dnb.nl/"),
    Place(
        "Autoriteit Persoonsgegevens (AP)",
        N_("privacy en persoonsgegevens."),
        "https://www.autoriteitpersoonsgegevens.nl/",
    ),
    Place("Inspectie Gezondheidszorg en Jeugd (IGJ)", N_("zorg en jeugdhulp."), "https://www.igj.nl/"),
    Place("Nederlandse Zorgautoriteit (NZa)", N_("tarieven en declaraties in de zorg."), "https://www.nza.nl/"),
    Place(
        "Nederlandse Voedsel- en Warenautoriteit (NVWA)",
        N_("voedsel, producten, dieren en natuur."),
        "https://www.nvwa.nl/",
    ),
    Place(
        "Autoriteit Nucleaire Veiligheid en Stralingsbescherming (ANVS)",
        N_("nucleaire veiligheid en straling."),
        "https://www.autoriteitnvs.nl/",
    ),
    Place("Rijksrecherche", N_("strafbare feiten door de overheid, zoals omkoping.")),
    Place("Meld Misdaad Anoniem", N_("misdaad. Telefoon 0800 7000.")),
    Place("Nationale ombudsman", N_("klachten over gedrag van de overheid, na een klacht bij de organisatie zelf.")),
    Place("OLAF, EOM", N_("fraude met geld van de Europese Unie.")),
)
