# SPDX-License-Identifier: EUPL-1.2
"""Opening the database: its key, its settings, its versions."""

import asyncio
import os
import stat
from contextlib import closing
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2

from meldkluis.crypto.errors import FormatError
from meldkluis.mailbox import keyfile, schema, writer
from meldkluis.mailbox.errors import KeyFileError, SchemaError, StoreError, WrongKeyError
from meldkluis.mailbox.facts import Facts
from meldkluis.mailbox.rows import AgeFile, NewCase
from meldkluis.mailbox.store import DATABASE, LOCK, Store

ADDED = """
CREATE TABLE holiday (day TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID, STRICT;
ALTER TABLE "case" ADD COLUMN later TEXT;
UPDATE "case" SET later = received;
"""


NOW = len(schema.migrations())


def connect(directory: Path) -> dbapi2.Connection:
    return schema.connect(directory / DATABASE, keyfile.read(directory, keyfile.DATABASE_KEY))


def add_case(directory: Path) -> None:
    with closing(connect(directory)) as db:
        sql = 'INSERT INTO "case" (id, place, entries, head, officers, received) VALUES (?, 7, 2, ?, ?, ?)'
        db.execute(sql, (os.urandom(16), os.urandom(32), b"", "2026-11-23"))


def make_first_version(directory: Path) -> None:
    """Put an empty database of version 1 in the place of what is there."""
    for path in directory.glob(f"{DATABASE}*"):
        path.unlink()
    (directory / DATABASE).touch(mode=0o600)
    with closing(connect(directory)) as db:
        schema.migrate(db, schema.migrations()[:1])
        db.execute(
            "INSERT INTO organisation (one, organisation, name, address_key, announced, staged) VALUES (1, 'x', 'X', ?, 0, 0)",
            (bytes(32),),
        )


def test_settings_are_the_promised_ones(store: Store, directory: Path):
    """WAL, full durability, overwriting, page size, application and version are as the design says."""
    asyncio.run(store.announce(bytes(32), b"thing"))
    expected = {
        "journal_mode": "wal",
        "synchronous": 2,
        "secure_delete": 1,
        "cipher_page_size": "8192",
        "cipher_hmac_algorithm": "HMAC_SHA256",
        "cache_size": -schema.CACHE_KIB,
        "application_id": schema.APPLICATION_ID,
        "user_version": NOW,
    }
    writing = store._writer.write_now(
        lambda db: {name: db.execute(f"PRAGMA {name}").fetchall()[0][0] for name in expected}
    )
    assert writing == expected


def test_files_are_for_the_owner(store: Store, directory: Path):
    """Database, WAL, shared memory, lock and keys have no right for anybody else."""
    asyncio.run(store.announce(bytes(32), b"thing"))
    names = {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}

    assert {DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", LOCK, "database.key"} == set(names)
    assert set(names.values()) == {0o600}


def test_a_wrong_key_is_said_clearly(store: Store, directory: Path, capfd: pytest.CaptureFixture[str]):
    """Another key opens nothing, says so, and prints nothing of the library's."""
    store.close()
    (directory / keyfile.DATABASE_KEY).write_bytes(os.urandom(32))

    with pytest.raises(WrongKeyError, match="does not open"):
        Store(directory)
    with pytest.raises(WrongKeyError):
        schema.connect(directory / DATABASE, b"short")
    assert capfd.readouterr() == ("", "")


def test_a_readable_key_file_stops_everything(store: Store, directory: Path):
    """The store does not open with a key that others can read."""
    (directory / keyfile.DATABASE_KEY).chmod(0o644)
    with pytest.raises(KeyFileError):
        Store(directory)


def test_nothing_is_made_over_something(store: Store, directory: Path):
    """An organisation is made once; a missing database is not made by opening it."""
    with pytest.raises(StoreError, match="already"):
        Store.create(directory, "gemeente-voorbeeld", "Gemeente Voorbeeld", [])
    store.close()
    for path in directory.glob(f"{DATABASE}*"):
        path.unlink()
    with pytest.raises(StoreError, match="no database"):
        Store(directory)
    with pytest.raises(KeyFileError, match="exists"):
        Store.create(directory, "gemeente-voorbeeld", "Gemeente Voorbeeld", [])


@pytest.mark.parametrize("name", ["", "Gemeente", "a" * 64, "a.b", "../x"])
def test_an_organisation_has_a_plain_name(tmp_path: Path, name: str):
    """The organisation's identifier is the one that signatures can hold."""
    with pytest.raises(FormatError):
        Store.create(tmp_path / "x", name, "Gemeente Voorbeeld", [])
    assert not (tmp_path / "x").exists()


def test_an_older_database_is_brought_forward(store: Store, directory: Path, monkeypatch: pytest.MonkeyPatch):
    """A database of one version gets the next when it is opened, and keeps what it held."""
    add_case(directory)
    store.close()
    scripts = (*schema.migrations(), ADDED)
    monkeypatch.setattr(schema, "migrations", lambda: scripts)
    Store(directory).close()

    with closing(connect(directory)) as db:
        assert schema.version_of(db) == NOW + 1
        assert db.execute('SELECT received, later FROM "case" WHERE received NOTNULL').fetchall() == [
            ("2026-11-23", "2026-11-23")
        ]


def test_the_first_version_is_brought_forward(directory: Path, store: Store):
    """A database of version 1 with a case counts its terms from the day of receipt, and its form was open since."""
    store.close()
    make_first_version(directory)
    add_case(directory)
    with closing(connect(directory)) as db:
        assert schema.migrate(db, schema.migrations()) == 1
        rows = db.execute('SELECT since, clock, automatic, unread FROM "case"').fetchall()
        assert rows == [("2026-11-23", 1, 0, "2026-11-23")]
        assert db.execute("SELECT opened, ran FROM organisation").fetchall() == [("2026-11-23", None)]


def test_a_form_that_was_open_stays_open(directory: Path, store: Store):
    """A database of version 1 with a roster and no report yet counts as open; without a roster it does not."""
    store.close()
    for signed in (True, False):
        make_first_version(directory)
        with closing(connect(directory)) as db:
            if signed:
                db.execute(
                    "INSERT INTO roster (hash, version, counts, payload) VALUES (?, 1, 1, x'7b7d')", (bytes(32),)
                )
            schema.migrate(db, schema.migrations())
            ((opened,),) = db.execute("SELECT opened FROM organisation").fetchall()
            assert (opened is not None) == signed


def test_two_processes_may_bring_it_forward(directory: Path, store: Store):
    """Who finds the version already there does nothing."""
    scripts = (*schema.migrations(), ADDED)
    with closing(connect(directory)) as first, closing(connect(directory)) as second:
        assert schema.migrate(first, scripts) == NOW
        assert schema.migrate(second, scripts) == NOW + 1


def test_a_failing_migration_changes_nothing(store: Store, directory: Path):
    """A migration that fails half way leaves the version before, whole."""
    add_case(directory)
    with closing(connect(directory)) as db:
        with pytest.raises(SchemaError, match="as it was"):
            schema.migrate(db, (*schema.migrations(), ADDED + "INSERT INTO nothing VALUES (1);"))
        assert schema.version_of(db) == NOW
        assert not db.in_transaction
        with pytest.raises(dbapi2.OperationalError):
            db.execute('SELECT later FROM "case"')
    Store(directory).close()


def test_a_newer_database_is_refused(store: Store, directory: Path):
    """A release that does not know the schema's version touches nothing."""
    store.close()
    with closing(connect(directory)) as db:
        db.execute("PRAGMA user_version=99")
    with pytest.raises(SchemaError, match="newer"):
        Store(directory)


def test_a_foreign_database_is_refused(store: Store, directory: Path):
    """A database of another program is refused, also when it has the right key."""
    store.close()
    with closing(connect(directory)) as db:
        db.execute("PRAGMA application_id=1")
    with pytest.raises(SchemaError, match="not one of"):
        Store(directory)


async def submit_many(store: Store, number: int) -> None:
    for _ in range(number):
        await store.submit(
            os.urandom(32),
            NewCase(
                case=os.urandom(16),
                log=(b"submitted", b"received"),
                head=os.urandom(32),
                files=(AgeFile("content", b"header", b"payload"),),
                claims=(),
                officers=frozenset({bytes(32)}),
                facts=Facts(received=date(2026, 11, 23), since=date(2026, 11, 23)),
            ),
        )


def test_tables_have_no_order_of_arrival(store: Store, directory: Path):
    """Every table is strict; those with a rowid draw it at random, so nothing but keys orders their rows."""
    asyncio.run(submit_many(store, 40))
    with closing(connect(directory)) as db:
        tables = db.execute("SELECT name, wr, strict FROM pragma_table_list WHERE schema = 'main'").fetchall()
        tables = [(name, wr, strict) for name, wr, strict in tables if not name.startswith("sqlite_")]
        placed = {name for name, wr, _ in tables if not wr}
        assert placed == {"log", "file", "chunk"}
        assert {strict for _, _, strict in tables} == {1}
        places = sorted(place for (place,) in db.execute('SELECT place FROM "case"'))
        logs = [place for (place,) in db.execute("SELECT place FROM log ORDER BY place")]
        files = [place for (place,) in db.execute("SELECT place FROM file ORDER BY place")]
    assert len(places) >= 40
    assert logs == [place + entry for place in places for entry in (0, 1)]
    assert {place // 2 for place in files} <= set(places)
    # Draws of 45 bits: small or neighbouring places of two cases would be counted ones.
    assert places[0] > 2**30
    assert min(after - before for before, after in pairwise(places)) > 2**30


def test_the_lock_is_given_up(store: Store, directory: Path):
    """Another process can write as soon as the store has written."""
    asyncio.run(store.announce(bytes(32), b"thing"))
    with writer.held(directory / LOCK):
        pass
