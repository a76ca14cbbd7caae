# SPDX-License-Identifier: EUPL-1.2
"""meldkluis.toml, the settings of one organisation, read strictly and written once by `meldkluis init`.

- An unknown name, a wrong type or a value out of range is an error: a typo never silently means the default.
- What the law wants somebody to choose or to do has no default; while it is not there, the form stays shut (`golive`).
- Holds no secret. Keys stand in files of their own beside it.
- Used by the command line, the server and the pages; it reads one file and nothing else.
"""

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any, Final

from meldkluis.crypto.limits import Limits
from meldkluis.intake import settings
from meldkluis.mailbox.policy import ACKNOWLEDGEMENTS, ARCHIVES, RANGES, Policy, Retention

FILE: Final = "meldkluis.toml"
DAILY_RUNS: Final = ("serve", "timer")
TLS: Final = ("none", "starttls", "tls")
_LARGEST: Final = 65_536
_LOCAL: Final = frozenset({"127.0.0.1", "[::1]", "localhost"})


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
class GoLive:
    """What must have been done before the form opens; None until it was.

    `procedure` is the version of the reporting procedure (Wbk article 2), `works_council` the day of the works
    council's consent to it (WOR article 27, 1 m), `dpia` the day of the data protection impact assessment (AVG article
    35), `external_list` the day on which the list of places outside was last checked.
    """

    procedure: str | None = None
    works_council: date | None = None
    dpia: date | None = None
    external_list: date | None = None


@dataclass(frozen=True)
class Security:
    """security.txt (RFC 9116): whom to tell about a weakness, and the day from which this no longer counts."""

    contact: str | None = None
    expires: date | None = None


@dataclass(frozen=True)
class Backup:
    """Where backups are kept; a relative path begins at the organisation's directory."""

    directory: str | None = None


@dataclass(frozen=True)
class Notices:
    """Mail to officers. Nobody in `to` means that nobody gets any.

    `server` is HOST:PORT of the relay, `tls` one of TLS. The password of `user` lies in smtp.password beside
    meldkluis.toml, never in it. `hour` is the local hour from which the day's mail goes out; `urge` whether it says so
    when something has lain unopened for two working days; only to an address for which `officers` has the officer's
    fingerprint, and only of that officer's cases: who was left out of a report learns nothing of it by mail.
    """

    to: tuple[str, ...] = ()
    sender: str = ""
    server: str = "127.0.0.1:25"
    tls: str = "none"
    user: str = ""
    hour: int = 8
    urge: bool = False
    officers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Config:
    """The settings of one organisation.

    `hosts` are the names that reporters and officers reach it by; none means that it answers to every name.
    `listen` and `officers_listen` are HOST:PORT or unix:PATH. `archive` is None until the archivist has chosen.
    `daily_run` says who does it: the server itself, or a timer that runs `meldkluis terms run`.
    """

    organisation: str
    name: str
    hosts: tuple[str, ...] = ()
    listen: str = "127.0.0.1:8000"
    officers_listen: str = "127.0.0.1:8100"
    workers: int = 2
    languages: tuple[str, ...] = ("nl", "en")
    demo: bool = False
    acknowledgement: str = "officer"
    archive: str | None = None
    daily_run: str = "serve"
    limits: Limits = field(default_factory=Limits)
    texts: Texts = field(default_factory=Texts)
    retention: Retention = field(default_factory=Retention)
    golive: GoLive = field(default_factory=GoLive)
    security: Security = field(default_factory=Security)
    backup: Backup = field(default_factory=Backup)
    notices: Notices = field(default_factory=Notices)

    @property
    def policy(self) -> Policy:
        """What the organisation decided about terms and retention."""
        return Policy(self.acknowledgement, self.archive, self.retention)


Checks = Mapping[str, Callable[[Any], Any]]

_CHECKS: Final[Checks] = {
    "organisation": settings.organisation,
    "name": settings.line,
    "hosts": settings.hosts,
    "listen": settings.line,
    "officers_listen": settings.line,
    "workers": settings.integer(1, 64),
    "languages": settings.languages,
    "demo": settings.boolean,
    "acknowledgement": settings.choice(*ACKNOWLEDGEMENTS),
    "archive": settings.choice(*ARCHIVES),
    "daily_run": settings.choice(*DAILY_RUNS),
}
_TABLES: Final[Mapping[str, tuple[type[Any], Checks]]] = {
    # Upper bounds are what the formats allow (docs/protocol.md): twenty attachments, texts of 256 KiB.
    "limits": (
        Limits,
        {
            "document": settings.integer(4096, Limits.document),
            "attachments": settings.integer(0, Limits.attachments),
            "attachment": settings.integer(0, 2**34),
            "report": settings.integer(0, 2**36),
            "messages": settings.integer(1, 100_000),
        },
    ),
    "texts": (Texts, {item.name: settings.short for item in fields(Texts)}),
    "retention": (Retention, {name: settings.integer(least, most) for name, (least, most) in RANGES.items()}),
    "golive": (
        GoLive,
        {
            "procedure": settings.line,
            "works_council": settings.day,
            "dpia": settings.day,
            "external_list": settings.day,
        },
    ),
    "security": (Security, {"contact": settings.contact, "expires": settings.day}),
    "backup": (Backup, {"directory": settings.line}),
    "notices": (
        Notices,
        {
            "to": settings.mails,
            "sender": settings.mail,
            "server": settings.server,
            "tls": settings.choice(*TLS),
            "user": settings.user,
            "hour": settings.integer(0, 23),
            "urge": settings.boolean,
            "officers": settings.fingerprints,
        },
    ),
}
_HINTS: Final = {
    "archive": 'the archivist chooses "4.1.4" (kept for ever) or "12.1.7" (destroyed after ten years)',
    "golive.procedure": "version of the reporting procedure, in quotes",
    "golive.works_council": "day on which the works council consented, YYYY-MM-DD",
    "golive.dpia": "day of the data protection impact assessment, YYYY-MM-DD",
    "golive.external_list": "day on which the list of places outside was last checked, YYYY-MM-DD",
    "security.contact": 'for security.txt: "mailto:…", "https:…" or "tel:…"',
    "security.expires": "day from which security.txt no longer counts, YYYY-MM-DD, within a year",
    "backup.directory": "where backups are kept, in quotes",
}
"""What init writes in the place of a setting that somebody still has to fill in."""


def _checked(table: Mapping[str, Any], checks: Checks, where: str) -> dict[str, Any]:
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
    tables = {name: table.pop(name, {}) for name in _TABLES}
    for name, inner in tables.items():
        if not isinstance(inner, dict):
            raise ConfigError(f"{FILE}: {name} is a table")
    given = _checked(table, _CHECKS, "")
    for name in ("organisation", "name"):
        if name not in given:
            raise ConfigError(f"{FILE}: {name} is missing")
    for name, (kind, checks) in _TABLES.items():
        given[name] = kind(**_checked(tables[name], checks, f"{name}."))
    _check_notices(given["notices"])
    return Config(**given)


def _check_notices(notices: Notices) -> None:
    if notices.to and not notices.sender:
        raise ConfigError(f"{FILE}: notices.sender is missing")
    if notices.user and notices.tls == "none" and notices.server.rpartition(":")[0] not in _LOCAL:
        raise ConfigError(f'{FILE}: notices.tls is "starttls" or "tls" where notices.user has a password to send')


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
    """Return the text of meldkluis.toml; reading it gives the same settings. What is not filled in is a comment."""
    lines = [_line("", name, getattr(config, name)) for name in _CHECKS]
    for name, (_, checks) in _TABLES.items():
        inner = getattr(config, name)
        lines += ["", f"[{name}]"]
        lines += [_line(f"{name}.", item, getattr(inner, item)) for item in checks]
    text = "\n".join(lines) + "\n"
    parse_config(text)
    return text


def _line(where: str, name: str, value: object) -> str:
    if value is None:
        return f"# {name} =  # {_HINTS[where + name]}"
    # TOML's strings, numbers, booleans and lists of strings are JSON's for what the checks let through.
    if isinstance(value, Mapping):
        pairs = (f"{json.dumps(key)} = {json.dumps(item)}" for key, item in value.items())
        return f"{name} = {{{', '.join(pairs)}}}"
    return f"{name} = {value if isinstance(value, date) else json.dumps(value, ensure_ascii=False)}"
