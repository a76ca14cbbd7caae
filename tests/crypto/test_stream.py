# SPDX-License-Identifier: EUPL-1.2
"""The payload: chunk borders, any cutting, and no plaintext from a chunk that was touched."""

import tracemalloc

import pytest
from hypothesis import given, settings, strategies as st

from meldkluis.crypto.stream import (
    CHUNK,
    NONCE,
    SEALED_CHUNK,
    TAG,
    Opener,
    PayloadError,
    Sealer,
    is_payload_length,
)

KEY = bytes(range(16))
BORDERS = sorted({max(0, chunks * CHUNK + step) for chunks in range(4) for step in (-17, -16, -1, 0, 1, 16, 17)})
lengths = st.sampled_from(BORDERS) | st.integers(0, 4 * CHUNK)


def content(length: int) -> bytes:
    return (bytes(range(251)) * (length // 251 + 1))[:length]


def seal(data: bytes, sizes: list[int] | None = None) -> bytes:
    sealer = Sealer(KEY)
    return b"".join([*(sealer.update(piece) for piece in cut(data, sizes)), sealer.finish()])


def open_all(payload: bytes, sizes: list[int] | None = None) -> bytes:
    opener = Opener(KEY, payload[:NONCE])
    pieces = [plaintext for piece in cut(payload[NONCE:], sizes) for plaintext in opener.update(piece)]
    return b"".join([*pieces, opener.finish()])


def cut(data: bytes, sizes: list[int] | None) -> list[bytes]:
    pieces = []
    for size in sizes or []:
        pieces.append(data[:size])
        data = data[size:]
    return [*pieces, data]


@pytest.mark.parametrize("length", BORDERS)
def test_around_borders(length: int) -> None:
    """A payload around a chunk border reads back and has the length that age gives it."""
    payload = seal(content(length))

    assert open_all(payload) == content(length)
    assert len(payload) == NONCE + length + TAG * max(1, -(-length // CHUNK))
    assert is_payload_length(len(payload))


@settings(max_examples=60, deadline=None)
@given(lengths, st.lists(st.integers(0, 2 * CHUNK), max_size=8), st.lists(st.integers(0, 2 * CHUNK), max_size=8))
def test_any_cutting(length: int, writes: list[int], reads: list[int]) -> None:
    """However it is written and read in pieces, the content is the same."""
    assert open_all(seal(content(length), writes), reads) == content(length)


@settings(max_examples=60, deadline=None)
@given(lengths, st.data())
def test_a_cut_payload(length: int, draw: st.DataObject) -> None:
    """A payload that lost bytes at its end never passes for whole."""
    payload = seal(content(length))
    kept = draw.draw(st.integers(NONCE, len(payload) - 1) | st.sampled_from([NONCE, len(payload) - 1]))

    with pytest.raises(PayloadError):
        open_all(payload[:kept])


@settings(max_examples=60, deadline=None)
@given(lengths, st.data(), st.integers(0, 7))
def test_a_flipped_bit(length: int, draw: st.DataObject, bit: int) -> None:
    """A flipped bit, also in the nonce, ends in PayloadError; what came before it is the true beginning."""
    payload = bytearray(seal(content(length)))
    payload[draw.draw(st.integers(0, len(payload) - 1))] ^= 1 << bit
    opener = Opener(KEY, bytes(payload[:NONCE]))
    released = b""

    with pytest.raises(PayloadError):  # noqa: PT012
        for plaintext in opener.update(bytes(payload[NONCE:])):
            released += plaintext
        released += opener.finish()
    assert content(length).startswith(released)
    assert len(released) % CHUNK == 0


@pytest.mark.parametrize("length", [0, 5, CHUNK, CHUNK + 5, 2 * CHUNK])
@pytest.mark.parametrize("more", [b"\0", bytes(TAG), bytes(SEALED_CHUNK)])
def test_bytes_behind(length: int, more: bytes) -> None:
    """Bytes behind the last chunk are refused, whether they come with it or later."""
    payload = seal(content(length))

    with pytest.raises(PayloadError):
        open_all(payload + more)
    with pytest.raises(PayloadError):
        open_all(payload + more, [len(payload) - NONCE])


def test_moved_chunks() -> None:
    """Chunks that are swapped, doubled or left out are refused."""
    payload = seal(content(3 * CHUNK + 5))
    nonce, chunks = (
        payload[:NONCE],
        [payload[NONCE:][at : at + SEALED_CHUNK] for at in range(0, 4 * CHUNK, SEALED_CHUNK)],
    )
    orders = [(1, 0, 2, 3), (0, 0, 1, 2, 3), (0, 2, 3), (1, 2, 3), (0, 1, 3), (3,)]

    for order in orders:
        with pytest.raises(PayloadError):
            open_all(nonce + b"".join(chunks[number] for number in order))


@given(st.integers(0, 5 * SEALED_CHUNK) | st.sampled_from([NONCE + TAG + n * SEALED_CHUNK for n in range(4)]))
def test_possible_lengths(length: int) -> None:
    """Exactly the lengths that some content gives are possible."""
    rest = length - NONCE
    chunks = max(1, -(-rest // SEALED_CHUNK))
    plain = rest - TAG * chunks

    assert is_payload_length(length) == (plain >= 0 and NONCE + plain + TAG * max(1, -(-plain // CHUNK)) == length)


def test_constant_memory() -> None:
    """Sealing and opening 64 MiB in pieces keeps less than 2 MiB."""
    piece = content(CHUNK * 4)
    sealer = Sealer(KEY)
    opener = Opener(KEY, sealer.update(b""))
    tracemalloc.start()
    for _ in range(256):
        for plaintext in opener.update(sealer.update(piece)):
            assert len(plaintext) == CHUNK
    last = [*opener.update(sealer.finish()), opener.finish()]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert len(b"".join(last)) <= CHUNK
    assert peak < 2 << 20


def test_after_the_end() -> None:
    """A finished payload takes no more: that would be a second file under one nonce."""
    sealer = Sealer(KEY)
    sealer.finish()

    with pytest.raises(RuntimeError):
        sealer.update(b"more")
    with pytest.raises(RuntimeError):
        sealer.finish()
