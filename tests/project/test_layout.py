# SPDX-License-Identifier: EUPL-1.2
"""The shape of the source tree, and what must never stand in it."""

import re
from pathlib import Path

import pytest

ROOMS = ("crypto", "mailbox", "intake", "workstation")
LINKS = {name: f"../{name}" for name in (*ROOMS, "templates", "locale", "deploy")}
HARD_STOP = 500
"""Lines of a module; beyond it nobody reads it whole."""

HARD_STOP_TESTS = 700
"""Lines of a file of tests, which is read one test at a time."""

COMMENTED = {".py", ".js", ".mjs", ".ts", ".css", ".toml", ".sh", ".sql", ".html", ".in", ".service", ".target"}
"""Source files that can say under which licence they stand."""

MADE = re.compile(r"intake/static/.+\.js$|/vectors/|\.txt$|package-lock\.json$")
"""Files that a program made: they are checked by making them again."""

LICENCE_LINE = "SPDX-License-" + "Identifier:"

NEVER_IN_SOURCE = {
    "a path of somebody's machine": r"(?<![\w.])/(?:work|root|home)/[\w.]",
    "a registry's host": "|".join(
        (r"pypi" + r"\.org", r"python" + r"hosted\.org", r"npm" + r"js\.org", "npm" + r"js\.com")
    ),
    "an unfinished thing": r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX|H" + r"ACK)\b",
    "a merge conflict": r"^(?:<{7}|>{7}) ",
}


def relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


@pytest.mark.parametrize(("name", "target"), LINKS.items())
def test_namespace_links(root: Path, name: str, target: str) -> None:
    """The import namespace holds a relative link to each room, the templates and the catalogues."""
    link = root / "meldkluis" / name

    assert link.is_symlink()
    assert link.readlink().as_posix() == target
    assert link.is_dir()


def test_namespace_holds_no_code_of_its_own(files: list[Path], root: Path) -> None:
    """Code stands in the rooms: the namespace has an empty package file and nothing else."""
    own = [relative(path, root) for path in files if path.parent == root / "meldkluis"]

    assert set(own) <= {"meldkluis/__init__.py", "meldkluis/py.typed"}


def test_module_sizes(texts: dict[Path, str], root: Path) -> None:
    """No module of ours is longer than a reader can hold."""
    long = {
        relative(path, root): text.count("\n")
        for path, text in texts.items()
        if path.suffix in {".py", ".js", ".mjs", ".ts", ".html", ".css", ".sql"}
        and not MADE.search(relative(path, root))
        and text.count("\n") > (HARD_STOP_TESTS if path.name.startswith("test_") else HARD_STOP)
    }

    assert long == {}


def test_no_drawer_modules(files: list[Path], root: Path) -> None:
    """No module is a drawer for what had no place."""
    drawers = {"utils", "helpers", "common", "misc", "util", "helper"}

    assert [relative(path, root) for path in files if path.stem.strip("_") in drawers] == []


def test_licence_lines(texts: dict[Path, str], root: Path) -> None:
    """Each source file names its licence among its first lines."""
    silent = [
        relative(path, root)
        for path, text in texts.items()
        if (path.suffix in COMMENTED or path.name == "Makefile")
        and text.strip()
        and not MADE.search(relative(path, root))
        and not any(LICENCE_LINE in line for line in text.splitlines()[:5])
    ]

    assert silent == []


@pytest.mark.parametrize(("what", "pattern"), NEVER_IN_SOURCE.items())
def test_never_in_source(texts: dict[Path, str], root: Path, what: str, pattern: str) -> None:
    """Nothing tells where the project was made, what fetched its parts, or what is not done."""
    expression = re.compile(pattern, re.MULTILINE)
    found = [
        f"{relative(path, root)}:{text.count(chr(10), 0, hit.start()) + 1}"
        for path, text in texts.items()
        if path != Path(__file__)
        for hit in expression.finditer(text)
        if not re.search(r"intake/static/.+\.js$|/vectors/|/wordlists/|^locale/", relative(path, root))
    ]

    assert found == [], what


def test_templates_escape_everything(texts: dict[Path, str], root: Path) -> None:
    """No template and no module switches the escaping of what was typed off."""
    expression = re.compile(r"\|\s*sa" + r"fe\b|autoescape\s+fa" + r"lse|\bMark" + r"up\(|autoescape\s*=\s*Fal" + r"se")
    found = [
        relative(path, root)
        for path, text in texts.items()
        if path.suffix in {".html", ".py", ".svg", ".xml"} and expression.search(text)
    ]

    assert found == []


def test_templates_hold_no_script(texts: dict[Path, str], root: Path) -> None:
    """No page carries script or style within itself: the policy would block it, and it would hide in the page."""
    inline = re.compile(r"<script(?![^>]*\bsrc=)|<style\b|\sstyle=|\son[a-z]+\s*=|javascript:", re.IGNORECASE)
    found = [
        relative(path, root)
        for path, text in texts.items()
        if path.suffix == ".html" and (root / "templates") in path.parents and inline.search(text)
    ]

    assert found == []


def test_nothing_secret_is_tracked(files: list[Path], root: Path) -> None:
    """No key file, database or settings of an organisation stands in the repository."""
    suspicious = re.compile(r"\.(key|pem|db|sqlite3?|wal)$|(^|/)\.env$|(^|/)meldkluis\.toml$")

    assert [relative(path, root) for path in files if suspicious.search(relative(path, root))] == []
