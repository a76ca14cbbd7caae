# SPDX-License-Identifier: EUPL-1.2
"""The gate (W-25): the form opens the first time that nothing is red, and never closes again for this.

- Called by `meldkluis doctor` and by the daily run. The day of opening is the only thing that it changes.
- A reporting channel that the law demands is not taken away because a document has become old: that is for monitoring.
"""

import asyncio
from datetime import date
from pathlib import Path
from typing import Any, Final

from meldkluis.intake.administration import opened
from meldkluis.intake.config import Config, read_config
from meldkluis.intake.doctor import ATTENTION, OK, RED, examine
from meldkluis.mailbox.clock import today as clock_today
from meldkluis.mailbox.desk import Desk

# Words, not colours alone: a log and a screen reader have none.
_MARKS: Final = {OK: "[ ok ]", ATTENTION: "[look]", RED: "[RED!]"}


async def open_if_ready(desk: Desk, config: Config, directory: Path, today: date) -> bool:
    """Open the form if it never was open and nothing is red; tell whether this call opened it."""
    if desk.is_open or any(check.status == RED for check in examine(desk, config, directory, today)):
        return False
    await desk.store.open_form(today)
    return True


def doctor(directory: Path) -> dict[str, Any]:
    """Examine an organisation and open its form when it may; `new` tells that it opened just now."""
    config, today = read_config(directory), clock_today()
    with opened(directory) as desk:
        new = asyncio.run(open_if_ready(desk, config, directory, today))
        checks = examine(desk, config, directory, today)
        day = desk.store.days().opened
    return {
        "open": day is not None,
        "opened": None if day is None else day.isoformat(),
        "new": new,
        "checks": [{"name": check.name, "status": check.status, "text": check.text} for check in checks],
    }


def lines(found: dict[str, Any]) -> list[str]:
    """Return what `doctor` found, for people: a line for each check, and what follows from it."""
    told = [f"{_MARKS[check['status']]} {check['name']}: {check['text']}" for check in found["checks"]]
    red = reds(found)
    if found["new"]:
        return [*told, "nothing is red: the form is open from today on"]
    if not found["open"]:
        return [*told, f"{red} red: the form is not open; it opens when nothing is red"]
    if red:
        return [*told, f"{red} red: the form stays open (since {found['opened']}), and somebody must see to this"]
    return [*told, f"nothing is red: the form is open since {found['opened']}"]


def reds(found: dict[str, Any]) -> int:
    """Return how many checks are red."""
    return sum(check["status"] == RED for check in found["checks"])
