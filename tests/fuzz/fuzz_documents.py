# SPDX-License-Identifier: EUPL-1.2
"""Fuzz every reader of documents: JSON, base64, signed things and what stands in them.

    .venv/bin/python tests/fuzz/fuzz_documents.py -max_total_time=60

Whatever the bytes, a reader returns or raises one of this project's own errors. The first byte chooses the reader.
"""

import contextlib
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["meldkluis"]):
    from meldkluis.crypto import age, bundle, card, entry, message, padding, proof, roster, signed
    from meldkluis.crypto.encoding import load_json, unb64
    from meldkluis.crypto.errors import CryptoError

_KEY = signed.SigningKey.from_seed(bytes(range(32)))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _inside(kind: type) -> Callable[[bytes], object]:
    type_ = message._CHECKS[kind][0]
    return lambda data: message.open_inside(signed.sign(type_, data, _KEY).raw, kind, _KEY.verify_key)


READERS: tuple[Callable[[bytes], object], ...] = (
    load_json,
    lambda data: unb64(_text(data)),
    lambda data: signed.open_thing(data, "entry"),
    lambda data: entry.parse_entry(signed.sign("entry", data, _KEY).raw),
    roster.parse_roster,
    lambda data: roster.parse_intake_key(signed.sign("intake-key", data, _KEY).raw, "gemeente-voorbeeld"),
    lambda data: message.Document.load(_text(data)),
    lambda data: message.AnswerDocument.load(_text(data)),
    lambda data: message.Contact.load(_text(data)),
    _inside(message.ReporterMessage),
    _inside(message.IdentityMessage),
    _inside(message.AnswerMessage),
    _inside(message.Grant),
    padding.unpad_text,
    bundle.head_length,
    bundle.read_head,
    lambda data: proof.verify_proof(_text(data)),
    lambda data: card.parse_card(_text(data)),
)


def one(data: bytes) -> None:
    """Give the bytes to one reader."""
    if not data:
        return
    with contextlib.suppress(CryptoError):
        READERS[data[0] % len(READERS)](data[1:])


def _seeds() -> Iterator[bytes]:
    """Good documents of the shared vectors, each behind the number of its reader."""
    vectors = json.loads((Path(__file__).parents[1] / "vectors" / "shared.json").read_text())
    talk = vectors["conversation"]
    for raw in talk["log"]:
        yield bytes([3]) + signed.open_thing(unb64(raw), "entry").payload
    for chain in vectors["roster"]["good"]:
        yield bytes([4]) + unb64(chain[-1]["payload"])
    for raw in vectors["roster"]["intake_keys"]:
        yield bytes([5]) + signed.open_thing(unb64(raw), "intake-key").payload
    yield bytes([6]) + json.dumps(talk["document"]).encode()
    inside = padding.unpad_text(age.decrypt(unb64(talk["files"]["content"]), [talk["officers"][0]["identity"]]))
    yield bytes([9]) + signed.open_thing(inside, "message").payload
    yield bytes([13]) + padding.pad_text(b"text")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(_seeds()):
            (Path(corpus) / str(number)).write_bytes(seed)
        atheris.Setup([*sys.argv, "-max_len=20000", corpus], one)
        atheris.Fuzz()
