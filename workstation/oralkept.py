# SPDX-License-Identifier: EUPL-1.2
"""Oral reports that are not finished, in the vault: one fact for each, named after its case.

- A code stands here from before the report is sent until it was handed over; what is removed is overwritten.
- Text and contact details stand here only until the server received them.
- Which form became which case is remembered for the newest forms, so that one sent twice makes one case.
- `Casebook` removes the fact with everything else of a case that its officer withdraws from or that is destroyed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final, Self

from meldkluis.crypto.encoding import b64, unb64
from meldkluis.workstation.vault import Vault

_PREFIX: Final = "oral/"
_FORMS: Final = "oral-forms"
_FORMS_KEPT: Final = 50


def fact_name(case: bytes) -> str:
    """Return the name of the fact of a case."""
    return f"{_PREFIX}{case.hex()}"


def case_of_form(vault: Vault, once: str) -> bytes | None:
    """Return the case that this form became, if it did."""
    found = json.loads(vault.fact(_FORMS) or "{}").get(once)
    return None if found is None else bytes.fromhex(found)


def remember_form(vault: Vault, once: str, case: bytes) -> None:
    """Remember that this form became this case."""
    forms = [*json.loads(vault.fact(_FORMS) or "{}").items(), (once, case.hex())]
    vault.set_fact(_FORMS, json.dumps(dict(forms[-_FORMS_KEPT:])))


def forget_form(vault: Vault, case: bytes) -> None:
    """Forget that a form became this case, because it did not."""
    forms = json.loads(vault.fact(_FORMS) or "{}")
    vault.set_fact(_FORMS, json.dumps({once: made for once, made in forms.items() if made != case.hex()}))


@dataclass(frozen=True)
class Unfinished:
    """An oral report on its way.

    `code` is empty once it was handed over. `typed`, `entry` and `files` are empty once the server received it; `proof`
    is empty until then. `asked` are the numbers (from 1) of the two words that are typed back. `mine`: whether this
    officer reads the report at once. `noted`: everything in the case was done.
    """

    case: bytes
    code: str = field(repr=False)
    started: date
    received: date
    note: str = field(repr=False)
    language: str
    how: str
    acknowledge: bool
    mine: bool
    asked: tuple[int, int]
    typed: Mapping[str, str] = field(default_factory=dict, repr=False)
    entry: bytes = field(default=b"", repr=False)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    proof: str = field(default="", repr=False)
    noted: bool = False

    @property
    def sent(self) -> bool:
        """Whether the server received it, demonstrably."""
        return bool(self.proof)

    def without_text(self, proof: str) -> "Unfinished":
        """Return it as it stands once the server received it."""
        return replace(self, typed={}, entry=b"", files={}, proof=proof)

    def _dump(self) -> str:
        values: dict[str, Any] = {**vars(self), "case": self.case.hex(), "entry": b64(self.entry)}
        values["files"] = {slot: b64(file) for slot, file in self.files.items()}
        values |= {name: getattr(self, name).isoformat() for name in ("started", "received")}
        return json.dumps(values)

    @classmethod
    def _load(cls, written: str) -> Self:
        values = json.loads(written)
        values["case"], values["entry"] = bytes.fromhex(values["case"]), unb64(values["entry"])
        values["files"] = {slot: unb64(file) for slot, file in values["files"].items()}
        values |= {name: date.fromisoformat(values[name]) for name in ("started", "received")}
        return cls(**{**values, "asked": tuple(values["asked"])})

    def keep(self, vault: Vault) -> None:
        """Make it durable, or remove it when nothing is left to do."""
        done = self.sent and self.noted and not self.code
        vault.set_fact(fact_name(self.case), None if done else self._dump())

    @staticmethod
    def forget(vault: Vault, case: bytes) -> None:
        """Remove what is kept of a case."""
        vault.set_fact(fact_name(case), None)

    @classmethod
    def find(cls, vault: Vault, case: bytes) -> Self | None:
        """Return what is kept of a case."""
        written = vault.fact(fact_name(case))
        return None if written is None else cls._load(written)

    @classmethod
    def all(cls, vault: Vault) -> list[Self]:
        """Return all, the oldest first."""
        rows = vault.rows("SELECT value FROM fact WHERE name >= ? AND name < ?", _PREFIX, _PREFIX[:-1] + "0")
        return sorted((cls._load(row[0]) for row in rows), key=lambda item: (item.started, item.case))
