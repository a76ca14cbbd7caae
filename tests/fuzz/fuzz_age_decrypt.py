# SPDX-License-Identifier: EUPL-1.2
"""Fuzz whole decryption: nothing but the two errors, the same streamed and whole, and no forged plaintext."""

import sys

import atheris

with atheris.instrument_imports(include=["meldkluis"]):
    from meldkluis.crypto import age, armor
    from meldkluis.crypto.errors import FormatError, NotForThisKeyError

SEED = bytes(32)
IDENTITIES = [
    age.X25519Identity("AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"),
    age.Identity(SEED),
]
RECIPIENT = age.recipient_of(age.identity_from_seed(SEED))
TEXT = b"an admissible beginning"
FILES = [age.encrypt(TEXT, RECIPIENT), age.encrypt(TEXT, RECIPIENT, 4)]
SEEDS = [FILES[0], FILES[1], armor.encode(FILES[0])]
HEADER = age.split(FILES[0])[0]


def streamed(file: bytes, size: int) -> bytes:
    """The plaintext of a stream in pieces of one size."""
    return b"".join(age.decrypt_stream((file[at : at + size] for at in range(0, len(file), size)), IDENTITIES))


def outcome(call) -> bytes | type[Exception]:
    """The plaintext, or the kind of error."""
    try:
        return call()
    except (FormatError, NotForThisKeyError) as error:
        return type(error)


def one_input(data: bytes) -> None:
    """Open the input as a file, and as a payload behind a good header."""
    for file in (data, HEADER + data):
        whole = outcome(lambda file=file: age.decrypt(file, IDENTITIES))
        cut = outcome(lambda file=file: streamed(file, 1 + len(data) % 97))
        # Damaged armor is noticed at once in a whole file, and where it stands in a stream.
        assert whole == cut or whole is age.ArmorError
        assert isinstance(whole, type) or whole == TEXT
        outcome(lambda file=file: b"".join(age.check_file(file)))
        outcome(lambda file=file: age.rewrap(file, IDENTITIES, RECIPIENT))


def mutate(data: bytes, limit: int, seed: int) -> bytes:
    """Start now and then from a good file, which random bytes would never become."""
    if seed % 4 == 0:
        data = SEEDS[seed // 4 % len(SEEDS)]
    return bytes(atheris.Mutate(data, limit)) if len(data) <= limit else data[:limit]


def main() -> None:
    """Run libFuzzer with the options given."""
    for seed in SEEDS:
        one_input(seed)
    atheris.Setup(sys.argv, one_input, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
