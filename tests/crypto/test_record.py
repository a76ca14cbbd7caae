# SPDX-License-Identifier: EUPL-1.2
"""Records: what each kind holds, and what is refused."""

from datetime import date

import pytest

from meldkluis.crypto.encoding import dump_json, load_json
from meldkluis.crypto.errors import FormatError
from meldkluis.crypto.note import Categories, Note
from meldkluis.crypto.record import RECORDS, Record

EVERY = [(kind, choice) for kind, shape in RECORDS.items() for choice in shape.choices]


def whole(kind: str, choice: str) -> Record:
    return Record(kind, choice, of=3, when=date(2026, 11, 23), whom="Gemeente Voorbeeld", text="Omdat.")


@pytest.mark.parametrize(("kind", "choice"), EVERY)
def test_every_record_comes_back(kind: str, choice: str):
    """A note with a record is read as it was written, whatever the kind."""
    note = Note("wbk", "assessment", record=whole(kind, choice), categories=Categories("financial", "official"))

    assert Note.load(note.dump()) == note


@pytest.mark.parametrize(("kind", "choice"), EVERY)
def test_nothing_is_missing(kind: str, choice: str):
    """Without a field that it cannot be without, a record is refused; the field is named before."""
    empty = Record(kind, choice)

    assert empty.missing() == RECORDS[kind].required(choice)
    if empty.missing():
        with pytest.raises(FormatError):
            Record.from_json(empty.to_json())


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "gossip"},
        {"choice": "maybe"},
        {"more": 1},
        {"of": -1},
        {"when": "x"},
        {"when": "1999-12-31"},
        {"when": "9999-12-31"},
    ],
)
def test_what_there_is_not_is_refused(wrong: dict[str, object]):
    """Unknown kinds, choices and fields are refused."""
    with pytest.raises(FormatError):
        Record.from_json(whole("weighing", "inquiry").to_json() | wrong)


@pytest.mark.parametrize(
    "wrong", [{"type": "x"}, {"measures": ["talk", "talk"]}, {"measures": ["police", "talk"]}, {"measures": ["x"]}]
)
def test_categories_are_strict(wrong: dict[str, object]):
    """A category that there is not, or measures out of order, are refused."""
    document = load_json(Note().dump())
    document["categories"] |= wrong
    with pytest.raises(FormatError):
        Note.load(dump_json(document).decode())
