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
    "archive-waits": N_("De zaak wacht op het ontvangstbewijs van het archief en blijft tot dan bewaard."),
    "closed-by-you": N_("U hebt de zaak gesloten. Een ander moet het vernietigen goedkeuren. Er is niets vastgelegd."),
    "not-yet": N_("Vernietigen kan nog niet worden goedgekeurd. Er is niets vastgelegd."),
    "not-now": N_("Dit kan nu niet meer: de zaak is intussen veranderd. Er is niets vastgelegd."),
    "no-policy": N_("De bewaartermijnen zijn nog niet opgehaald. Haal eerst op. Er is niets vastgelegd."),
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
