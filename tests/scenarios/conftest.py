# SPDX-License-Identifier: EUPL-1.2
"""Workplaces whose server can be made to lie."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from workplace import Workplaces, copied, workplaces


@pytest.fixture(scope="session")
def founded_organisation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An organisation with its vaults; copied, never opened."""
    directory = tmp_path_factory.mktemp("founded")
    with workplaces(directory):
        pass
    return directory


@pytest.fixture
def places(founded_organisation: Path, tmp_path: Path) -> Iterator[Workplaces]:
    """Two officers and a deputy at their workstations."""
    with copied(founded_organisation, tmp_path / "places") as made:
        yield made
