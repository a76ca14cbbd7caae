# SPDX-License-Identifier: EUPL-1.2
"""The list of cases in the browser: order, parts of it, pages, and search."""

from datetime import timedelta

import pytest
from lied_to import opened
from reading import said
from workplace import Workplaces

from meldkluis.workstation import pages_inbox
from meldkluis.workstation.render import case_label, language


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of two lines."""
    monkeypatch.setattr(pages_inbox, "PAGE", 2)


def listed(page: str, *sent) -> list[bool]:
    return [case_label(one.case) in page for one in sent]


def test_tasks_stand_in_the_list_in_words(places: Workplaces):
    """What is to be done stands beside the case with its day; what is late says so in words."""
    opened(places)
    browser = places.browser(0)
    page = said(browser.get("/"))
    assert "weeg de melding en kies het soort zaak, vóór of op" in page
    places.clock.day += timedelta(days=40)

    page = said(browser.get("/"))
    assert "weeg de melding en kies het soort zaak, vóór of op" in page
    assert "– te laat" in page


def test_parts_of_the_list(places: Workplaces):
    """Each part shows its cases and how many there are."""
    one, two = opened(places, 0), opened(places, 0)
    office = places.offices[0]
    office.decisions.handle(two.case, "wrong_desk", "received", None, "")
    office.acts.answer(two.case, "clock-stopped", 1, "Niet hier.")
    office.decisions.close(two.case, "not_taken_up", "Doorverwezen.")
    browser = places.browser(0)

    assert listed(said(browser.get("/")), one, two) == [True, True]
    assert listed(said(browser.get("/?show=todo")), one, two) == [True, False]
    assert listed(said(browser.get("/?show=over")), one, two) == [False, True]
    assert "Er is niets om hier te tonen." in said(browser.get("/?show=late"))
    assert listed(said(browser.get("/?show=nonsense")), one, two) == [True, True]
    assert "Te doen 1" in said(browser.get("/"))


@pytest.mark.usefixtures("few")
def test_pages_of_the_list(places: Workplaces):
    """Every case is on exactly one page, and pages that there are not show the last."""
    cases = [opened(places, 0) for _ in range(5)]
    browser = places.browser(0)
    pages = [said(browser.get(f"/?page={number}")) for number in (1, 2, 3)]

    assert [sum(listed(page, *cases)) for page in pages] == [2, 2, 1]
    assert sum(sum(listed(page, one)) for page in pages for one in cases) == 5
    assert "Bladzijde 2 van 3" in pages[1]
    for wrong in ("0", "99", "x", "-1", "", "٣"):
        assert browser.get(f"/?page={wrong}").status_code == 200


@pytest.mark.usefixtures("few")
def test_searching_in_the_browser(places: Workplaces):
    """A search shows what it found, keeps its words on every page of it, and puts them into no address."""
    cases = [opened(places, 0, text=f"Brug nummer {number}.") for number in range(3)]
    opened(places, 0, text="Iets anders.")
    browser = places.browser(0)
    answer = browser.post("/search", words="BRUG", show="all")
    page = said(answer)

    assert answer.status_code == 200
    assert "3 zaken gevonden." in page
    assert 'value="BRUG"' in answer.text
    assert "words=" not in answer.text
    second = said(browser.post("/search", words="brug", show="all", page="2"))
    assert sum(listed(page, *cases)) + sum(listed(second, *cases)) == 3
    assert "0 zaken gevonden." in said(browser.post("/search", words="nergens"))


def test_searched_words_are_shown_as_they_are(places: Workplaces):
    """What was typed comes back escaped and whole, and nothing too long stops the page."""
    opened(places)
    browser = places.browser(0)

    assert "&lt;script&gt;" in browser.post("/search", words="<script>").text
    assert browser.post("/search", words="a" * 10_000).status_code == 200


def test_days_in_the_officers_language(places: Workplaces):
    """In English the list speaks English."""
    opened(places)
    browser = places.browser(0)
    browser.post("/language", language="en", back="/")

    assert "weigh the report and choose the kind of case, by" in said(browser.get("/"))
    assert language("en").say("Te doen") == "To do"
