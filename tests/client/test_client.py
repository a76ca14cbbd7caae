# SPDX-License-Identifier: EUPL-1.2
"""The browser's script: it reads the shared vectors, its bundle is what its sources say, and it stays within its bounds."""

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest
from nodejs import CLIENT, Node

from meldkluis.intake.texts import FOR_SCRIPT

HERE = Path(__file__).parent
STATIC = CLIENT.parent / "intake" / "static"
BUDGET = 48_000


def bundle() -> tuple[str, bytes, str]:
    about = json.loads((STATIC / "bundle.json").read_text())
    return about["file"], (STATIC / about["file"]).read_bytes(), about["integrity"]


def test_vectors(node: Node) -> None:
    """What Python makes is read alike in JavaScript, and what Python refuses is refused."""
    node.run("--test", HERE / "vectors.test.mjs")


@pytest.mark.drill
def test_vectors_without_jit(node: Node) -> None:
    """The same where scripts run without a compiler, as in a browser set to be safer."""
    node.run("--test", HERE / "vectors.test.mjs", flags=("--jitless", "--no-warnings"))


def test_rebuilt_byte_for_byte(node: Node, tmp_path: Path) -> None:
    """The committed bundle is what the sources and the lock file give, byte for byte, licences included."""
    node.run(CLIENT / "build.mjs", "--out", tmp_path)

    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == sorted(["bundle.json", "meldkluis-licences.txt", bundle()[0]])
    for name in names:
        assert (tmp_path / name).read_bytes() == (STATIC / name).read_bytes(), name


def test_one_bundle_with_its_name_and_integrity() -> None:
    """There is one bundle, named after its content, with the SHA-384 that the page's integrity attribute gets."""
    name, content, integrity = bundle()

    assert [path.name for path in STATIC.glob("meldkluis-*.js")] == [name]
    assert name == f"meldkluis-{hashlib.sha256(content).hexdigest()[:16]}.js"
    assert integrity == "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()


def test_size() -> None:
    """The script takes at most 48 kB on the wire."""
    assert len(gzip.compress(bundle()[1], 9, mtime=0)) <= BUDGET


def test_nothing_that_the_policy_forbids() -> None:
    """No code from strings, no markup from strings, no WebAssembly, no storage, no cookies, no workers, no other hosts."""
    script = bundle()[1].decode("ascii")
    forbidden = (
        r"\beval\b", r"\bFunction\(", r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser", "WebAssembly",
        r"localStorage|sessionStorage|indexedDB|caches\.|\.cookie\b", r"Worker\(|importScripts", r"https?://",
        r"console\.", r"sendBeacon|WebSocket|EventSource", r"Math\.random", r"\.style\b", "sourceMappingURL",
    )  # fmt: skip

    for pattern in forbidden:
        assert not re.search(pattern, script), pattern


def test_no_registry_in_the_lock_file() -> None:
    """The lock file names versions and digests, and no host."""
    lock = (CLIENT / "package-lock.json").read_text()

    assert "http" not in re.sub(r'"url": "https://[^"]*"', "", lock)
    packages = json.loads(lock)["packages"]
    assert all("integrity" in entry for name, entry in packages.items() if name)


def test_every_sentence_is_on_its_page() -> None:
    """Each sentence that the script names stands in the page that it is for."""
    sources = {path.stem: path.read_text() for path in (CLIENT / "src").glob("*.js")}
    only = {"melden": {"report", "bundle"}, "bericht": {"mailbox"}}
    kinds = "script|server|error|busy|alarm|act|mailbox|receipt|code|strength|size|button"
    for page, own in only.items():
        others = set().union(*only.values()) - own
        text = "\n".join(source for name, source in sources.items() if name not in others)
        names = set(re.findall(r'say\(\s*"([\w-]+)"', text)) | set(re.findall(rf'"((?:{kinds})-[\w-]+)"', text))
        # Names of other things; codes of the mailbox's form; a code of the server that means "ask again" and is never shown.
        names -= {"code-line", "server-day", "code-word", "code-mixed", "code-count", "code-checksum"}

        assert names - set(FOR_SCRIPT[page]) == set(), page
