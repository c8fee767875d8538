"""Whole cells cover all whole hours of a period, without a gap and without an overlap, months where they can."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from escalation.rolling_up import stretches
from models.vocabulary import RollupSpan

HOUR = timedelta(hours=1)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy adds the zone


@given(MOMENTS, MOMENTS)
def test_stretches_are_the_whole_hours_of_a_period(one: datetime, other: datetime):
    since, until = sorted((one, other))
    covered = stretches(since, until)
    if not covered:
        assert until - since < 2 * HOUR
        return
    assert timedelta() <= covered[0].since - since < HOUR
    assert timedelta() <= until - covered[-1].until < HOUR
    assert [before.until for before in covered[:-1]] == [after.since for after in covered[1:]]
    hours = sum((stretch.until - stretch.since for stretch in covered if stretch.span is RollupSpan.HOUR), timedelta())
    assert hours < timedelta(days=62)
    for stretch in covered:
        starts = stretch.starts
        assert (starts[0], starts == sorted(set(starts))) == (stretch.since, True)
        if stretch.span is RollupSpan.HOUR:
            assert len(starts) == (stretch.until - stretch.since) / HOUR
        else:
            assert all((start.day, start.hour, start.minute) == (1, 0, 0) for start in [*starts, stretch.until])
            assert len(starts) == 12 * (stretch.until.year - starts[0].year) + stretch.until.month - starts[0].month
