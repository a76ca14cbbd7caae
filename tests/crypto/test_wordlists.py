# SPDX-License-Identifier: EUPL-1.2
"""The two lists of words: what holds for them, and that they never change."""

import hashlib
import importlib.util
import re
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest
from mnemonic import Mnemonic

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "crypto" / "wordlists"
DICTIONARY = Path("/usr/share/dict/dutch")

# Whoever changes a list makes codes that were written down unreadable. There is no good reason to change these lines.
DIGESTS = {
    "nl.txt": "941dda2b5cc35fdc84068aa9f17b1af52a4077d1ad4812af2f285fba976a1981",
    "en.txt": "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda",
}


def words(name: str) -> list[str]:
    lines = (FOLDER / name).read_text(encoding="ascii").split("\n")
    assert lines.pop() == ""
    return [line for line in lines if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    """The script that makes the list."""
    spec = importlib.util.spec_from_file_location("make_wordlist", ROOT / "tools" / "make_wordlist.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("name", "digest"), DIGESTS.items())
def test_the_lists_never_change(name: str, digest: str) -> None:
    """Each list is, byte for byte, the one that codes were made from."""
    assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest


def test_the_english_list_is_bip39s() -> None:
    """The English list is the one of BIP-39, in its order."""
    assert words("en.txt") == Mnemonic("english").wordlist


@pytest.mark.parametrize("name", DIGESTS)
def test_a_list_has_2048_words_in_alphabetical_order(name: str) -> None:
    """Eleven bits choose a word; the order is the alphabet's."""
    listed = words(name)

    assert len(listed) == len(set(listed)) == 2048
    assert listed == sorted(listed)


def test_first_four_letters_tell_word_and_language() -> None:
    """No two words of both lists together share their first four letters."""
    prefixes = [word[:4] for name in DIGESTS for word in words(name)]

    assert len(set(prefixes)) == 4096


def test_dutch_words_have_four_to_eight_plain_letters() -> None:
    """No accent, no hyphen, no capital; short enough to copy and long enough to be known by four letters."""
    assert all(re.fullmatch(r"[a-z]{4,8}", word) for word in words("nl.txt"))


def test_no_two_dutch_words_are_one_edit_apart(maker: ModuleType) -> None:
    """One slip of the pen or of the ear never makes another word of the list."""
    listed = set(words("nl.txt"))

    assert {word: near for word in listed if (near := maker.one_edit_away(word) & listed)} == {}


def test_one_edit(maker: ModuleType) -> None:
    """Adding, dropping, changing and swapping are one edit each; the word itself is none."""
    near = maker.one_edit_away("boom")

    assert {"bom", "bloom", "boos", "room", "bomo", "obom", "booms"} <= near
    assert near.isdisjoint({"boom", "bloem", "bomen", "rook"})


def test_approved_and_excluded_words() -> None:
    """Every Dutch word was approved and none excluded; both files are sorted and hold words only."""
    approved, excluded = set(words("nl-approved.txt")), set(words("nl-excluded.txt"))

    assert set(words("nl.txt")) <= approved - excluded
    assert words("nl-approved.txt") == sorted(approved)
    assert all(re.fullmatch(r"[a-z]{4,8}", word) for word in approved | excluded)


def test_choosing(maker: ModuleType) -> None:
    """The more frequent word stays; near ones, equal beginnings and English beginnings go; unranked words come last."""
    rank = {"boom": 1, "boos": 0, "tafel": 2, "tafels": 3, "abandoned": 0, "zebra": 9}

    assert maker.choose([*rank, "aardbei", "aardig"], rank, ["abandon"]) == ["aardbei", "boos", "tafel", "zebra"]


def test_the_list_comes_out_of_its_sources(maker: ModuleType) -> None:
    """Where the dictionary and the frequencies are installed, the committed list is made again byte for byte."""
    if not DICTIONARY.is_file() or importlib.util.find_spec("wordfreq") is None:
        pytest.skip("needs the Debian package wdutch and wordfreq 3.1.1: see crypto/wordlists/README.md")
    assert metadata.version("wordfreq") == "3.1.1"

    assert maker.choose(maker.candidates(DICTIONARY), maker.ranks(), words("en.txt")) == words("nl.txt")
