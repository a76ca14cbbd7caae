# SPDX-License-Identifier: EUPL-1.2
"""What this room raises at its command line. Refusals to reporters and officers are mailbox.errors.Refused."""


class CommandError(Exception):
    """A command is refused; the text is one line for the administrator and holds nothing secret."""


class UsageError(CommandError):
    """A command is not understood."""
