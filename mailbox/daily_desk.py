# SPDX-License-Identifier: EUPL-1.2
"""The daily run: what the server does by itself, once for each case, kind and day (docs/adr/0008-the-clock.md).

- What is due is worked out anew from each case's log inside compare-and-set, so two runs at once, a run that was killed
  and a day that was missed come to the same: nothing twice, nothing left out.
- Entries carry the day on which they are made; the day on which something fell due stands beside it. Nothing is ever
  dated back.
- A clock that went back stops the run, and so does one that jumped by more than a month, until somebody says it is so.
- One case that cannot be read holds up no other.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice
from typing import Any, Final

from meldkluis.crypto.certificate import make_certificate
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.course import NOTICE
from meldkluis.crypto.errors import CryptoError
from meldkluis.crypto.signed import SigningKey
from meldkluis.mailbox.actions import Due, automatic, reminders, waits_until
from meldkluis.mailbox.errors import MailboxError
from meldkluis.mailbox.factrows import parsed
from meldkluis.mailbox.facts import facts_of
from meldkluis.mailbox.premises import Premises, growth_of
from meldkluis.mailbox.rows import Growth

LONGEST_GAP: Final = timedelta(days=31)
"""A server may stand still for a month; a clock that jumps further has to be confirmed."""

_AT_ONCE: Final = 64
"""Cases that are handed to the writer together: one transaction holds as many."""

_BY_ENTRY: Final = frozenset({"acknowledge", "hand-over", "announce", "destroy-identity"})


@dataclass(frozen=True)
class Ran:
    """What a run did. `missed` are days without a run before it; `late` acts fell due before the day `horizon`.

    `refused`: clock-back or clock-ahead, and nothing was done. `failed` cases could not be read or written.
    """

    horizon: date
    today: date
    missed: int = 0
    acts: Mapping[str, int] = field(default_factory=dict)
    late: int = 0
    reminders: int = 0
    failed: int = 0
    refused: str | None = None

    def to_json(self) -> dict[str, object]:
        """Return what `meldkluis terms run --json` prints."""
        days = {"horizon": self.horizon.isoformat(), "today": self.today.isoformat()}
        return {**vars(self), **days, "acts": dict(sorted(self.acts.items()))}


class DailyDesk(Premises):
    """The part of the desk that acts without being asked."""

    async def run_day(self, horizon: date, today: date, *, sure: bool = False) -> Ran:
        """Do everything that fell due by noon of `horizon`, the last day whose noon has passed.

        `sure` lets a clock jump by more than LONGEST_GAP, or go back; what was done too early stays done.
        """
        last, newest = self.store.days().ran, self.store.newest_received()
        if not sure and (horizon < (last or date.min) or today < (newest or date.min)):
            return Ran(horizon, today, refused="clock-back")
        if last is not None and horizon - last > LONGEST_GAP and not sure:
            return Ran(horizon, today, refused="clock-ahead")
        after = horizon - timedelta(days=1) if last is None else last
        done: Counter[str] = Counter()
        # No column says that somebody left the roster: these are found by who is served them.
        abandoned = set(self.store.unserved(self.now().members))
        for cases, made, failed in self._pages(after, horizon):
            done["failed"] += failed
            abandoned.difference_update(cases)
            # A server that does this itself answers visitors in between.
            await asyncio.sleep(0)
            done["reminders"] += await self.store.remind(made) if made else 0
            done.update(await self._care_for(cases, horizon, today))
        done.update(await self._care_for(sorted(abandoned), horizon, today))
        await self.store.sweep(today)
        await asyncio.to_thread(self.store.fold)
        await self.store.ran(horizon, done["failed"])
        late, told, failed = (done.pop(name, 0) for name in ("late", "reminders", "failed"))
        missed = 0 if last is None else max(0, (horizon - last).days - 1)
        return Ran(horizon, today, missed, dict(done), late, told, failed)

    def _pages(self, after: date, horizon: date) -> Iterator[tuple[list[bytes], list[tuple[bytes, Due]], int]]:
        """Yield, page by page, the cases for which something is due, the reminders to make, and how many failed."""
        known: dict[tuple[Any, ...], tuple[bool, list[Due]]] = {}
        last = b""
        while page := self.store.facts_page(last):
            cases, made, failed = [], [], 0
            for case, row in page:
                if row not in known:
                    try:
                        facts = parsed(row)
                        acts = bool(automatic(facts, self.policy, horizon))
                        known[row] = acts, reminders(facts, self.policy, after, horizon)
                    except (ValueError, TypeError, OverflowError, AssertionError):
                        failed += 1
                        continue
                acts, told = known[row]
                if acts:
                    cases.append(case)
                made += [(case, due) for due in told]
            yield cases, made, failed
            last = page[-1][0]

    async def _care_for(self, cases: Iterable[bytes], horizon: date, today: date) -> Counter[str]:
        done: Counter[str] = Counter()
        for some in _batches(cases):
            for counted in await asyncio.gather(*(self._care(case, horizon, today) for case in some)):
                done.update(counted)
        return done

    async def _care(self, case: bytes, horizon: date, today: date) -> Counter[str]:
        """Do what is due in one case; returns what was done, by kind."""
        try:
            done = await self._write(case, horizon, today)
            if not done:
                done = await self._end(case, horizon, today)
        except (MailboxError, CryptoError):
            return Counter(failed=1)
        late = sum(due.day < horizon for due in done)
        return Counter([due.kind for due in done]) + Counter(late=late)

    async def _write(self, case: bytes, horizon: date, today: date) -> list[Due]:
        """Append the server's entries that are due."""
        facts = self.store.facts(case)
        if facts is None or facts.destroyed is not None:
            return []

        def plan(log: CaseLog) -> tuple[Growth | None, list[Due]]:
            dues = automatic(facts_of(log), self.policy, horizon)
            dues = [due for due in dues if due.kind in _BY_ENTRY or due.kind.startswith("lapsed")]
            roster = None
            if self._abandoned(log) and "hand-over" not in {due.kind for due in dues}:
                roster = None if log.course.lapses else self.now().roster
                dues.append(Due(horizon, "hand-over"))
            first = len(log.entries)
            for due in dues:
                # A clock that was ahead, or a run that meets midnight, must not break a log whose days run forwards.
                perform(log, due, self.key, max(today, log.last_day), None if roster is None else roster.hash)
            if not dues:
                return None, []
            gone = any(due.kind == "destroy-identity" for due in dues)
            return growth_of(log, first, forget_identity=gone), dues

        return await self.grow(case, plan)

    def _abandoned(self, log: CaseLog) -> bool:
        """Whether all officers of a case left the roster while nothing lapses, and the deputy can still get it."""
        members, course = self.now().members, log.course
        return (
            log.deputy in members
            and log.deputy not in log.ever_officers
            and bool(log.officers)
            and not log.officers & members
            and (course.closed is None or course.unread is not None)
        )

    async def _end(self, case: bytes, horizon: date, today: date) -> list[Due]:
        """Destroy, certify or forget, as far as that is due."""
        facts = self.store.facts(case)
        if facts is None:
            return []
        dues = [due for due in automatic(facts, self.policy, horizon) if due.kind in {"destroy", "certify", "forget"}]
        done = []
        for due in dues:
            if due.kind == "forget":
                await self.store.destroy(case)
            elif due.kind == "certify":
                assert facts.destroyed is not None
                log = self.replayed(case)
                # Who is no member any more is served nothing and cannot sign; the certificate says who did not.
                missing = (log.officers & self.now().members) - log.course.destroyed_by.keys()
                if missing and horizon < waits_until(facts):
                    continue
                await self.store.certify(case, make_certificate(log, facts.destroyed, self.key).raw)
            else:
                log = self.replayed(case)
                ends = log.course.ends_on()
                if ends is None or horizon < ends or log.head is None:
                    continue
                await self.store.empty(case, log.head, today)
            done.append(due)
        return done


def perform(log: CaseLog, due: Due, key: SigningKey, today: date, roster: bytes | None = None) -> None:
    """Take the server's entry for something that is due into a log; other kinds leave no entry.

    `roster` is the hash of the roster that all officers of the case have left, where that is why it is handed over.
    """
    match due.kind.split():
        case ["lapsed", term, end]:
            log.extend("lapsed", key, day=today, term=term, end=end, due=due.day)
        case ["acknowledge"]:
            log.extend("acknowledged-auto", key, day=today)
        case ["hand-over"]:
            log.extend("handed-over", key, day=today, deputy=log.deputy, roster=roster)
        case ["announce"]:
            log.extend("destruction-announced", key, day=today, on=today + NOTICE)
        case ["destroy-identity"]:
            log.extend("identity-destroyed", key, day=today)


def _batches(cases: Iterable[bytes]) -> Iterator[list[bytes]]:
    left = iter(cases)
    while some := list(islice(left, _AT_ONCE)):
        yield some
