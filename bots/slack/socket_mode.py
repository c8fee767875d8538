"""Slack without a public address: two connections of our own making, the same listeners.

Facts: docs.slack.dev/apis/events-api/using-socket-mode.
"""

import asyncio
from typing import Final

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bots.slack.client import quiet_logger
from bots.slack.verdicts import UNREADABLE, error_word
from escalation.ports import Clock
from escalation.secret import Secret

CONNECTIONS: Final = 2
"""The SDK closes a connection before it opens the next one; meanwhile the other one receives."""
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0

log = structlog.get_logger(__name__)


class SocketMode:
    """Keeps the connections until it is stopped."""

    def __init__(self, app: AsyncApp, client: AsyncWebClient, *, token: Secret, clock: Clock) -> None:
        """Keep the collaborators; nothing is opened."""
        self._app = app
        self._client = client
        self._token = token
        self._clock = clock
        self._stopped = asyncio.Event()
        self.connected = asyncio.Event()

    async def run(self) -> None:
        """Connect, again until it works, and stay connected until ``stop``."""
        handlers: list[AsyncSocketModeHandler] = []
        try:
            for _ in range(CONNECTIONS):
                handler = AsyncSocketModeHandler(
                    self._app, app_token=self._token.reveal(), web_client=self._client, logger=quiet_logger("socket")
                )
                handlers.append(handler)
                await self._connect(handler)
            self.connected.set()
            await self._stopped.wait()
        finally:
            for handler in handlers:
                await handler.close_async()  # type: ignore[no-untyped-call]

    def stop(self) -> None:
        """Close the connections; what was received is finished."""
        self._stopped.set()

    async def _connect(self, handler: AsyncSocketModeHandler) -> None:
        pause = _FIRST_PAUSE
        while not self._stopped.is_set():
            try:
                # Asked here, for the SDK would ask for ever, every ten seconds, and never say so to us.
                opened = await self._client.apps_connections_open(app_token=self._token.reveal())
                handler.client.wss_uri = opened["url"]
                await handler.connect_async()  # type: ignore[no-untyped-call]
            except SlackApiError as error:
                log.warning("slack socket not opened", problem=error_word(error) or "no answer")
            except UNREADABLE as error:
                log.warning("slack socket not opened", problem=type(error).__name__)
            else:
                return
            await self._clock.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
