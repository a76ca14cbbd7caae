# SPDX-License-Identifier: EUPL-1.2
"""The server takes what an officer sends and throws it away, refuses it for ever, or lets its numbers run out."""

import pytest
from liar import entries, instead, serving, somebody_was_faster, swallowing, tell, thanks
from lied_to import inbox_page, next_entry, opened, signing

from meldkluis.mailbox import wire
from meldkluis.mailbox.clock import today
from meldkluis.workstation.alarms import KINDS
from meldkluis.workstation.errors import ActError, RefusedError


def test_answer_that_was_thanked_for_and_thrown_away(places):
    """At the next fetch the own answer is missing: an alarm, and the officer still has the words."""
    office, sent = places.offices[0], opened(places)
    with swallowing(places, thanks) as server:
        office.acts.answer(sent.case, "acknowledged", 1, "Dank u wel.")
    assert len(server.swallowed) == 1
    office.fetch()

    assert [alarm.kind for alarm in office.book.alarms()] == ["log-rollback"]
    assert [item.text for item in office.dossiers.timeline(sent.case)][-1] == "Dank u wel."
    assert KINDS["log-rollback"].seen in inbox_page(places)


def test_case_key_that_was_thanked_for_and_thrown_away(places):
    """The same with taking over; the reporter's words stay readable."""
    office, sent = places.offices[0], places.report()
    office.fetch()
    with swallowing(places, thanks) as server:
        office.acts.not_involved(sent.case)
    assert [len(request.headers) for request in server.swallowed] == [0, 2]
    office.fetch()

    assert [alarm.kind for alarm in office.book.alarms()] == ["log-rollback"]
    assert office.dossiers.timeline(sent.case)[0].text == "Er klopt iets niet."


def test_opening_contact_details_in_secret(places):
    """A server that hides from the reporter that contact details were opened is found out by the officer."""
    office, sent = places.offices[0], opened(places, name="TEST Melder")
    with swallowing(places, thanks):
        office.acts.open_contact(sent.case)
    office.fetch()

    assert [alarm.kind for alarm in office.book.alarms()] == ["log-rollback"]


def test_somebody_was_faster_for_ever(places):
    """Five times, then the text is given back and kept; no answer is there twice."""
    office, sent = places.offices[0], opened(places)
    with swallowing(places, somebody_was_faster) as server, pytest.raises(RefusedError):
        office.acts.answer(sent.case, "acknowledged", 1, "Dank u wel.")

    assert len(server.swallowed) == 5
    draft = office.book.draft(sent.case)
    assert draft is not None
    assert draft.text == "Dank u wel."
    office.acts.answer(sent.case, "acknowledged", 1, "Dank u wel.")
    assert [entry.act for entry in entries(places, sent)].count("acknowledged") == 1


def test_withdrawal_refused_for_ever(places):
    """Everything readable is gone all the same, and the withdrawal is sent again at every fetch."""
    office, sent = places.offices[0], places.report()
    office.fetch()
    with swallowing(places, somebody_was_faster), pytest.raises(RefusedError):
        office.acts.recuse(sent.case)

    assert office.book.places(sent.case) == set()
    with pytest.raises(ActError, match="recused"):
        office.dossiers.about_whom(sent.case)
    office.fetch()
    assert [entry.act for entry in entries(places, sent)][-1] == "recused"


def test_case_served_again_to_an_older_copy_of_the_vault(places):
    """A vault that does not remember the withdrawal reads it in the log, and keeps nothing of the case."""
    office, sent = places.offices[0], places.report()
    log = entries(places, sent)
    forged = next_entry(log, "recused", signing(places, 0), day=today())
    key = places.offices[1].keyring.key
    files = {f"0/{slot}": b"".join(places.desk.file(key, sent.case, 0, slot)) for slot in ("content", "identity")}
    tell(places, serving(places, sent.case, [*log, forged], files))

    assert office.book.places(sent.case) == set()
    with pytest.raises(ActError, match="recused"):
        office.dossiers.about_whom(sent.case)


@pytest.mark.parametrize("counter", [2**63 - 1, 2**62, -1, 0])
def test_numbers_that_run_out(places, counter):
    """A server that claims an absurd counter does not shut the officer out for ever."""
    office = places.offices[0]
    places.transports[0].lie = instead(
        "GET", "/v1/status", 401, wire.ErrorAnswer("replay", {"counter": counter}).dump()
    )
    with pytest.raises(RefusedError):
        office.fetch()
    places.transports[0].lie = None
    office.fetch()

    assert office.keyring.counter() < 1000
    assert [alarm.kind for alarm in office.book.alarms()] == (["counter"] if counter > 0 else [])
