# SPDX-License-Identifier: EUPL-1.2
"""The demo as a newcomer meets it: started, used as reporter and as officer, ended, started again."""

import contextlib
import http.cookiejar
import re
import signal
import socket
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pytest
from running import free_port

from meldkluis.intake.cli import main

DEMO = Path(__file__).resolve().parents[2] / "tools" / "demo.py"


@dataclass
class Running:
    """A demo that explained itself. `said` is what it printed."""

    process: "subprocess.Popen[str]"
    said: str

    @property
    def code(self) -> str:
        found = re.search(r"sample report:\n\s+([a-z ]+)\n", self.said)
        assert found is not None
        return found[1].strip()

    @property
    def starts(self) -> list[str]:
        return re.findall(r"http://\S+/start\?token=\S+", self.said)

    @property
    def passphrase(self) -> str:
        found = re.findall(r"type    (demo .*)", self.said)
        assert len(set(found)) == 1
        return str(found[0])

    @property
    def site(self) -> str:
        found = re.search(r"open    (http://[0-9.:]+)/ ", self.said)
        assert found is not None
        return found[1]


def five_ports() -> int:
    """Return a port that is free together with the others that a demo takes from it."""
    while True:
        first = free_port()
        if first < 65_000 and all(is_free(first + n) for n in (0, 1, 2, 3, 10)):
            return first


def is_free(port: int) -> bool:
    with contextlib.suppress(OSError), socket.socket() as probe:
        probe.bind(("127.0.0.1", port))
        return True
    return False


@contextlib.contextmanager
def demo(directory: Path, port: int, *arguments: str) -> Iterator[Running]:
    """Run the demo until the end of the block, then end it as `kill` does."""
    command = [sys.executable, "-P", str(DEMO), "--port", str(port), "--directory", str(directory), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("Ctrl-C"):
            break
    try:
        yield Running(process, "".join(lines))
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
        process.stdout.close()
        assert process.wait(30) == 0, rest
        assert "Traceback" not in rest


class Visitor:
    """A browser with cookies and no script."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))

    def get(self, url: str) -> str:
        with self.opener.open(url, timeout=30) as answer:
            return unescape(answer.read().decode())

    def post(self, path: str, fields: dict[str, str]) -> str:
        body = urllib.parse.urlencode(fields).encode()
        request = urllib.request.Request(self.origin + path, body, {"Origin": self.origin})
        with self.opener.open(request, timeout=30) as answer:
            return unescape(answer.read().decode())


def unlock(start: str, passphrase: str) -> str:
    """Open a workstation as its officer does, and return the page that follows."""
    visitor = Visitor(start.partition("/start")[0])
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]+)"', visitor.get(start)))
    return visitor.post("/unlock", {**hidden, "passphrase": passphrase})


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_demo_from_start_to_end(tmp_path: Path) -> None:
    """The demo explains three roles, shows the sample report to officers, ends whole, and begins again as it was."""
    port, directory = five_ports(), tmp_path / "demo"
    with demo(directory, port) as running:
        code = running.code
        assert len(code.split()) == 12
        assert len(running.starts) == 3
        assert running.site == f"http://127.0.0.1:{port}"
        assert "DEMO" in Visitor(running.site).get(f"{running.site}/melden?door")
        page = unlock(running.starts[0], running.passphrase)
        assert re.search(r'href="/case/[\w-]+', page)
        unlock(running.starts[2], running.passphrase)
        for taken in (port, port + 2, port + 10):
            assert listening(taken)
        assert main(["doctor", "--directory", str(directory / "server")]) == 0
    assert not any(listening(port + n) for n in (0, 1, 2, 3, 10))

    with demo(directory, port) as again:
        assert again.code == code
        assert again.starts != running.starts


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    """A port in use is named in one line, and nothing is made."""
    port = five_ports()
    with socket.socket() as other:
        other.bind(("127.0.0.1", port + 2))
        other.listen()
        command = [sys.executable, "-P", str(DEMO), "--port", str(port), "--directory", str(tmp_path / "demo")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"demo: 127.0.0.1:{port + 2} is in use")
    assert not (tmp_path / "demo").exists()


@pytest.mark.parametrize("name", ["--fresh", None])
def test_what_is_not_a_demo_is_left_alone(tmp_path: Path, name: str | None) -> None:
    """A directory that the demo did not make is not overwritten, with or without --fresh."""
    kept = tmp_path / "precious"
    kept.mkdir()
    (kept / "file").write_text("x")
    command = [sys.executable, "-P", str(DEMO), "--port", str(five_ports()), "--directory", str(kept)]
    done = subprocess.run(
        [*command, *([name] if name else [])], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 1
    assert (kept / "file").read_text() == "x"
