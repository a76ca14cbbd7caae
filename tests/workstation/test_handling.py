# SPDX-License-Identifier: EUPL-1.2
"""Regime, state, clock, closing and holding: what officers decide, and what they are refused."""

from datetime import timedelta

import pytest
from destruction import closed
from lied_to import opened
from workplace import Workplaces

from meldkluis.crypto.encoding import b64
from meldkluis.crypto.note import OUTCOMES, REGIMES, STATES
from meldkluis.mailbox.actions import terms_of
from meldkluis.mailbox.facts import facts_of
from meldkluis.workstation.errors import ActError
from meldkluis.workstation.handling import Handling
from meldkluis.workstation.summary import Summary


def handling(places: Workplaces, sent, number: int = 0) -> Handling:
    office = places.offices[number]
    return office.summaries.handling(office.dossiers.log(sent.case))


def line(places: Workplaces, sent, number: int = 0) -> Summary:
    office = places.offices[number]
    made = office.summaries.one(office.dossiers.kept(sent.case))
    assert made is not None
    return made


def decide(places: Workplaces, number: int = 0):
    return places.offices[number].decisions


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("state", STATES)
def test_note_is_read_by_all_officers(places, regime, state):
    """What one officer notes the other reads; sent twice it stands once."""
    sent = opened(places, 0, 1)
    for _ in range(2):
        decide(places).handle(sent.case, regime, state, None, "Omdat.")
    places.fetch(1)
    note = handling(places, sent, 1).note

    assert (note.regime, note.state, note.reason) == (regime, state, "Omdat.")
    assert places.acts(sent).count("noted") == 1
    assert [places.alarms(number) for number in (0, 1)] == [[], []]


def test_nothing_noted_for_what_stands_from_the_start(places):
    """A form that is sent as it was shown appends nothing."""
    sent = opened(places)
    decide(places).handle(sent.case, "undecided", "received", None, "")

    assert "noted" not in places.acts(sent)


@pytest.mark.parametrize(
    ("regime", "state", "days", "reason", "refused"),
    [
        ("elders", "received", None, "x", "bad-regime"),
        ("", "received", None, "x", "bad-regime"),
        ("wbk", "closed", None, "x", "bad-state"),
        ("wbk", "received", 1, "x", "future-received"),
        ("wbk", "received", -4000, "x", "old-received"),
        ("wbk", "received", -5, " \n", "no-reason-received"),
        ("wbk", "received", None, "é" * 131_073, "too-long"),
    ],
)
def test_notes_that_are_refused(places, regime, state, days, reason, refused):
    """An unknown category, a day that cannot be and a missing reason are refused by name, and nothing is appended."""
    sent = opened(places)
    before = places.acts(sent)
    received = None if days is None else places.clock.day + timedelta(days=days)
    with pytest.raises(ActError, match=refused):
        decide(places).handle(sent.case, regime, state, received, reason)

    assert places.acts(sent) == before


def test_oral_report_counts_for_everybody(places):
    """An earlier oral report moves the days of officer, server and reporter alike."""
    sent = opened(places)
    earlier = places.clock.day - timedelta(days=3)
    for _ in range(2):
        decide(places).handle(sent.case, "wbk", "assessment", earlier, "Gemeld aan de balie.")

    assert places.acts(sent)[-2:] == ["noted", "clock-runs"]
    facts = facts_of(places.log(sent))
    assert (facts.since, line(places, sent).dues) == (earlier, terms_of(facts))
    assert places.desk.store.facts(sent.case).since == earlier


def test_states(places):
    """The state follows from notes and log, the furthest first."""
    sent = opened(places)
    office, seen = places.offices[0], []
    steps = [
        lambda: None,
        lambda: office.acts.answer(sent.case, "acknowledged", 1, "Ontvangen."),
        lambda: decide(places).handle(sent.case, "wbk", "assessment", None, ""),
        lambda: decide(places).handle(sent.case, "wbk", "investigation", None, ""),
        lambda: office.acts.answer(sent.case, "feedback", 2, "Klaar."),
        lambda: decide(places).close(sent.case, "founded", "Klaar."),
        lambda: decide(places).reopen(sent.case, "Nieuws."),
    ]
    for step in steps:
        step()
        seen.append(line(places, sent).state)

    assert seen == ["received", "acknowledged", "assessment", "investigation", "feedback", "closed", "reopened"]


def test_stopping_the_clock(places):
    """The terms stop for a regime without terms, with words to the reporter, and not for another."""
    sent = opened(places)
    office = places.offices[0]
    with pytest.raises(ActError, match="no-stop"):
        office.acts.answer(sent.case, "clock-stopped", 1, "Dit is een klacht.")
    decide(places).handle(sent.case, "complaint", "assessment", None, "Gaat over een loket.")
    office.acts.answer(sent.case, "clock-stopped", 1, "Dit is een klacht.")
    places.until(places.clock.day + timedelta(days=20))
    office.fetch()

    assert not line(places, sent).runs
    assert "lapsed" not in places.acts(sent)
    assert [item.text for item in office.dossiers.timeline(sent.case) if item.text][-1] == "Dit is een klacht."
    assert places.alarms() == []


def test_objection(places):
    """An objection starts the terms again, waits for an answer, and the clock cannot be stopped once more."""
    sent = opened(places)
    office = places.offices[0]
    decide(places).handle(sent.case, "complaint", "assessment", None, "")
    office.acts.answer(sent.case, "clock-stopped", 1, "Dit is een klacht.")
    places.objects(sent)
    office.fetch()
    assert (line(places, sent).objected, line(places, sent).runs, line(places, sent).unread) == (True, True, 2)
    with pytest.raises(ActError, match="no-stop"):
        office.acts.answer(sent.case, "clock-stopped", 2, "Toch.")
    office.acts.answer(sent.case, "answered", 2, "Ik begrijp het.")

    assert not line(places, sent).objected


def test_question_that_became_a_report(places):
    """Terms of a question that becomes a report are counted from the reporter's last message by default."""
    sent = opened(places, kind="advice")
    office, first = places.offices[0], places.clock.day
    decide(places).handle(sent.case, "advice", "received", None, "")
    office.acts.answer(sent.case, "clock-stopped", 1, "Dit is een vraag.")
    places.until(first + timedelta(days=10))
    places.add(sent, "Dan meld ik het.")
    office.fetch()
    decide(places).handle(sent.case, "wbk", "received", None, "Nu een melding.")
    browser = places.browser(0)
    assert f'value="{first + timedelta(days=10)}"' in browser.get(_path(sent)).text
    with pytest.raises(ActError, match="future-since"):
        decide(places).run_clock(sent.case, places.clock.day + timedelta(days=1))
    for _ in range(2):
        decide(places).run_clock(sent.case, first + timedelta(days=10))

    assert places.acts(sent).count("clock-runs") == 1
    assert facts_of(places.log(sent)).since == first + timedelta(days=10)
    places.until(first + timedelta(days=12))
    with pytest.raises(ActError, match="since-later"):
        decide(places).run_clock(sent.case, first + timedelta(days=11))


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_closing(places, outcome):
    """A case is closed once, kept as policy says of its outcome, and the server learns days alone."""
    sent = opened(places, 0, 1)
    office = places.offices[0]
    with pytest.raises(ActError, match="read-first"):
        decide(places).close(sent.case, outcome, "Klaar.")
    office.acts.read(sent.case, len(places.acts(sent)))
    with pytest.raises(ActError, match="feedback-due"):
        decide(places).close(sent.case, outcome, "Klaar.")
    office.acts.answer(sent.case, "feedback", 1, "Klaar.")
    for _ in range(2):
        decide(places).close(sent.case, outcome, "Klaar.")
    places.fetch(1)

    assert places.acts(sent).count("closed") == 1
    expected = decide(places).ends(outcome)
    assert places.desk.store.facts(sent.case).destroy_after == expected.destroy_after
    assert line(places, sent, 1).outcome == outcome


def test_closing_with_another_outcome(places):
    """A closed case is closed again with another outcome, and kept for as long as that says."""
    sent = opened(places)
    places.offices[0].acts.answer(sent.case, "feedback", 1, "Klaar.")
    decide(places).close(sent.case, "unfounded", "Klaar.")
    decide(places).close(sent.case, "unfounded_kept", "De melder vraagt het.")

    assert line(places, sent).outcome == "unfounded_kept"
    assert places.log(sent).course.closed.fields["destroy_after"] == decide(places).ends("unfounded_kept").destroy_after


def test_new_message_is_read_before_closing(places):
    """What the reporter wrote at the last moment is read before a case is closed or given up."""
    sent = opened(places)
    places.offices[0].acts.answer(sent.case, "feedback", 1, "Klaar.")
    places.add(sent, "Wacht.")
    with pytest.raises(ActError, match="read-first"):
        decide(places).close(sent.case, "founded", "Klaar.")

    assert "closed" not in places.acts(sent)


REFUSED = {
    "other outcome": (lambda d, case, _: d.close(case, "vergeten", "x"), "bad-outcome"),
    "close without reason": (lambda d, case, _: d.close(case, "founded", " "), "no-reason-close"),
    "hold in the past": (lambda d, case, day: d.hold(case, day - timedelta(days=1), "x"), "bad-until"),
    "long hold": (lambda d, case, day: d.hold(case, day + timedelta(days=185), "x"), "bad-until"),
    "hold without reason": (lambda d, case, day: d.hold(case, day, " "), "no-reason-hold"),
    "reopen without reason": (lambda d, case, _: d.reopen(case, ""), "no-reason-reopen"),
    "approve an open case": (lambda d, case, _: d.approve(case), "not-yet"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_decisions_that_are_refused(places, name):
    """A decision with a wrong field, or too early, is refused by name, and nothing is appended."""
    sent = opened(places)
    before, (act, refused) = places.acts(sent), REFUSED[name]
    with pytest.raises(ActError, match=refused):
        act(decide(places), sent.case, places.clock.day)

    assert places.acts(sent) == before


def test_hold_and_release(places):
    """A hold is noted with its reason for all officers, and released once."""
    sent = opened(places, 0, 1)
    until = places.clock.day + timedelta(days=184)
    for _ in range(2):
        decide(places).hold(sent.case, until, "Rechtszaak.")
    places.fetch(1)
    items = places.offices[1].dossiers.timeline(sent.case)
    assert [item.note.reason for item in items if item.act == "held"] == ["Rechtszaak."]
    for _ in range(2):
        decide(places).release(sent.case)

    assert (places.acts(sent).count("held"), places.acts(sent).count("released")) == (1, 1)


def test_approval(places):
    """The second approval is another officer's, from thirty days before the end."""
    sent = opened(places, 0, 1)
    places.offices[0].acts.answer(sent.case, "feedback", 1, "Klaar.")
    decide(places).close(sent.case, "founded", "Klaar.")
    end = decide(places).ends("founded").destroy_after
    places.fetch(1)
    with pytest.raises(ActError, match="closed-by-you"):
        decide(places).approve(sent.case)
    with pytest.raises(ActError, match="not-yet"):
        decide(places, 1).approve(sent.case)
    places.until(end - timedelta(days=30))
    places.fetch(0, 1)
    for _ in range(2):
        decide(places, 1).approve(sent.case)

    assert places.acts(sent).count("destruction-approved") == 1
    assert places.log(sent).course.ends_on() == end


def test_reading_is_said_once(places):
    """Opening the page says in the log that a message was read; a lost answer is made good with the next visit."""
    sent = opened(places)
    browser = places.browser(0)
    places.add(sent, "Nog iets.")
    browser.post("/fetch")
    places.transports[0].lie = lambda method, target, answered: (500, b"") if method == "POST" else answered
    assert browser.get(_path(sent)).status_code == 200
    places.transports[0].lie = None
    for _ in range(3):
        browser.get(_path(sent))

    assert places.acts(sent).count("read") == 1


def test_only_what_was_on_the_screen_is_read(places):
    """A message that comes in while the page is made is not said to be read."""
    sent = opened(places)
    browser = places.browser(0)
    places.add(sent, "Eerst.")
    browser.post("/fetch")
    raced: list[bool] = []

    def race(method: str, target: str) -> None:
        if "/v1/cases/" in target and not raced:
            raced.append(True)
            places.add(sent, "Daarna.")

    places.transports[0].before = race
    browser.get(_path(sent))
    assert "read" not in places.acts(sent)
    browser.get(_path(sent))

    assert places.acts(sent)[-1] == "read"


def test_bad_note(places):
    """A note that was damaged is an alarm; the one before it says how the case stands."""
    sent = opened(places)
    decide(places).handle(sent.case, "wbk", "assessment", None, "Eerste.")
    decide(places).handle(sent.case, "wbk", "investigation", None, "Tweede.")
    book = places.offices[0].book
    place = max(place for place in book.places(sent.case) if place[1] == "note")
    body = book.file(sent.case, *place)
    book.put_files(sent.case, {place: body[:-1] + bytes([body[-1] ^ 1])})

    assert handling(places, sent).note.state == "assessment"
    assert "Dit bericht wordt niet getoond" in places.browser(0).get(_path(sent)).text
    assert places.alarms() == ["message"]


def test_state_after_reopening(places):
    """A case is called reopened until a later note says where it stands."""
    sent, _ = closed(places)
    decide(places).reopen(sent.case, "Toch.")
    assert line(places, sent).state == "reopened"
    decide(places).handle(sent.case, "wbk", "investigation", None, "Opnieuw.")
    assert line(places, sent).state == "investigation"


def _path(sent) -> str:
    return f"/case/{b64(sent.case)}"
