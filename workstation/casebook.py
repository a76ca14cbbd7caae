# SPDX-License-Identifier: EUPL-1.2
"""What the vault keeps of each case: log, ciphertext, case secrets, own declaration; and the alarms.

- The last entry kept is the remembered head: a log that no longer contains it was rolled back.
- Recusal removes files, secrets and drafts of the case at once; the log stays, so that nothing can be replayed later.
- So does the end of a case; its log, which has no words, stays until the server certifies the end.
- Contact details have a key of their own, and can go before the rest.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from meldkluis.crypto.message import Grant
from meldkluis.mailbox.actions import Due
from meldkluis.workstation.vault import Vault

NOT_INVOLVED: Final = "not-involved"
INVOLVED: Final = "involved"
_OF_KEYS: Final = frozenset({"grant", "key-missing"})


@dataclass(frozen=True)
class KeptCase:
    """What the officer's own side knows of a case.

    `seen` counts entries that were on the screen; `destroyed` is the day on which the end of the case removed it here.
    `draft` and `reminded`: whether a text waits, and whether the server reminds of something.
    """

    id: bytes
    declaration: str | None
    seen: int
    about: str | None = field(repr=False)
    destroyed: date | None = None
    draft: bool = False
    reminded: bool = False


@dataclass(frozen=True)
class KeptSecrets:
    """The secrets under a case's announced recipient; the identity's is None once contact details were destroyed."""

    secret: bytes = field(repr=False)
    identity_secret: bytes | None = field(repr=False)

    @property
    def seeds(self) -> list[bytes]:
        """The seeds that are still there."""
        return [self.secret, *([] if self.identity_secret is None else [self.identity_secret])]


@dataclass(frozen=True)
class KeptDraft:
    """An answer that was written and is not known to have arrived."""

    act: str
    number: int
    text: str = field(repr=False)


@dataclass(frozen=True)
class KeptAlarm:
    """Something that did not hold. `day` is when it was seen first."""

    id: int
    kind: str
    case: bytes | None
    day: date


_DOSSIER: Final = (
    "SELECT id, declaration, seen, about, destroyed, EXISTS (SELECT 1 FROM draft WHERE draft.dossier = id),"
    " EXISTS (SELECT 1 FROM reminder WHERE reminder.dossier = id) FROM dossier"
)


def _kept(row: tuple[Any, ...]) -> KeptCase:
    case, declaration, seen, about, destroyed, draft, reminded = row
    day = None if destroyed is None else date.fromisoformat(destroyed)
    return KeptCase(case, declaration, seen, about, day, bool(draft), bool(reminded))


class Casebook:
    """Cases and alarms in an open vault."""

    def __init__(self, vault: Vault) -> None:
        self.vault: Final = vault
        self.raised = 0
        """How many alarms were raised since the vault was opened; one about a case that was waiting only if of keys."""

    def cases(self) -> list[KeptCase]:
        """Return every case that is known here."""
        return [_kept(row) for row in self.vault.rows(f"{_DOSSIER} ORDER BY id")]

    def case(self, case: bytes) -> KeptCase | None:
        """Return one case."""
        row = self.vault.row(f"{_DOSSIER} WHERE id = ?", case)
        return None if row is None else _kept(row)

    def log(self, case: bytes) -> list[bytes]:
        """Return the raw entries of a case, in order."""
        return [raw for (raw,) in self.vault.rows("SELECT raw FROM entry WHERE dossier = ? ORDER BY number", case)]

    def newest(self, case: bytes) -> tuple[int, bytes] | None:
        """Return how many entries of a case are kept, and the last of them."""
        row = self.vault.row("SELECT number, raw FROM entry WHERE dossier = ? ORDER BY number DESC LIMIT 1", case)
        return None if row is None else (row[0] + 1, row[1])

    def extend(self, case: bytes, start: int, raws: Iterable[bytes], files: Mapping[tuple[int, str], bytes]) -> None:
        """Keep verified entries from number `start` on, with their files, together."""
        with self.vault.transaction():
            self.vault.run("INSERT OR IGNORE INTO dossier (id) VALUES (?)", case)
            for number, raw in enumerate(raws, start):
                self.vault.run("INSERT INTO entry (dossier, number, raw) VALUES (?, ?, ?)", case, number, raw)
            self.put_files(case, files)

    def put_files(self, case: bytes, files: Mapping[tuple[int, str], bytes]) -> None:
        """Keep ciphertext files, in place of older ones."""
        with self.vault.transaction():
            for (entry, slot), body in files.items():
                self.vault.run(
                    "INSERT OR REPLACE INTO file (dossier, entry, slot, body) VALUES (?, ?, ?, ?)",
                    case, entry, slot, body,
                )  # fmt: skip

    def file(self, case: bytes, entry: int, slot: str) -> bytes | None:
        """Return a ciphertext file."""
        row = self.vault.row("SELECT body FROM file WHERE dossier = ? AND entry = ? AND slot = ?", case, entry, slot)
        return None if row is None else bytes(row[0])

    def places(self, case: bytes) -> set[tuple[int, str]]:
        """Return which files are kept, as (entry, slot)."""
        rows = self.vault.rows("SELECT entry, slot FROM file WHERE dossier = ?", case)
        return {(entry, slot) for entry, slot in rows}

    def declare_not_involved(self, case: bytes) -> None:
        """Remember the officer's declaration."""
        self.vault.run("UPDATE dossier SET declaration = ? WHERE id = ?", NOT_INVOLVED, case)

    def recuse(self, case: bytes) -> None:
        """Remember the recusal, and remove everything of the case that can be read."""
        with self.vault.transaction():
            self._remove(case)
            self.vault.run("UPDATE dossier SET declaration = ?, about = NULL WHERE id = ?", INVOLVED, case)

    def destroy(self, case: bytes, day: date) -> None:
        """Remove everything of an ended case that can be read; its log stays, and that it was done."""
        with self.vault.transaction():
            self._remove(case)
            self.vault.run("DELETE FROM alarm WHERE dossier = ? AND acknowledged NOTNULL", case)
            self.vault.run("UPDATE dossier SET destroyed = ?, about = NULL WHERE id = ?", day.isoformat(), case)

    def _remove(self, case: bytes) -> None:
        for table in ("file", "draft", "case_secret", "reminder"):
            self.vault.run(f"DELETE FROM {table} WHERE dossier = ?", case)  # noqa: S608 - names of ours

    def forget(self, case: bytes) -> None:
        """Remove log and dossier of a case of which nothing else is left."""
        with self.vault.transaction():
            self._remove(case)
            self.vault.run("DELETE FROM entry WHERE dossier = ?", case)
            self.vault.run("DELETE FROM dossier WHERE id = ?", case)
            self.vault.run("DELETE FROM alarm WHERE dossier = ? AND acknowledged NOTNULL", case)

    def forget_identity(self, case: bytes, before: int) -> bool:
        """Remove contact details from before an entry, and what opens them; False when nothing was left.

        Colleagues' sealed secrets hold it too. They have to be kept as secrets before.
        """
        with self.vault.transaction():
            gone = self.vault.run(
                "DELETE FROM file WHERE dossier = ? AND (slot = 'identity' AND entry < ? OR slot = 'grant')",
                case,
                before,
            )
            gone += self.vault.run(
                "UPDATE case_secret SET identity_secret = NULL WHERE dossier = ? AND identity_secret NOTNULL", case
            )
        return gone > 0

    def put_secrets(self, recipient: str, grant: Grant, *, identity: bool = True) -> None:
        """Keep a case's secrets under the recipient that is or will be announced; `identity` tells whether both."""
        self.vault.run(
            "INSERT OR REPLACE INTO case_secret (dossier, recipient, secret, identity_secret) VALUES (?, ?, ?, ?)",
            grant.case, recipient, grant.secret, grant.identity_secret if identity else None,
        )  # fmt: skip

    def secrets(self, case: bytes, recipient: str) -> KeptSecrets | None:
        """Return the case's secrets that belong to an announced recipient."""
        row = self.vault.row(
            "SELECT secret, identity_secret FROM case_secret WHERE dossier = ? AND recipient = ?", case, recipient
        )
        return None if row is None else KeptSecrets(*row)

    def all_secrets(self) -> list[KeptSecrets]:
        """Return the secrets of every case, for opening a file of which nothing is known."""
        return [KeptSecrets(*row) for row in self.vault.rows("SELECT secret, identity_secret FROM case_secret")]

    def set_reminders(self, case: bytes, reminders: Iterable[Due]) -> None:
        """Keep what the server reminds of, in place of what it reminded of before."""
        with self.vault.transaction():
            wanted = sorted(set(reminders))
            if wanted == self.reminders(case):
                return
            self.vault.run("DELETE FROM reminder WHERE dossier = ?", case)
            for due in wanted:
                self.vault.run(
                    "INSERT INTO reminder (dossier, kind, day) VALUES (?, ?, ?)", case, due.kind, due.day.isoformat()
                )

    def reminders(self, case: bytes) -> list[Due]:
        """Return what the server reminds of, by day."""
        rows = self.vault.rows("SELECT day, kind FROM reminder WHERE dossier = ? ORDER BY day, kind", case)
        return [Due(date.fromisoformat(day), kind) for day, kind in rows]

    def set_about(self, case: bytes, about: str) -> None:
        """Keep whom the report is about, for the list; only after the declaration."""
        self.vault.run("UPDATE dossier SET about = ? WHERE id = ?", about, case)

    def set_seen(self, case: bytes, entries: int) -> None:
        """Remember that so many entries were on the screen."""
        self.vault.run("UPDATE dossier SET seen = max(seen, ?) WHERE id = ?", entries, case)

    def draft(self, case: bytes) -> KeptDraft | None:
        """Return the text that waits for this case."""
        row = self.vault.row("SELECT kind, number, text FROM draft WHERE dossier = ?", case)
        return None if row is None else KeptDraft(*row)

    def set_draft(self, case: bytes, draft: KeptDraft | None) -> None:
        """Keep the text that waits for this case; None removes it."""
        if draft is None:
            self.vault.run("DELETE FROM draft WHERE dossier = ?", case)
        else:
            self.vault.run(
                "INSERT OR REPLACE INTO draft (dossier, kind, number, text) VALUES (?, ?, ?, ?)",
                case, draft.act, draft.number, draft.text,
            )  # fmt: skip

    def raise_alarm(self, kind: str, case: bytes | None, today: date) -> None:
        """Keep an alarm, once until the officer has acknowledged it."""
        with self.vault.transaction():
            waiting = self.vault.row(
                "SELECT id FROM alarm WHERE kind = ? AND dossier IS ? AND acknowledged IS NULL", kind, case
            )
            if waiting is None or case is None or kind in _OF_KEYS:
                self.raised += 1
            if waiting is None:
                self.vault.run("INSERT INTO alarm (kind, dossier, day) VALUES (?, ?, ?)", kind, case, today.isoformat())

    def had_alarm(self, kind: str, case: bytes) -> bool:
        """Whether a case ever had an alarm of this kind, acknowledged or not."""
        return self.vault.row("SELECT id FROM alarm WHERE kind = ? AND dossier = ?", kind, case) is not None

    def alarms(self, case: bytes | None = None) -> list[KeptAlarm]:
        """Return the alarms that nobody acknowledged, of one case or of all."""
        rows = self.vault.rows(
            "SELECT id, kind, dossier, day FROM alarm WHERE acknowledged IS NULL AND (?1 IS NULL OR dossier = ?1)"
            " ORDER BY id",
            case,
        )
        return [KeptAlarm(id_, kind, about, date.fromisoformat(day)) for id_, kind, about, day in rows]

    def acknowledge_alarm(self, alarm: int, today: date) -> None:
        """Remember that the officer has read an alarm."""
        self.vault.run(
            "UPDATE alarm SET acknowledged = ? WHERE id = ? AND acknowledged IS NULL", today.isoformat(), alarm
        )
