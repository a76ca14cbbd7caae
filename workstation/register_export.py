# SPDX-License-Identifier: EUPL-1.2
"""The register as a file for a spreadsheet: CSV (RFC 4180) or OpenDocument.

- Cells are our own words, days and case labels; nothing that a reporter or a colleague typed is among them, so that no
  cell can be a formula.
- CSV has semicolons and a byte order mark: with both, a spreadsheet set to Dutch opens it in columns and with its
  accents (docs/adr/0016-yearly.md). Days are YYYY-MM-DD; in OpenDocument they are dates.
"""

import csv
import io
from collections.abc import Sequence
from datetime import date
from typing import Final
from xml.sax.saxutils import escape

from odfdo import Document, Element, Table

Values = Sequence[str | date | None]
SEPARATOR: Final = ";"
_MARK: Final = "\ufeff"


def to_csv(heading: Sequence[str], rows: Sequence[Values]) -> bytes:
    """Return a table as CSV."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=SEPARATOR, lineterminator="\r\n")
    writer.writerow(heading)
    writer.writerows([_text(value) for value in row] for row in rows)
    return (_MARK + written.getvalue()).encode("utf-8")


def to_ods(name: str, heading: Sequence[str], rows: Sequence[Values]) -> bytes:
    """Return a table as an OpenDocument spreadsheet with one sheet of this name."""
    document = Document("spreadsheet")
    document.body.clear()
    document.body.append(Table(name))
    table = document.body.get_table(0)
    assert table is not None
    for values in [heading, *rows]:
        # As markup, row by row: cell by cell it takes twenty seconds for two thousand lines.
        row = "".join(map(_cell, values))
        Element.append(table, Element.from_tag(f"<table:table-row>{row}</table:table-row>"))
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def _cell(value: str | date | None) -> str:
    kind = f'date" office:date-value="{value.isoformat()}' if isinstance(value, date) else "string"
    text = f"<text:p>{escape(_text(value))}</text:p>" if value else ""
    return f'<table:table-cell office:value-type="{kind}">{text}</table:table-cell>'


def _text(value: str | date | None) -> str:
    return "" if value is None else value.isoformat() if isinstance(value, date) else value
