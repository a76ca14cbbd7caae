# SPDX-License-Identifier: EUPL-1.2
"""The workstation counts too: a server that keeps a lapse back, or puts it on another day, is seen. And reminders."""

import asyncio
import json
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from liar import changed, tell
from lied_to import opened
from workplace import PASSPHRASE, Workplaces

from meldkluis.crypto.encoding import b64
from meldkluis.mailbox import reporter_desk, terms
from meldkluis.mailbox.actions import KINDS, terms_of
from meldkluis.mailbox.facts import facts_of
from meldkluis.mailbox.premises import growth_of
from meldkluis.workstation import cli, words
from meldkluis.workstation.alarms import KINDS as ALARMS


def internal(places: Workplaces, sent, term: str = "acknowledgement"):
    return getattr(terms_of(facts_of(places.log(sent))), term).internal


@pytest.mark.parametrize("term", ["acknowledgement", "feedback"])
def test_lapse_that_is_kept_back(places, term):
    """Two days after a term's internal end the server's act is missed, and not before."""
    sent = opened(places)
    if term == "feedback":
        places.offices[0].acts.answer(sent.case, "acknowledged", 1, "Ontvangen.")
    places.until(internal(places, sent, term) + timedelta(days=2), served=False)
    places.fetch(0)
    assert places.alarms() == []
    places.until(places.clock.day + timedelta(days=1), served=False)
    places.fetch(0)

    assert places.alarms() == ["lapse-withheld"]


def test_server_that_does_its_work(places):
    """A server that lapses, acknowledges and hands over gives no alarm, however often it is asked."""
    sent = opened(places)
    for _ in range(12):
        places.until(places.clock.day + timedelta(days=10))
        places.fetch(0)

    assert {"lapsed", "acknowledged-auto", "handed-over"} <= set(places.acts(sent))
    assert places.alarms() == []


def test_hand_over_that_is_kept_back(places):
    """A lapse without the hand-over that belongs to it is an alarm days later."""
    sent = opened(places)
    due = internal(places, sent)
    places.until(due, served=False)
    log = places.log(sent)
    log.extend("lapsed", places.desk.key, day=due, term="acknowledgement", end="internal", due=due)
    _store(places, log)
    places.fetch(0)
    assert places.alarms() == []
    places.until(due + timedelta(days=3), served=False)
    places.fetch(0)

    assert places.alarms() == ["lapse-withheld"]


def test_lapse_on_another_day(places):
    """A lapse that names a day which is not the term's end is an alarm."""
    sent = opened(places)
    due = internal(places, sent)
    places.until(due, served=False)
    log = places.log(sent)
    log.extend("lapsed", places.desk.key, day=due, term="acknowledgement", end="internal", due=due - timedelta(days=2))
    _store(places, log)
    places.fetch(0)

    assert places.alarms() == ["lapse-day"]


def test_oral_report_of_long_ago(places):
    """Terms that were over on the day they began to count are no reason for an alarm before the server's next noon."""
    sent = opened(places)
    places.offices[0].decisions.handle(
        sent.case, "wbk", "assessment", places.clock.day - timedelta(days=200), "Mondeling."
    )
    places.fetch(0)
    assert places.alarms() == []
    places.noon()
    places.fetch(0)

    assert "lapsed" in places.acts(sent)
    assert places.alarms() == []


def test_policy_out_of_range(places):
    """A policy that would keep cases for another time than the ranges say is an alarm, and is not taken in."""
    before = places.offices[0].decisions.policy()
    for wrong in ({"founded": 1}, {"register": 121}):
        change = partial(_retention, wrong)
        assert tell(places, changed("/v1/status", change)).alarms in (["policy"], [])

    assert places.alarms() == ["policy"]
    assert places.offices[0].decisions.policy() == before


def test_reminders(places, tmp_path, capsys, monkeypatch):
    """What the server reminds of is shown in the list and in the case, in words, and goes when it is done."""
    sent = opened(places)
    secret = tmp_path / "passphrase"
    secret.write_text(PASSPHRASE)
    secret.chmod(0o600)
    places.until(places.clock.day + timedelta(days=3))
    places.fetch(0)
    browser = places.browser(0)
    for path in ("/", f"/case/{_b64(sent)}"):
        assert "bevestig de ontvangst (<time" in browser.get(path).text
    monkeypatch.setattr(cli, "_connect", lambda *, demo: lambda _: places.transports[0])
    monkeypatch.setattr(cli, "today", places.clock)
    command = ["pull", "--directory", str(places.vault(0)), "--passphrase-file", str(secret), "--json"]
    assert cli.main(command) == 0
    assert json.loads(capsys.readouterr().out)["reminders"] == len(places.offices[0].book.reminders(sent.case)) > 0
    places.offices[0].acts.answer(sent.case, "acknowledged", 1, "Ontvangen.")
    browser.post("/fetch")

    assert "bevestig de ontvangst (" not in browser.get("/").text


def test_every_category_has_words():
    """Each reminder and each alarm that can be raised has words."""
    assert set(words.REMINDERS) == set(KINDS)
    assert {"lapse-withheld", "lapse-day", "policy", "certificate", "after-end", "case-after-end"} <= set(ALARMS)


def test_order_of_the_list(places):
    """What lapsed comes first, then what is due next; what is closed comes last."""
    late = opened(places, 0, 1)
    places.until(places.clock.day + timedelta(days=9))
    closed = opened(places, 0, 1)
    places.offices[0].acts.answer(closed.case, "feedback", 1, "Klaar.")
    places.offices[0].decisions.close(closed.case, "founded", "Klaar.")
    stopped = opened(places, 0, 1)
    places.offices[0].decisions.handle(stopped.case, "complaint", "received", None, "")
    places.offices[0].acts.answer(stopped.case, "clock-stopped", 1, "Een klacht.")
    new = opened(places, 0, 1)
    places.fetch(0)

    assert [line.case for line in places.offices[0].summaries.all()] == [
        late.case, new.case, stopped.case, closed.case
    ]  # fmt: skip


@pytest.mark.parametrize("days", [-1, 0, 1])
def test_promise_of_another_day(places, monkeypatch, days):
    """A receipt that names other days than the law's is seen when the case comes in."""
    kept = terms.dues

    def other(received: date) -> Any:
        found = kept(received)
        later = found.feedback.nominal + timedelta(days=days)
        return replace(found, feedback=replace(found.feedback, nominal=later))

    monkeypatch.setattr(reporter_desk, "_dues", reporter_desk._dues.__wrapped__)
    monkeypatch.setattr(terms, "dues", other)
    places.report()
    monkeypatch.undo()
    places.fetch(0)
    assert ("lapse-day" in places.alarms()) == (days != 0)


def _retention(wrong: dict[str, int], document: dict[str, Any]) -> None:
    document["policy"]["retention"].update(wrong)


def _b64(sent) -> str:
    return b64(sent.case)


def _store(places: Workplaces, log) -> None:
    asyncio.run(places.desk.store.append(growth_of(log, len(log.entries) - 1)))
