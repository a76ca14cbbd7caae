# SPDX-License-Identifier: EUPL-1.2
"""The forms of the law's steps, in words: what each asks, and why. Source language; translated where shown.

- One form for each kind of `crypto.record`; what a field is called here is what the errors about it say.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from meldkluis.workstation.render import N_


@dataclass(frozen=True)
class StepForm:
    """A form: title, what it is for, its choices, and its fields. A field without words is not asked.

    `of` says what the record is about: "message", a question for "consent", or records of the same kind, by choice.
    """

    title: str
    hint: str
    choices: Mapping[str, str] = field(default_factory=dict)
    text: str = N_("Toelichting")
    when: str = ""
    whom: str = ""
    of: str = ""


STEPS: Final[Mapping[str, StepForm]] = {
    "remark": StepForm(
        N_("Notitie"),
        N_("Alleen de behandelaars van deze zaak lezen dit. Schrijf geen namen op die er niet al staan."),
        text=N_("Notitie"),
    ),
    "weighing": StepForm(
        N_("Eerste weging"),
        N_(
            "Is de melding concreet en aannemelijk? Welke wet of regel is in het geding? Speelt het nu?"
            " Wordt de melding misschien als wapen gebruikt? Is het mogelijk strafbaar, onderzoek dan niet zelf verder."
        ),
        {
            "no_follow_up": N_("geen vervolg"),
            "talk": N_("een gesprek"),
            "inquiry": N_("een feitenonderzoek"),
            "police": N_("mogelijk een ambtsmisdrijf: beslis eerst over aangifte"),
            "refer": N_("doorverwijzen"),
        },
        text=N_("Redenen"),
    ),
    "informed": StepForm(
        N_("De persoon over wie het gaat informeren"),
        N_(
            "Binnen een maand hoort iemand dat er gegevens over hem zijn (AVG artikel 14). Uitstel mag als dat het"
            " onderzoek schaadt. Leg dan vast waarom. Zeg nooit wie de melder is."
        ),
        {"informed": N_("geïnformeerd"), "delayed": N_("uitgesteld")},
        text=N_("Wat is gezegd, of waarom nog niet"),
        when=N_("Opnieuw bekijken op"),
    ),
    "assignment": StepForm(
        N_("Opdracht voor het onderzoek"),
        N_("Schrijf op wat de vraag is, wat erbuiten valt, en hoe wordt gewerkt. Liefst iemand van buiten."),
        {"given": N_("gegeven")},
        text=N_("Vraag en afbakening"),
        when=N_("Klaar op"),
        whom=N_("Onderzoeker"),
    ),
    "hearing": StepForm(
        N_("Hoor en wederhoor"),
        N_("Leg de feiten in concept voor aan wie het aangaat, en schrijf op wat die ervan zegt."),
        {"heard": N_("gehoord"), "declined": N_("wilde niet reageren")},
        text=N_("Reactie"),
    ),
    "conclusion": StepForm(
        N_("Conclusie"),
        N_("Wat staat vast, en wat niet? Over de sanctie beslist het bevoegde orgaan, niet u."),
        {"founded": N_("gegrond"), "unfounded": N_("niet gegrond"), "unclear": N_("niet vast te stellen")},
        text=N_("Conclusie en redenen"),
    ),
    "communication": StepForm(
        N_("Vertellen hoe het afliep"),
        N_("De melder hoort het eerst. Daarna de persoon over wie het gaat, en wie het verder moet weten."),
        {
            "reporter": N_("aan de melder"),
            "concerned": N_("aan de persoon over wie het gaat"),
            "organisation": N_("aan anderen in de organisatie"),
        },
        text=N_("Wat is verteld"),
    ),
    "aftercare": StepForm(
        N_("Nazorg"),
        N_("Vraag na de afloop hoe het gaat: met de melder, en met de persoon over wie het ging."),
        {"reporter": N_("voor de melder"), "concerned": N_("voor de persoon over wie het ging")},
        text=N_("Wat is gedaan"),
    ),
    "evaluation": StepForm(
        N_("Terugkijken"),
        N_("Wat ging goed, wat kan beter? Noem geen namen: dit kan later in het jaarverslag."),
        {"done": N_("gedaan")},
        text=N_("Wat wij leerden"),
    ),
    "disclosure": StepForm(
        N_("Identiteit van de melder bekendmaken"),
        N_(
            "Dit mag alleen met toestemming van de melder. Of als een wet u verplicht: dan moet een tweede behandelaar"
            " instemmen, en hoort de melder het eerst, met de redenen. Alleen als dat het onderzoek in gevaar brengt,"
            " hoort de melder het niet vooraf: leg dan vast waarom. Wie het zonder dit doet, is strafbaar"
            " (artikel 1a Wbk, artikel 272 Sr)."
        ),
        {
            "ground": N_("er is een wettelijke grond; de melder hoort het vooraf"),
            "ground_unannounced": N_("er is een wettelijke grond; de melder vooraf inlichten schaadt het onderzoek"),
            "approved": N_("ik stem in met de grond van mijn collega"),
            "notified": N_("de melder is ingelicht, met de redenen"),
            "done": N_("de identiteit is bekendgemaakt"),
        },
        text=N_("Grond en redenen"),
        whom=N_("Aan wie"),
        of=N_("Om welke grond of toestemming het gaat"),
    ),
    "irrelevant": StepForm(
        N_("Niet ter zake"),
        N_(
            "Persoonsgegevens die duidelijk niet ter zake doen, worden niet bewaard om te lezen. Het bericht of de"
            " bijlage wordt hier niet meer getoond en gaat niet mee als u de zaak deelt."
        ),
        {"message": N_("de tekst van een bericht"), "attachment": N_("een bijlage")},
        text=N_("Waarom dit niet ter zake doet"),
        whom=N_("Naam van de bijlage"),
        of=N_("Welk bericht"),
    ),
    "detriment": StepForm(
        N_("Nadeel van de melder"),
        N_(
            "De melder mag geen nadeel ondervinden (artikel 17e Wbk). Meldt de melder nadeel, dan moet de werkgever"
            " bewijzen dat het niet door de melding komt. Bewaar de zaak dan langer."
        ),
        {
            "asked": N_("buiten de meldpagina gevraagd"),
            "reported": N_("de melder meldt nadeel"),
            "none": N_("de melder meldt geen nadeel"),
        },
        text=N_("Wat de melder zegt"),
    ),
    "request": StepForm(
        N_("Verzoek om gegevens"),
        N_(
            "Iemand vraagt welke gegevens u over hem hebt (AVG artikel 15). Antwoord binnen een maand. Geef nooit iets"
            " waaruit blijkt wie de melder is."
        ),
        {
            "received": N_("ontvangen"),
            "extended": N_("met twee maanden verlengd, en dat is gezegd"),
            "answered": N_("beantwoord"),
        },
        text=N_("Waar het verzoek over gaat, of wat is geantwoord"),
        when=N_("Ontvangen op"),
        of=N_("Welk verzoek"),
    ),
    "breach": StepForm(
        N_("Datalek"),
        N_(
            "Is misschien bekend geworden wie de melder is? Ga uit van een hoog risico. Meld het binnen 72 uur bij de"
            " Autoriteit Persoonsgegevens, bel de functionaris gegevensbescherming, en waarschuw de melder."
        ),
        {
            "noticed": N_("ontdekt"),
            "reported": N_("gemeld bij de Autoriteit Persoonsgegevens"),
            "not_reported": N_("niet gemeld"),
        },
        text=N_("Wat is gebeurd, of waarom niet gemeld"),
        when=N_("Ontdekt op"),
        of=N_("Welk datalek"),
    ),
    "crime": StepForm(
        N_("Aangifte van een ambtsmisdrijf"),
        N_(
            "Wie in zijn ambt een ambtsmisdrijf ontdekt, doet meteen aangifte (artikel 162 Sv). Bel het openbaar"
            " ministerie of de Rijksrecherche, en stop uw eigen gesprekken. Twee behandelaars beslissen. De termijn"
            " voor de terugkoppeling loopt door."
        ),
        {
            "report": N_("aangifte doen"),
            "no_report": N_("geen aangifte"),
            "approved": N_("ik stem in met de beslissing van mijn collega"),
        },
        text=N_("Redenen"),
        of=N_("Welke beslissing"),
    ),
    "meeting": StepForm(
        N_("Gesprek met de melder"),
        N_(
            "De melder mag een gesprek vragen. Stel binnen vijf werkdagen momenten voor, op een plek waar niemand de"
            " melder ziet. Leg daarna het verslag voor aan de melder."
        ),
        {
            "requested": N_("gevraagd door de melder"),
            "agreed": N_("afgesproken"),
            "held": N_("gehouden"),
            "cancelled": N_("gaat niet door"),
        },
        text=N_("Wie erbij was, of waarom het niet doorgaat"),
        when=N_("Dag"),
    ),
}
"""Forms in the order of a case. Sharing, archive and copies of evidence have pages of their own."""

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    N_("De weg van een melding"): (
        "weighing", "informed", "assignment", "hearing", "conclusion", "communication", "aftercare", "evaluation",
    ),
    N_("Rond de melder"): ("detriment", "meeting", "disclosure"),
    N_("Wat tussendoor kan komen"): ("crime", "request", "breach", "irrelevant"),
    N_("Voor elkaar"): ("remark",),
}  # fmt: skip

OF_TASK: Final[Mapping[str, str]] = {
    "weigh": "weighing", "inform": "informed", "inform-review": "informed", "assign": "assignment", "hear": "hearing",
    "conclude": "conclusion", "communicate": "communication", "aftercare": "aftercare", "evaluate": "evaluation",
    "meeting-hold": "meeting", "request": "request", "breach": "breach", "crime": "crime", "crime-approve": "crime",
    "disclosure-approve": "disclosure",
}  # fmt: skip
"""The form in which a task is done; the others are done by writing to the reporter, or elsewhere."""

OTHER_TITLES: Final[Mapping[str, str]] = {
    "shared": N_("Zaak gedeeld"),
    "archived": N_("Archief"),
    "evidence": N_("Kopie van een bijlage"),
}
OTHER_CHOICES: Final[Mapping[str, str]] = {
    "authority": N_("een andere instantie"),
    "investigator": N_("een onderzoeker"),
    "archive": N_("het archief"),
    "other": N_("iemand anders"),
    "receipt": N_("ontvangstbewijs"),
    "wait": N_("de zaak wacht op het ontvangstbewijs"),
    "original": N_("het origineel"),
    "copy": N_("een opgeschoonde kopie"),
}


def title_of(kind: str) -> str:
    """Return what a kind of record is called."""
    return STEPS[kind].title if kind in STEPS else OTHER_TITLES.get(kind, kind)


def choice_of(kind: str, choice: str) -> str:
    """Return what a choice is called; nothing where there is only one."""
    if kind in STEPS:
        return STEPS[kind].choices.get(choice, "") if len(STEPS[kind].choices) > 1 else ""
    return OTHER_CHOICES.get(choice, "")
