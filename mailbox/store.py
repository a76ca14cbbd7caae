# SPDX-License-Identifier: EUPL-1.2
"""The store of one organisation: a SQLCipher database that several processes use at once.

- What a write returns is on the disk. Writes go through the process's one writing thread (`writer`).
- Reads are short and complete: one connection a process, opened when first used, also after a fork.
- It keeps what `migrations/` lists and nothing else; addresses only as keyed hashes.
- It decides nothing but what must be decided inside the transaction: first come, head, quota, counter, quorum.
- This class is the whole interface. A second engine would stand behind the same methods and the same tests
  (tests/mailbox/test_store.py).
"""

import contextlib
import os
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, Self, TypeVar

from sqlcipher3 import dbapi2

from meldkluis.crypto.encoding import organisation_name
from meldkluis.crypto.roster import Roster, RosterVersion
from meldkluis.mailbox import cases, factrows, keyfile, registry, schema, staging
from meldkluis.mailbox.actions import Due
from meldkluis.mailbox.errors import SchemaError, StoreError
from meldkluis.mailbox.facts import Facts
from meldkluis.mailbox.rows import Growth, NewCase, Standing
from meldkluis.mailbox.wire import AttachmentLine, FileLine
from meldkluis.mailbox.writer import Writer, held

P = ParamSpec("P")
T = TypeVar("T")

DATABASE: Final = "mailbox.db"
LOCK: Final = "mailbox.lock"
_FOLD_MILLISECONDS: Final = 200

LARGEST_REWRITTEN: Final = 256 * 1024 * 1024
"""Bytes of a database that is written anew after a case was erased: some seconds in which reports wait."""


class Store:
    """The store in an organisation's directory. Safe to make before a fork: nothing stays open."""

    def __init__(self, directory: Path, *, cache_kib: int = schema.CACHE_KIB) -> None:
        """Open the store, and bring an older schema forward.

        KeyFileError, WrongKeyError, SchemaError (a newer release wrote it), StoreError.
        """
        self.directory: Final = directory
        self._path: Final = directory / DATABASE
        self._lock: Final = directory / LOCK
        self._key: Final = keyfile.read(directory, keyfile.DATABASE_KEY)
        self._cache_kib: Final = cache_kib
        self._writer: Final = Writer(self._lock, self._connect)
        self._reader: dbapi2.Connection | None = None
        self._reader_pid = 0
        self._reading = threading.RLock()
        with contextlib.closing(self._connect()) as db:
            scripts = schema.migrations()
            if schema.version_of(db) != len(scripts):
                with held(self._lock):
                    schema.migrate(db, scripts)
            row = registry.organisation(db)
            if row is None:
                raise SchemaError("the database has no organisation")
            self._decoys: Final = registry.decoys(db)
        self.organisation: Final = row.organisation
        self.name: Final = row.name
        self._address_key: Final = row.address_key

    @classmethod
    def create(
        cls, directory: Path, organisation: str, name: str, decoys: Sequence[tuple[bytes, Sequence[bytes]]]
    ) -> Self:
        """Make directory, key and database of an organisation, and open it; nothing existing is overwritten.

        `decoys` are cases with their logs for mailboxes at addresses that nobody has; at least one.
        KeyFileError when there is a key already, StoreError when there is a database, FormatError for the name.
        """
        organisation_name(organisation)
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = directory / DATABASE
        if path.exists():
            raise StoreError("there is a database already")
        key = keyfile.make(directory, keyfile.DATABASE_KEY)
        # SQLite gives its other files the mode of this one.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with contextlib.closing(schema.connect(path, key)) as db:
            schema.migrate(db, schema.migrations())
            row = registry.Organisation(organisation, name, secrets.token_bytes(32))
            registry.create(db, row, [(secrets.token_bytes(32), case, log) for case, log in decoys])
        keyfile.sync_directory(directory)
        return cls(directory)

    def close(self) -> None:
        """End the writing thread after what it has, and close the connections of this process."""
        self._writer.close()
        with self._reading:
            if self._reader is not None and self._reader_pid == os.getpid():
                self._reader.close()
            self._reader = None

    def _connect(self) -> dbapi2.Connection:
        return schema.connect(self._path, self._key, cache_kib=self._cache_kib)

    def hashed(self, address: bytes) -> bytes:
        """Return the keyed hash by which an address is stored: BLAKE2b-256 (RFC 7693)."""
        return blake2b(address, digest_size=32, key=self._address_key).digest()

    # Writing. Every method returns only when what it did is durable.

    async def _write(
        self, operation: Callable[Concatenate[dbapi2.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await self._writer.write(lambda db: operation(db, *args, **kwargs))

    async def stage(
        self, address: bytes, attachment: bytes, n: int, ciphertext: bytes, quota: staging.Quota, today: date
    ) -> None:
        """Keep one part of an upload; see `staging.stage`."""
        part = staging.Part(self.hashed(address), attachment, n, ciphertext)
        await self._write(staging.stage, part, staging.part_digest(ciphertext), quota, today)

    async def discard(self, address: bytes, attachment: bytes) -> None:
        """Give an upload up and overwrite it."""
        await self._write(staging.discard, self.hashed(address), attachment)
        await self._erase()

    async def sweep(self, today: date) -> None:
        """Give up what nobody claimed in two days, and overwrite everything that was given up."""
        while await self._write(staging.discard_old, today):
            pass
        await self._erase()

    async def _erase(self) -> None:
        while await self._write(staging.erase_some):
            pass

    async def submit(self, address: bytes, new: NewCase) -> Standing | None:
        """Store a report, or return the case that stands already at this address; see `cases.submit`."""
        return await self._write(cases.submit, self.hashed(address), new)

    async def append(self, growth: Growth, address: bytes | None = None) -> None:
        """Append to a case if its head is still the one named; see `cases.append`."""
        await self._write(cases.append, growth, None if address is None else self.hashed(address))

    async def destroy(self, case: bytes) -> None:
        """Take every row of a case away and overwrite it; `fold` does the same in the WAL."""
        await self._write(cases.destroy, case)
        await self._erase()

    async def empty(self, case: bytes, head: bytes, today: date) -> None:
        """Take away and overwrite what can be read of a case, if this is its head; the register line stays."""
        await self._write(cases.empty, case, head, today)
        await self._erase()

    async def certify(self, case: bytes, certificate: bytes) -> None:
        """Keep the certificate of a destroyed case in the place of its log."""
        await self._write(cases.certify, case, certificate)

    async def remind(self, made: Sequence[tuple[bytes, Due]]) -> int:
        """Keep reminders, each once for ever; returns how many were new."""
        return await self._write(factrows.remind, made)

    async def propose(self, roster: Roster) -> None:
        """Put a roster up for signing, in the place of another proposal."""
        await self._write(registry.propose, roster)

    async def sign_roster(self, roster: bytes, key: bytes, signature: bytes) -> None:
        """Add a verified signature to the proposal; it counts when it has enough."""
        await self._write(registry.sign, roster, key, signature)

    async def announce(self, key_hash: bytes, thing: bytes) -> None:
        """Keep a signed intake key."""
        await self._write(registry.announce, key_hash, thing)

    async def count_request(self, key: bytes, counter: int) -> None:
        """Take the counter of an officer's request; Refused `replay`."""
        await self._write(registry.count_request, key, counter)

    async def open_form(self, day: date) -> None:
        """Remember the first day on which the form was open."""
        await self._write(registry.open_form, day)

    async def ran(self, day: date, failed: int) -> None:
        """Remember a daily run that came to its end."""
        await self._write(registry.ran, day, failed)

    async def claim_notice(self, day: date) -> bool:
        """Take it on to send the officers' mail of a day; see `registry.claim_notice`."""
        return await self._write(registry.claim_notice, day)

    def fold(self) -> bool:
        """Fold the WAL back into the database and empty it, when something was erased that may stand in it.

        After a case was erased the whole database is written anew, up to LARGEST_REWRITTEN bytes. Returns whether
        nothing is left; False while readers in other processes stand in the way. Nobody waits for them long, since no
        report can be stored meanwhile. Blocks: call it from a thread.
        """
        needed = self._read(registry.to_fold)
        if not needed:
            return True
        with held(self._lock), contextlib.closing(self._connect()) as db:
            try:
                db.execute(f"PRAGMA busy_timeout={_FOLD_MILLISECONDS:d}").fetchall()
                if needed > 1 and self._path.stat().st_size <= LARGEST_REWRITTEN:
                    db.execute("PRAGMA cache_spill=ON").fetchall()
                    db.execute("VACUUM")
                db.execute("UPDATE organisation SET fold = 0")
                ((busy, *_),) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                if busy:
                    db.execute("UPDATE organisation SET fold = ?", (needed,))
            except (dbapi2.Error, OSError):
                raise StoreError("the write-ahead log cannot be folded") from None
        return not busy

    def copy_to(self, path: Path) -> None:
        """Copy the database as it stands now into a new file that only we can read, under the same key.

        Others may go on writing. StoreError when there is something at `path`, or it cannot be written.
        """
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
            with (
                contextlib.closing(self._connect()) as db,
                contextlib.closing(schema.connect(path, self._key)) as copy,
            ):
                db.backup(copy)
                # One file, whole: a copy is moved about without what SQLite keeps beside a database.
                copy.execute("PRAGMA journal_mode=DELETE").fetchall()
            keyfile.sync_directory(path.parent)
        except (OSError, dbapi2.Error):
            raise StoreError("the database cannot be copied") from None

    # Reading.

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let the reads inside see one state of the database. Keep it short: it holds the WAL back."""
        with self._reading:
            db = self._read_connection()
            db.execute("BEGIN")
            try:
                yield
            finally:
                db.execute("COMMIT")

    def _read_connection(self) -> dbapi2.Connection:
        if self._reader is None or self._reader_pid != os.getpid():
            self._reader, self._reader_pid = self._connect(), os.getpid()
            self._reader.execute("PRAGMA query_only=ON").fetchall()
        return self._reader

    def _read(self, query: Callable[Concatenate[dbapi2.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            with self._reading:
                return query(self._read_connection(), *args, **kwargs)
        except dbapi2.Error:
            raise StoreError("the database cannot be read") from None

    def find(self, address: bytes) -> bytes | None:
        """Return the case at an address."""
        return self._read(cases.find, self.hashed(address))

    def find_or_decoy(self, address: bytes) -> tuple[bytes, bool]:
        """Return the case at an address, or a decoy that is always the same for it, after the same reads."""
        hashed = self.hashed(address)
        decoy = self._decoys[hashed[0] % len(self._decoys)]
        found, instead = self._read(cases.find, hashed), self._read(cases.find, decoy)
        if instead is None:
            raise StoreError("a decoy is missing")
        return (instead, False) if found is None else (found, True)

    def log(self, case: bytes, after: int = 0) -> list[bytes]:
        """Return the signed entries of a case from number `after` on; none for a case that does not exist."""
        return self._read(cases.log, case, after)

    def answers(self, case: bytes) -> dict[int, bytes]:
        """Return the officers' answers by entry."""
        return self._read(cases.answers, case)

    def served(self, officer: bytes, case: bytes) -> bool:
        """Whether the case is served to this officer."""
        return self._read(cases.served, officer, case)

    def cases_of(self, officer: bytes) -> list[tuple[bytes, int, bytes]]:
        """Return case, number of entries and head of what is served to this officer."""
        return self._read(cases.cases_of, officer)

    def files(self, case: bytes) -> list[FileLine]:
        """Return the files of a case."""
        return self._read(cases.files, case)

    def file(self, case: bytes, entry: int, slot: str, *, first: bool = False) -> tuple[bytes, bytes] | None:
        """Return header and payload of a file."""
        return self._read(partial(cases.file, first=first), case, entry, slot)

    def attachments(self, case: bytes) -> list[AttachmentLine]:
        """Return the attachments of a case."""
        return self._read(cases.attachments, case)

    def attachment(self, case: bytes, attachment: bytes) -> Iterator[bytes] | None:
        """Return an attachment's ciphertext, row by row, each read for itself; None when there is none."""
        blob = self._read(cases.attachment, case, attachment)
        return None if blob is None else self._chunks(blob)

    def _chunks(self, blob: bytes) -> Iterator[bytes]:
        n = 0
        while (piece := self._read(cases.chunk, blob, n)) is not None:
            yield piece
            n += 1

    def facts(self, case: bytes) -> Facts | None:
        """Return the facts that a case's terms are counted from."""
        return self._read(factrows.read, case)

    def facts_page(self, after: bytes) -> list[tuple[bytes, tuple[Any, ...]]]:
        """Return the next cases after this id with their facts as rows; see `factrows.page`."""
        return self._read(factrows.page, after)

    def reminders(self) -> list[tuple[bytes, Due]]:
        """Return all reminders that stand, by case."""
        return self._read(factrows.reminders)

    def reminders_of(self, officer: bytes) -> dict[bytes, list[Due]]:
        """Return the reminders of the cases that are served to this officer."""
        return self._read(factrows.reminders_of, officer)

    def oldest_unread(self, officer: bytes) -> date | None:
        """Return the day of the oldest message that no officer has reacted to, of the cases served to this one."""
        return self._read(factrows.oldest_unread, officer)

    def newest_received(self) -> date | None:
        """Return the newest day of receipt."""
        return self._read(factrows.newest_received)

    def unserved(self, members: frozenset[bytes]) -> list[bytes]:
        """Return the cases that are served to none of these."""
        return self._read(factrows.unserved, members)

    def certificates(self, officer: bytes) -> list[bytes]:
        """Return the certificates of destroyed cases that this officer was in."""
        return self._read(cases.certificates, officer)

    def announced(self) -> int:
        """Return a number that rises whenever rosters or intake keys change."""
        return self._read(registry.announced)

    def days(self) -> registry.Days:
        """Return the days that the organisation remembers."""
        return self._read(registry.days)

    def rosters(self) -> list[RosterVersion]:
        """Return the versions of the roster that count."""
        return self._read(registry.rosters)

    def proposal(self) -> RosterVersion | None:
        """Return the roster that waits for signatures."""
        return self._read(registry.proposal)

    def intake_keys(self) -> list[bytes]:
        """Return all intake keys, as signed things."""
        return self._read(registry.intake_keys)
