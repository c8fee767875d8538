"""Slack, put together: the surface for the courier, the routes for the web server, and the listeners behind both."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient
from starlette.routing import Route

from bots.slack.client import quiet_logger, web_client
from bots.slack.collaborators import Freezing
from bots.slack.endpoint import slack_routes
from bots.slack.listeners.card_acts import CardActs
from bots.slack.listeners.commands import Commands
from bots.slack.listeners.dialog_openers import DialogOpeners
from bots.slack.listeners.events import Events
from bots.slack.listeners.home import Home
from bots.slack.listeners.on_call import OnCall
from bots.slack.listeners.shortcuts import Shortcuts
from bots.slack.listeners.submissions import Submissions
from bots.slack.listeners.thread_replies import ThreadReplies
from bots.slack.listeners.typing import Typing
from bots.slack.socket_mode import SocketMode
from bots.slack.surface import SlackSurface
from bots.slack.workplace import Workplace
from escalation.desk import Desk
from escalation.digesting import Digests
from escalation.inbox import Inbox
from escalation.ports import Clock
from escalation.rulebook import Rulebook
from escalation.settings import Settings
from models.database import StorageUnavailableError
from models.mention import Inbound

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Slack:
    """Everything of Slack that a process runs. ``replay`` is the handler of source ``slack`` for ``Inbox.take_up``."""

    app: AsyncApp
    surface: SlackSurface
    routes: Sequence[Route]
    replay: Callable[[Inbound], Awaitable[None]]
    socket_mode: SocketMode | None
    workplace: Workplace

    async def try_token(self) -> None:
        """Ask Slack once whether it takes our token, and log what it says: later nobody would look."""
        finding = await self.surface.examination.token()
        if finding.ok:
            log.info(finding.what)
        else:
            log.warning(finding.what, advice=finding.advice)

    async def run_socket_mode(self) -> None:
        """Receive by Socket Mode until ``close``; returns at once where the configuration has no ``app_token``."""
        if self.socket_mode is not None:
            await self.socket_mode.run()

    async def close(self) -> None:
        """Stop receiving and finish what is under way."""
        if self.socket_mode is not None:
            self.socket_mode.stop()
        await self.workplace.close()


class NoSlackError(LookupError):
    """The configuration has no ``[chat.slack]``."""


def build_slack(
    settings: Settings,
    *,
    desk: Desk,
    inbox: Inbox,
    rulebook: Rulebook,
    clock: Clock,
    freezing: Freezing,
    digests: Digests | None = None,
) -> Slack:
    """Put Slack together from the configuration; nothing is asked and nothing is opened. Raises ``NoSlackError``."""
    chat = settings.chat.slack
    if chat is None:
        raise NoSlackError("the configuration has no [chat.slack]")
    client = web_client(chat)
    surface = SlackSurface(settings, client, clock)
    workplace = Workplace(settings, desk, inbox, rulebook, clock, freezing, client, surface, digests)
    app = bolt_app(client)
    replies = ThreadReplies(workplace)
    home, on_call = Home(workplace), OnCall(workplace)
    events = Events(workplace, replies)
    events.register_doorstep(app)
    for listeners in (
        CardActs(workplace, home),
        DialogOpeners(workplace, home),
        Submissions(workplace, home),
        Typing(workplace),
        Shortcuts(workplace, replies),
        Commands(workplace, on_call),
        on_call,
        home,
    ):
        listeners.register(app)
    events.register_rest(app)
    socket_mode = SocketMode(app, client, token=chat.app_token, clock=clock) if chat.app_token else None
    routes = slack_routes(app, secret=chat.signing_secret, clock=clock, doorstep=events.keep)
    return Slack(app, surface, routes, replies.replay, socket_mode, workplace)


def bolt_app(client: AsyncWebClient) -> AsyncApp:
    """Return a Bolt app for one workspace that never asks Slack who it is.

    Bolt's own way calls ``auth.test`` before the first listener and answers 200 where that fails: the event is lost.
    The signature is checked by the endpoint, and the bot's own messages are recognised by what Slack says of them.
    """

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=client.token)

    logger = quiet_logger("bolt")
    logger.setLevel(logging.ERROR)
    app = AsyncApp(  # without a name Bolt reads the source of every caller to find one
        name="portavoce", client=client, authorize=authorize, request_verification_enabled=False, logger=logger
    )
    app.error(_failed)
    return app


async def _failed(error: Exception, response: BoltResponse | None) -> BoltResponse | None:
    """Answer 503 instead of an acknowledgement: Slack tries again, or tells the person. Nobody's text is logged."""
    if isinstance(error, StorageUnavailableError):
        log.warning("slack request not stored", problem=str(error))
    else:
        log.error("slack listener failed", problem=type(error).__name__, where=_where(error))
    return BoltResponse(status=503, body="") if response is not None else None


def _where(error: BaseException) -> str:
    """Return where an exception was raised, without its message, which could quote somebody."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}" if trace else ""
