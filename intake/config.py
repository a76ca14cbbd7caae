# SPDX-License-Identifier: EUPL-1.2
"""meldkluis.toml, the settings of one organisation, read strictly and written once by `meldkluis init`.

- An unknown name, a wrong type or a value out of range is an error: a typo never silently means the default.
- Holds no secret. Keys stand in files of their own beside it.
- Used by the command line, the server and the pages; it reads one file and nothing else.
"""

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from meldkluis.crypto.encoding import organisation_name
from meldkluis.crypto.errors import FormatError
from meldkluis.crypto.limits import Limits

FILE: Final = "meldkluis.toml"
_LARGEST: Final = 65_536
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:]+\]")


class ConfigError(Exception):
    """meldkluis.toml cannot be used; the text names the setting, for the administrator."""


@dataclass(frozen=True)
class Texts:
    """What the pages tell beside their own texts; an empty one is left out. Plain text, never markup.

    `phone` for reporting by telephone, `visit` a sentence on meeting an officer, `privacy` whom to ask about personal
    data, `onion` the site's own .onion address.
    """

    phone: str = ""
    visit: str = ""
    privacy: str = ""
    onion: str = ""


@dataclass(frozen=True)
class Config:
    """The settings of one organisation.

    `hosts` are the names that reporters and officers reach it by; none means that it answers to every name.
    `listen` and `officers_listen` are HOST:PORT or unix:PATH.
    """

    organisation: str
    name: str
    hosts: tuple[str, ...] = ()
    listen: str = "127.0.0.1:8000"
    officers_listen: str = "127.0.0.1:8100"
    workers: int = 2
    languages: tuple[str, ...] = ("nl", "en")
    demo: bool = False
    limits: Limits = field(default_factory=Limits)
    texts: Texts = field(default_factory=Texts)


def _organisation(value: object) -> str:
    try:
        return organisation_name(value)
    except FormatError:
        raise ValueError("1 to 63 of a-z, 0-9 and hyphen") from None


def _line(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 200 or not value.isprintable() or value != value.strip():
        raise ValueError("one line of 1 to 200 characters")
    return value


def _short(value: object) -> str:
    if not isinstance(value, str) or len(value) > 500 or (value and not value.isprintable()):
        raise ValueError("one line of at most 500 characters")
    return value


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")  # noqa: TRY004 - all checks raise one error
    return value


def _integer(least: int, most: int) -> Callable[[object], int]:
    def check(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return value

    return check


def _hosts(value: object) -> tuple[str, ...]:
    names = value if isinstance(value, list | tuple) else [None]
    if not all(isinstance(item, str) and _HOST.fullmatch(item) for item in names):
        raise ValueError("a list of host names in lower case, without ports")
    return tuple(names)


def _languages(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not value or not set(value) <= {"nl", "en"}:
        raise ValueError('a list of "nl" and "en"')
    return tuple(value)


_CHECKS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "organisation": _organisation,
    "name": _line,
    "hosts": _hosts,
    "listen": _line,
    "officers_listen": _line,
    "workers": _integer(1, 64),
    "languages": _languages,
    "demo": _boolean,
}
# Upper bounds are what the formats allow (docs/protocol.md): twenty attachments, texts of 256 KiB.
_LIMITS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "document": _integer(4096, Limits.document),
    "attachments": _integer(0, Limits.attachments),
    "attachment": _integer(0, 2**34),
    "report": _integer(0, 2**36),
    "messages": _integer(1, 100_000),
}

_TEXTS: Final[Mapping[str, Callable[[Any], Any]]] = {item.name: _short for item in fields(Texts)}


def _checked(table: Mapping[str, Any], checks: Mapping[str, Callable[[Any], Any]], where: str) -> dict[str, Any]:
    result = {}
    for name, value in table.items():
        if name not in checks:
            raise ConfigError(f"{FILE}: there is no setting {where}{name}")
        try:
            result[name] = checks[name](value)
        except ValueError as error:
            raise ConfigError(f"{FILE}: {where}{name} is {error}") from None
    return result


def parse_config(text: str) -> Config:
    """Read the text of meldkluis.toml; ConfigError when a setting is unknown, missing or out of range."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{FILE} is not TOML: {error}") from None
    limits, texts = table.pop("limits", {}), table.pop("texts", {})
    for name, inner in (("limits", limits), ("texts", texts)):
        if not isinstance(inner, dict):
            raise ConfigError(f"{FILE}: {name} is a table")
    settings = _checked(table, _CHECKS, "")
    for name in ("organisation", "name"):
        if name not in settings:
            raise ConfigError(f"{FILE}: {name} is missing")
    return Config(
        **settings,
        limits=Limits(**_checked(limits, _LIMITS, "limits.")),
        texts=Texts(**_checked(texts, _TEXTS, "texts.")),
    )


def read_config(directory: Path) -> Config:
    """Read an organisation's settings; ConfigError when they are not there or cannot be used."""
    path = directory / FILE
    try:
        data = path.read_bytes()[: _LARGEST + 1]
        text = data.decode("utf-8")
    except FileNotFoundError:
        raise ConfigError(f"there is no {FILE} in {directory}; `meldkluis init` makes one") from None
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"{path} cannot be read") from None
    if len(data) > _LARGEST:
        raise ConfigError(f"{path} is too large")
    return parse_config(text)


def render_config(config: Config) -> str:
    """Return the text of meldkluis.toml; reading it gives the same settings."""
    lines = []
    for item in fields(config):
        value = getattr(config, item.name)
        if item.name not in {"limits", "texts"}:
            # TOML's strings, numbers, booleans and lists of strings are JSON's for what the checks let through.
            lines.append(f"{item.name} = {json.dumps(value, ensure_ascii=False)}")
    lines += ["", "[limits]"]
    lines += [f"{item.name} = {getattr(config.limits, item.name)}" for item in fields(config.limits)]
    lines += ["", "[texts]"]
    lines += [
        f"{item.name} = {json.dumps(getattr(config.texts, item.name), ensure_ascii=False)}" for item in fields(Texts)
    ]
    text = "\n".join(lines) + "\n"
    parse_config(text)
    return text
