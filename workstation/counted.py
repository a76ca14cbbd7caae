# SPDX-License-Identifier: EUPL-1.2
"""What register and yearly report know of one case: days and categories, no name and no text.

- Made from the verified log and the newest note. It outlives the case with its line in the register.
- `holder` says which officer counts the case: the same on every workstation that has the same log and roster.
- `without` are members who were left out or withdrew. It is never shown: it keeps a count away from them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.encoding import (
    b64,
    binary,
    boolean,
    day as check_day,
    dump_json,
    list_of,
    load_json,
    one_of,
    optional,
    read_fields,
)
from meldkluis.crypto.message import STRENGTHS
from meldkluis.crypto.note import OUTCOMES, REGIMES, Categories
from meldkluis.mailbox.terms import Dues
from meldkluis.workstation.handling import STATES, Handling

_MOST: Final = 64
"""Members that a case can have had to do with, over the years."""


@dataclass(frozen=True)
class Counted:
    """A case as it is counted.

    `received`: by the reporter, also where that was said aloud before it was written down. `acknowledged`: the first
    time, `person`: the first time by a person, `by`: who that first one was, None for the server. `…_until`: the last
    day of a term, as the reporter is told; None where the term does not run. `closed`: None where it is open.
    `holders`: who may count it, the first first.
    """

    received: date
    regime: str
    state: str
    outcome: str | None
    categories: Categories
    strength: str
    detriment: bool
    acknowledge_until: date | None
    acknowledged: date | None
    by: bytes | None
    person: date | None
    feedback_until: date | None
    feedback: date | None
    closed: date | None
    holders: tuple[bytes, ...]
    fallback: bytes
    without: tuple[bytes, ...]

    def holder(self, roster: Collection[bytes]) -> bytes:
        """Return the member of today's roster who counts the case; else whoever last made its key."""
        return next((key for key in self.holders if key in roster), self.fallback)

    def dump(self) -> str:
        """Return the written form."""
        return dump_json({name: _plain(value) for name, value in vars(self).items()}).decode("utf-8")

    @classmethod
    def load(cls, written: str) -> "Counted":
        """Read the written form; FormatError for anything that `dump` does not write."""
        return cls(**read_fields(load_json(written), _CHECKS))


def counted(log: CaseLog, handling: Handling, dues: Dues, strength: str) -> Counted:
    """Return what is counted of a received case."""
    course, note = log.course, handling.note
    assert course.received is not None
    declared = {entry.author for entry in log.entries if entry.act == "not-involved"}
    acts = [entry for entry in log.entries if entry.act in {"acknowledged", "acknowledged-auto"}]
    persons = [entry for entry in acts if entry.act == "acknowledged"]
    keys = [entry.author for entry in log.entries if entry.act == "case-key"]
    return Counted(
        received=min(course.received, note.received or course.received),
        regime=note.regime,
        state=handling.state,
        outcome=handling.outcome,
        categories=note.categories,
        strength=strength,
        detriment=any((step.record.kind, step.record.choice) == ("detriment", "reported") for step in handling.steps),
        acknowledge_until=dues.acknowledgement.nominal if course.runs else None,
        acknowledged=course.acknowledged,
        by=acts[0].author if acts and acts[0].act == "acknowledged" else None,
        person=persons[0].fields["day"] if persons else None,
        feedback_until=dues.feedback.nominal if course.runs else None,
        feedback=course.feedback,
        closed=None if course.closed is None else course.closed.fields["day"],
        # Whoever declared can read the categories; whoever never did counts only where nobody else is left.
        holders=tuple(sorted(log.officers & declared) + sorted(log.officers - declared)),
        fallback=keys[-1] if keys else min(log.ever_officers),
        without=tuple(sorted({*log.not_to, *course.recused})),
    )


def _plain(value: Any) -> Any:
    match value:
        case date():
            return value.isoformat()
        case bytes():
            return b64(value)
        case Categories():
            return value.to_json()
        case tuple():
            return [_plain(item) for item in value]
    return value


_DAY: Final = optional(check_day)
_KEY: Final = binary(32)
_CHECKS: Final = {
    "received": check_day,
    "regime": one_of(*REGIMES),
    "state": one_of(*STATES),
    "outcome": optional(one_of(*OUTCOMES)),
    "categories": Categories.from_json,
    "strength": one_of("", *STRENGTHS),
    "detriment": boolean,
    "acknowledge_until": _DAY,
    "acknowledged": _DAY,
    "by": optional(_KEY),
    "person": _DAY,
    "feedback_until": _DAY,
    "feedback": _DAY,
    "closed": _DAY,
    "holders": list_of(_KEY, _MOST),
    "fallback": _KEY,
    "without": list_of(_KEY, _MOST),
}
