"""Counted time in words: a sum of stretches, and the days that did not count. Pure."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date
from typing import Final

from escalation.business_time import CountedInterval, Skipped
from escalation.calendar_days import Cause
from escalation.language import Days, Hours, Sentence, Stretch, Value, joined, say

MOST_STRETCHES: Final = 6
"""So many stretches of a sum are told one by one; of more than that two or more at either end."""
ENDS: Final = 2
MOST_SKIPPED: Final = 8


def sum_of(seconds: int, intervals: Sequence[CountedInterval]) -> Sentence:
    """Return counted time as a sum of stretches, with the days in the middle of a long one told together."""
    if not intervals:
        return joined([Hours(seconds)], "") if seconds else say("nothing")
    return joined([Hours(seconds), joined(list(_folded(intervals)), " + ")], " = ")


def _folded(intervals: Sequence[CountedInterval]) -> Iterator[Value]:
    """Yield a few stretches one by one; of many the first and last days, and what lies between as a number of days."""
    first, last = 0, len(intervals)
    if len(intervals) > MOST_STRETCHES:
        first, last = ENDS, len(intervals) - ENDS
        while first < MOST_STRETCHES - ENDS and _date(intervals[first]) == _date(intervals[first - 1]):
            first += 1
        while last > max(first, len(intervals) - MOST_STRETCHES + ENDS) and _date(intervals[last]) == _date(
            intervals[last - 1]
        ):
            last -= 1
        yield from map(_stretch, intervals[:first])
        yield _between(intervals[first:last])
        first = last
    yield from map(_stretch, intervals[first:])


def _between(intervals: Sequence[CountedInterval]) -> Sentence:
    by_day: dict[date, int] = {}
    for interval in intervals:
        by_day[_date(interval)] = by_day.get(_date(interval), 0) + interval.seconds
    total = sum(by_day.values())
    if len(by_day) == 1:
        return say("… {sum} in {count} stretches …", sum=Hours(total), count=len(intervals))
    if len(set(by_day.values())) == 1:
        return say("… {count} days of {each} …", count=len(by_day), each=Hours(total // len(by_day)))
    return say("… {sum} on {count} days …", sum=Hours(total), count=len(by_day))


def _date(interval: CountedInterval) -> date:
    return interval.start.date()


def _stretch(interval: CountedInterval) -> Stretch:
    return Stretch(interval.start.astimezone(UTC), interval.end.astimezone(UTC))


def skipped(days: Sequence[Skipped]) -> Iterator[Sentence]:
    """Yield what did not count and why; days of the week without hours together where there are many."""
    idle = [one for one in days if one.cause is Cause.NO_HOURS]
    others = [one for one in days if one.cause is not Cause.NO_HOURS]
    if len(idle) > ENDS:
        count = sum((one.last - one.first).days + 1 for one in idle)
        yield say("{count} days without hours: {days}", count=count, days=Days(idle[0].first, idle[-1].last))
        idle = []
    told = sorted((*idle, *others), key=lambda one: one.first)
    yield from (_skipped(one) for one in told[:MOST_SKIPPED])
    if more := told[MOST_SKIPPED:]:
        yield say("… and {count} more until {days}", count=len(more), days=Days(more[-1].last, more[-1].last))


def _skipped(one: Skipped) -> Sentence:
    days, lost = Days(one.first, one.last), Hours(sum(interval.seconds for interval in one.lost))
    match one.cause:
        case Cause.NO_HOURS:
            return say("{days}: no hours on such days", days=days)
        case Cause.HOLIDAY:
            return say("{days}: holiday, {name}", days=days, name=one.name or "")
        case Cause.CLOSED if one.name:
            return say("{days}: closed, {name}", days=days, name=one.name)
        case Cause.CLOSED:
            return say("{days}: closed", days=days)
        case Cause.HALF_DAY if one.name:
            return say("{days}: {lost} less, {name}", days=days, lost=lost, name=one.name)
        case Cause.HALF_DAY:
            return say("{days}: {lost} less, a half day", days=days, lost=lost)
        case _:
            return say("{days}: {lost} closed, {name}", days=days, lost=lost, name=one.name or "")
