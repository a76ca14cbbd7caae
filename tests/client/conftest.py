# SPDX-License-Identifier: EUPL-1.2
"""The browser's code, in Chromium over a real server, and built for Node.

Without Chromium, node or client/node_modules these tests are skipped aloud; CI fails then.
"""

import os
import shutil
from collections.abc import Iterator

import pytest
from browsers import CHROMIUM, Chromium, chromium
from deskhouse import House
from nodejs import CLIENT, Node
from running import Server, found, serving
from scripted import Office
from town import need

from meldkluis.mailbox.clock import today
from meldkluis.mailbox.desk import Desk


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Node:
    """Node with the code in MELDKLUIS_CORE, built as the bundle is built but for the pages."""
    command = shutil.which("node")
    if command is None or not (CLIENT / "node_modules" / "age-encryption").is_dir():
        reason = (
            "NOT TESTED: the browser's code; no node, or no client/node_modules (npm ci --ignore-scripts in client/)"
        )
        if os.environ.get("MELDKLUIS_REQUIRE_NODE") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    core = tmp_path_factory.mktemp("client") / "core.mjs"
    node = Node(command, {**os.environ, "MELDKLUIS_CORE": str(core)})
    node.run(CLIENT / "build.mjs", "--core", core)
    return node


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, House]]:
    """A running server, and its desk from the officers' side."""
    need("Chromium", CHROMIUM)
    directory = tmp_path_factory.mktemp("pages") / "organisation"
    cast = found(directory)
    desk = Desk.open(directory)
    with serving(directory, cast, workers=1) as server:
        yield server, Office(desk, cast, today())
    desk.close()


@pytest.fixture(scope="module")
def window(served: tuple[Server, House]) -> Iterator[Chromium]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def browser(window: Chromium) -> Iterator[Chromium]:
    """Chromium on a page of its own; an error that no page met fails the test."""
    context = window.page.context.browser.new_context()
    page = context.new_page()
    page.set_default_timeout(20_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if "Content Security" in line.text else None)
    yield Chromium(page, javascript=True)
    context.close()
    assert errors == []
