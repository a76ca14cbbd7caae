# SPDX-License-Identifier: EUPL-1.2
"""What officers ask, answered in the mailbox with a script: the yes and no in the log, a moment as an addition."""

from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsers import Chromium
from cast import ORGANISATION
from deskhouse import House
from replies import LIES, Liar
from running import Server
from scripted import changed, entries, heading, open_mailbox, send

from meldkluis.crypto import casework, receipt
from meldkluis.crypto.encoding import b64
from meldkluis.intake.casefile import Telling, read_case
from meldkluis.intake.i18n import Language
from meldkluis.intake.texts import TEXTS
from meldkluis.mailbox.clock import today

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180), pytest.mark.xdist_group("client-pages")]
SLOTS = ("dinsdag 1 december 14:00, bibliotheek", "woensdag 2 december 9:00, telefonisch")
YES, NO, CHOOSE = "button[name=agreed]", "button[name=declined]", "button[name=choose]"
STATE = "#timeline [data-fill=state]"


def asked(house: House, *kinds: str) -> str:
    """A case that was taken over and in which these things were asked; returns its code."""
    code = receipt.generate()
    reporter = receipt.derive(code, ORGANISATION)
    house.submit(reporter, house.cast.compose(reporter))
    house.taken_over(house.cast.one, reporter.case)
    for kind in kinds:
        slots = SLOTS if kind == "meeting" else ()
        house.answered(house.cast.one, reporter, "asked", kind=kind, slots=slots)
    return code


def said(house: House, code: str) -> list[bool | None]:
    return list(house.log(receipt.derive(code, ORGANISATION).case).course.answers_to.values())


def opened(browser: Chromium, server: Server, code: str) -> None:
    open_mailbox(browser, server, code)
    browser.wait("[data-mailbox]")


def press(browser: Chromium, button: str, act: str) -> None:
    """Press a button and wait until the page says that it arrived."""
    browser.click(f"#timeline {button}:visible")
    browser.page.get_by_text(TEXTS[act], exact=True).wait_for()


def violations(browser: Chromium) -> list[str]:
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    return [item["id"] for item in Axe().run(browser.page, options={"runOnly": tags}).response["violations"]]


def test_yes_then_no(served: tuple[Server, House], browser: Chromium) -> None:
    """A yes stands in the log, a no after it counts; what was typed stays; the answer that stands is not offered again."""
    server, house = served
    code = asked(house, "account")
    opened(browser, server, code)
    assert browser.texts("#timeline h3") == ["Klopt dit verslag?"]
    assert browser.texts(STATE) == [TEXTS["asked-account-open"]]
    assert [browser.visible(each) for each in (YES, NO)] == [True, True]
    browser.fill("#add-form [name=text]", "Al getypt")
    press(browser, YES, "agreed")
    assert browser.texts(STATE) == [TEXTS["asked-account-agreed"]]
    assert [browser.visible(each) for each in (YES, NO)] == [False, True]
    assert said(house, code) == [True]
    press(browser, NO, "declined")

    assert browser.texts(STATE) == [TEXTS["asked-account-declined"]]
    assert said(house, code) == [False]
    assert entries(house, code)[3:] == ["asked", "agreed", "received", "declined", "received"]
    assert browser.value("#add-form [name=text]") == "Al getypt"
    send(browser, "#timeline li:nth-child(6)")
    assert entries(house, code)[-2:] == ["message", "received"]


def test_each_question_by_itself(served: tuple[Server, House], browser: Chromium) -> None:
    """Buttons of the second question answer the second one."""
    server, house = served
    code = asked(house, "account", "consent")
    opened(browser, server, code)
    browser.page.locator(f"#timeline {YES}").nth(1).click()
    browser.page.get_by_text(TEXTS["agreed"], exact=True).wait_for()

    assert said(house, code) == [None, True]
    assert browser.texts(STATE) == [TEXTS["asked-account-open"], TEXTS["asked-consent-agreed"]]


def test_a_moment(served: tuple[Server, House], browser: Chromium) -> None:
    """Without a choice nothing is sent; a choice goes as an addition that the officers read, and leaves no yes in the log."""
    server, house = served
    code = asked(house, "meeting", "meeting", "detriment")
    opened(browser, server, code)
    browser.fill("#add-form [name=text]", "Al getypt")
    browser.click(CHOOSE)
    browser.wait("#timeline .error:visible")
    assert browser.texts("#timeline .error:visible") == [TEXTS["error-slot"]]
    assert entries(house, code)[-1] == "asked"
    browser.click("#timeline label:nth-of-type(2)")
    browser.click(CHOOSE)
    browser.page.get_by_text(TEXTS["added"].replace("{number}", "2"), exact=True).wait_for()

    assert entries(house, code)[3:] == ["asked", "asked", "asked", "message", "received"]
    assert said(house, code) == [None, None, None]
    assert browser.value("#add-form [name=text]") == "Al getypt"
    document = opened_by_deputy(house, code, 6)
    assert (document.kind, document.text) == ("addition", f"Ik kies dit moment voor het gesprek: {SLOTS[1]}")
    browser.page.locator("#timeline form").nth(1).locator("label").last.click()
    browser.page.locator(CHOOSE).nth(1).click()
    browser.page.get_by_text(TEXTS["added"].replace("{number}", "3"), exact=True).wait_for()
    assert opened_by_deputy(house, code, 8).text == TEXTS["slot-none"]


def opened_by_deputy(house: House, code: str, index: int) -> Any:
    """A message as the deputy can open it until there is feedback."""
    case = receipt.derive(code, ORGANISATION).case
    log, files = house.log(case), house.files(house.cast.one, case)
    file = files[index, "message"]
    return casework.open_message(file, log.entries[index], log, [house.cast.deputy.identity]).document


def test_from_two_pages(served: tuple[Server, House], browser: Chromium) -> None:
    """A yes that stands already is not made twice, and is no alarm; a no given elsewhere meanwhile is overruled by this yes."""
    server, house = served
    code = asked(house, "consent")
    reporter = receipt.derive(code, ORGANISATION)
    of = house.log(reporter.case).entries[3].hash
    opened(browser, server, code)
    house.replied(reporter, "agreed", of)
    press(browser, YES, "agreed")
    assert entries(house, code).count("agreed") == 1
    house.replied(reporter, "declined", of)
    house.replied(reporter, "agreed", of)
    press(browser, NO, "declined")

    assert said(house, code) == [False]


def test_thanked_for_and_thrown_away(served: tuple[Server, House], browser: Chromium) -> None:
    """Four times, then the alarm: a yes counts when the verified log has it, as the newest answer to that question."""
    server, house = served
    code = asked(house, "account", "account")
    reporter = receipt.derive(code, ORGANISATION)
    house.replied(reporter, "agreed", house.log(reporter.case).entries[4].hash)
    sent: list[str] = []

    def thank(route: Any) -> None:
        sent.append(route.request.url)
        route.fulfill(status=201, content_type="application/json", body='{"received": "AA"}')

    browser.page.route("**/api/messages", thank)
    opened(browser, server, code)
    browser.click(f"#timeline {YES}")

    assert heading(browser) == TEXTS["alarm-log"]
    assert len(sent) == 4
    assert browser.page.locator(f"#timeline {YES}").first.is_enabled()


@pytest.mark.parametrize("name", LIES)
def test_lies_about_answers(served: tuple[Server, House], browser: Chromium, name: str) -> None:
    """A yes that is not the reporter's own, or names no question of this log: nothing is shown but the alarm."""
    server, house = served
    reporter = receipt.derive(code := asked(house), ORGANISATION)
    log = house.log(reporter.case)
    one = house.cast.one.signing
    liar = Liar(log.entries, house.cast.server, one, log.next_number(one.verify_key), reporter.signing_key)
    LIES[name](liar)
    changed(browser, "/api/mailbox", lambda document: document.update(log=[b64(entry.raw) for entry in liar.log]))
    open_mailbox(browser, server, code)

    assert heading(browser) == TEXTS["alarm-log"]
    assert not browser.visible("[data-mailbox]")


def test_script_and_door_ask_the_same(served: tuple[Server, House], browser: Chromium) -> None:
    """Own answers, states and moments in the same words; in English too."""
    server, house = served
    code = asked(house, "account", "consent", "meeting", "detriment")
    reporter = receipt.derive(code, ORGANISATION)
    first, second = (entry.hash for entry in house.log(reporter.case).entries[3:5])
    house.replied(reporter, "declined", first)
    house.replied(reporter, "agreed", second)
    for language in ("nl", "en"):
        browser.open(f"{server.url}{'' if language == 'nl' else '/en'}/bericht")
        browser.wait("#open-form")
        browser.fill("#code", code)
        browser.click("#open-button")
        browser.wait("[data-mailbox]")
        words = Language(language)
        case = read_case(
            house.desk.mailbox(reporter.address, today()), reporter, ORGANISATION, lambda _: [house.cast.roster]
        )
        lines = Telling(words, case, today()).lines()
        questions = [line.question for line in lines if line.question is not None]

        assert [item.split("\n")[0] for item in browser.texts("#timeline li [data-fill=what]")] == [
            line.what for line in lines
        ]
        assert [
            browser.evaluate("return [...document.querySelectorAll('#timeline button')].map((each) => each.value)")[
                place
            ]
            for place in (0, 2, 4)
        ] == [each.of for each in questions[:3]]
        assert browser.texts(STATE) == [
            words.text(f"asked-{each.kind}-{each.reply}") for each in questions if each.actions & {"agreed"}
        ]
        assert browser.texts("#timeline label span")[:2] == list(SLOTS)
        assert violations(browser) == []


def test_the_door_is_accessible(served: tuple[Server, House], browser: Chromium) -> None:
    """The same questions at the door, with an error among them: axe finds nothing."""
    server, house = served
    code = asked(house, "account", "consent", "meeting", "detriment")
    browser.open(server.url + "/bericht?door")
    browser.fill("#code", code)
    browser.click("#open-button")
    browser.wait("#timeline")
    assert violations(browser) == []
    browser.click("button[value=choose]")
    browser.wait("#errors")
    assert violations(browser) == []


def test_after_the_end(served: tuple[Server, House], browser: Chromium) -> None:
    """A case that was destroyed offers no button; what was asked and answered is still told."""
    server, house = served
    code = asked(house, "account", "meeting")
    reporter, one, day = receipt.derive(code, ORGANISATION), house.cast.one.signing, today()
    house.replied(reporter, "agreed", house.log(reporter.case).entries[3].hash)
    house.answered(house.cast.one, reporter, "feedback")
    house.closed(house.cast.one, reporter)
    log = house.log(reporter.case)
    end = log.course.closed.fields["destroy_after"]
    log.extend("destruction-approved", house.cast.two.signing, day=end)
    log.extend("destroyed", one, day=end)

    def ended(route: Any) -> None:
        answer = route.fetch()
        document = answer.json() | {"day": end.isoformat(), "log": [b64(entry.raw) for entry in log.entries]}
        route.fulfill(response=answer, json=document)

    browser.page.route("**/api/mailbox", ended)
    opened(browser, server, code)

    assert browser.texts(STATE) == [TEXTS["asked-account-agreed"]]
    assert browser.page.locator("#timeline button, #timeline form").count() == 0
    assert day + timedelta(days=28) <= end
