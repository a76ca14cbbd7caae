# SPDX-License-Identifier: EUPL-1.2
"""The browser's code, built for Node. Without node or client/node_modules these tests are skipped aloud; CI fails then."""

import os
import shutil

import pytest
from nodejs import CLIENT, Node


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
