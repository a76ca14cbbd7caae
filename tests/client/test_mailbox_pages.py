# SPDX-License-Identifier: EUPL-1.2
"""The mailbox with a script: answers, lies of the server, codes that are wrong."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from browsers import Chromium
from cast import ORGANISATION
from deskhouse import House
from running import Server
from scripted import changed, entries, heading, open_mailbox, send

from meldkluis.crypto import receipt
from meldkluis.crypto.casework import compose_answer
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.encoding import b64
from meldkluis.crypto.entry import ANSWER_ACTS, NOTE_ACTS, FileRef
from meldkluis.crypto.roster import verify_chain
from meldkluis.crypto.signed import SigningKey
from meldkluis.intake.casefile import Telling, read_case
from meldkluis.intake.i18n import Language
from meldkluis.intake.texts import TEXTS
from meldkluis.mailbox.clock import today
from meldkluis.mailbox.desk import Mailbox

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180), pytest.mark.xdist_group("client-pages")]


def answered(house: House) -> str:
    """A case that was taken over and answered twice; returns its code."""
    code = receipt.generate()
    reporter = receipt.derive(code, ORGANISATION)
    house.submit(reporter, house.cast.compose(reporter))
    house.taken_over(house.cast.one, reporter.case)
    for act, text in (("acknowledged", "Dank u wel."), ("answered", "Wanneer was dat? \u202egnidiel\u202c")):
        answer_by(house, reporter, act, text)
    return code


def answer_by(house: House, reporter: receipt.Receipt, act: str, text: str) -> None:
    sealed = house.answer(house.cast.one, reporter, act, text)
    house.append(house.cast.one, sealed.entry.raw, reporter.case, sealed.files)


def test_answers(served: tuple[Server, House], browser: Chromium) -> None:
    """Answers are shown as text, and a message back goes to the case's key."""
    server, house = served
    code = answered(house)
    open_mailbox(browser, server, " ".join(word[:4].upper() for word in code.split()))
    browser.wait("[data-mailbox]")

    assert browser.texts("#timeline [data-fill=body]:visible") == ["Dank u wel.", "Wanneer was dat? gnidiel"]
    assert not browser.visible("#alarm")
    browser.fill("#add-form [name=text]", "Op maandag")
    send(browser, "[data-added]")
    assert entries(house, code)[-2:] == ["message", "received"]


def _without(index: int) -> Callable[[dict[str, Any]], object]:
    return lambda document: document["log"].pop(index)


def _swap(document: dict[str, Any]) -> None:
    log = document["log"]
    log[-1], log[-2] = log[-2], log[-1]


BAD_LOGS: list[Callable[[dict[str, Any]], object]] = [
    *(_without(index) for index in range(4)),
    _swap,
    lambda document: document["log"].append(document["log"][-1]),
    lambda document: document["log"].clear(),
    lambda document: document.update(found=False),
    lambda document: document["roster"].clear(),
]


def test_lying_log(served: tuple[Server, House], browser: Chromium) -> None:
    """A log with entries dropped, doubled or moved raises the alarm, and nothing of it is shown."""
    server, house = served
    code = answered(house)
    for change in BAD_LOGS:
        changed(browser, "/api/mailbox", change)
        open_mailbox(browser, server, code)
        heading(browser)
        assert not browser.visible("[data-mailbox]")


def test_lying_answers(served: tuple[Server, House], browser: Chromium) -> None:
    """Answers that were swapped or taken away raise the alarm and are not shown."""
    server, house = served
    code = answered(house)

    def swap(document: dict[str, Any]) -> None:
        one, two = document["answers"]
        document["answers"] = {one: document["answers"][two]}

    changed(browser, "/api/mailbox", swap)
    open_mailbox(browser, server, code)
    browser.wait("#alarm")
    assert len(browser.texts("#alarm li")) == 2
    assert browser.page.locator("#timeline [data-fill=body]:visible").count() == 0
    assert browser.visible("#outside")


def test_rolled_back_log(served: tuple[Server, House], browser: Chromium) -> None:
    """A log that no longer begins as it did a moment ago raises the alarm while a message is sent."""
    server, house = served
    code = answered(house)
    open_mailbox(browser, server, code)
    browser.wait("[data-mailbox]")
    changed(browser, "/api/mailbox", lambda document: (document["log"].pop(), document["log"].pop()))
    browser.fill("#add-form [name=text]", "Op maandag")
    browser.click("#send")

    assert heading(browser)
    assert browser.value("#add-form [name=text]") == "Op maandag"


def test_new_entry_meanwhile(served: tuple[Server, House], browser: Chromium) -> None:
    """When an answer comes in while a message is written, the message is made anew on top of it and stands once."""
    server, house = served
    code = answered(house)
    reporter = receipt.derive(code, ORGANISATION)
    open_mailbox(browser, server, code)
    browser.wait("[data-mailbox]")
    answer_by(house, reporter, "answered", "Nog een vraag.")
    browser.fill("#add-form [name=text]", "Op maandag")
    send(browser, "[data-added]")

    assert entries(house, code)[-3:] == ["answered", "message", "received"]
    assert "Nog een vraag." in browser.texts("#timeline [data-fill=body]:visible")


@pytest.mark.parametrize(("typed", "expected"), [("aap noot mies", "12"), ("qqqqq " * 12, "1")])
def test_wrong_codes(served: tuple[Server, House], browser: Chromium, typed: str, expected: str) -> None:
    """A code that is none is explained beside its field, and nothing is sent."""
    server, _ = served
    sent: list[str] = []
    open_mailbox(browser, server, typed)
    browser.page.on("request", lambda request: sent.append(request.url))
    heading(browser)
    assert expected in browser.texts("#errors li")[0]
    assert browser.visible("#code-error")
    assert sent == []


def test_unknown_code(served: tuple[Server, House], browser: Chromium) -> None:
    """A code without a report is said to be unknown, and can be corrected."""
    server, _ = served
    open_mailbox(browser, server, receipt.generate("en"))
    heading(browser)
    assert browser.visible("#code-error")
    assert browser.page.locator("#open-button").is_enabled()


# Where the case stands


@dataclass
class Told:
    """A case as the server tells it on a day; entries are appended to a copy of its log, and stored nowhere."""

    house: House
    code: str
    log: CaseLog
    reporter: receipt.Receipt
    day: date
    answers: dict[int, bytes] = field(default_factory=dict)

    def add(self, act: str, who: SigningKey, days: int, **fields: object) -> None:
        self.day = today() + timedelta(days=days)
        if act in ANSWER_ACTS:
            roster = self.house.cast.roster.hash
            sealed = compose_answer(act, f"{act}.", self.log, self.reporter.recipient, roster, who, self.day)
            self.answers[sealed.entry.index] = sealed.files["answer"]
        elif act in NOTE_ACTS:
            self.log.extend(act, who, day=self.day, files={"note": FileRef(bytes(32), 5000)}, **fields)
        else:
            self.log.extend(act, who, day=self.day, **fields)

    def message(self, days: int, act: str = "objected") -> None:
        self.log.extend(act, self.reporter.signing_key)
        last = self.log.entries[-1]
        self.add("received", self.house.cast.server, days, of=last.hash, commitment=None, dues=None)

    def change(self, document: dict[str, Any]) -> None:
        document["day"] = self.day.isoformat()
        document["log"] = [b64(entry.raw) for entry in self.log.entries]
        document["answers"] = {str(index): b64(file) for index, file in self.answers.items()}

    def at_the_door(self, language: str) -> Telling:
        """The same, as the door puts it into words."""
        box = Mailbox(True, [entry.raw for entry in self.log.entries], self.answers, [], [self.house.cast.version])
        case = read_case(box, self.reporter, ORGANISATION, verify_chain)
        return Telling(Language(language), case, self.day)


def _stands(told: Told, one: SigningKey) -> None:
    told.add("clock-stopped", one, 1)


def _lapses(told: Told, one: SigningKey) -> None:
    server, due = told.house.cast.server, today() + timedelta(days=7)
    told.add("lapsed", server, 7, term="acknowledgement", end="internal", due=due)
    told.add("acknowledged-auto", server, 7)
    told.add("handed-over", server, 7, deputy=told.house.cast.deputy.key, roster=None)
    late = today() + timedelta(days=97)
    told.add("lapsed", server, 98, term="feedback", end="internal", due=late)
    told.add("lapsed", server, 98, term="feedback", end="nominal", due=late)


def _silence(told: Told, one: SigningKey) -> None:
    told.day = today() + timedelta(days=110)


def _objects(told: Told, one: SigningKey) -> None:
    told.add("acknowledged", one, 2)
    told.add("clock-stopped", one, 3)
    told.add("clock-runs", one, 30, since=today() + timedelta(days=20))
    told.add("clock-stopped", one, 31)
    told.message(32)
    told.add("read", one, 33)
    told.add("noted", one, 33)


def _closes(told: Told, one: SigningKey) -> None:
    two, end = told.house.cast.two.signing, today() + timedelta(days=60)
    told.add("feedback", one, 3)
    told.add("closed", one, 4, identity_until=end, destroy_after=end, register_until=end + timedelta(days=400))
    told.add("destruction-approved", two, 31)
    told.add("held", two, 32, until=today() + timedelta(days=70))


def _ends(told: Told, one: SigningKey) -> None:
    server, end = told.house.cast.server, today() + timedelta(days=60)
    told.add("feedback", one, 3)
    told.add("closed", one, 4, identity_until=end, destroy_after=end, register_until=end + timedelta(days=400))
    told.add("reopened", one, 5)
    told.add("closed", one, 6, identity_until=end, destroy_after=end, register_until=end + timedelta(days=400))
    told.add("held", one, 6, until=end)
    told.add("released", one, 7)
    told.add("identity-destroyed", server, 60)
    told.add("destruction-announced", server, 60, on=today() + timedelta(days=90))


def _destroys(told: Told, one: SigningKey) -> None:
    _ends(told, one)
    told.add("destroyed", one, 90)


STANDS: dict[str, Callable[[Told, SigningKey], None]] = {
    "fresh": lambda *_: None,
    "stopped": _stands,
    "lapsed": _lapses,
    "lapses kept back": _silence,
    "objected": _objects,
    "held": _closes,
    "announced": _ends,
    "destroyed": _destroys,
}


def begin_telling(house: House, *, taken: bool = True) -> Told:
    code = receipt.generate()
    reporter = receipt.derive(code, ORGANISATION)
    house.submit(reporter, house.cast.compose(reporter))
    if taken:
        house.taken_over(house.cast.one, reporter.case)
    return Told(house, code, house.log(reporter.case), reporter, today())


@pytest.mark.parametrize("language", ["nl", "en"])
def test_script_and_door_say_the_same(served: tuple[Server, House], browser: Chromium, language: str) -> None:
    """For every way in which a case can stand: the same sentences, days and marks, and the same timeline."""
    server, house = served
    for name, tell in STANDS.items():
        told = begin_telling(house, taken=name not in {"fresh", "lapsed", "lapses kept back"})
        tell(told, house.cast.one.signing)
        changed(browser, "/api/mailbox", told.change)
        browser.open(f"{server.url}{'' if language == 'nl' else '/en'}/bericht")
        browser.wait("#open-form")
        browser.fill("#code", told.code)
        browser.click("#open-button")
        browser.wait("[data-mailbox]")
        door = told.at_the_door(language)

        assert browser.texts("#now li") == [fact.text for fact in door.standing()], name
        assert browser.texts("#now .danger") == [fact.text for fact in door.standing() if fact.lapse], name
        lines = [[line.when, line.what, *line.more, *([line.body] if line.body else [])] for line in door.lines()]
        shown = [item.split("\n") for item in browser.texts("#timeline li")]
        assert [[part for part in parts if part] for parts in shown] == [[p for p in parts if p] for parts in lines], (
            name
        )
        assert browser.visible("#outside") == door.lapsed == ("laps" in name), name
        assert browser.visible("#object") == (name == "stopped"), name
        assert browser.visible("#add-form") == (name != "destroyed"), name
        assert browser.texts("[data-fill=summary]") == [door.summary()], name


def test_objection(served: tuple[Server, House], browser: Chromium) -> None:
    """The button lets the terms run again; what was typed and chosen stays, and nothing asks twice."""
    server, house = served
    code = answered(house)
    reporter = receipt.derive(code, ORGANISATION)
    answer_by(house, reporter, "clock-stopped", "U stelde een vraag.")
    open_mailbox(browser, server, code)
    browser.wait("#object button")
    browser.fill("#add-form [name=text]", "Al getypt")
    browser.click("#object button")
    browser.wait("[data-added]")

    assert entries(house, code)[-3:] == ["clock-stopped", "objected", "received"]
    assert TEXTS["objected"] in browser.texts("[data-added]")[0]
    assert not browser.visible("#object")
    assert browser.value("#add-form [name=text]") == "Al getypt"
    send(browser, "#timeline li:nth-child(7)")
    assert entries(house, code)[-2:] == ["message", "received"]


def test_objection_from_two_pages(served: tuple[Server, House], browser: Chromium) -> None:
    """An objection that stands already is not made twice, and is no alarm."""
    server, house = served
    code = answered(house)
    reporter = receipt.derive(code, ORGANISATION)
    answer_by(house, reporter, "clock-stopped", "U stelde een vraag.")
    open_mailbox(browser, server, code)
    browser.wait("#object button")
    log = house.log(reporter.case)
    entry = log.extend("objected", reporter.signing_key)
    house.run(house.desk.add(reporter.address, entry.raw, {}, today()))
    browser.click("#object button")
    browser.wait("[data-added]")

    assert entries(house, code).count("objected") == 1


def test_objection_thanked_for_and_thrown_away(served: tuple[Server, House], browser: Chromium) -> None:
    """Four times, then the alarm: an objection counts when the verified log has it."""
    server, house = served
    code = answered(house)
    answer_by(house, receipt.derive(code, ORGANISATION), "clock-stopped", "U stelde een vraag.")
    asked: list[str] = []

    def thank(route: Any) -> None:
        asked.append(route.request.url)
        route.fulfill(status=201, content_type="application/json", body='{"received": "AA"}')

    browser.page.route("**/api/messages", thank)
    open_mailbox(browser, server, code)
    browser.wait("#object button")
    browser.click("#object button")

    assert heading(browser) == TEXTS["alarm-log"]
    assert len(asked) == 4
    assert browser.page.locator("#object button").is_enabled()
