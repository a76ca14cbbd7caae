# SPDX-License-Identifier: EUPL-1.2
"""The law's terms against worked examples and against an oracle that counts day by day."""

import json
from collections.abc import Iterator
from datetime import date, timedelta

import holidays
import pytest
from hypothesis import given, strategies as st

from meldkluis.mailbox.terms import Term, TermsError, add_months, dues

DAY = timedelta(days=1)

# Copied by hand from the decrees, not from the code under test.
DECREED = {
    date(2023, 4, 28),
    date(2023, 5, 19),
    date(2024, 5, 10),
    date(2024, 12, 27),
    date(2025, 5, 30),
    date(2026, 1, 2),
    date(2026, 5, 15),
    date(2027, 5, 7),
    date(2028, 4, 28),
    date(2028, 5, 26),
}
STATUTORY = holidays.country_holidays("NL", categories=("public", "optional"), years=range(2022, 2031))

ACKNOWLEDGEMENTS = [
    # received, nominal, internal, legal
    ("2025-12-25", "2026-01-01", "2025-12-31", "2026-01-05"),
    ("2026-03-27", "2026-04-03", "2026-04-02", "2026-04-07"),
    ("2026-04-20", "2026-04-27", "2026-04-24", "2026-04-28"),
    ("2026-04-28", "2026-05-05", "2026-05-04", "2026-05-06"),
    ("2026-05-07", "2026-05-14", "2026-05-13", "2026-05-18"),
    ("2026-11-21", "2026-11-28", "2026-11-27", "2026-11-30"),
    ("2026-12-18", "2026-12-25", "2026-12-24", "2026-12-28"),
    ("2027-04-30", "2027-05-07", "2027-05-04", "2027-05-10"),
    ("2028-04-21", "2028-04-28", "2028-04-26", "2028-05-01"),
]

FEEDBACK = [
    # received, acknowledged, nominal, internal, legal
    ("2026-01-31", "2026-01-31", "2026-04-30", "2026-04-30", "2026-04-30"),
    ("2026-02-05", "2026-02-05", "2026-05-05", "2026-05-04", "2026-05-06"),
    ("2026-11-30", "2026-11-30", "2027-02-28", "2027-02-26", "2027-03-01"),
    ("2027-02-28", "2027-02-28", "2027-05-28", "2027-05-28", "2027-05-28"),
    ("2027-11-30", "2027-11-30", "2028-02-29", "2028-02-29", "2028-02-29"),
    ("2028-02-29", "2028-02-29", "2028-05-29", "2028-05-29", "2028-05-29"),
    ("2026-09-25", "2026-09-25", "2026-12-25", "2026-12-24", "2026-12-28"),
    ("2026-11-24", None, "2027-03-01", "2027-03-01", "2027-03-01"),
    ("2027-11-23", None, "2028-02-29", "2028-02-29", "2028-02-29"),
    ("2026-11-24", "2026-12-08", "2027-03-01", "2027-03-01", "2027-03-01"),
]


def works(day: date) -> bool:
    """Tell whether people work, from the library and the decrees."""
    liberation = (day.month, day.day) == (5, 5)
    return day.weekday() < 5 and not liberation and day not in STATUTORY and day not in DECREED


def counted(start: date, days: int) -> date:
    """Count days one by one; the day of the event does not count."""
    for _ in range(days):
        start += DAY
    return start


def three_months_on(start: date) -> date:
    """Walk to the third month after `start` and stop at the same number or at the month's end."""
    day, months = start, 0
    while months < 3:
        day += DAY
        months += day.day == 1
    while day.day < start.day and (day + DAY).day != 1:
        day += DAY
    return day


def ends(nominal: date) -> Term:
    internal = next(day for n in range(20) if works(day := nominal - n * DAY))
    legal = next(day for n in range(20) if works(day := nominal + n * DAY))
    return Term(nominal, internal, legal)


def every_day() -> Iterator[date]:
    day = date(2023, 1, 1)
    while day < date(2029, 1, 1):
        yield day
        day += DAY


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(("received", "nominal", "internal", "legal"), ACKNOWLEDGEMENTS)
def test_acknowledgement_examples(received: str, nominal: str, internal: str, legal: str) -> None:
    """Seven days, kept on the last working day before and extended by the act to the next."""
    assert dues(day(received)).acknowledgement == Term(day(nominal), day(internal), day(legal))


@pytest.mark.parametrize(("received", "acknowledged", "nominal", "internal", "legal"), FEEDBACK)
def test_feedback_examples(received: str, acknowledged: str | None, nominal: str, internal: str, legal: str) -> None:
    """Three months from the acknowledgement, or from the seventh day when it came late or not at all."""
    found = dues(day(received), day(acknowledged) if acknowledged else None)

    assert found.feedback == Term(day(nominal), day(internal), day(legal))


def test_every_day_against_the_oracle() -> None:
    """Each day of receipt from 2023 to 2028, each day of acknowledgement up to two days late, counted independently."""
    for received in every_day():
        seventh = counted(received, 7)
        for wait in (None, *range(10)):
            acknowledged = None if wait is None else received + wait * DAY
            base = seventh if acknowledged is None or acknowledged > seventh else acknowledged
            found = dues(received, acknowledged)

            assert found.acknowledgement == ends(seventh), received
            assert found.feedback == ends(three_months_on(base)), (received, acknowledged)


def test_every_term_holds_two_working_days() -> None:
    """Article 2 of the act is kept: no term of seven days holds fewer than two working days."""
    for received in every_day():
        legal = dues(received).acknowledgement.legal
        assert sum(works(received + n * DAY) for n in range(1, (legal - received).days + 1)) >= 2


@given(st.dates(date(2014, 1, 1), date(2200, 1, 1)), st.none() | st.integers(0, 400))
def test_internal_nominal_legal_stand_in_this_order(received: date, wait: int | None) -> None:
    """The internal end is never after the nominal one, nor the legal end before it, in any year."""
    found = dues(received, None if wait is None else received + wait * DAY)

    for term in (found.acknowledgement, found.feedback):
        assert term.internal <= term.nominal <= term.legal
        assert received < term.internal


@given(st.dates(date(2014, 1, 1), date(2200, 1, 1)), st.integers(0, 400))
def test_a_late_acknowledgement_moves_nothing(received: date, late: int) -> None:
    """Acknowledging after the seventh day gives the same terms as never acknowledging."""
    assert dues(received, received + (7 + late) * DAY) == dues(received)


@given(st.dates(date(2014, 1, 1), date(2200, 1, 1)), st.integers(1, 7))
def test_an_earlier_acknowledgement_never_gives_more_time(received: date, wait: int) -> None:
    """Waiting a day longer with the acknowledgement never brings the feedback forward."""
    sooner, later = (dues(received, received + n * DAY).feedback.nominal for n in (wait - 1, wait))

    assert sooner <= later


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        ("2024-01-31", 1, "2024-02-29"),
        ("2023-11-30", 3, "2024-02-29"),
        ("2023-10-31", 0, "2023-10-31"),
        ("2023-10-05", 15, "2025-01-05"),
    ],
)
def test_months(start: str, months: int, expected: str) -> None:
    """The same number, or the month's last day; no end of month sticks."""
    assert add_months(day(start), months) == day(expected)


@pytest.mark.parametrize(
    ("received", "warnings"),
    [
        ("2023-01-01", ()),
        ("2028-09-22", ()),
        ("2028-09-23", ("designated-days-unknown-2029",)),
        ("2028-12-30", ("designated-days-unknown-2029",)),
        ("2029-12-30", ("designated-days-unknown-2030",)),
        ("2022-12-20", ("designated-days-unknown-2022",)),
    ],
)
def test_warnings_for_years_without_a_decree(received: str, warnings: tuple[str, ...]) -> None:
    """A term that ends in a year whose decreed days are unknown says so."""
    assert dues(day(received)).warnings == warnings


def test_an_acknowledgement_before_the_receipt_is_refused() -> None:
    """Nobody acknowledges what has not come in."""
    with pytest.raises(TermsError):
        dues(date(2026, 5, 2), date(2026, 5, 1))


@pytest.mark.parametrize("year", [1, 2013, 9001, 9999])
def test_years_that_cannot_be_counted_are_refused(year: int) -> None:
    """A year with other holidays, or without room for the term, is an error and not a wrong answer."""
    with pytest.raises(TermsError):
        dues(date(year, 12, 31))


def test_json_shape() -> None:
    """Scripts get exactly these names and days as text."""
    shown = json.loads(json.dumps(dues(day("2025-12-25")).to_json()))

    assert shown == {
        "acknowledgement": {"nominal": "2026-01-01", "internal": "2025-12-31", "legal": "2026-01-05"},
        "feedback": {"nominal": "2026-04-01", "internal": "2026-04-01", "legal": "2026-04-01"},
        "warnings": [],
    }
