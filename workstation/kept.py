# SPDX-License-Identifier: EUPL-1.2
"""A form that could not be taken now: packed into one hidden field, and offered again, never sent by itself.

- It travels in pages of this browser only; nothing of it is remembered here.
- What opens something (a passphrase) is never kept, nor is the token of the page that it came from.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlencode

from meldkluis.crypto.encoding import b64, unb64
from meldkluis.crypto.errors import CryptoError

_OWN: Final = {"csrf", "kept"}
_SECRET: Final = ("passphrase", "recovery")


def local(path: str) -> str:
    """Return a path of this application, or / for anything that could lead elsewhere."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"


def pack(path: str, form: Mapping[str, str]) -> str:
    """Return one field's value that holds a form and the path it is for; at most 4/3 as long as the form was."""
    fields = {name: value for name, value in form.items() if name not in _OWN and not name.startswith(_SECRET)}
    # As browsers write it, so that it cannot become longer than what came.
    return b64(f"{path}\n{urlencode(fields, safe='*')}".encode())


def unpack(kept: str) -> tuple[str, dict[str, str]] | None:
    """Return path and fields of a packed form; None when it is none."""
    try:
        path, _, fields = unb64(kept).decode("ascii").partition("\n")
        form = dict(parse_qsl(fields, keep_blank_values=True, strict_parsing=bool(fields), errors="strict"))
    except (CryptoError, ValueError):
        return None
    return (local(path), form) if path.startswith("/") else None


def written(form: Mapping[str, str]) -> list[str]:
    """Return what somebody wrote in a form, as against what was chosen: values of more than one word."""
    return [value for value in form.values() if len(value.split()) > 1]
