"""The measured process: our real web application, or a bare Bolt app that stores nothing. Prints its port.

python -m tests.benchmarks.slack_server ours DATABASE_URL
python -m tests.benchmarks.slack_server bare
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

import uvicorn
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bots.app import build
from bots.serving import listen
from bots.telemetry import set_up_logs
from connectors import settings_models
from escalation.secret import SecretSource
from escalation.settings import Settings, parse_settings
from tests.benchmarks.processes import own_cpu_seconds
from tests.house import CONFIGURATION

SECRET = "shh"
TOKEN = "xoxb-test"


def benchmark_settings(database_url: str) -> Settings:
    """Return the usual house with one account on the sandbox network, nothing of which is ever asked."""
    head = CONFIGURATION.split("[accounts.acme]", maxsplit=1)[0]
    text = f"""{head}
[database]
url = "{database_url}"
[accounts.acme]
connector = "sandbox"
base_url = "http://127.0.0.1:9/network"
access_token = {{ env = "TOKEN" }}
"""
    environ = {"SLACK_BOT_TOKEN": TOKEN, "SLACK_SIGNING_SECRET": SECRET, "TOKEN": "token"}
    source = SecretSource(environ=environ, folder=Path())
    return parse_settings(text, file="portavoce.toml", source=source, connector_settings=settings_models())


def bare_application(*more: Route) -> Starlette:
    """Return what Bolt's documentation shows: its signature check, its dispatch, a handler that does nothing."""

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=TOKEN)

    app = AsyncApp(signing_secret=SECRET, authorize=authorize)

    @app.event("message")
    async def on_message() -> None:
        return None

    return Starlette(routes=[Route("/slack/events", AsyncSlackRequestHandler(app).handle, methods=["POST"]), *more])


async def usage(_: Request) -> JSONResponse:
    return JSONResponse({"cpu": own_cpu_seconds()})


async def serve(kind: str, database_url: str) -> None:
    set_up_logs(json=True)
    mark = Route("/benchmark/usage", usage)
    web: Any = (
        build(benchmark_settings(database_url), more_routes=[mark]).web if kind == "ours" else bare_application(mark)
    )
    listener = listen("127.0.0.1", 0)
    config = uvicorn.Config(
        web, log_config=None, access_log=False, proxy_headers=False, server_header=False, lifespan="off"
    )
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    await uvicorn.Server(config).serve(sockets=[listener])


def main() -> None:
    """Serve until the process is told to end."""
    asyncio.run(serve(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""))


if __name__ == "__main__":
    main()
