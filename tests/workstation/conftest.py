# SPDX-License-Identifier: EUPL-1.2
"""Fixtures of the workstation's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from workplace import Browser, Nowhere, Workplaces, browse, copied, make_vault, workplaces


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


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of an organisation with its vaults; copied, never opened."""
    directory = tmp_path_factory.mktemp("founded")
    with workplaces(directory):
        pass
    return directory


@pytest.fixture
def places(founded: Path, tmp_path: Path) -> Iterator[Workplaces]:
    """Two officers and a deputy at their workstations, and the desk between them."""
    with copied(founded, tmp_path / "places") as made:
        yield made
