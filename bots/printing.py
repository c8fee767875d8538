"""How the command line prints: tables that fit 80 columns, JSON for programs, and sentences."""

import json
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TextIO

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

_GAP = 2
_FORMATTING = frozenset({"Cc", "Cf", "Cs"})


def visible(text: str) -> str:
    """Return text that cannot move the cursor or reverse the line: each control character is shown as a sign."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(character) in _FORMATTING else character
        for character in text.replace("\r\n", " ").replace("\n", " ").replace("\t", " ")
    )


def line(text: str = "", *, stream: TextIO | None = None) -> None:
    """Write one line at once; to standard output unless told otherwise."""
    out = stream or sys.stdout
    out.write(f"{text}\n")
    out.flush()


def write(text: str) -> None:
    """Write text to standard output exactly as it is, its line ends included."""
    sys.stdout.write(text)
    sys.stdout.flush()


def complain(text: str) -> None:
    """Write one line to standard error."""
    line(text, stream=sys.stderr)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, whole: Sequence[str] = ()) -> None:
    """Print a table as wide as the terminal (80 columns where there is none); columns ``whole`` never wrap."""
    cells = [["" if cell is None else visible(str(cell)) for cell in row] for row in rows]
    console = Console(highlight=False)
    drawn = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold", show_edge=False)
    texts = [[column, *(row[at] for row in cells)] for at, column in enumerate(columns)]
    widths = _widths(texts, room=console.width, whole=[column in whole for column in columns])
    for column, width in zip(columns, widths, strict=True):
        drawn.add_column(Text(column), no_wrap=column in whole, overflow="fold", width=width)
    for row in cells:
        drawn.add_row(*map(Text, row))
    console.print(drawn)


def labelled(rows: Iterable[tuple[str, str]], *, width: int = 14) -> None:
    """Print lines of which each has a label before it; a label that comes again at once is not repeated."""
    console = Console(highlight=False)
    drawn = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, show_header=False)
    drawn.add_column(width=width, overflow="fold")
    drawn.add_column(overflow="fold", width=max(20, console.width - width - _GAP))
    before = None
    for label, text in rows:
        drawn.add_row(Text("" if label == before else visible(label)), Text(visible(text)))
        before = label
    console.print(drawn)


def _widths(columns: Sequence[Sequence[str]], *, room: int, whole: Sequence[bool]) -> list[int | None]:
    """Return column widths that break no word; what is left goes to the longest texts. ``None``: impossible."""
    wanted = [max(map(cell_len, texts), default=1) for texts in columns]
    words = [max((cell_len(word) for text in texts for word in text.split()), default=1) for texts in columns]
    widths = [all_ if kept else word for all_, word, kept in zip(wanted, words, whole, strict=True)]
    left = room - sum(widths) - _GAP * (len(columns) - 1)
    if left < 0:
        widths, left = words, room - sum(words) - _GAP * (len(columns) - 1)
    if left < 0:
        return [None] * len(columns)
    while left > 0 and (short := [at for at in range(len(columns)) if widths[at] < wanted[at]]):
        widths[max(short, key=lambda at: wanted[at] / widths[at])] += 1
        left -= 1
    return list(widths)


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table in Markdown; bars inside cells are escaped."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(
        f"| {' | '.join(visible(str('' if cell is None else cell)).replace('|', chr(92) + '|') for cell in row)} |"
        for row in lines
    )


def json_value(value: object) -> object:
    """Return a value as JSON has it: datetimes in UTC by ISO 8601, sets sorted, everything else unchanged."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Mapping):
        return {str(key): json_value(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(str(item) for item in value)
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    return value


def show_json(value: Any) -> None:
    """Print a value as indented JSON."""
    line(json.dumps(json_value(value), indent=2, ensure_ascii=False))


def moment(at: datetime | None) -> str:
    """Return a time for tables: UTC, to the second; nothing for ``None``."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if at else ""


def short_moment(at: datetime | None) -> str:
    """Return a time for narrow columns: UTC, to the minute, without the year."""
    return at.astimezone(UTC).strftime("%m-%d %H:%M") if at else ""


def day_moment(at: datetime | None) -> str:
    """Return a time for tables about one case: UTC, to the second, without the year."""
    return at.astimezone(UTC).strftime("%m-%d %H:%M:%S") if at else ""


def span(seconds: float | None) -> str:
    """Return a length of time in at most two units, tenths below ten seconds; nothing for ``None``."""
    if seconds is None:
        return ""
    if seconds < 10:  # noqa: PLR2004 - shorter ones differ by less than a second
        return f"{seconds:.1f} s"
    whole = int(seconds)
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    parts = []
    for name, size in units:
        number, whole = divmod(whole, size)
        if number:
            parts.append(f"{number} {name}")
    return " ".join(parts[:2])
