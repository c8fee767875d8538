"""When a digest is due, and of which time it tells, in zones whose clocks jump."""

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.business_time import zone
from escalation.digest_times import Schedule, days_of, local_instant, period_before
from models.vocabulary import DigestKind

ROME, LORD_HOWE, HAVANA, APIA = (
    zone(name) for name in ("Europe/Rome", "Australia/Lord_Howe", "America/Havana", "Pacific/Apia")
)
ZONES = [zone(name) for name in ("UTC", "Europe/Rome", "Australia/Lord_Howe", "America/Havana", "Asia/Kathmandu")]
DAY = timedelta(days=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("where", "day", "time", "expected"),
    [
        (ROME, "2026-03-02", "08:30", "2026-03-02T07:30"),
        (ROME, "2026-07-02", "08:30", "2026-07-02T06:30"),
        (ROME, "2026-03-29", "02:30", "2026-03-29T01:00"),  # there is no 02:30: the gap ends at 03:00 summer time
        (ROME, "2026-10-25", "02:30", "2026-10-25T00:30"),  # 02:30 comes twice: the first
        (LORD_HOWE, "2026-10-04", "02:10", "2026-10-03T15:30"),  # half an hour is left out: 02:00 becomes 02:30
        (LORD_HOWE, "2026-04-05", "01:40", "2026-04-04T14:40"),  # half an hour comes twice: the first
        (HAVANA, "2026-03-08", "00:00", "2026-03-08T05:00"),  # there is no midnight: the day begins at 01:00
    ],
)
def test_a_local_time_is_one_instant(where, day, time, expected):
    hour, minute = time.split(":")
    assert local_instant(date.fromisoformat(day), int(hour) * 60 + int(minute), where) == at(expected)


@pytest.mark.parametrize(
    ("where", "day", "minute"),
    [
        (ROME, "2026-03-29", 150),
        (ROME, "2026-10-25", 150),
        (LORD_HOWE, "2026-10-04", 130),
        (LORD_HOWE, "2026-04-05", 100),
    ],
)
def test_a_digest_is_due_once_where_the_clock_jumps(where, day, minute):
    schedule, begin = Schedule(DigestKind.DAILY, minute), local_instant(date.fromisoformat(day) - DAY, 720, where)
    newest = [schedule.newest(begin + timedelta(minutes=n), where) for n in range(24 * 60)]
    changes = [two for one, two in itertools.pairwise(newest) if one != two]
    assert changes == [date.fromisoformat(day)]


def test_a_weekly_digest_is_due_on_its_day():
    schedule = Schedule(DigestKind.WEEKLY, 510, weekday=0)
    assert schedule.newest(at("2026-03-02T07:29"), ROME) == date(2026, 2, 23)
    assert schedule.newest(at("2026-03-02T07:30"), ROME) == date(2026, 3, 2)
    assert schedule.newest(at("2026-03-08T22:59"), ROME) == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("kind", "day", "first", "last", "hours"),
    [
        (DigestKind.DAILY, "2026-03-03", "2026-03-02", "2026-03-02", 24),
        (DigestKind.DAILY, "2026-03-30", "2026-03-29", "2026-03-29", 23),
        (DigestKind.DAILY, "2026-10-26", "2026-10-25", "2026-10-25", 25),
        (DigestKind.WEEKLY, "2026-03-02", "2026-02-23", "2026-03-01", 168),
        (DigestKind.WEEKLY, "2026-03-30", "2026-03-23", "2026-03-29", 167),
    ],
)
def test_whole_local_days_are_told_of(kind, day, first, last, hours):
    period = period_before(kind, date.fromisoformat(day), ROME)
    assert (period.first, period.last) == (date.fromisoformat(first), date.fromisoformat(last))
    assert period.until - period.since == timedelta(hours=hours)


def test_the_days_of_a_week_follow_each_other_without_gap():
    for where in ZONES:
        week = period_before(DigestKind.WEEKLY, date(2026, 10, 27), where)
        days = days_of(week, where)
        assert [one.first for one in days] == [week.first + n * DAY for n in range(7)]
        assert (days[0].since, days[-1].until) == (week.since, week.until)
        assert all(one.until == two.since for one, two in itertools.pairwise(days))


def test_a_day_that_a_zone_left_out_has_no_digest():
    schedule = Schedule(DigestKind.DAILY, 510)
    noon = local_instant(date(2011, 12, 29), 720, APIA)
    days = {schedule.newest(noon + timedelta(minutes=10 * n), APIA) for n in range(400)}
    assert sorted(days) == [date(2011, 12, 29), date(2011, 12, 31), date(2012, 1, 1)]
    told = period_before(DigestKind.DAILY, date(2011, 12, 31), APIA)
    assert (told.first, told.until - told.since) == (date(2011, 12, 29), DAY)
    week = days_of(period_before(DigestKind.WEEKLY, date(2012, 1, 2), APIA), APIA)
    assert [one.first.day for one in week] == [26, 27, 28, 29, 31, 1]


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001 - made aware below
    st.sampled_from(ZONES),
    st.integers(0, 1439),
    st.none() | st.integers(0, 6),
)
def test_the_newest_digest_is_the_last_whose_time_has_come(moment, where, minute, weekday):
    now = moment.replace(tzinfo=UTC)
    schedule = Schedule(DigestKind.DAILY if weekday is None else DigestKind.WEEKLY, minute, weekday)
    newest = schedule.newest(now, where)
    step = DAY if weekday is None else 7 * DAY
    assert local_instant(newest, minute, where) <= now < local_instant(newest + step, minute, where)
    assert schedule.following(now, where) == local_instant(newest + step, minute, where)
    assert weekday is None or newest.weekday() == weekday


def test_the_digest_that_follows_is_that_of_the_next_day_that_exists():
    schedule = Schedule(DigestKind.DAILY, 8 * 60 + 30)
    assert schedule.following(at("2026-03-28T07:29"), ROME) == at("2026-03-28T07:30")
    assert schedule.following(at("2026-03-28T07:30"), ROME) == at("2026-03-29T06:30")  # summer time has begun
    weekly = Schedule(DigestKind.WEEKLY, 8 * 60 + 30, weekday=0)
    assert weekly.following(at("2026-03-02T07:30"), ROME) == at("2026-03-09T07:30")
    at_noon = Schedule(DigestKind.DAILY, 12 * 60)
    last = at("2011-12-29T23:00")  # the day after it, the 30th, is left out in Apia
    assert at_noon.following(last, APIA).astimezone(APIA).date() == date(2011, 12, 31)
