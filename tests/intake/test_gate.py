# SPDX-License-Identifier: EUPL-1.2
"""The form before and after it opens, as a person and as a script meet it; security.txt."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from asking import authorization
from cast import ORGANISATION
from gate import Body, before_the_gate
from house import House, Page
from starlette.testclient import TestClient

from meldkluis.crypto import receipt, report
from meldkluis.crypto.attachment import seal_attachment
from meldkluis.crypto.encoding import b64
from meldkluis.crypto.roster import RosterVersion, parse_roster
from meldkluis.intake.app import create_app
from meldkluis.intake.config import Config, Security
from meldkluis.intake.headers import ALWAYS
from meldkluis.intake.security_txt import PATH
from meldkluis.mailbox import wire
from meldkluis.mailbox.clock import today
from meldkluis.mailbox.errors import Refused


@pytest.fixture
def body(tmp_path: Path) -> Iterator[Body]:
    """An organisation whose officers could read a report, and whose form was never open."""
    with before_the_gate(tmp_path) as made:
        yield made


def house_of(body: Body) -> House:
    client = TestClient(create_app(body.config, body.desk), base_url="http://localhost")
    version = RosterVersion(body.desk.now().versions[-1].payload)
    return House(body.desk, client, tuple(body.officers), version)


def compose(body: Body) -> tuple[receipt.Receipt, report.Sealed]:
    who = receipt.derive(receipt.generate(), ORGANISATION)
    roster = body.desk.now().roster
    assert roster is not None
    keys = {officer.key: officer.intake_key for officer in body.officers}
    draft = report.Draft(kind="report", about="", text="Er klopt iets niet.", to=frozenset(keys))
    return who, report.compose_report(who, draft, roster, keys)


@pytest.mark.parametrize(
    ("path", "heading", "sent", "outside"),
    [
        ("/melden", "Deze meldpagina is nog niet open", "Er is niets verstuurd.", "meteen buiten onze organisatie"),
        ("/en/melden", "This page is not open yet", "Nothing has been sent.", "outside our organisation right away"),
    ],
)
def test_the_form_is_not_there_yet(body: Body, path: str, heading: str, sent: str, outside: str) -> None:
    """Before the gate the form's page says that it is not open yet and where else to go, in the reader's language."""
    house = house_of(body)
    for page in (house.get(path), house.get(f"{path}?door"), house.post(path, house.fields())):
        assert page.status == 503
        said = page.said()
        assert heading in said
        assert sent in said
        assert outside in said
        assert "088 133 10 00" in said
        assert page.all("form") == []
        assert "U kunt hier nu niet melden" not in said
        for name, value in ALWAYS.items():
            assert page.headers[name] == value


@pytest.mark.parametrize("path", ["/melden", "/en/melden"])
def test_what_was_typed_comes_back(body: Body, path: str) -> None:
    """A report that is sent before the gate is refused, with everything that was typed, and nothing is kept."""
    house = house_of(body)
    fields = house.fields(text="mijn verhaal", about="de afdeling", name="Jo", contact="kamer 3")

    page = house.post(path, fields, [("file", ("brief.txt", b"inhoud" * 1000))])

    assert page.status == 503
    (kept,) = page.all("textarea", id="kept")
    assert (kept.text or "").strip().split("\n\n") == ["de afdeling", "mijn verhaal", "Jo", "kamer 3"]
    assert not house.box(fields["code"]).found
    counted = body.desk.store._read(lambda db: db.execute("SELECT count(*) FROM staging").fetchone())
    assert counted == (0,)


def test_nobody_to_read_is_another_page(tmp_path: Path) -> None:
    """Where the form was open but no officer can be reached, the page says that, and not that it never opened."""
    with before_the_gate(tmp_path, []) as body:
        body.remember("opened", 3)
        client = TestClient(create_app(body.config, body.desk), base_url="http://localhost")
        answers = [client.get(path) for path in ("/melden", "/en/melden")]

    dutch, english = (Page(answer.status_code, answer.headers, answer.content) for answer in answers)
    assert (dutch.status, english.status) == (503, 503)
    assert "U kunt hier nu niet melden" in dutch.said()
    assert "nog niet open" not in dutch.text
    assert "not open yet" not in english.text


def test_the_other_pages_are_open(body: Body) -> None:
    """Start, mailbox, keys and the check of a proof are there before the gate."""
    house = house_of(body)
    for path in ("/", "/bericht", "/bericht?door", "/sleutels", "/bewijs", "/en/", "/en/bericht"):
        assert house.get(path).status == 200
    asked = house.post("/bericht", {"code": receipt.generate(), "action": "open"})
    assert asked.status == 200
    assert "Bij deze code vinden wij geen melding" in asked.said()


def test_the_interface_refuses(body: Body) -> None:
    """Keys, uploads and reports are refused with 503 and one code; mailbox and messages are not."""
    client = TestClient(create_app(body.config, body.desk), base_url="http://localhost")
    who, sealed = compose(body)
    headers = authorization(who.address)
    ciphertext, attachment = seal_attachment("a", b"x")
    part = f"/api/parts/{b64(attachment.ref.id)}/0"
    sent = wire.ReportRequest(sealed.entry.raw, sealed.files).dump()

    for answer in (
        client.get("/api/keys"),
        client.put(part, content=ciphertext, headers=headers),
        client.post("/api/reports", content=sent, headers=headers),
    ):
        assert (answer.status_code, answer.json()) == (503, {"error": "not-open"})
    assert client.post("/api/mailbox", headers=headers).json()["found"] is False
    add = wire.AddRequest(sealed.entry.raw, {}).dump()
    assert client.post("/api/messages", content=add, headers=headers).json()["error"] != "not-open"


def test_the_desk_refuses_by_itself(body: Body) -> None:
    """Whatever way a report comes, the desk takes none before the gate, and leaves nothing behind."""
    who, sealed = compose(body)
    ciphertext, attachment = seal_attachment("a", b"x")
    for sending in (
        body.desk.submit(who.address, sealed.entry.raw, sealed.files, today()),
        body.desk.stage(who.address, attachment.ref.id, 0, ciphertext, today()),
    ):
        with pytest.raises(Refused) as caught:
            asyncio.run(sending)
        assert caught.value.code == "not-open"
    assert not body.desk.mailbox(who.address, today()).found


def test_it_opens_while_it_runs(body: Body) -> None:
    """Once another process has opened it, the running site takes reports; and goes on when settings go missing."""
    house = house_of(body)
    assert house.get("/melden").status == 503

    body.remember("opened", 0)

    assert house.get("/melden").status == 200
    assert house.post("/melden", house.fields()).status == 200
    assert house.client.get("/api/keys").status_code == 200
    bare = Config(ORGANISATION, "Gemeente Voorbeeld")
    later = TestClient(create_app(bare, body.desk), base_url="http://localhost")
    assert later.get("/melden").status_code == 200
    roster = body.desk.now().roster
    assert roster is not None
    assert roster == parse_roster(roster.payload)


def served(body: Body, config: Config, host: str = "localhost") -> Page:
    answer = TestClient(create_app(config, body.desk), base_url=f"http://{host}").get(PATH)
    return Page(answer.status_code, answer.headers, answer.content)


def test_security_txt(body: Body) -> None:
    """The file has what RFC 9116 asks for, as plain text, with all headers; a name that is known is canonical."""
    security = Security("mailto:ict@voorbeeld.example", date(2027, 6, 1))
    config = replace(body.config, security=security, hosts=("melden.voorbeeld.example", "abc.onion"))

    page = served(body, config, "melden.voorbeeld.example")

    assert page.status == 200
    assert page.headers["content-type"] == "text/plain; charset=utf-8"
    assert page.text.split("\r\n") == [
        "Contact: mailto:ict@voorbeeld.example",
        "Expires: 2027-06-01T00:00:00Z",
        "Preferred-Languages: nl, en",
        "Canonical: https://melden.voorbeeld.example/.well-known/security.txt",
        "",
    ]
    for name, value in ALWAYS.items():
        assert page.headers[name] == value
    for host in ("abc.onion", "localhost", "evil.example"):
        assert "Canonical" not in served(body, config, host).text


@pytest.mark.parametrize("security", [Security(), Security("mailto:a@b.example"), Security(None, date(2027, 6, 1))])
def test_no_security_txt(body: Body, security: Security) -> None:
    """Without contact or without an end there is no such file."""
    assert served(body, replace(body.config, security=security)).status == 404
