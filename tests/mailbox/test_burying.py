# SPDX-License-Identifier: EUPL-1.2
"""An officer who wants a report gone, a clock that lies, and other ways to stop what must happen. Each was tried once."""

import asyncio
import contextlib
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest
from cast import TODAY, Officer
from deskhouse import House
from pages import decrypted

from meldkluis.crypto import age
from meldkluis.crypto.errors import ChainError
from meldkluis.crypto.note import Note
from meldkluis.crypto.receipt import Receipt
from meldkluis.mailbox import keyfile, schema
from meldkluis.mailbox.actions import terms_of
from meldkluis.mailbox.desk import Desk
from meldkluis.mailbox.errors import Refused
from meldkluis.mailbox.store import DATABASE

DAY = timedelta(days=1)
NOTE = Note(reason="weg ermee")


def taken(house: House) -> tuple[Receipt, Officer]:
    reporter, _ = house.report(name="Mijn naam")
    house.taken_over(house.cast.one, reporter.case)
    return reporter, house.cast.one


def shortest(house: House, officer: Officer, reporter: Receipt, register: int = 365) -> None:
    """Close with the shortest periods that a changed program could name."""
    days = {"identity_until": 28, "destroy_after": 28, "register_until": register}
    ends = {name: house.today + more * DAY for name, more in days.items()}
    house.noted(officer, reporter, "closed", NOTE, **ends)


def test_terms_put_off_in_one_breath(house: House):
    """Stopped and counted anew from today, again and again: the reporter objects once, and it is over for good."""
    reporter, one = taken(house)
    house.answered(one, reporter, "clock-stopped")
    house.act(one, reporter, "clock-runs", since=TODAY)
    assert not house.log(reporter.case).course.may_object
    house.today = TODAY + 5 * DAY
    house.answered(one, reporter, "clock-stopped")
    house.act(one, reporter, "clock-runs", since=house.today)
    assert house.objected(reporter).new
    with pytest.raises(ChainError):
        house.answered(one, reporter, "clock-stopped")
    ran = house.day(TODAY + 7 * DAY)
    assert ran.acts["hand-over"] == 1
    assert terms_of(house.desk.store.facts(reporter.case)).feedback.nominal == date(2027, 2, 28)


def test_a_lapse_that_stands_is_not_written_twice(house: House):
    """Counting from a later day and back leaves the lapses of the first day where they are."""
    reporter, one = taken(house)
    house.day(TODAY + 7 * DAY)
    house.answered(one, reporter, "clock-stopped")
    house.act(one, reporter, "clock-runs", since=house.today)
    house.objected(reporter)
    assert "lapsed acknowledgement internal" not in house.day(house.today + DAY).acts
    assert house.acts(reporter).count("lapsed") == 1


def test_stopped_and_closed_at_once(house: House):
    """An objection opens what was closed while no term ran: the terms lapse, the deputy comes, nothing is destroyed."""
    reporter, one = taken(house)
    house.answered(one, reporter, "clock-stopped")
    shortest(house, one, reporter)
    house.today = TODAY + 3 * DAY
    house.objected(reporter)
    house.act(one, reporter, "read")
    for _ in range(110):
        house.day(house.today + DAY)
    assert house.desk.mailbox(reporter.address, house.today).found
    assert {"lapsed", "handed-over"} <= set(house.acts(reporter))


def test_no_trace_left(house: House):
    """A register line shorter than a year is refused, and no line goes before its certificate is made."""
    reporter, one = taken(house)
    house.answered(one, reporter, "feedback")
    with pytest.raises(ChainError, match="register"):
        shortest(house, one, reporter, register=28)
    shortest(house, one, reporter)
    house.day(TODAY)
    house.day(TODAY + 28 * DAY)
    house.day(TODAY + 58 * DAY)
    assert house.desk.store.files(reporter.case) == []
    house.day(TODAY + 329 * DAY, sure=True)
    assert house.desk.certificates(one.key) == []
    assert house.acts(reporter)[-1] == "destruction-announced"
    house.day(TODAY + 330 * DAY)
    assert len(house.desk.certificates(one.key)) == 1
    house.day(TODAY + 364 * DAY, sure=True)
    assert len(house.desk.certificates(one.key)) == 1
    house.day(TODAY + 365 * DAY)
    assert house.desk.certificates(one.key) == []


def test_a_sole_officer_shuts_and_leaves(house: House):
    """With rubbish for headers, a feedback and a withdrawal: the deputy gets the case, and opens it."""
    reporter, _ = house.report(to=frozenset({house.cast.one.key, house.cast.deputy.key}))
    took = house.take_over(house.cast.one, reporter.case)
    rubbish = {place: age.Encryptor([age.recipient_of(age.generate_identity())], 1).header for place in took.headers}
    house.append(house.cast.one, took.entry.raw, reporter.case, took.files, rubbish)
    house.answered(house.cast.one, reporter, "feedback")
    house.act(house.cast.one, reporter, "recused")
    addition = house.addition(reporter, "Is daar nog iemand?")
    house.add(reporter, addition)
    assert house.day(TODAY).acts == {"hand-over": 1}
    deputy = house.cast.deputy
    for entry, slot in ((0, "content"), (addition.entry.index, "message")):
        file = b"".join(house.desk.file(deputy.key, reporter.case, entry, slot, first=True))
        assert age.decrypt(file, [deputy.identity])


def test_a_closed_case_that_everybody_left(house: House):
    """A message to it brings the deputy in; unread for half a year, it does not keep the case for ever."""
    reporter, one = taken(house)
    house.answered(one, reporter, "feedback")
    shortest(house, one, reporter)
    for officer in (one, house.cast.two):
        house.act(officer, reporter, "recused")
    assert house.day(TODAY + DAY).acts == {}
    house.add(reporter, house.addition(reporter))
    assert house.day(TODAY + 2 * DAY).acts == {"hand-over": 1}
    written = house.today
    gone = None
    while gone is None and house.today < written + 300 * DAY:
        house.day(house.today + DAY)
        gone = None if house.desk.store.files(reporter.case) else house.today
    assert gone == written - DAY + timedelta(days=184 + 30)


def test_an_answer_to_a_question_is_no_feedback(house: House):
    """Whatever day the officer then counts from, the first one too."""
    reporter, one = taken(house)
    house.answered(one, reporter, "clock-stopped")
    house.answered(one, reporter, "feedback")
    with pytest.raises(ChainError):
        house.act(one, reporter, "clock-runs", since=TODAY + DAY)
    house.act(one, reporter, "clock-runs", since=TODAY)
    assert house.desk.store.facts(reporter.case).feedback is None


def test_messages_for_ever(house: House):
    """Half a year after a case's day messages put its end off no more; a hold still does."""
    reporter, one = taken(house)
    house.answered(one, reporter, "feedback")
    shortest(house, one, reporter)
    house.day(TODAY)
    last, gone = TODAY + 420 * DAY, None
    while gone is None and house.today < last:
        house.day(house.today + DAY)
        gone = None if house.desk.store.files(reporter.case) else house.today
        if gone is None and (house.today - TODAY).days % 20 == 0:
            house.add(reporter, house.addition(reporter))
            house.act(one, reporter, "read")
    assert gone is not None
    assert gone <= TODAY + timedelta(days=28 + 184 + 30 + 20)


def test_on_the_day_itself_it_is_too_late(house: House):
    """From the first minute of its day nothing but `destroyed` is taken: no message, no hold, no reopening."""
    reporter, one = taken(house)
    house.answered(one, reporter, "feedback")
    shortest(house, one, reporter)
    end = TODAY + 28 * DAY
    house.today = end - DAY
    house.act(house.cast.two, reporter, "destruction-approved")
    house.today = end
    addition = house.addition(reporter)
    assert house.refused(house.desk.add(reporter.address, addition.entry.raw, addition.files, end)).code == "act"
    entry = house.log(reporter.case).extend("identity-opened", one.signing, day=end)
    assert house.refused(house.desk.append(one.key, reporter.case, entry.raw, {}, {}, end)).code == "act"
    house.act(one, reporter, "destroyed")


def test_an_append_that_the_destruction_overtakes(house: House):
    """Planned before the files went and written after: refused, and the run of all other cases goes on."""
    reporter, one = taken(house)
    other, _ = house.report()
    house.answered(one, reporter, "feedback")
    shortest(house, one, reporter)
    end = TODAY + 28 * DAY
    house.day(end - DAY)
    house.act(house.cast.two, reporter, "destruction-approved")
    raced, inner = [], house.desk.store.append

    async def slow(growth: object, address: bytes | None = None) -> None:
        if not raced:
            raced.append(growth)
            await house.desk.run_day(end, end)
        await inner(growth, address)

    house.desk.store.append = slow
    log = house.log(reporter.case)
    entry = log.extend("identity-opened", one.signing, day=end - DAY)
    with contextlib.suppress(Refused):
        asyncio.run(house.desk.append(one.key, reporter.case, entry.raw, {}, {}, end - DAY))
    house.desk.store.append = inner
    assert raced
    assert house.acts(reporter)[-1] == "destruction-approved"
    ran = house.day(end + DAY)
    assert (ran.failed, ran.refused) == (0, None)
    assert house.desk.store.served(house.cast.deputy.key, other.case)


def test_a_row_that_makes_no_sense(house: House, directory: Path):
    """Facts that cannot be worked out count as failed; the other cases get what is due, and it is remembered."""
    broken, _ = house.report()
    reporter, _ = house.report()
    with closing(schema.connect(directory / DATABASE, keyfile.read(directory, keyfile.DATABASE_KEY))) as db:
        db.execute("UPDATE \"case\" SET since = '9999-12-31' WHERE id = ?", (broken.case,))
    ran = house.day(TODAY + 7 * DAY)
    assert (ran.failed, ran.acts["hand-over"]) == (1, 1)
    assert house.desk.store.days().failed == 1
    assert served(house, reporter)


def served(house: House, reporter: Receipt) -> bool:
    return house.desk.store.served(house.cast.deputy.key, reporter.case)


def test_a_clock_that_was_ahead_one_morning(house: House):
    """What it dated stays; the server goes on with that day, and no other case waits."""
    reporter, other = house.report()[0], house.report()[0]
    house.today = TODAY + 20 * DAY
    house.add(reporter, house.addition(reporter))
    house.today = TODAY
    ran = house.day(TODAY + 7 * DAY)
    assert (ran.failed, ran.acts["hand-over"]) == (0, 2)
    assert {entry.fields["day"] for entry in house.log(reporter.case).entries[-3:]} == {TODAY + 20 * DAY}
    assert served(house, other)


def test_a_wrong_clock_can_be_repaired(house: House):
    """After a run that was too early the runs stand still, until somebody says that the clock is right now."""
    house.report()
    house.day(TODAY)
    house.day(TODAY + 20 * DAY)
    assert house.day(TODAY + DAY).refused == "clock-back"
    assert house.day(TODAY + DAY, sure=True).refused is None
    assert house.day(TODAY + 2 * DAY).refused is None


def test_a_first_run_with_the_clock_behind_the_reports(house: House):
    """A database that knows a later day than today is not run."""
    house.report()
    house.today = TODAY - 5 * DAY
    assert house.day().refused == "clock-back"


def test_folding_waits_for_nobody(house: House, directory: Path):
    """While a reader stands in the way the write-ahead log is left for the next run, and reports come in meanwhile."""
    reporter, one = taken(house)
    house.answered(one, reporter, "feedback")
    shortest(house, one, reporter)
    house.day(TODAY + 27 * DAY)
    house.act(house.cast.two, reporter, "destruction-approved")
    key = keyfile.read(directory, keyfile.DATABASE_KEY)
    with closing(schema.connect(directory / DATABASE, key)) as reader:
        reader.execute("BEGIN")
        reader.execute('SELECT count(*) FROM "case"').fetchall()
        assert house.day(TODAY + 28 * DAY).failed == 0
        assert not house.desk.store.fold()
        house.report()
        reader.execute("COMMIT")
    assert house.desk.store.fold()
    assert (directory / f"{DATABASE}-wal").stat().st_size == 0


def test_a_desk_opened_anew_remembers_to_fold(house: House, directory: Path):
    """A run that died between erasing and folding leaves a mark; the next one folds."""
    reporter, _ = house.report()
    house.run(house.desk.store.destroy(reporter.case))
    house.desk.close()
    again = Desk.open(directory)
    assert asyncio.run(again.run_day(TODAY, TODAY)).failed == 0
    again.close()
    assert reporter.case not in decrypted(directory / DATABASE, keyfile.read(directory, keyfile.DATABASE_KEY))


def test_a_message_that_no_deputy_can_open(house: House):
    """What was written after a feedback went to the case key alone: the deputy takes over what there is, and the report."""
    reporter, one = taken(house)
    house.answered(one, reporter, "clock-stopped")
    house.answered(one, reporter, "feedback")
    addition = house.addition(reporter, "Nog een vraag.")
    house.add(reporter, addition)
    house.act(one, reporter, "clock-runs", since=TODAY)
    house.day(TODAY + 7 * DAY)
    deputy = house.cast.deputy
    assert served(house, reporter)
    files = {
        (0, slot): b"".join(house.desk.file(deputy.key, reporter.case, 0, slot, first=True))
        for slot in ("content", "identity")
    }
    took = house.cast.take_over(house.log(reporter.case), files, deputy, house.today)
    nothing = house.desk.append(deputy.key, reporter.case, took.entry.raw, took.files, {}, house.today)
    assert house.refused(nothing).code == "malformed"
    house.append(deputy, took.entry.raw, reporter.case, took.files, took.headers)
    assert house.log(reporter.case).case_recipient == took.entry.fields["recipient"]


def test_the_approval_of_somebody_involved(house: House):
    """Who closed a case and then withdrew as involved has approved nothing: the mailbox gives its notice."""
    reporter, one = taken(house)
    house.answered(one, reporter, "feedback")
    shortest(house, one, reporter)
    house.act(one, reporter, "recused")
    house.day(TODAY + 27 * DAY)
    house.act(house.cast.two, reporter, "destruction-approved")
    assert house.day(TODAY + 28 * DAY).acts == {"announce": 1, "destroy-identity": 1}
    assert house.desk.mailbox(reporter.address, house.today).found


def test_a_declaration_is_no_reading(house: House):
    """Who says not to be involved, or takes a case over, has read nothing of it yet."""
    reporter, one = taken(house)
    assert house.desk.store.facts(reporter.case).unread == TODAY
    house.act(one, reporter, "read")
    assert house.desk.store.facts(reporter.case).unread is None
