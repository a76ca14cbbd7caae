# SPDX-License-Identifier: EUPL-1.2
"""The documents that speak for the project: publiccode.yml, README, change log, links between pages."""

import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

PUBLICCODE: dict[str, Any] = {
    # The required keys of the publiccode.yml standard, version 0, and the optional ones that we use.
    "type": "object",
    "additionalProperties": False,
    "required": [
        "publiccodeYmlVersion",
        "name",
        "url",
        "platforms",
        "developmentStatus",
        "softwareType",
        "description",
        "legal",
        "maintenance",
        "localisation",
    ],
    "properties": {
        "publiccodeYmlVersion": {"const": "0"},
        "name": {"const": "Meldkluis"},
        "url": {"type": "string", "pattern": "^https://"},
        "softwareVersion": {"type": "string"},
        "releaseDate": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
        "platforms": {"type": "array", "minItems": 1, "items": {"enum": ["web", "linux", "mac", "windows"]}},
        "categories": {"type": "array", "items": {"enum": ["whistleblowing", "compliance-management"]}},
        "developmentStatus": {"enum": ["concept", "development", "beta", "stable", "obsolete"]},
        "softwareType": {"enum": ["standalone/web", "standalone/desktop", "standalone/other"]},
        "intendedAudience": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "scope": {"type": "array", "items": {"enum": ["government", "local-authorities"]}},
                "countries": {"type": "array", "items": {"pattern": "^[a-z]{2}$"}},
            },
        },
        "description": {
            "type": "object",
            "additionalProperties": False,
            "required": ["nl", "en"],
            "patternProperties": {
                "^[a-z]{2}$": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["shortDescription", "longDescription", "features"],
                    "properties": {
                        "localisedName": {"type": "string"},
                        "shortDescription": {"type": "string", "maxLength": 150},
                        "longDescription": {"type": "string", "minLength": 150, "maxLength": 10000},
                        "features": {"type": "array", "minItems": 3, "items": {"type": "string", "maxLength": 100}},
                        "documentation": {"type": "string", "pattern": "^https://"},
                    },
                }
            },
        },
        "legal": {
            "type": "object",
            "additionalProperties": False,
            "required": ["license"],
            "properties": {"license": {"const": "EUPL-1.2"}},
        },
        "maintenance": {
            "type": "object",
            "additionalProperties": False,
            "required": ["type", "contacts"],
            "properties": {
                "type": {"enum": ["community", "internal"]},
                "contacts": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["name"]}},
            },
        },
        "localisation": {
            "type": "object",
            "additionalProperties": False,
            "required": ["localisationReady", "availableLanguages"],
            "properties": {
                "localisationReady": {"const": True},
                "availableLanguages": {"type": "array", "items": {"enum": ["nl", "en"]}, "minItems": 2},
            },
        },
        "dependsOn": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "open": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["name"],
                        "properties": {
                            "name": {"type": "string"},
                            "versionMin": {"type": "string"},
                            "optional": {"type": "boolean"},
                        },
                    },
                }
            },
        },
    },
}

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def version(root: Path) -> str:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def test_publiccode(root: Path) -> None:
    """publiccode.yml has what catalogues of public software need, in Dutch and in English."""
    document = yaml.safe_load((root / "publiccode.yml").read_text(encoding="utf-8"))

    jsonschema.validate(document, PUBLICCODE)

    assert document["softwareVersion"] == version(root)


def test_licence_text_is_whole(root: Path) -> None:
    """LICENSE is the European Union Public Licence 1.2, and the text that the machine-readable lines point at."""
    licence = (root / "LICENSE").read_text(encoding="utf-8")

    assert licence.startswith("EUROPEAN UNION PUBLIC LICENCE v. 1.2\n")
    assert "15.Applicable Law" in licence
    assert licence == (root / "LICENSES" / "EUPL-1.2.txt").read_text(encoding="utf-8")


def test_changelog_knows_this_version(root: Path) -> None:
    """The change log has a heading for what is unreleased, and for nothing newer than the package."""
    headings = re.findall(r"^## \[([^\]]+)\]", (root / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert headings[0] == "Unreleased"
    assert len(headings) == len(set(headings))


def test_readme_names_the_two_commands(root: Path) -> None:
    """A newcomer finds the commands that start and test the project, and they exist."""
    readme = (root / "README.md").read_text(encoding="utf-8")
    makefile = (root / "Makefile").read_text(encoding="utf-8")

    for target in {"run", "test", *re.findall(r"`make ([a-z]+)", readme)}:
        assert f"make {target}" in readme
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_readme_has_pictures(root: Path) -> None:
    """The README shows the reporter's page and the workstation, and tells in words what the pictures show."""
    readme = (root / "README.md").read_text(encoding="utf-8")
    pictures = dict(re.findall(r"!\[([^\]]+)\]\((docs/pictures/[^)]+)\)", readme))

    assert {Path(name).name for name in pictures.values()} >= {"form.png", "workstation.png"}
    for words, name in pictures.items():
        assert len(words) > 20
        assert (root / name).read_bytes().startswith(b"\x89PNG\r\n"), name


def test_links_between_pages(texts: dict[Path, str]) -> None:
    """Every link from one page of the documentation to a file or heading leads somewhere."""
    dead = []
    for page, text in texts.items():
        if page.suffix != ".md":
            continue
        for target in LINK.findall(re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, heading = target.partition("#")
            linked = (page.parent / name).resolve() if name else page
            if not linked.exists() or (heading and heading not in headings_of(linked)):
                dead.append(f"{page.name}: {target}")

    assert dead == []


def headings_of(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as forges make them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", ["README.md", "SECURITY.md", "CHANGELOG.md", "CONTRIBUTING.md"])
def test_documents_stand(root: Path, name: str) -> None:
    """The documents that people look for are there and say something."""
    assert len((root / name).read_text(encoding="utf-8").split()) > 100


def test_decisions_are_short_and_numbered(root: Path) -> None:
    """Each decision has a number of its own, a status, a context, options and an outcome, on one page."""
    pages = sorted((root / "docs" / "adr").glob("[0-9]*.md"))

    assert [page.name[:4] for page in pages] == [f"{number:04}" for number in range(1, len(pages) + 1)]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert len(text.split()) <= 600, page.name
        for part in ("Status: ", "## Context", "## Options", "## Decision", "## Consequences"):
            assert part in text, f"{page.name}: {part}"
