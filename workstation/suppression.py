# SPDX-License-Identifier: EUPL-1.2
"""Which numbers of a yearly report are shown: none that tells how often something rare happened.

- A row with 1 to 4 reports shows that it has fewer than five; then one larger row of its table is withheld too, so that
  the total does not give it away; a row that is hidden in one year is hidden in the other (docs/adr/0016-yearly.md).
- Which rows are hidden follows from what is shown alone: whoever knows these rules learns no more by running them.
- Where a hidden row could be worked out after all, the whole table is withheld, in both years. Under ten reports there
  are no tables.
- It protects numbers, not people: what a reader knows from elsewhere it cannot know.

Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

K: Final = 5
"""The least number that is shown; a number of nobody is shown too."""

LEAST_FOR_TABLES: Final = 2 * K

SHOWN: Final = "shown"
SMALL: Final = "small"
WITHHELD: Final = "withheld"


@dataclass(frozen=True)
class Cell:
    """A number as it is shown: `kind` is SHOWN, SMALL (1 to 4) or WITHHELD; without a `count` but where it is shown."""

    kind: str
    count: int | None = None


Table = Mapping[str, Cell]


def is_small(count: int) -> bool:
    """Whether a number is too small to be shown."""
    return 0 < count < K


def single(count: int) -> Cell:
    """Return a number that is part of no table."""
    return Cell(SMALL) if is_small(count) else Cell(SHOWN, count)


def tables(years: Sequence[Mapping[str, int]]) -> list[Table | None]:
    """Return the same table of several years as it is shown; None for a year without one that can be shown.

    The rows are in their own order; of two that could cover another the later one is withheld.
    """
    large = [sum(table.values()) >= LEAST_FOR_TABLES for table in years]
    hidden = {row for table, is_large in zip(years, large, strict=True) if is_large for row in _small_rows(table)}
    found = [_shown(table, hidden) if is_large else None for table, is_large in zip(years, large, strict=True)]
    # What one year hides because of the other would tell about the other's withheld table.
    safe = all(table is not None for table, is_large in zip(found, large, strict=True) if is_large)
    return found if safe else [None] * len(years)


def flags(years: Sequence[tuple[int, int]]) -> list[Cell | None]:
    """Return how many of how many reports something holds of, in several years; None where it is withheld."""
    found = tables([{"yes": count, "no": total - count} for count, total in years])
    return [None if table is None else table["yes"] for table in found]


def rates(parts: Mapping[str, int]) -> Mapping[str, int] | None:
    """Return whole percentages of parts that make up a whole, or None where one is small or the whole is."""
    total = sum(parts.values())
    if total < K or any(is_small(count) for count in parts.values()):
        return None
    return {name: round(100 * count / total) for name, count in parts.items()}


def share(cell: Cell, total: int) -> int | None:
    """Return which whole percentage of a shown total a row is; None where the row is not shown."""
    return None if cell.count is None or total == 0 else round(100 * cell.count / total)


def _small_rows(table: Mapping[str, int]) -> set[str]:
    return {row for row, count in table.items() if is_small(count)}


def _shown(table: Mapping[str, int], hidden: set[str]) -> Table | None:
    # One more, whatever the sums are: were it withheld only where it is needed, that would tell a sum.
    cover = [row for row, count in table.items() if row not in hidden and count >= K][-1:] if hidden else []
    cells = {row: _cell(count, withheld=row in hidden or row in cover) for row, count in table.items()}
    return cells if _is_safe(table, cells, cover) else None


def _cell(count: int, *, withheld: bool) -> Cell:
    if not withheld:
        return Cell(SHOWN, count)
    return Cell(SMALL) if is_small(count) else Cell(WITHHELD)


def _is_safe(table: Mapping[str, int], cells: Table, cover: Sequence[str]) -> bool:
    """Whether each hidden row can have two values at the least, for all that is shown and known of the rules."""
    rest = sum(table[row] for row, cell in cells.items() if cell.kind != SHOWN)
    ranges = {row: _range(cell, rest, cover=row in cover) for row, cell in cells.items() if cell.kind != SHOWN}
    for row, values in ranges.items():
        others = {0}
        for other, its in ranges.items():
            if other != row:
                others = {total + value for total in others for value in its if total + value <= rest}
        if sum(rest - value in others for value in values) < 2:
            return False
    return True


def _range(cell: Cell, rest: int, *, cover: bool) -> list[int]:
    """Return what a hidden row can be for whoever knows the rules."""
    if cell.kind == SMALL:
        return list(range(1, K))
    return [*([] if cover else [0]), *range(K, rest + 1)]
