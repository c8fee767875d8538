"""The floor of the relay benchmark: the loop that a careful engineer would write by hand, in raw SQL, for one network.

It leaves the same rows behind as the product does, with the same promises: the attempt is committed before a byte
leaves; what leaves was approved for the conversation as it stands, and nothing leaves under a freeze or into a
throttled account, all checked in the claiming transaction; the parts of a reply leave in order, each below the one
before; a result counts only under the token that it was sent with, and many results share one commit. With a reply's
last part the case is answered: journal, step clocks in wall and business seconds, closing timer, a message in the
card's thread and both cards drawn anew.

What it does not do, and the product does: a send that fails or that nobody knows the end of (backoff, rate limits,
quarantine, look-up, asking a person), a void approval, a customer who writes while the reply is on its way, several
accounts or brands, a sender that died, a database that is away. It reads no more columns than it needs, has one
connection, and claims no batch before the former is settled.
"""

import asyncio
import json
import secrets
import sqlite3
import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import httpx
import psycopg

from escalation.business_time import BusinessCalendar
from escalation.ports import CALLS_AT_ONCE

BATCH = 50
LEASE = 120_000_000
CLOSES_AFTER = 3 * 86_400_000_000
SENT = "Sent. The customer can read the reply now."

_DUE = """SELECT e.id, e.case_id, e.part, d.parts, d.author, m.external_id,
 (SELECT p.external_id FROM effect p WHERE p.review_id = e.review_id AND p.part = e.part - 1)
 FROM effect e JOIN cases c ON c.id = e.case_id JOIN draft d ON d.id = e.draft_id JOIN mention m ON m.id = d.mention_id
 WHERE e.state = 'ready' AND e.kind = 'reply' AND e.not_before <= ? AND (e.lease_until IS NULL OR e.lease_until <= ?)
 AND NOT EXISTS (SELECT 1 FROM effect b WHERE b.lane = e.lane AND b.sequence < e.sequence
  AND b.state IN ('ready', 'sending', 'unknown', 'needs_check', 'parked'))
 AND NOT EXISTS (SELECT 1 FROM pace WHERE pace.key = e.pace AND pace.blocked_until > ?)
 AND NOT EXISTS (SELECT 1 FROM "freeze")
 AND (e.part > 0 OR d.context_version = c.context_version)
 ORDER BY e.priority, e.not_before, e.sequence, e.id LIMIT 50"""
_LEASE = "UPDATE effect SET state = 'sending', token = ?, lease_until = ?, attempts = attempts + 1 WHERE id = ?"
_TRY = (
    "INSERT INTO attempt (id, effect_id, number, token, started_at)"
    " SELECT ?, id, attempts, token, CAST(? AS bigint) FROM effect WHERE id = ?"
)
_TRIED = (
    "UPDATE attempt SET ended_at = ?, verdict = 'sent', external_id = ?"
    " WHERE effect_id = ? AND token = ? AND ended_at IS NULL"
)
_GONE_OUT = (
    "UPDATE effect SET state = 'sent', external_id = ?, settled_at = ?, reason = NULL, token = NULL, lease_until = NULL"
    " WHERE id = ? AND token = ? AND state = 'sending'"
)
_OPEN = """SELECT c.id, c.version, s.id, s.step, s.cycle, s.started_at FROM cases c
 JOIN step_clock s ON s.case_id = c.id AND s.ended_at IS NULL AND s.step IN ('relay', 'first_response')
 WHERE c.id IN ({}) ORDER BY c.id, s.step DESC"""
_CARDS = "SELECT id, case_id, kind, channel FROM card WHERE case_id IN ({}) ORDER BY created_at, id"
_ANSWERED = (
    "UPDATE cases SET state = 'answered', answered_at = ?, last_at = ?, notice = 'null', version = version + 1"
    " WHERE id = ? AND version = ? AND state = 'relaying'"
)
_JOURNAL = (
    "INSERT INTO journal (id, case_id, case_version, at, actor, act, from_state, to_state, details)"
    " VALUES (?, ?, ?, ?, 'portavoce', 'Delivered', 'relaying', 'answered', ?)"
)
_STOP = """UPDATE step_clock SET ended_at = ?, outcome = 'done', wall_seconds = ?, business_seconds = ?, next_at = NULL,
 paused_at = NULL, paused_seconds = 0, member = CASE step WHEN 'relay' THEN NULL ELSE
 (SELECT author FROM draft WHERE draft.case_id = step_clock.case_id ORDER BY version DESC LIMIT 1) END WHERE id = ?"""
_CANCEL = "UPDATE timer SET state = 'cancelled' WHERE case_id = ? AND kind = 'close' AND state = 'running'"
_CLOSE = """INSERT INTO timer (id, case_id, kind, cycle, due_at, state)
 SELECT ?, ?, 'close', coalesce(max(cycle), 0) + 1, CAST(? AS bigint), 'running'
 FROM timer WHERE case_id = ? AND kind = 'close'"""
_EFFECT = """INSERT INTO effect (id, case_id, kind, target, pace, lane, sequence, priority, payload, card_id, part,
 state, not_before, attempts, absences, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 'ready', ?, 0, 0, ?)
 ON CONFLICT DO NOTHING"""

Sent = tuple[Sequence[Any], str]
"""A claimed row and the id that the network gave it."""


class Connection(Protocol):
    """A database as a loop by hand wants it: placeholders are question marks."""

    async def all(self, sql: str, values: Sequence[Any]) -> list[Any]: ...
    async def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int: ...
    async def begin(self) -> None: ...
    async def commit(self) -> None: ...
    async def close(self) -> None: ...


async def relay_by_hand(url: str, receiver: str, calendar: BusinessCalendar) -> float:
    """Send everything that is due; return the seconds it took."""
    gate = asyncio.Semaphore(CALLS_AT_ONCE)
    run: Connection = SqliteConnection(url) if url.startswith("sqlite") else await PostgresqlConnection.open(url)
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:

        async def post(row: Sequence[Any]) -> Sent:
            effect, _, part, parts, _, target, previous = row
            asked = {"key": effect, "target": target, "part": part, "text": parts[part], "after": previous}
            async with gate:
                answer = await client.post(f"{receiver}/posts", json=asked)
                return row, answer.raise_for_status().json()["id"]

        started = time.perf_counter()
        while True:
            token, due = await claim(run)
            if not due:
                break
            await settle(run, await asyncio.gather(*(post(row) for row in due)), token=token, calendar=calendar)
        seconds = time.perf_counter() - started
    await run.close()
    return seconds


async def claim(run: Connection) -> tuple[str, list[Any]]:
    """Take what is due and note the tries, in one commit."""
    now, token = _now(), secrets.token_urlsafe(16)
    await run.begin()
    due = await run.all(_DUE, [now, now, now])
    if due:
        await run.many(_LEASE, [(token, now + LEASE, row[0]) for row in due])
        await run.many(_TRY, [(_new_id(), now, row[0]) for row in due])
    await run.commit()
    return token, [(*row[:3], json.loads(row[3]) if isinstance(row[3], str) else row[3], *row[4:]) for row in due]


async def settle(run: Connection, sent: Sequence[Sent], *, token: str, calendar: BusinessCalendar) -> None:
    """Note what was sent and answer the cases whose reply is whole, in one commit."""
    now = _now()
    whole = {row[1]: (row, external) for row, external in sent if row[2] == len(row[3]) - 1}
    await run.begin()
    clocks = await run.all(_OPEN.format(_marks(whole)), [*whole]) if whole else []  # cases are locked before effects
    await run.many(_TRIED, [(now, external, row[0], token) for row, external in sent])
    if await run.many(_GONE_OUT, [(external, now, row[0], token) for row, external in sent]) != len(sent):
        raise RuntimeError("somebody else has taken a lease over")
    if whole:
        await _answer(run, whole, clocks, now, calendar)
    await run.commit()


async def _answer(
    run: Connection, whole: dict[str, Sent], clocks: list[Any], now: int, calendar: BusinessCalendar
) -> None:
    cases = list(whole)
    cards = await run.all(_CARDS.format(_marks(cases)), cases)
    versions = {row[0]: row[1] for row in clocks}
    stopped: dict[str, list[Any]] = {case: [] for case in cases}
    ends = []
    for case, _, clock, step, cycle, started_at in clocks:
        business = calendar.elapsed(_moment(started_at), _moment(now))
        ends.append((now, (now - started_at) / 1e6, float(business), clock))
        stopped[case].append([step, cycle, "done"])
    entries = []
    for case, (row, external) in whole.items():
        details = {"external_id": external, "parts": len(row[3]), "stopped": stopped[case]}
        entries.append((_new_id(), case, versions[case] + 1, now, json.dumps(details)))
    effects = []
    for card, case, kind, channel in cards:
        base = (versions[case] + 1) * 1000
        drawing = (_new_id(), case, kind, channel, channel, f"card:{card}", base, 6, "{}", card, now, now)
        effects.append(drawing)
        if kind == "card":
            note = {
                "sentence": {"text": SENT, "values": {}},
                "to": [whole[case][0][4]],
                "diff": None,
                "quote": None,
                "url": None,
                "card": card,
            }
            said = (_new_id(), case, "thread", channel, channel, f"card:{card}", base + 100, 4, json.dumps(note), card)
            effects.append((*said, now, now))
    if await run.many(_ANSWERED, [(now, now, case, versions[case]) for case in cases]) != len(cases):
        raise RuntimeError("somebody else has changed a case")
    await run.many(_JOURNAL, entries)
    await run.many(_STOP, ends)
    await run.many(_CANCEL, [(case,) for case in cases])
    await run.many(_CLOSE, [(_new_id(), case, now + CLOSES_AFTER, case) for case in cases])
    await run.many(_EFFECT, effects)


def _marks(values: Collection[Any]) -> str:
    return ", ".join("?" * len(values))


def _new_id() -> str:
    return secrets.token_hex(10)


def _now() -> int:
    return time.time_ns() // 1000  # the bench has no use for a clock that is moved by hand


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1e6, UTC)


class SqliteConnection:
    """The file, as durable as the product's."""

    def __init__(self, url: str) -> None:
        self._connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            self._connection.execute(f"PRAGMA {pragma}")

    async def all(self, sql: str, values: Sequence[Any]) -> list[Any]:
        return self._connection.execute(sql, values).fetchall()

    async def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        return self._connection.executemany(sql, rows).rowcount

    async def begin(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    async def commit(self) -> None:
        self._connection.execute("COMMIT")

    async def close(self) -> None:
        self._connection.close()


class PostgresqlConnection:
    """One connection; what a transaction selects for an update it locks."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._connection = connection

    @classmethod
    async def open(cls, url: str) -> "PostgresqlConnection":
        return cls(await psycopg.AsyncConnection.connect(url))

    async def all(self, sql: str, values: Sequence[Any]) -> list[Any]:
        lock = {_DUE: " FOR UPDATE OF e SKIP LOCKED"}.get(sql, " FOR UPDATE OF c" if "FROM cases c" in sql else "")
        return await (await self._connection.execute(sql.replace("?", "%s") + lock, values)).fetchall()  # type: ignore[call-overload,no-any-return]

    async def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        async with self._connection.cursor() as cursor:
            await cursor.executemany(sql.replace("?", "%s"), rows)  # type: ignore[arg-type]
            return cursor.rowcount

    async def begin(self) -> None: ...

    async def commit(self) -> None:
        await self._connection.commit()

    async def close(self) -> None:
        await self._connection.close()
