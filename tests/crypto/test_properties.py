# SPDX-License-Identifier: EUPL-1.2
"""Properties of padding, encoding, signed things and rosters over inputs that nobody thought of."""

from typing import Any

import pytest
from cast import Cast
from hypothesis import given, settings, strategies as st

from meldkluis.crypto import padding, signed
from meldkluis.crypto.attachment import PartsDigest, digest_of_parts, open_attachment, parts_of, seal_attachment
from meldkluis.crypto.bundle import START, head_length, read_head, write_bundle
from meldkluis.crypto.encoding import b64, dump_json, load_json, sha256, unb64
from meldkluis.crypto.errors import CryptoError, FormatError, PaddingError
from meldkluis.crypto.proof import armor_proof, make_proof, verify_proof

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.binary(max_size=70_000), st.booleans())
@settings(max_examples=60, deadline=None)
def test_padding_comes_off_again(data: bytes, ends_like_padding: bool) -> None:
    """Whatever a text ends in, unpadding gives exactly the text."""
    text = data + b"\x80\0\0" * ends_like_padding
    assert padding.unpad_text(padding.pad_text(text)) == text


@given(st.integers(0, 4095), st.integers(0, 4095), st.integers(1, 255))
@settings(max_examples=200)
def test_one_changed_byte_of_the_padding_never_gives_the_same_text(length: int, place: int, change: int) -> None:
    """Every byte after the text is checked: it is refused, or it is the mark of another text."""
    padded = bytearray(padding.pad_text(b"\xff" * length))
    place = length + place % (4096 - length)
    padded[place] ^= change
    if padded[place] == 0x80:
        assert padding.unpad_text(bytes(padded)) == bytes(padded[:place])
        return
    with pytest.raises(PaddingError):
        padding.unpad_text(bytes(padded))


@given(st.integers(2, 2**34))
def test_padme_hides_the_length_at_little_cost(length: int) -> None:
    """Never smaller, at most 12 % larger, and the same again for the padded length."""
    padded = padding.padme(length)
    assert length <= padded <= length * 1.12
    assert padding.padme(padded) == padded


@given(st.binary(min_size=1, max_size=40_000), st.lists(st.integers(1, 9000), min_size=1, max_size=20))
@settings(max_examples=40, deadline=None)
def test_an_attachment_survives_any_cutting(data: bytes, cuts: list[int]) -> None:
    """However the ciphertext arrives, the content comes back."""
    ciphertext, sealed = seal_attachment("a", data)
    pieces, rest = [], ciphertext
    for cut in cuts:
        pieces.append(rest[:cut])
        rest = rest[cut:]
    assert b"".join(open_attachment([*pieces, rest], sealed.ref)) == data


@given(st.lists(st.binary(max_size=700_000), max_size=5))
@settings(max_examples=15, deadline=None)
def test_the_digest_of_parts_does_not_depend_on_the_pieces(pieces: list[bytes]) -> None:
    """SHA-256 over the SHA-256s of 1 MiB parts, however the bytes came."""
    digest = PartsDigest()
    for piece in pieces:
        digest.update(piece)
    assert digest.digest() == digest_of_parts(sha256(part) for part in parts_of(b"".join(pieces)))


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_what_is_written_is_read(value: dict[str, Any]) -> None:
    """Our own JSON passes our own strict reader unless it nests too deeply."""
    try:
        assert load_json(dump_json(value)) == value
    except FormatError:
        assert "[[" in repr(value) or "{" in repr(value)[1:]
    except UnicodeEncodeError:
        assert any(0xD800 <= ord(letter) < 0xE000 for letter in repr(value)) or "\\ud" in repr(value)


@given(st.binary())
def test_base64_has_one_spelling(data: bytes) -> None:
    """Reading gives back what was written, and no letter can be added."""
    assert unb64(b64(data)) == data
    with pytest.raises(FormatError):
        unb64(b64(data) + "=")


@given(st.binary(max_size=200), st.integers(0, 400), st.integers(1, 255))
@settings(max_examples=200)
def test_no_bit_of_a_signed_thing_may_change(payload: bytes, place: int, change: int) -> None:
    """Key, signature, type and payload all count."""
    raw = bytearray(signed.sign("grant", payload, signed.SigningKey.generate()).raw)
    raw[place % len(raw)] ^= change
    with pytest.raises(CryptoError):
        signed.open_thing(bytes(raw), "grant")


def test_a_bundle_carries_a_report(organisation: Cast) -> None:
    """What is written is read; a lying length, another magic and a malformed head are refused."""
    reporter = organisation.reporter()
    ciphertext, attached = seal_attachment("a", b"x")
    sealed = organisation.compose(reporter, attachments=(attached,), strength="offline")
    raw = write_bundle(reporter.address, sealed.entry.raw, sealed.files, [(attached.ref.id, ciphertext)])
    end = START + head_length(raw[:START])
    head = read_head(raw[START:end])
    assert (head.address, head.entry, dict(head.files)) == (reporter.address, sealed.entry.raw, sealed.files)
    assert head.attachments == ((attached.ref.id, len(ciphertext)),)
    assert raw[end:] == ciphertext
    for wrong in (
        raw[: START - 1],
        b"x" + raw[1:START],
        raw[: START - 4] + b"\xff\xff\xff\xff",
        raw[: START - 4] + bytes(4),
    ):
        with pytest.raises(FormatError):
            head_length(wrong)
    with pytest.raises(FormatError):
        read_head(raw[START : end - 1])


def test_a_proof_is_checked_without_the_server(organisation: Cast) -> None:
    """Organisation, day and terms are read from the proof; a changed letter or a foreign server is refused."""
    sealed = organisation.compose(organisation.reporter())
    facts: dict[str, Any] = {
        "organisation": organisation.roster.organisation,
        "roster": organisation.roster.hash,
        "case": sealed.entry.case,
        "commitment": sealed.entry.fields["commitment"],
        "received": organisation.today,
        "dues": organisation.dues(organisation.today),
    }
    written = armor_proof(make_proof(organisation.server, **facts), [organisation.version])
    proof = verify_proof(written.replace("\n", "\r\n"))
    assert (proof.name, proof.day, proof.anchor) == ("Gemeente Voorbeeld", organisation.today, organisation.roster.hash)
    place = len(written) // 2
    letter = "A" if written[place] != "A" else "B"
    foreign = armor_proof(make_proof(organisation.one.signing, **facts), [organisation.version])
    for wrong in (
        written[:place] + letter + written[place + 1 :],
        foreign,
        "",
        "x",
        written[:-40],
        armor_proof(make_proof(organisation.server, **facts), []),
    ):
        with pytest.raises(CryptoError):
            verify_proof(wrong)
