# SPDX-License-Identifier: EUPL-1.2
"""The daily run over a hundred thousand open cases, in a process of its own.

- Receipts lie on the days of the last months, as they would; most are acknowledged, so nearly five thousand reminders
  of the feedback fall due on the day. Of three hundred that nobody opened the term lapses: those have real logs.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

from meldkluis.mailbox import cases, keyfile, schema
from meldkluis.mailbox.desk import Desk
from meldkluis.mailbox.facts import Facts
from meldkluis.mailbox.rows import NewCase
from meldkluis.mailbox.store import DATABASE

CASES = 100_000
SILENT = 300
TODAY = date(2026, 11, 23)
RUN = date(2026, 11, 30)
"""A report of TODAY, a Monday, lapses on this Monday."""


def fill(directory: Path) -> None:
    """Make an organisation with the cases."""
    from deskhouse import founded

    house = founded(directory)
    for _ in range(SILENT):
        house.report()
    house.desk.close()
    officers = frozenset(officer.key for officer in house.cast.officers[:2])
    with closing(schema.connect(directory / DATABASE, keyfile.read(directory, keyfile.DATABASE_KEY))) as db:
        db.execute("BEGIN")
        for number in range(CASES - SILENT):
            received = TODAY - timedelta(days=number % 85)
            new = NewCase(
                case=os.urandom(16),
                log=(os.urandom(900), os.urandom(400)),
                head=os.urandom(32),
                files=(),
                claims=(),
                officers=officers,
                facts=Facts(received=received, since=received, acknowledged=received + timedelta(days=3)),
            )
            cases.submit(db, os.urandom(32), new)
        db.execute("UPDATE organisation SET ran = ?", ((RUN - timedelta(days=1)).isoformat(),))
        db.execute("COMMIT")


def one_run(directory: Path) -> None:
    """Do the daily run, and print seconds, resident bytes at the most, and what was done."""
    desk = Desk.open(directory)
    began = time.perf_counter()
    ran = asyncio.run(desk.run_day(RUN, RUN))
    seconds = time.perf_counter() - began
    # Not ru_maxrss: that remembers the process which started this one.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    memory = 1024 * int(status.partition("VmHWM:")[2].split()[0])
    print(json.dumps([seconds, memory, sum(ran.acts.values()), ran.reminders, ran.failed]))
    desk.close()


def measure(directory: Path, bound: Callable[[str, bool], None]) -> None:
    """Fill a database, run its day twice, and print."""
    fill(directory)
    for name in ("with what is due", "again, with nothing left to do"):
        done = subprocess.run([sys.executable, __file__, str(directory)], check=True, capture_output=True, text=True)
        seconds, memory, acts, reminders, failed = json.loads(done.stdout)
        print(
            f"  {CASES} open cases, {name}: {seconds:.2f} s, {memory / 1e6:.0f} MB resident;"
            f" {acts} acts, {reminders} reminders, {failed} failed",
            flush=True,
        )
        bound(f"daily run {name}: at most 5 s, none failed", seconds <= 5 and not failed)
        bound(f"daily run {name}: at most 200 MB", memory <= 200e6)


if __name__ == "__main__":
    one_run(Path(sys.argv[1]))
