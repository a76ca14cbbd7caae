# SPDX-License-Identifier: EUPL-1.2
"""What officers ask and reporters answer with yes or no, as the server takes it: received at once, and each time the newest."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cast import TODAY
from deskhouse import House

from meldkluis.crypto.entry import make_entry
from meldkluis.crypto.errors import FormatError
from meldkluis.crypto.receipt import Receipt
from meldkluis.mailbox.desk import Desk


def asked(house: House, kind: str = "account") -> tuple[Receipt, bytes]:
    """A case that was taken over, and the hash of the entry by which the first officer asked."""
    reporter, _ = house.report()
    house.taken_over(house.cast.one, reporter.case)
    return reporter, house.answered(house.cast.one, reporter, "asked", kind=kind).entry.hash


def said(house: House, reporter: Receipt) -> list[bool | None]:
    return list(house.log(reporter.case).course.answers_to.values())


def test_asking_is_no_acknowledgement_and_no_feedback(house: House):
    """Both terms lapse although the officer asked and the reporter answered."""
    reporter, of = asked(house)
    house.replied(reporter, "agreed", of)
    course = house.log(reporter.case).course
    assert (course.acknowledged, course.feedback, course.by_person) == (None, None, False)
    ran = house.day(TODAY + timedelta(days=8))

    assert ran.acts["lapsed acknowledgement internal"] == 1


def test_yes_and_no_are_received_and_the_newest_counts(house: House):
    """A consent can be given, withdrawn and given once more; each is received, and unread until an officer acts."""
    reporter, of = asked(house, "consent")
    assert said(house, reporter) == [None]
    for act, expected in (("agreed", True), ("declined", False), ("agreed", True)):
        assert house.replied(reporter, act, of).new
        assert house.acts(reporter)[-2:] == [act, "received"]
        assert said(house, reporter) == [expected]
    assert house.log(reporter.case).course.unread == TODAY
    house.act(house.cast.one, reporter, "read")
    assert house.log(reporter.case).course.unread is None


def test_the_same_twice_gets_the_same_answer(house: House):
    """An answer whose receipt was lost is sent again: nothing is appended, and the same receipt comes back."""
    reporter, of = asked(house)
    first = house.replied(reporter, "declined", of)
    before = house.acts(reporter)
    again = house.replied(reporter, "declined", of)

    assert (first.new, again.new, again.received.raw) == (True, False, first.received.raw)
    assert house.acts(reporter) == before


def test_an_old_yes_sent_late_undoes_no_later_no(house: House):
    """Whoever kept the bytes of a yes cannot put it back after the reporter said no."""
    reporter, of = asked(house, "consent")
    log = house.log(reporter.case)
    yes = make_entry("agreed", case=log.case, index=4, head=log.head, signer=reporter.signing_key, of=of)
    house.run(house.desk.add(reporter.address, yes.raw, {}, house.today))
    house.replied(reporter, "declined", of)

    assert house.refused(house.desk.add(reporter.address, yes.raw, {}, house.today)).code == "head"
    assert said(house, reporter) == [False]


def test_answers_to_nothing_are_refused(house: House):
    """A yes to an entry that asked nothing, to one of another case, or with a file beside it changes nothing."""
    reporter, of = asked(house)
    _, elsewhere = asked(house)
    log = house.log(reporter.case)

    def refused(of: bytes, **files: bytes) -> str:
        entry = make_entry("agreed", case=log.case, index=4, head=log.head, signer=reporter.signing_key, of=of)
        return house.refused(house.desk.add(reporter.address, entry.raw, files, house.today)).code

    for wrong in (bytes(32), elsewhere, log.submitted.hash, log.entries[2].hash):
        assert refused(wrong) == "act"
    assert refused(of, message=b"x") == "malformed"
    assert said(house, reporter) == [None]


def test_a_stranger_cannot_answer(house: House):
    """A yes signed with another reporter's key, or by an officer, is refused."""
    reporter, of = asked(house)
    other, _ = asked(house)
    log = house.log(reporter.case)
    for signer, code in ((other.signing_key, "taken"), (house.cast.one.signing, "taken")):
        entry = make_entry("agreed", case=log.case, index=4, head=log.head, signer=signer, of=of)
        assert house.refused(house.desk.add(reporter.address, entry.raw, {}, house.today)).code == code
    assert said(house, reporter) == [None]


def test_answers_are_bounded_as_messages_are(house: House):
    """A reporter cannot fill a log with yes and no."""
    reporter, of = asked(house)
    desk = Desk(house.desk.store, house.desk.key, replace(house.desk.limits, messages=2))
    narrow = House(desk, house.cast)
    for act in ("agreed", "declined"):
        narrow.replied(reporter, act, of)
    log = narrow.log(reporter.case)
    third = make_entry(
        "agreed", case=log.case, index=len(log.entries), head=log.head, signer=reporter.signing_key, of=of
    )

    assert narrow.refused(desk.add(reporter.address, third.raw, {}, house.today)).code == "quota"


def test_a_yes_to_a_closed_case_undoes_approvals(house: House):
    """What was approved before the reporter answered was approved without knowing it."""
    reporter, of = asked(house)
    house.answered(house.cast.one, reporter, "feedback")
    house.closed(house.cast.one, reporter)
    assert house.replied(reporter, "agreed", of).new
    course = house.log(reporter.case).course

    assert course.approvals == {house.cast.one.key}
    assert course.unread == TODAY


@pytest.mark.parametrize(
    ("act", "kind", "slots"),
    [
        ("asked", None, ()),
        ("asked", "answer", ()),
        ("answered", "consent", ()),
        ("asked", "meeting", ()),
        ("asked", "account", ("maandag",)),
        ("asked", "meeting", ("x" * 101,)),
        ("asked", "meeting", tuple("abcdefg")),
    ],
)
def test_what_no_reader_would_take_is_not_made(house: House, act: str, kind: str | None, slots: tuple[str, ...]):
    """A question of no kind, of another act's, or with moments that cannot be is refused before it stands anywhere."""
    reporter, _ = house.report()
    house.taken_over(house.cast.one, reporter.case)
    with pytest.raises(FormatError):
        house.answer(house.cast.one, reporter, act, kind=kind, slots=slots)
