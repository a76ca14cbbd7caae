# SPDX-License-Identifier: EUPL-1.2
"""The one place that reads the clock.

- Only days leave this module, and `hour` for comparing: no hour is stored, logged or sent anywhere.
- A day is a local day of Europe/Amsterdam, whatever the machine's own zone is: what comes in at 23:59 counts that day.
- Whoever needs today's day asks here once, at the edge, and passes the day on.

Called by the site, the officers' API, the command lines and the workstation; never by `crypto`, `terms` or the store.
"""

import time as seconds
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

ZONE: Final = ZoneInfo("Europe/Amsterdam")
_NOON: Final = time(12)
_TIMEX: Final = 512
"""More bytes than struct timex has on any machine; zeros ask and change nothing."""
_UNSYNCHRONISED: Final = 5


def _now() -> datetime:
    return datetime.now(ZONE)  # noqa: TID251 -- the one place


def today() -> date:
    """Return the present day in Europe/Amsterdam."""
    return _now().date()


def run_day() -> date:
    """Return the last day whose noon has passed in Europe/Amsterdam: for which the daily run may act."""
    now = _now()
    return now.date() if now.time() >= _NOON else now.date() - timedelta(days=1)


def hour() -> int:
    """Return the present hour in Europe/Amsterdam, to compare with a setting; it is kept nowhere."""
    return _now().hour


def utc_midnight(day: date) -> int:
    """Return midnight UTC at the start of `day` in seconds since 1970: what `created` of a signed request holds."""
    return int(datetime.combine(day, time(), UTC).timestamp())


def seconds_since(moment: float) -> float:
    """Return how long ago a moment was, in seconds since 1970; negative for one that has yet to come."""
    return seconds.time() - moment  # noqa: TID251 -- the one place


def synchronised() -> bool | None:
    """Tell whether a time service keeps the kernel's clock right, by adjtimex(2); None where it cannot be asked."""
    try:
        import ctypes

        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX))
    except (ImportError, OSError, AttributeError, MemoryError):
        return None
    return None if state < 0 else state != _UNSYNCHRONISED
