"""``report``: how fast customers are answered, and which step takes the time."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer

from bots.commands.command import USAGE, HouseCommand, Refused
from bots.commands.options import DEFAULT_FILE, ConfigOption, JsonOption
from bots.commands.storage import Opened, opened
from bots.printing import complain, line, short_moment, show_json, span, table, write
from bots.spreadsheet import csv_text
from escalation.figure_words import badge_sentence, breaches_sentence, line_name, method_sentence
from escalation.figures import WITHIN_SECONDS, BadgeForecast, Line, Report, StepFigures
from escalation.language import Reader
from escalation.periods import USUAL, parse_moment
from escalation.quantities import duration_text
from escalation.reports import badge_forecasts, cases_behind
from escalation.reports import report as figures_of
from escalation.settings import Settings
from models.store.reports import Behind
from models.vocabulary import Grouping, Step

_MOMENTS: Final = "7d (midnight seven days ago), 36h, 2026-11-01 (its midnight), or an ISO time"
_LIMITS: Final = (
    *(duration_text(seconds) for seconds in WITHIN_SECONDS[:3]),
    "24h",
)  # "1d" would be taken for a working day
_SECONDS: Final = ("mean", "p50", "p90", "p99")


@dataclass(frozen=True)
class _Asked:
    """The question of one call, with its moments in UTC."""

    since: datetime
    until: datetime
    by: Grouping | None
    department: str | None
    step: Step | None
    business: bool

    @property
    def named(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("since", "until", "by", "department", "step", "business")}


def report(
    config: ConfigOption = DEFAULT_FILE,
    since: Annotated[str, typer.Option("--since", help=f"Begin here: {_MOMENTS}.", metavar="TIME")] = USUAL,
    until: Annotated[
        str | None, typer.Option("--until", help="End before this; now, unless given.", metavar="TIME")
    ] = None,
    by: Annotated[Grouping | None, typer.Option("--by", help="One line for each.")] = None,
    department: Annotated[str | None, typer.Option("--department", help="Only of this department.")] = None,
    step: Annotated[Step | None, typer.Option("--step", help="Only this step.")] = None,
    business: Annotated[
        bool, typer.Option("--business", help="Count opening hours instead of the customer's clock.")
    ] = False,
    group: Annotated[
        str | None, typer.Option("--group", help="Only the line of this group, as --csv and --json call it.")
    ] = None,
    cases: Annotated[bool, typer.Option("--cases", help="List the cases behind the figures instead.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many rows of --cases.")] = 10_000,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV for spreadsheets; times are UTC.")] = False,
    json: JsonOption = False,
) -> None:
    """Report response rate, step times, percentiles and targets of a period; local time is the organisation's."""
    if as_csv and json:
        raise Refused("choose one of --csv and --json", code=USAGE)
    if group is not None and by is None:
        raise Refused("--group names a line of --by; say by what", code=USAGE)
    written = (since, until, by, department, step, business)
    if cases:
        asyncio.run(_show_cases(config, written, group=group, limit=limit, form=_form(as_csv=as_csv, json=json)))
    else:
        asyncio.run(_show_figures(config, written, group=group, form=_form(as_csv=as_csv, json=json)))


_Written = tuple[str, str | None, Grouping | None, str | None, Step | None, bool]


def _form(*, as_csv: bool, json: bool) -> str:
    return "csv" if as_csv else "json" if json else "table"


def _asked(here: Opened, written: _Written) -> _Asked:
    """Read the moments; what cannot be meant is refused with a sentence."""
    since, until, by, department, step, business = written
    if department is not None and department not in here.settings.departments:
        known = ", ".join(here.settings.departments)
        raise Refused(f"there is no department “{department}” in the configuration; known are: {known}", code=USAGE)
    now, zone = here.clock.now(), here.settings.organisation.timezone
    try:
        first = parse_moment(since, now=now, timezone=zone)
        last = min(now, parse_moment(until, now=now, timezone=zone)) if until is not None else now
    except ValueError as error:
        raise Refused(str(error), code=USAGE) from None
    if first >= last:
        raise Refused("the period is empty: --since must be before --until, and not in the future", code=USAGE)
    return _Asked(first, last, by, department, step, business)


# --- figures ----------------------------------------------------------------------------------------------------------


async def _show_figures(config: Path, written: _Written, *, group: str | None, form: str) -> None:
    async with opened(config) as here:
        asked = _asked(here, written)
        found = await figures_of(here.database, here.settings, **asked.named)
        whole = asked.department is None and asked.step is None and group is None
        badges = await badge_forecasts(here.database, now=asked.until) if whole else ()
    lines = _lines(found, group)
    if form == "csv":
        write(csv_text(_CSV_COLUMNS, _csv_rows(found, lines)))
    elif form == "json":
        show_json(_facts(found, lines, badges, here.settings))
    else:
        _print(found, lines, badges, here.settings)


def _lines(found: Report, group: str | None) -> Sequence[Line]:
    """Return the lines to show, the one over all of them last."""
    if group is None:
        return (*found.lines, found.total)
    chosen = [one for one in found.lines if one.group == group]
    if not chosen:
        known = ", ".join(one.group for one in found.lines) or "none"
        raise Refused(f"no line of this report is called “{group}”; there are: {known}")
    return chosen


_CSV_COLUMNS: Final = (
    "since", "until", "by", "group", "step", "received", "answered", "dismissed", "spam", "response_rate",
    "count",
    *(f"{name}_seconds" for name in _SECONDS), "targeted", "met", "share_met",
    *(f"{kind}_{limit}" for limit in _LIMITS for kind in ("within", "share_within")), "open_breaches", "clock",
    "method",
)  # fmt: skip


def _csv_rows(found: Report, lines: Sequence[Line]) -> Iterator[tuple[object, ...]]:
    """Yield one row a line for its cases, and one for each of its steps; ``group`` is empty over all."""
    how = ("business" if found.business else "wall", found.method)
    nothing = (None,) * (len(_CSV_COLUMNS) - 10 - len(how))
    for one in lines:
        about = (found.since, found.until, found.by, one.group)
        if found.by != Grouping.STEP or not one.group:
            cases = (one.received, one.answered, one.dismissed, one.spam, one.response_rate)
            yield (*about, None, *cases, *nothing, *how)
        for figures in one.steps.values():
            shares = [value for pair in zip(figures.within, figures.shares_within, strict=True) for value in pair]
            yield (
                *about, figures.step.value, *(None,) * 5, figures.count, figures.mean, figures.p50, figures.p90,
                figures.p99, figures.targeted, figures.met, figures.share_met, *shares, figures.open_breaches, *how,
            )  # fmt: skip


def _facts(found: Report, lines: Sequence[Line], badges: Sequence[BadgeForecast], settings: Settings) -> dict[str, Any]:
    return {
        "since": found.since,
        "until": found.until,
        "timezone": settings.organisation.timezone,
        "by": found.by,
        "clock": "business" if found.business else "wall",
        "method": found.method,
        "count": found.cycles,
        "open_breaches": found.open_breaches,
        "lines": [_line_facts(one) for one in lines if one is not found.total],
        "total": _line_facts(found.total),
        "badges": [
            {
                "account": badge.account,
                "messages": badge.messages,
                "answered": badge.answered,
                "response_rate": badge.response_rate,
                "fastest_seconds": badge.fastest,
                "median_seconds": badge.median,
                "earned": badge.earned,
            }
            for badge in badges
        ],
    }


def _line_facts(one: Line) -> dict[str, Any]:
    return {
        "group": one.group,
        "received": one.received,
        "answered": one.answered,
        "dismissed": one.dismissed,
        "spam": one.spam,
        "response_rate": one.response_rate,
        "steps": {step.value: _step_facts(figures) for step, figures in one.steps.items()},
    }


def _step_facts(figures: StepFigures) -> dict[str, Any]:
    return {
        "count": figures.count,
        **{f"{name}_seconds": getattr(figures, name) for name in _SECONDS},
        "targeted": figures.targeted,
        "met": figures.met,
        "share_met": figures.share_met,
        "within": dict(zip(_LIMITS, figures.within, strict=True)),
        "open_breaches": figures.open_breaches,
    }


def _print(found: Report, lines: Sequence[Line], badges: Sequence[BadgeForecast], settings: Settings) -> None:
    zone = settings.organisation.timezone
    reader = Reader(timezone=zone)
    since, until = (at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M") for at in (found.since, found.until))
    line(f"{since} to {until} ({zone}), {'opening hours' if found.business else 'the clock of the customer'}")
    named = [(line_name(found.by, one.group, settings, reader) if one.group else "all", one) for one in lines]
    first = () if found.by is None else (found.by,)
    _print_cases(found, named, first)
    by_step = found.by == Grouping.STEP
    rows = [
        ((name,) if found.by and not by_step else (), figures)
        for name, one in named
        if not by_step or one.group
        for figures in one.steps.values()
    ]
    if not rows:
        line("\nNo step ended in this period, and none is late.")
    else:
        first = () if by_step else first
        _print_steps(rows, first)
        line(f"\n{reader.read(method_sentence(found))}")
        line(reader.read(breaches_sentence(found)))
    for badge in badges:
        line(reader.read(badge_sentence(badge, badge.account)))


def _print_cases(found: Report, named: Sequence[tuple[str, Line]], first: tuple[str, ...]) -> None:
    if found.by == Grouping.STEP:
        named, first = [("", found.total)], ()
    line()
    table(
        (*first, "received", "answered", "dismissed", "spam", "rate"),
        [
            (
                *((name,) if first else ()),
                one.received,
                one.answered,
                one.dismissed,
                one.spam,
                _percent(one.response_rate),
            )
            for name, one in named
        ],
        whole=("received", "answered", "dismissed", "spam", "rate"),
    )


def _print_steps(rows: Sequence[tuple[tuple[str, ...], StepFigures]], first: tuple[str, ...]) -> None:
    line()
    table(
        (*first, "step", "n", "mean", "p50", "p90", "p99", "open"),
        [
            (*name, one.step.value, one.count, *(span(getattr(one, key)) for key in _SECONDS), one.open_breaches or "")
            for name, one in rows
        ],
        whole=("step", "n", "open"),
    )
    line()
    table(
        (*first, "step", "n", "in time", "≤ 10 min", "≤ 1 h", "≤ 4 h", "≤ 24 h"),
        [
            (*name, one.step.value, one.count, _percent(one.share_met), *map(_percent, one.shares_within))
            for name, one in rows
            if one.count
        ],
        whole=("step", "n"),
    )


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


# --- the cases behind them --------------------------------------------------------------------------------------------

_BEHIND: Final = ("group", "what", "case", "started_at", "ended_at", "due_at", "seconds", "in_time")


async def _show_cases(config: Path, written: _Written, *, group: str | None, limit: int, form: str) -> None:
    async with opened(config) as here:
        asked = _asked(here, written)
        try:
            found = await cases_behind(here.database, here.settings, group=group, limit=limit + 1, **asked.named)
        except ValueError as error:
            raise Refused(str(error), code=USAGE) from None
    rows = [_behind(row) for row in found[:limit]]
    if form == "csv":
        write(csv_text(_BEHIND, rows))
    elif form == "json":
        show_json([dict(zip(_BEHIND, row, strict=True)) for row in rows])
    elif rows:
        shown = [
            (*((group,) if asked.by else ()), what, case, *map(short_moment, (started, ended, due)), span(took))
            for group, what, case, started, ended, due, took, _ in rows
        ]
        first = (asked.by.value,) if asked.by else ()
        table((*first, "what", "case", "started", "ended", "due", "took"), shown, whole=("case",))
    else:
        line("There is no case behind these figures.")
    if len(found) > limit:
        complain(f"only the first {limit} rows; --limit gives more")


def _behind(row: Behind) -> tuple[Any, ...]:
    what = "received" if row.step is None else row.step.value if row.ended_at else f"{row.step.value}, late"
    in_time = None
    if row.due_at is not None:
        in_time = row.ended_at is not None and row.ended_at <= row.due_at
    return row.group, what, row.case_id, row.started_at, row.ended_at, row.due_at, row.seconds, in_time


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(cls=HouseCommand)(report)
