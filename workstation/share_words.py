# SPDX-License-Identifier: EUPL-1.2
"""Why a case file was not given, in words, and which field that is about. Source language; translated where shown."""

from typing import Final

from meldkluis.workstation.render import N_

REASONS: Final[dict[str, str]] = {
    "bad-kind": N_("Soort ontvanger: kies een soort. Er is niets gedeeld."),
    "no-whom": N_("Ontvanger: vul in aan wie u het dossier geeft. Er is niets gedeeld."),
    "no-reason-share": N_("Reden: leg uit waarom u het dossier deelt. Er is niets gedeeld."),
    "bad-language": N_("Taal: kies een taal uit de lijst. Er is niets gedeeld."),
    "no-recipient": N_("Sleutel van de ontvanger: plak de sleutel die de ontvanger u gaf. Er is niets gedeeld."),
    "recipient-many": N_("Sleutel van de ontvanger: plak precies één sleutel. Er is niets gedeeld."),
    "recipient-secret": N_(
        "Sleutel van de ontvanger: dit is een geheime sleutel. Vraag de ontvanger een nieuwe te maken."
        " Er is niets gedeeld."
    ),
    "recipient-classical": N_(
        "Sleutel van de ontvanger: deze sleutel is niet bestand tegen een kwantumcomputer. Vraag een sleutel die begint"
        " met age1pq1. Er is niets gedeeld."
    ),
    "bad-recipient": N_(
        "Sleutel van de ontvanger: dit is geen hele sleutel. Een sleutel begint met age1pq1. Er is niets gedeeld."
    ),
    "no-archive-choice": N_(
        "Soort ontvanger: de archivaris heeft nog geen categorie gekozen. Vraag de beheerder die in te stellen."
        " Er is niets gedeeld."
    ),
    "bad-choice": N_("Bijlagen: deze keuze past niet bij de zaak. Laad de pagina opnieuw. Er is niets gedeeld."),
    "nothing-chosen": N_("Wat erin zit: kies wat u deelt. Er is niets gedeeld."),
    "identity-archive": N_("Contactgegevens: die gaan nooit naar het archief. Er is niets gedeeld."),
    "no-ground": N_("Contactgegevens: daarvoor is geen toestemming en geen volledige grond. Er is niets gedeeld."),
    "may-not-disclose": N_("Contactgegevens: dat mag intussen niet meer. Er is niets gedeeld."),
    "ground-whom": N_("Contactgegevens: de grond noemt een andere ontvanger. Er is niets gedeeld."),
    "identity-gone": N_("Contactgegevens: die zijn vernietigd. Er is niets gedeeld."),
    "not-compared": N_("Vergelijk eerst de vingerafdruk met de ontvanger. Er is niets gedeeld."),
    "not-seen": N_("Bekijk eerst waar de woorden staan. Er is niets gedeeld."),
    "not-logged": N_("Het delen is niet in het logboek gekomen. Daarom is er geen bestand gegeven."),
    "no-policy": N_("De instellingen zijn nog niet opgehaald. Haal eerst op. Er is niets gedeeld."),
    "distrust": N_("Er klopt iets niet in deze zaak. Er is niets gedeeld."),
    "no-receipt": N_("Kenmerk van het archief: vul in wat het archief u gaf. Er is niets vastgelegd."),
    "record-of": N_("Dit dossier is niet aan het archief gegeven. Er is niets vastgelegd."),
    "not-done": N_("De server gaf geen antwoord. Haal op en kijk in de tijdlijn of het is vastgelegd."),
    "too-long": N_("De tekst is te lang. Er is niets gedeeld."),
}

FIELDS: Final[dict[str, str]] = {
    "bad-kind": "kind", "no-archive-choice": "kind", "no-whom": "whom", "no-reason-share": "reason",
    "bad-language": "language", "no-recipient": "recipient", "recipient-many": "recipient",
    "recipient-secret": "recipient", "recipient-classical": "recipient", "bad-recipient": "recipient",
    "bad-choice": "files", "nothing-chosen": "files", "identity-archive": "identity", "no-ground": "identity",
    "may-not-disclose": "identity",
    "ground-whom": "identity", "identity-gone": "identity", "no-receipt": "text",
}  # fmt: skip
"""The field of the form that a reason is about."""
