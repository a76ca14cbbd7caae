# SPDX-License-Identifier: EUPL-1.2
"""The daily run on a real desk: what lapses, what is acknowledged, handed over and told, and on which day."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from cast import TODAY, Officer
from deskhouse import House

from meldkluis.crypto.entry import make_entry
from meldkluis.crypto.errors import ChainError
from meldkluis.crypto.note import Note
from meldkluis.crypto.receipt import Receipt
from meldkluis.mailbox.actions import Due, terms_of
from meldkluis.mailbox.policy import Policy

ACK = date(2026, 11, 30)
"""The internal and the nominal end for a report of Monday 23 November 2026."""

FEEDBACK = date(2027, 2, 26)
"""The internal end when nobody acknowledged but the server on 30 November; the nominal one is Sunday the 28th."""


def days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += timedelta(days=1)


def live(house: House, until: date) -> None:
    """The daily run of every day up to this one."""
    for day in days(house.today, until):
        ran = house.day(day)
        assert (ran.refused, ran.failed) == (None, 0)


def told(house: House, reporter: Receipt, officer: Officer | None = None) -> list[Due]:
    return house.desk.store.reminders_of((officer or house.cast.one).key).get(reporter.case, [])


def served(house: House, officer: Officer, reporter: Receipt) -> bool:
    return house.desk.store.served(officer.key, reporter.case)


def test_nobody_acknowledges(house: House):
    """On the last working day at noon the term lapses, the server acknowledges, and the deputy gets the case."""
    reporter, _ = house.report()
    live(house, ACK - timedelta(days=1))
    assert house.acts(reporter) == ["submitted", "received"]
    assert not served(house, house.cast.deputy, reporter)

    ran = house.day(ACK)
    assert ran.acts == {"lapsed acknowledgement internal": 1, "acknowledge": 1, "hand-over": 1}
    assert house.acts(reporter)[2:] == ["lapsed", "acknowledged-auto", "handed-over"]
    lapsed = house.log(reporter.case).entries[2].fields
    assert (lapsed["term"], lapsed["end"], lapsed["due"], lapsed["day"]) == ("acknowledgement", "internal", ACK, ACK)
    assert served(house, house.cast.deputy, reporter)
    assert house.desk.store.facts(reporter.case).acknowledged == ACK
    live(house, ACK + timedelta(days=3))
    assert len(house.acts(reporter)) == 5


def test_an_officer_acknowledges(house: House):
    """Then nothing lapses and nobody is handed anything until the feedback is due."""
    reporter, _ = house.report()
    house.taken_over(house.cast.one, reporter.case)
    house.answered(house.cast.one, reporter, "acknowledged")
    live(house, date(2027, 2, 22))

    assert house.acts(reporter)[2:] == ["case-key", "acknowledged"]
    assert house.day(date(2027, 2, 23)).acts == {"lapsed feedback internal": 1, "hand-over": 1}


def test_feedback_lapses_twice_and_is_brought_up_every_week(house: House):
    """On its last working day, and when its last day is over; reminders before and after, each once."""
    reporter, _ = house.report()
    live(house, FEEDBACK + timedelta(days=15))

    lapsed = [entry.fields for entry in house.log(reporter.case).entries if entry.act == "lapsed"]
    assert [(item["term"], item["end"], item["due"], item["day"]) for item in lapsed] == [
        ("acknowledgement", "internal", ACK, ACK),
        ("feedback", "internal", FEEDBACK, FEEDBACK),
        ("feedback", "nominal", date(2027, 2, 28), date(2027, 3, 1)),
    ]
    assert house.acts(reporter).count("handed-over") == 1
    assert told(house, reporter) == [
        Due(FEEDBACK - timedelta(days=30), "feedback"),
        Due(FEEDBACK - timedelta(days=14), "feedback"),
        Due(FEEDBACK - timedelta(days=7), "feedback"),
        Due(FEEDBACK - timedelta(days=3), "feedback"),
        Due(FEEDBACK + timedelta(days=7), "overdue"),
        Due(FEEDBACK + timedelta(days=14), "overdue"),
    ]


def test_reminders_come_once_and_go_when_done(house: House):
    """On the first, third and fifth day; a second run of the day makes none, an acknowledgement takes them away."""
    reporter, _ = house.report()
    made = [house.day(TODAY + timedelta(days=n)).reminders for n in (0, 1, 1, 2, 3, 3, 4)]
    assert made == [0, 1, 0, 0, 1, 0, 0]
    assert told(house, reporter) == [Due(TODAY + timedelta(days=n), "acknowledge") for n in (1, 3)]

    house.taken_over(house.cast.one, reporter.case)
    house.answered(house.cast.one, reporter, "acknowledged")
    assert told(house, reporter) == []
    assert house.day(TODAY + timedelta(days=5)).reminders == 0


def test_missed_days_are_caught_up_and_said(house: House):
    """Entries have the day on which they are made, and beside it the day on which they fell due."""
    reporter, _ = house.report()
    house.day(TODAY)
    ran = house.day(ACK + timedelta(days=4))

    assert (ran.missed, ran.late, ran.reminders) == (10, 4, 3)
    lapsed = [entry.fields for entry in house.log(reporter.case).entries if entry.act == "lapsed"]
    assert [(item["end"], item["due"]) for item in lapsed] == [("internal", ACK), ("nominal", ACK)]
    assert {entry.fields["day"] for entry in house.log(reporter.case).entries[2:]} == {ACK + timedelta(days=4)}
    # The late acknowledgement of the server does not move the feedback.
    assert terms_of(house.desk.store.facts(reporter.case)).feedback.nominal == date(2027, 2, 28)


def test_a_clock_that_went_back_stops_the_run(house: House):
    """Nothing is done and it says so; when the clock is right again everything goes on."""
    reporter, _ = house.report()
    house.day(ACK - timedelta(days=1))
    assert house.day(ACK - timedelta(days=2)).refused == "clock-back"
    assert house.day(ACK).acts["acknowledge"] == 1
    assert house.day(ACK - timedelta(days=1)).refused == "clock-back"
    assert house.acts(reporter).count("acknowledged-auto") == 1


def test_a_clock_that_jumps_must_be_confirmed(house: House):
    """After more than a month without a run somebody says that it is so; nothing lapses by a wrong clock alone."""
    reporter, _ = house.report()
    house.day(TODAY)
    assert house.day(TODAY + timedelta(days=32)).refused == "clock-ahead"
    assert house.acts(reporter) == ["submitted", "received"]
    assert house.day(TODAY + timedelta(days=32), sure=True).acts["hand-over"] == 1
    assert house.day(TODAY + timedelta(days=63)).refused is None


def test_whoever_is_left_out_gets_nothing_handed_over(house: House):
    """Without a deputy the term lapses all the same, and the case stays where it is."""
    reporter, _ = house.report(to=frozenset({house.cast.one.key}))
    live(house, ACK)
    assert house.acts(reporter)[2:] == ["lapsed", "acknowledged-auto"]
    assert not served(house, house.cast.deputy, reporter)
    assert not served(house, house.cast.two, reporter)


def test_a_case_that_everybody_left_goes_to_the_deputy(house: House):
    """When the last officer withdraws, the deputy gets it with the next run, whatever the terms say."""
    reporter, _ = house.report()
    for officer in (house.cast.one, house.cast.two):
        house.act(officer, reporter, "recused")
    assert house.day(TODAY).acts == {"hand-over": 1}
    assert served(house, house.cast.deputy, reporter)


def test_automatic_acknowledgement(house: House):
    """With the setting the server acknowledges in the transaction of the report; only the feedback can lapse."""
    house.desk.policy = Policy("automatic")
    reporter, _ = house.report()
    assert house.acts(reporter) == ["submitted", "received", "acknowledged-auto"]
    live(house, date(2027, 2, 22))
    assert house.acts(reporter) == ["submitted", "received", "acknowledged-auto"]
    assert house.day(date(2027, 2, 23)).acts == {"lapsed feedback internal": 1, "hand-over": 1}


def test_nothing_is_handed_over_while_an_officer_is_there(house: House):
    """Something else that is due in a case hands it to nobody while its officers are members."""
    reporter, _ = house.report()
    house.desk.policy = Policy("automatic")
    assert house.day().acts == {"acknowledge": 1}
    assert house.acts(reporter) == ["submitted", "received", "acknowledged-auto"]


def stopped(house: House) -> Receipt:
    reporter, _ = house.report()
    house.taken_over(house.cast.one, reporter.case)
    house.answered(house.cast.one, reporter, "clock-stopped")
    return reporter


def test_a_stopped_clock_lets_nothing_lapse(house: House):
    """While the officers call it advice or a complaint no term runs, and it is brought up every three months."""
    reporter = stopped(house)
    live(house, date(2027, 3, 1))
    assert house.acts(reporter)[2:] == ["case-key", "clock-stopped"]
    assert told(house, reporter) == [Due(date(2027, 2, 9), "progress")]


def test_an_objection_lets_the_terms_run_as_if_they_had_never_stopped(house: House):
    """What lapsed meanwhile lapses with the next run, and nobody can stop the clock again."""
    reporter = stopped(house)
    live(house, ACK + timedelta(days=5))
    assert house.objected(reporter).new
    assert not house.objected(reporter).new
    ran = house.day(ACK + timedelta(days=6))
    assert ran.acts["hand-over"] == 1
    assert ran.acts["lapsed acknowledgement nominal"] == 1
    with pytest.raises(ChainError):
        house.answered(house.cast.one, reporter, "clock-stopped")


def test_an_objection_without_a_stop_is_refused(house: House):
    """There is nothing to object to while the terms run."""
    reporter, _ = house.report()
    log = house.log(reporter.case)
    entry = make_entry("objected", case=log.case, index=2, head=log.head, signer=reporter.signing_key)
    assert house.refused(house.desk.add(reporter.address, entry.raw, {}, TODAY)).code == "act"


def test_a_question_that_becomes_a_report_has_new_terms(house: House):
    """They are counted from the day that the officer names; an answer to the question was no feedback."""
    reporter, _ = house.report()
    house.taken_over(house.cast.one, reporter.case)
    house.answered(house.cast.one, reporter, "acknowledged")
    house.answered(house.cast.one, reporter, "clock-stopped")
    house.answered(house.cast.one, reporter, "feedback")
    later = TODAY + timedelta(days=200)
    house.day(TODAY)
    house.today = later
    house.act(house.cast.one, reporter, "clock-runs", since=later - timedelta(days=2))
    facts = house.desk.store.facts(reporter.case)
    assert (facts.runs, facts.feedback, facts.since) == (True, None, later - timedelta(days=2))
    assert terms_of(facts).feedback.nominal == date(2027, 9, 9)


def test_terms_are_never_put_off_while_they_run(house: House):
    """A later day to count from is refused; an earlier one, for an oral report, is taken."""
    reporter, _ = house.report()
    house.taken_over(house.cast.one, reporter.case)
    with pytest.raises(ChainError):
        house.act(house.cast.one, reporter, "clock-runs", since=TODAY)
    with pytest.raises(ChainError):
        house.act(house.cast.one, reporter, "clock-runs", since=TODAY + timedelta(days=1))
    house.act(house.cast.one, reporter, "clock-runs", since=TODAY - timedelta(days=6))
    assert house.desk.store.facts(reporter.case).since == TODAY - timedelta(days=6)
    assert house.day(TODAY + timedelta(days=1)).acts["hand-over"] == 1


def test_closing_without_feedback_is_refused(house: House):
    """Where feedback is due a case cannot be closed; where no term runs it can."""
    reporter, _ = house.report()
    house.taken_over(house.cast.one, reporter.case)
    with pytest.raises(ChainError, match="feedback is due"):
        house.closed(house.cast.one, reporter)
    other = stopped(house)
    house.closed(house.cast.one, other, "not_taken_up")
    assert house.desk.store.facts(other.case).closed == TODAY


def test_entries_are_of_today(house: House):
    """The server takes no act of another day, so nothing is ever dated back."""
    reporter, _ = house.report()
    house.taken_over(house.cast.one, reporter.case)
    log = house.log(reporter.case)
    sealed = house.cast.one
    entry = log.extend("clock-runs", sealed.signing, day=TODAY, since=TODAY - timedelta(days=3))
    house.today += timedelta(days=1)
    refused = house.refused(house.desk.append(sealed.key, reporter.case, entry.raw, {}, {}, house.today))
    assert (refused.code, refused.details) == ("day", {"day": "2026-11-24"})


def test_a_report_that_cannot_be_read_holds_up_no_other(house: House):
    """A log that was tampered with counts as failed; its neighbours get what is due."""
    broken, _ = house.report()
    reporter, _ = house.report()
    head = house.desk.store.log(broken.case)[-1]
    house.desk.store._writer.write_now(
        lambda db: db.execute("UPDATE log SET thing = ? WHERE thing = ?", (head[:-2] + b" }", head)).fetchall()
    )
    ran = house.day(ACK)
    assert (ran.failed, ran.acts["acknowledge"]) == (1, 1)
    assert "acknowledged-auto" in house.acts(reporter)


def test_the_deputy_begins_anew(house: House):
    """After a hand-over the deputy may make a new case key; the others get its secret, and nobody else may."""
    reporter, _ = house.report()
    house.taken_over(house.cast.one, reporter.case)
    live(house, ACK)
    with pytest.raises(ChainError):
        house.take_over(house.cast.two, reporter.case)
    deputy = house.cast.deputy
    files = {
        (line.entry, line.slot): b"".join(
            house.desk.file(
                deputy.key, reporter.case, line.entry, line.slot, first=line.slot in {"content", "identity"}
            )
        )
        for line in house.desk.case(deputy.key, reporter.case, 0).files
        if line.slot in {"content", "identity", "message"}
    }
    took = house.cast.take_over(house.log(reporter.case), files, deputy, house.today)
    house.append(deputy, took.entry.raw, reporter.case, took.files, took.headers)
    log = house.log(reporter.case)
    assert log.case_recipient == took.entry.fields["recipient"]
    assert not log.may_take_over(deputy.key)


def test_unknown_notes_are_refused_by_name(house: House):
    """A regime, state or outcome that there is not is named in the error, and nothing is written."""
    for wrong, name in ((Note(regime="x"), "regime"), (Note(state="x"), "state"), (Note(outcome="x"), "outcome")):
        with pytest.raises(Exception, match=name):
            wrong.dump()
    with pytest.raises(Exception, match="reason"):
        replace(Note(), received=TODAY).dump()
