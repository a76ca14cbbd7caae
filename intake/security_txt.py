# SPDX-License-Identifier: EUPL-1.2
"""`/.well-known/security.txt` (RFC 9116): whom to tell about a weakness.

- There is one when `security.contact` and `security.expires` are set, and none otherwise.
- `Canonical` is the host that was asked for, if the settings know it. An onion address gets none: RFC 9116 wants https
  there, and a list of all names would tell which of them belong together.
"""

from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from meldkluis.intake.config import Config

PATH: Final = "/.well-known/security.txt"


def security_txt(config: Config, host: str) -> str | None:
    """Return the file for one host name, lines ended as the RFC's grammar shows them; None when there is none."""
    contact, expires = config.security.contact, config.security.expires
    if contact is None or expires is None:
        return None
    # On the day itself it has expired, whatever the zone.
    lines = [f"Contact: {contact}", f"Expires: {expires.isoformat()}T00:00:00Z", "Preferred-Languages: nl, en"]
    if host in config.hosts and not host.endswith(".onion"):
        lines.append(f"Canonical: https://{host}{PATH}")
    return "".join(f"{line}\r\n" for line in lines)


def routes(config: Config) -> list[Route]:
    """Return the route."""

    async def serve(request: Request) -> Response:
        text = security_txt(config, request.headers.get("host", "").lower())
        if text is None:
            raise HTTPException(404)
        # Starlette adds the charset.
        return Response(text, media_type="text/plain")

    return [Route(PATH, serve)]
