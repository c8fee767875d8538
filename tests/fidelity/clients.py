"""Slack's own Python clients, as they come, behind one way to call them: the blocking one and the asynchronous one."""

import asyncio
from dataclasses import dataclass
from typing import Any

from slack_sdk import WebClient
from slack_sdk.http_retry import all_builtin_retry_handlers
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook import WebhookClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

TOKEN = "xoxb-sandbox"
APP_TOKEN = "xapp-sandbox"


@dataclass
class Blocking:
    """`slack_sdk.WebClient`, called in a thread so that the sandbox can answer from this one."""

    address: str
    token: str | None = TOKEN

    def __post_init__(self):
        self.client = WebClient(token=self.token, base_url=self.address)

    async def __call__(self, method: str, **arguments: Any) -> Any:
        return await asyncio.to_thread(getattr(self.client, method), **arguments)

    async def pages(self, first: Any) -> list[dict[str, Any]]:
        """Follow the cursor to the end, the way the SDK offers it."""
        return await asyncio.to_thread(lambda: [dict(page.data) for page in first])

    async def answer_at(self, address: str, **body: Any) -> Any:
        return await asyncio.to_thread(lambda: WebhookClient(address).send(**body))

    def patient(self) -> "Blocking":
        """The same client with every retry handler that the SDK brings."""
        made = Blocking(self.address, self.token)
        made.client = WebClient(token=self.token, base_url=self.address, retry_handlers=all_builtin_retry_handlers())
        return made


@dataclass
class Asynchronous:
    """`slack_sdk.web.async_client.AsyncWebClient`."""

    address: str
    token: str | None = TOKEN

    def __post_init__(self):
        self.client = AsyncWebClient(token=self.token, base_url=self.address)

    async def __call__(self, method: str, **arguments: Any) -> Any:
        return await getattr(self.client, method)(**arguments)

    async def pages(self, first: Any) -> list[dict[str, Any]]:
        """Follow the cursor to the end, the way the SDK offers it."""
        return [dict(page.data) async for page in first]

    async def answer_at(self, address: str, **body: Any) -> Any:
        return await AsyncWebhookClient(address).send(**body)

    def patient(self) -> "Asynchronous":
        """The same client with the retry handler for 429."""
        made = Asynchronous(self.address, self.token)
        made.client = AsyncWebClient(
            token=self.token, base_url=self.address, retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=1)]
        )
        return made


Client = Blocking | Asynchronous
KINDS: tuple[type[Client], ...] = (Blocking, Asynchronous)
