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

from escalation.courier import Courier
from escalation.inbox import Inbox
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
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Unbreakable(stream or sys.stderr))),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(
        level=logging.WARNING, format="%(levelname)s %(name)s %(message)s", stream=stream or sys.stderr, force=True
    )
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)


class _Unbreakable:
    """A stream that whoever reads it may leave at any time: a log that nobody reads must not stop the work."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
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

    def __init__(self, inbox: Inbox, couriers: Mapping[str, Courier]) -> None:
        """Keep what counts."""
        self._inbox = inbox
        self._couriers = couriers
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
