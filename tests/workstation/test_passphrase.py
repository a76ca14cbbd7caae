# SPDX-License-Identifier: EUPL-1.2
"""Passphrases: made, read, stretched."""

import os

import pytest

from meldkluis.workstation import passphrase as passphrases
from meldkluis.workstation.errors import PassphraseError

CHEAP = passphrases.Stretching(source="tests", passes=1, memory=64, lanes=1)
VECTOR = ("932ddde99ba6edd4", "9a63cc8bb7474999")


def test_generated_passphrases_are_words_and_differ():
    """A generated passphrase has seven words of the list, and no two are alike."""
    words = set(passphrases.word_list())
    made = {passphrases.generate() for _ in range(50)}

    assert len(made) == 50
    assert all(len(one.split()) == 7 and set(one.split()) <= words for one in made)
    assert len(words) == 2048


def test_generated_passphrases_may_guard_a_vault():
    """What we make passes our own rule."""
    assert all(passphrases.checked(passphrases.generate()) for _ in range(200))


@pytest.mark.parametrize("weak", ["", "kort", "a" * 40, "1234567890123456789", "ab " * 20])
def test_weak_passphrases_are_refused(weak):
    """Short or monotonous passphrases guard no vault."""
    with pytest.raises(PassphraseError):
        passphrases.checked(weak)


def test_spelling_is_normalised():
    """Spaces around and between, and the two ways to write an é, do not matter; case does."""
    salt = bytes(16)
    one = passphrases.stretch("  café  correct\thorse ", salt, CHEAP)

    assert passphrases.stretch("cafe\u0301 correct horse", salt, CHEAP) == one
    assert passphrases.stretch("Café correct horse", salt, CHEAP) != one


def test_vector_of_argon2id():
    """Argon2id per RFC 9106 of known input: the derivation cannot change unnoticed."""
    key = passphrases.stretch("correct horse battery staple", bytes(range(16)), CHEAP)

    assert (key.key.hex()[:16], key.check.hex()[:16]) == VECTOR


def test_default_cost_is_the_rfcs():
    """Cost and provenance belong together."""
    cost = passphrases.RFC_9106_SECOND

    assert "RFC 9106" in cost.source
    assert (cost.passes, cost.memory, cost.lanes) == (3, 65_536, 4)


@pytest.mark.parametrize(
    ("passes", "memory", "lanes"), [(0, 64, 1), (1, 2**40, 1), (1, 4, 1), (1, 64, 99), (1000, 64, 1)]
)
def test_absurd_costs_are_refused(passes, memory, lanes):
    """A vault.json that somebody changed cannot stop the machine."""
    with pytest.raises(PassphraseError):
        passphrases.Stretching("x", passes, memory, lanes)


def test_keys_do_not_show_themselves():
    """The representation of a key is silent."""
    key = passphrases.stretch("correct horse battery staple", bytes(16), CHEAP)

    assert key.key.hex() not in repr(key)
    assert repr(key) == "VaultKey()"


def test_passphrase_file_of_others_is_refused(tmp_path):
    """A passphrase file that others can read is refused; a private one is read without its line end."""
    path = tmp_path / "passphrase"
    path.write_text("correct horse battery staple\n")
    path.chmod(0o640)
    with pytest.raises(PassphraseError):
        passphrases.from_file(path)
    path.chmod(0o600)

    assert passphrases.from_file(path) == "correct horse battery staple"


def test_passphrase_from_a_pipe():
    """A passphrase can come through a file descriptor."""
    reader, writer = os.pipe()
    try:
        os.write(writer, b"correct horse battery staple\n")
        os.close(writer)
        from pathlib import Path

        assert passphrases.from_file(Path(f"/dev/fd/{reader}")) == "correct horse battery staple"
    finally:
        os.close(reader)


def test_missing_or_binary_file(tmp_path):
    """A file that is not there or not text is a clear error without its content."""
    with pytest.raises(PassphraseError):
        passphrases.from_file(tmp_path / "nothing")
    path = tmp_path / "binary"
    path.write_bytes(b"\xff\xfe")
    path.chmod(0o600)
    with pytest.raises(PassphraseError):
        passphrases.from_file(path)
