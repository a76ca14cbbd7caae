# SPDX-License-Identifier: EUPL-1.2
"""How a case is handled, in the browser: the forms, what they show before they are sent, and what they refuse."""

from datetime import timedelta
from html import unescape

import html5lib
import pytest
from destruction import CANARY, closed
from lied_to import opened
from reading import at, said

from meldkluis.workstation.errors import UnreachableError
from meldkluis.workstation.render import language


def words(day) -> str:
    return language("nl").day(day)


def test_handling_from_report_to_closing(places):
    """Regime, oral report, clock, feedback and closing as an officer does them."""
    sent = opened(places, 0, 1)
    browser, path = at(places, sent)
    earlier = places.clock.day - timedelta(days=2)
    form = {"regime": "wbk", "state": "assessment", "received": earlier.isoformat(), "reason": "Aan de balie gemeld."}
    assert browser.post(f"{path}/handling", **form).headers["location"] == path
    page = said(browser.get(path))
    assert "Vastgelegd." in page
    assert f"Mondeling gemeld op {words(earlier)}" in page
    assert "Aan de balie gemeld." in page
    assert f"de melder leest: {words(earlier + timedelta(days=7))}" in page
    assert "De zaak kan nog niet dicht" in page
    browser.post(f"{path}/answer", act="acknowledged", number="1", text="Ontvangen.")
    browser.post(f"{path}/answer", act="feedback", number="2", text="Het klopt.")
    ends = places.offices[0].decisions.ends("founded")
    page = said(browser.get(path))
    assert f"de contactgegevens tot {words(ends.identity_until)}, de inhoud tot {words(ends.destroy_after)}" in page
    assert "eerste van twee goedkeuringen" in page
    assert browser.post(f"{path}/close", outcome="founded", reason="Het klopt.").headers["location"] == path
    page = said(browser.get(path))
    assert "Stand gesloten: onderzocht, gegrond" in page
    assert "U sloot de zaak: dat is de eerste goedkeuring" in page
    assert "Gesloten: onderzocht, gegrond" in said(browser.get("/"))
    assert "onderzocht, gegrond" in said(browser.get("/register"))
    two, _ = at(places, sent, 1)
    two.post("/fetch")
    assert "Aan de balie gemeld." in said(two.get(path))


def test_stopping_in_the_browser(places):
    """A complaint offers to stop the clock with an explanation; the reporter's objection is shown and ends the offer."""
    sent = opened(places)
    browser, path = at(places, sent)
    assert "Termijnen stilzetten" not in said(browser.get(path))
    browser.post(f"{path}/handling", regime="complaint", state="received", received="", reason="")
    assert "Termijnen stilzetten" in said(browser.get(path))
    browser.post(f"{path}/answer", act="clock-stopped", number="1", text="Dit is een klacht.")
    page = said(browser.get(path))
    assert "De termijnen lopen niet." in page
    assert "de termijn loopt niet" in page
    assert "zette de termijnen stil" in page
    places.objects(sent)
    browser.post("/fetch")
    assert "niet eens met het stilzetten: antwoord" in said(browser.get("/"))
    page = said(browser.get(path))
    assert "Ze lopen weer en kunnen niet opnieuw worden stilgezet." in page
    assert "Stilzetten en versturen" not in page


def test_running_again_in_the_browser(places):
    """A regime with terms offers to let them run, from the day of receipt unless it was a question."""
    sent = opened(places)
    browser, path = at(places, sent)
    browser.post(f"{path}/handling", regime="wrong_desk", state="received", received="", reason="")
    browser.post(f"{path}/answer", act="clock-stopped", number="1", text="Niet hier.")
    browser.post(f"{path}/handling", regime="integrity", state="received", received="", reason="Toch hier.")
    assert f'value="{places.clock.day}"' in browser.get(path).text
    assert browser.post(f"{path}/clock", since="ooit").status_code == 422
    assert browser.post(f"{path}/clock", since=places.clock.day.isoformat()).status_code == 303

    assert "liet de termijnen lopen" in said(browser.get(path))


REFUSED = {
    "regime": ("handling", {"regime": "x", "state": "received", "reason": "terug"}, "Soort zaak:"),
    "state": ("handling", {"regime": "wbk", "state": "x", "reason": "terug"}, "Stand:"),
    "no day": ("handling", {"regime": "wbk", "state": "received", "received": "20260101", "reason": "terug"}, "Dag van de"),
    "future": ("handling", {"regime": "wbk", "state": "received", "received": "2999-01-01", "reason": "terug"}, "Dag van de"),
    "reason": ("handling", {"regime": "wbk", "state": "received", "received": "2026-01-01", "reason": ""}, "Reden:"),
    "outcome": ("close", {"outcome": "x", "reason": "terug"}, "Uitkomst:"),
    "no outcome": ("close", {"reason": "terug"}, "Uitkomst:"),
    "close": ("close", {"outcome": "founded", "reason": " "}, "Reden:"),
    "too early": ("close", {"outcome": "founded", "reason": "terug"}, "recht op terugkoppeling"),
    "until": ("hold", {"until": "", "reason": "terug"}, "Bewaren tot en met:"),
    "far": ("hold", {"until": "2999-01-01", "reason": "terug"}, "Bewaren tot en met:"),
    "hold": ("hold", {"until": "", "reason": ""}, "Bewaren tot en met:"),
    "approve": ("approve", {}, "nog niet"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_forms_that_are_refused(places, name):
    """A form with a wrong field names the field, appends nothing, and gives back what was typed."""
    sent = opened(places)
    places.offices[0].acts.read(sent.case, len(places.acts(sent)))
    browser, path = at(places, sent)
    before, (form, fields, words_) = places.acts(sent), REFUSED[name]
    page = browser.post(f"{path}/{form}", **fields)
    assert page.status_code == 422
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
    assert words_ in "".join(parser.parse(page.text).find(".//p[@id='form-error']").itertext())
    typed = [(area.text or "").strip() for area in parser.parse(page.text).iter("textarea")]
    # The form for closing is not there yet.
    assert form == "close" or fields.get("reason") != "terug" or "terug" in typed
    assert places.acts(sent) == before


def test_server_away(places):
    """A form that does not arrive says so, and what was typed is there."""
    sent = opened(places)
    browser, path = at(places, sent)

    def cut(method: str, target: str) -> None:
        if method == "POST":
            raise UnreachableError("cut")

    places.transports[0].before = cut
    page = browser.post(f"{path}/handling", regime="wbk", state="assessment", received="", reason="Mijn reden.")

    assert page.status_code == 502
    assert "De server gaf geen antwoord" in said(page)
    assert "Mijn reden." in page.text


def test_every_act_has_words(places):
    """Every act of a long case stands in the timeline in words, in both languages."""
    sent, end = closed(places, outcome="unfounded")
    two = places.offices[1]
    two.decisions.hold(sent.case, places.clock.day + timedelta(days=10), "Zaak.")
    two.decisions.release(sent.case)
    places.until(end)
    places.fetch(0, 1)
    two.decisions.approve(sent.case)
    two.decisions.reopen(sent.case, "Nieuws.")
    two.decisions.handle(sent.case, "wbk", "investigation", None, "Verder.")
    places.fetch(0)
    browser, path = at(places, sent)
    for code in ("nl", "en"):
        browser.post("/language", language=code, back=path)
        page = browser.get(path)
        html = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False).parse(page.text)
        for line in html.findall(".//p[@class='act']"):
            text = " ".join("".join(line.itertext()).split())
            who = line.find("./span[@class='who']")
            assert who is not None
            rest = text.removeprefix(" ".join("".join(who.itertext()).split())).strip(" ·")
            assert rest
            assert not rest[0].isdigit(), text


def test_lapsed_in_words(places):
    """What the server does by itself is said to be the server's."""
    sent = opened(places)
    places.until(places.clock.day + timedelta(days=110))
    places.fetch(0)
    browser, path = at(places, sent)
    page = said(browser.get(path))

    assert "De server bevestigde de ontvangst vanzelf; geen mens heeft dat gedaan" in page
    assert "De server stelde vast dat de termijn om terug te koppelen op" in page
    assert "De server gaf de zaak aan de plaatsvervanger: C. Visser" in page
    assert "Er is een termijn verlopen." in said(browser.get("/"))


def test_approving_in_the_browser(places):
    """The second officer finds the button thirty days before the end; who closed does not."""
    sent, end = closed(places)
    places.until(end - timedelta(days=20))
    one, path = at(places, sent)
    two, _ = at(places, sent, 1)
    assert "Vernietigen goedkeuren" not in said(one.get(path))
    assert "Vernietigen goedkeuren" in said(two.get(path))
    assert two.post(f"{path}/approve").status_code == 303
    one.post("/fetch")

    assert f"De zaak wordt op {words(end)} vernietigd" in said(one.get(path))


def test_hostile_reasons_are_only_text(places):
    """A reason with markup is shown, never obeyed."""
    sent = opened(places)
    browser, path = at(places, sent)
    reason = "<script>alert(1)</script> \u202e</textarea>"
    browser.post(f"{path}/handling", regime="wbk", state="received", received="", reason=reason)
    page = browser.get(path)

    assert "<script" not in page.text
    assert "⟦U+202E⟧" in unescape(page.text)


def test_before_the_declaration(places):
    """No form about handling is taken, and nothing is shown, before the officer said not to be involved."""
    sent, _ = closed(places, 0)
    browser, path = at(places, sent, 1)
    browser.follow("/")
    for form in ("handling", "clock", "close", "reopen", "hold", "release", "approve"):
        answer = browser.post(
            f"{path}/{form}", regime="wbk", state="received", reason="x", outcome="founded",
            since="2026-01-01", until=places.clock.day.isoformat(),
        )  # fmt: skip
        assert answer.status_code == 409
        assert CANARY not in answer.text
    assert "onderzocht" not in browser.get("/").text + browser.get("/register").text
