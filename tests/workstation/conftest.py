# SPDX-License-Identifier: EUPL-1.2
"""Fixtures of the workstation's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from workplace import Browser, Nowhere, Workplaces, browse, make_vault, workplaces


@pytest.fixture
def vault_directory(tmp_path: Path) -> Path:
    """A finished vault of an officer."""
    make_vault(tmp_path / "vault")
    return tmp_path / "vault"


@pytest.fixture
def browser(vault_directory: Path) -> Iterator[Browser]:
    """A browser at an application whose server is unreachable."""
    made = browse(vault_directory, lambda _: Nowhere())
    yield made
    made.station.lock()


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Workplaces]:
    """Two officers and a deputy at their workstations, and the desk between them."""
    with workplaces(tmp_path) as made:
        yield made
