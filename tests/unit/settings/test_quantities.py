import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.quantities import Rate, duration_text, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("15m", 900), ("2h", 7200), ("90s", 90), ("3d", 259_200), ("1h30m", 5400), ("0s", 0), (" 1d2h3m4s ", 93_784)],
)
def test_durations_are_seconds(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", " ", "15", "m", "1.5h", "-3m", "1m1h", "1h 30m", "15M", "1w", "٣m"])
def test_other_durations_are_refused(text):
    with pytest.raises(ValueError, match="is not a length of time"):
        parse_duration(text)


@given(st.integers(0, 5 * 366 * 86_400))
def test_durations_are_written_as_they_are_read(seconds):
    assert parse_duration(duration_text(seconds)) == seconds


@pytest.mark.parametrize(
    ("text", "rate"),
    [("10/min", Rate(10, 60)), ("100/h", Rate(100, 3600)), ("5 / second", Rate(5, 1)), ("9/day", Rate(9, 86_400))],
)
def test_rates(text, rate):
    assert Rate.parse(text) == rate
    assert Rate.parse(str(rate)) == rate
    assert rate.limited


def test_a_rate_may_be_off():
    assert Rate.parse("OFF") == Rate.off()
    assert not Rate.off().limited
    assert str(Rate.off()) == "off"


@pytest.mark.parametrize("text", ["", "10", "0/min", "-1/h", "10/week", "1.5/s", "none"])
def test_other_rates_are_refused(text):
    with pytest.raises(ValueError, match="is not a rate"):
        Rate.parse(text)
