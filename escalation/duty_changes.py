"""Swaps, overrides and cancellations of who is on call, for those who may make them.

A change is kept for good: it can be cancelled, and has then held until that moment.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from escalation.called import duty_at
from escalation.decision import Intent
from escalation.desk import Delivery, Desk
from escalation.language import Sentence, say
from escalation.notes import Note
from escalation.on_call import Duty, Roster
from escalation.settings import Settings
from escalation.writing import ping_row
from models.columns import new_id
from models.on_call import DutyOverride
from models.store import Transaction
from models.vocabulary import OPERATOR, EffectKind

LONGEST: Final = timedelta(days=366)
REASON_CHARACTERS: Final = 500
SHORT_ID: Final = 8
"""So much of the end of a change's id is shown to people; they may give as much to cancel it."""
_PRIORITY: Final = 3


@dataclass(frozen=True)
class Changed:
    """What became of a change: whether it was done, a sentence, and the id by which it can be cancelled."""

    done: bool
    said: Sentence
    id: str = ""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A change that somebody wants: ``member`` and ``instead_of`` are keys, the times are aware.

    ``mutual``: a swap; the two take each other's shifts. ``instead_of`` ``None``: whoever else would be on call.
    """

    rota: str
    member: str
    since: datetime
    until: datetime
    instead_of: str | None = None
    mutual: bool = False
    reason: str | None = None


class DutyChanges:
    """Answers who is on call, and changes it."""

    def __init__(self, desk: Desk) -> None:
        """Keep the desk."""
        self._desk = desk
        self._settings = desk.rulebook.settings

    async def duty(self, at: datetime) -> Duty:
        """Return who is on call from ``at`` on. Raises ``StorageUnavailableError``."""
        async with self._desk.storage.read() as tx:
            return await duty_at(tx, self._settings, at)

    async def change(self, wanted: Wanted, *, actor: str, delivery: Delivery | None = None) -> Changed:
        """Make a change and tell those whom it concerns; the same delivery does it once.

        Raises:
            StorageUnavailableError: nothing was changed.

        """
        refusal = self._refusal(wanted, actor)
        if refusal is not None:
            return Changed(done=False, said=refusal)

        async def work() -> Changed:
            async with self._desk.storage.begin() as tx:
                if delivery is not None and not await self._desk.remember(tx, delivery):
                    return Changed(done=True, said=say("This was done already."))
                now = self._desk.clock.now()
                roster = (await duty_at(tx, self._settings, now)).rosters[wanted.rota]
                refusal = self._swapped_already(wanted, roster, now) or self._idle(wanted, roster, now)
                if refusal is not None:
                    return Changed(done=False, said=refusal)
                row = _row(wanted, actor, now)
                await tx.on_call.add(row)
                said = self._told(row)
                await self._tell(tx, row, said, _concerned(row, roster, now), actor=actor)
                return Changed(done=True, said=said, id=row.id)

        return await self._committed(work)

    async def cancel(self, name: str, *, actor: str) -> Changed:
        """End a change by its id, or by the end of it, and tell those whom it concerns.

        Raises:
            StorageUnavailableError: nothing was changed.

        """

        async def work() -> Changed:
            async with self._desk.storage.begin() as tx:
                found = list(await tx.on_call.ending_with(name)) if name else []
                if len(found) != 1:
                    several = say("Several changes end with “{name}”; give more of the id.", name=name)
                    none = say("There is no change “{name}” of who is on call.", name=name)
                    return Changed(done=False, said=several if found else none)
                row, now = found[0], self._desk.clock.now()
                refusal = self._refused_to(actor, {row.member, row.instead_of, row.made_by}) or _over(row, now)
                if refusal is not None:
                    return Changed(done=False, said=refusal)
                await tx.on_call.cancel(row.id, by=actor, at=now)
                said = say("Cancelled, it holds no longer: {what}", what=self._told(row))
                roster = (await duty_at(tx, self._settings, now)).rosters.get(row.rota)
                await self._tell(tx, row, said, _concerned(row, roster, now), actor=actor)
                return Changed(done=True, said=said, id=row.id)

        return await self._committed(work)

    async def _committed(self, work: Callable[[], Awaitable[Changed]]) -> Changed:
        changed: Changed = await self._desk.storage.retrying(work)
        self._desk.committed()
        return changed

    def _refusal(self, wanted: Wanted, actor: str) -> Sentence | None:
        """Return what is wrong with a change whatever the rota says."""
        settings = self._settings
        if wanted.rota not in settings.rotas:
            return unknown_rota(wanted.rota, settings)
        for name in (wanted.member, wanted.instead_of):
            if name is not None and name not in settings.members:
                return say("There is no member “{name}” in the configuration.", name=name)
        if wanted.member == wanted.instead_of:
            return say("Two different people are needed.")
        if wanted.until <= wanted.since:
            return say("The end must come after the beginning.")
        if wanted.until <= self._desk.clock.now():
            return say("That time has passed already.")
        if wanted.until - wanted.since > LONGEST:
            return say("A change may hold for a year at most.")
        return self._refused_to(actor, {wanted.member, wanted.instead_of})

    def _refused_to(self, actor: str, concerned: set[str | None]) -> Sentence | None:
        if actor == OPERATOR or actor in concerned or self._settings.is_manager(actor):
            return None
        return say("Only those who are on call then, or a manager, can change this. Ask one of them.")

    def _swapped_already(self, wanted: Wanted, roster: Roster, now: datetime) -> Sentence | None:
        """Return that a swap stands which this one would undo, for everybody would be on call as without both."""
        if not wanted.mutual or wanted.instead_of is None:
            return None
        standing = roster.swap_of(wanted.member, wanted.instead_of, max(wanted.since, now), wanted.until)
        if standing is None:
            return None
        return say(
            "{one} and {other} take each other's shifts of {rota} already, from {since} until {until}; a second time "
            "would undo that. To end it: portavoce oncall cancel {id}",
            one=self._desk.rulebook.name(standing.instead_of or ""),
            other=self._desk.rulebook.name(standing.member),
            rota=roster.rota.label,
            since=standing.since,
            until=standing.until,
            id=standing.id[-SHORT_ID:],
        )

    def _idle(self, wanted: Wanted, roster: Roster, now: datetime) -> Sentence | None:
        """Return why a change would change nothing: nobody whom it replaces is on call in its time."""
        if wanted.instead_of is None:
            return None
        replaced = [wanted.instead_of, *([wanted.member] if wanted.mutual else [])]
        since = max(wanted.since, now)
        if any(set(replaced) & set(shift.members) for shift in roster.shifts(since, wanted.until)):
            return None
        name = self._desk.rulebook.name
        begins = roster.duty_begins(replaced[0], now)
        if begins is None:
            return say("{who} is never on call by {rota}.", who=name(replaced[0]), rota=roster.rota.label)
        return say(
            "{who} is not on call by {rota} in that time. Their next shift begins {begins}.",
            who=name(replaced[0]),
            rota=roster.rota.label,
            begins=begins,
        )

    def _told(self, row: DutyOverride) -> Sentence:
        name = self._desk.rulebook.name
        rota = self._settings.rotas[row.rota].label if row.rota in self._settings.rotas else row.rota
        if row.mutual:
            return say(
                "{one} and {other} take each other's shifts of {rota} from {since} until {until}.",
                one=name(row.instead_of or ""),
                other=name(row.member),
                rota=rota,
                since=row.since,
                until=row.until,
            )
        if row.instead_of is not None:
            return say(
                "{member} takes the shifts of {other} by {rota} from {since} until {until}.",
                member=name(row.member),
                other=name(row.instead_of),
                rota=rota,
                since=row.since,
                until=row.until,
            )
        return say(
            "{member} is on call by {rota} from {since} until {until}.",
            member=name(row.member),
            rota=rota,
            since=row.since,
            until=row.until,
        )

    async def _tell(
        self, tx: Transaction, row: DutyOverride, said: Sentence, concerned: Iterable[str], *, actor: str
    ) -> None:
        """Send a direct message to whoever is concerned and did not do it themselves."""
        who = self._desk.rulebook.name(actor)
        sentence = say("{who} changed who is on call. {what}", who=who, what=said)
        if row.reason:
            sentence = say(
                "{who} changed who is on call. {what} Reason: {reason}", who=who, what=said, reason=row.reason
            )
        targets = [f"member:{name}" for name in concerned if name != actor and self._reachable(name)]
        now, payload = self._desk.clock.now(), Note(sentence).payload()
        await tx.outbox.put(
            [
                ping_row(Intent(EffectKind.PING, target, target, priority=_PRIORITY, payload=payload), now)
                for target in targets
            ]
        )

    def _reachable(self, name: str) -> bool:
        member = self._settings.members.get(name)
        return member is not None and bool(member.slack or member.teams)


def unknown_rota(name: str, settings: Settings) -> Sentence:
    """Return the sentence for a rota that the configuration does not have."""
    if not settings.rotas:
        return say("No rota is configured; write a section [on_call.NAME].")
    return say("There is no rota “{name}”. Known are: {known}.", name=name, known=", ".join(settings.rotas))


def _concerned(row: DutyOverride, roster: Roster | None, now: datetime) -> list[str]:
    """Return whom a change is about, and whom the rota without it has on call in its time."""
    named = [row.member, *([row.instead_of] if row.instead_of else [])]
    if row.instead_of is None and roster is not None:
        named += [name for shift in roster.shifts(max(row.since, now), row.until) for name in shift.members]
    return list(dict.fromkeys(named))


def _over(row: DutyOverride, now: datetime) -> Sentence | None:
    if row.cancelled_at is not None:
        return say("This change was cancelled already.")
    return say("That time has passed already.") if row.until <= now else None


def _row(wanted: Wanted, actor: str, now: datetime) -> DutyOverride:
    reason = (wanted.reason or "").strip()[:REASON_CHARACTERS] or None
    return DutyOverride(
        id=new_id(now),
        rota=wanted.rota,
        member=wanted.member,
        instead_of=wanted.instead_of,
        mutual=wanted.mutual,
        since=wanted.since,
        until=wanted.until,
        reason=reason,
        made_by=actor,
        made_at=now,
    )
