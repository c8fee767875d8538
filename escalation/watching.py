"""Watching the watchman: each standing duty leaves a mark when it is done, and whoever asks is told how old it is."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from escalation.auditor import Auditor
from escalation.desk import Storage
from escalation.ports import Clock
from models.columns import process_name
from models.store import Transaction

BEAT_EVERY = timedelta(seconds=15)
"""How often a process writes its marks at most: each time is a commit of its own, to disk."""
SWEEP, POLL, AUDIT = "sweep", "poll", "audit"
_POLL_LATE_AFTER = timedelta(minutes=10)
ROUND_SECONDS = 5.0
"""How often a worker looks whether an audit or a heartbeat is due."""
FIRST_AUDIT_AFTER = 120.0
"""Seconds after its start at which a worker audits first: what was due while it was down is being done till then."""


@dataclass(frozen=True)
class DutyMark:
    """How a duty stands: when it was last done, how long ago, by whom; ``late`` if that is too long, or never."""

    duty: str
    late: bool
    at: datetime | None = None
    age_seconds: float | None = None
    process: str | None = None


@dataclass(frozen=True)
class Vitals:
    """How the product's standing duties stand. ``timer_lag_seconds``: how long the oldest due timer has waited."""

    marks: tuple[DutyMark, ...]
    timer_lag_seconds: float
    findings: int

    @property
    def late(self) -> list[str]:
        """Return the duties that are late."""
        return [mark.duty for mark in self.marks if mark.late]

    @property
    def audited(self) -> bool:
        """Tell whether the auditor was ever at work."""
        audit = self.mark(AUDIT)
        return audit is not None and audit.at is not None

    @property
    def well(self) -> bool:
        """Tell whether nothing is late, and the auditor was at work and has nothing to complain of."""
        return self.audited and not self.late and not self.findings

    def mark(self, duty: str) -> DutyMark | None:
        """Return how one duty stands."""
        return next((mark for mark in self.marks if mark.duty == duty), None)


@dataclass(frozen=True)
class Limits:
    """After how long a duty is late; one that is not named never is."""

    sweep: timedelta
    audit_every: timedelta

    def of(self, duty: str) -> timedelta | None:
        """Return the limit of a duty."""
        return {
            SWEEP: self.sweep,
            POLL: _POLL_LATE_AFTER,
            AUDIT: 2 * self.audit_every + timedelta(seconds=FIRST_AUDIT_AFTER),
        }.get(duty)


async def vitals(tx: Transaction, *, limits: Limits, now: datetime) -> Vitals:
    """Return how the duties stand at ``now`` (UTC); in four statements, none of which grows with the work."""
    pulses = {pulse.duty: pulse for pulse in await tx.watching.pulses()}
    marks = []
    for duty in dict.fromkeys((SWEEP, AUDIT, *pulses)):
        pulse, limit = pulses.get(duty), limits.of(duty)
        if pulse is None:
            marks.append(DutyMark(duty, late=duty == SWEEP))
            continue
        age = now - pulse.at
        # A mark from the future says as little as an old one: whoever left it may be gone since.
        late = limit is not None and abs(age) > limit
        marks.append(DutyMark(duty, late, pulse.at, max(0.0, age.total_seconds()), pulse.process))
    due = [moment for moment in (await tx.watching.next_timer(), await tx.clocks.oldest_rung_due()) if moment]
    lag = max(0.0, (now - min(due)).total_seconds()) if due else 0.0
    return Vitals(tuple(marks), lag, sum((await tx.watching.count_standing()).values()))


class Watch:
    """One worker's part in the watch: its marks, its audits, its heartbeats. Nothing of it is done by a web process.

    ``heartbeat`` is called with how the duties stand, every ``heartbeat_every``; it decides what that is worth.
    """

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        auditor: Auditor,
        *,
        limits: Limits,
        heartbeat: Callable[[Vitals], Awaitable[None]] | None = None,
        heartbeat_every: timedelta = timedelta(minutes=1),
        process: str | None = None,
    ) -> None:
        """Keep the collaborators; the first audit is ``FIRST_AUDIT_AFTER`` seconds off."""
        self._storage = storage
        self._clock = clock
        self._auditor = auditor
        self._limits = limits
        self._heartbeat = heartbeat
        self._heartbeat_every = heartbeat_every.total_seconds()
        self._process = process or process_name()
        self._done: dict[str, datetime] = {}
        self._written_at: datetime | None = None
        self._audit_at = clock.monotonic() + FIRST_AUDIT_AFTER
        self._heartbeat_at = clock.monotonic()

    async def beat(self, duty: str) -> None:
        """Note that a duty was done just now; written at most every ``BEAT_EVERY``, all duties in one commit."""
        now = self._clock.now()
        self._done[duty] = now
        # A clock that was put back must not silence us, so a mark from the future does not count as written.
        if self._written_at is not None and timedelta(0) <= now - self._written_at < BEAT_EVERY:
            return
        done, self._done, self._written_at = self._done, {}, now
        async with self._storage.begin() as tx:
            await tx.watching.beat(done, process=self._process)

    async def round(self) -> None:
        """Send a heartbeat and audit, each if it is due."""
        if self._heartbeat is not None and self._clock.monotonic() >= self._heartbeat_at:
            self._heartbeat_at = self._clock.monotonic() + self._heartbeat_every
            await self._heartbeat(await self.look())
        if self._clock.monotonic() >= self._audit_at:
            self._audit_at = self._clock.monotonic() + self._limits.audit_every.total_seconds()
            last = (await self.look()).mark(AUDIT)
            await self._auditor.report(since=last.at if last else None)
            await self.beat(AUDIT)

    async def look(self) -> Vitals:
        """Return how the duties stand now."""
        async with self._storage.read() as tx:
            return await vitals(tx, limits=self._limits, now=self._clock.now())


async def clock_skew(tx: Transaction, clock: Clock) -> timedelta | None:
    """Return how far this process's clock is ahead of the database server's; ``None`` where it has none of its own.

    Right to half the time that the question takes.
    """
    asked = clock.now()
    theirs = await tx.watching.server_time()
    if theirs is None:
        return None
    return asked + (clock.now() - asked) / 2 - theirs
