# SPDX-License-Identifier: EUPL-1.2
"""Attachments: sealed and opened in pieces, in constant memory (docs/protocol.md section 2).

- One fresh identity an attachment; its seed stands in the message and nowhere else.
- An opener gives bytes as they come; only `finish` says that the attachment is whole and the one that was sent.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from meldkluis.crypto import age
from meldkluis.crypto.encoding import sha256
from meldkluis.crypto.errors import FormatError, MismatchError
from meldkluis.crypto.limits import PART
from meldkluis.crypto.message import AttachmentRef
from meldkluis.crypto.padding import AttachmentUnpadder, attachment_padding

_AGE_STARTS = (b"age-encryption.org/", b"-----BEGIN AGE ENCRYPTED FILE-----")
_START = max(map(len, _AGE_STARTS))


class PartsDigest:
    """SHA-256 over the SHA-256s of consecutive 1 MiB parts, of bytes that come in any pieces."""

    def __init__(self) -> None:
        self._outer = hashlib.sha256()
        self._part = hashlib.sha256()
        self._filled = 0
        self.length = 0

    def update(self, data: bytes) -> None:
        """Take the next piece."""
        view = memoryview(data)
        self.length += len(data)
        while view:
            piece = view[: PART - self._filled]
            self._part.update(piece)
            self._filled += len(piece)
            view = view[len(piece) :]
            if self._filled == PART:
                self._close_part()

    def _close_part(self) -> None:
        self._outer.update(self._part.digest())
        self._part = hashlib.sha256()
        self._filled = 0

    def digest(self) -> bytes:
        """Return the digest of what came; call it once, at the end."""
        if self._filled:
            self._close_part()
        return self._outer.digest()


def digest_of_parts(parts: Iterable[bytes]) -> bytes:
    """Return the digest from the SHA-256s of the parts, each 32 bytes."""
    return sha256(*parts)


@dataclass(frozen=True)
class SealedAttachment:
    """A sealed attachment: what its message says of it, ciphertext size, and the plaintext digest for the tag."""

    ref: AttachmentRef
    size: int
    plaintext_digest: bytes


class AttachmentSealer:
    """Seals one attachment as it streams in."""

    def __init__(self, name: str, attachment_id: bytes | None = None) -> None:
        self.id = os.urandom(16) if attachment_id is None else attachment_id
        self._name = name
        self._seed = os.urandom(32)
        self._encryptor = age.Encryptor([age.Identity(self._seed).recipient])
        self._start = b""
        self._padding: Iterator[bytes] | None = None
        self._plain = PartsDigest()
        self._cipher = PartsDigest()

    @property
    def length(self) -> int:
        """Plaintext bytes taken in so far."""
        return self._plain.length

    def update(self, data: bytes) -> bytes:
        """Take plaintext, give ciphertext; the age header comes with the first piece."""
        if len(self._start) < _START:
            self._start += data[: _START - len(self._start)]
        self._plain.update(data)
        return self._count(self._encryptor.update(data))

    def _count(self, ciphertext: bytes) -> bytes:
        if not self._cipher.length:
            ciphertext = self._encryptor.header + ciphertext
        self._cipher.update(ciphertext)
        return ciphertext

    def padding(self) -> Iterator[bytes]:
        """Give the ciphertext of the padding in pieces, once nothing more is coming; `finish` gives what is not taken.

        Padding of a large file is megabytes, which a server with many uploads had better not hold all at once.
        """
        if self._padding is None:
            self._padding = attachment_padding(self._plain.length)
        for block in self._padding:
            yield self._count(self._encryptor.update(block))

    def finish(self) -> tuple[bytes, SealedAttachment]:
        """Give the rest of the ciphertext, and what the message must say; FormatError for an empty attachment."""
        length = self._plain.length
        if not length:
            raise FormatError("an attachment is never empty")
        rest = b"".join(self.padding()) + self._count(self._encryptor.finish())
        ref = AttachmentRef(
            id=self.id,
            name=self._name,
            length=length,
            seed=self._seed,
            digest=self._cipher.digest(),
            sealed=self._start.startswith(_AGE_STARTS),
        )
        return rest, SealedAttachment(ref, self._cipher.length, self._plain.digest())


def seal_attachment(name: str, data: bytes) -> tuple[bytes, SealedAttachment]:
    """Seal an attachment that is in memory; returns its ciphertext and what the message must say."""
    sealer = AttachmentSealer(name)
    first = sealer.update(data)
    rest, sealed = sealer.finish()
    return first + rest, sealed


def parts_of(ciphertext: bytes) -> Iterator[bytes]:
    """Yield the 1 MiB parts in which a ciphertext travels."""
    for start in range(0, len(ciphertext), PART):
        yield ciphertext[start : start + PART]


def open_attachment(chunks: Iterable[bytes], ref: AttachmentRef) -> Iterator[bytes]:
    """Yield the content; it is good only when the iterator comes to its end without an error.

    NotForThisKeyError, FormatError (PaddingError), or MismatchError when the message names another attachment.
    """
    cipher, unpadder = PartsDigest(), AttachmentUnpadder(ref.length)

    def counted() -> Iterator[bytes]:
        for chunk in chunks:
            cipher.update(chunk)
            yield chunk

    for plaintext in age.decrypt_stream(counted(), [age.Identity(ref.seed)]):
        content = unpadder.update(plaintext)
        if content:
            yield content
    unpadder.finish()
    if cipher.digest() != ref.digest:
        raise MismatchError("not the attachment that the message names")
