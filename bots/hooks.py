"""``/hooks/{account}``: networks' webhooks.

A delivery is answered 2xx only when it is stored and its posts are taken in.
"""

import asyncio
import hashlib

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bots.bodies import BodyTooLargeError, read_body
from escalation.desk import Delivery, Desk
from escalation.inbox import Inbox
from escalation.ports import Forged, Malformed, PushedRequest, Pushes
from models.database import StorageUnavailableError
from models.store import Transaction

BODY_LIMIT = 5 * 1024 * 1024
PATIENCE_SECONDS = 2.5

log = structlog.get_logger(__name__)


def hook_routes(desk: Desk, inbox: Inbox) -> list[Route]:
    """Return the route of all webhooks."""

    async def hook(request: Request) -> Response:
        account = request.path_params["account"]
        connector: object = desk.rulebook.connectors.get(account)
        if not isinstance(connector, Pushes):
            return _refused(account if connector is not None else "", 404, "no such webhook")
        try:
            pushed = await _pushed(request, desk)
            if pushed.method == "GET":
                answer = connector.challenge(pushed)
                return Response(answer.body, answer.status, media_type=answer.media_type)
            await _take_in(desk, inbox, account, connector, pushed)
        except BodyTooLargeError:
            return _refused(account, 413, "too large")
        except Forged as error:
            return _refused(account, 401, error.reason)
        except Malformed as error:
            return _refused(account, 400, error.reason)
        except (StorageUnavailableError, TimeoutError) as error:
            return _refused(account, 503, type(error).__name__)
        return PlainTextResponse("ok\n")

    return [Route("/hooks/{account}", hook, methods=["GET", "POST"])]


async def _pushed(request: Request, desk: Desk) -> PushedRequest:
    return PushedRequest(
        method="GET" if request.method in {"GET", "HEAD"} else "POST",
        headers={name.lower(): value for name, value in request.headers.items()},
        query=dict(request.query_params),
        body=await read_body(request, limit=BODY_LIMIT),
        received_at=desk.clock.now(),
    )


async def _take_in(desk: Desk, inbox: Inbox, account: str, connector: Pushes, pushed: PushedRequest) -> None:
    delivery_id = connector.verify(pushed) or hashlib.sha256(pushed.body).hexdigest()
    arrivals = connector.parse(pushed)
    delivery = Delivery(f"hook:{account}:{delivery_id}", "hook", account, pushed.body)

    async def remember(tx: Transaction) -> bool:
        return await desk.remember(tx, delivery)

    async with asyncio.timeout(PATIENCE_SECONDS):
        if await desk.intake(account, arrivals, also=remember) is not None:
            inbox.count("hook")


def _refused(account: str, status: int, reason: str) -> Response:
    log.warning("webhook refused", account=account, status=status, reason=reason)
    headers = {"Retry-After": "10"} if status == 503 else {}  # noqa: PLR2004
    return PlainTextResponse(f"{reason}\n", status, headers=headers)
