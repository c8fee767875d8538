"""Counts the figures of a time from every row, in plain Python: slow, and easy to believe."""

import statistics
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, select

from escalation.figures import WITHIN_SECONDS, Line, Report, StepFigures
from escalation.settings import Settings
from models.case import Case
from models.clocks import StepClock
from models.database import Database
from models.vocabulary import DismissReason, Step, StepOutcome


class PlainCounting:
    """Implements ``escalation.digesting.Counting``; ``asked`` keeps every question."""

    def __init__(self, database: Database, settings: Settings | None = None) -> None:
        self.database = database
        self.asked: list[tuple[datetime, datetime, str | None]] = []

    async def __call__(self, *, since: datetime, until: datetime, by: str | None) -> Report:
        assert since < until
        self.asked.append((since, until, by))
        async with self.database.read() as tx:
            cases = (await tx.session.exec(select(Case).order_by(col(Case.id)))).all()
            clocks = (await tx.session.exec(select(StepClock).order_by(col(StepClock.id)))).all()
        received = [case for case in cases if since <= case.received_at < until]
        groups = sorted({row.department for row in (*received, *clocks)}) if by == "department" else []
        lines = [
            line(
                group,
                [case for case in received if case.department == group],
                [clock for clock in clocks if clock.department == group],
                since,
                until,
            )
            for group in groups
        ]
        return Report(since, until, by, "exact", tuple(lines), line("", received, clocks, since, until))


def line(group: str, cases: Sequence[Case], clocks: Sequence[StepClock], since: datetime, until: datetime) -> Line:
    steps = {step: figures(step, [clock for clock in clocks if clock.step is step], since, until) for step in Step}
    answered = sum(case.answered_at is not None for case in cases)
    dismissed = [case.dismiss_reason for case in cases if case.dismiss_reason and case.answered_at is None]
    return Line(
        group,
        len(cases),
        answered,
        {step: found for step, found in steps.items() if found is not None},
        dismissed=len(dismissed),
        spam=dismissed.count(DismissReason.SPAM),
    )


def figures(step: Step, clocks: Sequence[StepClock], since: datetime, until: datetime) -> StepFigures | None:
    done = [
        clock
        for clock in clocks
        if clock.outcome is StepOutcome.DONE and clock.ended_at is not None and since <= clock.ended_at < until
    ]
    late = [
        clock
        for clock in clocks
        if clock.due_at is not None and clock.due_at < until and (clock.ended_at is None or clock.ended_at >= until)
    ]
    if not done and not late:
        return None
    seconds = [clock.wall_seconds or 0.0 for clock in done]
    targeted = [clock for clock in done if clock.due_at is not None]
    return StepFigures(
        step=step,
        count=len(done),
        mean=statistics.fmean(seconds) if seconds else None,
        p50=part(seconds, 50),
        p90=part(seconds, 90),
        p99=part(seconds, 99),
        targeted=len(targeted),
        met=sum(clock.ended_at <= clock.due_at for clock in targeted),
        within=tuple(sum(value <= most for value in seconds) for most in WITHIN_SECONDS),
        open_breaches=len(late),
    )


def part(values: Sequence[float], percent: int) -> float | None:
    if len(values) < 2:
        return values[0] if values else None
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
