# SPDX-License-Identifier: EUPL-1.2
"""While a report comes in at the door nothing readable reaches a file (docs/attacks.md).

The server runs under strace: every write to a descriptor that is not a socket is looked through for a canary, and so is
afterwards every file it left, and every value of the database opened with its key.
"""

import os
import re
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cast import Cast
from door import connect, encode, fields_of, report, request
from running import Server, found, serving

from meldkluis.mailbox.keyfile import DATABASE_KEY, read
from meldkluis.mailbox.schema import connect as connect_database
from meldkluis.mailbox.store import DATABASE

CANARY = "kanariegeel4711"
FILE = (CANARY + "-bestand ").encode() * 120_000
SYSTEM_CALLS = (
    "write,pwrite64,writev,pwritev,pwritev2,sendfile,copy_file_range,splice,tee,vmsplice,memfd_create,mknodat,linkat"
)
WRITES = re.compile(r"\b(?:p?write(?:v2?|64)?|pwritev2?)\((\d+)<([^>]*)>")

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    directory = tmp_path / "organisation"
    directory.mkdir()
    (tmp_path / "tmp").mkdir()
    return directory


def traced(home: Path, cast: Cast) -> Iterator[Server]:
    """Serve under strace, with a temporary folder of its own."""
    trace = home.parent / "trace"
    strace = ["strace", "-f", "-y", "-qq", "-s", "8192", "-e", f"trace={SYSTEM_CALLS}", "-o", str(trace)]
    with serving(home, cast, before=strace, environment={"TMPDIR": str(home.parent / "tmp")}) as server:
        yield server


def written_to_files(trace: Path) -> list[str]:
    """The traced writes whose descriptor is no socket, pipe or event."""
    lines = []
    for line in trace.read_text(errors="replace").splitlines():
        found = WRITES.search(line)
        if found and not re.match(r"(socket|pipe|TCP|UNIX|anon_inode)", found[2]):
            lines.append(line)
    return lines


def values(home: Path) -> Iterator[bytes]:
    """Every value in the opened database."""
    database = connect_database(home / DATABASE, read(home, DATABASE_KEY))
    for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        for row in database.execute(f'SELECT * FROM "{table}"'):
            yield from (value if isinstance(value, bytes) else str(value).encode() for value in row)
    database.close()


def assert_nothing_readable(home: Path, secrets: list[str]) -> None:
    """No secret in any file, traced write or database value."""
    files = written_to_files(home.parent / "trace")
    assert any(DATABASE in line for line in files), "strace saw no write to the database: the test proves nothing"
    needles = [secret.encode() for secret in secrets]
    for line in files:
        assert not [secret for secret in secrets if secret in line]
    for path in (path for folder in (home, home.parent / "tmp") for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        assert not [needle for needle in needles if needle in content], path.name
    for value in values(home):
        assert not [needle for needle in needles if needle in value]


def secrets_of(code: str) -> list[str]:
    return [CANARY, code, *(" ".join(code.split()[at : at + 3]) for at in range(10))]


def test_a_report_with_an_attachment_leaves_nothing_readable(home: Path) -> None:
    """Text, contact details, file name, file and code are in no file, no traced write and no value."""
    cast = found(home)
    for server in traced(home, cast):
        fields = fields_of(to=cast.everybody, text=CANARY * 40, about=CANARY, name=CANARY, contact=CANARY)
        code = dict(fields)["code"]
        answer = report(server.site, fields, [("file", f"{CANARY}.pdf", FILE)])
        assert answer.status in {200, 201}, answer.page
        refused = report(server.site, fields_of(to=(), text=CANARY * 40))
        assert refused.status == 422
        assert refused.holds(CANARY)
        opened = report(server.site, [("code", code), ("action", "open")], path="/bericht")
        assert opened.status == 200
    assert_nothing_readable(home, secrets_of(code))


def test_a_crash_in_the_middle_leaves_nothing_readable(home: Path) -> None:
    """The power goes while a file streams in: what was staged is ciphertext, and there is no report."""
    cast = found(home)
    for server in traced(home, cast):
        fields = fields_of(to=cast.everybody, text=CANARY * 40, name=CANARY)
        body = encode(fields, [("file", f"{CANARY}.pdf", FILE * 4)])
        with connect(server.site) as connection:
            connection.sendall(request("/melden", body)[: len(body) * 3 // 4])
            deadline = time.monotonic() + 20
            while not any(DATABASE in line for line in written_to_files(home.parent / "trace")):
                assert time.monotonic() < deadline, "nothing was staged"
                time.sleep(0.05)
            os.killpg(server.process.pid, signal.SIGKILL)
            server.process.wait()
    assert_nothing_readable(home, secrets_of(dict(fields)["code"]))
