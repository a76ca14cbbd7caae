# SPDX-License-Identifier: EUPL-1.2
"""Receipt codes: twelve words that are a reporter's only key (docs/protocol.md section 4).

- A code is 128 random bits and 4 bits of checksum in the structure of BIP-39, from one of two lists of 2,048 words.
- `derive` turns it into everything the reporter's client needs; nothing of it says which code it came from.
- No slow hash: the code carries all the entropy that it needs.
- The checksum is 4 bits wide: 1 in 16 wrong codes is well-formed and is only found to be unknown.
- No exception and no representation shows a word, a secret or a seed; errors name positions and counts.

Called by the server's door, the workstation's demo and the tests; browsers have the same thing in client/.
"""

import hmac
import secrets
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from typing import Final

from meldkluis.crypto.age import identity_from_seed, recipient_of
from meldkluis.crypto.encoding import labelled_hash, organisation_name, sha256
from meldkluis.crypto.errors import CryptoError, FormatError
from meldkluis.crypto.signed import SigningKey

WORDS: Final = 12
ENTROPY: Final = 16
LIST: Final = 2048
PREFIX: Final = 4

# Twelve words of eight letters with generous numbering and white space; longer input is no code.
LONGEST_INPUT: Final = 2000

_BITS_PER_WORD: Final = 11
_CHECKSUM_BITS: Final = 4
# English words of three letters ("act", "actor") make some runs of letters ambiguous; real codes have few readings.
_READINGS: Final = 64
_INFOS: Final = ("address", "reply", "sign", "tag", "commit")


class ReceiptCodeError(CryptoError, ValueError):
    """The text is not a receipt code. Subclasses say what its reader can do about it."""


class WordCountError(ReceiptCodeError):
    """There are not twelve words. `count` is how many there are, `numbers` the places (from 1) of words in no list."""

    def __init__(self, count: int, numbers: tuple[int, ...] = ()) -> None:
        super().__init__("a receipt code has twelve words")
        self.count = count
        self.numbers = numbers


class UnknownWordError(ReceiptCodeError):
    """Some words stand in no list. `numbers` are their places, counted from 1; `number` is the first."""

    def __init__(self, numbers: tuple[int, ...]) -> None:
        super().__init__("a word of the receipt code is in no list")
        self.numbers = numbers
        self.number = numbers[0]


class MixedListsError(ReceiptCodeError):
    """Each word is good, but not all are of one language. `numbers` are the places of the fewer, `number` the first."""

    def __init__(self, numbers: tuple[int, ...]) -> None:
        super().__init__("the words of the receipt code are of two lists")
        self.numbers = numbers
        self.number = numbers[0]


class ChecksumError(ReceiptCodeError):
    """Twelve words of one list that do not belong together: one is wrong, or two changed places."""

    def __init__(self) -> None:
        super().__init__("the words of the receipt code do not belong together")


class _WordList:
    """One list of 2,048 words, found by the whole word or by exactly its first four letters."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self.words = words
        self.whole = {word: index for index, word in enumerate(words)}
        self.index = {word[:PREFIX]: index for index, word in enumerate(words)} | self.whole


def _load(language: str) -> _WordList:
    text = (resources.files(__package__) / "wordlists" / f"{language}.txt").read_text("ascii")
    words = tuple(text.split())
    # A damaged list would make codes that no other client reads: better not to start.
    if len(words) != LIST or len({word[:PREFIX] for word in words}) != LIST:
        raise RuntimeError("a list of words is damaged")
    return _WordList(words)


_LISTS: Final = {language: _load(language) for language in ("nl", "en")}
LANGUAGES: Final = tuple(_LISTS)


@dataclass(frozen=True, eq=False)
class Receipt:
    """What one code is at one organisation. All byte strings have 32 bytes, `case` has 16; nothing shows in a repr."""

    address: bytes = field(repr=False)
    reply: bytes = field(repr=False)
    sign: bytes = field(repr=False)
    tag: bytes = field(repr=False)
    commit: bytes = field(repr=False)
    organisation: str = field(repr=False)

    @cached_property
    def identity(self) -> str:
        """The reporter's age identity, `AGE-SECRET-KEY-PQ-1…`."""
        return identity_from_seed(self.reply)

    @cached_property
    def recipient(self) -> str:
        """The recipient to which officers encrypt their answers, `age1pq1…`."""
        return recipient_of(self.identity)

    @cached_property
    def signing_key(self) -> SigningKey:
        """The reporter's Ed25519 key."""
        return SigningKey.from_seed(self.sign)

    @cached_property
    def case(self) -> bytes:
        """The case's 16 bytes, which follow from organisation and verification key and are assigned by nobody."""
        return case_of(self.organisation, self.signing_key.verify_key)


def case_of(organisation: str, verify_key: bytes) -> bytes:
    """Return the 16 bytes of the case that a reporter's 32-byte verification key makes at an organisation."""
    return labelled_hash("case", organisation_name(organisation).encode("ascii"), b"\0", verify_key)[:16]


def generate(language: str = "nl") -> str:
    """Return a new code: twelve words of one list ("nl" or "en") with single spaces between them."""
    return encode(secrets.token_bytes(ENTROPY), language)


def encode(entropy: bytes, language: str = "nl") -> str:
    """Return the code of 16 bytes. For vectors and tests; new codes come from `generate`."""
    if len(entropy) != ENTROPY:
        raise FormatError("a receipt code is made of 16 bytes")
    if language not in _LISTS:
        raise FormatError("there is no list of words in this language")
    number = int.from_bytes(entropy, "big") << _CHECKSUM_BITS | _checksum(entropy)
    places = range((WORDS - 1) * _BITS_PER_WORD, -1, -_BITS_PER_WORD)
    return " ".join(_LISTS[language].words[number >> place & LIST - 1] for place in places)


def parse(code: str) -> bytes:
    """Return the 16 bytes of a code as people write it; ReceiptCodeError otherwise.

    Case does not matter and all that is not a letter separates. A word is whole or exactly its first four letters.
    Where that makes no twelve words, the letters together are read as whole words without separators.
    """
    tokens = _tokens(code)
    if len(tokens) != WORDS:
        return _parse_run("".join(tokens), len(tokens), _unknown(tokens))
    if unknown := _unknown(tokens):
        raise UnknownWordError(unknown)
    known = {language: _known(tokens, words) for language, words in _LISTS.items()}
    # On a tie the first word decides, since it is the one that its writer began with.
    language = max(known, key=lambda each: (len(known[each]), 1 in known[each]))
    if others := tuple(place for place in range(1, WORDS + 1) if place not in known[language]):
        raise MixedListsError(others)
    entropy = _decode([_LISTS[language].index[token] for token in tokens])
    if entropy is None:
        raise ChecksumError
    return entropy


def derive(code: str, organisation: str) -> Receipt:
    """Return what a code is at an organisation ([a-z0-9-]{1,63}).

    ReceiptCodeError when the code is none, FormatError when the organisation's name is none.
    """
    salt = labelled_hash("receipt", organisation_name(organisation).encode("ascii"))
    # HKDF-SHA256 (RFC 5869): extract once; every output is one block of expand.
    key = hmac.digest(salt, parse(code), "sha256")
    parts = {info: hmac.digest(key, info.encode() + b"\x01", "sha256") for info in _INFOS}
    return Receipt(organisation=organisation, **parts)


def _checksum(entropy: bytes) -> int:
    return sha256(entropy)[0] >> 8 - _CHECKSUM_BITS


def _tokens(code: str) -> list[str]:
    if len(code) > LONGEST_INPUT:
        raise ReceiptCodeError("longer than any receipt code")
    text = unicodedata.normalize("NFKC", code).lower()
    return "".join(letter if letter.isalpha() else " " for letter in text).split()


def _unknown(tokens: list[str]) -> tuple[int, ...]:
    known = [_known(tokens, words) for words in _LISTS.values()]
    return tuple(place for place in range(1, len(tokens) + 1) if not any(place in each for each in known))


def _known(tokens: list[str], words: _WordList) -> frozenset[int]:
    return frozenset(place for place, token in enumerate(tokens, 1) if token in words.index)


def _decode(indices: list[int]) -> bytes | None:
    number = 0
    for index in indices:
        number = number << _BITS_PER_WORD | index
    entropy = (number >> _CHECKSUM_BITS).to_bytes(ENTROPY, "big")
    return entropy if number & (1 << _CHECKSUM_BITS) - 1 == _checksum(entropy) else None


def _parse_run(run: str, count: int, unknown: tuple[int, ...]) -> bytes:
    found = [entropy for words in _LISTS.values() for reading in _readings(run, words) if (entropy := _decode(reading))]
    if len(found) != 1:
        raise WordCountError(count, unknown)
    return found[0]


def _readings(run: str, words: _WordList) -> Iterator[list[int]]:
    """Yield the ways, at most 64, to read a run of letters as twelve whole words of one list."""
    shortest, longest = min(map(len, words.words)), max(map(len, words.words))
    if not WORDS * shortest <= len(run) <= WORDS * longest:
        return
    partial: dict[int, list[list[int]]] = {0: [[]]}
    for _ in range(WORDS):
        grown: dict[int, list[list[int]]] = {}
        for start, heads in partial.items():
            for end in range(start + shortest, min(start + longest, len(run)) + 1):
                index = words.whole.get(run[start:end])
                if index is not None:
                    grown.setdefault(end, []).extend([*head, index] for head in heads)
        partial = {end: heads[:_READINGS] for end, heads in grown.items()}
    yield from partial.get(len(run), [])
