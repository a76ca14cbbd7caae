# SPDX-License-Identifier: EUPL-1.2
"""What can go wrong in this room, grouped by who can act. No message contains input, keys or texts."""

from collections.abc import Mapping


class WorkstationError(Exception):
    """Base of everything that this room raises."""


class VaultError(WorkstationError):
    """The vault cannot be made or opened; the officer can act."""


class WrongPassphraseError(VaultError):
    """This passphrase does not open this vault."""


class PassphraseError(VaultError):
    """A passphrase that may not guard a vault, or that could not be read."""


class DemoError(VaultError):
    """A demonstration organisation outside a demonstration, or the other way round."""


class RestoreError(VaultError):
    """A backup that cannot be restored. `reason` is a name of `words_keys.REASONS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(_RESTORE[reason])
        self.reason = reason


_RESTORE = {
    "recovery-slip": "this is no recovery secret: compare each character with the sheet",
    "recovery-other": "this recovery sheet does not open this backup: it belongs to another sheet",
    "backup-gone": "the backup file cannot be read",
    "backup-broken": "the backup file is damaged or not whole",
    "backup-foreign": "this file is not a backup of a vault",
    "backup-later": "a later version of the workstation made this backup",
    "backup-other": "the file is not the backup that was looked at before",
}


class UnreachableError(WorkstationError):
    """No usable answer from the server. Whether it took in what was sent is unknown.

    `why` is a name of `words.UNREACHABLE`, where more is known.
    """

    def __init__(self, text: str, why: str = "") -> None:
        super().__init__(text)
        self.why = why


class RefusedError(WorkstationError):
    """The server refused the request with an error code of docs/protocol.md section 9."""

    def __init__(self, code: str, details: Mapping[str, object]) -> None:
        super().__init__(f"the server refused: {code}")
        self.code = code
        self.details = details


class DistrustError(WorkstationError):
    """What the server gave does not hold. `kind` is a kind of `alarms.KINDS`."""

    def __init__(self, kind: str, case: bytes | None = None) -> None:
        super().__init__(f"not trusted: {kind}")
        self.kind = kind
        self.case = case


class ActError(WorkstationError):
    """The officer may not do this now. `reason` is a name that the pages put in words."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"not possible now: {reason}")
        self.reason = reason
