# SPDX-License-Identifier: EUPL-1.2
"""A case that the archive must have first: kept for months by any of its workstations, let go by the receipt alone."""

from datetime import timedelta

import pytest
from casefiles import given, post, said
from destruction import CANARY, closed, is_live
from workplace import Sent, Workplaces

from meldkluis.crypto.course import LONGEST_HOLD
from meldkluis.crypto.encoding import b64
from meldkluis.crypto.record import Record
from meldkluis.mailbox.policy import Policy
from meldkluis.workstation.errors import ActError, UnreachableError

DAY = timedelta(days=1)
WORDS = "Wacht op ontvangstbewijs van het archief"
BLOCKED = "Tot dan wordt niets van deze zaak vernietigd"


@pytest.fixture
def archived(places):
    """Workplaces whose archivist chose."""
    places.desk.policy = Policy(archive="12.1.7")
    places.fetch()
    return places


def held(places: Workplaces, sent: Sent):
    """The last day of the hold in force at the server, None without one."""
    course = places.log(sent).course
    return course.held.fields["until"] if course.held_on(places.clock.day) else None


def months(places: Workplaces, days: int, *numbers: int) -> None:
    """Let days pass, the server's run every few days, these officers' round every two weeks."""
    end = places.clock.day + timedelta(days=days)
    while places.clock.day < end:
        places.until(min(end, places.clock.day + 14 * DAY))
        places.fetch(*numbers)


def receipt(places: Workplaces, sent: Sent, number: int = 0) -> None:
    """Give the case file to the archive and write its receipt down."""
    decisions = places.offices[number].decisions
    decisions.record(sent.case, Record("shared", "archive", whom="Archief", text="Overgedragen."))
    of = places.offices[number].dossiers.log(sent.case).entries[-1].index
    decisions.record(sent.case, Record("archived", "receipt", of=of, text="Nummer 7."))


def test_the_whole_way(archived):
    """Closed as founded: kept for ten months by one officer's rounds, shared, confirmed in the browser, then destroyed."""
    places = archived
    sent, end = closed(places, outcome="founded")
    start = places.clock.day
    assert held(places, sent) == start + LONGEST_HOLD
    months(places, 300, 0)
    assert places.clock.day > end
    assert is_live(places.offices[0], sent)
    acts = places.acts(sent)
    assert not {"destruction-announced", "identity-destroyed", "destroyed"} & set(acts)
    assert 5 <= acts.count("held") <= 12
    browser, path = places.browser(0), f"/case/{b64(sent.case)}"
    page = said(browser.get(path))
    assert f"{WORDS}. {BLOCKED}" in page
    assert "Bewaren opheffen" not in page
    assert "wacht op het ontvangstbewijs" in browser.post(f"{path}/release").text
    got = given(places, browser, sent, kind="archive", whom="Archief", **{"file-0-0": "yes"})
    for element in (
        "<begripCode>12.1.7</begripCode>",
        "<begripCode>V</begripCode>",
        "P10Y",
        f"{start}</dekkingInTijdEind",
    ):
        assert element in got.files["metagegevens.xml"].decode()
    of = places.offices[0].dossiers.log(sent.case).entries[-1].index
    refused = browser.post(f"{path}/share/receipt", of=str(of), text=" ")
    assert (refused.status_code, "Kenmerk van het archief:" in refused.text) == (422, True)
    assert browser.post(f"{path}/share/receipt", of="1", text="Nummer 7").status_code == 422
    assert browser.post(f"{path}/share/receipt", of=str(of), text="Nummer 7").status_code == 303
    assert places.acts(sent)[-1] == "released"
    page = said(browser.get(path))
    assert "Vastgelegd: het archief heeft het dossier." in page
    assert BLOCKED not in page
    browser.station.lock()
    months(places, 40, 0)
    assert not is_live(places.offices[0], sent)
    assert "destroyed" in places.acts(sent)
    assert places.alarms() == []


def test_only_investigated_cases_wait(archived):
    """What was not investigated is not archived and waits for nothing."""
    sent, _ = closed(archived, outcome="not_taken_up")

    assert "held" not in archived.acts(sent)


def test_without_a_category_nothing_waits(places):
    """As long as the archivist has not chosen, closing holds nothing, and nothing can be given to the archive."""
    sent, _ = closed(places, outcome="founded")
    assert "held" not in places.acts(sent)
    answer = post(places, places.browser(0), sent, kind="archive")

    assert "heeft nog geen categorie gekozen" in answer.text


def test_category_chosen_later(places):
    """A case that was closed before the archivist chose is held by the next round, by whoever comes first, once."""
    sent, _ = closed(places, outcome="founded")
    places.desk.policy = Policy(archive="4.1.4")
    places.fetch(1, 0, 1)

    assert places.acts(sent).count("held") == 1
    assert held(places, sent) is not None


def test_cut_between_closing_and_holding(archived):
    """When the hold after closing does not arrive, the next round of any workstation brings it."""
    places = archived
    posts: list[str] = []

    def cut(method: str, target: str) -> None:
        if method == "POST" and target.endswith("/log"):
            posts.append(target)
            # The first answers, the second closes; the third would hold.
            if len(posts) == places_cut["at"]:
                raise UnreachableError("cut")

    places_cut = {"at": 0}
    sent, _ = closed(places, outcome="no_report")
    places.transports[0].before, places_cut["at"] = cut, 2
    with pytest.raises(UnreachableError):
        places.offices[0].decisions.close(sent.case, "founded", "Het klopt.")
    places.transports[0].before = None
    assert places.acts(sent)[-1] == "closed"
    places.fetch(1)

    assert places.acts(sent)[-1] == "held"


def test_two_officers_at_once(archived):
    """Two workstations that renew at the same moment write one hold."""
    places = archived
    sent, _ = closed(places, outcome="founded")
    places.until(places.clock.day + 40 * DAY)

    def faster(method: str, target: str) -> None:
        if method == "POST" and target.endswith("/log"):
            places.transports[0].before = None
            places.fetch(1)

    places.transports[0].before = faster
    places.fetch(0)
    places.fetch(0, 1)

    assert places.acts(sent).count("held") == 2
    assert places.alarms() == []


def test_away_for_half_a_year(archived):
    """Nobody comes for half a year: the reporter is told, nothing is gone, and the first round holds the case again."""
    places = archived
    sent, _ = closed(places, outcome="founded")
    months(places, 29, 0, 1)
    places.until(places.clock.day + 184 * DAY)
    assert "destruction-announced" in places.acts(sent)
    places.fetch(1)

    assert held(places, sent) == places.clock.day + LONGEST_HOLD
    assert places.log(sent).course.announced is None
    assert is_live(places.offices[0], sent)


def test_officers_own_hold_goes_on(archived):
    """An officer's own hold neither shortens the archive's nor ends with the receipt, also when another writes that."""
    places = archived
    sent, _ = closed(places, outcome="founded")
    own = places.clock.day + 100 * DAY
    places.offices[0].decisions.hold(sent.case, own, "Rechtszaak.")
    assert held(places, sent) == places.clock.day + LONGEST_HOLD
    places.offices[0].decisions.hold(sent.case, own, "Rechtszaak.")
    assert places.acts(sent).count("held") == 3
    months(places, 60, 1)
    assert "tot en met" in said(places.browser(0).get(f"/case/{b64(sent.case)}"))
    receipt(places, sent, 1)
    assert held(places, sent) == own
    places.fetch(0)
    places.offices[0].decisions.release(sent.case)

    assert held(places, sent) is None


def test_releasing_the_own_hold_leaves_the_archives(archived):
    """Whoever ends an own hold ends that alone; what is left cannot be ended by hand."""
    places = archived
    sent, _ = closed(places, outcome="founded")
    decisions = places.offices[0].decisions
    decisions.hold(sent.case, places.clock.day + 100 * DAY, "Rechtszaak.")
    decisions.release(sent.case)
    assert held(places, sent) == places.clock.day + LONGEST_HOLD
    with pytest.raises(ActError, match="archive-waits"):
        decisions.release(sent.case)
    receipt(places, sent)

    assert held(places, sent) is None


def test_opened_again(archived):
    """What the archive had before a case was opened again does not count for what was found since."""
    places = archived
    sent, _ = closed(places, outcome="founded")
    receipt(places, sent)
    assert held(places, sent) is None
    decisions = places.offices[0].decisions
    decisions.reopen(sent.case, "Nieuwe feiten.")
    decisions.close(sent.case, "unfounded", "Toch niet.")
    assert held(places, sent) is not None
    places.fetch(1)
    receipt(places, sent, 1)

    assert held(places, sent) is None


def test_receipt_before_closing(archived):
    """A case that the archive had already when it was closed waits for nothing."""
    places = archived
    sent, _ = closed(places, outcome="not_taken_up")
    decisions = places.offices[0].decisions
    decisions.reopen(sent.case, "Nieuwe feiten.")
    receipt(places, sent)
    decisions.close(sent.case, "founded", "Het klopt.")

    assert "held" not in places.acts(sent)


def test_closed_again_as_not_investigated(archived):
    """Closing once more with an outcome that is not archived ends the archive's hold."""
    places = archived
    sent, _ = closed(places, outcome="founded")
    places.offices[0].decisions.close(sent.case, "no_report", "Het was een test.")

    assert (held(places, sent), places.acts(sent)[-1]) == (None, "released")


def test_category_taken_away(archived):
    """A server that says no category any more ends no hold; an officer may."""
    places = archived
    sent, _ = closed(places, outcome="founded")
    places.desk.policy = Policy()
    months(places, 28, 0, 1)
    assert held(places, sent) is not None
    places.offices[1].decisions.release(sent.case)

    assert held(places, sent) is None


def test_nothing_of_the_case_in_the_note(archived):
    """The server learns no more from the archive's hold than from any other."""
    places = archived
    sent, _ = closed(places, outcome="founded")
    entry = places.log(sent).entries[-1]

    assert (entry.act, set(entry.fields)) == ("held", {"day", "files", "until"})
    assert CANARY.encode() not in entry.raw
