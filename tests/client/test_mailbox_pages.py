# SPDX-License-Identifier: EUPL-1.2
"""The mailbox with a script: answers, lies of the server, codes that are wrong."""

from collections.abc import Callable
from typing import Any

import pytest
from browsers import Chromium
from cast import ORGANISATION
from deskhouse import House
from running import Server
from scripted import changed, entries, heading, open_mailbox, send

from meldkluis.crypto import receipt

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
