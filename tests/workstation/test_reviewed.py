# SPDX-License-Identifier: EUPL-1.2
"""What a reviewer could do to a workstation: hide a closing, break a round, keep a vault for ever. Each was tried once."""

import contextlib
from datetime import timedelta

import pytest
from destruction import CANARY, approved, closed, is_live, left
from lied_to import opened
from workplace import UnreachableError, Workplaces

from meldkluis.crypto.encoding import b64
from meldkluis.workstation.errors import RefusedError

DAY = timedelta(days=1)


def test_a_deputy_after_a_feedback(places: Workplaces):
    """What the reporter wrote after a feedback was never for a deputy; the rest is taken over all the same."""
    sent = opened(places, 0, 1, text=CANARY)
    office = places.offices[0]
    office.decisions.handle(sent.case, "advice", "assessment", None, "Een vraag.")
    office.acts.answer(sent.case, "clock-stopped", 1, "Dit is een vraag.")
    office.acts.answer(sent.case, "feedback", 2, "Het antwoord.")
    places.add(sent, "Dank u.")
    places.fetch(0)
    office.logs.append(office.dossiers.log(sent.case), "recused")
    places.fetch(1)
    places.offices[1].logs.append(places.offices[1].dossiers.log(sent.case), "recused")
    places.noon()
    assert "handed-over" in places.acts(sent)
    places.fetch(2)
    places.offices[2].acts.not_involved(sent.case)
    assert places.acts(sent)[-1] == "case-key"
    page = places.browser(2).get(f"/case/{b64(sent.case)}")
    assert page.status_code == 200
    assert CANARY in page.text


def test_a_case_with_an_alarm_waits(places: Workplaces):
    """Nothing is removed while somebody has to read what did not hold; after a month it is, and the alarm stays."""
    sent, end = approved(places)
    office = places.offices[0]
    office.book.raise_alarm("withheld", sent.case, places.clock.day)
    places.until(end)
    places.fetch(0)
    assert is_live(office, sent)
    places.until(end + 30 * DAY)
    places.fetch(0)
    assert not is_live(office, sent)
    assert "withheld" in [alarm.kind for alarm in office.book.alarms()]


def test_a_server_that_is_gone(places: Workplaces):
    """What has ended goes from the vault without a server too, a month later; a live case stays."""
    sent, end = approved(places)
    stays = opened(places, 0, 1, text="blijft")

    def gone(_method: str, _target: str) -> None:
        raise UnreachableError("gone")

    places.until(end - DAY, served=False)
    copy = places.copy_vault(0)
    office = places.open_copy(copy, 0)
    for transport in places.transports:
        transport.before = gone
    office.api._transport.before = gone
    places.clock.day = end + 29 * DAY
    with contextlib.suppress(UnreachableError, RefusedError):
        office.fetch()
    assert is_live(office, sent)
    places.clock.day = end + 30 * DAY
    with contextlib.suppress(UnreachableError, RefusedError):
        office.fetch()
    assert not is_live(office, sent)
    assert is_live(office, stays)
    assert CANARY.encode() not in left(office)


def test_a_refusal_for_one_case(places: Workplaces):
    """A withdrawal that the server will not hear any more holds up no other case."""
    sent, end = approved(places)
    office = places.offices[0]

    def cut(method: str, target: str) -> None:
        if method == "POST" and target.endswith("/log"):
            raise UnreachableError("cut")

    places.transports[0].before = cut
    with pytest.raises(UnreachableError):
        office.acts.recuse(sent.case)
    places.transports[0].before = None
    places.until(end, served=False)
    places.fetch(0, 1, 2)
    other = places.report(text="een andere")
    places.fetch(0)
    assert office.book.case(other.case) is not None


def test_a_bad_grant_keeps_no_contact_details(places: Workplaces):
    """Secrets that do not hold are passed over; the file and the secret that do go on their day."""
    sent, _ = closed(places, 0, 1, outcome="unfounded_kept")
    ends = places.log(sent).course.closed.fields
    places.until(ends["identity_until"])
    office = places.offices[0]

    def broken(_log: object) -> None:
        from meldkluis.workstation.errors import DistrustError

        raise DistrustError("grant", sent.case)

    office.dossiers.keys.learn = broken
    with contextlib.suppress(Exception):
        office.fetch()
    assert (0, "identity") not in office.book.places(sent.case)
