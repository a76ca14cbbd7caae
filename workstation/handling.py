# SPDX-License-Identifier: EUPL-1.2
"""How a case stands: what the officers' newest note and the log say together.

- Regime, state, outcome and reasons stand in notes that only the case's officers can read; acknowledgement, feedback,
  closing and the clock stand in the log. Neither is kept anywhere else, so they cannot come apart.
- The days that an officer sees are those that the reporter sees, or earlier ones.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.entry import ANSWER_ACTS, NOTE_ACTS, Entry
from meldkluis.crypto.note import CLOCKLESS, Note
from meldkluis.crypto.record import Record
from meldkluis.mailbox.actions import terms_of
from meldkluis.mailbox.facts import facts_of
from meldkluis.mailbox.terms import Dues, TermsError

STATES: Final = (
    "received", "acknowledged", "assessment", "investigation", "feedback", "reopened", "closed",
)  # fmt: skip
"""Where a case can stand."""

ReadNote = Callable[[Entry], Note | None]
"""Gives a note that opens and holds, or None."""


@dataclass(frozen=True)
class Step:
    """A record of the case, with the log entry that brought it: its number, day and author."""

    number: int
    day: date
    author: bytes
    record: Record


@dataclass(frozen=True)
class Handling:
    """How a case stands.

    `note` is the newest that holds; `state` one of STATES; `outcome` that of the closing, None where it does not open.
    `reason` is that of the newest note about regime and state alone. `asked_advice`: the regime before this was advice.
    `steps` are the records that can be read, the oldest first.
    """

    note: Note
    state: str
    outcome: str | None
    reason: str
    asked_advice: bool
    steps: tuple[Step, ...] = ()


def handling_of(log: CaseLog, read: ReadNote) -> Handling:
    """Return how a case stands, the newest note that can be read first."""
    entries = [entry for entry in reversed(log.entries) if entry.act in NOTE_ACTS]
    notes = [(entry, note) for entry in entries if (note := read(entry)) is not None]
    newest = notes[0][1] if notes else Note()
    closed = log.course.closed
    outcome = next((note.outcome for entry, note in notes if entry is closed), None)
    reason = next((note.reason for entry, note in notes if entry.act == "noted" and note.record is None), "")
    steps = tuple(
        Step(entry.index, entry.fields["day"], entry.author, note.record)
        for entry, note in reversed(notes)
        if note.record is not None
    )
    before = next((note.regime for _, note in notes if note.regime != newest.regime), "")
    return Handling(newest, _state(log, newest), outcome, reason, before == "advice", steps)


def _state(log: CaseLog, note: Note) -> str:
    course = log.course
    if course.closed is not None:
        return "closed"
    again = max((entry.index for entry in log.entries if entry.act == "reopened"), default=None)
    if again is not None:
        noted = any(entry.act == "noted" for entry in log.entries[again:])
        return note.state if noted and note.state in {"assessment", "investigation"} else "reopened"
    if course.feedback is not None:
        return "feedback"
    if note.state in {"assessment", "investigation"}:
        return note.state
    return "received" if course.acknowledged is None else "acknowledged"


def counted_terms(log: CaseLog, note: Note) -> Dues:
    """Return the terms of a received case; from the day of an oral report when that was earlier."""
    facts = facts_of(log)
    if note.received is not None and note.received < facts.since:
        try:
            return terms_of(replace(facts, since=note.received))
        except TermsError:
            # A colleague's day that nothing can be counted from; what the log says stands.
            pass
    return terms_of(facts)


def may_stop(log: CaseLog) -> bool:
    """Whether the terms could be stopped now, if the regime has none."""
    course = log.course
    return (
        log.case_key is not None
        and course.runs
        and course.closed is None
        and course.feedback is None
        and not course.objected
    )


def should_stop(log: CaseLog, handling: Handling) -> bool:
    """Whether the regime has no terms while they run."""
    return handling.note.regime in CLOCKLESS and may_stop(log)


def should_run(log: CaseLog, handling: Handling) -> bool:
    """Whether the regime has terms while the clock stands still."""
    return handling.note.regime not in CLOCKLESS and not log.course.runs and log.course.closed is None


def run_from(log: CaseLog, handling: Handling) -> date:
    """Return the day to propose for counting: of the reporter's last message after a question, else of the receipt."""
    course = log.course
    assert course.received is not None
    if handling.asked_advice and course.heard is not None:
        return course.heard
    oral = handling.note.received
    return course.received if oral is None else min(course.received, oral)


def objection_waits(log: CaseLog) -> bool:
    """Whether the reporter objected to the stopped clock, and no officer has written since."""
    for entry in reversed(log.entries):
        if entry.act in ANSWER_ACTS:
            return False
        if entry.act == "objected":
            return True
    return False
