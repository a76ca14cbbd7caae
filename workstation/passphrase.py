# SPDX-License-Identifier: EUPL-1.2
"""Passphrases of vaults: made from words, read without trace, stretched with Argon2id.

- A generated passphrase has 77 bits by itself; Argon2id (RFC 9106) makes each guess cost 64 MiB and a third of a
  second.
- Reading: a prompt that echoes nothing, or a file that nobody else can read. Never an argument, never the environment.
- Parameters are data with provenance and travel with the vault, so that a later version can raise them.
"""

import getpass
import os
import secrets
import stat
import sys
import unicodedata
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Final

from argon2.low_level import Type, hash_secret_raw

from meldkluis.crypto.encoding import sha256
from meldkluis.workstation.errors import PassphraseError

WORDS: Final = 7
"""Words in a generated passphrase: 7 of 2,048 are 77 bits (six would be 66; people remember seven)."""

SHORTEST: Final = 20
"""Characters in a passphrase that somebody thought of: shorter ones are guessed whatever Argon2id costs."""

LONGEST: Final = 1000
SALT: Final = 16
_OUTPUT: Final = 64


@dataclass(frozen=True)
class Stretching:
    """Cost of Argon2id, with where the numbers come from. `memory` is in KiB."""

    source: str
    passes: int
    memory: int
    lanes: int

    def __post_init__(self) -> None:
        # Bounds for a file that somebody else may have written: it must not stop the machine.
        if not (1 <= self.passes <= 64 and 8 * self.lanes <= self.memory <= 4 * 2**20 and 1 <= self.lanes <= 16):
            raise PassphraseError("parameters of Argon2id out of bounds")


RFC_9106_SECOND: Final = Stretching(
    source="RFC 9106 section 4, second recommended option", passes=3, memory=65_536, lanes=4
)
"""The first option wants 2 GiB for one pass, which an officer's laptop cannot always give."""


@dataclass(frozen=True)
class VaultKey:
    """The 32-byte key of the database, and 16 bytes by which a wrong passphrase is told from a damaged vault."""

    key: bytes = field(repr=False)
    check: bytes = field(repr=False)


def word_list() -> list[str]:
    """Return the Dutch word list of the receipt codes."""
    text = resources.files("meldkluis.crypto").joinpath("wordlists/nl.txt").read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def generate() -> str:
    """Return a new passphrase: words with spaces between."""
    words = word_list()
    return " ".join(secrets.choice(words) for _ in range(WORDS))


def normalise(text: str) -> str:
    """Return the passphrase as it is stretched: NFKC, one space between words, none around them."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def checked(text: str) -> str:
    """Return the normalised passphrase; PassphraseError when it may not guard a vault."""
    passphrase = normalise(text)
    if not SHORTEST <= len(passphrase) <= LONGEST or len(set(passphrase)) < SHORTEST // 3:
        raise PassphraseError(f"a passphrase has at least {SHORTEST} characters, and not always the same ones")
    return passphrase


def stretch(passphrase: str, salt: bytes, cost: Stretching) -> VaultKey:
    """Derive the vault's key with Argon2id (RFC 9106); PassphraseError when the memory is not there."""
    secret = normalise(passphrase).encode("utf-8")
    try:
        output = hash_secret_raw(
            secret, salt, time_cost=cost.passes, memory_cost=cost.memory, parallelism=cost.lanes,
            hash_len=_OUTPUT, type=Type.ID,
        )  # fmt: skip
    except Exception:  # noqa: BLE001 - the library's errors are many, and none may leave with its text
        raise PassphraseError("Argon2id could not be computed here") from None
    return VaultKey(output[:32], sha256(b"meldkluis/v1/vault-check\0", output[32:])[:16])


def from_file(path: Path) -> str:
    """Read a passphrase from a file that only its owner can read, or from a pipe (as /dev/fd/3)."""
    try:
        with path.open("rb") as stream:
            facts = os.fstat(stream.fileno())
            if stat.S_ISREG(facts.st_mode) and (facts.st_mode & 0o077 or facts.st_uid != os.geteuid()):
                raise PassphraseError("the passphrase file can be read by others: chmod 600")
            content = stream.read(4 * LONGEST + 1)
    except OSError:
        raise PassphraseError("the passphrase file cannot be read") from None
    try:
        return content.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise PassphraseError("the passphrase file is not text") from None


def prompt(question: str) -> str:
    """Ask at the terminal without echo; PassphraseError where there is none."""
    if not sys.stdin.isatty():
        raise PassphraseError("no terminal to ask at: give --passphrase-file")
    try:
        return getpass.getpass(question)
    except EOFError:
        raise PassphraseError("no passphrase given") from None
