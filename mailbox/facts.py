# SPDX-License-Identifier: EUPL-1.2
"""The facts of one case that terms, reminders and retention are worked out from; added up from its log.

- `facts_of` is the only way to get them: the columns that the server keeps are its result, so that a daily run need not
  read every log.
- Days and yes or no, nothing of what a case is about. Pure.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from meldkluis.crypto.chain import CaseLog

AUTOMATIC: Final = (
    "lapsed acknowledgement internal",
    "lapsed acknowledgement nominal",
    "lapsed feedback internal",
    "lapsed feedback nominal",
    "deputy",
    "deserted",
    "announced",
    "identity destroyed",
)
"""What the bits of `automatic` say, the lowest first. `deputy`: there is one who could get the case; `deserted`: no
officer is left in it."""


@dataclass(frozen=True)
class Facts:
    """What the terms of a case depend on; None where it has not happened. `held` is a hold's last day."""

    received: date
    since: date
    runs: bool = True
    acknowledged: date | None = None
    feedback: date | None = None
    closed: date | None = None
    identity_until: date | None = None
    destroy_after: date | None = None
    register_until: date | None = None
    held: date | None = None
    unread: date | None = None
    ends: date | None = None
    automatic: frozenset[str] = frozenset()
    destroyed: date | None = None
    certified: bool = False

    def held_on(self, day: date) -> bool:
        """Whether a legal hold is in force."""
        return self.held is not None and day <= self.held


def facts_of(log: CaseLog) -> Facts:
    """Return the facts of a case that was received. What became of its files after its end, no log tells."""
    course = log.course
    assert course.received is not None
    assert course.since is not None
    closed = None if course.closed is None else course.closed.fields
    marks = {
        "deputy": log.deputy is not None and log.deputy not in log.ever_officers,
        "deserted": not log.officers,
        "announced": course.announced is not None,
        "identity destroyed": course.identity_gone,
    }
    return Facts(
        received=course.received,
        since=course.since,
        runs=course.runs,
        acknowledged=course.acknowledged,
        feedback=course.feedback,
        closed=None if closed is None else closed["day"],
        identity_until=None if closed is None else closed["identity_until"],
        destroy_after=None if closed is None else closed["destroy_after"],
        register_until=None if closed is None else closed["register_until"],
        held=None if course.held is None else course.held.fields["until"],
        unread=course.unread,
        ends=course.ends_on(),
        automatic=frozenset(
            [f"lapsed {term} {end}" for term, end in course.lapsed] + [mark for mark, is_so in marks.items() if is_so]
        ),
    )
