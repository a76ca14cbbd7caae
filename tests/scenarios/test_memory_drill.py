# SPDX-License-Identifier: EUPL-1.2
"""What the server needs of memory: the sum of PSS of master and two workers, under load and while large files come in."""

import os
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from asking import ask, authorization
from door import BOUNDARY, connect, encode, fields_of, report
from running import Server, found, serving

from meldkluis.crypto.limits import MIB
from meldkluis.mailbox import wire

MB = 1_000_000
FILE = 100 * MB
UNDER_LOAD = 120 * MB
MORE = 32 * MIB

pytestmark = [pytest.mark.drill, pytest.mark.timeout(900)]


def memory(server: Server) -> int:
    """Return the sum of PSS of master and workers in bytes."""
    master = server.process.pid
    listed = subprocess.run(["pgrep", "-P", str(master)], capture_output=True, text=True, check=True).stdout
    total = 0
    for process in (master, *map(int, listed.split())):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


class Peak:
    """The most memory seen while something else went on."""

    def __init__(self) -> None:
        self.seen = 0


@contextmanager
def watching(server: Server) -> Iterator[Peak]:
    """Look at the memory twenty times a second until the block ends."""
    peak, over = Peak(), threading.Event()

    def look() -> None:
        while not over.is_set():
            peak.seen = max(peak.seen, memory(server))
            over.wait(0.05)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield peak
    finally:
        over.set()
        watcher.join()


def send_all_ways(server: Server, rounds: int) -> None:
    """Report by script and at the door, and open the mailbox both ways."""
    for _ in range(rounds):
        who = server.cast.reporter()
        sealed = server.cast.compose(who)
        body = wire.ReportRequest(sealed.entry.raw, sealed.files).dump()
        assert ask(server.site, "POST", "/api/reports", body, authorization(who.address))[0] == 201
        assert ask(server.site, "POST", "/api/mailbox", headers=authorization(who.address))[0] == 200
        fields = fields_of(to=server.cast.everybody, text="x" * 2000)
        assert report(server.site, fields).status == 200
        opened = report(server.site, [("code", dict(fields)["code"]), ("action", "open")], path="/bericht")
        assert opened.status == 200


def send_large(server: Server) -> int:
    """Send a report with a file of 100 MB, made on the way; return the status."""
    mark = b"FILE-HERE"
    before, after = encode(fields_of(to=server.cast.everybody), [("file", "film.mp4", mark)]).split(mark)
    block = os.urandom(MIB)
    head = (
        f"POST /melden HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
        f"Content-Length: {len(before) + FILE + len(after)}\r\nConnection: close\r\n\r\n"
    ).encode()
    with connect(server.site) as connection:
        connection.settimeout(300)
        connection.sendall(head + before)
        for _ in range(FILE // MIB):
            connection.sendall(block)
        connection.sendall(block[: FILE % MIB] + after)
        return int(connection.recv(12)[9:])


def test_memory(tmp_path: Path) -> None:
    """At most 120 MB under load, and at most 32 MiB more while eight files of 100 MB come in at once."""
    directory = tmp_path / "organisation"
    cast = found(directory)
    with serving(directory, cast) as server:
        with watching(server) as load, ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: send_all_ways(server, 60), range(8)))
        before = memory(server)
        with watching(server) as large, ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(lambda _: send_large(server), range(8)))
    print(
        f"load {load.seen / MB:.0f} MB, then {before / MB:.0f} MB, eight files +{(large.seen - before) / MIB:.0f} MiB"
    )
    assert statuses == [200] * 8
    assert load.seen <= UNDER_LOAD
    assert large.seen - before <= MORE
