# SPDX-License-Identifier: EUPL-1.2
"""Browsers for these tests, and a town."""

from collections.abc import Iterator

import pytest
from browsers import CHROMIUM, FIREFOX, Browser, chromium, firefox
from town import Town, need, running_town


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A running demo: reporter's site and three workstations."""
    with running_town(tmp_path_factory.mktemp("town")) as made:
        yield made


@pytest.fixture
def chromium_browser() -> Iterator[Browser]:
    """Chromium with JavaScript."""
    need("Chromium", CHROMIUM)
    with chromium() as browser:
        yield browser


@pytest.fixture(
    params=[
        pytest.param(("chromium", True), id="chromium-with-script", marks=pytest.mark.xdist_group("town")),
        pytest.param(
            ("chromium", False),
            id="chromium-without-script",
            marks=[pytest.mark.xdist_group("town"), pytest.mark.drill],
        ),
        pytest.param(
            ("firefox", True), id="firefox-with-script", marks=[pytest.mark.xdist_group("town"), pytest.mark.drill]
        ),
        pytest.param(("firefox", False), id="firefox-without-script", marks=pytest.mark.xdist_group("town")),
    ]
)
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """Each browser, with and without JavaScript."""
    name, javascript = request.param
    need(name.title(), CHROMIUM if name == "chromium" else FIREFOX)
    if name == "chromium":
        with chromium(javascript=javascript) as window:
            yield window
    else:
        with firefox(javascript=javascript) as other:
            yield other
