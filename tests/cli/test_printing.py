"""Tables, JSON values and lengths of time."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from bots.printing import json_value, markdown_table, span, visible


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3_725, "1 h 2 min"),
        (90_061, "1 d 1 h"),
    ],
)
def test_lengths_of_time(seconds: float | None, text: str):
    assert span(seconds) == text


def test_json_has_utc_and_sorted_sets():
    at = datetime(2026, 3, 2, 10, 0, tzinfo=timezone(timedelta(hours=1)))
    assert json_value({"at": at, "words": frozenset({"b", "a"})}) == {
        "at": "2026-03-02T09:00:00+00:00",
        "words": ["a", "b"],
    }
    assert json_value([datetime(2026, 1, 1, tzinfo=UTC)]) == ["2026-01-01T00:00:00+00:00"]


def test_text_of_strangers_cannot_move_the_cursor():
    assert visible("a\x1b[2J\u202eb\r\nc\td") == "a\ufffd[2J\ufffdb c d"


def test_bars_are_escaped_in_markdown():
    assert markdown_table(("a", "b"), [("x|y", None)]) == "| a | b |\n| --- | --- |\n| x\\|y |  |"
