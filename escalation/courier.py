"""Carries effects from the outbox to the outside: claim (one commit), act outside any transaction, settle (one commit).

Any number of couriers in any number of processes may work on one database; leases, tokens and lanes keep them apart.
"""

import asyncio
import contextlib
import random
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from escalation import commands as c
from escalation.carrying import Carrier, Job, Mode, Result
from escalation.casefile import CaseFile
from escalation.decision import Intent
from escalation.desk import Desk, Order, case_file
from escalation.language import say
from escalation.notes import Note
from escalation.ports import Surface
from escalation.sorting import Aside, Sorting
from escalation.writing import ping_row
from models.columns import new_id, new_token
from models.outbox import Effect, Freeze
from models.store import Transaction
from models.vocabulary import (
    CHAT_EFFECTS,
    AttemptVerdict,
    CardKind,
    EffectKind,
    EffectState,
    Step,
)

LEASE = timedelta(seconds=120)
CHANNEL_INTERVAL = timedelta(seconds=1)
CHANNEL_BURST = 3
CHAT_QUARANTINE = timedelta(seconds=10)
SECOND_LOOK = timedelta(seconds=30)
BROKEN_PAUSE = timedelta(minutes=5)
GIVE_UP_AFTER = timedelta(hours=24)
MOST_ATTEMPTS = 60
_LONGEST_BACKOFF = 300.0
_IDLE_SECONDS = 0.5

log = structlog.get_logger(__name__)


class Courier:
    """One courier. ``wake()`` after a commit; ``run()`` in a worker; ``drain()`` in tests and scripts."""

    def __init__(
        self,
        *,
        desk: Desk,
        surfaces: Mapping[str, Surface],
        kinds: Collection[EffectKind] | None = None,
        capacity: int = 50,
        lease: timedelta = LEASE,
        jitter: random.Random | None = None,
    ) -> None:
        """Keep the collaborators. ``kinds``: carry only these; ``capacity``: how many jobs may be under way at once."""
        self._desk = desk
        self._rulebook = desk.rulebook
        self._clock = desk.clock
        self._carrier = Carrier(desk.rulebook, surfaces, desk.clock)
        self._kinds = kinds
        self._capacity = capacity
        self._lease = lease
        self._jitter = jitter or random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._running: dict[asyncio.Task[Result], datetime] = {}
        self._wake = asyncio.Event()
        self._stopping = False
        self.attempts: dict[tuple[str, str], int] = {}

    def wake(self) -> None:
        """Look for due effects now rather than at the next tick."""
        self._wake.set()

    def stop(self) -> None:
        """Claim nothing more; what is under way is finished."""
        self._stopping = True
        self.wake()

    async def run(self) -> None:
        """Carry effects until ``stop``; a database that is down is waited for."""
        while not self._stopping or self._running:
            try:
                if not self._stopping:
                    await self._start_due()
                if self._running:
                    waker = asyncio.create_task(self._pause())
                    await asyncio.wait({*self._running, waker}, return_when=asyncio.FIRST_COMPLETED)
                    waker.cancel()
                    await self._settle_finished()
                elif not self._stopping:
                    await self._pause()
            except Exception as error:  # noqa: BLE001 - the loop outlives a database that is away; leases keep the
                log.warning("courier waits", problem=f"{type(error).__name__}: {error}")
                await self._clock.sleep(1)

    async def drain(self) -> int:
        """Carry everything that is due now, and what that makes due; return how many jobs were done."""
        done = 0
        while True:
            await self._start_due()
            if not self._running:
                return done
            done += len(self._running)
            await asyncio.wait([*self._running])
            await self._settle_finished()

    async def _pause(self) -> None:
        seconds = _IDLE_SECONDS
        if not self._running:
            async with self._desk.storage.read() as tx:
                due = await tx.outbox.next_due()
            if due is not None and (wait := (due - self._clock.now()).total_seconds()) > 0:
                seconds = min(seconds, wait + 0.005)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)
        self._wake.clear()

    # --- claim --------------------------------------------------------------------------------------------------------

    async def _start_due(self) -> None:
        room = self._capacity - len(self._running)
        if room <= 0:
            return
        now = self._clock.now()
        async with self._desk.storage.read() as tx:
            abandoned = await tx.outbox.abandoned(now)
            due = await tx.outbox.any_due(now)
        if abandoned:
            await self._take_over(abandoned)
            due = True
        if due:
            for job in await self._desk.storage.retrying(lambda: self._claim(room)):
                self._running[asyncio.create_task(self._carrier.carry(job))] = self._clock.now() + self._lease

    async def _take_over(self, abandoned: Sequence[Effect]) -> None:
        """Repeat what a dead sender had under way if that is harmless; the rest is of unknown outcome."""
        now = self._clock.now()
        async with self._desk.storage.begin() as tx:
            await tx.cases.hold({effect.case_id for effect in abandoned if effect.case_id})
            cards = {
                card.id: card
                for card in await tx.outbox.cards_of([effect.case_id for effect in abandoned if effect.case_id])
            }
            orders: list[Order] = []
            for effect in abandoned:
                card = cards.get(effect.card_id or "")
                update = (
                    effect.kind in {EffectKind.CARD, EffectKind.APPROVAL}
                    and card is not None
                    and card.message_id is not None
                )
                if update or effect.kind is EffectKind.ACT:
                    await tx.outbox.again(effect.id, token=effect.token, now=now)
                    continue
                later = now + self._quarantine(effect)
                doubted = await tx.outbox.doubt(effect.id, token=effect.token, now=now, not_before=later)
                if doubted and effect.kind is EffectKind.REPLY and effect.case_id:
                    orders.append(Order(effect.case_id, c.Doubtful("the sender died")))
            await self._desk.run(tx, orders)

    async def _claim(self, room: int) -> list[Job]:
        now = self._clock.now()
        async with self._desk.storage.begin() as tx:
            freezes = await tx.freezes.all()
            frozen = frozen_accounts(freezes, self._rulebook.settings)
            due = await tx.outbox.due(now, limit=room, kinds=self._kinds, frozen_accounts=list(frozen))
            due = await self._pace(tx, due, now)
            if not due:
                return []
            first = await tx.outbox.first_attempts([effect.id for effect in due if effect.attempts])
            wanted = {effect.case_id for effect in due if effect.case_id}
            files = await self._files(tx, wanted, for_replies=all(effect.kind is EffectKind.REPLY for effect in due))
            sorting = Sorting(self._rulebook, files, first, frozen, now)
            jobs, orders = await self._jobs(tx, sorting, due)
            if orders:
                await self._desk.run(tx, orders)
                files |= await self._files(tx, {order.case_id for order in orders})
        return [
            Job(
                effect,
                token,
                mode,
                files.get(effect.case_id or ""),
                _frozen_by(effect, files.get(effect.case_id or ""), frozen),
                first.get(effect.id),
                now + self._lease,
            )
            for effect, token, mode in jobs
        ]

    async def _files(
        self, tx: Transaction, case_ids: Collection[str], *, for_replies: bool = False
    ) -> dict[str, CaseFile]:
        found = await tx.cases.read(case_ids, for_replies=for_replies)
        return {case_id: case_file(rows) for case_id, rows in found.items()}

    async def _jobs(
        self, tx: Transaction, sorting: Sorting, due: Sequence[Effect]
    ) -> tuple[list[tuple[Effect, str, Mode]], list[Order]]:
        """Lease what can be done now and record the tries; what cannot is put aside with a reason."""
        now = sorting.now
        token, until = new_token(), now + self._lease
        sending: list[Effect] = []
        looking: list[Effect] = []
        orders: list[Order] = []
        for effect in due:
            match sorting.sort(effect):
                case Mode.SEND:
                    sending.append(effect)
                case Mode.LOOK_UP:
                    looking.append(effect)
                case Aside(state, reason, order):
                    if state is not effect.state:
                        await tx.outbox.move(
                            effect.id, from_=[effect.state], changes={"state": state, "reason": reason}
                        )
                    if effect.case_id and order is not None:
                        orders.append(Order(effect.case_id, order))
        if sending:
            await tx.outbox.lease([effect.id for effect in sending], token=token, until=until, sending=True)
            await tx.outbox.begin_attempts(
                [
                    {
                        "id": new_id(now),
                        "effect_id": effect.id,
                        "number": effect.attempts + 1,
                        "token": token,
                        "started_at": now,
                    }
                    for effect in sending
                ]
            )
        if looking:
            await tx.outbox.lease([effect.id for effect in looking], token=token, until=until, sending=False)
        jobs = [(effect, token, Mode.SEND) for effect in sending]
        return jobs + [(effect, token, Mode.LOOK_UP) for effect in looking], orders

    async def _pace(self, tx: Transaction, due: Sequence[Effect], now: datetime) -> list[Effect]:
        """Let through what each chat channel can take now: a burst of three, then one a second; the rest stays due."""
        paces = await tx.outbox.paces({effect.pace for effect in due if effect.kind in CHAT_EFFECTS})
        arrivals: dict[str, datetime] = {}
        passed: list[Effect] = []
        for effect in due:
            if effect.kind in CHAT_EFFECTS and effect.state is EffectState.READY:
                expected = max(arrivals.get(effect.pace) or paces[effect.pace].next_at or now, now)
                if expected - now > CHANNEL_INTERVAL * (CHANNEL_BURST - 1):
                    continue
                arrivals[effect.pace] = expected + CHANNEL_INTERVAL
            passed.append(effect)
        await tx.outbox.pass_by(arrivals)
        return passed

    def _quarantine(self, effect: Effect) -> timedelta:
        if effect.kind is not EffectKind.REPLY or effect.target not in self._rulebook.settings.accounts:
            return CHAT_QUARANTINE
        return timedelta(seconds=self._rulebook.settings.unknown_after(effect.target))

    # --- settle -------------------------------------------------------------------------------------------------------

    async def _settle_finished(self) -> None:
        done = [task for task in self._running if task.done()]
        if not done:
            return
        try:
            await self.settle([task.result() for task in done])
            settled = done
        except Exception as error:  # noqa: BLE001 - what was learnt outside is not thrown away: each result is tried
            log.warning("settling one by one", problem=f"{type(error).__name__}: {error}")
            settled = [task for task in done if await self._settled_alone(task)]
        for task in settled:
            del self._running[task]
        if len(settled) < len(done):
            await self._clock.sleep(1)
        self._wake.set()

    async def _settled_alone(self, task: asyncio.Task[Result]) -> bool:
        """Settle one result; ``False`` keeps it for another try, as long as its lease lasts."""
        try:
            await self.settle([task.result()])
        except Exception as error:  # noqa: BLE001 - one result that cannot be written must not hold up the others
            lost = self._clock.now() >= self._running[task]
            log.warning("not settled", effect=task.result().job.effect.id, lost=lost, problem=type(error).__name__)
            return lost
        return True

    async def settle(self, results: Sequence[Result]) -> None:
        """Record what jobs showed, and tell the cases, in one transaction."""

        async def work() -> None:
            async with self._desk.storage.begin() as tx:
                settling = _Settling(self, tx, self._clock.now())
                await settling.settle(results)

        await self._desk.storage.retrying(work)
        for result in results:
            key = (result.job.effect.kind.value, result.verdict.value if result.verdict else "overtaken")
            self.attempts[key] = self.attempts.get(key, 0) + 1

    def backoff(self, attempts: int) -> timedelta:
        """Return how long to wait after so many tries: doubling, capped at five minutes, half of it at random."""
        full = min(_LONGEST_BACKOFF, 2.0 ** min(attempts, 10))
        return timedelta(seconds=full * (0.5 + self._jitter.random() / 2))


class _Settling:
    """One settling transaction."""

    def __init__(self, courier: Courier, tx: Transaction, now: datetime) -> None:
        self._courier = courier
        self._desk = courier._desk  # noqa: SLF001 - the two are one service, split for reading
        self._tx = tx
        self._now = now
        self._orders: list[Order] = []
        self._pings: list[dict[str, Any]] = []

    async def settle(self, results: Sequence[Result]) -> None:
        tx = self._tx
        await tx.cases.hold({result.job.effect.case_id for result in results if result.job.effect.case_id})
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
        for result in results:
            if result not in good:
                await self._other(result)
        await self._desk.run(tx, self._orders)
        await tx.outbox.put(self._pings)

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
        elif effect.kind in {EffectKind.CARD, EffectKind.APPROVAL} and job.card is not None and result.external_id:
            await self._tx.outbox.card_posted(
                job.card.id, message_id=result.external_id, shown_version=result.shown_version or 0
            )
            self._tell_shown(job)

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
        elif result.verdict is AttemptVerdict.GONE and job.card is not None:
            await self._tx.outbox.card_lost(job.card.id)
            await self._ready(result, self._now)
            if effect.kind is EffectKind.THREAD and job.file is not None:
                await self._tx.outbox.draw_before(
                    job.card, version=job.file.case.version, sequence=effect.sequence - 1, at=self._now
                )
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
            pause = max(min(SECOND_LOOK, self._courier._quarantine(effect)), delay)  # noqa: SLF001
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
        retry_at = result.retry_at or self._now + self._courier.backoff(effect.attempts + 1)
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

    async def _unknown(self, result: Result) -> None:
        effect = result.job.effect
        card = result.job.card
        harmless = effect.kind is EffectKind.ACT or (
            effect.kind in {EffectKind.CARD, EffectKind.APPROVAL} and card is not None and card.message_id is not None
        )
        if harmless:
            await self._ready(result, self._now + self._courier.backoff(effect.attempts + 1))
            return
        not_before = self._now + self._courier._quarantine(effect)  # noqa: SLF001
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
        settings = self._desk.rulebook.settings
        channel = str(settings.managers.channel or settings.approval.channel)
        self._pings.append(
            ping_row(Intent(EffectKind.PING, channel, channel, priority=1, payload=Note(sentence).payload()), self._now)
        )


def _found_card(result: Result) -> bool:
    return result.verdict is AttemptVerdict.FOUND and result.job.effect.kind in {EffectKind.CARD, EffectKind.APPROVAL}


def frozen_accounts(freezes: Sequence[Freeze], settings: Any) -> dict[str, str]:
    """Return the accounts that a freeze holds, with who froze them."""
    held: dict[str, str] = {}
    for freeze in freezes:
        kind, _, name = freeze.scope.partition(":")
        for account in settings.accounts:
            if (
                freeze.scope == "*"
                or (kind == "account" and name == account)
                or (kind == "brand" and name == settings.brand_of(account).key)
            ):
                held.setdefault(account, freeze.member)
    return held


def _frozen_by(effect: Effect, file: Any, frozen: Mapping[str, str]) -> str | None:
    del effect
    return frozen.get(file.case.account) if file is not None else None
