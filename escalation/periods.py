"""The period of a report as people write it, and how local time runs in it. Pure."""

from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from escalation.quantities import parse_duration

USUAL: Final = "7d"
_DAY_SECONDS: Final = 86_400
_LONGEST_STEP: Final = timedelta(days=400)


def parse_moment(written: str, *, now: datetime, timezone: str) -> datetime:
    """Read ``7d``, ``36h``, ``2026-11-01`` or an ISO time as UTC; what names no zone is in ``timezone``.

    Whole days go back to a local midnight (``0d`` is today's), other lengths back from ``now``; a date is its midnight.
    ``ValueError`` with a sentence for anything else.
    """
    text, zone = written.strip(), ZoneInfo(timezone)
    try:
        seconds = 0 if text == "0d" else parse_duration(text)
    except ValueError:
        return _parse_iso(text, zone)
    if seconds % _DAY_SECONDS or not text.endswith("d"):
        return now - timedelta(seconds=seconds)
    day = now.astimezone(zone).date() - timedelta(days=seconds // _DAY_SECONDS)
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _parse_iso(text: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(
            f'"{text}" is no moment; write it like "7d", "36h", "2026-11-01" or "2026-11-01T09:00"'
        ) from None


def utc_offsets(timezone: str, since: datetime, until: datetime) -> tuple[tuple[datetime, int], ...]:
    """Return how many seconds a zone is ahead of UTC, from which moment on, for steps that end in a period.

    The first holds for everything before the second. Steps that began more than 400 days before the period are told the
    first one, at most one hour off.
    """
    zone, day = ZoneInfo(timezone), timedelta(days=1)
    at, found = since - _LONGEST_STEP, []
    ahead = _ahead(at, zone)
    found.append((at, ahead))
    while at < until:
        following = at + day
        if (changed := _ahead(following, zone)) != ahead:
            found.append((_change(at, following, zone), changed))
            ahead = changed
        at = following
    return tuple(found)


def _ahead(at: datetime, zone: ZoneInfo) -> int:
    offset = at.astimezone(zone).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the second at which the offset changes between two moments."""
    first = _ahead(before, zone)
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=int((after - before).total_seconds()) // 2)
        before, after = (middle, after) if _ahead(middle, zone) == first else (before, middle)
    return after
