# SPDX-License-Identifier: EUPL-1.2
"""The start icon: one press opens the pages, and nobody else learns how."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from workplace import ORIGIN, Browser

from meldkluis.workstation.doorway import Door, doorway, held, knock
from meldkluis.workstation.errors import WorkstationError
from meldkluis.workstation.session import Sessions

FAKE = Path(__file__).parents[1] / "support" / "faraway.py"
Press = Callable[..., tuple[subprocess.CompletedProcess[str], dict[str, Any]]]


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    """The desktop session's folder."""
    folder = tmp_path / "runtime"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def press(tmp_path: Path, runtime: Path, vault_directory: Path) -> Iterator[Press]:
    """Press the start icon; what it started is ended afterwards."""
    seen = tmp_path / "seen"

    def press(*more: str, runtime: Path | None = runtime, language: str = "nl_NL.UTF-8"):
        seen.unlink(missing_ok=True)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
        environment |= {"BROWSER": f"{sys.executable} {FAKE} %s", "MELDKLUIS_TEST_SEEN": str(seen), "LANG": language}
        environment.pop("LC_ALL", None)
        if runtime is not None:
            environment["XDG_RUNTIME_DIR"] = str(runtime)
        command = [sys.executable, "-P", "-m", "meldkluis.workstation.cli", "open", "--directory", str(vault_directory)]
        done = subprocess.run(
            [*command, *more], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        return done, json.loads(seen.read_text(encoding="utf-8")) if seen.exists() else {}

    yield press
    for process in running(vault_directory):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGTERM)
    ends(vault_directory)


def running(vault: Path) -> list[int]:
    """The numbers of the processes that serve a vault."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (process / "cmdline").read_bytes().split(b"\0")
            if b"run" in line and os.fsencode(vault) in line:
                found.append(int(process.name))
    return found


def ends(vault: Path) -> None:
    """Wait until no process serves a vault."""
    deadline = time.monotonic() + 30
    while running(vault):
        assert time.monotonic() < deadline
        threading.Event().wait(0.05)


def ask(seen: dict[str, Any], method: str, path: str, **form: str) -> tuple[int, str]:
    """Send a request with the session that the browser got."""
    connection = http.client.HTTPConnection("127.0.0.1", seen["port"], timeout=20)
    origin = f"http://127.0.0.1:{seen['port']}"
    headers = {"Cookie": seen["cookie"], "Sec-Fetch-Site": "same-origin", "Origin": origin}
    if form:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request(method, path, urlencode(form) if form else None, headers)
    with contextlib.closing(connection), connection.getresponse() as answer:
        return answer.status, answer.read().decode()


def csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_one_press(press: Press, runtime: Path) -> None:
    """The browser gets the first page by a file of mode 0600 that is gone afterwards; no process shows the address."""
    done, seen = press()

    assert (done.returncode, done.stderr) == (0, "")
    assert (seen["status"], seen["mode"]) == (200, 0o600)
    assert 'action="/unlock"' in seen["answer"]
    assert "Meldkluis wordt geopend" in seen["page"]
    assert seen["shown"] == []
    assert Path(seen["file"]).is_relative_to(runtime)
    assert not Path(seen["file"]).exists()
    token = re.search(r"token=([\w-]+)", seen["page"])
    assert token is not None
    for path in runtime.rglob("*"):
        assert path.lstat().st_mode & 0o077 == 0
        if path.is_file():
            assert token[1] not in path.read_text(encoding="utf-8")
    assert token[1] not in done.stdout


def test_second_press_finds_the_first(press: Press, vault_directory: Path) -> None:
    """A second press opens the same program in a new session, and a second `run` for the vault says so."""
    _, first = press()
    before = running(vault_directory)
    done, second = press("--json")

    assert json.loads(done.stdout) == {"opened": True}
    assert second["port"] == first["port"]
    assert running(vault_directory) == before
    assert ask(second, "GET", "/unlock")[0] == 200
    assert ask(first, "GET", "/unlock")[0] == 401


def test_one_program_for_a_vault(press: Press, runtime: Path, vault_directory: Path) -> None:
    """While a program serves the vault another one does not begin."""
    press()
    again = subprocess.run(
        [sys.executable, "-P", "-m", "meldkluis.workstation.cli", "run", "--directory", str(vault_directory)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(runtime)}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert (again.returncode, again.stdout) == (1, "")
    assert "this vault is served already" in again.stderr


def test_end_by_the_button(press: Press, vault_directory: Path) -> None:
    """The button locks the vault and ends the program; the next press starts it anew."""
    _, seen = press()
    assert "Afsluiten" in seen["answer"]
    status, page = ask(seen, "POST", "/end", csrf=csrf(seen["answer"]))
    assert (status, "Meldkluis is afgesloten" in page) == (200, True)

    done, again = press()
    assert done.returncode == 0
    assert again["status"] == 200
    with pytest.raises(OSError):
        ask(seen, "GET", "/unlock")
    assert len(running(vault_directory)) >= 1


def test_ends_with_the_desktop_session(press: Press, runtime: Path, vault_directory: Path) -> None:
    """When the officer logs out, the session's folder goes, and the program with it."""
    press()
    assert running(vault_directory)
    for path in sorted(runtime.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()

    ends(vault_directory)


def test_a_vault_that_others_can_read(press: Press, vault_directory: Path) -> None:
    """What went wrong is said at the terminal, and in the browser for who has none."""
    (vault_directory / "vault.json").chmod(0o644)
    done, seen = press()

    assert done.returncode == 1
    assert done.stderr.startswith("meldkluis-workstation: others can read this vault")
    assert "Meldkluis start niet" in seen["page"]
    assert "others can read this vault" in seen["page"]
    assert seen["mode"] == 0o600


def test_in_english(press: Press, vault_directory: Path) -> None:
    """The pages before the first one speak the desktop's language."""
    (vault_directory / "vault.json").chmod(0o644)
    _, seen = press(language="en_GB.UTF-8")

    assert "Meldkluis does not start" in seen["page"]


def test_without_a_session_folder(press: Press, vault_directory: Path) -> None:
    """Without the session's folder the vault's own directory is used."""
    done, seen = press(runtime=None)

    assert done.returncode == 0
    assert Path(seen["file"]).is_relative_to(vault_directory)


def test_no_browser(press: Press, monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser that cannot be started is said."""
    monkeypatch.setenv("BROWSER", "/nonexistent")
    environment = {**os.environ, "BROWSER": "/nonexistent %s", "PATH": "/nonexistent", "DISPLAY": ""}
    command = [sys.executable, "-P", "-m", "meldkluis.workstation.cli", "open", "--directory", "/nonexistent/vault"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith("meldkluis-workstation: ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("mode", [0o755, 0o770])
def test_open_session_folder_is_not_used(runtime: Path, vault_directory: Path, monkeypatch, mode: int) -> None:
    """A folder that others can reach is not trusted with the socket."""
    runtime.chmod(mode)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))

    assert doorway(vault_directory).is_relative_to(vault_directory)


def test_open_own_folder_is_refused(vault_directory: Path, monkeypatch) -> None:
    """A folder of ours that somebody opened to others, or put a link in place of, is refused."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    doorway(vault_directory).chmod(0o755)
    with pytest.raises(WorkstationError):
        doorway(vault_directory)
    (vault_directory / "run").rmdir()
    (vault_directory / "run").symlink_to("/tmp")
    with pytest.raises(WorkstationError):
        doorway(vault_directory)


def test_lock_is_for_one(runtime: Path) -> None:
    """Of two programs one has the lock, until it lets go."""
    with held(runtime) as first:
        assert first
        with held(runtime) as second:
            assert not second
    with held(runtime) as third:
        assert third


def test_door_tells_and_says_when_spent(runtime: Path, browser: Browser) -> None:
    """Over the socket comes the newest start address; its use is told; a closed door, and a left one, answer nobody."""
    assert knock(runtime) is None
    (runtime / "door").touch()
    assert knock(runtime) is None
    door = Door(runtime, browser.station.sessions)
    one = knock(runtime)
    assert one is not None
    assert one.start == browser.starts[-1]
    browser.start()
    assert one.wait_until_spent()
    other = knock(runtime)
    assert other is not None
    assert other.start == browser.starts[-1] != one.start
    one.close()
    other.close()
    door.close()
    assert knock(runtime) is None


def test_long_paths(tmp_path: Path) -> None:
    """The socket works below a path that is longer than a socket's address may be."""
    folder = tmp_path / ("x" * 200)
    folder.mkdir(mode=0o700)
    door = Door(folder, Sessions(ORIGIN, lambda _: None))
    found = knock(folder)
    door.close()

    assert found is not None
    assert found.start.startswith(ORIGIN)
    found.close()


def test_malformed_answer(runtime: Path) -> None:
    """What answers without an address is an error, not an address."""
    with socket.socket(socket.AF_UNIX) as listener:
        handle = os.open(runtime, os.O_PATH)
        listener.bind(f"/proc/self/fd/{handle}/door")
        os.close(handle)
        listener.listen()

        def answer() -> None:
            connection, _ = listener.accept()
            connection.sendall(b"hello\n")
            connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(WorkstationError):
            knock(runtime)
        thread.join(20)


def test_end_is_not_ours_everywhere(browser: Browser) -> None:
    """Where the program is somebody else's there is no button and no such page."""
    browser.start()

    assert "Afsluiten" not in browser.get("/unlock").text
    assert browser.post("/end").status_code == 404
