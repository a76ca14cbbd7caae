# SPDX-License-Identifier: EUPL-1.2
"""The one place that reads the clock.

- Only days leave this module: no hour is stored, logged or sent anywhere.
- A day is a local day of Europe/Amsterdam, whatever the machine's own zone is: what comes in at 23:59 counts that day.
- Whoever needs today's day asks here once, at the edge, and passes the day on.

Called by the site, the officers' API, the command lines and the workstation; never by `crypto`, `terms` or the store.
"""

from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

ZONE: Final = ZoneInfo("Europe/Amsterdam")


def today() -> date:
    """Return the present day in Europe/Amsterdam."""
    return datetime.now(ZONE).date()  # noqa: TID251 -- the one place


def utc_midnight(day: date) -> int:
    """Return midnight UTC at the start of `day` in seconds since 1970: what `created` of a signed request holds."""
    return int(datetime.combine(day, time(), UTC).timestamp())
