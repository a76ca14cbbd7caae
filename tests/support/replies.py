# SPDX-License-Identifier: EUPL-1.2
"""Lies about what was asked and answered, told on top of a true log. No reader takes one of them in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from meldkluis.crypto.entry import Entry, FileRef, make_entry
from meldkluis.crypto.signed import SigningKey
from meldkluis.mailbox.clock import today

_REF = FileRef(bytes(32), 5000)


@dataclass
class Liar:
    """A log that grows by entries as they would never be taken in; `officer` may ask, with this answer's number."""

    log: Sequence[Entry]
    server: SigningKey
    officer: SigningKey
    number: int
    reporter: SigningKey

    def adds(self, act: str, signer: SigningKey, **fields: object) -> Entry:
        """Append an entry, whoever may make it."""
        last = self.log[-1]
        entry = make_entry(act, case=last.case, index=len(self.log), head=last.hash, signer=signer, **fields)
        self.log = [*self.log, entry]
        return entry

    def asks(self, signer: SigningKey | None = None) -> bytes:
        """Append a question, of the officer by default; returns its hash."""
        files = {"answer": _REF, "copy": _REF}
        return self.adds("asked", signer or self.officer, day=today(), number=self.number, files=files).hash

    def agrees(self, of: bytes, signer: SigningKey | None = None) -> None:
        """Append a yes, of the reporter by default, and its receipt."""
        said = self.adds("agreed", signer or self.reporter, of=of)
        self.adds("received", self.server, day=today(), of=said.hash, commitment=None, dues=None)


def _twice(liar: Liar) -> None:
    of = liar.asks()
    liar.agrees(of)
    liar.agrees(of)


def _unreceived(liar: Liar) -> None:
    liar.adds("agreed", liar.reporter, of=liar.asks())
    liar.adds("not-involved", liar.officer, day=today())


LIES: dict[str, Callable[[Liar], None]] = {
    "agreed in the reporter's name": lambda liar: liar.agrees(liar.asks(), liar.server),
    "agreed by the officer who asked": lambda liar: liar.agrees(liar.asks(), liar.officer),
    "asked by the server": lambda liar: liar.agrees(liar.asks(liar.server)),
    "a yes to an entry that asked nothing": lambda liar: liar.agrees(liar.log[2].hash),
    "a yes to a question of another log": lambda liar: liar.agrees(bytes(31) + b"q"),
    "a yes told twice": _twice,
    "a yes whose receipt is kept back": _unreceived,
}
"""Each is tried on a log that an officer took over. A reporter's own hand in some: the server may have both."""
