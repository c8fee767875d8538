"""The HTTP side: health, metrics, webhooks, Slack, forms. One Starlette application, no state of its own."""

import asyncio
from collections.abc import Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bots.telemetry import Metrics
from escalation.ports import Clock
from escalation.watching import Limits, Vitals, vitals
from models.database import Database, StorageUnavailableError
from models.schema import schema_state

_READY_SECONDS = 2.5


def web_application(
    *, database: Database, clock: Clock, limits: Limits, metrics: Metrics, routes: Sequence[BaseRoute]
) -> Starlette:
    """Return the application with health and metrics in front of ``routes``.

    ``limits``: after how long a standing duty is late; that is told, but a process that can take in stays ready.
    """

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        problem = await not_ready(database)
        if problem is None:
            try:
                async with asyncio.timeout(_READY_SECONDS), database.read() as tx:
                    return JSONResponse({"ready": True} | told(await vitals(tx, limits=limits, now=clock.now())))
            except (StorageUnavailableError, TimeoutError) as error:
                problem = _does_not_answer(error)
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
        return _does_not_answer(error)
    if not state.is_current:
        return "the database is not migrated; run: portavoce migrate"
    return None


def told(found: Vitals) -> dict[str, Any]:
    """Return how the standing duties stand as JSON: what is late, how old the last of each is, and who did it."""
    return {
        "late": found.late,
        "duties": {
            mark.duty: {
                "late": mark.late,
                "age_seconds": None if mark.age_seconds is None else round(mark.age_seconds, 1),
                "process": mark.process,
            }
            for mark in found.marks
        },
        "timer_lag_seconds": round(found.timer_lag_seconds, 1),
        "findings": found.findings,
    }


def _does_not_answer(error: Exception) -> str:
    return f"the database does not answer ({str(error) or type(error).__name__})"
