# SPDX-License-Identifier: EUPL-1.2
"""Why a vault was not made or restored, in words. Source language; translated where shown.

- Every sentence names the field as its form does.
"""

from typing import Final

from meldkluis.workstation.render import N_

ERRORS: Final[dict[str, str]] = {
    "no-way": N_("Kies een van de twee."),
    "bad-organisation": N_(
        "Korte naam van de organisatie: neem die over van de beheerder. Kleine letters, cijfers en streepjes."
    ),
    "demo-organisation": N_("Korte naam van de organisatie: deze is alleen voor een demonstratie."),
    "not-demo-organisation": N_("Korte naam van de organisatie: in een demonstratie eindigt die op -demo."),
    "bad-server": N_("Adres van de server: begin met https:// en neem het precies over van de beheerder."),
    "demo-server": N_("Adres van de server: een demonstratie werkt alleen met een server op deze computer."),
    "bad-proxy": N_("Adres van de proxy: schrijf socks5h://127.0.0.1: en het nummer van de poort."),
    "demo-proxy": N_("Adres van de proxy: een demonstratie gebruikt geen proxy."),
    "bad-name": N_("Uw naam: vul in hoe melders uw naam zien, op één regel van hoogstens 200 tekens."),
    "bad-function": N_("Uw functie: vul in hoe melders uw functie zien, op één regel van hoogstens 200 tekens."),
    "bad-role": N_("Uw rol: kies vertrouwenspersoon of plaatsvervanger."),
    "bad-passphrase": N_("Eigen wachtzin: gebruik minstens 20 tekens, en niet steeds dezelfde."),
    "other-passphrase": N_("Wachtzin: dit is niet dezelfde. Kijk op uw papier, of ga terug en schrijf haar op."),
    "other-groups": N_("Laatste twee groepen: dit staat niet op het blad. Kijk op het papier dat u hebt afgedrukt."),
    "recovery-slip": N_("Herstelsleutel: hier klopt een teken niet. Vergelijk elke groep met het blad."),
    "recovery-other": N_("Herstelsleutel: dit blad hoort niet bij deze reservekopie. Zoek het blad van die dag."),
    "backup-gone": N_("Plaats van de reservekopie: daar staat geen bestand dat u mag lezen."),
    "backup-broken": N_("Plaats van de reservekopie: dit bestand is beschadigd of niet heel. Neem een andere kopie."),
    "backup-foreign": N_("Plaats van de reservekopie: dit bestand is geen reservekopie van een kluis."),
    "backup-later": N_("Plaats van de reservekopie: een nieuwere versie maakte deze kopie. Werk eerst bij."),
    "backup-other": N_("Plaats van de reservekopie: het bestand is veranderd terwijl u bezig was. Begin opnieuw."),
    "not-made": N_("De kluis kan hier niet worden gemaakt. Kijk of de schijf vol is of niet van u is."),
    "no-recovery": N_("Er is nog geen herstelblad. Maak dat eerst: zonder blad opent niemand de reservekopie."),
    "no-copy": N_("De reservekopie is niet gemaakt. Kijk of de schijf vol is."),
}
