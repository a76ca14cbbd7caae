# SPDX-License-Identifier: EUPL-1.2
"""The recovery secret: an age identity that stands on paper only, in groups that a person can type.

- The vault keeps the recipient (fact `recovery`); backups are age files to it, so the paper opens them, with this
  program or with `age -d -i` (C2SP age.md, version 1.3.0 of age or later for post-quantum identities).
- The secret's last six characters are Bech32's checksum (BIP 173): a slip of the pen is seen before anything is tried.
"""

from typing import Final

from meldkluis.crypto import age
from meldkluis.crypto.errors import CryptoError
from meldkluis.workstation.errors import RestoreError

PREFIX: Final = "AGE-SECRET-KEY-PQ-1"
GROUP: Final = 6
TYPED_BACK: Final = 2
"""Groups at the end that are typed from the paper before it counts: ten characters, the checksum among them."""

_LOOK_ALIKE: Final = str.maketrans("OBI1", "08LL")
"""Letters that Bech32 leaves out because they look like others, and the digit that stands in the prefix alone."""


def generate() -> str:
    """Return a new secret, `AGE-SECRET-KEY-PQ-1…`, 77 characters."""
    return age.generate_identity()


def recipient(secret: str) -> str:
    """Return what the vault keeps of a secret."""
    return age.recipient_of(secret)


def groups(secret: str) -> list[str]:
    """Return what follows the prefix, in groups of six characters; the last has four."""
    tail = secret.removeprefix(PREFIX)
    return [tail[at : at + GROUP] for at in range(0, len(tail), GROUP)]


def _plain(typed: str) -> str:
    return "".join(typed.split()).upper()


def read(typed: str) -> str:
    """Return the secret that somebody typed from paper, with or without prefix; RestoreError for a slip."""
    tail = _plain(typed).removeprefix(PREFIX).translate(_LOOK_ALIKE)
    try:
        age.seed_of(PREFIX + tail)
    except CryptoError:
        raise RestoreError("recovery-slip") from None
    return PREFIX + tail


def is_end_of(typed: str, secret: str) -> bool:
    """Whether the last groups were typed as they stand on the paper."""
    return _plain(typed).translate(_LOOK_ALIKE) == "".join(groups(secret)[-TYPED_BACK:])
