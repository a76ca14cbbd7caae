# SPDX-License-Identifier: EUPL-1.2
"""The textual header: one spelling, and the limits that keep a hostile file cheap."""

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import x25519
from hypothesis import given, settings, strategies as st

from meldkluis.crypto import age, header
from meldkluis.crypto.header import HeaderError, HeaderMacError, Stanza
from meldkluis.crypto.x25519 import _LOW_ORDER, is_low_order

KEY = bytes(range(16))
IDENTITY = age.identity_from_seed(bytes(32))
ARGUMENT = st.binary(min_size=1, max_size=20).map(lambda raw: bytes(0x21 + byte % 94 for byte in raw))
ARGUMENTS = st.lists(ARGUMENT, min_size=1, max_size=4).map(tuple).filter(lambda one: one[0] != b"scrypt")
STANZAS = st.lists(st.builds(Stanza, ARGUMENTS, st.binary(max_size=200)), min_size=1, max_size=32)
WHOLE = header.build([Stanza((b"a", b"b"), bytes(48)), Stanza((b"c",), b"x")], KEY)


def changed(old: bytes, new: bytes) -> bytes:
    assert old in WHOLE
    return WHOLE.replace(old, new, 1)


MALFORMED = {
    "nothing": b"",
    "version only": header.VERSION,
    "another version": changed(b"/v1", b"/v2"),
    "no stanza": header.VERSION + WHOLE[WHOLE.index(b"--- ") :],
    "no MAC": WHOLE[: WHOLE.index(b"---")],
    "no line end": WHOLE[:-1],
    "line end before": b"\n" + WHOLE,
    "line end behind": WHOLE + b"\n",
    "other line ends": WHOLE.replace(b"\n", b"\r\n"),
    "empty argument": changed(b"-> a b", b"-> a  b"),
    "space at the end": changed(b"-> a b", b"-> a b "),
    "no argument": changed(b"-> a b", b"->"),
    "tab": changed(b"-> a b", b"-> a\tb"),
    "letter beyond ASCII": changed(b"-> a b", b"-> a \xe9"),
    "control character": changed(b"-> a b", b"-> a \x7f"),
    "arrow missing": changed(b"-> a b", b"a b"),
    "last line missing": changed(b"A" * 64 + b"\n\n", b"A" * 64 + b"\n"),
    "line too long": changed(b"A" * 64, b"A" * 65),
    "padding": changed(b"eA\n", b"eA==\n"),
    "bits behind the last byte": changed(b"eA\n", b"eB\n"),
    "url alphabet": changed(b"eA\n", b"-_\n"),
    "space in the body": changed(b"eA\n", b"e A\n"),
    "MAC too short": WHOLE[:-3] + b"\n",
    "MAC padded": WHOLE[:-1] + b"=\n",
    "space behind the MAC": WHOLE[:-1] + b" \n",
    "no space before the MAC": WHOLE.replace(b"--- ", b"---"),
}


@settings(max_examples=200)
@given(STANZAS)
def test_round_trip(stanzas: list[Stanza]) -> None:
    """What is built reads back, its MAC fits its file key and no other."""
    raw = header.build(stanzas, KEY)
    parsed = header.parse(raw)

    assert list(parsed.stanzas) == stanzas
    assert parsed.raw == raw
    assert header.find_end(raw + b"payload\n--- x\n") == len(raw)
    header.check_mac(parsed, KEY)
    with pytest.raises(HeaderMacError):
        header.check_mac(parsed, bytes(16))


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed(raw: bytes) -> None:
    """Anything unusual is refused."""
    with pytest.raises(HeaderError):
        header.parse(raw)


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_one_spelling(place: int, byte: int) -> None:
    """A header with a byte replaced is refused, or its MAC no longer fits."""
    raw = WHOLE[:place] + bytes((byte,)) + WHOLE[place + 1 :]
    if raw == WHOLE:
        return

    with pytest.raises((HeaderError, HeaderMacError)):
        header.check_mac(header.parse(raw), KEY)


@given(STANZAS, st.integers(1, 80))
def test_end_is_found_however_it_is_cut(stanzas: list[Stanza], step: int) -> None:
    """The end is found as soon as it is there and not before, searching only what is new."""
    raw = header.build(stanzas, KEY)
    searched = 0
    for length in [*range(0, len(raw), step), len(raw)]:
        end = header.find_end(raw[:length], searched)
        assert end == (len(raw) if length == len(raw) else None)
        searched = length


def test_stanza_limit() -> None:
    """32 stanzas are read, 33 are not."""
    stanzas = [Stanza((b"x",), b"")] * 33

    assert len(header.parse(header.build(stanzas[:32], KEY)).stanzas) == 32
    with pytest.raises(HeaderError):
        header.parse(header.build(stanzas, KEY))


def test_size_limit() -> None:
    """A header of 64 KiB is read, one byte more is not, whole or streamed, and no reader waits for its end."""
    room = 65_536 - len(header.build([Stanza((b"",), b"")], KEY))
    fits, over = (header.build([Stanza((b"x" * size,), b"")], KEY) for size in (room, room + 1))
    payload = age.split(age.encrypt(b"", age.recipient_of(IDENTITY)))[1]

    assert len(fits) == 65_536
    assert header.find_end(fits) == 65_536
    assert len(header.parse(fits).stanzas) == 1
    for raw in (over, header.VERSION + b"-> " + b"x" * 100_000, header.VERSION + b"\n---" + b"x" * 100_000):
        for use in (
            lambda raw=raw: header.parse(raw),
            lambda raw=raw: age.decrypt(raw + payload, IDENTITY),
            lambda raw=raw: list(age.decrypt_stream(endless(raw), IDENTITY)),
        ):
            with pytest.raises(HeaderError):
                use()


def endless(start: bytes) -> Iterator[bytes]:
    yield start
    while True:
        yield b"x" * 1000


def test_low_order_points() -> None:
    """The points that are refused are those with which every secret is zero, in all their spellings."""
    key = x25519.X25519PrivateKey.from_private_bytes(b"\x55" * 32)
    for point in _LOW_ORDER:
        for top in (0, 0x80):
            spelling = point[:31] + bytes((point[31] | top,))
            assert is_low_order(spelling)
            with pytest.raises(ValueError):
                key.exchange(x25519.X25519PublicKey.from_public_bytes(spelling))
    assert not is_low_order(key.public_key().public_bytes_raw())
    assert not is_low_order(b"\x09" + bytes(31))
