"""Logs and metrics. Neither ever holds a secret or the text of a message."""

import contextlib
import logging
import re
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, TextIO, cast

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from bots.heartbeat import Heartbeat
from bots.tracebacks import frames_without_words
from escalation.auditing import RULES
from escalation.auditor import AUDITORS_OWN
from escalation.courier import Courier
from escalation.inbox import Inbox
from escalation.ports import Clock
from escalation.watching import SWEEP, Limits, Vitals, clock_skew, vitals
from models.store import Transaction

_TOKENS = re.compile(r"(xox[a-z]-[\w-]+|xapp-[\w-]+|Bearer\s+\S+|access_token=[^&\s]+|://[^/\s:@]+:[^/\s@]+@)")
_NEVER = frozenset({"text", "body", "message", "token", "authorization", "password", "secret", "blocks", "payload"})
_QUIET = (
    "httpx",
    "httpcore",
    "slack_bolt",
    "slack_sdk",
    "aiosqlite",
    "apscheduler",
    "asyncio",
    "alembic",
    "sqlalchemy",
    "uvicorn",
)


def set_up_logs(*, json: bool, level: int = logging.INFO, stream: Any = None) -> None:
    """Send structured logs to ``stream`` (standard error): readable lines, or one JSON object a line."""
    renderer: Any = (
        structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
    )
    steps: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(frames_without_words),
        redact,
    ]
    lasting = cast("TextIO", _Unbreakable(stream or sys.stderr))
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *steps, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(lasting),
        cache_logger_on_first_use=False,
    )
    theirs = logging.StreamHandler(lasting)  # what libraries log goes the same way, and is redacted like our own
    theirs.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *steps],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[theirs], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)


class _Unbreakable:
    """A stream that whoever reads it may leave or close at any time: a log that nobody reads must not stop the work."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take out what must never be logged.

    Values under telling names, tokens anywhere, line ends that would forge a second line.
    """
    for key, value in list(event.items()):
        if key in _NEVER:
            event[key] = "[left out]"
        elif isinstance(value, str):
            cleaned = _TOKENS.sub("[secret]", value)
            event[key] = cleaned if key == "exception" else cleaned.replace("\r", " ").replace("\n", " ")
    return event


class Metrics:
    """What ``/metrics`` tells, read from this process and from the database at the moment of asking."""

    def __init__(
        self,
        inbox: Inbox,
        couriers: Mapping[str, Courier],
        *,
        clock: Clock,
        limits: Limits,
        heartbeat: Heartbeat | None = None,
    ) -> None:
        """Keep what counts."""
        self._inbox = inbox
        self._couriers = couriers
        self._clock = clock
        self._limits = limits
        self._heartbeat = heartbeat
        self._vitals = Vitals((), 0.0, 0)
        self._violations: dict[str, int] = {}
        self._skew: float | None = None
        self._states: dict[str, int] = {}
        self._effects: dict[tuple[str, str], int] = {}
        self._unhandled = 0
        self._problems: dict[str, int] = {}
        self._registry = CollectorRegistry()
        self._registry.register(self)

    async def page(self, tx: Transaction) -> bytes:
        """Return the metrics page in Prometheus' text format."""
        self._states = {state.value: number for state, number in (await tx.cases.count_by_state()).items()}
        self._effects = {
            (kind.value, state.value): number for (kind, state), number in (await tx.outbox.count_by_state()).items()
        }
        self._unhandled = await tx.intake.count_unhandled()
        self._problems = {pace.key: 1 for pace in await tx.outbox.held_accounts() if pace.problem}
        self._vitals = await vitals(tx, limits=self._limits, now=self._clock.now())
        self._violations = await tx.watching.count_standing()
        skew = await clock_skew(tx, self._clock)
        self._skew = None if skew is None else skew.total_seconds()
        return generate_latest(self._registry)

    def describe(self) -> Iterator[Metric]:
        """Name nothing in advance; what there is depends on the database."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        stored = CounterMetricFamily("portavoce_inbound_stored", "Deliveries stored by this process", labels=["source"])
        for source in ("slack", "hook", "form", "poll"):
            stored.add_metric([source], self._inbox.stored.get(source, 0))
        yield stored
        attempts = CounterMetricFamily(
            "portavoce_attempts", "Tries of this process at effects", labels=["kind", "verdict"]
        )
        for courier in self._couriers.values():
            for (kind, verdict), number in courier.attempts.items():
                attempts.add_metric([kind, verdict], number)
        yield attempts
        cases = GaugeMetricFamily("portavoce_open_cases", "Open cases", labels=["state"])
        for state, number in self._states.items():
            cases.add_metric([state], number)
        yield cases
        effects = GaugeMetricFamily(
            "portavoce_unsettled_effects", "Effects that are not settled", labels=["kind", "state"]
        )
        for (kind, effect_state), number in self._effects.items():
            effects.add_metric([kind, effect_state], number)
        yield effects
        yield GaugeMetricFamily(
            "portavoce_unhandled_inbound", "Deliveries stored but not finished", value=self._unhandled
        )
        broken = GaugeMetricFamily("portavoce_broken_accounts", "Accounts that refuse us", labels=["account"])
        for key, one in self._problems.items():
            broken.add_metric([key.removeprefix("account:")], one)
        yield broken
        yield from self._watch()

    def _watch(self) -> Iterator[Metric]:
        """Yield how the standing duties stand; an age is missing until the duty is done for the first time."""
        ages = GaugeMetricFamily("portavoce_duty_age_seconds", "Time since a duty was last done", labels=["duty"])
        late = GaugeMetricFamily("portavoce_duty_late", "Whether a duty was last done too long ago", labels=["duty"])
        for mark in self._vitals.marks:
            late.add_metric([mark.duty], int(mark.late))
            if mark.age_seconds is not None:
                ages.add_metric([mark.duty], mark.age_seconds)
        yield from (ages, late)
        sweep = self._vitals.mark(SWEEP)
        if sweep is not None and sweep.at is not None:
            yield GaugeMetricFamily("portavoce_sweep_age_seconds", "Time since the last sweep", value=sweep.age_seconds)
            yield GaugeMetricFamily(
                "portavoce_last_sweep_seconds", "When the last sweep was, since 1970", value=sweep.at.timestamp()
            )
        yield GaugeMetricFamily(
            "portavoce_sweep_lag_seconds", "How late the oldest due timer is", value=self._vitals.timer_lag_seconds
        )
        violations = GaugeMetricFamily(
            "portavoce_invariant_violations",
            "What the auditor found wrong and nobody has accepted",
            labels=["invariant", "rule"],
        )
        for invariant, rule in [*((rule.invariant, rule.name) for rule in RULES), AUDITORS_OWN]:
            violations.add_metric([invariant, rule], self._violations.get(rule, 0))
        yield violations
        if self._skew is not None:
            yield GaugeMetricFamily(
                "portavoce_clock_skew_seconds", "How far this process is ahead of the database server", value=self._skew
            )
        if self._heartbeat is not None:
            beats = CounterMetricFamily("portavoce_heartbeats", "Heartbeats of this process", labels=["result"])
            for result, number in self._heartbeat.counts.items():
                beats.add_metric([result], number)
            yield beats
