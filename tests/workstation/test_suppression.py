# SPDX-License-Identifier: EUPL-1.2
"""Small numbers stay hidden from whoever has all that is published, and the rules by which it was chosen."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import product
from random import Random

import pytest

from meldkluis.workstation.suppression import (
    LEAST_FOR_TABLES,
    SHOWN,
    SMALL,
    WITHHELD,
    Cell,
    K,
    flags,
    rates,
    share,
    single,
    tables,
)


def all_tables(total: int, rows: int) -> Iterator[tuple[int, ...]]:
    """Every table with this many rows and this total."""
    if rows == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in all_tables(total - first, rows - 1):
            yield (first, *rest)


def named(values: tuple[int, ...]) -> dict[str, int]:
    return {f"row-{number}": value for number, value in enumerate(values)}


def solutions(total: int, shown: dict[str, Cell]) -> Iterator[tuple[int, ...]]:
    """All that a reader can think of: rows as shown, fewer than five where it says so, and the total."""
    ranges = [
        [cell.count] if cell.kind == SHOWN else range(1, K) if cell.kind == SMALL else [0, *range(K, total + 1)]
        for cell in shown.values()
    ]
    for values in product(*ranges[:-1]):
        last = total - sum(values)
        if last in ranges[-1]:
            yield (*values, last)


@pytest.mark.parametrize("rows", [2, 3, 4])
def test_no_hidden_row_can_be_solved(rows):
    """For every table up to a total of 26: all that is shown, and the total, leave each hidden row two values."""
    for total in range(LEAST_FOR_TABLES, 27 if rows < 4 else 21):
        for values in all_tables(total, rows):
            (shown,) = tables([named(values)])
            if shown is None:
                continue
            hidden = [number for number, cell in enumerate(shown.values()) if cell.kind != SHOWN]
            found = list(solutions(total, dict(shown)))
            assert values in found
            assert all(len({solution[number] for solution in found}) > 1 for number in hidden), values
            assert not any(cell.kind == SHOWN and 0 < cell.count < K for cell in shown.values())


@pytest.mark.parametrize("rows", [2, 3, 4])
def test_knowing_the_rules_does_not_help(rows):
    """Whoever runs the rules over every table that there can be, and compares, still finds two values for each row."""
    for total in range(LEAST_FOR_TABLES, 27 if rows < 4 else 21):
        same = defaultdict(list)
        for values in all_tables(total, rows):
            (shown,) = tables([named(values)])
            same[None if shown is None else tuple(shown.values())].append(values)
        for shown, those in same.items():
            for number in range(rows):
                if shown is None or shown[number].kind != SHOWN:
                    assert len({values[number] for values in those}) > 1, (shown, those)


def test_two_years_beside_each_other():
    """A row that is hidden in one year is hidden in the other, and no year can be solved by itself or by the rules."""
    same = defaultdict(list)
    for now, before in product(all_tables(12, 3), repeat=2):
        pair = tables([named(now), named(before)])
        key = tuple(None if table is None else tuple(table.values()) for table in pair)
        same[key].append((now, before))
        if pair[0] is not None and pair[1] is not None:
            small = {row for table in pair for row, cell in table.items() if cell.kind == SMALL}
            assert all(table[row].kind != SHOWN for table in pair for row in small)
    for key, those in same.items():
        for year, shown in enumerate(key):
            for number in range(3):
                if shown is None or shown[number].kind != SHOWN:
                    assert len({pair[year][number] for pair in those}) > 1, key


def test_larger_tables_at_random():
    """The same for tables as they are: ten rows, two years, whatever the numbers."""
    draw = Random(5)
    published = 0
    for _ in range(300):
        years = [named(tuple(draw.choice([0, 0, 1, 2, 3, 4, 5, 6, 9, 14]) for _ in range(10))) for _ in range(2)]
        for table, shown in zip(years, tables(years), strict=True):
            if shown is None:
                continue
            published += 1
            total = sum(table.values())
            rest = total - sum(cell.count or 0 for cell in shown.values())
            hidden = [cell for cell in shown.values() if cell.kind != SHOWN]
            least = sum(1 if cell.kind == SMALL else 0 for cell in hidden)
            most = sum(K - 1 if cell.kind == SMALL else total for cell in hidden)
            assert not hidden or least < rest < most
            assert [cell.kind for row, cell in shown.items() if 0 < table[row] < K].count(SHOWN) == 0
    assert published > 400


def test_what_is_shown_of_a_table():
    """Small rows say so, a large one is withheld with them, a zero is shown, and so is what needs no cover."""
    (shown,) = tables([{"a": 12, "b": 3, "c": 0, "d": 20}])
    assert shown == {"a": Cell(SHOWN, 12), "b": Cell(SMALL), "c": Cell(SHOWN, 0), "d": Cell(WITHHELD)}
    assert tables([{"a": 12, "b": 0}]) == [{"a": Cell(SHOWN, 12), "b": Cell(SHOWN, 0)}]
    assert tables([{"a": 9, "b": 0}, {"a": 4, "b": 8}])[0] is None


def test_rows_that_would_give_each_other_away():
    """A table whose cover cannot cover is withheld as a whole: 1 and 5 make 6, and nothing else of these kinds does."""
    assert tables([{"a": 1, "b": 5, "c": 6}])[0] is not None
    assert tables([{"a": 1, "c": 20, "b": 5}]) == [None]


def test_yes_or_no():
    """How many of how many is hidden where either side is small."""
    assert flags([(3, 20), (7, 20)]) == [Cell(SMALL), Cell(WITHHELD)]
    assert flags([(18, 20)]) == [Cell(WITHHELD)]
    assert flags([(0, 20)]) == [Cell(SHOWN, 0)]
    assert flags([(10, 20)]) == [Cell(SHOWN, 10)]
    assert flags([(5, 9)]) == [None]


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        ({"time": 9, "late": 0}, {"time": 100, "late": 0}),
        ({"time": 8, "late": 1}, None),
        ({"time": 4, "late": 0}, None),
        ({"time": 0, "late": 0}, None),
        ({"time": 5, "late": 11}, {"time": 31, "late": 69}),
    ],
)
def test_percentages_that_would_reveal_are_left_out(parts, shown):
    """A percentage of parts of which one is small, or of hardly anything, is not shown."""
    assert rates(parts) == shown


def test_numbers_alone():
    """A number that belongs to no table is hidden where it is small; a share is there only where its row is shown."""
    assert [single(count).count for count in (0, 1, 4, 5)] == [0, None, None, 5]
    assert share(Cell(SMALL), 20) is None
    assert share(Cell(SHOWN, 5), 15) == 33
