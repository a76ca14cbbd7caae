# SPDX-License-Identifier: EUPL-1.2
"""What the law and good practice ask of the officers of a case, as dated tasks; counted from log and records alone.

- Steps of handling a report: weighing, hearing both sides, conclusion, communication, aftercare (BZK handreiking 2024;
  Nota integriteitsbeleid 2023). Rules of the law: see each task.
- A task is done when the log or a record says so; nobody ticks it off otherwise. What is late stays until it is done.
- Terms of acknowledgement and feedback are not here: `mailbox.terms` counts them, and the server watches them.
- Days without a source of their own are chosen so that the law's terms are kept (see WITHIN). Pure.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.entry import ANSWER_ACTS
from meldkluis.crypto.note import CLOCKLESS
from meldkluis.mailbox.calendar import working_days_after
from meldkluis.mailbox.terms import ACKNOWLEDGE_WITHIN, Dues, add_months
from meldkluis.workstation.account import account_due, reaction_until
from meldkluis.workstation.handling import Handling, Step
from meldkluis.workstation.steps import newest, of_kind, undecided

WEIGH: Final = 10
"""Working days from receipt to the first weighing, so that an inquiry fits into three months."""

MEETING: Final = (5, 15)
"""Working days from a request to a proposal, and to the meeting ("within a reasonable time", article 9(2))."""

PROGRESS_MONTHS: Final = 3
"""After feedback the reporter hears every three months how it stands, until the case is closed."""

DETRIMENT_MONTHS: Final = (0, 6, 12)
"""Months after feedback at which the reporter is asked about detriment (Wbk article 17e)."""

INFORM_MONTHS: Final = 1
"""AVG article 14(3): a person whose data were not obtained from him is informed within a month."""

REQUEST_MONTHS: Final = 1
EXTENDED_MONTHS: Final = 2
"""AVG article 12(3): a month, and two more where that is said in time."""

BREACH: Final = timedelta(days=2)
"""AVG article 33: 72 hours, no term of days. No hour is kept, so two days after it was noticed is never too late."""


@dataclass(frozen=True)
class Task:
    """Something to do. `due` is its last day, None for "as soon as it can"; `of` the record or entry that asks for it.

    `done` tasks are given too, so that a page can show the whole way.
    """

    kind: str
    due: date | None
    done: bool
    of: int | None = None

    def late(self, today: date) -> bool:
        """Whether its day is over."""
        return not self.done and self.due is not None and self.due < today


@dataclass(frozen=True)
class _Case:
    log: CaseLog
    handling: Handling
    dues: Dues
    asked: dict[int, str]

    @property
    def received(self) -> date:
        """The day that terms are counted from: of the report, or of an earlier one in person."""
        return self.dues.acknowledgement.nominal - ACKNOWLEDGE_WITHIN

    def questions(self, kind: str) -> list[tuple[int, date]]:
        """Return number and day of the questions of a kind."""
        return [
            (entry.index, entry.fields["day"])
            for entry in self.log.entries
            if entry.act == "asked" and self.asked.get(entry.index) == kind
        ]


def tasks(log: CaseLog, handling: Handling, dues: Dues, asked: dict[int, str]) -> list[Task]:
    """Return the tasks of a received case that is open to its officer, in the order of its way.

    `asked` gives the kind of every question to the reporter, by the number of its entry.
    """
    case = _Case(log, handling, dues, asked)
    if handling.note.regime in CLOCKLESS:
        return [task for rule in _ALWAYS for task in rule(case)]
    return [task for rule in (*_WAY, *_ALWAYS) for task in rule(case)]


def _weigh(case: _Case) -> Iterator[Task]:
    weighed = newest(case.handling, "weighing") is not None and case.handling.note.regime != "undecided"
    yield Task("weigh", working_days_after(case.received, WEIGH), weighed)


def _classify(case: _Case) -> Iterator[Task]:
    categories = case.handling.note.categories
    yield Task("classify", case.dues.feedback.internal, bool(categories.type and categories.subject))


def _inform(case: _Case) -> Iterator[Task]:
    step = newest(case.handling, "informed")
    if step is None:
        yield Task("inform", add_months(case.received, INFORM_MONTHS), done=False)
    elif step.record.choice == "informed":
        yield Task("inform", None, done=True, of=step.number)
    else:
        # The delay is looked at again every month, whatever day was written down.
        review = min(step.record.when or date.max, add_months(step.day, 1))
        yield Task("inform-review", review, done=False, of=step.number)


def _inquire(case: _Case) -> Iterator[Task]:
    weighing, assignment = newest(case.handling, "weighing"), newest(case.handling, "assignment")
    if assignment is None:
        if weighing is not None and weighing.record.choice == "inquiry":
            yield Task("assign", working_days_after(weighing.day, WEIGH), done=False, of=weighing.number)
        return
    yield Task("assign", None, done=True, of=assignment.number)
    heard = _since(case, "hearing", assignment)
    yield Task("hear", assignment.record.when, heard is not None, assignment.number)


def _conclude(case: _Case) -> Iterator[Task]:
    weighing, conclusion = newest(case.handling, "weighing"), newest(case.handling, "conclusion")
    if weighing is None:
        return
    yield Task("conclude", case.dues.feedback.internal, conclusion is not None)
    if conclusion is None:
        return
    due = working_days_after(conclusion.day, WEIGH)
    yield Task("communicate", due, _since(case, "communication", conclusion) is not None, conclusion.number)
    later = add_months(conclusion.day, PROGRESS_MONTHS)
    yield Task("aftercare", later, _since(case, "aftercare", conclusion) is not None, conclusion.number)
    yield Task("evaluate", later, _since(case, "evaluation", conclusion) is not None, conclusion.number)


def _progress(case: _Case) -> Iterator[Task]:
    """After feedback an open case is spoken about every three months (Directive article 9(1)(d))."""
    if case.log.course.feedback is None or case.log.course.closed is not None:
        return
    written = max(entry.fields["day"] for entry in case.log.entries if entry.act in ANSWER_ACTS)
    yield Task("progress", add_months(written, PROGRESS_MONTHS), done=False)


def _detriment(case: _Case) -> Iterator[Task]:
    fed_back = case.log.course.feedback
    if fed_back is None:
        return
    asked = [day for _, day in case.questions("detriment")]
    asked += [step.day for step in of_kind(case.handling, "detriment")]
    for months in DETRIMENT_MONTHS:
        due = add_months(fed_back, months)
        # Asked with the acknowledgement counts for nothing later; a little before its day counts for it.
        done = any(day > due - timedelta(days=31) for day in asked)
        yield Task("detriment", due + timedelta(days=14), done)


def _account(case: _Case) -> Iterator[Task]:
    """An oral report has a written account, which the reporter can check, correct and agree to (Wbk article 2a)."""
    spoken = case.handling.note.categories.channel in {"phone", "conversation"}
    starts = [case.received] if spoken else []
    starts += [step.record.when or step.day for step in of_kind(case.handling, "meeting", "held")]
    if not starts:
        return
    accounts = case.questions("account")
    for start in starts:
        yield Task("account", account_due(start), any(day >= start for _, day in accounts))
    if accounts:
        number, day = accounts[-1]
        reply = case.log.course.answers_to.get(case.log.entries[number].hash)
        # No answer is never a yes: the task stays as what it is, not confirmed.
        kind = "account-declined" if reply is False else "account-confirm"
        yield Task(kind, reaction_until(day), reply is True, number)


def _meeting(case: _Case) -> Iterator[Task]:
    offered = [day for _, day in case.questions("meeting")]
    for step in of_kind(case.handling, "meeting", "requested"):
        start = step.record.when or step.day
        ended = _since(case, "meeting", step, "held", "cancelled") is not None
        yield Task(
            "meeting-offer", working_days_after(start, MEETING[0]), ended or any(day >= start for day in offered),
            step.number,
        )  # fmt: skip
        yield Task("meeting-hold", working_days_after(start, MEETING[1]), ended, step.number)


def _requests(case: _Case) -> Iterator[Task]:
    for step in of_kind(case.handling, "request", "received"):
        start = step.record.when or step.day
        longer = any(item.record.of == step.number for item in of_kind(case.handling, "request", "extended"))
        due = add_months(start, REQUEST_MONTHS + (EXTENDED_MONTHS if longer else 0))
        done = any(item.record.of == step.number for item in of_kind(case.handling, "request", "answered"))
        yield Task("request", due, done, step.number)


def _breaches(case: _Case) -> Iterator[Task]:
    ended = of_kind(case.handling, "breach", "reported", "not_reported")
    for step in of_kind(case.handling, "breach", "noticed"):
        start = step.record.when or step.day
        yield Task("breach", start + BREACH, any(item.record.of == step.number for item in ended), step.number)


def _crime(case: _Case) -> Iterator[Task]:
    """Whoever learns of certain office crimes reports them at once (article 162 Sv); two officers decide."""
    weighing = newest(case.handling, "weighing")
    decisions = of_kind(case.handling, "crime", "report", "no_report")
    if weighing is not None and weighing.record.choice == "police" and not decisions:
        yield Task("crime", weighing.day, done=False, of=weighing.number)
    for step in undecided(case.log, case.handling, "crime"):
        yield Task("crime-approve", step.day, done=False, of=step.number)


def _disclosures(case: _Case) -> Iterator[Task]:
    for step in undecided(case.log, case.handling, "disclosure"):
        yield Task("disclosure-approve", None, done=False, of=step.number)


def _archive(case: _Case) -> Iterator[Task]:
    receipts = {step.record.of for step in of_kind(case.handling, "archived")}
    for step in of_kind(case.handling, "shared", "archive"):
        yield Task("archive", None, step.number in receipts, step.number)


def _since(case: _Case, kind: str, start: Step, *choices: str) -> Step | None:
    return next((step for step in of_kind(case.handling, kind, *choices) if step.number > start.number), None)


_Rule = Callable[[_Case], Iterator[Task]]
_WAY: Final[tuple[_Rule, ...]] = (_weigh, _classify, _inform, _inquire, _conclude, _progress, _detriment)
_ALWAYS: Final[tuple[_Rule, ...]] = (_account, _meeting, _requests, _breaches, _crime, _disclosures, _archive)
