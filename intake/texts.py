# SPDX-License-Identifier: EUPL-1.2
"""Every sentence that the pages and the browser's script both need, once (names: templates/README.md).

- Dutch is the source language and the message id; braces are slots, filled as text and never as markup.
- A page prints the sentences that its script needs into `<template id="texts">`; the server fills the same ones itself.
"""

from typing import Final


def N_(text: str) -> str:  # noqa: N802 - gettext's customary marker
    """Mark a sentence for translation and leave it as it is."""
    return text


DOOR: Final = {
    "preview": N_(
        "Hieronder staat wat u had ingevuld. Er is nog niets verstuurd. Kijk alles na en verstuur het. Had u bestanden "
        "gekozen? Kies ze dan opnieuw."
    ),
}

DAYS: Final = {
    "months": N_("januari februari maart april mei juni juli augustus september oktober november december"),
    "decimal-mark": N_(","),
    "size-b": N_("{n} bytes"),
    "size-kb": N_("{n} kB"),
    "size-mb": N_("{n} MB"),
}

SCRIPT: Final = {
    "script-failed": N_("Er ging iets mis in uw browser. Er is niets verstuurd."),
    "script-old-browser": N_("Uw browser kan niet zelf versleutelen. Er is niets verstuurd."),
    "script-keys": N_("De sleutels van de vertrouwenspersonen konden niet worden opgehaald. Er is niets verstuurd."),
    "script-roster": N_(
        "De lijst van vertrouwenspersonen klopt niet. Iemand heeft haar misschien veranderd. "
        "Er is niets verstuurd. Verstuur nu niets op deze site en meld dit bij een plek buiten de organisatie."
    ),
    "script-closed": N_("U kunt hier nu niet melden: er is geen vertrouwenspersoon bereikbaar. Er is niets verstuurd."),
}

STRENGTH: Final = {
    "strength-browser": N_(
        "Uw browser versleutelt. Uw tekst en uw bestanden gaan versleuteld van uw apparaat en uw code blijft daar; "
        "deze server kan ze niet lezen. Dat beschermt u als de server wordt gestolen en als een beheerder meekijkt. "
        "Het programma dat versleutelt komt wel van deze server. Het beschermt u dus niet als iemand het programma "
        "verandert."
    ),
    "strength-door": N_(
        "De server versleutelt. Uw tekst, uw bestanden en uw code komen leesbaar aan bij deze server. Hij "
        "versleutelt ze meteen, in het werkgeheugen, en bewaart niets leesbaars. Dat beschermt u als de server later"
        " wordt gestolen en als iemand in de opslag of in een reservekopie kijkt. Het beschermt u niet tegen iemand "
        "die de server overneemt op het moment dat u verstuurt."
    ),
    "strength-offline": N_(
        "U hebt uw melding vooraf versleuteld. Deze server kan haar niet lezen, en het programma dat versleutelde "
        "kwam niet op het moment van versturen van deze server."
    ),
    "strength-sealed": N_("Bestanden die u zelf al had versleuteld, geven wij ongeopend door."),
}

ERRORS: Final = {
    "error-summary": N_("Er is nog niets verstuurd. Pas dit aan:"),
    "error-check": N_("Kijk hier nog eens naar:"),
    "error-kind": N_("Kies of u wilt melden of advies wilt."),
    "error-text-missing": N_("Vertel wat er is gebeurd. Het mag kort."),
    "error-text-long": N_("Uw tekst is te lang. Haal ongeveer {n} tekens weg, of stuur de tekst mee als bestand."),
    "error-about-long": N_("Dit is te lang. Gebruik hier hoogstens {n} tekens."),
    "error-name-long": N_("Dit is te lang. Gebruik hier hoogstens {n} tekens."),
    "error-contact-long": N_("Dit is te lang. Gebruik hier hoogstens {n} tekens."),
    "error-characters": N_(
        "Er stonden tekens in de tekst die geen letters zijn. Wij haalden ze weg; kijk of de tekst nog klopt."
    ),
    "error-nobody": N_(
        "U hebt bij iedereen het vinkje weggehaald. Dan kan niemand uw melding lezen en versturen wij niets. "
        "Kies ten minste één persoon, of meld buiten onze organisatie."
    ),
    "error-code-in-text": N_(
        "Uw code staat in de tekst. Haal de code daar weg: wie haar kent, kan uw antwoorden lezen."
    ),
    "error-code-in-about": N_("Uw code staat in dit vak. Haal de code daar weg."),
    "error-code-in-name": N_("Uw code staat in dit vak. Haal de code daar weg."),
    "error-code-in-contact": N_("Uw code staat in dit vak. Haal de code daar weg."),
    "error-code-in-file": N_("Uw code staat in de naam van een bestand. Geef het bestand een andere naam."),
    "error-file-empty": N_("Het bestand ‘{file}’ is leeg (0 bytes). Kies het goede bestand of laat het weg."),
    "error-file-large": N_("Het bestand ‘{file}’ is te groot. Een bestand mag hoogstens {limit} zijn."),
    "error-file-name": N_("De naam van een bestand is te lang. Gebruik hoogstens {limit} tekens."),
    "error-file-unreadable": N_("Uw browser kan het bestand ‘{file}’ niet lezen. Kies het opnieuw of laat het weg."),
    "error-files-many": N_("U koos {n} bestanden. U mag er hoogstens {limit} meesturen."),
    "error-files-total": N_("Uw bestanden zijn samen te groot. Samen mogen ze hoogstens {limit} zijn."),
    "error-files-again": N_("Kies daarna uw bestanden opnieuw. Uw browser onthoudt ze niet."),
    "error-bundle": N_("Dit bestand is geen melding die u vooraf hebt gemaakt."),
    "error-bundle-other": N_("Deze vooraf gemaakte melding is voor een andere organisatie."),
    "error-bundle-text": N_(
        "U stuurt een vooraf gemaakte melding mee én u vulde dit formulier in. Kies één van de twee: "
        "maak het formulier leeg of haal het bestand weg."
    ),
    "to-absent": N_("{who}, {function}, kan nu geen meldingen lezen en krijgt deze melding niet."),
    "error-nothing": N_("Er is niets om te versturen. Schrijf een bericht of kies een bestand."),
    "error-malformed": N_("Het formulier kwam niet goed aan. Kijk of alles hieronder klopt en verstuur het opnieuw."),
    "error-later": N_(
        "Er ging iets mis bij ons. Er is niets verstuurd. Probeer het straks opnieuw, met dezelfde code."
    ),
}

BUSY: Final = {
    "busy-preparing": N_("Bezig met klaarmaken…"),
    "busy-encrypting": N_("Bezig met versleutelen: {file}"),
    "busy-sending": N_("Bezig met versturen: {done} van {total}"),
    "busy-retry": N_("De verbinding viel weg. Nieuwe poging over {seconds} seconden. Uw tekst blijft staan."),
    "busy-stopped": N_("Gestopt. Er is niets gemeld. Uw tekst staat er nog."),
    "busy-done": N_("Klaar."),
    "button-send": N_("Versleutelen en versturen"),
    "button-again": N_("Opnieuw proberen"),
    "button-stop": N_("Stoppen"),
    "unsaved": N_("Uw tekst is nog niet verstuurd."),
}

SERVER: Final = {
    "server-malformed": N_(
        "De server begreep het verzoek niet. Er is niets gemeld. Laad de pagina opnieuw; bewaar eerst uw tekst."
    ),
    "server-unknown": N_("Er is geen melding met deze code."),
    "server-stale-keys": N_(
        "De sleutels waarmee werd versleuteld, zijn te oud. Er is niets gemeld. Verstuur opnieuw: dan worden "
        "nieuwe sleutels gebruikt."
    ),
    "server-roster": N_(
        "De lijst van vertrouwenspersonen is net veranderd. Er is niets gemeld. Kijk wie u kiest en verstuur opnieuw."
    ),
    "server-head": N_(
        "Er kwam net iets nieuws bij uw melding. Uw bericht is nog niet verstuurd. Verstuur het opnieuw."
    ),
    "server-number": N_(
        "Met dit nummer kwam al een ander bericht aan. Open uw berichten opnieuw en kijk of uw bericht er staat."
    ),
    "server-incomplete": N_("Een bestand kwam niet heel aan. Er is niets gemeld. Verstuur het opnieuw."),
    "server-taken": N_(
        "Deze code kan niet worden gebruikt. Er is niets gemeld. Laad de pagina opnieuw voor een nieuwe code; "
        "bewaar eerst uw tekst."
    ),
    "server-too-large": N_(
        "Dit is te groot voor de server. Er is niets gemeld. Haal een bestand weg of maak de tekst korter."
    ),
    "server-quota": N_(
        "Er komt op dit moment te veel tegelijk binnen. Er is niets gemeld. Probeer het straks opnieuw, met "
        "dezelfde code."
    ),
    "server-not-open": N_("Deze meldpagina is nog niet open. Er is niets gemeld."),
    "server-full": N_("De opslag is vol. Er is niets gemeld. Probeer het later opnieuw, of meld op een andere plek."),
    "server-act": N_("Dit kan nu niet bij deze melding. Er is niets verstuurd."),
    "server-other": N_("De server kon dit niet verwerken. Er is niets gemeld. Probeer het opnieuw, met dezelfde code."),
    "server-other-text": N_(
        "Met deze code kwam al een melding aan, met een andere inhoud. Die melding blijft staan. "
        "Uw nieuwe tekst staat hieronder klaar. U kunt hem versturen als aanvulling."
    ),
    "server-unreachable": N_(
        "De server antwoordt niet. Uw tekst staat er nog. Opnieuw versturen kan geen kwaad: uw melding komt nooit "
        "dubbel aan."
    ),
    "receipt-false": N_(
        "Het bewijs dat de server gaf, is niet echt. Misschien is uw melding niet aangekomen. Bewaar uw code, kijk bij "
        "Mijn berichten of uw melding er staat, en vraag advies buiten de organisatie."
    ),
    "receipt-sent-again": N_(
        "Deze melding was al aangekomen. Zij is niet dubbel bewaard. Dit is hetzelfde bewijs als eerder."
    ),
}

CODE: Final = {
    "code-word": N_("Woord {number} staat niet in onze lijst. Kijk of u het goed hebt overgenomen."),
    "code-mixed": N_(
        "Woord {number} is uit een andere taal dan de andere woorden. Een code heeft woorden uit één lijst."
    ),
    "code-count": N_("Een code heeft 12 woorden. Dit zijn er {count}."),
    "code-checksum": N_("Deze woorden vormen samen geen code. Kijk of elk woord klopt en of de volgorde klopt."),
    "code-unknown": N_(
        "Bij deze code vinden wij geen melding. Kijk of elk woord klopt en of de volgorde klopt. Misschien is uw "
        "melding "
        "niet aangekomen; dan kunt u haar opnieuw versturen."
    ),
}

MAILBOX: Final = {
    "mailbox-empty": N_("Er is geen nieuw bericht voor u. Kijk over een paar dagen nog eens."),
    "mailbox-news": N_("Er is een antwoord voor u."),
    "mailbox-today": N_("Deze pagina is van {day}."),
    "now-received": N_("Uw melding is ontvangen op {day}."),
    "act-unopened": N_("Nog geen mens heeft uw melding geopend."),
    "now-acknowledgement-due": N_("U krijgt uiterlijk {day} een ontvangstbevestiging."),
    "now-acknowledged": N_("Een vertrouwenspersoon bevestigde de ontvangst op {day}."),
    "now-acknowledged-auto": N_("Het systeem bevestigde de ontvangst op {day}. Dat deed geen mens."),
    "now-feedback-due": N_("U hoort uiterlijk {day} wat er met uw melding gebeurt en waarom."),
    "now-feedback": N_("U hoorde op {day} wat er met uw melding gebeurt en waarom."),
    "now-stopped": N_("De termijnen staan stil. De reden leest u hieronder, bij wat er gebeurde."),
    "now-since": N_("De termijnen tellen vanaf {since}, niet vanaf de dag van uw melding."),
    "now-handed-over": N_("Sinds {day} is uw melding bij {officer}."),
    "now-closed": N_("Uw zaak is gesloten op {day}. Wij bewaren de zaak in elk geval tot {destroy_after}."),
    "now-held": N_("Uw zaak mag tot en met {until} niet worden vernietigd."),
    "now-identity-destroyed": N_("Uw contactgegevens zijn vernietigd op {day}."),
    "now-destroyed": N_("Uw zaak is vernietigd. U kunt hier niets meer sturen."),
    "act-submitted": N_("U stuurde uw melding."),
    "act-message": N_("U stuurde aanvulling {number} ({size})."),
    "act-objected": N_("U was het niet eens met het stilzetten van de termijnen. Ze lopen weer."),
    "act-attachments": N_("Aantal bestanden: {n} ({size})."),
    "act-received": N_("De server nam uw bericht in ontvangst."),
    "act-not-involved": N_("{officer} verklaarde niet betrokken te zijn bij de zaak."),
    "act-recused": N_("{officer} trok zich terug en krijgt uw melding niet meer te zien."),
    "act-case-key": N_("{officer} nam uw melding in behandeling."),
    "act-officer-added": N_("{officer} gaf {added} toegang tot deze zaak, als vertrouwenspersoon."),
    "act-acknowledged": N_("{officer} bevestigde de ontvangst van uw melding."),
    "act-acknowledged-auto": N_("Het systeem bevestigde de ontvangst van uw melding. Dat deed geen mens."),
    "act-answered": N_("{officer} stuurde u een bericht."),
    "act-asked": N_("{officer} vroeg u iets."),
    "act-feedback": N_("{officer} liet weten wat er met uw melding gebeurt en waarom."),
    "act-identity-opened": N_("{officer} opende uw contactgegevens."),
    "act-read": N_("{officer} las uw bericht."),
    "act-noted": N_("{officer} schreef iets op over uw zaak. Alleen de vertrouwenspersonen kunnen dat lezen."),
    "act-clock-stopped": N_("{officer} zette de termijnen stil en schreef u waarom."),
    "act-clock-runs": N_("{officer} laat de termijnen lopen vanaf {since}."),
    "act-closed": N_("{officer} sloot uw zaak. Wij bewaren de zaak in elk geval tot {destroy_after}."),
    "act-reopened": N_("{officer} opende uw zaak opnieuw."),
    "act-held": N_("{officer} besloot: uw zaak mag tot en met {until} niet worden vernietigd."),
    "act-released": N_("{officer} besloot dat uw zaak weer mag worden vernietigd als het tijd is."),
    "act-destruction-announced": N_(
        "Uw zaak wordt op {on} vernietigd. Wilt u dat niet? Stuur dan voor die dag een bericht."
    ),
    "act-destruction-approved": N_("{officer} vindt het goed dat uw zaak wordt vernietigd."),
    "act-destroyed": N_("{officer} vernietigde uw zaak."),
    "act-identity-destroyed": N_("Uw contactgegevens zijn vernietigd."),
    "act-handed-over": N_(
        "Uw melding ging naar {officer}. Dat gebeurt als een termijn voorbij is, of als er niemand anders meer is."
    ),
    "act-withdrawn": N_("U vroeg om uw melding in te trekken."),
    "act-agreed": N_("U ging akkoord met wat u op {asked} is gevraagd."),
    "act-declined": N_("U ging niet akkoord met wat u op {asked} is gevraagd."),
    "asked-account-open": N_("U hebt nog niet geantwoord."),
    "asked-account-agreed": N_("U ging akkoord: dit verslag klopt."),
    "asked-account-declined": N_("U ging niet akkoord. Schrijf hieronder wat er niet klopt."),
    "asked-consent-open": N_("U hebt nog niet geantwoord."),
    "asked-consent-agreed": N_("U ging akkoord: u gaf toestemming."),
    "asked-consent-declined": N_("U ging niet akkoord: u geeft geen toestemming."),
    "slot-chosen": N_("Ik kies dit moment voor het gesprek: {slot}"),
    "slot-none": N_("Geen van de voorgestelde momenten past mij."),
    "error-slot": N_("Kies een moment, of kies ‘Geen van deze momenten’."),
    "act-lapsed-acknowledgement-internal": N_(
        "Uiterlijk op {due} had een mens de ontvangst van uw melding moeten bevestigen. Dat is niet gebeurd."
    ),
    "act-lapsed-acknowledgement-nominal": N_(
        "De termijn is voorbij. Uiterlijk {due} had een mens de ontvangst moeten bevestigen."
    ),
    "act-lapsed-feedback-internal": N_(
        "Uiterlijk op {due} had u moeten horen wat er met uw melding gebeurt. Dat is niet gebeurd."
    ),
    "act-lapsed-feedback-nominal": N_(
        "De termijn is voorbij. U had uiterlijk {due} moeten horen wat er met uw melding gebeurt."
    ),
    "act-lapsed-acknowledgement": N_(
        "U had uiterlijk {day} een ontvangstbevestiging moeten krijgen. Die is er niet. U kunt ook ergens anders "
        "terecht."
    ),
    "act-lapsed-feedback": N_(
        "U had uiterlijk {day} moeten horen wat er met uw melding gebeurt. Dat is niet gebeurd. U kunt ook ergens "
        "anders terecht."
    ),
    "own-unreadable": N_(
        "Uw eigen berichten kunt u hier niet teruglezen. Zo ziet iemand die uw code vindt, niet wat u schreef."
    ),
    "number-door": N_(
        "Uw bericht met nummer {number} kwam al aan op {day}. Was het dit bericht? Dan hoeft u niets te doen. Is "
        "het een ander "
        "bericht? Verstuur het dan hieronder; het krijgt het volgende nummer."
    ),
    "added": N_("Uw aanvulling is aangekomen. Nummer: {number}."),
    "objected": N_("Uw bezwaar is aangekomen. De termijnen lopen weer."),
    "agreed": N_("Uw antwoord is aangekomen: u gaat akkoord."),
    "declined": N_("Uw antwoord is aangekomen: u gaat niet akkoord."),
}

ALARMS: Final = {
    "alarm-heading": N_("Let op: hier klopt iets niet"),
    "alarm-log": N_(
        "Het verslag van uw zaak is niet heel. Iemand heeft er misschien iets in veranderd of uit weggehaald. "
        "Verstuur hier "
        "niets meer en vraag advies buiten de organisatie."
    ),
    "alarm-roster": N_(
        "De lijst van vertrouwenspersonen klopt niet. Iemand heeft haar misschien veranderd. Verstuur hier niets "
        "meer en vraag "
        "advies buiten de organisatie."
    ),
    "alarm-answer": N_("Het bericht van {day} is niet echt of niet heel. Wij tonen het niet."),
    "alarm-answer-missing": N_("Het bericht van {day} staat in het verslag, maar de server geeft het niet."),
}

TEXTS: Final[dict[str, str]] = {
    **DOOR,
    **DAYS,
    **SCRIPT,
    **STRENGTH,
    **ERRORS,
    **BUSY,
    **SERVER,
    **CODE,
    **MAILBOX,
    **ALARMS,
}

_FORM: Final = (*DAYS, *SCRIPT, *ERRORS, *BUSY, *SERVER)
FOR_SCRIPT: Final = {
    "melden": (*_FORM, *STRENGTH, "added", "alarm-heading", "alarm-log", "alarm-roster", "code-unknown"),
    "bericht": (*_FORM, *CODE, *MAILBOX, *ALARMS),
}
"""Which sentences the page of each name prints for its script."""
