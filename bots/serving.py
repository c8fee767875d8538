"""Running an application: the web side, the working side, or both in one process."""

import asyncio
import contextlib
import errno
import gc
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager

import structlog
import uvicorn
from starlette.types import ASGIApp

from bots.app import App
from escalation.ports import Clock

log = structlog.get_logger(__name__)


class PortTakenError(Exception):
    """The address cannot be listened on; the text says why and which option to change."""


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes any free one.

    Raises:
        PortTakenError: the address cannot be had, with a sentence.

    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        reason = (error.strerror or "refused").lower()
        if error.errno in {errno.EADDRINUSE, errno.EACCES}:
            sentence = f"port {port} on {host} cannot be used ({reason}); choose another one with --port"
        else:
            sentence = f"{host} is no address of this machine ({reason}); choose another one with --host"
        raise PortTakenError(sentence) from error
    listener.listen(512)
    listener.setblocking(False)  # noqa: FBT003 - the standard library's own signature
    return listener


def settle_in() -> None:
    """Spare the garbage collector what was made at the start; it stays, and to look through it takes 0.1 s each time.

    For a process that stays, once, before it begins. https://docs.python.org/3/library/gc.html#gc.freeze
    """
    gc.collect()
    gc.freeze()


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone; ``run`` handles them."""
        yield


async def run(app: App, *, listener: socket.socket | None, work: bool, stop: asyncio.Event | None = None) -> None:
    """Serve and work until SIGTERM, SIGINT or ``stop``. A second signal ends at once.

    ``listener``: where to serve, ``None`` to serve nothing. ``work``: carry effects, sweep and poll.
    """
    stop = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError, ValueError):
            loop.add_signal_handler(name, _stopper(stop))
    unread = await app.prepare()
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(app.close)
        stack.push_async_callback(_ended, asyncio.create_task(app.stay_prepared(unread)))
        if app.slack is not None:
            stack.push_async_callback(_ended, asyncio.create_task(app.slack.try_token()))
        if listener is not None:
            await stack.enter_async_context(serving(app, listener))
        if listener is not None and app.slack is not None:
            stack.push_async_callback(_ended, asyncio.create_task(app.slack.run_socket_mode()))
        if work:
            working = asyncio.create_task(app.worker.run())
            await asyncio.wait({working, asyncio.create_task(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
            app.worker.stop()
            await working
        else:
            await stop.wait()


def serving(app: App, listener: socket.socket) -> AbstractAsyncContextManager[uvicorn.Server]:
    """Serve an application's HTTP on a socket while the block runs."""
    return answering(app.web, listener, clock=app.clock)


@contextlib.asynccontextmanager
async def answering(
    web: ASGIApp, listener: socket.socket, *, clock: Clock, grace_seconds: int = 5
) -> AsyncIterator[uvicorn.Server]:
    """Serve HTTP on a socket while the block runs, and so long after it as requests under way need."""
    config = uvicorn.Config(
        web,
        log_config=None,
        log_level="warning",  # whatever is no HTTP is answered 400 before any of our code sees it, with one line
        access_log=False,
        proxy_headers=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=grace_seconds,
        timeout_keep_alive=30,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not task.done():
        await clock.sleep(0.01)
    try:
        yield server
    finally:
        server.should_exit = True
        await task


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _stopper(stop: asyncio.Event) -> Callable[[], None]:
    def stopper() -> None:
        if stop.is_set():
            raise SystemExit(1)
        stop.set()
        log.info("stopping; what is under way is finished first")

    return stopper
