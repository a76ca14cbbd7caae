# SPDX-License-Identifier: EUPL-1.2
"""Signed requests: ours verify, and nothing else does."""

import base64
import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings, strategies as st

from meldkluis.crypto.encoding import b64
from meldkluis.crypto.signed import SigningKey
from meldkluis.mailbox.errors import Refused
from meldkluis.mailbox.wire import Request, Signer, sign_request, verify_request

TODAY = date(2026, 11, 23)
KEY = SigningKey.from_seed(b"s" * 32)
REQUEST = Request("POST", "officers.example.nl:8443", "/v1/cases/AAAA/log", "after=3", b'{"entry":""}')


def refused(request: Request, headers: dict[str, str] | list[tuple[str, str]], today: date = TODAY) -> bool:
    lines = list(headers.items()) if isinstance(headers, dict) else headers
    try:
        verify_request(request, lines, today)
    except Refused as error:
        return error.code == "signature"
    return False


@pytest.mark.parametrize("counter", [0, 1, 2**63 - 1])
def test_a_signed_request_verifies(counter: int):
    """What sign_request made names its key and its counter, with other headers around."""
    headers = sign_request(REQUEST, KEY, counter, TODAY)
    lines = [("Host", REQUEST.authority), *headers.items(), ("Accept", "*/*")]
    assert verify_request(REQUEST, lines, TODAY) == Signer(KEY.verify_key, counter)


@pytest.mark.parametrize(
    "request_",
    [replace(REQUEST, query=""), replace(REQUEST, body=b""), replace(REQUEST, method="GET", query="", body=b"")],
)
def test_empty_parts_verify(request_: Request):
    """A request without query or body is signed as well."""
    assert verify_request(request_, sign_request(request_, KEY, 1, TODAY).items(), TODAY).key == KEY.verify_key


CHANGES = {
    "method": {"method": "PUT"},
    "authority": {"authority": "elsewhere.example.nl:8443"},
    "port": {"authority": "officers.example.nl:8444"},
    "path": {"path": "/v1/cases/AAAB/log"},
    "query": {"query": "after=4"},
    "no query": {"query": ""},
    "body": {"body": b'{"entry":"A"}'},
    "no body": {"body": b""},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_another_request_is_refused(change: dict[str, str]):
    """A signature holds for one method, authority, path, query and body."""
    assert refused(replace(REQUEST, **change), sign_request(REQUEST, KEY, 1, TODAY))


def test_the_day_and_its_neighbours():
    """A workstation's clock may be a day off, not two."""
    headers = sign_request(REQUEST, KEY, 1, TODAY)
    for step, expected in ((-2, True), (-1, False), (0, False), (1, False), (2, True)):
        assert refused(REQUEST, headers, TODAY + timedelta(days=step)) is expected


def test_missing_or_doubled_headers_are_refused():
    """All three headers are there, once."""
    headers = sign_request(REQUEST, KEY, 1, TODAY)
    assert refused(REQUEST, {})
    for name in headers:
        assert refused(REQUEST, {key: value for key, value in headers.items() if key != name})
        assert refused(REQUEST, [*headers.items(), (name, headers[name])])


def edited(pattern: str, instead: str) -> dict[str, str]:
    headers = sign_request(REQUEST, KEY, 7, TODAY)
    changed = re.sub(pattern, instead, headers["Signature-Input"])
    assert changed != headers["Signature-Input"]
    return {**headers, "Signature-Input": changed}


EDITS = {
    "label": ("^sig1", "sig2"),
    "a component less": (' "@query"', ""),
    "a component more": ('"@query"', '"@query" "@scheme"'),
    "another order": ('"@method" "@authority"', '"@authority" "@method"'),
    "another counter": ('nonce="7"', 'nonce="8"'),
    "no counter": (';nonce="7"', ""),
    "another day": ("created=(\\d+)", "created=1795478400"),
    "an hour later": ("created=(\\d+)", "created=1"),
    "no day": (";created=\\d+", ""),
    "no algorithm": (';alg="ed25519"', ""),
    "another algorithm": ('alg="ed25519"', 'alg="hmac-sha256"'),
    "an expiry": ('nonce="7"', 'nonce="7";expires=9999999999'),
    "another key": ('keyid="[^"]*"', f'keyid="{b64(bytes(32))}"'),
    "a short key": ('keyid="[^"]*"', 'keyid="AAAA"'),
    "no key": (';keyid="[^"]*"', ""),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_edited_parameters_are_refused(edit: tuple[str, str]):
    """Nothing of the signature's input can be changed, added or left out."""
    assert refused(REQUEST, edited(*edit))


@pytest.mark.parametrize("nonce", ["-1", "01", "1.0", " 1", "1e3", "", str(2**63), "9" * 30, "\N{SUPERSCRIPT TWO}"])
def test_a_counter_has_one_spelling(nonce: str, monkeypatch: pytest.MonkeyPatch):
    """A counter is decimal, without leading zeros, below 2 to the 63rd, also when it is well signed."""
    if nonce.isascii():
        assert refused(REQUEST, sign_request(REQUEST, KEY, nonce, TODAY))  # type: ignore[arg-type]


def test_two_signatures_are_refused():
    """One request, one signature."""
    first, second = sign_request(REQUEST, KEY, 1, TODAY), sign_request(REQUEST, KEY, 1, TODAY)
    both = {
        **first,
        "Signature": f"{first['Signature']}, {second['Signature'].replace('sig1', 'sig2')}",
        "Signature-Input": f"{first['Signature-Input']}, {second['Signature-Input'].replace('sig1', 'sig2')}",
    }
    assert refused(REQUEST, both)


def test_another_digest_is_refused():
    """Only sha-256, in one spelling: another algorithm beside it would be a second thing to check."""
    headers = sign_request(REQUEST, KEY, 1, TODAY)
    sha512 = base64.b64encode(bytes(64)).decode()
    assert refused(REQUEST, {**headers, "Content-Digest": f"{headers['Content-Digest']}, sha-512=:{sha512}:"})


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80), st.text(max_size=200), st.text(max_size=200))
def test_junk_is_refused(digest: str, made: str, signature: str):
    """No header makes the reader fail otherwise than by refusing."""
    assert refused(REQUEST, {"Content-Digest": digest, "Signature-Input": made, "Signature": signature})


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damaged_headers_are_refused(data: st.DataObject):
    """A signature damaged at any place is refused."""
    headers = sign_request(REQUEST, KEY, 1, TODAY)
    name = data.draw(st.sampled_from(sorted(headers)))
    # The last character before the padding of base64 carries bits that mean nothing.
    place = data.draw(st.integers(0, len(headers[name]) - 5))
    char = data.draw(st.characters(min_codepoint=33, max_codepoint=126))
    damaged = headers[name][:place] + char + headers[name][place + 1 :]
    assert damaged == headers[name] or refused(REQUEST, {**headers, name: damaged})
