"""Whatever the calendar, the pauses and the moment: what an explanation adds up is what the clock itself says."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.business_time import ALWAYS, BusinessCalendar
from escalation.explaining import CaseRecord, ClockExplained, explain_clock
from escalation.ladder import Timing, rungs
from escalation.on_call import NOBODY_ON_CALL
from models.case import JournalEntry
from models.clocks import StepClock
from models.vocabulary import CaseState, PauseReason, Step, StepOutcome
from tests.unit.desk_table import POLICY, a_file, rules
from tests.unit.test_business_time import NIGHTS, NINE_TO_FIVE, OFFICE, ZONES

EPOCH = datetime(2026, 2, 20, tzinfo=UTC)
WEEKS = (OFFICE, NINE_TO_FIVE, NIGHTS)
LENGTHS = st.timedeltas(timedelta(microseconds=1), timedelta(days=6))


@dataclass(frozen=True)
class Told:
    """A clock as the product writes it, with the journal that tells of it."""

    clock: StepClock
    journal: list[JournalEntry]
    timing: Timing
    now: datetime
    snoozed_until: datetime | None

    def explained(self) -> ClockExplained:
        file = a_file(CaseState.SNOOZED if self.snoozed_until else CaseState.WAITING_ANSWER)
        file.case.snoozed_until = self.snoozed_until
        record = CaseRecord(file, self.journal)
        known = rules(timing_of=lambda _: self.timing, timing_today=lambda *_: self.timing)
        return explain_clock(record, self.clock, known, NOBODY_ON_CALL, self.now)


def an_entry(version: int, at: datetime, act: str, state: CaseState, **details: object) -> JournalEntry:
    return JournalEntry(
        id=f"j{version}", case_id="case1", case_version=version, at=at, actor="anna", act=act, to_state=state,
        details=details,
    )  # fmt: skip


@st.composite
def calendars(draw: st.DrawFn) -> BusinessCalendar:
    if draw(st.integers(0, 4)) == 0:
        return ALWAYS
    closed = draw(st.sets(st.integers(0, 80), max_size=6))
    return BusinessCalendar(
        weekly=draw(st.sampled_from(WEEKS)),
        timezone=draw(st.sampled_from(ZONES)),
        holidays=draw(st.sampled_from([None, "IT"])),
        closed_days=[(EPOCH + timedelta(days=day)).date() for day in closed],
    )


@st.composite
def clocks(draw: st.DrawFn) -> Told:
    """A clock that ran, stood still, was snoozed further, and ended or runs on; written as ``decide`` writes it."""
    calendar, target = draw(calendars()), draw(st.none() | st.integers(60, 200 * 3_600))
    timing = Timing(calendar, target, rungs(POLICY, Step.ANSWER, target))
    at = started = EPOCH + draw(st.timedeltas(timedelta(0), timedelta(days=40)))
    key, paused, paused_at, until = ["answer", 1], 0, None, None
    journal = [an_entry(1, at, "Claim", CaseState.WAITING_ANSWER, started=[key])]
    for _ in range(draw(st.integers(0, 4))):
        at += draw(LENGTHS)
        if paused_at is None or draw(st.integers(0, 3)) == 0:
            until = at + draw(LENGTHS)
            more = {} if paused_at else {"paused": [key]}
            details = {"reason": PauseReason.SNOOZED.value, "until": until.isoformat(), **more}
            journal.append(an_entry(len(journal) + 1, at, "Snooze", CaseState.SNOOZED, **details))
            paused_at = paused_at or at
        else:
            journal.append(an_entry(len(journal) + 1, at, "Wake", CaseState.WAITING_ANSWER, resumed=[key]))
            paused, paused_at, until = paused + timing.elapsed(paused_at, at), None, None
    now = at + draw(LENGTHS)
    clock = StepClock(
        id="c1", case_id="case1", step=Step.ANSWER, cycle=1, department="billing", started_at=started,
        calendar=calendar.version, target_seconds=target, paused_at=paused_at, paused_seconds=paused,
        due_at=timing.due_at(started, paused),
    )  # fmt: skip
    if draw(st.booleans()):
        if paused_at is not None:
            clock.paused_seconds, clock.paused_at = paused + timing.elapsed(paused_at, now), None
        clock.ended_at, clock.outcome, until = now, StepOutcome.DONE, None
        clock.business_seconds = float(timing.elapsed(started, now, clock.paused_seconds))
        stopped = [[*key, StepOutcome.DONE.value]]
        journal.append(an_entry(len(journal) + 1, now, "SubmitDraft", CaseState.IN_REVIEW, stopped=stopped))
        now += draw(LENGTHS)
    return Told(clock, journal, timing, now, until)


def seconds_of(intervals) -> int:
    for one in intervals:
        assert one.end.astimezone(UTC) - one.start.astimezone(UTC) == timedelta(seconds=one.seconds) > timedelta(0)
    assert all(one.end <= other.start for one, other in pairwise(intervals))
    return sum(one.seconds for one in intervals)


@settings(max_examples=100)
@given(clocks())
def test_what_is_explained_adds_up_to_what_the_clock_says(told: Told) -> None:
    clock, timing, explained = told.clock, told.timing, told.explained()
    until = clock.ended_at or told.now
    standing = timing.elapsed(clock.paused_at, until) if clock.paused_at else 0
    assert seconds_of(explained.counted) == explained.counted_seconds
    assert explained.counted_seconds == timing.elapsed(clock.started_at, until, clock.paused_seconds + standing)
    assert explained.adjusted_seconds == 0
    assert sum(pause.seconds for pause in explained.pauses) == clock.paused_seconds + standing
    if clock.ended_at is not None:
        assert explained.counted_seconds == clock.business_seconds
        assert explained.until_due == explained.to_come == ()


@settings(max_examples=100)
@given(clocks())
def test_what_has_counted_and_what_is_left_are_the_target(told: Told) -> None:
    clock, explained = told.clock, told.explained()
    left = seconds_of(explained.until_due)
    if clock.ended_at is not None or clock.target_seconds is None:
        assert left == 0
    elif explained.left_seconds > 0:
        assert explained.counted_seconds + left == clock.target_seconds
        assert explained.until_due[-1].end == explained.due_at
        assert explained.until_due[0].start >= (explained.goes_on_at or told.now).replace(microsecond=0)
    else:
        assert left == 0
        assert explained.counted_seconds >= clock.target_seconds


@settings(max_examples=60)
@given(clocks())
def test_nothing_counts_in_a_pause_or_outside_of_the_hours(told: Told) -> None:
    explained = told.explained()
    for interval in explained.counted:
        middle = interval.start.astimezone(UTC) + timedelta(seconds=interval.seconds / 2)
        assert told.timing.calendar.is_open(middle)
        for pause in explained.pauses:
            assert not pause.start < middle < (pause.end or told.now)


@settings(max_examples=60)
@given(clocks())
def test_what_is_to_come_is_what_the_ladder_has_left(told: Told) -> None:
    explained = told.explained()
    if told.clock.ended_at is None and told.clock.paused_at is None:
        expected = [(rung, at) for rung, at in told.timing.to_come(told.clock)]
        assert [(event.rung, event.at) for event in explained.to_come] == expected
    moments = [event.at for event in explained.to_come]
    assert moments == sorted(moments)
