# SPDX-License-Identifier: EUPL-1.2
"""Years full of cases: what is counted of each, drawn at random, and kept in vaults as lines of destroyed cases."""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from meldkluis.crypto.message import STRENGTHS
from meldkluis.crypto.note import ANONYMOUS, CHANNELS, MEASURES, OUTCOMES, REGIMES, SUBJECTS, TYPES, Categories
from meldkluis.mailbox.terms import dues
from meldkluis.workstation.counted import Counted
from meldkluis.workstation.counting import CountedCase
from meldkluis.workstation.office import Office
from meldkluis.workstation.register import Line


def case_of(received: date, holders: Sequence[bytes], draw: Random, **changes: Any) -> CountedCase:
    """A closed and destroyed case of a day, the rest drawn at random unless it is given."""
    terms = dues(received)
    acknowledged = received + timedelta(days=draw.choice([0, 3, 7, 7, 8]))
    closed = changes.pop("closed", received + timedelta(days=draw.choice([80, 95, 200])))
    destroyed = None if closed is None else closed + timedelta(days=60)
    chosen = Categories(
        draw.choice(TYPES), draw.choice(SUBJECTS), draw.choice(CHANNELS), draw.choice(ANONYMOUS),
        tuple(sorted(draw.sample(MEASURES, draw.randrange(3)), key=MEASURES.index)),
    )  # fmt: skip
    by = draw.choice([None, holders[0]])
    values = {
        "received": received, "regime": draw.choice(REGIMES), "state": "received" if closed is None else "closed",
        "outcome": None if closed is None else draw.choice(OUTCOMES), "categories": chosen,
        "strength": draw.choice(STRENGTHS), "detriment": draw.random() < 0.3,
        "acknowledge_until": terms.acknowledgement.nominal, "acknowledged": acknowledged, "by": by,
        "person": acknowledged if by else None, "feedback_until": terms.feedback.nominal,
        "feedback": received + timedelta(days=draw.choice([60, 89, 120])), "closed": closed,
        "holders": tuple(sorted(holders)), "fallback": holders[0], "without": (),
    }  # fmt: skip
    return CountedCase(draw.randbytes(16), Counted(**values | changes), destroyed)


def cases_of(year: int, number: int, holders: Sequence[bytes], seed: int = 0, **changes: Any) -> list[CountedCase]:
    """That many cases of days in a year."""
    draw = Random(seed)
    days = [date(year, 1, 1) + timedelta(days=draw.randrange(365)) for _ in range(number)]
    return [case_of(day, holders, draw, **changes) for day in days]


def keep(office: Office, cases: Sequence[CountedCase]) -> None:
    """Let a vault have had these cases; each is destroyed, and its line is left."""
    for case in cases:
        facts = case.facts
        assert facts.closed is not None
        office.register.put(
            Line(
                case.id, facts.received, facts.closed, facts.regime, facts.outcome, date(2040, 1, 1), case.destroyed,
                facts.dump(),
            )
        )  # fmt: skip
