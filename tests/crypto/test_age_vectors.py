# SPDX-License-Identifier: EUPL-1.2
"""The public age vectors (C2SP CCTV) with native identities: the exact verdict, and not a byte more than allowed."""

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from meldkluis.crypto import age, armor
from meldkluis.crypto.errors import CryptoError, NotForThisKeyError

FOLDER = Path(__file__).parents[1] / "vectors" / "age"
NOT_VECTORS = {"README.md", "REUSE.toml", ".gitattributes"}
VERDICTS: dict[str, type[CryptoError] | None] = {
    "success": None,
    "no match": NotForThisKeyError,
    "header failure": age.HeaderError,
    "HMAC failure": age.HeaderMacError,
    "payload failure": age.PayloadError,
    "armor failure": age.ArmorError,
}
NOTHING = hashlib.sha256().hexdigest()
LONG = 1_000_000


@dataclass(frozen=True)
class Vector:
    name: str
    verdict: type[CryptoError] | None
    released: str
    identities: tuple[str, ...]
    armored: bool
    file: bytes


def load(path: Path) -> Vector:
    head, _, file = path.read_bytes().partition(b"\n\n")
    lines = [line.split(": ", 1) for line in head.decode().split("\n")]
    keys = dict(lines)
    assert keys.keys() <= {
        "expect",
        "payload",
        "file key",
        "identity",
        "passphrase",
        "armored",
        "comment",
        "compressed",
    }
    return Vector(
        path.name,
        VERDICTS[keys["expect"]],
        keys.get("payload", NOTHING),
        tuple(value for key, value in lines if key == "identity"),
        keys.get("armored") == "yes",
        zlib.decompress(file) if "compressed" in keys else file,
    )


VECTORS = [load(path) for path in sorted(FOLDER.iterdir()) if path.name not in NOT_VECTORS]
SHORT = [vector for vector in VECTORS if len(vector.file) < LONG]
IDS = [vector.name for vector in VECTORS]
SHORT_IDS = [vector.name for vector in SHORT]


def run(pieces: Iterable[bytes], identities: tuple[str, ...]) -> tuple[type[Exception] | None, str]:
    """The error that a stream ended in, if any, and the hash of all that it gave before."""
    released = hashlib.sha256()
    try:
        for plaintext in age.decrypt_stream(pieces, identities):
            released.update(plaintext)
    except CryptoError as error:
        return type(error), released.hexdigest()
    return None, released.hexdigest()


def cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def test_all_vectors_are_there() -> None:
    """116 vectors have a native identity and two need none."""
    assert len(VECTORS) == 118
    assert sum(bool(vector.identities) for vector in VECTORS) == 116


@pytest.mark.parametrize("vector", VECTORS, ids=IDS)
def test_whole(vector: Vector) -> None:
    """A whole file gives exactly its verdict; plaintext only when all of it is sound."""
    if vector.verdict is None:
        assert hashlib.sha256(age.decrypt(vector.file, vector.identities)).hexdigest() == vector.released
        return
    with pytest.raises(CryptoError) as caught:
        age.decrypt(vector.file, vector.identities)

    assert caught.type is vector.verdict


@pytest.mark.parametrize("size", [None, 1 << 20, 65_552, 1009])
@pytest.mark.parametrize("vector", VECTORS, ids=IDS)
def test_streamed(vector: Vector, size: int | None) -> None:
    """However a stream is cut, it gives the verdict and releases exactly what the vector allows."""
    pieces = [vector.file] if size is None else cut(vector.file, size)

    assert run(pieces, vector.identities) == (vector.verdict, vector.released)


@pytest.mark.parametrize("vector", SHORT, ids=SHORT_IDS)
def test_byte_by_byte(vector: Vector) -> None:
    """A stream that drips gives the same."""
    assert run(cut(vector.file, 1), vector.identities) == (vector.verdict, vector.released)


@pytest.mark.drill
@pytest.mark.parametrize("vector", [vector for vector in VECTORS if len(vector.file) >= LONG], ids=lambda one: one.name)
def test_long_byte_by_byte(vector: Vector) -> None:
    """A stream of 16 MiB that drips gives the same."""
    assert run(cut(vector.file, 1), vector.identities) == (vector.verdict, vector.released)


@pytest.mark.parametrize(
    "vector",
    [vector for vector in VECTORS if vector.armored and vector.verdict is not age.ArmorError],
    ids=lambda one: one.name,
)
def test_armor_is_written_as_it_was_read(vector: Vector) -> None:
    """Sound armor comes out the same when written again, but for line ends and white space outside."""
    lines = vector.file.strip().replace(b"\r\n", b"\n") + b"\n"

    assert armor.encode(armor.decode(vector.file)) == lines


@pytest.mark.parametrize(
    "vector",
    [vector for vector in VECTORS if vector.verdict is not age.HeaderError and not vector.armored],
    ids=lambda one: one.name,
)
def test_another_identity_does_not_fit(vector: Vector) -> None:
    """A sound header never opens for an identity that is not named in it."""
    with pytest.raises(NotForThisKeyError):
        age.decrypt(vector.file, age.generate_identity())
