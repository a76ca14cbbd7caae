# SPDX-License-Identifier: EUPL-1.2
"""The yearly report as it is shown and saved: sums that went through `suppression`, in words, with their charts.

- Whatever leaves this module may be published: no sum that is small, or that gives a small one away, gets out of it.
- The total of a year is always there. The year before stands beside each number, counted anew like this year.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from meldkluis.crypto.note import MEASURES
from meldkluis.crypto.yearly import AXES, SINGLES, Counts
from meldkluis.workstation import yearly_words
from meldkluis.workstation.charts import Drawn, bars
from meldkluis.workstation.render import Language
from meldkluis.workstation.suppression import LEAST_FOR_TABLES, SMALL, Cell, flags, rates, share, single, tables


@dataclass(frozen=True)
class Row:
    """A row of a table, in words: this year's number and share of all reports, and those of the year before."""

    label: str
    now: str
    now_share: str
    before: str
    before_share: str


@dataclass(frozen=True)
class View:
    """A table with its chart, an `<svg>` element; no rows and no chart where neither year can be shown."""

    name: str
    title: str
    rows: tuple[Row, ...]
    chart: Drawn | None


@dataclass(frozen=True)
class Report:
    """A yearly report. `few`: this year has too few reports for tables."""

    year: int
    total: int
    total_before: int
    few: bool
    views: tuple[View, ...]
    measures: tuple[Row, ...]
    detriment: Row | None
    rates: tuple[Row, ...]
    singles: tuple[Row, ...]


class _Writer:
    """Puts shown numbers in words of a language."""

    def __init__(self, language: Language, totals: Sequence[int]) -> None:
        self._say: Final = language.say
        self._totals: Final = totals

    def cell(self, cell: Cell | None) -> str:
        if cell is None:
            return self._say(yearly_words.NO_TABLE)
        if cell.count is not None:
            return str(cell.count)
        return self._say(yearly_words.SMALL if cell.kind == SMALL else yearly_words.WITHHELD)

    def percent(self, value: int | None) -> str:
        return "" if value is None else f"{value}%"

    def row(self, label: str, cells: Sequence[Cell | None], *, shares: bool = True) -> Row:
        now, before = (self.cell(cell) for cell in cells)
        of = [
            self.percent(share(cell, total)) if shares and cell is not None else ""
            for cell, total in zip(cells, self._totals, strict=True)
        ]
        return Row(self._say(label), now, of[0], before, of[1])


def report(now: Counts, before: Counts, year: int, language: Language) -> Report:
    """Return the report of a year, with the year before beside it."""
    writer = _Writer(language, [now.total, before.total])
    few = now.total < LEAST_FOR_TABLES
    views = () if few else tuple(_view(axis, [now, before], writer, language) for axis in AXES)
    flagged = {flag: flags([(years.flags[flag], years.total) for years in (now, before)]) for flag in now.flags}
    return Report(
        year=year,
        total=now.total,
        total_before=before.total,
        few=few,
        views=views,
        measures=() if few else tuple(writer.row(yearly_words.FLAGS[name], flagged[name]) for name in MEASURES),
        detriment=None if few else writer.row("", flagged["detriment"]),
        rates=tuple(_rates(now, before, writer, language)),
        singles=tuple(
            writer.row(
                yearly_words.SINGLES[name], [single(counts.singles[name]) for counts in (now, before)], shares=False
            )
            for name in SINGLES
        ),
    )  # fmt: skip


def _view(axis: str, years: Sequence[Counts], writer: _Writer, language: Language) -> View:
    found = tables([counts.tables[axis] for counts in years])
    title, labels = language.say(yearly_words.TABLES[axis]), yearly_words.ROWS[axis]
    if found[0] is None:
        return View(axis, title, (), None)
    rows = tuple(
        writer.row(labels[name], [None if table is None else table[name] for table in found])
        for name in AXES[axis]
        if _is_worth_it(name, found)
    )
    shown = found[0]
    named = [name for name in AXES[axis] if _is_worth_it(name, found)]
    chart = bars(axis, title, [
        (language.say(labels[name]), writer.cell(shown[name]), shown[name].count) for name in named
    ])  # fmt: skip
    return View(axis, title, rows, chart)


def _is_worth_it(name: str, found: Sequence[Mapping[str, Cell] | None]) -> bool:
    """Whether a row says anything: one for what nobody chose is left out where it is empty in every year."""
    return name != "unset" or any(table is not None and table[name] != single(0) for table in found)


def _rates(now: Counts, before: Counts, writer: _Writer, language: Language) -> list[Row]:
    """Return how terms were kept; a percentage that would reveal is not there."""
    found: list[tuple[str, list[int | None]]] = [("acknowledged", []), ("person", []), ("feedback", [])]
    for counts in (now, before):
        parts = counts.terms["acknowledged"]
        fine = rates(parts)
        whole = rates({"time": parts["person"] + parts["server"], "late": parts["late"]})
        given = rates(counts.terms["feedback"])
        found[0][1].append(None if whole is None else whole["time"])
        found[1][1].append(None if fine is None else fine["person"])
        found[2][1].append(None if given is None else given["time"])
    hidden = language.say(yearly_words.WITHHELD)
    return [
        Row(
            language.say(yearly_words.RATES[name]),
            *(part for value in values for part in (writer.percent(value) or hidden, "")),
        )
        for name, values in found
    ]
