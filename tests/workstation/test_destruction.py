# SPDX-License-Identifier: EUPL-1.2
"""The end of a case at its officers' workstations: when it is removed, what is left, and what a server cannot do."""

import asyncio
import contextlib
import random
from datetime import timedelta
from unittest.mock import patch

import pytest
from destruction import CANARY, VAULT_PAGE, approved, closed, is_live, left, pages_of
from liar import changed, listing, tell
from lied_to import opened
from workplace import Workplaces

from meldkluis.crypto.certificate import make_certificate
from meldkluis.crypto.encoding import b64
from meldkluis.crypto.errors import ChainError
from meldkluis.crypto.signed import SigningKey
from meldkluis.mailbox import wire
from meldkluis.mailbox.errors import Refused
from meldkluis.mailbox.policy import RANGES, Retention, ends as ends_of
from meldkluis.workstation.errors import ActError, RefusedError, UnreachableError
from meldkluis.workstation.vault import DATABASE

ONE_PAGE = 32 + 24 + VAULT_PAGE
"""Bytes of a write-ahead log with one page of the database (https://sqlite.org/fileformat2.html, section 4)."""


def certified(places: Workplaces) -> None:
    """Let the server make certificates, and everybody fetch them."""
    places.noon()
    places.fetch()


def test_the_whole_end(places):
    """Closed, approved, due: gone from every vault, said in the log, certified, in the register until its day."""
    sent, end = approved(places)
    ends = places.log(sent).course.closed.fields
    assert is_live(places.offices[0], sent)
    secrets = [kept.secret for kept in places.offices[0].book.all_secrets()]
    before = pages_of(places.vault(0))
    assert CANARY.encode() in before
    assert all(secret in before for secret in secrets)
    places.until(end, served=False)
    places.fetch(0, 1)

    assert places.acts(sent)[-2:] == ["destroyed", "destroyed"]
    for number in (0, 1):
        office = places.offices[number]
        assert (office.book.places(sent.case), office.book.all_secrets()) == (set(), [])
        assert CANARY.encode() not in left(office)
        after = pages_of(places.vault(number))
        assert CANARY.encode() not in after
        assert not any(secret in after for secret in secrets)
        assert (places.vault(number) / f"{DATABASE}-wal").stat().st_size == 0
    places.noon()
    certified(places)
    for number in (0, 1):
        office = places.offices[number]
        assert office.book.case(sent.case) is None
        (line,) = office.register.lines()
        assert (line.regime, line.outcome, line.destroyed) == ("undecided", "no_report", end)
        assert places.alarms(number) == []
    page = places.browser(0)
    text = page.get("/register").text
    assert "Verklaring van vernietiging" in text
    assert "A. de Vries" in text
    assert CANARY not in text + page.get("/").text
    block = page.get(f"/register/{b64(sent.case)}/certificate")
    assert block.text.startswith("-----BEGIN MELDKLUIS CERTIFICATE-----")
    assert page.get(f"/case/{b64(sent.case)}").status_code == 404
    page.station.lock()
    places.until(ends["register_until"])
    places.fetch(0)
    assert places.offices[0].register.lines() == []
    assert sent.case not in left(places.offices[0])


def test_without_a_second_approval(places):
    """One officer alone: thirty days' notice in the mailbox, then the end."""
    sent, end = closed(places, 0, to=(0, 2))
    places.until(end)
    places.fetch(0)
    assert is_live(places.offices[0], sent)
    assert "destruction-announced" in places.acts(sent)
    on = places.log(sent).course.announced.fields["on"]
    places.until(on - timedelta(days=1))
    places.fetch(0)
    assert is_live(places.offices[0], sent)
    places.until(on)
    places.fetch(0)

    assert not is_live(places.offices[0], sent)
    assert places.acts(sent)[-1] == "destroyed"
    assert places.alarms() == []


def test_officer_who_never_opened_the_case(places):
    """A case that was never opened here goes too, and its line says nothing of what was never read."""
    sent, end = closed(places, 0)
    places.until(end)
    places.until(places.log(sent).course.announced.fields["on"])
    places.fetch(1)

    assert not is_live(places.offices[1], sent)
    assert [(line.regime, line.outcome) for line in places.offices[1].register.lines()] == [(None, None)]
    assert places.alarms(1) == []


@pytest.mark.parametrize("days", [(1, 0), (0, 1)], ids=["clock ahead", "server ahead"])
def test_the_earlier_day_counts(places, days):
    """Neither a clock nor a server that is a day ahead ends a case early."""
    sent, end = approved(places)
    office, (ours, theirs) = places.offices[0], days
    places.clock.day = end - timedelta(days=1) + timedelta(days=ours)
    day = places.clock.day - timedelta(days=ours) + timedelta(days=theirs)
    tell(places, changed("/v1/status", lambda document: document.update(day=day.isoformat())))

    assert is_live(office, sent)


def test_killed_between_removing_and_saying(places):
    """When the program ends after the vault was cleared, the next round says so in the log."""
    sent, end = approved(places)
    places.until(end, served=False)

    def cut(method: str, target: str) -> None:
        if method == "POST":
            raise UnreachableError("cut")

    places.transports[0].before = cut
    with pytest.raises(UnreachableError):
        places.fetch(0)
    places.transports[0].before = None
    assert not is_live(places.offices[0], sent)
    assert CANARY.encode() not in left(places.offices[0])
    # What was in it went with the case: the number of the last request is all that was written since.
    assert (places.vault(0) / f"{DATABASE}-wal").stat().st_size <= ONE_PAGE
    assert "destroyed" not in places.acts(sent)
    places.fetch(0)
    places.fetch(0)

    assert places.acts(sent).count("destroyed") == 1
    assert places.alarms() == []


def test_lost_answer_to_destroyed(places):
    """When the answer to `destroyed` is lost, it stands once, and the next round finds it there."""
    sent, end = approved(places)
    places.until(end, served=False)

    def lose(method, target, answered):
        if method == "POST":
            raise UnreachableError("cut")
        return answered

    places.transports[0].lie = lose
    with pytest.raises(UnreachableError):
        places.fetch(0)
    places.transports[0].lie = None
    places.fetch(0)

    assert places.acts(sent).count("destroyed") == 1
    assert places.alarms() == []


def test_old_copy_that_comes_back(places):
    """A copy of the vault from before the end removes the case again at its next round, without an alarm of its own."""
    sent, end = approved(places)
    copy = places.copy_vault(0)
    places.until(end)
    places.fetch(0, 1)
    certified(places)
    office = places.open_copy(copy, 0)
    assert is_live(office, sent)
    office.fetch()

    assert not is_live(office, sent)
    assert CANARY.encode() not in left(office)
    assert {alarm.kind for alarm in office.book.alarms()} <= {"counter"}
    assert [line.certificate is not None for line in office.register.lines()] == [True]


@pytest.mark.parametrize("closing", [False, True])
def test_copy_from_before_the_end_was_known(places, closing):
    """A copy that knows nothing of a closing believes no server, but its own signature that the case was destroyed."""
    sent = opened(places, 0, 1, text=CANARY)
    copy = places.copy_vault(0)
    office = places.offices[0]
    office.acts.answer(sent.case, "feedback", 1, "Klaar.")
    office.decisions.close(sent.case, "no_report", "Klaar.")
    if closing:
        copy = places.copy_vault(0)
    end = office.decisions.ends("no_report").destroy_after
    places.until(end)
    places.until(places.log(sent).course.announced.fields["on"])
    places.fetch(0, 1)
    certified(places)
    certified(places)
    old = places.open_copy(copy, 0)
    assert is_live(old, sent)
    old.fetch()

    assert not is_live(old, sent)
    assert CANARY.encode() not in left(old)
    assert [line.certificate is not None for line in old.register.lines()] == [True]


def test_two_workstations_at_once(places):
    """Two workstations of one officer end a case at the same time: it is said once, and neither is alarmed."""
    sent, end = approved(places)
    copy = places.open_copy(places.copy_vault(0), 0)
    places.until(end, served=False)
    raced: list[bool] = []

    def race(method: str, target: str) -> None:
        if method == "POST" and not raced:
            raced.append(True)
            copy.fetch()

    places.transports[0].before = race
    places.fetch(0)
    places.transports[0].before = None
    places.fetch(0)

    assert not is_live(places.offices[0], sent)
    assert not is_live(copy, sent)
    assert places.acts(sent).count("destroyed") == 1
    assert {alarm.kind for office in (places.offices[0], copy) for alarm in office.book.alarms()} <= {"counter"}


def test_late_message_keeps_the_case(places):
    """A message before the end keeps the case until it was read, and thirty days more."""
    sent, end = approved(places)
    places.add(sent, "Wacht!")
    places.until(end + timedelta(days=3))
    places.fetch(0, 1)

    assert is_live(places.offices[0], sent)
    assert "Lees eerst" in places.browser(0).get("/").text
    assert places.alarms() == []


def test_message_between_removing_and_saying(places):
    """A message that a server of another day takes in while the case is removed is an alarm: somebody has to read it."""
    sent, end = approved(places)
    places.until(end, served=False)

    def race(method: str, target: str) -> None:
        if method == "POST":
            places.transports[0].before = None
            places.clock.day -= timedelta(days=1)
            places.add(sent, "Wacht!")
            places.clock.day += timedelta(days=1)

    places.transports[0].before = race
    places.fetch(0)

    assert places.alarms() == ["after-end"]
    places.fetch(1)
    assert is_live(places.offices[1], sent)
    places.offices[0].book.acknowledge_alarm(places.offices[0].book.alarms()[0].id, end)
    places.fetch(0)
    assert places.alarms() == []
    places.browser(1).get(f"/case/{b64(sent.case)}")
    for _ in range(5):
        places.until(places.clock.day + timedelta(days=20))
        places.fetch(0, 1)
    for office in places.offices[:2]:
        assert [line.certificate is not None for line in office.register.lines()] == [True]
    assert (places.alarms(0), places.alarms(1)) == ([], [])


def test_killed_before_the_log_was_folded(places, monkeypatch):
    """When the program ends right after the case was removed, the next round empties the write-ahead log."""
    sent, end = approved(places)
    places.until(end, served=False)
    office = places.offices[0]
    with monkeypatch.context() as killed:
        killed.setattr(office.vault, "fold", _killed)
        with pytest.raises(KeyboardInterrupt):
            office.fetch()
    assert not is_live(office, sent)
    office.fetch()

    assert (places.vault(0) / f"{DATABASE}-wal").stat().st_size == 0
    assert CANARY.encode() not in pages_of(places.vault(0))


def _killed() -> bool:
    raise KeyboardInterrupt


def test_identity_goes_first(places):
    """Contact details end on their own day, with their key; later ones are not expected as such."""
    sent, _ = closed(places, outcome="unfounded_kept")
    until = places.log(sent).course.closed.fields["identity_until"]
    places.until(until)
    places.fetch(0, 1)
    assert "identity-destroyed" in places.acts(sent)
    for number in (0, 1):
        book = places.offices[number].book
        assert {slot for _, slot in book.places(sent.case)} & {"identity", "grant"} == set()
        assert [kept.identity_secret for kept in book.all_secrets()] == [None]
    browser, path = places.browser(0), f"/case/{b64(sent.case)}"
    assert "De contactgegevens zijn vernietigd." in browser.get(path).text
    assert browser.post(f"{path}/contact").status_code == 409
    places.add(sent, "Nog iets.", name="J. Jansen")
    places.fetch(0, 1)
    places.fetch(0, 1)

    assert [item.text for item in places.offices[1].dossiers.timeline(sent.case)][-2] == "Nog iets."
    assert "identity-opened" not in places.acts(sent)
    assert browser.post("/fetch").status_code == 303
    page = browser.post(f"{path}/contact").text
    assert "J. Jansen" in page
    assert CANARY not in "".join(contact.name for _, contact in places.offices[1].acts.open_contact(sent.case))
    assert [places.alarms(number) for number in (0, 1)] == [[], []]


def test_identity_of_a_case_that_was_not_opened(places):
    """Who opens the case only after its contact details went gets a secret without theirs."""
    sent, _ = closed(places, 0, outcome="unfounded_kept")
    two = places.offices[1]
    two.fetch()
    places.until(places.log(sent).course.closed.fields["identity_until"])
    two.fetch()
    two.acts.not_involved(sent.case)

    assert [kept.identity_secret for kept in two.book.all_secrets()] == [None]
    assert two.dossiers.timeline(sent.case)[0].text == CANARY
    assert places.alarms(1) == []


# A server that lies


def test_certificate_for_a_live_case(places):
    """A certificate, properly signed, for a case that is not due here is an alarm, and the case stays."""
    sent, _ = closed(places)
    log = places.log(sent)
    forged = make_certificate(log, places.clock.day, places.desk.key)
    heard = tell(places, changed("/v1/certificates", lambda document: document["certificates"].append(b64(forged.raw))))

    assert heard.alarms == ["certificate"]
    assert is_live(places.offices[0], sent)


def test_certificate_by_another_key(places):
    """A certificate that no server of the roster signed is an alarm, and the dossier waits for a true one."""
    sent, end = approved(places)
    places.until(end, served=False)
    forged = make_certificate(places.log(sent), end, SigningKey.generate())
    heard = tell(places, changed("/v1/certificates", lambda document: document["certificates"].append(b64(forged.raw))))

    assert heard.alarms == ["certificate"]
    assert places.offices[0].book.case(sent.case) is not None


def test_case_emptied_before_its_end(places):
    """A server that empties a case early is seen by whoever has yet to fetch it."""
    sent = opened(places)
    asyncio.run(places.desk.store.empty(sent.case, places.log(sent).head, places.clock.day))
    places.fetch(1)

    assert places.alarms(1) == ["file-missing"]


def test_case_that_comes_back_after_its_end(places):
    """A destroyed case that the server lists again is an alarm, and is not fetched."""
    sent, end = approved(places)
    log = places.log(sent)
    places.until(end)
    places.fetch(0, 1)
    certified(places)
    heard = tell(places, listing(places, wire.InboxLine(sent.case, len(log.entries), log.head)))

    assert heard.alarms == ["case-after-end"]
    assert places.offices[0].book.case(sent.case) is None


def test_server_cannot_announce_early(places):
    """An announcement of the server's own making, before its time, does not hold, and destroys nothing."""
    sent, _ = closed(places)
    log = places.log(sent)
    with pytest.raises(ChainError):
        log.extend(
            "destruction-announced", places.desk.key, day=places.clock.day, on=places.clock.day + timedelta(days=30)
        )
    assert is_live(places.offices[0], sent)


# Any order of acts


@pytest.mark.parametrize("seed", range(8))
def test_a_live_case_is_never_destroyed(places, seed):
    """Whatever is done in whatever order, a vault keeps a case for as long as its log does not end it."""
    draw = random.Random(seed)
    sent = opened(places, 0, 1)

    def answer(number: int, act: str) -> None:
        office = places.offices[number]
        office.acts.answer(sent.case, act, office.acts.next_number(sent.case), "x")

    def decisions(number: int):
        return places.offices[number].decisions

    deeds = [
        lambda n: answer(n, "feedback"),
        lambda n: answer(n, "answered"),
        lambda n: decisions(n).close(sent.case, draw.choice(["no_report", "founded"]), "x"),
        lambda n: decisions(n).close(sent.case, "no_report", "x"),
        lambda n: decisions(n).reopen(sent.case, "x"),
        lambda n: decisions(n).hold(sent.case, places.clock.day + timedelta(days=draw.randint(0, 90)), "x"),
        lambda n: decisions(n).release(sent.case),
        lambda n: decisions(n).approve(sent.case),
        lambda n: decisions(n).handle(sent.case, draw.choice(["wbk", "complaint"]), "assessment", None, ""),
        lambda _: places.add(sent, "x"),
        lambda _: places.until(places.clock.day + timedelta(days=draw.randint(1, 40))),
        lambda _: places.until(places.clock.day + timedelta(days=draw.randint(1, 40))),
        places.fetch,
        lambda n: places.browser(n).get(f"/case/{b64(sent.case)}"),
    ]
    for _ in range(40):
        number = draw.choice([0, 1])
        with contextlib.suppress(ActError, RefusedError, Refused):
            draw.choice(deeds)(number)
        for office in places.offices[:2]:
            if office.book.case(sent.case) is not None:
                end = office.dossiers.log(sent.case).course.ends_on()
                assert is_live(office, sent) or (end is not None and end <= places.clock.day)
    assert [places.alarms(number) for number in (0, 1)] == [[], []]


def test_colleague_closes_for_too_short(places):
    """A closing that ends sooner than its outcome allows is an alarm, and the case waits for its reader."""
    hasty = places.offices[0].decisions
    sooner = ends_of("no_report", places.clock.day, Retention())
    with patch.object(hasty, "ends", lambda _outcome: sooner):
        sent, _ = closed(places, outcome="founded")

    assert places.alarms(1) == ["hurried"]
    places.until(sooner.destroy_after - timedelta(days=1), served=False)
    places.offices[1].decisions.approve(sent.case)
    places.until(sooner.destroy_after, served=False)
    places.fetch(1)
    assert is_live(places.offices[1], sent)


def test_shortest_choice_is_no_hurry(places):
    """The least that an organisation may choose for an outcome gives no alarm."""
    least = ends_of("founded", places.clock.day, Retention(**{name: low for name, (low, _) in RANGES.items()}))
    with patch.object(places.offices[0].decisions, "ends", lambda _outcome: least):
        closed(places, outcome="founded")

    assert places.alarms(1) == []
