"""The strip of steps: what is shown of which clock, what is due first, and when a reply window must be spoken of."""

from dataclasses import replace
from datetime import timedelta

import pytest

from escalation.cards import card_view
from escalation.casefile import CaseFile
from escalation.steps import STEP_LABELS, STEP_NAMES, steps, window_notice
from escalation.views import StepLine
from models.clocks import StepClock
from models.vocabulary import CaseState, Step, StepOutcome
from tests.unit.desk_table import LAST, NOW, a_file
from tests.unit.test_cards import shown

SOON, LATER = NOW + timedelta(minutes=10), NOW + timedelta(hours=2)


def with_clock(step: Step, file: CaseFile | None = None, **values: object) -> CaseFile:
    """A case with a further clock that runs, or what else is said of it."""
    file = file or a_file(CaseState.WAITING_ANSWER)
    given = {"id": f"k{step}", "case_id": "case1", "step": step, "cycle": 2, "department": "billing"}
    clock = StepClock(**(given | {"started_at": LAST} | values))
    return replace(file, clocks=[*file.clocks, clock])


def line(file: CaseFile, step: Step) -> StepLine | None:
    return next((one for one in steps(file, NOW) if one.step is step), None)


def test_every_step_has_words_for_both_uses():
    assert set(STEP_LABELS) == set(STEP_NAMES) == set(Step)


@pytest.mark.parametrize(
    ("values", "late", "stands_still", "is_due"),
    [
        ({"due_at": SOON}, False, False, True),
        ({"due_at": NOW - timedelta(seconds=1)}, True, False, True),
        ({"due_at": NOW}, False, False, True),
        ({"due_at": SOON, "paused_at": LAST}, False, True, False),
        ({"due_at": LAST, "paused_at": NOW}, True, True, False),
        ({"due_at": SOON, "paused_at": LAST, "ended_at": NOW, "wall_seconds": 5.0}, False, False, False),
        ({"due_at": LAST, "ended_at": NOW, "wall_seconds": 5.0}, True, False, False),
        ({}, False, False, False),
    ],
)
def test_a_step_is_late_due_or_stands_still(values: dict, late: bool, stands_still: bool, is_due: bool):
    found = line(with_clock(Step.NEXT_RESPONSE, **values), Step.NEXT_RESPONSE)
    assert found is not None
    assert (found.late, found.stands_still, found.is_due) == (late, stands_still, is_due)


def test_a_reply_window_is_shown_while_it_runs_only():
    assert line(with_clock(Step.REPLY_WINDOW, due_at=SOON), Step.REPLY_WINDOW) is not None
    over = with_clock(Step.REPLY_WINDOW, due_at=SOON, ended_at=NOW, outcome=StepOutcome.DONE)
    assert line(over, Step.REPLY_WINDOW) is None


def test_a_closing_is_shown_when_it_was_promised_or_is_done():
    assert line(a_file(CaseState.WAITING_ANSWER), Step.RESOLUTION) is None
    assert line(with_clock(Step.RESOLUTION, due_at=LATER), Step.RESOLUTION) is not None
    assert line(a_file(CaseState.CLOSED), Step.RESOLUTION) is not None


def test_what_is_due_first_is_the_earliest_of_what_runs():
    file = with_clock(Step.ANSWER, with_clock(Step.NEXT_RESPONSE, due_at=LATER), due_at=SOON)
    view = card_view(file, file.cards[0], shown())
    assert view.first_due is not None
    assert (view.first_due.step, view.first_due.due_at) == (Step.ANSWER, SOON)
    still = with_clock(Step.ANSWER, due_at=SOON, paused_at=LAST)
    assert card_view(still, still.cards[0], shown()).first_due is None


@pytest.mark.parametrize(
    ("other", "snoozed_until", "words"),
    [
        (SOON, None, "Plain takes a reply until"),
        (LAST, None, None),
        (None, None, None),
        (None, LATER, "Plain takes a reply until"),
    ],
)
def test_a_window_that_ends_before_another_target_is_spoken_of(other, snoozed_until, words):
    file = with_clock(Step.REPLY_WINDOW, due_at=NOW + timedelta(minutes=5))
    file = with_clock(Step.NEXT_RESPONSE, file, due_at=other)
    file.case.snoozed_until = snoozed_until
    found = window_notice(file, network="Plain", now=NOW)
    assert (found is None) == (words is None)
    assert words is None or str(found).startswith(words)


def test_a_window_that_is_past_is_spoken_of_always():
    file = with_clock(Step.REPLY_WINDOW, due_at=NOW)
    assert str(window_notice(file, network="Plain", now=NOW)).startswith("Plain takes no reply any more since")
    assert window_notice(a_file(CaseState.WAITING_ANSWER), network="Plain", now=NOW) is None
