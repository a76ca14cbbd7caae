# SPDX-License-Identifier: EUPL-1.2
"""Group commit: batches, neighbours, lost transactions, forks, the end."""

import asyncio
import os
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from sqlcipher3 import dbapi2

from meldkluis.mailbox.errors import Refused, StoreError
from meldkluis.mailbox.store import LOCK, Store
from meldkluis.mailbox.writer import BATCH, Writer, held


@pytest.fixture
def writer(store: Store) -> Writer:
    store._writer.write_now(lambda db: db.execute("CREATE TABLE note (n INTEGER PRIMARY KEY, bytes BLOB)"))
    return store._writer


def put(n: int):
    return lambda db: db.execute("INSERT INTO note (n) VALUES (?)", (n,)).rowcount


def notes(writer: Writer) -> list[int]:
    return [n for (n,) in writer.write_now(lambda db: db.execute("SELECT n FROM note ORDER BY n").fetchall())]


def gather(*writes: Coroutine[Any, Any, object]) -> list[Any]:
    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*writes, return_exceptions=True)

    return asyncio.run(all_of_them())


def test_many_operations_share_a_commit(writer: Writer, directory: Path):
    """What waits for the turn is written in as few transactions as the batch allows."""
    transactions = []

    def count(db: dbapi2.Connection) -> None:
        db.set_trace_callback(lambda sql: transactions.append(sql) if sql.startswith("COMMIT") else None)

    writer.write_now(count)
    transactions.clear()
    results = []
    with held(directory / LOCK):
        threads = [
            threading.Thread(target=lambda n=n: results.append(writer.write_now(put(n)))) for n in range(BATCH + 5)
        ]
        for thread in threads:
            thread.start()
        while len(writer._waiting) < len(threads):
            pass
    for thread in threads:
        thread.join()

    assert results == [1] * (BATCH + 5)
    assert len(transactions) == 2
    assert notes(writer) == list(range(BATCH + 5))


def test_a_failing_operation_hurts_no_neighbour(writer: Writer):
    """Of a batch with refusals, bugs and broken constraints the rest is stored, and each hears of its own."""

    def half(db: dbapi2.Connection) -> None:
        db.execute("INSERT INTO note (n) VALUES (100)")
        raise Refused("head")

    def bug(db: dbapi2.Connection) -> None:
        db.execute("INSERT INTO note (n) VALUES (101)")
        raise ZeroDivisionError

    results = gather(
        writer.write(put(1)), writer.write(half), writer.write(put(1)), writer.write(bug), writer.write(put(2))
    )
    assert [type(result) for result in results] == [int, Refused, StoreError, ZeroDivisionError, int]
    assert notes(writer) == [1, 2]


def test_errors_of_the_database_say_nothing(writer: Writer):
    """What the library says about a failed statement does not leave the room."""
    writer.write_now(put(1))
    with pytest.raises(StoreError) as caught:
        writer.write_now(put(1))
    assert str(caught.value) == "the database refused a write"
    assert caught.value.__cause__ is None


def test_a_full_disk_refuses_and_keeps_the_rest(writer: Writer):
    """When the space runs out in the middle of a batch, what still fits is stored and the rest is refused."""
    pages = writer.write_now(lambda db: db.execute("PRAGMA page_count").fetchall())[0][0]
    writer.write_now(lambda db: db.execute(f"PRAGMA max_page_count={pages + 4}").fetchall())

    def big(db: dbapi2.Connection) -> None:
        db.execute("INSERT INTO note (n, bytes) VALUES (50, ?)", (os.urandom(100_000),))

    results = gather(writer.write(put(1)), writer.write(big), writer.write(put(2)))
    assert [type(result) for result in results] == [int, Refused, int]
    assert results[1].code == "full"
    assert notes(writer) == [1, 2]


def test_a_lost_transaction_is_run_again(writer: Writer):
    """When the whole transaction is given up under an operation, its neighbours are stored all the same."""

    def lose(db: dbapi2.Connection) -> None:
        db.execute("ROLLBACK")
        raise dbapi2.OperationalError("disk I/O error")

    results = gather(writer.write(put(1)), writer.write(lose), writer.write(put(2)))
    assert [type(result) for result in results] == [int, StoreError, int]
    assert notes(writer) == [1, 2]


def test_who_went_away_hurts_nobody(writer: Writer):
    """A cancelled wait leaves the write whole and the thread alive."""

    async def give_up() -> None:
        task = asyncio.ensure_future(writer.write(put(1)))
        await asyncio.sleep(0)
        task.cancel()
        await writer.write(put(2))

    asyncio.run(give_up())
    assert notes(writer) == [1, 2]


def test_a_connection_that_fails_is_heard_of(tmp_path: Path):
    """Who waits hears that the database cannot be opened, each time."""

    def connect() -> dbapi2.Connection:
        raise StoreError("there is no database")

    writer = Writer(tmp_path / "lock", connect)
    for _ in range(2):
        with pytest.raises(StoreError, match="no database"):
            writer.write_now(put(1))
    writer.close()


def test_after_the_end_nothing_is_taken(store: Store):
    """A closed store refuses writes; closing twice is no error."""
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        asyncio.run(store.announce(bytes(32), b"thing"))


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_after_a_fork_the_child_writes_for_itself(store: Store):
    """A store that was used before a fork works in the child and goes on working in the parent."""
    asyncio.run(store.announce(b"1" * 32, b"parent"))
    child = os.fork()
    if child == 0:
        code = 1
        try:
            asyncio.run(store.announce(b"2" * 32, b"child"))
            code = 0 if sorted(store.intake_keys()) == [b"child", b"parent"] else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

    asyncio.run(store.announce(b"3" * 32, b"after"))
    assert sorted(store.intake_keys()) == [b"after", b"child", b"parent"]
