"""The HTTP side: health, metrics, webhooks, Slack, forms. One Starlette application, no state of its own."""

import asyncio
from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bots.telemetry import Metrics
from models.database import Database, StorageUnavailableError
from models.schema import schema_state

_READY_SECONDS = 2.5


def web_application(*, database: Database, metrics: Metrics, routes: Sequence[BaseRoute]) -> Starlette:
    """Return the application with health and metrics in front of ``routes``."""

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        problem = await not_ready(database)
        if problem is None:
            return JSONResponse({"ready": True})
        return JSONResponse({"ready": False, "reason": problem}, 503, headers={"Retry-After": "5"})

    async def metrics_page(_: Request) -> Response:
        try:
            async with asyncio.timeout(_READY_SECONDS), database.read() as tx:
                page = await metrics.page(tx)
        except (StorageUnavailableError, TimeoutError) as error:
            return PlainTextResponse(f"# the database does not answer: {type(error).__name__}\n", 503)
        return Response(page, media_type="text/plain; version=0.0.4")

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics_page),
            *routes,
        ]
    )


async def not_ready(database: Database) -> str | None:
    """Return why this process cannot work, or ``None``."""
    try:
        async with asyncio.timeout(_READY_SECONDS):
            await database.ping()
            state = await asyncio.to_thread(schema_state, database.url)
    except (StorageUnavailableError, TimeoutError) as error:
        return f"the database does not answer ({str(error) or type(error).__name__})"
    if not state.is_current:
        return "the database is not migrated; run: portavoce migrate"
    return None
