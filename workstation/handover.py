# SPDX-License-Identifier: EUPL-1.2
"""More officers in a case, and fewer: adding a colleague, giving one access once more, handing over.

- Only a member of the roster that counts here, never one whom the reporter left out or who withdrew; the log's rules
  say the same, and the server.
- The added officer gets every secret of the case that is known here, and is asked first whether he is involved.
- Whoever hands a case over leaves it only when another officer on the roster has declared not to be involved: a case is
  never left to nobody. Leaving is the act `recused`, and cannot be undone.
- It may be done again at any time: what stands already is not written once more.
"""

from dataclasses import dataclass, field
from typing import Final

from meldkluis.crypto.casework import add_officer
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.errors import CryptoError
from meldkluis.crypto.roster import IntakeKey, Member
from meldkluis.workstation.acts import Acts
from meldkluis.workstation.casebook import NOT_INVOLVED, Casebook
from meldkluis.workstation.caselogs import CaseLogs
from meldkluis.workstation.client import OfficersApi
from meldkluis.workstation.dossier import Dossiers
from meldkluis.workstation.errors import ActError, DistrustError, RefusedError, UnreachableError
from meldkluis.workstation.keyring import Keyring
from meldkluis.workstation.trust import Trust

_REFUSED: Final = {"stale-keys": "add-no-key", "roster": "add-stranger"}


@dataclass(frozen=True)
class Colleague:
    """Somebody who could be added to a case. `in_case`: is an officer of it already; `ready`: has a key to seal to."""

    member: Member
    in_case: bool
    ready: bool


@dataclass(frozen=True)
class Shared:
    """One of the officer's cases as a hand-over sees it. `state`: new, asked (added, has not declared), declared, out.

    `out` says neither why nor by whom: the case cannot go to this member. `only_other`: no third officer is in it.
    """

    case: bytes
    about: str = field(repr=False)
    state: str
    only_other: bool
    closed: bool


class HandOvers:
    """The officer's part in who else is in a case."""

    def __init__(
        self, keyring: Keyring, trust: Trust, casebook: Casebook, dossiers: Dossiers, api: OfficersApi, acts: Acts,
        logs: CaseLogs,
    ) -> None:  # fmt: skip
        self._keyring: Final = keyring
        self._trust: Final = trust
        self._book: Final = casebook
        self._dossiers: Final = dossiers
        self._api: Final = api
        self._acts: Final = acts
        self._logs: Final = logs

    def colleagues(self, case: bytes) -> list[Colleague]:
        """Return who of the roster may be given access to a case, those who are in it last."""
        log, roster = self._dossiers.require_declared(case), self._trust.current()
        members, keys = () if roster is None or log.case_key is None else roster.members, self._keys()
        found = [
            Colleague(member, member.key in log.officers, member.key in keys)
            for member in members
            if member.key != self._keyring.key and _may_join(log, member.key)
        ]
        return sorted(found, key=lambda item: (item.in_case, item.member.name))

    def add(self, case: bytes, member: bytes, *, again: bool = False) -> bool:
        """Give a member access; False when the member is an officer of the case and it is not wanted `again`.

        ActError: add-stranger, add-left-out, add-no-key, add-no-secret, add-not-yet.
        """
        self._dossiers.require_declared(case)
        if member not in self._trust.members() or member == self._keyring.key:
            raise ActError("add-stranger")

        def give(log: CaseLog) -> bool:
            if member in log.officers and not again:
                return False
            self._give(log, member)
            return True

        try:
            return self._acts.on_head(case, give)
        except RefusedError as error:
            if error.code in _REFUSED:
                raise ActError(_REFUSED[error.code]) from None
            raise

    def _give(self, log: CaseLog, member: bytes) -> None:
        if not _may_join(log, member):
            raise ActError("add-left-out")
        if log.case_key is None:
            raise ActError("add-not-yet")
        intake_key, secrets = self._keys().get(member), self._dossiers.keys.to_grant(log)
        if intake_key is None:
            raise ActError("add-no-key")
        if secrets is None:
            raise ActError("add-no-secret")
        try:
            sealed = add_officer(log, intake_key, secrets, self._keyring.signing_key, self._api.day())
        except CryptoError:
            raise ActError("not-now") from None
        entry = sealed.entry
        self._api.append(log.case, entry.raw, sealed.files)
        self._book.extend(log.case, entry.index, [entry.raw], {(entry.index, "grant"): sealed.files["grant"]})

    def _keys(self) -> dict[bytes, IntakeKey]:
        """Return each member's newest intake key that the server accepts today."""
        day = self._api.day()
        keys = sorted(self._keyring.known_keys(), key=lambda key: (key.start, key.hash))
        return {key.officer: key for key in keys if key.accepted(day)}

    def may_leave(self, log: CaseLog) -> bool:
        """Whether another officer of the case, on the roster and not involved, is there to go on."""
        return self._keyring.key in log.officers and bool(self._go_on(log))

    def _go_on(self, log: CaseLog) -> frozenset[bytes]:
        declared = {entry.author for entry in log.entries if entry.act == "not-involved"}
        return log.officers & self._trust.members() & declared - {self._keyring.key}

    def leave(self, case: bytes) -> None:
        """Leave a case to the others; ActError `leave-alone` unless one of them has declared not to be involved.

        ActError `leave-draft` while a text waits here. Nothing is removed here before the log has it, on the very head
        that was looked at: two who leave at once do not leave the case to nobody.
        """
        self._dossiers.require_declared(case)
        if self._book.draft(case) is not None:
            raise ActError("leave-draft")

        def go(log: CaseLog) -> None:
            if not self.may_leave(log):
                raise ActError("leave-alone")
            self._logs.append(log, "recused")

        self._acts.on_head(case, go)
        self._book.recuse(case)

    def hand_over(self, case: bytes, member: bytes, *, leave: bool = False) -> str:
        """Add a member, and leave the case when that is wanted and this member has declared; returns the result.

        Results: added, already, left, waits (for the member's declaration), refused reasons as `add`, not-sent,
        distrust. Never raises for one case: the next ones do not wait for it.
        """
        try:
            added = self.add(case, member)
            if not leave:
                return "added" if added else "already"
            if member not in self._go_on(self._dossiers.log(case)):
                return "waits"
            self.leave(case)
        except ActError as error:
            return error.reason
        except DistrustError as error:
            self._book.raise_alarm(error.kind, error.case, self._api.day())
            return "distrust"
        except (UnreachableError, RefusedError):
            return "not-sent"
        return "left"

    def mine(self, member: bytes) -> list[Shared]:
        """Return the officer's own opened cases as they stand towards a member, by their day of receipt."""
        found = []
        for kept in self._book.cases():
            if kept.destroyed is not None:
                continue
            log = self._logs.kept(kept.id)
            own = self._dossiers.declaration(kept, log) == NOT_INVOLVED and self._keyring.key in log.officers
            if not own or log.received is None:
                continue
            others = log.officers - {self._keyring.key}
            closed = log.course.closed is not None
            shared = Shared(kept.id, kept.about or "", _state(log, member), others == {member}, closed)
            found.append((log.received, shared))
        return [item for _, item in sorted(found, key=lambda pair: (pair[0], pair[1].case))]

    def unopened(self) -> int:
        """Return in how many cases the officer has yet to say whether he is involved."""
        lines = ((kept, self._logs.kept(kept.id)) for kept in self._book.cases() if kept.destroyed is None)
        return sum(self._dossiers.declaration(kept, log) is None for kept, log in lines)


def _may_join(log: CaseLog, member: bytes) -> bool:
    """Whether the log lets a member in: not left out by the reporter, and not withdrawn."""
    return member not in log.not_to and (member in log.officers or member not in log.ever_officers)


def _state(log: CaseLog, member: bytes) -> str:
    if not _may_join(log, member):
        return "out"
    if member not in log.officers:
        return "new"
    return "declared" if _declared(log, member) else "asked"


def _declared(log: CaseLog, member: bytes) -> bool:
    return any(entry.act == "not-involved" and entry.author == member for entry in log.entries)
