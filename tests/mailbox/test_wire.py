# SPDX-License-Identifier: EUPL-1.2
"""Bodies of sections 9 and 10: written and read back, and strict."""

import contextlib
import json
import os
from datetime import date
from typing import Any

import pytest
from hypothesis import given, strategies as st

from meldkluis.crypto.encoding import b64
from meldkluis.crypto.errors import CryptoError, FormatError
from meldkluis.crypto.limits import Limits
from meldkluis.crypto.roster import RosterVersion
from meldkluis.mailbox import wire
from meldkluis.mailbox.policy import Policy, Retention

DAY = date(2026, 11, 23)
VERSION = RosterVersion(b"{}", ((b"k" * 32, b"s" * 64),))
THINGS = (b"thing one", b"thing two")

BODIES = [
    wire.ErrorAnswer("head", {"entries": 4, "head": b64(bytes(32))}),
    wire.KeysAnswer(DAY, "gemeente-voorbeeld", (VERSION,), THINGS, Limits(report=7)),
    wire.ReportRequest(b"entry", {"content": b"c", "identity": b"i"}),
    wire.AddRequest(b"entry", {"message": b"m"}),
    wire.AddRequest(b"entry", {"message": b"m", "identity": b"i"}),
    wire.ReportAnswer(b"received", b"proof"),
    wire.MessageAnswer(b"received"),
    wire.MailboxAnswer(True, DAY, "gemeente-voorbeeld", (VERSION,), THINGS, THINGS, {3: b"answer", 12: b"more"}),
    wire.StatusAnswer(DAY, "gemeente-voorbeeld", (VERSION,), None, THINGS, Policy()),
    wire.StatusAnswer(DAY, "gemeente-voorbeeld", (), VERSION, (), Policy("automatic", "4.1.4", Retention(founded=60))),
    wire.RosterSignature(b"r" * 32, b"s" * 64),
    wire.Announcement(b"thing"),
    wire.Inbox(b"o" * 32, 2**63 - 1, DAY, (wire.InboxLine(b"c" * 16, 2, b"h" * 32),)),
    wire.Inbox(b"o" * 32, 1, DAY, (wire.InboxLine(b"c" * 16, 2, b"h" * 32, (("overdue", DAY), ("hold", DAY))),)),
    wire.CertificatesAnswer(THINGS),
    wire.InboxAnswer(b"thing"),
    wire.CaseAnswer(THINGS, (wire.FileLine(0, "content", 9),), (wire.AttachmentLine(2, b"a" * 16, 7),)),
    wire.AppendRequest(b"entry", {"answer": b"a", "copy": b"c"}),
    wire.AppendRequest(b"entry", {"note": b"n"}),
    wire.AppendRequest(b"entry", {"grant": b"g"}, {(0, "content"): b"h", (12, "message"): b"i"}),
    wire.AppendAnswer(5, b"h" * 32),
]
IDS = [f"{n}-{type(body).__name__}" for n, body in enumerate(BODIES)]


@pytest.mark.parametrize("body", BODIES, ids=IDS)
def test_a_body_reads_back_as_it_was(body: Any):
    """What one side writes the other side reads."""
    assert type(body).parse(body.dump()) == body


@pytest.mark.parametrize("body", BODIES, ids=IDS)
def test_fields_missing_or_added_are_refused(body: Any):
    """Every field belongs there, and no other."""
    document = json.loads(body.dump())
    for name in ["error"] if isinstance(body, wire.ErrorAnswer) else document:
        with pytest.raises(FormatError):
            type(body).parse(json.dumps({key: value for key, value in document.items() if key != name}).encode())
    if not isinstance(body, wire.ErrorAnswer):
        with pytest.raises(FormatError):
            type(body).parse(json.dumps({**document, "more": 1}).encode())


@pytest.mark.parametrize("body", BODIES, ids=IDS)
@given(
    junk=st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.text(),
        st.lists(st.integers()),
        st.dictionaries(st.text(), st.none()),
    )
)
def test_fields_of_another_kind_are_refused(body: Any, junk: object):
    """A field of another kind is an error of ours, never a crash."""
    document = json.loads(body.dump())
    for name in document:
        with contextlib.suppress(CryptoError):
            type(body).parse(json.dumps({**document, name: junk}).encode())


@given(st.binary(max_size=200))
def test_what_is_no_json_is_refused(junk: bytes):
    """No bytes make a reader fail otherwise than with an error of ours."""
    for body in BODIES:
        with pytest.raises(CryptoError):
            type(body).parse(junk)


def test_the_mailbox_answer_hides_its_length():
    """Its length is a multiple of 16 KiB, whatever it holds, by one byte more or less."""
    for size in (*range(12_000, 12_013), 40_000):
        body = wire.MailboxAnswer(True, DAY, "x", (), (), (os.urandom(size),), {})
        assert len(body.dump()) % wire.PAD == 0
        assert wire.MailboxAnswer.parse(body.dump()) == body
    empty = wire.MailboxAnswer(False, DAY, "x", (), (), (), {})
    assert len(empty.dump()) == wire.PAD


def test_sizes_are_bounded():
    """A file or an entry over its limit is refused before it is decoded."""
    with pytest.raises(FormatError):
        wire.AddRequest.parse(wire.AddRequest(b"entry", {"message": bytes(wire.FILE + 1)}).dump())
    with pytest.raises(FormatError):
        wire.AddRequest.parse(wire.AddRequest(bytes(wire.ENTRY + 1), {"message": b"m"}).dump())
    with pytest.raises(FormatError):
        wire.AppendRequest.parse(wire.AppendRequest(b"e", {}, {(0, "content"): bytes(wire.HEADER + 1)}).dump())


@pytest.mark.parametrize(
    "place", ["content", "0", "/content", "00/content", "-1/content", "0/answer", "0/content/x", "1e3/content"]
)
def test_a_place_has_one_spelling(place: str):
    """Headers go to a reporter's file by number and slot, and to nothing else."""
    body = json.dumps({"entry": "", "files": {}, "headers": {place: ""}}).encode()
    with pytest.raises(FormatError):
        wire.AppendRequest.parse(body)


def test_every_code_has_a_status():
    """The table of error codes is the protocol's."""
    assert len(wire.STATUS) == 20
    assert set(wire.STATUS.values()) <= {400, 401, 404, 409, 413, 422, 429, 503, 507}
