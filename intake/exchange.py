# SPDX-License-Identifier: EUPL-1.2
"""How the two JSON interfaces read a body and answer, errors included.

- A body is bounded before it is read; one over the limit is read past, up to a point, so that the sender sees why.
- Errors are codes of docs/protocol.md section 9; no answer and no log line repeats what was sent.
- Used by meldkluis.intake.api and meldkluis.intake.officers, both behind meldkluis.intake.headers.Guard.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from meldkluis.crypto.errors import FormatError
from meldkluis.mailbox import wire
from meldkluis.mailbox.desk import Desk
from meldkluis.mailbox.errors import Refused

Endpoint = Callable[[Request], Awaitable[Response]]
_READ_PAST: Final = 8 * 1024 * 1024


def answer(body: bytes, status: int = 200) -> Response:
    """Return a JSON answer."""
    return Response(body, status, media_type="application/json")


def refusal(error: Refused, status: int | None = None) -> Response:
    """Return the answer for an error code of the protocol."""
    return answer(wire.ErrorAnswer(error.code, error.details).dump(), status or wire.STATUS[error.code])


def nothing() -> Response:
    """Return 204."""
    return Response(status_code=204)


def desk_of(request: Request) -> Desk:
    """Return the desk of the organisation that the request is for."""
    desk: Desk = request.scope["state"]["desk"]
    return desk


async def read_body(request: Request, limit: int) -> bytes:
    """Return the whole body. Refused: too-large when it is longer than `limit` bytes, malformed when it ends early."""
    announced = request.headers.get("content-length")
    size, chunks = 0, []
    async for chunk in request.stream():
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
        elif size > limit + _READ_PAST:
            break
        else:
            chunks.clear()
    if size > limit:
        raise Refused("too-large")
    if announced is not None and announced != str(size):
        raise Refused("malformed")
    return b"".join(chunks)


def guarded(endpoint: Endpoint) -> Endpoint:
    """Return the endpoint with refusals as answers of the protocol. A sender who goes away gets none."""

    async def run(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refused as error:
            return refusal(error)
        except FormatError:
            return refusal(Refused("malformed"))
        except ClientDisconnect:
            return Response(status_code=400)

    return run
