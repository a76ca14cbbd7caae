# SPDX-License-Identifier: EUPL-1.2
"""When each act may stand in a case's log (docs/protocol.md section 8); `chain` has asked who may make it already.

- A rule that fails raises ChainError and nothing has changed. Pure.
- Bounds on days are wide enough for every calendar; what the exact day is, `mailbox.terms` counts.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from meldkluis.crypto.course import LEAST_KEPT, LONGEST_HOLD, NOTICE
from meldkluis.crypto.entry import ANSWER_ACTS, REPLY_ACTS, Entry
from meldkluis.crypto.errors import ChainError

if TYPE_CHECKING:
    from meldkluis.crypto.chain import CaseLog

ACKNOWLEDGED_IN: Final = 7
FEEDBACK_IN: Final = 99
"""Days: a week, and three months of at most 92 days after it. `mailbox.terms` counts; this is a bound."""

FEEDBACK_NOT_BEFORE: Final = 75
"""Days: the shortest three months are 89, and no run of holidays takes two weeks away."""

EARLIER: Final = timedelta(days=3660)
"""How much earlier than its entry in the log an oral report can have been made."""

LONGEST_KEPT: Final = timedelta(days=3660)

REGISTER: Final = timedelta(days=365)
"""The register line is kept for a year at the least, whatever became of the case."""


def require(condition: bool, message: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Raise ChainError with the message unless the condition holds."""
    if not condition:
        raise ChainError(message)


def _received(log: "CaseLog", entry: Entry) -> None:
    last, first = log.entries[-1], log.entries[-1].act == "submitted"
    require(entry.fields["of"] == last.hash, "another entry was received")
    require(entry.fields["commitment"] == last.fields.get("commitment"), "another commitment was received")
    dues, day = entry.fields["dues"], entry.fields["day"]
    require((dues is not None) == first, "terms begin with the report")
    if dues is not None:
        ends = [(end - day).days for end in (dues.acknowledgement, dues.feedback)]
        require(0 <= ends[0] <= ACKNOWLEDGED_IN and ends[0] <= ends[1] <= FEEDBACK_IN, "terms that no law gives")


def _case_key(log: "CaseLog", entry: Entry) -> None:
    require(log.may_take_over(entry.author), "the case is taken over already")
    require(bool(entry.files) == (len(log.ever_officers) > 1), "the case secret goes to the other officers")
    require(entry.fields["recipient"] != entry.fields["identity_recipient"], "two keys, not one")


def _officer_added(log: "CaseLog", entry: Entry) -> None:
    added = entry.fields["officer"]
    _taken_over(log, entry)
    require(added not in log.not_to, "the reporter left this member out")
    # To an officer of the case once more: whose machine was lost has another key.
    require(added in log.officers or added not in log.ever_officers, "one who withdrew from it")


def _handed_over(log: "CaseLog", entry: Entry) -> None:
    require(entry.fields["deputy"] == log.deputy, "another deputy than the reporter named")
    require(log.deputy not in log.ever_officers, "handed over already")
    unattended = bool(log.course.lapses) or not log.officers
    # The log knows no roster: that its officers left the one named here is for its readers to check (`have_left`).
    require(unattended == (entry.fields["roster"] is None), "no term has lapsed, and there is an officer")


def _taken_over(log: "CaseLog", _: Entry) -> None:
    require(log.case_key is not None, "nobody took the case over yet")


def _acknowledged_auto(log: "CaseLog", _: Entry) -> None:
    require(log.course.acknowledged is None, "acknowledged already")


def _lapsed(log: "CaseLog", entry: Entry) -> None:
    term, end, due, day = (entry.fields[name] for name in ("term", "end", "due", "day"))
    course = log.course
    assert course.since is not None
    require(course.runs and course.closed is None, "no term runs")
    require((term, end) not in course.lapsed, "lapsed already")
    done, least, most = {
        "acknowledgement": (course.acknowledged, 0, ACKNOWLEDGED_IN),
        "feedback": (course.feedback, FEEDBACK_NOT_BEFORE, FEEDBACK_IN),
    }[term]
    require(done is None, "what the term is for was done")
    require(least <= (due - course.since).days <= most, "a term that no law gives")
    # On its last working day at noon; and for good when its last day is over.
    require(day >= due if end == "internal" else day > due, "the term has not lapsed")


def _objected(log: "CaseLog", _: Entry) -> None:
    require(log.course.may_object, "the terms run as they should, or the reporter objected before")


def _replied(log: "CaseLog", entry: Entry) -> None:
    before, of = log.course.answers_to, entry.fields["of"]
    require(of in before, "nothing was asked in that entry")
    require(before[of] is not (entry.act == "agreed"), "the reporter's newest answer already")


def _clock_stopped(log: "CaseLog", entry: Entry) -> None:
    _taken_over(log, entry)
    course = log.course
    require(course.runs and course.closed is None and course.feedback is None, "no term runs")
    require(not course.objected, "the reporter objected")


def _clock_runs(log: "CaseLog", entry: Entry) -> None:
    course, since = log.course, entry.fields["since"]
    assert course.since is not None
    _taken_over(log, entry)
    require(course.closed is None, "the case is closed")
    require(entry.fields["day"] - EARLIER <= since <= entry.fields["day"], "counted from a day that cannot be")
    # Whoever could move the day forward while terms run could put them off for ever.
    require(not course.runs or since < course.since, "counted from a later day")


def _closed(log: "CaseLog", entry: Entry) -> None:
    _taken_over(log, entry)
    require(log.course.feedback is not None or not log.course.runs, "feedback is due")
    day, identity, content, register = (
        entry.fields[name] for name in ("day", "identity_until", "destroy_after", "register_until")
    )
    require(day + LEAST_KEPT <= identity <= content <= register, "kept for a time that cannot be")
    require(day + REGISTER <= register <= day + LONGEST_KEPT, "a register line for a time that cannot be")


def _reopened(log: "CaseLog", _: Entry) -> None:
    require(log.course.closed is not None, "the case is open")


def _held(log: "CaseLog", entry: Entry) -> None:
    _taken_over(log, entry)
    require(entry.fields["day"] <= entry.fields["until"] <= entry.fields["day"] + LONGEST_HOLD, "a hold of half a year")


def _released(log: "CaseLog", _: Entry) -> None:
    require(log.course.held is not None, "nothing is held")


def _read(log: "CaseLog", _: Entry) -> None:
    require(log.course.unread is not None, "nothing is unread")


def _due_for_destruction(log: "CaseLog", day: date, earlier: timedelta = timedelta()) -> None:
    course = log.course
    require(course.closed is not None and course.read_by(day), "the case is open, or something is unread")
    assert course.closed is not None
    require(
        day >= course.closed.fields["destroy_after"] - earlier and not course.held_on(day), "not due to be destroyed"
    )


def _announced(log: "CaseLog", entry: Entry) -> None:
    _due_for_destruction(log, entry.fields["day"])
    require(log.course.announced is None, "announced already")
    require(entry.fields["on"] == entry.fields["day"] + NOTICE, "a notice of thirty days")


def _approved(log: "CaseLog", entry: Entry) -> None:
    _due_for_destruction(log, entry.fields["day"], NOTICE)
    require(entry.author not in log.course.approvals, "approved already")


def _identity_destroyed(log: "CaseLog", entry: Entry) -> None:
    course, day = log.course, entry.fields["day"]
    require(course.closed is not None and course.read_by(day), "the case is open, or something is unread")
    assert course.closed is not None
    require(not course.identity_gone, "destroyed already")
    require(day >= course.closed.fields["identity_until"] and not course.held_on(day), "not due for destruction")


def _destroyed(log: "CaseLog", entry: Entry) -> None:
    end = log.course.ends_on()
    require(end is not None and entry.fields["day"] >= end, "not due for destruction")
    require(entry.author not in log.course.destroyed_by, "destroyed already")


RULES: Final[dict[str, Callable[["CaseLog", Entry], None]]] = {
    "received": _received,
    "objected": _objected,
    **dict.fromkeys(REPLY_ACTS, _replied),
    "acknowledged-auto": _acknowledged_auto,
    "lapsed": _lapsed,
    "handed-over": _handed_over,
    "identity-destroyed": _identity_destroyed,
    "destruction-announced": _announced,
    "case-key": _case_key,
    "officer-added": _officer_added,
    "identity-opened": _taken_over,
    **dict.fromkeys(ANSWER_ACTS, _taken_over),
    "read": _read,
    "noted": _taken_over,
    "clock-stopped": _clock_stopped,
    "clock-runs": _clock_runs,
    "closed": _closed,
    "reopened": _reopened,
    "held": _held,
    "released": _released,
    "destruction-approved": _approved,
    "destroyed": _destroyed,
}
"""The rule of each act that has one."""
