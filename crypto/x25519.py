# SPDX-License-Identifier: EUPL-1.2
"""age's classical X25519 identities, for reading only (C2SP age.md, "The X25519 recipient type").

- Guarantees: opens what any age tool wrote to such an identity, and refuses malformed stanzas and low-order points.
- Does not wrap: what is recorded today must stay shut when quantum computers come, so no file is made to X25519.
- Called by `age` only. Pure.
"""

from collections.abc import Iterable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from meldkluis.crypto import bech32
from meldkluis.crypto.errors import FormatError
from meldkluis.crypto.header import FILE_KEY, HeaderError, Stanza, decode_base64, derive

KIND: Final = b"X25519"
IDENTITY_PREFIX: Final = "age-secret-key-"
_INFO: Final = b"age-encryption.org/v1/X25519"
_POINT: Final = 32
_BODY: Final = FILE_KEY + 16
_P: Final = 2**255 - 19
_LOW_ORDER: Final = frozenset(
    number.to_bytes(_POINT, "little")
    for number in (
        0,
        1,
        _P - 1,
        _P,
        _P + 1,
        325606250916557431795983626356110631294008115727848805560023387167927233504,
        39382357235489614581723060781553021112529911719440698176882885853963445705823,
    )
)


def is_low_order(point: bytes) -> bool:
    """Tell whether a 32-byte u-coordinate gives an all-zero secret with every key (RFC 7748 section 6.1)."""
    return point[:31] + bytes((point[31] & 0x7F,)) in _LOW_ORDER


class X25519Identity:
    """One classical identity (`AGE-SECRET-KEY-1…`)."""

    def __init__(self, text: str) -> None:
        hrp, secret = bech32.decode(text)
        if hrp != IDENTITY_PREFIX or text != text.upper() or len(secret) != _POINT:
            raise FormatError("not an X25519 identity")
        self._key = x25519.X25519PrivateKey.from_private_bytes(secret)
        self._public = self._key.public_key().public_bytes_raw()

    def unwrap(self, stanzas: Iterable[Stanza]) -> bytes | None:
        """Return the file key, None when no stanza is for this identity; HeaderError when one is malformed."""
        for share, body in [_parse(stanza) for stanza in stanzas if stanza.arguments[0] == KIND]:
            secret = self._key.exchange(x25519.X25519PublicKey.from_public_bytes(share))
            wrap_key = derive(secret, share + self._public, _INFO)
            try:
                return ChaCha20Poly1305(wrap_key).decrypt(bytes(12), body, None)
            except InvalidTag:
                continue
        return None


def _parse(stanza: Stanza) -> tuple[bytes, bytes]:
    if len(stanza.arguments) != 2 or len(stanza.body) != _BODY:
        raise HeaderError("a malformed X25519 stanza")
    share = decode_base64(stanza.arguments[1])
    if len(share) != _POINT or is_low_order(share):
        raise HeaderError("a malformed X25519 stanza")
    return share, stanza.body
