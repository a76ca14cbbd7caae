# SPDX-License-Identifier: EUPL-1.2
"""Intake keys come to their end: not too early, and never while a case needs them."""

from datetime import timedelta

import pytest
from liar import instead, tell
from lied_to import opened
from workplace import Workplaces

from meldkluis.mailbox.terms import add_months
from meldkluis.workstation.keyring import LIVES


def has(places: Workplaces, number: int, key: bytes) -> bool:
    """Whether the secret of an intake key is in a vault still."""
    row = places.offices[number].vault.row("SELECT secret FROM intake_key WHERE hash = ?", key)
    return row is not None and row[0] is not None


def first_key(places: Workplaces, number: int) -> bytes:
    return places.offices[number].vault.rows("SELECT hash FROM intake_key WHERE announced = 1")[0][0]


def test_a_key_that_nothing_needs(places):
    """After 120 days, and not before, the secret is gone; the key itself stays known."""
    key, start = first_key(places, 0), places.clock.day
    places.until(start + LIVES - timedelta(days=1))
    places.fetch(0)
    assert has(places, 0, key)
    places.until(start + LIVES)
    places.fetch(0)

    assert not has(places, 0, key)
    assert key in places.offices[0].keyring.own_key_hashes()
    assert len(places.offices[0].keyring.intake_secrets()) == 1
    assert places.alarms() == []


def test_a_deputys_key(places):
    """A deputy keeps a key eight months longer: a case may come late."""
    key, end = first_key(places, 2), add_months(places.clock.day + LIVES, 8)
    places.until(end - timedelta(days=1))
    places.fetch(2)
    assert has(places, 2, key)
    places.until(end)
    places.fetch(2)

    assert not has(places, 2, key)


@pytest.mark.parametrize("feedback", [True, False])
def test_a_case_that_the_deputy_may_still_get(places, feedback):
    """A key stays while the deputy may still seal a new secret to it, and goes when no term can lapse any more."""
    sent = opened(places, 0, 1)
    key, office = first_key(places, 0), places.offices[0]
    office.acts.answer(sent.case, "acknowledged", 1, "Ontvangen.")
    office.decisions.handle(sent.case, "complaint", "assessment", None, "")
    office.acts.answer(sent.case, "clock-stopped", 2, "Een klacht.")
    if feedback:
        office.decisions.handle(sent.case, "wbk", "assessment", None, "")
        office.decisions.run_clock(sent.case, places.clock.day)
        office.acts.answer(sent.case, "feedback", 3, "Klaar.")
    places.until(places.clock.day + LIVES)
    places.fetch(0)

    assert has(places, 0, key) is not feedback
    assert office.dossiers.timeline(sent.case)[0].text == "Er klopt iets niet."


def test_hand_over_after_a_long_time(places):
    """A question becomes a report after months, its term lapses, and every officer goes on with the deputy's key."""
    sent = opened(places, 0, 1, text="Een vraag.")
    office, deputy = places.offices[0], places.offices[2]
    office.decisions.handle(sent.case, "advice", "assessment", None, "")
    office.acts.answer(sent.case, "clock-stopped", 1, "Een vraag.")
    places.until(places.clock.day + LIVES + timedelta(days=40))
    places.fetch()
    office.decisions.handle(sent.case, "wbk", "assessment", None, "")
    office.decisions.run_clock(sent.case, places.clock.day)
    places.until(places.clock.day + timedelta(days=100))
    places.fetch()
    deputy.acts.not_involved(sent.case)
    deputy.acts.answer(sent.case, "answered", 1, "Van de plaatsvervanger.")
    places.fetch()

    for office in places.offices:
        assert [item.text for item in office.dossiers.timeline(sent.case) if item.text][-1] == "Van de plaatsvervanger."
    assert [places.alarms(number) for number in range(3)] == [[], [], []]


def test_a_case_that_nobody_opened(places):
    """The key of a report that was never taken over stays, however long that takes."""
    sent = places.report(to=(0,), text="Wachten.")
    places.fetch(0)
    key = first_key(places, 0)
    places.until(places.clock.day + LIVES + timedelta(days=60))
    places.fetch(0)
    assert has(places, 0, key)
    places.offices[0].acts.not_involved(sent.case)

    assert places.offices[0].dossiers.timeline(sent.case)[0].text == "Wachten."


def test_a_round_in_which_something_did_not_hold(places):
    """No key ends in a round with an alarm."""
    key = first_key(places, 0)
    places.until(places.clock.day + LIVES)
    tell(places, instead("GET", "/v1/cases", 200, b'{"inbox": "AAAA"}'))
    assert has(places, 0, key)
    places.fetch(0)

    assert not has(places, 0, key)


def test_a_round_in_which_a_case_did_not_hold(places):
    """Nor in one in which something of a case was kept back."""
    sent = opened(places)
    key, office = first_key(places, 0), places.offices[0]
    office.acts.answer(sent.case, "feedback", 1, "Klaar.")
    places.until(places.clock.day + LIVES)
    places.add(sent, "Nog iets.")
    office.vault.set_fact("listed", (places.clock.day + timedelta(days=5)).isoformat())
    places.fetch(0)

    assert places.alarms() == ["withheld"]
    assert has(places, 0, key)


def test_a_lasting_alarm_about_one_case(places):
    """An alarm about a case that is raised again every round keeps a key no longer than the round that it was new in."""
    sent, key, office = places.report(), first_key(places, 0), places.offices[0]
    office.book.raise_alarm("case-missing", sent.case, places.clock.day)
    before = office.book.raised
    office.book.raise_alarm("case-missing", sent.case, places.clock.day)
    assert office.book.raised == before
    office.book.raise_alarm("grant", sent.case, places.clock.day)
    office.book.raise_alarm("grant", sent.case, places.clock.day)
    assert office.book.raised == before + 2
    assert has(places, 0, key)
