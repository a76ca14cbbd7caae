# SPDX-License-Identifier: EUPL-1.2
"""What can go wrong in this room.

- `Refused` is for who sent something: a code of docs/protocol.md section 9, never a text of theirs.
- The other errors are for the administrator. No message contains input, a key or a path's content.
"""


class MailboxError(Exception):
    """Base of everything that this room raises."""


class KeyFileError(MailboxError):
    """A key file is missing, of the wrong size, or within reach of others."""


class StoreError(MailboxError):
    """The database cannot be used."""


class WrongKeyError(StoreError):
    """The key does not open the database, or the file is no database of ours."""


class SchemaError(StoreError):
    """The database was made by a newer release, or its schema is not one of ours."""


class Refused(MailboxError):  # noqa: N818 - reads as the sentence it is
    """What was sent is not accepted, and nothing of it is kept.

    `code` is one of `wire.STATUS`; `details` are the JSON fields that travel beside it.
    """

    def __init__(self, code: str, **details: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.details = details
