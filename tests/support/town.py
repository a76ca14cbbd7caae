# SPDX-License-Identifier: EUPL-1.2
"""The demo as the town in which journeys take place: `make run`, on other ports and in another folder."""

import os
import re
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from running import free_ports

ROOT = Path(__file__).parents[2]
REQUIRED = os.environ.get("MELDKLUIS_REQUIRE_BROWSERS") == "1"
PASSPHRASE = "demo niet geheim demo niet geheim"


def need(name: str, program: str | None) -> None:
    """Skip aloud where a browser is missing; fail where it must be there."""
    if program:
        return
    text = f"!!! {name} is not installed: its tests did NOT run. Install it, or see the README. !!!"
    if REQUIRED:
        pytest.fail(text)
    warnings.warn(pytest.PytestWarning(text), stacklevel=2)
    pytest.skip(text)


@dataclass(frozen=True)
class Town:
    """A running demo: the reporter's site and the start addresses of three workstations, each good once."""

    site: str
    log: Path
    sample: str

    def start_of(self, officer: int) -> str:
        """The newest start address of a workstation, counted from 1."""
        port = int(self.site.rsplit(":", 1)[1]) + officer
        return re.findall(rf"http://127\.0\.0\.1:{port}/start\?token=\S+", self.log.read_text())[-1]


@contextmanager
def running_town(folder: Path) -> Iterator[Town]:
    """Start the demo in a folder, wait until it has printed what to open, and end it."""
    # The site, three workstations after it, and the officers' listener on the tenth.
    port, log = free_ports(11), folder / "printed"
    command = [sys.executable, ROOT / "tools" / "demo.py", "--port", str(port), "--directory", folder / "demo"]
    with log.open("w") as printed:
        process = subprocess.Popen(command, stdout=printed, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 90
        while "Ctrl-C" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        sample = re.search(r"sample report:\s+([a-z ]+)\n", log.read_text())
        assert sample is not None
        yield Town(f"http://127.0.0.1:{port}", log, sample[1].strip())
    finally:
        process.terminate()
        process.wait(30)
