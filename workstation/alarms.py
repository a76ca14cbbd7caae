# SPDX-License-Identifier: EUPL-1.2
"""What does not hold, in words an officer can act on. An alarm stays until somebody acknowledges it.

- Every kind says what was seen and what to do; none says more than the check proved.
- A case with an alarm about its log is not updated until the server gives a log that holds.
"""

from dataclasses import dataclass
from typing import Final

from meldkluis.workstation.render import N_


@dataclass(frozen=True)
class Words:
    """What was seen, and what to do. Source language; translated where shown."""

    seen: str
    do: str


_COLLEAGUE: Final = N_(
    "Vertrouw deze zaak voorlopig niet. Bel een andere vertrouwenspersoon van de zaak, vergelijk wat u beiden ziet, en"
    " vraag de beheerder wat er met de server is gebeurd. Verwijder niets."
)
_ALL: Final = N_(
    "Beantwoord voorlopig niets. Spreek de andere vertrouwenspersonen, vergelijk de vingerafdruk met die op de poster,"
    " en vraag de beheerder wat er met de server is gebeurd."
)

KINDS: Final[dict[str, Words]] = {
    "roster-broken": Words(
        N_("De server gaf een lijst van vertrouwenspersonen die niet klopt of niet goed is ondertekend."), _ALL
    ),
    "roster-anchor": Words(
        N_("De server gaf een lijst van vertrouwenspersonen met een ander begin dan de vingerafdruk die u vertrouwt."),
        _ALL,
    ),
    "roster-rollback": Words(
        N_("De server gaf een oudere of een andere lijst van vertrouwenspersonen dan u al kende."), _ALL
    ),
    "organisation": Words(N_("De server hoort bij een andere organisatie dan deze kluis."), _ALL),
    "intake-key": Words(
        N_("De server gaf een sleutel voor nieuwe meldingen die niet klopt of van niemand op de lijst is."), _ALL
    ),
    "own-key": Words(
        N_("De server gaf onder uw naam een sleutel voor nieuwe meldingen die u niet hebt gemaakt."), _ALL
    ),
    "own-key-missing": Words(
        N_("De server geeft uw sleutel voor nieuwe meldingen niet meer. Melders kunnen u dan niet kiezen."), _ALL
    ),
    "inbox": Words(N_("De server gaf een lijst van zaken die niet van de server van uw organisatie is."), _ALL),
    "inbox-replay": Words(N_("De server gaf een lijst van zaken van een eerdere vraag."), _ALL),
    "oral-receipt": Words(
        N_("De server gaf voor een mondelinge melding een bewijs van ontvangst dat niet klopt."),
        N_("Geef de melder nog geen code. Spreek de andere vertrouwenspersonen, en vraag het de beheerder."),
    ),
    "clock": Words(
        N_("De dag van de server en de dag van deze computer verschillen meer dan één dag."),
        N_("Kijk of de klok van deze computer goed staat. Staat hij goed, vraag het dan de beheerder van de server."),
    ),
    "counter": Words(
        N_("De server heeft vragen gezien met uw sleutel die deze kluis niet heeft gesteld."),
        N_(
            "Hebt u een oude kopie van deze kluis teruggezet of de kluis op een andere computer gebruikt, dan is dat de"
            " reden. Zo niet, dan heeft iemand anders uw sleutel: meld dit de andere vertrouwenspersonen en de"
            " beheerder."
        ),
    ),
    "keys-lost": Words(
        N_(
            "Deze kluis is teruggezet uit een reservekopie. De server kent sleutels van u die na die kopie zijn"
            " gemaakt. Er is nu een nieuwe."
        ),
        N_(
            "Meldingen aan die sleutels gaan hier niet open. Vraag een collega van de zaak om u opnieuw toegang te"
            " geven. Hebt u geen kopie teruggezet? Dan heeft iemand anders uw sleutel: meld dit de andere"
            " vertrouwenspersonen en de beheerder."
        ),
    ),
    "policy": Words(
        N_("De server gaf bewaartermijnen buiten de grenzen die de werkplek kent. Er is niets van overgenomen."),
        N_("Vraag de beheerder wat er in de instellingen van de server is veranderd."),
    ),
    "lapse-withheld": Words(
        N_(
            "Een termijn van deze zaak is dagen geleden verlopen, en de server heeft dat niet in het logboek gezet. De"
            " melder ziet het dan niet, en de plaatsvervanger krijgt de zaak niet."
        ),
        N_("Vraag de beheerder of de server stilstond. Spreek de andere vertrouwenspersonen en de plaatsvervanger."),
    ),
    "lapse-day": Words(
        N_("De server noemt voor een termijn van deze zaak een andere dag dan hier is berekend."),
        _COLLEAGUE,
    ),
    "hurried": Words(
        N_("Deze zaak is gesloten, en zou eerder worden vernietigd dan bij deze uitkomst mag."),
        N_("Vraag uw collega waarom. Sluit de zaak opnieuw, of houd haar vast. Daarna gelden uw dagen."),
    ),
    "certificate": Words(
        N_(
            "De server zegt dat een zaak is vernietigd, en volgens deze kluis kan dat niet. Wat hier van de zaak staat,"
            " is niet verwijderd."
        ),
        N_(
            "Hebt u een oude kopie van deze kluis teruggezet, dan is dat de reden. Zo niet, bel een andere"
            " vertrouwenspersoon van de zaak, en vraag de beheerder wat er met de server is gebeurd."
        ),
    ),
    "case-after-end": Words(
        N_("De server gaf u een zaak die is vernietigd. U krijgt daarvan niets te zien."),
        N_("Vraag de beheerder of een oude kopie van de server is teruggezet. Die hoort de zaak niet meer te hebben."),
    ),
    "after-end": Words(
        N_(
            "Op het laatste moment voor het vernietigen kwam er iets bij in deze zaak. Hier was alles al verwijderd: u"
            " kunt het niet meer lezen."
        ),
        N_("Vraag een andere vertrouwenspersoon van de zaak om te lezen wat erbij kwam."),
    ),
    "case-missing": Words(N_("Een zaak die er was, staat niet meer op de lijst van de server."), _COLLEAGUE),
    "case-returned": Words(
        N_("De server gaf u een zaak waaruit u zich hebt teruggetrokken. U krijgt daarvan niets te zien."),
        N_("Vraag de beheerder waarom de server dit doet."),
    ),
    "case-foreign": Words(
        N_("De server gaf u een zaak die de melder niet aan u heeft gericht. U krijgt daarvan niets te zien."),
        N_("Vraag de beheerder waarom de server dit doet. Zeg niemand iets over de zaak zelf."),
    ),
    "handed-early": Words(
        N_(
            "De server gaf een zaak aan de plaatsvervanger omdat haar vertrouwenspersonen van de lijst zijn. Dat klopt"
            " niet: ze staan er nog op."
        ),
        _COLLEAGUE,
    ),
    "case-roster": Words(
        N_(
            "De server gaf u een melding die is gemaakt met een andere lijst van vertrouwenspersonen dan u vertrouwt."
            " De melder is misschien misleid: ook anderen kunnen meelezen. U krijgt daarvan niets te zien."
        ),
        _ALL,
    ),
    "withheld": Words(
        N_(
            "In deze zaak staat iets van vóór de laatste keer dat u ophaalde, en toen gaf de server het niet. De server"
            " hield het achter, of zette er een te vroege dag op."
        ),
        _COLLEAGUE,
    ),
    "log-day": Words(N_("In het logboek van deze zaak staat een dag die nog moet komen."), _COLLEAGUE),
    "key-missing": Words(
        N_(
            "De server gaf u de sleutel niet van een andere vertrouwenspersoon van deze zaak. Zou u de zaak nu in"
            " behandeling nemen, dan kan die persoon haar niet lezen. Dat gebeurt dus niet."
        ),
        _COLLEAGUE,
    ),
    "log-rollback": Words(
        N_("Het logboek van deze zaak is korter dan eerst: er is iets weggehaald of teruggezet."), _COLLEAGUE
    ),
    "log-fork": Words(
        N_("Het logboek van deze zaak is anders dan eerst: er is een andere geschiedenis van gemaakt."), _COLLEAGUE
    ),
    "log-invalid": Words(
        N_(
            "Het logboek van deze zaak klopt niet: iets ontbreekt, staat dubbel of in een andere volgorde, of is van"
            " iemand die dat niet mag."
        ),
        _COLLEAGUE,
    ),
    "log-head": Words(
        N_("Het logboek van deze zaak is een ander dan de server op zijn lijst van zaken noemt."), _COLLEAGUE
    ),
    "file-missing": Words(N_("Een bericht dat in het logboek staat, is niet meer op de server."), _COLLEAGUE),
    "file-changed": Words(N_("Een bericht in deze zaak is niet het bericht dat in het logboek staat."), _COLLEAGUE),
    "message": Words(
        N_("Een bericht in deze zaak gaat open, maar is niet wat de melder of uw collega heeft ondertekend."),
        _COLLEAGUE,
    ),
    "unreadable": Words(
        N_("Een bericht in deze zaak gaat met geen van uw sleutels open."),
        N_("Vraag een andere vertrouwenspersoon van de zaak of het daar wel opengaat, en bewaar deze kluis."),
    ),
    "grant": Words(
        N_("De sleutel van deze zaak die een collega voor u klaarzette, gaat niet open of is een andere."), _COLLEAGUE
    ),
    "attachment": Words(
        N_(
            "Een bijlage in deze zaak is niet het bestand dat de melder stuurde, of is afgebroken. Gooi weg wat is"
            " opgeslagen."
        ),
        _COLLEAGUE,
    ),
}
