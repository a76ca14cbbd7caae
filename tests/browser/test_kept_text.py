# SPDX-License-Identifier: EUPL-1.2
"""A text that meets a locked vault, in a real browser: nothing of it is lost, and every page on its way passes axe."""

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsers import CHROMIUM, Chromium, chromium
from town import PASSPHRASE, Town, need

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("town")]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
TEXT = '\n  "Beste" <melder> & co,\n\n' + "één à twee weken; 100% * ~\\ €\t\n" * 7_000 + "\n"
"""About 250 kB."""


def fine(browser: Chromium) -> bool:
    """Whether axe finds nothing; what it finds is said."""
    found = Axe().run(browser.page, options={"runOnly": TAGS}).response["violations"]
    assert [json.dumps({"id": item["id"], "where": [node["target"] for node in item["nodes"]]}) for item in found] == []
    return True


def a_case(browser: Chromium, town: Town) -> str:
    """Go in, open the first case, and return its address."""
    browser.open(town.start_of(1))
    browser.wait("#passphrase, main a.button")
    if browser.visible("#passphrase"):
        browser.fill("#passphrase", PASSPHRASE)
        browser.click("main form button")
    else:
        browser.click("main a.button")
    browser.wait("table.inbox")
    browser.click("table.inbox a")
    browser.wait("section.about-whom, ol.timeline")
    if browser.visible("section.about-whom"):
        browser.click("input[name=involved][value=no]")
        browser.click("fieldset ~ button")
        browser.wait("ol.timeline")
    return browser.url


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.drill)])
def test_text_survives_in_a_browser(town: Town, scheme: str) -> None:
    """What the browser had sent is what it sends by the button: lines, blanks and signs, 250 kB of them."""
    need("Chromium", CHROMIUM)
    with chromium(locale="nl-NL", color_scheme=scheme) as browser:
        case = a_case(browser, town)
        form = "form[action$='/answer']:has(input[type=radio])"
        browser.wait(f"{form} textarea")
        # Set at once: typing so much takes a browser minutes.
        browser.page.eval_on_selector(f"{form} textarea", "(area, text) => { area.value = text; }", TEXT)
        browser.click(f"{form} input[name=act][value=answered]")
        other = browser.page.context.new_page()
        other.goto(case.partition("/case/")[0] + "/settings")
        assert fine(Chromium(other, javascript=True))
        other.fill("#minutes", "4")
        other.click("form[action='/settings/idle'] button")
        other.wait_for_selector("#minutes-error")
        assert fine(Chromium(other, javascript=True))
        other.click("form[action='/lock'] button")
        other.wait_for_selector("#passphrase")

        browser.click(f"{form} > button")
        browser.wait("#passphrase")
        assert "nog niet verstuurd" in browser.body
        assert fine(browser)
        browser.fill("#passphrase", "fout")
        browser.click("main form button")
        browser.wait("#passphrase-error")
        assert fine(browser)
        browser.fill("#passphrase", PASSPHRASE)
        browser.click("main form button")
        browser.wait("blockquote.written")
        assert fine(browser)

        assert (browser.value("main input[name=text]") == TEXT) is True
        assert browser.value("main input[name=act]") == "answered"
        browser.click("main p a")
        browser.wait("ol.timeline")
        assert browser.url == case
