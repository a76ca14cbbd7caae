# SPDX-License-Identifier: EUPL-1.2
"""What tests of case files do: give one in the browser, open and unpack it as its recipient, and run its own check."""

import io
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import html5lib
from workplace import Browser, Sent, Workplaces

from meldkluis.crypto import age
from meldkluis.crypto.encoding import b64

ARCHIVIST = age.generate_identity()
TO_ARCHIVIST = age.recipient_of(ARCHIVIST)


@dataclass
class Given:
    """A case file as its recipient has it: what it says by path, under the one folder that it unpacks to."""

    raw: bytes
    folder: str
    files: dict[str, bytes]

    @property
    def page(self) -> str:
        return self.files["zaak.html"].decode()

    def unpack(self, directory: Path) -> Path:
        """Write the files where the check finds them."""
        for name, content in self.files.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return directory


def form(places: Workplaces, sent: Sent, **changes: str) -> dict[str, str]:
    """The form as an officer fills it in."""
    values = {
        "kind": "authority", "whom": "Huis voor Klokkenluiders", "reason": "Zij zijn bevoegd.", "language": "nl",
        "recipient": TO_ARCHIVIST, "shown": str(len(places.offices[0].book.log(sent.case))), "messages": "yes",
        "answers": "yes", "log": "yes", "identity": "", "words": "", "compared": "yes", **changes,
    }  # fmt: skip
    return {name: value for name, value in values.items() if value != "-"}


def post(places: Workplaces, browser: Browser, sent: Sent, page: str = "/give", **changes: str) -> Any:
    """Send the form."""
    return browser.post(f"/case/{b64(sent.case)}/share{page}", **form(places, sent, **changes))


def opened_file(raw: bytes, identity: str = ARCHIVIST) -> Given:
    """Open and unpack a case file as its recipient does."""
    plain = age.decrypt(raw, identity)
    files, folders = {}, set()
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        for info in tar:
            folder, _, name = info.name.partition("/")
            content = tar.extractfile(info)
            assert content is not None
            assert (info.uid, info.gid, info.uname, info.gname, info.mode) == (0, 0, "", "", 0o644)
            assert info.mtime % 86_400 == 0
            folders.add(folder)
            files[name] = content.read()
    (folder,) = folders
    return Given(raw, folder, files)


def given(places: Workplaces, browser: Browser, sent: Sent, **changes: str) -> Given:
    """Give a case file in the browser and open it as its recipient."""
    answer = post(places, browser, sent, **changes)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/octet-stream", answer.text
    return opened_file(answer.content)


def said(page: Any) -> str:
    """A page, given or answered, in words, parsed strictly: what is not valid HTML is a failure."""
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), strict=True, namespaceHTMLElements=False)
    text = page.decode() if isinstance(page, bytes) else page.text
    return " ".join(" ".join(parser.parse(text).find(".//main").itertext()).split())


def checked(directory: Path) -> tuple[int, str]:
    """Run the check that a case file brings, with the standard library alone."""
    command = [sys.executable, "-I", "-S", str(directory / "controleer.py")]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False, timeout=120)
    assert done.stderr == ""
    return done.returncode, done.stdout
