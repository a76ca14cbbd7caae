# SPDX-License-Identifier: EUPL-1.2
"""Fuzz the armor's reader: nothing but ArmorError, one spelling, and the same however the text is cut."""

import sys

import atheris

with atheris.instrument_imports(include=["meldkluis"]):
    from meldkluis.crypto import armor

SEEDS = [armor.encode(bytes(length)) for length in (0, 1, 47, 48, 49, 100, 200)]


def read(pieces: list[bytes]) -> bytes | None:
    """What the pieces give together; None when they are refused."""
    reader = armor.ArmorReader()
    try:
        return b"".join([*map(reader.update, pieces), reader.finish()])
    except armor.ArmorError:
        return None


def one_input(data: bytes) -> None:
    """Read whole and cut in two places that depend on the input."""
    whole = read([data])
    first, second = sorted((sum(data) % (len(data) + 1), len(data) // 3))
    assert read([data[:first], data[first:second], data[second:]]) == whole
    if whole is not None:
        assert armor.encode(whole).strip() == data.strip().replace(b"\r\n", b"\n")


def mutate(data: bytes, limit: int, seed: int) -> bytes:
    """Start now and then from good armor, which random bytes would never become."""
    if seed % 8 == 0:
        data = SEEDS[seed // 8 % len(SEEDS)]
    return bytes(atheris.Mutate(data, limit)) if len(data) <= limit else data[:limit]


def main() -> None:
    """Run libFuzzer with the options given."""
    for seed in SEEDS:
        one_input(seed)
    atheris.Setup(sys.argv, one_input, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
