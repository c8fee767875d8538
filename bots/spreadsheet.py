"""Tables for spreadsheets: RFC 4180, and no cell that a spreadsheet would take for a formula.

https://www.rfc-editor.org/rfc/rfc4180, https://owasp.org/www-community/attacks/CSV_Injection
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from bots.printing import json_value

_DANGEROUS: Final = "=+\\-@\\t\\r\\x00\\uff1d\\uff0b\\uff0d\\uff20"  # the last four: the full-width forms
_BEGINS: Final = re.compile(rf"\A(?!-\Z)\s*[{_DANGEROUS}]")
_AFTER_SEPARATOR: Final = re.compile(rf"([;,|\t\r\n]\s*)([{_DANGEROUS}])")


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table with its header; times are UTC, numbers have a point, ``None`` is an empty cell.

    Text that begins like a formula, or holds something like one after what another program takes for a separator, gets
    an apostrophe before it. A spreadsheet shows such text and computes nothing. A lone ``-`` is no formula, and stays.
    """
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return written.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return json_value(value)
    if not isinstance(value, str):
        return value
    marked = _AFTER_SEPARATOR.sub(r"\1'\2", value)
    return f"'{marked}" if _BEGINS.match(marked) else marked
