# SPDX-License-Identifier: EUPL-1.2
"""What the desk accepts from reporters."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from cast import TODAY, make_officer
from deskhouse import House

from meldkluis.crypto import age
from meldkluis.crypto.attachment import parts_of, seal_attachment
from meldkluis.crypto.encoding import b64
from meldkluis.crypto.entry import Entry, FileRef, make_entry, parse_entry
from meldkluis.crypto.limits import PART
from meldkluis.crypto.proof import armor_proof, verify_proof
from meldkluis.crypto.receipt import Receipt
from meldkluis.crypto.report import Sealed, file_ref
from meldkluis.crypto.roster import Member, RosterVersion, make_roster
from meldkluis.crypto.signed import SigningKey
from meldkluis.mailbox.desk import Desk


def again(sealed: Sealed, key: SigningKey, **changes: object) -> Sealed:
    """The same entry with other fields, signed anew."""
    entry = sealed.entry
    fields = {**entry.fields, **changes}
    case = fields.pop("case", entry.case)
    index, head, act = fields.pop("index", entry.index), fields.pop("head", entry.head), fields.pop("act", entry.act)
    made = make_entry(act, case=case, index=index, head=head, signer=key, **fields)
    return Sealed(made, sealed.files)


def test_a_report_is_received(house: House):
    """The server's entry builds on the reporter's, and the proof verifies with roster and day."""
    reporter = house.cast.reporter()
    sealed = house.cast.compose(reporter)
    accepted = house.submit(reporter, sealed)

    received = parse_entry(accepted.received.raw)
    assert (received.head, received.fields["of"]) == (sealed.entry.hash, sealed.entry.hash)
    assert received.fields["dues"].acknowledgement == TODAY + timedelta(days=7)
    assert received.fields["dues"].feedback.isoformat() == "2027-02-28"
    assert accepted.new
    assert accepted.proof is not None
    proof = verify_proof(armor_proof(accepted.proof, house.desk.public_keys(TODAY).rosters))
    assert (proof.case, proof.day, proof.dues) == (reporter.case, TODAY, received.fields["dues"])
    assert house.log(reporter.case).head == received.hash


def test_the_same_report_again_gets_the_same_answer(house: House):
    """Sealed anew, with other keys and another day, the same report is answered from the log, byte for byte."""
    reporter = house.cast.reporter()
    first = house.submit(reporter, house.cast.compose(reporter))
    house.today += timedelta(days=120)
    second = house.submit(reporter, house.cast.compose(reporter))

    assert (second.received, second.proof, second.new) == (first.received, first.proof, False)
    assert len(house.desk.store.log(reporter.case)) == 2


def test_another_text_with_the_same_code_is_refused(house: House):
    """The first report with a code stands."""
    reporter, _ = house.report()
    other = house.cast.compose(reporter, text="Iets anders.")
    assert house.refused(house.desk.submit(reporter.address, other.entry.raw, other.files, TODAY)).code == "other-text"


def test_a_report_of_somebody_else_is_refused(house: House):
    """Neither another's address nor another's case can be used."""
    first, sealed = house.report()
    second = house.cast.reporter()
    other = house.cast.compose(second)

    assert house.refused(house.desk.submit(first.address, other.entry.raw, other.files, TODAY)).code == "taken"
    assert house.refused(house.desk.submit(second.address, sealed.entry.raw, sealed.files, TODAY)).code == "taken"
    assert house.submit(second, other).new


WRONG_FIELDS: dict[str, tuple[Callable[[House, Receipt, Entry], dict[str, object]], str]] = {
    "nobody": (lambda h, r, e: {"to": [], "keys": []}, "nobody"),
    "another organisation": (lambda h, r, e: {"organisation": "elders"}, "malformed"),
    "another case": (lambda h, r, e: {"case": bytes(16)}, "malformed"),
    "not the first entry": (lambda h, r, e: {"index": 1}, "malformed"),
    "an unknown roster": (lambda h, r, e: {"roster": bytes(32)}, "roster"),
    "a stranger": (lambda h, r, e: {"to": sorted([*e.fields["to"], bytes(32)])}, "malformed"),
    "a stranger left out": (lambda h, r, e: {"not_to": [bytes(32)]}, "malformed"),
    "in and out": (lambda h, r, e: {"not_to": e.fields["to"]}, "malformed"),
    "no deputy, not left out": (lambda h, r, e: {"deputy": None}, "malformed"),
    "an officer as deputy": (
        lambda h, r, e: {"to": e.fields["to"][:1], "deputy": e.fields["to"][1], "not_to": [h.cast.deputy.key]},
        "malformed",
    ),
    "the deputy among the officers": (
        lambda h, r, e: {"to": sorted([*e.fields["to"], h.cast.deputy.key]), "deputy": None},
        "malformed",
    ),
    "unknown keys": (lambda h, r, e: {"keys": sorted([*e.fields["keys"][:2], b"\xff" * 32])}, "stale-keys"),
    "a key too few": (lambda h, r, e: {"keys": e.fields["keys"][:2]}, "malformed"),
    "a file less": (lambda h, r, e: {"files": dict(e.files) | {"content": FileRef(bytes(32), 9)}}, "malformed"),
    "another size": (
        lambda h, r, e: {"files": dict(e.files) | {"identity": replace(e.files["identity"], size=1)}},
        "malformed",
    ),
}


@pytest.mark.parametrize(("change", "code"), WRONG_FIELDS.values(), ids=WRONG_FIELDS.keys())
def test_a_wrong_entry_is_refused(
    house: House, change: Callable[[House, Receipt, Entry], dict[str, object]], code: str
):
    """A report whose entry does not fit organisation, roster, keys or files is refused and nothing is stored."""
    reporter = house.cast.reporter()
    sealed = house.cast.compose(reporter)
    wrong = again(sealed, reporter.signing_key, **change(house, reporter, sealed.entry))

    assert house.refused(house.desk.submit(reporter.address, wrong.entry.raw, wrong.files, TODAY)).code == code
    assert house.desk.store.find(reporter.address) is None
    assert house.submit(reporter, sealed).new


def test_junk_is_refused(house: House):
    """No signature, no entry, another act, no address: each has its code."""
    reporter = house.cast.reporter()
    sealed = house.cast.compose(reporter)
    raw = sealed.entry.raw
    desk = house.desk

    assert house.refused(desk.submit(reporter.address, b"junk", {}, TODAY)).code == "malformed"
    broken = raw[:40] + bytes([raw[40] ^ 1]) + raw[41:]
    assert house.refused(desk.submit(reporter.address, broken, sealed.files, TODAY)).code == "signature"
    assert house.refused(desk.submit(b"short", raw, sealed.files, TODAY)).code == "authorization"
    other = make_entry("withdrawn", case=reporter.case, index=0, head=None, signer=reporter.signing_key)
    assert house.refused(desk.submit(reporter.address, other.raw, {}, TODAY)).code == "act"
    assert house.refused(desk.add(reporter.address, raw, sealed.files, TODAY)).code == "act"


def wrong_files(house: House, reporter: Receipt) -> dict[str, dict[str, bytes]]:
    sealed = house.cast.compose(reporter)
    content, identity = sealed.files["content"], sealed.files["identity"]
    recipient = age.recipient_of(house.cast.one.identity)
    return {
        "one stanza": {"content": age.encrypt(bytes(4096), [recipient]), "identity": identity},
        "eight stanzas": {"content": age.encrypt(bytes(4096), [recipient], 8), "identity": identity},
        "not padded": {"content": age.encrypt(bytes(4097), [recipient], 4), "identity": identity},
        "empty": {"content": age.encrypt(b"", [recipient], 4), "identity": identity},
        "cut": {"content": content[:-1], "identity": identity},
        "more behind": {"content": content + b"x", "identity": identity},
        "no age file": {"content": b"plain text", "identity": identity},
        "another file": {"content": identity, "identity": identity},
    }


def test_files_of_another_shape_are_refused(house: House):
    """Stanzas, padding and hash of each file are checked, also when the entry names what was sent."""
    reporter = house.cast.reporter()
    sealed = house.cast.compose(reporter)
    for name, files in wrong_files(house, reporter).items():
        desk = house.desk
        assert house.refused(desk.submit(reporter.address, sealed.entry.raw, files, TODAY)).code == "malformed", name
        if files["content"].startswith(b"age-"):
            refs = {slot: file_ref(file) for slot, file in files.items()}
            named = again(sealed, reporter.signing_key, files=refs)
            if name != "another file":
                code = house.refused(desk.submit(reporter.address, named.entry.raw, files, TODAY)).code
                assert code == "malformed", name
    for files in ({}, {"content": sealed.files["content"]}, {**sealed.files, "more": b""}):
        assert house.refused(house.desk.submit(reporter.address, sealed.entry.raw, files, TODAY)).code == "malformed"


@pytest.mark.parametrize(("days", "accepted"), [(-1, False), (0, True), (89, True), (90, False)])
def test_intake_keys_age(house: House, days: int, accepted: bool):
    """A report to a key is taken on 90 days and on no other."""
    reporter = house.cast.reporter()
    sealed = house.cast.compose(reporter)
    house.today += timedelta(days=days)
    if accepted:
        assert house.submit(reporter, sealed).new
    else:
        refused = house.refused(house.desk.submit(reporter.address, sealed.entry.raw, sealed.files, house.today))
        assert refused.code == "stale-keys"


def next_roster(house: House, members: list[Member]) -> RosterVersion:
    roster = make_roster(
        version=2,
        organisation=house.desk.organisation,
        name="Gemeente Voorbeeld",
        previous=house.cast.roster.hash,
        server=house.desk.server_key,
        members=members,
    )
    version = RosterVersion(roster.payload)
    house.run(house.desk.propose(roster.payload))
    for officer in (house.cast.one, house.cast.two):
        version = version.signed_by(officer.signing)
        house.run(house.desk.sign_roster(roster.hash, *version.signatures[-1]))
    assert house.desk.public_keys(TODAY).roster == roster
    return version


def test_an_older_roster_will_do_while_its_readers_are_there(house: House):
    """A report that names the roster before is taken when its readers are still members."""
    reporter = house.cast.reporter()
    sealed = house.cast.compose(reporter)
    newcomer = make_officer("TEST Drie")
    next_roster(house, [*house.cast.roster.members, newcomer.member])
    assert house.submit(reporter, sealed).new


def test_a_reader_who_left_makes_the_roster_stale(house: House):
    """A report to somebody who is no member any more is refused; one that does not name them is taken."""
    to_all, to_one = house.cast.reporter(), house.cast.reporter()
    everybody = house.cast.compose(to_all)
    only = house.cast.compose(to_one, to=frozenset({house.cast.one.key, house.cast.deputy.key}))
    next_roster(house, [house.cast.one.member, house.cast.deputy.member])

    refused = house.refused(house.desk.submit(to_all.address, everybody.entry.raw, everybody.files, TODAY))
    assert refused.code == "roster"
    assert house.submit(to_one, only).new


def test_without_a_roster_nothing_is_received(house: House, tmp_path):
    """Before the form was opened, and where no roster counts, there is nobody to report to."""
    desk = Desk.create(tmp_path / "nieuw", "gemeente-voorbeeld", "Gemeente Voorbeeld")
    reporter = house.cast.reporter()
    sealed = house.cast.compose(reporter)
    assert desk.public_keys(TODAY).roster is None
    assert house.refused(desk.submit(reporter.address, sealed.entry.raw, sealed.files, TODAY)).code == "not-open"
    house.run(desk.store.open_form(TODAY))
    assert house.refused(desk.submit(reporter.address, sealed.entry.raw, sealed.files, TODAY)).code == "roster"
    assert not desk.mailbox(reporter.address, TODAY).found
    desk.close()


def staged(house: House, reporter: Receipt, size: int = PART + 9, name: str = "foto.jpg"):
    ciphertext, sealed = seal_attachment(name, bytes(size))
    for n, part in enumerate(parts_of(ciphertext)):
        house.run(house.desk.stage(reporter.address, sealed.ref.id, n, part, TODAY))
    return sealed, ciphertext


def test_attachments_come_with_the_report(house: House):
    """What was uploaded before the report is served to its officers, byte for byte."""
    reporter = house.cast.reporter()
    sealed, ciphertext = staged(house, reporter)
    house.submit(reporter, house.cast.compose(reporter, attachments=[sealed]))

    (line,) = house.desk.case(house.cast.one.key, reporter.case, 0).attachments
    assert (line.entry, line.id, line.size) == (0, sealed.ref.id, len(ciphertext))
    assert b"".join(house.desk.attachment(house.cast.two.key, reporter.case, sealed.ref.id)) == ciphertext


def test_a_report_without_its_attachment_is_refused(house: House):
    """A report waits for its parts, and is received once they are there."""
    reporter = house.cast.reporter()
    ciphertext, sealed = seal_attachment("foto.jpg", bytes(100))
    report = house.cast.compose(reporter, attachments=[sealed])
    refused = house.refused(house.desk.submit(reporter.address, report.entry.raw, report.files, TODAY))
    assert refused.code == "incomplete"

    house.run(house.desk.stage(reporter.address, sealed.ref.id, 0, ciphertext, TODAY))
    assert house.submit(reporter, report).new


def test_parts_are_bounded(house: House):
    """Empty, oversized and misplaced parts, and what does not begin as an age file, are refused."""
    address, upload = bytes(32), bytes(16)
    stage = house.desk.stage
    assert house.refused(stage(address, upload, 1, b"", TODAY)).code == "malformed"
    assert house.refused(stage(address, upload, -1, b"x", TODAY)).code == "malformed"
    assert house.refused(stage(address, b"short", 1, b"x", TODAY)).code == "malformed"
    assert house.refused(stage(address, upload, 0, b"plain text", TODAY)).code == "malformed"
    assert house.refused(stage(address, upload, 1, bytes(PART + 1), TODAY)).code == "too-large"
    assert house.refused(stage(address, upload, 200, b"x", TODAY)).code == "too-large"
    assert house.refused(stage(b"", upload, 1, b"x", TODAY)).code == "authorization"
    two = age.encrypt(bytes(100), [age.recipient_of(age.generate_identity())], 4)
    assert house.refused(stage(address, upload, 0, two, TODAY)).code == "malformed"


def test_the_largest_attachment_fits(house: House):
    """The last part of an attachment at the limit is taken; whether it fits is said by the report's limit."""
    limit = house.desk.limits.attachment
    ciphertext, _ = seal_attachment("klein", bytes(100))
    house.run(house.desk.stage(bytes(32), bytes(16), 0, ciphertext, TODAY))
    house.run(house.desk.stage(bytes(32), bytes(16), limit // PART, b"x", TODAY))


def test_a_message_is_received(house: House):
    """A later message stands in the log with the server's entry behind it."""
    reporter, _ = house.report()
    accepted = house.add(reporter, house.addition(reporter, contact="06"))
    log = house.log(reporter.case)

    assert [entry.act for entry in log.entries] == ["submitted", "received", "message", "received"]
    assert log.entries[3].raw == accepted.received.raw
    assert (accepted.proof, accepted.new) == (None, True)
    assert {line.slot for line in house.desk.case(house.cast.one.key, reporter.case, 0).files} == {
        "content",
        "identity",
        "message",
    }


def test_the_same_message_again_gets_the_same_answer(house: House):
    """The same number with the same files is answered from the log, even after other entries; others are refused."""
    reporter, _ = house.report()
    message, other = house.addition(reporter), house.addition(reporter, "Anders.")
    first = house.add(reporter, message)
    house.add(reporter, house.addition(reporter, "Derde."))

    assert house.add(reporter, message) == replace(first, new=False)
    desk = house.desk
    assert house.refused(desk.add(reporter.address, other.entry.raw, other.files, TODAY)).code == "number"


def test_a_message_builds_on_the_head(house: House):
    """A message that did not see the last entry is told how long the log is, and where it ends."""
    reporter, _ = house.report()
    message = house.addition(reporter)
    took = house.taken_over(house.cast.one, reporter.case)

    refused = house.refused(house.desk.add(reporter.address, message.entry.raw, message.files, TODAY))
    assert refused.code == "head"
    assert refused.details["entries"] == 3
    assert refused.details["head"] == b64(took.entry.hash)
    assert house.add(reporter, house.addition(reporter)).new


def test_messages_of_others_are_refused(house: House):
    """An unknown address, another's address, a number left out: each has its code."""
    reporter, _ = house.report()
    other, _ = house.report()
    message = house.addition(reporter)
    add = house.desk.add

    assert house.refused(add(bytes(32), message.entry.raw, message.files, TODAY)).code == "unknown"
    assert house.refused(add(other.address, message.entry.raw, message.files, TODAY)).code == "taken"
    skipped = again(message, reporter.signing_key, number=3)
    assert house.refused(add(reporter.address, skipped.entry.raw, skipped.files, TODAY)).code == "number"
    stranger = again(message, other.signing_key)
    assert house.refused(add(reporter.address, stranger.entry.raw, stranger.files, TODAY)).code == "taken"


def test_messages_are_counted(house: House):
    """A case has a limited number of messages."""
    reporter, _ = house.report()
    house.desk.limits = replace(house.desk.limits, messages=2)
    house.add(reporter, house.addition(reporter))
    third = house.addition(reporter)
    assert house.refused(house.desk.add(reporter.address, third.entry.raw, third.files, TODAY)).code == "quota"


def test_a_clock_set_back_breaks_no_log(house: House):
    """What is received on a day before the last one in the log gets that last day."""
    reporter, _ = house.report()
    house.today -= timedelta(days=1)
    accepted = house.add(reporter, house.addition(reporter))
    assert parse_entry(accepted.received.raw).fields["day"] == TODAY


def test_a_mailbox_opens(house: House):
    """The log, the answers and the keys of the report are there, also when they are not offered any more."""
    reporter, _ = house.report()
    house.taken_over(house.cast.one, reporter.case)
    answer = house.answered(house.cast.one, reporter, "acknowledged")
    box = house.desk.mailbox(reporter.address, TODAY + timedelta(days=60))

    assert box.found
    assert box.log == [entry.raw for entry in house.log(reporter.case).entries]
    assert box.answers == {3: answer.files["answer"]}
    assert {key.hash for key in box.intake_keys} == {key.hash for key in house.cast.keys.values()}
    assert [version.payload for version in box.rosters] == [house.cast.roster.payload]


def test_an_unknown_mailbox_looks_like_one_without_news(house: House):
    """An unknown address gets rosters and keys, a log that is a decoy's, and never another reporter's."""
    reporter, _ = house.report()
    box = house.desk.mailbox(bytes(32), TODAY)

    assert not box.found
    assert box.answers == {}
    assert [parse_entry(raw).act for raw in box.log] == ["submitted", "received"]
    known = house.desk.mailbox(reporter.address, TODAY)
    assert abs(sum(map(len, known.log)) - sum(map(len, box.log))) < 100
    assert (box.rosters, box.intake_keys) == (known.rosters, known.intake_keys)


def test_decoys_are_listed_nowhere(house: House):
    """No officer is served a decoy."""
    for officer in house.cast.officers:
        assert house.desk.inbox(officer.key, 1, TODAY).payload.endswith(b'"cases":[]}')


def statements(house: House, address: bytes) -> list[str]:
    """What opening a mailbox asks the database, in its order, without the values."""
    asked: list[str] = []
    house.desk.mailbox(address, TODAY)
    reader = house.desk.store._read_connection()
    reader.set_trace_callback(asked.append)
    try:
        house.desk.mailbox(address, TODAY)
    finally:
        reader.set_trace_callback(None)
    return [re.sub(r"x'[0-9a-f]*'|\b[0-9]{6,}\b", "?", statement) for statement in asked]


def test_an_unknown_mailbox_costs_the_same_reads(house: House):
    """The database is asked the same for a known address without news and for an unknown one."""
    reporter, _ = house.report()
    known, unknown = statements(house, reporter.address), statements(house, bytes(32))
    assert len(known) > 3
    assert known == unknown
