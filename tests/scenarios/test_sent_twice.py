# SPDX-License-Identifier: EUPL-1.2
"""One code sent twice, by the same way in or another, with the same text or a changed one: one report, no text lost."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from asking import ask, authorization
from cast import ORGANISATION
from door import Answer, encode, fields_of, report, request, send
from running import Server, found, serving

from meldkluis.crypto import receipt
from meldkluis.crypto.casework import OpenedMessage, open_message
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.encoding import unb64
from meldkluis.crypto.report import compose_report
from meldkluis.mailbox import wire
from meldkluis.mailbox.desk import Desk

FIRST, SECOND = "De eerste tekst.", "Een heel andere tekst."


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server; every test has codes of its own."""
    directory = tmp_path_factory.mktemp("twice") / "organisation"
    cast = found(directory)
    with serving(directory, cast) as running:
        yield running


@pytest.fixture(scope="module")
def desk(server: Server) -> Iterator[Desk]:
    """The database, read beside the server."""
    opened = Desk.open(server.directory)
    yield opened
    opened.close()


def log_of(server: Server, desk: Desk, code: str) -> CaseLog:
    """Return the log that the code opens, verified."""
    who = receipt.derive(code, ORGANISATION)
    status, body = ask(server.site, "POST", "/api/mailbox", headers=authorization(who.address))
    assert status == 200
    log = CaseLog(ORGANISATION, who.case, [desk.server_key])
    for raw in json.loads(body)["log"]:
        log.append(unb64(raw))
    return log


def read(server: Server, desk: Desk, code: str, index: int = 0) -> OpenedMessage:
    """Open a message with an officer's key."""
    log, officer = log_of(server, desk, code), server.cast.one
    file = b"".join(desk.file(officer.key, log.case, index, "message" if index else "content"))
    return open_message(file, log.entries[index], log, [officer.identity])


def at_the_door(server: Server, code: str, text: str) -> Answer:
    return report(server.site, fields_of(code, to=server.cast.everybody, text=text))


def by_script(server: Server, code: str, text: str) -> Answer:
    """What the browser's script sends."""
    who = receipt.derive(code, ORGANISATION)
    sealed = compose_report(who, server.cast.draft(text), server.cast.roster, server.cast.keys)
    body = wire.ReportRequest(sealed.entry.raw, sealed.files).dump()
    status, answer = ask(server.site, "POST", "/api/reports", body, authorization(who.address))
    return Answer(status, answer.decode())


Way = Callable[[Server, str, str], Answer]
WAYS = pytest.mark.parametrize("second", [at_the_door, by_script])
FIRST_WAYS = pytest.mark.parametrize("first", [at_the_door, by_script])


@FIRST_WAYS
@WAYS
def test_the_same_text(server: Server, desk: Desk, first: Way, second: Way) -> None:
    """The same content with the same code is one report, whichever way each came in; both get a receipt."""
    code = receipt.generate()

    assert first(server, code, FIRST).status in {200, 201}
    again = second(server, code, FIRST)

    assert again.status == 200
    assert [entry.act for entry in log_of(server, desk, code).entries] == ["submitted", "received"]
    assert read(server, desk, code).document.text == FIRST


@FIRST_WAYS
@WAYS
def test_another_text(server: Server, desk: Desk, first: Way, second: Way) -> None:
    """The first text stands; the second one is refused aloud, and at the door it comes back ready as an addition."""
    code = receipt.generate()
    assert first(server, code, FIRST).status in {200, 201}

    other = second(server, code, SECOND)

    assert other.status == 409
    assert [entry.act for entry in log_of(server, desk, code).entries] == ["submitted", "received"]
    assert read(server, desk, code).document.text == FIRST
    if second is by_script:
        assert json.loads(other.page) == {"error": "other-text"}
        return
    assert other.holds(SECOND)
    fields = [("code", code), ("action", "send"), ("number", "2"), ("text", SECOND), ("name", ""), ("contact", "")]
    assert report(server.site, fields, path="/bericht").status == 200
    assert read(server, desk, code, 2).document.text == SECOND


def test_the_other_language(server: Server, desk: Desk) -> None:
    """The same form on the English page is the same report."""
    code = receipt.generate()
    fields = fields_of(code, to=server.cast.everybody, text=FIRST)

    assert report(server.site, fields).status == 200
    assert report(server.site, fields, path="/en/melden").status == 200
    assert [entry.act for entry in log_of(server, desk, code).entries] == ["submitted", "received"]


@pytest.mark.parametrize("changed", [False, True])
def test_all_ways_at_once(server: Server, desk: Desk, *, changed: bool) -> None:
    """Many at the same moment, through every door and worker: one report, and every other text is told so."""
    code = receipt.generate()
    ways = [at_the_door, by_script] * 5

    def go(number: int) -> Answer:
        return ways[number](server, code, f"Tekst {number}." if changed else FIRST)

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(go, range(10)))

    log = log_of(server, desk, code)
    assert [entry.act for entry in log.entries] == ["submitted", "received"]
    good = [number for number, answer in enumerate(answers) if answer.status in {200, 201}]
    assert {answer.status for answer in answers} <= {200, 201, 409}
    if not changed:
        assert len(good) == 10
        return
    (winner,) = good
    assert read(server, desk, code).document.text == f"Tekst {winner}."
    for number in set(range(0, 10, 2)) - {winner}:
        assert answers[number].holds(f"Tekst {number}.")


def test_two_additions_at_once(server: Server, desk: Desk) -> None:
    """Two texts for one number at the same moment: one is added, the other comes back whole."""
    code = receipt.generate()
    assert at_the_door(server, code, FIRST).status == 200
    texts = [f"Aanvulling {n}." for n in range(6)]

    def go(text: str) -> Answer:
        fields = [("code", code), ("action", "send"), ("number", "2"), ("text", text), ("name", ""), ("contact", "")]
        return send(server.site, request("/bericht", encode(fields)))

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(go, texts))

    assert sorted(answer.status for answer in answers) == [200] + [409] * 5
    assert [entry.act for entry in log_of(server, desk, code).entries] == [
        "submitted",
        "received",
        "message",
        "received",
    ]
    added = read(server, desk, code, 2).document.text
    for text, answer in zip(texts, answers, strict=True):
        assert (text == added) if answer.status == 200 else answer.holds(text)
