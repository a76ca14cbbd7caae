# SPDX-License-Identifier: EUPL-1.2
"""Fuzz what reads receipt codes: nothing but ReceiptCodeError, and what reads also reads from its own spelling."""

import sys

import atheris

with atheris.instrument_imports(include=["meldkluis"]):
    from meldkluis.crypto import receipt
    from meldkluis.crypto.errors import FormatError

SEEDS = [receipt.encode(bytes([byte]) * 16, language) for byte in (0, 90, 255) for language in receipt.LANGUAGES]
# Words that can be cut in several ways when they stand without spaces between them.
SEEDS.append("can alarm car danger car dice fat alarm cat chair zoo zoo")


def read(text: str) -> None:
    """Read one text; a code must read alike in both languages and without separators where it has only one reading."""
    try:
        entropy = receipt.parse(text)
    except receipt.ReceiptCodeError as error:
        check(error)
        return
    for language in receipt.LANGUAGES:
        assert receipt.parse(receipt.encode(entropy, language)) == entropy
    assert receipt.parse(receipt.encode(entropy, "nl").replace(" ", "")) == entropy


def check(error: receipt.ReceiptCodeError) -> None:
    """An error's places and counts are such as a page can show."""
    if isinstance(error, receipt.WordCountError):
        assert error.count != receipt.WORDS
        assert len(error.numbers) <= error.count
    if isinstance(error, receipt.UnknownWordError | receipt.MixedListsError):
        assert 1 <= error.number <= receipt.WORDS
        assert error.number == error.numbers[0]


def one_input(data: bytes) -> None:
    """Read the input as text, as a code's bytes and as an organisation's name."""
    text = data.decode("utf-8", "surrogateescape")
    read(text)
    read(text.replace(" ", ""))
    if len(data) >= receipt.ENTROPY:
        entropy = data[: receipt.ENTROPY]
        code = receipt.encode(entropy, receipt.LANGUAGES[entropy[0] % 2])
        assert receipt.parse(code) == entropy
        try:
            receipt.derive(code, data[receipt.ENTROPY :].decode("latin-1"))
        except FormatError:
            return


def mutate(data: bytes, limit: int, seed: int) -> bytes:
    """Start now and then from a good code, which random bytes would never become."""
    if seed % 4 == 0:
        data = SEEDS[seed // 4 % len(SEEDS)].encode()
    return bytes(atheris.Mutate(data, limit)) if len(data) <= limit else data[:limit]


def main() -> None:
    """Run libFuzzer with the options given."""
    for seed in SEEDS:
        one_input(seed.encode())
    atheris.Setup(sys.argv, one_input, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
