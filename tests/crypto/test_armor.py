# SPDX-License-Identifier: EUPL-1.2
"""ASCII armor: strict, the same in one piece or in many; the public vectors stand in test_age_vectors.py."""

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from meldkluis.crypto import armor
from meldkluis.crypto.errors import FormatError

DATA = bytes(range(100))
TEXT = armor.encode(DATA)
LINES = TEXT.splitlines()

MALFORMED = {
    "empty": b"",
    "white space only": b" \n \n",
    "first line only": LINES[0] + b"\n",
    "no last line": b"\n".join(LINES[:-1]) + b"\n",
    "two files": TEXT + TEXT,
    "white space before the first line's text": b" " + TEXT,
    "white space behind a line": TEXT.replace(LINES[1], LINES[1] + b" "),
    "two line ends": TEXT.replace(b"\n", b"\r\r\n"),
    "old line ends": TEXT.replace(b"\n", b"\r"),
    "lines of 63": TEXT.replace(LINES[1], LINES[1][:63]),
    "url alphabet": armor.encode(b"\xff" * 48).replace(b"/", b"_"),
    "padding missing": armor.encode(b"a").replace(b"YQ==", b"YQ"),
    "padding too long": armor.encode(b"a").replace(b"YQ==", b"YQ==="),
    "bits behind the last byte": armor.encode(b"a").replace(b"YQ==", b"YR=="),
    "padding in the middle": TEXT.replace(LINES[1], LINES[1][:62] + b"=="),
    "too much white space before": b"\n" * 1025 + TEXT,
    "too much white space behind": TEXT + b" " * 1025,
    "endless line": b"A" * 5000,
    "endless line inside": LINES[0] + b"\n" + b"A" * 5000,
    "text before": b"age\n" + TEXT,
    "NUL behind": TEXT + b"\0",
}


def read(text: bytes, cuts: list[int]) -> bytes:
    reader = armor.ArmorReader()
    edges = [0, *sorted(cuts), len(text)]
    pieces = [reader.update(text[start:end]) for start, end in pairwise(edges)]
    return b"".join(pieces) + reader.finish()


@given(st.binary(max_size=400), st.data(), st.sampled_from([b"\n", b"\r\n"]))
def test_round_trip(data: bytes, draw: st.DataObject, line_end: bytes) -> None:
    """What is written reads back, whatever the line ends and however it is cut."""
    text = b" \r\n\n" + armor.encode(data).replace(b"\n", line_end) + b"\t\n"
    cuts = draw.draw(st.lists(st.integers(0, len(text)), max_size=20))

    assert read(text, cuts) == data


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed(text: bytes) -> None:
    """Anything unusual is refused, whole and byte by byte."""
    with pytest.raises(armor.ArmorError):
        armor.decode(text)
    with pytest.raises(armor.ArmorError):
        read(text, list(range(len(text))))


@given(st.integers(0, len(TEXT) - 1), st.integers(0, 255))
def test_one_spelling(place: int, byte: int) -> None:
    """Text with a byte replaced is refused or is another file; only line ends and white space outside are free."""
    changed = TEXT[:place] + bytes((byte,)) + TEXT[place + 1 :]
    try:
        data = armor.decode(changed)
    except FormatError:
        return

    assert armor.encode(data).strip() == changed.strip()
