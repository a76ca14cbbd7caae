# SPDX-License-Identifier: EUPL-1.2
"""What every page of one organisation's site needs: settings, desk, assets, languages, and how a page is rendered.

- Pages are never stored by a browser and never compressed; only `page` answers with one.
- Holds nothing of a request; of the desk it remembers the rosters and keys that it saw last, which are public.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from starlette.responses import HTMLResponse

from meldkluis.crypto.roster import (
    IntakeKey,
    Member,
    Roster,
    RosterVersion,
    fingerprint,
    newest_offered,
    parse_roster,
    verify_chain,
)
from meldkluis.intake.assets import Assets
from meldkluis.intake.config import Config
from meldkluis.intake.i18n import LANGUAGES, Language
from meldkluis.intake.places import CHECKED
from meldkluis.intake.texts import FOR_SCRIPT
from meldkluis.mailbox.desk import Desk, PublicKeys

PAGE_PADDING: Final = 16 * 1024
"""A mailbox page is filled up to a multiple of this many bytes, so that its size does not tell what is in it."""


@dataclass(frozen=True)
class Readers:
    """Who can be chosen today: members of the roster who offer a key. `mark` is the fingerprint on the poster."""

    roster: Roster
    versions: Sequence[RosterVersion]
    keys: Mapping[bytes, IntakeKey]
    mark: str

    @property
    def officers(self) -> list[Member]:
        """The officers who can read a report of today."""
        return [member for member in self.roster.officers if member.key in self.keys]

    @property
    def deputy(self) -> Member | None:
        """The deputy, when there is one who can read a report of today."""
        deputy = self.roster.deputy
        return deputy if deputy is not None and deputy.key in self.keys else None

    @property
    def absent(self) -> list[Member]:
        """The members who cannot be reached today."""
        return [member for member in self.roster.members if member.key not in self.keys]


def _readers(public: PublicKeys, today: date) -> Readers | None:
    if public.roster is None:
        return None
    mark = fingerprint(parse_roster(public.rosters[0].payload).hash)
    offered = newest_offered(public.intake_keys, today)
    keys = {member.key: offered[member.key] for member in public.roster.members if member.key in offered}
    readers = Readers(public.roster, public.rosters, keys, mark)
    return readers if readers.officers else None


class Site:
    """One organisation's site."""

    def __init__(self, config: Config, desk: Desk) -> None:
        """Prepare the pages; the desk is open."""
        self.config: Final = config
        self.desk: Final = desk
        self.assets: Final = Assets()
        self.languages: Final = [
            Language(code, "" if code == config.languages[0] else f"/{code}") for code in config.languages
        ]
        self._readers: tuple[object, Readers | None] | None = None
        self._rosters: tuple[object, list[Roster]] | None = None
        self._about: Final = {
            "organisation": desk.organisation,
            "name": desk.name,
            "phone": config.texts.phone,
            "visit": config.texts.visit,
            "privacy": config.texts.privacy,
            "onion": config.texts.onion,
        }

    def language_of(self, path: str) -> Language:
        """Return the language of an address, for pages that belong to no route."""
        for language in self.languages[1:]:
            if path == language.prefix or path.startswith(f"{language.prefix}/"):
                return language
        return self.languages[0]

    def readers(self, today: date) -> Readers | None:
        """Return who can be chosen today; None while no officer can read a report."""
        public = self.desk.public_keys(today)
        seen = (today, public.rosters, public.intake_keys)
        # The desk gives the same objects until something is announced, so comparing costs next to nothing.
        if self._readers is None or self._readers[0] != seen:
            self._readers = (seen, _readers(public, today))
        return self._readers[1]

    def verified(self, versions: Sequence[RosterVersion]) -> list[Roster]:
        """Return the rosters of a chain that holds; RosterError otherwise. The last chain seen is remembered."""
        if self._rosters is None or self._rosters[0] != versions:
            self._rosters = (list(versions), verify_chain(versions))
        return self._rosters[1]

    def page(
        self,
        language: Language,
        template: str,
        page: str,
        *,
        status: int = 200,
        switch: str | None = None,
        **values: Any,
    ) -> HTMLResponse:
        """Answer with a page. `switch` is its path without prefix, where the same page exists in other languages."""
        return HTMLResponse(self.render(language, template, page, switch=switch, **values), status)

    def render(self, language: Language, template: str, page: str, *, switch: str | None = None, **values: Any) -> str:
        """Return the text of a page."""
        others = [item for item in self.languages if item is not language]
        other = None
        if switch is not None and others:
            code = others[0].code
            other = {"url": others[0].prefix + switch, "code": code, "name": LANGUAGES[code]}
        frame = {
            "page": page,
            "site": self._about,
            "asset": self.assets.url,
            "bundle": self.assets.bundle,
            "limits": self.config.limits,
            "checked": self.config.golive.external_list or CHECKED,
            "other": other,
            "script_texts": FOR_SCRIPT.get(page, ()),
        }
        return language.render(template, frame | values)


def padded(page: str) -> bytes:
    """Return a page filled up with a comment to a multiple of PAGE_PADDING bytes."""
    opening, closing = b"<!--", b"-->\n"
    content = page.encode("utf-8")
    room = -(len(content) + len(opening) + len(closing)) % PAGE_PADDING
    return content + opening + b" " * room + closing
