"""The small house with its colleagues in the sandbox workspace: real Bolt, real HTTP both ways."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
from slack_sdk.models.blocks import Block
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from bots.sandbox.workspace import App, ChannelSeed, Person, Seed, Seen, Workspace, create_workspace_app
from bots.sandbox.workspace.block_check import problems_of_blocks
from bots.slack import Slack, build_slack
from bots.slack.reading import house_reader
from bots.slack.rendering import render
from escalation.courier import Courier
from escalation.desk import Desk
from escalation.digesting import Digests
from escalation.freezing import Freezing
from escalation.inbox import Inbox
from escalation.ports import ChatMessage
from escalation.views import View
from models.database import Database
from models.vocabulary import NetworkAct, Visibility
from tests.bots.harness import Dialog, ShownMessage, Told
from tests.bots.sandbox.workspace.stage import mounted, served
from tests.counting import PlainCounting
from tests.house import CONFIGURATION, House, TestClock, build_house

BOT = "U0PORTAVOCE"
PEOPLE = {
    "anna": ("U0ANNA", "Anna Verdi"),
    "bruno": ("U0BRUNO", "Bruno Neri"),
    "carla": ("U0CARLA", "Carla Rossi"),
    "dario": ("U0DARIO", "Dario Blu"),
    "lea": ("U0LEA", "Lea Gialli"),
    "marta": ("U0MARTA", "Marta Bianchi"),
    "nobody": ("U0NOBODY", "Nora Body"),
}
OUR_LINKS = {"Open on Plain", "Open the reply"}
CHANNELS = {
    "billing": "C0BILLING",
    "legal": "C0LEGAL",
    "product": "C0PRODUCT",
    "approvals": "C0APPROVE",
    "managers": "C0MANAGERS",
}


def seed(**app: Any) -> Seed:
    everybody = (*(user for user, _ in PEOPLE.values()), BOT)
    return Seed(
        people=tuple(Person(user, name, real_name, real_name.split()[0]) for name, (user, real_name) in PEOPLE.items()),
        channels=tuple(ChannelSeed(channel, name, everybody) for name, channel in CHANNELS.items()),
        app=App(bot_user=BOT, name="portavoce", bot_token="xoxb-test", signing_secret="shh", app_token="shh", **app),
    )


@dataclass
class SlackOffice:
    """Implements ``SurfaceHarness``."""

    house: House
    workspace: Workspace
    slack: Slack
    inbox: Inbox
    courier: Courier
    database: Database
    commits: list[int]
    digests: Digests
    id_of_nobody: str = "U0NOBODY"

    # --- time and carrying

    async def carry(self) -> None:
        """Carry everything due, over a second in which channels take more."""
        for _ in range(2):
            await self.courier.drain()
            self.house.clock.forward(seconds=0.5)

    async def settle(self) -> None:
        """Wait for what comes after acknowledgements: events delivered, sentences shown, cards redrawn."""
        await self.workspace.settled()
        while self.slack.workplace.busy:
            await asyncio.wait(set(self.slack.workplace.busy))
        await self.workspace.settled()
        while self.slack.workplace.busy:
            await asyncio.wait(set(self.slack.workplace.busy))

    async def courier_turn(self) -> None:
        await self.courier.drain()

    @contextlib.asynccontextmanager
    async def without_storage(self) -> AsyncIterator[None]:
        """Point every new connection at a file that cannot be opened."""
        real, self.database.engine = self.database.engine, _broken_engine()
        try:
            yield
        finally:
            await self.database.engine.dispose()
            self.database.engine = real

    # --- looking

    def message(self, channel: str, ts: str) -> dict[str, Any]:
        """One message as Slack's own methods show it."""
        return self.workspace.shown(self.workspace.channels[CHANNELS[channel]].messages[ts], with_metadata=True)

    def _messages(self) -> list[dict[str, Any]]:
        return [
            {**self.workspace.shown(message, with_metadata=True), "channel": channel}
            for channel in CHANNELS.values()
            for message in self.workspace.channels[channel].messages.values()
            if message.bot_id
        ]

    def shown(self, kind: str, case: str) -> list[ShownMessage]:
        return [
            self._shown(message)
            for message in self._messages()
            if message["metadata"]["event_payload"]["kind"] == kind
            and message["metadata"]["event_payload"]["case"] == case
        ]

    def _shown(self, message: dict[str, Any]) -> ShownMessage:
        payload = message.get("metadata", {}).get("event_payload", {})
        return ShownMessage(
            id=f"{message['channel']}:{message['ts']}",
            kind=payload.get("kind", ""),
            case=payload.get("case", ""),
            channel=next(name for name, channel in CHANNELS.items() if channel == message["channel"]),
            notification=message["text"],
            pieces=tuple(pieces(message["blocks"])),
            buttons=tuple(buttons(message["blocks"])),
            raw=message["blocks"],
        )

    def draw(self, view: View, kind: str) -> ShownMessage:
        message = ChatMessage("e1", kind, "slack:C0BILLING", view, "c1")  # type: ignore[arg-type]
        rendered = render(
            message, house_reader(self.house.settings, self.house.clock.now()), self.slack.surface.slack_id
        )
        shown = {
            "channel": "C0BILLING",
            "ts": "1.1",
            "text": rendered.text,
            "blocks": rendered.blocks,
            "metadata": rendered.metadata,
        }
        return self._shown(shown)

    def check_drawing(self, drawn: ShownMessage) -> None:
        """The SDK and the workspace take it; no markup is parsed, and only our own links and mentions stand in it."""
        check_blocks(drawn.raw)
        assert sum(len(piece) for piece in drawn.pieces) <= 13_000
        assert len(drawn.notification) <= 4_000
        assert not re.search(r"<(?!@U0[A-Z]+>)", drawn.notification), drawn.notification
        assert not re.search(r"&(?!amp;|lt;|gt;)", drawn.notification), drawn.notification

    # --- acting

    def _place(self, message: ShownMessage) -> tuple[str, str]:
        channel, _, ts = message.id.partition(":")
        return channel, ts

    async def press(self, who: str, message: ShownMessage, button: str) -> Told:
        user = PEOPLE[who][0]
        channel, ts = self._place(message)
        before = self._told_before(user)
        return await self._told(user, before, await self.workspace.click(user, channel, ts, button))

    async def press_as_it_was(self, who: str, message: ShownMessage, button: str) -> Told:
        """Press a button of an older state of a message, as a client that has not been updated yet does."""
        user = PEOPLE[who][0]
        channel, ts = self._place(message)
        stored = self.workspace.channels[channel].messages[ts]
        now, stored.blocks = stored.blocks, message.raw
        before = self._told_before(user)
        try:
            seen = await self.workspace.click(user, channel, ts, button)
        finally:
            if stored.blocks is message.raw:
                stored.blocks = now
        return await self._told(user, before, seen)

    async def open(self, who: str, message: ShownMessage, button: str) -> Dialog | Told:
        told = await self.press(who, message, button)
        view = self.workspace.open_view(PEOPLE[who][0])
        if view is None:
            return told
        inputs = [block for block in view["blocks"] if block["type"] == "input"]
        return Dialog(
            title=view["title"]["text"],
            submit=(view["submit"] or {}).get("text", ""),
            pieces=tuple(pieces(view["blocks"])),
            fields=tuple(block["label"]["text"] for block in inputs),
            values=tuple(block["element"].get("initial_value", "") for block in inputs),
        )

    async def submit(self, who: str, values: dict[str, Any]) -> Told:
        user = PEOPLE[who][0]
        before = self._told_before(user)
        seen = await self.workspace.submit_view(user, values)
        return await self._told(user, before, seen)

    async def answer_in_field(self, who: str, message: ShownMessage, text: str, *, enter: bool = False) -> Told:
        user = PEOPLE[who][0]
        channel, ts = self._place(message)
        before = self._told_before(user)
        if enter:
            seen = await self.workspace.press_enter(user, channel, ts, "Your answer", text)
        else:
            seen = await self.workspace.click(user, channel, ts, "Submit for approval", inputs={"Your answer": text})
        return await self._told(user, before, seen)

    async def say_in_thread(self, who: str, message: ShownMessage, text: str) -> Told:
        user = PEOPLE[who][0]
        channel, ts = self._place(message)
        before = self._told_before(user)
        seen = await self.workspace.type(user, channel, text, thread_ts=ts)
        return await self._told(user, before, seen)

    async def use_as_reply(self, who: str, message: ShownMessage, text: str) -> Told:
        """Write a message in the thread, and use it as the reply without changing it."""
        user = PEOPLE[who][0]
        channel, ts = self._place(message)
        written = await self.workspace.type(user, channel, text, thread_ts=ts)
        await self.settle()
        before = self._told_before(user)
        seen = await self.workspace.shortcut(user, "use_as_reply", channel=channel, message_ts=written.ts)
        await self.settle()
        if self.workspace.open_view(user) is None:
            return await self._told(user, before, seen)
        return await self.submit(who, {})

    async def command(self, who: str, text: str) -> Told:
        user = PEOPLE[who][0]
        before = self._told_before(user)
        return await self._told(user, before, await self.workspace.slash(user, "C0APPROVE", "/portavoce", text))

    def _told_before(self, user: str) -> set[str]:
        self.commits.clear()
        return {one["ts"] for channel in CHANNELS.values() for one in self.workspace.ephemerals(user, channel)}

    async def _told(self, user: str, before: set[str], seen: Seen) -> Told:
        commits = len(self.commits)
        await self.settle()
        sentences = [
            one["text"]
            for channel in CHANNELS.values()
            for one in self.workspace.ephemerals(user, channel)
            if one["ts"] not in before
        ]
        return Told(
            acknowledged=seen.ok or bool(seen.field_errors),
            sentences=(*seen.field_errors.values(), *sentences),
            dialog_open=self.workspace.open_view(user) is not None,
            commits=commits,
        )


def check_blocks(blocks: list[dict[str, Any]]) -> None:
    """Fail unless Slack would take the blocks as they are, and parse nothing in them."""
    problems = problems_of_blocks(blocks)
    assert problems == [], [str(problem) for problem in problems]
    for block in blocks:
        parsed = Block.parse(block)
        assert parsed is not None
        parsed.to_dict()
    for element in walk(blocks):
        kind = element.get("type")
        assert kind not in {"mrkdwn", "markdown", "broadcast", "usergroup", "channel", "emoji", "date"}, element
        if kind == "link":
            assert element["url"].startswith(("https://", "http://"))
            assert element["text"] in OUR_LINKS or element["text"] == "<!here>", element
        if kind == "plain_text" and "emoji" in element:
            assert element["emoji"] is False


def walk(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a document."""
    if isinstance(value, list):
        for item in value:
            yield from walk(item)
    elif isinstance(value, dict):
        yield value
        for item in value.values():
            yield from walk(item)


def _broken_engine() -> AsyncEngine:
    return Database("sqlite:////no/such/folder/test.db").engine


def pieces(value: Any) -> list[str]:
    """Every text that blocks show, in reading order; what is not text (a mention, a picture) by its kind."""
    found: list[str] = []
    if isinstance(value, list):
        for item in value:
            found += pieces(item)
    elif isinstance(value, dict):
        kind = value.get("type")
        if kind in {"text", "plain_text"}:
            return [value["text"]]
        if kind == "link":
            return [value.get("text", value["url"])]
        if kind == "user":
            return [f"@{value['user_id']}"]
        if kind == "actions":
            return []
        if kind == "image":
            return [value["alt_text"]]
        if isinstance(kind, str) and kind.startswith("rich_text_"):
            return ["".join(pieces(value.get("elements")))]
        for name in ("text", "label", "elements"):
            found += pieces(value.get(name))
    return found


def buttons(blocks: list[dict[str, Any]]) -> list[str]:
    return [element["text"]["text"] for block in blocks if block["type"] == "actions" for element in block["elements"]]


def configuration(api_url: str, *, text: str = CONFIGURATION, socket_mode: bool = False) -> str:
    more = f'api_url = "{api_url}"\n'
    if socket_mode:
        more += 'app_token = { env = "SLACK_SIGNING_SECRET" }\n'
    return text.replace("[members.anna]", f"{more}[members.anna]", 1)


@contextlib.asynccontextmanager
async def slack_office(
    database: Database, clock: TestClock, *, text: str = CONFIGURATION, socket_mode: bool = False, **app: Any
) -> AsyncIterator[SlackOffice]:
    """Open the workspace's server, wire the house to it, and close both."""
    async with contextlib.AsyncExitStack() as stack:
        web = Starlette()
        http = httpx.AsyncClient(transport=httpx.ASGITransport(web), timeout=30)
        await stack.enter_async_context(http)
        workspace = Workspace(
            seed(**app), signing_clock=clock, deliver_to="http://portavoce.test/slack/events", http=http
        )
        await stack.enter_async_context(workspace)
        url = await stack.enter_async_context(served(mounted(create_workspace_app(workspace))))
        workspace.own_url = f"{url}/sandbox/slack"
        api_url = f"{workspace.own_url}/api/"
        house = build_house(
            database, clock=clock, configuration=configuration(api_url, text=text, socket_mode=socket_mode)
        )
        for network in house.networks.values():
            network.capabilities = replace(
                network.capabilities, acts=frozenset(NetworkAct), visibilities=frozenset(Visibility)
            )
        couriers: list[Courier] = []
        desk = Desk(
            database, house.desk.rulebook, clock, committed=lambda: [courier.wake() for courier in couriers] and None
        )
        inbox = Inbox(database, clock)
        digests = Digests(desk, PlainCounting(database))
        slack = build_slack(
            house.settings,
            desk=desk,
            inbox=inbox,
            rulebook=desk.rulebook,
            clock=clock,
            freezing=Freezing(desk),
            digests=digests,
        )
        web.router.routes.extend(slack.routes)
        courier = Courier(desk=desk, surfaces={"slack": slack.surface})
        couriers.append(courier)
        house.desk, house.courier = desk, courier
        commits: list[int] = []
        event.listen(database.engine.sync_engine, "commit", lambda _: commits.append(1))
        office = SlackOffice(house, workspace, slack, inbox, courier, database, commits, digests)
        yield office
        await office.settle()
        await slack.close()
