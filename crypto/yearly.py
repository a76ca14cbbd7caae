# SPDX-License-Identifier: EUPL-1.2
"""An officer's counts for the yearly report: sums, signed, and sealed for the one colleague who adds them up.

- Only the sums of each table by itself: nothing says which type goes with which outcome, and no case is in it.
- `marks` are salted hashes of the cases that were counted. Two counts with the same mark counted the same case; whoever
  does not know the case learns nothing else from one.
- `to` is signed, so that nobody can hand a count on as if it was meant for another. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from meldkluis.crypto import age, signed
from meldkluis.crypto.encoding import (
    b64,
    binary,
    day,
    dump_json,
    integer,
    labelled_hash,
    list_of,
    load_json,
    one_of,
    organisation_name,
    read_fields,
)
from meldkluis.crypto.errors import FormatError
from meldkluis.crypto.limits import TEXT_CLASSES
from meldkluis.crypto.message import STRENGTHS
from meldkluis.crypto.note import CHANNELS, MEASURES, SUBJECTS, TYPES
from meldkluis.crypto.padding import pad_text, unpad_text

MOST_CASES: Final = 8000
"""In one count; both years fit into the largest padded text."""

LARGEST: Final = 2 * TEXT_CLASSES[-1]
"""Bytes of a sealed count, with room to spare."""

UNSET: Final = "unset"
"""Nobody chose yet, or nobody can know any more."""

AXES: Final[Mapping[str, tuple[str, ...]]] = {
    "channel": CHANNELS[1:],
    "anonymous": ("yes", "no", UNSET),
    "strength": (*STRENGTHS, UNSET),
    "regime": ("wbk", "integrity", "advice", "complaint", "wrong_desk", "undecided"),
    "type": (*TYPES[1:], UNSET),
    "subject": (*SUBJECTS[1:], UNSET),
    "outcome": ("founded", "unfounded", "not_taken_up", "no_report", "open", UNSET),
}
"""Tables in which each report of a year stands in exactly one row; the outcome as it was when the year ended."""

FLAGS: Final = (*MEASURES, "detriment")
"""What holds of a report or not, each by itself."""

TERMS: Final[Mapping[str, tuple[str, ...]]] = {
    "acknowledged": ("person", "server", "late"),
    "feedback": ("time", "late"),
}
"""How terms that are over were kept; a report whose term does not run or is not over stands nowhere."""

SINGLES: Final = ("older_open", "destroyed")
"""Reports of earlier years that were open when the year ended; cases of whatever year that were destroyed in it."""

_MARK: Final = 8


@dataclass(frozen=True)
class Counts:
    """The sums of one year. `marks`: one of 8 bytes for each report that was received in it, sorted."""

    marks: tuple[bytes, ...] = ()
    tables: Mapping[str, Mapping[str, int]] = field(default_factory=lambda: _zeros(AXES))
    flags: Mapping[str, int] = field(default_factory=lambda: dict.fromkeys(FLAGS, 0))
    terms: Mapping[str, Mapping[str, int]] = field(default_factory=lambda: _zeros(TERMS))
    singles: Mapping[str, int] = field(default_factory=lambda: dict.fromkeys(SINGLES, 0))

    @property
    def total(self) -> int:
        """How many reports were received."""
        return len(self.marks)

    def to_json(self) -> dict[str, Any]:
        """Return the written form."""
        return vars(self) | {"marks": [b64(mark) for mark in self.marks]}

    @classmethod
    def from_json(cls, value: object) -> "Counts":
        """Read the written form strictly; FormatError for sums that cannot be."""
        counts = cls(**read_fields(value, _COUNTS))
        total = counts.total
        if list(counts.marks) != sorted(set(counts.marks)):
            raise FormatError("marks out of order, or one stands twice")
        if any(sum(table.values()) != total for table in counts.tables.values()):
            raise FormatError("a table that does not add up")
        most = [*counts.flags.values(), *(sum(parts.values()) for parts in counts.terms.values())]
        if max(most) > total:
            raise FormatError("more than there were reports")
        return counts


def _zeros(axes: Mapping[str, Sequence[str]]) -> dict[str, dict[str, int]]:
    return {name: dict.fromkeys(cells, 0) for name, cells in axes.items()}


_NUMBER: Final = integer(0, MOST_CASES)


def _numbers(names: Sequence[str]) -> Any:
    return lambda value: read_fields(value, dict.fromkeys(names, _NUMBER))


def _tables(axes: Mapping[str, Sequence[str]]) -> Any:
    return lambda value: read_fields(value, {name: _numbers(cells) for name, cells in axes.items()})


_COUNTS: Final = {
    "marks": list_of(binary(_MARK), MOST_CASES),
    "tables": _tables(AXES),
    "flags": _numbers(FLAGS),
    "terms": _tables(TERMS),
    "singles": _numbers(SINGLES),
}


@dataclass(frozen=True)
class YearlyCount:
    """What one officer counted on the day `made`, by the roster of that hash, for the member `to`."""

    organisation: str
    roster: bytes
    to: bytes
    made: date
    year: int
    now: Counts
    before: Counts


def mark_of(organisation: str, year: int, case: bytes) -> bytes:
    """Return the mark of a case in the counts of a year: 8 bytes."""
    label = f"{organisation}\0{year}\0".encode("ascii")
    return labelled_hash("yearly-mark", label, case)[:_MARK]


def add(counts: Sequence[Counts]) -> Counts:
    """Return the sums of several officers' counts together."""

    def tables(name: str) -> dict[str, dict[str, int]]:
        first = getattr(Counts(), name)
        return {
            axis: {cell: sum(getattr(count, name)[axis][cell] for count in counts) for cell in cells}
            for axis, cells in first.items()
        }

    return Counts(
        tuple(sorted(mark for count in counts for mark in count.marks)),
        tables("tables"),
        {flag: sum(count.flags[flag] for count in counts) for flag in FLAGS},
        tables("terms"),
        {name: sum(count.singles[name] for count in counts) for name in SINGLES},
    )


def sign_count(count: YearlyCount, key: signed.SigningKey) -> signed.Thing:
    """Sign a count; FormatError for one that no reader takes."""
    document = {
        "version": 1,
        "organisation": count.organisation,
        "roster": b64(count.roster),
        "to": b64(count.to),
        "made": count.made.isoformat(),
        "year": count.year,
        "now": count.now.to_json(),
        "before": count.before.to_json(),
    }
    thing = signed.sign("yearly", dump_json(document), key)
    parse_count(thing.raw)
    return thing


def parse_count(raw: bytes) -> tuple[bytes, YearlyCount]:
    """Read and verify a signed count strictly; returns its author's key with it. FormatError or SignatureError.

    Whether that author may count, and for whom, is for the reader to say.
    """
    thing = signed.open_thing(raw, "yearly")
    checks = {
        "version": one_of(1),
        "organisation": organisation_name,
        "roster": binary(32),
        "to": binary(32),
        "made": day,
        "year": integer(2000, 9000),
        "now": Counts.from_json,
        "before": Counts.from_json,
    }
    fields = read_fields(load_json(thing.payload), checks)
    del fields["version"]
    return thing.key, YearlyCount(**fields)


def seal_count(thing: signed.Thing, recipient: str) -> bytes:
    """Seal a signed count for the member whose intake key this is; its size tells a class, not how many cases."""
    return age.encrypt(pad_text(thing.raw), [recipient])


def open_count(sealed: bytes, identities: Sequence[str]) -> bytes:
    """Return the signed count that was sealed; NotForThisKeyError or FormatError."""
    return unpad_text(age.decrypt(sealed, identities))
