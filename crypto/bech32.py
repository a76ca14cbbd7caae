# SPDX-License-Identifier: EUPL-1.2
"""Bech32 (BIP 173) without its length limit, as age writes keys.

- Guarantees: what `decode` accepts, `encode` writes again letter by letter; one error, FormatError, for all the rest.
- Does not know which prefixes exist or how long a key is: `hybrid` and `x25519` check that.
- Called by those two modules only. Pure.
"""

import base64
from functools import reduce
from typing import Final

from meldkluis.crypto.errors import FormatError

LONGEST: Final = 4096
"""Characters in a string that is read: a hybrid recipient has 1,959."""

_ALPHABET: Final = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_RFC4648: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_TO_BECH32: Final = bytes.maketrans(_RFC4648, _ALPHABET)
_TO_DIGITS: Final = bytes.maketrans(_ALPHABET, b"0123456789abcdefghijklmnopqrstuv")
_TO_VALUES: Final = bytes.maketrans(_ALPHABET, bytes(range(32)))
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM: Final = 6


def _step(state: int, value: int) -> int:
    top = state >> 25
    state = (state & 0x1FFFFFF) << 5 ^ value
    for bit, generator in enumerate(_GENERATOR):
        if top >> bit & 1:
            state ^= generator
    return state


# The checksum is linear, so two letters go in one look-up: a recipient has 1,959, and reports bring new ones.
_PAIRS: Final = tuple(reduce(_step, (0, 0), pair << 20) for pair in range(1024))


def _checksum(hrp: str, values: bytes) -> int:
    prefix = [ord(letter) >> 5 for letter in hrp] + [0] + [ord(letter) & 31 for letter in hrp]
    odd = len(values) % 2
    state = reduce(_step, [*prefix, *values[:odd]], 1)
    for first, second in zip(values[odd::2], values[odd + 1 :: 2], strict=True):
        state = (state & 0xFFFFF) << 10 ^ first << 5 ^ second ^ _PAIRS[state >> 20]
    return state


def encode(hrp: str, data: bytes) -> str:
    """Return the lowercase Bech32 string of the bytes behind the lowercase prefix."""
    letters = base64.b32encode(data).rstrip(b"=").translate(_TO_BECH32)
    state = _checksum(hrp, letters.translate(_TO_VALUES) + bytes(_CHECKSUM)) ^ 1
    tail = bytes(_ALPHABET[state >> shift & 31] for shift in (25, 20, 15, 10, 5, 0))
    return f"{hrp}1{(letters + tail).decode('ascii')}"


def decode(text: str) -> tuple[str, bytes]:
    """Return prefix (lowercase) and bytes of a string that is all lowercase or all uppercase; FormatError else."""
    if len(text) > LONGEST or not text.isascii() or text not in {text.lower(), text.upper()}:
        raise FormatError("not Bech32")
    hrp, separator, tail = text.lower().rpartition("1")
    letters = tail.encode("ascii")
    if not separator or not hrp or not hrp.isprintable() or " " in hrp or len(letters) < _CHECKSUM:
        raise FormatError("not Bech32")
    if letters.translate(None, _ALPHABET):
        raise FormatError("not Bech32")
    if _checksum(hrp, letters.translate(_TO_VALUES)) != 1:
        raise FormatError("the checksum of a key is wrong")
    return hrp, _unpack(letters[:-_CHECKSUM])


def _unpack(letters: bytes) -> bytes:
    length, spare = divmod(5 * len(letters), 8)
    number = int(letters.translate(_TO_DIGITS) or b"0", 32)
    # The bits behind the last byte are less than a letter and zero, or one key would have several spellings.
    if spare >= 5 or number & ((1 << spare) - 1):
        raise FormatError("not the canonical Bech32")
    return (number >> spare).to_bytes(length, "big")
