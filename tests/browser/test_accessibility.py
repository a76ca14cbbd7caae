# SPDX-License-Identifier: EUPL-1.2
"""axe finds nothing on any page in any state that a reporter or officer meets (WCAG 2.2 AA)."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe import violations
from browsers import CHROMIUM, Chromium, chromium
from casefiles import TO_ARCHIVIST, opened_file
from town import PASSPHRASE, Town, need

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("town")]
Steps = Callable[[Chromium, Town], None]


@pytest.fixture(params=["light", pytest.param("dark", marks=pytest.mark.drill)])
def page(request: pytest.FixtureRequest) -> Iterator[Chromium]:
    """Chromium on a phone, in either colour scheme."""
    need("Chromium", CHROMIUM)
    with chromium(viewport={"width": 390, "height": 800}, color_scheme=request.param) as browser:
        yield browser


def form(browser: Chromium, town: Town) -> None:
    browser.open(f"{town.site}/melden")
    browser.wait("#send")


def form_with_errors(browser: Chromium, town: Town) -> None:
    form(browser, town)
    for box in browser.page.locator("input[name=to]").all():
        box.uncheck()
    browser.click("#send")
    browser.wait("#errors")


def receipt(browser: Chromium, town: Town) -> None:
    form(browser, town)
    browser.fill("#text", "Er klopt iets niet.")
    browser.click("#send")
    browser.wait("[data-receipt]")
    browser.click("#written")


def mailbox(browser: Chromium, town: Town) -> None:
    browser.open(f"{town.site}/bericht")
    browser.wait("#open-button")
    browser.fill("#code", town.sample)
    browser.click("#open-button")
    browser.wait("[data-mailbox]")


def wrong_code(browser: Chromium, town: Town) -> None:
    browser.open(f"{town.site}/bericht")
    browser.wait("#open-button")
    browser.fill("#code", f"qqqq {town.sample}")
    browser.click("#open-button")
    browser.wait("#code-error")


def door(browser: Chromium, town: Town) -> None:
    browser.open(f"{town.site}/melden?door")


def door_errors(browser: Chromium, town: Town) -> None:
    door(browser, town)
    browser.click("#send")
    browser.wait("#errors")


def door_receipt(browser: Chromium, town: Town) -> None:
    door(browser, town)
    browser.fill("#text", "Er klopt iets niet.")
    browser.click("#send")
    browser.wait("[data-receipt]")


def plain(path: str) -> Steps:
    return lambda browser, town: browser.open(town.site + path)


PAGES: dict[str, Steps] = {
    "start": plain("/"),
    "start in English": plain("/en/"),
    "no such page": plain("/niets"),
    "proof": plain("/bewijs"),
    "keys": plain("/sleutels"),
    "form": form,
    "form with errors": form_with_errors,
    "receipt": receipt,
    "mailbox": mailbox,
    "wrong code": wrong_code,
    "door": door,
    "door with errors": door_errors,
    "door's receipt": door_receipt,
}


@pytest.mark.parametrize("name", PAGES)
def test_reporters_pages(page: Chromium, town: Town, name: str) -> None:
    """No violation, and nothing sticks out sideways on a phone."""
    PAGES[name](page, town)
    assert violations(page) == []
    assert page.evaluate("return document.documentElement.scrollWidth <= window.innerWidth")


def enter(page: Chromium, town: Town, number: int) -> None:
    """Come to the list of cases of an officer's workstation, locked or not."""
    page.open(town.start_of(number))
    page.wait("#passphrase, main a.button")
    if page.visible("main a.button"):
        page.click("main a.button")
    else:
        page.fill("#passphrase", PASSPHRASE)
        page.click("main form button")
    page.wait("table.inbox")


def open_case(page: Chromium) -> None:
    """Open the first case, with the question before it where it was not answered yet."""
    page.click("table.inbox a")
    page.wait("section.about-whom, ol.timeline")
    if page.visible("section.about-whom"):
        page.click("input[name=involved][value=no]")
        page.click("fieldset ~ button")
        page.wait("ol.timeline")


def test_officers_pages(page: Chromium, town: Town) -> None:
    """The workstation, from the locked vault to a case."""
    page.open(town.start_of(2))
    page.wait("#passphrase, main a.button")
    if page.visible("main a.button"):
        assert violations(page) == []
        page.click("main a.button")
    else:
        assert violations(page) == []
        page.fill("#passphrase", "fout")
        page.click("main form button")
        page.wait("#passphrase-error")
        assert violations(page) == []
        page.fill("#passphrase", PASSPHRASE)
        page.click("main form button")
    page.wait("table.inbox")
    assert violations(page) == []
    page.click("table.inbox a")
    page.wait("section.about-whom, ol.timeline")
    assert violations(page) == []
    if page.visible("section.about-whom"):
        page.click("input[name=involved][value=no]")
        page.click("fieldset ~ button")
        page.wait("ol.timeline")
    assert violations(page) == []
    home, case = page.url.split("/case/")
    page.open(f"{home}/case/{case.split('#')[0]}/leave")
    page.wait("main h1")
    assert violations(page) == []
    page.open(f"{home}/case/{case}")
    page.page.select_option("#member", index=1)
    page.click("#colleagues form button")
    page.wait("input[name=thought]")
    assert violations(page) == []
    page.click("main form button")
    page.wait("#form-error")
    assert violations(page) == []
    page.open(f"{home}/roster")
    page.click("a[href^='/colleagues/']")
    page.wait("main h1")
    page.click("main form button")
    page.wait("#form-error")
    assert violations(page) == []
    for path in ("/roster", "/roster/poster", "/backup"):
        page.open(home + path)
        page.wait("main h1")
        assert violations(page) == []
    page.page.click("form[action='/backup/sheet'] button")
    page.wait(".recovery .qr")
    assert violations(page) == []
    page.click("main a.button")
    page.wait("#recovery")
    assert violations(page) == []


def test_sharing_a_case_file(page: Chromium, town: Town, tmp_path: Path) -> None:
    """From the form with an error to the file, and the file's own page as its recipient opens it, styled by its sheet."""
    enter(page, town, 2)
    open_case(page)
    page.click("main a[href$='/share']")
    page.wait("#recipient")
    assert violations(page) == []
    page.click("main form button")
    page.wait("#form-error")
    assert violations(page) == []
    page.click("input[value=authority]")
    page.fill("#whom", "Gemeente Voorbeeld")
    page.fill("#reason", "Zij zijn bevoegd.")
    page.fill("#recipient", TO_ARCHIVIST)
    page.fill("#words", "de")
    page.click("main form button")
    page.wait("input[name=compared]")
    assert violations(page) == []
    assert page.evaluate("return document.documentElement.scrollWidth <= window.innerWidth")
    if page.visible("input[name=seen]"):
        # The words stand in the first report of this town, or not: another test may have sent a newer one.
        page.click("input[name=seen]")
    page.click("input[name=compared]")
    got = opened_file(page.save("main form button"))
    page.open(f"file://{got.unpack(tmp_path)}/zaak.html")
    assert violations(page) == []
    assert page.evaluate("return getComputedStyle(document.querySelector('table')).borderCollapse") == "collapse"


WRONG = {
    "": "form[action$='/feedback'] button:last-of-type",
    "/step/weighing": "form.wide button",
    "/share": "main form button:last-of-type",
}
"""Forms of a case that are sent empty, by their page."""


def test_filled_pages(page: Chromium, town: Town) -> None:
    """Every page of the workstation and everything that there is about a case with steps, wrongly filled forms too."""
    enter(page, town, 2)
    base = page.url.split("/start")[0].split("/unlock")[0].rstrip("/")
    open_case(page)
    case = page.url
    page.open(f"{case}/step/weighing")
    page.click("input[value=inquiry]")
    page.fill("#step-text", "Concreet en aannemelijk.")
    page.click("form.wide button")
    page.wait("article.line")
    found = {}
    paths = ["/?show=late", "/oral", "/register", "/yearly", "/access", "/roster", "/settings", "/machine"]
    for url in (
        *(base + path for path in paths),
        *(
            case + path
            for path in (
                "",
                "/steps",
                "/share",
                *(f"/step/{kind}" for kind in ("weighing", "disclosure", "irrelevant", "remark")),
            )
        ),
    ):
        page.open(url)
        page.wait("main h1")
        sideways = not page.evaluate("return document.documentElement.scrollWidth <= window.innerWidth")
        found[url] = violations(page) + ["sideways"] * sideways
    for path, button in WRONG.items():
        page.open(case + path)
        for details in page.page.locator("details").all():
            details.evaluate("element => element.open = true")
        page.click(button)
        page.wait("p.error")
        found[f"{path} wrong"] = violations(page)

    assert {url: wrong for url, wrong in found.items() if wrong} == {}


def test_oral_reports(page: Chromium, town: Town) -> None:
    """Registering an oral report, from the question to the two words; what is printed has the code and no form."""
    enter(page, town, 1)
    root = page.url.split("/", 3)
    page.open("/".join([*root[:3], "oral"]))
    assert violations(page) == []
    page.click("input[name=involved][value=unsure]")
    page.click("fieldset ~ button")
    page.wait("main h1")
    assert violations(page) == []
    page.open("/".join([*root[:3], "oral"]))
    page.click("input[name=involved][value=no]")
    page.click("fieldset ~ button")
    page.wait("#text")
    assert violations(page) == []
    page.fill("#name", "J.")
    page.click("fieldset ~ button")
    page.wait("#errors")
    assert violations(page) == []
    page.fill("#text", "Er klopt iets niet.")
    page.fill("#name", "")
    page.click("input[name=how][value=phone]")
    page.click("fieldset ~ button")
    page.wait("ol.code-words")
    assert violations(page) == []
    assert page.evaluate("return document.documentElement.scrollWidth <= window.innerWidth")
    page.page.emulate_media(media="print")
    assert page.visible("ol.code-words")
    assert not page.visible("#proof")
    assert not page.visible("nav")
    page.page.emulate_media(media="screen")
    page.click("a.button")
    page.wait("#first")
    assert violations(page) == []
    page.click("main form button")
    page.wait("#words-error")
    assert violations(page) == []
