"""The bot of the demo: the product as it is, in a life that can be ended without warning and begun again."""

import asyncio
import contextlib
import gc
import logging
import warnings
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from bots.app import App, build
from bots.demo.life import Life
from bots.sandbox.network import cutting
from escalation.ports import Clock
from escalation.settings import Settings
from models.schema import migrate

STOP_SECONDS: Final = 0.75
"""How long an ordinary stop waits for work under way; what is left comes back by its lease."""
DEAD: Final = "The bot is not running. Start it again on the demo page."
_DEAD_PAGE: Final = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>The bot is not running</title>
<style>:root {{ color-scheme: light dark }} body {{ font: 1rem/1.5 system-ui, sans-serif; margin: 2rem }}</style></head>
<body><main><h1>Not here just now</h1><p>{DEAD}</p></main></body></html>
"""


class BotDeadError(Exception):
    """Something was asked of a bot that does not run; the sentence says what to do."""

    def __init__(self) -> None:
        """Use the usual sentence."""
        super().__init__(DEAD)


class Bot:
    """The product in this process. As an ASGI application it is the bot's web side, 503 while it does not run."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        """Keep both; nothing runs yet."""
        self._settings = settings
        self._clock = clock
        self._app: App | None = None
        self._life: Life | None = None
        self._preparing: asyncio.Task[None] | None = None
        self._working: asyncio.Task[None] | None = None
        self._changing = asyncio.Lock()

    @property
    def alive(self) -> bool:
        """Tell whether it runs."""
        return self._life is not None

    @property
    def app(self) -> App:
        """Return the running application. Raises ``BotDeadError``."""
        if self._app is None or self._life is None:
            raise BotDeadError
        return self._app

    async def start(self) -> None:
        """Build it from nothing but the configuration and the database file, and let it work. Once is enough."""
        async with self._changing:
            if self.alive:
                return
            app = build(self._settings, clock=self._clock)
            app.database.claim_file()
            await asyncio.to_thread(migrate, self._settings.database.url)
            life = Life()
            self._app, self._life = app, life
            unread = await life.begin(app.prepare())
            self._preparing = life.begin(app.stay_prepared(unread))
            self._working = life.begin(app.worker.run())

    async def kill(self) -> None:
        """End it without warning: work is cut where it stands and what it remembered is gone.

        What is done here besides is what an operating system does for a process that was killed: connections, files
        and the lock on the database are closed. Nothing is written any more.
        """
        async with self._changing:
            app, life = self._app, self._life
            if app is None or life is None:
                return
            self._app = self._life = self._preparing = self._working = None
            with _without_complaints():
                await life.end()
            for connector in app.connectors.values():
                await connector.close()
            await app.database.close()
            del app, life
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                gc.collect()  # connections that were cut in the middle of something are given up here and now

    async def stop(self) -> None:
        """Stop it as Ctrl-C would, with little patience for what is under way."""
        async with self._changing:
            app, working = self._app, self._working
            if app is not None and working is not None:
                app.worker.stop()
                await asyncio.wait({working}, timeout=STOP_SECONDS)
        await self.kill()

    async def do(self, work: Callable[[App], Coroutine[Any, Any, object]]) -> None:
        """Have it do something; if it dies meanwhile the work dies with it. Raises ``BotDeadError``."""
        app, life = self.app, self._life
        assert life is not None  # noqa: S101 - it has an application only while it lives
        doing = life.begin(work(app))
        await asyncio.wait({doing})
        if not doing.cancelled():
            doing.result()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the bot answer a request, as long as it lives."""
        app, life = self._app, self._life
        if scope["type"] != "http":
            return
        if app is None or life is None:
            await _unavailable(scope)(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        answering = life.begin(app.web(scope, receive, watched))
        try:
            await answering
        except asyncio.CancelledError:
            if not life.ended:  # it is the caller who left
                answering.cancel()
                raise
            if not begun:
                await _unavailable(scope)(scope, receive, send)
                return
            with contextlib.suppress(cutting.ConnectionCut):
                await cutting.reset(receive)


@contextlib.contextmanager
def _without_complaints() -> Iterator[None]:
    """Have the scheduler not report as failed what was cut on purpose."""

    def is_failure(record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))

    scheduler = logging.getLogger("apscheduler.executors.default")
    scheduler.addFilter(is_failure)
    try:
        yield
    finally:
        scheduler.removeFilter(is_failure)


def _unavailable(scope: Scope) -> Response:
    headers = {"Retry-After": "5", "Cache-Control": "no-store"}
    if "text/html" in Request(scope).headers.get("accept", ""):
        return HTMLResponse(_DEAD_PAGE, 503, headers=headers)
    return JSONResponse({"error": DEAD}, 503, headers=headers)
