# SPDX-License-Identifier: EUPL-1.2
"""The one question that `meldkluis init` asks: the archivist's choice, which has no default.

- Asked at a terminal only, on standard error; anything but one of the two answers asks again.
"""

import sys
from typing import Final

from meldkluis.mailbox.policy import ARCHIVES

_QUESTION: Final = """\
Under which category of the selectielijst gemeenten 2020 do files of investigations go to the archive?
The archivist chooses:
  4.1.4   kept for ever
  12.1.7  destroyed after ten years
"""
_PROMPT: Final = f"{' or '.join(ARCHIVES)}? "


def ask() -> str | None:
    """Return the choice of whoever sits at the terminal; None when nobody does, or when the input ends."""
    if not sys.stdin.isatty():
        return None
    print(_QUESTION, end="", file=sys.stderr)  # noqa: T201 - part of the command line
    while True:
        print(_PROMPT, end="", file=sys.stderr, flush=True)  # noqa: T201 - part of the command line
        answer = sys.stdin.readline()
        if answer.strip() in ARCHIVES:
            return answer.strip()
        if not answer:
            print(file=sys.stderr)  # noqa: T201 - part of the command line
            return None
