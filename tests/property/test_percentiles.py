"""Percentiles equal those of the standard library; buckets keep their promise of 1 % and can be added up."""

import statistics
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from escalation.figures import WITHIN_SECONDS
from escalation.percentiles import NO_TIME, PERCENTS, bucket, expectation, interpolated, length_of, of_buckets

LENGTHS = st.integers(0, 3_000 * 86_400 * 1_000_000)
SEVERAL = st.lists(LENGTHS, min_size=2, max_size=300)
PROMISED = 0.01 + 1e-9


def exact(lengths: list[int]) -> tuple[float, ...]:
    ordered = sorted(lengths)
    places = [percent * (len(ordered) - 1) // 100 for percent in PERCENTS]
    return tuple(
        interpolated(ordered[place], next(iter(ordered[place + 1 :]), None), percent=percent, count=len(ordered))
        for percent, place in zip(PERCENTS, places, strict=True)
    )


@given(SEVERAL)
def test_exact_percentiles_are_the_inclusive_ones(lengths: list[int]):
    hundredths = statistics.quantiles(lengths, n=100, method="inclusive")
    assert exact(lengths) == tuple(hundredths[percent - 1] for percent in PERCENTS)


@given(LENGTHS)
def test_the_percentiles_of_one_value_are_that_value(length: int):
    assert exact([length]) == (length,) * 3


@given(LENGTHS)
def test_what_stands_for_a_bucket_is_at_most_one_percent_off(length: int):
    assert abs(length_of(bucket(length)) - length) <= PROMISED * length


@given(LENGTHS, LENGTHS)
def test_a_longer_time_is_in_no_lower_bucket(one: int, other: int):
    shorter, longer = sorted((one, other))
    assert bucket(shorter) <= bucket(longer)
    assert expectation(shorter, WITHIN_SECONDS) <= expectation(longer, WITHIN_SECONDS)
    assert bucket(1) > NO_TIME


@given(SEVERAL, SEVERAL)
def test_percentiles_of_added_buckets_are_those_of_all_values(some: list[int], others: list[int]):
    merged = Counter(map(bucket, some)) + Counter(map(bucket, others))
    for wanted, got in zip(exact([*some, *others]), of_buckets(merged), strict=True):
        assert abs(got - wanted) <= PROMISED * wanted


@given(LENGTHS)
def test_an_expectation_is_met_by_what_takes_at_most_so_long(length: int):
    place = expectation(length, WITHIN_SECONDS)
    assert [length <= limit * 1_000_000 for limit in WITHIN_SECONDS] == [place <= at for at in range(4)]
