# SPDX-License-Identifier: EUPL-1.2
"""The pages that are only read, and what every answer has."""

import asyncio
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from house import House, Page

from meldkluis.crypto import receipt
from meldkluis.crypto.proof import Proof, verify_proof
from meldkluis.intake import pages
from meldkluis.intake.headers import ALWAYS
from meldkluis.intake.pages import Pages

PATHS = ("/", "/melden", "/melden?door", "/bericht", "/bericht?door", "/bewijs", "/sleutels")
EVERYWHERE = [prefix + path for prefix in ("", "/en") for path in PATHS]


@pytest.mark.parametrize("path", EVERYWHERE)
def test_pages_are_valid(house: House, path: str) -> None:
    """Every page is valid HTML in its language, has one heading of the first level and no inline script or style."""
    page = house.get(path)

    assert page.status == 200
    assert page.one("html").get("lang") == ("en" if path.startswith("/en") else "nl")
    assert len([item for item in page.all("h1") if "data-receipt" not in item.attrib]) >= 1
    assert "<style" not in page.text
    assert not re.search(r"\son[a-z]+=|style=|javascript:", page.text)
    assert all(script.get("src") for script in page.all("script"))


def test_language_switch(house: House) -> None:
    """Each page links to the same page in the other language."""
    assert house.get("/melden").one("a", **{"class": "other"}).get("href") == "/en/melden"
    assert house.get("/en/bericht?door").one("a", **{"class": "other"}).get("href") == "/bericht?door"


def check_headers(page: Page) -> None:
    for name, value in ALWAYS.items():
        assert page.headers[name] == value
    assert "set-cookie" not in page.headers
    assert "cache-control" in page.headers


@pytest.mark.parametrize(
    ("path", "status"),
    [
        *((path, 200) for path in EVERYWHERE),
        ("/weg", 404),
        ("/en/weg", 404),
        ("/melden/", 404),
        ("/static/x.css", 404),
        ("/static/..%2fapp.py", 404),
    ],
)
def test_headers(house: House, path: str, status: int) -> None:
    """Every answer has all headers and no cookie; HTML is never stored and never compressed."""
    page = house.get(path, **{"accept-encoding": "gzip, deflate, br"})

    assert page.status == status
    check_headers(page)
    assert page.headers["cache-control"] == "no-store"
    assert "content-encoding" not in page.headers


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "POST"])
def test_method_not_allowed(house: House, method: str) -> None:
    """A method that a page does not have is refused with a page in the reader's language."""
    response = house.client.request(method, "/en/")
    page = Page(response.status_code, response.headers, response.content)

    assert page.status == 405
    check_headers(page)
    assert "This page does not work that way" in page.said()


def test_broken(house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """An unexpected error gives a still page in the reader's language; only its kind and place are logged."""

    def broken(*_: object) -> None:
        raise RuntimeError("geheim: appel peer")

    monkeypatch.setattr(type(house.desk), "public_keys", broken)

    page = house.get("/en/melden")

    assert page.status == 500
    check_headers(page)
    assert "Something went wrong on our side" in page.said()
    assert "geheim" not in page.text + caplog.text
    assert "RuntimeError at test_pages.py" in caplog.text


def test_assets(house: House) -> None:
    """Style, logo and icon are named after their content, compressed beforehand and kept for a year."""
    page = house.get("/")
    links = [
        page.one("link", rel="stylesheet").get("href"),
        page.one("link", rel="icon").get("href"),
        page.one("img").get("src"),
    ]

    for link in links:
        assert link is not None
        plain = house.client.get(link, headers={"accept-encoding": "identity"})
        packed = house.client.get(link, headers={"accept-encoding": "gzip"})

        assert packed.headers["content-encoding"] == "gzip"
        assert "content-encoding" not in plain.headers
        assert plain.content == packed.content  # the client unpacks
        assert int(packed.headers["content-length"]) < len(plain.content)
        assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
        check_headers(Page(200, plain.headers, plain.content))


def test_start_tells_before_the_form(house: House) -> None:
    """The start page tells the facts in the order of the law's purpose, and who reads a report."""
    said = house.get("/").said()
    order = (
        "112",
        "088 133 10 00",
        "ernstig mis is",
        "in het formulier, of",
        "geen nadeel",
        "anoniem",
        "Binnen 7 dagen",
        "Autoriteit Consument",
        "TEST Een, Vertrouwenspersoon",
        "IP-adres",
    )
    places = [said.index(text) for text in order]

    assert places == sorted(places)


def test_no_advice_to_enable_scripts(house: House) -> None:
    """No page urges a reader to switch JavaScript on."""
    for path in EVERYWHERE:
        assert "javascript" not in house.get(path).text.lower()


def test_fresh_form(house: House) -> None:
    """A form has a fresh, valid code that is shown before sending; everybody is ticked; nothing is filled in."""
    first, second = house.get("/melden?door"), house.get("/melden?door")

    assert first.value("code") == first.code
    assert first.code != second.code
    assert len(receipt.parse(first.code)) == 16
    assert [box.get("value") for box in first.all("input", name="to")] == house.keys
    assert all("checked" in box.attrib for box in first.all("input", name="to"))
    assert [first.value(name) for name in ("about", "text", "name", "contact")] == [""] * 4
    assert receipt.parse(house.get("/en/melden?door").code)


def test_fields_are_private(house: House) -> None:
    """Text and code fields are neither remembered, corrected nor sent to a translator by the browser."""
    for path in ("/melden?door", "/bericht?door", "/en/bewijs"):
        page = house.get(path)
        for field in [*page.all("textarea"), *page.all("input", type="text")]:
            assert [field.get(name) for name in ("autocomplete", "autocapitalize", "spellcheck", "translate")] == [
                "off",
                "none",
                "false",
                "no",
            ]


def test_labels(house: House) -> None:
    """Every field has a label of its own, and every description that it points to is there."""
    for path in ("/melden?door", "/bericht?door", "/bewijs", "/sleutels"):
        page = house.get(path)
        ids = [item.get("id") for item in page.tree.iter() if item.get("id")]
        assert len(ids) == len(set(ids))
        labelled = {label.get("for") for label in page.all("label")}
        for field in [*page.all("textarea"), *page.all("input")]:
            if field.get("type") in {"hidden", "radio", "checkbox"}:
                continue
            assert field.get("id") in labelled
            assert set((field.get("aria-describedby") or "").split()) <= set(ids)


def test_with_a_script(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a bundle the form stands twice, once for each reader, and the door's page loads no script."""
    from meldkluis.intake.assets import Bundle

    site = Bundle("/static/meldkluis-abc.js", "sha384-abc")
    for route in house.client.app.routes:  # type: ignore[attr-defined]
        owner = getattr(route.endpoint, "__self__", None)
        if isinstance(owner, Pages):
            object.__setattr__(owner._site.assets, "bundle", site)

    page, door = house.get("/melden"), house.get("/melden?door")
    (script,) = page.all("script")

    assert (script.get("src"), script.get("integrity")) == (site.url, site.integrity)
    assert "defer" in script.attrib
    assert door.all("script") == []
    assert door.all("template") == []
    forms = {form.get("method"): form for form in page.all("form")}
    assert set(forms) == {"post", "dialog"}
    assert {form.get("action") for form in page.all("form") if form.get("method") == "dialog"} == {None}
    assert page.one("a", id="wait-door").get("href") == "?door"
    assert not [item for item in page.one("template", id="form").iter("input") if item.get("name") == "code"]
    for path in ("/melden", "/bericht"):
        names = {item.get("data-text") for item in house.get(path).all("p")} - {None}
        assert "server-unreachable" in names


def test_not_open_yet(closed_house: House) -> None:
    """Without a roster there is no form, and the page names places outside."""
    page = closed_house.get("/melden")

    assert page.status == 503
    assert "088 133 10 00" in page.said()
    assert page.all("form") == []
    assert closed_house.get("/").status == 200
    assert closed_house.get("/sleutels").status == 200


def test_keys_page(house: House) -> None:
    """The keys of today are shown for a reporter's own age, with the fingerprint to compare."""
    said = house.get("/sleutels").said()

    assert all(officer.intake_key.recipient in said for officer in house.officers)


def test_foreign_form_types(house: House) -> None:
    """A body that is no form is refused with a page, whatever it says it is."""
    for headers in ({}, {"content-type": "application/json"}, {"content-type": "multipart/form-data"}):
        for path in ("/melden", "/bericht", "/bewijs"):
            response = house.client.post(path, content=b"x" * 1000, headers=headers)

            assert response.status_code == 400
            check_headers(Page(400, response.headers, response.content))


def test_a_long_proof_stops_nobody(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a proof with thousands of signatures is checked, other visitors get their pages."""
    begun, go_on = threading.Event(), threading.Event()

    def slow(written: str) -> Proof:
        begun.set()
        assert go_on.wait(20)
        return verify_proof(written)

    monkeypatch.setattr(pages, "verify_proof", slow)
    boundary = b'--x\r\ncontent-disposition: form-data; name="proof"\r\n\r\nnone\r\n--x--\r\n'

    async def ask(method: str, path: str, body: bytes) -> int:
        sent: list[Any] = []
        given = [(b"content-type", b"multipart/form-data; boundary=x"), (b"host", b"localhost")]
        scope = {
            "type": "http", "method": method, "path": path, "query_string": b"", "headers": given,
            "http_version": "1.1", "scheme": "http", "server": ("localhost", 80), "client": None, "root_path": "",
        }  # fmt: skip

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await house.client.app(scope, receive, send)
        status: int = sent[0]["status"]
        return status

    async def visits() -> tuple[int, int]:
        checking = asyncio.create_task(ask("POST", "/bewijs", boundary))
        await asyncio.to_thread(begun.wait, 20)
        meanwhile = await ask("GET", "/", b"")
        go_on.set()
        return await checking, meanwhile

    assert asyncio.run(visits()) == (422, 200)
