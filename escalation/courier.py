"""Carries effects from the outbox to the outside: claim (one commit), act outside any transaction, settle (one commit).

Any number of couriers in any number of processes may work on one database; leases, tokens and lanes keep them apart.

One risk of a double send remains: a process that stands still between its last look at the lease and its first byte on
the socket may write that byte after another process has taken the reply over. It would have to stand still longer than
what is left of the lease (at least 50 s when a call begins, which is cut off after 45 s) and the quarantine
(``unknown_after``, 120 s by default), and where the network is searched also until a second look, up to 30 s later, has
found nothing. Where the network takes our idempotency key the late copy is dropped there, where it can only be searched
the reply then stands twice, and where neither is possible nothing is sent anew unless a person says that the reply is
not there.
"""

import asyncio
import contextlib
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from escalation import commands as c
from escalation.announcing import rung_of
from escalation.carrying import Carrier, Job, Mode, Result, only_repeats
from escalation.desk import Desk, Order, case_file
from escalation.freezing import frozen_accounts
from escalation.patience import Patience
from escalation.ports import Surface
from escalation.settling import Settling
from escalation.sorting import Aside, Sorting
from models.columns import new_id, new_token
from models.outbox import Effect
from models.pings import Ping
from models.store import Transaction
from models.store.gatherings import GatheringRows
from models.vocabulary import (
    CHAT_EFFECTS,
    DRAWINGS,
    NETWORK_EFFECTS,
    EffectKind,
    EffectState,
)

LEASE = timedelta(seconds=120)
LONGEST_CALL = timedelta(seconds=50)
"""A call is cut off before; one that would outlast its lease is not begun."""
CHANNEL_INTERVAL = timedelta(seconds=1)
CHANNEL_BURST = 3
_LONGEST_BACKLOG = timedelta(seconds=10)
"""No channel's next message is ever put off for as long; what says so was written by a clock that has been set back."""
_IDLE_SECONDS = 0.5
_LOOK_INTERVAL = timedelta(seconds=1)
"""How often senders that died are looked for while there is always more to claim."""
_TOGETHER_SECONDS = 0.2
"""How long a result waits for others to share a settling commit with, while more are under way."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Claim:
    """What one claim found: how many rows, for how many there was room; what it leased, and what is to be put aside."""

    seen: int
    admitted: int
    jobs: Sequence[Job] = ()
    aside: Sequence[Effect] = ()


class Courier:
    """One courier. ``wake()`` after a commit; ``run()`` in a worker; ``drain()`` in tests and scripts."""

    def __init__(
        self,
        *,
        desk: Desk,
        surfaces: Mapping[str, Surface],
        kinds: Collection[EffectKind] | None = None,
        capacity: int = 100,
        lease: timedelta = LEASE,
        jitter: random.Random | None = None,
    ) -> None:
        """Keep the collaborators. ``kinds``: carry only these; ``capacity``: how many jobs may be under way at once.

        Half of it is settled, and claimed anew, while the other half is on its way. Of one account no more is taken
        than leaves within a moment (``escalation.gates``), for what is taken is out of reach of a freeze and an undo.
        """
        self._desk = desk
        self._rulebook = desk.rulebook
        self._clock = desk.clock
        self._carrier = Carrier(desk.rulebook, surfaces, desk.clock)
        self._kinds = kinds
        self._capacity = capacity
        self._lease = lease
        self._begin_within = lease - min(LONGEST_CALL, lease / 2)
        self._patience = Patience(desk.rulebook, jitter)
        self._running: dict[asyncio.Task[Result], datetime] = {}
        self._claiming = False
        self._back = 0
        self._gates = self._carrier.gates
        self._ripe = False
        self._ripens: asyncio.TimerHandle | None = None
        self._more_due = False
        self._look_at = desk.clock.now()
        self._wake = asyncio.Event()
        self._stopping = False
        self.attempts: dict[tuple[str, str], int] = {}

    @property
    def is_busy(self) -> bool:
        """Tell whether anything is under way that this courier takes, or has taken and not settled yet."""
        return self._claiming or bool(self._running)

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
                if self._running or not self._stopping:
                    await self._pause()
                if self._ripe:
                    await self._settle_finished()
            except Exception as error:  # noqa: BLE001 - the loop outlives a database that is away; leases keep the
                log.warning("courier waits", problem=type(error).__name__)
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

    def _came_back(self, job: Job) -> None:
        """Have results settled at once when half of an account's, half of the room or all is back, else in a moment."""
        self._back += 1
        half_back = 2 * self._back >= self._capacity
        if job.effect.kind in NETWORK_EFFECTS:
            half_back |= self._gates.of(job.effect.target).leave()
        if half_back or all(task.done() for task in self._running):
            self._ripen()
        elif self._ripens is None:
            self._ripens = asyncio.get_running_loop().call_later(_TOGETHER_SECONDS, self._ripen)

    def _ripen(self) -> None:
        self._ripe = True
        self._wake.set()

    # --- claim --------------------------------------------------------------------------------------------------------

    async def _start_due(self) -> None:
        if self._room() <= 0:
            return
        now = self._clock.now()
        if not self._more_due or now >= self._look_at:
            self._look_at = now + _LOOK_INTERVAL
            if not await self._look(now):
                return
        while await self._start_some():
            pass

    def _room(self) -> int:
        """Return how many jobs may be taken now."""
        room = self._capacity - len(self._running)
        only_networks = self._kinds is not None and NETWORK_EFFECTS.issuperset(self._kinds)
        return min(room, self._gates.room) if only_networks else room

    async def _start_some(self) -> bool:
        """Take and begin what there is room for; tell whether an account that is full now kept others out of sight."""
        if (room := self._room()) <= 0:
            return False
        full = self._gates.full
        self._claiming = True
        try:
            claim = await self._desk.storage.retrying(lambda: self._claim(room))
            for job in claim.jobs:
                self._begin(job)
        finally:
            self._claiming = False
        self._more_due = claim.seen == room
        if claim.aside:
            await self._desk.storage.retrying(lambda: self._put_aside(claim.aside))
        return self._more_due and claim.admitted < claim.seen and self._gates.full != full

    def _begin(self, job: Job) -> None:
        if job.effect.kind in NETWORK_EFFECTS:
            self._gates.of(job.effect.target).take()
        task = asyncio.create_task(self._carrier.carry(job))
        self._running[task] = self._clock.now() + self._lease
        task.add_done_callback(lambda _: self._came_back(job))

    async def _look(self, now: datetime) -> bool:
        """Tell whether anything may be due, without a commit; take over what dead senders left behind."""
        async with self._desk.storage.read() as tx:
            abandoned = await tx.outbox.abandoned(now)
            due = await tx.outbox.any_due(now)
        if abandoned:
            await self._desk.storage.retrying(lambda: self._take_over(abandoned))
        return due or bool(abandoned)

    async def _take_over(self, abandoned: Sequence[Effect]) -> None:
        """Repeat what a dead sender had under way if that is harmless; the rest is of unknown outcome."""
        now = self._clock.now()
        async with self._desk.storage.begin() as tx:
            await tx.cases.hold({effect.case_id for effect in abandoned if effect.case_id})
            cards = {
                card.id: card
                for card in await tx.outbox.cards_of([effect.case_id for effect in abandoned if effect.case_id])
            }
            gatherings = await tx.gatherings.read(_gathered(abandoned))
            orders: list[Order] = []
            for effect in abandoned:
                card = cards.get(effect.card_id or "") if effect.kind in DRAWINGS else None
                drawn = card or gatherings.get(effect.payload.get("gathering", ""))
                if (drawn is not None and drawn.message_id is not None) or effect.kind is EffectKind.ACT:
                    await tx.outbox.again(effect.id, token=effect.token, now=now)
                    continue
                later = now + self._patience.quarantine(effect)
                doubted = await tx.outbox.doubt(effect.id, token=effect.token, now=now, not_before=later)
                if doubted and effect.kind is EffectKind.REPLY and effect.case_id:
                    orders.append(Order(effect.case_id, c.Doubtful("the sender died")))
            await self._desk.run(tx, orders)

    async def _claim(self, room: int) -> "_Claim":
        """Lease what is due and can be done; return it, and what must be put aside instead. Locks no case."""
        now = self._clock.now()
        async with self._desk.storage.begin() as tx:
            freezes = await tx.freezes.heed()
            frozen = frozen_accounts(freezes, self._rulebook.settings)
            closed = [*self._gates.full, *(account for account in frozen if only_repeats(self._rulebook, account))]
            seen = await tx.outbox.due(
                now, limit=room, kinds=self._kinds, frozen_accounts=list(frozen), closed_accounts=closed
            )
            admitted = self._gates.admit(seen)
            due = await self._pace(tx, admitted, now)
            if not due:
                return _Claim(len(seen), len(admitted))
            sorting = await self._sorting(tx, due, frozen, now)
            leased, aside = await self._jobs(tx, sorting, due)
            told = await self._told(tx, [effect for effect, _, _ in leased], sorting)
        jobs: list[Job] = []
        for effect, token, mode in leased:
            file = sorting.files.get(effect.case_id or "")
            frozen_by = frozen.get(file.case.account) if file is not None else None
            first = sorting.first_tried.get(effect.id)
            begin_by = now + self._begin_within
            jobs.append(Job(effect, token, mode, file, frozen_by, first, begin_by, told.get(effect.id)))
        return _Claim(len(seen), len(admitted), jobs, aside)

    async def _told(
        self, tx: Transaction, effects: Sequence[Effect], sorting: Sorting
    ) -> dict[str, Ping | GatheringRows]:
        """Return what pings and messages about many of them tell, by effect."""
        found: dict[str, Ping | GatheringRows] = {}
        rungs = {}
        for effect in effects:
            if effect.kind is EffectKind.PING and effect.card_id is not None:
                card = next((c for c in sorting.files[effect.case_id or ""].cards if c.id == effect.card_id), None)
                if card is not None:
                    rungs[effect.id] = rung_of(card)
            elif (gathering := sorting.gathering(effect)) is not None:
                found[effect.id] = gathering
        pings = await tx.pings.by_rung(rungs.values())
        found.update({effect_id: pings[rung] for effect_id, rung in rungs.items() if rung in pings})
        return found

    async def _sorting(
        self, tx: Transaction, effects: Sequence[Effect], frozen: Mapping[str, str], now: datetime
    ) -> Sorting:
        first = await tx.outbox.first_attempts([effect.id for effect in effects if effect.attempts])
        wanted = {effect.case_id for effect in effects if effect.case_id}
        only_replies = all(effect.kind is EffectKind.REPLY for effect in effects)
        found = await tx.cases.read(wanted, for_replies=only_replies)
        files = {case_id: case_file(rows) for case_id, rows in found.items()}
        gatherings = await tx.gatherings.read(_gathered(effects))
        return Sorting(self._rulebook, files, gatherings, first, frozen, now)

    async def _put_aside(self, effects: Sequence[Effect]) -> None:
        """Move what can be neither sent nor looked up out of the way, and tell its cases.

        This is not done while claiming: there the effects are locked already, and whoever will touch cases and effects
        locks the cases first. What has changed meanwhile is left to the next claim.
        """
        now = self._clock.now()
        async with self._desk.storage.begin() as tx:
            await tx.cases.hold({effect.case_id for effect in effects if effect.case_id})
            still = await tx.outbox.still_due([effect.id for effect in effects], now)
            frozen = frozen_accounts(await tx.freezes.all(), self._rulebook.settings)
            sorting = await self._sorting(tx, still, frozen, now)
            orders: list[Order] = []
            for effect in still:
                if not isinstance(aside := sorting.sort(effect), Aside):
                    continue
                if aside.state is not effect.state:
                    changes = {"state": aside.state, "reason": aside.reason}
                    await tx.outbox.move(effect.id, from_=[effect.state], changes=changes)
                if effect.case_id and aside.order is not None:
                    orders.append(Order(effect.case_id, aside.order))
            await self._desk.run(tx, orders)

    async def _jobs(
        self, tx: Transaction, sorting: Sorting, due: Sequence[Effect]
    ) -> tuple[list[tuple[Effect, str, Mode]], list[Effect]]:
        """Lease what can be done now and record the tries; return it, and what cannot be done."""
        now = sorting.now
        token, until = new_token(), now + self._lease
        sending: list[Effect] = []
        looking: list[Effect] = []
        aside: list[Effect] = []
        for effect in due:
            match sorting.sort(effect):
                case Mode.SEND:
                    sending.append(effect)
                case Mode.LOOK_UP:
                    looking.append(effect)
                case Aside(state, _, order) if state is not effect.state or order is not None:
                    aside.append(effect)
        if sending:
            await tx.outbox.replace_parked(sending)
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
        return jobs + [(effect, token, Mode.LOOK_UP) for effect in looking], aside

    async def _pace(self, tx: Transaction, due: Sequence[Effect], now: datetime) -> list[Effect]:
        """Let through what each chat channel can take now: a burst of three, then one a second; the rest stays due."""
        paces = await tx.outbox.paces({effect.pace for effect in due if effect.kind in CHAT_EFFECTS})
        arrivals: dict[str, datetime] = {}
        passed: list[Effect] = []
        for effect in due:
            if effect.kind in CHAT_EFFECTS and effect.state is EffectState.READY:
                planned = arrivals.get(effect.pace) or paces[effect.pace].next_at or now
                expected = max(planned, now) if planned - now < _LONGEST_BACKLOG else now
                if expected - now > CHANNEL_INTERVAL * (CHANNEL_BURST - 1):
                    continue
                arrivals[effect.pace] = expected + CHANNEL_INTERVAL
            passed.append(effect)
        await tx.outbox.pass_by(arrivals)
        return passed

    # --- settle -------------------------------------------------------------------------------------------------------

    async def _settle_finished(self) -> None:
        self._back, self._ripe = 0, False
        self._gates.count_anew()
        if self._ripens is not None:
            self._ripens.cancel()
            self._ripens = None
        done = [task for task in self._running if task.done()]
        if not done:
            return
        try:
            await self.settle([task.result() for task in done])
            settled = done
        except Exception as error:  # noqa: BLE001 - what was learnt outside is not thrown away: each result is tried
            log.warning("settling one by one", problem=type(error).__name__)
            settled = [task for task in done if await self._settled_alone(task)]
        for task in settled:
            del self._running[task]
        self._more_due |= bool(settled)  # what has gone lets others go: the next part, the thread below a card
        if len(settled) < len(done):
            await self._clock.sleep(1)
            self._ripen()

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
                await Settling(self._desk, tx, self._patience).settle(results)

        await self._desk.storage.retrying(work)
        for result in results:
            key = (result.job.effect.kind.value, result.verdict.value if result.verdict else "overtaken")
            self.attempts[key] = self.attempts.get(key, 0) + 1


def _gathered(effects: Sequence[Effect]) -> set[str]:
    """Return the ids of the gatherings that some effects draw."""
    return {effect.payload["gathering"] for effect in effects if "gathering" in effect.payload}
