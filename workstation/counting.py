# SPDX-License-Identifier: EUPL-1.2
"""The sums of a year, from what is counted of each case.

- A report belongs to the year of its own day: an oral one to the day on which it was said.
- Outcomes are as they were when the year ended; categories, measures and terms as they are known when it is counted.

Pure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from meldkluis.crypto.yearly import UNSET, Counts, mark_of
from meldkluis.workstation.counted import Counted

_OUTCOMES: Final = {"unfounded_kept": "unfounded"}


@dataclass(frozen=True)
class CountedCase:
    """A case with what is counted of it, and the day on which it was destroyed."""

    id: bytes
    facts: Counted
    destroyed: date | None = None


def concerns(case: CountedCase, year: int) -> bool:
    """Whether a case makes a difference to any number of a year."""
    return case.facts.received.year == year or _is_older_open(case, year) or _is_destroyed(case, year)


def count(organisation: str, year: int, cases: Iterable[CountedCase], today: date) -> Counts:
    """Return the sums of a year over these cases, as they are known today."""
    cases = list(cases)
    received = [case for case in cases if case.facts.received.year == year]
    counts = Counts(tuple(sorted(mark_of(organisation, year, case.id) for case in received)))
    tables = {name: dict(rows) for name, rows in counts.tables.items()}
    flags, terms = dict(counts.flags), {name: dict(parts) for name, parts in counts.terms.items()}
    for facts in (case.facts for case in received):
        for axis, row in _rows(facts, year).items():
            tables[axis][row] += 1
        for flag in (*facts.categories.measures, *(["detriment"] if facts.detriment else [])):
            flags[flag] += 1
        for term, part in (("acknowledged", acknowledgement(facts, today)), ("feedback", feedback(facts, today))):
            if part:
                terms[term][part] += 1
    singles = {
        "older_open": sum(_is_older_open(case, year) for case in cases),
        "destroyed": sum(_is_destroyed(case, year) for case in cases),
    }
    return Counts(counts.marks, tables, flags, terms, singles)


def acknowledgement(facts: Counted, today: date) -> str:
    """Return how the acknowledgement was: in time by a person, by the server, late; empty where no term is over."""
    until = facts.acknowledge_until
    if until is None:
        return ""
    if facts.person is not None and facts.person <= until:
        return "person"
    if facts.acknowledged is not None and facts.acknowledged <= until:
        return "server"
    return "late" if facts.acknowledged is not None or today > until else ""


def feedback(facts: Counted, today: date) -> str:
    """Return how the feedback was: in time or late; empty where no term is over."""
    until = facts.feedback_until
    if until is None:
        return ""
    if facts.feedback is not None and facts.feedback <= until:
        return "time"
    return "late" if facts.feedback is not None or today > until else ""


def _rows(facts: Counted, year: int) -> dict[str, str]:
    chosen = facts.categories
    ended = facts.closed is not None and facts.closed.year <= year
    outcome = (facts.outcome or UNSET) if ended else "open"
    return {
        "channel": chosen.channel or "site",
        "anonymous": chosen.anonymous or UNSET,
        "strength": facts.strength or UNSET,
        "regime": facts.regime,
        "type": chosen.type or UNSET,
        "subject": chosen.subject or UNSET,
        "outcome": _OUTCOMES.get(outcome, outcome),
    }


def _is_older_open(case: CountedCase, year: int) -> bool:
    closed = case.facts.closed
    return case.facts.received.year < year and (closed is None or closed.year > year)


def _is_destroyed(case: CountedCase, year: int) -> bool:
    return case.destroyed is not None and case.destroyed.year == year
