# SPDX-License-Identifier: EUPL-1.2
"""An organisation in front of the gate: everything is in order, and its form was never open."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from cast import ORGANISATION, Officer, make_officer

from meldkluis.crypto.roster import RosterVersion, make_roster
from meldkluis.intake import administration
from meldkluis.intake.config import Backup, Config, GoLive, Notices, Security, read_config
from meldkluis.intake.doctor import Check, examine
from meldkluis.mailbox.clock import today
from meldkluis.mailbox.desk import Desk

HOUR = 3600.0


@dataclass
class Body:
    """An organisation on the disk, its desk open."""

    directory: Path
    desk: Desk
    backups: Path
    officers: Sequence[Officer]

    @property
    def config(self) -> Config:
        return read_config(self.directory)

    def change(self, **changes: Any) -> None:
        """Change settings, as an administrator does in an editor."""
        administration.write_config(self.directory, replace(self.config, **changes))

    def age(self, hours: float, name: str = "mailbox.db") -> None:
        """Let a backup be so old."""
        path = self.backups / name
        path.touch()
        moment = path.stat().st_mtime
        os.utime(path, (moment, moment - hours * HOUR))

    def remember(self, name: str, days_ago: int) -> None:
        """Let the organisation remember a day."""
        day, store = today() - timedelta(days=days_ago), self.desk.store
        asyncio.run(store.open_form(day) if name == "opened" else store.ran(day, 0))

    def checks(self, **changes: Any) -> dict[str, Check]:
        """Examine it, with other settings if any are given."""
        config = replace(self.config, **changes)
        return {check.name: check for check in examine(self.desk, config, self.directory, today())}


def filled_in(config: Config) -> Config:
    """Return settings to which nothing is missing."""
    day = today()
    return replace(
        config,
        archive="12.1.7",
        golive=GoLive("2.1", day - timedelta(days=40), day - timedelta(days=30), day - timedelta(days=20)),
        security=Security("mailto:ict@voorbeeld.example", day + timedelta(days=200)),
        backup=Backup("../backups"),
        notices=Notices(to=("v.p@voorbeeld.example",), sender="meldkluis@voorbeeld.example"),
    )


@contextmanager
def before_the_gate(folder: Path, officers: Sequence[Officer] | None = None) -> Iterator[Body]:
    """Make an organisation that is ready to open."""
    directory, backups = folder / "organisation", folder / "backups"
    administration.init(directory, organisation=ORGANISATION, name="Gemeente Voorbeeld")
    administration.write_config(directory, filled_in(read_config(directory)))
    people = officers if officers is not None else [make_officer(f"TEST {n}", start=today()) for n in ("Een", "Twee")]
    desk = Desk.open(directory)
    backups.mkdir()
    desk.store.copy_to(backups / "mailbox.db")
    try:
        asyncio.run(_found(desk, people))
        yield Body(directory, desk, backups, people)
    finally:
        desk.close()


async def _found(desk: Desk, officers: Sequence[Officer]) -> None:
    if not officers:
        return
    roster = make_roster(
        version=1, organisation=ORGANISATION, name="Gemeente Voorbeeld", previous=None, server=desk.server_key,
        members=[officer.member for officer in officers],
    )  # fmt: skip
    await desk.propose(roster.payload)
    version = RosterVersion(roster.payload)
    for officer in officers:
        version = version.signed_by(officer.signing)
        await desk.sign_roster(roster.hash, officer.key, version.signatures[-1][1])
    for officer in officers:
        await desk.announce(officer.intake_key.thing.raw, officer.key, today())
