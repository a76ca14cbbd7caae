# SPDX-License-Identifier: EUPL-1.2
"""The officer's register: a line for each case that was closed, until its own time is over.

- A line has days and categories, and the certificate when there is one. No name, no text, nothing of what happened.
- It outlives the case: whoever asks later learns that there was one, how it ended, and that it was destroyed.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from meldkluis.crypto.certificate import Certificate
from meldkluis.workstation.vault import Vault

_DAYS: Final = frozenset({"received", "closed", "register_until", "destroyed"})
_NAMES: Final = (
    "id", "received", "closed", "regime", "outcome", "register_until", "destroyed", "categories", "certificate",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A closed case. Regime and outcome are None where this officer never read them; `certificate` as it was signed.

    `categories`: what the yearly report counts, as `counted.Counted` writes it; None where the officer withdrew.
    """

    id: bytes
    received: date
    closed: date
    regime: str | None
    outcome: str | None
    register_until: date
    destroyed: date | None = None
    categories: str | None = None
    certificate: bytes | None = field(default=None, repr=False)


def _line(row: tuple[Any, ...]) -> Line:
    values = dict(zip(_NAMES, row, strict=True))
    days = {name: date.fromisoformat(values[name]) for name in _DAYS if values[name] is not None}
    return Line(**values | days)


class Register:
    """The lines in an open vault."""

    def __init__(self, vault: Vault) -> None:
        self._vault: Final = vault

    def put(self, line: Line) -> None:
        """Keep a line, in place of an older one; a day of destruction and a certificate that are there stay."""
        known = self.line(line.id)
        if known is not None:
            line = replace(line, destroyed=known.destroyed or line.destroyed, certificate=known.certificate)
            if line == known:
                return
        values = [getattr(line, name) for name in _NAMES]
        self._vault.run(
            "INSERT INTO register (id, received, closed, regime, outcome, register_until, destroyed, categories,"
            " certificate)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET received = excluded.received,"
            " closed = excluded.closed, regime = excluded.regime, outcome = excluded.outcome,"
            " register_until = excluded.register_until, categories = coalesce(excluded.categories, categories),"
            " destroyed = coalesce(destroyed, excluded.destroyed)",
            *(value.isoformat() if isinstance(value, date) else value for value in values),
        )

    def certify(self, certificate: Certificate) -> None:
        """Keep the certificate of a case that has a line."""
        self._vault.run(
            "UPDATE register SET certificate = ?, destroyed = ? WHERE id = ?",
            certificate.thing.raw, certificate.destroyed.isoformat(), certificate.case,
        )  # fmt: skip

    def line(self, case: bytes) -> Line | None:
        """Return the line of a case."""
        row = self._vault.row(f"SELECT {', '.join(_NAMES)} FROM register WHERE id = ?", case)  # noqa: S608 - ours
        return None if row is None else _line(row)

    def lines(self) -> list[Line]:
        """Return all lines, the last closed first."""
        sql = f"SELECT {', '.join(_NAMES)} FROM register ORDER BY closed DESC, id"  # noqa: S608 - names of ours
        return [_line(row) for row in self._vault.rows(sql)]

    def remove(self, case: bytes) -> None:
        """Take a line away: the case was opened again."""
        self._vault.run("DELETE FROM register WHERE id = ? AND destroyed IS NULL", case)

    def forget(self, today: date) -> int:
        """Take the lines away whose time is over; returns how many. Those of cases that are still here stay."""
        return self._vault.run(
            "DELETE FROM register WHERE register_until <= ? AND id NOT IN (SELECT id FROM dossier)", today.isoformat()
        )
