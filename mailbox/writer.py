# SPDX-License-Identifier: EUPL-1.2
"""Group commit: one thread of a process writes for everybody, many operations in one durable transaction.

- Who hands in an operation hears of its success only after the transaction that holds it is on the disk.
- Each operation happens whole or not at all, and its failure undoes nothing of its neighbours: a transaction in which
  one fails is done again with a savepoint for each.
- Between processes the turn to write is an flock beside the database, which waits without SQLite's sleeping retries.
- An operation may run twice, when a neighbour failed or the first transaction was lost (disk full): it must do nothing
  but read and write the database through the connection that it is given.
"""

import asyncio
import contextlib
import fcntl
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlcipher3 import dbapi2

from meldkluis.mailbox.errors import Refused, StoreError

T = TypeVar("T")
Operation = Callable[[dbapi2.Connection], T]

BATCH: Final = 64
"""Most operations in one transaction: bounds how long the first one waits for the last."""

_FULL: Final = "disk is full"


@dataclass(eq=False)
class _Job:
    operation: Operation[Any]
    done: "Future[Any] | asyncio.Future[Any]"
    loop: asyncio.AbstractEventLoop | None
    result: Any = None
    error: BaseException | None = None


class Writer:
    """The writing thread of this process. It starts with the first operation, and anew after a fork."""

    def __init__(self, lock: Path, connect: Callable[[], dbapi2.Connection]) -> None:
        self._lock_path: Final = lock
        self._connect: Final = connect
        self._start_over()

    def _start_over(self) -> None:
        self._pid = os.getpid()
        self._waiting: deque[_Job] = deque()
        self._wake = threading.Condition(threading.Lock())
        self._thread: threading.Thread | None = None
        self._closed = False

    async def write(self, operation: Operation[T]) -> T:
        """Run an operation from the event loop; returns when it is durable, raises what it raised."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._hand_in(_Job(operation, done, loop))
        return await done

    def write_now(self, operation: Operation[T]) -> T:
        """The same for callers without an event loop: waits."""
        done: Future[T] = Future()
        self._hand_in(_Job(operation, done, None))
        return done.result()

    def close(self) -> None:
        """Finish what was handed in, then end the thread."""
        if self._pid != os.getpid():
            return
        with self._wake:
            self._closed = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()

    def _hand_in(self, job: _Job) -> None:
        if self._pid != os.getpid():
            self._start_over()
        with self._wake:
            if self._closed:
                raise StoreError("the store is closed")
            self._waiting.append(job)
            if self._thread is None:
                # A daemon: what it has not answered was not promised, so nothing waits for it at the end.
                self._thread = threading.Thread(target=self._run, name="mailbox-writer", daemon=True)
                self._thread.start()
            self._wake.notify()

    def _run(self) -> None:
        connection: dbapi2.Connection | None = None
        while self._wait():
            jobs: list[_Job] = []
            try:
                if connection is None:
                    connection = self._connect()
                with held(self._lock_path):
                    # Taken only now: what was handed in while another process wrote comes along.
                    jobs = self._take()
                    _run_jobs(connection, jobs)
            except BaseException as error:  # noqa: BLE001 - the thread must live, and those who wait must hear
                jobs = jobs or self._take()
                for job in jobs:
                    job.error = job.error or _translated(error)
            _answer(jobs)
        if connection is not None:
            connection.close()

    def _wait(self) -> bool:
        with self._wake:
            while not self._waiting and not self._closed:
                self._wake.wait()
            return bool(self._waiting)

    def _take(self) -> list[_Job]:
        with self._wake:
            return [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]


@contextlib.contextmanager
def held(lock: Path) -> Iterator[None]:
    """Hold the turn to write; waits for other processes. A process that dies gives its turn up."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _translated(error: BaseException) -> BaseException:
    """Return what the caller gets for an error: those of the database become ours, without their text."""
    if isinstance(error, dbapi2.Error):
        if _FULL in str(error):
            return Refused("full")
        return StoreError("the database refused a write")
    if isinstance(error, OSError):
        return StoreError("the lock beside the database cannot be taken")
    return error


def _run_jobs(connection: dbapi2.Connection, jobs: list[_Job]) -> None:
    """Run all jobs in one transaction: without savepoints first, since nearly always nothing fails.

    When a job fails, again with a savepoint for each; when a transaction is lost as a whole, each in one of its own.
    """
    try:
        _together(connection, jobs)
    except Exception:  # noqa: BLE001 - nothing has happened, and the next attempt tells whose error it was
        _roll_back(connection)
    else:
        return
    try:
        _transaction(connection, jobs)
    except dbapi2.Error:
        _roll_back(connection)
        for job in jobs:
            job.result = job.error = None
            try:
                _transaction(connection, [job])
            except dbapi2.Error as error:
                _roll_back(connection)
                job.error = _translated(error)


def _roll_back(connection: dbapi2.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _together(connection: dbapi2.Connection, jobs: list[_Job]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for job in jobs:
        job.result = job.operation(connection)
    connection.execute("COMMIT")


def _transaction(connection: dbapi2.Connection, jobs: list[_Job]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for job in jobs:
        connection.execute("SAVEPOINT job")
        try:
            job.result = job.operation(connection)
        except BaseException as error:  # noqa: BLE001 - whatever it is belongs to the caller of this job
            if not connection.in_transaction:
                # SQLite gave the whole transaction up (disk full, read error): the neighbours were undone too.
                raise (error if isinstance(error, dbapi2.Error) else dbapi2.OperationalError("lost")) from None
            connection.execute("ROLLBACK TO job")
            job.error = _translated(error)
        connection.execute("RELEASE job")
    connection.execute("COMMIT")


def _answer(jobs: list[_Job]) -> None:
    loops: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
    for job in jobs:
        if job.loop is None:
            _resolve(job)
        else:
            loops.setdefault(job.loop, []).append(job)
    for loop, group in loops.items():
        with contextlib.suppress(RuntimeError):  # The loop ended; nobody waits any more.
            loop.call_soon_threadsafe(_resolve_all, group)


def _resolve_all(jobs: list[_Job]) -> None:
    for job in jobs:
        _resolve(job)


def _resolve(job: _Job) -> None:
    if job.done.done():  # The one who waited went away; what was asked for has happened all the same.
        return
    if job.error is not None:
        job.done.set_exception(job.error)
    else:
        job.done.set_result(job.result)
