# SPDX-License-Identifier: EUPL-1.2
"""The desk: everything that the server decides about what is sent to it (docs/protocol.md sections 5 to 10).

- What an async method returns has happened and is on the disk. What raises Refused has left nothing behind.
- Nothing is accepted whose signature, place in the log, files, readers and keys were not checked first.
- An officer who is not in a case gets for it what one gets for a case that does not exist.
- It can read no report. It signs `received`, its own acts, proofs, inboxes and certificates with the server's key.
- Called by the reporter's site, the officers' API and the command line; one for each organisation and process.
"""

from pathlib import Path
from typing import Self

from meldkluis.crypto.limits import Limits
from meldkluis.crypto.signed import SigningKey
from meldkluis.mailbox import decoys, keyfile
from meldkluis.mailbox.daily_desk import DailyDesk, Ran
from meldkluis.mailbox.member_desk import MemberDesk
from meldkluis.mailbox.officer_desk import CaseView, OfficerDesk
from meldkluis.mailbox.policy import Policy
from meldkluis.mailbox.reporter_desk import Accepted, Mailbox, PublicKeys, ReporterDesk
from meldkluis.mailbox.schema import CACHE_KIB
from meldkluis.mailbox.store import Store

__all__ = ["Accepted", "CaseView", "Desk", "Mailbox", "PublicKeys", "Ran"]


class Desk(ReporterDesk, MemberDesk, OfficerDesk, DailyDesk):
    """The desk of one organisation. Methods that only read are short, and may be called from the event loop."""

    @classmethod
    def create(cls, directory: Path, organisation: str, name: str) -> Self:
        """Make an organisation: directory, keys, database; KeyFileError or StoreError when there is one."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = SigningKey.from_seed(keyfile.make(directory, keyfile.SIGNING_KEY))
        store = Store.create(directory, organisation, name, decoys.make(organisation, key))
        return cls(store, key, Limits())

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        limits: Limits | None = None,
        policy: Policy | None = None,
        cache_kib: int = CACHE_KIB,
    ) -> Self:
        """Open the desk of the organisation in a directory; MailboxError says why not."""
        store = Store(directory, cache_kib=cache_kib)
        return cls(store, keyfile.read_signing_key(directory), limits or Limits(), policy)

    def close(self) -> None:
        """Finish what was begun and close."""
        self.store.close()
