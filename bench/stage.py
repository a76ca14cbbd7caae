# SPDX-License-Identifier: EUPL-1.2
"""The server under measurement: a fresh organisation, two workers on unix sockets, and what they use."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cast import Cast
from load import Target
from running import found, serving


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


@contextmanager
def running(directory: Path, *, slow_fsync_us: int = 0, shim: Path | None = None) -> Iterator[Stage]:
    """Start the server on a new organisation in `directory`; stop it at the end."""
    cast = found(directory)
    sockets = directory / "site.sock", directory / "officers.sock"
    slower = {"LD_PRELOAD": str(shim), "SLOW_FSYNC_US": str(slow_fsync_us)} if slow_fsync_us and shim else None
    site, officers = (f"unix:{path}" for path in sockets)
    with serving(directory, cast, site=site, officers=officers, environment=slower) as server:
        time.sleep(1.0)
        yield Stage(directory, Target(sockets[0]), Target(sockets[1]), cast, server.process.pid)
