# SPDX-License-Identifier: EUPL-1.2
"""What the officer decides about a case: regime and state, the clock, closing, holding, destruction.

- Each decision is one entry on the newest log. What stands already is not written again, so a form may be sent twice.
- What does not fit is refused by name, before anything is appended; the log's own rules say the rest.
- How long a closed case is kept follows from outcome and policy; nobody types a day for it.
- What waits for the archive is held with each decision that makes it wait, and every round (`archiving`).
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from meldkluis.crypto.casework import compose_note
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.course import APPROVALS, LONGEST_HOLD, NOTICE
from meldkluis.crypto.encoding import load_json
from meldkluis.crypto.errors import ChainError, FormatError
from meldkluis.crypto.note import OUTCOMES, REGIMES, STATES, Categories, Note
from meldkluis.crypto.record import RECORDS, Record
from meldkluis.crypto.rules import EARLIER
from meldkluis.mailbox.policy import Ends, Policy, ends
from meldkluis.workstation import archive
from meldkluis.workstation.acts import Acts
from meldkluis.workstation.casebook import Casebook
from meldkluis.workstation.caselogs import CaseLogs
from meldkluis.workstation.client import OfficersApi
from meldkluis.workstation.dossier import Dossiers
from meldkluis.workstation.errors import ActError
from meldkluis.workstation.keyring import Keyring
from meldkluis.workstation.steps import check_step
from meldkluis.workstation.summary import Summaries


class Decisions:
    """The officer's decisions in a case that is open to him."""

    def __init__(
        self,
        keyring: Keyring,
        casebook: Casebook,
        dossiers: Dossiers,
        summaries: Summaries,
        api: OfficersApi,
        acts: Acts,
        logs: CaseLogs,
    ) -> None:
        self._keyring: Final = keyring
        self._book: Final = casebook
        self._dossiers: Final = dossiers
        self._summaries: Final = summaries
        self._api: Final = api
        self._acts: Final = acts
        self._logs: Final = logs

    def policy(self) -> Policy:
        """Return the organisation's policy as the last round brought it; ActError before there was one."""
        kept = self._keyring.vault.fact("policy")
        if kept is None:
            raise ActError("no-policy")
        return Policy.from_json(load_json(kept))

    def category(self) -> str | None:
        """Return the category of the selectielijst that the archivist chose; None before there was one."""
        return None if self._keyring.vault.fact("policy") is None else self.policy().archive

    def ends(self, outcome: str) -> Ends:
        """Return until when a case is kept that is closed today with this outcome."""
        return ends(outcome, self._api.day(), self.policy().retention)

    def handle(
        self, case: bytes, regime: str, state: str, received: date | None, reason: str,
        categories: Categories | None = None,
    ) -> None:  # fmt: skip
        """Write down regime, state and the day of an oral report. ActError names the field that is wrong.

        Without `categories` those stay that stand.
        """
        if regime not in REGIMES:
            raise ActError("bad-regime")
        if state not in STATES:
            raise ActError("bad-state")
        if received is not None:
            check_past(received, self._api.day(), "received")
            if not reason.strip():
                raise ActError("no-reason-received")

        def note(log: CaseLog) -> None:
            stands = self._summaries.handling(log)
            now = replace(stands.note, outcome=None, reason=stands.reason, record=None)
            wanted = replace(now, regime=regime, state=state, received=received, reason=reason)
            if categories is not None:
                wanted = replace(wanted, categories=categories)
            if wanted != now:
                self._note(log, "noted", wanted)

        self._do(case, note)
        if received is not None:
            self._do(case, lambda log: self._count_from(log, received))

    def _count_from(self, log: CaseLog, received: date) -> None:
        """Let the server count from the earlier day too."""
        course = log.course
        if course.runs and course.closed is None and course.since is not None and received < course.since:
            self._append(log, "clock-runs", "not-now", since=received)

    def categorise(self, case: bytes, categories: Categories) -> None:
        """Write down what register and yearly report count of the case."""

        def note(log: CaseLog) -> None:
            stands = self._summaries.handling(log)
            if stands.note.categories != categories:
                wanted = replace(stands.note, outcome=None, reason=stands.reason, record=None, categories=categories)
                self._note(log, "noted", wanted)

        self._do(case, note)

    def record(self, case: bytes, record: Record) -> None:
        """Write down a step of the law. ActError names what is missing, or why it may not be done now.

        The same record twice in a row, by the same officer, is one: a form may be sent twice.
        """
        if record.kind not in RECORDS or record.choice not in RECORDS[record.kind].choices:
            raise ActError("bad-record")
        if record.missing():
            raise ActError(f"record-{min(record.missing())}")

        def note(log: CaseLog) -> None:
            stands = self._summaries.handling(log)
            asked = self._dossiers.asked(log, self._dossiers.identities(log))
            check_step(log, stands, asked, record, self._keyring.key, self._api.day())
            mine = [step.record for step in stands.steps if step.author == self._keyring.key]
            if mine[-1:] != [record]:
                self._note(log, "noted", replace(stands.note, outcome=None, reason="", record=record))

        self._do(case, note)
        if record.kind == "archived":
            self.settle(case)

    def run_clock(self, case: bytes, since: date) -> None:
        """Let the terms run, counted from a day; nothing happens when they are counted from it already."""
        check_past(since, self._api.day(), "since")

        def run(log: CaseLog) -> None:
            if not log.course.runs or log.course.since != since:
                self._append(log, "clock-runs", "since-later", since=since)

        self._do(case, run)

    def close(self, case: bytes, outcome: str, reason: str) -> None:
        """Close the case, also once more with another outcome: content is kept as long as policy says of it."""
        if outcome not in OUTCOMES:
            raise ActError("bad-outcome")
        if not reason.strip():
            raise ActError("no-reason-close")
        kept_until = self.ends(outcome)

        def close(log: CaseLog) -> None:
            stands = self._summaries.handling(log)
            if log.course.unread is not None:
                raise ActError("read-first")
            if log.course.closed is not None and stands.outcome == outcome:
                return
            if log.course.feedback is None and log.course.runs:
                raise ActError("feedback-due")
            self._note(
                log, "closed", replace(stands.note, outcome=outcome, reason=reason, record=None), **vars(kept_until)
            )

        self._do(case, close)
        self.settle(case)

    def reopen(self, case: bytes, reason: str) -> None:
        """Open a closed case again."""
        if not reason.strip():
            raise ActError("no-reason-reopen")

        def reopen(log: CaseLog) -> None:
            if log.course.closed is not None:
                stands = self._summaries.handling(log).note
                self._note(log, "reopened", replace(stands, outcome=None, reason=reason, record=None))

        self._do(case, reopen)

    def hold(self, case: bytes, until: date, reason: str) -> None:
        """Keep the case from destruction until a day of at most half a year ahead."""
        day = self._api.day()
        if not day <= until <= day + LONGEST_HOLD:
            raise ActError("bad-until")
        if not reason.strip():
            raise ActError("no-reason-hold")

        def hold(log: CaseLog) -> None:
            held = log.course.held
            stands = self._summaries.handling(log)
            if held is None or archive.own_hold(log, stands, day) != until:
                self._note(log, "held", replace(stands.note, reason=reason, record=None), until=until)

        self._do(case, hold)
        self.settle(case)

    def release(self, case: bytes) -> None:
        """End an officer's hold; ActError `archive-waits` when only the archive's is left."""

        def release(log: CaseLog) -> None:
            stands, day = self._summaries.handling(log), self._api.day()
            if log.course.held is None:
                return
            if not archive.waits(log, stands, self.category()):
                self._append(log, "released", "not-now")
            elif archive.own_hold(log, stands, day) is None and archive.marked(log, stands) is not None:
                raise ActError("archive-waits")
            else:
                self._place(log, archive.hold_over(None, day))

        self._do(case, release)

    def settle(self, case: bytes) -> None:
        """Hold a case that waits for the archive, and end the archive's hold when it is over. Nothing is done twice."""

        def settle(log: CaseLog) -> None:
            due = archive.settled(log, self._summaries.handling(log), self.category(), self._api.day())
            if isinstance(due, archive.Hold):
                self._place(log, due)
            elif due is not None:
                self._append(log, "released", "not-now")

        self._do(case, settle)

    def _place(self, log: CaseLog, hold: archive.Hold) -> None:
        stands = self._summaries.handling(log).note
        reason = archive.REASON if hold.mark is not None else archive.AGAIN
        note = replace(stands, outcome=None, reason=reason, record=hold.mark)
        self._note(log, "held", note, until=hold.until)

    def may_approve(self, log: CaseLog) -> bool:
        """Whether this officer could approve today that the case is destroyed."""
        course, day = log.course, self._api.day()
        return (
            course.closed is not None
            and course.unread is None
            and not course.held_on(day)
            and day >= course.closed.fields["destroy_after"] - NOTICE
            and len(course.approvals) < APPROVALS
            and self._keyring.key not in course.approvals
        )

    def approve(self, case: bytes) -> None:
        """Approve that the case is destroyed: the second of two, not by who closed it."""

        def approve(log: CaseLog) -> None:
            course = log.course
            if course.closed is not None and course.unread is not None:
                raise ActError("read-first")
            if course.closed is not None and course.closed.author == self._keyring.key:
                raise ActError("closed-by-you")
            if self._keyring.key not in course.approvals:
                self._append(log, "destruction-approved", "not-yet")

        self._do(case, approve)

    def _do(self, case: bytes, act: Callable[[CaseLog], None]) -> None:
        self._dossiers.require_declared(case)
        self._acts.on_head(case, act)

    def _append(self, log: CaseLog, act: str, reason: str, **fields: date) -> None:
        try:
            self._logs.append(log, act, **fields)
        except ChainError:
            raise ActError(reason) from None

    def _note(self, log: CaseLog, act: str, note: Note, **fields: date) -> None:
        try:
            sealed = compose_note(act, note, log, self._keyring.signing_key, self._api.day(), **fields)
        except FormatError:
            raise ActError("too-long") from None
        except ChainError:
            raise ActError("not-now") from None
        entry = sealed.entry
        self._api.append(log.case, entry.raw, sealed.files)
        self._book.extend(log.case, entry.index, [entry.raw], {(entry.index, "note"): sealed.files["note"]})


def check_past(day: date, today: date, field: str) -> None:
    """Raise ActError `future-…` or `old-…` for a day that the log would not take."""
    if day > today:
        raise ActError(f"future-{field}")
    # Four days less than the log allows: a day more or less of the server's must not make the difference.
    if day < today - EARLIER + timedelta(days=4):
        raise ActError(f"old-{field}")
