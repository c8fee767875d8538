"""Carries events, interactions and commands to the app, with Slack's signatures, deadlines and retries.

Over HTTP, or through Socket Mode when the app has a socket open.

Facts: docs.slack.dev/apis/events-api (3 s, retries at once, after 1 and 5 minutes, `x-slack-no-retry`) and
/interactivity/handling-user-interaction (3 s, no retries).
"""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Coroutine, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import structlog

from bots.sandbox.clock import Clock
from bots.sandbox.workspace.faults import DELIVERY_FAULTS, FaultScript
from bots.sandbox.workspace.signing import signed_headers
from bots.sandbox.workspace.socket_mode import SocketLinks

log = structlog.get_logger(__name__)
ACKNOWLEDGE_WITHIN = 3.0
RETRY_AFTER = (0.0, 60.0, 300.0)
SERVER_PATIENCE = 30.0  # real seconds after which a request that nobody waits for any more is given up
KEPT = 5_000


@dataclass(frozen=True)
class Acknowledgement:
    """What came back.

    `status` is `ok`, `timeout`, `http_error`, `connection_failed` or `not_connected`; `body` what the app answered.
    """

    status: str
    http_status: int | None = None
    body: Any = None
    no_retry: bool = False

    @property
    def ok(self) -> bool:
        """Whether the app acknowledged in time."""
        return self.status == "ok"

    @property
    def sentence(self) -> str | None:
        """What a person would be told, None when all is well."""
        return {
            "ok": None,
            "timeout": "the app did not answer in 3 seconds",
            "http_error": f"the app answered {self.http_status}",
            "connection_failed": "the app could not be reached",
            "not_connected": "the app is not connected",
        }[self.status]


@dataclass(frozen=True)
class Delivery:
    """One attempt, kept for checkers."""

    kind: str
    name: str
    payload: dict[str, Any]
    attempt: int
    at: datetime
    status: str


class Deliveries:
    """The way out to the app. `deliver_to` is its one URL for everything; with a socket open HTTP delivery is off."""

    def __init__(
        self,
        *,
        clock: Clock,
        signing_clock: Clock,
        secret: str,
        links: SocketLinks,
        deliver_to: str | None,
        http: httpx.AsyncClient | None,
    ) -> None:
        self.deliver_to = deliver_to
        self.links = links
        self.faults = FaultScript(DELIVERY_FAULTS)
        self.kept: deque[Delivery] = deque(maxlen=KEPT)
        self._clock = clock
        self._signing_clock = signing_clock
        self._secret = secret
        self._http = http
        self._owns_http = http is None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._busy = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._held: list[tuple[int, dict[str, Any]]] = []
        self._undelivered: dict[str, dict[str, Any]] = {}
        self._resting: list[dict[str, Any]] = []

    @property
    def connected(self) -> bool:
        """Whether there is any way to the app."""
        return bool(len(self.links)) or self.deliver_to is not None

    def event(self, envelope: dict[str, Any]) -> None:
        """Deliver an event in the background, retried until acknowledged."""
        fault = self.faults.take(str(envelope["event"]["type"]))
        name = fault.fault if fault else "none"
        if name == "lost":
            self._keep("event", envelope, 0, "lost")
            self._release()
            return
        self._undelivered[envelope["event_id"]] = envelope
        if fault and name == "reorder":
            self._held.append((fault.after, envelope))
            return
        if fault and name == "late":
            due = self._clock.now() + timedelta(seconds=fault.seconds)
            self.spawn(self._late(due, envelope))
        else:
            for _ in range(1 + (fault.copies if fault and name == "duplicate" else 0)):
                self.spawn(self._event(envelope))
        self._release()

    def snapshot(self) -> list[dict[str, Any]]:
        """Return the events that are neither acknowledged nor given up; clicks are not repeated, so none is kept."""
        return list(self._undelivered.values())

    def restore(self, envelopes: Iterable[dict[str, Any]]) -> None:
        """Take events that a snapshot holds; ``resume`` delivers them."""
        self._resting = [one for one in envelopes if one["event_id"] not in self._undelivered]
        self._undelivered |= {one["event_id"]: one for one in self._resting}

    def resume(self) -> None:
        """Deliver what was restored, from the first attempt. Needs a running event loop."""
        resting, self._resting = self._resting, []
        for envelope in resting:
            self.spawn(self._event(envelope))

    async def interaction(self, payload: dict[str, Any]) -> Acknowledgement:
        """Deliver a click, a submission or a shortcut once and answer what came back within three seconds."""
        body = urlencode({"payload": json.dumps(payload)}).encode()
        return await self._deliver(
            "interactive", payload["type"], payload, body, "application/x-www-form-urlencoded", 0, ""
        )

    async def command(self, form: dict[str, str]) -> Acknowledgement:
        """Deliver a slash command once and answer what came back within three seconds."""
        body = urlencode(form).encode()
        return await self._deliver(
            "slash_commands", form["command"], form, body, "application/x-www-form-urlencoded", 0, ""
        )

    async def verify_address(self, challenge: str, token: str) -> bool:
        """Ask the app's URL to echo a challenge, as Slack does when the URL is entered (url_verification)."""
        if self.deliver_to is None:
            return False
        payload = {"type": "url_verification", "challenge": challenge, "token": token}
        body = json.dumps(payload).encode()
        came = await self._deliver("url_verification", "url_verification", payload, body, "application/json", 0, "")
        if isinstance(came.body, dict):
            return came.ok and came.body.get("challenge") == challenge
        return came.ok and came.body == challenge

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run something in the background that `settled` waits for."""
        self._busy += 1
        self._idle.clear()
        self._keep_task(asyncio.ensure_future(self._counted(work)))

    def later(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run something in the background that `settled` does not wait for."""
        self._keep_task(asyncio.ensure_future(work))

    async def settled(self) -> None:
        """Return when no first attempt is under way; deliveries that wait for a later retry do not count."""
        await self._idle.wait()

    async def close(self) -> None:
        """Stop everything under way."""
        self.links.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._http is not None and self._owns_http:
            await self._http.aclose()
            self._http = None

    async def _counted(self, work: Awaitable[Any]) -> None:
        try:
            await work
        finally:
            self._done()

    def _done(self) -> None:
        self._busy -= 1
        if self._busy == 0:
            self._idle.set()

    def _keep_task(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("delivery failed", error=type(error).__name__)

    def _release(self) -> None:
        due = [envelope for after, envelope in self._held if after <= 1]
        self._held = [(after - 1, envelope) for after, envelope in self._held if after > 1]
        for envelope in due:
            self.spawn(self._event(envelope))

    async def _late(self, due: datetime, envelope: dict[str, Any]) -> None:
        await self._off_the_count(self._clock.sleep((due - self._clock.now()).total_seconds()))
        await self._event(envelope)

    async def _off_the_count(self, wait: Awaitable[None]) -> None:
        self._done()
        try:
            await wait
        finally:
            self._busy += 1
            self._idle.clear()

    async def _event(self, envelope: dict[str, Any]) -> None:
        body = json.dumps(envelope).encode()
        name, reason = str(envelope["event"]["type"]), ""
        for attempt in range(1 + len(RETRY_AFTER)):
            if attempt and RETRY_AFTER[attempt - 1]:
                await self._off_the_count(self._clock.sleep(RETRY_AFTER[attempt - 1]))
            came = await self._deliver("events_api", name, envelope, body, "application/json", attempt, reason)
            if came.ok or came.no_retry or came.status == "not_connected":
                break
            reason = came.status if came.status != "timeout" or len(self.links) else "http_timeout"
        self._undelivered.pop(envelope["event_id"], None)

    async def _deliver(
        self, kind: str, name: str, payload: dict[str, Any], body: bytes, content_type: str, attempt: int, reason: str
    ) -> Acknowledgement:
        retry = (attempt, reason) if attempt else None
        if len(self.links):
            sending = self._by_socket(kind, payload, retry)
        elif self.deliver_to is not None:
            sending = self._by_http(body, content_type, retry)
        else:
            self._keep(name, payload, attempt, "not_connected", kind)
            return Acknowledgement("not_connected")
        came = await self._in_time(sending)
        self._keep(name, payload, attempt, came.status, kind)
        return came

    def _keep(self, name: str, payload: dict[str, Any], attempt: int, status: str, kind: str = "events_api") -> None:
        self.kept.append(Delivery(kind, name, payload, attempt, self._clock.now(), status))

    async def _in_time(self, sending: Coroutine[Any, Any, Acknowledgement]) -> Acknowledgement:
        request = asyncio.ensure_future(sending)
        alarm = asyncio.ensure_future(self._clock.sleep(ACKNOWLEDGE_WITHIN))
        try:
            await asyncio.wait({request, alarm}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            request.cancel()
            raise
        finally:
            alarm.cancel()
        if request.done():
            return request.result()
        # The app goes on with its work although nobody waits for the answer, so the request is left to run.
        self._keep_task(request)
        return Acknowledgement("timeout")

    async def _by_socket(self, kind: str, payload: dict[str, Any], retry: tuple[int, str] | None) -> Acknowledgement:
        try:
            body = await self.links.deliver(kind, payload, accepts_response=kind != "events_api", retry=retry)
        except ConnectionError:
            return Acknowledgement("connection_failed")
        return Acknowledgement("ok", 200, body)

    async def _by_http(self, body: bytes, content_type: str, retry: tuple[int, str] | None) -> Acknowledgement:
        if self._http is None:
            # A connection of its own for each delivery: an app that was restarted must not be met on a dead one.
            limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
            self._http = httpx.AsyncClient(trust_env=False, timeout=SERVER_PATIENCE, limits=limits)
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            **signed_headers(body, secret=self._secret, at=self._signing_clock.now()),
        }
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry[0]), "X-Slack-Retry-Reason": retry[1]}
        try:
            answer = await self._http.post(str(self.deliver_to), content=body, headers=headers)
        except httpx.HTTPError:
            return Acknowledgement("connection_failed")
        no_retry = answer.headers.get("x-slack-no-retry") == "1"
        if not answer.is_success:
            return Acknowledgement("http_error", answer.status_code, no_retry=no_retry)
        return Acknowledgement("ok", answer.status_code, _readable(answer))


def _readable(answer: httpx.Response) -> Any:
    if not answer.content:
        return None
    if "json" in answer.headers.get("content-type", ""):
        try:
            return answer.json()
        except ValueError:
            return answer.text
    return answer.text
