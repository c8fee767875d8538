"""One layer of a rota: whose turn it is, and at which hours the layer is on duty at all.

Turns are counted in local days and begin at a local wall time; only then are they converted to UTC, so that a
hand-over at nine stays at nine when the clocks change. A hand-over that falls into a gap moves to the gap's end, and
of one that comes twice the first is taken.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from escalation.business_time import BusinessCalendar, moment_of, zone

FIRST_MONDAY: Final = dt.date(2024, 1, 1)
"""From this Monday on turns are counted where a layer does not say."""

_DAY: Final = dt.timedelta(days=1)
_SECOND: Final = dt.timedelta(seconds=1)
_LONGEST_CLOSED: Final = 15 * _DAY
"""Weekly hours open again within this time, even where a clock change swallows them once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """People who take turns of `days` local days, from `minute` (after midnight) of the day `first` on.

    The order goes on before `first` as well. With `slack_group` everybody who is in that group is on duty at once, and
    turns only cut the time into weeks. `hours`: when the layer is on duty; None: always.
    """

    timezone: str
    members: tuple[str, ...] = ()
    slack_group: str | None = None
    days: int = 7
    first: dt.date = FIRST_MONDAY
    minute: int = 0
    hours: BusinessCalendar | None = None

    def turn(self, at: dt.datetime) -> int:
        """Give the number of the turn that is under way; the one that begins on `first` is 0."""
        day = at.astimezone(zone(self.timezone)).date()
        number = (day - self.first).days // self.days
        while self.begins(number) > at:
            number -= 1
        while self.begins(number + 1) <= at:
            number += 1
        return number

    def begins(self, number: int) -> dt.datetime:
        """Give the instant (UTC) at which a turn begins and the one before it ends."""
        return moment_of(zone(self.timezone), self.first + number * self.days * _DAY, self.minute)

    def on_duty(self, turn: int, groups: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
        """Give the keys of those whose turn it is; `groups` are the members of Slack user groups by their ids."""
        if self.slack_group is not None:
            return groups.get(self.slack_group, ())
        return (self.members[turn % len(self.members)],) if self.members else ()

    def origin(self, turn: int) -> object:
        """Tell one shift of somebody from their next: by the turn, or, where the hours end each shift, not at all."""
        return turn if self.hours is None or self.hours.never_closes else None

    def is_open(self, at: dt.datetime) -> bool:
        """Say whether the layer is on duty at this instant."""
        return self.hours is None or self.hours.is_open(at)

    def edge_after(self, at: dt.datetime) -> dt.datetime:
        """Give the first instant after `at` at which a turn begins, or hours may begin or end."""
        turn = self.begins(self.turn(at) + 1)
        if self.hours is None:
            return turn
        if not self.hours.is_open(at):
            return min(turn, self.hours.next_opening(at))
        return min(turn, self.hours.intervals(at, at + 2 * _DAY)[0].end.astimezone(dt.UTC))

    def edge_before(self, at: dt.datetime) -> dt.datetime:
        """Give the last instant at or before `at` at which a turn began, or hours may have begun or ended."""
        turn = self.begins(self.turn(at))
        if self.hours is None:
            return turn
        if self.hours.is_open(at):
            begun = self.hours.intervals(at - 2 * _DAY, at + _SECOND)[-1].start
        elif closed := self.hours.intervals(at - _LONGEST_CLOSED, at):
            begun = closed[-1].end
        else:
            return turn
        return max(turn, begun.astimezone(dt.UTC))
