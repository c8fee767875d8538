"""What a digest tells: the figures, as they were counted, and from them what colleagues see. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from pydantic import TypeAdapter

from escalation.digest_times import Period
from escalation.figures import Line, Report
from escalation.language import Day, Sentence, say
from escalation.steps import STEP_LABELS
from escalation.views import Bar, BarChart, Chart, Column, ColumnChart, DigestView, Figure, FigureLine
from models.store.digests import Waiting
from models.vocabulary import DigestKind, Step

MOST_DEPARTMENTS: Final = 12
WORK_STEPS: Final = (Step.ROUTE, Step.ACKNOWLEDGE, Step.ANSWER, Step.APPROVE, Step.RELAY)
"""The steps that are work of somebody, one after the other; the others span several of them."""
_SHORT_ID: Final = 8


@dataclass(frozen=True)
class GroupFigures:
    """The figures of a department, a day, or everything: wall seconds of first responses, ``late`` steps at present.

    ``spam``: how many of the received cases were ended as that, without a reply.
    """

    group: str
    received: int
    answered: int
    median: float | None
    p90: float | None
    late: int = 0
    spam: int = 0

    @property
    def rate(self) -> int | None:
        """Return how many of a hundred cases have had a reply, spam left out; ``None`` where there is no other."""
        return percent(self.answered, self.received - self.spam)


@dataclass(frozen=True)
class StepShare:
    """How many cycles of a step had a target and how many met it, now and in the time before; median in seconds."""

    step: Step
    targeted: int
    met: int
    median: float | None
    targeted_before: int = 0
    met_before: int = 0


@dataclass(frozen=True)
class Digest:
    """The figures of one digest, kept with the effect that carries it: what is sent late is what was counted.

    ``first`` to ``last`` are local days, ``counted_at`` is UTC; ``late`` counts running steps past their due time then.
    """

    kind: DigestKind
    first: date
    last: date
    counted_at: datetime
    total: GroupFigures
    before: GroupFigures
    departments: tuple[GroupFigures, ...] = ()
    days: tuple[tuple[date, GroupFigures], ...] = ()
    steps: tuple[StepShare, ...] = ()
    late: Mapping[Step, int] = field(default_factory=dict)
    waiting: Waiting | None = None
    rolled_up: bool = False

    def payload(self) -> dict[str, Any]:
        """Return the figures as JSON."""
        written: dict[str, Any] = _adapter.dump_python(self, mode="json")
        return written

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> "Digest":
        """Return the figures that ``payload`` holds. Raises ``ValueError`` where another version has written it."""
        return _adapter.validate_python(payload)


_adapter: TypeAdapter[Digest] = TypeAdapter(Digest)


@dataclass(frozen=True)
class Counted:
    """The reports that a digest is made of: of its time by department, of the time before, of each day, of now."""

    period: Report
    before: Report
    now: Report
    days: tuple[tuple[date, Report], ...] = ()


def digest_of(
    kind: DigestKind, period: Period, counted: Counted, *, waiting: Waiting | None, counted_at: datetime
) -> Digest:
    """Return what a digest tells, from the reports of its time and of the time before."""
    this, before = counted.period.total, counted.before.total
    late_by_department = {line.group: _late(line) for line in counted.now.lines}
    known = {line.group: line for line in counted.period.lines}
    departments = [
        _figures(known.get(group) or Line(group, 0, 0), late=late_by_department.get(group, 0))
        for group in {**known, **late_by_department}
    ]
    reports = (counted.period, counted.before, counted.now, *(report for _, report in counted.days))
    return Digest(
        kind=kind,
        first=period.first,
        last=period.last,
        counted_at=counted_at,
        total=_figures(this, late=_late(counted.now.total)),
        before=_figures(before),
        departments=tuple(
            sorted(
                (figures for figures in departments if figures.received or figures.late),
                key=lambda figures: (-figures.late, -figures.received, figures.group),
            )
        ),
        days=tuple((day, _figures(report.total)) for day, report in counted.days),
        steps=_shares(this, before),
        late={step: figures.open_breaches for step, figures in counted.now.total.steps.items()},
        waiting=waiting,
        rolled_up=any(report.method != "exact" for report in reports),
    )


def percent(part: int, whole: int) -> int | None:
    """Return how many of a hundred, rounded so that 100 means all and 0 means none; ``None`` of nothing."""
    if not whole:
        return None
    rounded = round(100 * part / whole)
    if 0 < part < whole:
        return min(99, max(1, rounded))
    return rounded


def _figures(line: Line, *, late: int = 0) -> GroupFigures:
    first = line.steps.get(Step.FIRST_RESPONSE)
    return GroupFigures(
        line.group,
        line.received,
        line.answered,
        first.p50 if first else None,
        first.p90 if first else None,
        late,
        line.spam,
    )


def _late(line: Line) -> int:
    return sum(figures.open_breaches for figures in line.steps.values())


def _shares(this: Line, before: Line) -> tuple[StepShare, ...]:
    shares: list[StepShare] = []
    for step in Step:
        now, then = this.steps.get(step), before.steps.get(step)
        if now is not None and now.count:
            was = (then.targeted, then.met) if then else (0, 0)
            shares.append(StepShare(step, now.targeted, now.met, now.p50, *was))
    return tuple(shares)


# --- what is seen of it -----------------------------------------------------------------------------------------------


def digest_view(digest: Digest, label: Callable[[str], str]) -> DigestView:
    """Return what colleagues see; ``label``: how people call a department."""
    shown = digest.departments[:MOST_DEPARTMENTS]
    left_out = len(digest.departments) - len(shown)
    return DigestView(
        headline=_headline(digest),
        summary=_summary(digest),
        figures=_headline_figures(digest.total, digest.before),
        urgent=_urgent(digest, label),
        slowest=_slowest_sentence(digest.steps),
        steps=tuple(_step_line(share) for share in digest.steps if share.targeted),
        departments=tuple(FigureLine(label(figures.group), _group_parts(figures)) for figures in shown),
        further=say("Further departments: {count}", count=left_out) if left_out else None,
        days=tuple(FigureLine(_day(day), _group_parts(figures)) for day, figures in digest.days),
        notes=_notes(digest),
        chart=_chart(digest),
    )


def _headline(digest: Digest) -> Sentence:
    if digest.kind is DigestKind.DAILY:
        return say("Daily digest: {day}", day=Day(digest.last))
    return say("Weekly digest: {first} to {last}", first=Day(digest.first), last=Day(digest.last))


def _summary(digest: Digest) -> Sentence:
    total = digest.total
    if total.rate is None:
        return say("No customer wrote. Open breaches: {late}.", late=total.late)
    if total.median is None:
        return say(
            "{received} received, {answered} answered ({rate} %). Open breaches: {late}.",
            received=total.received,
            answered=total.answered,
            rate=total.rate,
            late=total.late,
        )
    return say(
        "{received} received, {answered} answered ({rate} %), median first response {median}. Open breaches: {late}.",
        received=total.received,
        answered=total.answered,
        rate=total.rate,
        median=_span(total.median),
        late=total.late,
    )


def _headline_figures(this: GroupFigures, before: GroupFigures) -> tuple[Figure, ...]:
    received = say("case received") if this.received == 1 else say("cases received")
    answered = say("has had a reply") if this.answered == 1 else say("have had a reply")
    figures = [
        Figure(_number(this.received), received, _count_change(this.received, before.received)),
        Figure(_number(this.answered), answered, _count_change(this.answered, before.answered)),
    ]
    if this.rate is not None:
        figures.append(Figure(_percent(this.rate), say("response rate"), _rate_change(this.rate, before.rate)))
    if this.median is not None:
        change = _span_change(this.median, before.median)
        figures.append(Figure(_length(this.median), say("median first response"), change))
    if this.p90 is not None:
        change = _span_change(this.p90, before.p90)
        figures.append(Figure(_length(this.p90), say("or less for 9 in 10 of them"), change))
    return tuple(figures)


def _urgent(digest: Digest, label: Callable[[str], str]) -> tuple[FigureLine, ...]:
    late = tuple(
        say("{step}: {count}", step=STEP_LABELS[step], count=digest.late[step])
        for step in Step
        if digest.late.get(step)
    )
    lines = [FigureLine(say("Open breaches"), late or (say("none"),))]
    if (waiting := digest.waiting) is not None:
        parts: list[Sentence | str] = [
            _length((digest.counted_at - waiting.since).total_seconds()),
            label(waiting.department),
            say("case {id}", id=waiting.case_id[-_SHORT_ID:]),
        ]
        if waiting.snoozed:
            parts.append(say("it is snoozed"))
        lines.append(FigureLine(say("Longest waiting"), tuple(parts)))
    return tuple(lines)


def _slowest(steps: Sequence[StepShare]) -> StepShare | None:
    """Return the step of work that missed its target most often; where none has a target, the longest."""
    work = [share for share in steps if share.step in WORK_STEPS]
    missing = [share for share in work if share.met < share.targeted]
    if missing:
        return min(missing, key=lambda share: (share.met / share.targeted, -(share.median or 0)))
    timed = [share for share in work if share.median is not None]
    return None if any(share.targeted for share in work) else max(timed, key=lambda s: s.median or 0, default=None)


def _slowest_sentence(steps: Sequence[StepShare]) -> Sentence:
    slowest = _slowest(steps)
    if slowest is None:
        kept = any(share.targeted for share in steps if share.step in WORK_STEPS)
        return say("Every step kept its target.") if kept else say("No step was finished.")
    step, median = STEP_LABELS[slowest.step], _span(slowest.median or 0)
    share = percent(slowest.met, slowest.targeted)
    if share is None:
        return say("Slowest step: {step}, median {median}.", step=step, median=median)
    return say("Slowest step: {step}, {share} % within target, median {median}.", step=step, share=share, median=median)


def _step_line(share: StepShare) -> FigureLine:
    parts: list[Sentence | str] = [
        say("{share} % within target", share=percent(share.met, share.targeted) or 0),
        say("{met} of {all}", met=share.met, all=share.targeted),
    ]
    if share.median is not None:
        parts.append(say("median {median}", median=_span(share.median)))
    return FigureLine(STEP_LABELS[share.step], tuple(parts))


def _group_parts(figures: GroupFigures) -> tuple[Sentence | str, ...]:
    parts: list[Sentence | str] = [say("{count} received", count=figures.received)]
    if figures.rate is not None:
        parts.append(say("{count} answered ({rate} %)", count=figures.answered, rate=figures.rate))
    if figures.median is not None:
        parts.append(say("median {median}", median=_span(figures.median)))
    if figures.late:
        parts.append(say("open breaches: {count}", count=figures.late))
    return tuple(parts)


def _notes(digest: Digest) -> tuple[Sentence, ...]:
    span = digest.last - digest.first + timedelta(days=1)
    first, last = digest.first - span, digest.last - span
    notes = [
        say("Compared with {day}.", day=Day(last))
        if first == last
        else say("Compared with {first} to {last}.", first=Day(first), last=Day(last)),
        say("Counted {at}.", at=digest.counted_at),
        say("Steps that still run are in none of the times."),
    ]
    if digest.total.spam:
        notes.append(say("Spam is in no response rate: {count}.", count=digest.total.spam))
    if digest.rolled_up:
        notes.append(say("Medians may be off by 1 %."))
    return tuple(notes)


# --- the picture ------------------------------------------------------------------------------------------------------


def _chart(digest: Digest) -> Chart | None:
    if digest.days:
        return _column_chart(digest) if any(figures.received for _, figures in digest.days) else None
    slowest = _slowest(digest.steps)
    bars = tuple(
        Bar(
            STEP_LABELS[share.step],
            share.met / share.targeted,
            say(
                "{share} % ({met} of {all})",
                share=percent(share.met, share.targeted) or 0,
                met=share.met,
                all=share.targeted,
            ),
            share.met_before / share.targeted_before if share.targeted_before else None,
            say("slowest") if share is slowest else None,
        )
        for share in digest.steps
        if share.targeted
    )
    return BarChart(say("Within target, by step"), bars, say("the day before")) if bars else None


def _column_chart(digest: Digest) -> ColumnChart:
    return ColumnChart(
        say("Received and answered, by day"),
        say("all received"),
        say("of them answered"),
        say("Median first response"),
        tuple(
            Column(
                say("{day}", day=Day(day, short=True)),
                figures.received,
                figures.answered,
                figures.median,
                say("{answered} of {received} answered", answered=figures.answered, received=figures.received)
                if figures.received
                else say("nothing received"),
            )
            for day, figures in digest.days
        ),
    )


# --- words ------------------------------------------------------------------------------------------------------------


def _day(day: date) -> Sentence:
    return say("{day}", day=Day(day))


def _span(seconds: float) -> timedelta:
    """Return a length of time in whole seconds, from an hour on in whole minutes: more is not read in ten seconds."""
    whole = round(seconds) if seconds < 3_600 else 60 * round(seconds / 60)  # noqa: PLR2004
    return timedelta(seconds=whole)


def _length(seconds: float) -> Sentence:
    return say("{span}", span=_span(seconds))


def _number(count: int) -> Sentence:
    return say("{count}", count=count)


def _percent(share: int) -> Sentence:
    return say("{share} %", share=share)


def _count_change(now: int, before: int) -> Sentence:
    if now == before:
        return say("as many as before")
    return say("{count} more", count=now - before) if now > before else say("{count} fewer", count=before - now)


def _rate_change(now: int, before: int | None) -> Sentence | None:
    if before is None:
        return None
    if now == before:
        return say("as before")
    return (
        say("{points} points up", points=now - before)
        if now > before
        else say("{points} points down", points=before - now)
    )


def _span_change(now: float, before: float | None) -> Sentence | None:
    if before is None:
        return None
    difference = _span(now) - _span(before)
    if not difference:
        return say("as before")
    return (
        say("{span} longer", span=difference) if difference > timedelta(0) else say("{span} shorter", span=-difference)
    )
