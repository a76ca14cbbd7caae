# SPDX-License-Identifier: EUPL-1.2
"""One browser at a time: start tokens, the session cookie, the token in every form.

- A start token works once and is replaced by a new one, which is told at the terminal and to the officer's own `open`.
- The cookie is HttpOnly and SameSite=Strict, ends with the browser, and has the port in its name, since cookies
  do not keep ports of one machine apart. A new start ends the session before it.
"""

import secrets
import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from starlette.responses import Response

_EARLIER: Final = 16
"""Sessions whose pages are still known as ours."""


class Sessions:
    """The one session of a running application. `announce` gets every new start address."""

    def __init__(self, origin: str, announce: Callable[[str], None]) -> None:
        self.origin: Final = origin
        self.cookie_name: Final = f"meldkluis-workstation-{origin.rpartition(':')[2]}"
        self._announce: Final = announce
        self._turn: Final = threading.Condition()
        self._start = ""
        self._session = ""
        self.csrf = ""
        self._earlier: Final = deque[str](maxlen=_EARLIER)
        self._renew_start()

    @property
    def start_address(self) -> str:
        """The address that opens the next session, once."""
        return f"{self.origin}/start?token={self._start}"

    def wait_until_spent(self, address: str, seconds: float) -> bool:
        """Wait until a start address was used; False when that takes longer."""
        with self._turn:
            return self._turn.wait_for(lambda: self.start_address != address, seconds)

    def _renew_start(self) -> None:
        with self._turn:
            self._start = secrets.token_urlsafe(32)
            self._turn.notify_all()
        self._announce(self.start_address)

    def exchange(self, token: str) -> bool:
        """Spend a start token: a new session begins; False when this is not the token."""
        # One at a time: of two browsers that come at once, one is let in.
        with self._turn:
            if not secrets.compare_digest(token.encode(), self._start.encode()):
                return False
            self._session = secrets.token_urlsafe(32)
            if self.csrf:
                self._earlier.append(self.csrf)
            self.csrf = secrets.token_urlsafe(32)
            self._renew_start()
        return True

    def set_cookie(self, response: Response) -> None:
        """Give the browser its session."""
        response.set_cookie(self.cookie_name, self._session, path="/", httponly=True, samesite="strict")

    def known(self, cookies: dict[str, str]) -> bool:
        """Whether the cookie is that of the present session."""
        given = cookies.get(self.cookie_name, "")
        return bool(self._session) and secrets.compare_digest(given.encode(), self._session.encode())

    def form_is_ours(self, token: str) -> bool:
        """Whether a form carries the token of the present session."""
        return bool(self.csrf) and secrets.compare_digest(token.encode(), self.csrf.encode())

    def form_was_ours(self, token: str) -> bool:
        """Whether a form carries the token of an earlier session: a page of ours, from before a new start."""
        return any(secrets.compare_digest(token.encode(), earlier.encode()) for earlier in self._earlier)
