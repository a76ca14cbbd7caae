# SPDX-License-Identifier: EUPL-1.2
"""A site of Gemeente Voorbeeld over a real desk, read by a browser without a script."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from house import House, make_house


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Return an organisation that is open: two officers and a deputy, everybody with a key of today."""
    with make_house(tmp_path / "organisation") as made:
        yield made


@pytest.fixture
def closed_house(tmp_path: Path) -> Iterator[House]:
    """Return an organisation that has no roster yet."""
    with make_house(tmp_path / "organisation", open_doors=False) as made:
        yield made
