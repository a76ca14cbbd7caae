# SPDX-License-Identifier: EUPL-1.2
"""What each value in meldkluis.toml may be.

- A check returns the value in its Python type, or raises ValueError whose text ends the sentence `NAME is …`.
- Values only: which setting has which check stands in meldkluis.intake.config.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import Final

from meldkluis.crypto.encoding import organisation_name
from meldkluis.crypto.errors import FormatError

_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:]+\]")
_ISO: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# The same addresses that meldkluis.intake.notices writes to.
_MAIL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){0,8}")
_CONTACT: Final = re.compile(r"https://[!-~]{1,400}|tel:\+?[0-9-]{3,30}")


def organisation(value: object) -> str:
    """An organisation's identifier."""
    try:
        return organisation_name(value)
    except FormatError:
        raise ValueError("1 to 63 of a-z, 0-9 and hyphen") from None


def line(value: object) -> str:
    """One line that is not empty."""
    if not isinstance(value, str) or not 0 < len(value) <= 200 or not value.isprintable() or value != value.strip():
        raise ValueError("one line of 1 to 200 characters")
    return value


def short(value: object) -> str:
    """One line, or nothing."""
    if not isinstance(value, str) or len(value) > 500 or (value and not value.isprintable()):
        raise ValueError("one line of at most 500 characters")
    return value


def boolean(value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError("true or false")  # noqa: TRY004 - all checks raise one error
    return value


def integer(least: int, most: int) -> Callable[[object], int]:
    """Return the check of a whole number in a range."""

    def check(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return value

    return check


def choice(*allowed: str) -> Callable[[object], str]:
    """Return the check of one of a few words."""

    def check(value: object) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise ValueError(" or ".join(f'"{item}"' for item in allowed))
        return value

    return check


def day(value: object) -> date:
    """A day: TOML's own date, or the same as a string."""
    if type(value) is date:
        return value
    if isinstance(value, str) and _ISO.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError("a day, YYYY-MM-DD")


def hosts(value: object) -> tuple[str, ...]:
    """Host names."""
    names = value if isinstance(value, list | tuple) else [None]
    if not all(isinstance(item, str) and _HOST.fullmatch(item) for item in names):
        raise ValueError("a list of host names in lower case, without ports")
    return tuple(names)


def languages(value: object) -> tuple[str, ...]:
    """Languages of the pages, the first without prefix."""
    if not isinstance(value, list | tuple) or not value or not set(value) <= {"nl", "en"}:
        raise ValueError('a list of "nl" and "en"')
    return tuple(value)


def contact(value: object) -> str:
    """A contact of RFC 9116 section 2.5.3."""
    if isinstance(value, str) and (
        _CONTACT.fullmatch(value) or (value.startswith("mailto:") and _MAIL.fullmatch(value.removeprefix("mailto:")))
    ):
        return value
    raise ValueError("an address that begins with mailto:, https: or tel:")


def mail(value: object) -> str:
    """An e-mail address, or nothing."""
    if not isinstance(value, str) or (value and not _MAIL.fullmatch(value)):
        raise ValueError("an e-mail address")
    return value


def mails(value: object) -> tuple[str, ...]:
    """E-mail addresses."""
    addresses = value if isinstance(value, list | tuple) else [None]
    if not all(isinstance(item, str) and _MAIL.fullmatch(item) for item in addresses):
        raise ValueError("a list of e-mail addresses")
    return tuple(addresses)


def fingerprints(value: object) -> dict[str, str]:
    """E-mail addresses with the fingerprint of whom each belongs to, as `meldkluis officer list` shows it."""
    pairs = value if isinstance(value, dict) else {"": None}
    found = {}
    for address, written in pairs.items():
        digits = "".join(written.split()).lower() if isinstance(written, str) else ""
        if not _MAIL.fullmatch(address) or not re.fullmatch(r"[0-9a-f]{64}", digits):
            raise ValueError("a table of e-mail addresses, each with an officer's fingerprint")
        found[address] = digits
    return found


def server(value: object) -> str:
    """HOST:PORT."""
    host, _, port = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    if not _HOST.fullmatch(host) or not re.fullmatch(r"[1-9][0-9]{0,4}", port) or int(port) > 65_535:
        raise ValueError("HOST:PORT, the host in lower case")
    return f"{host}:{port}"


def user(value: object) -> str:
    """A user name for the mail server, or nothing."""
    if not isinstance(value, str) or len(value) > 200 or (value and not (value.isascii() and value.isprintable())):
        raise ValueError("a user name of at most 200 characters")
    return value
