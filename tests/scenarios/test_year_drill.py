# SPDX-License-Identifier: EUPL-1.2
"""A year of two hundred cases: officers who act, forget, lie, bury and leave; restarts, missed, doubled and killed runs.

The oracle lives through the same events with rules of its own; in the end every log must say exactly what it expects.
"""

import asyncio
import contextlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from cast import ORGANISATION, TODAY, Cast
from deskhouse import House, founded
from mortal import Died, Mortal

from meldkluis.crypto import age
from meldkluis.crypto.entry import SERVER_ACTS, Entry
from meldkluis.crypto.errors import ChainError
from meldkluis.crypto.receipt import Receipt
from meldkluis.crypto.roster import make_intake_key, parse_intake_key, verify_chain
from meldkluis.intake.casefile import Telling, read_case
from meldkluis.intake.i18n import Language
from meldkluis.mailbox.desk import Desk
from meldkluis.mailbox.policy import Ends
from meldkluis.mailbox.terms import dues

DAY = timedelta(days=1)
CASES = 200
YEAR = 430
"""Days: a year of reports, and until the terms of the last ones have lapsed."""

Happened = tuple[str, str | None, str | None, date | None, date]


@dataclass
class Case:
    """A case as its oracle knows it. `expected` are the server's acts: act, term, end, due, day."""

    reporter: Receipt
    cast: Cast
    kind: str
    received: date
    deputy: bool
    plan: dict[date, list[str]] = field(default_factory=dict)
    expected: list[Happened] = field(default_factory=list)
    taken: bool = False
    person: date | None = None
    acknowledged: date | None = None
    feedback: date | None = None
    runs: bool = True
    objected: bool = False
    closed: date | None = None
    ends: Ends | None = None
    closer: int = 0
    approved: bool = False
    announced: date | None = None
    identity: bool = False
    gone: date | None = None
    officers: set[int] = field(default_factory=lambda: {0, 1})
    unread: bool = True
    lapsed: set[tuple[str, str]] = field(default_factory=set)
    handed: bool = False

    def run(self, day: date) -> None:
        """The oracle's own daily run."""
        if self.gone is not None:
            return
        if self.closed is None:
            lapsed = self._lapse(day) if self.runs else []
            if self.runs and self.acknowledged is None and lapsed and lapsed[0][1] == "acknowledgement":
                at = [n for n, item in enumerate(lapsed) if item[1] == "acknowledgement"][-1]
                lapsed.insert(at + 1, ("acknowledged-auto", None, None, None, day))
                self.acknowledged = day
            self.expected += lapsed
            if self.deputy and not self.handed and (lapsed or not self.officers):
                self.handed = True
                self.officers.add(2)
                self.expected.append(("handed-over", None, None, None, day))
        elif not self.unread and self.ends is not None:
            self._end(day, self.ends)

    def _lapse(self, day: date) -> list[Happened]:
        terms = dues(self.received, None if self.acknowledged is None else self.acknowledged)
        found: list[Happened] = []
        for term, done in (("acknowledgement", self.acknowledged), ("feedback", self.feedback)):
            ends = getattr(terms, term)
            for end, due, over in (
                ("internal", ends.internal, day >= ends.internal),
                ("nominal", ends.nominal, day > ends.nominal),
            ):
                if done is None and over and (term, end) not in self.lapsed:
                    self.lapsed.add((term, end))
                    found.append(("lapsed", term, end, due, day))
        return found

    def _end(self, day: date, ends: Ends) -> None:
        end = self.announced + 30 * DAY if self.announced else ends.destroy_after if self.approved else None
        if end and day >= max(end, ends.destroy_after):
            self.gone = day
            return
        if day >= ends.identity_until and not self.identity:
            self.identity = True
            self.expected.append(("identity-destroyed", None, None, None, day))
        if day >= ends.destroy_after and not self.approved and self.announced is None:
            self.announced = day
            self.expected.append(("destruction-announced", None, None, None, day))


class Year:
    """A town, its cases and its dice."""

    def __init__(self, directory: Path, seed: int) -> None:
        self.dice = random.Random(seed)
        self.directory = directory
        self.house: House = founded(directory)
        self.cases: list[Case] = []
        self.refused = 0

    def renew(self) -> None:
        """Officers announce their next intake keys."""
        cast, officers = self.house.cast, []
        for officer in cast.officers:
            recipient = age.recipient_of(officer.identity)
            thing = make_intake_key(ORGANISATION, recipient, self.house.today, officer.signing)
            self.house.run(self.house.desk.announce(thing.raw, officer.key, self.house.today))
            officers.append(replace(officer, intake_key=parse_intake_key(thing.raw, ORGANISATION)))
        self.house.cast = replace(cast, officers=tuple(officers))

    def report(self) -> None:
        """Somebody reports; fate decides how the officers will treat it."""
        kind = self.dice.choice(["good", "good", "good", "late", "silent", "burier", "liar", "quitter"])
        deputy, cast = self.dice.random() < 0.8, self.house.cast
        to = {cast.one.key, cast.two.key} | ({cast.deputy.key} if deputy else set())
        reporter, _ = self.house.report(to=frozenset(to), name="Mijn naam")
        case = Case(reporter, cast, kind, self.house.today, deputy)
        for days, act in self._plan(kind):
            case.plan.setdefault(self.house.today + days * DAY, []).append(act)
        self.cases.append(case)

    def _plan(self, kind: str) -> Iterator[tuple[int, str]]:
        dice = self.dice
        start = {"good": dice.randint(0, 5), "late": dice.randint(8, 60)}.get(kind, dice.randint(0, 4))
        if kind == "silent":
            return
        if kind == "quitter":
            yield from ((start, "quit 0"), (start + dice.randint(0, 50), "quit 1"))
            return
        yield start, "take"
        yield start, "acknowledge"
        if kind == "liar":
            yield from ((start + n, "lie") for n in (1, 8, 40, 160))
            return
        if kind == "burier":
            yield start + 1, "stop"
            if dice.random() < 0.6:
                yield start + dice.randint(5, 150), "object"
            return
        after = dice.randint(20, 70) if kind == "good" else dice.randint(60, 200)
        yield start + after, "feedback"
        yield start + after + dice.randint(0, 20), "close"
        if dice.random() < 0.5:
            yield start + after + dice.randint(45, 100), "approve"

    def act(self, case: Case, act: str) -> None:
        """What officers and reporters do on their day; what the rules refuse does not happen."""
        house, today = self.house, self.house.today
        standing, house.cast = house.cast, case.cast
        try:
            getattr(self, f"_{act.split(maxsplit=1)[0]}")(case, today, act)
        finally:
            house.cast = standing

    def _take(self, case: Case, _day: date, _act: str) -> None:
        self.house.taken_over(case.cast.one, case.reporter.case)
        case.taken, case.unread = True, False

    def _acknowledge(self, case: Case, day: date, _act: str) -> None:
        self.house.answered(case.cast.one, case.reporter, "acknowledged")
        case.person = day
        case.acknowledged = case.acknowledged or day

    def _stop(self, case: Case, _day: date, _act: str) -> None:
        self.house.answered(case.cast.one, case.reporter, "clock-stopped")
        case.runs = False

    def _object(self, case: Case, _day: date, _act: str) -> None:
        self.house.objected(case.reporter)
        case.runs, case.unread = True, True

    def _feedback(self, case: Case, day: date, _act: str) -> None:
        self.house.answered(case.cast.one, case.reporter, "feedback")
        case.feedback, case.unread = day, False

    def _close(self, case: Case, day: date, _act: str) -> None:
        case.ends = self.house.closed(case.cast.one, case.reporter)
        case.closed = day

    def _approve(self, case: Case, day: date, _act: str) -> None:
        too_late = case.announced is not None and day >= case.announced + 30 * DAY
        if case.ends is not None and day >= case.ends.destroy_after - 30 * DAY and not too_late:
            self.house.act(case.cast.two, case.reporter, "destruction-approved")
            case.approved = True

    def _quit(self, case: Case, _day: date, act: str) -> None:
        number = int(act.split()[1])
        self.house.act(case.cast.officers[number], case.reporter, "recused")
        case.officers.discard(number)

    def _lie(self, case: Case, day: date, _act: str) -> None:
        """Close without feedback, move the terms, destroy at once, date back: all refused."""
        house, one = self.house, case.cast.one
        log = house.log(case.reporter.case)
        lies: list[Any] = [
            lambda: house.closed(one, case.reporter),
            lambda: house.act(one, case.reporter, "clock-runs", since=day),
            lambda: house.act(one, case.reporter, "destroyed"),
            lambda: house.act(one, case.reporter, "destruction-approved"),
            lambda: log.extend("read", one.signing, day=day - 400 * DAY),
        ]
        for lie in lies:
            with pytest.raises(ChainError):
                lie()
            self.refused += 1

    def noon(self) -> None:
        """The daily run, with everything that can befall it."""
        dice, house, today = self.dice, self.house, self.house.today
        if dice.random() < 0.06:
            return
        if dice.random() < 0.12:
            house.desk.close()
            store = Mortal(self.directory)
            store.left, store.after = dice.randint(1, 6), dice.random() < 0.5
            dying = Desk(store, house.desk.key, house.desk.limits)
            with contextlib.suppress(Died):
                asyncio.run(dying.run_day(today, today))
            dying.close()
            house.desk = Desk.open(self.directory)
        elif dice.random() < 0.1:
            house.desk.close()
            house.desk = Desk.open(self.directory)
        for _ in range(dice.choice([1, 1, 2])):
            ran = house.day(today)
            assert (ran.refused, ran.failed) == (None, 0)
        for case in self.cases:
            case.run(today)

    def live(self) -> None:
        """A year and a bit."""
        self.house.day(TODAY)
        for number in range(YEAR):
            self.house.today = TODAY + number * DAY
            if number % 25 == 0 and number:
                self.renew()
            if number < 365 and len(self.cases) < CASES and self.dice.random() < 0.75:
                self.report()
            for case in self.cases:
                for act in case.plan.pop(self.house.today, []):
                    self.act(case, act)
            self.noon()


def told(entry: Entry) -> Happened:
    fields = entry.fields
    return entry.act, fields.get("term"), fields.get("end"), fields.get("due"), fields["day"]


@pytest.mark.drill
@pytest.mark.parametrize("seed", [1, 2])
def test_a_year(tmp_path: Path, seed: int):
    """Every act of the server is there once, on its day; every lapse can be read; every hand-over is at the deputy."""
    year = Year(tmp_path / "organisation", seed)
    year.live()
    house, language = year.house, Language("nl", "")
    assert len(year.cases) == CASES
    assert year.refused > 50
    inbox = {line[0] for line in house.desk.store.cases_of(house.cast.deputy.key)}
    kinds: dict[str, int] = {}
    for case in year.cases:
        box = house.desk.mailbox(case.reporter.address, house.today)
        assert box.found == (case.gone is None)
        log = house.log(case.reporter.case)
        written = [told(entry) for entry in log.entries if entry.act in SERVER_ACTS and entry.act != "received"]
        assert written == case.expected, case.kind
        for act, *_ in written:
            kinds[act] = kinds.get(act, 0) + 1
        if case.gone is not None:
            kinds["destroyed"] = kinds.get("destroyed", 0) + 1
            assert house.desk.store.files(case.reporter.case) == []
            continue
        assert (case.reporter.case in inbox) == case.handed
        read = read_case(box, case.reporter, ORGANISATION, verify_chain)
        assert read.broken is None
        lines = " ".join(line.what for line in Telling(language, read, house.today).lines())
        for act, _, _, due, _ in written:
            if act == "lapsed":
                assert due is not None
                assert language.day(due) in lines
        if case.handed:
            first = house.desk.file(case.cast.deputy.key, case.reporter.case, 0, "content", first=True)
            assert age.decrypt(b"".join(first), [case.cast.deputy.identity])
    # The dice made something of everything.
    assert all(kinds.get(kind, 0) > 5 for kind in ("lapsed", "acknowledged-auto", "handed-over", "destroyed"))
    assert kinds["identity-destroyed"] > 5
    assert kinds["destruction-announced"] > 5
