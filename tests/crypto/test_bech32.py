# SPDX-License-Identifier: EUPL-1.2
"""Bech32: the vectors of BIP 173, and that each key has one spelling."""

import pytest
from hypothesis import given, strategies as st

from meldkluis.crypto import bech32
from meldkluis.crypto.errors import FormatError

HRP = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20).map(str.lower)
LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

VALID = [
    "A12UEL5L",
    "a12uel5l",
    "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
    "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
    "11" + "q" * 82 + "c8247j",
    "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
    "?1ezyfcl",
]

INVALID = {
    "space in the prefix": "\x201nwldj5",
    "control character in the prefix": "\x7f1axkwrx",
    "beyond ASCII": "\x801eym55h",
    "no separator": "pzry9x0s0muk",
    "no prefix": "1pzry9x0s0muk",
    "letter that is none": "x1b4n0q5v",
    "checksum too short": "li1dgmt3",
    "beyond ASCII in the checksum": "de1lg7wt\xff",
    "checksum of the uppercase prefix": "A1G7SGD8",
    "empty prefix": "10a06t8",
    "empty prefix, another": "1qzzfhee",
    "mixed case": "A12uEL5L",
    "nothing": "",
    "separator only": "1",
    "too long": "a1" + "q" * 5000,
    "line end": "a12uel5l\n",
    "fullwidth letters": "a12uel5ｌ",
}


@pytest.mark.parametrize("text", VALID)
def test_valid(text: str) -> None:
    """A valid string of BIP 173 reads, and writes again as it was, in lowercase."""
    hrp, data = bech32.decode(text)

    assert bech32.encode(hrp, data) == text.lower()


@pytest.mark.parametrize("text", INVALID.values(), ids=INVALID.keys())
def test_invalid(text: str) -> None:
    """A malformed string is refused with the one error."""
    with pytest.raises(FormatError):
        bech32.decode(text)


@given(HRP, st.binary(max_size=1300))
def test_round_trip(hrp: str, data: bytes) -> None:
    """Whatever is written reads back, in either case."""
    text = bech32.encode(hrp, data)

    assert bech32.decode(text) == (hrp, data)
    assert bech32.decode(text.upper()) == (hrp, data)


@given(HRP, st.binary(max_size=100), st.data())
def test_one_wrong_letter_is_noticed(hrp: str, data: bytes, draw: st.DataObject) -> None:
    """Any single letter replaced makes the string invalid."""
    text = bech32.encode(hrp, data)
    place = draw.draw(st.integers(len(hrp) + 1, len(text) - 1))
    letter = draw.draw(st.sampled_from([one for one in LETTERS if one != text[place]]))

    with pytest.raises(FormatError):
        bech32.decode(text[:place] + letter + text[place + 1 :])


@given(st.text(max_size=60) | st.text(LETTERS + "1", max_size=60).map(lambda tail: "age1" + tail))
def test_only_what_would_be_written_is_read(text: str) -> None:
    """A string that reads is the one that would be written; everything else is FormatError."""
    try:
        hrp, data = bech32.decode(text)
    except FormatError:
        return

    assert bech32.encode(hrp, data) == text.lower()


def test_bits_behind_the_last_byte() -> None:
    """Spare bits that are not zero, or a whole spare letter, are refused although the checksum fits."""
    for letters in ("qqp", "q", "qqqqqqqqq"):
        values = bytes(LETTERS.index(letter) for letter in letters)
        state = bech32._checksum("age", values + bytes(6)) ^ 1
        tail = "".join(LETTERS[state >> shift & 31] for shift in (25, 20, 15, 10, 5, 0))
        with pytest.raises(FormatError):
            bech32.decode(f"age1{letters}{tail}")
