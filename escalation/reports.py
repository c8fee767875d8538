"""The one place where figures are asked for: the report of the command line, its CSV and JSON, and digests.

A cycle of a step counts in the period in which it ended as done; cancelled ones never count. A case counts in the
period in which it was received. How a figure is defined stands with it in ``escalation.figures``.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal, Protocol

from escalation import badge
from escalation.digesting import Counting
from escalation.figures import UNKNOWN, WITHIN_SECONDS, BadgeForecast, Line, Report, StepFigures
from escalation.percentiles import PERCENTS, bucket, expectation, interpolated, of_buckets
from escalation.periods import utc_offsets
from escalation.rolling_up import stretches
from escalation.settings import Settings
from models.store import Transaction
from models.store.questions import Question
from models.store.reports import Behind, CaseCount, StepCount
from models.store.rollup import ROLLED_GROUPS
from models.vocabulary import Grouping, Step, TimeKind

MOST_EXACT: Final = 1_000_000
"""Up to so many cycles a question is answered from the rows themselves."""
_MOST_WAITING: Final = 100_000
"""With more cycles than these not rolled up yet the roll-up would save nothing."""

_HOURS_A_DAY: Final = 24

Method = Literal["exact", "rolled up"]


class ReportStorage(Protocol):
    """What reports need of the database."""

    def read_at_length(self) -> Any:
        """Open a reading transaction in which all statements see the same rows."""


def counting_by_rows(storage: ReportStorage, settings: Settings) -> Counting:
    """Return what counts the figures of digests: the same reports that everybody can ask for."""

    async def count(*, since: datetime, until: datetime, by: str | None) -> Report:
        return await report(storage, settings, since=since, until=until, by=Grouping(by) if by else None)

    return count


async def report(
    storage: ReportStorage,
    settings: Settings,
    *,
    since: datetime,
    until: datetime,
    by: Grouping | None = None,
    department: str | None = None,
    step: Step | None = None,
    business: bool = False,
    method: Method | None = None,
) -> Report:
    """Return the figures from ``since`` (included) to ``until`` (excluded, not after now), both aware.

    ``by``: one line for each group, sorted; ``department`` and ``step`` narrow. ``business``: seconds of opening hours
    instead of the customer's clock. ``method``: as fits the number of rows, unless given.

    Raises:
        StorageUnavailableError: the database is away, or needed more than a minute for one question.
        ValueError: the period is empty or backwards, or the roll-up is wanted for what it does not tell apart.

    """
    question = _question(settings, since=since, until=until, by=by, department=department, step=step, business=business)
    if method == "rolled up" and by not in ROLLED_GROUPS:
        raise ValueError(f"the roll-up does not tell apart by {by}")
    async with storage.read_at_length() as tx:
        method = method or await _method(tx, question)
        cases = await tx.reports.received(question)
        overdue = await tx.reports.overdue(question)
        if method == "exact":
            total = _exact(await tx.reports.steps(replace(question, by=None), PERCENTS))
            in_one = by is None or by is Grouping.STEP
            figures = total if in_one else _exact(await tx.reports.steps(question, PERCENTS))
        else:
            tallies = await _tallies(tx, question)
            figures = {key: tally.figures(key[1]) for key, tally in tallies.items()}
            total = {key: tally.figures(key[1]) for key, tally in _merged(tallies).items()}
    return _assembled(question, method, figures, total, overdue, cases)


async def cases_behind(
    storage: ReportStorage,
    settings: Settings,
    *,
    since: datetime,
    until: datetime,
    by: Grouping | None = None,
    department: str | None = None,
    step: Step | None = None,
    business: bool = False,
    group: str | None = None,
    limit: int = 100_000,
) -> list[Behind]:
    """Return the rows that the figures of the same question count, at most ``limit``; ``group``: only of that line.

    Raises:
        StorageUnavailableError: the database is away, or needed more than a minute for one question.
        ValueError: the period is empty or backwards, or no line could be called so.

    """
    if by is Grouping.STEP and group is not None:
        if group not in set(Step):
            raise ValueError(f'there is no step "{group}"; there are: {", ".join(Step)}')
        step, group = Step(group), None
    question = _question(settings, since=since, until=until, by=by, department=department, step=step, business=business)
    if by is not None and group is not None:
        question = replace(question, only=(_group(by, group),))
    async with storage.read_at_length() as tx:
        rows = await tx.reports.behind(question, limit=limit)
    if by is Grouping.STEP:
        return [replace(row, group=row.step.value if row.step else "") for row in rows]
    return [replace(row, group=_name(question, row.group)) for row in rows]


async def badge_forecasts(storage: ReportStorage, *, now: datetime) -> tuple[BadgeForecast, ...]:
    """Return what Facebook's badge would make of each account that gets private messages, see ``escalation.badge``."""
    async with storage.read_at_length() as tx:
        messages = await tx.reports.private_messages(since=now - badge.PERIOD - badge.SILENCE, until=now)
    return badge.forecasts(messages, now=now)


def _question(
    settings: Settings,
    *,
    since: datetime,
    until: datetime,
    by: Grouping | None,
    department: str | None,
    step: Step | None,
    business: bool,
) -> Question:
    if since >= until:
        raise ValueError("the period is empty: it must begin before it ends")
    zone = settings.organisation.timezone
    return Question(
        since=since,
        until=until,
        by=by,
        department=department,
        step=step,
        kind=TimeKind.BUSINESS if business else TimeKind.WALL,
        limits=WITHIN_SECONDS,
        offsets=utc_offsets(zone, since, until) if by is Grouping.HOUR else (),
    )


async def _method(tx: Transaction, question: Question) -> Method:
    if question.by not in ROLLED_GROUPS or not stretches(question.since, question.until):
        return "exact"
    if await tx.reports.count(question, up_to=MOST_EXACT + 1) <= MOST_EXACT:
        return "exact"
    waiting = await tx.rollup.count_waiting(question, up_to=_MOST_WAITING + 1)
    return "rolled up" if waiting <= _MOST_WAITING else "exact"


Figures = Mapping[tuple[Any, Step], StepFigures]


def _exact(counts: Iterable[StepCount]) -> Figures:
    found = {}
    for count in counts:
        p50, p90, p99 = (
            interpolated(low, high, percent=percent, count=count.count) / 1_000_000
            for percent, (low, high) in zip(PERCENTS, count.nearest, strict=True)
        )
        mean = count.microseconds / count.count / 1_000_000
        found[count.group, count.step] = StepFigures(
            count.step, count.count, mean, p50, p90, p99, count.targeted, count.met, _four(count.within), 0
        )
    return found


@dataclass
class _Tally:
    """What cells and single cycles add up to."""

    buckets: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    within: list[int] = field(default_factory=lambda: [0] * (len(WITHIN_SECONDS) + 1))
    microseconds: int = 0
    targeted: int = 0
    met: int = 0

    def add(self, number: int, place: int, count: int, microseconds: int, targeted: int, met: int) -> None:
        self.buckets[number] += count
        self.within[place] += count
        self.microseconds += microseconds
        self.targeted += targeted
        self.met += met

    def take(self, other: "_Tally") -> None:
        for number, count in other.buckets.items():
            self.buckets[number] += count
        self.within = [mine + theirs for mine, theirs in zip(self.within, other.within, strict=True)]
        self.microseconds += other.microseconds
        self.targeted += other.targeted
        self.met += other.met

    def figures(self, step: Step) -> StepFigures:
        count = sum(self.within)
        p50, p90, p99 = (length / 1_000_000 for length in of_buckets(self.buckets))
        at_most = _four([sum(self.within[: place + 1]) for place in range(len(WITHIN_SECONDS))])
        mean = self.microseconds / count / 1_000_000
        return StepFigures(step, count, mean, p50, p90, p99, self.targeted, self.met, at_most, 0)


async def _tallies(tx: Transaction, question: Question) -> dict[tuple[Any, Step], _Tally]:
    """Add up whole cells, and the cycles that are in none of them: at the edges, or not rolled up yet."""
    found: defaultdict[tuple[Any, Step], _Tally] = defaultdict(_Tally)
    covered = stretches(question.since, question.until)
    for stretch in covered:
        for group, step, *sums in await tx.rollup.sums(question, stretch.span, stretch.starts):
            found[group, step].add(*sums)
    since, until = (covered[0].since, covered[-1].until) if covered else (question.until, question.until)
    for cycle in await tx.reports.remainder(question, since=since, until=until):
        place = bucket(cycle.microseconds), expectation(cycle.microseconds, WITHIN_SECONDS)
        found[cycle.group, cycle.step].add(*place, 1, cycle.microseconds, cycle.targeted, cycle.met)
    return dict(found)


def _merged(tallies: Mapping[tuple[Any, Step], _Tally]) -> dict[tuple[Any, Step], _Tally]:
    found: defaultdict[tuple[Any, Step], _Tally] = defaultdict(_Tally)
    for (_, step), tally in tallies.items():
        found["", step].take(tally)
    return dict(found)


def _assembled(
    question: Question,
    method: Method,
    figures: Figures,
    total: Figures,
    overdue: Mapping[tuple[Any, Step], int],
    cases: Sequence[CaseCount],
) -> Report:
    late_in_all: defaultdict[Any, int] = defaultdict(int)
    for (_, step), count in overdue.items():
        late_in_all["", step] += count
    whole = _line("", cases, _steps("", total, late_in_all))
    if question.by is None:
        lines: tuple[Line, ...] = ()
    elif question.by is Grouping.STEP:
        lines = tuple(Line(step.value, 0, 0, {step: found}) for step, found in whole.steps.items())
    else:
        by_group = {count.group: [count] for count in cases}
        groups = {group for group, _ in (*figures, *overdue)} | set(by_group)
        lines = tuple(
            sorted(
                (
                    _line(_name(question, group), by_group.get(group, []), _steps(group, figures, overdue))
                    for group in groups
                ),
                key=lambda line: (not line.group.isdigit(), len(line.group) if line.group.isdigit() else 0, line.group),
            )
        )
    by = question.by.value if question.by else None
    return Report(question.since, question.until, by, method, lines, whole, business=question.kind is TimeKind.BUSINESS)


def _line(name: str, cases: Iterable[CaseCount], steps: Mapping[Step, StepFigures]) -> Line:
    counts = [(one.received, one.answered, one.dismissed, one.spam) for one in cases]
    received, answered, dismissed, spam = (sum(numbers) for numbers in zip((0, 0, 0, 0), *counts, strict=True))
    return Line(name, received, answered, steps, dismissed=dismissed, spam=spam)


def _steps(group: Any, figures: Figures, overdue: Mapping[tuple[Any, Step], int]) -> dict[Step, StepFigures]:
    """Return a group's figures in the order of the steps, those with nothing but overdue cycles too."""
    found = {}
    for step in Step:
        late, own = overdue.get((group, step), 0), figures.get((group, step))
        if own is None and late:
            own = StepFigures(step, 0, None, None, None, None, 0, 0, (0, 0, 0, 0), 0)
        if own is not None:
            found[step] = replace(own, open_breaches=late)
    return found


def _name(question: Question, group: Any) -> str:
    """Return the group of a line as text: hours of the week as ISO weekday and hour, ``1-09`` for Monday at nine."""
    if group is None:
        return UNKNOWN
    if question.by is Grouping.HOUR:
        day, hour = divmod(int(group), _HOURS_A_DAY)
        return f"{day + 1}-{hour:02d}"
    return str(group)


def _group(by: Grouping, name: str) -> str | int | None:
    """Return the group that a line is called after; the inverse of ``_name``."""
    if name == UNKNOWN:
        return None
    if by is not Grouping.HOUR:
        return name
    day, dash, hour = name.partition("-")
    if not (dash and day in set("1234567") and hour.isdecimal() and int(hour) < _HOURS_A_DAY):
        raise ValueError(f'"{name}" is no hour of the week; write it like "1-09" for Monday at nine')
    return _HOURS_A_DAY * (int(day) - 1) + int(hour)


def _four(numbers: Sequence[int]) -> tuple[int, int, int, int]:
    first, second, third, fourth = numbers
    return first, second, third, fourth
