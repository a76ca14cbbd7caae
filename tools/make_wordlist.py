# SPDX-License-Identifier: EUPL-1.2
"""Make the Dutch list of words for receipt codes again, or check that the committed one is what comes out.

    python tools/make_wordlist.py [--check] [--dictionary /usr/share/dict/dutch]

- Needs the Debian package wdutch and the Python packages wordfreq 3.1.1 and mnemonic 0.21; crypto/wordlists/README.md
  tells their versions and licences.
- Gives the same bytes each time. The list in use must never change: `--check` is what this is for.
"""

import argparse
import re
import sys
from collections.abc import Iterable, Mapping
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "crypto" / "wordlists"
WORDS = 2048
PREFIX = 4
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def read(path: Path) -> set[str]:
    """Return the words of a file, one a line; lines with # are comments."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return {line.strip() for line in lines if line.strip() and not line.startswith("#")}


def one_edit_away(word: str) -> set[str]:
    """Return what comes of a word by adding, dropping or changing one letter or by swapping two neighbours."""
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    added = {head + letter + tail for head, tail in cuts for letter in LETTERS}
    dropped = {head + tail[1:] for head, tail in cuts if tail}
    changed = {head + letter + tail[1:] for head, tail in cuts if tail for letter in LETTERS}
    swapped = {word[:at] + right + left + word[at + 2 :] for at, (left, right) in enumerate(pairwise(word))}
    return (added | dropped | changed | swapped) - {word}


def choose(words: Iterable[str], rank: Mapping[str, int], english: Iterable[str]) -> list[str]:
    """Return, sorted, the first words by rank that fit together; a word without a rank comes last."""
    taken = {word[:PREFIX] for word in english}
    chosen: set[str] = set()
    for word in sorted(words, key=lambda each: (rank.get(each, len(rank)), each)):
        if len(chosen) == WORDS:
            break
        if word[:PREFIX] not in taken and not one_edit_away(word) & chosen:
            chosen.add(word)
            taken.add(word[:PREFIX])
    return sorted(chosen)


def candidates(dictionary: Path) -> set[str]:
    """Return the approved words that the dictionary knows and nobody excluded."""
    known = {word for word in read(dictionary) if re.fullmatch(r"[a-z]{4,8}", word)}
    return (read(FOLDER / "nl-approved.txt") & known) - read(FOLDER / "nl-excluded.txt")


def ranks() -> dict[str, int]:
    """Return wordfreq's Dutch words with their place: 0 for the most frequent, one number for equally frequent ones."""
    from wordfreq import get_frequency_list

    bins = get_frequency_list("nl", "large")
    return {word: place for place, words in enumerate(bins) for word in words}


def english_list() -> bytes:
    """Return BIP-39's English list as the package mnemonic has it."""
    return (files("mnemonic") / "wordlist" / "english.txt").read_bytes()


def main() -> int:
    """Write the lists, or compare them; the exit code is 1 when they differ or come out too short."""
    parser = argparse.ArgumentParser(description="Make the lists of words for receipt codes.")
    parser.add_argument("--dictionary", type=Path, default=Path("/usr/share/dict/dutch"))
    parser.add_argument("--check", action="store_true", help="compare with the committed lists and write nothing")
    options = parser.parse_args()
    english = english_list()
    dutch = choose(candidates(options.dictionary), ranks(), english.decode("ascii").split())
    if len(dutch) != WORDS:
        print(f"Only {len(dutch)} Dutch words fit together.")
        return 1
    made = {"nl.txt": ("\n".join(dutch) + "\n").encode("ascii"), "en.txt": english}
    if options.check:
        differing = [name for name, content in made.items() if (FOLDER / name).read_bytes() != content]
        print("\n".join(f"{name} differs" for name in differing) or "Both lists are what comes out.")
        return 1 if differing else 0
    for name, content in made.items():
        (FOLDER / name).write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
