# SPDX-License-Identifier: EUPL-1.2
"""A form at the door that is cut off, or whose server is killed, at every stage: one report or none, never two.

After each the same form is sent again, by the same reporter with the same code, as the page tells to do.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from asking import cut_power
from cast import ORGANISATION, Cast
from door import Answer, connect, encode, fields_of, request, send
from running import Server, found, serving

from meldkluis.crypto import receipt
from meldkluis.crypto.attachment import open_attachment
from meldkluis.crypto.casework import open_message
from meldkluis.crypto.chain import CaseLog
from meldkluis.mailbox.clock import today
from meldkluis.mailbox.desk import Desk

TEXT = "Er klopt iets niet. " * 100
FILE = random.Random(7).randbytes(5_000_000)
"""Five parts, so that some are staged before the rest has come."""


@dataclass
class Sender:
    """One reporter's form, and what became of it in the database."""

    desk: Desk
    cast: Cast
    code: str
    body: bytes
    path: str = "/melden"

    @property
    def raw(self) -> bytes:
        return request(self.path, self.body)

    def log(self) -> CaseLog:
        who = receipt.derive(self.code, ORGANISATION)
        log = CaseLog(ORGANISATION, who.case, [self.desk.server_key])
        box = self.desk.mailbox(who.address, today())
        for raw in box.log if box.found else ():
            log.append(raw)
        return log

    def acts(self) -> list[str]:
        return [entry.act for entry in self.log().entries]

    def served(self) -> int:
        """How many cases every officer is served."""
        (number,) = {len(self.desk.store.cases_of(officer.key)) for officer in self.cast.officers[:2]}
        return number

    def assert_whole(self, index: int = 0) -> None:
        """Text and file can be read by an officer, byte for byte."""
        log = self.log()
        entry, officer = log.entries[index], self.cast.one
        slot = "content" if index == 0 else "message"
        file = b"".join(self.desk.file(officer.key, log.case, index, slot))
        document = open_message(file, entry, log, [officer.identity]).document
        (ref,) = document.attachments
        assert document.text == TEXT
        assert b"".join(open_attachment(self.desk.attachment(officer.key, log.case, ref.id), ref)) == FILE


def report_of(desk: Desk, cast: Cast) -> Sender:
    """Return a report with a file, not sent yet."""
    code = receipt.generate()
    fields = fields_of(code, to=cast.everybody, text=TEXT)
    return Sender(desk, cast, code, encode(fields, [("file", "bewijs.bin", FILE)]))


STAGES: dict[str, Callable[[bytes], int]] = {
    "before the body": lambda body: -len(body),
    "inside the text": lambda body: body.index(TEXT.encode()) + 500,
    "inside the file": lambda body: body.index(FILE) + len(FILE) * 3 // 4,
    "after the file": lambda body: body.index(FILE) + len(FILE),
    "before the last byte": lambda body: len(body) - 3,
}


def until(sender: Sender, stage: str) -> bytes:
    """Return the request as far as the stage."""
    place = STAGES[stage](sender.body)
    raw = sender.raw
    start = len(raw) - len(sender.body)
    return raw[: start + max(place, 0)]


def was_there_already(answer: Answer) -> bool:
    """Whether the receipt says that the report had come before."""
    return 'data-fill="again">' in answer.page


def staged(desk: Desk) -> int:
    """How many uploads lie in staging."""
    ((number,),) = desk.store._read(lambda db: db.execute("SELECT count(*) FROM staging").fetchall())
    return int(number)


def more_staged(desk: Desk, than: int) -> bool:
    """Whether more uploads lie in staging than then."""
    return staged(desk) > than


def wait_until(what: Callable[[], bool]) -> None:
    """Ask until it holds, half a minute at most."""
    deadline = time.monotonic() + 30
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextmanager
def desk_of(directory: Path) -> Iterator[Desk]:
    """The database, read beside the server."""
    desk = Desk.open(directory)
    try:
        yield desk
    finally:
        desk.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Desk]]:
    """One server for every connection that is cut."""
    directory = tmp_path_factory.mktemp("cut") / "organisation"
    cast = found(directory)
    with serving(directory, cast) as server, desk_of(directory) as desk:
        yield server, desk


@pytest.mark.parametrize("stage", STAGES)
def test_a_form_that_is_cut_off(running: tuple[Server, Desk], stage: str) -> None:
    """Nothing is kept of it, and sent again it is one report."""
    server, desk = running
    sender = report_of(desk, server.cast)
    before = sender.served()
    with connect(server.site) as connection:
        connection.sendall(until(sender, stage))
        if stage in {"inside the file", "after the file", "before the last byte"}:
            wait_until(lambda: staged(desk) > 0)

    wait_until(lambda: staged(desk) == 0)
    assert sender.acts() == []
    again = send(server.site, sender.raw)

    assert again.status == 200
    assert again.code == sender.code
    assert not was_there_already(again)
    assert sender.acts() == ["submitted", "received"]
    assert sender.served() == before + 1
    assert staged(desk) == 0
    sender.assert_whole()


def test_a_reporter_who_does_not_wait_for_the_answer(running: tuple[Server, Desk]) -> None:
    """A form that came whole is one report, whether or not anybody was there to read the receipt."""
    server, desk = running
    sender = report_of(desk, server.cast)
    before = sender.served()
    with connect(server.site) as connection:
        connection.sendall(sender.raw)

    wait_until(lambda: staged(desk) == 0)
    again = send(server.site, sender.raw)

    assert again.status == 200
    assert sender.acts() == ["submitted", "received"]
    assert sender.served() == before + 1
    sender.assert_whole()


@pytest.mark.parametrize("stage", STAGES)
def test_an_addition_that_is_cut_off(running: tuple[Server, Desk], stage: str) -> None:
    """Nothing is kept of it, and sent again it is one addition; once more says so and keeps the text."""
    server, desk = running
    sender = report_of(desk, server.cast)
    assert send(server.site, sender.raw).status == 200
    fields = [("code", sender.code), ("action", "send"), ("number", "2"), ("text", TEXT), ("name", ""), ("contact", "")]
    sender.path, sender.body = "/bericht", encode(fields, [("file", "nog.bin", FILE)])
    with connect(server.site) as connection:
        connection.sendall(until(sender, stage))
        if stage in {"inside the file", "after the file", "before the last byte"}:
            wait_until(lambda: staged(desk) > 0)

    wait_until(lambda: staged(desk) == 0)
    assert sender.acts() == ["submitted", "received"]
    answers = [send(server.site, sender.raw) for _ in range(2)]

    assert [answer.status for answer in answers] == [200, 409]
    assert answers[1].holds(TEXT.strip())
    assert sender.acts() == ["submitted", "received", "message", "received"]
    sender.assert_whole(2)


def answer_within(connection, seconds: float) -> bytes:
    """Return what came before the time was over."""
    connection.settimeout(seconds)
    try:
        return bytes(connection.recv(1 << 20))
    except OSError:
        return b""


def after_the_kill(sender: Sender, server: Server, answered: bool, before: int) -> Answer:
    """Send the form again to a fresh server: one report, and no receipt was shown without one."""
    acts = sender.acts()
    assert acts in ([], ["submitted", "received"])
    assert acts or not answered
    assert sender.served() == before + bool(acts)
    again = send(server.site, sender.raw)
    assert again.status == 200
    assert again.code == sender.code
    assert was_there_already(again) == bool(acts)
    assert sender.acts() == ["submitted", "received"]
    assert sender.served() == before + 1
    sender.assert_whole()
    return again


@pytest.mark.timeout(300)
def test_a_server_that_is_killed(tmp_path: Path) -> None:
    """Killed at any stage of a form, and at any moment after its last byte, the server has it whole or not at all."""
    directory = tmp_path / "organisation"
    cast = found(directory)
    moments: list[str | float] = [*STAGES, 0.001, 0.01, 0.02, 0.04, 0.08]
    killed: tuple[Sender, bool, int] | None = None
    with desk_of(directory) as desk:
        for moment in [*moments, None]:
            with serving(directory, cast) as server:
                if killed is not None:
                    after_the_kill(killed[0], server, *killed[1:])
                if moment is None:
                    return
                sender = report_of(desk, cast)
                before, answered = sender.served(), False
                waiting = staged(desk)
                with connect(server.site) as connection:
                    if isinstance(moment, str):
                        connection.sendall(until(sender, moment))
                        if moment in {"inside the file", "after the file", "before the last byte"}:
                            wait_until(partial(more_staged, desk, waiting))
                    else:
                        connection.sendall(sender.raw)
                        answered = answer_within(connection, moment).startswith(b"HTTP/1.1 200 ")
                    cut_power(server)
                killed = sender, answered, before


@pytest.mark.timeout(300)
def test_a_server_that_is_killed_over_an_addition(tmp_path: Path) -> None:
    """Killed at any moment after the last byte of an addition: sent again, it is there once and no text is lost."""
    directory = tmp_path / "organisation"
    cast = found(directory)
    with desk_of(directory) as desk:
        sender = report_of(desk, cast)
        with serving(directory, cast) as server:
            assert send(server.site, sender.raw).status == 200
        sender.path = "/bericht"
        for number, moment in enumerate((0.001, 0.01, 0.03), 2):
            fields = [("code", sender.code), ("action", "send"), ("number", str(number)), ("text", TEXT)]
            sender.body = encode([*fields, ("name", ""), ("contact", "")], [("file", "nog.bin", FILE)])
            with serving(directory, cast) as server, connect(server.site) as connection:
                connection.sendall(sender.raw)
                answered = answer_within(connection, moment).startswith(b"HTTP/1.1 200 ")
                cut_power(server)
            arrived = sender.acts().count("message") == number - 1
            assert arrived or not answered
            with serving(directory, cast) as server:
                again = send(server.site, sender.raw)
            assert again.status == (409 if arrived else 200)
            assert again.holds(TEXT.strip()) == arrived
            assert sender.acts() == ["submitted", "received", *(["message", "received"] * (number - 1))]
            sender.assert_whole(2 * number - 2)
