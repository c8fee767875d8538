"""Pings on their way to people: written down once, then told one by one, or together where they would be too many.

More than five pings of one policy in one channel within a minute become one message (a storm). What is found long after
its time, because nobody swept, is told in one message with the original due times (an outage). What only waits for a
frozen or broken account is told once for the whole standstill. Messages about many are edited like single ones when
what they tell is over, and not sent when all of it is over before they leave.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from escalation.decision import PingDue, Told
from escalation.notes import sentence_payload
from models.case import Case
from models.columns import new_id
from models.outbox import Card
from models.store import Transaction
from models.store.gatherings import OpenGathering, lane_of
from models.store.outbox import BLANK_EFFECT, redraw_row
from models.vocabulary import BREACHES, CardKind, EffectKind, GatheringKind, PingFate

MOST_ALONE: Final = 5
WINDOW: Final = timedelta(minutes=1)
LATE: Final = timedelta(minutes=5)
"""A rung that is noticed later than this was missed by an outage."""
GATHER: Final = timedelta(seconds=10)
"""How long a message about many waits for more."""
_URGENT, _USUAL = 1, 2


@dataclass(frozen=True)
class DuePing:
    """A rung whose time has come, with the case as it was decided upon."""

    case: Case
    ping: PingDue


@dataclass(frozen=True, eq=False)
class _Line:
    """One ping in one channel."""

    due: DuePing
    ping_id: str
    told: Told

    @property
    def policy(self) -> str:
        return self.due.ping.policy

    @property
    def subject(self) -> str:
        ping = self.due.ping
        return subject_of(ping.clock_id, ping.rung.number, ping.rung.repeat)


def subject_of(clock_id: str, rung: int, repeat: int) -> str:
    """Return what the card of a ping is called among the cards of its case."""
    return f"{clock_id}:{rung}:{repeat}"


def rung_of(card: Card) -> tuple[str, int, int]:
    """Return the clock, the rung and the repetition that a ping's card tells."""
    clock_id, rung, repeat = card.subject.split(":")
    return clock_id, int(rung), int(repeat)


def clock_of(card: Card) -> str:
    """Return the clock that a ping's card, or a line of a message about many, is about."""
    return card.subject.partition(":")[0]


def gathering_of(line: Card) -> str:
    """Return the gathering in whose message a line stands."""
    return line.subject.rpartition(":")[2]


class Announcing:
    """The pings of one transaction."""

    def __init__(self, tx: Transaction) -> None:
        """Bind to a transaction that is open."""
        self._tx = tx
        self._effects: list[dict[str, Any]] = []
        self._cards: list[dict[str, Any]] = []
        self._told: list[dict[str, Any]] = []
        self._gathered: set[str] = set()

    async def tell(self, due: Sequence[DuePing]) -> None:
        """Write pings down and have those told that had not been written before."""
        ids = {new_id(one.ping.at): one for one in due}
        lines = [_Line(one, ping_id, told) for ping_id, one in ids.items() for told in one.ping.told]
        if lines:
            # one process at a time counts what a channel has been told
            await self._tx.outbox.paces({line.told.channel for line in lines})
        together = await self._together(lines)
        alone = {line.ping_id for line in lines if line not in together}
        new = await self._tx.pings.put([_row(ping_id, one, alone=ping_id in alone) for ping_id, one in ids.items()])
        for line in lines:
            if line.ping_id in new and line not in together:
                self._alone(line)
        for (channel, kind, subject), group in _grouped(together).items():
            fresh = [line for line in group if line.ping_id in new]
            if fresh:
                await self._gather(channel, kind, subject, fresh)
        await self._write()

    async def _together(self, lines: Sequence[_Line]) -> dict[_Line, tuple[GatheringKind, str]]:
        """Return which lines share a message with others, and which one."""
        found: dict[_Line, tuple[GatheringKind, str]] = {}
        by_channel: dict[str, list[_Line]] = defaultdict(list)
        for line in lines:
            ping = line.due.ping
            if ping.fate is PingFate.MUTED:
                since = ping.since.isoformat() if ping.since else ""
                found[line] = (GatheringKind.STANDSTILL, f"{line.due.case.account}@{since}")
            else:
                by_channel[line.told.channel].append(line)
        if not by_channel:
            return found
        at = max(line.due.ping.at for line in lines)
        recent = await self._tx.pings.recent(by_channel, at - WINDOW)
        for channel, group in by_channel.items():
            late = [line for line in group if line.due.ping.at - line.due.ping.due_at > LATE]
            if len(late) > 1:
                found.update(dict.fromkeys(late, (GatheringKind.OUTAGE, "")))
            for policy, same in _by_policy(line for line in group if line not in found).items():
                if recent.get((channel, policy), 0) + len(same) > MOST_ALONE:
                    found.update(dict.fromkeys(same, (GatheringKind.STORM, policy)))
        return found

    def _alone(self, line: _Line) -> None:
        """Have a ping told by a card of its own, which is edited when its clock ends."""
        ping, case = line.due.ping, line.due.case
        card = Card(**self._card(line, CardKind.PING, line.subject))
        drawing = redraw_row(card, version=case.version + 1, at=ping.at) | {
            "priority": _URGENT if ping.rung.kind in BREACHES or ping.rung.page_anyway else _USUAL,
            "not_before": line.told.not_before or ping.at,
            "payload": {"to": list(line.told.to)},
        }
        self._effects.append(drawing)
        self._note(line, None)

    def _card(self, line: _Line, kind: CardKind, subject: str) -> dict[str, Any]:
        """Return the row of a card; a mapped object would take longer to make than all that is told with it."""
        at = line.due.ping.at
        card = {
            "id": new_id(at),
            "case_id": line.due.case.id,
            "kind": kind,
            "channel": line.told.channel,
            "department": None,
            "subject": subject,
            "message_id": None,
            "shown_version": 0,
            "created_at": at,
        }
        self._cards.append(card)
        return card

    async def _gather(self, channel: str, kind: GatheringKind, subject: str, lines: Sequence[_Line]) -> None:
        at = max(line.due.ping.at for line in lines)
        standing = await self._tx.gatherings.open_one(channel, kind, subject)
        if standing is not None:
            gathering_id: str | None = standing.id
            await self._join(standing, lines, at)
        elif kind is GatheringKind.STANDSTILL and await self._tx.gatherings.any_told(channel, kind, subject):
            gathering_id = None  # that nothing leaves has been said; the rest is written down only
        else:
            gathering_id = await self._begin(channel, kind, subject, lines, at)
        if gathering_id is not None:
            for line in lines:
                self._note(line, gathering_id)
                self._card(line, CardKind.LINE, f"{line.subject}:{gathering_id}")

    async def _begin(
        self, channel: str, kind: GatheringKind, subject: str, lines: Sequence[_Line], at: datetime
    ) -> str:
        gathering_id, effect_id, why = new_id(at), new_id(at), lines[0].due.ping.why
        effect = BLANK_EFFECT | {
            "id": effect_id,
            "case_id": None,
            "kind": EffectKind.DIGEST,
            "target": channel,
            "pace": channel,
            "lane": lane_of(gathering_id),
            "priority": _URGENT,
            "payload": {"gathering": gathering_id, "to": _mentioned(lines)},
            "not_before": _leaves(lines, at),
            "created_at": at,
        }
        await self._tx.outbox.put([effect])
        row = {"id": gathering_id, "channel": channel, "kind": kind, "subject": subject, "began_at": at}
        await self._tx.gatherings.begin(row | {"effect_id": effect_id, "why": sentence_payload(why) if why else None})
        return gathering_id

    async def _join(self, standing: OpenGathering, lines: Sequence[_Line], at: datetime) -> None:
        """Have a message that waits noticed by whoever shall notice these lines, no later than they may be told."""
        to = list(dict.fromkeys([*standing.to, *_mentioned(lines)]))
        leaves = min(standing.leaves, _leaves(lines, at))
        if len(to) > len(standing.to) or leaves < standing.leaves:
            await self._tx.gatherings.widen(standing, to=to, leaves=leaves)

    def _note(self, line: _Line, gathering_id: str | None) -> None:
        at = line.due.ping.at
        self._told.append(
            {
                "id": new_id(at),
                "ping_id": line.ping_id,
                "channel": line.told.channel,
                "policy": line.policy,
                "at": at,
                "gathering_id": gathering_id,
            }
        )

    async def _write(self) -> None:
        await self._tx.outbox.wish_cards(self._cards)
        await self._tx.outbox.put(self._effects)
        await self._tx.pings.tell(self._told)


def _row(ping_id: str, due: DuePing, *, alone: bool) -> dict[str, Any]:
    ping = due.ping
    return {
        "id": ping_id,
        "case_id": due.case.id,
        "clock_id": ping.clock_id,
        "step": ping.step,
        "rung": ping.rung.number,
        "repeat": ping.rung.repeat,
        "kind": ping.rung.kind,
        "percent": ping.rung.percent,
        "policy": ping.policy,
        "due_at": ping.due_at,
        "at": ping.at,
        "fate": PingFate.GATHERED if ping.fate is PingFate.ANNOUNCED and not alone else ping.fate,
        "why": sentence_payload(ping.why) if ping.why else None,
        "acknowledged_by": None,
        "acknowledged_at": None,
    }


def _leaves(lines: Sequence[_Line], at: datetime) -> datetime:
    """Return when a message about these lines leaves: in a moment, unless all of them are held for longer."""
    return max(at + GATHER, min(line.told.not_before or at for line in lines))


def _mentioned(lines: Iterable[_Line]) -> list[str]:
    return list(dict.fromkeys(member for line in lines for member in line.told.to))


def _by_policy(lines: Iterable[_Line]) -> Mapping[str, list[_Line]]:
    found: dict[str, list[_Line]] = defaultdict(list)
    for line in lines:
        found[line.policy].append(line)
    return found


def _grouped(
    together: Mapping[_Line, tuple[GatheringKind, str]],
) -> Mapping[tuple[str, GatheringKind, str], list[_Line]]:
    found: dict[tuple[str, GatheringKind, str], list[_Line]] = defaultdict(list)
    for line, (kind, subject) in together.items():
        found[line.told.channel, kind, subject].append(line)
    return found
