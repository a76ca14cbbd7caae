# SPDX-License-Identifier: EUPL-1.2
"""Looking at, saving and sharing an attachment, as the officer does it in the browser."""

import hashlib
import re
import zipfile
from io import BytesIO

import html5lib
import pytest
from sandboxes import docx, need_sandbox, pdf, png, sample
from workplace import UnreachableError

from meldkluis.crypto.encoding import b64
from meldkluis.workstation import pages_view, viewing
from meldkluis.workstation.evidence import make_copy
from meldkluis.workstation.pixels import Page
from meldkluis.workstation.render import language
from meldkluis.workstation.sandbox import Sandbox, Tool
from meldkluis.workstation.viewing import Cleaned

MAIL = (
    b"From: a@example.org\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nhallo\r\n--x\r\n"
    b"Content-Type: image/png; name=b.png\r\nContent-Disposition: attachment\r\n\r\n" + b"x\r\n--x--\r\n"
)


@pytest.fixture(autouse=True)
def sandbox():
    """A machine on which everything can be looked at."""
    need_sandbox()


def tree(answer):
    return html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), strict=True, namespaceHTMLElements=False).parse(
        answer.text
    )


def said(answer):
    return " ".join(" ".join(tree(answer).find(".//main").itertext()).split())


def opened(places, *files):
    """A browser at a case, and for each of its attachments what stands behind `view/` and `evidence/`."""
    sent = places.report(files=files)
    browser, path = places.browser(0), f"/case/{b64(sent.case)}"
    browser.follow("/")
    browser.post(f"{path}/involved", involved="no")
    return browser, path, [f"0/{b64(item)}" for item in sent.attachments]


def images(answer):
    return [(image.get("src"), image.get("alt")) for image in tree(answer).iter("img") if image.get("alt")]


def evidence_of(places):
    """What the case's officers read in the notes about copies of attachments."""
    office = places.offices[0]
    office.fetch()
    (case,) = [line.case for line in office.summaries.all()]
    steps = office.summaries.handling(office.dossiers.log(case)).steps
    return [(step.record.choice, step.record.of, step.record.text) for step in steps if step.record.kind == "evidence"]


def test_pages_are_shown_and_turned(places):
    """From the case to the pages: pictures with words for who cannot see them, some at a time, by links alone."""
    browser, path, (place,) = opened(places, ("rapport.pdf", pdf(6)))
    case = browser.get(path)
    links = [link.get("href") for link in tree(case).iter("a")]
    assert links.index(f"{path}/view/{place}") < links.index(f"{path}/evidence/{place}")

    first = browser.get(f"{path}/view/{place}")
    assert [alt for _, alt in images(first)] == [f"bladzijde {number} van 6" for number in (1, 2, 3, 4)]
    (following,) = [link.get("href") for link in tree(first).iter("a") if link.get("rel") == "next"][:1]
    last = browser.get(following)
    assert [alt for _, alt in images(last)] == ["bladzijde 5 van 6", "bladzijde 6 van 6"]
    picture = browser.get(images(last)[1][0])
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
    assert picture.content.startswith(b"\x89PNG")
    assert "default-src 'none'" in picture.headers["content-security-policy"]
    assert picture.headers["cache-control"] == "no-store"
    assert browser.get(f"{path}/view/{place}/0/7").status_code == 404
    for odd in ("0", "-1", "x", "99999", "²"):
        assert browser.get(f"{path}/view/{place}?page={odd}&part={odd}").status_code in {200, 409}


def test_strangers_see_no_picture(places):
    """Without the session, from another page, or after the lock there is no picture."""
    browser, path, (place,) = opened(places, ("a.png", png()))
    browser.get(f"{path}/view/{place}")
    picture = f"{path}/view/{place}/0/1"
    assert browser.get(picture).status_code == 200

    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Host": "evil.example"}):
        answer = browser.client.get(picture, headers=headers, follow_redirects=False)
        assert answer.status_code in {403, 421}
    cookies = dict(browser.client.cookies)
    browser.client.cookies.clear()
    assert browser.get(picture).status_code == 401
    browser.client.cookies.update(cookies)
    viewer = browser.station.office.viewer
    assert viewer.case is not None
    browser.post("/lock")
    assert viewer.case is None
    locked = browser.get(picture)
    assert (locked.headers["content-type"], images(locked)) == ("text/html; charset=utf-8", [])
    browser.unlock()
    assert browser.get(picture).status_code == 404


def test_undeclared_sees_nothing(places):
    """Before the declaration neither pages, pictures, hashes nor copies are given."""
    sent = places.report(files=[("a.png", png())])
    browser, path = places.browser(0), f"/case/{b64(sent.case)}"
    browser.follow("/")
    for kind in ("view", "evidence", "file"):
        assert browser.get(f"{path}/{kind}/0/{b64(sent.attachments[0])}").status_code == 409
    assert browser.get(f"{path}/view/0/{b64(sent.attachments[0])}/0/1").status_code == 409
    assert browser.post(f"{path}/evidence/0/{b64(sent.attachments[0])}", choice="original").status_code == 409
    assert browser.get(f"{path}/view/0/x").status_code in {404, 409}


def test_why_not_is_said(places):
    """What cannot be shown is said to be so, in words, with no picture."""
    files = {
        "a.zip": (b"PK\x03\x04", "ingepakt"), "a.mp3": (b"ID3", "Geluid en video"), "a.xyz": (b"x", "niet veilig"),
        "a.pdf": (b"MZ", "iets anders dan de naam"), "a.docx": (sample("doc"), "wachtwoord"),
        "b.pdf": (b"%PDF-1.4", "beschadigd"), "a.png": (png(65_000, 65_000, content=b"x"), "te groot"),
        "b.txt": (b"age-encryption.org/v1\n", "verzegeld"),
    }  # fmt: skip
    browser, path, found = opened(places, *((name, content) for name, (content, _) in files.items()))
    for place, (_, word) in zip(found, files.values(), strict=True):
        answer = browser.get(f"{path}/view/{place}")
        assert (answer.status_code, images(answer)) == (409, [])
        assert word in said(answer)


def test_parts_of_a_mail(places):
    """A message's attachments can be looked at from its page; one that is broken says so."""
    browser, path, (place,) = opened(places, ("a.eml", MAIL))
    page = browser.get(f"{path}/view/{place}")

    assert "Bijlage 1 veilig bekijken" in said(page)
    part = browser.get(f"{path}/view/{place}?part=1")
    assert "kan hier niet worden getoond" in said(part)
    assert "Terug naar het bericht" in said(part)


def test_no_sandbox_no_view(places, monkeypatch, tmp_path):
    """Without bubblewrap, and without a converter, pages say what is missing and how to install it."""
    browser, path, (place,) = opened(places, ("a.pdf", pdf()))
    gone = Sandbox(program=str(tmp_path / "none"))
    monkeypatch.setattr(browser.station.office.viewer, "_sandbox", gone)
    monkeypatch.setattr(pages_view, "Sandbox", lambda: gone)
    answer = browser.get(f"{path}/view/{place}")
    assert answer.status_code == 409
    assert "bubblewrap ontbreekt" in said(answer)
    assert "bubblewrap ontbreekt" in said(browser.get(f"{path}/evidence/{place}"))
    assert "bubblewrap ontbreekt" in said(browser.get("/machine"))
    original = browser.post(f"{path}/evidence/{place}", choice="original")
    assert original.content == pdf()


def test_missing_converter_is_named(places, monkeypatch):
    """A converter that is not installed is named with the command that installs it."""
    browser, path, (place,) = opened(places, ("a.pdf", pdf()))
    lacking = Tool("/nowhere", "poppler-utils", frozenset({"pdf"}))
    monkeypatch.setattr(viewing, "missing_tools", lambda kind: [lacking] if kind == "pdf" else [])
    monkeypatch.setattr(pages_view, "TOOLS", (lacking,))

    assert "apt install poppler-utils" in said(browser.get(f"{path}/view/{place}"))
    assert "apt install --no-install-recommends poppler-utils" in said(browser.get("/machine"))


def test_machine_has_everything(places):
    """Where everything is installed the page about this computer asks for nothing."""
    browser, *_ = opened(places)
    page = said(browser.get("/machine"))

    assert "De afgeschermde omgeving werkt." in page
    assert "apt install" not in page
    assert "nee" not in page.split()


def test_original_is_untouched_and_logged(places):
    """The original comes as it was sent, under a name that nothing opens, with its SHA-256 written down first."""
    browser, path, (place,) = opened(places, ("geheim.docx", docx()))
    page = browser.get(f"{path}/evidence/{place}")
    digest = hashlib.sha256(docx()).hexdigest()
    assert digest in said(page)

    saved = browser.post(f"{path}/evidence/{place}", choice="original")
    assert saved.content == docx()
    assert saved.headers["content-type"] == "application/octet-stream"
    assert 'filename="geheim.docx.bijlage"' in saved.headers["content-disposition"]
    assert evidence_of(places) == [("original", 0, f"SHA-256 {digest}  geheim.docx")]
    assert "Kies het origineel of een kopie" in said(browser.post(f"{path}/evidence/{place}", choice="x"))


def test_copy_says_what_it_lacks(places):
    """The copy has no metadata, pages of pixels, and a text that names fields, not values, and what stays."""
    browser, path, (place,) = opened(places, ("van-jan.png", png(author="J. Jansen")))
    page = said(browser.get(f"{path}/evidence/{place}"))
    assert "J. Jansen" in page
    assert "watermerken" in page

    shared = browser.post(f"{path}/evidence/{place}", choice="copy")
    assert 'filename="kopie-om-te-delen.zip"' in shared.headers["content-disposition"]
    with zipfile.ZipFile(BytesIO(shared.content)) as package:
        files = {name: package.read(name) for name in package.namelist()}
        assert {item.date_time for item in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert sorted(files) == ["LEESMIJ.txt", "kopie.png", "paginas.pdf"]
    text = files["LEESMIJ.txt"].decode()
    assert "- Author" in text
    assert "watermerken" in text
    for content in files.values():
        assert b"Jansen" not in content
        assert b"van-jan" not in content
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    original = hashlib.sha256(png(author="J. Jansen")).hexdigest()
    assert {original, hashes["kopie.png"], hashes["paginas.pdf"]} <= set(re.findall(r"[0-9a-f]{64}", text))
    ((choice, of, logged),) = evidence_of(places)
    assert (choice, of) == ("copy", 0)
    assert {original, hashes["kopie.png"], hashes["paginas.pdf"]} == set(re.findall(r"[0-9a-f]{64}", logged))


def test_nothing_is_given_unlogged(places):
    """When the server does not take the note, no byte of the file leaves; and the page says so."""
    browser, path, (place,) = opened(places, ("a.png", png()))
    browser.get(f"{path}/evidence/{place}")

    def cut(method, target):
        if method == "POST":
            raise UnreachableError("cut")

    places.transports[0].before = cut
    for choice in ("original", "copy"):
        answer = browser.post(f"{path}/evidence/{place}", choice=choice)
        assert answer.status_code == 502
        assert "IDAT" not in answer.text
        assert "attachment" not in answer.headers.get("content-disposition", "")
    places.transports[0].before = None
    assert evidence_of(places) == []


def test_nothing_to_share(places):
    """What can neither be cleaned nor shown has no copy; the original can still be saved."""
    browser, path, (place,) = opened(places, ("a.xyz", b"wat dan ook"))
    answer = browser.post(f"{path}/evidence/{place}", choice="copy")

    assert answer.status_code == 409
    assert "geen kopie om te delen" in said(answer)
    assert browser.post(f"{path}/evidence/{place}", choice="original").content == b"wat dan ook"


@pytest.mark.parametrize("code", ["nl", "en"])
def test_text_in_the_officers_language(code):
    """The text of the copy and its file names are in the language of the officer; a hostile field name is harmless."""
    made = make_copy(
        "0" * 64, Cleaned([("A\u202e\nB", "geheim")], b"x", "pdf"), [Page.from_pixels(1, 1, b"abc")],
        language(code).say, more=True,
    )  # fmt: skip
    with zipfile.ZipFile(BytesIO(made.content)) as package:
        names = package.namelist()
        text = package.read(names[0]).decode()

    assert (
        names
        == {"nl": ["LEESMIJ.txt", "kopie.pdf", "paginas.pdf"], "en": ["README.txt", "copy.pdf", "pages.pdf"]}[code]
    )
    assert "- A⟦U+202E⟧ B" in text
    assert "geheim" not in text
    assert ("niet volledig" if code == "nl" else "not complete") in text


def test_destroyed_or_left_case_is_forgotten(places):
    """Pages of a case that the officer may not read any more are dropped with the next round."""
    browser, path, (place,) = opened(places, ("a.png", png()))
    browser.get(f"{path}/view/{place}")
    office = browser.station.office
    assert office.viewer.case is not None
    office.act(lambda: office.acts.recuse(office.viewer.case))
    browser.post("/fetch")

    assert office.viewer.case is None
    assert browser.get(f"{path}/view/{place}/0/1").status_code == 409
