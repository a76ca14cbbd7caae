# SPDX-License-Identifier: EUPL-1.2
"""Counting for the yearly report: whose case it is, what a count tells and to whom, and all counts together."""

import re
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from random import Random

import html5lib
import pytest
from lied_to import opened
from workplace import ORIGIN, Browser, Workplaces
from yearbook import case_of, cases_of, keep

from meldkluis.crypto.encoding import b64
from meldkluis.crypto.note import Categories
from meldkluis.crypto.record import Record
from meldkluis.crypto.yearly import Counts, YearlyCount, seal_count, sign_count
from meldkluis.mailbox.clock import today
from meldkluis.workstation.counted import Counted
from meldkluis.workstation.counting import CountedCase, count
from meldkluis.workstation.errors import ActError
from meldkluis.workstation.render import language
from meldkluis.workstation.yearly import LONGEST_TEXT
from meldkluis.workstation.yearly_report import report

LAST = today().year - 1
NOW = date(2026, 11, 26)
"""For sums without a vault; whoever has one goes by the clock."""


def said(answer) -> str:
    """The page in words, parsed strictly: what is not valid HTML is a failure."""
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), strict=True, namespaceHTMLElements=False)
    return " ".join(" ".join(parser.parse(answer.text).find(".//main").itertext()).split())


def keys_of(places: Workplaces) -> list[bytes]:
    return [office.keyring.key for office in places.offices]


def upload(browser: Browser, year: int, content: bytes, **fields: str):
    """Send the form with a file."""
    return browser.client.post(
        f"/yearly/{year}/take",
        data={"csrf": browser.station.sessions.csrf, **fields},
        files={"file": ("telling.age", content)},
        headers={"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"},
        follow_redirects=False,
    )


def hand_over(places: Workplaces, author: int, to: int, year: int = LAST) -> None:
    """Let one officer count for another."""
    day = places.clock.day
    sealed = places.offices[author].yearly.export(year, places.offices[to].keyring.key, day)
    places.offices[to].yearly.take(sealed, day)


def oracle(cases: list[CountedCase], year: int) -> dict[str, Counter]:
    """The sums over all cases, worked out in another way."""
    those = [case.facts for case in cases if case.facts.received.year == year]
    return {
        "channel": Counter(facts.categories.channel or "site" for facts in those),
        "type": Counter(facts.categories.type or "unset" for facts in those),
        "subject": Counter(facts.categories.subject or "unset" for facts in those),
        "anonymous": Counter(facts.categories.anonymous or "unset" for facts in those),
        "regime": Counter(facts.regime for facts in those),
        "outcome": Counter(
            "open" if facts.closed.year > year else (facts.outcome or "unset").removesuffix("_kept") for facts in those
        ),
    }


def test_two_officers_together_are_everybody(places):
    """Shared cases and cases of one officer alone, of two years: the sums of all counts are those over all cases."""
    one, two, _ = keys_of(places)
    alone, other = cases_of(LAST, 20, [one], 1), cases_of(LAST, 14, [two], 2)
    shared = cases_of(LAST, 17, [one, two], 3) + cases_of(LAST - 1, 23, [one, two], 4)
    keep(places.offices[0], alone + shared)
    keep(places.offices[1], other + shared)
    hand_over(places, 1, 0)
    hand_over(places, 2, 0)
    together = places.offices[0].yearly.together(LAST, places.clock.day)
    assert (together.missing, together.doubled) == ((), ())
    everything = alone + other + shared
    for year, counts in ((LAST, together.now), (LAST - 1, together.before)):
        assert counts.total == sum(case.facts.received.year == year for case in everything)
        for axis, sums in oracle(everything, year).items():
            assert {row: number for row, number in counts.tables[axis].items() if number} == dict(sums)
        assert counts.singles["destroyed"] == sum(case.destroyed.year == year for case in everything)
        assert counts.flags["talk"] == sum(
            "talk" in case.facts.categories.measures for case in everything if case.facts.received.year == year
        )


def test_a_count_has_no_case(places):
    """What travels opens for the colleague alone, and names no case: not by its number and not by its categories."""
    one, two, _ = keys_of(places)
    mine = cases_of(LAST, 12, [one])
    keep(places.offices[0], mine)
    sealed = places.offices[0].yearly.export(LAST, two, places.clock.day)
    with pytest.raises(ActError, match="count-not-mine"):
        places.offices[2].yearly.take(sealed, places.clock.day)
    places.offices[1].yearly.take(sealed, places.clock.day)
    (kept,) = places.offices[1].vault.row("SELECT thing FROM yearly")
    assert not any(case.id in kept or b64(case.id).encode() in kept or case.id.hex().encode() in kept for case in mine)


def test_the_size_of_a_count_tells_little(places):
    """Two cases or forty: the file is as long."""
    one, two, _ = keys_of(places)
    sizes = set()
    for number in (2, 40):
        keep(places.offices[0], cases_of(LAST, number, [one], number))
        sizes.add(len(places.offices[0].yearly.export(LAST, two, places.clock.day)))
    assert len(sizes) == 1


@pytest.mark.parametrize("how", ["left out", "withdrew", "year before", "older, still open"])
def test_whom_a_reporter_left_out_gets_no_count(places, how):
    """A member who was left out of one case, or withdrew from it, is not offered and cannot be chosen by hand."""
    one, two, deputy = keys_of(places)
    received, closed = {
        # Received, closed and destroyed in that year; and received long before, in no other number.
        "year before": (date(LAST - 1, 1, 5), date(LAST - 1, 3, 1)),
        "older, still open": (date(LAST - 5, 1, 5), date(LAST + 1, 1, 1)),
    }.get(how, (date(LAST, 1, 5), date(LAST, 3, 1)))
    left_out = case_of(received, [one], Random(9), closed=closed, without=(two,))
    keep(places.offices[0], [*cases_of(LAST, 5, [one]), left_out])
    office, browser = places.offices[0], places.browser(0)
    assert [member.key for member in office.yearly.recipients(LAST, places.clock.day)] == [deputy]
    page = browser.get(f"/yearly/{LAST}")
    form = page.text.split('id="give"')[1].split("</form>")[0]
    assert "C. Visser" in form
    assert "B. Bakker" not in form
    refused = browser.post(f"/yearly/{LAST}/export", to=b64(two))
    assert refused.status_code == 422
    assert "Wie maakt het verslag: kies iemand uit de lijst." in said(refused)


def test_a_real_case_of_which_somebody_is_left_out(places):
    """The reporter left the second officer out: that officer is not offered the first one's count."""
    opened(places, 0, to=(0, 2))
    day = places.clock.day
    offered = {member.key for member in places.offices[0].yearly.recipients(day.year, day)}
    assert offered == {places.offices[2].keyring.key}


def test_nobody_may_have_it(places):
    """Where everybody else was left out of something, the page says so and offers nothing."""
    one, two, deputy = keys_of(places)
    keep(places.offices[0], cases_of(LAST, 3, [one], without=(two, deputy)))
    assert "Er is nu niemand aan wie u uw telling kunt geven." in said(places.browser(0).get(f"/yearly/{LAST}"))


def test_whose_case_it_is(places):
    """The smallest key of those who declared counts; then of those who never did; nobody on the list: who made the key."""
    one, two, deputy = sorted(keys_of(places))
    drawn = case_of(date(LAST, 3, 3), [two], Random(1), fallback=b"f" * 32).facts
    facts = replace(drawn, holders=(two, deputy, one))
    assert facts.holder({one, two, deputy}) == two
    assert facts.holder({one, deputy}) == deputy
    assert facts.holder({one}) == one
    assert facts.holder(set()) == b"f" * 32
    assert Counted.load(facts.dump()) == facts


def test_a_real_case_is_counted_once(places):
    """Declared by both or by one, or never: on both workstations the same officer counts it."""
    both, second, nobody = opened(places, 0, 1), opened(places, 1), places.report()
    places.fetch()
    places.fetch()
    year = places.clock.day.year
    owners = {
        case.id: number
        for number, office in enumerate(places.offices)
        for case in office.yearly.own()
        if case.facts.received.year == year
    }
    keys = keys_of(places)
    assert owners[both.case] == keys.index(min(keys[:2]))
    assert owners[second.case] == 1
    assert nobody.case in owners
    assert sum(office.yearly.count(year, places.clock.day).total for office in places.offices) == 3


def test_an_oral_report_counts_by_its_own_day(places):
    """A report made aloud in December and written down in January is one of December, with terms from then."""
    year = places.clock.day.year
    places.clock.day = date(year + 1, 1, 2)
    places.fetch()
    sent = opened(places)
    office = places.offices[0]
    office.decisions.handle(sent.case, "wbk", "assessment", date(year, 12, 20), "Aan de balie.")
    assert office.yearly.count(year, places.clock.day).total == 1
    assert office.yearly.count(year + 1, places.clock.day).total == 0
    office.acts.answer(sent.case, "acknowledged", 1, "Ontvangen.")
    assert office.yearly.count(year, places.clock.day).terms["acknowledged"]["late"] == 1


@pytest.mark.parametrize(
    ("received", "closed", "year", "outcome"),
    [
        (date(2025, 12, 31), date(2025, 12, 31), 2025, "founded"),
        (date(2025, 12, 31), date(2026, 1, 1), 2025, "open"),
        (date(2026, 1, 1), date(2026, 1, 1), 2025, None),
        (date(2025, 1, 1), date(2025, 1, 1), 2025, "founded"),
    ],
)
def test_where_a_year_begins_and_ends(received, closed, year, outcome):
    """The first and the last day are in it; what was closed a day later was open."""
    case = case_of(received, [b"k" * 32], Random(1), closed=closed, outcome="founded")
    counts = count("gemeente-voorbeeld", year, [case], NOW)
    assert [row for row, number in counts.tables["outcome"].items() if number] == ([outcome] if outcome else [])


def test_older_cases_that_were_open():
    """A report of another year is counted as open when that year ended before it was closed; never as received."""
    old = case_of(date(2023, 5, 1), [b"k" * 32], Random(1), closed=date(2025, 2, 1))
    sums = {year: count("g", year, [old], NOW) for year in (2022, 2023, 2024, 2025)}
    assert {year: counts.singles["older_open"] for year, counts in sums.items()} == {2022: 0, 2023: 0, 2024: 1, 2025: 0}
    assert sums[2024].total == 0
    assert sums[2025].singles["destroyed"] == 1


@pytest.mark.parametrize(
    ("changes", "day", "part"),
    [
        ({"person": date(2026, 1, 12)}, NOW, "person"),
        ({"person": date(2026, 1, 13), "acknowledged": date(2026, 1, 12)}, NOW, "server"),
        ({"person": date(2026, 1, 13), "acknowledged": date(2026, 1, 13)}, NOW, "late"),
        ({"person": None, "acknowledged": None}, date(2026, 1, 12), None),
        ({"person": None, "acknowledged": None}, date(2026, 1, 13), "late"),
        ({"person": date(2026, 1, 9), "acknowledge_until": None}, NOW, None),
    ],
)
def test_how_an_acknowledgement_was(changes, day, part):
    """In time by a person, else by the server, else late; not at all while the term is not over, or does not run."""
    case = case_of(date(2026, 1, 5), [b"k" * 32], Random(1), **changes)
    found = count("g", 2026, [case], day).terms["acknowledged"]
    assert [name for name, number in found.items() if number] == ([part] if part else [])


@pytest.mark.parametrize(
    ("feedback", "day", "part"),
    [
        (date(2026, 4, 12), NOW, "time"),
        (date(2026, 4, 13), NOW, "late"),
        (None, date(2026, 4, 12), None),
        (None, date(2026, 4, 13), "late"),
    ],
)
def test_how_feedback_was(feedback, day, part):
    """In time on the last day of three months after the seven days; late after it, given or not."""
    case = case_of(date(2026, 1, 5), [b"k" * 32], Random(1), feedback=feedback)
    found = count("g", 2026, [case], day).terms["feedback"]
    assert [name for name, number in found.items() if number] == ([part] if part else [])


def test_a_real_case_from_report_to_reopening(places):
    """Categories, detriment, feedback, closing and reopening as the officer does them stand in the sums."""
    sent, office = opened(places), places.offices[0]
    day = places.clock.day
    office.acts.answer(sent.case, "acknowledged", 1, "Ontvangen.")
    office.decisions.categorise(sent.case, Categories("conduct", "executive", "phone", "no", ("talk", "police")))
    office.decisions.handle(sent.case, "integrity", "assessment", None, "")
    office.decisions.record(sent.case, Record("detriment", "reported", text="Ontslag."))
    office.acts.answer(sent.case, "feedback", 2, "Klaar.")
    office.decisions.close(sent.case, "unfounded_kept", "Klaar.")
    counts = office.yearly.count(day.year, day)
    ones = {axis: [row for row, number in rows.items() if number] for axis, rows in counts.tables.items()}
    assert ones == {
        "channel": ["phone"], "anonymous": ["no"], "strength": ["door"], "regime": ["integrity"], "type": ["conduct"],
        "subject": ["executive"], "outcome": ["unfounded"],
    }  # fmt: skip
    assert [flag for flag, number in counts.flags.items() if number] == ["talk", "police", "detriment"]
    assert counts.terms == {"acknowledged": {"person": 1, "server": 0, "late": 0}, "feedback": {"time": 1, "late": 0}}
    office.decisions.reopen(sent.case, "Toch niet.")
    assert office.yearly.count(day.year, day).tables["outcome"]["open"] == 1


def test_a_newer_count_takes_the_place_of_an_older_one(places):
    """The second of the same officer counts, and the first does not come back."""
    one, two, _ = keys_of(places)
    keep(places.offices[1], cases_of(LAST, 3, [two]))
    first = places.offices[1].yearly.export(LAST, one, places.clock.day)
    places.offices[0].yearly.take(first, places.clock.day)
    places.clock.day += timedelta(days=1)
    keep(places.offices[1], cases_of(LAST, 4, [two], 1))
    hand_over(places, 1, 0)
    assert places.offices[0].yearly.together(LAST, places.clock.day).now.total == 7
    answer = upload(places.browser(0), LAST, first)
    assert answer.status_code == 422
    assert "u hebt al een nieuwere telling van deze collega" in said(answer)
    assert places.offices[0].yearly.together(LAST, places.clock.day).now.total == 7


def test_the_same_case_in_two_counts(places):
    """Two officers who both counted a case: both are named, and nothing is added up or saved."""
    one, two, _ = keys_of(places)
    (case,) = cases_of(LAST, 1, [one])
    keep(places.offices[0], [case])
    # As it was counted while the first officer was not in the case yet.
    keep(places.offices[1], [replace(case, facts=replace(case.facts, holders=(two,)))])
    hand_over(places, 1, 0)
    browser = places.browser(0)
    page = said(browser.get(f"/yearly/{LAST}"))
    assert "Deze twee telden dezelfde zaak." in page
    assert "Er is nog geen verslag" in page
    assert browser.get(f"/yearly/{LAST}/report/nl").status_code == 409


FORGERIES = {
    "count-none": lambda *_: b"",
    "count-broken": lambda *_: b"age-encryption.org/v1\n",
    "count-not-mine": lambda make, _: make(to=b"x" * 32),
    "count-stranger": lambda make, places: make(key=places.offices[0].keyring.signing_key),
    "count-old-roster": lambda make, _: make(roster=b"r" * 32),
    "count-future": lambda make, places: make(made=places.clock.day + timedelta(days=2)),
}


@pytest.mark.parametrize("reason", FORGERIES)
def test_a_count_that_does_not_hold(places, reason):
    """Broken, for another, of a stranger, of another list or of tomorrow: refused in words, and nothing is kept."""
    office = places.offices[0]
    roster = office.trust.current()

    def make(key=places.offices[1].keyring.signing_key, **changes) -> bytes:
        values = {
            "organisation": roster.organisation, "roster": roster.hash, "to": office.keyring.key,
            "made": places.clock.day, "year": LAST, "now": Counts(), "before": Counts(), **changes,
        }  # fmt: skip
        (mine,) = [key for key in office.keyring.known_keys() if key.officer == office.keyring.key][-1:]
        return seal_count(sign_count(YearlyCount(**values), key), mine.recipient)

    browser = places.browser(0)
    assert upload(browser, LAST, make()).status_code == 303
    office.vault.run("DELETE FROM yearly")
    answer = upload(browser, LAST, FORGERIES[reason](make, places))
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert 'aria-describedby="file-error"' in answer.text
    sentence = unescape(re.search(r'id="file-error" role="alert">([^<]+)<', answer.text)[1])
    assert sentence.startswith("Bestand met de telling: ")
    assert office.vault.rows("SELECT * FROM yearly") == []


def test_a_file_that_is_too_large(places):
    """Nothing that no count can be is read into memory."""
    assert upload(places.browser(0), LAST, bytes(1_000_000)).status_code == 413


def test_an_upload_from_elsewhere(places):
    """A form without our token takes nothing in; one that stops in the middle neither."""
    browser = places.browser(0)
    assert upload(browser, LAST, b"x", csrf="wrong").status_code == 403
    ours = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin", "Content-Type": "multipart/form-data; boundary=b"}
    body = b'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\nx'
    for wrong in (body, b"", body.replace(b'"csrf"', b'""') + b"\r\n--b--\r\n"):
        assert browser.client.post(f"/yearly/{LAST}/take", content=wrong, headers=ours).status_code == 400


def test_the_report_from_page_to_file(places):
    """Count, hand in, write, save: the file needs nothing else and hides what is small, in both languages."""
    one, two, _ = keys_of(places)
    keep(places.offices[0], cases_of(LAST, 30, [one], 5) + cases_of(LAST - 1, 25, [one], 6))
    keep(places.offices[1], cases_of(LAST, 12, [two], 7))
    browser, other = places.browser(0), places.browser(1)
    assert browser.get("/yearly").headers["location"] == f"/yearly/{places.clock.day.year - 1}"
    assert "Publiceer het nog niet" in said(browser.get(f"/yearly/{LAST}"))
    assert "Concept." in browser.get(f"/yearly/{LAST}/report/nl").text
    given = other.post(f"/yearly/{LAST}/export", to=b64(one))
    assert given.headers["content-disposition"].startswith("attachment")
    assert upload(browser, LAST, given.content).headers["location"] == f"/yearly/{LAST}"
    hand_over(places, 2, 0)
    texts = {"lessons": "Eerder <b>praten</b>.", "measures": "", "remarks": ""}
    assert browser.post(f"/yearly/{LAST}/texts", **texts).headers["location"] == f"/yearly/{LAST}"
    page = said(browser.get(f"/yearly/{LAST}"))
    assert "Ontvangen meldingen 42 25" in page
    for code, few in (("nl", "minder dan 5"), ("en", "fewer than 5")):
        saved = browser.get(f"/yearly/{LAST}/report/{code}")
        assert said(saved).count(few) > 3
        assert "Concept." not in saved.text
        assert "Draft." not in saved.text
        assert "Eerder &lt;b&gt;praten&lt;/b&gt;." in saved.text
        assert saved.text.count('role="img"') >= 5
        assert re.findall(r'\s(?:src|href|style|on[a-z]+)="', saved.text) == []
        assert "<script" not in saved.text


def test_few_reports(places):
    """Under ten reports: total, terms and text, and no table."""
    keep(places.offices[0], cases_of(LAST, 9, [places.offices[0].keyring.key]))
    page = said(places.browser(0).get(f"/yearly/{LAST}"))
    assert "Ontvangen meldingen 9 0" in page
    assert "Er waren minder dan tien meldingen." in page
    assert "financiële" not in page


def test_no_small_number_in_a_report(places):
    """Whatever the year: no number from 1 to 4 stands in any cell, and no percentage that would give one away."""
    for seed in range(30):
        now, before = (
            count("g", year, cases_of(year, 10 + 3 * seed, [b"k" * 32], seed + year), NOW) for year in (LAST, LAST - 1)
        )
        found = report(now, before, LAST, language("nl"))
        rows = [*found.measures, found.detriment, *found.singles, *(row for view in found.views for row in view.rows)]
        assert not {cell for row in rows for cell in (row.now, row.before)} & {"1", "2", "3", "4"}
        for row in rows:
            assert row.now.isdigit() or not row.now_share
            assert row.before.isdigit() or not row.before_share
        charts = "".join(view.chart.text for view in found.views if view.chart)
        assert not re.search(r": [1-4]<", charts)


def test_texts_that_are_too_long_come_back(places):
    """The field is named, nothing is kept, and nothing that was typed is lost."""
    browser = places.browser(0)
    typed = {"lessons": "Kort.", "measures": "x" * (LONGEST_TEXT + 1), "remarks": ""}
    answer = browser.post(f"/yearly/{LAST}/texts", **typed)
    assert answer.status_code == 422
    assert "Wat wij hebben gedaan om herhaling te voorkomen: de tekst is te lang." in said(answer)
    assert typed["measures"] in answer.text
    assert "Kort." in answer.text
    assert "Kort." not in browser.get(f"/yearly/{LAST}").text


@pytest.mark.parametrize("path", ["/yearly/1999", "/yearly/2999", f"/yearly/{LAST}/report/de"])
def test_years_and_languages_that_there_are_not(places, path):
    """An address that names no report is no page."""
    assert places.browser(0).get(path).status_code == 404


def test_what_is_still_to_be_done_before_counting(places):
    """Open and unclassified cases of the year are listed for their holder."""
    sent = opened(places)
    page = places.browser(0).get(f"/yearly/{places.clock.day.year}")
    assert f'href="/case/{b64(sent.case)}"' in page.text
    assert "nog niet ingedeeld" in said(page)
