# SPDX-License-Identifier: EUPL-1.2
"""What can go wrong in this room.

- One tree, two levels; no exception of a library leaves the room.
- No message contains input: a text, a key or a code never reaches a log through an error.
"""


class CryptoError(Exception):
    """Base of everything that this room raises."""


class FormatError(CryptoError):
    """The bytes are not what they should be: malformed, too large, or with fields that do not belong."""


class NotForThisKeyError(CryptoError):
    """None of the identities opens the file. It may be whole and meant for somebody else."""


class SignatureError(CryptoError):
    """A signature does not verify, or the signer is not the one who had to sign."""


class PaddingError(FormatError):
    """The padding is not the one that the writer of these bytes would have made."""


class RosterError(CryptoError):
    """A roster, a chain of rosters or an intake key does not hold."""


class ChainError(CryptoError):
    """A case's log does not hold: an entry is missing, out of order, or by somebody who may not make it."""


class MismatchError(CryptoError):
    """What was opened is sound in itself but is not what the log says it is."""
