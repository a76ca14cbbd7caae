# SPDX-License-Identifier: EUPL-1.2
"""A case in one line: for the inbox, the question before a case, and the facts beside it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.entry import REPLY_ACTS, Entry
from meldkluis.crypto.note import Note
from meldkluis.mailbox.actions import Due
from meldkluis.workstation.casebook import INVOLVED, NOT_INVOLVED, Casebook, KeptCase
from meldkluis.workstation.counted import Counted, counted
from meldkluis.workstation.dossier import MESSAGE_ACTS, Dossiers
from meldkluis.workstation.errors import DistrustError
from meldkluis.workstation.handling import Handling, counted_terms, handling_of, objection_waits
from meldkluis.workstation.sight import Sight, Sights
from meldkluis.workstation.tasks import Task, tasks
from meldkluis.workstation.watch import hurried

_NEWS: Final = MESSAGE_ACTS | REPLY_ACTS | {"withdrawn", "objected"}


@dataclass(frozen=True)
class Summary(Sight):
    """A line of the inbox: nothing of what was written, but for whom it is about, and that after the declaration."""

    case: bytes
    about: str | None = field(repr=False)
    alarm: bool
    draft: bool
    destroyed: date | None
    reminders: tuple[Due, ...]
    seen: int

    @property
    def unread(self) -> int:
        """How many things of the reporter were never on the screen."""
        return 0 if self.destroyed is not None else sum(number >= self.seen for number in self.news)

    @property
    def closed(self) -> bool:
        """Whether the case is closed."""
        return self.state == "closed"

    @property
    def over(self) -> bool:
        """Whether nothing is left to do for this officer, unless something waits."""
        return self.closed or self.destroyed is not None or self.declaration == INVOLVED

    @property
    def waits(self) -> bool:
        """Whether somebody waits for this officer, whatever the calendar says."""
        return self.objected or self.unheard or (bool(self.lapsed) and not self.over and not self.feedback)

    @property
    def todo(self) -> tuple[Task, ...]:
        """The tasks that are open, the nearest first."""
        if self.destroyed is not None or self.declaration != NOT_INVOLVED:
            return ()
        return tuple(sorted((task for task in self.tasks if not task.done), key=lambda task: task.due or date.min))

    @property
    def next_due(self) -> date:
        """The day by which the law wants something to be done; far away when nothing."""
        if self.over or not self.runs:
            return date.max
        open_terms = [] if self.acknowledged else [self.dues.acknowledgement.internal]
        open_terms += [] if self.feedback else [self.dues.feedback.internal]
        return min(open_terms, default=date.max)

    @property
    def next_day(self) -> date:
        """The nearest day of terms and tasks together."""
        days = [task.due for task in self.todo if task.due is not None]
        return min([self.next_due, *days])

    def may_lapse(self, today: date) -> bool:
        """Whether the server can have had anything to do about a term by today; a yes too many costs a look."""
        return not self.acknowledged or bool(self.lapsed) or self.next_due <= today

    @property
    def facts(self) -> Counted:
        """What register and yearly report know of the case."""
        return Counted.load(self.counted)

    @property
    def order(self) -> tuple[bool, bool, bool, date, date, date, bytes]:
        """Sorts an inbox: what is late first, then what is due next; what is over last."""
        over = self.over and not self.waits
        involved = self.declaration == INVOLVED
        return involved, over, not self.waits, self.next_due, self.next_day, self.received, self.case


class Summaries:
    """Makes lines of the cases in an open vault."""

    def __init__(self, dossiers: Dossiers, casebook: Casebook) -> None:
        self._dossiers: Final = dossiers
        self._book: Final = casebook
        self.sights: Final = Sights(casebook.vault)

    def handling(self, log: CaseLog, identities: Sequence[str] = ()) -> Handling:
        """Return how a case stands, after the declaration. `identities` are the case's, where they are known."""
        found = list(identities)

        def read(entry: Entry) -> Note | None:
            try:
                if not found:
                    found.extend(self._dossiers.identities(log))
                return self._dossiers.open_note(log, entry, found)
            except DistrustError:
                # The timeline says so, and the round that fetched it.
                return None

        return handling_of(log, read)

    def one(self, kept: KeptCase) -> Summary | None:
        """Return the line of a case; None when it is not received yet."""
        sight = self.sights.one(kept.id) or self._make(kept)
        return None if sight is None else self._line(kept, sight, {alarm.case for alarm in self._book.alarms(kept.id)})

    def all(self) -> list[Summary]:
        """Return the lines of all cases, what waits most first."""
        sights, alarmed = self.sights.all(), {alarm.case for alarm in self._book.alarms()}
        lines = []
        for kept in self._book.cases():
            sight = sights.get(kept.id) or self._make(kept)
            if sight is not None:
                lines.append(self._line(kept, sight, alarmed))
        return sorted(lines, key=lambda line: line.order)

    def found(self, wanted: str) -> list[Summary]:
        """Return the lines of cases in which every word of a search stands, in the order of the list."""
        lines = self.all()
        cases = self.sights.find(wanted)
        return [line for line in lines if line.case in cases]

    def _line(self, kept: KeptCase, sight: Sight, alarmed: set[bytes | None]) -> Summary:
        reading = sight.declaration == NOT_INVOLVED and kept.destroyed is None
        return Summary(
            **vars(sight),
            case=kept.id,
            about=kept.about if reading else None,
            alarm=kept.id in alarmed,
            draft=kept.draft,
            destroyed=kept.destroyed,
            reminders=tuple(self._book.reminders(kept.id)) if kept.reminded else (),
            seen=kept.seen,
        )

    def _make(self, kept: KeptCase) -> Sight | None:
        """Make the sight of a case and keep it."""
        log = self._dossiers.log(kept.id)
        if log.received is None:
            return None
        declared, course = self._dossiers.declaration(kept, log), log.course
        reading = declared == NOT_INVOLVED and kept.destroyed is None
        identities, words = self._dossiers.words(log) if reading else ([], [])
        handling = self.handling(log, identities) if reading else handling_of(log, lambda _: None)
        dues = counted_terms(log, handling.note)
        sight = Sight(
            received=log.received,
            dues=dues,
            declaration=declared,
            taken_over=log.case_key is not None,
            acknowledged=course.acknowledged is not None,
            by_person=course.by_person,
            feedback=course.feedback is not None,
            runs=course.runs,
            lapsed=frozenset(term for term, _ in course.lapsed),
            withdrawn=any(entry.act == "withdrawn" for entry in log.entries),
            objected=objection_waits(log),
            unheard=course.closed is not None and course.unread is not None,
            regime=handling.note.regime,
            state=handling.state,
            outcome=handling.outcome,
            ends=course.ends_on(),
            hurried=handling.outcome is not None and hurried(log, handling.outcome),
            news=tuple(entry.index for entry in log.entries if entry.act in _NEWS),
            tasks=tuple(tasks(log, handling, dues, self._dossiers.asked(log, identities))) if reading else (),
            counted=counted(log, handling, dues, self._dossiers.strength(log, identities) if reading else "").dump(),
        )
        self.sights.put(kept.id, sight, words)
        return sight
