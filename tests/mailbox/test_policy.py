# SPDX-License-Identifier: EUPL-1.2
"""Retention: until when a closed case is kept, by outcome; what a policy may say."""

import json
from dataclasses import fields
from datetime import date

import pytest
from hypothesis import given, strategies as st

from meldkluis.crypto.course import LEAST_KEPT
from meldkluis.crypto.errors import FormatError
from meldkluis.crypto.note import OUTCOMES
from meldkluis.crypto.rules import LONGEST_KEPT
from meldkluis.mailbox.policy import RANGES, Policy, Retention, ends

CLOSED = date(2026, 11, 30)

DEFAULTS = [
    # outcome, contact details, content, register line
    ("no_report", "2026-12-30", "2026-12-30", "2027-11-30"),
    ("not_taken_up", "2027-01-30", "2027-01-30", "2027-11-30"),
    ("unfounded", "2027-01-30", "2027-01-30", "2028-11-30"),
    ("unfounded_kept", "2027-01-30", "2027-11-30", "2028-11-30"),
    ("founded", "2027-01-30", "2027-01-30", "2028-11-30"),
]
retentions = st.builds(Retention, **{name: st.integers(*bounds) for name, bounds in RANGES.items()})


@pytest.mark.parametrize(("outcome", "identity", "content", "register"), DEFAULTS)
def test_the_defaults(outcome: str, identity: str, content: str, register: str):
    """Each outcome has its own period; months end on the same number, else on the month's last day."""
    expected = {"identity_until": identity, "destroy_after": content, "register_until": register}
    assert ends(outcome, CLOSED, Retention()).to_json() == expected


def test_a_month_that_is_shorter():
    """A case closed on 31 January with a month's period goes on the last of February."""
    assert ends("no_report", date(2028, 1, 31), Retention()).destroy_after == date(2028, 2, 29)


@given(st.sampled_from(OUTCOMES), st.dates(date(2023, 1, 1), date(2030, 12, 31)), retentions)
def test_every_policy_in_range_can_be_kept(outcome: str, closed: date, retention: Retention):
    """Contact details never outlive content, nor content the register line, and the log's bounds hold for all."""
    found = ends(outcome, closed, retention)
    assert closed + LEAST_KEPT <= found.identity_until <= found.destroy_after <= found.register_until
    assert found.register_until <= closed + LONGEST_KEPT


@given(retentions, st.sampled_from(["officer", "automatic"]), st.sampled_from([None, "4.1.4", "12.1.7"]))
def test_a_policy_travels(retention: Retention, acknowledgement: str, archive: str | None):
    """What the server sends the workstation reads."""
    policy = Policy(acknowledgement, archive, retention)
    assert Policy.from_json(json.loads(json.dumps(policy.to_json()))) == policy


@pytest.mark.parametrize("name", RANGES)
def test_out_of_range_is_refused_by_name(name: str):
    """A period below its least or over its most, a negative one and a missing one are named."""
    least, most = RANGES[name]
    for wrong in (least - 1, most + 1, -2, "2", None):
        document = Policy().to_json()
        document["retention"][name] = wrong
        with pytest.raises(FormatError, match=f"retention: {name}"):
            Policy.from_json(document)


def test_unknown_names_are_refused():
    """A period that there is not, an archive that nobody chose, another acknowledgement."""
    for change in (
        {"retention": {**Policy().to_json()["retention"], "for_ever": 1}},
        {"archive": "9.9"},
        {"acknowledgement": "never"},
        {"more": 1},
    ):
        with pytest.raises(FormatError):
            Policy.from_json({**Policy().to_json(), **change})
    with pytest.raises(ValueError, match="outcome"):
        ends("lost", CLOSED, Retention())


def test_every_period_has_a_range():
    """No period is without bounds, and every default lies within."""
    assert {item.name for item in fields(Retention)} == set(RANGES)
    assert all(least <= getattr(Retention(), name) <= most for name, (least, most) in RANGES.items())
