# SPDX-License-Identifier: EUPL-1.2
"""A real server for tests and measurements: an organisation with a founding roster, and `meldkluis serve` over it."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cast import ORGANISATION, Cast, make_cast

from meldkluis.crypto.signed import SigningKey
from meldkluis.intake import administration
from meldkluis.mailbox import keyfile
from meldkluis.mailbox.clock import today
from meldkluis.mailbox.desk import Desk


@dataclass(frozen=True)
class Server:
    """A running server. `site` and `officers` are HOST:PORT or unix:PATH."""

    directory: Path
    site: str
    officers: str
    cast: Cast
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """The reporter's site."""
        return f"http://{self.site}"

    def kill(self) -> None:
        """End the master and every worker at once, as a power cut would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(20)


def found(directory: Path) -> Cast:
    """Make the organisation, with a roster that all signed and intake keys of today."""
    administration.init(directory, organisation=ORGANISATION, name="Gemeente Voorbeeld")
    cast = make_cast(server=SigningKey.from_seed(keyfile.read(directory, keyfile.SIGNING_KEY)), start=today())
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
    await desk.store.open_form(today())


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def free_ports(count: int) -> int:
    """Return the first of so many ports in a row of 127.0.0.1 that nobody listens on."""
    while True:
        first = free_port()
        if first + count <= 65_000 and all(map(_is_free, range(first, first + count))):
            return first


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def wait_for(address: str, seconds: float = 30) -> None:
    """Wait until somebody listens at HOST:PORT or unix:PATH."""
    deadline = time.monotonic() + seconds
    while True:
        family = socket.AF_UNIX if address.startswith("unix:") else socket.AF_INET
        with socket.socket(family) as probe:
            host, _, port = address.rpartition(":")
            try:
                probe.connect(address.removeprefix("unix:") if family == socket.AF_UNIX else (host, int(port)))
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return


@contextmanager
def serving(
    directory: Path,
    cast: Cast,
    *,
    site: str | None = None,
    officers: str | None = None,
    workers: int = 2,
    before: Sequence[str] = (),
    environment: dict[str, str] | None = None,
) -> Iterator[Server]:
    """Run `meldkluis serve` on the organisation in `directory`; `before` is put before the command (strace …)."""
    site = site or f"127.0.0.1:{free_port()}"
    officers = officers or f"127.0.0.1:{free_port()}"
    command = [
        *before, sys.executable, "-m", "meldkluis.intake.cli", "serve", "--directory", str(directory),
        "--workers", str(workers), "--listen", site, "--officers-listen", officers,
    ]  # fmt: skip
    process = subprocess.Popen(
        command, env={**os.environ, "PYTHONSAFEPATH": "1", **(environment or {})}, start_new_session=True
    )
    try:
        wait_for(site)
        wait_for(officers)
        yield Server(directory, site, officers, cast, process)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
