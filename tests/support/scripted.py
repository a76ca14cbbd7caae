# SPDX-License-Identifier: EUPL-1.2
"""What a reporter with a script does on the pages, and what a test does to the network between."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from browsers import Chromium
from cast import ORGANISATION
from deskhouse import House
from running import Server

from meldkluis.crypto import casework, receipt
from meldkluis.mailbox.clock import today

TEXT = "Regel één.\nRegel twee: <b>geen opmaak</b>."


class Office(House):
    """The desk from a thread of its own, since the browser's driver keeps this one's event loop."""

    def run(self, awaitable: Coroutine[Any, Any, Any]) -> Any:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, awaitable).result()


def begin(browser: Chromium, server: Server, text: str = TEXT, path: str = "/melden") -> str:
    """Fill in the form; returns the code that it shows."""
    browser.open(server.url + path)
    browser.wait("#report-form")
    browser.click("#kind-report")
    browser.fill("#text", text)
    return browser.texts("#code-line")[0]


def send(browser: Chromium, then: str) -> None:
    browser.click("#send")
    browser.wait(then)


def heading(browser: Chromium) -> str:
    browser.wait("#errors")
    return browser.texts("#errors h2")[0]


def entries(house: House, code: str) -> list[str]:
    """The acts in the log of this code's case, as the store has them."""
    reporter = receipt.derive(code, ORGANISATION)
    if not house.desk.mailbox(reporter.address, today()).found:
        return []
    return [entry.act for entry in house.log(reporter.case).entries]


def read(house: House, code: str, index: int = 0) -> casework.OpenedMessage:
    """A message as the first officer opens it."""
    case = receipt.derive(code, ORGANISATION).case
    log = house.log(case)
    slot = "content" if index == 0 else "message"
    files = house.files(house.cast.one, case)
    return casework.open_message(files[index, slot], log.entries[index], log, [house.cast.one.identity])


def cut_after(answers: int, browser: Chromium, path: str) -> list[str]:
    """Let the server do its work on `path` and lose its answer, so many times; returns the bodies that were sent."""
    bodies: list[str] = []

    def handle(route: Any) -> None:
        bodies.append(route.request.post_data or "")
        if len(bodies) <= answers:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    browser.page.route(f"**{path}", handle)
    return bodies


def changed(browser: Chromium, path: str, change: Callable[[dict[str, Any]], object]) -> None:
    """Let the server lie: its JSON answer on `path` comes changed."""

    def handle(route: Any) -> None:
        answer = route.fetch()
        document = answer.json()
        change(document)
        route.fulfill(status=answer.status, content_type="application/json", body=json.dumps(document))

    browser.page.unroute(f"**{path}")
    browser.page.route(f"**{path}", handle)


def open_mailbox(browser: Chromium, server: Server, code: str) -> None:
    browser.open(server.url + "/bericht")
    browser.wait("#open-form")
    browser.fill("#code", code)
    browser.click("#open-button")
