"""Percentiles, exact and from buckets. Pure.

Exact ones are interpolated between the two nearest values (type 7 of Hyndman and Fan; the "inclusive" method of
``statistics.quantiles``, PostgreSQL's ``percentile_cont``). Buckets grow by a constant factor, so that whatever stands
for a bucket is at most 1 % away from every value in it, and buckets of any groups and spans can be added up: the
mapping of DDSketch (Masson, Rim and Lee, VLDB 2019, https://arxiv.org/abs/1908.10693).
"""

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Final

PERCENTS: Final = (50, 90, 99)
_HUNDRED: Final = 100
_ACCURACY: Final = 0.01
_GAMMA: Final = (1 + _ACCURACY) / (1 - _ACCURACY)
_LOG_GAMMA: Final = math.log(_GAMMA)
NO_TIME: Final = -1_000
"""The bucket of steps that took no time; a microsecond is in bucket -345."""


def interpolated(low: float, high: float | None, *, percent: int, count: int) -> float:
    """Return a percentile of ``count`` values, of which ``low`` and ``high`` are the two nearest.

    ``low`` has ``percent * (count - 1) // 100`` values before it, and ``high`` (``None``: there is none) follows it.
    """
    part = percent * (count - 1) % _HUNDRED
    return (low * (_HUNDRED - part) + (low if high is None else high) * part) / _HUNDRED


def bucket(microseconds: int) -> int:
    """Return the bucket of a length of time: its milliseconds' logarithm to the base 1.01 / 0.99, rounded up."""
    return math.ceil(math.log(microseconds / 1_000) / _LOG_GAMMA) if microseconds > 0 else NO_TIME


def length_of(number: int) -> float:
    """Return the microseconds that stand for a bucket: at most 1 % off every length in it."""
    return 0.0 if number == NO_TIME else 1_000 * 2 * math.exp(number * _LOG_GAMMA) / (_GAMMA + 1)


def of_buckets(counts: Mapping[int, int], percents: Sequence[int] = PERCENTS) -> tuple[float, ...]:
    """Return percentiles in microseconds from how many lengths each bucket holds; at least one must be there."""
    numbers = sorted(counts)
    total = sum(counts.values())
    found = []
    for percent in percents:
        rank = percent * (total - 1) // _HUNDRED
        low = _at(rank, numbers, counts)
        high = _at(rank + 1, numbers, counts) if rank + 1 < total else None
        found.append(interpolated(low, high, percent=percent, count=total))
    return tuple(found)


def _at(rank: int, numbers: Sequence[int], counts: Mapping[int, int]) -> float:
    """Return what stands for the value with ``rank`` values before it."""
    for number in numbers:
        rank -= counts[number]
        if rank < 0:
            return length_of(number)
    raise IndexError("fewer values than the rank")


def expectation(microseconds: int, limits_seconds: Sequence[int]) -> int:
    """Return the place of the shortest limit (they ascend) that a length keeps, one past the last if it keeps none."""
    return bisect_left(limits_seconds, microseconds / 1_000_000)
