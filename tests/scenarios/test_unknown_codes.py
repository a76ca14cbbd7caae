# SPDX-License-Identifier: EUPL-1.2
"""An unknown code and a known code without news cannot be told apart: status, headers, size and time of the answer."""

import random
import statistics
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import Self

import pytest
from asking import authorization
from cast import ORGANISATION
from door import BOUNDARY, encode, fields_of, report
from running import Server, found, serving

from meldkluis.crypto import receipt

ROUNDS = 150
TRIES = 4
APART = 0.1
"""Share of an answer's time by which the medians may differ: a busy machine's noise over this many requests is less."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One worker, so that both kinds of request meet the same process."""
    directory = tmp_path_factory.mktemp("codes") / "organisation"
    cast = found(directory)
    with serving(directory, cast, workers=1) as running:
        yield running


@pytest.fixture(scope="module")
def known(server: Server) -> list[str]:
    """Codes of reports without news: sent at the door, one with a file."""
    codes = [receipt.generate() for _ in range(6)]
    for number, code in enumerate(codes):
        uploads = [("file", "a.txt", b"x" * 5000)] if number == 0 else []
        answer = report(server.site, fields_of(code, to=server.cast.everybody, text=f"Melding {number}."), uploads)
        assert answer.status == 200
    return codes


Answer = tuple[float, int, int, tuple[str, ...]]


class Asker:
    """One connection that stays open, and the request of one way in."""

    def __init__(self, server: Server, make: Callable[[str], tuple[str, bytes, dict[str, str]]]) -> None:
        host, _, port = server.site.rpartition(":")
        self.connection, self.make = HTTPConnection(host, int(port), timeout=30), make

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def ask(self, code: str) -> Answer:
        """Return seconds, status, size and the names of the headers of an answer."""
        path, body, headers = self.make(code)
        began = time.perf_counter()
        self.connection.request("POST", path, body, headers)
        answer = self.connection.getresponse()
        size = len(answer.read())
        return time.perf_counter() - began, answer.status, size, tuple(sorted(name for name, _ in answer.getheaders()))


def by_address(code: str) -> tuple[str, bytes, dict[str, str]]:
    return "/api/mailbox", b"", authorization(receipt.derive(code, ORGANISATION).address)


def at_the_door(code: str) -> tuple[str, bytes, dict[str, str]]:
    body = encode([("code", code), ("action", "open")])
    return "/bericht", body, {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


@pytest.mark.parametrize("way", [by_address, at_the_door])
def test_an_unknown_code_looks_like_a_known_one(server: Server, known: list[str], way) -> None:
    """Of many requests in random order, both kinds get one status, size and set of headers, and medians alike."""
    differences = []
    with Asker(server, way) as asker:
        for code in (*known, *(receipt.generate() for _ in range(20))):
            asker.ask(code)
        for _ in range(TRIES):
            differences.append(apart(asker, known))
            if differences[-1] <= APART:
                return
    pytest.fail(f"medians apart by {differences}")


def apart(asker: Asker, known: list[str]) -> float:
    """Return the medians' difference over many requests, as a share of the smaller one."""
    asked = [(True, random.choice(known)) for _ in range(ROUNDS)]
    asked += [(False, receipt.generate()) for _ in range(ROUNDS)]
    random.shuffle(asked)
    answers = [(is_known, asker.ask(code)) for is_known, code in asked]
    assert len({answer[1:] for _, answer in answers}) == 1
    assert answers[0][1][1] == 200
    medians = [statistics.median(answer[0] for kind, answer in answers if kind == is_known) for is_known in (1, 0)]
    print(f"known {medians[0] * 1000:.2f} ms, unknown {medians[1] * 1000:.2f} ms")
    return abs(medians[0] - medians[1]) / min(medians)
