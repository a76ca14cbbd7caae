# SPDX-License-Identifier: EUPL-1.2
"""The officers' interface: who is heard at all, what a stranger to a case learns (nothing), what members do."""

import asyncio
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from asking import Signing
from cast import ORGANISATION, Officer, make_officer
from house import House, make_house
from starlette.testclient import TestClient

from meldkluis.crypto import age, receipt, report, signed
from meldkluis.crypto.attachment import seal_attachment
from meldkluis.crypto.casework import compose_answer, take_over
from meldkluis.crypto.chain import CaseLog, replay
from meldkluis.crypto.encoding import b64
from meldkluis.crypto.entry import Entry, make_entry
from meldkluis.crypto.roster import RosterVersion, make_intake_key, make_roster, parse_intake_key, parse_roster
from meldkluis.intake import officers
from meldkluis.mailbox import wire
from meldkluis.mailbox.clock import today

AUTHORITY = "officers.test"
SIGNATURE = b'{"error":"signature"}'
UNKNOWN = b'{"error":"unknown"}'


class Workstation:
    """One officer at the interface."""

    def __init__(self, house: House, officer: Officer) -> None:
        self.house, self.officer, self.signing = house, officer, Signing(officer, AUTHORITY)
        self.client = TestClient(officers.create_app(house.desk), base_url=f"http://{AUTHORITY}")

    def ask(
        self, method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        given = self.signing.headers(method, target, body) if headers is None else headers
        answer = self.client.request(method, target, content=body, headers=given)
        return answer.status_code, answer.content

    def log(self, case: bytes) -> CaseLog:
        status, body = self.ask("GET", f"/v1/cases/{b64(case)}?after=0")
        assert status == 200
        return replay(wire.CaseAnswer.parse(body).log, ORGANISATION, case, [self.house.desk.server_key])

    def file(self, case: bytes, entry: int, slot: str, query: str = "") -> bytes:
        status, body = self.ask("GET", f"/v1/cases/{b64(case)}/files/{entry}/{slot}{query}")
        assert status == 200
        return body

    def append(self, entry: Entry, files: Any = None, headers: Any = None) -> tuple[int, bytes]:
        body = wire.AppendRequest(entry.raw, files or {}, headers or {}).dump()
        return self.ask("POST", f"/v1/cases/{b64(entry.case)}/log", body)

    def cases(self) -> tuple[wire.InboxLine, ...]:
        status, body = self.ask("GET", "/v1/cases")
        assert status == 200
        inbox = signed.open_thing(wire.InboxAnswer.parse(body).inbox, "inbox")
        assert inbox.key == self.house.desk.server_key
        told = wire.Inbox.parse(inbox.payload)
        assert (told.officer, told.nonce, told.day) == (self.officer.key, self.signing.counter, today())
        return told.cases

    def take_over(self, case: bytes) -> tuple[int, bytes]:
        log = self.log(case)
        places = [(0, "content"), (0, "identity")]
        headers = {place: age.split(self.file(case, *place))[0] for place in places}
        keys = [officer.intake_key for officer in self.house.officers]
        taken = take_over(log, headers, [self.officer.identity], keys, self.officer.signing, today())
        return self.append(taken.entry, taken.files, taken.headers)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One organisation for the tests that leave its roster alone."""
    with make_house(tmp_path_factory.mktemp("officers") / "organisation") as made:
        yield made


@pytest.fixture(scope="module")
def stations(shared: House) -> list[Workstation]:
    """Both officers' and the deputy's workstations; their counters run on from test to test."""
    return [Workstation(shared, officer) for officer in shared.officers]


@pytest.fixture
def one(stations: list[Workstation]) -> Workstation:
    return stations[0]


@pytest.fixture
def two(stations: list[Workstation]) -> Workstation:
    return stations[1]


def send_report(house: House, *readers: Officer, attachment: bytes = b"") -> bytes:
    """Send a report to these members, the deputy standing by; returns its case."""
    who = receipt.derive(receipt.generate(), ORGANISATION)
    assert house.version is not None
    attachments = []
    if attachment:
        ciphertext, sealed_attachment = seal_attachment("a.bin", attachment)
        attachments.append(sealed_attachment)
        for n, start in enumerate(range(0, len(ciphertext), 2**20)):
            part = ciphertext[start : start + 2**20]
            asyncio.run(house.desk.stage(who.address, sealed_attachment.ref.id, n, part, today()))
    to = frozenset(officer.key for officer in readers) | {house.officers[-1].key}
    draft = report.Draft("report", "a", "b", to, attachments=tuple(attachments))
    keys = {officer.key: officer.intake_key for officer in house.officers}
    sealed = report.compose_report(who, draft, parse_roster(house.version.payload), keys)
    asyncio.run(house.desk.submit(who.address, sealed.entry.raw, sealed.files, today()))
    return sealed.entry.case


TARGETS = [
    ("GET", "/v1/status"),
    ("POST", "/v1/roster/signatures"),
    ("POST", "/v1/intake-keys"),
    ("POST", "/v1/reports"),
    ("GET", "/v1/cases"),
    ("GET", "/v1/cases/AAAAAAAAAAAAAAAAAAAAAA"),
    ("GET", "/v1/cases/AAAAAAAAAAAAAAAAAAAAAA/files/0/content"),
    ("GET", "/v1/cases/AAAAAAAAAAAAAAAAAAAAAA/attachments/AAAAAAAAAAAAAAAAAAAAAA"),
    ("POST", "/v1/cases/AAAAAAAAAAAAAAAAAAAAAA/log"),
]


@pytest.mark.parametrize(("method", "target"), TARGETS)
def test_unsigned_requests(one: Workstation, method: str, target: str) -> None:
    """Without a signature every request gets the same 401, and nothing besides."""
    assert one.ask(method, target, headers={}) == (401, SIGNATURE)


@pytest.mark.parametrize(("method", "target"), TARGETS)
def test_strangers(shared: House, method: str, target: str) -> None:
    """A request that is signed well by somebody who is no member gets that 401 too."""
    stranger = Workstation(shared, make_officer("TEST Vreemd", start=today()))

    assert stranger.ask(method, target) == (401, SIGNATURE)


def test_a_request_for_another_place(one: Workstation) -> None:
    """A signature counts for one method, authority, path, query and body."""
    headers = one.signing.headers("GET", "/v1/cases")
    assert one.ask("POST", "/v1/cases", headers=headers)[0] in {401, 405}
    assert one.ask("GET", "/v1/status", headers=headers) == (401, SIGNATURE)
    assert one.ask("GET", "/v1/cases?x=1", headers=headers) == (401, SIGNATURE)
    assert one.ask("GET", "/v1/cases", headers={**headers, "Host": "other.test"}) == (401, SIGNATURE)
    posted = one.signing.headers("POST", "/v1/intake-keys", b"{}")
    assert one.ask("POST", "/v1/intake-keys", b"{ }", headers=posted) == (401, SIGNATURE)
    assert one.ask("POST", "/v1/intake-keys", b"", headers=posted) == (401, SIGNATURE)


@pytest.mark.parametrize("name", ["Signature", "Signature-Input", "Content-Digest"])
def test_a_header_left_out_or_changed(one: Workstation, name: str) -> None:
    """Each of the three headers is needed as it was made."""
    headers = one.signing.headers("GET", "/v1/cases")
    assert one.ask("GET", "/v1/cases", headers={key: value for key, value in headers.items() if key != name}) == (
        401,
        SIGNATURE,
    )
    value = headers[name]
    place = value.index("=") + 20
    changed = value[:place] + ("A" if value[place] != "A" else "B") + value[place + 1 :]
    assert one.ask("GET", "/v1/cases", headers={**headers, name: changed}) == (401, SIGNATURE)


def test_a_signature_of_somebody_else(one: Workstation, two: Workstation) -> None:
    """One member's signature under another's name does not hold."""
    headers = one.signing.headers("GET", "/v1/cases")
    swapped = headers["Signature-Input"].replace(b64(one.officer.key), b64(two.officer.key))

    assert one.ask("GET", "/v1/cases", headers={**headers, "Signature-Input": swapped}) == (401, SIGNATURE)


@pytest.mark.parametrize("days", [-2, 2, 400])
def test_another_day(shared: House, two: Workstation, days: int) -> None:
    """A signature of any day but today and its neighbours is refused."""
    path = "/v1/status"
    request = wire.Request("GET", AUTHORITY, path)
    counter = two.signing.counter + 1000
    headers = wire.sign_request(request, two.officer.signing, counter, today() + timedelta(days=days))

    assert two.ask("GET", path, headers=headers) == (401, SIGNATURE)


def test_replays(one: Workstation) -> None:
    """A request counts once; an older one is told the counter, so that the officer's own workstation goes on."""
    headers = one.signing.headers("GET", "/v1/cases")
    assert one.ask("GET", "/v1/cases", headers=headers)[0] == 200
    told = (401, b'{"error":"replay","counter":%d}' % one.signing.counter)

    assert one.ask("GET", "/v1/cases", headers=headers) == told
    assert one.ask("GET", "/v1/cases", headers=one.signing.headers("GET", "/v1/cases", counter=1)) == told
    assert one.ask("GET", "/v1/cases")[0] == 200


def test_a_replayed_act_has_no_effect(one: Workstation) -> None:
    """An append that is sent again by somebody in between changes nothing."""
    case = send_report(one.house, one.officer)
    log = one.log(case)
    entry = make_entry("not-involved", case=case, index=2, head=log.head, signer=one.officer.signing, day=today())
    body = wire.AppendRequest(entry.raw, {}, {}).dump()
    target = f"/v1/cases/{b64(case)}/log"
    headers = one.signing.headers("POST", target, body)

    assert one.ask("POST", target, body, headers)[0] == 201
    assert one.ask("POST", target, body, headers)[0] == 401
    assert len(one.log(case).entries) == 3


def test_an_inbox_is_the_officers_own(one: Workstation, two: Workstation) -> None:
    """Who was left out of a report does not find it anywhere."""
    case = send_report(one.house, one.officer)

    assert case in {line.case for line in one.cases()}
    assert case not in {line.case for line in two.cases()}


def test_foreign_and_missing_cases_are_the_same(
    one: Workstation, two: Workstation, stations: list[Workstation]
) -> None:
    """Every id swapped for another: the same 404, byte for byte, header for header, for foreign and for missing."""
    content = bytes(300_000)
    mine = send_report(one.house, one.officer, attachment=content)
    theirs = send_report(two.house, two.officer, attachment=content)
    status, body = two.ask("GET", f"/v1/cases/{b64(theirs)}")
    assert status == 200
    attachment = b64(wire.CaseAnswer.parse(body).attachments[0].id)
    entry = make_entry(
        "not-involved", case=theirs, index=2, head=two.log(theirs).head, signer=one.officer.signing, day=today()
    )
    missing = make_entry(
        "not-involved", case=bytes(16), index=2, head=bytes(32), signer=one.officer.signing, day=today()
    )
    pairs = []
    for case, sent in ((theirs, entry), (bytes(16), missing)):
        at, log = f"/v1/cases/{b64(case)}", wire.AppendRequest(sent.raw, {}, {}).dump()
        pairs.append(
            [
                ("GET", at, b""),
                ("GET", f"{at}?after=5", b""),
                ("GET", f"{at}/files/0/content", b""),
                ("GET", f"{at}/files/0/identity?header=first", b""),
                ("GET", f"{at}/files/7/nothing", b""),
                ("GET", f"{at}/attachments/{attachment}", b""),
                ("POST", f"{at}/log", log),
            ]
        )
    pairs.append([("GET", f"/v1/cases/{b64(mine)}/attachments/{attachment}", b"")])
    pairs.append([("GET", f"/v1/cases/{b64(mine)}/files/5/content", b""), ("GET", "/v1/cases/x", b"")])

    answers = set()
    for method, target, sent_body in [item for items in pairs for item in items]:
        headers = one.signing.headers(method, target, sent_body)
        answer = one.client.request(method, target, content=sent_body, headers=headers)
        answers.add((answer.status_code, answer.content, tuple(sorted(answer.headers.items()))))

    assert {(status, body) for status, body, _ in answers} == {(404, UNKNOWN)}
    assert len(answers) == 1
    # The deputy stands by and is served neither.
    assert stations[2].ask("GET", f"/v1/cases/{b64(mine)}") == (404, UNKNOWN)


def test_files_and_attachments(one: Workstation) -> None:
    """What a case lists can be fetched whole; an attachment comes in pieces."""
    case = send_report(one.house, one.officer, attachment=bytes(700_000))
    _, body = one.ask("GET", f"/v1/cases/{b64(case)}")
    view = wire.CaseAnswer.parse(body)

    assert {(line.entry, line.slot) for line in view.files} == {(0, "content"), (0, "identity")}
    for line in view.files:
        assert len(one.file(case, line.entry, line.slot)) == line.size
    (attachment,) = view.attachments
    status, ciphertext = one.ask("GET", f"/v1/cases/{b64(case)}/attachments/{b64(attachment.id)}")
    assert (status, len(ciphertext)) == (200, attachment.size)


def test_taking_over_and_answering(shared: House, one: Workstation) -> None:
    """Taking over replaces the headers and keeps the first ones; an answer comes after it; an old head gets 409."""
    case = send_report(shared, one.officer)
    first = one.file(case, 0, "content")
    status, body = one.take_over(case)
    assert status == 201
    answer = wire.AppendAnswer.parse(body)
    log = one.log(case)
    assert (answer.entries, answer.head) == (3, log.head)
    assert one.file(case, 0, "content", "?header=first") == first
    new = one.file(case, 0, "content")
    assert age.split(new)[1] == age.split(first)[1]
    assert age.count_stanzas(age.split(new)[0]) == 1

    assert shared.version is not None
    reply = age.recipient_of(age.generate_identity())
    sealed = compose_answer(
        "acknowledged",
        "Ontvangen.",
        log,
        reply,
        parse_roster(shared.version.payload).hash,
        one.officer.signing,
        today(),
    )
    assert one.append(sealed.entry, sealed.files)[0] == 201
    assert one.append(sealed.entry, sealed.files)[0] == 201
    late = make_entry("not-involved", case=case, index=3, head=log.head, signer=one.officer.signing, day=today())
    head = one.log(case).head
    assert head is not None
    assert one.append(late) == (409, b'{"error":"head","entries":4,"head":"%s"}' % b64(head).encode())


def test_bad_entries(one: Workstation, two: Workstation) -> None:
    """Entries of another day, by another hand, of another case, or in no shape are refused with their code."""
    case, other = send_report(one.house, one.officer, two.officer), send_report(one.house, one.officer)
    head = one.log(case).head

    def entry(**changes: Any) -> Entry:
        values = {"case": case, "index": 2, "head": head, "signer": one.officer.signing, "day": today()} | changes
        return make_entry("not-involved", **values)

    yesterday = today() - timedelta(days=1)
    assert one.append(entry(day=yesterday)) == (409, b'{"error":"day","day":"%s"}' % today().isoformat().encode())
    assert two.append(entry()) == (400, SIGNATURE)
    target = f"/v1/cases/{b64(other)}/log"
    assert one.ask("POST", target, wire.AppendRequest(entry().raw, {}, {}).dump()) == (400, b'{"error":"malformed"}')
    for body in (b"", b"{", b'{"entry":"","files":{},"headers":{}}'):
        assert one.ask("POST", target, body) == (400, b'{"error":"malformed"}')
    assert one.append(make_entry("withdrawn", case=case, index=2, head=head, signer=one.officer.signing)) == (
        409,
        b'{"error":"act"}',
    )
    assert len(one.log(case).entries) == 2


@pytest.mark.parametrize(
    "target", ["?after=x", "?after=-1", "?after=01", "?after=1&after=2", "?before=1", "?after=99999999"]
)
def test_odd_queries(one: Workstation, target: str) -> None:
    """A query that the protocol does not have is refused."""
    case = send_report(one.house, one.officer)

    assert one.ask("GET", f"/v1/cases/{b64(case)}{target}") == (400, b'{"error":"malformed"}')
    assert one.ask("GET", f"/v1/cases/{b64(case)}/files/0/content?header=second") == (400, b'{"error":"malformed"}')
    assert one.ask("GET", f"/v1/cases/{b64(case)}/files/00/content") == (400, b'{"error":"malformed"}')


def test_too_large(one: Workstation) -> None:
    """A body over its limit is refused before anything is looked at."""
    assert one.ask("POST", "/v1/intake-keys", bytes(65_537)) == (413, b'{"error":"too-large"}')
    assert one.ask("GET", "/v1/status", b"x") == (413, b'{"error":"too-large"}')


def test_status(one: Workstation) -> None:
    """A member is told rosters, proposal and everybody's keys."""
    status, body = one.ask("GET", "/v1/status")

    told = wire.StatusAnswer.parse(body)
    assert (status, told.day, told.organisation, told.proposal) == (200, today(), ORGANISATION, None)
    assert one.house.version is not None
    assert [version.payload for version in told.rosters] == [one.house.version.payload]
    offered = {parse_intake_key(raw, ORGANISATION).officer for raw in told.intake_keys}
    assert {officer.key for officer in one.house.officers} <= offered


def test_a_roster_is_proposed_and_signed(house: House) -> None:
    """Who is only proposed may see the proposal and nothing else; two members' signatures make it count."""
    newcomer = Workstation(house, make_officer("TEST Nieuw", start=today()))
    one, two = (Workstation(house, officer) for officer in house.officers[:2])
    assert newcomer.ask("GET", "/v1/status") == (401, SIGNATURE)
    current = parse_roster(house.version.payload)  # type: ignore[union-attr]
    proposed = make_roster(
        version=2, organisation=ORGANISATION, name=current.name, previous=current.hash, server=current.server,
        members=[*current.members, newcomer.officer.member],
    )  # fmt: skip
    asyncio.run(house.desk.propose(proposed.payload))

    def sign(station: Workstation, signer: Officer | None = None) -> tuple[int, bytes]:
        version = RosterVersion(proposed.payload).signed_by((signer or station.officer).signing)
        body = wire.RosterSignature(proposed.hash, version.signatures[0][1]).dump()
        return station.ask("POST", "/v1/roster/signatures", body)

    told = wire.StatusAnswer.parse(newcomer.ask("GET", "/v1/status")[1])
    assert told.proposal is not None
    assert told.proposal.payload == proposed.payload
    assert newcomer.cases() == ()
    assert sign(newcomer) == (400, SIGNATURE)
    key = newcomer.officer.intake_key.thing.raw
    assert newcomer.ask("POST", "/v1/intake-keys", wire.Announcement(key).dump()) == (409, b'{"error":"roster"}')
    assert sign(one, two.officer) == (400, SIGNATURE)
    assert sign(one) == (204, b"")
    assert len(wire.StatusAnswer.parse(one.ask("GET", "/v1/status")[1]).rosters) == 1
    assert sign(two) == (204, b"")
    assert len(wire.StatusAnswer.parse(one.ask("GET", "/v1/status")[1]).rosters) == 2
    assert newcomer.ask("POST", "/v1/intake-keys", wire.Announcement(key).dump()) == (204, b"")


def test_announcing_keys(one: Workstation, two: Workstation) -> None:
    """A member announces own keys only, for about now, again without harm."""

    def announce(station: Workstation, signer: Officer, start: date) -> tuple[int, bytes]:
        recipient = age.recipient_of(age.generate_identity())
        thing = make_intake_key(ORGANISATION, recipient, start, signer.signing)
        body = wire.Announcement(thing.raw).dump()
        first = station.ask("POST", "/v1/intake-keys", body)
        assert station.ask("POST", "/v1/intake-keys", body) == first
        return first

    assert announce(one, one.officer, today()) == (204, b"")
    assert announce(one, two.officer, today()) == (400, SIGNATURE)
    assert announce(one, one.officer, today() - timedelta(days=90))[0] == 409
    assert announce(one, one.officer, today() + timedelta(days=400))[0] == 409


def test_no_redirect(shared: House) -> None:
    """A stray slash leads nowhere: no answer carries the Host header of whoever asks."""
    client = TestClient(officers.create_app(shared.desk), base_url="http://evil.example")
    answer = client.get("/v1/cases/", follow_redirects=False)

    assert answer.status_code == 404
    assert "location" not in answer.headers


def test_the_site_is_not_here(one: Workstation) -> None:
    """The officers' listener serves neither pages nor the reporters' interface, signed or not."""
    for path in ("/", "/melden", "/bericht", "/en/", "/static/x.css", "/api/keys", "/api/mailbox"):
        assert one.client.get(path).status_code == 404
        assert one.ask("GET", path)[0] == 404
