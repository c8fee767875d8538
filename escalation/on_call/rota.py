"""A rota and who is on duty by it: layers in order, then what people changed, the latest change last.

Every question is answered by stepping from edge to edge, an edge being an instant at which anything may change: a
hand-over, the beginning or end of a layer's hours, of an override or of a swap.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from escalation.on_call.layer import Layer

HORIZON: Final = dt.timedelta(days=400)
"""How far ahead "when next" looks at least; further where the turns of a layer take longer to come round."""

_INSTANT: Final = dt.timedelta(microseconds=1)
_NOBODY: Final = ("nobody",)
_Origin = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rota:
    """A rota as the configuration has it. The first layer that is on duty at an instant, and has anybody, counts."""

    name: str
    label: str
    layers: tuple[Layer, ...]

    @property
    def slack_groups(self) -> frozenset[str]:
        """The ids of the Slack user groups whose members the rota needs to know."""
        return frozenset(layer.slack_group for layer in self.layers if layer.slack_group is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What people changed in a rota from `since` until before `until` (aware).

    `member` is on duty `instead_of` somebody where that one would be, or, with None, whatever the layers say.
    `mutual`: a swap; each of the two is on duty where the other would be.
    """

    rota: str
    member: str
    since: dt.datetime
    until: dt.datetime
    instead_of: str | None = None
    mutual: bool = False
    id: str = ""

    def holds(self, at: dt.datetime) -> bool:
        """Say whether it is in force at an instant."""
        return self.since <= at < self.until

    def applied(self, on_duty: tuple[str, ...]) -> tuple[str, ...]:
        """Give who is on duty with this change; the same tuple where it changes nothing."""
        if self.instead_of is None:
            return (self.member,)
        exchanged = {self.instead_of: self.member} | ({self.member: self.instead_of} if self.mutual else {})
        changed = tuple(dict.fromkeys(exchanged.get(member, member) for member in on_duty))
        return on_duty if set(changed) == set(on_duty) else changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A stretch (UTC, end exclusive) in which the same people are on duty for the same reason, whole.

    `changes`: the ids of the overrides and swaps that put them there.
    """

    rota: str
    members: tuple[str, ...]
    since: dt.datetime
    until: dt.datetime
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Who is on duty at an instant, until when (None: it stays so), and who comes then; the keys of members."""

    members: tuple[str, ...]
    until: dt.datetime | None
    then: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Moment:
    members: tuple[str, ...]
    origin: _Origin
    changes: tuple[str, ...]


class Roster:
    """Answers who is on duty by one rota.

    `overrides` in the order in which they were made; those of other rotas are left out. `groups`: the members of Slack
    user groups by their ids. Instants are aware; answers are UTC. `ValueError` outside 1900 to 2198.
    """

    def __init__(
        self,
        rota: Rota,
        overrides: Iterable[Override] = (),
        groups: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self.rota = rota
        self._overrides = tuple(
            override for override in overrides if override.rota == rota.name and override.since < override.until
        )
        self._groups = groups or {}

    def on_duty(self, at: dt.datetime) -> tuple[str, ...]:
        """Give the keys of those who are on duty at an instant; empty when nobody is."""
        return self._at(at).members

    def swap_of(self, one: str, other: str, since: dt.datetime, until: dt.datetime) -> Override | None:
        """Give the first swap between two people (keys) that holds at any time from `since` until before `until`."""
        pair = {one, other}
        swaps = (change for change in self._overrides if change.mutual and {change.member, change.instead_of} == pair)
        return next((swap for swap in swaps if swap.since < until and swap.until > since), None)

    def watch(self, at: dt.datetime) -> Watch:
        """Tell who is on duty at an instant, until when, and who comes then."""
        until = self.next_change(at)
        return Watch(members=self.on_duty(at), until=until, then=() if until is None else self.on_duty(until))

    def shifts(self, since: dt.datetime, until: dt.datetime) -> list[Shift]:
        """List the shifts that touch a stretch of time, whole even where they reach out of it, in order."""
        found: list[Shift] = []
        at = since.astimezone(dt.UTC)
        while at < until:
            if self._at(at).members:
                found.append(self._shift(at))
                at = found[-1].until
            else:
                at = self._edge_after(at)
        return found

    def gaps(self, since: dt.datetime, until: dt.datetime) -> Iterator[tuple[dt.datetime, dt.datetime]]:
        """Give the stretches between two instants in which nobody is on duty."""
        begun = since.astimezone(dt.UTC)
        for shift in self.shifts(since, until):
            if begun < shift.since:
                yield begun, shift.since
            begun = shift.until
        if begun < until:
            yield begun, until.astimezone(dt.UTC)

    def next_change(self, at: dt.datetime) -> dt.datetime | None:
        """Give the next instant at which others are on duty; None when it stays so as far as `HORIZON`."""
        now = set(self.on_duty(at))
        return next((edge for edge in self._edges(at) if set(self.on_duty(edge)) != now), None)

    def duty_begins(self, member: str, at: dt.datetime) -> dt.datetime | None:
        """Give the next instant at which a member (a key) is on duty, `at` itself where they are.

        None when they are not as far as `HORIZON`.
        """
        if member in self.on_duty(at):
            return at.astimezone(dt.UTC)
        if member not in self.people:
            return None
        return next((edge for edge in self._edges(at) if member in self.on_duty(edge)), None)

    @property
    def people(self) -> frozenset[str]:
        """The keys of everybody whom layers, groups and changes name."""
        layers = self.rota.layers
        named = {member for layer in layers for member in layer.members}
        named.update(member for group in self.rota.slack_groups for member in self._groups.get(group, ()))
        return frozenset(named | {name for one in self._overrides for name in (one.member, one.instead_of) if name})

    def _at(self, at: dt.datetime) -> _Moment:
        members, origin = self._by_layers(at)
        changes: tuple[str, ...] = ()
        for number, override in enumerate(self._overrides):
            if not override.holds(at):
                continue
            changed = override.applied(members)
            if override.instead_of is None:
                origin, changes = ("override", number), (override.id,)
            elif changed is not members:
                origin, changes = (*origin, number), (*changes, override.id)
            members = changed
        return _Moment(members, origin, changes)

    def _by_layers(self, at: dt.datetime) -> tuple[tuple[str, ...], _Origin]:
        for number, layer in enumerate(self.rota.layers):
            if layer.is_open(at):
                turn = layer.turn(at)
                members = layer.on_duty(turn, self._groups)
                if members:
                    return members, (number, members, layer.origin(turn))
        return (), _NOBODY

    def _shift(self, at: dt.datetime) -> Shift:
        """Give the shift that is under way: every neighbouring stretch with the same origin belongs to it."""
        moment = self._at(at)
        since, until = self._edge_before(at), self._edge_after(at)
        while self._at(since - _INSTANT).origin == moment.origin:
            since = self._edge_before(since - _INSTANT)
        while self._at(until).origin == moment.origin:
            until = self._edge_after(until)
        return Shift(rota=self.rota.name, members=moment.members, since=since, until=until, changes=moment.changes)

    def _edges(self, at: dt.datetime) -> Iterator[dt.datetime]:
        end = at + self._horizon(at)
        edge = self._edge_after(at)
        while edge <= end:
            yield edge
            edge = self._edge_after(edge)

    def _horizon(self, at: dt.datetime) -> dt.timedelta:
        rounds = [dt.timedelta(days=layer.days * (len(layer.members) + 1)) for layer in self.rota.layers]
        changes = [override.until - at for override in self._overrides]
        return max([HORIZON, *rounds, *changes])

    def _edge_after(self, at: dt.datetime) -> dt.datetime:
        edges = [layer.edge_after(at) for layer in self.rota.layers]
        edges += [edge for one in self._overrides for edge in (one.since, one.until) if edge > at]
        return min(edges).astimezone(dt.UTC)

    def _edge_before(self, at: dt.datetime) -> dt.datetime:
        edges = [layer.edge_before(at) for layer in self.rota.layers]
        edges += [edge for one in self._overrides for edge in (one.since, one.until) if edge <= at]
        return max(edges).astimezone(dt.UTC)
