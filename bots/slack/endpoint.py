"""``POST /slack/events``: everything that Slack sends by HTTP, checked before Bolt sees it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

import structlog
from slack_bolt import BoltResponse
from slack_bolt.adapter.starlette.async_handler import to_starlette_response
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bots.bodies import BodyTooLargeError, read_body
from bots.slack.shapes import misshapen
from bots.slack.signature import problem_with
from escalation.ports import Clock
from escalation.secret import Secret
from models.database import StorageUnavailableError

PATH: Final = "/slack/events"
MOST_BYTES: Final = 1_000_000
MOST_DEPTH: Final = 50
PATIENCE_SECONDS: Final = 2.7
"""Slack waits three seconds; whoever cannot answer by then says so, rather than let it guess."""

Doorstep = Callable[[dict[str, Any], bytes], Awaitable[bool]]
"""Keeps an event that no listener wants, given as document and raw body; ``False`` if it is for the listeners."""

log = structlog.get_logger(__name__)


class Endpoint:
    """One route for events, interactivity, shortcuts and commands."""

    def __init__(
        self,
        app: AsyncApp,
        *,
        secret: Secret | None,
        clock: Clock,
        doorstep: Doorstep | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """Keep the collaborators. Without a secret every request is refused: Socket Mode needs no endpoint.

        What ``doorstep`` keeps is answered without Bolt, whose dispatch costs more than storing does.
        """
        self._doorstep = doorstep
        self._patience = patience
        self._app = app
        self._secret = secret
        self._clock = clock

    async def handle(self, request: Request) -> Response:
        """Answer one request: 401 unsigned, 413 too long, 400 not understood, 503 if nothing was stored in time."""
        try:
            body = await read_body(request, limit=MOST_BYTES)
        except BodyTooLargeError:
            log.warning("slack request refused", problem="the body is too long")
            return PlainTextResponse("The body is too long.", 413)
        wrong = problem_with(
            secret=self._secret.reveal() if self._secret else "",
            timestamp=request.headers.get("x-slack-request-timestamp"),
            signature=request.headers.get("x-slack-signature"),
            body=body,
            now=self._clock.now().timestamp(),
        )
        if wrong is not None:
            log.warning("slack request refused", problem=wrong)
            return PlainTextResponse("The signature does not hold.", 401)
        document = content_of(body, request.headers.get("content-type", ""))
        if isinstance(document, str):
            return not_understood(document)
        if self._doorstep is not None and document.get("type") == "event_callback":
            try:
                async with asyncio.timeout(self._patience):
                    if await self._doorstep(document, body):
                        return Response()
            except StorageUnavailableError as error:
                log.warning("slack request not stored", problem=str(error))
                return unavailable()
            except TimeoutError:
                log.warning("slack request not answered in time")
                return unavailable()
        return await self._answered(request, document, body)

    async def _answered(self, request: Request, document: dict[str, Any], body: bytes) -> Response:
        try:
            given = bolt_request(request, document, body)
        except (AttributeError, LookupError, TypeError, ValueError) as error:  # a shape that Bolt cannot read
            return not_understood(type(error).__name__)
        dispatch = asyncio.create_task(self._app.async_dispatch(given))
        done, _ = await asyncio.wait({dispatch}, timeout=self._patience)
        if not done:  # it goes on: what it commits stays, and whoever tries again is told so
            dispatch.add_done_callback(_seen)
            log.warning("slack request not answered in time")
            return unavailable()
        answer = dispatch.result()
        if answer.status == HTTPStatus.NOT_FOUND:
            return not_understood("nobody listens for it")
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:  # the log says why
            return unavailable()
        return to_starlette_response(answer)


def _seen(dispatch: asyncio.Task[BoltResponse]) -> None:
    if not dispatch.cancelled() and (error := dispatch.exception()) is not None:
        log.error("slack request failed after its time", problem=type(error).__name__)


def not_understood(problem: str) -> Response:
    """Return the refusal of what no try would make better; ``problem`` quotes nothing of it."""
    log.warning("slack request not understood", problem=problem)
    return PlainTextResponse(f"The body is not understood: {problem}.", 400)


def unavailable() -> Response:
    """Return the answer that makes Slack try an event again, and tell a person that their click did nothing."""
    return JSONResponse({"error": "not stored; try again"}, 503)


def content_of(body: bytes, content_type: str) -> dict[str, Any] | str:
    """Return the document in a body, or why it cannot be what Slack sends."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return "not UTF-8"
    if content_type.split(";", maxsplit=1)[0] != "application/json" and not text.startswith("{"):
        try:
            fields = dict(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=100))
        except ValueError:
            return "not a form"
        if "payload" not in fields:
            return misshapen(fields) or fields
        text = fields["payload"]
    if _deepest(text) > MOST_DEPTH:
        return "nested too deeply"
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):  # also a number of thousands of digits
        return "not JSON"
    if not isinstance(document, dict):
        return "not an object"
    return misshapen(document) or document


def bolt_request(request: Request, document: dict[str, Any], body: bytes) -> AsyncBoltRequest:
    """Return a request of the document that was checked, so that what Bolt acts upon is nothing else.

    From a body Bolt reads another one now and then: nothing at all from a command with the word "payload" in it.
    """
    headers: Any = request.headers
    given = AsyncBoltRequest(body=document, headers=headers, mode="socket_mode")  # the mode that takes documents
    given.raw_body = body.decode()
    return given


def _deepest(text: str) -> int:
    """Return how deep brackets are nested outside strings, or at most are, without parsing."""
    if (most := text.count("{") + text.count("[")) <= MOST_DEPTH:
        return most
    depth = deepest = 0
    in_string = escaping = False
    for character in text:
        if in_string:
            if escaping:
                escaping = False
            elif character == "\\":
                escaping = True
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def slack_routes(
    app: AsyncApp, *, secret: Secret | None, clock: Clock, doorstep: Doorstep | None = None
) -> list[Route]:
    """Return the route to mount."""
    return [Route(PATH, Endpoint(app, secret=secret, clock=clock, doorstep=doorstep).handle, methods=["POST"])]
