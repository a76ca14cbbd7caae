# SPDX-License-Identifier: EUPL-1.2
"""Finding the code where it does not belong."""

import pytest

from meldkluis.crypto import receipt
from meldkluis.intake.forms import holds_code
from meldkluis.intake.uploads import spellings

CODE = receipt.encode(bytes(range(16)), "nl")
WORDS = CODE.split()


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        f"mijn code is {CODE}.",
        CODE.upper().replace(" ", "-"),
        "".join(WORDS),
        " ".join(f"{number}. {word}" for number, word in enumerate(WORDS, 1)),
        "\n".join(WORDS[3:9]),
        " ".join(word[:4] for word in WORDS),
        f"foto {' '.join(WORDS[6:])}.jpg",
        receipt.encode(bytes(range(16)), "en"),
    ],
)
def test_code_found(text):
    """The code is seen in a text or a file name, whole or half, however it is written."""
    assert holds_code(text, spellings(CODE))


@pytest.mark.parametrize(
    "text", ["", "De aanbesteding klopt niet.", " ".join(WORDS[:3]), " ".join(reversed(WORDS)), WORDS[0] * 20]
)
def test_code_not_found(text):
    """Ordinary texts, also with a few of the words, pass."""
    assert not holds_code(text, spellings(CODE))
