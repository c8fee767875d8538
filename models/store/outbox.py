"""The outbox: claiming effects with leases, keeping pace, recording attempts and results."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, case, exists, literal, or_, update
from sqlalchemy import select as select_rows
from sqlalchemy.orm import aliased
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.case import Case
from models.columns import UtcTime, new_id
from models.outbox import Attempt, Card, Effect, Pace
from models.store.many_rows import insert_all
from models.store.statements import insert_or_ignore, one_of, table
from models.vocabulary import (
    NETWORK_EFFECTS,
    OPEN_STATES,
    UNSETTLED_EFFECTS,
    CardKind,
    EffectKind,
    EffectState,
)

_SHOWN_BY_A_TRY = ("ended_at", "verdict", "reason", "external_id")
SEQUENCE_STEP = 1000
"""How far apart the sequences of two decisions of one case are, so that the effects of each keep their order."""

_DRAWINGS = (EffectKind.CARD, EffectKind.APPROVAL, EffectKind.PING)  # in the order of the index effect_waiting_card

_DRAWN_ANEW = (*_DRAWINGS, EffectKind.DIGEST)
"""The kinds of which a later one in the same lane draws the same message again."""

_DRAWS = {
    CardKind.CARD: EffectKind.CARD,
    CardKind.APPROVAL: EffectKind.APPROVAL,
    CardKind.PING: EffectKind.PING,
}

BLANK_EFFECT: dict[str, Any] = {
    "lane": None,
    "priority": 5,
    "payload": {},
    "card_id": None,
    "review_id": None,
    "draft_id": None,
    "part": 0,
    "state": EffectState.READY,
    "token": None,
    "lease_until": None,
    "attempts": 0,
    "unknown_since": None,
    "absences": 0,
    "external_id": None,
    "url": None,
    "reason": None,
    "settled_at": None,
    "sequence": 0,
}
"""The columns of an effect that nobody has touched yet."""


def redraw_row(card: Card, *, version: int, at: datetime) -> dict[str, Any]:
    """Return the outbox row that draws a card as of a version of its case.

    A card's first drawing goes before mere changes.
    """
    return BLANK_EFFECT | {
        "id": new_id(at),
        "case_id": card.case_id,
        "kind": _DRAWS[card.kind],
        "target": card.channel,
        "pace": card.channel,
        "lane": f"card:{card.id}",
        "sequence": version * SEQUENCE_STEP,
        "priority": 3 if card.message_id is None else 6,
        "not_before": at,
        "created_at": at,
        "card_id": card.id,
    }


@cache
def in_transit() -> ColumnElement[bool]:
    """Return the condition of the index ``effect_due``, word for word.

    SQLite uses a partial index only where the query repeats its condition with the same constants, not bound values.
    https://www.sqlite.org/partialindex.html#queries_using_partial_indexes
    """
    states = [EffectState.READY, EffectState.SENDING, EffectState.UNKNOWN]
    return table(Effect).c.state.in_(bindparam("in_transit", states, expanding=True, literal_execute=True))


@cache
def _waiting_drawing() -> ColumnElement[bool]:
    """Return the condition of the index ``effect_waiting_card``, with constants as above."""
    ready = bindparam("drawing_state", EffectState.READY, type_=Effect.state.type, literal_execute=True)  # type: ignore[attr-defined]
    kinds: Any = bindparam("drawing_kinds", list(_DRAWINGS), expanding=True, literal_execute=True)
    return and_(col(Effect.state) == ready, col(Effect.card_id).is_not(None), col(Effect.kind).in_(kinds))


@cache
def due_now() -> ColumnElement[bool]:
    """Return what makes an effect due at ``:now``; built once, for it is asked at every tick."""
    now = bindparam("now", type_=UtcTime())
    effect, earlier, pace = table(Effect).c, table(Effect).alias("earlier").c, table(Pace).c
    waiting = and_(effect.state.in_([EffectState.READY, EffectState.UNKNOWN]), effect.not_before <= now)
    unleased = or_(effect.lease_until.is_(None), effect.lease_until <= now)
    blocked = exists().where(
        earlier.lane == effect.lane,
        earlier.sequence < effect.sequence,
        earlier.state.in_(list(UNSETTLED_EFFECTS)),
        or_(earlier.state != EffectState.PARKED, earlier.kind.in_(list(NETWORK_EFFECTS))),
    )
    held = exists().where(pace.key == effect.pace, pace.blocked_until > now)
    return and_(in_transit(), waiting, unleased, or_(effect.lane.is_(None), ~blocked), ~held)


@cache
def _claimed(kinds: frozenset[EffectKind] | None) -> Select[Any]:
    """Return the SELECT of at most ``:room`` effects that are due.

    Left out are network effects of ``:frozen`` accounts, which may be looked up but not sent, and of ``:closed`` ones.
    """
    effects = table(Effect)
    effect = effects.c
    network = effect.kind.in_(list(NETWORK_EFFECTS))
    frozen = and_(one_of(effect.target, "frozen"), effect.state == EffectState.READY)
    held = and_(network, or_(frozen, one_of(effect.target, "closed")))
    query = select_rows(effects).where(due_now(), ~held)
    if kinds is not None:
        query = query.where(effect.kind.in_(sorted(kinds)))
    query = query.order_by(effect.priority, effect.not_before, effect.sequence, effect.id)
    return query.limit(bindparam("room", type_=Integer())).with_for_update(of=effects, skip_locked=True)


@cache
def _lease(*, sending: bool) -> Any:
    effects = table(Effect)
    changes: dict[str, Any] = {"token": bindparam("_token"), "lease_until": bindparam("_until")}
    if sending:
        changes |= {"state": EffectState.SENDING, "attempts": effects.c.attempts + 1}
    return update(effects).where(one_of(effects.c.id, "ids")).values(**changes)


@cache
def _held_by_token() -> Select[Any]:
    effect = table(Effect).c
    under_way = effect.state.in_([EffectState.SENDING, EffectState.UNKNOWN])
    mine = select_rows(effect.id).where(one_of(effect.id, "ids"), effect.token == bindparam("token"), under_way)
    return mine.order_by(effect.id).with_for_update()


@cache
def _mend() -> Any:
    paces = table(Pace)
    broken = update(paces).where(paces.c.key == bindparam("_key"), paces.c.problem.is_not(None))
    return broken.values(problem=None, problem_since=None, blocked_until=None)


@cache
def _end_attempt() -> Any:
    """Return the UPDATE for many tries at once: compiled once, however many there are."""
    attempts = table(Attempt)
    mine = (attempts.c.effect_id == bindparam("_effect"), attempts.c.token == bindparam("_token"))
    ended = update(attempts).where(*mine, attempts.c.ended_at.is_(None))
    return ended.values({name: bindparam(name) for name in _SHOWN_BY_A_TRY})


@cache
def _note_sent() -> Any:
    """Return the UPDATE for many effects that stand outside now."""
    effects = table(Effect)
    values: dict[str, Any] = {name: bindparam(name) for name in ("external_id", "url", "settled_at")}
    constant = {"state": EffectState.SENT, "reason": None, "token": None, "lease_until": None}
    return update(effects).where(effects.c.id == bindparam("_id")).values({**values, **constant})


@cache
def _any_due() -> Any:
    return select(literal(1)).where(exists().where(due_now()))


class Outbox:
    """Statements about effects, attempts, cards and pace."""

    def __init__(self, session: AsyncSession) -> None:
        """Bind to one transaction."""
        self._session = session

    # --- putting in ---------------------------------------------------------------------------------------------------

    async def wish_cards(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Make card rows that do not exist yet."""
        await insert_all(self._session, Card, rows, ignore_repeats=True)

    async def cards_of(self, case_ids: Collection[str]) -> Sequence[Card]:
        """Return all cards of some cases."""
        return (
            await self._session.exec(
                select(Card).where(col(Card.case_id).in_(list(case_ids))).order_by(col(Card.created_at), col(Card.id))
            )
        ).all()

    async def put(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Put effects in; a second redrawing of a card is left out, for the one that waits shows the newest state."""
        await insert_all(self._session, Effect, rows, ignore_repeats=True)

    async def refresh_open_cards(self, now: datetime, *, accounts: Collection[str]) -> None:
        """Have the cards of all open cases of some accounts drawn again; pings are of their moment, and stay."""
        query = (
            select(Card, Case.version)
            .join(Case, col(Case.id) == col(Card.case_id))
            .where(
                col(Card.kind).in_([CardKind.CARD, CardKind.APPROVAL]),
                col(Case.account).in_(list(accounts)),
                col(Case.state).in_(list(OPEN_STATES)),
                col(Card.message_id).is_not(None),
            )
        )
        rows = [redraw_row(card, version=version, at=now) for card, version in (await self._session.exec(query)).all()]
        if rows:
            await self._execute(
                update(Card).where(col(Card.id).in_([row["card_id"] for row in rows])).values(shown_version=0)
            )
        await self.put(rows)

    # --- claiming -----------------------------------------------------------------------------------------------------

    async def due(
        self,
        now: datetime,
        *,
        limit: int,
        kinds: Collection[EffectKind] | None = None,
        frozen_accounts: Collection[str] = (),
        closed_accounts: Collection[str] = (),
    ) -> Sequence[Effect]:
        """Return effects that may leave now, most urgent first, locked; those another process holds are left out.

        They are rows with the columns of an effect, and cannot be changed. Nothing at all is returned of
        ``closed_accounts``; of ``frozen_accounts`` only what may have left already.
        """
        query = _claimed(frozenset(kinds) if kinds is not None else None)
        values = {"now": now, "room": limit, "frozen": sorted(frozen_accounts), "closed": sorted(closed_accounts)}
        found: Sequence[Effect] = (await self._session.exec(query, params=values)).all()  # type: ignore[call-overload]
        return found

    async def still_due(self, ids: Collection[str], now: datetime) -> Sequence[Effect]:
        """Return which of these effects may leave now, locked; those another process holds are left out."""
        query = select(Effect).where(due_now(), col(Effect.id).in_(list(ids))).order_by(col(Effect.id))
        found = await self._session.exec(query.with_for_update(of=Effect, skip_locked=True), params={"now": now})
        return found.all()

    async def abandoned(self, now: datetime) -> Sequence[Effect]:
        """Return effects whose sender has not come back in time; not locked."""
        sending = and_(col(Effect.state) == EffectState.SENDING, col(Effect.lease_until) <= now)
        query = select(Effect).where(in_transit(), col(Effect.not_before) <= now, sending)
        return (await self._session.exec(query)).all()

    async def doubt(self, effect_id: str, *, token: str | None, now: datetime, not_before: datetime) -> bool:
        """Mark an abandoned effect as of unknown outcome; ``False`` if its sender came back after all."""
        statement = update(Effect).where(
            col(Effect.id) == effect_id,
            col(Effect.state) == EffectState.SENDING,
            col(Effect.token) == token,
            col(Effect.lease_until) <= now,
        )
        return bool(
            await self._execute(
                statement.values(
                    state=EffectState.UNKNOWN,
                    unknown_since=now,
                    not_before=not_before,
                    token=None,
                    lease_until=None,
                    reason="the sender died",
                )
            )
        )

    async def again(self, effect_id: str, *, token: str | None, now: datetime) -> bool:
        """Let an abandoned effect that is harmless to repeat be sent again."""
        statement = update(Effect).where(
            col(Effect.id) == effect_id,
            col(Effect.state) == EffectState.SENDING,
            col(Effect.token) == token,
            col(Effect.lease_until) <= now,
        )
        await self._make_room(effect_id, state=[EffectState.SENDING], token=token)
        return bool(await self._execute(statement.values(state=EffectState.READY, token=None, lease_until=None)))

    async def _make_room(self, effect_id: str, *, state: Collection[EffectState], token: str | None) -> None:
        """Set aside a waiting redraw of a message whose older drawing is about to wait again.

        The older one keeps its place before the thread messages that need the card, and shows the newest state.
        """
        older = aliased(Effect)
        lane = select(older.lane).where(
            col(older.id) == effect_id, col(older.kind).in_(_DRAWN_ANEW), col(older.state).in_(list(state))
        )
        if token is not None:
            lane = lane.where(col(older.token) == token)
        newer = update(Effect).where(
            col(Effect.lane) == lane.scalar_subquery(),
            col(Effect.state) == EffectState.READY,
            col(Effect.kind).in_(_DRAWN_ANEW),
            col(Effect.id) != effect_id,
        )
        await self._execute(newer.values(state=EffectState.SUPERSEDED))

    async def draw_before(self, card: Card, *, version: int, sequence: int, at: datetime) -> None:
        """Have a card that was deleted in chat drawn anew, ahead of the thread messages that wait for it."""
        row = redraw_row(card, version=version, at=at) | {"sequence": sequence, "priority": 3}
        waiting = update(Effect).where(col(Effect.card_id) == card.id, _waiting_drawing())
        if not await self._execute(waiting.values(sequence=sequence, priority=3, not_before=at)):
            await self.put([row])

    async def any_due(self, now: datetime) -> bool:
        """Tell whether anything may leave now; for reading transactions."""
        return (await self._session.exec(_any_due(), params={"now": now})).first() is not None

    async def under_way(self, now: datetime, *, accounts: Collection[str]) -> int:
        """Return how many effects have left for the networks of some accounts and have not been heard of yet."""
        query = (
            select(func.count())
            .select_from(Effect)
            .where(
                in_transit(),
                col(Effect.state) == EffectState.SENDING,
                col(Effect.lease_until) > now,
                col(Effect.kind).in_(list(NETWORK_EFFECTS)),
                col(Effect.target).in_(list(accounts)),
            )
        )
        return (await self._session.exec(query)).one()

    async def may_have_posted(self, channel: str) -> bool:
        """Tell whether a card may stand in a channel already of which we do not know the message yet.

        Its poster is still on the way back, or has died on it.
        """
        under_way = col(Effect.state).in_([EffectState.SENDING, EffectState.UNKNOWN])
        query = (
            select(literal(1))
            .select_from(Effect)
            .join(Card, col(Card.id) == col(Effect.card_id))
            .where(in_transit(), under_way, col(Card.channel) == channel, col(Card.message_id).is_(None))
            .limit(1)
        )
        return (await self._session.exec(query)).first() is not None

    async def next_due(self) -> datetime | None:
        """Return when the next waiting effect may leave."""
        query = select(func.min(Effect.not_before)).where(
            in_transit(), col(Effect.state).in_([EffectState.READY, EffectState.UNKNOWN])
        )
        return (await self._session.exec(query)).one()

    async def lease(self, ids: Collection[str], *, token: str, until: datetime, sending: bool) -> None:
        """Take effects; ``sending`` counts a try, without it the lease is for a look-up."""
        connection = await self._session.connection()
        await connection.execute(_lease(sending=sending), {"ids": list(ids), "_token": token, "_until": until})

    async def replace_parked(self, effects: Collection[Effect]) -> None:
        """Set aside what was parked of the messages that these effects draw: the newest drawing shows all of it."""
        lanes = {effect.lane for effect in effects if effect.kind in _DRAWN_ANEW and effect.lane is not None}
        if lanes:
            parked = update(Effect).where(
                col(Effect.lane).in_(lanes), col(Effect.state) == EffectState.PARKED, col(Effect.kind).in_(_DRAWN_ANEW)
            )
            await self._execute(parked.values(state=EffectState.SUPERSEDED))

    async def begin_attempts(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Record tries before their bytes leave."""
        await insert_all(self._session, Attempt, rows)

    async def first_attempts(self, effect_ids: Collection[str]) -> dict[str, datetime]:
        """Return when each effect first left the house."""
        if not effect_ids:
            return {}
        query = (
            select(Attempt.effect_id, func.min(Attempt.started_at))
            .where(col(Attempt.effect_id).in_(list(effect_ids)))
            .group_by(col(Attempt.effect_id))
        )
        return dict((await self._session.exec(query)).all())

    async def attempts_of(self, effect_id: str) -> Sequence[Attempt]:
        """Return the tries at one effect, oldest first."""
        return (
            await self._session.exec(
                select(Attempt).where(col(Attempt.effect_id) == effect_id).order_by(col(Attempt.number))
            )
        ).all()

    async def held_accounts(self) -> Sequence[Pace]:
        """Return what is blocked or broken."""
        return (
            await self._session.exec(
                select(Pace).where(or_(col(Pace.blocked_until).is_not(None), col(Pace.problem).is_not(None)))
            )
        ).all()

    # --- settling -----------------------------------------------------------------------------------------------------

    async def end_attempts(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Record what tries showed; not fenced, for a late answer is evidence."""
        known = [
            {"_effect": row["effect_id"], "_token": row["token"], **{name: row[name] for name in _SHOWN_BY_A_TRY}}
            for row in rows
        ]
        if known:
            await (await self._session.connection()).execute(_end_attempt(), known)

    async def settle(self, effect_id: str, *, token: str, changes: Mapping[str, Any]) -> bool:
        """Record a result; ``False`` if the lease was lost and somebody else decides now."""
        statement = update(Effect).where(
            col(Effect.id) == effect_id,
            col(Effect.token) == token,
            col(Effect.state).in_([EffectState.SENDING, EffectState.UNKNOWN]),
        )
        if changes.get("state") is EffectState.READY:
            await self._make_room(effect_id, state=[EffectState.SENDING, EffectState.UNKNOWN], token=token)
        return bool(await self._execute(statement.values(**changes, token=None, lease_until=None)))

    async def settle_sent(self, results: Sequence[Mapping[str, Any]], *, token: str, at: datetime) -> set[str]:
        """Record many deliveries of one lease; return the ids whose lease still held."""
        if not results:
            return set()
        values = {"ids": [row["id"] for row in results], "token": token}
        held = set((await self._session.exec(_held_by_token(), params=values)).scalars())  # type: ignore[call-overload]
        sent = [
            {"_id": row["id"], "external_id": row["external_id"], "url": row["url"], "settled_at": at}
            for row in results
            if row["id"] in held
        ]
        if sent:
            await (await self._session.connection()).execute(_note_sent(), sent)
        return held

    async def card_posted(self, card_id: str, *, message_id: str, shown_version: int) -> None:
        """Note which message a card is and which version of the case it shows.

        An older version never overwrites a newer one.
        """
        statement = update(Card).where(col(Card.id) == card_id)
        newer = case((col(Card.shown_version) > shown_version, col(Card.shown_version)), else_=shown_version)
        await self._execute(statement.values(message_id=message_id, shown_version=newer))

    async def card_lost(self, card_id: str) -> None:
        """Forget the message of a card that was deleted in chat, so that it is made again."""
        await self._execute(update(Card).where(col(Card.id) == card_id).values(message_id=None, shown_version=0))

    # --- pace ---------------------------------------------------------------------------------------------------------

    async def paces(self, keys: Collection[str]) -> dict[str, Pace]:
        """Lock and return the brakes of some channels and accounts, made where missing."""
        wanted = sorted(set(keys))
        if not wanted:
            return {}
        connection = await self._session.connection()
        query = select(Pace).where(col(Pace.key).in_(wanted)).order_by(col(Pace.key)).with_for_update()
        found = {pace.key: pace for pace in await self._session.exec(query)}
        if missing := [key for key in wanted if key not in found]:
            await connection.execute(insert_or_ignore(self._session, Pace), [{"key": key} for key in missing])
            found = {
                pace.key: pace for pace in await self._session.exec(query.execution_options(populate_existing=True))
            }
        return found

    async def pass_by(self, arrivals: Mapping[str, datetime]) -> None:
        """Record the theoretical arrival time of each channel's last message."""
        for key, at in sorted(arrivals.items()):
            await self._execute(update(Pace).where(col(Pace.key) == key).values(next_at=at))

    async def block(self, key: str, until: datetime) -> None:
        """Hold a channel or account back; a later time that was asked for before stays."""
        pace = (await self.paces([key]))[key]
        if pace.blocked_until is None or pace.blocked_until < until:
            await self._execute(update(Pace).where(col(Pace.key) == key).values(blocked_until=until))

    async def break_down(self, key: str, *, problem: str, at: datetime, until: datetime) -> bool:
        """Hold an account back because it refuses us, and look again at ``until``.

        ``False`` if that is known already.
        """
        await self.block(key, until)
        statement = (
            update(Pace)
            .where(col(Pace.key) == key, col(Pace.problem).is_(None))
            .values(problem=problem, problem_since=at)
        )
        return bool(await self._execute(statement))

    async def mended(self, key: str) -> bool:
        """Let an account go on; ``False`` if nothing was wrong with it."""
        connection = await self._session.connection()
        return bool((await connection.execute(_mend(), {"_key": key})).rowcount)

    # --- by hand ------------------------------------------------------------------------------------------------------

    async def get(self, effect_id: str) -> Effect | None:
        """Return one effect."""
        return await self._session.get(Effect, effect_id)

    async def list(
        self, *, states: Collection[EffectState] | None = None, case_id: str | None = None, limit: int = 100
    ) -> Sequence[Effect]:
        """Return effects, newest first."""
        query = select(Effect).order_by(col(Effect.created_at).desc(), col(Effect.sequence).desc()).limit(limit)
        if states is not None:
            query = query.where(col(Effect.state).in_(list(states)))
        if case_id is not None:
            query = query.where(col(Effect.case_id) == case_id)
        return (await self._session.exec(query)).all()

    async def move(self, effect_id: str, *, from_: Collection[EffectState], changes: Mapping[str, Any]) -> bool:
        """Change an effect by hand; ``False`` if it is in none of the states ``from_``."""
        if changes.get("state") is EffectState.READY:
            await self._make_room(effect_id, state=from_, token=None)
        statement = (
            update(Effect).where(col(Effect.id) == effect_id, col(Effect.state).in_(list(from_))).values(**changes)
        )
        return bool(await self._execute(statement))

    async def count_by_state(self) -> dict[tuple[EffectKind, EffectState], int]:
        """Return how many effects are unsettled, by kind and state."""
        query = (
            select(Effect.kind, Effect.state, func.count())
            .where(col(Effect.state).in_(list(UNSETTLED_EFFECTS)))
            .group_by(col(Effect.kind), col(Effect.state))
        )
        return {
            (EffectKind(kind), EffectState(state)): number for kind, state, number in await self._session.exec(query)
        }

    async def _execute(self, statement: Any) -> int:
        return int((await (await self._session.connection()).execute(statement)).rowcount)
