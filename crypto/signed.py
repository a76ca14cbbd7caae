# SPDX-License-Identifier: EUPL-1.2
"""Signed things: {key, signature, type, payload} as one run of bytes (docs/protocol.md section 3).

- The payload is never written again: what was signed is what travels and what is hashed.
- The reader names the type it expects, so no thing can stand in for one of another kind.
- Ed25519 strictly per RFC 8032: libsodium refuses small-order keys and points and non-canonical encodings.
"""

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from nacl import bindings
from nacl.exceptions import BadSignatureError

from meldkluis.crypto.encoding import sha256
from meldkluis.crypto.errors import FormatError, SignatureError

TYPES: Final = frozenset(
    {
        "roster",
        "intake-key",
        "card",
        "entry",
        "message",
        "identity",
        "answer",
        "grant",
        "note",
        "proof",
        "certificate",
        "case-file",
        "inbox",
        "yearly",
    }
)
KEY: Final = 32
SIGNATURE: Final = 64
_TYPE = re.compile(rb"[a-z-]{1,32}")


@dataclass(frozen=True)
class SigningKey:
    """An Ed25519 key pair. The representation shows nothing."""

    seed: bytes = field(repr=False)
    verify_key: bytes = field(repr=False)
    _secret: bytes = field(repr=False)

    @classmethod
    def from_seed(cls, seed: bytes) -> "SigningKey":
        """Return the key pair of a 32-byte seed (RFC 8032 section 5.1.5)."""
        if len(seed) != KEY:
            raise FormatError("a seed has 32 bytes")
        verify_key, secret = bindings.crypto_sign_seed_keypair(seed)
        return cls(seed, verify_key, secret)

    @classmethod
    def generate(cls) -> "SigningKey":
        """Return a new key pair."""
        return cls.from_seed(bindings.randombytes(KEY))

    def sign(self, message: bytes) -> bytes:
        """Return the bare 64-byte signature of a message."""
        return bindings.crypto_sign(message, self._secret)[:SIGNATURE]


@dataclass(frozen=True)
class Thing:
    """A signed thing whose signature was verified or just made."""

    raw: bytes = field(repr=False)
    key: bytes
    type: str
    payload: bytes = field(repr=False)

    @property
    def signature(self) -> bytes:
        """The 64-byte signature."""
        return self.raw[KEY : KEY + SIGNATURE]

    @cached_property
    def hash(self) -> bytes:
        """SHA-256 of the whole thing, 32 bytes."""
        return sha256(self.raw)


def _message(type_: str, payload: bytes) -> bytes:
    return b"meldkluis/v1/" + type_.encode("ascii") + b"\0" + payload


def verify_bare(key: bytes, signature: bytes, message: bytes) -> None:
    """Verify an Ed25519 signature strictly; SignatureError when it does not hold."""
    if len(key) != KEY or len(signature) != SIGNATURE:
        raise SignatureError("a key or signature of another length")
    try:
        bindings.crypto_sign_open(signature + message, key)
    except BadSignatureError:
        raise SignatureError("the signature does not hold") from None


def join(type_: str, payload: bytes, key: bytes, signature: bytes) -> Thing:
    """Put a thing together from parts that travelled apart, and verify it."""
    if type_ not in TYPES:
        raise FormatError("an unknown type of signed thing")
    verify_bare(key, signature, _message(type_, payload))
    return Thing(key + signature + type_.encode("ascii") + b"\0" + payload, key, type_, payload)


def sign(type_: str, payload: bytes, key: SigningKey) -> Thing:
    """Sign a payload as a thing of this type."""
    if type_ not in TYPES:
        raise FormatError("an unknown type of signed thing")
    signature = key.sign(_message(type_, payload))
    raw = key.verify_key + signature + type_.encode("ascii") + b"\0" + payload
    return Thing(raw, key.verify_key, type_, payload)


def trust(raw: bytes, expected_type: str) -> Thing:
    """Read a thing whose signature was verified before, when it was stored; FormatError."""
    end = raw.find(b"\0", KEY + SIGNATURE, KEY + SIGNATURE + 33)
    if end < 0 or not _TYPE.fullmatch(raw, KEY + SIGNATURE, end):
        raise FormatError("not a signed thing")
    if raw[KEY + SIGNATURE : end] != expected_type.encode("ascii") or expected_type not in TYPES:
        raise FormatError("a signed thing of another type")
    return Thing(raw, raw[:KEY], expected_type, raw[end + 1 :])


def open_thing(raw: bytes, expected_type: str) -> Thing:
    """Read and verify a thing of the expected type; FormatError or SignatureError."""
    thing = trust(raw, expected_type)
    verify_bare(thing.key, thing.signature, b"meldkluis/v1/" + raw[KEY + SIGNATURE :])
    return thing
