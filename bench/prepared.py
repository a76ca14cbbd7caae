# SPDX-License-Identifier: EUPL-1.2
"""Requests made before the clock starts: reports from a browser, reports at the door, mailboxes."""

import json
from collections.abc import Iterator, Sequence
from multiprocessing import get_context

from cast import Cast
from load import head

from meldkluis.crypto import receipt
from meldkluis.crypto.encoding import b64
from meldkluis.crypto.receipt import Receipt

_BOUNDARY = "----meldkluis-bench"
_WORDS = "Op dinsdag zag ik in het archief dat de offerte al was geopend. "
_MULTIPART = ("Content-Type", f"multipart/form-data; boundary={_BOUNDARY}")


def text(length: int) -> str:
    """Return a text of this many characters."""
    return (_WORDS * (length // len(_WORDS) + 1))[:length]


def browser_request(cast: Cast, reporter: Receipt, length: int = 2000) -> bytes:
    """Return what a browser sends for a report without attachments."""
    sealed = cast.compose(reporter, text=text(length), strength="browser")
    files = {slot: b64(file) for slot, file in sealed.files.items()}
    body = json.dumps({"entry": b64(sealed.entry.raw), "files": files}).encode()
    headers = [("Authorization", f"Mailbox {b64(reporter.address)}"), ("Content-Type", "application/json")]
    return head("POST", "/api/reports", len(body), headers) + body


def _some(cast: Cast, codes: Sequence[str]) -> list[bytes]:
    return [browser_request(cast, cast.reporter(code)) for code in codes]


def browser_requests(cast: Cast, number: int) -> tuple[list[str], list[bytes]]:
    """Return codes and requests, sealed by two processes."""
    codes = [receipt.generate() for _ in range(number)]
    half = number // 2
    with get_context("fork").Pool(2) as pool:
        made = pool.starmap(_some, [(cast, codes[:half]), (cast, codes[half:])])
    return codes, made[0] + made[1]


def _multipart(fields: Sequence[tuple[str, str]]) -> bytes:
    parts = [
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields
    ]
    return "".join([*parts, f"--{_BOUNDARY}--\r\n"]).encode()


def door_fields(cast: Cast, code: str, length: int = 2000) -> list[tuple[str, str]]:
    """Return the fields of a report at the door."""
    chosen = [("to", b64(officer.key)) for officer in cast.officers]
    return [("code", code), ("kind", "report"), ("about", "de aanbesteding"), *chosen, ("text", text(length))]


def door_requests(cast: Cast, number: int) -> Iterator[bytes]:
    """Return reports of 2 kB at the door."""
    for _ in range(number):
        body = _multipart([*door_fields(cast, receipt.generate()), ("name", ""), ("contact", "")])
        yield head("POST", "/melden", len(body), [_MULTIPART]) + body


def upload_request(cast: Cast, size: int) -> tuple[bytes, bytes, bytes]:
    """Return head and both ends of a report with one attachment of `size` bytes; the attachment goes between."""
    begin = _multipart(door_fields(cast, receipt.generate()))[: -len(f"--{_BOUNDARY}--\r\n")]
    begin += (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="bewijs.bin"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    end = f"\r\n--{_BOUNDARY}--\r\n".encode()
    return head("POST", "/melden", len(begin) + size + len(end), [_MULTIPART]), begin, end


def mailbox_requests(cast: Cast, codes: Sequence[str]) -> Iterator[bytes]:
    """Return one opening by address for each code."""
    for code in codes:
        headers = [("Authorization", f"Mailbox {b64(cast.reporter(code).address)}")]
        yield head("POST", "/api/mailbox", 0, headers)


def door_mailbox_requests(codes: Sequence[str]) -> Iterator[bytes]:
    """Return one opening at the door for each code."""
    for code in codes:
        body = _multipart([("code", code), ("action", "open")])
        yield head("POST", "/bericht", len(body), [_MULTIPART]) + body
