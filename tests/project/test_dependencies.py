# SPDX-License-Identifier: EUPL-1.2
"""What is depended on, how it is pinned, and which imports are allowed."""

import logging
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

PINS = ("build", "run", "workstation", "test")


def settings(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def asked_for(path: Path) -> set[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return {line.strip() for line in lines if line.strip() and not line.startswith(("#", "-"))}


@pytest.mark.parametrize("name", PINS)
def test_every_pin_is_exact_and_hashed(root: Path, name: str) -> None:
    """Each package is pinned to one version and to the hashes of its files, and none to an address."""
    text = (root / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    packages = re.split(r"\n(?=\S)", text.strip())

    for package in packages:
        assert re.match(r"[a-z0-9._-]+==[^\s;]+", package), package[:60]
        assert "--hash=sha256:" in package, package[:60]
    assert "://" not in text
    assert "--find-links" not in text


@pytest.mark.parametrize("name", PINS)
def test_pins_answer_what_is_asked_for(root: Path, name: str) -> None:
    """Whatever a list asks for is pinned beside it."""
    pinned = set(re.findall(r"^([a-z0-9._-]+)==", (root / "requirements" / f"{name}.txt").read_text(), re.MULTILINE))
    wanted = {re.split(r"[^a-z0-9._-]", line.lower())[0] for line in asked_for(root / "requirements" / f"{name}.in")}

    assert wanted <= pinned


def test_one_version_of_each_package(root: Path) -> None:
    """The tests run with the very versions that the server and the workstation get."""
    versions: dict[str, set[str]] = {}
    for name in PINS:
        text = (root / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        for package, version, marker in re.findall(r"^([a-z0-9._-]+)==([^\s;]+)(?: ; (.+))? \\$", text, re.MULTILINE):
            if "emscripten" not in marker:
                versions.setdefault(package, set()).add(version)

    assert {package: found for package, found in versions.items() if len(found) > 1} == {}


def test_package_asks_for_what_runs(root: Path) -> None:
    """The package declares the dependencies of server and workstation, and no others."""
    declared = set(settings(root)["project"]["dependencies"])
    needed = asked_for(root / "requirements" / "run.in") | asked_for(root / "requirements" / "workstation.in")

    assert declared == needed


def test_imports_go_downwards(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The contracts between the rooms hold."""
    monkeypatch.chdir(root)
    # import-linter silences every logger that it did not make, and other tests read ours.
    speaking = [item for item in logging.root.manager.loggerDict.values() if not getattr(item, "disabled", True)]
    for logger in speaking:
        monkeypatch.setattr(logger, "disabled", False)

    assert lint_imports(config_filename=str(root / "pyproject.toml"), no_cache=True) == EXIT_STATUS_SUCCESS
