# SPDX-License-Identifier: EUPL-1.2
"""What an officer sees and does about colleagues in a case: adding, leaving, handing over many at once."""

from datetime import timedelta
from html import unescape

import pytest
from joining import join, path_of, revoke
from lied_to import opened
from workplace import Browser, Sent, Workplaces

from meldkluis.crypto.encoding import b64
from meldkluis.workstation.casebook import KeptDraft
from meldkluis.workstation.errors import UnreachableError

ALARM = 'class="alarms"'


def page(browser: Browser, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200
    return unescape(answer.text)


def test_adding_a_colleague(places: Workplaces):
    """The page asks first, says what the colleague and the reporter see, and takes nothing without the tick."""
    sent = opened(places, 0, to=(0, 2))
    new, browser = join(places), places.browser(0)
    case = path_of(sent.case)
    text = page(browser, case)
    section = text[text.index('id="colleagues"') :]
    assert "D. Jansen" in section
    assert "B. Bakker" not in section
    assert browser.post(f"{case}/colleague", member="").status_code == 422
    asked = browser.post(f"{case}/colleague", member=new.key.hex())
    assert asked.status_code == 200
    assert "De melder ziet in het logboek" in unescape(asked.text)
    untold = browser.post(f"{case}/colleague/add", member=new.key.hex())
    assert untold.status_code == 422
    assert "Zet het vinkje" in unescape(untold.text)
    assert "officer-added" not in places.acts(sent)
    done = browser.post(f"{case}/colleague/add", member=new.key.hex(), thought="yes")

    assert (done.status_code, done.headers["location"]) == (303, case)
    text = page(browser, case)
    assert "Uw collega heeft toegang tot deze zaak." in text
    assert "gaf toegang aan: D. Jansen, vertrouwenspersoon" in " ".join(text.replace("</span>", " ").split())
    assert places.acts(sent)[-1] == "officer-added"


def test_one_who_was_left_out_cannot_be_slipped_in(places: Workplaces):
    """A form with somebody who is not offered is refused on the page of the case."""
    sent = opened(places, 0, to=(0, 2))
    browser, left_out = places.browser(0), places.offices[1].keyring.key.hex()

    for action in ("colleague", "colleague/add"):
        answer = browser.post(f"{path_of(sent.case)}/{action}", member=left_out, thought="yes")
        assert answer.status_code == 422
        assert "Collega: kies iemand uit de lijst." in unescape(answer.text)
    assert "officer-added" not in places.acts(sent)


def test_a_server_that_is_away(places: Workplaces):
    """The officer reads that it was not done, on the same page, with the colleague still chosen."""
    sent = opened(places, 0)
    new, browser = join(places), places.browser(0)

    def fails(method: str, target: str) -> None:
        if method == "POST" and target.endswith("/log"):
            raise UnreachableError("down")

    places.transports[0].before = fails
    answer = browser.post(f"{path_of(sent.case)}/colleague/add", member=new.key.hex(), thought="yes")

    assert answer.status_code == 502
    assert "De server gaf geen antwoord." in unescape(answer.text)
    assert new.key.hex() in answer.text


def test_the_added_officer_is_asked_first(places: Workplaces):
    """The newcomer's page shows whom the report is about, and nothing else of it before the declaration."""
    sent = opened(places, 0, text="De envelop was open.")
    new = join(places)
    places.offices[0].handovers.add(sent.case, new.key)
    new.office.fetch()
    browser = places.browser(new.number)
    case = path_of(sent.case)
    before = page(browser, case)
    assert "de aanbesteding" in before
    assert "Bent u betrokken?" in before
    assert "De envelop was open." not in before
    for action in ("contact", "answer", "colleague"):
        assert browser.post(f"{case}/{action}", number="1", act="answered", text="x").status_code == 409
    assert browser.get(f"{case}/leave").status_code == 409
    browser.post(f"{case}/involved", involved="no")

    after = page(browser, case)
    assert "De envelop was open." in after
    assert ALARM not in after


def test_leaving_a_case(places: Workplaces):
    """Only when a colleague has opened it; the page says what the reporter reads and that there is no way back."""
    sent = opened(places, 0, to=(0, 2))
    new, browser = join(places), places.browser(0)
    case = path_of(sent.case)
    places.offices[0].handovers.add(sent.case, new.key)
    assert f"{case}/leave" not in page(browser, case)
    assert "U kunt de zaak pas verlaten" in page(browser, f"{case}/leave")
    early = browser.post(f"{case}/leave", sure="yes")
    assert early.status_code == 409
    assert "U bent nog in de zaak." in unescape(early.text)
    new.office.fetch()
    new.office.acts.not_involved(sent.case)
    browser.post("/fetch")
    assert f"{case}/leave" in page(browser, case)
    asked = page(browser, f"{case}/leave")
    assert "De melder leest dat u zich terugtrok" in asked
    assert browser.post(f"{case}/leave").status_code == 422
    assert browser.post(f"{case}/leave", sure="yes").status_code == 303

    assert "U hebt deze zaak verlaten." in page(browser, "/")
    assert "U hebt u uit deze zaak teruggetrokken." in page(browser, case)
    assert places.acts(sent)[-1] == "recused"


def test_a_colleague_who_has_to_fetch_first(places: Workplaces):
    """Who has no key that is accepted is named as such, and cannot be chosen; many at once say so for each case."""
    sent = opened(places, 0, to=(0, 2))
    new = join(places)
    places.until(places.clock.day + timedelta(days=91))
    places.fetch(0)
    browser = places.browser(0)
    text = " ".join(page(browser, path_of(sent.case)).split())
    assert "D. Jansen, vertrouwenspersoon" in text[text.index("Moet eerst ophalen op de eigen werkplek:") :]
    assert new.key.hex() not in text
    asked = browser.post(f"{path_of(sent.case)}/colleague/add", member=new.key.hex(), thought="yes")
    assert (asked.status_code, "moet eerst ophalen" in unescape(asked.text)) == (409, True)
    many = {f"case-{b64(sent.case)}": "yes", "mode": "add", "thought": "yes"}
    answer = browser.post(f"/colleagues/{new.key.hex()}", **many)

    assert "moet eerst ophalen op de eigen werkplek" in results(unescape(answer.text))[0]


def test_leaving_with_a_text_that_waits(places: Workplaces):
    """The page says that a text was not sent, and the case stays."""
    sent = opened(places, 0, 1)
    places.offices[0].book.set_draft(sent.case, KeptDraft("answered", 1, "Nog niet verstuurd."))
    answer = places.browser(0).post(f"{path_of(sent.case)}/leave", sure="yes")

    assert answer.status_code == 409
    assert "er staat nog een tekst die niet is verstuurd" in unescape(answer.text)
    assert "recused" not in places.acts(sent)


def cases(places: Workplaces, number: int) -> list[Sent]:
    return [opened(places, 0, to=(0, 2)) for _ in range(number)]


def results(text: str) -> list[str]:
    start = text.index('class="results"')
    lines = text[start : text.index("</ul>", start)].split("<li>")[1:]
    return sorted(" ".join(line.split("</strong>: ")[1].split("</li>")[0].split()) for line in lines)


def test_handing_over_many(places: Workplaces):
    """Each ticked case has a result of its own; pressed again when the colleague has opened some, those are left."""
    sent = cases(places, 3)
    left_out = opened(places, 0, to=(0, 2))
    new, browser = join(places), places.browser(0)
    path = f"/colleagues/{new.key.hex()}"
    text = page(browser, path)
    assert text.count("uw collega heeft geen toegang") == 4
    ticks = {f"case-{b64(item.case)}": "yes" for item in (*sent, left_out)}
    for form, error in (
        ({"mode": "add", "thought": "yes"}, "kies minstens één zaak"),
        ({**ticks, "thought": "yes"}, "kies toegang geven of overdragen"),
        ({**ticks, "mode": "leave"}, "Zet het vinkje"),
    ):
        answer = browser.post(path, **form)
        assert (answer.status_code, error in unescape(answer.text)) == (422, True)
        assert answer.text.count('" value="yes" checked') == (4 if "mode" not in form or form["mode"] == "leave" else 0)
    first = browser.post(path, **ticks, mode="leave", thought="yes")
    assert (
        results(unescape(first.text))
        == ["uw collega heeft toegang en moet de zaak nog openen. U bent nog in de zaak."] * 4
    )
    new.office.fetch()
    new.office.acts.not_involved(sent[0].case)
    new.office.acts.recuse(left_out.case)
    browser.post("/fetch")
    text = page(browser, path)
    assert text.count("kan niet") == 1
    again = browser.post(path, **ticks, mode="leave", thought="yes")

    assert results(unescape(again.text)) == [
        "overgedragen. U bent niet meer in de zaak.",
        *["uw collega heeft toegang en moet de zaak nog openen. U bent nog in de zaak."] * 2,
    ]
    assert places.log(sent[0]).officers == {new.key}
    assert [places.acts(item).count("officer-added") for item in sent] == [1, 1, 1]


def test_what_is_not_opened_is_not_handed_over(places: Workplaces):
    """A case that the officer never opened is counted and not offered."""
    opened(places, 0, to=(0, 2))
    places.report(to=(0, 2))
    places.fetch(0)
    new = join(places)
    text = page(places.browser(0), f"/colleagues/{new.key.hex()}")

    assert "U hebt nog 1 zaak die u niet hebt geopend." in text
    assert text.count('type="checkbox" name="case-') == 1


def test_the_list_leads_there(places: Workplaces):
    """Somebody new on the list, and somebody who left it: the list of officers leads to both."""
    sent = opened(places, 0, 1)
    two = places.offices[1].keyring.key
    new = join(places, instead_of=two, signers=(0, 2))
    browser = places.browser(0)
    text = page(browser, "/roster")
    assert f"/colleagues/{new.key.hex()}" in text
    assert text.count("Nieuw op de lijst: geef toegang tot zaken") == 1
    assert f"/colleagues/{places.offices[0].keyring.key.hex()}" not in text
    former = page(browser, f"/colleagues/{two.hex()}")

    assert "Deze persoon staat niet meer op de lijst" in former
    assert f"{path_of(sent.case)}#colleagues" in former
    case = page(browser, path_of(sent.case))
    assert "Niet meer op de lijst: B. Bakker" in " ".join(case.split())
    assert browser.post(f"/colleagues/{two.hex()}", mode="add", thought="yes").status_code == 404


@pytest.mark.parametrize("fingerprint", ["00" * 32, "geen", "0" * 63])
def test_nobody(places: Workplaces, fingerprint: str):
    """A fingerprint of nobody, or of oneself, is no page."""
    browser = places.browser(0)
    own = places.offices[0].keyring.key.hex()

    assert browser.get(f"/colleagues/{fingerprint}").status_code == 404
    assert browser.get(f"/colleagues/{own}").status_code == 404


def test_a_roster_that_lost_somebody(places: Workplaces):
    """Cases with a third officer in them are not listed under who left: they are looked after."""
    opened(places, 0, 1)
    join(places)
    two = places.offices[1].keyring.key
    sent = opened(places, 0, to=(0, 1, 3))
    revoke(places, two, 0, 3)
    former = page(places.browser(0), f"/colleagues/{two.hex()}")

    assert path_of(sent.case) not in former
