# SPDX-License-Identifier: EUPL-1.2
"""Working days against a library, and the clock against time zones."""

from datetime import UTC, date, datetime, timedelta

import holidays
import pytest
import time_machine

from meldkluis.mailbox import calendar
from meldkluis.mailbox.clock import today, utc_midnight


@pytest.mark.parametrize("year", range(2020, 2101))
def test_holidays_equal_the_library(year: int) -> None:
    """The act's list is the library's with 5 May each year and without the two Sundays."""
    easter = calendar.easter_sunday(year)
    known = holidays.country_holidays("NL", categories=("public", "optional"), years=year)
    expected = (set(known) | {date(year, 5, 5)}) - {easter, easter + timedelta(days=49)}

    # On Saturdays and Sundays nobody works anyway: 5 May on a Sunday is in both or in neither.
    assert set(calendar.public_holidays(year)) == expected


def test_liberation_day_counts_each_year() -> None:
    """5 May is a holiday in the sense of the act in every year, not in every fifth."""
    assert not any(calendar.is_working_day(date(year, 5, 5)) for year in range(2014, 2101))


def test_kings_day_on_a_sunday_moves_to_saturday() -> None:
    """In 2025 Koningsdag was Saturday 26 April, and Monday 28 April was a working day."""
    assert calendar.public_holidays(2025)[date(2025, 4, 26)] == "Koningsdag"
    assert calendar.is_working_day(date(2025, 4, 28))


def test_designated_days_are_fridays_and_mondays_of_covered_years() -> None:
    """The decreed days lie in the years that are said to be covered, on weekdays that are no holidays already."""
    assert {day.year for day in calendar.DESIGNATED} == set(calendar.COVERED)
    for day in calendar.DESIGNATED:
        assert day.weekday() in {0, 4}
        assert day not in calendar.public_holidays(day.year)
        assert not calendar.is_working_day(day)


@pytest.mark.parametrize(
    ("utc", "local"),
    [
        ("2026-07-01T21:59:59", "2026-07-01"),
        ("2026-07-01T22:00:00", "2026-07-02"),
        ("2026-01-01T22:59:59", "2026-01-01"),
        ("2026-01-01T23:00:00", "2026-01-02"),
        ("2026-03-28T23:00:00", "2026-03-29"),
        ("2026-10-24T22:00:00", "2026-10-25"),
    ],
)
def test_today_is_a_local_day(utc: str, local: str) -> None:
    """The day turns at midnight in Amsterdam, in summer and in winter time."""
    with time_machine.travel(datetime.fromisoformat(utc).replace(tzinfo=UTC), tick=False):
        assert today() == date.fromisoformat(local)


def test_utc_midnight() -> None:
    """The moment that signed requests carry is a whole number of days since 1970."""
    assert utc_midnight(date(1970, 1, 1)) == 0
    assert utc_midnight(date(2026, 7, 2)) == 1782950400
    assert utc_midnight(date(2026, 7, 2)) % 86400 == 0
