# SPDX-License-Identifier: EUPL-1.2
"""The server lies to officers. Tables of lies; each is seen, changes nothing that is known, and is answered with nothing.

Lies about rosters, the list of cases and single files are tried in tests/workstation/test_hostile_server.py.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from cast import ORGANISATION, make_officer
from liar import (
    case_path,
    changed,
    entries,
    file_is,
    instead,
    serving,
    tell,
)
from lied_to import inbox_page, next_entry, opened, signing
from workplace import Sent, Workplaces

from meldkluis.crypto import age, receipt
from meldkluis.crypto.encoding import b64, dump_json, sha256, unb64
from meldkluis.crypto.entry import Dues, Entry, FileRef, make_entry
from meldkluis.crypto.errors import NotForThisKeyError
from meldkluis.crypto.message import AttachmentRef, Document, Grant, ReporterMessage, commitment_of, sign_inside
from meldkluis.crypto.report import file_ref, seal
from meldkluis.crypto.roster import make_intake_key, newest_offered
from meldkluis.crypto.signed import SigningKey, sign
from meldkluis.mailbox import terms, wire
from meldkluis.mailbox.clock import today
from meldkluis.workstation.alarms import KINDS
from meldkluis.workstation.errors import DistrustError

# A fresh report


def received(places: Workplaces, log: list[Entry], signer: SigningKey | None = None, **changes: object) -> Entry:
    """A `received` of the liar's making."""
    day = changes.get("day", today())
    assert isinstance(day, date)
    counted = terms.dues(day)
    fields: dict[str, object] = {
        "day": day,
        "of": log[0].hash,
        "commitment": log[0].fields["commitment"],
        "dues": Dues(counted.acknowledgement.nominal, counted.feedback.nominal),
    }
    return next_entry(log[:1], "received", signer or places.desk.key, **(fields | changes))


def resubmitted(places: Workplaces, log: list[Entry], **changes: object) -> list[Entry | bytes]:
    """The reporter's first entry with other fields, signed by the server, and received."""
    first = log[0]
    fields = {**first.fields, **changes}
    forged = make_entry("submitted", case=first.case, index=0, head=None, signer=places.desk.key, **fields)
    return [forged, received(places, [forged])]


def edited(log: list[Entry], old: bytes, new: bytes) -> list[Entry | bytes]:
    """The reporter's first entry with its signature and other words."""
    assert old in log[0].raw
    return [log[0].raw.replace(old, new), log[1]]


def dues(places: Workplaces, log: list[Entry], acknowledgement: int, feedback: int) -> list[Entry | bytes]:
    days = Dues(today() + timedelta(days=acknowledgement), today() + timedelta(days=feedback))
    return [log[0], received(places, log, dues=days)]


def another_case(places: Workplaces) -> list[Entry]:
    return entries(places, places.report("Iets anders."))


Forge = Callable[[Workplaces, list[Entry]], list[Any]]
FIRST: dict[str, tuple[str, Forge]] = {
    "to: an officer taken out": (
        "log-invalid",
        lambda places, log: edited(log, b64(log[0].fields["to"][1]).encode(), b64(bytes(32)).encode()),
    ),
    "to: an officer put in, signed by the server": (
        "log-invalid",
        lambda places, log: resubmitted(places, log, to=(*log[0].fields["to"],), not_to=()),
    ),
    "not_to: emptied, signed by the server": ("log-invalid", lambda places, log: resubmitted(places, log, not_to=())),
    "deputy: put in, signed by the server": (
        "log-invalid",
        lambda places, log: resubmitted(places, log, deputy=places.offices[2].keyring.key, not_to=()),
    ),
    "tag: another": (
        "log-invalid",
        lambda _, log: edited(log, b64(log[0].fields["tag"]).encode(), b64(bytes(32)).encode()),
    ),
    "received: missing": ("log-invalid", lambda _, log: [log[0], log[0]]),
    "received: signed by another key": (
        "log-invalid",
        lambda places, log: [log[0], received(places, log, SigningKey.generate())],
    ),
    "received: signed by an officer": (
        "log-invalid",
        lambda places, log: [log[0], received(places, log, signing(places, 1))],
    ),
    "received: of another report": (
        "log-invalid",
        lambda places, log: [log[0], received(places, log, of=another_case(places)[0].hash)],
    ),
    "received: another commitment": (
        "log-invalid",
        lambda places, log: [log[0], received(places, log, commitment=bytes(32))],
    ),
    "received: no commitment": ("log-invalid", lambda places, log: [log[0], received(places, log, commitment=None)]),
    "received: no terms": ("log-invalid", lambda places, log: [log[0], received(places, log, dues=None)]),
    "received: a year to acknowledge": ("log-invalid", lambda places, log: dues(places, log, 365, 455)),
    "received: a year for feedback": ("log-invalid", lambda places, log: dues(places, log, 7, 365)),
    "received: feedback before acknowledgement": ("log-invalid", lambda places, log: dues(places, log, 7, 3)),
    "received: terms over already": ("log-invalid", lambda places, log: dues(places, log, -1, 90)),
    "received: next month": (
        "log-day",
        lambda places, log: [log[0], received(places, log, day=today() + timedelta(days=30))],
    ),
    "another report under this name": ("log-invalid", lambda places, _: another_case(places)),
    "handed over before anybody saw it, by the officer himself": (
        "log-invalid",
        lambda places, log: [
            *log,
            next_entry(log, "handed-over", signing(places, 0), day=today(), deputy=places.offices[2].keyring.key, roster=None),
        ],
    ),
    "handed over to somebody else": (
        "log-invalid",
        lambda places, log: [
            *log, next_entry(log, "handed-over", places.desk.key, day=today(), deputy=SigningKey.generate().verify_key, roster=None),
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FIRST)
def test_lies_about_a_fresh_report(places, name):
    """The report is not taken in, the page says what was seen, and nothing is sent."""
    kind, forge = FIRST[name]
    sent = places.report(to=(0, 1))
    heard = tell(places, serving(places, sent.case, forge(places, entries(places, sent))))

    assert heard.alarms == [kind]
    assert heard.sent == []
    assert places.offices[0].book.case(sent.case) is None
    assert places.offices[0].book.places(sent.case) == set()
    page = inbox_page(places)
    assert KINDS[kind].seen in page
    assert KINDS[kind].do in page


def test_report_that_was_kept_back(places):
    """A report of days ago that the lists until today did not have comes in with an alarm: the officer must see it."""
    sent = places.report()
    log = entries(places, sent)
    places.offices[0].fetch_quietly()
    office = places.offices[1]
    office.vault.set_fact("listed", today().isoformat())
    late = received(places, log, day=today() - timedelta(days=3))
    heard = tell(places, serving(places, sent.case, [log[0], late]), 1)

    assert heard.alarms == ["withheld"]
    assert office.dossiers.about_whom(sent.case) == "de aanbesteding"
    assert KINDS["withheld"].seen in inbox_page(places, 1)


def test_report_that_came_while_nobody_looked(places):
    """What is no older than the last list is no alarm."""
    sent, office = places.report(), places.offices[0]
    office.vault.set_fact("listed", (today() - timedelta(days=3)).isoformat())
    early = received(places, entries(places, sent), day=today() - timedelta(days=3))

    assert tell(places, serving(places, sent.case, [entries(places, sent)[0], early])).alarms == []


def test_entry_dated_back(places):
    """An officer and the server agree to date an entry back: the other officers are told."""
    sent, office = places.report(), places.offices[0]
    first = entries(places, sent)[0]
    log = [first, received(places, [first], day=today() - timedelta(days=3))]
    office.vault.set_fact("listed", None)
    assert tell(places, serving(places, sent.case, log)).alarms == []
    log.append(next_entry(log, "not-involved", signing(places, 1), day=today() - timedelta(days=2)))

    assert tell(places, serving(places, sent.case, log)).alarms == ["withheld"]
    assert len(office.book.log(sent.case)) == 3


def test_case_on_the_list_that_is_not_there(places):
    """A case that is listed and refused is an alarm, and the other cases come in."""
    one, two = places.report(), places.report()
    gone = wire.ErrorAnswer("unknown", {}).dump()
    heard = tell(places, instead("GET", case_path(one.case), 404, gone))

    assert heard.alarms == ["log-head"]
    assert [kept.id for kept in places.offices[0].book.cases()] == [two.case]


def test_case_for_an_officer_who_was_left_out(places):
    """A whole case served to an officer who was left out shows nothing, fetches no file, and is an alarm."""
    sent = places.report(to=(1,))
    key = places.offices[1].keyring.key
    files = {f"0/{slot}": b"".join(places.desk.file(key, sent.case, 0, slot)) for slot in ("content", "identity")}
    heard = tell(places, serving(places, sent.case, entries(places, sent), files))

    assert heard.alarms == ["case-foreign"]
    assert not [target for _, target in places.transports[0].asked if "/files/" in target]
    assert places.offices[0].book.cases() == []
    assert f"/case/{b64(sent.case)}" not in inbox_page(places)
    for file in files.values():
        with pytest.raises(NotForThisKeyError):
            age.decrypt(file, places.offices[0].keyring.intake_secrets())


# A case that is known


def answer(places: Workplaces, log: list[Entry], signer: SigningKey, **changes: object) -> Entry:
    ref = FileRef(bytes(32), 5000)
    fields: dict[str, object] = {"day": today(), "number": 1, "files": {"answer": ref, "copy": ref}}
    return next_entry(log, "answered", signer, **(fields | changes))


def case_key(log: list[Entry], signer: SigningKey) -> Entry:
    first, second = (age.recipient_of(age.generate_identity()) for _ in range(2))
    return next_entry(
        log, "case-key", signer, day=today(), recipient=first, identity_recipient=second,
        files={"grant": FileRef(bytes(32), 5000)},
    )  # fmt: skip


def of_another_case(places: Workplaces) -> Entry:
    other = opened(places, to=(0, 1))
    places.add(other, "Nog iets.")
    return entries(places, other)[-2]


KNOWN: dict[str, tuple[str, Callable[[Workplaces, list[Entry]], list[Any]]]] = {
    "case key by the server": ("log-invalid", lambda places, log: [case_key(log, places.desk.key)]),
    "case key by a stranger": ("log-invalid", lambda places, log: [case_key(log, SigningKey.generate())]),
    "case key by an officer left out": ("log-invalid", lambda places, log: [case_key(log, signing(places, 2))]),
    "a second case key, by an officer": ("log-invalid", lambda places, log: [case_key(log, signing(places, 1))]),
    "answer by the server": ("log-invalid", lambda places, log: [answer(places, log, places.desk.key)]),
    "answer by a stranger": ("log-invalid", lambda places, log: [answer(places, log, SigningKey.generate())]),
    "answer by an officer left out": ("log-invalid", lambda places, log: [answer(places, log, signing(places, 2))]),
    "answer by an officer who withdrew": (
        "log-invalid",
        lambda places, log: [
            recused := next_entry(log, "recused", signing(places, 1), day=today()),
            answer(places, [*log, recused], signing(places, 1)),
        ],
    ),
    "answer with a number left out": (
        "log-invalid",
        lambda places, log: [answer(places, log, signing(places, 1), number=2)],
    ),
    "answer older than the entry before": (
        "log-invalid",
        lambda places, log: [answer(places, log, signing(places, 1), day=today() - timedelta(days=1))],
    ),
    "answer of next week": (
        "log-day",
        lambda places, log: [answer(places, log, signing(places, 1), day=today() + timedelta(days=7))],
    ),
    "officer left out is added": (
        "log-invalid",
        lambda places, log: [
            next_entry(
                log, "officer-added", signing(places, 1), day=today(), officer=places.offices[2].keyring.key,
                key=bytes(32), files={"grant": FileRef(bytes(32), 5000)},
            )
        ],
    ),
    "handed over to a deputy left out": (
        "log-invalid",
        lambda places, log: [
            next_entry(log, "handed-over", places.desk.key, day=today(), deputy=places.offices[2].keyring.key, roster=None)
        ],
    ),
    "acknowledged by the system, by an officer": (
        "log-invalid",
        lambda places, log: [next_entry(log, "acknowledged-auto", signing(places, 1), day=today())],
    ),
    "lapsed before its day": (
        "log-invalid",
        lambda places, log: [
            next_entry(
                log, "lapsed", places.desk.key, day=today(), term="feedback", end="internal",
                due=today() + timedelta(days=90),
            )
        ],
    ),
    "lapsed, by an officer": (
        "log-invalid",
        lambda places, log: [
            next_entry(
                log, "lapsed", signing(places, 1), day=today(), term="acknowledgement", end="internal", due=today()
            )
        ],
    ),
    "terms stopped by the server": (
        "log-invalid",
        lambda places, log: [
            next_entry(
                log, "clock-stopped", places.desk.key, day=today(), number=1,
                files=dict.fromkeys(("answer", "copy"), FileRef(bytes(32), 5000)),
            )
        ],
    ),
    "terms counted from a later day": (
        "log-invalid",
        lambda places, log: [next_entry(log, "clock-runs", signing(places, 1), day=today(), since=today())],
    ),
    "objected, in the reporter's name": (
        "log-invalid",
        lambda places, log: [next_entry(log, "objected", places.desk.key)],
    ),
    "closed by the server": (
        "log-invalid",
        lambda places, log: [
            next_entry(
                log, "closed", places.desk.key, day=today(), files={"note": FileRef(bytes(32), 5000)},
                identity_until=today() + timedelta(days=28), destroy_after=today() + timedelta(days=28),
                register_until=today() + timedelta(days=400),
            )
        ],
    ),
    "destruction announced though open": (
        "log-invalid",
        lambda places, log: [
            next_entry(
                log, "destruction-announced", places.desk.key, day=today(), on=today() + timedelta(days=30)
            )
        ],
    ),
    "contact details destroyed though open": (
        "log-invalid",
        lambda places, log: [next_entry(log, "identity-destroyed", places.desk.key, day=today())],
    ),
    "destroyed by the server": (
        "log-invalid",
        lambda places, log: [next_entry(log, "destroyed", places.desk.key, day=today())],
    ),
    "destroyed though open": (
        "log-invalid",
        lambda places, log: [next_entry(log, "destroyed", signing(places, 1), day=today())],
    ),
    "withdrawn, in the reporter's name": (
        "log-invalid",
        lambda places, log: [next_entry(log, "withdrawn", places.desk.key)],
    ),
    "message of another case": ("log-invalid", lambda places, log: [of_another_case(places)]),
    "message doubled": ("log-invalid", lambda places, log: [log[-2], log[-1]]),
    "received twice": (
        "log-invalid",
        lambda places, log: [
            next_entry(log, "received", places.desk.key, day=today(), of=log[-2].hash, commitment=None, dues=None)
        ],
    ),
    "history told anew": ("log-fork", lambda places, log: [_fork(places, log)]),
}  # fmt: skip


def _fork(places: Workplaces, log: list[Entry]) -> Entry:
    return make_entry(
        "recused", case=log[0].case, index=len(log), head=log[-3].hash, signer=signing(places, 1), day=today()
    )


@pytest.mark.parametrize("name", KNOWN)
def test_lies_about_a_known_case(places, name):
    """The case stays as it was known, with an alarm; nothing is sent."""
    kind, forge = KNOWN[name]
    office, sent = places.offices[0], opened(places, 0, 1, to=(0, 1))
    places.add(sent, "Nog iets.")
    office.fetch()
    before, log = office.book.log(sent.case), entries(places, sent)
    shown = [(item.act, item.text) for item in office.dossiers.timeline(sent.case)]
    heard = tell(places, serving(places, sent.case, [*log, *forge(places, log)]))

    assert heard.alarms == [kind]
    assert heard.sent == []
    assert office.book.log(sent.case) == before
    assert [(item.act, item.text) for item in office.dossiers.timeline(sent.case)] == shown
    assert KINDS[kind].seen in inbox_page(places)


def test_message_dropped_between_two(places):
    """A message that the server leaves out breaks the chain behind it."""
    office, sent = places.offices[0], opened(places)
    places.add(sent, "Eén.")
    places.add(sent, "Twee.")
    log = entries(places, sent)

    assert tell(places, serving(places, sent.case, [*log[:-4], *log[-2:]])).alarms == ["log-invalid"]
    assert [item.text for item in office.dossiers.timeline(sent.case) if item.act == "message"] == []


@pytest.mark.parametrize("fewer", [1, 2])
def test_log_taken_back(places, fewer):
    """A log without its last entries is an alarm, and stays open as it was."""
    sent = opened(places)
    log = entries(places, sent)

    assert tell(places, serving(places, sent.case, log[:-fewer])).alarms == ["log-rollback"]
    assert len(places.offices[0].book.log(sent.case)) == len(log)


def test_two_officers_are_shown_two_logs(places):
    """When the server shows each officer a log of their own, the first one that sees the other's entry is told."""
    one, two = places.offices[:2]
    sent = opened(places)
    two.fetch()
    log = entries(places, sent)
    hidden = next_entry(log, "not-involved", signing(places, 1), day=today())
    two.book.extend(sent.case, len(log), [hidden.raw], {})
    places.add(sent, "Nog iets.")

    assert tell(places, lambda _method, _target, answered: answered, 1).alarms == ["log-fork"]
    one.fetch()
    assert one.book.alarms() == []


# What stands inside


def forged_report(places: Workplaces, inside: dict[str, object]) -> Sent:
    """A report whose inside is not what its entry says; the code's key signed both."""
    reporter = receipt.derive(receipt.generate(), ORGANISATION)
    keys = places.desk.public_keys(today())
    assert keys.roster is not None
    key = newest_offered(keys.intake_keys, today())[places.offices[0].keyring.key]
    to, out = (key.officer,), tuple(sorted(m.key for m in keys.roster.members if m.key != key.officer))
    document = Document("x", "report", "Er klopt iets niet.", "nl", "door", ()).dump()
    commitment = commitment_of(reporter.commit, document)
    true = ReporterMessage(
        case=reporter.case, number=1, roster=keys.roster.hash, head=None, to=to, not_to=out, deputy=None,
        reply=reporter.recipient, commit_key=reporter.commit, commitment=commitment, document=document,
    )  # fmt: skip
    message = replace(true, **inside)  # type: ignore[arg-type]
    file = seal(sign_inside(message, reporter.signing_key), [key.recipient], keys.roster.slots)
    entry = make_entry(
        "submitted", case=reporter.case, index=0, head=None, signer=reporter.signing_key, organisation=ORGANISATION,
        roster=keys.roster.hash, to=to, not_to=out, deputy=None, keys=[key.hash], tag=bytes(32), commitment=commitment,
        files={"content": file_ref(file), "identity": file_ref(file)}, attachments=(),
    )  # fmt: skip
    asyncio.run(places.desk.submit(reporter.address, entry.raw, {"content": file, "identity": file}, today()))
    return Sent(reporter, reporter.case, [])


def _document(**changes: object) -> str:
    values = {
        "about": "x",
        "kind": "report",
        "text": "Er klopt iets niet.",
        "language": "nl",
        "strength": "door",
        "attachments": (),
    }
    return Document(**(values | changes)).dump()  # type: ignore[arg-type]


INSIDE: dict[str, Callable[[Workplaces], dict[str, object]]] = {
    "other case": lambda _: {"case": bytes(16)},
    "other number": lambda _: {"number": 2, "head": bytes(32), "reply": None, "commit_key": None, "commitment": None},
    "other roster": lambda _: {"roster": bytes(32)},
    "to somebody else": lambda places: {"to": (places.offices[1].keyring.key,), "not_to": ()},
    "nobody left out": lambda _: {"not_to": ()},
    "a deputy after all": lambda places: {"deputy": places.offices[2].keyring.key, "not_to": ()},
    "commitment to other words": lambda _: {"document": _document(text="Iets heel anders.")},
    "other commitment": lambda _: {"commitment": bytes(32)},
    "commitment with another key": lambda _: {"commit_key": bytes(32)},
    "no reply recipient": lambda _: {"reply": None},
    "an attachment that the log does not have": lambda _: {
        "document": _document(attachments=(AttachmentRef(bytes(16), "a.pdf", 1, bytes(32), bytes(32), sealed=False),))
    },
}


@pytest.mark.parametrize("name", INSIDE)
def test_inside_that_is_not_what_the_log_says(places, name):
    """It is not shown, not taken over, not answered; the page asks nothing about it but says what is wrong."""
    sent, office = forged_report(places, INSIDE[name](places)), places.offices[0]
    office.fetch()
    posted = len(places.transports[0].asked)
    with pytest.raises(DistrustError) as caught:
        office.act(lambda: office.acts.not_involved(sent.case))

    assert caught.value.kind == "message"
    assert places.log(sent).case_key is None
    appended = [target for method, target in places.transports[0].asked[posted:] if method == "POST"]
    assert len(appended) == 1, "the declaration and nothing else"
    page = unescape(places.browser(0).follow(f"/case/{b64(sent.case)}").text)
    assert KINDS["message"].seen in page
    assert "Er klopt iets niet." not in page


def test_reply_recipient_is_the_one_in_the_first_message(places):
    """A later message that brings a reply recipient is not believed, and answers go to the first one."""
    office, sent = places.offices[0], opened(places)
    other = age.generate_identity()
    log = places.log(sent)
    version = places.desk.public_keys(today()).roster
    assert version is not None
    message = ReporterMessage(
        case=sent.case, number=2, roster=version.hash, head=log.head, to=log.to, not_to=log.not_to, deputy=log.deputy,
        reply=age.recipient_of(other), commit_key=None, commitment=None, document=_document(kind="addition", about=""),
    )  # fmt: skip
    deputy = newest_offered(places.desk.public_keys(today()).intake_keys, today())[places.offices[2].keyring.key]
    assert log.case_recipient is not None
    file = seal(sign_inside(message, sent.reporter.signing_key), [log.case_recipient, deputy.recipient], version.slots)
    entry = make_entry(
        "message", case=sent.case, index=len(log.entries), head=log.head, signer=sent.reporter.signing_key, number=2,
        files={"message": file_ref(file)}, attachments=(),
    )  # fmt: skip
    asyncio.run(places.desk.add(sent.reporter.address, entry.raw, {"message": file}, today()))
    office.fetch()
    office.acts.answer(sent.case, "acknowledged", 1, "Dank u wel.")
    item = next(item for item in office.dossiers.timeline(sent.case) if item.act == "message")
    assert (item.text, item.problem) == (None, "message")
    (sealed,) = places.desk.mailbox(sent.reporter.address, today()).answers.values()
    assert age.decrypt(sealed, sent.reporter.identity)
    with pytest.raises(NotForThisKeyError):
        age.decrypt(sealed, other)


# Files and their headers


def header_of(places: Workplaces, sent: Sent, slot: str = "content") -> bytes:
    return age.split(b"".join(places.desk.file(places.offices[0].keyring.key, sent.case, 0, slot)))[0]


@pytest.mark.parametrize("slot", ["content", "identity"])
def test_header_of_another_report(places, slot):
    """A header of a report that leaves a colleague out, put on a file of one that does not, is never wrapped anew.

    Wrapped for this case it would give the colleague the other report's file key.
    """
    office, shared = places.offices[0], places.report(to=(0, 1))
    secret = places.report("Over mijn collega.", to=(0,))
    stolen = header_of(places, secret)
    tell(places, file_is(shared.case, f"0/{slot}", lambda file: stolen + age.split(file)[1]))
    with pytest.raises(DistrustError) as caught:
        office.act(lambda: office.acts.not_involved(shared.case))

    assert caught.value.kind == "message"
    assert places.log(shared).case_key is None
    assert KINDS["message"].seen in inbox_page(places)


def test_header_of_another_report_on_a_later_message(places):
    """The same on a message that came before anybody took the case over."""
    office, shared = places.offices[0], places.report(to=(0, 1))
    places.add(shared, "Nog iets.")
    stolen = header_of(places, places.report("Over mijn collega.", to=(0,)))
    tell(places, file_is(shared.case, "2/message", lambda file: stolen + age.split(file)[1]))
    with pytest.raises(DistrustError):
        office.act(lambda: office.acts.not_involved(shared.case))

    assert places.log(shared).case_key is None


def test_header_for_an_attacker(places):
    """A header that opens for somebody else only is an alarm, and nothing of the case is announced."""
    office, sent = places.offices[0], places.report()
    theirs = age.split(age.encrypt(b"x", [age.recipient_of(age.generate_identity())]))[0]
    tell(places, file_is(sent.case, "0/identity", lambda file: theirs + age.split(file)[1]))
    with pytest.raises(DistrustError) as caught:
        office.act(lambda: office.acts.not_involved(sent.case))

    assert caught.value.kind == "unreadable"
    assert places.log(sent).case_key is None


def test_case_shared_with_the_wrong_secrets(places):
    """A colleague who announces one key and hands out another is seen; the case stays shut."""
    one, two = places.offices[:2]
    sent = opened(places)
    log = places.log(sent)
    assert log.case_key is not None
    recipient = newest_offered(places.desk.public_keys(today()).intake_keys, today())[two.keyring.key].recipient
    forged = seal(sign_inside(Grant(sent.case, bytes(32), bytes(32)), one.keyring.signing_key), [recipient])
    two.fetch()
    place = (log.case_key.index, "grant")
    assert tell(places, file_is(sent.case, f"{place[0]}/grant", lambda _: forged), 1).alarms == []
    two.book.put_files(sent.case, {place: forged})
    with pytest.raises(DistrustError) as caught:
        two.act(lambda: two.acts.not_involved(sent.case))
    assert caught.value.kind == "grant"


# Keys


def test_colleagues_key_kept_back(places):
    """A case is not taken over when that would leave a colleague without its secrets."""
    office, sent = places.offices[0], places.report()
    colleague = places.offices[1].keyring.key
    theirs = [key.thing.raw for key in office.keyring.known_keys() if key.officer == colleague]
    for raw in theirs:
        office.vault.run("DELETE FROM known_key WHERE hash = ?", sha256(raw))
    hide = changed("/v1/status", lambda document: document.update(
        intake_keys=[key for key in document["intake_keys"] if unb64(key) not in theirs]
    ))  # fmt: skip
    assert tell(places, hide).alarms == []
    with pytest.raises(DistrustError) as caught:
        office.act(lambda: office.acts.not_involved(sent.case))

    assert caught.value.kind == "key-missing"
    assert places.log(sent).case_key is None
    office.fetch()
    office.acts.take_over_if_open(sent.case)
    assert places.log(sent).case_key is not None


def test_own_key_kept_back(places):
    """An officer whose key is no longer given out is told: reporters cannot choose that officer."""
    own = places.offices[0].keyring.own_key_hashes()
    hide = changed("/v1/status", lambda document: document.update(
        intake_keys=[key for key in document["intake_keys"] if sha256(unb64(key)) not in own]
    ))  # fmt: skip

    assert tell(places, hide).alarms == ["own-key-missing"]
    assert KINDS["own-key-missing"].seen in inbox_page(places)


def _of_another_organisation(officer: SigningKey) -> bytes:
    return make_intake_key("elders", age.recipient_of(age.generate_identity()), today(), officer).raw


KEYS: dict[str, tuple[str, Callable[[Workplaces], bytes]]] = {
    "of another organisation": ("intake-key", lambda places: _of_another_organisation(signing(places, 1))),
    "of nobody": ("intake-key", lambda _: make_officer("TEST Vreemd", start=today()).intake_key.thing.raw),
    "of the server": (
        "intake-key",
        lambda places: (
            make_intake_key(ORGANISATION, age.recipient_of(age.generate_identity()), today(), places.desk.key).raw
        ),
    ),
    "of a member, changed": (
        "intake-key",
        lambda places: places.offices[1].keyring.announced_keys()[0].thing.raw.replace(b'"from":"2', b'"from":"3'),
    ),
    "to a classical recipient": ("intake-key", lambda places: _classical(signing(places, 1))),
    "in the officer's own name, by a copy of his key": (
        "own-key",
        lambda places: (
            make_intake_key(ORGANISATION, age.recipient_of(age.generate_identity()), today(), signing(places, 0)).raw
        ),
    ),
}


def _classical(officer: SigningKey) -> bytes:
    recipient = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
    payload = dump_json({"organisation": ORGANISATION, "recipient": recipient, "from": today().isoformat()})
    return sign("intake-key", payload, officer).raw


@pytest.mark.parametrize("name", KEYS)
def test_lies_about_intake_keys(places, name):
    """The key is not learnt; the alarm says what was seen."""
    kind, make = KEYS[name]
    office = places.offices[0]
    raw, before = make(places), {key.hash for key in office.keyring.known_keys()}
    heard = tell(places, changed("/v1/status", lambda document: document["intake_keys"].append(b64(raw))))

    assert heard.alarms == [kind]
    assert {key.hash for key in office.keyring.known_keys()} == before
    assert KINDS[kind].seen in inbox_page(places)


# The reporter's log, as the officer's copy has it


def test_answers_are_sealed_to_the_reporter_alone(places):
    """Whatever keys the server shows, an answer opens with the code's key and the case's, and with no intake key."""
    sent = opened(places)
    places.offices[0].acts.answer(sent.case, "answered", 1, "Dank u wel.")
    log = places.log(sent)
    answers = places.desk.mailbox(sent.reporter.address, today()).answers
    (sealed,) = answers.values()
    assert age.count_stanzas(age.split(sealed)[0]) == 1
    assert sha256(age.split(sealed)[1]) == log.entries[-1].files["answer"].hash
