# SPDX-License-Identifier: EUPL-1.2
"""What falls due on a day: facts, policy and a day go in, automatic acts and reminders come out.

- `automatic`: what the server does by itself at noon: lapse, acknowledge, hand over, announce destruction, destroy.
- `reminders`: what officers are told, each on one day; a run that missed days asks for all since the last one.
- Whoever acts on the result asks again with the facts as they are then, so nothing is done twice.

Pure; called by `daily`, and by the workstation for what it shows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from meldkluis.crypto.course import LONGEST_UNREAD
from meldkluis.mailbox.facts import Facts
from meldkluis.mailbox.policy import Policy
from meldkluis.mailbox.terms import Dues, add_months, dues

AFTER_RECEIPT: Final = (1, 3, 5)
"""Days after receipt on which officers are reminded to acknowledge."""

BEFORE_FEEDBACK: Final = (30, 14, 7, 3)
"""Days before the internal end on which officers are reminded of the feedback."""

OVERDUE: Final = timedelta(days=7)
"""A lapsed feedback is brought up every week."""

PROGRESS_MONTHS: Final = 3
"""What stays open is brought up this often until somebody decides."""

BEFORE_PROGRESS: Final = timedelta(days=14)
BEFORE_DESTRUCTION: Final = timedelta(days=30)
BEFORE_HOLD_ENDS: Final = timedelta(days=14)

WAIT_FOR_WORKSTATIONS: Final = timedelta(days=90)
"""How long the certificate waits at the least for the word of workstations that have not come yet."""

CERTIFICATE_STANDS: Final = timedelta(days=35)
"""How long a certificate can be fetched at the least before the register line goes."""

KINDS: Final = ("acknowledge", "feedback", "overdue", "progress", "destruction", "hold")
"""The kinds of reminders."""


@dataclass(frozen=True, order=True)
class Due:
    """Something that falls due: its kind, and the day on which it did."""

    day: date
    kind: str


@lru_cache(maxsize=4096)
def counted(since: date, acknowledged: date | None) -> Dues:
    """Return the terms; an acknowledgement that is older than the day counted from was one of a question."""
    return dues(since, None if acknowledged is None else max(acknowledged, since))


def terms_of(facts: Facts) -> Dues:
    """Return the terms of a case."""
    return counted(facts.since, facts.acknowledged)


def automatic(facts: Facts, policy: Policy, horizon: date) -> list[Due]:
    """Return what the server has to do by noon of the day `horizon`, in the order in which it is done."""
    if facts.destroyed is not None:
        if not facts.certified:
            return [Due(facts.destroyed, "certify")]
        end = waits_until(facts) + CERTIFICATE_STANDS
        return [Due(end, "forget")] if horizon >= end else []
    found = list(_ending(facts, horizon) if facts.closed is not None else _running(facts, policy, horizon))
    if "deputy" in facts.automatic:
        lapsed = [due for due in found if due.kind.startswith("lapsed")]
        if lapsed:
            found.append(Due(lapsed[0].day, "hand-over"))
        elif "deserted" in facts.automatic and (facts.closed is None or facts.unread is not None):
            found.append(Due(horizon, "hand-over"))
    return found


def waits_until(facts: Facts) -> date:
    """Return the day on which the certificate is made, whoever did not sign: shortly before the line goes."""
    assert facts.destroyed is not None
    register = facts.register_until or facts.destroyed
    return max(facts.destroyed + WAIT_FOR_WORKSTATIONS, register - CERTIFICATE_STANDS)


def _running(facts: Facts, policy: Policy, horizon: date) -> Iterator[Due]:
    if not facts.runs:
        return
    terms = terms_of(facts)
    if facts.acknowledged is None:
        if policy.acknowledgement == "automatic":
            yield Due(facts.since, "acknowledge")
        elif horizon >= terms.acknowledgement.internal:
            yield from _lapses("acknowledgement", terms, facts, horizon)
            yield Due(terms.acknowledgement.internal, "acknowledge")
    if facts.feedback is None:
        yield from _lapses("feedback", terms, facts, horizon)


def _lapses(term: str, terms: Dues, facts: Facts, horizon: date) -> Iterator[Due]:
    ends = terms.acknowledgement if term == "acknowledgement" else terms.feedback
    kinds = {end: f"lapsed {term} {end}" for end in ("internal", "nominal")}
    if horizon >= ends.internal and kinds["internal"] not in facts.automatic:
        yield Due(ends.internal, kinds["internal"])
    if horizon > ends.nominal and kinds["nominal"] not in facts.automatic:
        yield Due(ends.nominal, kinds["nominal"])


def _ending(facts: Facts, horizon: date) -> Iterator[Due]:
    if facts.held_on(horizon) or (facts.unread is not None and horizon < facts.unread + LONGEST_UNREAD):
        return
    assert facts.identity_until is not None
    assert facts.destroy_after is not None
    if facts.ends is not None and horizon >= facts.ends:
        yield Due(facts.ends, "destroy")
        return
    if horizon >= facts.identity_until and "identity destroyed" not in facts.automatic:
        yield Due(facts.identity_until, "destroy-identity")
    if horizon >= facts.destroy_after and facts.ends is None:
        yield Due(facts.destroy_after, "announce")


def reminders(facts: Facts, policy: Policy, after: date, horizon: date) -> list[Due]:
    """Return what officers are to be told for the days after `after` up to `horizon`, by day."""
    if facts.destroyed is not None:
        return []
    return sorted(due for due in _told(facts, policy, after, horizon) if after < due.day <= horizon)


def _told(facts: Facts, policy: Policy, after: date, horizon: date) -> Iterator[Due]:
    if facts.held is not None:
        yield Due(facts.held - BEFORE_HOLD_ENDS, "hold")
    if facts.closed is not None:
        assert facts.destroy_after is not None
        yield Due(facts.destroy_after - BEFORE_DESTRUCTION, "destruction")
        return
    if facts.runs and facts.feedback is None:
        yield from _told_of_terms(facts, policy, after, horizon)
    else:
        yield from _told_of_progress(facts.feedback or facts.since, horizon)


def _told_of_terms(facts: Facts, policy: Policy, after: date, horizon: date) -> Iterator[Due]:
    terms = terms_of(facts)
    if facts.acknowledged is None and policy.acknowledgement == "officer":
        days = (facts.since + timedelta(days=n) for n in AFTER_RECEIPT)
        yield from (Due(day, "acknowledge") for day in days if day < terms.acknowledgement.internal)
    end = terms.feedback.internal
    yield from (Due(end - timedelta(days=n), "feedback") for n in BEFORE_FEEDBACK)
    weeks = max(1, (after - end) // OVERDUE)
    day = end + weeks * OVERDUE
    while day <= horizon:
        yield Due(day, "overdue")
        day += OVERDUE


def _told_of_progress(start: date, horizon: date) -> Iterator[Due]:
    months = PROGRESS_MONTHS
    while (day := add_months(start, months) - BEFORE_PROGRESS) <= horizon:
        yield Due(day, "progress")
        months += PROGRESS_MONTHS


def settled(facts: Facts) -> frozenset[str]:
    """Return the kinds of reminders that these facts leave nothing of."""
    open_kinds = {"hold"} if facts.held is not None else set()
    if facts.destroyed is not None:
        open_kinds = set()
    elif facts.closed is not None:
        open_kinds.add("destruction")
    elif facts.feedback is None and facts.runs:
        open_kinds |= {"feedback", "overdue"} | ({"acknowledge"} if facts.acknowledged is None else set())
    else:
        open_kinds.add("progress")
    return frozenset(KINDS) - open_kinds
