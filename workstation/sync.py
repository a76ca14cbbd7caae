# SPDX-License-Identifier: EUPL-1.2
"""Fetching: what the server says, held against what is known, before anything of it is kept.

- Order: rosters from the anchor, then the members' keys, then the signed list of cases, then each case's log against
  the remembered head, then the files against the log. A check that fails is an alarm; what was known stays.
- A case whose log does not hold is not updated; the other cases are.
- A report for another roster than the officer trusts is not taken in: its reporter was shown other readers.
- Days are held against the day of the last list: what is older and new was kept back, or is dated back.
- What the officer withdrew from is not fetched again, and a withdrawal that did not arrive is sent again.
- What opens here stays: a colleague who takes a case over brings new headers, and one that does not open with the
  case's secrets never takes the place of one that does.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from meldkluis.crypto import age
from meldkluis.crypto.casework import open_grant
from meldkluis.crypto.chain import CaseLog, replay
from meldkluis.crypto.encoding import sha256
from meldkluis.crypto.entry import Entry, make_entry, parse_entry
from meldkluis.crypto.errors import CryptoError
from meldkluis.crypto.roster import parse_intake_key
from meldkluis.mailbox.terms import TermsError, dues
from meldkluis.mailbox.wire import InboxLine, StatusAnswer
from meldkluis.workstation.casebook import INVOLVED, Casebook
from meldkluis.workstation.client import OfficersApi
from meldkluis.workstation.errors import DistrustError, RefusedError
from meldkluis.workstation.keyring import Keyring
from meldkluis.workstation.trust import Trust

_REPORTER_SLOTS: Final = frozenset({"content", "message", "identity"})
_KEPT_SLOTS: Final = _REPORTER_SLOTS | {"grant", "copy"}
_CLOCK_DAYS: Final = 1


@dataclass(frozen=True)
class Fetched:
    """What a round brought: the server's day, numbers of new cases and new entries, whether the roster counts yet."""

    day: date
    ready: bool
    new_cases: int
    new_entries: int


class Sync:
    """Fetches into an open vault. One round at a time."""

    def __init__(self, keyring: Keyring, trust: Trust, casebook: Casebook, api: OfficersApi) -> None:
        self._keyring: Final = keyring
        self._trust: Final = trust
        self._book: Final = casebook
        self._api: Final = api

    def round(self, today: date) -> Fetched:
        """Fetch everything once. UnreachableError or RefusedError; what does not hold becomes alarms."""
        status = self._api.status()
        if abs((status.day - today).days) > _CLOCK_DAYS:
            self._alarm(DistrustError("clock"), today)
        try:
            self._trust.accept(status.organisation, status.rosters)
        except DistrustError as error:
            self._alarm(error, today)
            return Fetched(status.day, ready=False, new_cases=0, new_entries=0)
        self._trust.set_proposal(status.proposal)
        roster = self._trust.current()
        if roster is None or roster.member(self._keyring.key) is None:
            return Fetched(status.day, ready=False, new_cases=0, new_entries=0)
        self._keys(status, today)
        new_cases, new_entries = self._cases(roster.server, today)
        if abs((status.day - today).days) <= _CLOCK_DAYS:
            self._keyring.vault.set_fact("listed", status.day.isoformat())
        return Fetched(status.day, ready=True, new_cases=new_cases, new_entries=new_entries)

    def _alarm(self, error: DistrustError, today: date) -> None:
        self._book.raise_alarm(error.kind, error.case, today)

    def _keys(self, status: StatusAnswer, today: date) -> None:
        own = self._keyring.own_key_hashes()
        for raw in status.intake_keys:
            try:
                key = parse_intake_key(raw, self._keyring.organisation)
                self._trust.check_key(key, own)
            except CryptoError:
                self._alarm(DistrustError("intake-key"), today)
            except DistrustError as error:
                self._alarm(error, today)
            else:
                self._keyring.learn_keys([key])
        offered = {sha256(raw) for raw in status.intake_keys}
        if any(key.accepted(status.day) and key.hash not in offered for key in self._keyring.announced_keys()):
            self._alarm(DistrustError("own-key-missing"), today)
        # The server's day, where it is a neighbour of ours: a key may not start on a day that has not come there.
        fresh = self._keyring.key_to_announce(self._api.day())
        if fresh is not None:
            self._api.announce(fresh)
            self._keyring.announced(fresh)
            self._keyring.learn_keys([fresh])

    def _cases(self, server: bytes, today: date) -> tuple[int, int]:
        try:
            lines = self._api.inbox(server)
        except DistrustError as error:
            self._alarm(error, today)
            return 0, 0
        known = {kept.id: kept for kept in self._book.cases()}
        new_cases = new_entries = 0
        for line in lines:
            try:
                if line.case in known and known[line.case].declaration == INVOLVED:
                    self._withdraw_again(line, today)
                    continue
                added = self.case(line)
            except DistrustError as error:
                self._alarm(error, today)
                continue
            new_entries += added
            new_cases += line.case not in known
        listed = {line.case for line in lines}
        for case in known.keys() - listed:
            if not self._withdrew(case):
                self._alarm(DistrustError("case-missing", case), today)
        return new_cases, new_entries

    def _withdrew(self, case: bytes) -> bool:
        entries = [parse_entry(raw) for raw in self._book.log(case)]
        kept = self._book.case(case)
        own = any(entry.act == "recused" and entry.author == self._keyring.key for entry in entries)
        return own or (kept is not None and kept.declaration == INVOLVED)

    def _withdraw_again(self, line: InboxLine, today: date) -> None:
        raws = self._book.log(line.case)
        entries = [parse_entry(raw) for raw in raws]
        if any(entry.act == "recused" and entry.author == self._keyring.key for entry in entries):
            raise DistrustError("case-returned", line.case)
        self.log_only(line.case)
        self.send_recusal(line.case, today)

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
        known = self._book.log(line.case)
        if line.entries < len(known):
            raise DistrustError("log-rollback", line.case)
        if known and line.entries == len(known) and parse_entry(known[-1]).hash != line.head:
            raise DistrustError("log-fork", line.case)
        return self.refresh(line.case, line)

    def refresh(self, case: bytes, line: InboxLine | None = None) -> int:
        """Fetch what a case has more than is kept here, verify it, and keep it with its files."""
        known = self._book.log(case)
        if line is not None and line.entries == len(known):
            fresh_log: tuple[bytes, ...] = ()
        else:
            fresh_log = self._listed(case, len(known), line)
        log = self._replay(case, known, fresh_log)
        if line is not None and (len(log.entries) < line.entries or log.entries[line.entries - 1].hash != line.head):
            raise DistrustError("log-head", case)
        withdrew = self._keyring.key not in log.officers and self._keyring.key in log.ever_officers
        fresh_key = log.case_key is not None and log.case_key.index >= len(known)
        self._book.extend(case, len(known), fresh_log, {} if withdrew else self._files(log, fresh_key=fresh_key))
        if withdrew:
            # By a copy of this vault: nothing of the case is kept here either.
            self._book.recuse(case)
        if self._kept_back(log, len(known)):
            self._alarm(DistrustError("withheld", case), self._api.day())
        return len(fresh_log)

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
        oldest = date.fromisoformat(listed) - timedelta(days=_CLOCK_DAYS)
        return any(entry.fields.get("day", oldest) < oldest for entry in log.entries[start:])

    def _replay(self, case: bytes, known: list[bytes], fresh: Iterable[bytes]) -> CaseLog:
        log = replay(known, self._keyring.organisation, case, self._trust.server_keys())
        for raw in fresh:
            try:
                entry = parse_entry(raw)
                if known and entry.index == len(known) and entry.head != log.head and len(log.entries) == len(known):
                    raise DistrustError("log-fork", case)
                log.append(raw)
            except CryptoError:
                raise DistrustError("log-invalid", case) from None
            if entry.fields.get("day", date.min) > self._api.day() + timedelta(days=_CLOCK_DAYS):
                raise DistrustError("log-day", case)
        try:
            # A day that no term can be counted from would leave the officer without the list of cases.
            dues(log.received or date.min)
        except TermsError:
            raise DistrustError("log-invalid", case) from None
        if not known and self._keyring.key not in log.ever_officers:
            raise DistrustError("case-foreign", case)
        if not known and log.submitted.fields["roster"] not in self._rosters(log):
            raise DistrustError("case-roster", case)
        return log

    def _rosters(self, log: CaseLog) -> set[bytes]:
        """Return the hashes of the rosters that hold and have all whom the report names, and nobody else."""
        named = {*log.to, *log.not_to, *([log.deputy] if log.deputy else ())}
        rosters = self._trust.rosters()
        if log.submitted.fields["roster"] not in {roster.hash for roster in rosters}:
            # It may be of this very minute.
            status = self._api.status()
            self._trust.accept(status.organisation, status.rosters)
            rosters = self._trust.rosters()
        return {roster.hash for roster in rosters if named == {member.key for member in roster.members}}

    def _files(self, log: CaseLog, *, fresh_key: bool) -> dict[tuple[int, str], bytes]:
        """Fetch the files that are missing here; those before a fresh case key again, since their headers changed."""
        kept, files = self._book.places(log.case), {}
        for entry in log.entries:
            for slot in _KEPT_SLOTS & entry.files.keys():
                if (entry.index, slot) not in kept:
                    files[entry.index, slot] = self._fetch(log, entry, slot)
        if log.case_key is not None and log.deputy != self._keyring.key:
            self._rewrapped(log, log.case_key.index, files, kept, fresh_key=fresh_key)
        return files

    def _rewrapped(
        self, log: CaseLog, end: int, files: dict[tuple[int, str], bytes], kept: set[tuple[int, str]], *,
        fresh_key: bool,
    ) -> None:  # fmt: skip
        """Put the files with the headers of who took the case over into `files`, as far as they open.

        Whoever takes a case over can bring headers that open for nobody, and would shut the report to the others.
        """
        identities, shut = self._case_identities(log, files), False
        for entry in log.entries[:end]:
            for slot in _REPORTER_SLOTS & entry.files.keys():
                place = (entry.index, slot)
                if place not in files and not fresh_key:
                    continue
                new = files.pop(place, None) or self._fetch(log, entry, slot)
                if _opens(new, identities):
                    files[place] = new
                    continue
                shut = True
                if place not in kept:
                    files[place] = self._fetch(log, entry, slot, first=True)
        if shut:
            self._alarm(DistrustError("unreadable", log.case), self._api.day())

    def _case_identities(self, log: CaseLog, files: Mapping[tuple[int, str], bytes]) -> list[str]:
        grant = None if log.case_recipient is None else self._book.secrets(log.case, log.case_recipient)
        for entry in log.entries:
            file = files.get((entry.index, "grant")) or self._book.file(log.case, entry.index, "grant")
            if grant is None and file is not None:
                with suppress(CryptoError):
                    grant = open_grant(file, entry, log, self._keyring.intake_secrets())
        seeds = () if grant is None else (grant.secret, grant.identity_secret)
        return [age.identity_from_seed(seed) for seed in seeds]

    def _fetch(self, log: CaseLog, entry: Entry, slot: str, *, first: bool = False) -> bytes:
        # The deputy was named in the first header; the one after taking over is for the case's officers alone.
        mine = log.deputy == self._keyring.key and slot in _REPORTER_SLOTS
        first = first or (mine and log.case_key is not None and entry.index < log.case_key.index)
        try:
            file = self._api.file(log.case, entry.index, slot, first=first)
            _, payload = age.split(file)
        except RefusedError:
            raise DistrustError("file-missing", log.case) from None
        except CryptoError:
            raise DistrustError("file-changed", log.case) from None
        if sha256(payload) != entry.files[slot].hash:
            raise DistrustError("file-changed", log.case)
        return file


def _opens(file: bytes, identities: Sequence[str]) -> bool:
    try:
        age.decrypt(file, identities)
    except CryptoError:
        return False
    return True
