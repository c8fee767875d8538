"""A small house for tests.

A clock that is moved by hand, a tiny network, a tiny chat, and a configuration of six colleagues.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from escalation.courier import Courier
from escalation.desk import Desk
from escalation.ports import (
    Arrival,
    Arrived,
    AuthorFacts,
    Capabilities,
    ChatMessage,
    Finding,
    Gone,
    OutgoingReply,
    Posted,
    PostFacts,
    Rejected,
)
from escalation.rulebook import Rulebook
from escalation.secret import SecretSource
from escalation.settings import Settings, parse_settings
from escalation.sweeper import Sweeper
from models.database import Database
from models.vocabulary import Idempotency, NetworkAct, Visibility
from tests.clock import MONDAY, TestClock

COLLEAGUES = """\
[members.anna]
name = "Anna Verdi"
slack = "U0ANNA"
[members.bruno]
name = "Bruno Neri"
slack = "U0BRUNO"
[members.carla]
name = "Carla Rossi"
slack = "U0CARLA"
[members.dario]
name = "Dario Blu"
slack = "U0DARIO"
[members.lea]
name = "Lea Gialli"
slack = "U0LEA"
[members.marta]
name = "Marta Bianchi"
slack = "U0MARTA"
[departments.billing]
label = "Billing"
channel = "slack:C0BILLING"
members = ["anna", "bruno"]
manager = "marta"
[departments.legal]
label = "Legal"
channel = "slack:C0LEGAL"
members = ["lea"]
[departments.product]
label = "Product"
channel = "slack:C0PRODUCT"
members = ["dario"]"""
"""Six members in three departments, one of which has a manager: for every configuration in which people act."""

CONFIGURATION = f"""
[organisation]
name = "Acme"
timezone = "UTC"
[organisation.hours]
monday = ["09:00-13:00", "14:00-18:00"]
tuesday = ["09:00-13:00", "14:00-18:00"]
[chat.slack]
bot_token = {{ env = "SLACK_BOT_TOKEN" }}
signing_secret = {{ env = "SLACK_SIGNING_SECRET" }}
{COLLEAGUES}
[approval]
channel = "slack:C0APPROVE"
approvers = ["carla", "anna"]
undo_seconds = 5
[managers]
channel = "slack:C0MANAGERS"
members = ["marta"]
[[routes]]
department = "legal"
words = ["lawyer"]
second_approval = ["legal"]
[[routes]]
department = "billing"
words = ["invoice", "refund"]
policy = "standard"
[[routes]]
department = "product"
[policies.standard]
acknowledge = "15m"
answer = "1h"
approve = "20m"
relay = "5m"
first_response = "2h"
[accounts.acme]
connector = "plain"
brand = "acme"
[accounts.other]
connector = "plain"
brand = "beta"
[brands.acme]
label = "Acme"
[brands.beta]
label = "Beta"
signature = "^{{initials}}"
"""


class PlainSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass
class PlainNetwork:
    """A network in memory.

    ``faults`` are exceptions for the next posts: (before or after acting, exception). ``own_limit``: what ``prepare``
    learns.
    """

    name: ClassVar[str] = "plain"
    label: ClassVar[str] = "Plain"
    Settings: ClassVar[type[BaseModel]] = PlainSettings
    account: str
    capabilities: Capabilities = field(
        default_factory=lambda: Capabilities(
            ingest=frozenset({"poll"}),
            idempotency=Idempotency.LOOKUP,
            limit=280,
            unit="letters",
            max_parts=3,
            private_reply=True,
            visibilities=frozenset(Visibility),
            acts=frozenset(NetworkAct),
        )
    )
    posts: list[OutgoingReply] = field(default_factory=list)
    acts: list[NetworkAct] = field(default_factory=list)
    news: list[Arrival] = field(default_factory=list)
    faults: list[tuple[str, Exception]] = field(default_factory=list)
    lookups: int = 0
    own_limit: int | None = None

    async def prepare(self) -> None:
        if self.own_limit is not None:
            self.capabilities = replace(self.capabilities, limit=self.own_limit)

    async def close(self) -> None: ...

    def count(self, text: str, *, to: PostFacts) -> int:
        return len(text)

    def address(self, to: PostFacts, visibility: Visibility) -> str:
        return f"@{to.author.handle} "

    async def post(self, reply: OutgoingReply) -> Posted:
        if self.own_limit is not None and len(reply.text) > self.own_limit:
            raise Rejected("too_long")
        when, error = self.faults.pop(0) if self.faults else ("", None)
        if when == "before":
            raise error
        self.posts.append(reply)
        if error is not None:
            raise error
        return Posted(f"out-{len(self.posts)}", f"https://plain.example/{len(self.posts)}")

    async def find(self, reply: OutgoingReply) -> Posted | None:
        self.lookups += 1
        for number, posted in enumerate(self.posts, start=1):
            if posted.key == reply.key:
                return Posted(f"out-{number}", f"https://plain.example/{number}")
        return None

    async def changes(self, to: PostFacts) -> Sequence[Arrival]:
        return list(self.news)

    async def act(self, act: NetworkAct, to: PostFacts, *, key: str) -> None:
        self.acts.append(act)


@dataclass
class PlainChat:
    """A chat in memory: what stands in each channel, and every call."""

    name: str = "slack"
    messages: dict[str, ChatMessage] = field(default_factory=dict)
    calls: list[tuple[str, ChatMessage]] = field(default_factory=list)
    faults: list[tuple[str, Exception]] = field(default_factory=list)
    _numbers: itertools.count = field(default_factory=lambda: itertools.count(1))

    async def post(self, message: ChatMessage) -> str:
        when, error = self.faults.pop(0) if self.faults else ("", None)
        if when == "before":
            raise error
        self.calls.append(("post", message))
        message_id = f"{next(self._numbers)}.0"
        self.messages[message_id] = message
        if error is not None:
            raise error
        return message_id

    async def update(self, message: ChatMessage, message_id: str) -> None:
        if message_id not in self.messages:
            raise Gone("message_not_found")
        self.calls.append(("update", message))
        self.messages[message_id] = replace(message)

    async def find(self, message: ChatMessage, *, since: datetime) -> str | None:
        return next((key for key, other in self.messages.items() if other.effect_id == message.effect_id), None)

    async def doctor(self) -> Sequence[Finding]:
        return ()

    def in_channel(self, channel: str, kind: str) -> list[ChatMessage]:
        return [
            message
            for message in self.messages.values()
            if message.channel == f"slack:{channel}" and message.kind == kind
        ]


@cache
def settings_of(text: str = CONFIGURATION) -> Settings:
    """Return checked settings from TOML text, with their calendars: neither changes, so that one serves many tests."""
    secrets = SecretSource(environ={"SLACK_BOT_TOKEN": "xoxb-test", "SLACK_SIGNING_SECRET": "shh"}, folder=Path())
    return parse_settings(text, file="portavoce.toml", source=secrets, connector_settings={"plain": PlainSettings})


@dataclass
class House:
    """Everything wired together over one database."""

    clock: TestClock
    database: Database
    settings: Settings
    networks: dict[str, PlainNetwork]
    chat: PlainChat
    desk: Desk
    courier: Courier
    sweeper: Sweeper

    async def arrive(self, text: str = "Where is my invoice?", **facts: object) -> str:
        """Let a customer write; return the case's id."""
        account = str(facts.pop("account", "acme"))
        post = a_post(text, clock=self.clock, **facts)
        taken = await self.desk.intake(account, [post])
        assert taken is not None
        return taken.cases[post.external_id]


def build_house(database: Database, *, clock: TestClock | None = None, configuration: str = CONFIGURATION) -> House:
    clock = clock or TestClock()
    settings = settings_of(configuration)
    networks = {account: PlainNetwork(account) for account in settings.accounts}
    chat = PlainChat()
    desk = Desk(database, Rulebook(settings, networks), clock)
    courier = Courier(desk=desk, surfaces={"slack": chat})
    return House(clock, database, settings, networks, chat, desk, courier, Sweeper(desk))


_numbers = itertools.count(1)


def a_post(text: str = "Where is my invoice?", *, clock: TestClock | None = None, **facts: object) -> Arrived:
    """Return a customer's post, written ten seconds ago."""
    at = (clock.now() if clock else MONDAY) - timedelta(seconds=10)
    number = next(_numbers)
    values = {
        "external_id": f"post-{number}",
        "thread_id": f"post-{number}",
        "author": AuthorFacts("ada-1", "Ada", "ada", followers=12),
        "text": text,
        "visibility": Visibility.PUBLIC,
        "posted_at": at,
        "url": f"https://plain.example/post-{number}",
    }
    return Arrived(**(values | facts))
