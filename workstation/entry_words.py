# SPDX-License-Identifier: EUPL-1.2
"""What an entry of the log says that was done, in words, for a case file. Source language; translated where shown."""

from typing import Final

from meldkluis.workstation.render import N_

ACTS: Final[dict[str, str]] = {
    "submitted": N_("meldt"),
    "message": N_("vult aan"),
    "withdrawn": N_("vraagt de melding in te trekken"),
    "agreed": N_("is akkoord"),
    "declined": N_("is niet akkoord"),
    "objected": N_("is het niet eens met het stilzetten van de termijnen"),
    "received": N_("nam dit in ontvangst"),
    "acknowledged-auto": N_("bevestigde de ontvangst vanzelf; geen mens heeft dat gedaan"),
    "lapsed": N_("stelde vast dat een termijn is verlopen"),
    "handed-over": N_("gaf de zaak aan de plaatsvervanger:"),
    "identity-destroyed": N_("vernietigde de contactgegevens"),
    "destruction-announced": N_("kondigde aan dat de zaak wordt vernietigd"),
    "not-involved": N_("verklaarde niet betrokken te zijn"),
    "recused": N_("trok zich terug uit de zaak"),
    "case-key": N_("nam de zaak over"),
    "officer-added": N_("voegde toe:"),
    "acknowledged": N_("bevestigde de ontvangst"),
    "answered": N_("antwoordde"),
    "asked": N_("vroeg de melder iets"),
    "feedback": N_("gaf terugkoppeling"),
    "identity-opened": N_("opende de contactgegevens"),
    "read": N_("las wat de melder schreef"),
    "noted": N_("legde de behandeling vast"),
    "clock-stopped": N_("zette de termijnen stil"),
    "clock-runs": N_("liet de termijnen lopen"),
    "closed": N_("sloot de zaak"),
    "reopened": N_("heropende de zaak"),
    "held": N_("liet de zaak bewaren"),
    "released": N_("hief het apart bewaren op"),
    "destruction-approved": N_("keurde goed dat de zaak wordt vernietigd"),
    "destroyed": N_("heeft de sleutels van de zaak vernietigd"),
}

SHARED_WITH: Final[dict[str, str]] = {
    "authority": N_("een andere bevoegde autoriteit"),
    "investigator": N_("een onderzoeker"),
    "archive": N_("het archief"),
    "other": N_("iemand anders"),
}
