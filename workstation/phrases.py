# SPDX-License-Identifier: EUPL-1.2
"""Texts to begin a message with: acknowledgement, questions that do not ask who somebody is, feedback in its parts.

- They go to the reporter in the reporter's language, and only after the officer has read and sent them.
- Questions ask for facts that can be checked. None asks for a name, a place of work, or anything else that only few
  people could know: a question can give its reader away too.
- Feedback is what is done or will be done, and the grounds (Directive (EU) 2019/1937 articles 5(13) and 9(1)(f)); with
  what cannot be told, and where else the reporter can go (article 9(1)(g)).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from meldkluis.workstation.render import N_, language


@dataclass(frozen=True)
class Phrase:
    """A text to begin with: what the officer reads in the list, and what the reporter will read."""

    label: str
    text: str


ELSEWHERE: Final = N_(
    "U kunt ook buiten onze organisatie melden, bijvoorbeeld bij het Huis voor Klokkenluiders. Advies is daar gratis en"
    " vertrouwelijk: 088 133 10 00. Andere plaatsen staan op de meldpagina."
)

PHRASES: Final[Mapping[str, Phrase]] = {
    "acknowledgement": Phrase(
        N_("Ontvangstbevestiging"),
        N_(
            "Ik heb uw melding ontvangen en gelezen. Binnen drie maanden hoort u van mij wat wij ermee hebben gedaan,"
            " en waarom. U kunt met uw code altijd iets toevoegen. Wij vertellen niemand wie u bent zonder uw"
            " toestemming."
        ),
    ),
    "what": Phrase(
        N_("Vraag: wat er is gebeurd"),
        N_(
            "Kunt u in volgorde vertellen wat er is gebeurd? Schrijf wat u zelf zag of las apart van wat u van anderen"
            " hoorde. Laat weg wat iets over uzelf zegt."
        ),
    ),
    "when": Phrase(
        N_("Vraag: wanneer het was"),
        N_(
            "Wanneer was dit ongeveer? Een maand of een kwartaal is genoeg. Noem geen dag of uur waarop maar weinig"
            " mensen erbij waren."
        ),
    ),
    "proof": Phrase(
        N_("Vraag: stukken"),
        N_(
            "Zijn er stukken waaruit dit blijkt, en weet u waar die te vinden zijn? U hoeft ze niet zelf te halen. Doe"
            " niets waardoor u opvalt."
        ),
    ),
    "others": Phrase(
        N_("Vraag: of het vaker gebeurt"),
        N_("Gebeurde dit vaker, of op meer plaatsen? U hoeft niet te vertellen hoe u dat weet."),
    ),
    "rule": Phrase(
        N_("Vraag: welke regel"),
        N_("Weet u welke regel of afspraak volgens u is overtreden? Weet u het niet, dan is dat geen bezwaar."),
    ),
    "risk": Phrase(
        N_("Vraag: wat u gevaar geeft"),
        N_("Voordat wij iets doen: is er iets dat u zou verraden als wij ernaar vragen? Wij houden daar rekening mee."),
    ),
    "later": Phrase(
        N_("Bericht: het duurt langer"),
        N_(
            "Wij zijn nog met uw melding bezig. Dit is nog geen terugkoppeling. Kijk over een maand nog eens op de"
            " meldpagina."
        ),
    ),
    "disclosure": Phrase(
        N_("Bericht: een wet verplicht ons uw identiteit te noemen"),
        N_(
            "Een wet verplicht ons om te vertellen wie u bent. Wij hebben dit nog niet gedaan. Dit is de reden: ..."
            " U kunt eerst advies vragen bij het Huis voor Klokkenluiders: 088 133 10 00."
        ),
    ),
}

FEEDBACK: Final[Mapping[str, str]] = {
    "assessment": N_("Wat wij ervan vinden"),
    "follow_up": N_("Wat wij doen of hebben gedaan"),
    "grounds": N_("Waarom"),
    "withheld": N_("Wat wij u niet kunnen vertellen"),
}
"""The parts of a feedback, by field, as the reporter reads their headings."""

QUESTIONS: Final[Mapping[str, str]] = {
    "account": N_("Klopt dit verslag? (ja of nee)"),
    "consent": N_("Mogen wij dit doen of vertellen? (toestemming: ja of nee)"),
    "meeting": N_("Wanneer kunt u voor een gesprek? (momenten om uit te kiezen)"),
    "detriment": N_("Krijgt u nadeel door uw melding?"),
}
"""What can be asked, by the kind of question."""

NEEDED: Final = ("assessment", "follow_up", "grounds")
"""Without these it is no feedback; what cannot be told may be nothing."""


def phrase(name: str, reporter: str) -> str:
    """Return a text in the reporter's language; with an acknowledgement, where else the reporter can go."""
    say = language(reporter).say
    text = say(PHRASES[name].text)
    return f"{text}\n\n{say(ELSEWHERE)}" if name == "acknowledgement" else text


def feedback_text(parts: Mapping[str, str], reporter: str) -> str:
    """Return the parts of a feedback as one text, in the order of the law, with where else the reporter can go."""
    say = language(reporter).say
    written = [f"{say(heading)}\n{parts[name].strip()}" for name, heading in FEEDBACK.items() if parts[name].strip()]
    return "\n\n".join([*written, say(ELSEWHERE)])
