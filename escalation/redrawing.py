"""Messages about many pings are edited when what they tell has changed: one edit for all that changes in a second."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from escalation.announcing import gathering_of
from models.columns import new_id
from models.outbox import Card
from models.store import Transaction
from models.store.gatherings import lane_of
from models.store.outbox import BLANK_EFFECT
from models.vocabulary import EffectKind

TOGETHER: Final = timedelta(seconds=1)
"""How long an edit waits for what else changes."""
_MERE_CHANGE: Final = 6


async def redrawings(tx: Transaction, changed: Sequence[tuple[Card, datetime]]) -> list[dict[str, Any]]:
    """Return the outbox rows that edit the messages of some lines, each with the moment (UTC) of its change.

    A message of which a drawing waits already needs none: what waits shows the newest state when it leaves.
    """
    if not changed:
        return []
    latest: dict[str, tuple[Card, datetime]] = {}
    for line, at in sorted(changed, key=lambda one: one[1]):
        latest[gathering_of(line)] = (line, at)
    await tx.gatherings.hold(latest)
    waiting = await tx.gatherings.waiting(latest)
    stale = {lane_of(gathering_id): gathering_id for gathering_id in latest if lane_of(gathering_id) not in waiting}
    if not stale:
        return []
    last = await tx.gatherings.last_drawings(stale.values())
    return [
        _row(gathering_id, *latest[gathering_id], sequence=last[lane] + 1)
        for lane, gathering_id in stale.items()
        if lane in last
    ]


def _row(gathering_id: str, line: Card, at: datetime, *, sequence: int) -> dict[str, Any]:
    return BLANK_EFFECT | {
        "id": new_id(at),
        "case_id": None,
        "kind": EffectKind.DIGEST,
        "target": line.channel,
        "pace": line.channel,
        "lane": lane_of(gathering_id),
        "sequence": sequence,
        "priority": _MERE_CHANGE,
        "payload": {"gathering": gathering_id},
        "not_before": at + TOGETHER,
        "created_at": at,
    }
