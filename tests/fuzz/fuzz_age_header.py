# SPDX-License-Identifier: EUPL-1.2
"""Fuzz the header's parser: nothing but HeaderError, and what it accepts has one spelling."""

import sys

import atheris

with atheris.instrument_imports(include=["meldkluis"]):
    from meldkluis.crypto import age, header, x25519
    from meldkluis.crypto.header import HeaderError

HYBRID = age.Identity(bytes(32))
CLASSICAL = x25519.X25519Identity("AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX")
FILE_KEY = bytes(16)
SEEDS = [
    header.build([HYBRID.recipient.wrap(FILE_KEY)], FILE_KEY),
    header.build([header.Stanza((b"X25519", b"A" * 43), bytes(32))], FILE_KEY),
    header.build([header.Stanza((b"a", b"b"), bytes(48)), header.Stanza((b"c",), b"x")], FILE_KEY),
]


def one_input(data: bytes) -> None:
    """Find, parse, unwrap and build again."""
    try:
        end = header.find_end(data)
        parsed = header.parse(data[:end])
    except HeaderError:
        return
    assert data[:end] == parsed.raw
    again = header.build(parsed.stanzas, FILE_KEY)
    assert again.rpartition(b" ")[0] == parsed.raw.rpartition(b" ")[0]
    assert header.parse(again).stanzas == parsed.stanzas
    for identity in (HYBRID, CLASSICAL):
        try:
            assert identity.unwrap(parsed.stanzas) in {None, FILE_KEY}
        except HeaderError:
            continue


def main() -> None:
    """Run libFuzzer with the options given."""
    for seed in SEEDS:
        one_input(seed)
    atheris.Setup(sys.argv, one_input, custom_mutator=mutate)
    atheris.Fuzz()


def mutate(data: bytes, limit: int, seed: int) -> bytes:
    """Start now and then from a good header, which random bytes would never become."""
    if seed % 8 == 0:
        data = SEEDS[seed // 8 % len(SEEDS)]
    return bytes(atheris.Mutate(data, limit)) if len(data) <= limit else data[:limit]


if __name__ == "__main__":
    main()
