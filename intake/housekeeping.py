# SPDX-License-Identifier: EUPL-1.2
"""What is done every day for one organisation: the gate, the daily run at noon, the mail to officers.

- Called by the server's own loop (meldkluis.intake.doors) or by a timer (`meldkluis terms run`), by several processes
  at once if it so happens: each part happens once.
- A day's mail is claimed before it is sent: a crash in between costs one mail, and nobody gets two.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from meldkluis.intake import notices
from meldkluis.intake.administration import opened
from meldkluis.intake.config import Config, Notices, read_config
from meldkluis.intake.errors import CommandError
from meldkluis.intake.golive import open_if_ready
from meldkluis.mailbox import clock
from meldkluis.mailbox.desk import Desk, Ran
from meldkluis.mailbox.errors import MailboxError

_REFUSED: Final = {
    "clock-back": "the clock is behind the last run: nothing was done; set the clock right",
    "clock-ahead": (
        "the clock is more than a month ahead of the last run: nothing was done; "
        "if that is so, run `meldkluis terms run --confirm-clock`"
    ),
}


@dataclass(frozen=True)
class Kept:
    """What was done for one organisation. `mailed`: officers' mail of the day went; `unsent` did not get theirs."""

    ran: Ran
    opened: bool
    mailed: bool
    unsent: int

    @property
    def well(self) -> bool:
        """Whether nothing is left for the administrator to see to."""
        return self.ran.refused is None and not self.ran.failed and not self.unsent

    def to_json(self) -> dict[str, object]:
        """Return what `meldkluis terms run --json` prints for one organisation."""
        return {**self.ran.to_json(), "opened": self.opened, "mailed": self.mailed, "unsent": self.unsent}

    def lines(self) -> list[str]:
        """Return the same for people."""
        ran = self.ran
        if ran.refused is not None:
            return [_REFUSED[ran.refused]]
        told = [f"daily run of {ran.horizon}: {sum(ran.acts.values())} acts, {ran.reminders} reminders"]
        told += [f"  {kind}: {number}" for kind, number in sorted(ran.acts.items())]
        if ran.missed or ran.late:
            told.append(f"  caught up: {ran.missed} days without a run, {ran.late} acts after their day")
        if ran.failed:
            told.append(f"  {ran.failed} cases could not be read or written: see `meldkluis doctor`")
        if self.opened:
            told.append("  nothing is red: the form is open from today on")
        if self.mailed:
            told.append(f"  mail to officers: {'sent' if not self.unsent else f'{self.unsent} did not get theirs'}")
        return told


def is_due(desk: Desk) -> bool:
    """Whether the last day that was run is another than the last whose noon has passed; also when that is earlier.

    The run itself says what is wrong with a clock that went back.
    """
    return desk.store.days().ran != clock.run_day()


async def keep(desk: Desk, config: Config, directory: Path, *, sure: bool = False) -> Kept:
    """Do everything that is due now. `sure` lets the clock jump by more than a month."""
    today = clock.today()
    new = await open_if_ready(desk, config, directory, today)
    ran = await desk.run_day(clock.run_day(), today, sure=sure)
    mailed, unsent = await mail(desk, config, directory)
    return Kept(ran, new, mailed, unsent)


async def mail(desk: Desk, config: Config, directory: Path) -> tuple[bool, int]:
    """Send officers the mail of the day, if its hour has come; returns whether, and how many did not get theirs."""
    told, today = config.notices, clock.today()
    if not told.to or not notices.due(told.hour, desk.store.days().noticed, today, clock.hour()):
        return False, 0
    if not await desk.store.claim_notice(today):
        return False, 0
    urgent = _urgent(desk, told, today) if told.urge else set()
    unsent = await asyncio.to_thread(notices.send, told, directory, desk.name, urgent=urgent, day=today)
    return True, unsent


def _urgent(desk: Desk, told: Notices, today: date) -> set[str]:
    """Return the addresses whose officer has something unopened; nobody is told of a case that is not theirs."""
    return {
        address
        for address, fingerprint in told.officers.items()
        if notices.unopened_for_two_working_days(desk.store.oldest_unread(bytes.fromhex(fingerprint)), today)
    }


def run(directories: Sequence[Path], *, sure: bool) -> list[tuple[Path, Kept | str]]:
    """Do everything that is due for each organisation; `meldkluis terms run`. A text says why one could not be.

    The settings of all are read before anything is done; after that no organisation waits for another.
    """
    configs = [(directory, read_config(directory)) for directory in directories]
    return [(directory, _run(directory, config, sure=sure)) for directory, config in configs]


def _run(directory: Path, config: Config, *, sure: bool) -> Kept | str:
    try:
        with opened(directory) as desk:
            return asyncio.run(keep(desk, config, directory, sure=sure))
    except (CommandError, MailboxError) as error:
        return str(error)


def document(done: Sequence[tuple[Path, Kept | str]]) -> dict[str, Any]:
    """Return what `terms run --json` prints."""
    return {
        "organisations": [
            {"directory": str(directory), **({"error": kept} if isinstance(kept, str) else kept.to_json())}
            for directory, kept in done
        ]
    }
