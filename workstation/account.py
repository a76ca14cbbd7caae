# SPDX-License-Identifier: EUPL-1.2
"""The days for the written account of an oral report: when it must be ready, and how long its reporter can react.

- Wbk article 2a (Directive (EU) 2019/1937 article 18(2) to (4)) lets an oral report be recorded in a complete and
  accurate written account, which its reporter can check, correct and agree to. Neither act names days.
- The numbers are this product's own (rule W-07): five working days, and at the least fourteen days to react. Whoever
  does not react has not agreed.

Pure: days in, days out.
"""

from datetime import date, timedelta
from typing import Final

from meldkluis.mailbox.calendar import working_days_after

ACCOUNT_WORKING_DAYS: Final = 5
"""Working days after the day of receipt by which the account must be before the reporter."""

REACTION: Final = timedelta(days=14)
"""How long the reporter can react to an account before it counts as not confirmed."""


def account_due(received: date) -> date:
    """Return the last day on which the account of a report of that day is in time: its fifth working day."""
    return working_days_after(received, ACCOUNT_WORKING_DAYS)


def reaction_until(asked: date) -> date:
    """Return the first day on which an account that was put to the reporter may be called not confirmed."""
    return asked + REACTION
