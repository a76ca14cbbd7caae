# SPDX-License-Identifier: EUPL-1.2
"""A round: what the server says, held against what is known, before anything of it is kept.

- Order: rosters from the anchor, then the members' keys, then the signed list of cases, then each case (`caselogs`),
  then what came to its end (`ending`). A check that fails is an alarm; what was known stays.
- A case whose log does not hold is not updated; the other cases are.
- What the officer withdrew from is not fetched again, and a withdrawal that did not arrive is sent again.
- What was destroyed here is not fetched again, and nobody misses it.
- Intake keys end only in a round in which everything held.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from meldkluis.crypto.encoding import dump_json, sha256
from meldkluis.crypto.entry import parse_entry
from meldkluis.crypto.errors import CryptoError
from meldkluis.crypto.roster import newest_offered, parse_intake_key
from meldkluis.mailbox.actions import Due
from meldkluis.mailbox.wire import InboxLine, StatusAnswer
from meldkluis.workstation.casebook import INVOLVED, Casebook, KeptCase
from meldkluis.workstation.caselogs import CaseLogs
from meldkluis.workstation.client import CLOCK_DAYS, OfficersApi
from meldkluis.workstation.ending import Endings
from meldkluis.workstation.errors import DistrustError, RefusedError
from meldkluis.workstation.keyends import KeyEnds
from meldkluis.workstation.keyring import Keyring
from meldkluis.workstation.summary import Summaries
from meldkluis.workstation.trust import Trust
from meldkluis.workstation.watch import withheld


@dataclass(frozen=True)
class Fetched:
    """What a round brought: the server's day, numbers of new cases and new entries, whether the roster counts yet."""

    day: date
    ready: bool
    new_cases: int
    new_entries: int


class Sync:
    """Fetches into an open vault. One round at a time."""

    def __init__(
        self, keyring: Keyring, trust: Trust, casebook: Casebook, api: OfficersApi, logs: CaseLogs, endings: Endings,
        key_ends: KeyEnds, summaries: Summaries,
    ) -> None:  # fmt: skip
        self._keyring: Final = keyring
        self._trust: Final = trust
        self._book: Final = casebook
        self._api: Final = api
        self._logs: Final = logs
        self._endings: Final = endings
        self._key_ends: Final = key_ends
        self._summaries: Final = summaries

    def round(self, today: date) -> Fetched:
        """Fetch everything once. UnreachableError or RefusedError; what does not hold becomes alarms.

        What has ended is removed here also when the server cannot be reached, refuses us, or lies.
        """
        try:
            return self._round(today)
        finally:
            self._endings.without_server(today)

    def _round(self, today: date) -> Fetched:
        raised = self._book.raised
        try:
            status = self._api.status()
        except DistrustError as error:
            self._alarm(error, today)
            return Fetched(today, ready=False, new_cases=0, new_entries=0)
        near = abs((status.day - today).days) <= CLOCK_DAYS
        if not near:
            self._alarm(DistrustError("clock"), today)
        try:
            self._trust.accept(status.organisation, status.rosters)
        except DistrustError as error:
            self._alarm(error, today)
            return Fetched(status.day, ready=False, new_cases=0, new_entries=0)
        self._keyring.vault.set_fact("policy", dump_json(status.policy.to_json()))
        self._trust.set_proposal(status.proposal)
        roster = self._trust.current()
        if roster is None or roster.member(self._keyring.key) is None:
            return Fetched(status.day, ready=False, new_cases=0, new_entries=0)
        self._keys(status, today)
        new_cases, new_entries = self._cases(roster.server, today)
        if near:
            self._keyring.vault.set_fact("listed", status.day.isoformat())
            self._watch(status, today)
        for wrong in self._endings.round(today):
            self._alarm(wrong, today)
        if self._book.raised == raised:
            self._key_ends.round(self._api.earlier_day())
        return Fetched(status.day, ready=True, new_cases=new_cases, new_entries=new_entries)

    def _alarm(self, error: DistrustError, today: date) -> None:
        self._book.raise_alarm(error.kind, error.case, today)

    def _watch(self, status: StatusAnswer, today: date) -> None:
        """See whether the server did by itself what it has to."""
        for line in self._summaries.all():
            # Whoever keeps more back than a lapse is named for that, and the case is distrusted already.
            if line.destroyed is not None or line.declaration == INVOLVED or line.alarm or not line.may_lapse(today):
                continue
            log = self._logs.kept(line.case)
            if self._keyring.key in log.officers and withheld(log, status.policy, today):
                self._alarm(DistrustError("lapse-withheld", line.case), today)

    def _keys(self, status: StatusAnswer, today: date) -> None:
        keys = []
        for raw in status.intake_keys:
            try:
                keys.append(parse_intake_key(raw, self._keyring.organisation))
            except CryptoError:
                self._alarm(DistrustError("intake-key"), today)
        if self._keyring.find_lost(keys):
            self._alarm(DistrustError("keys-lost"), today)
        own = self._keyring.own_key_hashes()
        for key in keys:
            try:
                self._trust.check_key(key, own)
            except DistrustError as error:
                self._alarm(error, today)
            else:
                self._keyring.learn_keys([key])
        offered = {sha256(raw) for raw in status.intake_keys}
        if any(key.accepted(status.day) and key.hash not in offered for key in self._keyring.announced_keys()):
            self._alarm(DistrustError("own-key-missing"), today)
        # The server's day, where it is a neighbour of ours: a key may not start on a day that has not come there.
        taken = newest_offered(keys, self._api.day()).get(self._keyring.key)
        fresh = self._keyring.key_to_announce(self._api.day(), taken)
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
                added = self._case(line, known.get(line.case))
            except DistrustError as error:
                self._alarm(error, today)
                continue
            except RefusedError:
                # The next round asks again; the other cases do not wait for it.
                continue
            new_entries += added
            new_cases += line.case not in known and self._book.case(line.case) is not None
        listed = {line.case for line in lines}
        for case in known.keys() - listed:
            if known[case].destroyed is None and not self._withdrew(case) and not self._logs.due(self._logs.kept(case)):
                self._alarm(DistrustError("case-missing", case), today)
        return new_cases, new_entries

    def _case(self, line: InboxLine, kept: KeptCase | None) -> int:
        if kept is not None and kept.declaration == INVOLVED:
            self._withdraw_again(line)
            return 0
        if kept is not None and kept.destroyed is not None:
            # The server keeps its log until every workstation has said that it destroyed.
            return 0
        if kept is None and self._endings.ended(line.case):
            raise DistrustError("case-after-end", line.case)
        added = self._logs.case(line)
        self._book.set_reminders(line.case, [Due(day, kind) for kind, day in line.reminders])
        return added

    def _withdrew(self, case: bytes) -> bool:
        entries = [parse_entry(raw) for raw in self._book.log(case)]
        kept = self._book.case(case)
        own = any(entry.act == "recused" and entry.author == self._keyring.key for entry in entries)
        return own or (kept is not None and kept.declaration == INVOLVED)

    def _withdraw_again(self, line: InboxLine) -> None:
        raws = self._book.log(line.case)
        entries = [parse_entry(raw) for raw in raws]
        if any(entry.act == "recused" and entry.author == self._keyring.key for entry in entries):
            raise DistrustError("case-returned", line.case)
        self._logs.log_only(line.case)
        self._logs.send_recusal(line.case, self._api.day())
