# SPDX-License-Identifier: EUPL-1.2
"""The keys to one case: secrets that were made here or sealed by a colleague, and the officer's intake keys.

- A case may have had several keys: who gets it when a term lapsed makes a new one. Each secret is kept under its own
  announcement, and each grant is held against the log as it stood when it was made.
- A secret is believed only when it is that of the announced key.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from meldkluis.crypto import age
from meldkluis.crypto.casework import older_secrets, open_grant
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.entry import Entry
from meldkluis.crypto.errors import CryptoError, NotForThisKeyError
from meldkluis.crypto.message import Grant
from meldkluis.workstation.casebook import Casebook, KeptSecrets
from meldkluis.workstation.errors import DistrustError
from meldkluis.workstation.keyring import Keyring
from meldkluis.workstation.trust import Trust

Files = Mapping[tuple[int, str], bytes]
_NONE: Final[Files] = {}


def announcements(log: CaseLog) -> list[Entry]:
    """Return the entries that announced the case's keys, the newest first."""
    return [entry for entry in reversed(log.entries) if entry.act == "case-key"]


def key_at(log: CaseLog, entry: Entry) -> Entry | None:
    """Return the announcement that counted when an entry was made."""
    return next((key for key in announcements(log) if key.index < entry.index), None)


def has_contact(log: CaseLog, entry: Entry) -> bool:
    """Whether contact details came with an entry and are there still: none from before they were destroyed."""
    gone = next((item.index for item in log.entries if item.act == "identity-destroyed"), -1)
    return "identity" in entry.files and entry.index > gone


class CaseKeys:
    """What opens the files of cases in an open vault. It writes nothing but the secrets that it was given."""

    def __init__(self, keyring: Keyring, trust: Trust, casebook: Casebook) -> None:
        self._keyring: Final = keyring
        self._trust: Final = trust
        self._book: Final = casebook

    def newest(self, log: CaseLog) -> KeptSecrets | None:
        """Return the secrets of the key that counts now; None before there is one, or without a grant that opens.

        DistrustError when the only sealed secret is not the announced one.
        """
        if log.case_recipient is None:
            return None
        self.learn(log)
        return self._book.secrets(log.case, log.case_recipient)

    def learn(self, log: CaseLog) -> None:
        """Keep every secret that colleagues sealed for this officer; DistrustError for a newest that does not hold."""
        for recipient, grant in self._granted(log, _NONE, strict=True).items():
            self._book.put_secrets(recipient, grant, identity=not log.course.identity_gone)

    def to_grant(self, log: CaseLog) -> Grant | None:
        """Return all secrets of the case that are known here, as a colleague gets them; None without the newest."""
        newest = self.newest(log)
        if newest is None:
            return None
        gone = log.course.identity_gone
        older = [
            seed
            for key in announcements(log)[1:]
            if (kept := self._book.secrets(log.case, key.fields["recipient"])) is not None
            for seed in ([kept.secret] if gone else kept.seeds)
        ]
        return Grant(log.case, newest.secret, None if gone else newest.identity_secret, tuple(older))

    def granted(self, log: CaseLog, files: Files) -> list[str]:
        """Return the identities that freshly fetched grants hold, and that are not kept yet."""
        found = [KeptSecrets(item.secret, item.identity_secret) for item in self._granted(log, files).values()]
        return [age.identity_from_seed(seed) for kept in found for seed in kept.seeds]

    def of_case(self, log: CaseLog) -> list[str]:
        """Return the identities of every key that the case ever had and that is known here, the newest first."""
        found = (self._book.secrets(log.case, key.fields["recipient"]) for key in announcements(log))
        return [age.identity_from_seed(seed) for kept in found if kept is not None for seed in kept.seeds]

    def before_my_time(self, log: CaseLog, entry: Entry) -> bool:
        """Whether what officers wrote to each other with an entry was for a key older than this officer's part."""
        key, own = key_at(log, entry), self._keyring.key
        joined = next((item for item in log.entries if own == item.fields.get(_JOINED.get(item.act, ""))), None)
        if key is None or joined is None or key.index > joined.index:
            return False
        if joined.act == "officer-added" and key is key_at(log, joined):
            # That secret was sealed for this officer: what does not open is amiss.
            return False
        return self._book.secrets(log.case, key.fields["recipient"]) is None

    def never_mine(self, log: CaseLog, entry: Entry) -> bool:
        """Whether a later message of the reporter was for the case's officers alone, before this one was among them.

        After feedback the reporter does not write to the deputy any more.
        """
        after_feedback = any(item.act == "feedback" for item in log.entries[: entry.index])
        return entry.act == "message" and after_feedback and self.before_my_time(log, entry)

    def _granted(self, log: CaseLog, files: Files, *, strict: bool = False) -> dict[str, Grant]:
        """Return the secrets of keys that are not kept yet, by announced recipient."""
        found: dict[str, Grant] = {}
        secrets: Sequence[str] = ()
        wrong = False
        for entry in reversed(log.entries):
            if "grant" not in entry.files:
                continue
            key = entry if entry.act == "case-key" else key_at(log, entry)
            if key is None:
                continue
            recipient = str(key.fields["recipient"])
            file = files.get((entry.index, "grant")) or self._book.file(log.case, entry.index, "grant")
            if file is None or recipient in found or self._book.secrets(log.case, recipient) is not None:
                continue
            secrets = secrets or self._keyring.intake_secrets()
            earlier = self._as_of(log, entry)
            try:
                grant = open_grant(file, entry, earlier, secrets)
            except NotForThisKeyError:
                continue
            except CryptoError:
                wrong = wrong or recipient == log.case_recipient
                continue
            found[recipient] = grant
            for old, older in older_secrets(grant, earlier).items():
                if self._book.secrets(log.case, old) is None:
                    found.setdefault(old, older)
        if wrong and strict and log.case_recipient not in found:
            raise DistrustError("grant", log.case)
        return found

    def _as_of(self, log: CaseLog, entry: Entry) -> CaseLog:
        earlier = CaseLog(log.organisation, log.case, self._trust.server_keys())
        for item in log.entries[: entry.index + 1]:
            earlier.append(item)
        return earlier


_JOINED: Final = {"handed-over": "deputy", "officer-added": "officer"}
