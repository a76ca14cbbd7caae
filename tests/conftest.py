# SPDX-License-Identifier: EUPL-1.2
"""What every test may ask for."""

import pytest
from cast import Cast, make_cast
from hypothesis import settings

# A busy machine is no bug: speed is measured in bench/.
settings.register_profile("meldkluis", deadline=None)
settings.load_profile("meldkluis")


@pytest.fixture(scope="session")
def organisation() -> Cast:
    """Gemeente Voorbeeld: a server, two officers and a deputy, with a founding roster; it is never changed."""
    return make_cast()
