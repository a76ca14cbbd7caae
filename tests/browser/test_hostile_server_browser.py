# SPDX-License-Identifier: EUPL-1.2
"""The server lies to a reporter whose script is true: tables of lies in the JSON answers, and what the reporter then reads.

Lies about whole rosters, false receipts and swapped answers are tried in tests/client/test_pages.py too.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from browsers import CHROMIUM, Chromium, chromium
from cast import ORGANISATION, Officer, make_officer
from deskhouse import House
from running import Server, found, serving
from town import need

from meldkluis.crypto import age, receipt
from meldkluis.crypto.encoding import b64, dump_json, unb64
from meldkluis.crypto.entry import Dues, Entry, FileRef, make_entry, parse_entry
from meldkluis.crypto.errors import NotForThisKeyError
from meldkluis.crypto.message import AnswerDocument, AnswerMessage, sign_inside
from meldkluis.crypto.proof import make_proof
from meldkluis.crypto.receipt import Receipt
from meldkluis.crypto.report import file_ref, seal
from meldkluis.crypto.roster import RosterVersion, make_intake_key, make_roster
from meldkluis.crypto.signed import SigningKey, sign
from meldkluis.intake.texts import TEXTS
from meldkluis.mailbox.clock import today
from meldkluis.mailbox.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180), pytest.mark.xdist_group("hostile-server")]
TEXT = "Regel één."
Change = Callable[[dict[str, Any]], object]


class Office(House):
    """The desk from a thread of its own, since the browser's driver keeps this one's event loop."""

    def run(self, awaitable: Coroutine[Any, Any, Any]) -> Any:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, awaitable).result()


@dataclass
class Stage:
    """A running server, its desk from inside, and a page; `posted` are the addresses of everything the page sent."""

    server: Server
    house: House
    browser: Chromium
    posted: list[str]

    def changed(self, path: str, change: Change) -> None:
        """Let the server's JSON answers on `path` come changed."""

        def handle(route: Any) -> None:
            answer = route.fetch()
            document = answer.json()
            change(document)
            route.fulfill(status=answer.status, content_type="application/json", body=json.dumps(document))

        self.browser.page.route(f"**{path}", handle)

    def instead(self, path: str, status: int, document: object) -> None:
        """Let the server answer without doing anything."""
        body = json.dumps(document)
        self.browser.page.route(
            f"**{path}", lambda route: route.fulfill(status=status, content_type="application/json", body=body)
        )

    def begin(self) -> str:
        """Fill in the form; returns its code."""
        self.browser.open(self.server.url + "/melden")
        self.browser.wait("#report-form")
        self.browser.click("#kind-report")
        self.browser.fill("#text", TEXT)
        return self.browser.texts("#code-line")[0]

    def open(self, reporter: str) -> None:
        """Open a mailbox."""
        self.browser.open(self.server.url + "/bericht")
        self.browser.wait("#open-form")
        self.browser.fill("#code", reporter)
        self.browser.click("#open-button")

    def heading(self) -> str:
        """What the box of errors says."""
        self.browser.wait("#errors", 15)
        return self.browser.texts("#errors h2")[0]

    def honest(self, path: str) -> None:
        """Stop lying on a path, and take away what the page said of the last lie."""
        self.browser.page.unroute(f"**{path}")
        self.browser.evaluate("document.querySelector('#errors').hidden = true")
        self.posted.clear()

    def count(self, path: str) -> int:
        """How often something was sent to a path."""
        return sum(url.endswith(path) for url in self.posted)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, House]]:
    """A running server, and its desk from inside."""
    need("Chromium", CHROMIUM)
    directory = tmp_path_factory.mktemp("hostile") / "organisation"
    cast = found(directory)
    desk = Desk.open(directory)
    with serving(directory, cast, workers=1) as server:
        yield server, Office(desk, cast, today())
    desk.close()


@pytest.fixture(scope="module")
def window(served: tuple[Server, House]) -> Iterator[Chromium]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def stage(served: tuple[Server, House], window: Chromium) -> Iterator[Stage]:
    """A fresh page; an error that no page met fails the test."""
    context = window.page.context.browser.new_context()
    page = context.new_page()
    page.set_default_timeout(20_000)
    errors: list[str] = []
    made = Stage(*served, Chromium(page, javascript=True), [])
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: made.posted.append(request.url) if request.method != "GET" else None)
    yield made
    context.close()
    assert errors == []


# Who may read


def key_of(officer: Officer, *, organisation: str = ORGANISATION, start: date | None = None) -> str:
    """A new intake key that an officer signed."""
    identity = age.generate_identity()
    return b64(make_intake_key(organisation, age.recipient_of(identity), start or today(), officer.signing).raw)


def classical(officer: Officer) -> str:
    recipient = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
    payload = dump_json({"organisation": ORGANISATION, "recipient": recipient, "from": today().isoformat()})
    return b64(sign("intake-key", payload, officer.signing).raw)


def with_key(house: House, raw: str) -> Change:
    """In place of the first officer's key."""
    return lambda document: document.update(
        intake_keys=[raw, *(key for key in document["intake_keys"] if unb64(key)[:32] != house.cast.one.key)]
    )


def other_recipient(house: House) -> str:
    """The first officer's key with the attacker's recipient under the officer's signature."""
    theirs, ours = house.cast.one.intake_key, make_officer("TEST Vreemd", start=today()).intake_key
    return b64(theirs.thing.raw.replace(theirs.recipient.encode(), ours.recipient.encode()))


def versions(house: House, *signers: SigningKey, first: bool = False) -> Change:
    """A roster with a stranger in it, signed by these."""
    known, stranger = house.cast.roster, make_officer("TEST Vreemd", start=today())
    roster = make_roster(
        version=1 if first else 2,
        organisation=ORGANISATION,
        name=known.name,
        previous=None if first else known.hash,
        server=known.server,
        members=[stranger.member, *(() if first else known.members)],
    )
    version = RosterVersion(roster.payload)
    for signer in (*signers, *((stranger.signing,) if first or not signers else ())):
        version = version.signed_by(signer)
    travelling = version.to_json()
    return lambda document: document.update(roster=[*([] if first else document["roster"]), travelling])


READERS: dict[str, Callable[[House], Change]] = {
    "key with the attacker's recipient": lambda house: with_key(house, other_recipient(house)),
    "key for another organisation": lambda house: with_key(house, key_of(house.cast.one, organisation="elders")),
    "key to a classical recipient": lambda house: with_key(house, classical(house.cast.one)),
    "stranger added, signed by himself": versions,
    "stranger added, signed by the server": lambda house: versions(house, house.cast.server),
    "stranger added, signed by one officer": lambda house: versions(house, house.cast.one.signing),
    "stranger added, one officer twice": lambda house: versions(house, house.cast.one.signing, house.cast.one.signing),
    "another beginning": lambda house: versions(house, first=True),
    "no roster": lambda _: lambda document: document.update(roster=[]),
    "another organisation": lambda _: lambda document: document.update(organisation="elders"),
}


@pytest.mark.parametrize("name", READERS)
def test_lies_about_who_reads(stage: Stage, name: str) -> None:
    """No form, no door to readers who may be somebody else's, a warning, and nothing is sent."""
    stage.changed("/api/keys", READERS[name](stage.house))
    stage.browser.open(stage.server.url + "/melden")
    stage.browser.wait("#wait.failed")

    assert stage.browser.texts("#wait-text") == [TEXTS["script-roster"]]
    assert not stage.browser.visible("#report-form")
    assert not stage.browser.visible("#wait-door")
    assert stage.posted == []


ABSENT: dict[str, Callable[[House], Change]] = {
    "key kept back": lambda house: (
        lambda document: document.update(
            intake_keys=[key for key in document["intake_keys"] if unb64(key)[:32] != house.cast.one.key]
        )
    ),
    "key that expired": lambda house: with_key(house, key_of(house.cast.one, start=today() - timedelta(days=40))),
    "key of next month": lambda house: with_key(house, key_of(house.cast.one, start=today() + timedelta(days=30))),
    "key of a stranger": lambda house: with_key(house, key_of(make_officer("TEST Vreemd", start=today()))),
    "key of the server": lambda house: with_key(
        house,
        b64(make_intake_key(ORGANISATION, age.recipient_of(age.generate_identity()), today(), house.cast.server).raw),
    ),
}


@pytest.mark.parametrize("name", ABSENT)
def test_officer_left_out_by_the_server(stage: Stage, name: str) -> None:
    """An officer without a usable key is named as somebody who gets nothing, and is left out in the signed entry."""
    house = stage.house
    stage.changed("/api/keys", ABSENT[name](house))
    code = stage.begin()
    member = house.cast.one.member

    (said,) = stage.browser.texts("[data-absent]")
    assert said == TEXTS["to-absent"].format(who=member.name, function=member.function)
    stage.browser.click("#send")
    stage.browser.wait("[data-receipt]")
    log = house.log(receipt.derive(code, ORGANISATION).case)
    assert house.cast.one.key in log.not_to
    assert set(log.to) == {house.cast.two.key}


def test_no_officer_left(stage: Stage) -> None:
    """Without any key there is no form."""
    stage.changed("/api/keys", lambda document: document.update(intake_keys=[]))
    stage.browser.open(stage.server.url + "/melden")
    stage.browser.wait("#wait.failed")

    assert stage.browser.texts("#wait-text") == [TEXTS["script-closed"]]
    assert stage.posted == []


# What the server says it received


def _received(house: House, document: dict[str, Any], signer: SigningKey | None = None, **changes: object) -> Entry:
    """The answer's `received` with other fields, signed by the server or another, and a proof that fits it."""
    true = parse_entry(unb64(document["received"]))
    fields = {**true.fields, **changes}
    forged = make_entry(
        "received", case=true.case, index=1, head=true.head, signer=signer or house.cast.server, **fields
    )
    document["received"] = b64(forged.raw)
    return forged


def _proof(house: House, document: dict[str, Any], signer: SigningKey | None = None, **changes: Any) -> None:
    true = parse_entry(unb64(document["received"]))
    values: dict[str, Any] = {
        "organisation": ORGANISATION,
        "roster": house.cast.roster.hash,
        "case": true.case,
        "commitment": true.fields["commitment"],
        "received": true.fields["day"],
        "dues": true.fields["dues"],
    }
    document["proof"] = b64(make_proof(signer or house.cast.server, **(values | changes)).raw)


def _both(house: House, document: dict[str, Any], signer: SigningKey | None = None, **changes: object) -> None:
    _received(house, document, signer, **changes)
    _proof(house, document, signer)


def _dues(acknowledgement: int, feedback: int) -> Dues:
    return Dues(today() + timedelta(days=acknowledgement), today() + timedelta(days=feedback))


RECEIPTS: dict[str, Callable[[House, dict[str, Any]], object]] = {
    "proof by another server": lambda house, document: _proof(house, document, SigningKey.generate()),
    "proof by an officer": lambda house, document: _proof(house, document, house.cast.one.signing),
    "proof of another case": lambda house, document: _proof(house, document, case=bytes(16)),
    "proof of other words": lambda house, document: _proof(house, document, commitment=bytes(32)),
    "proof under another roster": lambda house, document: _proof(house, document, roster=bytes(32)),
    "proof of another day": lambda house, document: _proof(house, document, received=today() + timedelta(days=1)),
    "proof of other terms": lambda house, document: _proof(house, document, dues=_dues(1, 2)),
    "all by another server": lambda house, document: _both(house, document, SigningKey.generate()),
    "other words received": lambda house, document: _both(house, document, commitment=bytes(32)),
    "a year to acknowledge": lambda house, document: _both(house, document, dues=_dues(365, 455)),
    "a year for feedback": lambda house, document: _both(house, document, dues=_dues(7, 365)),
    "terms over already": lambda house, document: _both(house, document, dues=_dues(-7, 90)),
    "no proof": lambda _, document: document.pop("proof"),
}


def test_lies_about_what_was_received(stage: Stage) -> None:
    """No receipt is shown; the reporter reads that it is false, and keeps text and code."""
    house, code = stage.house, stage.begin()
    for name, lie in RECEIPTS.items():
        stage.honest("/api/reports")
        stage.changed("/api/reports", partial(lie, house))
        stage.browser.click("#send")

        assert stage.heading() == TEXTS["receipt-false"], name
        assert not stage.browser.visible("[data-receipt]"), name
        assert stage.browser.value("#text") == TEXT, name
        assert stage.browser.texts("#code-line") == [code], name
    stage.honest("/api/reports")
    stage.browser.click("#send")
    stage.browser.wait("[data-receipt]")


def test_other_report_received(stage: Stage) -> None:
    """A true receipt for another entry of this code is believed only when the log has the same report."""
    house = stage.house

    def change(document: dict[str, Any]) -> None:
        forged = _received(house, document, of=bytes(32))
        fields = {**forged.fields, "of": bytes(32)}
        again = make_entry("received", case=forged.case, index=1, head=bytes(32), signer=house.cast.server, **fields)
        document["received"] = b64(again.raw)
        _proof(house, document)

    stage.changed("/api/reports", change)
    stage.begin()
    stage.browser.click("#send")

    assert stage.heading() == TEXTS["alarm-log"]
    assert not stage.browser.visible("[data-receipt]")
    assert stage.browser.value("#text") == TEXT


REFUSALS: dict[str, tuple[dict[str, object], str, int]] = {
    "head": ({"error": "head", "entries": 2, "head": b64(bytes(32))}, "server-head", 1),
    "keys too old, for ever": ({"error": "stale-keys"}, "server-stale-keys", 4),
    "roster changed, for ever": ({"error": "roster"}, "server-roster", 4),
    "parts lost, for ever": ({"error": "incomplete"}, "server-incomplete", 4),
    "code taken": ({"error": "taken"}, "server-taken", 1),
    "another report under this code": ({"error": "other-text"}, "alarm-log", 1),
    "a name that chooses another sentence": (
        {"error": 'x"],[data-text="added', "number": 5},
        "server-other",
        1,
    ),
    "no name": ({"error": {"a": 1}}, "server-other", 1),
}  # fmt: skip


def test_lies_about_refusing(stage: Stage) -> None:
    """After four tries at most the reporter reads that nothing was reported; text, code and button are still there."""
    code = stage.begin()
    for name, (document, sentence, tries) in REFUSALS.items():
        stage.honest("/api/reports")
        stage.instead("/api/reports", 409, document)
        stage.browser.click("#send")

        assert stage.heading() == TEXTS[sentence], name
        assert stage.count("/api/reports") == tries, name
        assert stage.browser.value("#text") == TEXT, name
        assert stage.browser.texts("#code-line") == [code], name
        assert stage.browser.page.locator("#send").is_enabled(), name


# The mailbox

REPORTERS: dict[bytes, Receipt] = {}


@pytest.fixture(scope="module")
def cases(served: tuple[Server, House]) -> dict[str, tuple[str, Receipt]]:
    """Two reports to both officers but not to the deputy, taken over by the first; an answer in each."""
    _, house = served
    made = {}
    everybody = frozenset({house.cast.one.key, house.cast.two.key})
    for name in ("one", "two"):
        code = receipt.generate()
        reporter = receipt.derive(code, ORGANISATION)
        house.submit(reporter, house.cast.compose(reporter, to=everybody))
        house.taken_over(house.cast.one, reporter.case)
        sealed = house.answered(house.cast.one, reporter, "acknowledged")
        made[name] = (code, reporter)
        REPORTERS[reporter.case] = reporter
        assert sealed.entry.index == 3
    return made


def following(log: list[Entry], act: str, signer: SigningKey, **fields: object) -> Entry:
    return make_entry(act, case=log[0].case, index=len(log), head=log[-1].hash, signer=signer, **fields)


def answer(log: list[Entry], signer: SigningKey, **changes: object) -> Entry:
    ref = FileRef(bytes(32), 5000)
    fields: dict[str, object] = {"day": today(), "number": 1, "files": {"answer": ref, "copy": ref}}
    act = str(changes.pop("act", "answered"))
    return following(log, act, signer, **(fields | changes))


def lapsed(log: list[Entry], signer: SigningKey, days: int) -> Entry:
    due = today() + timedelta(days=days)
    return following(log, "lapsed", signer, day=today(), term="feedback", end="internal", due=due)


def closed(log: list[Entry], signer: SigningKey) -> Entry:
    ends = {"identity_until": 28, "destroy_after": 28, "register_until": 400}
    ends = {name: today() + timedelta(days=days) for name, days in ends.items()}
    return following(log, "closed", signer, day=today(), files={"note": FileRef(bytes(32), 5000)}, **ends)


def stopped_and_objected(house: House, log: list[Entry]) -> list[Entry]:
    """An officer stopped the terms, and the reporter objected: this is a log that holds."""
    true = house.log(log[0].case)
    ref = FileRef(bytes(32), 5000)
    one, day = house.cast.one.signing, today()
    true.extend("clock-stopped", one, day=day, number=2, files={"answer": ref, "copy": ref})
    true.extend("objected", REPORTERS[log[0].case].signing_key)
    true.extend("received", house.cast.server, day=day, of=true.head, commitment=None, dues=None)
    return list(true.entries)


def case_key(log: list[Entry], signer: SigningKey) -> Entry:
    first, second = (age.recipient_of(age.generate_identity()) for _ in range(2))
    grant = {"grant": FileRef(bytes(32), 5000)}
    return following(log, "case-key", signer, day=today(), recipient=first, identity_recipient=second, files=grant)


def received(house: House, log: list[Entry], **changes: object) -> Entry:
    fields = {**log[1].fields, **changes}
    return make_entry("received", case=log[0].case, index=1, head=log[0].hash, signer=house.cast.server, **fields)


def submitted(house: House, log: list[Entry], **changes: object) -> list[Entry]:
    """The report as the server would have liked it, by its own hand."""
    fields = {**log[0].fields, **changes}
    first = make_entry("submitted", case=log[0].case, index=0, head=None, signer=house.cast.server, **fields)
    return [first, received(house, [first, log[1]], of=first.hash)]


LOGS: dict[str, Callable[[House, list[Entry]], list[Entry]]] = {
    "to: somebody taken out": lambda house, log: submitted(house, log, to=log[0].fields["to"][:1]),
    "not_to: emptied": lambda house, log: submitted(house, log, not_to=()),
    "deputy: put in": lambda house, log: submitted(house, log, deputy=house.cast.deputy.key, not_to=()),
    "received: never": lambda _, log: log[:1],
    "received: by an officer": lambda house, log: [
        log[0], make_entry("received", case=log[0].case, index=1, head=log[0].hash, signer=house.cast.one.signing, **log[1].fields),
    ],
    "received: other words": lambda house, log: [log[0], received(house, log, commitment=bytes(32))],
    "received: a year for feedback": lambda house, log: [log[0], received(house, log, dues=_dues(7, 365))],
    "received: tomorrow": lambda house, log: [
        log[0], received(house, log, day=today() + timedelta(days=1), dues=_dues(8, 90)),
    ],
    "case key by the server": lambda house, log: [*log[:2], case_key(log[:2], house.cast.server)],
    "case key by a stranger": lambda _, log: [*log[:2], case_key(log[:2], SigningKey.generate())],
    "case key by somebody left out": lambda house, log: [*log[:2], case_key(log[:2], house.cast.deputy.signing)],
    "a second case key": lambda house, log: [*log, case_key(log, house.cast.two.signing)],
    "answer by the server": lambda house, log: [*log, answer(log, house.cast.server)],
    "answer by a stranger": lambda _, log: [*log, answer(log, SigningKey.generate())],
    "answer by somebody left out": lambda house, log: [*log, answer(log, house.cast.deputy.signing)],
    "answer by somebody who withdrew": lambda house, log: [
        *log, out := following(log, "recused", house.cast.two.signing, day=today()),
        answer([*log, out], house.cast.two.signing),
    ],
    "answer with a number left out": lambda house, log: [*log, answer(log, house.cast.two.signing, number=2)],
    "answer of yesterday": lambda house, log: [
        *log, answer(log, house.cast.two.signing, day=today() - timedelta(days=1)),
    ],
    "deputy left out gets it": lambda house, log: [
        *log, following(log, "handed-over", house.cast.server, day=today(), deputy=house.cast.deputy.key, roster=None),
    ],
    "somebody left out is added": lambda house, log: [
        *log,
        following(
            log, "officer-added", house.cast.two.signing, day=today(), officer=house.cast.deputy.key, key=bytes(32),
            files={"grant": FileRef(bytes(32), 5000)},
        ),
    ],
    "withdrawn in the reporter's name": lambda house, log: [*log, following(log, "withdrawn", house.cast.server)],
    "acknowledged by the system, by an officer's hand": lambda house, log: [
        *log[:3], following(log[:3], "acknowledged-auto", house.cast.one.signing, day=today()),
    ],
    "acknowledged by the system, though a person did": lambda house, log: [
        *log, following(log, "acknowledged-auto", house.cast.server, day=today()),
    ],
    "lapsed, by an officer": lambda house, log: [*log, lapsed(log, house.cast.one.signing, 0)],
    "lapsed before its day": lambda house, log: [*log, lapsed(log, house.cast.server, 90)],
    "lapsed on a day that no law gives": lambda house, log: [*log, lapsed(log, house.cast.server, 0)],
    "terms stopped by the server": lambda house, log: [
        *log, answer(log, house.cast.server, act="clock-stopped"),
    ],
    "terms stopped again after an objection": lambda house, log: [
        *(objected := stopped_and_objected(house, log)),
        answer(objected, house.cast.one.signing, act="clock-stopped", number=3),
    ],
    "objected in the reporter's name": lambda house, log: [
        *(still := [*log, answer(log, house.cast.one.signing, act="clock-stopped", number=2)]),
        following(still, "objected", house.cast.server),
    ],
    "terms counted from a later day": lambda house, log: [
        *log, following(log, "clock-runs", house.cast.one.signing, day=today(), since=today()),
    ],
    "closed by the server": lambda house, log: [*log, closed(log, house.cast.server)],
    "closed before feedback": lambda house, log: [*log, closed(log, house.cast.one.signing)],
    "reopened though open": lambda house, log: [
        *log, following(log, "reopened", house.cast.one.signing, day=today(), files={"note": FileRef(bytes(32), 5000)}),
    ],
    "destruction announced though open": lambda house, log: [
        *log,
        following(log, "destruction-announced", house.cast.server, day=today(), on=today() + timedelta(days=30)),
    ],
    "contact details destroyed though open": lambda house, log: [
        *log, following(log, "identity-destroyed", house.cast.server, day=today()),
    ],
    "destroyed by the server": lambda house, log: [*log, following(log, "destroyed", house.cast.server, day=today())],
    "destroyed though open": lambda house, log: [*log, following(log, "destroyed", house.cast.one.signing, day=today())],
    "read, though nothing came": lambda house, log: [
        *log, following(log, "read", house.cast.one.signing, day=today()),
    ],
    "an entry missing": lambda _, log: [*log[:2], log[3]],
    "an entry twice": lambda _, log: [*log, log[3]],
    "turned around": lambda _, log: [*log[:2], log[3], log[2]],
}  # fmt: skip


def test_lies_about_the_log(stage: Stage, cases: dict[str, tuple[str, Receipt]]) -> None:
    """Nothing of the mailbox is shown but the alarm, and nothing is sent."""
    code, reporter = cases["one"]
    true = list(stage.house.log(reporter.case).entries)
    stage.browser.open(stage.server.url + "/bericht")
    stage.browser.wait("#open-form")
    stage.browser.fill("#code", code)
    for name, forge in LOGS.items():
        raws = [b64(entry.raw) for entry in forge(stage.house, true)]
        stage.honest("/api/mailbox")
        stage.changed("/api/mailbox", partial(_with_log, raws))
        stage.browser.click("#open-button")

        assert stage.heading() == TEXTS["alarm-log"], name
        assert not stage.browser.visible("[data-mailbox]"), name
        assert {url.rsplit("/", 1)[1] for url in stage.posted} == {"mailbox"}, name


def _with_log(raws: list[str], document: dict[str, Any]) -> None:
    document["log"] = raws


def test_log_of_another_case(stage: Stage, cases: dict[str, tuple[str, Receipt]]) -> None:
    """Another reporter's log under this code is an alarm."""
    other = [b64(entry.raw) for entry in stage.house.log(cases["two"][1].case).entries]
    stage.changed("/api/mailbox", lambda document: document.update(log=other))
    stage.open(cases["one"][0])

    assert stage.heading() == TEXTS["alarm-log"]


def test_lies_about_who_reads_in_the_mailbox(stage: Stage, cases: dict[str, tuple[str, Receipt]]) -> None:
    """The mailbox stays shut, with the alarm."""
    stage.browser.open(stage.server.url + "/bericht")
    stage.browser.wait("#open-form")
    stage.browser.fill("#code", cases["one"][0])
    for name, make in READERS.items():
        stage.honest("/api/mailbox")
        stage.changed("/api/mailbox", make(stage.house))
        stage.browser.click("#open-button")

        assert stage.heading() in {TEXTS["alarm-roster"], TEXTS["alarm-log"]}, name
        assert not stage.browser.visible("[data-mailbox]"), name


def forged_answer(house: House, reporter: Receipt, **inside: object) -> tuple[Entry, bytes]:
    """An entry by a real officer whose file says something else inside: a server and an officer together."""
    log = house.log(reporter.case)
    signer = inside.pop("signer", house.cast.one.signing)
    kind = inside.pop("kind", "answer")
    assert isinstance(signer, SigningKey)
    assert isinstance(kind, str)
    values: dict[str, Any] = {
        "case": reporter.case, "number": 2, "roster": house.cast.roster.hash, "head": log.head,
        "document": AnswerDocument(kind, "Verzonnen.").dump(),
    }  # fmt: skip
    file = seal(sign_inside(AnswerMessage(**(values | inside)), signer), [reporter.recipient])
    ref = file_ref(file)
    entry = following(
        list(log.entries), "answered", house.cast.one.signing, day=today(), number=2, files={"answer": ref, "copy": ref}
    )
    return entry, file


ANSWERS: dict[str, dict[str, object]] = {
    "of another case": {"case": bytes(16)},
    "of another number": {"number": 1},
    "of another kind": {"kind": "feedback"},
    "on another head": {"head": bytes(32)},
    "by another officer": {"signer": SigningKey.generate()},
}


@pytest.mark.parametrize("name", ANSWERS)
def test_lies_about_an_answer(stage: Stage, cases: dict[str, tuple[str, Receipt]], name: str) -> None:
    """What does not fit its entry is not shown; the true answer beside it is."""
    code, reporter = cases["one"]
    entry, file = forged_answer(stage.house, reporter, **ANSWERS[name])

    def change(document: dict[str, Any]) -> None:
        document["log"].append(b64(entry.raw))
        document["answers"][str(entry.index)] = b64(file)

    stage.changed("/api/mailbox", change)
    stage.open(code)
    stage.browser.wait("#alarm")

    assert "is niet echt of niet heel" in stage.browser.texts("#alarm li")[0]
    assert stage.browser.texts("#timeline blockquote:not([hidden])") == ["Dank u wel."]
    assert "Verzonnen" not in stage.browser.body


FILES: dict[str, Callable[[House, dict[str, tuple[str, Receipt]], str], str | None]] = {
    "of another case": lambda house, cases, _: _answers(house, cases["two"][1])[3],
    "cut off": lambda _house, _cases, file: b64(unb64(file)[:-100]),
    "nothing": lambda _house, _cases, _file: "",
    "kept back": lambda _house, _cases, _file: None,
    "header for somebody else": lambda _house, _cases, file: b64(
        age.split(age.encrypt(b"x", [age.recipient_of(age.generate_identity())]))[0] + age.split(unb64(file))[1]
    ),
}


def _answers(house: House, reporter: Receipt) -> dict[int, str]:
    return {number: b64(file) for number, file in house.desk.mailbox(reporter.address, today()).answers.items()}


@pytest.mark.parametrize("name", FILES)
def test_lies_about_an_answers_file(stage: Stage, cases: dict[str, tuple[str, Receipt]], name: str) -> None:
    """A file that is not the one in the log is not shown, and the reporter is told that one is missing or false."""
    code, reporter = cases["one"]
    made = FILES[name](stage.house, cases, _answers(stage.house, reporter)[3])
    stage.changed("/api/mailbox", lambda document: document.update(answers={} if made is None else {"3": made}))
    stage.open(code)
    stage.browser.wait("#alarm")

    assert stage.browser.texts("#timeline blockquote:not([hidden])") == []
    assert len(stage.browser.texts("#alarm li")) == 1


# Later messages


def add(stage: Stage, code: str) -> None:
    stage.open(code)
    stage.browser.wait("#add-form")
    stage.browser.fill("#add-form [name=text]", "Nog iets.")
    stage.browser.click("#add-form button[type=submit]")


def test_addition_thanked_for_and_thrown_away(stage: Stage, cases: dict[str, tuple[str, Receipt]]) -> None:
    """Four times, then the alarm: an addition counts as arrived when the verified log has it, and its text stays."""
    stage.instead("/api/messages", 201, {"received": "AA"})
    add(stage, cases["two"][0])

    assert stage.heading() == TEXTS["alarm-log"]
    assert stage.count("/api/messages") == 4
    assert stage.browser.value("#add-form [name=text]") == "Nog iets."
    assert not stage.browser.visible("[data-added]")


@pytest.mark.parametrize("error", ["head", "number", "stale-keys", "roster", "incomplete"])
def test_addition_refused_for_ever(stage: Stage, cases: dict[str, tuple[str, Receipt]], error: str) -> None:
    """Four times, then the reason; the text stays."""
    stage.instead("/api/messages", 409, {"error": error, "entries": 4, "head": b64(bytes(32))})
    add(stage, cases["two"][0])

    assert stage.heading() == TEXTS[f"server-{error}"]
    assert stage.count("/api/messages") == 4
    assert stage.browser.value("#add-form [name=text]") == "Nog iets."


def test_case_key_swapped_while_writing(stage: Stage, cases: dict[str, tuple[str, Receipt]]) -> None:
    """A message is sealed to the key that an officer announced in the log, whatever keys come beside it."""
    code, reporter = cases["two"]
    stranger = make_officer("TEST Vreemd", start=today())
    stage.changed("/api/mailbox", lambda document: document["intake_keys"].append(b64(stranger.intake_key.thing.raw)))
    add(stage, code)
    stage.browser.wait("[data-added]")
    log = stage.house.log(reporter.case)
    file = stage.house.files(stage.house.cast.one, reporter.case)[log.entries[-2].index, "message"]
    with pytest.raises(NotForThisKeyError):
        age.decrypt(file, [stranger.identity])
