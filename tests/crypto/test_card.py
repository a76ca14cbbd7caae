# SPDX-License-Identifier: EUPL-1.2
"""An officer's card: made by a workstation, read by the server's command line."""

import base64
import dataclasses

import pytest
from hypothesis import given, strategies as st

from meldkluis.crypto.card import Card, make_card, parse_card
from meldkluis.crypto.encoding import dump_json
from meldkluis.crypto.errors import CryptoError, FormatError, SignatureError
from meldkluis.crypto.signed import SigningKey, sign

BEGIN = "-----BEGIN MELDKLUIS CARD-----"
END = "-----END MELDKLUIS CARD-----"

KEY = SigningKey.generate()
CARD = Card(KEY.verify_key, "gemeente-voorbeeld", "Officer A", "Vertrouwenspersoon", "officer", manager=False, hr=True)


def _armor(raw: bytes) -> str:
    return "\n".join([BEGIN, base64.b64encode(raw).decode(), END])


def test_round_trip() -> None:
    """A card reads back as it was made, also with the line ends of another system."""
    text = make_card(CARD, KEY)

    assert parse_card(text) == CARD
    assert parse_card(" \r\n" + text.replace("\n", " \r\n")) == CARD


@pytest.mark.parametrize(
    "change",
    [
        {"organisation": "Gemeente Voorbeeld"},
        {"organisation": ""},
        {"name": ""},
        {"name": "a\nb"},
        {"name": "a\x1b[2J"},
        {"name": "\u202eabc"},
        {"name": " a"},
        {"name": "a" * 201},
        {"function": ""},
        {"role": "administrator"},
        {"manager": 1},
        {"hr": None},
    ],
)
def test_odd_fields_are_neither_made_nor_read(change: dict[str, object]) -> None:
    """A field that no reader accepts is refused on both sides."""
    card = dataclasses.replace(CARD, **change)  # type: ignore[arg-type]
    payload = {**dataclasses.asdict(card)}
    del payload["key"]

    with pytest.raises(FormatError):
        make_card(card, KEY)
    with pytest.raises(FormatError):
        parse_card(_armor(sign("card", dump_json(payload), KEY).raw))


def test_a_key_of_somebody_else_is_not_introduced() -> None:
    """A card is signed by the key that stands in it."""
    with pytest.raises(FormatError):
        make_card(CARD, SigningKey.generate())


def test_a_changed_card_is_refused() -> None:
    """A card whose bytes were changed does not verify."""
    raw = bytearray(base64.b64decode("".join(make_card(CARD, KEY).splitlines()[1:-1])))
    raw[-10] ^= 1

    with pytest.raises(SignatureError):
        parse_card(_armor(bytes(raw)))


def test_another_thing_is_no_card() -> None:
    """A signed thing of another type with the same payload is refused."""
    payload = {key: value for key, value in dataclasses.asdict(CARD).items() if key != "key"}

    with pytest.raises(FormatError):
        parse_card(_armor(sign("proof", dump_json(payload), KEY).raw))


@given(st.text() | st.binary().map(_armor))
def test_anything_else_is_an_error_of_this_room(text: str) -> None:
    """Whatever stands in a file, only this room's errors leave the reader."""
    with pytest.raises(CryptoError):
        parse_card(text)
