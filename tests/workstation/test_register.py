# SPDX-License-Identifier: EUPL-1.2
"""The register: every case in a line, by year and a page at a time, and as a file for a spreadsheet."""

import csv
import io
import shutil
import subprocess
import warnings
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import html5lib
import pytest
from destruction import CANARY, approved
from lied_to import opened
from workplace import Workplaces
from yearbook import cases_of, keep

from meldkluis.crypto.encoding import b64
from meldkluis.crypto.note import Categories
from meldkluis.mailbox.clock import today
from meldkluis.workstation.pages_register import PAGE
from meldkluis.workstation.register_view import HEADING
from meldkluis.workstation.render import case_label, language

LAST = today().year - 1


def rows(answer) -> list[list[str]]:
    """The rows of the table, as they are read; the page is parsed strictly."""
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), strict=True, namespaceHTMLElements=False)
    body = parser.parse(answer.text).find(".//main//table[@class='register']/tbody")
    return [[" ".join(" ".join(cell.itertext()).split()) for cell in row] for row in body]


def csv_rows(answer) -> list[list[str]]:
    text = answer.content.decode("utf-8")
    assert text[0] == "\ufeff"
    return list(csv.reader(io.StringIO(text[1:], newline=""), delimiter=";"))


def test_open_closed_and_destroyed_alike(places):
    """A case is a line from its receipt on; what is counted of it is there after its end, and nothing else of it."""
    sent, end = approved(places)
    office = places.offices[0]
    places.until(end, served=False)
    places.fetch()
    waits = opened(places)
    office.decisions.categorise(waits.case, Categories("powers", "executive", "letter", "no", ("talk",)))
    browser = places.browser(0)
    page = browser.get("/register")
    found = {row[0]: row for row in rows(page)}
    assert found.keys() == {case_label(sent.case), case_label(waits.case)}
    gone, here = found[case_label(sent.case)], found[case_label(waits.case)]
    assert "gesloten: geen melding" in gone[6]
    assert language("nl").day(end) in gone[8]
    assert gone[3] != "nog niet"
    assert here[1].endswith("brief")
    assert here[2:4] == ["nog niet", "nog niet"]
    assert here[5] == "misbruik van bevoegdheden bestuurder"
    assert here[6] == "ontvangen gesprek"
    assert f'href="/case/{b64(waits.case)}"' in page.text
    assert f'href="/case/{b64(sent.case)}"' not in page.text
    for path in ("/register", "/register.csv"):
        assert CANARY not in browser.get(path).text


def test_a_case_from_which_the_officer_withdrew(places):
    """It is a line with its day, and says that it was handled by others; its categories are not there."""
    sent = opened(places, 1)
    places.offices[1].decisions.categorise(sent.case, Categories("force"))
    places.fetch(0)
    places.offices[0].acts.recuse(sent.case)
    browser = places.browser(0)
    (row,) = rows(browser.get("/register"))
    assert row[6] == "niet door u behandeld"
    assert "geweld" not in browser.get("/register.csv").text
    assert places.offices[0].yearly.cases() == []


def test_who_acknowledged(places):
    """A person or the server, as the log says."""
    by_person, by_server = opened(places), opened(places)
    places.offices[0].acts.answer(by_person.case, "acknowledged", 1, "Ontvangen.")
    places.until(places.offices[0].summaries.all()[0].dues.acknowledgement.internal)
    places.fetch(0)
    found = {row[0]: row[2] for row in rows(places.browser(0).get("/register"))}
    assert found[case_label(by_person.case)].endswith("een vertrouwenspersoon")
    assert found[case_label(by_server.case)].endswith("de server")


def test_years_orders_and_pages(places):
    """A year at a time, in three orders, a hundred lines on a page; what makes no sense shows everything."""
    key = places.offices[0].keyring.key
    keep(places.offices[0], cases_of(LAST, PAGE + 5, [key], 1) + cases_of(LAST - 1, 3, [key], 2))
    browser = places.browser(0)
    days = [row[1] for row in csv_rows(browser.get(f"/register.csv?year={LAST}&sort=oldest"))[1:]]
    assert len(days) == PAGE + 5
    assert days == sorted(days)
    assert len(rows(browser.get(f"/register?year={LAST - 1}"))) == 3
    first, second = browser.get("/register"), browser.get("/register?page=2")
    assert (len(rows(first)), len(rows(second))) == (PAGE, 8)
    assert not {row[0] for row in rows(first)} & {row[0] for row in rows(second)}
    assert 'rel="next"' in first.text
    assert "Bladzijde 2 van 2" in second.text
    closed = [row[12] for row in csv_rows(browser.get("/register.csv?sort=closed"))[1:]]
    assert closed == sorted(closed, reverse=True)
    for odd in ("?year=x&sort=x&page=x", "?page=99999999999", "?page=-1", "?page=0"):
        assert len(rows(browser.get(f"/register{odd}"))) == PAGE
    assert browser.get("/register.pdf").status_code == 404


def test_csv(places):
    """Semicolons, a byte order mark, CRLF, a heading; the same number of cells in each line, days as YYYY-MM-DD."""
    key = places.offices[0].keyring.key
    keep(places.offices[0], cases_of(LAST, 40, [key]))
    answer = places.browser(0).get("/register.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.count(b"\r\n") == answer.content.count(b"\n") == 41
    found = csv_rows(answer)
    assert found[0] == list(HEADING)
    assert {len(row) for row in found} == {len(HEADING)}
    assert all(date.fromisoformat(row[1]).year == LAST for row in found[1:])


def test_no_cell_is_a_formula(places):
    """Whatever names and texts there are in a case: no cell begins like a formula, in any language."""
    key = places.offices[0].keyring.key
    keep(places.offices[0], cases_of(LAST, 60, [key]))
    evil = "=HYPERLINK(1)"
    sent = opened(places, text=evil, about=evil, name=evil, contact=evil)
    places.offices[0].acts.answer(sent.case, "acknowledged", 1, evil)
    browser = places.browser(0)
    for code in ("nl", "en"):
        browser.post("/language", language=code, back="/register")
        found = csv_rows(browser.get("/register.csv"))
        assert len(found) == 62
        assert not [cell for row in found for cell in row if cell[:1] in tuple("=+-@\t\r")]


def content_of(answer) -> ET.Element:
    with zipfile.ZipFile(io.BytesIO(answer.content)) as package:
        assert package.namelist()[0] == "mimetype"
        assert package.read("mimetype") == b"application/vnd.oasis.opendocument.spreadsheet"
        return ET.fromstring(package.read("content.xml"))


def test_ods(places):
    """One sheet; days are dates, words are words, and no cell has a formula."""
    key = places.offices[0].keyring.key
    (case,) = cases_of(LAST, 1, [key])
    keep(places.offices[0], [case])
    office = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
    table = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
    content = content_of(places.browser(0).get("/register.ods"))
    cells = list(content.iter(f"{table}table-cell"))
    dates = {cell.get(f"{office}date-value") for cell in cells} - {None}
    assert case.facts.received.isoformat() in dates
    assert case.facts.closed.isoformat() in dates
    assert {cell.get(f"{office}value-type") for cell in cells} <= {"string", "date"}
    assert not [cell for cell in cells if cell.get(f"{table}formula")]


def test_ods_opens_elsewhere(places, tmp_path: Path):
    """LibreOffice reads the spreadsheet, and finds in it what the CSV says."""
    soffice = shutil.which("soffice")
    if soffice is None:
        warnings.warn("LibreOffice is not here: nobody else has read the spreadsheet", stacklevel=1)
        pytest.skip("LibreOffice is not here")
    keep(places.offices[0], cases_of(LAST, 12, [places.offices[0].keyring.key]))
    browser = places.browser(0)
    (tmp_path / "register.ods").write_bytes(browser.get("/register.ods?sort=oldest").content)
    subprocess.run(
        [
            soffice, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to",
            "csv:Text - txt - csv (StarCalc):59,34,76,1,,0,false,true,false", "--outdir", tmp_path,
            tmp_path / "register.ods",
        ],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    with (tmp_path / "register.csv").open(encoding="utf-8", newline="") as file:
        theirs = list(csv.reader(file, delimiter=";"))
    ours = csv_rows(browser.get("/register.csv?sort=oldest"))
    assert [row[0] for row in theirs] == [row[0] for row in ours]
    assert [row[6:12] for row in theirs] == [row[6:12] for row in ours]


def test_categories_outlive_a_later_word_without_them(places):
    """A line that is written again without categories keeps those that it had."""
    office = places.offices[0]
    (case,) = cases_of(LAST, 1, [office.keyring.key])
    keep(office, [case])
    (line,) = office.register.lines()
    office.register.put(replace(line, categories=None))
    assert office.register.lines()[0].categories == case.facts.dump()


def test_workplaces_agree(places: Workplaces):
    """Two officers of a closed case have the same facts of it."""
    sent, _ = approved(places)
    lines = [office.register.line(sent.case) for office in places.offices[:2]]
    assert lines[0].categories == lines[1].categories
