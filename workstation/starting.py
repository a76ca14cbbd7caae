# SPDX-License-Identifier: EUPL-1.2
"""`meldkluis-workstation open`, behind the start icon: the pages in the officer's browser, by one press.

- Starts the program if none runs for this vault; a second press finds the first.
- The start address reaches the browser in a file of mode 0600 that is removed once it was used: a command line can be
  read by every user of the machine (proc(5)).
- Without a terminal to say it at, what went wrong is shown in the browser too.
"""

import os
import secrets
import subprocess
import sys
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from meldkluis.workstation.doorway import Knock, doorway, held, knock
from meldkluis.workstation.errors import WorkstationError
from meldkluis.workstation.render import Language, language, preferred

START_SECONDS: Final = 30.0
_LOOKS_EVERY: Final = 0.05
_LOG: Final = "errors"
_PROBLEM: Final = "problem.html"


def open_pages(vault: Path, *, demo: bool) -> None:
    """Open the pages of a vault in the browser; WorkstationError says why not."""
    folder = doorway(vault)
    answer = knock(folder) or _started(folder, vault.resolve(), demo=demo)
    try:
        with _page(folder, _words().render("start.html", {"address": answer.start})) as page:
            _browse(page)
            answer.wait_until_spent()
    finally:
        answer.close()


def show_problem(vault: Path, reason: str) -> None:
    """Show in the browser why the program did not start."""
    page = doorway(vault) / _PROBLEM
    page.unlink(missing_ok=True)
    with _new(page) as sink:
        sink.write(_words().render("not_started.html", {"reason": reason}))
    _browse(page)


def _words() -> Language:
    code = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG", "")
    return language(preferred(code))


def _new(path: Path) -> IO[str]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8")


@contextmanager
def _page(folder: Path, content: str) -> Iterator[Path]:
    for left in folder.glob("start-*.html"):
        left.unlink(missing_ok=True)
    page = folder / f"start-{secrets.token_hex(8)}.html"
    try:
        with _new(page) as sink:
            sink.write(content)
        yield page
    finally:
        page.unlink(missing_ok=True)


def _browse(page: Path) -> None:
    if not webbrowser.open(page.as_uri()):
        raise WorkstationError("there is no browser here to open")


def _started(folder: Path, vault: Path, *, demo: bool) -> Knock:
    """Start the program and wait until it answers."""
    deadline, process = time.monotonic() + START_SECONDS, None
    while time.monotonic() < deadline:
        answer = knock(folder)
        if answer is not None:
            return answer
        with held(folder) as free:
            # Another press of the icon may have started one that does not answer yet, or one is just ending.
            pass
        if free and process is None:
            process = _run(folder, vault, demo=demo)
        elif free and process is not None and process.poll() is not None:
            raise WorkstationError(_last_words(folder))
        time.sleep(_LOOKS_EVERY)
    raise WorkstationError("the program did not start in time")


def _run(folder: Path, vault: Path, *, demo: bool) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-I", "-m", "meldkluis.workstation.cli", "run", "--directory", str(vault)]
    (folder / _LOG).unlink(missing_ok=True)
    with _new(folder / _LOG) as errors:
        return subprocess.Popen(  # noqa: S603 - ourselves
            [*command, "--demo"] if demo else command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=errors, start_new_session=True, cwd="/",
        )  # fmt: skip


def _last_words(folder: Path) -> str:
    lines = (folder / _LOG).read_text(encoding="utf-8", errors="replace").split("\n")
    said = [line for line in lines if line.strip()]
    return said[-1].removeprefix("meldkluis-workstation: ") if said else "the program ended at once"
