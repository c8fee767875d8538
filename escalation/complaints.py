"""One line in the log when a network or a channel stops taking what we send, and one when it takes it again.

Whoever runs the product sees there what cannot be told in chat, for it may be the chat that does not answer.
"""

from typing import Final

import structlog

from models.vocabulary import AttemptVerdict

_FAILING: Final = frozenset({AttemptVerdict.UNAUTHORISED, AttemptVerdict.RETRY, AttemptVerdict.UNKNOWN})
_WORKING: Final = frozenset({AttemptVerdict.SENT, AttemptVerdict.FOUND, AttemptVerdict.ABSENT})

log = structlog.get_logger(__name__)


class Complaints:
    """Remembers what this process has said. Being asked to slow down is no failure and is not told."""

    def __init__(self) -> None:
        """Begin with nothing wrong."""
        self._failing: dict[str, AttemptVerdict] = {}

    def note(self, place: str, verdict: AttemptVerdict | None, reason: str | None) -> None:
        """Note how a try ended at a ``place`` (``account:acme``, ``slack:C0BILLING``); another failure is told anew."""
        if verdict in _FAILING and self._failing.get(place) is not verdict:
            self._failing[place] = verdict
            log.warning("not sent; tried again by itself", to=place, problem=reason, outcome=verdict.value)
        elif verdict in _WORKING and self._failing.pop(place, None) is not None:
            log.info("sent again", to=place)
