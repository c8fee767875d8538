"""The short-lived permissions that come with an interaction: trigger ids for views, response addresses for messages.

Facts: docs.slack.dev/interactivity/handling-user-interaction (3 seconds, once; 5 responses in 30 minutes).
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from bots.sandbox.clock import Clock
from bots.sandbox.workspace.block_check import Problem
from bots.sandbox.workspace.errors import ApiError

TRIGGER_LIFE = timedelta(seconds=3)
RESPONSE_LIFE = timedelta(minutes=30)
RESPONSES = 5
FORGET_AFTER = 5_000


@dataclass
class Trigger:
    """Who may be shown a view because of what they just did."""

    user: str
    at: datetime
    exchanged: bool = False


@dataclass
class ResponseAddress:
    """What a response_url may touch. `message_ts` is empty for slash commands."""

    user: str
    channel: str
    message_ts: str
    thread_ts: str | None
    is_ephemeral: bool
    at: datetime
    used: int = 0


class Triggers:
    """Hands out trigger ids and takes each back once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._given: dict[str, Trigger] = {}

    def give(self, user: str) -> str:
        """Answer a fresh trigger id for what `user` just did."""
        trigger = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**10)}.{secrets.token_hex(16)}"
        self._given[trigger] = Trigger(user, self._clock.now())
        while len(self._given) > FORGET_AFTER:
            del self._given[next(iter(self._given))]
        return trigger

    def exchange(self, trigger_id: str) -> str:
        """Use a trigger id up and answer its user.

        Raises ApiError in Slack's words when it is late, used or unknown.
        """
        trigger = self._given.get(trigger_id)
        if trigger is None:
            raise ApiError("invalid_arguments", Problem("invalid `trigger_id`", "/trigger_id"))
        if trigger.exchanged:
            raise ApiError("exchanged_trigger_id")
        if self._clock.now() - trigger.at > TRIGGER_LIFE:
            raise ApiError("expired_trigger_id")
        trigger.exchanged = True
        return trigger.user


class ResponseAddresses:
    """Hands out response_url tickets and counts their use."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._given: dict[str, ResponseAddress] = {}

    def give(self, address: ResponseAddress) -> str:
        """Answer the ticket that stands at the end of the response_url."""
        ticket = secrets.token_urlsafe(18)
        self._given[ticket] = address
        while len(self._given) > FORGET_AFTER:
            del self._given[next(iter(self._given))]
        return ticket

    def use(self, ticket: str) -> ResponseAddress:
        """Count one use. Raises ApiError `expired_url` or `used_url`."""
        address = self._given.get(ticket)
        if address is None or self._clock.now() - address.at > RESPONSE_LIFE:
            raise ApiError("expired_url")
        if address.used >= RESPONSES:
            raise ApiError("used_url")
        address.used += 1
        return address
