# SPDX-License-Identifier: EUPL-1.2
"""How cases end on a real desk: closing, approvals, notice, holds, postponements, destruction, certificate."""

from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest
from cast import ORGANISATION, TODAY
from deskhouse import House
from pages import decrypted

from meldkluis.crypto.certificate import parse_certificate
from meldkluis.crypto.course import NOTICE
from meldkluis.crypto.errors import ChainError
from meldkluis.crypto.note import Note
from meldkluis.crypto.receipt import Receipt
from meldkluis.mailbox import keyfile, schema
from meldkluis.mailbox.actions import Due
from meldkluis.mailbox.store import DATABASE

DAY = timedelta(days=1)


def closed_case(house: House) -> tuple[Receipt, date]:
    """A case that officer one closed today; returns the day after which it is destroyed."""
    reporter, _ = house.report(name="Mijn naam", text="kanarie-91")
    return reporter, house.handled(house.cast.one, reporter).destroy_after


def found(house: House, reporter: Receipt) -> bool:
    return house.desk.mailbox(reporter.address, house.today).found


def destroyed_on(house: House, reporter: Receipt, last: date) -> date | None:
    """Let days pass until the mailbox is gone; None when it still is there on the last day."""
    while house.today < last:
        house.day(house.today + DAY)
        if not found(house, reporter):
            return house.today
    return None


def test_two_approvals_destroy_on_the_day(house: House):
    """Closing is the first approval; with a second officer's the case goes on its day at noon, not before."""
    reporter, end = closed_case(house)
    with pytest.raises(ChainError, match="due"):
        house.act(house.cast.two, reporter, "destruction-approved")
    house.today = end - NOTICE
    with pytest.raises(ChainError, match="approved already"):
        house.act(house.cast.one, reporter, "destruction-approved")
    house.act(house.cast.two, reporter, "destruction-approved")

    assert destroyed_on(house, reporter, end + 3 * DAY) == end


def test_with_one_approval_the_mailbox_gives_notice(house: House):
    """Without a second approval the reporter reads for thirty days that the case goes; then it goes."""
    reporter, end = closed_case(house)
    assert destroyed_on(house, reporter, end + 60 * DAY) == end + NOTICE
    announced = [entry.fields for entry in house.log(reporter.case).entries if entry.act == "destruction-announced"]
    assert [(item["day"], item["on"]) for item in announced] == [(end, end + NOTICE)]


def test_officers_are_told_a_month_before(house: House):
    """The reminder comes thirty days before the day."""
    reporter, end = closed_case(house)
    destroyed_on(house, reporter, end - DAY)
    assert house.desk.store.reminders() == [(reporter.case, Due(end - NOTICE, "destruction"))]


def test_unread_messages_postpone(house: House):
    """While a message is unread nothing is destroyed; once read there are thirty days more, and a new notice."""
    reporter, end = closed_case(house)
    destroyed_on(house, reporter, end + 20 * DAY)
    house.add(reporter, house.addition(reporter, "Wacht, er is nog iets."))
    heard = house.today
    assert destroyed_on(house, reporter, heard + 90 * DAY) is None
    house.act(house.cast.two, reporter, "read")
    read = house.today
    assert destroyed_on(house, reporter, read + 60 * DAY) == read + NOTICE + DAY


def test_a_new_message_undoes_the_second_approval(house: House):
    """Who approved did not know what came later; approved anew, it goes on the day that the mailbox says, not before."""
    reporter, end = closed_case(house)
    house.today = end - DAY
    house.act(house.cast.two, reporter, "destruction-approved")
    house.add(reporter, house.addition(reporter, "Nog iets."))
    house.act(house.cast.one, reporter, "read")
    assert destroyed_on(house, reporter, end + 10 * DAY) is None
    house.act(house.cast.two, reporter, "destruction-approved")
    assert destroyed_on(house, reporter, end + 90 * DAY) == end + NOTICE


def test_a_hold_keeps_everything_and_lapses(house: House):
    """A legal hold lasts until its day and no longer; renewing it is an act; releasing it ends it."""
    reporter, end = closed_case(house)
    house.today = end - 10 * DAY
    until = house.today + 100 * DAY
    with pytest.raises(ChainError, match="half a year"):
        house.noted(house.cast.one, reporter, "held", Note(reason="proces"), until=house.today + 185 * DAY)
    house.noted(house.cast.one, reporter, "held", Note(reason="proces"), until=until)
    assert destroyed_on(house, reporter, until) is None
    assert not any(entry.act == "identity-destroyed" for entry in house.log(reporter.case).entries)
    assert [due.kind for _, due in house.desk.store.reminders()] == ["hold"]
    assert destroyed_on(house, reporter, until + 90 * DAY) == until + DAY + NOTICE


def test_a_reopened_case_is_live(house: House):
    """Its day of closing and its approvals are forgotten; closed again it has a day of its own."""
    reporter, end = closed_case(house)
    house.today = end - 5 * DAY
    house.act(house.cast.two, reporter, "destruction-approved")
    house.noted(house.cast.one, reporter, "reopened", Note(reason="nieuw"))
    assert destroyed_on(house, reporter, end + 100 * DAY) is None
    again = house.closed(house.cast.one, reporter)
    assert destroyed_on(house, reporter, again.destroy_after + 90 * DAY) == again.destroy_after + NOTICE


def test_contact_details_go_on_their_own_day(house: House):
    """They are destroyed without approvals; content and mailbox stay."""
    reporter, _ = house.report(name="Mijn naam")
    ends = house.handled(house.cast.one, reporter, "unfounded_kept")
    assert ends.identity_until < ends.destroy_after - 100 * DAY
    destroyed_on(house, reporter, ends.identity_until - DAY)
    assert (0, "identity") in house.files(house.cast.one, reporter.case)
    house.day(ends.identity_until)
    assert house.acts(reporter)[-1] == "identity-destroyed"
    assert (0, "identity") not in house.files(house.cast.one, reporter.case)
    assert (0, "content") in house.files(house.cast.one, reporter.case)
    log = house.log(reporter.case)
    assert log.identity_recipient == log.case_recipient


def test_destroyed_means_every_workstation_has_said_so(house: House):
    """The certificate comes when all have signed, names them and the day after which nothing opens, and stands for the log."""
    reporter, end = closed_case(house)
    house.today = end - DAY
    house.act(house.cast.two, reporter, "destruction-approved")
    with pytest.raises(ChainError, match="due"):
        house.log(reporter.case).extend("destroyed", house.cast.one.signing, day=end - DAY)
    house.day(end)
    house.act(house.cast.one, reporter, "destroyed")
    house.day()
    assert house.desk.certificates(house.cast.one.key) == []
    house.today = end + 4 * DAY
    house.act(house.cast.two, reporter, "destroyed")
    house.day()

    (raw,) = house.desk.certificates(house.cast.one.key)
    certificate = parse_certificate(raw, ORGANISATION, frozenset({house.desk.server_key}))
    assert (certificate.case, certificate.closed, certificate.destroyed) == (reporter.case, TODAY, end)
    assert set(certificate.approved) == {house.cast.one.key, house.cast.two.key}
    assert certificate.confirmed == {house.cast.one.key: end, house.cast.two.key: end + 4 * DAY}
    assert (certificate.unconfirmed, certificate.opens_until) == ((), end + 39 * DAY)
    assert house.desk.certificates(house.cast.deputy.key) == []
    assert house.desk.store.log(reporter.case) == []
    assert house.desk.store.cases_of(house.cast.one.key) == []

    house.day(certificate.register_until - DAY, sure=True)
    assert house.desk.certificates(house.cast.one.key) == [raw]
    house.day(certificate.register_until)
    assert house.desk.certificates(house.cast.one.key) == []


def test_nothing_brings_a_destroyed_case_back(house: House):
    """Once its files are gone no act but `destroyed` is taken, and the code opens nothing."""
    reporter, end = closed_case(house)
    house.today = end
    house.act(house.cast.two, reporter, "destruction-approved")
    house.day()
    log = house.log(reporter.case)
    entry = log.extend("identity-opened", house.cast.one.signing, day=house.today)
    refused = house.refused(house.desk.append(house.cast.one.key, reporter.case, entry.raw, {}, {}, house.today))
    assert refused.code == "act"
    addition = house.addition(reporter, "Nog iets.")
    refused = house.refused(house.desk.add(reporter.address, addition.entry.raw, addition.files, house.today))
    assert refused.code == "unknown"


def test_no_page_holds_a_word_of_it(house: House, directory: Path):
    """Database, WAL and free pages, opened with the key, hold no ciphertext of a destroyed case and not its address."""
    reporter, sealed = house.report(name="Mijn naam")
    marks = [file[-60:] for file in sealed.files.values()]
    key = keyfile.read(directory, keyfile.DATABASE_KEY)
    assert all(mark in decrypted(directory / DATABASE, key) for mark in marks)
    end = house.handled(house.cast.one, reporter).destroy_after
    house.today = end
    house.act(house.cast.two, reporter, "destruction-approved")
    house.day()
    for officer in (house.cast.one, house.cast.two):
        house.act(officer, reporter, "destroyed")
    house.day()
    assert house.desk.store.fold()
    pages = decrypted(directory / DATABASE, key)
    assert [mark in pages for mark in [*marks, house.desk.store.hashed(reporter.address), sealed.entry.raw[40:90]]] == [
        False
    ] * 4
    with closing(schema.connect(directory / DATABASE, key)) as db:
        assert db.execute("SELECT count(*) FROM file").fetchall() == [(0,)]
