"""Draws the charts of a digest as PNG: the only place that knows a charting library.

A chart stands in chats of light and of dark colours, so it brings its own: dark ink on an opaque pale card with round
corners and an edge. What is shown by a colour is shown by a number, a pattern or a word as well. It is as wide as a
phone shows it sharply, and its smallest letters are as large as the text around it there.

The library takes a second to import and a quarter of one to draw, so it is imported when first needed, and drawing
belongs into a thread. It is not made for several threads at once: they wait for each other here.
"""

import io
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from escalation.language import Reader
from escalation.views import BarChart, Chart, Column, ColumnChart

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH: Final = 1080
"""Pixels: a phone shows a picture about 360 points wide, with three pixels a point."""
_DOTS: Final = 100
_SCALE: Final = 72 / _DOTS
"""Points per pixel: the library counts letters in points of 1/72 inch."""
_MARGIN: Final = 36
_LETTERS: Final = 34
_TITLE: Final = 40
_ROW: Final = 112
_BAR: Final = 44
PAPER: Final = "#fbfaf8"
EDGE: Final = "#8a8580"
INK: Final = "#1d1c1d"
QUIET: Final = "#57534e"
STRONG: Final = "#1d5b8f"
MARKED: Final = "#a8321e"
PALE: Final = "#d9e2ea"

_one_at_a_time = threading.Lock()


def draw(chart: Chart, reader: Reader) -> bytes:
    """Return the chart as a PNG file, in the reader's language. Slow: call it in a thread."""
    with _one_at_a_time:
        if isinstance(chart, BarChart):
            return _bars(chart, reader)
        return _columns(chart, reader)


def in_words(chart: Chart, reader: Reader) -> str:
    """Return what the chart shows, for those who do not see it."""
    read = reader.read
    if isinstance(chart, BarChart):
        said = []
        for bar in chart.bars:
            marked = f", {read(bar.mark)}" if bar.mark else ""
            before = f", {read(chart.before)} {round(100 * bar.before)} %" if bar.before is not None else ""
            said.append(f"{read(bar.label)} {read(bar.said)}{marked}{before}")
        return f"{read(chart.title)}: {'; '.join(said)}."
    said = []
    for column in chart.columns:
        line = f"{read(column.label)}: {read(column.said)}"
        if column.seconds is not None:
            line += f", {reader.duration(timedelta(seconds=round(column.seconds)))}"
        said.append(line)
    return f"{read(chart.title)}. {read(chart.seconds)}. {'; '.join(said)}."


# --- shares -----------------------------------------------------------------------------------------------------------


def _bars(chart: BarChart, reader: Reader) -> bytes:
    read, rows = reader.read, len(chart.bars)
    height = _MARGIN * 2 + _TITLE + 70 + rows * _ROW
    figure, axes = _sheet(height)
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(height, 0)
    _text(axes, _MARGIN, _MARGIN + _TITLE, read(chart.title), size=_TITLE, bold=True)
    left, right = _MARGIN, WIDTH - _MARGIN
    top = _MARGIN + _TITLE + 44
    for number, bar in enumerate(chart.bars):
        y = top + number * _ROW
        label = f"{read(bar.label)} · {read(bar.mark)}" if bar.mark else read(bar.label)
        _text(axes, left, y + 32, label, bold=bar.mark is not None)
        _text(axes, right, y + 32, read(bar.said), align="right", bold=bar.mark is not None)
        colour = MARKED if bar.mark else STRONG
        below = y + 46
        _box(axes, left, below, right - left, _BAR, face=PALE)
        _box(axes, left, below, (right - left) * bar.share, _BAR, face=colour, hatch="//" if bar.mark else None)
        if bar.before is not None:
            x = left + (right - left) * bar.before
            axes.plot([x, x], [below - 7, below + _BAR + 7], color=PAPER, linewidth=11 * _SCALE, solid_capstyle="butt")
            axes.plot([x, x], [below - 7, below + _BAR + 7], color=INK, linewidth=5 * _SCALE, solid_capstyle="butt")
    if any(bar.before is not None for bar in chart.bars):
        y = top + rows * _ROW + 26
        axes.plot([left + 3, left + 3], [y - 28, y + 4], color=INK, linewidth=5 * _SCALE, solid_capstyle="butt")
        _text(axes, left + 20, y, read(chart.before), colour=QUIET)
    return _png(figure)


# --- days -------------------------------------------------------------------------------------------------------------


def _columns(chart: ColumnChart, reader: Reader) -> bytes:
    read = reader.read
    upper, lower, letters = 330, 210, _LETTERS + 16
    height = _MARGIN * 2 + _TITLE + 58 + 60 + _LETTERS + upper + letters + 36 + lower + 40
    figure, axes = _sheet(height)
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(height, 0)
    left, right = _MARGIN, WIDTH - _MARGIN
    _text(axes, left, _MARGIN + _TITLE, read(chart.title), size=_TITLE, bold=True)
    y = _MARGIN + _TITLE + 58
    _box(axes, left, y - 26, 30, 30, face=PALE, edge=STRONG)
    _text(axes, left + 44, y, read(chart.whole), colour=QUIET)
    middle = left + 70 + _width(read(chart.whole)) + 30
    _box(axes, middle, y - 26, 30, 30, face=STRONG)
    _text(axes, middle + 44, y, read(chart.done), colour=QUIET)
    floor = y + 60 + upper + (_LETTERS if any(len(_counts(column)) > 1 for column in chart.columns) else 0)
    step = (right - left) / len(chart.columns)
    most = max(max(column.whole, column.done) for column in chart.columns) or 1
    for number, column in enumerate(chart.columns):
        centre, width = left + step * (number + 0.5), min(step * 0.62, 110)
        tall = upper * column.whole / most
        _box(axes, centre - width / 2, floor - tall, width, tall, face=PALE, edge=STRONG)
        done = upper * column.done / most
        _box(axes, centre - width / 2, floor - done, width, done, face=STRONG)
        for line, said in enumerate(reversed(_counts(column))):
            _text(axes, centre, floor - tall - 12 - line * (_LETTERS + 6), said, align="center", bold=True)
        _text(axes, centre, floor + letters, read(column.label), align="center")
    axes.plot([left, right], [floor, floor], color=INK, linewidth=2 * _SCALE)
    _stems(axes, chart, reader, left=left, step=step, top=floor + letters + 36, tall=lower)
    return _png(figure)


def _stems(
    axes: "Axes", chart: ColumnChart, reader: Reader, *, left: float, step: float, top: float, tall: float
) -> None:
    """Draw the lengths of time as dots on stems, each with its number."""
    _text(axes, left, top + _TITLE, reader.read(chart.seconds), bold=True)
    longest = max((column.seconds or 0 for column in chart.columns), default=0) or 1
    floor, room = top + tall + 24, tall - 90
    for number, column in enumerate(chart.columns):
        x = left + step * (number + 0.5)
        if column.seconds is None:
            _text(axes, x, floor - 14, "—", align="center", colour=QUIET)
            continue
        y = floor - 10 - room * column.seconds / longest
        axes.plot([x, x], [floor, y], color=STRONG, linewidth=8 * _SCALE, solid_capstyle="butt")
        axes.plot([x], [y], color=STRONG, marker="o", markersize=22 * _SCALE)
        _text(axes, x, y - 22, _short(column.seconds), align="center", size=_LETTERS - 4)
    axes.plot([left, left + step * len(chart.columns)], [floor, floor], color=INK, linewidth=2 * _SCALE)


def _counts(column: Column) -> list[str]:
    """Return what stands over a column, on two lines where one would reach into its neighbours."""
    if not column.whole:
        return ["0"]
    told = f"{column.done}/{column.whole}"
    return [told] if len(told) <= 7 else [f"{column.done}", f"/{column.whole}"]  # noqa: PLR2004


def _short(seconds: float) -> str:
    """Return a length of time in one unit, or in hours and minutes, as narrow as a column."""
    whole = round(seconds)
    if whole < 60:  # noqa: PLR2004
        return f"{whole} s"
    minutes = round(seconds / 60)
    if minutes < 60:  # noqa: PLR2004
        return f"{minutes} min"
    return f"{minutes // 60}:{minutes % 60:02} h"


# --- the library ------------------------------------------------------------------------------------------------------


def _sheet(height: float) -> "tuple[Figure, Axes]":
    """Return an empty card and what draws on it; a pixel is a unit, and y grows downwards."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - slow, and most processes draw nothing
    from matplotlib.figure import Figure  # noqa: PLC0415
    from matplotlib.patches import FancyBboxPatch  # noqa: PLC0415

    figure = Figure(figsize=(WIDTH / _DOTS, height / _DOTS), dpi=_DOTS, facecolor="none")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    card = FancyBboxPatch(
        (3, 3), WIDTH - 6, height - 6, boxstyle="round,pad=0,rounding_size=28", facecolor=PAPER, edgecolor=EDGE
    )
    card.set_linewidth(2 * _SCALE)
    axes.add_patch(card)
    return figure, axes


def _text(
    axes: "Axes",
    x: float,
    y: float,
    text: str,
    *,
    size: int = _LETTERS,
    align: str = "left",
    bold: bool = False,
    colour: str = INK,
) -> None:
    """Write one line; ``y`` is where its letters stand. Nothing in it is read as a formula."""
    axes.text(
        x,
        y,
        text,
        fontsize=size * _SCALE,
        ha=align,
        va="baseline",
        color=colour,
        fontweight="bold" if bold else "normal",
        fontfamily="DejaVu Sans",
        parse_math=False,
    )


def _width(text: str) -> float:
    """Return how many pixels wide a line is."""
    from matplotlib.textpath import TextPath  # noqa: PLC0415

    extents: Any = TextPath((0, 0), text, size=_LETTERS).get_extents()
    return float(extents.width)


def _box(
    axes: "Axes",
    x: float,
    y: float,
    width: float,
    height: float,
    *,
    face: str,
    edge: str | None = None,
    hatch: str | None = None,
) -> None:
    from matplotlib.patches import Rectangle  # noqa: PLC0415

    box = Rectangle((x, y), width, height, facecolor=face, edgecolor=edge or (PAPER if hatch else face), hatch=hatch)
    box.set_linewidth(3 * _SCALE if edge else 0)
    axes.add_patch(box)


def _png(figure: "Figure") -> bytes:
    out = io.BytesIO()
    figure.savefig(out, format="png", transparent=False)
    return out.getvalue()
