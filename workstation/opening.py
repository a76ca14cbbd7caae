# SPDX-License-Identifier: EUPL-1.2
"""`meldkluis-workstation decrypt`: opens any age file that was made for this vault.

- Tries case secrets, intake secrets, and the seed of every attachment that a message in the vault names.
- What it gives is what the age file holds; an attachment of a case comes without its padding and only when it is whole.
- Cases that the officer withdrew from, or was not asked about yet, lend no keys.
"""

from collections.abc import Iterator
from typing import BinaryIO, Final

from meldkluis.crypto import age
from meldkluis.crypto.attachment import open_attachment
from meldkluis.crypto.errors import NotForThisKeyError
from meldkluis.crypto.limits import KIB
from meldkluis.crypto.message import AttachmentRef
from meldkluis.workstation.casebook import Casebook
from meldkluis.workstation.dossier import MESSAGE_ACTS, Dossiers
from meldkluis.workstation.errors import ActError, DistrustError
from meldkluis.workstation.keyring import Keyring
from meldkluis.workstation.trust import Trust
from meldkluis.workstation.vault import Vault

_CHUNK: Final = 64 * KIB


class Opener:
    """Opens files with what an open vault holds. It reaches no network."""

    def __init__(self, vault: Vault) -> None:
        self._keyring: Final = Keyring(vault)
        self._book: Final = Casebook(vault)
        self._dossiers: Final = Dossiers(self._keyring, Trust(self._keyring), self._book)

    def identities(self) -> list[str]:
        """Return every age identity of the vault but those of attachments."""
        seeds = [seed for kept in self._book.all_secrets() for seed in kept.seeds]
        return [*self._keyring.intake_secrets(), *map(age.identity_from_seed, seeds)]

    def attachments(self) -> list[AttachmentRef]:
        """Return every attachment that a message in an opened case names."""
        refs: list[AttachmentRef] = []
        for kept in self._book.cases():
            try:
                log = self._dossiers.require_declared(kept.id)
            except ActError:
                continue
            identities = self._dossiers.identities(log)
            for entry in log.entries:
                if entry.act in MESSAGE_ACTS:
                    try:
                        refs += self._dossiers.open_message(log, entry, identities).document.attachments
                    except DistrustError:
                        continue
        return refs

    def open(self, source: BinaryIO) -> Iterator[bytes]:
        """Yield the plaintext in pieces; NotForThisKeyError, FormatError or MismatchError.

        The source is read twice where it can be, or held in memory where it cannot.
        """
        attempts: list[AttachmentRef | None] = [None, *self.attachments()]
        identities = self.identities()
        seekable = source.seekable()
        held = b"" if seekable else source.read()
        for ref in attempts:
            if seekable:
                source.seek(0)
            chunks = iter(lambda: source.read(_CHUNK), b"") if seekable else iter([held])
            plain = age.decrypt_stream(chunks, identities) if ref is None else open_attachment(chunks, ref)
            try:
                first = next(plain, b"")
            except NotForThisKeyError:
                continue
            yield first
            yield from plain
            return
        raise NotForThisKeyError("made for none of the keys in this vault")
