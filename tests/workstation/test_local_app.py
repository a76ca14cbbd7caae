# SPDX-License-Identifier: EUPL-1.2
"""The local application's gates: Host, origin, start token, session, form token, lock."""

import os
import re
import socket

import pytest
from starlette.routing import Route
from workplace import ORIGIN, PASSPHRASE, browse

from meldkluis.workstation import (
    neighbour,
    pages_access,
    pages_backup,
    pages_cases,
    pages_poster,
    pages_roster,
    pages_settings,
)
from meldkluis.workstation.guard import Guard

ROUTES: list[Route] = [
    *pages_access.ROUTES, *pages_backup.ROUTES, *pages_cases.ROUTES, *pages_poster.ROUTES, *pages_roster.ROUTES,
    *pages_settings.ROUTES,
]  # fmt: skip
CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def filled(path: str) -> str:
    code = "AAAAAAAAAAAAAAAAAAAAAA"
    return (
        path.replace("{alarm:int}", "1")
        .replace("{case}", code)
        .replace("{entry:int}", "0")
        .replace("{attachment}", code)
    )


GETS = sorted({filled(route.path) for route in ROUTES if "GET" in route.methods} - {"/start"})
FORMS = sorted({filled(route.path) for route in ROUTES if "POST" in route.methods})


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8001", "127.0.0.1", "127.0.0.1:8002", "localhost:8001", "[::1]:8001", ""]
)
def test_foreign_host_is_refused(browser, host):
    """A name that was made to point here (DNS rebinding) gets nothing, not even the style sheet."""
    for path in ("/", "/static/workstation.css", browser.starts[-1].removeprefix(ORIGIN)):
        assert browser.get(path, Host=host).status_code == 421


def test_two_hosts_are_refused(browser):
    """A request with two Host lines is refused."""
    answer = browser.client.request("GET", "/", headers=[("host", "127.0.0.1:8001"), ("host", "127.0.0.1:8001")])

    assert answer.status_code == 421


@pytest.mark.parametrize("path", GETS)
def test_pages_need_the_session(browser, path):
    """Without the session every page says the same: 401, and nothing of vault, officer or form token."""
    answer = browser.get(path)

    assert answer.status_code == 401
    assert "csrf" not in answer.text
    assert "gemeente" not in answer.text


@pytest.mark.parametrize("path", FORMS)
def test_forms_need_the_session(browser, path):
    """Without the session no form does anything."""
    browser.start()
    browser.client.cookies.clear()
    answer = browser.post(path, passphrase=PASSPHRASE)

    assert answer.status_code == 401
    assert browser.station.office is None


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("token", ["", "wrong", "ümlaut"])
def test_forms_need_their_token(browser, path, token):
    """Every form, unlocking, locking, language and alarms too, needs the session's token."""
    browser.start()

    assert browser.post(path, token=token, passphrase=PASSPHRASE).status_code == 403
    assert browser.station.office is None


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:8002"},
        {"Origin": "http://localhost:8001"},
        {"Origin": "https://127.0.0.1:8001"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": ORIGIN},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"},
    ],
)
def test_forms_of_other_pages_are_refused(browser, path, headers):
    """A form that another page, another port or nobody can be seen to have sent is refused before it is read."""
    browser.start()

    assert browser.post(path, headers=headers, passphrase=PASSPHRASE).status_code == 403
    assert browser.station.office is None


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_pages_do_not_open_for_other_pages(browser, site):
    """Another page, on another port of this machine too, can neither frame, load nor link to a page."""
    browser.start()

    for path in GETS:
        assert browser.get(path, **{"Sec-Fetch-Site": site}).status_code == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"])
def test_other_methods_are_refused(browser, method):
    """Nothing but reading pages and sending forms."""
    assert browser.client.request(method, "/", headers={"Origin": ORIGIN}).status_code == 405


def test_start_token_works_once(browser):
    """A start address opens one session; used again in another browser it opens none, and a new one was announced."""
    used = browser.starts[-1].removeprefix(ORIGIN)
    browser.start()
    browser.client.cookies.clear()

    assert browser.get(used).status_code == 401
    assert len(browser.starts) == 2
    assert browser.starts[0] != browser.starts[1]


def test_start_page_loaded_again(browser):
    """Loading the spent start address again in the same browser leads on."""
    used = browser.starts[-1].removeprefix(ORIGIN)
    browser.start()

    assert browser.get(used).headers["location"] == "/"


@pytest.mark.parametrize("token", ["", "?token=", "?token=wrong", "?token=%C3%BC", "?token=a&token=b"])
def test_wrong_start_token(browser, token):
    """No other token opens a session."""
    answer = browser.get(f"/start{token}")

    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


def test_new_start_ends_the_old_session(browser):
    """There is one session: a new start address takes it over."""
    browser.start()
    old = dict(browser.client.cookies)
    browser.start()
    browser.client.cookies.clear()
    for name, value in old.items():
        browser.client.cookies.set(name, value)

    assert browser.get("/unlock").status_code == 401


def test_cookie(browser):
    """The cookie is HttpOnly, SameSite=Strict, ends with the browser, and is named after the port."""
    answer = browser.get(browser.starts[-1].removeprefix(ORIGIN))
    cookie = answer.headers["set-cookie"].lower()

    assert re.fullmatch(r"meldkluis-workstation-8001=[a-z0-9_-]{43}; httponly; path=/; samesite=strict", cookie)


def test_headers_on_every_answer(browser):
    """Every answer, errors and styles too, forbids script, framing, foreign content and caching."""
    browser.start()
    answers = [browser.get(path) for path in (*GETS, "/static/workstation.css", "/nothing", "/static/../cli.py")]
    answers += [browser.post(path) for path in FORMS]
    answers += [browser.get("/", Host="evil.example"), browser.post("/lock", headers={})]

    for answer in answers:
        assert answer.headers["content-security-policy"] == CSP
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in answer.headers
        assert "<script" not in answer.text


def test_unlock(browser):
    """A wrong passphrase says so and opens nothing; the right one opens; locking closes."""
    browser.start()
    wrong = browser.post("/unlock", passphrase="correct horse battery stable")
    opened = browser.post("/unlock", passphrase=PASSPHRASE)

    assert wrong.status_code == 403
    assert "correct horse" not in wrong.text
    assert opened.headers["location"] == "/"
    assert browser.station.office is not None
    browser.post("/lock")
    assert browser.station.office is None
    assert 'action="/unlock"' in browser.get("/").text


def test_restart_locks(browser, vault_directory):
    """A new start of the program knows neither session nor passphrase."""
    browser.start().unlock()
    again = browse(vault_directory, browser.station.connect)
    for name, value in browser.client.cookies.items():
        again.client.cookies.set(name, value)

    assert again.get("/").status_code == 401


@pytest.mark.parametrize("path", GETS)
def test_locked_vault_shows_nothing(browser, path):
    """With the session but without the passphrase there is only the page that asks for it."""
    browser.start()
    answer = browser.get(path)

    assert answer.status_code == 200
    assert 'action="/unlock"' in answer.text


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
def test_language_never_leads_away(browser, back):
    """Choosing a language goes back to our own pages only."""
    browser.start()

    assert browser.post("/language", language="en", back=back).headers["location"] == "/"


@pytest.mark.parametrize(
    ("content", "type_", "status"),
    [
        (b"csrf=a&csrf=b", "application/x-www-form-urlencoded", 400),
        (b"a=%ff", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a%d=1" % number for number in range(1_001)), "application/x-www-form-urlencoded", 400),
        (b"a=" + b"x" * 2_200_000, "application/x-www-form-urlencoded", 413),
        (b"--x\r\n", "multipart/form-data; boundary=x", 415),
        (b"{}", "application/json", 415),
        (b"x", "text/plain", 415),
    ],
)
def test_malformed_forms(browser, content, type_, status):
    """Forms that no page of ours sends are refused with a page of ours, without a word of what was sent."""
    browser.start()
    headers = {"Origin": ORIGIN, "Content-Type": type_}
    answer = browser.client.post("/unlock", content=content, headers=headers)

    assert answer.status_code == status
    assert "<h1>" in answer.text


def test_unknown_cases_and_pages(browser):
    """What does not exist gets a page of ours."""
    browser.start().unlock()

    assert browser.get("/case/AAAAAAAAAAAAAAAAAAAAAA").status_code == 404
    assert browser.get("/case/x").status_code == 404
    assert browser.get("/case/AAAAAAAAAAAAAAAAAAAAAA/file/0/AAAAAAAAAAAAAAAAAAAAAA").status_code == 404
    assert browser.get("/nothing").status_code == 404


def test_unreachable_server_is_said(browser):
    """Without a server the pages still open, and say so."""
    answer = browser.start().unlock().follow("/")

    assert answer.status_code == 200
    assert "De server is niet bereikbaar" in answer.text


def test_card_is_a_file(browser):
    """The card is saved under a plain name."""
    answer = browser.start().unlock().get("/card")

    assert answer.text.startswith("-----BEGIN MELDKLUIS CARD-----")
    assert answer.headers["content-disposition"].startswith('attachment; filename="meldkluis-gemeente-voorbeeld-')


@pytest.mark.skipif(not os.path.exists("/proc/net/tcp"), reason="only Linux tells")  # noqa: PTH110
def test_owner_of_a_connection():
    """The user at the other end of a loopback connection is known; of an address without connection nobody is."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        ends = client.getsockname(), server.getsockname()

        assert neighbour.owner(*ends) == os.getuid()
        assert neighbour.owner(("127.0.0.1", 1), ends[1]) is None
        assert neighbour.owner(("nowhere", 1), ends[1]) is None


@pytest.mark.parametrize(("whose", "status"), [(None, 200), (os.getuid(), 200), (os.getuid() + 1, 403), (65534, 403)])
def test_another_user_with_the_cookie(browser, whose, status):
    """Another user of the machine gets nothing, also with the session's cookie, and not the start page either."""
    browser.start()
    inner = browser.client.app._app
    browser.client.app = Guard(inner, ORIGIN, lambda *_: whose)
    browser.client._transport.app = browser.client.app

    assert browser.get("/unlock").status_code == status
    assert browser.get("/static/workstation.css").status_code == status
