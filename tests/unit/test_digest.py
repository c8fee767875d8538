"""What a digest tells: numbers, changes, the slowest step, what waits; never a customer's name or words."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from escalation.digest import (
    MOST_DEPARTMENTS,
    Counted,
    Digest,
    GroupFigures,
    StepShare,
    digest_of,
    digest_view,
    percent,
)
from escalation.digest_times import Period
from escalation.figures import Line, Report, StepFigures
from escalation.language import Reader
from escalation.views import BarChart, ColumnChart, FigureLine
from models.store.digests import Waiting
from models.vocabulary import DigestKind, Step

SINCE, UNTIL = datetime(2026, 3, 1, 23, tzinfo=UTC), datetime(2026, 3, 2, 23, tzinfo=UTC)
NOW = datetime(2026, 3, 3, 7, 30, tzinfo=UTC)
MONDAY, SUNDAY = date(2026, 3, 2), date(2026, 3, 1)
PERIOD = Period(MONDAY, MONDAY, SINCE, UNTIL)


def step(name: Step, *, count=10, p50=60.0, p90=600.0, targeted=10, met=10, late=0) -> StepFigures:
    return StepFigures(name, count, p50, p50, p90, p90, targeted, met, (0, 0, 0, 0), late)


def line(group="", received=0, answered=0, *steps: StepFigures) -> Line:
    return Line(group, received, answered, {one.step: one for one in steps})


def report(total: Line, *lines: Line, method="exact") -> Report:
    return Report(SINCE, UNTIL, None, method, lines, total)


STEPS = (
    step(Step.ROUTE, p50=2.0),
    step(Step.ACKNOWLEDGE, p50=240.0, met=9),
    step(Step.ANSWER, p50=1200.0, met=8),
    step(Step.APPROVE, p50=1860.0, targeted=9, met=5),
    step(Step.FIRST_RESPONSE, p50=850.0, p90=3_800.0, met=2),
)
THIS = line("", 12, 10, *STEPS)
BEFORE = line("", 9, 7, step(Step.APPROVE, met=8), step(Step.FIRST_RESPONSE, p50=970.0, p90=3_560.0))
LATE = line("", 1, 0, step(Step.ANSWER, count=0, late=2), step(Step.FIRST_RESPONSE, count=0, late=1))
COUNTED = Counted(
    report(
        THIS,
        line("billing", 8, 7, step(Step.FIRST_RESPONSE, p50=720.0)),
        line("product", 4, 3),
        line("legal", 0, 0, step(Step.RELAY)),
    ),
    report(BEFORE),
    report(
        LATE, line("billing", 0, 0, step(Step.ANSWER, count=0, late=1)), line("legal", 1, 0, step(Step.ANSWER, late=1))
    ),
)
WAITING = Waiting("0123456789abcdefgh12", "billing", snoozed=False, since=NOW - timedelta(hours=28, minutes=5))


def digest(**changes) -> Digest:
    made = digest_of(DigestKind.DAILY, PERIOD, COUNTED, waiting=WAITING, counted_at=NOW)
    return replace(made, **changes)


def labelled(key: str) -> str:
    return {"billing": "Billing", "product": "Product", "legal": "Legal"}.get(key, key)


def said(*lines: FigureLine, language="en") -> list[str]:
    reader = Reader(language, "Europe/Rome", NOW)
    read = [[part if isinstance(part, str) else reader.read(part) for part in (one.name, *one.parts)] for one in lines]
    return [f"{name}: {' · '.join(parts)}" for name, *parts in read]


def figures(shown: Digest, language="en") -> list[str]:
    reader = Reader(language, "Europe/Rome", NOW)
    return [
        f"{reader.read(one.value)} {reader.read(one.label)}" + (f" · {reader.read(one.change)}" if one.change else "")
        for one in digest_view(shown, labelled).figures
    ]


def test_headline_figures_and_their_changes():
    assert figures(digest()) == [
        "12 cases received · 3 more",
        "10 have had a reply · 3 more",
        "83 % response rate · 5 points up",
        "14 min 10 s median first response · 2 min shorter",
        "1 h 3 min or less for 9 in 10 of them · 3 min 40 s longer",
    ]


def test_the_same_in_italian():
    assert figures(digest(), "it") == [
        "12 casi ricevuti · 3 in più",
        "10 hanno avuto risposta · 3 in più",
        "83 % tasso di risposta · 5 punti in più",
        "14 min 10 s prima risposta, mediana · 2 min in meno",
        "1 h 3 min o meno per 9 su 10 · 3 min 40 s in più",
    ]
    reader = Reader("it", "Europe/Rome", NOW)
    assert reader.read(digest_view(digest(), labelled).headline) == "Riepilogo del giorno: lunedì 2 marzo"


def test_fewer_and_the_same_and_nothing_to_compare_with():
    this, before = GroupFigures("", 5, 5, 60.0, 60.0), GroupFigures("", 8, 5, 60.4, None)
    assert figures(digest(total=this, before=before)) == [
        "5 cases received · 3 fewer",
        "5 have had a reply · as many as before",
        "100 % response rate · 38 points up",
        "1 min median first response · as before",
        "1 min or less for 9 in 10 of them",
    ]
    nothing = GroupFigures("", 0, 0, None, None)
    assert figures(digest(total=nothing, before=nothing)) == [
        "0 cases received · as many as before",
        "0 have had a reply · as many as before",
    ]
    assert figures(digest(total=this, before=nothing))[2] == "100 % response rate"


def test_what_needs_somebody_now_comes_first():
    assert said(*digest_view(digest(), labelled).urgent) == [
        "Open breaches: answered: 2 · first response: 1",
        "Longest waiting: 1 d 4 h · Billing · case cdefgh12",
    ]
    calm = digest(late={}, waiting=None)
    assert said(*digest_view(calm, labelled).urgent) == ["Open breaches: none"]
    snoozed = digest(waiting=replace(WAITING, snoozed=True))
    assert said(*digest_view(snoozed, labelled).urgent)[1].endswith("it is snoozed")


def test_the_slowest_step_of_work_is_named():
    reader = Reader()
    view = digest_view(digest(), labelled)
    assert reader.read(view.slowest) == "Slowest step: approved, 56 % within target, median 31 min."
    assert said(*view.steps) == [
        "routed: 100 % within target · 10 of 10 · median 2 s",
        "claimed: 90 % within target · 9 of 10 · median 4 min",
        "answered: 80 % within target · 8 of 10 · median 20 min",
        "approved: 56 % within target · 5 of 9 · median 31 min",
        "first response: 20 % within target · 2 of 10 · median 14 min 10 s",
    ]


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        ((), "No step was finished."),
        ((StepShare(Step.ANSWER, 3, 3, 60.0), StepShare(Step.RELAY, 0, 0, 900.0)), "Every step kept its target."),
        (
            (StepShare(Step.ANSWER, 0, 0, 60.0), StepShare(Step.APPROVE, 0, 0, 90.0)),
            "Slowest step: approved, median 1 min 30 s.",
        ),
        (
            (StepShare(Step.ANSWER, 4, 2, 60.0), StepShare(Step.APPROVE, 2, 1, 90.0)),
            "Slowest step: approved, 50 % within target, median 1 min 30 s.",
        ),
    ],
)
def test_which_step_is_the_slowest(steps, sentence):
    assert Reader().read(digest_view(digest(steps=steps), labelled).slowest) == sentence


def test_departments_with_breaches_first_then_the_busiest():
    assert said(*digest_view(digest(), labelled).departments) == [
        "Billing: 8 received · 7 answered (88 %) · median 12 min · open breaches: 1",
        "Legal: 0 received · open breaches: 1",
        "Product: 4 received · 3 answered (75 %)",
    ]


def test_many_departments_are_cut_and_counted():
    many = tuple(GroupFigures(f"d{number}", number, 0, None, None) for number in range(1, 20))
    view = digest_view(digest(departments=many), labelled)
    assert len(view.departments) == MOST_DEPARTMENTS
    assert Reader().read(view.further) == f"Further departments: {19 - MOST_DEPARTMENTS}"
    assert digest_view(digest(), labelled).further is None


@pytest.mark.parametrize(
    ("total", "summary"),
    [
        (GroupFigures("", 0, 0, None, None, 0), "No customer wrote. Open breaches: 0."),
        (GroupFigures("", 3, 0, None, None, 2), "3 received, 0 answered (0 %). Open breaches: 2."),
        (GroupFigures("", 4, 1, None, None, 0, spam=3), "4 received, 1 answered (100 %). Open breaches: 0."),
        (
            GroupFigures("", 3, 3, 61.0, 61.0, 0),
            "3 received, 3 answered (100 %), median first response 1 min 1 s. Open breaches: 0.",
        ),
    ],
)
def test_the_summary_says_it_in_one_line(total, summary):
    assert Reader().read(digest_view(digest(total=total), labelled).summary) == summary


def test_the_notes_say_with_what_it_is_compared_and_how_it_was_counted():
    reader = Reader("en", "Europe/Rome", NOW)
    assert [reader.read(note) for note in digest_view(digest(), labelled).notes] == [
        "Compared with Sunday 1 March.",
        "Counted 08:30.",
        "Steps that still run are in none of the times.",
    ]
    rolled = digest_of(
        DigestKind.DAILY,
        PERIOD,
        replace(COUNTED, before=report(BEFORE, method="rolled up")),
        waiting=None,
        counted_at=NOW,
    )
    assert reader.read(digest_view(rolled, labelled).notes[-1]) == "Medians may be off by 1 %."
    spammed = replace(digest(), total=replace(digest().total, spam=2))
    assert reader.read(digest_view(spammed, labelled).notes[-1]) == "Spam is in no response rate: 2."


def weekly() -> Digest:
    first = date(2026, 2, 23)
    days = [
        (first + timedelta(days=n), report(line("", n, n // 2, step(Step.FIRST_RESPONSE, p50=60.0 * n))))
        for n in range(7)
    ]
    return digest_of(
        DigestKind.WEEKLY,
        Period(first, SUNDAY, SINCE, UNTIL),
        replace(COUNTED, days=tuple(days)),
        waiting=None,
        counted_at=NOW,
    )


def test_a_weekly_digest_has_a_line_a_day():
    view, reader = digest_view(weekly(), labelled), Reader("en", "Europe/Rome", NOW)
    assert reader.read(view.headline) == "Weekly digest: Monday 23 February to Sunday 1 March"
    assert reader.read(view.notes[0]) == "Compared with Monday 16 February to Sunday 22 February."
    assert said(*view.days)[3] == "Thursday 26 February: 3 received · 1 answered (33 %) · median 3 min"
    assert isinstance(view.chart, ColumnChart)
    assert [(column.whole, column.done, column.seconds) for column in view.chart.columns][6] == (6, 3, 360.0)


def test_the_picture_of_a_day_marks_the_slowest_step():
    chart = digest_view(digest(), labelled).chart
    assert isinstance(chart, BarChart)
    marked = [bar for bar in chart.bars if bar.mark is not None]
    assert [Reader().read(bar.said) for bar in marked] == ["56 % (5 of 9)"]
    assert marked[0].before == pytest.approx(0.8)
    assert [bar.before for bar in chart.bars if bar not in marked][:3] == [None, None, None]


def test_nothing_to_draw_is_no_picture():
    assert digest_view(digest(steps=(StepShare(Step.ANSWER, 0, 0, 1.0),)), labelled).chart is None
    empty = tuple((day, GroupFigures("", 0, 0, None, None)) for day, _ in weekly().days)
    assert digest_view(replace(weekly(), days=empty), labelled).chart is None


@pytest.mark.parametrize("made", [digest(), weekly(), digest(waiting=None, late={})])
def test_figures_come_back_from_the_outbox_as_they_were_counted(made):
    assert Digest.of(made.payload()) == made


@pytest.mark.parametrize("payload", [{}, {"kind": "hourly"}, {**digest().payload(), "total": None}])
def test_what_another_version_wrote_is_refused(payload):
    with pytest.raises(ValueError, match="Digest"):
        Digest.of(payload)


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [(0, 0, None), (0, 3, 0), (3, 3, 100), (1, 1_000, 1), (999, 1_000, 99), (1, 2, 50), (2, 3, 67)],
)
def test_a_hundred_means_all_and_nought_means_none(part, whole, expected):
    assert percent(part, whole) == expected
