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
    "code-held": N_(
        "De ontvangstcode van deze melding staat nog in deze kluis. Geef de melder eerst het blad met de code. Er is"
        " niets verstuurd."
    ),
    "no-kind": N_("Soort vraag: kies wat u de melder vraagt. Er is niets verstuurd."),
    "no-slots": N_("Momenten: noem er ten minste één. Er is niets verstuurd."),
    "slots": N_("Momenten: noem er hoogstens zes, elk op één regel van hoogstens 100 tekens. Er is niets verstuurd."),
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
    "bad-record": N_("Kies een stap uit de lijst. Er is niets vastgelegd."),
    "record-choice": N_("Keuze: kies wat u vastlegt. Er is niets vastgelegd."),
    "record-text": N_("Het tekstvak is leeg: schrijf op waarom, of wat er is gedaan. Er is niets vastgelegd."),
    "record-when": N_("Dag: vul een dag in. Er is niets vastgelegd."),
    "record-whom": N_("Vul in om wie of wat het gaat. Er is niets vastgelegd."),
    "record-of": N_("Kies uit de lijst waar dit over gaat. Er is niets vastgelegd."),
    "too-long-record": N_("De tekst is te lang. Er is niets vastgelegd."),
    "approve-own": N_("U nam deze beslissing zelf. Een andere behandelaar moet instemmen. Er is niets vastgelegd."),
    "not-approved": N_("Een tweede behandelaar heeft nog niet ingestemd. Er is niets vastgelegd."),
    "tell-reporter": N_("Schrijf eerst aan de melder waarom, en leg dit daarna vast. Er is niets vastgelegd."),
    "may-not-disclose": N_(
        "Dit mag niet: er is geen toestemming van de melder, en geen grond waarmee een tweede behandelaar instemde en"
        " waarover de melder bericht kreeg. Er is niets vastgelegd."
    ),
    "reporter-first": N_("De melder hoort het eerst. Geef eerst terugkoppeling. Er is niets vastgelegd."),
    "bad-category": N_("Kies bij elke vraag iets uit de lijst. Er is niets vastgelegd."),
    "measure-none": N_("Maatregelen: kies “geen”, of kies welke. Er is niets vastgelegd."),
    "feedback-parts": N_(
        "Terugkoppeling: vul in wat u ervan vindt, wat u doet of hebt gedaan, en waarom. Er is niets verstuurd."
    ),
    "bad-idle": N_("Minuten zonder gebruik: vul een getal in van 5 tot en met 60. Er is niets opgeslagen."),
    "bad-proxy": N_(
        "Adres van de proxy: dat moet een proxy op deze computer zijn, zoals socks5h://127.0.0.1:9050. Er is niets"
        " opgeslagen."
    ),
    "demo-proxy": N_("Adres van de proxy: een demonstratie gebruikt geen proxy. Er is niets opgeslagen."),
    "not-done": N_("De server gaf geen antwoord. Haal op en kijk in de tijdlijn of het is vastgelegd."),
    "count-none": N_("Bestand met de telling: kies een bestand. Er is niets ingelezen."),
    "count-broken": N_("Bestand met de telling: dit is geen telling, of het bestand is beschadigd. Vraag een nieuw."),
    "count-not-mine": N_("Bestand met de telling: dit is niet voor u, of niet meer te openen. Vraag een nieuw."),
    "count-stranger": N_("Bestand met de telling: dit is niet van een collega op de lijst. Er is niets ingelezen."),
    "count-old-roster": N_(
        "Bestand met de telling: de lijst van vertrouwenspersonen is anders. Haal allebei op en laat opnieuw tellen."
    ),
    "count-future": N_("Bestand met de telling: de dag van tellen moet nog komen. Kijk naar de klok van de computer."),
    "count-older": N_("Bestand met de telling: u hebt al een nieuwere telling van deze collega. Die blijft staan."),
    "count-nobody": N_("Wie maakt het verslag: kies iemand uit de lijst. Er is niets opgeslagen."),
    "count-too-large": N_("Er zijn te veel zaken voor één telling. Er is niets opgeslagen."),
    "count-doubled": N_("Twee collega's telden dezelfde zaak. Er is geen verslag gemaakt."),
    "not-a-member": N_("U staat niet meer op de lijst. Er is niets opgeslagen."),
    "text-lessons": N_("Wat wij hebben geleerd: de tekst is te lang. Er is niets bewaard."),
    "text-measures": N_("Wat wij hebben gedaan om herhaling te voorkomen: de tekst is te lang. Er is niets bewaard."),
    "text-remarks": N_("Opmerkingen bij de cijfers: de tekst is te lang. Er is niets bewaard."),
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

TYPES: Final = {
    "": N_("nog niet gekozen"),
    "financial": N_("financiële schending"),
    "position": N_("misbruik van positie en belangenverstrengeling"),
    "information": N_("lekken of misbruik van informatie"),
    "powers": N_("misbruik van bevoegdheden"),
    "force": N_("misbruik van geweldsbevoegdheid"),
    "conduct": N_("ongewenste omgangsvormen"),
    "private": N_("misdraging in de privésfeer"),
    "means": N_("oneigenlijk gebruik van dienstmiddelen of overschrijding van interne regels"),
    "wrongdoing": N_("misstand"),
    "other": N_("anders"),
}
SUBJECTS: Final = {
    "": N_("nog niet gekozen"),
    "official": N_("ambtenaar"),
    "executive": N_("bestuurder"),
    "representative": N_("volksvertegenwoordiger"),
    "external": N_("iemand van buiten"),
}
CHANNELS: Final = {
    "": N_("meldpagina"),
    "site": N_("meldpagina"),
    "phone": N_("telefoon"),
    "letter": N_("brief"),
    "conversation": N_("gesprek"),
    "other": N_("op een andere manier"),
}
ANONYMOUS: Final = {"": N_("onbekend"), "yes": N_("ja"), "no": N_("nee")}
MEASURES: Final = {
    "none": N_("geen"),
    "talk": N_("gesprek"),
    "warning": N_("waarschuwing"),
    "reprimand": N_("berisping"),
    "dismissal": N_("ontslag"),
    "police": N_("aangifte"),
}
TASKS: Final = {
    "weigh": N_("weeg de melding en kies het soort zaak"),
    "classify": N_("kies waar de melding over gaat"),
    "inform": N_("informeer de persoon over wie het gaat, of leg uit waarom nu niet"),
    "inform-review": N_("bekijk opnieuw of u de persoon kunt informeren"),
    "assign": N_("leg de opdracht voor het onderzoek vast"),
    "hear": N_("pas hoor en wederhoor toe"),
    "conclude": N_("leg uw conclusie vast"),
    "communicate": N_("vertel wie het moet weten hoe het afliep"),
    "aftercare": N_("regel de nazorg"),
    "evaluate": N_("kijk terug op de aanpak"),
    "progress": N_("laat de melder weten hoe het gaat"),
    "detriment": N_("vraag de melder of die nadeel ondervindt"),
    "account": N_("leg het gespreksverslag voor aan de melder"),
    "account-confirm": N_("verslag is niet bevestigd: wacht op de melder"),
    "account-declined": N_("de melder ging niet akkoord met het verslag: pas het aan"),
    "meeting-offer": N_("stel momenten voor een gesprek voor"),
    "meeting-hold": N_("houd het gesprek"),
    "request": N_("antwoord op het verzoek om gegevens"),
    "breach": N_("meld het datalek, of leg vast waarom niet"),
    "crime": N_("beslis over aangifte"),
    "crime-approve": N_("beslissing over aangifte: een tweede behandelaar moet instemmen"),
    "disclosure-approve": N_("bekendmaken van de identiteit: een tweede behandelaar moet instemmen"),
    "archive": N_("wacht op het ontvangstbewijs van het archief"),
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
