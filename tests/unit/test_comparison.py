"""What an approver changed, word by word, with nothing of either text lost."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escalation.comparison import word_diff


def pieces(before: str, after: str) -> list[tuple[str, str]]:
    return [(piece.kind, piece.text) for piece in word_diff(before, after)]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=60), st.text(max_size=60))
def test_both_texts_can_be_read_off_it(before: str, after: str):
    found = pieces(before, after)
    assert "".join(text for kind, text in found if kind != "added") == before
    assert "".join(text for kind, text in found if kind != "removed") == after
    assert all(text for _, text in found)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("a b c", "a b c", [("same", "a b c")]),
        ("", "a", [("added", "a")]),
        ("a", "", [("removed", "a")]),
        ("", "", []),
        (
            "in your inbox.",
            "in your spam.",
            [("same", "in your "), ("removed", "inbox"), ("added", "spam"), ("same", ".")],
        ),
        ("don't go", "do go", [("removed", "don't"), ("added", "do"), ("same", " go")]),
    ],
)
def test_whole_words_are_compared(before: str, after: str, expected: list[tuple[str, str]]):
    assert pieces(before, after) == expected


def test_a_long_monotonous_text_does_not_hold_everybody_up():
    for before, after in (("na " * 3000, "no na " * 1500), ("Na! " * 3000, "No! Na! " * 1500)):
        started = time.process_time()
        found = pieces(before, after)
        assert time.process_time() - started < 2
        assert "".join(text for kind, text in found if kind != "removed") == after


def test_a_long_letter_is_compared_by_sentences():
    letter = "".join(f"This is sentence number {number} of a long letter. " for number in range(80))
    found = pieces(letter, letter.replace("number 40 of", "no. forty of"))
    assert ("removed", "This is sentence number 40 of a long letter. ") in found
    assert sum(len(text) for kind, text in found if kind == "same") > 3500
