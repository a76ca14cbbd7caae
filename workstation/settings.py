# SPDX-License-Identifier: EUPL-1.2
"""What the officer may choose about this workstation. Kept in the vault, so that it is read only when that is open.

- `idle_minutes`: how long nothing may happen before the vault locks.
- `proxy`: through what the server is reached (`proxies`), with a user name of this vault's own, which keeps its
  connections through tor apart from everything else's (tor(1), IsolateSOCKSAuth).
"""

import secrets
from typing import Final

from meldkluis.workstation.errors import ActError, WorkstationError
from meldkluis.workstation.proxies import Proxy, check_proxy
from meldkluis.workstation.vault import Vault, is_demo

SHORTEST: Final = 5
LONGEST: Final = 60
USUAL: Final = 15
"""Minutes."""

_IDLE: Final = "idle_minutes"
_PROXY: Final = "proxy"
_ISOLATION: Final = "proxy_isolation"


class Settings:
    """The settings of an open vault."""

    def __init__(self, vault: Vault) -> None:
        self._vault: Final = vault

    @property
    def idle_minutes(self) -> int:
        """Minutes without a request after which the vault locks."""
        return int(self._vault.fact(_IDLE) or USUAL)

    def set_idle_minutes(self, written: str) -> None:
        """Take what was typed; ActError "bad-idle" unless it is a number from 5 to 60."""
        number = written.strip()
        if not (number.isascii() and number.isdigit() and len(number) <= 2 and SHORTEST <= int(number) <= LONGEST):
            raise ActError("bad-idle")
        self._vault.set_fact(_IDLE, int(number))

    @property
    def proxy(self) -> Proxy | None:
        """What the server is reached through; None for a direct connection."""
        kept = self._vault.fact(_PROXY)
        return None if kept is None else check_proxy(str(kept)).isolated(str(self._vault.fact(_ISOLATION)))

    def set_proxy(self, written: str) -> None:
        """Take a proxy's address, or nothing for a direct connection; ActError "bad-proxy" or "demo-proxy"."""
        if not written.strip():
            self._vault.set_fact(_PROXY, None)
            return
        if is_demo(self._vault.head.organisation):
            raise ActError("demo-proxy")
        try:
            proxy = check_proxy(written)
        except WorkstationError:
            raise ActError("bad-proxy") from None
        with self._vault.transaction():
            self._vault.set_fact(_PROXY, proxy.url)
            if self._vault.fact(_ISOLATION) is None:
                self._vault.set_fact(_ISOLATION, secrets.token_hex(16))
