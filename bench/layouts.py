# SPDX-License-Identifier: EUPL-1.2
"""What a report costs the database in different layouts: the figures of docs/adr/0007-places.md.

PYTHONPATH=bench .venv/bin/python bench/layouts.py

Sixteen reports a transaction, two age files of 10 kB and two log entries each, after 1,600 of them; and 100 MB of
attachment in rows of 256 KiB. CPU time of this process, in milliseconds a report and seconds.
"""

import itertools
import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlcipher3 import dbapi2

HERE = Path(__file__).parent / "results"
BATCH, BEFORE, MEASURED = 16, 1600, 1600
CHUNK = 256 * 1024
Rows = Callable[[dbapi2.Connection, bytes], None]

SHORT = """
CREATE TABLE mailbox (address BLOB PRIMARY KEY, c BLOB) WITHOUT ROWID;
CREATE TABLE register (id BLOB PRIMARY KEY, place INTEGER, head BLOB, officers BLOB) WITHOUT ROWID;
"""
KEYED = """
CREATE TABLE log (c BLOB, entry INTEGER, thing BLOB, PRIMARY KEY (c, entry)) WITHOUT ROWID;
CREATE TABLE file (c BLOB, entry INTEGER, header BLOB, payload BLOB, PRIMARY KEY (c, entry)) WITHOUT ROWID;
CREATE TABLE chunk (b BLOB, n INTEGER, bytes BLOB, PRIMARY KEY (b, n)) WITHOUT ROWID;
"""
INDEXED = """
CREATE TABLE log (place INTEGER PRIMARY KEY, c BLOB, entry INTEGER, thing BLOB, UNIQUE (c, entry));
CREATE TABLE file (place INTEGER PRIMARY KEY, c BLOB, entry INTEGER, header BLOB, payload BLOB, UNIQUE (c, entry));
CREATE TABLE chunk (place INTEGER PRIMARY KEY, b BLOB, n INTEGER, bytes BLOB, UNIQUE (b, n));
"""
PLACED = """
CREATE TABLE log (place INTEGER PRIMARY KEY, thing BLOB);
CREATE TABLE file (place INTEGER PRIMARY KEY, header BLOB, payload BLOB);
CREATE TABLE chunk (place INTEGER PRIMARY KEY, b BLOB, n INTEGER, bytes BLOB, UNIQUE (b, n));
"""
FILES = (os.urandom(6282), os.urandom(4144))
THINGS = (os.urandom(1200), os.urandom(600))


def keyed(db: dbapi2.Connection, case: bytes) -> None:
    """Store a report in tables without rowid."""
    db.executemany("INSERT INTO log VALUES (?, ?, ?)", [(case, n, thing) for n, thing in enumerate(THINGS)])
    db.executemany("INSERT INTO file VALUES (?, ?, ?, ?)", [(case, n, *FILES) for n in (0, 1)])


def indexed(places: Iterator[int]) -> Rows:
    """Store a report at these places, found by an index."""

    def rows(db: dbapi2.Connection, case: bytes) -> None:
        things = [(next(places), case, n, thing) for n, thing in enumerate(THINGS)]
        db.executemany("INSERT INTO log VALUES (?, ?, ?, ?)", things)
        db.executemany("INSERT INTO file VALUES (?, ?, ?, ?, ?)", [(next(places), case, n, *FILES) for n in (0, 1)])

    return rows


def placed(db: dbapi2.Connection, case: bytes) -> None:  # noqa: ARG001 - the case's own row holds the place
    """Store a report behind one random place, found without an index."""
    place = secrets.randbits(45) << 16
    db.executemany("INSERT INTO log VALUES (?, ?)", enumerate(THINGS, place))
    db.executemany("INSERT INTO file VALUES (?, ?, ?)", [(2 * place + n, *FILES) for n in (0, 1)])


def random_places() -> Iterator[int]:
    """Yield places at random."""
    while True:
        yield secrets.randbits(62)


def connect(path: Path, hmac: str) -> dbapi2.Connection:
    """Open a new database as the store does."""
    db = dbapi2.connect(str(path), isolation_level=None)
    db.set_key(b"x'" + b"0" * 64 + b"'")
    for setting in (
        "cipher_page_size=8192", f"cipher_hmac_algorithm={hmac}", "journal_mode=WAL", "synchronous=FULL",
        "secure_delete=ON", "cache_size=-2000", "cache_spill=OFF",
    ):  # fmt: skip
        db.execute(f"PRAGMA {setting}").fetchall()
    return db


def reports(db: dbapi2.Connection, rows: Rows, number: int) -> None:
    """Store this many reports."""
    for _ in range(number // BATCH):
        db.execute("BEGIN IMMEDIATE")
        for _ in range(BATCH):
            case = os.urandom(16)
            db.execute("INSERT INTO mailbox VALUES (?, ?)", (os.urandom(32), case))
            db.execute("INSERT INTO register VALUES (?, 1, ?, ?)", (case, os.urandom(32), os.urandom(64)))
            rows(db, case)
        db.execute("COMMIT")


def attachment(db: dbapi2.Connection, columns: int) -> None:
    """Store 100 MB, 1 MiB a transaction."""
    blob, block = os.urandom(16), os.urandom(CHUNK)
    for n in range(0, 381, 4):
        db.execute("BEGIN IMMEDIATE")
        for k in range(4):
            values = (blob, n + k, block) if columns == 3 else (secrets.randbits(62), blob, n + k, block)
            db.execute(f"INSERT INTO chunk VALUES ({', '.join('?' * columns)})", values)  # noqa: S608 - question marks
        db.execute("COMMIT")


def measure(name: str, schema: str, rows: Rows, columns: int, hmac: str = "HMAC_SHA256") -> None:
    """Print one layout's figures."""
    folder = HERE / f"layout-{os.getpid()}"
    folder.mkdir(parents=True)
    db = connect(folder / "db", hmac)
    db.executescript(SHORT + schema)
    reports(db, rows, BEFORE)
    began = time.process_time()
    reports(db, rows, MEASURED)
    each = (time.process_time() - began) / MEASURED * 1000
    began = time.process_time()
    attachment(db, columns)
    print(f"{name:<46} {each:5.2f} ms a report   {time.process_time() - began:5.2f} s for 100 MB", flush=True)
    db.close()
    shutil.rmtree(folder)


def main() -> int:
    """Measure all layouts."""
    measure("without rowid", KEYED, keyed, 3)
    measure("counted rowid, index", INDEXED, indexed(itertools.count(1)), 4)
    measure("random rowid, index", INDEXED, indexed(random_places()), 4)
    measure("random place of the case, no index", PLACED, placed, 4)
    measure("the same, HMAC-SHA512", PLACED, placed, 4, "HMAC_SHA512")
    return 0


if __name__ == "__main__":
    sys.exit(main())
