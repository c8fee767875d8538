"""The demo's own HTTP doors: its page, what the page shows, and the switches on it.

=============================== ========================================================================================
GET  /sandbox/                  the page
GET  /sandbox/demo/state        everything that it shows
GET  /sandbox/demo/cases        the newest cases: ``case show``'s fields and the strip of steps
GET  /sandbox/demo/stream       server-sent events ``state``
POST /sandbox/demo/clock        ``{"to": "15m" | "1h" | "morning" | "saturday" | "due"}``
POST /sandbox/demo/switches     ``{"name": ..., "on": true | false}``; ``{"on": false}`` mends everything
POST /sandbox/demo/play         ``{"on": true | false}``; with ``"piece": "lapse"`` only what happens if nobody answers
POST /sandbox/demo/tour         begins the tour again
=============================== ========================================================================================

A refusal is 409 with ``{"error": sentence}``. What changes something takes JSON only, so that no other site's page can
do it behind a visitor's back.
"""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route

from bots.demo.play import PIECES, Play
from bots.demo.show import Show
from bots.demo.switches import CannotSwitchError, Switches
from bots.demo.travel import NothingDueError, Travel
from bots.sandbox.pages import asset_routes, page
from models.database import StorageUnavailableError

ROOT: Final = "/sandbox"
START: Final = f"{ROOT}/"
_PAGES: Final = Path(__file__).parent / "pages"
_LONGEST_BODY: Final = 10_000

Work = Callable[[dict[str, Any]], Awaitable[None]]


class NotUnderstoodError(ValueError):
    """A request of a kind that this door does not know; the sentence says what it takes."""


class DemoDoors:
    """Handlers over one demo."""

    def __init__(self, *, show: Show, switches: Switches, travel: Travel, play: Play) -> None:
        """Keep what the doors lead to."""
        self._show = show
        self._switches = switches
        self._travel = travel
        self._play = play

    def routes(self) -> list[BaseRoute]:
        """Return all routes; those of the two sandboxes must stand before them."""
        return [
            Route(ROOT, _redirect),
            Mount(
                ROOT,
                routes=[
                    Route("/", self._page),
                    Route("/demo/state", self._state),
                    Route("/demo/cases", self._cases),
                    Route("/demo/stream", self._stream),
                    Route("/demo/clock", self._door(self._move), methods=["POST"]),
                    Route("/demo/switches", self._door(self._switch), methods=["POST"]),
                    Route("/demo/play", self._door(self._perform), methods=["POST"]),
                    Route("/demo/tour", self._door(self._tour), methods=["POST"]),
                    *asset_routes(_PAGES),
                ],
            ),
        ]

    async def _page(self, _: Request) -> Response:
        return page(_PAGES / "index.html", root=ROOT)

    async def _state(self, _: Request) -> Response:
        return await _read(self._show.facts)

    async def _cases(self, _: Request) -> Response:
        async def cases() -> dict[str, Any]:
            return {"cases": await self._show.cases()}

        return await _read(cases)

    async def _stream(self, _: Request) -> Response:
        return StreamingResponse(
            self._show.watch(), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
        )

    def _door(self, work: Work) -> Callable[[Request], Awaitable[Response]]:
        """Return a handler that does something and answers with the state after it."""

        async def handler(request: Request) -> Response:
            try:
                await work(await _asked(request))
            except NotUnderstoodError as error:
                return JSONResponse({"error": str(error)}, 400)
            except (CannotSwitchError, NothingDueError) as error:
                return JSONResponse({"error": str(error)}, 409)
            self._show.poke()
            return await _read(self._show.facts)

        return handler

    async def _move(self, asked: dict[str, Any]) -> None:
        if asked.get("to") not in self._travel.places:
            raise NotUnderstoodError(f"to: one of {', '.join(self._travel.places)}")
        await self._travel.go(asked["to"])

    async def _switch(self, asked: dict[str, Any]) -> None:
        name, on = asked.get("name"), _on(asked)
        if name is None and not on:
            await self._switches.mend()
        elif isinstance(name, str):
            await self._switches.switch(name, on=on)
        else:
            raise NotUnderstoodError("name: which switch")

    async def _perform(self, asked: dict[str, Any]) -> None:
        piece = asked.get("piece", "story")
        if piece not in PIECES:
            raise NotUnderstoodError(f"piece: one of {', '.join(PIECES)}")
        if _on(asked):
            await self._switches.mend()  # the story brings its own accident
            self._play.start(piece)
        else:
            await self._play.stop()

    async def _tour(self, asked: dict[str, Any]) -> None:
        del asked
        self._show.begin_tour()


async def _redirect(_: Request) -> Response:
    return RedirectResponse(START)


async def _read(read: Callable[[], Awaitable[dict[str, Any]]]) -> Response:
    try:
        return JSONResponse(await read(), headers={"Cache-Control": "no-store"})
    except StorageUnavailableError as error:
        return JSONResponse({"error": str(error)}, 503, headers={"Retry-After": "1"})


async def _asked(request: Request) -> dict[str, Any]:
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise NotUnderstoodError("send JSON (Content-Type: application/json)")
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _LONGEST_BODY:
            raise NotUnderstoodError("the body is too long")
    try:
        asked = json.loads(body or b"{}")
    except ValueError:
        raise NotUnderstoodError("the body is no JSON") from None
    if not isinstance(asked, dict):
        raise NotUnderstoodError("send one JSON object")
    return asked


def _on(asked: dict[str, Any]) -> bool:
    on = asked.get("on")
    if not isinstance(on, bool):
        raise NotUnderstoodError("on: true or false")
    return on
