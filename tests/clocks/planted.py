"""Bugs planted into whole processes; a test that they do not turn red proves nothing."""

from collections.abc import Callable, Mapping
from datetime import timedelta

import bots.app
import bots.slack.app
import bots.slack.surface
import bots.worker
from escalation.ports import Clock
from tests.crash.slack_mutants import retrying_client


async def _never_notices(scheduler: object, clock: Clock) -> None:
    """Let the scheduler plan by a clock that somebody has set."""


def _slacks_client_repeats() -> None:
    bots.slack.app.web_client = retrying_client  # type: ignore[assignment]


def _steps_go_unnoticed() -> None:
    bots.worker.wake_after_steps = _never_notices


def _looks_by_our_clock() -> None:
    """Look for a message of unknown outcome from the moment on at which, by our clock, it was posted."""
    bots.slack.surface.CLOCK_DIFFERENCE = timedelta(seconds=60)  # type: ignore[misc]


PLANTED: Mapping[str, Callable[[], None]] = {
    "Slack's client repeats by itself": _slacks_client_repeats,
    "steps of the wall clock go unnoticed": _steps_go_unnoticed,
    "messages are looked for by our clock": _looks_by_our_clock,
}
