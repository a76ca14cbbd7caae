# SPDX-License-Identifier: EUPL-1.2
"""What goes into a case file, and what stays out: chosen by the officer, never the reporter's identity by itself.

- Passages and files that were marked as not relevant never go in, whatever was ticked; the reason does.
- Nothing that came after what the officer saw when choosing goes in, but the log's own lines.
- Contact details are no part of the choice: `sharing` adds them where a consent or a ground allows it.
- It cannot tell whether a text gives the reporter away: `found` looks for words that the officer types. Pure.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from meldkluis.crypto.entry import ANSWER_ACTS
from meldkluis.crypto.message import AttachmentRef
from meldkluis.workstation.display import safe_name
from meldkluis.workstation.dossier import MESSAGE_ACTS, Item
from meldkluis.workstation.handling import Handling
from meldkluis.workstation.steps import hidden, of_kind

_SHORTEST_NUMBER: Final = 6
"""Digits from which on a number is looked for without regard to what stands between them."""


@dataclass(frozen=True)
class Choice:
    """What the officer chose: for whom, why, to which recipient, and what goes in.

    `files` are places of attachments ("entry-number"); `identity` is the number of the consent or ground, or None;
    `shown` counts the log's entries when the officer chose.
    """

    kind: str
    whom: str = field(repr=False)
    reason: str = field(repr=False)
    recipient: str = field(repr=False)
    language: str
    shown: int
    messages: bool = True
    answers: bool = True
    log: bool = True
    notes: bool = False
    files: frozenset[str] = frozenset()
    identity: int | None = None


@dataclass(frozen=True)
class Enclosure:
    """An attachment: its place, the day and number of its message, and the path it has in the case file."""

    place: str
    number: int
    day: date | None
    ref: AttachmentRef
    path: str


@dataclass(frozen=True)
class Part:
    """A message, answer or note of the case file; `withheld` is the reason why its text stays out."""

    item: Item
    withheld: str | None
    enclosures: tuple[Enclosure, ...]
    left_out: int
    irrelevant: tuple[str, ...]


def enclosures(items: Sequence[Item], handling: Handling) -> list[Enclosure]:
    """Return every attachment that may go in, numbered through; what was marked as not relevant is not among them."""
    marked = hidden(handling)
    offered: list[Enclosure] = []
    for item in items:
        for place, ref in enumerate(item.document.attachments if item.document else ()):
            if ref.name not in marked.get(item.number, set()):
                path = f"bijlagen/{len(offered) + 1:02}-{safe_name(ref.name)}"
                offered.append(Enclosure(f"{item.number}-{place}", item.number, item.day, ref, path))
    return offered


def parts(items: Sequence[Item], handling: Handling, choice: Choice) -> list[Part]:
    """Return what goes in, in order."""
    marked, reasons = hidden(handling), _reasons(handling)
    offered = enclosures(items[: choice.shown], handling)
    result = []
    for item in items[: choice.shown]:
        own = tuple(one for one in offered if one.number == item.number and one.place in choice.files)
        if not (_chosen(item, choice) or own):
            continue
        names = marked.get(item.number, set())
        attached = item.document.attachments if item.document else ()
        withheld = reasons.get((item.number, ""), "") if "" in names else None
        irrelevant = tuple(reasons.get((item.number, ref.name), "") for ref in attached if ref.name in names)
        shown = item if _chosen(item, choice) and withheld is None else _bare(item)
        result.append(Part(shown, withheld, own, len(attached) - len(own) - len(irrelevant), irrelevant))
    return result


def _reasons(handling: Handling) -> dict[tuple[int, str], str]:
    return {
        (step.record.of, step.record.whom if step.record.choice == "attachment" else ""): step.record.text
        for step in of_kind(handling, "irrelevant")
        if step.record.of is not None
    }


def _chosen(item: Item, choice: Choice) -> bool:
    if item.act in MESSAGE_ACTS:
        return choice.messages
    if item.act in ANSWER_ACTS:
        return choice.answers
    return item.note is not None and choice.notes


def _bare(item: Item) -> Item:
    """Return an entry without what was written in it: what is not chosen is not even within a template's reach."""
    return Item(item.number, item.act, item.by, item.member, item.day, unread=False)


def texts(chosen: Sequence[Part], choice: Choice) -> Iterator[tuple[int | None, str]]:
    """Yield every text that goes in, with the number of its entry, None for what the officer wrote to go with it."""
    yield None, choice.whom
    yield None, choice.reason
    for part in chosen:
        item = part.item
        written = [item.text or "", *part.irrelevant, part.withheld or ""]
        if item.document is not None:
            written.append(item.document.about)
        if item.note is not None:
            written.append(item.note.reason)
            if item.note.record is not None:
                written += [item.note.record.whom, item.note.record.text]
        written += [one.ref.name for one in part.enclosures]
        yield from ((item.number, text) for text in written)


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def found(chosen: Sequence[Part], choice: Choice, words: str) -> list[tuple[str, int | None]]:
    """Return where words (one a line) stand in what goes in: the word as typed, and the number of the entry.

    Capitals, spaces and the form of letters make no difference; numbers are found however they are grouped.
    """
    hits = []
    for word in dict.fromkeys(line.strip() for line in words.splitlines() if line.strip()):
        folded, digits = _folded(word), re.sub(r"\D", "", word)
        for number, text in texts(chosen, choice):
            grouped = len(digits) >= _SHORTEST_NUMBER and digits in re.sub(r"[\s().+/-]", "", text)
            if (folded in _folded(text) or grouped) and (word, number) not in hits:
                hits.append((word, number))
    return hits
