# SPDX-License-Identifier: EUPL-1.2
"""A member is added to a case: what is sealed, to whom, and what a reader believes of it."""

import os
from dataclasses import replace

import pytest
from cast import Cast, make_cast, make_officer

from meldkluis.crypto import age, casework
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.errors import ChainError, MismatchError, NotForThisKeyError
from meldkluis.crypto.message import Grant, sign_inside
from meldkluis.crypto.report import file_ref, seal


@pytest.fixture(scope="module")
def cast() -> Cast:
    return make_cast(["TEST Een", "TEST Twee", "TEST Drie"])


def taken_over(cast: Cast, **changes: object) -> tuple[CaseLog, Grant]:
    """A case that the first officer took over."""
    sealed = cast.compose(cast.reporter(), **changes)
    log = cast.log_of(sealed)
    taken = cast.take_over(log, {(0, slot): file for slot, file in sealed.files.items()})
    return log, taken.grant


def test_the_secrets_reach_the_added_one_alone(cast: Cast) -> None:
    """One stanza, to the intake key that the entry names; what is inside are the case's secrets."""
    log, grant = taken_over(cast)
    new = make_officer("TEST Nieuw")
    sealed = casework.add_officer(log, new.intake_key, grant, cast.one.signing, cast.today)

    assert age.count_stanzas(age.split(sealed.files["grant"])[0]) == 1
    assert casework.open_grant(sealed.files["grant"], sealed.entry, log, [new.identity]) == grant
    assert new.key in log.officers
    assert sealed.entry.fields["key"] == new.intake_key.hash


def test_nothing_is_sealed_to_one_who_is_out(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Left out by the reporter, or withdrawn: the secrets are not even encrypted."""
    log, grant = taken_over(cast, to=frozenset({cast.one.key, cast.two.key}))
    log.extend("recused", cast.two.signing, day=cast.today)

    def never(*_: object) -> bytes:
        raise AssertionError("sealed")

    monkeypatch.setattr(casework, "seal", never)
    for officer in (cast.officers[2], cast.two):
        with pytest.raises(ChainError):
            casework.add_officer(log, officer.intake_key, grant, cast.one.signing, cast.today)


def test_other_secrets_are_not_sealed(cast: Cast) -> None:
    """Secrets of no announced key, and a grant without those of contact details that are still there."""
    log, grant = taken_over(cast)
    new = make_officer("TEST Nieuw")

    for wrong in (
        replace(grant, secret=os.urandom(32)),
        replace(grant, identity_secret=os.urandom(32)),
        replace(grant, identity_secret=None),
        replace(grant, older=(os.urandom(32),)),
    ):
        with pytest.raises(MismatchError):
            casework.add_officer(log, new.intake_key, wrong, cast.one.signing, cast.today)


def test_a_stray_seed_is_not_believed(cast: Cast) -> None:
    """A colleague who seals a seed of no announced key is seen by who opens it."""
    log, grant = taken_over(cast)
    new = make_officer("TEST Nieuw")
    file = seal(sign_inside(replace(grant, older=(os.urandom(32),)), cast.one.signing), [new.intake_key.recipient])
    entry = log.extend(
        "officer-added", cast.one.signing, day=cast.today, officer=new.key, key=new.intake_key.hash,
        files={"grant": file_ref(file)},
    )  # fmt: skip

    with pytest.raises(MismatchError):
        casework.open_grant(file, entry, log, [new.identity])


def test_seeds_of_earlier_keys(cast: Cast) -> None:
    """The deputy made a new key: a grant brings those of the first one too, each under its announced recipient."""
    sealed = cast.compose(cast.reporter())
    log = cast.log_of(sealed)
    files = {(0, slot): file for slot, file in sealed.files.items()}
    first = cast.take_over(log, files).grant
    due = log.received
    log.extend(
        "lapsed", cast.server, day=cast.today.replace(year=2027), term="acknowledgement", end="internal", due=due
    )
    log.extend("handed-over", cast.server, day=log.last_day, deputy=cast.deputy.key, roster=None)
    second = cast.take_over(log, files, cast.deputy, log.last_day).grant
    assert first.identity_secret is not None
    grant = replace(second, older=(first.identity_secret, first.secret))
    new = make_officer("TEST Nieuw")
    added = casework.add_officer(log, new.intake_key, grant, cast.one.signing, log.last_day)

    opened = casework.open_grant(added.files["grant"], added.entry, log, [new.identity])
    ((recipient, older),) = casework.older_secrets(opened, log).items()
    assert recipient == log.entries[2].fields["recipient"]
    assert (older.secret, older.identity_secret) == (first.secret, first.identity_secret)


def test_who_is_gone_gets_no_new_secret(cast: Cast) -> None:
    """Taking over seals to the other officers, but not to one whose key left the roster."""
    sealed = cast.compose(cast.reporter())
    log = cast.log_of(sealed)
    headers = {(0, slot): age.split(file)[0] for slot, file in sealed.files.items()}
    taken = casework.take_over(
        log, headers, [cast.one.identity], cast.keys.values(), cast.one.signing, cast.today, {cast.two.key}
    )

    assert age.decrypt(taken.files["grant"], [cast.officers[2].identity])
    with pytest.raises(NotForThisKeyError):
        age.decrypt(taken.files["grant"], [cast.two.identity])
