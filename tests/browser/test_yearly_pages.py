# SPDX-License-Identifier: EUPL-1.2
"""Register and yearly report in Chromium: axe finds nothing on pages full of cases, and the report prints."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsers import CHROMIUM, Chromium, chromium
from lied_to import opened
from town import need
from workplace import ORIGIN, workplaces
from yearbook import cases_of, keep

from meldkluis.mailbox.clock import today
from meldkluis.workstation.yearly import LONGEST_TEXT

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("town")]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LAST = today().year - 1
Answers = dict[str, tuple[int, dict[str, str], bytes]]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """What a workstation with two full years answers, errors too, by path."""
    found: Answers = {}
    with workplaces(tmp_path_factory.mktemp("yearly")) as places:
        key = places.offices[0].keyring.key
        keep(places.offices[0], cases_of(LAST, 90, [key], 1) + cases_of(LAST - 1, 60, [key], 2))
        keep(places.offices[0], cases_of(LAST - 3, 4, [key], 3))
        opened(places)
        browser = places.browser(0)
        paths = ["/register", f"/yearly/{LAST}", f"/yearly/{LAST - 3}"]
        paths += [f"/yearly/{LAST}/report/nl", f"/yearly/{LAST}/report/en", "/static/workstation.css"]
        given = {path: browser.get(path) for path in [*paths, "/static/mark.svg"]}
        ours = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}
        given["/errors/take"] = browser.client.post(
            f"/yearly/{LAST}/take",
            data={"csrf": browser.station.sessions.csrf},
            files={"file": ("x", b"x")},
            headers=ours,
        )
        given["/errors/texts"] = browser.post(f"/yearly/{LAST}/texts", lessons="x" * (LONGEST_TEXT + 1))
        given["/errors/export"] = browser.post(f"/yearly/{LAST}/export", to="x")
        for path, answer in given.items():
            # A saved file has no headers; its own policy stands in it.
            headers = {"content-type": answer.headers["content-type"]} if "/report/" in path else dict(answer.headers)
            found[path] = (answer.status_code, headers, answer.content)
    return found


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


@pytest.mark.parametrize(
    "path",
    [
        "/register", f"/yearly/{LAST}", f"/yearly/{LAST - 3}",
        f"/yearly/{LAST}/report/nl", f"/yearly/{LAST}/report/en", "/errors/take", "/errors/texts", "/errors/export",
    ],
)  # fmt: skip
def test_pages_full_of_cases(page: Chromium, answers: Answers, path: str) -> None:
    """No violation, no refused style, and nothing but a wide table sticks out sideways."""
    said: list[str] = []
    page.page.on("console", lambda message: said.append(message.text))
    at(page, answers, path)
    found = Axe().run(page.page, options={"runOnly": TAGS}).response["violations"]
    assert [json.dumps({"id": item["id"], "where": [node["target"] for node in item["nodes"]]}) for item in found] == []
    assert page.evaluate("return document.documentElement.scrollWidth <= window.innerWidth")
    # A page that answers with an error says so on the console by itself.
    assert [text for text in said if "status of" not in text] == []


def test_the_report_prints(answers: Answers, tmp_path: Path) -> None:
    """The saved report becomes a paper of a few pages, with its charts."""
    need("Chromium", CHROMIUM)
    with chromium() as browser:
        at(browser, answers, f"/yearly/{LAST}/report/nl")
        assert browser.evaluate("return document.querySelectorAll('svg[role=img] title').length") >= 5
        printed = browser.page.pdf(prefer_css_page_size=True)
        browser.page.emulate_media(media="print")
        browser.screenshot(tmp_path / "report.png")
    assert printed.startswith(b"%PDF-")
    assert 2 <= printed.count(b"/Type /Page\n") <= 9
