# SPDX-License-Identifier: EUPL-1.2
"""What list and search see: the same as an opened case, never of a case that may not be read, and gone with it."""

import pytest
from destruction import CANARY, approved
from hypothesis import given, strategies as st
from lied_to import opened
from workplace import Workplaces

from meldkluis.crypto.record import Record
from meldkluis.workstation.sight import Sight, fold
from meldkluis.workstation.summary import Summaries


def found(places: Workplaces, words: str, number: int = 0) -> set[bytes]:
    return {line.case for line in places.offices[number].summaries.found(words)}


def kept(places: Workplaces, sent, number: int = 0) -> tuple | None:
    return places.offices[number].vault.row("SELECT line, words FROM sight WHERE dossier = ?", sent.case)


def test_found_by_every_word_that_was_written(places: Workplaces):
    """Whom it is about, report, answers, notes, steps and names of files are searched, whatever case and accents."""
    sent = opened(
        places, 0, text="De Brug is twee keer gegund.", about="wethouder Zónneveld", files=[("offerte.pdf", b"x")]
    )
    other = opened(places, 0, text="Iets heel anders.")
    office = places.offices[0]
    office.acts.answer(sent.case, "answered", 1, "Weet u het jaartal?")
    office.decisions.handle(sent.case, "wbk", "assessment", None, "Wegens stukken.")
    office.decisions.record(sent.case, Record("hearing", "heard", text="Ontkent stellig."))

    for words in ("brug", "BRUG gegund", "zonneveld", "offerte", "jaartal", "wegens", "ontkent", "brug ontkent"):
        assert found(places, words) == {sent.case}, words
    assert found(places, "brug nergens") == set()
    assert found(places, "") == {sent.case, other.case}
    assert found(places, "100% _") == set()


def test_contact_details_are_not_searched(places: Workplaces):
    """Who the reporter is stands in no word that a search finds."""
    sent = opened(places, 0, name="Mevrouw Zonderling", contact="zonderling@example.org")
    places.offices[0].acts.open_contact(sent.case)

    assert found(places, "zonderling") == set()
    assert "zonderling" not in kept(places, sent)[1]


def test_nothing_before_the_declaration(places: Workplaces):
    """A case that the officer has not declared about is in the list, and no word of it is found."""
    sent = places.report("Geheim woord.", to=(0, 1))
    places.fetch(0)

    assert [line.case for line in places.offices[0].summaries.all()] == [sent.case]
    assert found(places, "geheim") == set()
    assert kept(places, sent)[1] == ""


def test_nothing_after_withdrawing(places: Workplaces):
    """Who withdraws finds nothing of the case any more, and keeps nothing of it to find."""
    sent = opened(places, 0, 1, text="Geheim woord.")
    assert found(places, "geheim") == {sent.case}
    places.offices[0].acts.recuse(sent.case)

    assert kept(places, sent) is None
    assert found(places, "geheim") == set()
    assert kept(places, sent)[1] == ""


def test_what_was_written_since_is_found(places: Workplaces):
    """A colleague's note and a reporter's message are found after the next fetch."""
    sent = opened(places, 0, 1)
    places.offices[0].summaries.all()
    places.offices[1].decisions.handle(sent.case, "wbk", "assessment", None, "Van een collega.")
    places.add(sent, "Nog een aanvulling.")
    places.fetch(0)

    assert found(places, "collega") == found(places, "aanvulling") == {sent.case}


def test_gone_with_the_case(places: Workplaces):
    """After destruction no word of the case is found, or stands in the vault's tables."""
    sent, end = approved(places)
    assert found(places, CANARY) == {sent.case}
    places.until(end, served=False)
    places.fetch(0, 1)

    assert found(places, CANARY) == set()
    assert all(CANARY not in words for (words,) in places.offices[0].vault.rows("SELECT words FROM sight"))


@pytest.mark.parametrize("change", ["entry", "file", "secret"])
def test_made_anew_when_the_case_changed(places: Workplaces, change: str):
    """Whatever changes in a case, its sight is not kept: no writer has to think of it."""
    sent = opened(places, 0, 1)
    vault, case = places.offices[0].vault, sent.case
    places.offices[0].summaries.all()
    assert kept(places, sent) is not None
    if change == "entry":
        vault.run("INSERT INTO entry (dossier, number, raw) VALUES (?, 99, x'00')", case)
    elif change == "file":
        vault.run("DELETE FROM file WHERE dossier = ?", case)
    else:
        vault.run("UPDATE case_secret SET identity_secret = NULL WHERE dossier = ?", case)

    assert kept(places, sent) is None


def test_a_kept_sight_is_the_case(places: Workplaces):
    """What comes from the kept sight is what is made from the case itself."""
    sent = opened(places, 0, 1)
    office = places.offices[0]
    office.decisions.record(sent.case, Record("weighing", "inquiry", text="Concreet."))
    made = office.summaries.one(office.dossiers.kept(sent.case))
    again = Summaries(office.dossiers, office.book).one(office.dossiers.kept(sent.case))

    assert made == again
    assert made is not None
    fields = {name: getattr(made, name) for name in Sight.__dataclass_fields__}
    assert Sight.load(Sight(**fields).dump()) == Sight(**fields)


@given(st.text())
def test_folding_is_stable(text: str):
    """A folded text is found by itself."""
    assert fold(fold(text)) == fold(text)
    assert all(word in fold(text) for word in fold(text).split())
