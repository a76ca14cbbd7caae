# SPDX-License-Identifier: EUPL-1.2
"""What of a form is kept, and finding the code where it does not belong."""

import asyncio

import pytest
from starlette.requests import Request

from meldkluis.crypto import receipt
from meldkluis.intake.forms import NoFiles, holds_code, read_form
from meldkluis.intake.uploads import betraying

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
    assert holds_code(text, betraying(CODE))


@pytest.mark.parametrize(
    "text", ["", "De aanbesteding klopt niet.", " ".join(WORDS[:3]), " ".join(reversed(WORDS)), WORDS[0] * 20]
)
def test_code_not_found(text):
    """Ordinary texts, also with a few of the words, pass."""
    assert not holds_code(text, betraying(CODE))


def test_what_is_ticked_is_short():
    """A hostile form cannot fill the memory with fields that nobody types in; what is typed is kept long."""
    names = ["to"] * 40 + ["kind", "preview", "text"]
    parts = [f'--x\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{"a" * 60_000}\r\n' for name in names]
    body = ("".join(parts) + "--x--\r\n").encode()

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {"type": "http", "headers": [(b"content-type", b"multipart/form-data; boundary=x")]}
    form = asyncio.run(read_form(Request(scope, receive), frozenset(names), NoFiles()))

    assert len(form.text("text")) == 60_000
    assert sum(len(value) for values in form.fields.values() for value in values) < 60_000 + 16_384
