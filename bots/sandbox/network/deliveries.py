"""Webhooks: signed batches of notifications, tried again when the receiver does not answer 2xx."""

import asyncio
import hashlib
import hmac
import json
import secrets
from collections.abc import Coroutine
from datetime import datetime
from typing import Any, Literal

import httpx
from pydantic import Field

from bots.sandbox.clock import Clock
from bots.sandbox.network.errors import NetworkRefusal
from bots.sandbox.network.faults import DELIVER, FaultKind, FaultScript
from bots.sandbox.network.records import Record, Subscription

PAUSES = (0.0, 5.0, 30.0, 300.0)  # seconds before each further try
BATCH = 100  # notifications in one delivery
HELD_SECONDS = 2.0  # how long ``reorder_webhooks`` waits for another delivery
KEPT = 2_000  # finished deliveries that are remembered


class Try(Record):
    """One try of a delivery: when, and the status or the name of the failure."""

    at: datetime
    status: int | None = None
    failure: str | None = None


class Delivery(Record):
    """A batch of notifications on its way to a subscriber; a repeated one has the same ``id`` and the same body."""

    id: str
    account: str
    events: list[dict[str, Any]]
    tries: list[Try] = Field(default_factory=list)
    state: Literal["waiting", "delivered", "given_up"] = "waiting"

    def body(self) -> bytes:
        """Return the bytes that are sent and signed."""
        return json.dumps({"account": self.account, "events": self.events}, ensure_ascii=False).encode()


def sign(secret: str, body: bytes, *, at: datetime) -> str:
    """Return the value of ``X-Sandbox-Signature`` for a body sent at ``at``."""
    stamp = str(int(at.timestamp()))
    digest = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"


def challenge_token(secret: str, challenge: str) -> str:
    """Return what proves to a subscriber that a challenge comes from the network it gave its secret to."""
    return hmac.new(secret.encode(), challenge.encode(), hashlib.sha256).hexdigest()


class Deliveries:
    """The subscriptions and what is on its way to them. Needs a running event loop; without one it only collects."""

    def __init__(self, *, clock: Clock, faults: FaultScript, transport: httpx.AsyncBaseTransport | None) -> None:
        """Keep the clock, the fault script and, for tests, a transport that leads to the receiver."""
        self._clock = clock
        self._faults = faults
        self._transport = transport
        self._client: httpx.AsyncClient | None = None
        self._queue: dict[str, list[dict[str, Any]]] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._later: set[asyncio.Task[None]] = set()
        self._held: dict[str, Delivery] = {}
        self._number = 0
        self.subscriptions: dict[str, Subscription] = {}
        self.log: list[Delivery] = []

    async def subscribe(self, account: str, url: str, secret: str) -> Subscription:
        """Verify that the receiver wants this, then deliver to it. Raises a 422 refusal for an unanswered challenge."""
        if not url.startswith(("http://", "https://")):
            raise NetworkRefusal(422, "bad_address", "The address must begin with http:// or https://.")
        challenge = secrets.token_hex(16)
        query = {"challenge": challenge, "token": challenge_token(secret, challenge)}
        try:
            answer = await self._http().get(url, params=query)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NetworkRefusal(
                422, "challenge_failed", f"The address did not answer ({type(error).__name__})."
            ) from None
        if answer.status_code != httpx.codes.OK or answer.text.strip() != challenge:
            raise NetworkRefusal(
                422, "challenge_failed", f"The address answered {answer.status_code}, not the challenge."
            )
        self.subscriptions[account] = Subscription(account=account, url=url, secret=secret)
        return self.subscriptions[account]

    def unsubscribe(self, account: str) -> None:
        """Deliver nothing more to an account; what is queued is dropped."""
        self.subscriptions.pop(account, None)
        self._queue.pop(account, None)

    def enqueue(self, account: str, event: dict[str, Any]) -> None:
        """Take a notification for delivery, if the account has a subscription."""
        if account in self.subscriptions:
            self._queue.setdefault(account, []).append(event)
            self._start(account)

    def resume(self) -> None:
        """Start delivering what was collected while no event loop ran."""
        for account, events in self._queue.items():
            if events:
                self._start(account)

    async def first_tries(self) -> None:
        """Wait until everything queued has been tried once."""
        self.resume()
        while self._workers:
            await asyncio.wait(set(self._workers.values()))

    async def close(self) -> None:
        """Stop delivering and release connections."""
        tasks = [*self._workers.values(), *self._later]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def snapshot(self) -> dict[str, Any]:
        """Return subscriptions and undelivered notifications as JSON; a delivery between two tries counts as queued."""
        queued = {account: list(events) for account, events in self._queue.items()}
        for delivery in reversed(self.log):
            if delivery.state == "waiting":
                queued[delivery.account] = [*delivery.events, *queued.get(delivery.account, [])]
        rows = [subscription.model_dump(mode="json") for subscription in self.subscriptions.values()]
        return {"subscriptions": rows, "queued": queued, "number": self._number}

    def restore(self, state: dict[str, Any]) -> None:
        """Replace everything by a snapshot."""
        for task in (*self._workers.values(), *self._later):
            task.cancel()
        self._workers = {}
        self._held.clear()
        self.log.clear()
        rows = [Subscription.model_validate(row) for row in state["subscriptions"]]
        self.subscriptions = {row.account: row for row in rows}
        self._queue = {account: list(events) for account, events in state["queued"].items()}
        self._number = state["number"]
        self.resume()

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(transport=self._transport, timeout=10, trust_env=False)
        return self._client

    def _start(self, account: str) -> None:
        if account in self._workers:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # no loop: it goes out with the next notification or ``resume``
        task = loop.create_task(self._work(account))
        self._workers[account] = task
        task.add_done_callback(lambda done: self._ended(account, done))

    def _ended(self, account: str, task: asyncio.Task[None]) -> None:
        if self._workers.get(account) is task:
            del self._workers[account]
            if self._queue.get(account) and not task.cancelled():
                self._start(account)

    async def _work(self, account: str) -> None:
        while queue := self._queue.get(account):
            events, self._queue[account] = queue[:BATCH], queue[BATCH:]
            self._number += 1
            delivery = Delivery(id=f"d{self._number}", account=account, events=events)
            self.log.append(delivery)
            del self.log[:-KEPT]
            fault = self._faults.take(DELIVER, f"/{account}")
            if fault.fault is FaultKind.REORDER_WEBHOOKS:
                delivery.events.reverse()
                if account not in self._held:
                    self._held[account] = delivery
                    self._afterwards(self._release(account, delivery))
                    continue
            await self._first_try(delivery)
            if fault.fault is FaultKind.DUPLICATE_WEBHOOK:
                for _ in range(int(fault.number or 0)):
                    await self._try(delivery)
            held = self._held.pop(account, None)
            if held is not None:
                await self._first_try(held)

    async def _release(self, account: str, delivery: Delivery) -> None:
        await self._clock.sleep(HELD_SECONDS)
        if self._held.get(account) is delivery:
            del self._held[account]
            await self._first_try(delivery)

    async def _first_try(self, delivery: Delivery) -> None:
        await self._try(delivery)
        if delivery.state == "waiting":
            self._afterwards(self._try_again(delivery))

    async def _try_again(self, delivery: Delivery) -> None:
        for pause in PAUSES:
            await self._clock.sleep(pause)
            await self._try(delivery)
            if delivery.state == "delivered":
                return
        delivery.state = "given_up"

    async def _try(self, delivery: Delivery) -> None:
        subscription = self.subscriptions.get(delivery.account)
        if subscription is None:
            delivery.state = "given_up"
            return
        body, now = delivery.body(), self._clock.now()
        headers = {
            "Content-Type": "application/json",
            "X-Sandbox-Signature": sign(subscription.secret, body, at=now),
            "X-Sandbox-Delivery": delivery.id,
        }
        try:
            answer = await self._http().post(subscription.url, content=body, headers=headers)
        except httpx.HTTPError as error:
            delivery.tries.append(Try(at=now, failure=type(error).__name__))
            return
        delivery.tries.append(Try(at=now, status=answer.status_code))
        if answer.is_success:
            delivery.state = "delivered"

    def _afterwards(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._later.add(task)
        task.add_done_callback(self._later.discard)
