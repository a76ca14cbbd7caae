# SPDX-License-Identifier: EUPL-1.2
"""age v1 files (age-encryption.org/v1, C2SP age.md; docs/protocol.md section 2).

    header (version, stanzas, MAC) || nonce || sealed chunks of 64 KiB

Most callers need `encrypt`, `decrypt`, and for attachments `Encryptor` and `decrypt_stream`.

- Guarantees: a file opens for its recipients only, whole or not at all; files are written to post-quantum recipients
  (`age1pq1…`) and no others; stanzas stand in random order, and with `slots` their number tells nothing about the
  number of readers. X25519 identities and armored files can be read.
- Errors: NotForThisKeyError when no identity fits, FormatError (HeaderError, HeaderMacError, PayloadError, ArmorError)
  for everything else that can be wrong with what was given. No exception of a library gets out.
- Does not say who wrote a file: the signed thing inside does. Streamed plaintext counts only once the stream has ended
  without an error.
- Called by every room. No I/O but the system's randomness.
"""

import os
import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from meldkluis.crypto import armor, header, hybrid
from meldkluis.crypto.errors import FormatError, NotForThisKeyError
from meldkluis.crypto.header import FILE_KEY, Header, HeaderError, HeaderMacError
from meldkluis.crypto.hybrid import Identity, Recipient
from meldkluis.crypto.limits import STANZAS
from meldkluis.crypto.stream import NONCE, Opener, PayloadError, Sealer, is_payload_length
from meldkluis.crypto.x25519 import X25519Identity, is_low_order

ArmorError = armor.ArmorError

__all__ = [
    "ArmorError",
    "Encryptor",
    "HeaderError",
    "HeaderMacError",
    "Identity",
    "PayloadError",
    "Recipient",
    "X25519Identity",
    "check_file",
    "check_recipient",
    "count_stanzas",
    "decrypt",
    "decrypt_stream",
    "encrypt",
    "generate_identity",
    "identity_from_seed",
    "recipient_of",
    "rewrap",
    "seed_of",
    "split",
]

# A header as `Encryptor` writes it: 1,120 bytes encapsulated, 32 wrapped, a MAC of 32, in canonical base64.
_WRITTEN = re.compile(
    re.escape(header.VERSION)
    + rb"(?:-> mlkem768x25519 [A-Za-z0-9+/]{1493}[AQgw]\n[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]\n){1,32}"
    + rb"--- [A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]\n"
)

_POINTS = re.compile(rb"\n-> mlkem768x25519 [^\n]{1448}([^\n]{46})\n")  # bytes 1,086 to 1,119: the point is the last 32

AnyIdentity = str | Identity | X25519Identity
AnyRecipient = str | Recipient


def generate_identity() -> str:
    """Return a new identity, `AGE-SECRET-KEY-PQ-1…`."""
    return hybrid.write_seed(os.urandom(hybrid.SEED))


def identity_from_seed(seed: bytes) -> str:
    """Return the identity of a 32-byte seed; FormatError for another length."""
    return hybrid.write_seed(seed)


def seed_of(identity: str) -> bytes:
    """Return the 32-byte seed of an identity; FormatError."""
    return hybrid.read_seed(identity)


def recipient_of(identity: str) -> str:
    """Return the recipient, `age1pq1…`, of a post-quantum identity; FormatError."""
    return str(Identity.from_text(identity).recipient)


def check_recipient(recipient: str) -> None:
    """FormatError unless this is a post-quantum recipient that a file can be encrypted to."""
    Recipient.from_text(recipient)


class Encryptor:
    """Writes one file in pieces: `header`, then what `update` and `finish` give, which is the payload.

    `recipients`: 1 to 32. `slots`: number of stanzas; those left over are wrapped to a recipient that nobody can be.
    FormatError for a recipient that is no post-quantum one, and when there are more recipients than slots.
    """

    def __init__(self, recipients: AnyRecipient | Sequence[AnyRecipient], slots: int | None = None) -> None:
        file_key = os.urandom(FILE_KEY)
        self.header = _wrap(file_key, recipients, slots)
        self._sealer = Sealer(file_key)

    def update(self, plaintext: bytes) -> bytes:
        """Return the payload's bytes that are ready; at most 64 KiB of plaintext stay inside."""
        return self._sealer.update(plaintext)

    def finish(self) -> bytes:
        """Return the rest of the payload. Without it the file does not open."""
        return self._sealer.finish()


def encrypt(data: bytes, recipients: AnyRecipient | Sequence[AnyRecipient], slots: int | None = None) -> bytes:
    """Return an age file that each of the recipients can open; see `Encryptor`."""
    encryptor = Encryptor(recipients, slots)
    return b"".join((encryptor.header, encryptor.update(data), encryptor.finish()))


def decrypt(data: bytes, identities: AnyIdentity | Sequence[AnyIdentity]) -> bytes:
    """Return the plaintext of a binary or armored file; NotForThisKeyError or FormatError."""
    keys = _read_identities(identities)
    if _is_armored(data):
        data = armor.decode(data)
    raw, payload = split(data)
    opener = _open(raw, payload[:NONCE], keys)
    return b"".join((*opener.update(payload[NONCE:]), opener.finish()))


def decrypt_stream(chunks: Iterable[bytes], identities: AnyIdentity | Sequence[AnyIdentity]) -> Iterator[bytes]:
    """Yield the plaintext of a binary or armored file that comes in pieces of any size, in constant memory.

    Each piece was authenticated, but only a stream that ends without NotForThisKeyError or FormatError was the whole.
    """
    return _open_stream(_dearmor(iter(chunks)), _read_identities(identities))


def split(data: bytes) -> tuple[bytes, bytes]:
    """Return header and payload (nonce and chunks) of a binary file; HeaderError. Neither is looked into."""
    end = header.find_end(data)
    if end is None:
        raise HeaderError("a header without its end")
    return data[:end], data[end:]


def rewrap(
    raw_header: bytes,
    identities: AnyIdentity | Sequence[AnyIdentity],
    recipients: AnyRecipient | Sequence[AnyRecipient],
    slots: int | None = None,
) -> bytes:
    """Return a new header for the same payload, to other recipients; NotForThisKeyError or FormatError.

    Whoever could open the file with the old header and kept that header still can.
    """
    file_key = _unwrap(header.parse(raw_header), _read_identities(identities))
    return _wrap(file_key, recipients, slots)


def count_stanzas(raw_header: bytes) -> int:
    """Return the number of stanzas in a header; HeaderError."""
    return len(header.parse(raw_header).stanzas)


def check_file(data: bytes, stanzas: int | None = None) -> tuple[bytes, bytes]:
    """Check without a key that a binary file is one that this project writes; return header and payload.

    HeaderError unless all stanzas are well-formed post-quantum ones (`stanzas` of them, if given); PayloadError when
    no payload can have this length. Whether it opens, only its readers can tell.
    """
    raw, payload = split(data)
    if not _WRITTEN.fullmatch(raw):
        raise HeaderError("a header that is not written here")
    points = _POINTS.findall(raw)
    if stanzas is not None and len(points) != stanzas:
        raise HeaderError("another number of stanzas than it must have")
    if any(is_low_order(header.decode_base64(point)[2:]) for point in points):
        raise HeaderError("a malformed post-quantum stanza")
    if not is_payload_length(len(payload)):
        raise PayloadError("no payload has this length")
    return raw, payload


@lru_cache(maxsize=256)
def _read_recipient(text: str) -> Recipient:
    # Public keys only: reading one costs more than wrapping to it, and intake keys come back with every report.
    return Recipient.from_text(text)


@lru_cache(maxsize=1)
def _nobody() -> Recipient:
    # Its identity is dropped here and now. One a process is enough, since stanzas do not tell whom they are for.
    return Identity.generate().recipient


def _wrap(file_key: bytes, recipients: AnyRecipient | Sequence[AnyRecipient], slots: int | None) -> bytes:
    given = [recipients] if isinstance(recipients, str | Recipient) else list(recipients)
    keys = [_read_recipient(one) if isinstance(one, str) else one for one in given]
    number = len(keys) if slots is None else slots
    if not 1 <= len(keys) <= number <= STANZAS:
        raise FormatError("no recipient, or more than there is room for")
    stanzas = [key.wrap(file_key) for key in [*keys, *[_nobody()] * (number - len(keys))]]
    secrets.SystemRandom().shuffle(stanzas)
    return header.build(stanzas, file_key)


def _read_identities(identities: AnyIdentity | Sequence[AnyIdentity]) -> list[Identity | X25519Identity]:
    given = [identities] if isinstance(identities, str | Identity | X25519Identity) else identities
    return [_read_identity(one) if isinstance(one, str) else one for one in given]


def _read_identity(text: str) -> Identity | X25519Identity:
    if text.lower().startswith(hybrid.IDENTITY_PREFIX):
        return Identity.from_text(text)
    return X25519Identity(text)


def _unwrap(parsed: Header, identities: Iterable[Identity | X25519Identity]) -> bytes:
    for identity in identities:
        file_key = identity.unwrap(parsed.stanzas)
        if file_key is not None:
            header.check_mac(parsed, file_key)
            return file_key
    raise NotForThisKeyError("none of the identities opens this file")


def _open(raw_header: bytes, nonce: bytes, identities: Iterable[Identity | X25519Identity]) -> Opener:
    file_key = _unwrap(header.parse(raw_header), identities)
    if len(nonce) < NONCE:
        raise HeaderError("the file ends before its payload")
    return Opener(file_key, nonce)


def _is_armored(start: bytes) -> bool:
    # Binary files begin with the name of the format and a cut one with a part of it; all else can only be armored.
    return not header.FAMILY.startswith(start[: len(header.FAMILY)])


def _dearmor(chunks: Iterator[bytes]) -> Iterator[bytes]:
    start = _take(chunks, bytearray(), len(header.FAMILY))
    if not _is_armored(bytes(start)):
        yield bytes(start)
        yield from chunks
        return
    reader = armor.ArmorReader()
    yield reader.update(bytes(start))
    for chunk in chunks:
        yield reader.update(chunk)
    yield reader.finish()


def _open_stream(chunks: Iterator[bytes], identities: list[Identity | X25519Identity]) -> Iterator[bytes]:
    held = bytearray()
    searched, end = 0, None
    while end is None:
        end = header.find_end(held, searched)
        searched = len(held)
        if end is None and len(_take(chunks, held, searched + 1)) == searched:
            raise HeaderError("a header without its end")
    raw = bytes(held[:end])
    held = _take(chunks, held[end:], NONCE)
    opener = _open(raw, bytes(held[:NONCE]), identities)
    yield from opener.update(bytes(held[NONCE:]))
    for chunk in chunks:
        yield from opener.update(chunk)
    if last := opener.finish():
        yield last


def _take(chunks: Iterator[bytes], held: bytearray, least: int) -> bytearray:
    while len(held) < least:
        chunk = next(chunks, None)
        if chunk is None:
            break
        held += chunk
    return held
