"""What it costs to store every Slack event before it is acknowledged, against a bare Bolt handler that stores nothing.

Both verify the same signatures behind the same server (uvicorn, one process); eight connections send, a tenth of the events
comes twice. Measured is the CPU time of the server's process for one event.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.signature import SignatureVerifier
from sqlmodel import SQLModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from bots.app import build
from bots.clock import SystemClock
from bots.telemetry import set_up_logs
from escalation.secret import SecretSource
from escalation.settings import parse_settings
from models.database import Database
from tests.benchmarks.measuring import Figure, cpu_seconds
from tests.house import CONFIGURATION

SECRET = "bench-secret"
CONNECTIONS = 8
DUPLICATES = 10  # every tenth event comes twice


def measure(*, quick: bool = False) -> list[Figure]:
    """Return CPU milliseconds per event, both ways."""
    events, rounds = (200, 1) if quick else (2000, 5)
    ours: list[float] = []
    floor: list[float] = []
    with tempfile.TemporaryDirectory(prefix="portavoce-bench-") as folder:
        file = Path(folder) / "bench.db"
        asyncio.run(_make(file))
        with _serving(lambda: _durable(file)) as (durable, durable_url), _serving(_bare) as (bare, bare_url):
            stored = 0
            for number in range(-1, rounds):  # round -1 warms up
                bodies = _bodies(number, events)
                for process, url, into in ((bare, bare_url, floor), (durable, durable_url, ours)):
                    before = cpu_seconds(process)
                    statuses = asyncio.run(_send(url, bodies))
                    assert set(statuses) == {200}, set(statuses)
                    if number >= 0:
                        into.append(1000 * (cpu_seconds(process) - before) / len(bodies))
                stored += events
                with contextlib.closing(sqlite3.connect(file)) as connection:
                    [(rows,)] = connection.execute("SELECT count(*) FROM inbound")
                assert rows == stored, f"{stored} events were acknowledged, {rows} are stored"
    return [Figure.of("durable Slack intake, CPU per event", "ms", ours=ours, floor=floor, at_most=2.0)]


def _bodies(number: int, events: int) -> list[bytes]:
    bodies: list[bytes] = []
    for n in range(events):
        event = {
            "type": "message", "channel": "C0BILLING", "user": "U0ANNA", "text": f"We should look at number {n} together.",
            "ts": f"17725{number + 10:02d}{n:04d}.000100", "channel_type": "channel", "event_ts": f"17725{number + 10:02d}{n:04d}.000100",
        }
        document = {
            "token": "t", "team_id": "T0ACME", "api_app_id": "A0BENCH", "event": event, "type": "event_callback",
            "event_id": f"Ev{number + 1:02d}{n:06d}", "event_time": 1772500000 + n,
            "authorizations": [{"enterprise_id": None, "team_id": "T0ACME", "user_id": "U0BOT", "is_bot": True}],
        }
        bodies.append(json.dumps(document).encode())
        if n % DUPLICATES == 0:
            bodies.append(bodies[-1])
    return bodies


async def _send(url: str, bodies: list[bytes]) -> list[int]:
    verifier = SignatureVerifier(SECRET)
    waiting = iter(bodies)
    statuses: list[int] = []
    stamp = str(int(SystemClock().now().timestamp()))

    async def one() -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=30, verify=False) as client:
            for body in waiting:
                signature = verifier.generate_signature(timestamp=stamp, body=body)
                headers = {
                    "Content-Type": "application/json", "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": str(signature),
                }
                statuses.append((await client.post(f"{url}/slack/events", content=body, headers=headers)).status_code)

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return statuses


async def _make(file: Path) -> None:
    database = Database(f"sqlite:///{file}")
    async with database.engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    await database.close()


def _durable(file: Path) -> ASGIApp:
    text = CONFIGURATION.split("[accounts.acme]", maxsplit=1)[0].replace("[members.anna]", f'[database]\nurl = "sqlite:///{file}"\n[members.anna]', 1)
    text += '[accounts.contact]\nconnector = "form"\nbrand = "acme"\n[brands.acme]\nlabel = "Acme"\n'
    source = SecretSource(environ={"SLACK_BOT_TOKEN": "xoxb-bench", "SLACK_SIGNING_SECRET": SECRET}, folder=Path())
    from connectors import registry  # noqa: PLC0415 - only this server needs them

    models = {name: kind.settings_model for name, kind in registry().items()}
    return build(parse_settings(text, file="portavoce.toml", source=source, connector_settings=models)).web


def _bare() -> ASGIApp:
    async def authorize(**_: Any) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T0ACME", bot_token="xoxb-bench", bot_id="B0", bot_user_id="U0BOT")

    app = AsyncApp(signing_secret=SECRET, authorize=authorize)

    @app.event("message")
    async def _message() -> None: ...

    handler = AsyncSlackRequestHandler(app)

    async def endpoint(request: Request) -> Response:
        return await handler.handle(request)

    return Starlette(routes=[Route("/slack/events", endpoint, methods=["POST"])])


@contextlib.contextmanager
def _serving(make: Callable[[], ASGIApp]) -> Iterator[tuple[int, str]]:
    listening = socket.create_server(("127.0.0.1", 0), backlog=200)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    child = os.fork()
    if not child:
        try:
            set_up_logs(json=True)
            config = uvicorn.Config(make(), log_config=None, lifespan="off", access_log=False)
            asyncio.run(uvicorn.Server(config).serve(sockets=[listening]))
        finally:
            os._exit(0)
    listening.close()
    try:
        yield child, url
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
