# SPDX-License-Identifier: EUPL-1.2
"""The officers' interface (docs/protocol.md section 10), on a listener of its own.

- Nothing is looked at before the request is verified: signature, member, counter. Who fails gets 401 and hears nothing
  besides; the counter is durable before the request has any effect or answer.
- A case that is not served to the officer and one that does not exist get the same 404, byte for byte.
- The reporter's site never mounts it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Scope

from meldkluis.crypto.encoding import unb64
from meldkluis.crypto.errors import FormatError
from meldkluis.intake.api import SUBMISSION
from meldkluis.intake.app import WithDesk
from meldkluis.intake.exchange import answer, desk_of, guarded, nothing, read_body, refusal
from meldkluis.intake.headers import Guard
from meldkluis.mailbox import wire
from meldkluis.mailbox.clock import today
from meldkluis.mailbox.desk import Desk
from meldkluis.mailbox.errors import Refused

APPEND: Final = 4 * 1024 * 1024
"""Largest JSON body in bytes: taking over a case of 500 messages brings a thousand new headers of 2 kB."""

_SMALL: Final = 64 * 1024
Act = Callable[[Request, wire.Signer, bytes], Awaitable[Response]]


def _signed(request: Request, body: bytes) -> wire.Request:
    hosts = request.headers.getlist("host")
    if len(hosts) != 1:
        raise Refused("signature")
    path = request.scope.get("raw_path") or request.scope["path"].encode("utf-8")
    query = request.scope["query_string"].decode("latin-1")
    return wire.Request(request.method, hosts[0], path.decode("latin-1"), query, body)


def _signer(request: Request, body: bytes, desk: Desk) -> wire.Signer:
    lines = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]
    signer = wire.verify_request(_signed(request, body), lines, today())
    if not desk.is_member(signer.key):
        raise Refused("signature")
    return signer


def verified(act: Act, limit: int = 0) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint that runs `act` with the signer and the body of a request that was verified."""

    async def run(request: Request) -> Response:
        body = await read_body(request, limit)
        desk = desk_of(request)
        try:
            signer = _signer(request, body, desk)
            await desk.check_request(signer.key, signer.counter)
        except Refused as refused:
            return refusal(refused, wire.UNAUTHENTICATED)
        return await act(request, signer, body)

    return guarded(run)


async def _status(request: Request, signer: wire.Signer, _: bytes) -> Response:
    return answer(desk_of(request).status(signer.key, today()).dump())


async def _sign_roster(request: Request, signer: wire.Signer, body: bytes) -> Response:
    given = wire.RosterSignature.parse(body)
    await desk_of(request).sign_roster(given.roster, signer.key, given.signature)
    return nothing()


async def _announce(request: Request, signer: wire.Signer, body: bytes) -> Response:
    await desk_of(request).announce(wire.Announcement.parse(body).thing, signer.key, today())
    return nothing()


async def _cases(request: Request, signer: wire.Signer, _: bytes) -> Response:
    inbox = desk_of(request).inbox(signer.key, signer.counter, today())
    return answer(wire.InboxAnswer(inbox.raw).dump())


async def _certificates(request: Request, signer: wire.Signer, _: bytes) -> Response:
    return answer(wire.CertificatesAnswer(tuple(desk_of(request).certificates(signer.key))).dump())


async def _case(request: Request, signer: wire.Signer, _: bytes) -> Response:
    view = desk_of(request).case(signer.key, _case_of(request), _query_number(request, "after"))
    return answer(wire.CaseAnswer(tuple(view.log), tuple(view.files), tuple(view.attachments)).dump())


async def _file(request: Request, signer: wire.Signer, _: bytes) -> Response:
    query = request.scope["query_string"]
    if query not in {b"", b"header=first"}:
        raise Refused("malformed")
    entry, slot = _number(request.path_params["entry"]), request.path_params["slot"]
    return _stream(desk_of(request).file(signer.key, _case_of(request), entry, slot, first=query != b""))


async def _attachment(request: Request, signer: wire.Signer, _: bytes) -> Response:
    attachment = _id(request.path_params["attachment"])
    return _stream(desk_of(request).attachment(signer.key, _case_of(request), attachment))


async def _append(request: Request, signer: wire.Signer, body: bytes) -> Response:
    sent = wire.AppendRequest.parse(body)
    case = _case_of(request)
    added = await desk_of(request).append(signer.key, case, sent.entry, sent.files, sent.headers, today())
    return answer(wire.AppendAnswer(added.entries, added.head).dump(), 201)


async def _report(request: Request, signer: wire.Signer, body: bytes) -> Response:
    sent = wire.RegisterRequest.parse(body)
    report = sent.report
    accepted = await desk_of(request).register(signer.key, sent.address, report.entry, report.files, today())
    assert accepted.proof is not None
    received = wire.ReportAnswer(accepted.received.raw, accepted.proof.raw)
    return answer(received.dump(), 201 if accepted.new else 200)


def _case_of(request: Request) -> bytes:
    return _id(request.path_params["case"])


def _id(written: str) -> bytes:
    try:
        found = unb64(written)
    except FormatError:
        found = b""
    # What cannot be an id is a thing that does not exist.
    if len(found) != 16:
        raise Refused("unknown")
    return found


def _number(written: str) -> int:
    if not written.isascii() or not written.isdecimal() or len(written) > 7 or str(int(written)) != written:
        raise Refused("malformed")
    return int(written)


def _query_number(request: Request, name: str) -> int:
    query = request.scope["query_string"].decode("latin-1")
    if not query:
        return 0
    if not query.startswith(f"{name}="):
        raise Refused("malformed")
    return _number(query.removeprefix(f"{name}="))


def _stream(pieces: Iterator[bytes]) -> Response:
    # The first piece is fetched here, so that a refusal is still an answer of its own.
    first = next(pieces, b"")

    async def body() -> AsyncIterator[bytes]:
        yield first
        for piece in pieces:
            yield piece
            # Each piece is a short read of the database; others get their turn in between.
            await asyncio.sleep(0)

    return StreamingResponse(body(), media_type="application/octet-stream")


async def _broken(_: Scope) -> Response:
    return Response(status_code=500)


def create_app(desk: Desk) -> Starlette:
    """Return the application of the officers' listener."""
    app = Starlette(
        middleware=[Middleware(Guard, broken=_broken), Middleware(WithDesk, desk=desk)],
        routes=[
            Route("/v1/status", verified(_status), methods=["GET"]),
            Route("/v1/roster/signatures", verified(_sign_roster, _SMALL), methods=["POST"]),
            Route("/v1/intake-keys", verified(_announce, _SMALL), methods=["POST"]),
            Route("/v1/cases", verified(_cases), methods=["GET"]),
            Route("/v1/reports", verified(_report, SUBMISSION), methods=["POST"]),
            Route("/v1/certificates", verified(_certificates), methods=["GET"]),
            Route("/v1/cases/{case}", verified(_case), methods=["GET"]),
            Route("/v1/cases/{case}/files/{entry}/{slot}", verified(_file), methods=["GET"]),
            Route("/v1/cases/{case}/attachments/{attachment}", verified(_attachment), methods=["GET"]),
            Route("/v1/cases/{case}/log", verified(_append, APPEND), methods=["POST"]),
        ],
    )
    # A redirect would copy the Host header into an address, for anybody who asks.
    app.router.redirect_slashes = False
    return app
