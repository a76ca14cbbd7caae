# SPDX-License-Identifier: EUPL-1.2
"""Why something was not done, in words; and the categories of notes. Source language; translated where shown.

- Every sentence that is about a field names the field as its form does.
"""

from typing import Final

from meldkluis.workstation.render import N_

REASONS: Final[dict[str, str]] = {
    "bad-regime": N_("Soort zaak: kies een soort uit de lijst. Er is niets vastgelegd."),
    "bad-state": N_("Stand: kies een stand uit de lijst. Er is niets vastgelegd."),
    "bad-received": N_("Dag van de mondelinge melding: vul een dag in. Er is niets vastgelegd."),
    "future-received": N_("Dag van de mondelinge melding: die dag moet nog komen. Er is niets vastgelegd."),
    "old-received": N_("Dag van de mondelinge melding: die dag is te lang geleden. Er is niets vastgelegd."),
    "no-reason-received": N_("Reden: leg uit waarom de melding eerder is ontvangen dan hier. Er is niets vastgelegd."),
    "bad-since": N_("Tellen vanaf: vul een dag in. Er is niets vastgelegd."),
    "future-since": N_("Tellen vanaf: die dag moet nog komen. Er is niets vastgelegd."),
    "old-since": N_("Tellen vanaf: die dag is te lang geleden. Er is niets vastgelegd."),
    "since-later": N_("Tellen vanaf: de termijnen lopen al. Een latere dag zou ze uitstellen. Er is niets vastgelegd."),
    "no-stop": N_(
        "De termijnen kunnen niet worden stilgezet: ze lopen niet, er is al terugkoppeling, of de melder was het er"
        " niet mee eens. Er is niets verstuurd."
    ),
    "bad-outcome": N_("Uitkomst: kies hoe de zaak is afgelopen. De zaak is niet gesloten."),
    "no-reason-close": N_("Reden: leg uit waarom de zaak dicht kan. De zaak is niet gesloten."),
    "feedback-due": N_("De melder heeft nog recht op terugkoppeling. Geef die eerst. De zaak is niet gesloten."),
    "read-first": N_("De melder schreef iets nieuws. Lees dat eerst. Er is niets vastgelegd."),
    "no-reason-reopen": N_("Reden: leg uit waarom de zaak weer open moet. De zaak is niet heropend."),
    "bad-until": N_("Bewaren tot en met: vul een dag in, op zijn laatst over 184 dagen. Er is niets vastgelegd."),
    "no-reason-hold": N_("Reden: leg uit waarom de zaak bewaard moet blijven. Er is niets vastgelegd."),
    "closed-by-you": N_("U hebt de zaak gesloten. Een ander moet het vernietigen goedkeuren. Er is niets vastgelegd."),
    "not-yet": N_("Vernietigen kan nog niet worden goedgekeurd. Er is niets vastgelegd."),
    "not-now": N_("Dit kan nu niet meer: de zaak is intussen veranderd. Er is niets vastgelegd."),
    "no-policy": N_("De bewaartermijnen zijn nog niet opgehaald. Haal eerst op. Er is niets vastgelegd."),
    "no-colleague": N_("Collega: kies iemand uit de lijst. Er is niets vastgelegd."),
    "no-thought": N_("Zet het vinkje als deze collega voor zover u weet niet betrokken is. Er is niets vastgelegd."),
    "no-cases": N_("Welke zaken: kies minstens één zaak. Er is niets vastgelegd."),
    "no-mode": N_("Wat wilt u doen: kies toegang geven of overdragen. Er is niets vastgelegd."),
    "add-stranger": N_("Collega: deze persoon staat niet op de lijst. Er is niets vastgelegd."),
    "add-left-out": N_("Collega: deze persoon kan niet bij deze zaak. Er is niets vastgelegd."),
    "add-no-key": N_("Collega: uw collega moet eerst ophalen op de eigen werkplek. Er is niets vastgelegd."),
    "add-no-secret": N_("Collega: u hebt zelf de sleutel van deze zaak niet. Vraag het een andere behandelaar."),
    "add-not-yet": N_("Collega: nog niemand nam deze zaak in behandeling. Er is niets vastgelegd."),
    "not-sure": N_("Zaak verlaten: zet eerst het vinkje. U bent nog in de zaak."),
    "leave-alone": N_("Zaak verlaten: er is nog niemand die met de zaak verdergaat. U bent nog in de zaak."),
    "leave-draft": N_("Zaak verlaten: er staat nog een tekst die niet is verstuurd. U bent nog in de zaak."),
    "identity-gone": N_("De contactgegevens zijn vernietigd."),
    "not-done": N_("De server gaf geen antwoord. Haal op en kijk in de tijdlijn of het is vastgelegd."),
}

REGIMES: Final = {
    "undecided": N_("nog niet gekozen (telt als Wbk)"),
    "wbk": N_("melding onder de Wet bescherming klokkenluiders"),
    "integrity": N_("integriteitsmelding buiten de Wbk"),
    "advice": N_("vraag om advies"),
    "complaint": N_("klacht (Awb hoofdstuk 9)"),
    "wrong_desk": N_("verkeerd loket"),
}
STATES: Final = {
    "received": N_("ontvangen"),
    "acknowledged": N_("ontvangst bevestigd"),
    "assessment": N_("in beoordeling"),
    "investigation": N_("in onderzoek"),
    "feedback": N_("terugkoppeling gegeven"),
    "reopened": N_("heropend"),
    "closed": N_("gesloten"),
}
OUTCOMES: Final = {
    "no_report": N_("geen melding (bijvoorbeeld spam of een test)"),
    "not_taken_up": N_("niet in behandeling genomen of doorverwezen"),
    "unfounded": N_("onderzocht, niet gegrond"),
    "unfounded_kept": N_("onderzocht, niet gegrond; langer bewaren omdat de melder dat vraagt of nadeel meldt"),
    "founded": N_("onderzocht, gegrond"),
}
HANDED: Final = {
    "added": N_("uw collega heeft toegang."),
    "already": N_("uw collega had al toegang."),
    "waits": N_("uw collega heeft toegang en moet de zaak nog openen. U bent nog in de zaak."),
    "left": N_("overgedragen. U bent niet meer in de zaak."),
    "add-left-out": N_("kan niet."),
    "not-sent": N_("niet gelukt: de server gaf geen antwoord of weigerde. Probeer het later nog eens."),
    "distrust": N_("er klopt iets niet in deze zaak. Er is niets vastgelegd."),
    "recused": N_("u bent niet meer in de zaak."),
    "not-declared": N_("open de zaak eerst zelf."),
    "destroyed": N_("deze zaak is vernietigd."),
}
"""What became of a case in a hand-over of many; other results are REASONS."""

REMINDERS: Final = {
    "acknowledge": N_("bevestig de ontvangst"),
    "feedback": N_("geef terugkoppeling"),
    "overdue": N_("de terugkoppeling is te laat"),
    "progress": N_("beslis of de zaak dicht kan"),
    "destruction": N_("de zaak wordt binnenkort vernietigd"),
    "hold": N_("het bewaren loopt af"),
}
ARCHIVE: Final = {
    "4.1.4": N_("selectielijst gemeenten 2020, categorie 4.1.4 (blijvend bewaren)"),
    "12.1.7": N_("selectielijst gemeenten 2020, categorie 12.1.7 (10 jaar bewaren)"),
}
