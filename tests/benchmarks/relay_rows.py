"""What a relay leaves behind, in words that two runs can be compared by.

Ids, tokens and times are left out, for they differ between two runs of the same; what a clock has counted is held
against its own beginning and end instead.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import SQLModel

from escalation.business_time import BusinessCalendar
from models.case import Case, Draft, JournalEntry
from models.clocks import StepClock, Timer
from models.columns import json_safe
from models.database import Database
from models.outbox import Attempt, Card, Effect
from models.store.statements import table
from models.vocabulary import CaseState, EffectKind, EffectState


class EndRows:
    """The rows after a relay, ``by_table``: how often each kind of row stands there."""

    def __init__(self, rows: Mapping[type[SQLModel], Sequence[Any]]) -> None:
        self._rows = rows
        cards = {card.id: f"{card.kind}:{card.channel}" for card in rows[Card]}
        drafts = {draft.id: draft for draft in rows[Draft]}
        self.cases = len(rows[Case])
        self.approved: dict[str, Sequence[str]] = {
            case.thread_id: drafts[effect.draft_id].parts
            for case in rows[Case]
            for effect in rows[Effect]
            if effect.case_id == case.id and effect.kind is EffectKind.REPLY
        }
        """The parts of each approved reply by the customer's post."""
        self.by_table: dict[str, Counter[str]] = {
            "cases": _counted(
                (case.state, case.version, case.answered_at is not None, case.answered_at == case.last_at, case.notice)
                for case in rows[Case]
            ),
            "journal": _counted(
                (line.case_version, line.actor, line.act, line.from_state, line.to_state, _without_id(line.details))
                for line in rows[JournalEntry]
            ),
            "clocks": _counted(
                (
                    clock.step, clock.cycle, clock.outcome, clock.ended_at is not None, clock.member,
                    clock.next_at is None, clock.paused_seconds,
                )
                for clock in rows[StepClock]
            ),
            "timers": _counted((timer.kind, timer.cycle, timer.state) for timer in rows[Timer]),
            "effects": _counted(
                (
                    effect.kind, effect.target, effect.pace, cards.get(effect.card_id), effect.sequence,
                    effect.priority, effect.part, effect.state, effect.attempts, effect.token, effect.lease_until,
                    effect.external_id is not None, effect.settled_at is not None, {**effect.payload, "card": None},
                )
                for effect in rows[Effect]
            ),
            "attempts": _counted(
                (tried.number, tried.verdict, tried.ended_at is not None, tried.external_id is not None)
                for tried in rows[Attempt]
            ),
        }  # fmt: skip

    def problems(self, log: Sequence[Mapping[str, Any]], calendar: BusinessCalendar) -> list[str]:
        """Return what is wrong with the rows, and with what the network got, against what was approved.

        ``calendar`` is the one in which every clock runs.
        """
        found: list[str] = []
        if not all(_counted_rightly(clock, calendar) for clock in self._rows[StepClock]):
            found.append("a clock has not counted the time between its beginning and its end")
        if any(case.state is not CaseState.ANSWERED for case in self._rows[Case]):
            found.append("a case is not answered")
        if any(effect.kind is EffectKind.REPLY and effect.state is not EffectState.SENT for effect in self._effects):
            found.append("a reply has not been sent")
        received: dict[str, list[str]] = defaultdict(list)
        last: dict[str, str] = {}
        for number, post in enumerate(log, start=1):
            received[post["target"]].append(post["text"])
            if post["after"] != last.get(post["target"]):
                found.append("a part does not stand below the one before")
            last[post["target"]] = f"r{number}"
        if {post: [text.encode() for text in texts] for post, texts in received.items()} != {
            post: [text.encode() for text in texts] for post, texts in self.approved.items()
        }:
            found.append("what was received is not what was approved, each part once and in order")
        return found

    @property
    def _effects(self) -> Sequence[Any]:
        return self._rows[Effect]


async def read_end_rows(url: str) -> EndRows:
    """Read everything that a relay may have touched."""
    database = Database(url)
    try:
        async with database.read() as tx:
            connection = await tx.session.connection()
            models: tuple[type[SQLModel], ...] = (Case, Draft, JournalEntry, StepClock, Timer, Card, Effect, Attempt)
            return EndRows({model: (await connection.execute(table(model).select())).all() for model in models})
    finally:
        await database.close()


def _counted(rows: Any) -> Counter[str]:
    return Counter(json.dumps(json_safe(list(row)), sort_keys=True) for row in rows)


def _counted_rightly(clock: Any, calendar: BusinessCalendar) -> bool:
    """Tell whether an ended clock holds its wall seconds and its whole business seconds, and a running one none."""
    counted = (clock.wall_seconds, clock.business_seconds)
    if clock.ended_at is None:
        return counted == (None, None)
    wall = (clock.ended_at - clock.started_at).total_seconds()
    return counted == (wall, calendar.elapsed(clock.started_at, clock.ended_at))


def _without_id(details: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**details, "external_id": None, "posted_at": None}  # they differ between two runs of the same
