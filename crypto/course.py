# SPDX-License-Identifier: EUPL-1.2
"""The course of a case: what its terms and its end depend on, added up from the entries of its log.

- `chain.CaseLog` owns one and hands it every entry that holds; server, workstation and reporter come to the same.
- `ends_on` alone says when a case may be destroyed. No act makes it earlier than its notice of thirty days allows,
  unless two officers approved.
- It counts no term: `mailbox.terms` does. Pure.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from meldkluis.crypto.entry import OFFICER_ACTS, Entry

NOTICE: Final = timedelta(days=30)
"""How long the reporter's mailbox says that a case will be destroyed, where only one officer approved."""

LEAST_KEPT: Final = timedelta(days=28)
"""No case is destroyed sooner after it was closed: a month at the least, so that its reporter can object."""

LONGEST_HOLD: Final = timedelta(days=184)
"""A legal hold is renewed after half a year, or lapses."""

LONGEST_UNREAD: Final = timedelta(days=184)
"""A message that no officer reacts to keeps a closed case no longer: there may be no officer any more."""

LONGEST_POSTPONED: Final = timedelta(days=184)
"""Messages later than this after a case's day put its end off no more, but for the first after a notice."""

APPROVALS: Final = 2
_NO_REACTION: Final = frozenset({"not-involved", "recused", "case-key", "officer-added", "destroyed"})
"""Acts that say nothing of whether anybody read what the reporter wrote."""


@dataclass
class Course:
    """Where a case stands. Days are as the log's entries name them.

    `since`: terms are counted from here. `acknowledged`: the first acknowledgement, by a person or not. `feedback`: the
    first since `since`. `unread`: day of the oldest message that no officer has reacted to. `heard`: of the newest one.
    `answers_to`: by the hash of each entry that asked something, the reporter's newest yes or no, None before it.
    """

    received: date | None = None
    since: date | None = None
    runs: bool = True
    objected: bool = False
    acknowledged: date | None = None
    by_person: bool = False
    feedback: date | None = None
    lapses: dict[tuple[date, str, str], Entry] = field(default_factory=dict)
    unread: date | None = None
    heard: date | None = None
    answers_to: dict[bytes, bool | None] = field(default_factory=dict)
    closed: Entry | None = None
    held: Entry | None = None
    approvals: set[bytes] = field(default_factory=set)
    recused: set[bytes] = field(default_factory=set)
    announced: Entry | None = None
    identity_gone: bool = False
    destroyed_by: dict[bytes, date] = field(default_factory=dict)

    @property
    def lapsed(self) -> frozenset[tuple[str, str]]:
        """The terms, with the end of each, that lapsed of those that are counted from `since`."""
        return frozenset((term, end) for since, term, end in self.lapses if since == self.since)

    @property
    def may_object(self) -> bool:
        """Whether the reporter may still object: once, to a stopped clock or to a later day to count from."""
        assert self.received is not None
        assert self.since is not None
        return not self.objected and (not self.runs or self.since > self.received)

    def read_by(self, day: date) -> bool:
        """Whether nothing of the reporter is unread on that day, or it was for so long that nobody is there to read."""
        return self.unread is None or day >= self.unread + LONGEST_UNREAD

    def ends_on(self) -> date | None:
        """Return the day from which on the case may be destroyed; None while nothing says so."""
        if self.closed is None:
            return None
        end: date = self.closed.fields["destroy_after"]
        if self.unread is not None:
            end = max(end, self.unread + LONGEST_UNREAD)
        if self.heard is not None and self.heard > self.closed.fields["day"]:
            end = max(end, self.heard + NOTICE)
        if self.held is not None:
            end = max(end, self.held.fields["until"] + timedelta(days=1))
        if self.announced is not None:
            # The reporter was told a day; a second approval after that does not make it an earlier one.
            announced: date = self.announced.fields["on"]
            return max(end, announced)
        # Whoever declared to be involved after all decides nothing about the evidence.
        return end if len(self.approvals - self.recused) >= APPROVALS else None

    def held_on(self, today: date) -> bool:
        """Whether a legal hold is in force."""
        return self.held is not None and today <= self.held.fields["until"]

    def take(self, entry: Entry) -> None:
        """Take in an entry that holds."""
        if entry.act in OFFICER_ACTS and entry.act not in _NO_REACTION:
            self.unread = None
        act = _TAKES.get(entry.act)
        if act is not None:
            act(self, entry)


def _received(course: Course, entry: Entry) -> None:
    day = entry.fields["day"]
    if course.received is None:
        course.received = course.since = day
    course.unread = course.unread or day
    if course.closed is None:
        course.heard = day
    elif day <= course.closed.fields["destroy_after"] + LONGEST_POSTPONED:
        course.heard = day
        # What was approved before the reporter said something new was approved without knowing it.
        course.approvals, course.announced = {course.closed.author}, None
    elif course.announced is None:
        course.approvals = {course.closed.author}
    elif course.heard is None or course.heard <= course.announced.fields["day"]:
        # The mailbox says that a message helps: once more it does.
        course.heard = day


def _objected(course: Course, _: Entry) -> None:
    if not course.runs:
        # Whatever was decided while no term ran was decided without the reporter.
        course.feedback = course.closed = course.announced = None
        course.approvals = set()
    course.runs = course.objected = True
    if course.received is not None and course.since is not None:
        course.since = min(course.received, course.since)


def _asked(course: Course, entry: Entry) -> None:
    course.answers_to[entry.hash] = None


def _replied(course: Course, entry: Entry) -> None:
    course.answers_to[entry.fields["of"]] = entry.act == "agreed"


def _acknowledged(course: Course, entry: Entry) -> None:
    course.acknowledged = course.acknowledged or entry.fields["day"]
    course.by_person = course.by_person or entry.act == "acknowledged"


def _feedback(course: Course, entry: Entry) -> None:
    course.feedback = course.feedback or entry.fields["day"]


def _lapsed(course: Course, entry: Entry) -> None:
    assert course.since is not None
    course.lapses[course.since, entry.fields["term"], entry.fields["end"]] = entry


def _stopped(course: Course, _: Entry) -> None:
    course.runs = False


def _runs(course: Course, entry: Entry) -> None:
    if not course.runs:
        # A question that became a report: what was answered was the question.
        course.feedback = None
    course.runs, course.since = True, entry.fields["since"]


def _closed(course: Course, entry: Entry) -> None:
    course.closed, course.approvals, course.announced = entry, {entry.author}, None


def _reopened(course: Course, _: Entry) -> None:
    course.closed, course.approvals, course.announced = None, set(), None


def _held(course: Course, entry: Entry) -> None:
    course.held, course.announced = entry, None


def _released(course: Course, _: Entry) -> None:
    course.held = None


def _announced(course: Course, entry: Entry) -> None:
    course.announced = entry


def _approved(course: Course, entry: Entry) -> None:
    course.approvals.add(entry.author)


def _identity_destroyed(course: Course, _: Entry) -> None:
    course.identity_gone = True


def _recused(course: Course, entry: Entry) -> None:
    course.recused.add(entry.author)


def _destroyed(course: Course, entry: Entry) -> None:
    course.destroyed_by[entry.author] = entry.fields["day"]


_TAKES: Final = {
    "received": _received,
    "objected": _objected,
    "asked": _asked,
    "agreed": _replied,
    "declined": _replied,
    "acknowledged": _acknowledged,
    "acknowledged-auto": _acknowledged,
    "feedback": _feedback,
    "lapsed": _lapsed,
    "clock-stopped": _stopped,
    "clock-runs": _runs,
    "closed": _closed,
    "reopened": _reopened,
    "held": _held,
    "released": _released,
    "destruction-announced": _announced,
    "destruction-approved": _approved,
    "identity-destroyed": _identity_destroyed,
    "destroyed": _destroyed,
    "recused": _recused,
}
