# SPDX-License-Identifier: EUPL-1.2
"""`make run`: a demo organisation with two officers, a deputy and a sample report, to try on one machine.

- Reporter's site on port 8000, workstations on the three ports after it, all on 127.0.0.1.
- Everything is made in ./.demo and kept there between runs; --fresh makes it anew.
- Its keys protect nobody: their names say so, and no program takes them without --demo.
- Every process that it starts ends with it, however it ends.
"""

import argparse
import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

# `python -P` and PYTHONSAFEPATH leave a script's own folder out.
sys.path.insert(0, str(Path(__file__).resolve().parent))

import demo_organisation as demo

from meldkluis.intake.addresses import Address
from meldkluis.intake.errors import CommandError

ROOT: Final = Path(__file__).resolve().parent.parent
HOST: Final = "127.0.0.1"
SITE_PORT: Final = 8000
_OFFICERS_OFFSET: Final = 10
_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 10.0
_PR_SET_PDEATHSIG: Final = 1
_START_ADDRESS: Final = re.compile(r"http://127\.0\.0\.1:[0-9]+/start\?token=[\w-]+")


class DemoError(Exception):
    """The demo cannot go on; the text is one line for who started it."""


def _end_with_parent() -> None:
    # prctl(2): if the demo is killed without a chance to tidy up, no server stays behind.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """A program that the demo started. `start` is the newest start address that it printed."""

    def __init__(self, name: str, module: str, arguments: Sequence[str], stop: signal.Signals) -> None:
        """Start it, in a process group of its own so that Ctrl-C comes to the demo first."""
        self.name: Final = name
        self.start: str | None = None
        self.shown = False
        self._stop: Final = stop
        self.process: Final = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            process_group=0,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - the only threads pass lines on
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        threading.Thread(target=self._relay, daemon=True).start()

    def _relay(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            address = _START_ADDRESS.search(line)
            if address is None:
                if line.strip():
                    print(f"  [{self.name}] {line.rstrip()}", flush=True)
                continue
            self.start = address[0]
            if self.shown:
                print(f"  [{self.name}] opens once more with {self.start}", flush=True)

    def alive(self) -> None:
        """Raise DemoError when it has ended."""
        if self.process.poll() is not None:
            raise DemoError(f"{self.name} ended (status {self.process.returncode})")

    def end(self) -> None:
        """Ask it to end."""
        if self.process.poll() is None:
            self.process.send_signal(self._stop)

    def wait(self, deadline: float) -> None:
        """Wait for its end, and insist when it takes too long."""
        try:
            self.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Family:
    """All programs of the demo."""

    def __init__(self) -> None:
        self.children: Final[list[Child]] = []

    def add(self, name: str, module: str, *arguments: str, stop: signal.Signals = signal.SIGTERM) -> Child:
        """Start one more."""
        child = Child(name, module, arguments, stop)
        self.children.append(child)
        return child

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for a condition while everybody lives."""
        deadline = time.monotonic() + _START_SECONDS
        while not condition():
            for child in self.children:
                child.alive()
            if time.monotonic() > deadline:
                raise DemoError(f"{what} did not start within {_START_SECONDS:.0f} seconds")
            time.sleep(0.05)

    def watch(self) -> NoReturn:
        """Wait until somebody ends."""
        while True:
            for child in self.children:
                child.alive()
            time.sleep(0.5)

    def end(self) -> None:
        """End all."""
        for child in self.children:
            child.end()
        deadline = time.monotonic() + _STOP_SECONDS
        for child in self.children:
            child.wait(deadline)


def _check_free(ports: Sequence[int]) -> None:
    for port in ports:
        try:
            Address(HOST, port).check_free()
        except CommandError as error:
            raise DemoError(f"{error}: end what listens there, or choose others with --port") from None


def _explain(site: str, code: str, workstations: Sequence[tuple[demo.Post, Child]]) -> None:
    lines = [
        "",
        "Meldkluis demo: Gemeente Voorbeeld. Nothing here protects anybody; use it to look around.",
        "",
        "Reporter",
        f"  open    http://{site}/            (English: http://{site}/en/)",
        "  type    your report, send it, and keep the twelve words that you get",
        f"  or      open http://{site}/bericht and type the code of the sample report:",
        f"          {code}",
    ]
    for post, child in workstations:
        lines += [
            "",
            f"{post.person.name} ({post.person.role})",
            f"  open    {child.start}",
            f"  type    {demo.PASSPHRASE}",
        ]
    lines += ["", "Ctrl-C ends everything; what was reported is kept in .demo (make it anew: --fresh).", ""]
    print("\n".join(lines), flush=True)
    for _, child in workstations:
        child.shown = True


def run(root: Path, first_port: int) -> NoReturn:
    """Make what is missing, start everything, explain, and wait."""
    site, officers = f"{HOST}:{first_port}", f"{HOST}:{first_port + _OFFICERS_OFFSET}"
    readers = demo.posts(first_port + 1)
    _check_free([first_port, first_port + _OFFICERS_OFFSET, *(post.port for post in readers)])
    made = demo.made(root)
    if made is None:
        print("demo: making an organisation ...", flush=True)
        demo.make(root, site, officers, readers)
    elif made != officers:
        raise DemoError("this demo was made for other ports: give the same --port, or --fresh")
    family = Family()
    try:
        family.add(
            "server", "meldkluis.intake.cli", "serve", "--directory", str(root / "server"),
            "--listen", site, "--officers-listen", officers, "--demo", stop=signal.SIGINT,
        )  # fmt: skip
        family.until(lambda: demo.answers(site), "the server")
        demo.found(root, readers)
        code = demo.sample_code(root, site)
        workstations = [(post, _workstation(family, root, post)) for post in readers]
        family.until(lambda: all(child.start for _, child in workstations), "a workstation")
        _explain(site, code, workstations)
        family.watch()
    finally:
        family.end()


def _workstation(family: Family, root: Path, post: demo.Post) -> Child:
    return family.add(
        post.person.name, "meldkluis.workstation.cli", "run",
        "--directory", str(root / post.folder), "--port", str(post.port), "--demo",
    )  # fmt: skip


_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _end_once(_number: int, _frame: FrameType | None) -> NoReturn:
    # While everything is being ended, a second Ctrl-C must not leave anything behind.
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> int:
    """Run the demo; 0 when it was ended from outside, 1 when it could not go on."""
    parser = argparse.ArgumentParser(description="Try Meldkluis on this machine.")
    parser.add_argument("--fresh", action="store_true", help="forget what was there before")
    parser.add_argument("--port", type=int, default=SITE_PORT, help="of the reporter's site; the others follow it")
    parser.add_argument("--directory", type=Path, default=ROOT / ".demo", help="where everything is kept")
    arguments = parser.parse_args()
    os.umask(0o077)
    if arguments.fresh and demo.made(arguments.directory) is not None:
        shutil.rmtree(arguments.directory)
    for number in _ENDING:
        signal.signal(number, _end_once)
    try:
        run(arguments.directory, arguments.port)
    except KeyboardInterrupt:
        print("demo: ended", flush=True)
    except (DemoError, CommandError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
