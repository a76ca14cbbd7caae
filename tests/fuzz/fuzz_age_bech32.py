# SPDX-License-Identifier: EUPL-1.2
"""Fuzz what reads keys: nothing but FormatError, and each key has one spelling."""

import sys

import atheris

with atheris.instrument_imports(include=["meldkluis"]):
    from meldkluis.crypto import age, bech32
    from meldkluis.crypto.errors import FormatError

IDENTITY = age.identity_from_seed(bytes(32))
CLASSICAL = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
SEEDS = [text.encode() for text in (IDENTITY, CLASSICAL, "a12uel5l", "?1ezyfcl", age.recipient_of(IDENTITY))]
PREFIXES = ("age", "age1pq", "age-secret-key-", "age-secret-key-pq-")


def read(text: str) -> None:
    """Read one string as Bech32, as an identity and as a recipient."""
    try:
        hrp, data = bech32.decode(text)
    except FormatError:
        return
    assert bech32.encode(hrp, data) == text.lower()
    for use in (age.recipient_of, age.check_recipient, age.X25519Identity):
        try:
            use(text)
        except FormatError:
            continue


def one_input(data: bytes) -> None:
    """Read the input as text; take it also for a key's bytes, so that the checksum stops nothing."""
    text = data.decode("latin-1")
    read(text)
    if not text.isascii():
        read(data.decode("utf-8", "ignore"))
    # A key has 32 or 1,216 bytes; the lengths around them are what matters.
    if 1 <= len(data) <= 66 or 1216 <= len(data) <= 1218:
        text = bech32.encode(PREFIXES[data[0] % len(PREFIXES)], data[1:])
        read(text.upper() if data[0] & 0x80 else text)


def mutate(data: bytes, limit: int, seed: int) -> bytes:
    """Start now and then from a good key, which random bytes would never become."""
    if seed % 8 == 0:
        # The recipient last and seldom: it is sixty times as long as the others.
        data = SEEDS[-1] if seed % 256 == 0 else SEEDS[seed // 8 % (len(SEEDS) - 1)]
    return bytes(atheris.Mutate(data, limit)) if len(data) <= limit else data[:limit]


def main() -> None:
    """Run libFuzzer with the options given."""
    for seed in SEEDS:
        one_input(seed)
    atheris.Setup(sys.argv, one_input, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
