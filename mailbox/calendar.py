# SPDX-License-Identifier: EUPL-1.2
"""Working days in the sense of the Algemene termijnenwet (ATW, BWBR0002448).

- `is_working_day` is exact for the years in `COVERED`; for others the days that a Royal Decree (KB) makes equal to
  public holidays are not known, and `terms` says so.
- 5 May counts each year: article 3 of the act names it without the five-yearly rule of labour agreements.
- To add a year: put the days of its decree into `DESIGNATED` and widen `COVERED`. Nothing else knows a date.

Pure; called by `terms`.
"""

from datetime import date, timedelta
from functools import cache
from types import MappingProxyType
from typing import Final

# Days made equal to public holidays by decree (ATW article 3, paragraph 3). From 2026 on: Stcrt. 2025, 24713.
DESIGNATED: Final = frozenset(
    date.fromisoformat(day)
    for day in (
        "2023-04-28",
        "2023-05-19",
        "2024-05-10",
        "2024-12-27",
        "2025-05-30",
        "2026-01-02",
        "2026-05-15",
        "2027-05-07",
        "2028-04-28",
        "2028-05-26",
    )
)

# The years for which DESIGNATED is complete.
COVERED: Final = range(2023, 2029)

_SATURDAY: Final = 5
_SUNDAY: Final = 6


def is_working_day(day: date) -> bool:
    """Tell whether `day` is no Saturday, no Sunday and no generally recognised public holiday."""
    return day.weekday() < _SATURDAY and day not in DESIGNATED and day not in public_holidays(day.year)


def working_days_after(day: date, count: int) -> date:
    """Return the `count`-th working day after a day; the day itself does not count."""
    while count:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day


@cache
def public_holidays(year: int) -> MappingProxyType[date, str]:
    """Return the yearly holidays of ATW article 3 with their Dutch names, without Sundays and decreed days.

    Good Friday is not a public holiday but is made equal to one by the act itself.
    """
    easter = easter_sunday(year)
    kings_day = date(year, 4, 27)
    if kings_day.weekday() == _SUNDAY:
        kings_day -= timedelta(days=1)
    days = {
        date(year, 1, 1): "Nieuwjaarsdag",
        easter - timedelta(days=2): "Goede Vrijdag",
        easter + timedelta(days=1): "Tweede Paasdag",
        kings_day: "Koningsdag",
        date(year, 5, 5): "Bevrijdingsdag",
        easter + timedelta(days=39): "Hemelvaartsdag",
        easter + timedelta(days=50): "Tweede Pinksterdag",
        date(year, 12, 25): "Eerste Kerstdag",
        date(year, 12, 26): "Tweede Kerstdag",
    }
    return MappingProxyType(days)


def easter_sunday(year: int) -> date:
    """Return Easter Sunday in the Gregorian calendar (the anonymous algorithm of Nature, 20 April 1876)."""
    golden = year % 19
    century, of_century = divmod(year, 100)
    moon = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (of_century // 4) - moon - of_century % 4) % 7
    shift = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)
