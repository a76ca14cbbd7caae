# SPDX-License-Identifier: EUPL-1.2
"""An organisation with a real desk and its site, and what a browser without a script reads and sends."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
from cast import ORGANISATION, Officer, make_officer
from starlette.testclient import TestClient

from meldkluis.crypto import age, receipt
from meldkluis.crypto.casework import OpenedMessage, compose_answer, open_message, take_over
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.encoding import b64
from meldkluis.crypto.limits import Limits
from meldkluis.crypto.receipt import Receipt
from meldkluis.crypto.roster import RosterVersion, make_roster, parse_roster
from meldkluis.intake.app import create_app
from meldkluis.intake.config import Config
from meldkluis.mailbox.clock import today
from meldkluis.mailbox.desk import Desk

Upload = tuple[str, tuple[str, bytes]]


@dataclass
class Page:
    """An answer, parsed strictly: a page that is not valid HTML is a failure."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)

    @property
    def text(self) -> str:
        return self.content.decode("utf-8")

    @property
    def tree(self) -> Element:
        parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), strict=True, namespaceHTMLElements=False)
        tree: Element = parser.parse(self.text)
        return tree

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """Return the elements with these attributes (`_` for `-`), templates' contents included."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [item for item in self.tree.iter(tag) if all(item.get(key) == value for key, value in wanted.items())]

    def one(self, tag: str, **attributes: str) -> Element:
        (found,) = self.all(tag, **attributes)
        return found

    def said(self) -> str:
        """Return what the page says, white space and hidden parts as a reader sees them."""
        return " ".join(" ".join(_visible(self.one("main"))).split())

    @property
    def code(self) -> str:
        return " ".join("".join(word.itertext()).strip() for word in self.one("ol", data_fill="code"))

    def errors(self) -> list[str]:
        return ["".join(item.itertext()) for box in self.all("div", id="errors") for item in box.iter("li")]

    def value(self, name: str) -> str:
        """Return what stands in a field of the form."""
        for tag in ("textarea", "input"):
            for item in self.all(tag, name=name):
                return (item.text or "") if tag == "textarea" else item.get("value", "")
        raise AssertionError(name)


def _visible(element: Element) -> Iterator[str]:
    if "hidden" not in element.attrib and element.tag != "template":
        yield element.text or ""
        for child in element:
            yield from _visible(child)
    yield element.tail or ""


@dataclass
class House:
    """A desk, its people, and a client of its site."""

    desk: Desk
    client: TestClient
    officers: tuple[Officer, ...] = ()
    version: RosterVersion | None = None

    @property
    def keys(self) -> list[str]:
        return [b64(officer.key) for officer in self.officers]

    def get(self, path: str, **headers: str) -> Page:
        response = self.client.get(path, headers=headers)
        return Page(response.status_code, response.headers, response.content)

    def post(self, path: str, fields: Mapping[str, Any], files: Sequence[Upload] | None = None) -> Page:
        """Send a form; without `files` with the empty file field that browsers send."""
        response = self.client.post(path, files=parts_of_form(fields, files))
        return Page(response.status_code, response.headers, response.content)

    def fields(self, **changes: Any) -> dict[str, Any]:
        values: dict[str, Any] = {
            "code": receipt.generate("nl"),
            "kind": "report",
            "about": "de aanbesteding",
            "to": self.keys,
            "text": "Er klopt iets niet.",
            "name": "",
            "contact": "",
        }
        return {name: value for name, value in (values | changes).items() if value is not None}

    def receipt(self, code: str) -> Receipt:
        return receipt.derive(code, ORGANISATION)

    def box(self, code: str):
        return self.desk.mailbox(self.receipt(code).address, today())

    def log(self, code: str) -> CaseLog:
        log = CaseLog(ORGANISATION, self.receipt(code).case, [self.desk.server_key])
        for raw in self.box(code).log:
            log.append(raw)
        return log

    def file(self, officer: Officer, code: str, entry: int, slot: str) -> bytes:
        return b"".join(self.desk.file(officer.key, self.receipt(code).case, entry, slot))

    def read(self, officer: Officer, code: str, entry: int = 0, identity: str | None = None) -> OpenedMessage:
        """Open a message that is served to the officer, with the officer's intake key or another identity."""
        log = self.log(code)
        file = self.file(officer, code, entry, "content" if entry == 0 else "message")
        return open_message(file, log.entries[entry], log, [identity or officer.identity])

    def take_over(self, officer: Officer, code: str) -> str:
        """Let the officer take the case over; returns the reply recipient."""
        reply = self.read(officer, code).message.reply
        assert reply is not None
        log, case = self.log(code), self.receipt(code).case
        view = self.desk.case(officer.key, case, 0)
        headers = {}
        for line in view.files:
            if line.slot in {"content", "identity", "message"}:
                headers[line.entry, line.slot] = age.split(self.file(officer, code, line.entry, line.slot))[0]
        keys = [item.intake_key for item in self.officers]
        taken = take_over(log, headers, [officer.identity], keys, officer.signing, today())
        asyncio.run(self.desk.append(officer.key, case, taken.entry.raw, taken.files, taken.headers, today()))
        return reply

    def answer(self, officer: Officer, code: str, act: str, text: str, reply: str, **asking: Any) -> None:
        """Let the officer answer."""
        log = self.log(code)
        assert self.version is not None
        roster = parse_roster(self.version.payload).hash
        sealed = compose_answer(act, text, log, reply, roster, officer.signing, today(), **asking)
        asyncio.run(self.desk.append(officer.key, self.receipt(code).case, sealed.entry.raw, sealed.files, {}, today()))


def parts_of_form(fields: Mapping[str, Any], files: Sequence[Upload] | None = None) -> list[tuple[str, Any]]:
    """Return a form's parts in the page's order: fields, files, and the names after them."""
    parts: list[tuple[str, Any]] = []
    for name, value in fields.items():
        parts += [(name, (None, item)) for item in (value if isinstance(value, list) else [value])]
    return parts + list([("file", ("", b""))] if files is None else files)


@contextmanager
def make_house(directory: Path, *, open_doors: bool = True, limits: Limits | None = None) -> Iterator[House]:
    """Make an organisation in a directory, and its site."""
    desk = Desk.create(directory, ORGANISATION, "Gemeente Voorbeeld")
    config = Config(ORGANISATION, "Gemeente Voorbeeld", limits=limits or Limits())
    house = House(desk, TestClient(create_app(config, desk), base_url="http://localhost"))
    try:
        if open_doors:
            asyncio.run(_open(house))
        yield house
    finally:
        desk.close()


async def _open(house: House) -> None:
    names = (("TEST Een", "officer"), ("TEST Twee", "officer"), ("TEST Plaatsvervanger", "deputy"))
    officers = tuple(make_officer(name, role, start=today()) for name, role in names)
    roster = make_roster(
        version=1,
        organisation=ORGANISATION,
        name="Gemeente Voorbeeld",
        previous=None,
        server=house.desk.server_key,
        members=[officer.member for officer in officers],
    )
    await house.desk.propose(roster.payload)
    version = RosterVersion(roster.payload)
    for officer in officers:
        version = version.signed_by(officer.signing)
        await house.desk.sign_roster(roster.hash, officer.key, version.signatures[-1][1])
    for officer in officers:
        await house.desk.announce(officer.intake_key.thing.raw, officer.key, today())
    await house.desk.store.open_form(today())
    house.officers, house.version = officers, version


def without(fields: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return the fields without some."""
    return {name: value for name, value in fields.items() if name not in names}
