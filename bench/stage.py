# SPDX-License-Identifier: EUPL-1.2
"""The server under measurement: a fresh organisation, `meldkluis serve` with two workers on unix sockets, and its facts."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cast import Cast, make_cast
from load import Target

from meldkluis.intake import administration
from meldkluis.mailbox.clock import today
from meldkluis.mailbox.desk import Desk
from meldkluis.mailbox.keyfile import read_signing_key


@dataclass(frozen=True)
class Stage:
    """A running server: where it listens, who its officers are, and its processes."""

    directory: Path
    target: Target
    officers: Target
    cast: Cast
    master: int

    def workers(self) -> list[int]:
        """Process ids of the workers."""
        listed = subprocess.run(["pgrep", "-P", str(self.master)], capture_output=True, text=True, check=False)
        return [int(line) for line in listed.stdout.split()]

    def cpu(self) -> list[float]:
        """Seconds of CPU that each worker used so far."""
        tick = os.sysconf("SC_CLK_TCK")
        fields = [Path(f"/proc/{worker}/stat").read_text().rsplit(")", 1)[1].split() for worker in self.workers()]
        return [(int(field[11]) + int(field[12])) / tick for field in fields]

    def memory(self) -> int:
        """Sum of PSS of master and workers, in bytes."""
        total = 0
        for process in [self.master, *self.workers()]:
            for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
        return total


def found(directory: Path) -> Cast:
    """Make the organisation, with a founding roster and intake keys of today."""
    administration.init(directory, organisation="gemeente-voorbeeld", name="Gemeente Voorbeeld")
    cast = make_cast(server=read_signing_key(directory), start=today())
    desk = Desk.open(directory)
    try:
        asyncio.run(_founding(desk, cast))
    finally:
        desk.close()
    return cast


async def _founding(desk: Desk, cast: Cast) -> None:
    await desk.propose(cast.roster.payload)
    for key, signature in cast.version.signatures:
        await desk.sign_roster(cast.roster.hash, key, signature)
    for officer in cast.officers:
        await desk.announce(officer.intake_key.thing.raw, officer.key, today())


def wait_for(target: Target, seconds: float = 30) -> None:
    """Wait until somebody listens."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            target.connect().close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


@contextmanager
def running(directory: Path, *, slow_fsync_us: int = 0, shim: Path | None = None) -> Iterator[Stage]:
    """Start the server on a new organisation in `directory`; stop it at the end."""
    cast = found(directory)
    sockets = directory / "site.sock", directory / "officers.sock"
    environment = {**os.environ, "PYTHONSAFEPATH": "1"}
    if slow_fsync_us and shim:
        environment |= {"LD_PRELOAD": str(shim), "SLOW_FSYNC_US": str(slow_fsync_us)}
    server = subprocess.Popen(
        [
            sys.executable, "-m", "meldkluis.intake.cli", "serve", "--directory", str(directory), "--workers", "2",
            "--listen", f"unix:{sockets[0]}", "--officers-listen", f"unix:{sockets[1]}",
        ],
        env=environment,
    )  # fmt: skip
    stage = Stage(directory, Target(sockets[0]), Target(sockets[1]), cast, server.pid)
    try:
        wait_for(stage.target)
        time.sleep(1.0)
        yield stage
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
