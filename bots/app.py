"""The composition root: the only module that knows everything.

``build`` wires an application from settings; nothing is global.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from bots.clock import SystemClock
from bots.forms import FormAccount, form_routes
from bots.heartbeat import Heartbeat
from bots.hooks import hook_routes
from bots.slack import Slack, build_slack
from bots.telemetry import Metrics
from bots.web import web_application
from bots.worker import Worker
from connectors import registry
from connectors.form import Settings as FormSettings
from escalation.auditor import Auditor
from escalation.courier import Courier
from escalation.desk import Desk
from escalation.digesting import Counting, Digests
from escalation.form_conversations import FormConversations
from escalation.freezing import Freezing
from escalation.group_reading import GroupReader
from escalation.inbox import Handler, Inbox
from escalation.polling import Poller
from escalation.ports import Clock, Connector, Surface
from escalation.reports import counting_by_rows
from escalation.rolling_up import RollingUp
from escalation.rulebook import Rulebook
from escalation.server_limits import keep_reading_limits, read_limits
from escalation.settings import Settings
from escalation.sweeper import Sweeper
from escalation.watching import Limits, Watch
from models.database import Database, StorageUnavailableError
from models.vocabulary import CHAT_EFFECTS, NETWORK_EFFECTS

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class App:
    """A wired application. ``web`` answers HTTP, ``worker`` does the rest; either may run alone."""

    settings: Settings
    clock: Clock
    database: Database
    connectors: Mapping[str, Connector]
    rulebook: Rulebook
    desk: Desk
    inbox: Inbox
    freezing: Freezing
    couriers: Mapping[str, Courier]
    sweeper: Sweeper
    poller: Poller
    slack: Slack | None
    surfaces: Mapping[str, Surface]
    digests: Digests
    heartbeat: Heartbeat | None
    web: Starlette
    worker: Worker

    async def prepare(self) -> Mapping[str, Connector]:
        """Ask servers for limits of their own; return the accounts whose server did not answer."""
        return await read_limits(self.connectors)

    async def stay_prepared(self, unread: Mapping[str, Connector]) -> None:
        """Go on asking, first those that did not answer. Ends only when cancelled."""
        await keep_reading_limits(self.connectors, self.clock, unread)

    async def close(self) -> None:
        """Release every connection."""
        for connector in self.connectors.values():
            await connector.close()
        if self.slack is not None:
            await self.slack.close()
        if self.heartbeat is not None:
            await self.heartbeat.close()
        await self.database.close()


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    more_routes: Sequence[BaseRoute] = (),
    counting: Callable[[Database, Settings], Counting] = counting_by_rows,
) -> App:
    """Wire an application; nothing is opened or asked yet. ``counting``: who counts the figures of digests."""
    clock = clock or SystemClock()
    database = Database(settings.database.url, monotonic=clock.monotonic)
    kinds = registry()
    connectors: dict[str, Connector] = {
        name: kinds[account.connector](name, account.settings, clock=clock)
        for name, account in settings.accounts.items()
    }
    rulebook = Rulebook(settings, connectors)
    couriers: dict[str, Courier] = {}
    desk = Desk(database, rulebook, clock, committed=_waking(couriers))
    inbox, freezing = Inbox(database, clock), Freezing(desk)
    digests = Digests(desk, counting(database, settings))
    slack = (
        build_slack(
            settings, desk=desk, inbox=inbox, rulebook=rulebook, clock=clock, freezing=freezing, digests=digests
        )
        if settings.chat.slack
        else None
    )
    surfaces: dict[str, Surface] = {"slack": slack.surface} if slack else {}
    couriers["networks"] = Courier(desk=desk, surfaces=surfaces, kinds=NETWORK_EFFECTS)
    couriers["chat"] = Courier(desk=desk, surfaces=surfaces, kinds=CHAT_EFFECTS)
    sweeper, poller = Sweeper(desk), Poller(desk)
    handlers: dict[str, Handler] = {"slack": slack.replay} if slack else {}
    conversations = FormConversations(desk, inbox, unavailable=StorageUnavailableError)
    forms = {
        name: FormAccount(
            settings.brand_label(name),
            settings.brand_of(name).language or settings.organisation.language,
            account.settings,
        )
        for name, account in settings.accounts.items()
        if isinstance(account.settings, FormSettings)
    }
    limits = limits_of(settings)
    heartbeat = Heartbeat(settings.watch.heartbeat_url) if settings.watch.heartbeat_url else None
    web = web_application(
        database=database,
        clock=clock,
        limits=limits,
        metrics=Metrics(inbox, couriers, clock=clock, limits=limits, heartbeat=heartbeat),
        routes=[
            *(slack.routes if slack else ()),
            *hook_routes(desk, inbox),
            *form_routes(
                accounts=forms, conversations=conversations, clock=clock, public_url=settings.organisation.public_url
            ),
            *more_routes,
        ],
    )
    watch = Watch(
        database,
        clock,
        Auditor(desk),
        limits=limits,
        heartbeat=heartbeat,
        heartbeat_every=timedelta(seconds=settings.watch.heartbeat_every),
    )
    worker = Worker(
        couriers=couriers,
        sweeper=sweeper,
        poller=poller,
        inbox=inbox,
        groups=GroupReader(desk, surfaces),
        handlers=handlers,
        watch=watch,
        rolling_up=RollingUp(database, clock),
        digests=digests,
    )
    return App(
        settings,
        clock,
        database,
        connectors,
        rulebook,
        desk,
        inbox,
        freezing,
        couriers,
        sweeper,
        poller,
        slack,
        surfaces,
        digests,
        heartbeat,
        web,
        worker,
    )


def limits_of(settings: Settings) -> Limits:
    """Return after how long the standing duties are late."""
    return Limits(
        sweep=timedelta(seconds=settings.watch.sweep_late_after),
        audit_every=timedelta(seconds=settings.watch.audit_every),
    )


def _waking(couriers: Mapping[str, Courier]) -> Callable[[], None]:
    def wake() -> None:
        for courier in couriers.values():
            courier.wake()

    return wake
