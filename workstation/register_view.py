# SPDX-License-Identifier: EUPL-1.2
"""The register as it is read: open, closed and destroyed cases alike (Wbk article 2a), a line each.

- A line has days, categories and who acknowledged; no name of a reporter or of whom it is about, and no text.
- Of a case from which the officer withdrew it says that, and the days that everybody's log has.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from meldkluis.workstation import words
from meldkluis.workstation.casebook import INVOLVED
from meldkluis.workstation.counted import Counted
from meldkluis.workstation.register import Line, Register
from meldkluis.workstation.render import N_, Language, case_label
from meldkluis.workstation.summary import Summaries

SORTS: Final[Mapping[str, str]] = {
    "received": N_("Dag van ontvangst, nieuwste eerst"),
    "oldest": N_("Dag van ontvangst, oudste eerst"),
    "closed": N_("Dag van sluiten, nieuwste eerst"),
}
HEADING: Final = (
    N_("Zaak"), N_("Ontvangen"), N_("Kanaal"), N_("Ontvangst bevestigd"), N_("Bevestigd door"),
    N_("Terugkoppeling gegeven"), N_("Soort zaak"), N_("Onderwerp"), N_("Over wie"), N_("Stand"), N_("Uitkomst"),
    N_("Maatregelen"), N_("Gesloten"), N_("Vernietigd"), N_("Verklaring van vernietiging"), N_("Deze regel blijft tot"),
)  # fmt: skip
_WITHDRAWN: Final = N_("niet door u behandeld")
_SERVER: Final = N_("de server")
_PERSON: Final = N_("een vertrouwenspersoon")
_YES: Final = N_("ja")


@dataclass(frozen=True)
class Entry:
    """A line of the register. `facts` is None where the officer withdrew; `here`: the case can be opened here.

    `line` is what the vault keeps of a closed case.
    """

    case: bytes
    received: date
    facts: Counted | None
    here: bool
    line: Line | None

    @property
    def closed(self) -> date | None:
        """The day on which the case was closed."""
        return self.line.closed if self.line is not None else None if self.facts is None else self.facts.closed

    @property
    def destroyed(self) -> date | None:
        """The day on which the case was destroyed."""
        return None if self.line is None else self.line.destroyed

    @property
    def state(self) -> str:
        """Where the case stands; a line that stays behind is of a closed case."""
        return "closed" if self.closed is not None or self.facts is None else self.facts.state


def entries(register: Register, summaries: Summaries) -> list[Entry]:
    """Return every line, in no order."""
    lines, found = {line.id: line for line in register.lines()}, []
    for summary in summaries.all():
        line = lines.pop(summary.case, None)
        if summary.declaration == INVOLVED:
            found.append(Entry(summary.case, summary.received, None, here=False, line=line))
            continue
        facts = summary.facts if summary.destroyed is None else _facts(line) or summary.facts
        found.append(Entry(summary.case, facts.received, facts, summary.destroyed is None, line))
    for line in lines.values():
        facts_then = _facts(line)
        received = line.received if facts_then is None else facts_then.received
        found.append(Entry(line.id, received, facts_then, here=False, line=line))
    return found


def _facts(line: Line | None) -> Counted | None:
    return None if line is None or line.categories is None else Counted.load(line.categories)


def chosen(found: Sequence[Entry], year: int | None, sort: str) -> list[Entry]:
    """Return the lines of a year of receipt (of all years if None), in the order asked for."""
    kept = [entry for entry in found if year is None or entry.received.year == year]
    orders: dict[str, Callable[[Entry], tuple[date, bytes]]] = {
        "received": lambda entry: (entry.received, entry.case),
        "oldest": lambda entry: (entry.received, entry.case),
        "closed": lambda entry: (entry.closed or date.min, entry.case),
    }
    return sorted(kept, key=orders[sort], reverse=sort != "oldest")


def row(entry: Entry, language: Language) -> list[str | date | None]:
    """Return a line's cells, in the order of HEADING and in a language; empty where there is nothing to say."""
    say, facts, line = language.say, entry.facts, entry.line
    label = case_label(entry.case)
    certified = say(_YES) if line is not None and line.certificate is not None else ""
    end = (entry.closed, entry.destroyed, certified, None if line is None else line.register_until)
    if facts is None:
        return [label, entry.received, *[""] * 7, say(_WITHDRAWN), "", "", *end]
    categories = facts.categories
    outcome = facts.outcome if entry.state == "closed" else None
    return [
        label,
        entry.received,
        language.in_words(words.CHANNELS, categories.channel),
        facts.acknowledged,
        acknowledged_by(facts, language),
        facts.feedback,
        language.in_words(words.REGIMES, facts.regime),
        language.in_words(words.TYPES, categories.type),
        language.in_words(words.SUBJECTS, categories.subject),
        language.in_words(words.STATES, entry.state),
        language.in_words(words.OUTCOMES, outcome or ""),
        ", ".join(language.in_words(words.MEASURES, measure) for measure in categories.measures),
        *end,
    ]


def acknowledged_by(facts: Counted, language: Language) -> str:
    """Return in words who acknowledged first: the server or a person; empty where nobody did."""
    if facts.acknowledged is None:
        return ""
    return language.say(_SERVER if facts.by is None else _PERSON)
