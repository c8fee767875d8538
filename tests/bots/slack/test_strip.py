"""The strip of steps in words."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bots.slack.post_blocks import due_words, strip
from bots.slack.reading import ChatReader
from escalation.steps import STEP_LABELS
from escalation.views import StepLine
from models.vocabulary import Step
from tests.unit.desk_table import NOW

READER = ChatReader("en", "UTC", NOW)
TOOK = "2 min 5 s".replace(" ", "\N{NO-BREAK SPACE}")  # no line ends within a duration
RUNNING = StepLine(Step.ANSWER, STEP_LABELS[Step.ANSWER], NOW, None, NOW + timedelta(minutes=9))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (RUNNING, "answered – due 09:20"),
        (replace(RUNNING, late=True), "answered – LATE, was due 09:20"),
        (replace(RUNNING, stands_still=True), "answered – stands still"),
        (replace(RUNNING, stands_still=True, late=True), "answered – LATE, was due 09:20"),
        (replace(RUNNING, due_at=None), "answered –"),
        (replace(RUNNING, seconds=125), f"answered {TOOK}"),
        (replace(RUNNING, seconds=125, late=True), f"answered {TOOK} (late)"),
        (
            replace(RUNNING, step=Step.REPLY_WINDOW, label=STEP_LABELS[Step.REPLY_WINDOW]),
            "reply window – open until 09:20",
        ),
        (
            replace(RUNNING, step=Step.REPLY_WINDOW, label=STEP_LABELS[Step.REPLY_WINDOW], late=True),
            "reply window – CLOSED since 09:20",
        ),
        (StepLine(Step.RELAY, STEP_LABELS[Step.RELAY]), "sent –"),
    ],
)
def test_each_step_says_what_it_took_or_when_it_is_due(line: StepLine, words: str) -> None:
    assert strip([line], READER) == [words]


def test_the_home_tab_says_what_is_next_and_what_is_late() -> None:
    assert due_words(RUNNING, READER) == "Next: an answer, due 09:20"
    assert due_words(replace(RUNNING, late=True), READER) == "LATE: an answer, was due 09:20"
