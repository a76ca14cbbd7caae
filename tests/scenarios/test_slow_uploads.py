# SPDX-License-Identifier: EUPL-1.2
"""Uploads at the door that take an hour hold up nobody: no write transaction is open while a body is read."""

import contextlib
import fcntl
import http.client
import random
import socket
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from asking import ask, authorization
from door import Answer, connect, encode, fields_of, report, request
from running import Server, found, serving

from meldkluis.crypto import receipt
from meldkluis.mailbox import wire
from meldkluis.mailbox.desk import Desk
from meldkluis.mailbox.store import LOCK

UPLOADS = 8
AT_ONCE = 0.1
"""Seconds that a small report may take beside uploads that stand still."""

FILE = random.Random(3).randbytes(3_000_000)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("slow") / "organisation"
    cast = found(directory)
    with serving(directory, cast) as running:
        yield running


def staged(desk: Desk) -> int:
    """How many uploads lie in staging."""
    ((number,),) = desk.store._read(lambda db: db.execute("SELECT count(*) FROM staging").fetchall())
    return int(number)


def lock_is_free(directory: Path) -> bool:
    """Whether nobody is writing."""
    with (directory / LOCK).open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def timed_report(server: Server) -> float:
    """Send a small report as a browser does; return its seconds."""
    who = server.cast.reporter()
    sealed = server.cast.compose(who)
    body = wire.ReportRequest(sealed.entry.raw, sealed.files).dump()
    began = time.perf_counter()
    status, _ = ask(server.site, "POST", "/api/reports", body, authorization(who.address))
    assert status == 201
    return time.perf_counter() - began


def timed_form(server: Server) -> float:
    """Send a small report at the door; return its seconds."""
    fields = fields_of(to=server.cast.everybody)
    began = time.perf_counter()
    assert report(server.site, fields).status == 200
    return time.perf_counter() - began


def test_uploads_that_stand_still(server: Server) -> None:
    """With eight uploads stopped in the middle of their files the turn to write is free, and others report at once."""
    desk = Desk.open(server.directory)
    with contextlib.ExitStack() as stack:
        stack.callback(desk.close)
        codes = [receipt.generate() for _ in range(UPLOADS)]
        bodies = [
            encode(fields_of(code, to=server.cast.everybody), [("file", "film.mp4", FILE)]) for code in codes
        ]  # fmt: skip
        connections = [stack.enter_context(connect(server.site)) for _ in codes]
        for connection, body in zip(connections, bodies, strict=True):
            connection.sendall(request("/melden", body)[: len(body) * 3 // 4])
        deadline = time.monotonic() + 30
        while staged(desk) < UPLOADS:
            assert time.monotonic() < deadline
            time.sleep(0.02)

        for send in (timed_report, timed_form):
            assert statistics.median(send(server) for _ in range(15)) < AT_ONCE
        assert any(lock_is_free(server.directory) for _ in range(20))
        assert staged(desk) == UPLOADS

        for connection, body in zip(connections, bodies, strict=True):
            connection.sendall(request("/melden", body)[len(body) * 3 // 4 :])
        answers = [finish(connection) for connection in connections]
        assert [answer.status for answer in answers] == [200] * UPLOADS
        assert [answer.code for answer in answers] == codes
        assert staged(desk) == 0


def finish(connection: socket.socket) -> Answer:
    """Read the answer to its end."""
    response = http.client.HTTPResponse(connection)
    response.begin()
    return Answer(response.status, response.read().decode("utf-8"))
