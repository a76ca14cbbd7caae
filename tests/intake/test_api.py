# SPDX-License-Identifier: EUPL-1.2
"""The reporter's JSON interface: what is taken, what is refused with which code, and what an answer's size tells."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from asking import authorization
from cast import ORGANISATION
from house import House, make_house

from meldkluis.crypto import age, receipt, report
from meldkluis.crypto.attachment import parts_of, seal_attachment
from meldkluis.crypto.chain import CaseLog, replay
from meldkluis.crypto.encoding import b64, dump_json, unb64
from meldkluis.crypto.entry import make_entry, parse_entry
from meldkluis.crypto.limits import PART
from meldkluis.crypto.proof import armor_proof, verify_proof
from meldkluis.crypto.receipt import Receipt
from meldkluis.crypto.roster import RosterVersion, newest_offered, parse_intake_key, parse_roster, verify_chain
from meldkluis.intake import api
from meldkluis.mailbox import wire
from meldkluis.mailbox.clock import today
from meldkluis.mailbox.errors import Refused


class Browser:
    """A reporter's script: composes, sends, reads."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.receipt = receipt.derive(receipt.generate(), ORGANISATION)
        assert house.version is not None
        self.roster = parse_roster(house.version.payload)
        self.keys = {officer.key: officer.intake_key for officer in house.officers}

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, Any]:
        answer = self.house.client.request(method, path, content=body, headers=headers)
        return answer.status_code, answer.json() if answer.content else None

    def draft(self, text: str = "Er klopt iets niet.", **changes: Any) -> report.Draft:
        values = {"kind": "report", "about": "de aanbesteding", "to": frozenset(self.keys)} | changes
        return report.Draft(text=text, **values)

    def compose(self, text: str = "Er klopt iets niet.", **changes: Any) -> report.Sealed:
        return report.compose_report(self.receipt, self.draft(text, **changes), self.roster, self.keys)

    def addition(self, text: str = "Nog iets.", log: CaseLog | None = None, **changes: Any) -> report.Sealed:
        draft = self.draft(text, kind="addition", **changes)
        return report.compose_addition(self.receipt, draft, log or self.log(), self.roster, self.keys.values())

    def log(self) -> CaseLog:
        _, box = self.mailbox()
        server = [self.house.desk.server_key]
        return replay([unb64(item) for item in box["log"]], ORGANISATION, self.receipt.case, server)

    def send(self, sealed: report.Sealed, path: str = "/api/reports", address: bytes | None = None) -> tuple[int, Any]:
        body = wire.ReportRequest(sealed.entry.raw, sealed.files).dump()
        return self.ask("POST", path, body, **authorization(address or self.receipt.address))

    def add(self, sealed: report.Sealed) -> tuple[int, Any]:
        return self.send(sealed, "/api/messages")

    def mailbox(self) -> tuple[int, Any]:
        return self.ask("POST", "/api/mailbox", **authorization(self.receipt.address))

    def put(self, attachment: bytes, n: int, part: bytes) -> tuple[int, Any]:
        return self.ask("PUT", f"/api/parts/{b64(attachment)}/{n}", part, **authorization(self.receipt.address))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One organisation for all: each reporter has a code of its own."""
    with make_house(tmp_path_factory.mktemp("api") / "organisation") as made:
        yield made


@pytest.fixture
def browser(shared: House) -> Browser:
    return Browser(shared)


def test_keys(browser: Browser) -> None:
    """Roster, keys, day and limits are given to everybody, and hold."""
    status, told = browser.ask("GET", "/api/keys")

    assert status == 200
    assert told["day"] == today().isoformat()
    assert told["limits"] == {
        "document": 262144, "attachments": 20, "attachment": 100_000_000, "report": 250_000_000,
    }  # fmt: skip
    rosters = verify_chain([RosterVersion.from_json(item) for item in told["roster"]])
    things = [parse_intake_key(unb64(item), ORGANISATION) for item in told["intake_keys"]]
    assert rosters[-1].hash == browser.roster.hash
    assert newest_offered(things, today()).keys() == browser.keys.keys()


def test_a_report(browser: Browser) -> None:
    """A report gets the server's `received` and a proof that verifies; sent again, the same bytes."""
    sealed = browser.compose()

    status, told = browser.send(sealed)

    assert status == 201
    received = parse_entry(unb64(told["received"]))
    assert (received.act, received.fields["of"], received.fields["day"]) == ("received", sealed.entry.hash, today())
    assert browser.house.version is not None
    thing = type(received.thing)(unb64(told["proof"]), browser.house.desk.server_key, "proof", b"")
    proof = verify_proof(armor_proof(thing, [browser.house.version]))
    assert (proof.case, proof.commitment) == (sealed.entry.case, sealed.entry.fields["commitment"])
    assert browser.send(sealed) == (200, told)


def test_the_same_text_sealed_anew(browser: Browser) -> None:
    """The same words with the same code are one report, even when they were encrypted again."""
    _, first = browser.send(browser.compose())

    assert browser.send(browser.compose()) == (200, first)
    assert len(browser.log().entries) == 2


def test_an_attachment(browser: Browser) -> None:
    """Parts are staged, again without harm; the report that names them claims them."""
    content = bytes(PART + 5)
    ciphertext, sealed = seal_attachment("a.bin", content)
    parts = list(parts_of(ciphertext))
    assert len(parts) == 2
    for _ in range(2):
        for n, part in enumerate(parts):
            assert browser.put(sealed.ref.id, n, part) == (204, None)

    assert browser.put(sealed.ref.id, 1, parts[1][:-1] + bytes([parts[1][-1] ^ 1])) == (409, {"error": "part"})
    assert browser.send(browser.compose(attachments=(sealed,)))[0] == 201
    log = browser.log()
    assert log.entries[0].attachments[0].size == len(ciphertext)


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("AAAAAAAAAAAAAAAAAAAAAA/0", b"", 400, "malformed"),
        ("AAAAAAAAAAAAAAAAAAAAAA/0", b"no age file", 400, "malformed"),
        ("AAAAAAAAAAAAAAAAAAAAAA/00", b"x", 400, "malformed"),
        ("AAAAAAAAAAAAAAAAAAAAAA/-1", b"x", 400, "malformed"),
        ("AAAAAAAAAAAAAAAAAAAAAA/1e3", b"x", 400, "malformed"),
        ("AAAAAAAAAAAAAAAAAAAAAA/٣", b"x", 400, "malformed"),
        ("AAAAAAAAAAAAAAAAAAAAAB/1", b"x", 400, "malformed"),
        ("AAAAAAAAAAAAAAAAAAAAAA==/1", b"x", 400, "malformed"),
        ("AAAA/1", b"x", 400, "malformed"),
        ("AAAAAAAAAAAAAAAAAAAAAA/1", bytes(PART + 1), 413, "too-large"),
        ("AAAAAAAAAAAAAAAAAAAAAA/100", b"x", 413, "too-large"),
    ],
)
def test_bad_parts(browser: Browser, path: str, body: bytes, status: int, code: str) -> None:
    """A part with an odd name, without content, or beyond the limits is refused with its code."""
    found, told = browser.ask("PUT", f"/api/parts/{path}", body, **authorization(browser.receipt.address))

    assert (found, told) == (status, {"error": code})


def _missing_part(browser: Browser) -> tuple[int, Any]:
    _, sealed = seal_attachment("a.txt", b"x")
    return browser.send(browser.compose(attachments=(sealed,)))


def _other_text(browser: Browser) -> tuple[int, Any]:
    browser.send(browser.compose())
    return browser.send(browser.compose("Iets anders."))


def _taken_address(browser: Browser) -> tuple[int, Any]:
    browser.send(browser.compose())
    other = Browser(browser.house)
    return other.send(other.compose(), address=browser.receipt.address)


def _taken_case(browser: Browser) -> tuple[int, Any]:
    browser.send(browser.compose())
    return browser.send(browser.compose(), address=bytes(32))


def _resigned(browser: Browser, receipt_: Receipt | None = None, **changes: Any) -> report.Sealed:
    sealed = browser.compose()
    fields = {**sealed.entry.fields, **changes}
    who = receipt_ or browser.receipt
    entry = make_entry("submitted", case=who.case, index=0, head=None, signer=who.signing_key, **fields)
    return report.Sealed(entry, sealed.files)


def _other_roster(browser: Browser) -> tuple[int, Any]:
    return browser.send(_resigned(browser, roster=bytes(32)))


def _stale_keys(browser: Browser) -> tuple[int, Any]:
    keys = browser.compose().entry.fields["keys"]
    return browser.send(_resigned(browser, keys=sorted([bytes(32), *keys[1:]])))


def _nobody(browser: Browser) -> tuple[int, Any]:
    return browser.send(_resigned(browser, to=(), deputy=None, keys=()))


def _changed_signature(browser: Browser) -> tuple[int, Any]:
    sealed = browser.compose()
    raw = bytearray(sealed.entry.raw)
    raw[40] ^= 1
    body = wire.ReportRequest(bytes(raw), sealed.files).dump()
    return browser.ask("POST", "/api/reports", body, **authorization(browser.receipt.address))


def _other_file(browser: Browser) -> tuple[int, Any]:
    sealed = browser.compose()
    return browser.send(report.Sealed(sealed.entry, {**sealed.files, "content": sealed.files["identity"]}))


def _truncated_file(browser: Browser) -> tuple[int, Any]:
    sealed = browser.compose()
    return browser.send(report.Sealed(sealed.entry, {**sealed.files, "content": sealed.files["content"][:-1]}))


def _message_as_report(browser: Browser) -> tuple[int, Any]:
    browser.send(browser.compose())
    sealed = browser.addition()
    files = {"content": sealed.files["message"], "identity": sealed.files["message"]}
    return browser.send(report.Sealed(sealed.entry, files))


def _report_as_message(browser: Browser) -> tuple[int, Any]:
    sealed = browser.compose()
    return browser.add(report.Sealed(sealed.entry, {"message": sealed.files["content"]}))


def _addition_to_nothing(browser: Browser) -> tuple[int, Any]:
    browser.send(browser.compose())
    sealed = browser.addition()
    return browser.send(sealed, "/api/messages", address=bytes(32))


def _addition_to_another(browser: Browser) -> tuple[int, Any]:
    browser.send(browser.compose())
    other = Browser(browser.house)
    other.send(other.compose())
    return browser.send(browser.addition(), "/api/messages", address=other.receipt.address)


def _number_with_other_text(browser: Browser) -> tuple[int, Any]:
    browser.send(browser.compose())
    log = browser.log()
    assert browser.add(browser.addition(log=log))[0] == 201
    return browser.add(browser.addition("Iets anders.", log=log))


def _number_left_out(browser: Browser) -> tuple[int, Any]:
    browser.send(browser.compose())
    log = browser.log()
    sealed = browser.addition(log=log)
    entry = make_entry(
        "message", case=log.case, index=2, head=log.head, signer=browser.receipt.signing_key,
        **{**sealed.entry.fields, "number": 5},
    )  # fmt: skip
    return browser.add(report.Sealed(entry, sealed.files))


REFUSALS: Mapping[str, tuple[Callable[[Browser], tuple[int, Any]], int, str]] = {
    "a part is missing": (_missing_part, 409, "incomplete"),
    "another text with the code": (_other_text, 409, "other-text"),
    "somebody else's address": (_taken_address, 409, "taken"),
    "a case that stands elsewhere": (_taken_case, 409, "taken"),
    "a roster that never was": (_other_roster, 409, "roster"),
    "a key that was never announced": (_stale_keys, 409, "stale-keys"),
    "to nobody": (_nobody, 422, "nobody"),
    "a changed signature": (_changed_signature, 400, "signature"),
    "another file than the entry names": (_other_file, 400, "malformed"),
    "a truncated file": (_truncated_file, 400, "malformed"),
    "a later message as a report": (_message_as_report, 409, "act"),
    "a report as a later message": (_report_as_message, 409, "act"),
    "an addition to nothing": (_addition_to_nothing, 404, "unknown"),
    "an addition to another case": (_addition_to_another, 409, "taken"),
    "a number used for another text": (_number_with_other_text, 409, "number"),
    "a number left out": (_number_left_out, 409, "number"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refusals(browser: Browser, name: str) -> None:
    """What does not hold is refused with its code and status, and leaves nothing behind."""
    send, status, code = REFUSALS[name]

    assert send(browser) == (status, {"error": code})


def test_a_full_disk_and_a_day_that_is_not_today(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """The desk's other refusals travel with their status, and with what stands beside the code."""
    for error, status, told in (
        (Refused("full"), 507, {"error": "full"}),
        (Refused("quota"), 429, {"error": "quota"}),
        (Refused("day", day="2026-11-23"), 409, {"error": "day", "day": "2026-11-23"}),
    ):

        async def submit(*_: object, error: Refused = error) -> None:
            raise error

        monkeypatch.setattr(browser.house.desk, "submit", submit)
        assert browser.send(browser.compose()) == (status, told)


def test_a_refused_report_leaves_nothing(browser: Browser) -> None:
    """After a refusal the mailbox is as unknown as before."""
    browser.send(_resigned(browser, roster=bytes(32)))

    assert browser.mailbox()[1]["found"] is False


AUTHORIZATIONS = [
    {},
    {"Authorization": ""},
    {"Authorization": "Mailbox"},
    {"Authorization": "Mailbox " + b64(bytes(31))},
    {"Authorization": "Mailbox " + b64(bytes(32)) + "="},
    {"Authorization": "Mailbox  " + b64(bytes(32))},
    {"Authorization": "mailbox " + b64(bytes(32))},
    {"Authorization": "Bearer " + b64(bytes(32))},
    {"Authorization": "Mailbox " + b64(bytes(32)) + ", Mailbox " + b64(bytes(32))},
]


@pytest.mark.parametrize("headers", AUTHORIZATIONS)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/reports"),
        ("POST", "/api/messages"),
        ("POST", "/api/mailbox"),
        ("PUT", "/api/parts/AAAAAAAAAAAAAAAAAAAAAA/0"),
    ],
)
def test_authorization(browser: Browser, method: str, path: str, headers: dict[str, str]) -> None:
    """Without exactly one address nothing is looked at."""
    assert browser.ask(method, path, b"{", **headers) == (401, {"error": "authorization"})


def _bodies(sealed: report.Sealed) -> dict[str, bytes]:
    files = {slot: b64(file) for slot, file in sealed.files.items()}
    entry = b64(sealed.entry.raw)
    good = dump_json({"entry": entry, "files": files})
    return {
        "nothing": b"",
        "no JSON": b"{",
        "not UTF-8": good.replace(b"entry", b"\xff\xfe"),
        "a list": b"[]",
        "a missing field": dump_json({"entry": entry}),
        "a missing file": dump_json({"entry": entry, "files": {"content": files["content"]}}),
        "a field too many": dump_json({"entry": entry, "files": files, "x": 1}),
        "a file too many": dump_json({"entry": entry, "files": {**files, "message": files["content"]}}),
        "a field twice": good[:-1] + b',"entry":""}',
        "padded base64": dump_json({"entry": entry + "=", "files": files}),
        "a float": dump_json({"entry": 1, "files": files}).replace(b":1,", b":1.0,"),
        "an empty entry": dump_json({"entry": "", "files": files}),
        "deep nesting": b'{"entry":' + b"[" * 100_000,
        "something after it": good + b"x",
    }


@pytest.mark.parametrize(
    "name",
    [
        "nothing", "no JSON", "not UTF-8", "a list", "a missing field", "a missing file", "a field too many",
        "a file too many", "a field twice", "padded base64", "a float", "an empty entry", "deep nesting",
        "something after it",
    ],
)  # fmt: skip
def test_malformed_bodies(browser: Browser, name: str) -> None:
    """A body that is not exactly what the protocol says is refused, whatever is odd about it."""
    body = _bodies(browser.compose())[name]

    assert browser.ask("POST", "/api/reports", body, **authorization(browser.receipt.address)) == (
        400,
        {"error": "malformed"},
    )


def test_too_large_bodies(browser: Browser) -> None:
    """A body over its limit is refused as that, announced or not, and a mailbox takes none at all."""
    headers = authorization(browser.receipt.address)
    body = bytes(api.SUBMISSION + 1)

    def pieces() -> Any:
        yield from (body[start : start + 65536] for start in range(0, len(body), 65536))

    announced = browser.house.client.post("/api/reports", content=body, headers=headers)
    chunked = browser.house.client.post("/api/reports", content=pieces(), headers=headers)

    assert [(answer.status_code, answer.json()) for answer in (announced, chunked)] == [
        (413, {"error": "too-large"})
    ] * 2
    assert browser.ask("POST", "/api/mailbox", b"{}", **headers) == (413, {"error": "too-large"})


def test_a_lie_about_the_length(browser: Browser) -> None:
    """A body that is not as long as announced is refused."""
    headers = {**authorization(browser.receipt.address), "Content-Length": "1000000"}
    sealed = browser.compose()
    body = wire.ReportRequest(sealed.entry.raw, sealed.files).dump()

    assert browser.ask("POST", "/api/reports", body, **headers) == (400, {"error": "malformed"})
    assert browser.mailbox()[1]["found"] is False


def test_additions(browser: Browser) -> None:
    """Later messages are received in their turn, the same one again with the same answer."""
    browser.send(browser.compose())
    sealed = browser.addition(name="N", contact="C")

    status, told = browser.add(sealed)

    assert (status, set(told)) == (201, {"received"})
    assert browser.add(sealed) == (200, told)
    assert [entry.act for entry in browser.log().entries] == ["submitted", "received", "message", "received"]


def test_an_old_head(browser: Browser) -> None:
    """A message on a log that has grown since is told what the log has now."""
    browser.send(browser.compose())
    old = browser.log()
    one = browser.house.officers[0]
    entry = make_entry("not-involved", case=old.case, index=2, head=old.head, signer=one.signing, day=today())
    asyncio.run(browser.house.desk.append(one.key, old.case, entry.raw, {}, {}, today()))

    status, told = browser.add(browser.addition(log=old))

    assert (status, told) == (409, {"error": "head", "entries": 3, "head": b64(entry.hash)})


def test_the_mailbox(browser: Browser) -> None:
    """A code opens its log and the officers' answers, with the keys that the report named."""
    browser.send(browser.compose())
    code_house, one = browser.house, browser.house.officers[0]
    log = browser.log()
    assert [entry.act for entry in log.entries] == ["submitted", "received"]
    headers = {
        (line.entry, line.slot): age.split(b"".join(code_house.desk.file(one.key, log.case, line.entry, line.slot)))[0]
        for line in code_house.desk.case(one.key, log.case, 0).files
    }
    assert headers.keys() == {(0, "content"), (0, "identity")}

    status, box = browser.mailbox()

    assert (status, box["found"], box["organisation"], box["day"]) == (200, True, ORGANISATION, today().isoformat())
    named = {parse_intake_key(unb64(item), ORGANISATION).hash for item in box["intake_keys"]}
    assert set(log.entries[0].fields["keys"]) <= named


def test_known_and_unknown_codes_look_alike(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown code gets the size and status that a known one without news gets, on any day."""
    other = Browser(browser.house)
    many = [seal_attachment(f"{n}.txt", b"x") for n in range(20)]
    for ciphertext, sealed in many:
        assert browser.put(sealed.ref.id, 0, ciphertext)[0] == 204
    assert browser.send(browser.compose(attachments=tuple(sealed for _, sealed in many)))[0] == 201

    for later in (0, 45, 100):
        monkeypatch.setattr(api, "today", lambda later=later: today() + timedelta(days=later))
        answers = [
            item.house.client.post("/api/mailbox", headers=authorization(item.receipt.address))
            for item in (browser, other)
        ]
        assert [json.loads(answer.content)["found"] for answer in answers] == [True, False]
        assert len({(answer.status_code, len(answer.content)) for answer in answers}) == 1
        assert [set(answer.headers.items()) for answer in answers[:1]] == [set(answers[1].headers.items())]
        assert len(answers[0].content) % wire.PAD == 0
        assert json.loads(answers[1].content)["log"] == []


def test_other_methods_and_paths(shared: House) -> None:
    """What the interface does not have is not there; the officers' interface is not either."""
    assert shared.client.get("/api/reports").status_code == 405
    for path in ("/api/", "/api/reports/", "/api/nothing", "/v1/status", "/v1/cases"):
        assert shared.client.get(path).status_code == 404
