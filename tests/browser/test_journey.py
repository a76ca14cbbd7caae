# SPDX-License-Identifier: EUPL-1.2
"""The whole journey, in Chromium and Firefox, with JavaScript and without: report, answer, addition, second officer."""

import hashlib
import random
from pathlib import Path

import pytest
from browsers import Browser
from town import PASSPHRASE, Town

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
TEXT = "Regel één: er klopt iets niet.\nRegel twee: <b>geen opmaak</b> & “aanhalingstekens”. "


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 30 MB."""
    path = tmp_path_factory.mktemp("evidence") / "bewijs é (1).bin"
    path.write_bytes(random.Random(4).randbytes(30_000_000))
    return path


def write_report(browser: Browser, town: Town, text: str, files: list[Path]) -> str:
    """Fill in the form and send it; returns the code that stood on the form, checked against the receipt's."""
    browser.open(f"{town.site}/melden")
    browser.wait("#send")
    shown = browser.texts("#report-form ol#code li")
    assert len(shown) == 12
    browser.fill("#about", "de aanbesteding")
    browser.fill("#text", text)
    if files:
        browser.attach("#file", files)
    browser.click("#send")
    browser.wait("[data-receipt]", 120)
    words = browser.texts("[data-receipt] ol[data-fill=code] li")
    assert words == shown
    return " ".join(words)


def open_mailbox(browser: Browser, town: Town, code: str) -> str:
    """Type the code; returns what the page says."""
    browser.open(f"{town.site}/bericht")
    browser.wait("#open-button")
    browser.fill("#code", code)
    browser.click("#open-button")
    browser.wait("[data-mailbox], ol#timeline")
    return browser.body


def enter(browser: Browser, town: Town, officer: int) -> str:
    """Go to an officer's workstation and unlock it where it is locked; returns its address."""
    base = f"http://127.0.0.1:{int(town.site.rsplit(':', 1)[1]) + officer}"
    browser.open(town.start_of(officer))
    browser.wait("#passphrase, main a.button")
    if browser.visible("#passphrase"):
        browser.fill("#passphrase", PASSPHRASE)
        browser.click("main form button")
        browser.wait("table.inbox, main h1")
    return base


def open_case(browser: Browser, base: str, about: str) -> None:
    """Fetch, open the newest case that nobody declared for here, and say that one is not involved."""
    browser.open(f"{base}/")
    browser.click("form[action='/fetch'] button")
    browser.wait("table.inbox")
    browser.click("tr.unread a")
    browser.wait("section.about-whom")
    assert about in browser.body
    assert "geen opmaak" not in browser.body
    browser.click("input[name=involved][value=no]")
    browser.click("fieldset ~ button")
    browser.wait("ol.timeline")


FOLLOW_UP = "Wij laten dit onderzoeken."


def answer(browser: Browser, act: str, text: str) -> None:
    """Write to the reporter."""
    browser.click(f"input[name=act][value={act}]")
    browser.fill("#text", text)
    browser.click("form[action$='/answer'] > button")
    browser.wait("ol.timeline")
    assert text in browser.body


def test_journey(browser: Browser, town: Town, evidence: Path) -> None:
    """Text and 30 MB arrive whole; answers, an addition and a second officer's answer find their way."""
    clear_inboxes(browser, town)
    code = write_report(browser, town, TEXT, [evidence])
    said = open_mailbox(browser, town, code)
    assert "Nog geen mens heeft uw melding geopend" in said

    first = enter(browser, town, 1)
    open_case(browser, first, "de aanbesteding")
    assert "<b>geen opmaak</b> & “aanhalingstekens”" in browser.body
    assert "bewijs é (1).bin" in browser.body
    case = browser.url
    browser.click("ul.attachments a[href*='/evidence/']")
    browser.wait("button[value=original]")
    saved = browser.save("button[value=original]")
    browser.open(case)
    assert hashlib.sha256(saved).digest() == hashlib.sha256(evidence.read_bytes()).digest()
    answer(browser, "acknowledged", "Ontvangen, dank u. Wie was erbij?")

    said = open_mailbox(browser, town, code)
    assert "Ontvangen, dank u. Wie was erbij?" in said
    assert TEXT.split("\n", maxsplit=1)[0] not in said
    browser.fill("#add-form textarea[name=text]", "De wethouder was erbij.")
    browser.click("#add-form #send")
    browser.wait("[data-added], main > p.note[role=status]")

    second = enter(browser, town, 2)
    open_case(browser, second, "de aanbesteding")
    assert "Ontvangen, dank u. Wie was erbij?" in browser.body
    assert "De wethouder was erbij." in browser.body
    for part, text in {"assessment": "Het klopt.", "follow_up": FOLLOW_UP, "grounds": "Het is ernstig."}.items():
        browser.fill(f"#feedback-{part}", text)
    browser.click("form[action$='/feedback'] > button")
    browser.wait("ol.timeline")

    said = open_mailbox(browser, town, code)
    assert FOLLOW_UP in said
    browser.open(f"{first}/")
    browser.click("form[action='/fetch'] button")
    browser.wait("table.inbox")
    browser.click("tr.unread a")
    browser.wait("ol.timeline")
    assert FOLLOW_UP in browser.body
    assert "DEMO Vertrouwenspersoon 2" in browser.body


def clear_inboxes(browser: Browser, town: Town) -> None:
    """Open whatever waits at both officers, so that the journey's case is the unread one."""
    for officer in (1, 2):
        base = enter(browser, town, officer)
        while True:
            browser.open(f"{base}/")
            browser.click("form[action='/fetch'] button")
            browser.wait("main h1")
            if not browser.visible("tr.unread a"):
                break
            browser.click("tr.unread a")
            browser.wait("section.about-whom, ol.timeline")
            if browser.visible("section.about-whom"):
                browser.click("input[name=involved][value=no]")
                browser.click("fieldset ~ button")
                browser.wait("ol.timeline")
