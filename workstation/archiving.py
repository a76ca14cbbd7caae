# SPDX-License-Identifier: EUPL-1.2
"""Every round: what waits for the archive is kept, and what the archive has is let go (see `archive` for the rules).

- A case is looked at when its log grew, when its hold is due to be renewed, or when the archivist chose anew; a round
  with nothing to do reads one row a case.
- What fails for one case leaves the others alone; the next round tries again.
- Without a category nothing is done: a hold that stands is left to lapse, or to be ended by an officer.
"""

from datetime import date
from typing import Final

from meldkluis.crypto.encoding import b64, dump_json, load_json
from meldkluis.workstation.archive import RENEW_BEFORE, settled, waits
from meldkluis.workstation.casebook import NOT_INVOLVED, Casebook
from meldkluis.workstation.client import OfficersApi
from meldkluis.workstation.deciding import Decisions
from meldkluis.workstation.dossier import Dossiers
from meldkluis.workstation.errors import ActError, DistrustError, RefusedError, UnreachableError
from meldkluis.workstation.summary import Summaries

_FACT: Final = "archive"
_NEVER: Final = date.max.isoformat()


class Archiving:
    """Looks after the archive's holds in an open vault."""

    def __init__(
        self, casebook: Casebook, dossiers: Dossiers, summaries: Summaries, decisions: Decisions, api: OfficersApi
    ) -> None:
        self._book: Final = casebook
        self._dossiers: Final = dossiers
        self._summaries: Final = summaries
        self._decisions: Final = decisions
        self._api: Final = api

    def round(self, today: date) -> None:
        """Place, renew and end holds. What does not hold becomes an alarm; without a server nothing happens."""
        category, day = self._decisions.category(), self._api.day().isoformat()
        if category is None:
            return
        vault = self._book.vault
        kept = load_json(vault.fact(_FACT) or b"{}")
        before = kept.get("cases", {}) if kept.get("category") == category else {}
        known = {}
        for case, last in vault.rows("SELECT dossier, max(number) FROM entry GROUP BY dossier"):
            name = b64(case)
            seen = before.get(name)
            if seen is not None and seen["last"] == last and day < seen["next"]:
                known[name] = seen
                continue
            try:
                after = self._one(case, category)
            except DistrustError as error:
                self._book.raise_alarm(error.kind, case, today)
            except (ActError, RefusedError):
                continue
            except UnreachableError:
                break
            else:
                known[name] = after
        if known != before or kept.get("category") != category:
            vault.set_fact(_FACT, dump_json({"category": category, "cases": known}))

    def _one(self, case: bytes, category: str) -> dict[str, object]:
        """Settle a case; return at which last entry that was, and the day on which to look again."""
        kept, log = self._dossiers.kept(case), self._dossiers.log(case)
        if kept.destroyed is not None or self._dossiers.declaration(kept, log) != NOT_INVOLVED:
            return {"last": log.entries[-1].index, "next": _NEVER}
        if settled(log, self._summaries.handling(log), category, self._api.day()) is not None:
            self._decisions.settle(case)
            log = self._dossiers.log(case)
        held = log.course.held
        following = _NEVER
        if held is not None and waits(log, self._summaries.handling(log), category):
            # The first day on which less is left than a hold must have.
            following = (held.fields["until"] - RENEW_BEFORE).isoformat()
        return {"last": log.entries[-1].index, "next": following}
