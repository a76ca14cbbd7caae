# SPDX-License-Identifier: EUPL-1.2
"""Exactly once: two runs at the same moment, and a run that dies between any two of its steps."""

import asyncio
import time
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cast import ORGANISATION, TODAY
from deskhouse import House, founded
from mortal import Died, Mortal
from spawned import Worker

from meldkluis.crypto.chain import replay
from meldkluis.crypto.receipt import Receipt
from meldkluis.mailbox.desk import Desk

ACK = date(2026, 11, 30)
ONCE = ("acknowledged-auto", "handed-over", "destruction-announced", "identity-destroyed")


def one_run(directory: Path, day: date, told: Any) -> None:
    """A process that does the daily run when it is told to, and tells what it did."""
    desk = Desk.open(directory)
    told.send("ready")
    told.recv()
    ran = asyncio.run(desk.run_day(day, day))
    told.send((dict(ran.acts), ran.reminders, ran.failed))
    desk.close()


def state(desk: Desk, cases: list[bytes]) -> tuple[dict[bytes, list[tuple[str, Any]]], list[Any]]:
    """What the logs say, act by act, and the reminders."""
    logs = {
        case: [
            (entry.act, entry.fields.get("due"))
            for entry in replay(desk.store.log(case), ORGANISATION, case, [desk.server_key]).entries
        ]
        for case in cases
    }
    return logs, desk.store.reminders()


def town(house: House) -> list[Receipt]:
    """Cases in every state that a daily run of 30 January 2027 has something to do for."""
    house.day(TODAY)
    ended, announced = house.report()[0], house.report(name="Mijn naam")[0]
    for reporter in (ended, announced):
        house.handled(house.cast.one, reporter)
    silent, alone, told = house.report()[0], house.report(to=frozenset({house.cast.one.key}))[0], house.report()[0]
    house.taken_over(house.cast.one, told.case)
    house.answered(house.cast.one, told, "acknowledged")
    house.today = date(2027, 1, 20)
    house.day(sure=True)
    house.act(house.cast.two, ended, "destruction-approved")
    late = house.report()[0]
    return [ended, announced, silent, alone, told, late]


def test_two_runs_at_the_same_moment(house: House, directory: Path):
    """Together they do everything once, and neither fails."""
    reporters = [house.report()[0] for _ in range(30)]
    workers = [Worker(one_run, directory, ACK) for _ in range(2)]
    for worker in workers:
        worker.go()
    answers = [worker.pipe.recv() for worker in workers]
    for worker in workers:
        worker.process.join(30)

    acts = sum((Counter(acts) for acts, _, _ in answers), Counter())
    assert acts == {"lapsed acknowledgement internal": 30, "acknowledge": 30, "hand-over": 30}
    assert sum(failed for _, _, failed in answers) == 0
    for reporter in reporters:
        assert house.acts(reporter)[2:] == ["lapsed", "acknowledged-auto", "handed-over"]


@pytest.mark.parametrize("after", [False, True])
def test_a_run_that_dies_is_finished_by_the_next(tmp_path: Path, after: bool):
    """Wherever it dies, the next run of the day comes to what an undisturbed one does: nothing twice, nothing missing."""
    last, day = 0, date(2027, 1, 30)
    while True:
        last += 1
        house = founded(tmp_path / f"{last}")
        cases = [reporter.case for reporter in town(house)]
        house.desk.close()
        store = Mortal(tmp_path / f"{last}")
        store.left, store.after = last, after
        desk = Desk(store, house.desk.key, house.desk.limits)
        died = False
        try:
            asyncio.run(desk.run_day(day, day))
        except Died:
            died = True
        desk.close()
        again = Desk.open(tmp_path / f"{last}")
        for _ in range(2):
            assert asyncio.run(again.run_day(day, day)).failed == 0
        logs, reminders = state(again, cases)
        shape = ([[act for act, _ in log] for log in logs.values()], [due for _, due in reminders])
        assert [bool(again.store.files(case)) for case in cases] == [False, True, True, True, True, True]
        if last == 1:
            expected = shape
            assert expected[0][0][-2:] == ["closed", "destruction-approved"]
            assert expected[0][1][-2:] == ["identity-destroyed", "destruction-announced"]
            assert "handed-over" in expected[0][2]
            assert "handed-over" not in expected[0][3]
            assert expected[0][5][2:] == ["lapsed", "lapsed", "acknowledged-auto", "handed-over"]
        assert (sorted(shape[0]), sorted(shape[1])) == (sorted(expected[0]), sorted(expected[1]))
        again.close()
        if not died:
            break
    assert last > 5


def test_killed_processes_leave_it_to_the_next(house: House, directory: Path):
    """Killed again and again at any moment, the runs come to the end of it, and each act stands once in each log."""
    reporters = [house.report()[0] for _ in range(60)]
    for attempt in range(40):
        worker = Worker(one_run, directory, ACK)
        worker.go()
        if attempt < 6:
            time.sleep(0.01 * attempt)
            worker.kill()
            continue
        acts, _, failed = worker.pipe.recv()
        worker.process.join(30)
        assert failed == 0
        if not acts:
            break
    for reporter in reporters:
        assert house.acts(reporter)[2:] == ["lapsed", "acknowledged-auto", "handed-over"]


def test_a_day_that_comes_twice_and_days_of_summer_time(house: House):
    """Runs count days, not hours: both days on which the clock changes and the 29th of February are days like any other."""
    reporter, _ = house.report()
    day, last = date(2027, 3, 20), date(2028, 3, 5)
    house.day(day, sure=True)
    count = len(house.acts(reporter))
    while day < last:
        day += timedelta(days=1)
        for _ in range(2):
            assert house.day(day).refused is None
    assert len(house.acts(reporter)) == count
    told = [due.day for _, due in house.desk.store.reminders() if due.kind == "overdue"]
    assert all((after - before).days == 7 for before, after in pairwise(told))
    assert date(2028, 2, 25) in told
