# SPDX-License-Identifier: EUPL-1.2
"""Blocks of text that people copy and mail: base64 between a first and a last line that say what it is.

- Line ends and spaces around lines are free, nothing else is.
- Called by `card` and `proof`, and by the workstation for certificates. age's own armor is stricter: see `armor`.
"""

import base64
import binascii
from typing import Final

from meldkluis.crypto.errors import FormatError

_WIDTH: Final = 64


def _ends(kind: str) -> tuple[str, str]:
    return f"-----BEGIN MELDKLUIS {kind}-----", f"-----END MELDKLUIS {kind}-----"


def write_block(kind: str, data: bytes) -> str:
    """Return the block's text; `kind` is CARD, PROOF or CERTIFICATE."""
    begin, end = _ends(kind)
    encoded = base64.b64encode(data).decode("ascii")
    lines = [encoded[start : start + _WIDTH] for start in range(0, len(encoded), _WIDTH)]
    return "\n".join([begin, *lines, end, ""])


def read_block(kind: str, written: str, longest: int) -> bytes:
    """Return what stands in a block of at most `longest` characters; FormatError."""
    lines = [line.strip() for line in written.strip().splitlines()] if len(written) <= longest else []
    if len(lines) < 3 or (lines[0], lines[-1]) != _ends(kind):
        raise FormatError("not such a block of text, or a longer one than there is")
    try:
        return base64.b64decode("".join(lines[1:-1]), validate=True)
    except (binascii.Error, ValueError):
        raise FormatError("not base64 between the first and the last line") from None
