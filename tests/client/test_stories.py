# SPDX-License-Identifier: EUPL-1.2
"""Whole cases in the shared vectors, as Python replays them; vectors.test.mjs asks the same of the browser's code."""

import ast
import json
import re
import sys
from datetime import date
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from meldkluis.crypto import rules
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.encoding import unb64
from meldkluis.crypto.entry import ACTS, parse_entry
from meldkluis.crypto.errors import ChainError
from meldkluis.mailbox.actions import counted

FOLDER = Path(__file__).parents[1] / "vectors"
VECTORS: dict[str, Any] = json.loads((FOLDER / "shared.json").read_text())
STORIES, DUES = VECTORS["stories"], VECTORS["dues"]


@pytest.fixture(scope="module")
def stories() -> ModuleType:
    """What made the vectors."""
    spec = spec_from_file_location("stories", FOLDER / "stories.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["stories"] = module
    spec.loader.exec_module(module)
    return module


def begun() -> CaseLog:
    return CaseLog(STORIES["organisation"], unb64(STORIES["case"]), map(unb64, STORIES["server_keys"]))


@pytest.mark.parametrize("story", STORIES["good"], ids=lambda story: story["name"])
def test_a_story_holds(story: dict[str, Any], stories: ModuleType) -> None:
    """Each entry follows, and changes what it is said to change."""
    log, expected = begun(), {}
    for raw, changes in zip(story["log"], story["changes"], strict=True):
        log.append(unb64(raw))
        expected |= changes
        assert expected == (stories.state(log) if log.received else {})


@pytest.mark.parametrize("vector", STORIES["bad"], ids=lambda v: f"{v['story']}.{v['after']} {v['name']}")
def test_an_entry_does_not_follow(vector: dict[str, Any]) -> None:
    """It is refused for its own reason, and nothing changes."""
    log = begun()
    for raw in STORIES["good"][vector["story"]]["log"][: vector["after"]]:
        log.append(unb64(raw))
    with pytest.raises(ChainError, match=f"^{re.escape(vector['reason'])}$"):
        log.append(unb64(vector["entry"]))
    assert len(log.entries) == vector["after"]


def test_every_rule_and_act_is_tried() -> None:
    """Each reason that the rules know stands among the refusals, and each act among the stories and refusals."""
    calls = [node for node in ast.walk(ast.parse(Path(rules.__file__).read_text())) if isinstance(node, ast.Call)]
    required = [call.args[1] for call in calls if isinstance(call.func, ast.Name) and call.func.id == "require"]
    reasons = {reason.value for reason in required if isinstance(reason, ast.Constant)}

    assert len(reasons) > 20
    assert reasons - {vector["reason"] for vector in STORIES["bad"]} == set()
    told = {parse_entry(unb64(raw)).act for story in STORIES["good"] for raw in story["log"]}
    assert set(ACTS) - told == {"withdrawn"}


def test_terms() -> None:
    """The law's worked examples, and days of four years."""
    for vector in DUES:
        days = {name: None if day is None else date.fromisoformat(day) for name, day in vector.items()}
        assert days["since"] is not None
        terms = counted(days["since"], days["acknowledged"])
        assert (terms.acknowledgement.nominal, terms.feedback.nominal) == (days["acknowledgement"], days["feedback"]), (
            vector
        )
