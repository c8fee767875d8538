"""All rotas together with what stands about them in the database, for whoever asks "who is on call"."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Final, Self

from escalation.on_call.rota import Override, Roster, Rota, Shift
from models.on_call import DutyGroup, DutyOverride

GROUP: Final = "slack_group:"
"""What the id of a Slack user group follows where the group stands for members whom nobody has read."""


class Duty:
    """Answers by the name of a rota; one that is not configured has nobody on duty.

    Instants are aware; answers are UTC.
    """

    def __init__(
        self,
        rotas: Mapping[str, Rota],
        overrides: Iterable[Override] = (),
        groups: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        standing = tuple(overrides)
        self._rosters = {name: Roster(rota, standing, groups) for name, rota in rotas.items()}

    @classmethod
    def of_configuration(cls, rotas: Mapping[str, Rota]) -> Self:
        """Make it without the rows: nobody changed a thing, and a Slack user group stands for its members (`GROUP`)."""
        groups = {group for rota in rotas.values() for group in rota.slack_groups}
        return cls(rotas, groups={group: (f"{GROUP}{group}",) for group in groups})

    @classmethod
    def of_rows(
        cls, rotas: Mapping[str, Rota], overrides: Iterable[DutyOverride], groups: Iterable[DutyGroup] = ()
    ) -> Self:
        """Make it of stored rows, the overrides in the order in which they were made."""
        return cls(rotas, map(override_of, overrides), {one.slack_group: tuple(one.members) for one in groups})

    @property
    def rosters(self) -> Mapping[str, Roster]:
        """Every rota with what stands about it, by its name."""
        return self._rosters

    def on_duty(self, rota: str, at: dt.datetime) -> tuple[str, ...]:
        """Give the keys of those who are on duty; empty when nobody is."""
        return self._rosters[rota].on_duty(at) if rota in self._rosters else ()

    def shifts(self, rota: str, since: dt.datetime, until: dt.datetime) -> list[Shift]:
        """List the shifts of a rota that touch a stretch of time, whole, in order."""
        return self._rosters[rota].shifts(since, until) if rota in self._rosters else []

    def next_change(self, rota: str, at: dt.datetime) -> dt.datetime | None:
        """Give the next instant at which others are on duty; None when it stays so."""
        return self._rosters[rota].next_change(at) if rota in self._rosters else None

    def duty_begins(self, member: str, at: dt.datetime, *, rota: str | None = None) -> dt.datetime | None:
        """Give the next instant at which a member (a key) is on duty, by one rota or by any; None when never."""
        rosters = [roster for name, roster in self._rosters.items() if rota in {None, name}]
        found = [begins for roster in rosters if (begins := roster.duty_begins(member, at)) is not None]
        return min(found, default=None)


def override_of(row: DutyOverride) -> Override:
    """Give a stored change; one that was cancelled held until then."""
    until = row.until if row.cancelled_at is None else min(row.until, row.cancelled_at)
    return Override(
        rota=row.rota,
        member=row.member,
        since=row.since,
        until=until,
        instead_of=row.instead_of,
        mutual=row.mutual,
        id=row.id,
    )


NOBODY_ON_CALL = Duty({})
"""The duty of a configuration without rotas."""
