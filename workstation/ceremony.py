# SPDX-License-Identifier: EUPL-1.2
"""What an officer chose and typed until there is a vault. It is nowhere but in memory, and ends with the vault.

- A new browser session forgets every secret; what the officer typed about himself stays.
- A vault is made once everything was typed back from paper: nothing half done is ever on the disk.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from meldkluis.crypto.card import LONGEST_TEXT
from meldkluis.crypto.encoding import line, organisation_name
from meldkluis.crypto.errors import CryptoError
from meldkluis.workstation import passphrase as passphrases, recovery
from meldkluis.workstation.backup import BackupHead
from meldkluis.workstation.errors import DemoError, WorkstationError
from meldkluis.workstation.keyring import Person
from meldkluis.workstation.proxies import check_proxy
from meldkluis.workstation.transport import check_server
from meldkluis.workstation.vault import is_demo

_LINE: Final = line(LONGEST_TEXT)


@dataclass(frozen=True)
class Founder:
    """Who makes a vault, and where its server is."""

    person: Person
    server: str
    proxy: str


@dataclass(frozen=True)
class Source:
    """The backup that a vault is made of."""

    path: Path
    head: BackupHead
    secret: str = field(repr=False)


@dataclass
class Ceremony:
    """The steps so far. `form` is what was typed about officer and server."""

    form: dict[str, str] = field(default_factory=dict)
    founder: Founder | None = None
    source: Source | None = None
    passphrase: str = field(default="", repr=False)
    own: bool = False
    """Whether the officer thought of the passphrase."""
    remembered: bool = False
    """Whether it was typed back."""
    secret: str = field(default="", repr=False)
    """The recovery secret of a vault that is founded."""

    def forget(self) -> None:
        """Forget every secret."""
        self.source, self.passphrase, self.own, self.remembered, self.secret = None, "", False, False, ""

    def found(self, founder: Founder) -> None:
        """Go on with a new vault."""
        self.forget()
        self.founder = founder
        self.passphrase, self.secret = passphrases.generate(), recovery.generate()

    def restore(self, source: Source) -> None:
        """Go on with a backup."""
        self.forget()
        self.founder = None
        self.source, self.passphrase = source, passphrases.generate()

    def choose(self, own: str) -> None:
        """Take a passphrase of the officer's own; PassphraseError."""
        self.passphrase, self.own, self.remembered = passphrases.checked(own), True, False


def answers(form: Mapping[str, str], *, demo: bool) -> tuple[Founder, dict[str, str]]:
    """Return what a form says, and the fields that are wrong, each with a name of `words_keys.ERRORS`."""
    given = {name: form.get(name, "").strip() for name in ("organisation", "server", "proxy", "name", "function")}
    wrong: dict[str, str] = {}
    try:
        organisation_name(given["organisation"])
        if is_demo(given["organisation"]) != demo:
            wrong["organisation"] = "not-demo-organisation" if demo else "demo-organisation"
    except CryptoError:
        wrong["organisation"] = "bad-organisation"
    try:
        given["server"] = check_server(given["server"], demo=demo)
    except DemoError:
        wrong["server"] = "demo-server"
    except WorkstationError:
        wrong["server"] = "bad-server"
    if given["proxy"]:
        try:
            check_proxy(given["proxy"])
            if demo:
                wrong["proxy"] = "demo-proxy"
        except WorkstationError:
            wrong["proxy"] = "bad-proxy"
    for name in ("name", "function"):
        try:
            _LINE(given[name])
        except CryptoError:
            wrong[name] = f"bad-{name}"
    if form.get("role") not in {"officer", "deputy"}:
        wrong["role"] = "bad-role"
    person = Person(
        given["organisation"], given["name"], given["function"], form.get("role", ""),
        form.get("manager") == "yes", form.get("hr") == "yes",
    )  # fmt: skip
    return Founder(person, given["server"], given["proxy"]), wrong
