# SPDX-License-Identifier: EUPL-1.2
"""A store whose process dies between two writes."""

from collections.abc import Callable
from typing import Any

from meldkluis.mailbox.store import Store


class Died(BaseException):
    """The process is gone."""


class Mortal(Store):
    """A store whose process dies at its n-th write: before it, or right after it was durable."""

    left = 0
    after = False

    async def _write(self, operation: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.left -= 1
        is_last = self.left == 0
        if is_last and not self.after:
            raise Died
        answer = await super()._write(operation, *args, **kwargs)
        if is_last:
            raise Died
        return answer
