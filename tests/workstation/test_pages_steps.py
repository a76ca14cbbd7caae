# SPDX-License-Identifier: EUPL-1.2
"""Steps, categories and access in the browser: every form, what it refuses, and that nothing typed is lost."""

import pytest
from lied_to import opened
from reading import at, said
from workplace import Workplaces

from meldkluis.crypto.record import RECORDS
from meldkluis.workstation.errors import UnreachableError
from meldkluis.workstation.steps_words import GROUPS, OF_TASK, STEPS, choice_of, title_of


def test_every_kind_has_words():
    """Each kind and choice of record is worded, in a form of its own or where it is shown."""
    for kind, shape in RECORDS.items():
        assert title_of(kind) != kind
        for choice in shape.choices:
            assert not choice or len(shape.choices) == 1 or choice_of(kind, choice)
    assert {kind for kinds in GROUPS.values() for kind in kinds} == STEPS.keys()
    assert set(OF_TASK.values()) <= STEPS.keys()


@pytest.mark.parametrize("kind", STEPS)
def test_every_form_opens(places: Workplaces, kind: str):
    """The form of each step is a valid page with its title and what it is for."""
    browser, path = at(places, opened(places))
    page = browser.get(f"{path}/step/{kind}")

    assert page.status_code == 200
    assert STEPS[kind].title in said(page)


def test_a_step_from_task_to_timeline(places: Workplaces):
    """A task leads to its form; what is recorded stands with the steps and in the timeline, and the task is done."""
    sent = opened(places, 0, 1)
    browser, path = at(places, sent)
    assert f'href="{path}/step/weighing"' in browser.get(f"{path}/steps").text
    browser.post(f"{path}/handling", regime="wbk", state="assessment", received="", reason="")
    answer = browser.post(f"{path}/step/weighing", choice="inquiry", text="Concreet en <b>aannemelijk</b>.")
    assert answer.headers["location"] == f"{path}/steps"
    page = said(browser.get(f"{path}/steps"))
    assert "Vastgelegd." in page
    assert "Eerste weging: een feitenonderzoek" in page
    assert "leg de opdracht voor het onderzoek vast" in page
    two, _ = at(places, sent, 1)
    two.post("/fetch")
    timeline = said(two.get(path))
    assert "Eerste weging: een feitenonderzoek" in timeline
    assert "Concreet en <b>aannemelijk</b>." in timeline


@pytest.mark.parametrize(
    ("kind", "form", "said_"),
    [
        ("weighing", {"text": "terug"}, "Keuze: kies wat u vastlegt."),
        ("weighing", {"choice": "x", "text": "terug"}, "Keuze: kies wat u vastlegt."),
        ("weighing", {"choice": "talk"}, "Het tekstvak is leeg"),
        ("meeting", {"choice": "held", "text": "terug", "when": "morgen"}, "Dag: vul een dag in."),
        ("assignment", {"choice": "given", "text": "terug", "when": "2026-12-24"}, "Vul in om wie of wat het gaat."),
        ("request", {"choice": "answered", "text": "terug", "of": "abc"}, "Kies uit de lijst waar dit over gaat."),
        ("disclosure", {"choice": "done", "text": "terug", "whom": "x", "of": "0"}, "Dit mag niet"),
        ("remark", {"text": "   "}, "Het tekstvak is leeg"),
        ("remark", {"text": "terug" * 50_000}, "De tekst is te lang."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(places: Workplaces, kind, form, said_):
    """A form that is not taken says why, with status 422, and what was typed comes back."""
    sent = opened(places)
    browser, path = at(places, sent)
    before = places.acts(sent)
    answer = browser.post(f"{path}/step/{kind}", **form)

    assert answer.status_code == 422
    assert said_ in said(answer)
    assert form.get("text", "").strip()[:100] in answer.text
    assert places.acts(sent) == before


def test_without_the_server_nothing_typed_is_lost(places: Workplaces):
    """Where the server cannot be reached the step comes back as it was typed."""
    sent = opened(places)
    browser, path = at(places, sent)

    def nowhere(method: str, target: str) -> None:
        raise UnreachableError("nobody there")

    places.transports[0].before = nowhere
    answer = browser.post(f"{path}/step/weighing", choice="talk", text="Eerst praten.")
    assert answer.status_code == 502
    assert "Eerst praten." in answer.text
    assert "checked" in answer.text
    answer = browser.post(f"{path}/categories", type="financial", subject="official", channel="phone", anonymous="no")
    assert answer.status_code == 502
    assert 'value="financial" selected' in answer.text


def test_a_step_that_there_is_not(places: Workplaces):
    """An unknown step, and a kind that has a page of its own, is not found."""
    browser, path = at(places, opened(places))

    for kind in ("gossip", "shared", "evidence"):
        assert browser.get(f"{path}/step/{kind}").status_code == 404
        assert browser.post(f"{path}/step/{kind}", choice="other", text="x", whom="x").status_code == 404


def test_categories_in_the_browser(places: Workplaces):
    """What register and report count is chosen from lists, and read by the colleague."""
    sent = opened(places, 0, 1)
    browser, path = at(places, sent)
    form = {"type": "financial", "subject": "executive", "channel": "phone", "anonymous": "yes"}
    assert browser.post(f"{path}/categories", **form, **{"measure-talk": "yes"}).status_code == 303
    two, _ = at(places, sent, 1)
    two.post("/fetch")
    page = two.get(f"{path}/steps").text
    for name in form.values():
        assert f'value="{name}" selected' in page
    assert 'name="measure-talk" value="yes" checked' in page
    wrong = browser.post(f"{path}/categories", **form | {"type": "x"})
    assert (wrong.status_code, "Kies bij elke vraag iets uit de lijst." in said(wrong)) == (422, True)
    both = browser.post(f"{path}/categories", **form, **{"measure-none": "yes", "measure-talk": "yes"})
    assert (both.status_code, "kies “geen”, of kies welke" in said(both)) == (422, True)


def test_irrelevant_passages_are_not_shown(places: Workplaces):
    """A message marked as not relevant is not shown any more, to any officer of the case."""
    sent = opened(places, 0, 1, text="De buurman is ziek.", files=[("foto.jpg", b"x")])
    browser, path = at(places, sent)
    assert "De buurman is ziek." in said(browser.get(path))
    browser.post(f"{path}/step/irrelevant", choice="message", of="0", text="Gezondheid.")
    browser.post(f"{path}/step/irrelevant", choice="attachment", of="0", whom="foto.jpg", text="Kinderen.")
    two, _ = at(places, sent, 1)
    two.post("/fetch")

    for who in (browser, two):
        page = said(who.get(path))
        assert "De buurman is ziek." not in page
        assert "Deze tekst is niet ter zake" in page
        assert "foto.jpg" not in page.split("Tijdlijn")[1].split("Niet ter zake")[0]


def test_nothing_before_the_declaration(places: Workplaces):
    """No step is shown or taken before the officer said not to be involved."""
    sent = places.report(to=(0, 1))
    places.fetch(0)
    browser, path = at(places, sent)

    for answer in (
        browser.get(f"{path}/steps"),
        browser.get(f"{path}/step/weighing"),
        browser.post(f"{path}/step/remark", text="x"),
        browser.post(f"{path}/categories", type="", subject="", channel="", anonymous=""),
    ):
        assert answer.status_code == 409
        assert "Er klopt iets niet" not in said(answer)


def test_access_is_listed(places: Workplaces):
    """Who opened contact details stands on the page that is gone through every month."""
    sent = opened(places, 0, 1)
    browser, path = at(places, sent)
    assert "Er is niets geopend" in said(browser.get("/access"))
    browser.post(f"{path}/contact")

    assert "A. de Vries, vertrouwenspersoon opende de contactgegevens" in said(browser.get("/access"))
