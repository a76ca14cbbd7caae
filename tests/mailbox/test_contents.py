# SPDX-License-Identifier: EUPL-1.2
"""The complete list of what the database holds. Anything else, in any row of a whole story, fails."""

import json
import re
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from cast import ORGANISATION, TODAY, make_officer
from deskhouse import House
from pages import decrypted

from meldkluis.crypto import age
from meldkluis.crypto.attachment import parts_of, seal_attachment
from meldkluis.crypto.encoding import b64
from meldkluis.crypto.entry import make_entry, parse_entry
from meldkluis.crypto.note import Note
from meldkluis.crypto.receipt import Receipt
from meldkluis.crypto.report import file_ref
from meldkluis.crypto.roster import make_intake_key, make_roster, parse_intake_key, parse_roster
from meldkluis.crypto.signed import open_thing, sign
from meldkluis.mailbox import keyfile, schema
from meldkluis.mailbox.actions import KINDS
from meldkluis.mailbox.facts import AUTOMATIC
from meldkluis.mailbox.store import DATABASE

CANARY = "kanarie-4711-geheim"
Check = Callable[[Any], object]


def binary(length: int) -> Check:
    return lambda value: isinstance(value, bytes) and len(value) == length


def number(least: int = 0, most: int = 10_000) -> Check:
    """A small count. No second, minute or hour since any epoch fits in."""
    return lambda value: isinstance(value, int) and least <= value <= most


def size(value: Any) -> bool:
    return isinstance(value, int) and 0 <= value <= 10_000_000


def place(value: Any) -> bool:
    return isinstance(value, int)


def keys(value: Any) -> bool:
    return isinstance(value, bytes) and len(value) % 32 == 0


def day(value: Any) -> bool:
    return isinstance(value, str) and date.fromisoformat(value) >= TODAY and len(value) == 10


def nullable(check: Check) -> Check:
    return lambda value: value is None or check(value)


def exactly(*values: object) -> Check:
    return lambda value: value in values


def header(value: Any) -> bool:
    return age.count_stanzas(value) >= 1


def payload(value: Any) -> bool:
    return len(value) in {4128, 16416, 65568, 262_224}


def entry(value: Any) -> bool:
    return bool(parse_entry(value).case)


def intake_key(value: Any) -> bool:
    return parse_intake_key(value, ORGANISATION).organisation == ORGANISATION


def roster(value: Any) -> bool:
    return parse_roster(value).organisation == ORGANISATION


def certificate(value: Any) -> bool:
    return open_thing(value, "certificate").type == "certificate"


def ciphertext(value: Any) -> bool:
    return isinstance(value, bytes) and 0 < len(value) <= 256 * 1024


SLOTS = exactly("content", "identity", "message", "answer", "copy", "grant", "note")

COMPLETE_LIST: dict[str, dict[str, Check]] = {
    "organisation": {
        "one": exactly(1),
        "organisation": exactly(ORGANISATION),
        "name": exactly("Gemeente Voorbeeld"),
        "address_key": binary(32),
        "announced": number(),
        "staged": size,
        "opened": nullable(day),
        "ran": nullable(day),
        "noticed": nullable(day),
        "fold": exactly(0, 1, 2),
        "failed": number(0, 99),
    },
    "roster": {"hash": binary(32), "version": number(1, 9), "counts": exactly(0, 1), "payload": roster},
    "roster_signature": {"roster": binary(32), "key": binary(32), "signature": binary(64)},
    "intake_key": {"hash": binary(32), "thing": intake_key},
    "request_counter": {"key": binary(32), "counter": number()},
    "mailbox": {"address": binary(32), "case": binary(16)},
    "decoy": {"n": number(0, 99), "address": binary(32)},
    "case": {
        "id": binary(16),
        "place": place,
        "entries": number(0, 99),
        "head": binary(32),
        "officers": keys,
        "received": nullable(day),
        "acknowledged": nullable(day),
        "feedback": nullable(day),
        "since": nullable(day),
        "clock": exactly(0, 1),
        "closed": nullable(day),
        "identity_until": nullable(day),
        "destroy_after": nullable(day),
        "register_until": nullable(day),
        "held": nullable(day),
        "unread": nullable(day),
        "ends": nullable(day),
        "automatic": number(0, 2 ** len(AUTOMATIC) - 1),
        "destroyed": nullable(day),
        "certificate": nullable(certificate),
    },
    "reminder": {"case": binary(16), "kind": exactly(*KINDS), "day": day},
    "log": {"place": place, "thing": entry},
    "file": {
        "place": place,
        "slot": SLOTS,
        "header": header,
        "payload": payload,
        "first_header": nullable(header),
    },
    "attachment": {"case": binary(16), "id": binary(16), "entry": number(0, 99), "size": size, "blob": binary(16)},
    "staging": {"address": binary(32), "id": binary(16), "day": day, "weight": size, "blob": binary(16)},
    "part": {"blob": binary(16), "n": number(0, 99), "size": size, "digest": binary(32)},
    "chunk": {"place": place, "blob": binary(16), "n": number(0, 999), "bytes": ciphertext},
    "erasure": {"blob": binary(16)},
}
"""Every table and column that there is, and what each of its values must be."""

ENTRY_FIELDS = {
    "case", "entry", "head", "act", "organisation", "roster", "to", "not_to", "deputy", "keys", "tag", "commitment",
    "files", "attachments", "number", "day", "of", "dues", "recipient", "identity_recipient", "officer", "key",
    "hash", "size", "id", "digest", "acknowledgement", "feedback", "content", "identity", "message", "answer", "copy",
    "grant", "note", "term", "end", "due", "on", "since", "until", "identity_until", "destroy_after", "register_until",
}  # fmt: skip


def upload(house: House, reporter: Receipt, name: str, content: bytes):
    ciphertext, sealed = seal_attachment(name, content)
    for n, part in enumerate(parts_of(ciphertext)):
        house.run(house.desk.stage(reporter.address, sealed.ref.id, n, part, house.today))
    return sealed


def whole_story(house: House) -> list[Receipt]:
    """Everything that can be written, at least once."""
    cast, desk = house.cast, house.desk
    reporter, silent = cast.reporter(), cast.reporter()
    photo = upload(house, reporter, f"{CANARY}.jpg", CANARY.encode() * 100_000)
    sealed = cast.compose(
        reporter, text=f"{CANARY} tekst", about=f"{CANARY} wie", name=f"{CANARY} naam", contact=f"{CANARY} 06",
        attachments=[photo],
    )  # fmt: skip
    house.submit(reporter, sealed)
    house.submit(silent, cast.compose(silent, to=frozenset({cast.one.key, cast.deputy.key})))
    upload(house, silent, f"{CANARY}.pdf", CANARY.encode())
    gone = upload(house, silent, f"{CANARY}.txt", CANARY.encode() * 1000)
    house.run(desk.discard(silent.address, gone.ref.id))

    for n, officer in enumerate(cast.officers):
        house.run(desk.check_request(officer.key, n + 1))
    for taken in (reporter, silent):
        house.taken_over(cast.one, taken.case)
    house.answered(cast.one, reporter, "acknowledged")
    picture = upload(house, reporter, f"{CANARY}.png", CANARY.encode())
    house.add(reporter, house.addition(reporter, f"{CANARY} nog", contact=f"{CANARY} mail", attachments=[picture]))
    house.today += timedelta(days=1)
    house.answered(cast.two, reporter, "answered")

    third = make_officer("TEST Drie")
    change = make_roster(
        version=2, organisation=ORGANISATION, name="Gemeente Voorbeeld", previous=cast.roster.hash,
        server=desk.server_key, members=[*cast.roster.members, third.member],
    )  # fmt: skip
    house.run(desk.propose(change.payload))
    for officer in (cast.one, cast.two):
        signature = sign("roster", change.payload, officer.signing).signature
        house.run(desk.sign_roster(change.hash, officer.key, signature))
    house.run(desk.announce(third.intake_key.thing.raw, third.key, TODAY))
    house.run(desk.propose(make_roster(**{**_roster_fields(change), "version": 3, "previous": change.hash}).payload))
    grant = age.encrypt(bytes(4096), [third.intake_key.recipient])
    for name, fields, files in (
        ("identity-opened", {}, {}),
        (
            "officer-added",
            {"officer": third.key, "key": third.intake_key.hash, "files": {"grant": file_ref(grant)}},
            {"grant": grant},
        ),
    ):
        log = house.log(reporter.case)
        made = make_entry(
            name, case=reporter.case, index=len(log.entries), head=log.head, signer=cast.one.signing, day=house.today,
            **fields,
        )  # fmt: skip
        house.append(cast.one, made.raw, reporter.case, files)
    house.answered(cast.one, silent, "feedback")
    soon = make_intake_key(ORGANISATION, third.intake_key.recipient, TODAY + timedelta(days=9), cast.one.signing)
    house.run(desk.announce(soon.raw, cast.one.key, TODAY))

    ended = cast.reporter()
    house.submit(ended, cast.compose(ended, text=CANARY))
    house.noted(cast.one, reporter, "noted", Note("wbk", "assessment", reason=f"{CANARY} waarom"))
    house.noted(cast.one, reporter, "held", Note(reason=CANARY), until=house.today + timedelta(days=99))
    end = house.handled(cast.two, ended)
    house.run(desk.store.claim_notice(house.today))
    house.day(house.today + timedelta(days=9))
    house.today = end.destroy_after
    house.act(cast.one, ended, "destruction-approved")
    house.day(sure=True)
    for officer in (cast.one, cast.two):
        house.act(officer, ended, "destroyed")
    house.day()
    late = cast.reporter()
    house.submit(late, cast.compose(late, text=CANARY))
    house.day(house.today + timedelta(days=1))
    upload(house, late, f"{CANARY}.pdf", CANARY.encode())
    return [reporter, silent, ended]


def _roster_fields(roster: Any) -> dict[str, Any]:
    return {
        name: getattr(roster, name) for name in ("version", "organisation", "name", "previous", "server", "members")
    }


def everything(directory: Path) -> dict[str, tuple[list[str], list[tuple[Any, ...]]]]:
    key = keyfile.read(directory, keyfile.DATABASE_KEY)
    with closing(schema.connect(directory / DATABASE, key)) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")]
        found = {}
        for name in names:
            cursor = db.execute(f'SELECT * FROM "{name}"')
            found[name] = ([column[0] for column in cursor.description], cursor.fetchall())
        return found


@pytest.fixture
def story(house: House, directory: Path):
    reporters = whole_story(house)
    return house, reporters, everything(directory)


def test_every_value_is_on_the_list(story):
    """Tables, columns, types and meanings are exactly those of the list, in every row."""
    _, _, found = story
    assert {name: columns for name, (columns, _) in found.items()} == {
        name: list(columns) for name, columns in COMPLETE_LIST.items()
    }
    for name, (columns, rows) in found.items():
        for row in rows:
            for column, value in zip(columns, row, strict=True):
                assert COMPLETE_LIST[name][column](value), f"{name}.{column}"


def test_the_story_fills_every_table(story):
    """The list is tried on real rows; only what is being erased leaves nothing behind."""
    _, _, found = story
    assert {name for name, (_, rows) in found.items() if not rows} == {"erasure"}
    columns, rows = found["file"]
    assert {row[columns.index("slot")] for row in rows} == {
        "content",
        "identity",
        "message",
        "answer",
        "copy",
        "grant",
        "note",
    }
    assert any(row[columns.index("first_header")] for row in rows)


def names_in(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(names_in, value.values()), set())
    if isinstance(value, list):
        return set().union(*map(names_in, value), set())
    return set()


def test_signed_entries_have_no_other_fields(story):
    """Inside the log there is nothing but the protocol's fields, and no moment of a day."""
    _, _, found = story
    for row in found["log"][1]:
        written = parse_entry(row[-1]).thing.payload
        assert names_in(json.loads(written)) <= ENTRY_FIELDS
        for leaf in leaves_of(json.loads(written)):
            assert leaf is None or isinstance(leaf, int | str)
            # A number that could be seconds since an epoch, or a word with a colon or a space, does not belong here.
            assert re.fullmatch(r"\d{1,7}" if isinstance(leaf, int) else r"[A-Za-z0-9_-]*", str(leaf)) or leaf is None


def leaves_of(value: Any) -> list[Any]:
    if isinstance(value, dict | list):
        return [leaf for item in (value.values() if isinstance(value, dict) else value) for leaf in leaves_of(item)]
    return [value]


def secrets_of(reporters: list[Receipt]) -> list[bytes]:
    found = [CANARY.encode(), CANARY.encode("utf-16-le"), b".jpg", b".pdf"]
    for reporter in reporters:
        found += [reporter.address, b64(reporter.address).encode(), reporter.reply, reporter.tag, reporter.commit]
    return found


def test_nothing_of_the_reporter_can_be_read(story, directory: Path):
    """No text, name, contact, file name or address stands in any page of database or WAL, live or erased."""
    _, reporters, found = story
    values = [value for _, rows in found.values() for row in rows for value in row]
    readable = b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in values)
    pages = decrypted(directory / DATABASE, keyfile.read(directory, keyfile.DATABASE_KEY))

    assert reporters[0].case in pages
    for secret in secrets_of(reporters):
        assert secret not in readable
        assert secret not in pages


def test_on_the_disk_nothing_can_be_read_at_all(story, directory: Path):
    """Without the key not even the organisation's name or a case can be found in any file."""
    _, reporters, _ = story
    for path in directory.iterdir():
        written = path.read_bytes()
        for secret in (b"SQLite", b"Gemeente", b"age-encryption", reporters[0].case, b64(reporters[0].case).encode()):
            assert secret not in written


def test_what_is_erased_is_overwritten(house: House, directory: Path):
    """After destruction and discarding no page of database or WAL holds what was there."""
    key = keyfile.read(directory, keyfile.DATABASE_KEY)
    reporter, other = house.cast.reporter(), house.cast.reporter()
    ciphertext, photo = seal_attachment("foto.jpg", bytes(3_000_000))
    for n, part in enumerate(parts_of(ciphertext)):
        house.run(house.desk.stage(reporter.address, photo.ref.id, n, part, TODAY))
        house.run(house.desk.stage(other.address, photo.ref.id, n, part, TODAY))
    sealed = house.cast.compose(reporter, attachments=[photo])
    house.submit(reporter, sealed)
    stays, _ = house.report()
    house.taken_over(house.cast.one, stays.case)
    marks = [
        sealed.entry.raw[40:90],
        *(file[-60:] for file in sealed.files.values()),
        ciphertext[-80:-20],
        reporter.case,
    ]
    pages = decrypted(directory / DATABASE, key)
    assert all(mark in pages for mark in marks)

    house.run(house.desk.discard(other.address, photo.ref.id))
    house.run(house.desk.store.destroy(reporter.case))
    assert house.desk.store.fold()
    pages = decrypted(directory / DATABASE, key)
    assert [mark in pages for mark in marks] == [False] * 5
    assert stays.case in pages


def test_the_sweep_overwrites(house: House, directory: Path):
    """What nobody claimed is unreadable after the sweep, once the WAL is folded back."""
    ciphertext, photo = seal_attachment("foto.jpg", bytes(2_000_000))
    for n, part in enumerate(parts_of(ciphertext)):
        house.run(house.desk.stage(bytes(32), photo.ref.id, n, part, TODAY))
    key = keyfile.read(directory, keyfile.DATABASE_KEY)
    mark = ciphertext[-80:-20]
    assert mark in decrypted(directory / DATABASE, key)
    house.run(house.desk.sweep(TODAY + timedelta(days=2)))
    house.desk.store.fold()
    assert mark not in decrypted(directory / DATABASE, key)
