# SPDX-License-Identifier: EUPL-1.2
"""The reporter's JSON interface (docs/protocol.md section 9).

- Each endpoint parses, asks the desk once, and renders. Nothing depends on the sender's address, and nothing is logged.
- A mailbox answer has the same size, and takes the same work, for an unknown code as for a known one without news.
- Part of the reporter's site, which puts its desk into each request's state.
"""

import re
from datetime import date
from functools import lru_cache
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from meldkluis.crypto.encoding import unb64
from meldkluis.crypto.errors import FormatError
from meldkluis.crypto.limits import PART, SLOTS, Limits
from meldkluis.crypto.roster import RosterVersion
from meldkluis.intake.exchange import answer, desk_of, guarded, nothing, read_body
from meldkluis.mailbox import wire
from meldkluis.mailbox.clock import today
from meldkluis.mailbox.desk import Accepted, Desk, Mailbox
from meldkluis.mailbox.errors import Refused

SUBMISSION: Final = 1_572_864
"""Largest JSON body in bytes: an entry and two files of the largest class, in base64."""

_SCHEME: Final = "Mailbox "
_ADDRESS: Final = 32
_ATTACHMENT: Final = 16
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,5}")


def _address(request: Request) -> bytes:
    given = request.headers.getlist("authorization")
    try:
        if len(given) == 1 and given[0].startswith(_SCHEME):
            address = unb64(given[0].removeprefix(_SCHEME))
            if len(address) == _ADDRESS:
                return address
    except FormatError:
        pass
    raise Refused("authorization")


async def _keys(request: Request) -> Response:
    desk, day = desk_of(request), today()
    if not desk.is_open:
        raise Refused("not-open")
    public = desk.public_keys(day)
    keys = tuple(key.thing.raw for key in public.intake_keys)
    return answer(_keys_answer(day, desk.organisation, tuple(public.rosters), keys, desk.limits))


# The same for everybody until the day, the roster or a key changes; every page with a script asks for it.
@lru_cache(maxsize=64)
def _keys_answer(
    day: date, organisation: str, rosters: tuple[RosterVersion, ...], keys: tuple[bytes, ...], limits: Limits
) -> bytes:
    return wire.KeysAnswer(day, organisation, rosters, keys, limits).dump()


async def _part(request: Request) -> Response:
    address = _address(request)
    attachment, number = unb64(request.path_params["attachment"]), request.path_params["number"]
    if len(attachment) != _ATTACHMENT or not _NUMBER.fullmatch(number):
        raise Refused("malformed")
    ciphertext = await read_body(request, PART)
    await desk_of(request).stage(address, attachment, int(number), ciphertext, today())
    return nothing()


async def _report(request: Request) -> Response:
    address = _address(request)
    sent = wire.ReportRequest.parse(await read_body(request, SUBMISSION))
    accepted = await desk_of(request).submit(address, sent.entry, sent.files, today())
    assert accepted.proof is not None
    return _taken(accepted, wire.ReportAnswer(accepted.received.raw, accepted.proof.raw).dump())


async def _message(request: Request) -> Response:
    address = _address(request)
    sent = wire.AddRequest.parse(await read_body(request, SUBMISSION))
    accepted = await desk_of(request).add(address, sent.entry, sent.files, today())
    return _taken(accepted, wire.MessageAnswer(accepted.received.raw).dump())


def _taken(accepted: Accepted, body: bytes) -> Response:
    return answer(body, 201 if accepted.new else 200)


async def _mailbox(request: Request) -> Response:
    address = _address(request)
    await read_body(request, 0)
    desk, day = desk_of(request), today()
    return answer(_opened(desk, desk.mailbox(address, day), day))


def _opened(desk: Desk, box: Mailbox, day: date) -> bytes:
    """Return the answer's bytes.

    An answer with a log is made each time, of a decoy where there is no case, and what goes out is filled up to the
    same size: as long as log and older keys fit the room set apart for them, only real news makes an answer longer.
    """
    public = desk.public_keys(day)
    offered = tuple(key.thing.raw for key in public.intake_keys)
    keys = tuple(dict.fromkeys(offered + tuple(key.thing.raw for key in box.intake_keys)))
    rosters = tuple(box.rosters)
    full = wire.MailboxAnswer(box.found, day, desk.organisation, rosters, keys, tuple(box.log), box.answers).dump()
    empty = _empty_answer(day, desk.organisation, rosters, offered)
    # Four readers' older keys and a log of one report take 13 KiB.
    room = wire.PAD * (public.roster.slots // SLOTS[0] if public.roster is not None else 1)
    body = full if box.found else empty
    size = max(len(empty) + room, len(body))
    return body[:-2] + b"." * (size - len(body)) + body[-2:]


@lru_cache(maxsize=64)
def _empty_answer(day: date, organisation: str, rosters: tuple[RosterVersion, ...], keys: tuple[bytes, ...]) -> bytes:
    return wire.MailboxAnswer(
        found=False, day=day, organisation=organisation, rosters=rosters, intake_keys=keys, log=(), answers={}
    ).dump()


def routes() -> list[Route]:
    """Return the routes under /api/, those first that have to be fast."""
    return [
        Route("/api/reports", guarded(_report), methods=["POST"]),
        Route("/api/mailbox", guarded(_mailbox), methods=["POST"]),
        Route("/api/parts/{attachment}/{number}", guarded(_part), methods=["PUT"]),
        Route("/api/messages", guarded(_message), methods=["POST"]),
        Route("/api/keys", guarded(_keys), methods=["GET"]),
    ]
