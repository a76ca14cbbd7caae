# SPDX-License-Identifier: EUPL-1.2
"""The steps of the law, as officers record them: what each needs, and what two officers are for."""

from datetime import timedelta

import pytest
from lied_to import opened
from workplace import Workplaces

from meldkluis.crypto.note import Categories, Note
from meldkluis.crypto.record import Record
from meldkluis.workstation.errors import ActError
from meldkluis.workstation.steps import disclosable, hidden, may_disclose


def made(places: Workplaces, sent, number: int, kind: str, choice: str = "", **fields) -> int:
    """Record a step as an officer, let the other fetch, and return the number of its entry."""
    office = places.offices[number]
    office.decisions.record(sent.case, Record(kind, choice, **fields))
    places.fetch(0, 1)
    return len(office.dossiers.log(sent.case).entries) - 1


def state(places: Workplaces, sent, number: int = 0):
    office = places.offices[number]
    log = office.dossiers.log(sent.case)
    return log, office.summaries.handling(log), office.dossiers.asked(log, office.dossiers.identities(log))


def refused(places: Workplaces, sent, number: int, kind: str, choice: str = "", **fields) -> str:
    before = len(places.acts(sent))
    with pytest.raises(ActError) as error:
        places.offices[number].decisions.record(sent.case, Record(kind, choice, **fields))
    assert len(places.acts(sent)) == before
    return error.value.reason


def ground(places: Workplaces, sent, number: int = 0, choice: str = "ground") -> int:
    return made(places, sent, number, "disclosure", choice, text="Artikel 160 Sv.", whom="de officier van justitie")


def test_a_colleague_reads_what_was_recorded(places: Workplaces):
    """A record reaches the other officers of the case at the next fetch, and says who made it."""
    sent = opened(places, 0, 1)
    made(places, sent, 0, "weighing", "inquiry", text="Concreet en aannemelijk.")
    _, handling, _ = state(places, sent, 1)

    (step,) = handling.steps
    assert (step.record.kind, step.record.text, step.author) == (
        "weighing", "Concreet en aannemelijk.", places.offices[0].keyring.key,
    )  # fmt: skip
    assert places.alarms(1) == []


def test_recording_changes_nothing_else(places: Workplaces):
    """Regime, state, reason and categories stand as before, also after a record."""
    sent = opened(places, 0, 1)
    decisions = places.offices[0].decisions
    decisions.handle(sent.case, "wbk", "assessment", None, "Omdat.")
    decisions.categorise(sent.case, Categories("financial", "official", "phone", "yes", ("talk",)))
    made(places, sent, 0, "remark", text="Bel maandag.")
    _, handling, _ = state(places, sent, 1)

    assert (handling.note.regime, handling.note.state, handling.reason) == ("wbk", "assessment", "Omdat.")
    assert handling.note.categories == Categories("financial", "official", "phone", "yes", ("talk",))


def test_two_workstations_record_at_once(places: Workplaces):
    """Whoever was slower records on the newest log: nothing is lost and nothing is doubled."""
    sent = opened(places, 0, 1)
    one, two = places.offices[0].decisions, places.offices[1].decisions
    one.record(sent.case, Record("remark", "", text="van een"))
    two.record(sent.case, Record("remark", "", text="van twee"))
    two.record(sent.case, Record("remark", "", text="van twee"))
    places.fetch(0, 1)

    for number in (0, 1):
        assert [step.record.text for step in state(places, sent, number)[1].steps] == ["van een", "van twee"]


def test_disclosure_needs_a_ground_two_officers_and_a_notice(places: Workplaces):
    """Each step is refused before the one that it needs, by name; after all of them disclosure may be recorded."""
    sent = opened(places, 0, 1)
    number = ground(places, sent)
    assert refused(places, sent, 0, "disclosure", "approved", of=number) == "approve-own"
    assert refused(places, sent, 0, "disclosure", "notified", of=number) == "not-approved"
    done = {"text": "Gezegd.", "whom": "de officier van justitie", "of": number}
    assert refused(places, sent, 0, "disclosure", "done", **done) == "may-not-disclose"
    made(places, sent, 1, "disclosure", "approved", of=number)
    assert refused(places, sent, 0, "disclosure", "notified", of=number) == "tell-reporter"
    assert refused(places, sent, 0, "disclosure", "done", **done) == "may-not-disclose"
    places.offices[0].acts.answer(sent.case, "answered", 1, "Een wet verplicht ons, want ...")
    assert refused(places, sent, 0, "disclosure", "done", **done) == "may-not-disclose"
    made(places, sent, 0, "disclosure", "notified", of=number)

    assert disclosable(*state(places, sent)) == [number]
    made(places, sent, 0, "disclosure", "done", **done)
    assert state(places, sent, 1)[1].steps[-1].record.choice == "done"


def test_disclosure_without_notice_needs_the_reason_and_a_second_officer(places: Workplaces):
    """Where a notice would harm the inquiry, the recorded reason and the second officer are enough, and needed."""
    sent = opened(places, 0, 1)
    number = ground(places, sent, choice="ground_unannounced")
    assert not may_disclose(*state(places, sent), number)
    made(places, sent, 1, "disclosure", "approved", of=number)

    assert may_disclose(*state(places, sent), number)


def test_one_officer_alone_never_discloses(places: Workplaces):
    """In a case of one officer nobody can approve, whatever is recorded."""
    sent = opened(places, 0)
    number = ground(places, sent)
    assert refused(places, sent, 0, "disclosure", "approved", of=number) == "approve-own"

    assert disclosable(*state(places, sent)) == []


def test_who_withdrew_approves_nothing(places: Workplaces):
    """The approval of an officer who turned out to be involved does not count."""
    sent = opened(places, 0, 1)
    number = ground(places, sent, choice="ground_unannounced")
    made(places, sent, 1, "disclosure", "approved", of=number)
    places.offices[1].acts.recuse(sent.case)
    places.fetch(0)

    assert not may_disclose(*state(places, sent), number)


def test_a_forged_approval_counts_nowhere(places: Workplaces):
    """A workstation that writes its own approval all the same convinces nobody: readers count for themselves."""
    sent = opened(places, 0, 1)
    number = ground(places, sent, choice="ground_unannounced")
    decisions = places.offices[0].decisions
    forged = Note("wbk", record=Record("disclosure", "approved", of=number))
    decisions._acts.on_head(sent.case, lambda log: decisions._note(log, "noted", forged))
    places.fetch(1)

    for reader in (0, 1):
        assert not may_disclose(*state(places, sent, reader), number)


def test_an_approval_of_something_else_does_not_count(places: Workplaces):
    """An approval names its decision: another ground, another kind, or an entry that is none is refused."""
    sent = opened(places, 0, 1)
    crime = made(places, sent, 0, "crime", "report", text="Omkoping.")
    assert refused(places, sent, 1, "disclosure", "approved", of=crime) == "record-of"
    assert refused(places, sent, 1, "crime", "approved", of=0) == "record-of"
    assert refused(places, sent, 1, "crime", "approved", of=999) == "record-of"
    made(places, sent, 1, "crime", "approved", of=crime)


def test_the_reporter_hears_it_first(places: Workplaces):
    """Nobody else is told how it ended before the reporter was."""
    sent = opened(places, 0, 1)
    assert refused(places, sent, 0, "communication", "concerned", text="Verteld.") == "reporter-first"
    places.offices[0].acts.answer(sent.case, "feedback", 1, "Dit deden wij, want ...")

    made(places, sent, 0, "communication", "concerned", text="Verteld.")


@pytest.mark.parametrize(
    ("kind", "choice", "fields", "reason"),
    [
        ("gossip", "", {"text": "x"}, "bad-record"),
        ("weighing", "maybe", {"text": "x"}, "bad-record"),
        ("weighing", "inquiry", {}, "record-text"),
        ("assignment", "given", {"text": "x", "whom": "x"}, "record-when"),
        ("assignment", "given", {"text": "x"}, "record-when"),
        ("disclosure", "ground", {"text": "x"}, "record-whom"),
        ("request", "answered", {"text": "x"}, "record-of"),
        ("request", "answered", {"text": "x", "of": 0}, "record-of"),
        ("breach", "reported", {"text": "x", "of": 0}, "record-of"),
        ("archived", "receipt", {"text": "x", "of": 0}, "record-of"),
        ("irrelevant", "message", {"text": "x", "of": 1}, "record-of"),
        ("remark", "", {"text": "x" * 300_000}, "too-long"),
    ],
)
def test_what_is_missing_is_named(places: Workplaces, kind, choice, fields, reason):
    """A record without what belongs to it is refused by the name of the field, and nothing is appended."""
    assert refused(places, opened(places, 0, 1), 0, kind, choice, **fields) == reason


def test_a_day_that_cannot_be_is_refused(places: Workplaces):
    """A day a century away is a mistake."""
    sent = opened(places)
    far = places.clock.day + timedelta(days=40_000)

    assert refused(places, sent, 0, "meeting", "requested", when=far) == "record-when"


def test_marked_as_irrelevant(places: Workplaces):
    """A message and a file that are not relevant are known by entry and name."""
    sent = opened(places, 0, 1)
    made(places, sent, 0, "irrelevant", "message", of=0, text="Gezondheid van een buurman.")
    made(places, sent, 1, "irrelevant", "attachment", of=0, whom="foto.jpg", text="Kinderen in beeld.")
    _, handling, _ = state(places, sent)

    assert hidden(handling) == {0: {"", "foto.jpg"}}
