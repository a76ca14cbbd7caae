# SPDX-License-Identifier: EUPL-1.2
"""What a lying server can do to a workstation: be seen. Each test is one lie."""

import json
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from cast import make_officer
from workplace import PASSPHRASE, Answered, Sent, ToDesk, Workplaces, found

from meldkluis.crypto import age, receipt, report
from meldkluis.crypto.casework import take_over
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.encoding import b64, dump_json, load_json, unb64
from meldkluis.crypto.entry import Dues, make_entry
from meldkluis.crypto.roster import IntakeKey, RosterVersion, make_roster
from meldkluis.crypto.signed import SigningKey, sign
from meldkluis.intake import administration
from meldkluis.mailbox import wire
from meldkluis.mailbox.clock import today
from meldkluis.workstation.alarms import KINDS
from meldkluis.workstation.errors import ActError, DistrustError, RefusedError, UnreachableError
from meldkluis.workstation.office import Office

Lie = Callable[[str, str, Answered], Answered]


def kinds(places: Workplaces, number: int = 0) -> list[str]:
    return [alarm.kind for alarm in places.offices[number].book.alarms()]


def on(path: str, change: Callable[[dict], None], method: str = "GET") -> Lie:
    """Change the JSON of answers whose target begins with this path."""

    def lie(asked: str, target: str, answered: Answered) -> Answered:
        if asked != method or target.partition("?")[0] != path:
            return answered
        document = load_json(answered[1])
        change(document)
        return answered[0], dump_json(document)

    return lie


def told(places: Workplaces, lie: Lie, number: int = 0) -> list[str]:
    """Fetch while the server lies and return the alarms."""
    places.transports[number].lie = lie
    places.offices[number].fetch()
    places.transports[number].lie = None
    return kinds(places, number)


def opened(places: Workplaces, **report):
    sent = places.report(**report)
    places.offices[0].fetch()
    places.offices[0].acts.not_involved(sent.case)
    return sent


def test_every_alarm_has_words():
    """Each kind says what was seen and what to do."""
    assert all(words.seen.endswith(".") and words.do.endswith(".") for words in KINDS.values())


# Rosters and keys


def test_administrator_adds_a_key_of_his_own(places):
    """A second version that only an outsider signed is an alarm; the known roster stays."""
    office, outsider = places.offices[0], make_officer("TEST Beheerder")
    known = office.trust.current()
    forged = make_roster(
        version=2, organisation=known.organisation, name=known.name, previous=known.hash, server=known.server,
        members=[*known.members, outsider.member],
    )  # fmt: skip
    version = RosterVersion(forged.payload).signed_by(outsider.signing)

    alarms = told(places, on("/v1/status", lambda document: document["roster"].append(version.to_json())))
    assert alarms == ["roster-broken"]
    assert office.trust.current() == known


def test_other_first_version(places):
    """A whole chain of other keys, properly signed by them, is an alarm."""
    office, outsider = places.offices[0], make_officer("TEST Beheerder")
    known = office.trust.current()
    forged = make_roster(
        version=1, organisation=known.organisation, name=known.name, previous=None, server=known.server,
        members=[outsider.member],
    )  # fmt: skip
    version = RosterVersion(forged.payload).signed_by(outsider.signing)

    alarms = told(places, on("/v1/status", lambda document: document.update(roster=[version.to_json()])))
    assert alarms == ["roster-rollback"]
    assert office.trust.current() == known


def test_other_first_version_before_the_first_is_known(tmp_path):
    """Who signed one founding roster and is served another never trusts it."""
    desk, cards = found(tmp_path)
    administration.propose_cards(tmp_path / "organisation", cards)
    transport, outsider = ToDesk(desk), make_officer("TEST Beheerder")
    office = Office.open(tmp_path / "vault-0", PASSPHRASE, lambda _: transport, today)
    office.fetch()
    proposal = office.trust.proposal().roster
    office.sign_proposal(proposal.hash)
    forged = make_roster(
        version=1, organisation=proposal.organisation, name=proposal.name, previous=None, server=proposal.server,
        members=[outsider.member],
    )  # fmt: skip
    version = RosterVersion(forged.payload).signed_by(outsider.signing)
    transport.lie = on("/v1/status", lambda document: document.update(roster=[version.to_json()], proposal=None))
    office.fetch()

    assert [alarm.kind for alarm in office.book.alarms()] == ["roster-anchor"]
    assert office.trust.current() is None
    office.close()
    desk.close()


def test_roster_taken_back(places):
    """A shorter list of versions than was known is an alarm."""
    assert told(places, on("/v1/status", lambda document: document.update(roster=[]))) == ["roster-rollback"]


def test_changed_roster(places):
    """A changed byte in a roster breaks its signatures."""

    def change(document: dict) -> None:
        payload = json.loads(unb64(document["roster"][0]["payload"]))
        payload["members"][1]["role"] = "deputy"
        document["roster"][0]["payload"] = b64(dump_json(payload))

    assert told(places, on("/v1/status", change)) == ["roster-broken"]


def test_other_organisation(places):
    """A server of another organisation is an alarm."""
    assert told(places, on("/v1/status", lambda document: document.update(organisation="elders"))) == ["organisation"]


def test_intake_key_in_an_officers_name(places):
    """A key that the server made in nobody's, or in another organisation's name, is an alarm and is not learnt."""
    outsider = make_officer("TEST Beheerder", start=today())
    office = places.offices[0]
    before = len(office.keyring.known_keys())

    alarms = told(
        places, on("/v1/status", lambda document: document["intake_keys"].append(b64(outsider.intake_key.thing.raw)))
    )
    assert alarms == ["intake-key"]
    assert len(office.keyring.known_keys()) == before


def test_days_apart(places):
    """A server in another week is an alarm."""
    assert "clock" in told(places, on("/v1/status", lambda document: document.update(day="2031-01-01")))


def test_proposal_is_signed_by_hash(places):
    """What is signed is the proposal that was shown, or nothing."""
    office = places.offices[0]
    with pytest.raises(ActError, match="other-proposal"):
        office.sign_proposal(bytes(32))


def test_proposal_that_can_never_count_is_not_shown(places):
    """A proposal that does not build on the roster is nothing to sign."""
    known, outsider = places.offices[0].trust.current(), make_officer("TEST Beheerder")
    forged = make_roster(
        version=2, organisation=known.organisation, name=known.name, previous=bytes(32), server=known.server,
        members=[outsider.member],
    )  # fmt: skip
    shown = RosterVersion(forged.payload).to_json()
    told(places, on("/v1/status", lambda document: document.update(proposal=shown)))

    assert places.offices[0].trust.proposal() is None


# The list of cases


def test_inbox_by_another_key(places):
    """A list that another key signed is an alarm, and no case of it is fetched."""
    office, sent = places.offices[0], places.report()
    inbox = wire.Inbox(office.keyring.key, 10**6, today(), ()).dump()

    def change(document: dict) -> None:
        document["inbox"] = b64(sign("inbox", inbox, SigningKey.generate()).raw)

    assert told(places, on("/v1/cases", change)) == ["inbox"]
    assert office.book.case(sent.case) is None


def test_inbox_of_another_officer(places):
    """A list made for another officer is an alarm."""
    other = places.desk.inbox(places.offices[1].keyring.key, 1, today())

    assert told(places, on("/v1/cases", lambda document: document.update(inbox=b64(other.raw)))) == ["inbox"]


def test_inbox_of_an_earlier_request(places):
    """An old list, properly signed, is an alarm: the server cannot hide what is new by replaying."""
    old = places.desk.inbox(places.offices[0].keyring.key, 1, today())
    places.report()

    assert told(places, on("/v1/cases", lambda document: document.update(inbox=b64(old.raw)))) == ["inbox-replay"]


def _inbox(places: Workplaces, change: Callable[[list[wire.InboxLine]], list[wire.InboxLine]]) -> Lie:
    """Let the server, with its real key, sign a changed list."""

    def apply(document: dict) -> None:
        inbox = wire.Inbox.parse(unb64(document["inbox"])[96:].partition(b"\0")[2])
        changed = wire.Inbox(inbox.officer, inbox.nonce, inbox.day, tuple(change(list(inbox.cases))))
        document["inbox"] = b64(sign("inbox", changed.dump(), places.desk.key).raw)

    return on("/v1/cases", apply)


def test_case_that_disappears(places):
    """A case that the server keeps back is an alarm."""
    opened(places)

    assert told(places, _inbox(places, lambda _: [])) == ["case-missing"]


def test_doubled_case(places):
    """A list with a case twice is an alarm."""
    opened(places)

    assert told(places, _inbox(places, lambda lines: lines * 2)) == ["inbox-replay"]


def test_log_rolled_back(places):
    """A list that counts fewer entries than are remembered is an alarm."""
    sent = opened(places)
    log = places.log(sent)

    assert told(places, _inbox(places, lambda _: [wire.InboxLine(sent.case, 2, log.entries[1].hash)])) == [
        "log-rollback"
    ]


def test_log_with_another_head(places):
    """The same number of entries with another last one is an alarm."""
    sent = opened(places)
    count = len(places.log(sent).entries)

    assert told(places, _inbox(places, lambda _: [wire.InboxLine(sent.case, count, bytes(32))])) == ["log-fork"]


def test_foreign_case(places):
    """A case that was not addressed to the officer is not shown, even when the server serves it."""
    office, sent = places.offices[0], places.report(to=(1,))
    log = places.log(sent)
    answer = wire.CaseAnswer(tuple(entry.raw for entry in log.entries), (), ()).dump()
    listed = _inbox(places, lambda _: [wire.InboxLine(sent.case, 2, log.head)])

    def lie(method: str, target: str, answered: Answered) -> Answered:
        return (200, answer) if target.startswith(f"/v1/cases/{b64(sent.case)}") else listed(method, target, answered)

    assert told(places, lie) == ["case-foreign"]
    assert office.book.cases() == []


def test_case_that_comes_back(places):
    """A case that the officer withdrew from stays shut when the server serves it again."""
    office, sent = places.offices[0], places.report()
    office.fetch()
    office.acts.recuse(sent.case)
    log = places.log(sent)

    assert told(places, _inbox(places, lambda _: [wire.InboxLine(sent.case, len(log.entries), log.head)])) == [
        "case-returned"
    ]
    assert office.book.places(sent.case) == set()


def test_reporter_was_shown_another_roster(places):
    """A report made for a list with a reader of the server's own is an alarm, and is not taken in."""
    office, outsider = places.offices[0], make_officer("TEST Beheerder", start=today())
    known, keys = office.trust.current(), {key.officer: key for key in office.keyring.known_keys()}
    forged = make_roster(
        version=2,
        organisation=known.organisation,
        name=known.name,
        previous=known.hash,
        server=known.server,
        members=[*known.members, outsider.member],
    )
    reporter = receipt.derive(receipt.generate(), known.organisation)
    everybody = frozenset(member.key for member in forged.members)
    draft = report.Draft(kind="report", about="x", text="y", to=everybody)
    sealed = report.compose_report(reporter, draft, forged, {**keys, outsider.key: outsider.intake_key})
    log = CaseLog(known.organisation, reporter.case, [places.desk.server_key])
    log.append(sealed.entry.raw)
    dues = Dues(today() + timedelta(days=7), today() + timedelta(days=90))
    commitment = sealed.entry.fields["commitment"]
    log.extend("received", places.desk.key, day=today(), of=log.head, commitment=commitment, dues=dues)
    listed = _inbox(places, lambda _: [wire.InboxLine(reporter.case, 2, log.head)])
    served = wire.CaseAnswer(tuple(entry.raw for entry in log.entries), (), ()).dump()

    def lie(method: str, target: str, answered: Answered) -> Answered:
        prefix = f"/v1/cases/{b64(reporter.case)}"
        if target.startswith(f"{prefix}/files/"):
            return 200, sealed.files[target.rpartition("/")[2]]
        return (200, served) if target.startswith(prefix) else listed(method, target, answered)

    assert told(places, lie) == ["case-roster"]
    assert office.book.cases() == []


# Logs


def _log(places: Workplaces, sent, change: Callable[[list[str]], list[str]]) -> Lie:
    return on(f"/v1/cases/{b64(sent.case)}", lambda document: document.update(log=change(document["log"])))


MOVES: dict[str, Callable[[list[str]], list[str]]] = {
    "first dropped": lambda log: log[1:],
    "last dropped": lambda log: log[:-1],
    "first doubled": lambda log: [log[0], *log],
    "reversed": lambda log: log[::-1],
    "last doubled": lambda log: [*log, log[-1]],
    "changed": lambda log: [log[0], log[0][:-4] + "AAAA"],
    "empty": lambda log: [],
    "nonsense": lambda log: ["AAAA"],
}


@pytest.mark.parametrize("move", MOVES)
def test_log_with_entries_moved_dropped_or_doubled(places, move):
    """No new case comes in whose log is not whole and in order."""
    sent = places.report()
    alarms = told(places, _log(places, sent, MOVES[move]))

    assert alarms in (["log-invalid"], ["log-head"])
    assert places.offices[0].book.case(sent.case) is None


def test_additions_reordered(places):
    """Entries of a known case that come in another order are an alarm; the case is not updated."""
    office, sent = places.offices[0], opened(places)
    places.add(sent, "Eén.")
    places.add(sent, "Twee.")
    before = office.book.log(sent.case)

    assert told(places, _log(places, sent, lambda log: [*log[2:], *log[:2]])) == ["log-invalid"]
    assert office.book.log(sent.case) == before
    office.fetch()
    assert [item.text for item in office.dossiers.timeline(sent.case) if item.text][-2:] == ["Eén.", "Twee."]


def test_another_history(places):
    """A log that goes on from another entry than the remembered head is a fork."""
    sent = opened(places)
    log = places.log(sent)
    forged = make_entry(
        "message", case=sent.case, index=len(log.entries), head=bytes(32), signer=sent.reporter.signing_key, number=2,
        files={"message": log.submitted.files["content"]}, attachments=(),
    )  # fmt: skip
    lies = _inbox(places, lambda _: [wire.InboxLine(sent.case, len(log.entries) + 1, forged.hash)])
    swapped = _log(places, sent, lambda _: [b64(forged.raw)])

    def lie(method: str, target: str, answered: Answered) -> Answered:
        return swapped(method, target, lies(method, target, answered))

    assert told(places, lie) == ["log-fork"]


def test_stranger_takes_over(places):
    """A case key of somebody who is no officer of the case is an alarm, and no message is encrypted to it."""
    sent, outsider = places.report(), make_officer("TEST Beheerder", start=today())
    log = places.log(sent)
    forged = make_entry(
        "case-key", case=sent.case, index=2, head=log.head, signer=outsider.signing, day=today(),
        recipient=outsider.intake_key.recipient, identity_recipient=make_officer("TEST x").intake_key.recipient,
        files={"grant": log.submitted.files["content"]},
    )  # fmt: skip
    lies = _inbox(places, lambda _: [wire.InboxLine(sent.case, 3, forged.hash)])
    swapped = _log(places, sent, lambda entries: [*entries, b64(forged.raw)])

    def lie(method: str, target: str, answered: Answered) -> Answered:
        return swapped(method, target, lies(method, target, answered))

    assert told(places, lie) == ["log-invalid"]


def test_server_withholds_an_entry_at_the_moment_of_acting(places):
    """An append that the server denies having taken is found in the log, and nothing is doubled."""
    office, sent = places.offices[0], opened(places)

    def lie(method: str, target: str, answered: Answered) -> Answered:
        return (409, wire.ErrorAnswer("head", {}).dump()) if method == "POST" else answered

    places.transports[0].lie = lie
    with pytest.raises(ActError, match="sent-already"):
        office.acts.answer(sent.case, "answered", 1, "Antwoord.")
    places.transports[0].lie = None

    office.fetch()
    assert [entry.act for entry in places.log(sent).entries].count("answered") == 1
    assert kinds(places) == []


# Files


def _file(places: Workplaces, sent, place: str, content: Callable[[bytes], bytes], status: int = 200) -> Lie:
    def lie(method: str, target: str, answered: Answered) -> Answered:
        wanted = f"/v1/cases/{b64(sent.case)}/files/{place}"
        return (status, content(answered[1])) if target.startswith(wanted) else answered

    return lie


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda file: file[:-1],
    "flipped": lambda file: file[:-1] + bytes([file[-1] ^ 1]),
    "nothing": lambda _: b"",
    "longer": lambda file: file + b"x",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_changed_file(places, damage):
    """A file whose payload is not the one in the log is an alarm, and the case does not come in half."""
    sent = places.report()

    assert told(places, _file(places, sent, "0/content", DAMAGES[damage])) == ["file-changed"]
    assert places.offices[0].book.case(sent.case) is None


def test_missing_file(places):
    """A file that the log names and the server does not have is an alarm."""
    sent = places.report()
    gone = wire.ErrorAnswer("unknown", {}).dump()

    assert told(places, _file(places, sent, "0/identity", lambda _: gone, 404)) == ["file-missing"]


def test_swapped_files(places):
    """The content of another report under this case is an alarm."""
    one, two = places.report("Een."), places.report("Twee.")
    key = places.offices[0].keyring.key
    other = b"".join(places.desk.file(key, two.case, 0, "content"))

    assert told(places, _file(places, one, "0/content", lambda _: other)) == ["file-changed"]


def test_huge_answer(places):
    """An endless file is cut off, not held in memory."""
    sent = places.report()
    places.transports[0].lie = _file(places, sent, "0/content", lambda _: bytes(wire.FILE + 1))
    with pytest.raises(Exception, match="too large"):
        places.offices[0].fetch()


def test_header_swapped(places):
    """A header that opens for nobody is an alarm, and the report is not taken over with it."""
    office, sent = places.offices[0], places.report()
    other = places.report()
    key = office.keyring.key
    header, _ = age.split(b"".join(places.desk.file(key, other.case, 0, "content")))

    def swap(file: bytes) -> bytes:
        return header + age.split(file)[1]

    places.transports[0].lie = _file(places, sent, "0/content", swap)
    office.fetch()
    with pytest.raises(DistrustError):
        office.act(lambda: office.acts.not_involved(sent.case))

    assert places.log(sent).case_key is None
    assert kinds(places) in (["message"], ["unreadable"])


def test_colleague_grants_other_secrets(places):
    """A grant that does not hold the announced secrets is an alarm."""
    two, sent = places.offices[1], opened(places)
    two.fetch()
    log = places.log(sent)
    grant = two.book.file(sent.case, log.case_key.index, "grant")
    two.book.put_files(sent.case, {(log.case_key.index, "grant"): grant[:-1] + bytes([grant[-1] ^ 1])})
    with pytest.raises(DistrustError):
        two.act(lambda: two.acts.not_involved(sent.case))

    assert kinds(places, 1) == ["grant"]


def _shut_out(places: Workplaces, sent: Sent, *, honest_grant: bool) -> None:
    """Let the first officer take a case over with headers, and perhaps a grant, that open for nobody."""
    office = places.offices[0]
    office.fetch()
    log = office.dossiers.log(sent.case)
    bodies = {(0, slot): office.book.file(sent.case, 0, slot) for slot in ("content", "identity")}
    keys = office.keyring.known_keys() if honest_grant else [_thrown_away(key) for key in office.keyring.known_keys()]
    taken = take_over(
        log, {place: age.split(body)[0] for place, body in bodies.items()}, office.keyring.intake_secrets(), keys,
        office.keyring.signing_key, today(),
    )  # fmt: skip
    nobody = age.split(age.encrypt(b"", [age.recipient_of(age.generate_identity())]))[0]
    office.api.append(sent.case, taken.entry.raw, taken.files, dict.fromkeys(taken.headers, nobody))


def _thrown_away(key: IntakeKey) -> IntakeKey:
    return IntakeKey(key.thing, key.organisation, age.recipient_of(age.generate_identity()), key.start)


@pytest.mark.parametrize("early", [True, False], ids=["fetched before", "fetched after"])
@pytest.mark.parametrize("honest_grant", [True, False])
def test_colleague_shuts_the_others_out(places, early, honest_grant):
    """An officer who takes a case over with headers that open for nobody is seen, and the others still read it."""
    two, sent = places.offices[1], places.report()
    if early:
        two.fetch()
    _shut_out(places, sent, honest_grant=honest_grant)
    two.fetch()
    two.acts.not_involved(sent.case)

    assert two.dossiers.timeline(sent.case)[0].text == "Er klopt iets niet."
    assert kinds(places, 1) == ["unreadable"]


def test_attachment_swapped_or_cut(places):
    """Another attachment under this one's name, or half of it, is an alarm and never ends without an error."""
    office = places.offices[0]
    sent = opened(places, files=[("een.pdf", b"een" * 9000), ("twee.pdf", b"twee" * 9000)])
    other = b"".join(places.desk.attachment(office.keyring.key, sent.case, sent.attachments[1]))
    for content in (lambda _: other, lambda file: file[:-1000], lambda file: file[:20000], lambda _: b""):
        places.transports[0].lie = lambda method, target, answered, content=content: (
            (answered[0], content(answered[1])) if "/attachments/" in target else answered
        )
        with pytest.raises(DistrustError):
            list(office.attachment(sent.case, office.dossiers.attachment(sent.case, 0, sent.attachments[0])))

    assert kinds(places) == ["attachment"]


# Requests


@pytest.mark.parametrize("counter", [True, "7", -1, 10**30])
def test_counter_that_is_none(places, counter):
    """A refusal with a counter that no workstation can have is a refusal, and nothing breaks."""
    error = dump_json({"error": "replay", "counter": counter})
    places.transports[0].lie = lambda *_: (401, error)
    with pytest.raises(RefusedError):
        places.offices[0].fetch()


def test_older_copy_of_the_vault(places):
    """A counter behind the server's goes on above it, and is an alarm."""
    office = places.offices[0]
    office.vault.set_fact("counter", 1)
    office.fetch()

    assert kinds(places) == ["counter"]
    office.fetch()


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"error": "strange"}', b'{"error": 1}', b"[]", b"\xff" * 100])
@pytest.mark.parametrize("status", [200, 401, 404, 500])
def test_nonsense(places, body, status):
    """Whatever else a server says is an answer that cannot be used, never a crash."""
    places.transports[0].lie = lambda *_: (status, body)
    with pytest.raises(UnreachableError):
        places.offices[0].fetch()


def test_day_that_cannot_be_counted(places):
    """A log that the server dates where no term can be counted is an alarm, and the list of cases still opens."""
    office, sent = places.offices[0], places.report()
    log = places.log(sent)
    forged = make_entry(
        "received", case=sent.case, index=1, head=log.entries[0].hash, signer=places.desk.key, day=date(1, 1, 1),
        of=log.entries[0].hash, commitment=log.submitted.fields["commitment"],
        dues=Dues(date(1, 1, 8), date(1, 4, 8)),
    )  # fmt: skip
    lies = _inbox(places, lambda _: [wire.InboxLine(sent.case, 2, forged.hash)])
    swapped = _log(places, sent, lambda entries: [entries[0], b64(forged.raw)])

    def lie(method: str, target: str, answered: Answered) -> Answered:
        return swapped(method, target, lies(method, target, answered))

    assert told(places, lie) == ["log-invalid"]
    assert office.book.cases() == []
