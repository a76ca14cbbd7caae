# SPDX-License-Identifier: EUPL-1.2
"""Attachments' pages in Chromium: axe finds nothing, pictures are drawn, and a keyboard turns the pages."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsers import CHROMIUM, Chromium, chromium
from lied_to import opened
from sandboxes import need_sandbox, pdf, png
from town import need
from workplace import ORIGIN, workplaces

from meldkluis.crypto.encoding import b64

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("town")]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
Answers = dict[str, tuple[int, dict[str, str], bytes]]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """What a workstation answers about three attachments of a case, by path."""
    need_sandbox()
    with workplaces(tmp_path_factory.mktemp("view")) as places:
        files = [
            ("\u202erapport " + "lang" * 30 + ".pdf", pdf(5)),
            ("a.png", png(author="J. Jansen")),
            ("a.zip", b"PK"),
        ]
        sent = opened(places, files=files)
        browser = places.browser(0)
        case, (first, second, third) = f"/case/{b64(sent.case)}", [f"0/{b64(item)}" for item in sent.attachments]
        paths = {
            "/case": case, "/view": f"{case}/view/{first}", "/why": f"{case}/view/{third}",
            "/evidence": f"{case}/evidence/{second}", "/machine": "/machine",
            "/static/workstation.css": "/static/workstation.css", "/static/mark.svg": "/static/mark.svg",
        }  # fmt: skip
        given = {name: browser.get(path) for name, path in paths.items()}
        given["/error"] = browser.post(f"{case}/evidence/{second}", choice="x")
        browser.get(f"{case}/view/{first}")
        for query in ("", "?part=0&page=1", "?part=0&page=5"):
            given[f"{case}/view/{first}{query}"] = browser.get(f"{case}/view/{first}{query}")
        for number in range(1, 6):
            given[f"{case}/view/{first}/0/{number}"] = browser.get(f"{case}/view/{first}/0/{number}")
    return {path: (answer.status_code, dict(answer.headers), answer.content) for path, answer in given.items()}


def at(browser: Chromium, answers: Answers, path: str) -> None:
    """Open a page as the workstation gave it, under its own policy."""

    def fulfil(route: Any) -> None:
        status, headers, content = answers[route.request.url.removeprefix(ORIGIN)]
        route.fulfill(status=status, headers=headers, body=content)

    browser.page.route(f"{ORIGIN}/**", fulfil)
    browser.open(ORIGIN + path)


@pytest.fixture(params=[("light", 390), pytest.param(("dark", 1280), marks=pytest.mark.drill)])
def page(request: pytest.FixtureRequest) -> Iterator[Chromium]:
    """A phone by day, a desk by night."""
    need("Chromium", CHROMIUM)
    scheme, width = request.param
    with chromium(viewport={"width": width, "height": 900}, color_scheme=scheme) as browser:
        yield browser


@pytest.mark.parametrize("path", ["/case", "/view", "/why", "/evidence", "/error", "/machine"])
def test_pages_about_attachments(page: Chromium, answers: Answers, path: str) -> None:
    """No violation, no refused style, and nothing sticks out sideways."""
    said: list[str] = []
    page.page.on("console", lambda message: said.append(message.text))
    at(page, answers, path)
    found = Axe().run(page.page, options={"runOnly": TAGS}).response["violations"]
    assert [json.dumps({"id": item["id"], "where": [node["target"] for node in item["nodes"]]}) for item in found] == []
    assert page.evaluate("return document.documentElement.scrollWidth <= window.innerWidth")
    # A page that answers with an error says so on the console by itself.
    assert [text for text in said if "status of" not in text] == []


def test_pages_are_drawn_and_turned_by_keyboard(page: Chromium, answers: Answers) -> None:
    """The browser decodes our pictures, and Enter on a link turns to the next ones."""
    at(page, answers, "/view")
    drawn = "return [...document.querySelectorAll('.sheets img')].map(one => one.complete && one.naturalWidth)"
    assert page.evaluate(drawn) == [1240] * 4
    page.page.locator("a[rel=next]").first.focus()
    page.page.keyboard.press("Enter")
    page.wait("a[rel=prev]")
    assert page.evaluate(drawn) == [1240]
