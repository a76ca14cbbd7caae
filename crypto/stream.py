# SPDX-License-Identifier: EUPL-1.2
"""The payload of an age v1 file: a nonce and 64 KiB chunks of ChaCha20-Poly1305 (C2SP age.md, "Payload").

    nonce (16) || chunk 0 || chunk 1 || … || last chunk       chunk = up to 65,536 bytes sealed || tag (16)

- Guarantees: constant memory whatever the size; plaintext leaves `Opener` only after its chunk was authenticated, in
  its place; a cut, doubled, reordered or lengthened payload ends in PayloadError.
- Does not promise that what left before a PayloadError was the whole: a caller who streams must throw it away.
- Called by `age` only. Pure but for the nonce, which comes from the system.
"""

import os
from collections.abc import Iterator
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from meldkluis.crypto.errors import FormatError
from meldkluis.crypto.header import derive

CHUNK: Final = 65_536
TAG: Final = 16
SEALED_CHUNK: Final = CHUNK + TAG
NONCE: Final = 16


class PayloadError(FormatError):
    """The payload is not the one that was written, from the first to the last byte."""


def payload_cipher(file_key: bytes, nonce: bytes) -> ChaCha20Poly1305:
    """Return the payload's cipher: the one place that chooses the library."""
    return ChaCha20Poly1305(derive(file_key, nonce, b"payload"))


def is_payload_length(length: int) -> bool:
    """Tell whether a payload of this many bytes, nonce included, can exist."""
    chunks, rest = divmod(length - NONCE, SEALED_CHUNK)
    # Only the chunk of an empty file is empty.
    return length >= NONCE + TAG and (rest == 0 or rest > TAG or (rest == TAG and chunks == 0))


def _chunk_nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\1" if last else b"\0")


class Sealer:
    """Writes one payload. `update` and `finish` give the bytes that follow the header, the nonce first."""

    def __init__(self, file_key: bytes) -> None:
        nonce = os.urandom(NONCE)
        self._cipher = payload_cipher(file_key, nonce)
        self._ready = nonce
        self._held = bytearray()
        self._number = 0
        self._finished = False

    def update(self, plaintext: bytes) -> bytes:
        """Return the sealed chunks that are complete; up to 64 KiB of plaintext stay inside."""
        self._refuse_after_finish()
        if len(self._held) + len(plaintext) <= CHUNK:
            self._held += plaintext
            return self._take_ready(())
        data = memoryview(bytes(self._held) + plaintext if self._held else plaintext)
        # A full chunk waits as well: it may turn out to be the last one, which is sealed differently.
        whole = (len(data) - 1) // CHUNK * CHUNK
        pieces = [self._seal(data[at : at + CHUNK], last=False) for at in range(0, whole, CHUNK)]
        self._held = bytearray(data[whole:])
        return self._take_ready(pieces)

    def finish(self) -> bytes:
        """Return the last chunk; nothing can be added afterwards."""
        self._refuse_after_finish()
        self._finished = True
        last = self._seal(self._held, last=True)
        self._held = bytearray()
        return self._take_ready((last,))

    def _seal(self, plaintext: memoryview | bytearray, *, last: bool) -> bytes:
        sealed = self._cipher.encrypt(_chunk_nonce(self._number, last=last), plaintext, None)
        self._number += 1
        return sealed

    def _take_ready(self, pieces: list[bytes] | tuple[bytes, ...]) -> bytes:
        ready, self._ready = self._ready, b""
        return b"".join((ready, *pieces))

    def _refuse_after_finish(self) -> None:
        if self._finished:
            raise RuntimeError("the payload is finished")


class Opener:
    """Reads one payload, behind its nonce. What it gives does not depend on how the bytes were cut."""

    def __init__(self, file_key: bytes, nonce: bytes) -> None:
        self._cipher = payload_cipher(file_key, nonce)
        self._held = bytearray()
        self._number = 0
        self._ended = False

    def update(self, sealed: bytes) -> Iterator[bytes]:
        """Yield the plaintext of each chunk that is complete (to be iterated to the end); PayloadError."""
        if len(self._held) + len(sealed) < SEALED_CHUNK:
            self._hold(sealed)
            return
        data = memoryview(bytes(self._held) + sealed if self._held else sealed)
        whole = len(data) // SEALED_CHUNK * SEALED_CHUNK
        self._held = bytearray()
        for at in range(0, whole, SEALED_CHUNK):
            yield self._open_full(data[at : at + SEALED_CHUNK])
        self._hold(data[whole:])

    def finish(self) -> bytes:
        """Return the plaintext of the last chunk when it was shorter than the others; PayloadError."""
        if self._ended:
            return b""
        plaintext = self._open(self._held, last=True)
        if plaintext is None or (not plaintext and self._number):
            raise PayloadError("the payload was cut or changed")
        self._ended = True
        self._held = bytearray()
        return plaintext

    def _hold(self, sealed: bytes | memoryview) -> None:
        if self._ended and sealed:
            raise PayloadError("bytes after the last chunk")
        self._held += sealed

    def _open_full(self, sealed: memoryview) -> bytes:
        if self._ended:
            raise PayloadError("bytes after the last chunk")
        plaintext = self._open(sealed, last=False)
        if plaintext is None:
            # Whether a full chunk is the last one, only its seal tells.
            plaintext = self._open(sealed, last=True)
            if plaintext is None:
                raise PayloadError("the payload was changed")
            self._ended = True
        self._number += 1
        return plaintext

    def _open(self, sealed: memoryview | bytearray, *, last: bool) -> bytes | None:
        try:
            return self._cipher.decrypt(_chunk_nonce(self._number, last=last), sealed, None)
        except InvalidTag:
            return None
