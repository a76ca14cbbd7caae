# SPDX-License-Identifier: EUPL-1.2
"""Collect texts from sources and templates into the gettext catalogues, and compile them.

- Dutch is the source and needs no catalogue; English must be complete, with nothing fuzzy and nothing left over.
- `--check` changes nothing and fails where a catalogue is behind the texts, or a compiled one behind its source.
- Each `locale/NAME.cfg` says where the texts of the domain NAME stand (`babel.cfg` is the domain `intake`).
"""

import argparse
import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"
LANGUAGES = ("en",)
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "N_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}


def domains() -> dict[str, Path]:
    """Return the mapping file of every domain, by its name."""
    found = {path.stem: path for path in sorted(LOCALE.glob("*.cfg"))}
    if "babel" in found:
        found["intake"] = found.pop("babel")
    return found


def texts(mapping: Path) -> Catalog:
    """Return every text that stands in the sources of a domain."""
    with mapping.open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    catalogue = Catalog(project="Meldkluis", charset="utf-8", fuzzy=False)
    for name, line, message, comments, context in extract_from_dir(
        ROOT, methods, options, KEYWORDS, comment_tags=("L10N:",), strip_comment_tags=True, directory_filter=_ours
    ):
        catalogue.add(message, None, [(name, line)], auto_comments=comments, context=context)
    return catalogue


def _ours(directory: str) -> bool:
    name = Path(directory).name
    return not name.startswith(".") and name not in {"node_modules", "meldkluis", "tests"}


def merged(path: Path, language: str, current: Catalog) -> Catalog:
    """Return the catalogue at `path` with exactly the current texts; translations are kept, never guessed."""
    if path.exists():
        with path.open("rb") as file:
            old = read_po(file, locale=language)
    else:
        old = Catalog(locale=language, project="Meldkluis", charset="utf-8", fuzzy=False)
    old.update(current, no_fuzzy_matching=True, update_header_comment=False)
    old.obsolete.clear()
    old.fuzzy = False
    # Nothing in the compiled file may tell when it was made, or it would differ for no reason.
    old.creation_date = old.revision_date = datetime(2000, 1, 1, tzinfo=UTC)
    return old


def written(catalogue: Catalog) -> bytes:
    """Return a catalogue as text, without moments and line numbers, which would differ for no reason."""
    sink = io.BytesIO()
    write_po(sink, catalogue, width=120, sort_output=True, omit_header=True, no_location=True)
    header = (
        "# SPDX-License-"
        "Identifier: EUPL-1.2\n"
        'msgid ""\nmsgstr ""\n'
        f'"Language: {catalogue.locale}\\n"\n'
        '"MIME-Version: 1.0\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"Plural-Forms: {catalogue.plural_forms}\\n"\n\n'
    )
    return header.encode() + sink.getvalue()


def compiled(catalogue: Catalog) -> bytes:
    """Return the catalogue as gettext reads it."""
    sink = io.BytesIO()
    write_mo(sink, catalogue)
    return sink.getvalue()


def problems(catalogue: Catalog) -> Iterator[str]:
    """Yield what is missing in a catalogue, or does not fit its text."""
    for message in catalogue:
        if not message.id:
            continue
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        if not all(strings):
            yield f"not translated: {_shown(message)}"
        elif message.fuzzy:
            yield f"fuzzy: {_shown(message)}"
        else:
            for error in message.check(catalogue):
                yield f"{error}: {_shown(message)}"


def _shown(message: Message) -> str:
    text = message.id[0] if isinstance(message.id, tuple) else message.id
    return repr(str(text)[:80])


def main() -> int:
    """Renew, or check, every catalogue; 1 when one is behind or incomplete."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing, fail where something would change")
    check = parser.parse_args().check
    found = []
    for domain, mapping in domains().items():
        current = texts(mapping)
        for language in LANGUAGES:
            folder = LOCALE / language / "LC_MESSAGES"
            path = folder / f"{domain}.po"
            catalogue = merged(path, language, current)
            found += [f"{domain} {language}: {problem}" for problem in problems(catalogue)]
            for target, content in ((path, written(catalogue)), (path.with_suffix(".mo"), compiled(catalogue))):
                if target.exists() and target.read_bytes() == content:
                    continue
                if check:
                    found.append(f"{target.relative_to(ROOT)} is behind its texts: `make locale`")
                else:
                    folder.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(content)
            print(f"{domain} {language}: {len(catalogue)} texts")
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
