# SPDX-License-Identifier: EUPL-1.2
"""age's post-quantum recipients: HPKE with MLKEM768-X25519 (C2SP age.md; docs/protocol.md section 2).

- Guarantees: a file key wrapped here stays shut unless both ML-KEM-768 and X25519 are broken; a stanza does not tell
  to whom it was wrapped; malformed stanzas and low-order points are refused.
- Does not authenticate the sender: signed things inside the file do.
- Called by `age`; others see recipients and identities as strings, or as `age.Recipient` and `age.Identity`.
"""

import hashlib
import os
from collections.abc import Iterable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519

from meldkluis.crypto import bech32
from meldkluis.crypto.errors import FormatError
from meldkluis.crypto.header import FILE_KEY, HeaderError, Stanza, decode_base64, encode_base64
from meldkluis.crypto.x25519 import is_low_order

KIND: Final = b"mlkem768x25519"
RECIPIENT_PREFIX: Final = "age1pq"
IDENTITY_PREFIX: Final = "age-secret-key-pq-"
SEED: Final = 32
_INFO: Final = b"age-encryption.org/mlkem768x25519"
_SUITE: Final = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)
_MLKEM_PUBLIC: Final = 1184
_MLKEM_CIPHERTEXT: Final = 1088
_MLKEM_SEED: Final = 64
_POINT: Final = 32
_ENCAPSULATED: Final = _MLKEM_CIPHERTEXT + _POINT
_BODY: Final = FILE_KEY + 16


class Recipient:
    """Somebody's public key (`age1pq1…`), ready for use: 1,216 bytes, ML-KEM's first."""

    def __init__(self, public: bytes) -> None:
        if len(public) != _MLKEM_PUBLIC + _POINT or is_low_order(public[_MLKEM_PUBLIC:]):
            raise FormatError("not a post-quantum recipient")
        try:
            first = mlkem.MLKEM768PublicKey.from_public_bytes(public[:_MLKEM_PUBLIC])
        except ValueError:
            raise FormatError("not a post-quantum recipient") from None
        self._public = public
        self._key = hpke.MLKEM768X25519PublicKey(
            first, x25519.X25519PublicKey.from_public_bytes(public[_MLKEM_PUBLIC:])
        )

    @classmethod
    def from_text(cls, text: str) -> "Recipient":
        """Read `age1pq1…`; FormatError for everything else, classical recipients (`age1…`) among it."""
        hrp, public = bech32.decode(text)
        if hrp != RECIPIENT_PREFIX or text != text.lower():
            raise FormatError("not a post-quantum recipient")
        return cls(public)

    def __str__(self) -> str:
        return bech32.encode(RECIPIENT_PREFIX, self._public)

    def wrap(self, file_key: bytes) -> Stanza:
        """Return a fresh stanza from which the identity, and nobody else, gets the file key."""
        sealed = _SUITE.encrypt(file_key, self._key, _INFO)
        return Stanza((KIND, encode_base64(sealed[:_ENCAPSULATED])), sealed[_ENCAPSULATED:])


class Identity:
    """Somebody's secret key (`AGE-SECRET-KEY-PQ-1…`), expanded from its 32-byte seed. It has no readable form."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED:
            raise FormatError("not a seed of an identity")
        expanded = hashlib.shake_256(seed).digest(_MLKEM_SEED + _POINT)
        self._first = mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED])
        self._second = x25519.X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED:])
        self._key = hpke.MLKEM768X25519PrivateKey(self._first, self._second)

    @classmethod
    def from_text(cls, text: str) -> "Identity":
        """Read `AGE-SECRET-KEY-PQ-1…`; FormatError for everything else."""
        return cls(read_seed(text))

    @classmethod
    def generate(cls) -> "Identity":
        """Return a new identity from the system's randomness."""
        return cls(os.urandom(SEED))

    @property
    def recipient(self) -> Recipient:
        """The public key that belongs to it."""
        return Recipient(self._first.public_key().public_bytes_raw() + self._second.public_key().public_bytes_raw())

    def unwrap(self, stanzas: Iterable[Stanza]) -> bytes | None:
        """Return the file key, None when no stanza is for this identity; HeaderError when one is malformed."""
        # All are checked before one is tried: a file opens for every reader or for none.
        for sealed in [_parse(stanza) for stanza in stanzas if stanza.arguments[0] == KIND]:
            try:
                return _SUITE.decrypt(sealed, self._key, _INFO)
            except InvalidTag:
                continue
        return None


def write_seed(seed: bytes) -> str:
    """Return the identity of a 32-byte seed as text."""
    if len(seed) != SEED:
        raise FormatError("not a seed of an identity")
    return bech32.encode(IDENTITY_PREFIX, seed).upper()


def read_seed(text: str) -> bytes:
    """Return the 32-byte seed of an identity in text; FormatError."""
    hrp, seed = bech32.decode(text)
    if hrp != IDENTITY_PREFIX or text != text.upper() or len(seed) != SEED:
        raise FormatError("not a post-quantum identity")
    return seed


def _parse(stanza: Stanza) -> bytes:
    # The body's length is checked before it is opened, or a crafted file could test several keys at once (age.md).
    if len(stanza.arguments) != 2 or len(stanza.body) != _BODY:
        raise HeaderError("a malformed post-quantum stanza")
    encapsulated = decode_base64(stanza.arguments[1])
    if len(encapsulated) != _ENCAPSULATED or is_low_order(encapsulated[_MLKEM_CIPHERTEXT:]):
        raise HeaderError("a malformed post-quantum stanza")
    return encapsulated + stanza.body
