# SPDX-License-Identifier: EUPL-1.2
"""One case's log and files, brought up to date: what the server says, held against the remembered head.

- A check that fails is a DistrustError and nothing of the case changes.
- A report for another roster than the officer trusts is not taken in: its reporter was shown other readers.
- Days are held against the day of the last list: what is older and new was kept back, or is dated back.
- A case that has come to its end is not fetched any more, but for its log.
"""

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Final

from meldkluis.crypto.chain import CaseLog, read_log, replay
from meldkluis.crypto.entry import Entry, make_entry, parse_entry, read_stored
from meldkluis.crypto.errors import CryptoError
from meldkluis.crypto.roster import Roster, have_left
from meldkluis.mailbox.actions import terms_of
from meldkluis.mailbox.facts import facts_of
from meldkluis.mailbox.terms import TermsError
from meldkluis.mailbox.wire import InboxLine
from meldkluis.workstation.casebook import Casebook
from meldkluis.workstation.casefiles import CaseFiles
from meldkluis.workstation.client import CLOCK_DAYS, OfficersApi
from meldkluis.workstation.errors import ActError, DistrustError, RefusedError
from meldkluis.workstation.keyring import Keyring
from meldkluis.workstation.trust import Trust
from meldkluis.workstation.watch import wrong_lapses, wrong_promise


class CaseLogs:
    """Brings cases in an open vault up to date."""

    def __init__(self, keyring: Keyring, trust: Trust, casebook: Casebook, api: OfficersApi, files: CaseFiles) -> None:
        self._keyring: Final = keyring
        self._trust: Final = trust
        self._book: Final = casebook
        self._api: Final = api
        self._files: Final = files

    def due(self, log: CaseLog) -> bool:
        """Whether a case has come to its end: by its own log, and by the earlier of our day and the server's."""
        end = log.course.ends_on()
        return end is not None and end <= self._api.earlier_day()

    def kept(self, case: bytes) -> CaseLog:
        """Return the log as it is kept here: every entry was verified when it came."""
        return read_log(self._book.log(case), self._keyring.organisation, case, self._trust.server_keys())

    def append(self, log: CaseLog, act: str, **fields: date) -> None:
        """Append an entry that has days and nothing else; ChainError when it may not stand there. `log` is used up."""
        entry = log.extend(act, self._keyring.signing_key, day=self._api.day(), **fields)
        self._api.append(log.case, entry.raw)
        self._book.extend(log.case, entry.index, [entry.raw], {})

    def send_recusal(self, case: bytes, today: date) -> None:
        """Append the officer's withdrawal to a log that was just fetched, and keep it."""
        raws = self._book.log(case)
        entry = make_entry(
            "recused",
            case=case,
            index=len(raws),
            head=parse_entry(raws[-1]).hash,
            signer=self._keyring.signing_key,
            day=today,
        )
        self._api.append(case, entry.raw)
        self._book.extend(case, len(raws), [entry.raw], {})

    def log_only(self, case: bytes) -> None:
        """Bring a case's log up to date without any of its files."""
        known = self._book.log(case)
        fresh = self._api.case(case, after=len(known))
        self._replay(case, known, fresh.log)
        self._book.extend(case, len(known), fresh.log, {})

    def case(self, line: InboxLine) -> int:
        """Bring one case up to date and return how many entries were new; DistrustError, and nothing changes."""
        newest = self._book.newest(line.case)
        if newest is not None:
            known, last = newest
            if line.entries < known:
                raise DistrustError("log-rollback", line.case)
            if line.entries == known:
                if read_stored(last).hash != line.head:
                    raise DistrustError("log-fork", line.case)
                if not self._book.alarms(line.case):
                    # Nothing is new, and what was there held.
                    return 0
        return self.refresh(line.case, line)

    def refresh(self, case: bytes, line: InboxLine | None = None) -> int:
        """Fetch what a case has more than is kept here, verify it, and keep it with its files."""
        kept, known = self._book.case(case), self._book.log(case)
        if kept is not None and kept.destroyed is not None:
            raise ActError("destroyed")
        if line is not None and line.entries == len(known):
            fresh_log: tuple[bytes, ...] = ()
        else:
            fresh_log = self._listed(case, len(known), line)
        log = self._replay(case, known, fresh_log)
        if line is not None and (len(log.entries) < line.entries or log.entries[line.entries - 1].hash != line.head):
            raise DistrustError("log-head", case)
        withdrew = self._keyring.key not in log.officers and self._keyring.key in log.ever_officers
        fresh_key = log.case_key is not None and log.case_key.index >= len(known)
        files: dict[tuple[int, str], bytes] = {}
        whole = True
        if not withdrew and not self.due(log):
            files, whole = self._files.fetch(log, fresh_key=fresh_key)
        self._book.extend(case, len(known), fresh_log, files)
        self._alarms(log, len(known), whole=whole)
        if withdrew:
            # By a copy of this vault: nothing of the case is kept here either.
            self._book.recuse(case)
        return len(fresh_log)

    def _alarms(self, log: CaseLog, known: int, *, whole: bool) -> None:
        kinds = {
            "unreadable": not whole,
            "withheld": self._kept_back(log, known),
            "lapse-day": (known == 0 and wrong_promise(log)) or wrong_lapses(log, known, self._trust.server_keys()),
        }
        for kind, wrong in kinds.items():
            if wrong:
                self._book.raise_alarm(kind, log.case, self._api.day())

    def _listed(self, case: bytes, after: int, line: InboxLine | None) -> tuple[bytes, ...]:
        try:
            return self._api.case(case, after).log
        except RefusedError as error:
            if line is None or error.code != "unknown":
                raise
            # On the list and not there.
            raise DistrustError("log-head", case) from None

    def _kept_back(self, log: CaseLog, known: int) -> bool:
        """Whether a fresh entry is of a day before the last list, which did not have it; a day more for midnight."""
        listed = self._keyring.vault.fact("listed")
        if listed is None:
            return False
        own, start = self._keyring.key, known
        if own not in log.to:
            joined = (
                entry.index for entry in log.entries if own in {entry.fields.get("officer"), entry.fields.get("deputy")}
            )
            start = max(known, next((index for index in joined if index > 0), known))
        oldest = date.fromisoformat(listed) - timedelta(days=CLOCK_DAYS)
        return any(entry.fields.get("day", oldest) < oldest for entry in log.entries[start:])

    def _replay(self, case: bytes, known: list[bytes], fresh: Iterable[bytes]) -> CaseLog:
        log = replay(known, self._keyring.organisation, case, self._trust.server_keys())
        for raw in fresh:
            officers = log.officers
            try:
                entry = parse_entry(raw)
                if known and entry.index == len(known) and entry.head != log.head and len(log.entries) == len(known):
                    raise DistrustError("log-fork", case)
                log.append(raw)
            except CryptoError:
                raise DistrustError("log-invalid", case) from None
            if entry.act == "handed-over" and not self._may_hand_over(log, entry, officers):
                raise DistrustError("handed-early", case)
            if entry.fields.get("day", date.min) > self._api.day() + timedelta(days=CLOCK_DAYS):
                raise DistrustError("log-day", case)
        if log.received is None:
            raise DistrustError("log-invalid", case)
        try:
            # A day that no term can be counted from would leave the officer without the list of cases.
            terms_of(facts_of(log))
        except TermsError:
            raise DistrustError("log-invalid", case) from None
        if not known and self._keyring.key not in log.ever_officers:
            raise DistrustError("case-foreign", case)
        if not known and log.submitted.fields["roster"] not in self._rosters(log):
            raise DistrustError("case-roster", case)
        return log

    def _may_hand_over(self, log: CaseLog, entry: Entry, officers: Collection[bytes]) -> bool:
        """Whether the case's officers had left the roster that a hand-over names; one for a lapse names none."""
        named = entry.fields["roster"]
        return named is None or have_left(officers, log.submitted.fields["roster"], named, self._with(named))

    def _rosters(self, log: CaseLog) -> set[bytes]:
        """Return the hashes of the rosters that hold and have all whom the report names, and nobody else."""
        named = {*log.to, *log.not_to, *([log.deputy] if log.deputy else ())}
        rosters = self._with(log.submitted.fields["roster"])
        return {roster.hash for roster in rosters if named == {member.key for member in roster.members}}

    def _with(self, roster_hash: bytes) -> list[Roster]:
        """Return the rosters that hold; asked for anew when the one with this hash is not among them."""
        rosters = self._trust.rosters()
        if roster_hash not in {roster.hash for roster in rosters}:
            # It may be of this very minute.
            status = self._api.status()
            self._trust.accept(status.organisation, status.rosters)
            rosters = self._trust.rosters()
        return rosters
