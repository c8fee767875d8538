"""The figures of a period: one definition for report, CSV, JSON and digests.

Values only; nothing is counted here.
``models.store.reports`` counts, ``escalation.reports`` asks for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from models.vocabulary import Step

WITHIN_SECONDS: Final = (600, 3_600, 14_400, 86_400)
"""What customers are known to expect: 10 minutes, 1 hour, 4 hours, 24 hours; wall seconds."""


BADGE_RATE: Final = 0.9
BADGE_SECONDS: Final = 900


@dataclass(frozen=True)
class StepFigures:
    """How long one step took in a period, by the cycles of it that ended as done in that period.

    In wall seconds, the customer's clock, or in seconds of opening hours where the report says ``business``.

    ``p50``, ``p90`` and ``p99`` are interpolated between the two nearest values (type 7, the "inclusive" method of
    ``statistics.quantiles``). ``targeted``: how many had a target; ``met``: how many of those ended by their due time.
    ``within``: how many took at most each of ``WITHIN_SECONDS``. ``open_breaches``: cycles that are still running and
    past their due time at the end of the period; they are in none of the other figures.
    """

    step: Step
    count: int
    mean: float | None
    p50: float | None
    p90: float | None
    p99: float | None
    targeted: int
    met: int
    within: tuple[int, int, int, int]
    open_breaches: int

    @property
    def share_met(self) -> float | None:
        """Return the share of cycles with a target that met it, 0 to 1; ``None`` where none had one."""
        return self.met / self.targeted if self.targeted else None

    @property
    def shares_within(self) -> tuple[float | None, ...]:
        """Return the share of cycles that took at most each of ``WITHIN_SECONDS``; ``None`` where there is none."""
        return tuple(number / self.count if self.count else None for number in self.within)


@dataclass(frozen=True)
class Line:
    """One group of a report. ``group`` is what its cases have in common, ``""`` in the line over all of them.

    ``received``: cases whose first message came in the period; ``answered``: those of them that have had a reply;
    ``dismissed``: those that were ended without one, ``spam`` of them as spam.
    """

    group: str
    received: int
    answered: int
    steps: Mapping[Step, StepFigures] = field(default_factory=dict)
    dismissed: int = 0
    spam: int = 0

    @property
    def response_rate(self) -> float | None:
        """Return the share of cases that have had a reply, 0 to 1, spam left out; ``None`` where there is no other."""
        customers = self.received - self.spam
        return self.answered / customers if customers else None


@dataclass(frozen=True)
class Report:
    """The figures from ``since`` (included) to ``until`` (excluded), both aware UTC; lines by group, then over all.

    ``method``: counted from every row, or from hourly buckets with a relative error of at most 1 % in p50, p90, p99.
    """

    since: datetime
    until: datetime
    by: str | None
    method: Literal["exact", "rolled up"]
    lines: tuple[Line, ...]
    total: Line
    business: bool = False

    @property
    def cycles(self) -> int:
        """Return how many cycles of all steps the figures count."""
        return sum(figures.count for figures in self.total.steps.values())

    @property
    def open_breaches(self) -> int:
        """Return how many cycles were past their due time and not done at the end of the period."""
        return sum(figures.open_breaches for figures in self.total.steps.values())


UNKNOWN: Final = "-"
"""The group of what is not known: nobody claimed it, the network told no language."""


@dataclass(frozen=True)
class BadgeForecast:
    """What Facebook's "very responsive to messages" badge would make of an account, see ``escalation.badge``.

    ``messages``: private messages of the last seven days that began a conversation or came after 24 hours of silence;
    ``answered``: those that have had a reply. ``median`` is over all replies, ``fastest`` the mean of the fastest 90 %
    of them; wall seconds.
    """

    account: str
    messages: int
    answered: int
    median: float | None
    fastest: float | None

    @property
    def response_rate(self) -> float:
        """Return the share of messages that have had a reply, 0 to 1."""
        return self.answered / self.messages

    @property
    def earned(self) -> bool:
        """Tell whether the badge would be shown: 90 % answered, and in at most 15 minutes by either way of counting."""
        times = [seconds for seconds in (self.median, self.fastest) if seconds is not None]
        return self.response_rate >= BADGE_RATE and bool(times) and max(times) <= BADGE_SECONDS
