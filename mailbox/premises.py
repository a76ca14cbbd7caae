# SPDX-License-Identifier: EUPL-1.2
"""What the desk's parts share: store, key, limits, the state of rosters and keys, and growing a case.

- A case grows only on the head that its log was replayed to: who loses the race is asked again, with the new log.
- Inherited by `reporter_desk`, `member_desk`, `officer_desk` and `daily_desk`; nothing else calls it.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from meldkluis.crypto.chain import CaseLog, replay
from meldkluis.crypto.encoding import b64
from meldkluis.crypto.entry import Entry
from meldkluis.crypto.errors import CryptoError
from meldkluis.crypto.limits import Limits
from meldkluis.crypto.signed import SigningKey
from meldkluis.mailbox import announced
from meldkluis.mailbox.actions import settled
from meldkluis.mailbox.announced import Announced
from meldkluis.mailbox.errors import KeyFileError, Refused, StoreError
from meldkluis.mailbox.facts import facts_of
from meldkluis.mailbox.policy import Policy
from meldkluis.mailbox.rows import Growth
from meldkluis.mailbox.store import Store

R = TypeVar("R")
_TRIES: Final = 8
Plan = Callable[[CaseLog], tuple[Growth | None, R]]
"""Decides on a replayed log what to append, if anything, and what to answer; raises Refused."""


class Premises:
    """The rooms behind the desk. KeyFileError when the signing key is not the one that the roster names."""

    def __init__(self, store: Store, key: SigningKey, limits: Limits, policy: Policy | None = None) -> None:
        self.store: Final = store
        self.key: Final = key
        self.limits: Final = limits
        self.policy: Final = policy or Policy()
        self._announced = Announced(-1)
        roster = self.now().roster
        if roster is not None and roster.server != key.verify_key:
            raise KeyFileError("signing.key is not the one that the roster names")

    @property
    def organisation(self) -> str:
        """The organisation's identifier."""
        return self.store.organisation

    @property
    def name(self) -> str:
        """The organisation's name, as its roster says it."""
        roster = self.now().roster
        return self.store.name if roster is None else roster.name

    @property
    def server_key(self) -> bytes:
        """The server's verification key, 32 bytes."""
        return self.key.verify_key

    def now(self) -> Announced:
        """Return rosters and intake keys as they stand; read again when another process changed them."""
        number = self.store.announced()
        if number != self._announced.number:
            with self.store.snapshot():
                self._announced = announced.read(
                    self.store.announced(),
                    self.organisation,
                    self.store.rosters(),
                    self.store.proposal(),
                    self.store.intake_keys(),
                    self._announced.keys,
                )
        return self._announced

    def replayed(self, case: bytes) -> CaseLog:
        """Return the state of a case's log, every entry verified again; Refused `unknown` when there is none."""
        raws = self.store.log(case)
        if not raws:
            raise Refused("unknown")
        try:
            return replay(raws, self.organisation, case, self.now().server_keys)
        except CryptoError:
            raise StoreError("a log in the database does not hold") from None

    async def grow(self, case: bytes, plan: Plan[R], address: bytes | None = None) -> R:
        """Append what `plan` makes of the log, and return its answer when that is durable."""
        for _ in range(_TRIES):
            growth, answer = plan(self.replayed(case))
            if growth is None:
                return answer
            try:
                await self.store.append(growth, address)
            except Refused as refused:
                if refused.code != "head":
                    raise
                # Another process was faster. On the new log the plan finds its own entry, or that its head is old.
                continue
            return answer
        raise StoreError("a case changed under a plan that did not see it")


def growth_of(log: CaseLog, first: int, *, acted: bool = False, **more: Any) -> Growth:
    """Return the growth by which a stored case becomes this log; `first` is the number of the first new entry.

    Where an officer `acted`, nobody need be told any more that the case stands still.
    """
    before, facts = log.entries[first - 1].hash, facts_of(log)
    assert log.head is not None
    return Growth(
        case=log.case,
        before=before,
        entry=first,
        log=tuple(entry.raw for entry in log.entries[first:]),
        head=log.head,
        officers=log.officers,
        facts=facts,
        settled=settled(facts) | ({"progress"} if acted else frozenset()),
        **more,
    )


def earlier_entry(log: CaseLog, sent: Entry) -> Entry | None:
    """Return the entry that this one repeats, by author and number; Refused `number` when it is no repetition."""
    number = sent.fields["number"]
    if number == log.next_number(sent.author):
        return None
    for entry in log.entries:
        if (entry.author, entry.fields.get("number")) == (sent.author, number):
            if (entry.act, entry.files, entry.attachments) != (sent.act, sent.files, sent.attachments):
                break
            return entry
    raise Refused("number")


def check_head(log: CaseLog, sent: Entry) -> None:
    """Refused `head`, with what the log has now, unless the entry builds on the last one."""
    if (sent.index, sent.head) != (len(log.entries), log.head):
        raise Refused("head", entries=len(log.entries), head=b64(log.head or b""))
