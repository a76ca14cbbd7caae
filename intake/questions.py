# SPDX-License-Identifier: EUPL-1.2
"""What officers asked the reporter, and what the reporter has said to it by now.

- A question is told only from an answer that was opened and holds; the reply only from the verified log.
- A yes or no is given to `account` and `consent` alone. What is chosen for a `meeting` goes into a message.
"""

from dataclasses import dataclass, field
from typing import Final

from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.encoding import b64
from meldkluis.crypto.entry import REPLY_ACTS, Entry
from meldkluis.crypto.message import CONFIRMED_KINDS, AnswerDocument
from meldkluis.intake.i18n import Language, one_line

NONE: Final = "none"
"""What the form sends when none of the moments fits."""


@dataclass(frozen=True)
class Question:
    """What was asked. `of` is the b64 hash of the entry that asked; `reply` is `open`, `agreed` or `declined`."""

    of: str
    kind: str
    slots: tuple[str, ...] = field(repr=False)
    reply: str

    @property
    def actions(self) -> frozenset[str]:
        """What a form may answer: yes or no, or the choice of a moment; the rest is answered in words."""
        if self.kind in CONFIRMED_KINDS:
            return REPLY_ACTS
        return frozenset({"choose"} if self.kind == "meeting" else ())

    def choice(self, chosen: str, language: Language) -> str | None:
        """Return the sentence that says which moment fits; None when nothing that stands there was chosen."""
        if chosen == NONE:
            return language.text("slot-none")
        offered = {str(place): slot for place, slot in enumerate(self.slots)}
        return language.text("slot-chosen", slot=one_line(offered[chosen])) if chosen in offered else None


def question_of(entry: Entry, answer: AnswerDocument | None, log: CaseLog) -> Question | None:
    """Return what an entry asks, if it does."""
    if entry.act != "asked" or answer is None:
        return None
    said = log.course.answers_to[entry.hash]
    reply = "open" if said is None else "agreed" if said else "declined"
    return Question(b64(entry.hash), answer.kind, answer.slots, reply)
