# SPDX-License-Identifier: EUPL-1.2
"""One age file with a tar inside, written as it is read: nothing is held but a piece of it, nothing touches a disk.

- POSIX tar (pax) as the standard library writes its headers; owner, mode and time say nothing but the day.
- `SHA256SUMS` comes after what it lists and `HANDTEKENING.json` after that: the officer's signature over the list.
- A member that turns out to have another length than was said ends the file early, so that it never opens whole.
"""

import calendar
import hashlib
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from meldkluis.crypto import age
from meldkluis.crypto.encoding import b64, dump_json
from meldkluis.crypto.signed import SigningKey, sign
from meldkluis.workstation.errors import WorkstationError

SUMS: Final = "SHA256SUMS"
SIGNATURE: Final = "HANDTEKENING.json"
_BLOCK: Final = 512


@dataclass(frozen=True)
class Member:
    """A file of the tar: its path, its length in bytes, and what gives its content, called once."""

    name: str
    length: int
    content: Callable[[], Iterable[bytes]] = field(repr=False)


@dataclass
class Sums:
    """SHA-256 of every member that was written, by its name, in order."""

    digests: dict[str, str] = field(default_factory=dict)

    def text(self) -> bytes:
        """Return the list as sha256sum(1) reads it."""
        return "".join(f"{digest}  {name}\n" for name, digest in self.digests.items()).encode()


def whole(name: str, content: bytes) -> Member:
    """Return a member that is in memory."""
    return Member(name, len(content), lambda: [content])


def sealed_tar(
    members: Callable[[Sums], Iterator[Member]], folder: str, day: date, signer: SigningKey, recipient: str
) -> Iterator[bytes]:
    """Yield the age file for `recipient` with a tar of `members` under `folder`.

    `members` is given the hashes of what was written before, and yields each member when the one before is written.
    """
    encryptor = age.Encryptor([recipient])
    yield encryptor.header
    for piece in _tar(members, folder, day, signer):
        if sealed := encryptor.update(piece):
            yield sealed
    yield encryptor.finish()


def _tar(
    members: Callable[[Sums], Iterator[Member]], folder: str, day: date, signer: SigningKey
) -> Iterator[bytes]:  # fmt: skip
    sums = Sums()
    for member in members(sums):
        digest = hashlib.sha256()
        yield from _one(member, folder, day, digest.update)
        sums.digests[member.name] = digest.hexdigest()
    listed = sums.text()
    thing = sign("case-file", listed, signer)
    signature = dump_json({"key": b64(thing.key), "signature": b64(thing.signature)}) + b"\n"
    for last in (whole(SUMS, listed), whole(SIGNATURE, signature)):
        yield from _one(last, folder, day, lambda _: None)
    yield bytes(2 * _BLOCK)


def _one(member: Member, folder: str, day: date, count: Callable[[bytes], None]) -> Iterator[bytes]:
    info = tarfile.TarInfo(f"{folder}/{member.name}")
    info.size, info.mode, info.mtime = member.length, 0o644, calendar.timegm(day.timetuple())
    yield info.tobuf(tarfile.PAX_FORMAT)
    length = 0
    for piece in member.content():
        length += len(piece)
        if length > member.length:
            break
        count(piece)
        yield piece
    if length != member.length:
        raise WorkstationError("a member of another length than was said")
    yield bytes(-length % _BLOCK)
