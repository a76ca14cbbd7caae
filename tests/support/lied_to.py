# SPDX-License-Identifier: EUPL-1.2
"""What tests of a lying server do at a workstation: open cases, read the first page, make entries of their own."""

from html import unescape
from typing import Any

from workplace import Sent, Workplaces

from meldkluis.crypto.entry import Entry, make_entry
from meldkluis.crypto.signed import SigningKey


def signing(places: Workplaces, number: int) -> SigningKey:
    return places.offices[number].keyring.signing_key


def inbox_page(places: Workplaces, number: int = 0) -> str:
    """What the officer reads on the first page."""
    return unescape(places.browser(number).get("/").text)


def opened(places: Workplaces, *numbers: int, **changes: Any) -> Sent:
    """A report that these officers declared themselves not involved in."""
    sent = places.report(**changes)
    for number in numbers or (0,):
        places.offices[number].fetch()
        places.offices[number].acts.not_involved(sent.case)
    places.offices[0].fetch()
    return sent


def head(log: list[Entry]) -> bytes:
    return log[-1].hash


def next_entry(log: list[Entry], act: str, signer: SigningKey, **fields: object) -> Entry:
    """An entry that builds on the log, whoever may make it."""
    return make_entry(act, case=log[0].case, index=len(log), head=head(log), signer=signer, **fields)
