"""The forecast of Facebook's badge, message by message."""

from datetime import timedelta

import pytest

from escalation.badge import forecasts
from escalation.figures import BadgeForecast
from models.store.reports import Message
from tests.clock import MONDAY


def talk(*lines: tuple[str, float], thread: str = "t", account: str = "page") -> list[Message]:
    """A conversation: who speaks, and how many hours before now."""
    return [Message(account, thread, MONDAY - timedelta(hours=hours), who == "us") for who, hours in lines]


def forecast(*messages: list[Message]) -> BadgeForecast | None:
    found = forecasts([message for thread in messages for message in thread], now=MONDAY)
    return found[0] if found else None


def test_nobody_wrote_so_there_is_no_forecast():
    assert forecast() is None
    assert forecast(talk(("us", 5))) is None


def test_an_answered_message_and_one_that_still_waits():
    found = forecast(talk(("they", 5), ("us", 4)), talk(("they", 3), thread="u"))
    assert (found.messages, found.answered, found.response_rate, found.median) == (2, 1, 0.5, 3_600)


def test_only_the_first_message_after_a_day_of_silence_counts():
    found = forecast(talk(("they", 100), ("they", 99), ("us", 98), ("they", 97), ("they", 50), ("us", 49.5)))
    assert (found.messages, found.answered) == (2, 2)
    assert found.median == (2 * 3_600 + 1_800) / 2


def test_our_own_word_breaks_the_silence():
    assert forecast(talk(("they", 60), ("us", 30), ("they", 10))).messages == 1


def test_messages_older_than_a_week_count_no_more_but_are_remembered():
    week = 7 * 24
    assert forecast(talk(("they", week + 1))) is None
    assert forecast(talk(("they", week + 1), ("they", week - 1))) is None
    assert forecast(talk(("they", week + 25), ("they", week))).messages == 1


def test_the_slowest_tenth_of_the_replies_is_left_out_of_the_mean_not_of_the_median():
    threads = [talk(("they", 50), ("us", 50 - 1 / 60), thread=f"t{number:02}") for number in range(9)]
    found = forecast(*threads, talk(("they", 50), ("us", 10), thread="t99"))
    assert (found.fastest, found.median) == (pytest.approx(60), pytest.approx(60))
    two = forecast(talk(("they", 50), ("us", 49)), talk(("they", 50), ("us", 47), thread="u"))
    assert two.fastest == two.median == 2 * 3_600


@pytest.mark.parametrize(
    ("answered", "minutes", "earned"), [(9, 15, True), (8, 15, False), (9, 15.1, False), (10, 1, True)]
)
def test_the_badge_is_for_nine_in_ten_within_a_quarter_of_an_hour(answered: int, minutes: float, earned: bool):
    threads = [
        talk(("they", 50), *[("us", 50 - minutes / 60)][: number < answered], thread=f"t{number}")
        for number in range(10)
    ]
    assert forecast(*threads).earned is earned


def test_each_account_has_its_own_forecast():
    messages = [*talk(("they", 5), account="a"), *talk(("they", 5), ("us", 4), account="b")]
    assert [(one.account, one.answered, one.earned) for one in forecasts(messages, now=MONDAY)] == [
        ("a", 0, False),
        ("b", 1, False),
    ]
