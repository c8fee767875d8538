"""The period of a report, as people write it and as local time runs in it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from escalation.periods import parse_moment, utc_offsets

NOW = datetime(2026, 4, 1, 10, 30, tzinfo=UTC)  # Wednesday, 12:30 in Rome


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("0d", datetime(2026, 3, 31, 22, tzinfo=UTC)),
        ("1d", datetime(2026, 3, 30, 22, tzinfo=UTC)),
        ("7d", datetime(2026, 3, 24, 23, tzinfo=UTC)),  # before the clocks went forward
        ("36h", NOW - timedelta(hours=36)),
        ("24h", NOW - timedelta(hours=24)),
        ("90m", NOW - timedelta(minutes=90)),
        ("1d12h", NOW - timedelta(hours=36)),
        ("2026-03-29", datetime(2026, 3, 28, 23, tzinfo=UTC)),
        ("2026-03-30", datetime(2026, 3, 29, 22, tzinfo=UTC)),
        (" 2026-03-30T09:15 ", datetime(2026, 3, 30, 7, 15, tzinfo=UTC)),
        ("2026-03-30T09:15:00+05:30", datetime(2026, 3, 30, 3, 45, tzinfo=UTC)),
        ("2026-03-30T09:15Z", datetime(2026, 3, 30, 9, 15, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read(written: str, wanted: datetime):
    assert parse_moment(written, now=NOW, timezone="Europe/Rome") == wanted


@pytest.mark.parametrize("written", ["", "yesterday", "7", "-7d", "2026-13-01", "0001-01-01", "99999d"])
def test_anything_else_is_refused_with_a_sentence(written: str):
    with pytest.raises(ValueError, match="is no moment; write it like"):
        parse_moment(written, now=NOW, timezone="Europe/Rome")


@pytest.mark.parametrize("zone", ["Europe/Rome", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"])
def test_offsets_are_those_of_the_zone_at_every_moment(zone: str):
    since = datetime(2025, 1, 1, tzinfo=UTC)
    until = datetime(2026, 12, 31, tzinfo=UTC)
    offsets = utc_offsets(zone, since, until)
    at = since
    while at < until:
        wanted = at.astimezone(ZoneInfo(zone)).utcoffset()
        assert wanted == timedelta(seconds=[ahead for start, ahead in offsets if start <= at][-1]), at
        at += timedelta(hours=3, minutes=7)
    for start, ahead in offsets[1:]:
        assert start.astimezone(ZoneInfo(zone)).utcoffset() == timedelta(seconds=ahead)
        just_before = (start - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).utcoffset()
        assert just_before != timedelta(seconds=ahead)
