# SPDX-License-Identifier: EUPL-1.2
"""Reports that an officer hands in for a reporter: taken like the reporter's own, from one of their readers only."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from asking import Signing, authorization
from cast import ORGANISATION, Officer, make_officer
from house import House, make_house
from starlette.testclient import TestClient

from meldkluis.crypto import receipt, report
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.encoding import b64, dump_json
from meldkluis.crypto.entry import Entry, make_entry, parse_entry
from meldkluis.crypto.proof import armor_proof, verify_proof
from meldkluis.crypto.receipt import Receipt
from meldkluis.crypto.report import Sealed
from meldkluis.crypto.roster import RosterVersion, make_intake_key, make_roster, parse_intake_key, parse_roster
from meldkluis.crypto.signed import SigningKey, open_thing
from meldkluis.intake import api, officers
from meldkluis.mailbox import wire
from meldkluis.mailbox.clock import today

TARGET = "/v1/reports"


@pytest.fixture
def house(tmp_path: Any) -> Iterator[House]:
    """An organisation with two officers and a deputy."""
    with make_house(tmp_path / "organisation") as made:
        yield made


class Sender:
    """One officer at the interface, and reports to send."""

    def __init__(self, house: House, officer: Officer) -> None:
        self.house, self.signing = house, Signing(officer)
        self.client = TestClient(officers.create_app(house.desk), base_url="http://officers.test")

    def ask(self, body: bytes, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        given = self.signing.headers("POST", TARGET, body) if headers is None else headers
        answer = self.client.post(TARGET, content=body, headers=given)
        return answer.status_code, answer.content

    def send(self, reporter: Receipt, sealed: Sealed) -> tuple[int, bytes]:
        return self.ask(body_of(reporter.address, sealed.entry.raw, sealed.files))


def body_of(address: bytes, entry: bytes, files: Any) -> bytes:
    return wire.RegisterRequest(address, wire.ReportRequest(entry, files)).dump()


def made(house: House, *readers: Officer, **changes: Any) -> tuple[Receipt, Sealed]:
    """A report to these members and nobody else."""
    reporter = receipt.derive(receipt.generate(), ORGANISATION)
    to = frozenset(officer.key for officer in readers or house.officers)
    draft = report.Draft("report", "a", "b", to, strength="officer", **changes)
    assert house.version is not None
    keys = {officer.key: officer.intake_key for officer in house.officers}
    return reporter, report.compose_report(reporter, draft, parse_roster(house.version.payload), keys)


def count(house: House) -> int:
    """How many cases there are for anybody."""
    lines = [house.desk.store.cases_of(officer.key) for officer in house.officers]
    return len({case for served in lines for case, *_ in served})


def entry_like(sealed: Sealed, signer: SigningKey, **changes: Any) -> Entry:
    """The same entry with other fields, signed again."""
    fields = {**sealed.entry.fields, "files": sealed.entry.files, "attachments": sealed.entry.attachments, **changes}
    case = fields.pop("case", sealed.entry.case)
    return make_entry("submitted", case=case, index=0, head=None, signer=signer, **fields)


def test_received_like_a_reporters_own(house: House) -> None:
    """The answer is the server's entry and a proof that holds; the same again gets the same, and makes no second case."""
    one, (reporter, sealed) = Sender(house, house.officers[0]), made(house)
    status, body = one.send(reporter, sealed)
    answer = wire.ReportAnswer.parse(body)
    log = CaseLog(ORGANISATION, reporter.case, [house.desk.server_key])
    log.append(sealed.entry.raw)
    assert log.append(answer.received).act == "received"
    assert house.version is not None
    proof = verify_proof(armor_proof(open_thing(answer.proof, "proof"), [house.version]))
    assert (status, proof.case, proof.day) == (201, reporter.case, today())

    assert one.send(reporter, sealed) == (200, body)
    assert Sender(house, house.officers[1]).send(reporter, sealed) == (200, body)
    assert count(house) == 1


def test_the_two_ways_are_one(house: House) -> None:
    """What came by the one interface and is sent again by the other is the same report."""
    one, (reporter, sealed) = Sender(house, house.officers[0]), made(house)
    _, body = one.send(reporter, sealed)
    again = wire.ReportRequest(sealed.entry.raw, sealed.files).dump()
    answer = house.client.post("/api/reports", content=again, headers=authorization(reporter.address))

    assert (answer.status_code, answer.content) == (200, body)


def test_nothing_is_kept_of_who_sent_it(house: House) -> None:
    """The log has the reporter's entry and the server's, and nothing of the officer."""
    one, (reporter, sealed) = Sender(house, house.officers[0]), made(house)
    one.send(reporter, sealed)

    assert [parse_entry(raw).act for raw in house.desk.store.log(reporter.case)] == ["submitted", "received"]
    rows = house.desk.store.log(reporter.case)
    assert {parse_entry(raw).author for raw in rows} == {reporter.signing_key.verify_key, house.desk.server_key}


def test_not_a_member(house: House) -> None:
    """Somebody who is no member is not heard, whoever signed the report."""
    stranger = Sender(house, make_officer("TEST Vreemd", start=today()))
    reporter, sealed = made(house)

    assert stranger.send(reporter, sealed) == (401, b'{"error":"signature"}')
    assert count(house) == 0


def test_who_is_left_out_cannot_send_it(house: House) -> None:
    """An officer hands in no report that is kept from himself; the deputy may hand in one that he stands by for."""
    one, two, deputy = house.officers
    reporter, sealed = made(house, one)
    assert Sender(house, two).send(reporter, sealed) == (400, b'{"error":"malformed"}')
    third = Sender(house, deputy)
    assert third.send(reporter, sealed) == (400, b'{"error":"malformed"}')
    assert count(house) == 0
    reporter, sealed = made(house)
    assert third.send(reporter, sealed)[0] == 201


def test_everybody_left_out(house: House) -> None:
    """A report to nobody is refused."""
    one, (reporter, sealed) = Sender(house, house.officers[0]), made(house)
    nobody = entry_like(
        sealed, reporter.signing_key, to=(), deputy=None, not_to=sorted(officer.key for officer in house.officers)
    )

    assert one.ask(body_of(reporter.address, nobody.raw, sealed.files)) == (422, b'{"error":"nobody"}')
    assert count(house) == 0


def test_forged_entries(house: House) -> None:
    """An entry that was changed, or signed by an officer in the reporter's place, is refused."""
    officer = house.officers[0]
    one, (reporter, sealed) = Sender(house, officer), made(house)
    changed = bytearray(sealed.entry.raw)
    changed[-1] ^= 1
    assert one.ask(body_of(reporter.address, bytes(changed), sealed.files)) == (400, b'{"error":"signature"}')
    own = entry_like(sealed, officer.signing)
    assert one.ask(body_of(reporter.address, own.raw, sealed.files)) == (400, b'{"error":"malformed"}')
    _, other = made(house)
    assert one.ask(body_of(reporter.address, sealed.entry.raw, other.files)) == (400, b'{"error":"malformed"}')
    assert count(house) == 0


def test_at_another_reports_address(house: House) -> None:
    """A report at the address, or of the case, of another is refused; the first one stays."""
    one, (reporter, sealed), (other, late) = Sender(house, house.officers[0]), made(house), made(house)
    one.send(reporter, sealed)
    assert one.ask(body_of(reporter.address, late.entry.raw, late.files)) == (409, b'{"error":"taken"}')
    assert one.ask(body_of(other.address, sealed.entry.raw, sealed.files)) == (409, b'{"error":"taken"}')
    assert count(house) == 1


def test_another_text_with_the_code(house: House) -> None:
    """The same code with another text is refused, so that nobody thinks it was received."""
    one, (reporter, sealed) = Sender(house, house.officers[0]), made(house)
    one.send(reporter, sealed)
    draft = report.Draft("report", "a", "anders", frozenset(officer.key for officer in house.officers))
    assert house.version is not None
    keys = {officer.key: officer.intake_key for officer in house.officers}
    other = report.compose_report(reporter, draft, parse_roster(house.version.payload), keys)

    assert one.send(reporter, other) == (409, b'{"error":"other-text"}')


def test_replays(house: House) -> None:
    """A request counts once; with a new counter the same report gets the same answer."""
    one, (reporter, sealed) = Sender(house, house.officers[0]), made(house)
    body = body_of(reporter.address, sealed.entry.raw, sealed.files)
    headers = one.signing.headers("POST", TARGET, body)
    assert one.ask(body, headers)[0] == 201
    assert one.ask(body, headers) == (401, b'{"error":"replay","counter":1}')
    assert one.ask(body)[0] == 200
    assert count(house) == 1


@pytest.mark.parametrize("days", [-2, 2])
def test_another_day(house: House, days: int) -> None:
    """A request of another day than today and its neighbours is not heard."""
    one, (reporter, sealed) = Sender(house, house.officers[0]), made(house)
    one.signing.day = today() + timedelta(days=days)

    assert one.send(reporter, sealed) == (401, b'{"error":"signature"}')
    assert count(house) == 0


def test_too_large(house: House) -> None:
    """A body over the limit is refused, and so is one that names a larger file than it brings."""
    one, (reporter, sealed) = Sender(house, house.officers[0]), made(house)
    status, body = one.ask(b"{" + b" " * api.SUBMISSION + b"}")
    assert (status, body) == (413, b'{"error":"too-large"}')
    big = replace(sealed.entry.files["content"], size=sealed.entry.files["content"].size + 1)
    entry = entry_like(sealed, reporter.signing_key, files={**sealed.entry.files, "content": big})

    assert one.ask(body_of(reporter.address, entry.raw, sealed.files)) == (400, b'{"error":"malformed"}')


MALFORMED = {
    "no address": {"entry": "AA", "files": {"content": "AA", "identity": "AA"}},
    "short address": {"address": b64(bytes(31)), "entry": "AA", "files": {"content": "AA", "identity": "AA"}},
    "long address": {"address": b64(bytes(33)), "entry": "AA", "files": {"content": "AA", "identity": "AA"}},
    "no identity": {"address": b64(bytes(32)), "entry": "AA", "files": {"content": "AA"}},
    "more": {"address": b64(bytes(32)), "entry": "AA", "files": {"content": "AA", "identity": "AA"}, "officer": "AA"},
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed(house: House, name: str) -> None:
    """A body with other fields, or an address of another length, is refused."""
    assert Sender(house, house.officers[0]).ask(dump_json(MALFORMED[name])) == (400, b'{"error":"malformed"}')


def test_stale_keys_and_old_rosters(house: House) -> None:
    """Keys that are not accepted, and a roster that is none or whose reader has left, are refused, and nothing stands."""
    one, (reporter, sealed) = Sender(house, house.officers[0]), made(house)
    unknown = entry_like(sealed, reporter.signing_key, roster=bytes(32))
    assert one.ask(body_of(reporter.address, unknown.raw, sealed.files)) == (409, b'{"error":"roster"}')
    officer = house.officers[0]
    old = make_intake_key(ORGANISATION, officer.intake_key.recipient, today() - timedelta(days=200), officer.signing)
    keys = {item.key: item.intake_key for item in house.officers}
    keys[officer.key] = parse_intake_key(old.raw, ORGANISATION)
    draft = report.Draft("report", "a", "b", frozenset(keys))
    assert house.version is not None
    stale = report.compose_report(reporter, draft, parse_roster(house.version.payload), keys)
    assert one.send(reporter, stale) == (409, b'{"error":"stale-keys"}')
    leave(house, house.officers[1])

    assert one.send(reporter, sealed) == (409, b'{"error":"roster"}')
    assert count(house) == 0
    assert Sender(house, house.officers[1]).send(reporter, sealed) == (401, b'{"error":"signature"}')


def leave(house: House, gone: Officer) -> None:
    """Take a member off the list, by a second version that the others sign."""
    assert house.version is not None
    now = parse_roster(house.version.payload)
    roster = make_roster(
        version=2,
        organisation=ORGANISATION,
        name=now.name,
        previous=now.hash,
        server=now.server,
        members=[member for member in now.members if member.key != gone.key],
    )
    asyncio.run(house.desk.propose(roster.payload))
    version = RosterVersion(roster.payload)
    for officer in house.officers:
        if officer is not gone:
            version = version.signed_by(officer.signing)
            asyncio.run(house.desk.sign_roster(roster.hash, officer.key, version.signatures[-1][1]))


def test_another_act(house: House) -> None:
    """Only a report comes this way."""
    one, (reporter, sealed) = Sender(house, house.officers[0]), made(house)
    entry = make_entry("objected", case=reporter.case, index=2, head=bytes(32), signer=reporter.signing_key)

    assert one.ask(body_of(reporter.address, entry.raw, sealed.files)) == (409, b'{"error":"act"}')


def test_the_site_has_no_such_address(house: House) -> None:
    """The reporter's site does not mount it."""
    reporter, sealed = made(house)
    body = body_of(reporter.address, sealed.entry.raw, sealed.files)

    assert house.client.post(TARGET, content=body).status_code == 404
