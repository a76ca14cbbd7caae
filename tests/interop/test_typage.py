# SPDX-License-Identifier: EUPL-1.2
"""Both directions with typage (npm age-encryption), which the browser bundle uses.

node_modules is the client's, or the folder that MELDKLUIS_NODE_MODULES names. Without it or without node the tests are
skipped aloud; with MELDKLUIS_REQUIRE_NODE=1 they fail instead.
"""

import base64
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from meldkluis.crypto import age, armor
from meldkluis.crypto.errors import FormatError
from meldkluis.crypto.signed import SigningKey
from meldkluis.crypto.stream import CHUNK
from meldkluis.workstation.casetar import sealed_tar, whole

HERE = Path(__file__).parent
LENGTHS = [0, 1, 4096, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 300_000]
ANNA, BERT = age.generate_identity(), age.generate_identity()
TO_ANNA, TO_BERT = age.recipient_of(ANNA), age.recipient_of(BERT)


def content(length: int) -> bytes:
    return hashlib.shake_128(b"typage").digest(length)


class Typage:
    """The other implementation, in a process of its own for each list of requests."""

    def __init__(self, node: str, modules: Path) -> None:
        self._command = [node, str(HERE / "typage.mjs"), str(modules)]

    def ask(self, *requests: dict[str, Any]) -> list[dict[str, str]]:
        done = subprocess.run(
            self._command, input=json.dumps(requests), stdout=subprocess.PIPE, text=True, check=True, timeout=120
        )
        answers = json.loads(done.stdout)
        assert len(answers) == len(requests)
        return answers

    def encrypt(self, *files: tuple[bytes, list[str]], armored: bool = False) -> list[bytes]:
        answers = self.ask(
            *({"act": "encrypt", "data": text(data), "recipients": to, "armored": armored} for data, to in files)
        )
        return [base64.b64decode(answer["data"]) for answer in answers]

    def decrypt(self, *files: tuple[bytes, list[str]], armored: bool = False) -> list[bytes | None]:
        """The plaintexts; None where typage refuses."""
        answers = self.ask(
            *({"act": "decrypt", "data": text(data), "identities": keys, "armored": armored} for data, keys in files)
        )
        return [base64.b64decode(answer["data"]) if "data" in answer else None for answer in answers]


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.fixture(scope="module")
def typage() -> Typage:
    modules = Path(os.environ.get("MELDKLUIS_NODE_MODULES") or HERE.parents[1] / "client" / "node_modules").resolve()
    node = shutil.which("node")
    if node is None or not (modules / "age-encryption").is_dir():
        reason = "NOT TESTED against typage: no node, or no client/node_modules (npm ci --ignore-scripts in client/)"
        if os.environ.get("MELDKLUIS_REQUIRE_NODE") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return Typage(node, modules)


def test_theirs_opens_here(typage: Typage) -> None:
    """Files of every length that typage wrote open here, whole and streamed."""
    files = typage.encrypt(*((content(length), [TO_ANNA, TO_BERT]) for length in LENGTHS))

    for length, file in zip(LENGTHS, files, strict=True):
        assert age.decrypt(file, ANNA) == content(length)
        assert b"".join(age.decrypt_stream((file[at : at + 999] for at in range(0, len(file), 999)), BERT)) == content(
            length
        )
        assert age.check_file(file) == age.split(file)


def test_ours_opens_there(typage: Typage) -> None:
    """Files of every length, with every number of stanzas, that we wrote open in typage for each reader."""
    files = [age.encrypt(content(length), [TO_ANNA, TO_BERT], slots) for length in LENGTHS for slots in (None, 4)]
    expected = [content(length) for length in LENGTHS for _ in range(2)]

    assert typage.decrypt(*((file, [ANNA]) for file in files)) == expected
    assert typage.decrypt(*((file, [age.generate_identity(), BERT]) for file in files)) == expected


def test_streamed_and_rewrapped(typage: Typage) -> None:
    """What was written in pieces and got another header opens in typage for the new reader only."""
    encryptor = age.Encryptor(TO_ANNA, 8)
    payload = b"".join([*(encryptor.update(content(50_000)) for _ in range(4)), encryptor.finish()])
    new = age.rewrap(encryptor.header, ANNA, TO_BERT)

    assert typage.decrypt((new + payload, [BERT]), (new + payload, [ANNA])) == [content(50_000) * 4, None]


def test_theirs_rewrapped(typage: Typage) -> None:
    """A file of the browser gets another header here and opens here and there."""
    (file,) = typage.encrypt((content(9000), [TO_ANNA]))
    raw, payload = age.split(file)
    new = age.rewrap(raw, ANNA, TO_BERT)

    assert age.decrypt(new + payload, BERT) == content(9000)
    assert typage.decrypt((new + payload, [BERT])) == [content(9000)]


def test_armored(typage: Typage) -> None:
    """Armored files open in both directions."""
    (theirs,) = typage.encrypt((content(1000), [TO_ANNA]), armored=True)
    ours = armor.encode(age.encrypt(content(1000), TO_ANNA))

    assert theirs.startswith(armor.BEGIN)
    assert age.decrypt(theirs, ANNA) == content(1000)
    assert typage.decrypt((ours, [ANNA]), armored=True) == [content(1000)]


def test_keys(typage: Typage) -> None:
    """Identities and recipients of the one are those of the other."""
    theirs, ours = typage.ask({"act": "key"}, {"act": "recipient", "identity": ANNA})

    assert age.recipient_of(theirs["identity"]) == theirs["recipient"]
    assert age.identity_from_seed(age.seed_of(theirs["identity"])) == theirs["identity"]
    assert ours == {"recipient": TO_ANNA}


def test_classical(typage: Typage) -> None:
    """A file to a classical identity opens here; none is written to one."""
    (key,) = typage.ask({"act": "classical"})
    (file,) = typage.encrypt((content(70_000), [key["recipient"]]))

    assert age.decrypt(file, key["identity"]) == content(70_000)
    with pytest.raises(FormatError):
        age.encrypt(b"", key["recipient"])


def test_changed_files_open_nowhere(typage: Typage) -> None:
    """Typage refuses the same changed files that are refused here."""
    file = age.encrypt(content(100), TO_ANNA)
    places = range(0, len(file), 37)
    changed = [file[:place] + bytes((file[place] ^ 1,)) + file[place + 1 :] for place in places]

    assert typage.decrypt(*((one, [ANNA]) for one in changed)) == [None] * len(changed)


def test_case_file_opens_there(typage: Typage) -> None:
    """A case file that was streamed to a recipient opens in typage, and is a tar to the standard library."""
    members = [whole("zaak.html", content(100_000)), whole("log.json", b"{}")]
    file = b"".join(sealed_tar(lambda _: iter(members), "zaak-1", date(2026, 11, 26), SigningKey.generate(), TO_ANNA))
    (plain,) = typage.decrypt((file, [ANNA]))
    assert plain is not None
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        names = [name.partition("/")[2] for name in tar.getnames()]

    assert names == ["zaak.html", "log.json", "SHA256SUMS", "HANDTEKENING.json"]
