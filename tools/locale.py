# SPDX-License-Identifier: EUPL-1.2
"""Collect new texts into the catalogues and compile them (`make locale`).

Dutch is the source language: a text's Dutch is its name in the catalogue. With --check nothing is written; the exit status
is 1 when a text is untranslated, fuzzy or no longer used, or when what stands in locale/ is not what would be written.
"""

import io
import os
import sys
from pathlib import Path

# This file is named like a module of the standard library; its folder must not come first.
sys.path[:] = [entry for entry in sys.path if Path(entry or os.curdir).resolve() != Path(__file__).resolve().parent]

from babel.messages.catalog import Catalog  # noqa: E402
from babel.messages.extract import extract_from_dir  # noqa: E402
from babel.messages.frontend import parse_mapping_cfg  # noqa: E402
from babel.messages.mofile import write_mo  # noqa: E402
from babel.messages.pofile import read_po, write_po  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"
DOMAIN = "intake"
TARGETS = ("en",)
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}


def collect() -> Catalog:
    """Return every text of the sources."""
    catalog = Catalog(project="meldkluis", charset="utf-8")
    with (LOCALE / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    for _, _, message, _, context in extract_from_dir(ROOT, methods, options, KEYWORDS):
        catalog.add(message, context=context)
    return catalog


def updated(language: str, template: Catalog) -> Catalog:
    """Return the language's catalogue with the texts of today, old translations kept."""
    path = LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    before = read_po(io.BytesIO(path.read_bytes()), locale=language) if path.exists() else Catalog(locale=language)
    after = Catalog(locale=language, charset="utf-8")
    for message in template:
        if message.id:
            known = before.get(message.id, message.context)
            after.add(message.id, known.string if known and not known.fuzzy else "", context=message.context)
    return after


def written(catalog: Catalog) -> tuple[bytes, bytes]:
    """Return the .po and the .mo, with nothing in them that changes from day to day."""
    catalog.mime_headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Transfer-Encoding", "8bit"),
        ("Plural-Forms", catalog.plural_forms),
    ]
    po, mo = io.BytesIO(), io.BytesIO()
    po.write(b"# SPDX-License-Identifier: EUPL-1.2\n")
    write_po(po, catalog, sort_output=True, no_location=True, omit_header=True, width=0)
    write_mo(mo, catalog)
    return po.getvalue(), mo.getvalue()


def main() -> int:
    """Write or check the catalogues."""
    check = "--check" in sys.argv[1:]
    template, wrong = collect(), 0
    for language in TARGETS:
        catalog = updated(language, template)
        folder = LOCALE / language / "LC_MESSAGES"
        for message in catalog:
            if message.id and not message.string:
                print(f"{language}: not translated: {message.id}", file=sys.stderr)
                wrong = 1
        for name, content in zip((f"{DOMAIN}.po", f"{DOMAIN}.mo"), written(catalog), strict=True):
            path = folder / name
            if check and (not path.exists() or path.read_bytes() != content):
                print(f"{path.relative_to(ROOT)} is not up to date; run `make locale`", file=sys.stderr)
                wrong = 1
            elif not check:
                folder.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
