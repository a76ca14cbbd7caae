# SPDX-License-Identifier: EUPL-1.2
"""A case in one line: for the inbox, the question before a case, and the facts beside it."""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.entry import REPLY_ACTS, Entry
from meldkluis.crypto.note import Note
from meldkluis.mailbox.actions import Due
from meldkluis.mailbox.terms import Dues
from meldkluis.workstation.casebook import INVOLVED, NOT_INVOLVED, Casebook, KeptCase
from meldkluis.workstation.dossier import MESSAGE_ACTS, Dossiers
from meldkluis.workstation.errors import DistrustError
from meldkluis.workstation.handling import Handling, counted_terms, handling_of, objection_waits

_NEWS: Final = MESSAGE_ACTS | REPLY_ACTS | {"withdrawn", "objected"}


@dataclass(frozen=True)
class Summary:
    """A line of the inbox: nothing of what was written, but for whom it is about, and that after the declaration.

    `lapsed`: terms that the server found over. `objected`: an objection that waits for an answer. `unheard`: the case
    is closed, and its reporter wrote since. `ends`: the day of its end.
    """

    case: bytes
    received: date
    dues: Dues
    declaration: str | None
    taken_over: bool
    acknowledged: bool
    by_person: bool
    feedback: bool
    runs: bool
    lapsed: frozenset[str]
    withdrawn: bool
    objected: bool
    unread: int
    unheard: bool
    handling: Handling
    about: str | None = field(repr=False)
    alarm: bool
    draft: bool
    destroyed: date | None
    ends: date | None
    reminders: tuple[Due, ...]

    @property
    def closed(self) -> bool:
        """Whether the case is closed."""
        return self.handling.state == "closed"

    @property
    def next_due(self) -> date:
        """The day by which something has to be done; far away when nothing has."""
        if self.closed or not self.runs or self.destroyed is not None:
            return date.max
        open_terms = [] if self.acknowledged else [self.dues.acknowledgement.internal]
        open_terms += [] if self.feedback else [self.dues.feedback.internal]
        return min(open_terms, default=date.max)

    @property
    def order(self) -> tuple[bool, bool, bool, date, date, bytes]:
        """Sorts an inbox: what is late first, then what is due next; what is over last."""
        over = self.closed or self.destroyed is not None
        waits = self.objected or self.unheard or (bool(self.lapsed) and not over and not self.feedback)
        return self.declaration == INVOLVED, over and not waits, not waits, self.next_due, self.received, self.case


class Summaries:
    """Makes lines of the cases in an open vault."""

    def __init__(self, dossiers: Dossiers, casebook: Casebook) -> None:
        self._dossiers: Final = dossiers
        self._book: Final = casebook

    def handling(self, log: CaseLog) -> Handling:
        """Return how a case stands, after the declaration."""
        identities: list[str] = []

        def read(entry: Entry) -> Note | None:
            try:
                if not identities:
                    identities.extend(self._dossiers.identities(log))
                return self._dossiers.open_note(log, entry, identities)
            except DistrustError:
                # The timeline says so, and the round that fetched it.
                return None

        return handling_of(log, read)

    def one(self, kept: KeptCase) -> Summary | None:
        """Return the line of a case; None when it is not received yet."""
        log = self._dossiers.log(kept.id)
        if log.received is None:
            return None
        declared, course = self._dossiers.declaration(kept, log), log.course
        reading = declared == NOT_INVOLVED and kept.destroyed is None
        handling = self.handling(log) if reading else handling_of(log, lambda _: None)
        new = [entry for entry in log.entries[kept.seen :] if entry.act in _NEWS]
        return Summary(
            case=kept.id,
            received=log.received,
            dues=counted_terms(log, handling.note),
            declaration=declared,
            taken_over=log.case_key is not None,
            acknowledged=course.acknowledged is not None,
            by_person=course.by_person,
            feedback=course.feedback is not None,
            runs=course.runs,
            lapsed=frozenset(term for term, _ in course.lapsed),
            withdrawn=any(entry.act == "withdrawn" for entry in log.entries),
            objected=objection_waits(log),
            unread=0 if kept.destroyed is not None else len(new),
            unheard=course.closed is not None and course.unread is not None,
            handling=handling,
            about=kept.about if reading else None,
            alarm=bool(self._book.alarms(kept.id)),
            draft=self._book.draft(kept.id) is not None,
            destroyed=kept.destroyed,
            ends=course.ends_on(),
            reminders=tuple(self._book.reminders(kept.id)),
        )

    def all(self) -> list[Summary]:
        """Return the lines of all cases, what waits most first."""
        lines = [line for kept in self._book.cases() if (line := self.one(kept)) is not None]
        return sorted(lines, key=lambda line: line.order)
