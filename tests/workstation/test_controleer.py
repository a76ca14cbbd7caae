# SPDX-License-Identifier: EUPL-1.2
"""The signatures of a case file's own check: as strict as libsodium, of which it has nothing."""

import pytest
from hypothesis import given, settings, strategies as st

from meldkluis.crypto.errors import SignatureError
from meldkluis.crypto.signed import SigningKey, verify_bare
from meldkluis.workstation.controleer import BASE, L, P, holds, times

SIGNER = SigningKey.from_seed(bytes(range(32)))
# RFC 8032 section 7.1, tests 1 to 3.
VECTORS = (
    ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
)  # fmt: skip
SMALL = [(1).to_bytes(32, "little"), bytes(32), (P - 1).to_bytes(32, "little"), bytes(31) + b"\x80"]
TWICE = [(P + 1).to_bytes(32, "little"), (1).to_bytes(31, "little") + b"\x80"]
"""Points of small order, and second spellings of such."""


def theirs(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        verify_bare(key, signature, message)
    except SignatureError:
        return False
    return True


@pytest.mark.parametrize("vector", VECTORS)
def test_published_signatures(vector):
    """The signatures that RFC 8032 publishes hold, and with one bit of anything changed do not."""
    _, key, message, signature = map(bytes.fromhex, vector)
    assert holds(key, signature, message)
    assert not holds(key, signature, message + b"x")
    for place in (0, 31, 32, 62):
        broken = bytes(byte ^ (at == place) for at, byte in enumerate(signature))
        assert not holds(key, broken, message)


@pytest.mark.parametrize("point", SMALL + TWICE)
def test_keys_and_points_of_small_order(point):
    """A key or a point of small order, with which a signature holds for many messages, holds for none."""
    for message in (b"", b"a", b"b", b"c", b"d", b"e", b"f", b"g", b"h"):
        for start in SMALL:
            assert not holds(point, start + bytes(32), message)
        assert not holds(SIGNER.verify_key, point + SIGNER.sign(message)[32:], message)


def test_a_key_that_signs_for_nobody():
    """With the key (0, -1) every point signs some message: refused, though the equation holds (so libsodium does)."""
    key, scalar = SMALL[2], 12345
    x, y, z, _ = times(scalar, BASE)
    x, y = x * pow(z, -1, P) % P, y * pow(z, -1, P) % P
    signature = (y | (x & 1) << 255).to_bytes(32, "little") + scalar.to_bytes(32, "little")
    for number in range(16):
        message = bytes([number])
        assert not holds(key, signature, message)
        assert not theirs(key, signature, message)


def test_a_second_spelling_of_a_signature():
    """A scalar that is not reduced is refused (RFC 8032 section 5.1.7): each signature has one spelling."""
    signature = SIGNER.sign(b"a")
    again = (int.from_bytes(signature[32:], "little") + L).to_bytes(32, "little")

    assert holds(SIGNER.verify_key, signature, b"a")
    assert not holds(SIGNER.verify_key, signature[:32] + again, b"a")


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=40), st.integers(0, 63), st.integers(0, 255))
def test_as_libsodium(seed, message, place, flip):
    """Any signature, changed in any byte or not, holds here exactly if libsodium says so."""
    key = SigningKey.from_seed(seed)
    signature = bytearray(key.sign(message))
    signature[place] ^= flip

    assert holds(key.verify_key, bytes(signature), message) is theirs(key.verify_key, bytes(signature), message)
    assert holds(bytes(signature[:32]), bytes(signature), message) is theirs(
        bytes(signature[:32]), bytes(signature), message
    )


def test_other_lengths():
    """A key or signature of another length never holds."""
    signature = SIGNER.sign(b"a")
    assert not holds(SIGNER.verify_key[:31], signature, b"a")
    assert not holds(SIGNER.verify_key, signature + b"x", b"a")
