"""What follows from the result of each job: rows of the outbox, and commands to the cases. One transaction a batch."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog

from escalation import commands as c
from escalation.carrying import Job, Mode, Result
from escalation.desk import Desk, Order
from escalation.language import say
from escalation.patience import BROKEN_PAUSE, GIVE_UP_AFTER, MOST_ATTEMPTS, SECOND_LOOK, Patience
from escalation.writing import managers_notice
from models.outbox import Card
from models.store import Transaction
from models.store.gatherings import GatheringRows
from models.store.outbox import redraw_row
from models.vocabulary import DRAWINGS, AttemptVerdict, CardKind, EffectKind, EffectState, Step

log = structlog.get_logger(__name__)


class Settling:
    """One settling transaction."""

    def __init__(self, desk: Desk, tx: Transaction, patience: Patience) -> None:
        """Bind to a transaction that is open."""
        self._desk = desk
        self._patience = patience
        self._tx = tx
        self._now = desk.clock.now()
        self._orders: list[Order] = []
        self._more: list[dict[str, Any]] = []
        self._versions: dict[str, int] = {}

    async def settle(self, results: Sequence[Result]) -> None:
        """Record what became of each job, and give the cases the commands that follow from it."""
        tx = self._tx
        self._versions = await tx.cases.hold(
            {result.job.effect.case_id for result in results if result.job.effect.case_id}
        )
        await tx.outbox.end_attempts(
            [
                {
                    "effect_id": r.job.effect.id,
                    "token": r.job.token,
                    "ended_at": self._now,
                    "verdict": r.verdict or AttemptVerdict.RETRY,
                    "reason": r.reason,
                    "external_id": r.external_id,
                }
                for r in results
                if r.job.mode is Mode.SEND
            ]
        )
        good = [r for r in results if r.verdict in {AttemptVerdict.SENT, AttemptVerdict.FOUND} and not _found_card(r)]
        await self._sent(good)
        told = {id(result) for result in good}
        for result in results:
            if id(result) not in told:
                await self._other(result)
        await self._desk.run(tx, self._orders)
        await tx.outbox.put(self._more)

    async def _sent(self, results: Sequence[Result]) -> None:
        by_token: dict[str, list[Result]] = {}
        for result in results:
            by_token.setdefault(result.job.token, []).append(result)
        for token, group in by_token.items():
            held = await self._tx.outbox.settle_sent(
                [{"id": r.job.effect.id, "external_id": r.external_id, "url": r.url} for r in group],
                token=token,
                at=self._now,
            )
            for result in group:
                if result.job.effect.id in held:
                    await self._tell_sent(result)
                else:
                    log.warning("late result", effect=result.job.effect.id, kind=result.job.effect.kind.value)
        for pace in sorted({result.job.effect.pace for result in results}):
            if await self._tx.outbox.mended(pace):
                self._ping(say("{account} works again.", account=pace.removeprefix("account:")))

    async def _tell_sent(self, result: Result) -> None:
        job, effect = result.job, result.job.effect
        if effect.kind is EffectKind.REPLY:
            draft = job.file.draft_by_id(effect.draft_id or "") if job.file else None
            parts = len(draft.parts) if draft else 1
            if effect.case_id and effect.part == parts - 1:
                self._orders.append(Order(effect.case_id, c.Delivered(result.external_id or "", result.url, parts)))
        elif effect.kind in DRAWINGS and job.card is not None and result.external_id:
            await self._tx.outbox.card_posted(
                job.card.id, message_id=result.external_id, shown_version=result.shown_version or 0
            )
            self._tell_shown(job)
            self._catch_up(job.card, result.shown_version or 0)

    def _catch_up(self, card: Card, shown_version: int) -> None:
        """Have a card drawn again whose case has changed since it was read for this drawing.

        Its change may have taken the drawing for one that still waits: their transactions can run beside each other.
        """
        version = self._versions.get(card.case_id, 0)
        if shown_version < version:
            self._more.append(redraw_row(card, version=version, at=self._now))

    def _tell_shown(self, job: Job) -> None:
        """Tell the case that the card of its department has become visible, if it waits for that."""
        card, case_id, file = job.card, job.effect.case_id, job.file
        if card is None or case_id is None or file is None or file.running(Step.ROUTE) is None:
            return
        if card.kind is CardKind.CARD and card.department == file.case.department:
            self._orders.append(Order(case_id, c.CardShown()))

    async def _other(self, result: Result) -> None:
        job, effect = result.job, result.job.effect
        if result.verdict is None:
            await self._moved(result)
        elif result.verdict is AttemptVerdict.FOUND and job.card is not None:
            await self._tx.outbox.card_posted(job.card.id, message_id=result.external_id or "", shown_version=0)
            if await self._ready(result, self._now):
                self._tell_shown(job)
        elif result.verdict is AttemptVerdict.ABSENT:
            await self._absent(result)
        elif result.verdict in {AttemptVerdict.RETRY, AttemptVerdict.THROTTLED, AttemptVerdict.UNAUTHORISED}:
            await self._later(result)
        elif result.verdict is AttemptVerdict.UNKNOWN:
            await self._unknown(result)
        elif effect.kind is EffectKind.REPLY:
            await self._undeliverable(result)
        elif result.verdict is AttemptVerdict.GONE and (job.card is not None or job.message_id is not None):
            await self._gone(result)
        else:
            await self._settle(result, {"state": EffectState.PARKED, "reason": result.reason, "settled_at": self._now})
            log.error(
                "effect parked", effect=effect.id, kind=effect.kind.value, target=effect.target, reason=result.reason
            )
            if effect.kind is EffectKind.ACT:
                self._ping(
                    say(
                        "The network refused to {act}: {why}",
                        act=str(effect.payload.get("act")),
                        why=result.explanation or result.reason or "",
                    )
                )

    async def _gone(self, result: Result) -> None:
        """Have a message that was deleted in chat made again."""
        job, effect, card = result.job, result.job.effect, result.job.card
        if isinstance(job.told, GatheringRows):
            await self._tx.gatherings.message_lost(job.told.gathering.id)
        if card is not None:
            await self._tx.outbox.card_lost(card.id)
        await self._ready(result, self._now)
        if card is not None and effect.kind is EffectKind.THREAD and job.file is not None:
            await self._tx.outbox.draw_before(
                card, version=job.file.case.version, sequence=effect.sequence - 1, at=self._now
            )

    async def _settle(self, result: Result, changes: Mapping[str, Any]) -> bool:
        held = await self._tx.outbox.settle(result.job.effect.id, token=result.job.token, changes=changes)
        if not held:
            log.warning("late result", effect=result.job.effect.id, kind=result.job.effect.kind.value)
        return held

    async def _ready(self, result: Result, not_before: datetime, **more: Any) -> bool:
        changes = {
            "state": EffectState.READY,
            "not_before": not_before,
            "reason": result.reason,
            "unknown_since": None,
            **more,
        }
        return await self._settle(result, changes)

    async def _doubtful_still(self, result: Result, not_before: datetime) -> bool:
        """Put an effect back whose repetition, with the same key, showed nothing about an earlier try."""
        changes = {"state": EffectState.UNKNOWN, "not_before": not_before, "reason": result.reason}
        return await self._settle(result, changes)

    async def _moved(self, result: Result) -> None:
        effect = result.job.effect
        back = self._doubtful_still if effect.unknown_since is not None else self._ready
        if not await back(result, self._now):
            return
        taken = await self._desk.take_in(self._tx, effect.target, result.arrivals)
        log.info("the customer was first", effect=effect.id, events=len(taken.outcomes))
        if not any(outcome.case_id == effect.case_id and outcome.done for outcome in taken.outcomes):
            # The network tells of something that is no news to the case; asking again would go round in circles.
            waiting = [EffectState.READY, EffectState.UNKNOWN]
            await self._tx.outbox.move(
                effect.id, from_=waiting, changes={"payload": {**effect.payload, "reread": False}}
            )

    async def _absent(self, result: Result) -> None:
        effect = result.job.effect
        if effect.kind is not EffectKind.REPLY:
            await self._ready(result, self._now)
            return
        account = self._desk.rulebook.settings.accounts.get(effect.target)
        looks = effect.absences + 1
        delay = self._desk.rulebook.connector(effect.target).capabilities.lookup_delay
        if looks < 2:  # noqa: PLR2004 - absence counts only when seen twice
            pause = max(min(SECOND_LOOK, self._patience.quarantine(effect)), delay)
            await self._settle(result, {"absences": looks, "not_before": self._now + pause})
            return
        if account is not None and not account.resend_unknown:
            if (
                await self._settle(result, {"state": EffectState.NEEDS_CHECK, "reason": "not found on the network"})
                and effect.case_id
            ):
                self._orders.append(Order(effect.case_id, c.CheckNeeded("not found on the network")))
        elif await self._ready(result, self._now, absences=0) and effect.case_id:
            self._orders.append(Order(effect.case_id, c.ProvenAbsent()))

    async def _later(self, result: Result) -> None:
        effect = result.job.effect
        if not result.begun:
            await self._give_back(result)
            return
        retry_at = result.retry_at or self._now + self._patience.backoff(effect.attempts + 1)
        if result.verdict is AttemptVerdict.THROTTLED:
            await self._tx.outbox.block(effect.pace, retry_at)
        elif result.verdict is AttemptVerdict.UNAUTHORISED:
            retry_at = self._now + BROKEN_PAUSE
            if await self._tx.outbox.break_down(
                effect.pace, problem=result.reason or "refused", at=self._now, until=retry_at
            ):
                name = effect.pace.removeprefix("account:")
                self._ping(
                    say(
                        "{account} refuses our token ({why}). "
                        "Nothing is sent there until an administrator has renewed it.",
                        account=name,
                        why=result.reason or "",
                    )
                )
        if result.job.mode is Mode.LOOK_UP:
            await self._settle(result, {"not_before": retry_at, "reason": result.reason})
            return
        if effect.unknown_since is not None:
            await self._doubtful_still(result, retry_at)
            return
        tired = effect.attempts + 1 >= MOST_ATTEMPTS or self._now - effect.created_at > GIVE_UP_AFTER
        if tired and effect.kind is EffectKind.REPLY:
            await self._undeliverable(result)
        elif tired:
            await self._settle(result, {"state": EffectState.PARKED, "reason": result.reason, "settled_at": self._now})
        elif await self._ready(result, retry_at) and effect.kind is EffectKind.REPLY and effect.case_id:
            self._orders.append(Order(effect.case_id, c.Delayed(result.reason or "", retry_at)))

    async def _give_back(self, result: Result) -> None:
        """Let what did not get its turn wait again as it waited before; nobody needs to be told."""
        effect = result.job.effect
        was = {"state": EffectState.READY if effect.unknown_since is None else EffectState.UNKNOWN}
        await self._settle(result, {**was, "not_before": self._now, "reason": effect.reason})

    async def _unknown(self, result: Result) -> None:
        effect = result.job.effect
        if effect.kind is EffectKind.ACT or result.job.message_id is not None:
            await self._ready(result, self._now + self._patience.backoff(effect.attempts + 1))
            return
        not_before = self._now + self._patience.quarantine(effect)
        changes = {
            "state": EffectState.UNKNOWN,
            "unknown_since": self._now,
            "not_before": not_before,
            "reason": result.reason,
            "absences": 0,
        }
        if await self._settle(result, changes) and effect.kind is EffectKind.REPLY and effect.case_id:
            self._orders.append(Order(effect.case_id, c.Doubtful(result.reason or "")))

    async def _undeliverable(self, result: Result) -> None:
        effect = result.job.effect
        if (
            not await self._settle(
                result, {"state": EffectState.REFUSED, "reason": result.reason, "settled_at": self._now}
            )
            or not effect.case_id
        ):
            return
        gone = say("The post no longer exists on the network.")
        why = result.explanation or (
            gone
            if result.verdict is AttemptVerdict.GONE
            else say("The network refused it: {why}", why=result.reason or "")
        )
        self._orders.append(Order(effect.case_id, c.Undeliverable(result.reason or "", why, effect.part)))

    def _ping(self, sentence: Any) -> None:
        self._more.append(managers_notice(self._desk.rulebook.settings, sentence, self._now))


def _found_card(result: Result) -> bool:
    job = result.job
    return result.verdict is AttemptVerdict.FOUND and job.effect.kind in DRAWINGS and job.card is not None
