"""What these tests share: a seed, a clock set by hand, a real server on loopback, a Bolt app of another purpose."""

import asyncio
import contextlib
import heapq
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import uvicorn
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount, Route

from bots.sandbox.workspace import App, ChannelSeed, Person, Seed, UserGroup

ANNA, BRUNO, CARLA, BOT = "U0ANNA", "U0BRUNO", "U0CARLA", "U0LUNCH"
LUNCH, SECRET_ROOM, EMPTY = "C0LUNCH", "C0SECRET", "C0EMPTY"
START = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)


def seed(**app):
    return Seed(
        people=(
            Person(ANNA, "anna", "Anna Verdi", "Anna", "anna@acme.example", "Europe/Rome", "it-IT", is_admin=True),
            Person(BRUNO, "bruno", "Bruno Neri", "Bruno", "bruno@acme.example", "America/New_York"),
            Person(CARLA, "carla", "Carla Blu", "Carla", "carla@acme.example", "Asia/Kolkata"),
        ),
        channels=(
            ChannelSeed(LUNCH, "lunch", (ANNA, BRUNO, BOT)),
            ChannelSeed(SECRET_ROOM, "secret", (CARLA,), private=True),
            ChannelSeed(EMPTY, "empty", (ANNA,)),
        ),
        usergroups=(UserGroup("S0COOKS", "cooks", "The cooks", (ANNA, CARLA)),),
        app=App(bot_user=BOT, name="lunchbot", **app),
    )


class HandClock:
    """A clock that moves only when told to; sleepers wake in order."""

    def __init__(self, now=START):
        self._now = now
        self._sleepers = []
        self._count = 0

    def now(self):
        return self._now

    async def sleep(self, seconds):
        if seconds <= 0:
            return
        waiter = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self._now + timedelta(seconds=seconds), self._count, waiter))
        await waiter

    async def advance(self, seconds):
        end = self._now + timedelta(seconds=seconds)
        while self._sleepers and self._sleepers[0][0] <= end:
            at, _, waiter = heapq.heappop(self._sleepers)
            self._now = max(self._now, at)
            if not waiter.done():
                waiter.set_result(None)
            await turns()
        self._now = end
        await turns()


class Inbox:
    """Takes deliveries and answers from a list of statuses; `never` answers nothing."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []

    async def __call__(self, scope, receive, send):
        body = b""
        while True:
            part = await receive()
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        self.requests.append(({name.decode(): value.decode() for name, value in scope["headers"]}, body))
        answer = self.answers.pop(0) if self.answers else 200
        if answer == "never":
            await asyncio.get_running_loop().create_future()
        status, headers, content = answer if isinstance(answer, tuple) else (answer, {}, b"")
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": content})

    @property
    def events(self):
        return [json.loads(body)["event"] for _, body in self.requests]


async def turns(count=20):
    """Let everything that is ready run."""
    for _ in range(count):
        loop = asyncio.get_running_loop()
        ready = loop.create_future()
        loop.call_soon(ready.set_result, None)
        await ready


@contextlib.asynccontextmanager
async def served(app, **settings) -> AsyncIterator[str]:
    """Serve an ASGI app with plain uvicorn on a free loopback port and yield its URL."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", lifespan="off", **settings)
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None
    ready = asyncio.Event()
    started = server.startup

    async def startup(sockets=None):
        await started(sockets)
        ready.set()

    server.startup = startup
    task = asyncio.create_task(server._serve())
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        waiting.cancel()
        task.result()
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        server.force_exit = True
        await task


def mounted(app):
    """Mount the workspace where the product mounts it."""
    return Starlette(routes=[Mount("/sandbox/slack", app)])


def button(text, action_id, **more):
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": text}, **more}


def section(text):
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def wish_dialog(counter="0 characters"):
    return {
        "type": "modal",
        "callback_id": "wish",
        "title": {"type": "plain_text", "text": "Your wish"},
        "submit": {"type": "plain_text", "text": "Send"},
        "notify_on_close": True,
        "private_metadata": "kept",
        "blocks": [
            {
                "type": "input",
                "block_id": "dish",
                "dispatch_action": True,
                "label": {"type": "plain_text", "text": "Dish"},
                "element": {
                    "type": "plain_text_input",
                    "action_id": "text",
                    "min_length": 2,
                    "dispatch_action_config": {"trigger_actions_on": ["on_character_entered"]},
                },
            },
            {"type": "context", "elements": [{"type": "plain_text", "text": counter}]},
        ],
    }


POLL = [
    section("Where do we eat?"),
    {
        "type": "input",
        "block_id": "note",
        "optional": True,
        "dispatch_action": True,
        "label": {"type": "plain_text", "text": "A note"},
        "element": {"type": "plain_text_input", "action_id": "note_text"},
    },
    {
        "type": "actions",
        "block_id": "vote",
        "elements": [
            button("Pizza", "pizza", value="p"),
            button("Wish", "wish", style="primary"),
            {
                "type": "static_select",
                "action_id": "hour",
                "options": [
                    {"text": {"type": "plain_text", "text": "Noon"}, "value": "12"},
                    {"text": {"type": "plain_text", "text": "One"}, "value": "13"},
                ],
            },
            {
                "type": "overflow",
                "action_id": "more",
                "options": [{"text": {"type": "plain_text", "text": "Cancel the poll"}, "value": "cancel"}],
            },
        ],
    },
]


class LunchBot:
    """A small Bolt app that has nothing to do with the product: it asks where to eat."""

    def __init__(self, api_url, *, secret="sandbox-signing-secret", token="xoxb-sandbox"):
        client = AsyncWebClient(token=token, base_url=api_url, retry_handlers=[])
        self.client = client
        self.app = AsyncApp(client=client, signing_secret=secret)
        self.heard = []
        self.bodies = []
        app = self.app
        app.event("message")(self.on_message)
        app.event("app_mention")(self.note)
        for kind in (
            "reaction_added",
            "reaction_removed",
            "member_joined_channel",
            "channel_archive",
            "channel_unarchive",
        ):
            app.event(kind)(self.note)
        app.event("app_home_opened")(self.on_home)
        app.command("/lunch")(self.on_command)
        app.action("pizza")(self.on_pizza)
        app.action("wish")(self.on_wish)
        for quiet in ("hour", "more", "note_text", "refresh"):
            app.action(quiet)(self.on_quiet)
        app.action("text")(self.on_typing)
        app.view("wish")(self.on_submit)
        app.view_closed("wish")(self.on_quiet)
        app.shortcut("use_as_wish")(self.on_shortcut)
        app.shortcut("anywhere")(self.on_shortcut)
        app.options("place")(self.on_options)

    async def note(self, body):
        self.heard.append(body["event"])

    async def on_message(self, body, event, say):
        self.heard.append(event)
        if event.get("text") == "poll" and not event.get("subtype"):
            await say(text="Where do we eat?", blocks=POLL)

    async def on_home(self, event, client):
        self.heard.append(event)
        blocks = [section("Home of lunch"), {"type": "actions", "elements": [button("Refresh", "refresh")]}]
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    async def on_command(self, ack, body, command):
        self.bodies.append(body)
        if command["text"] == "loud":
            await ack({"response_type": "in_channel", "text": "Lunch!"})
        elif command["text"] == "never":
            await asyncio.get_running_loop().create_future()
        else:
            await ack(f"you said {command['text']}")

    async def on_quiet(self, ack, body):
        self.bodies.append(body)
        await ack()

    async def on_pizza(self, ack, body, respond):
        self.bodies.append(body)
        await ack()
        await respond(text="Pizza it is", replace_original=False)

    async def on_wish(self, ack, body, client):
        self.bodies.append(body)
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=wish_dialog())

    async def on_shortcut(self, ack, body, client):
        self.bodies.append(body)
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=wish_dialog())

    async def on_typing(self, ack, body, client):
        self.bodies.append(body)
        await ack()
        typed = body["view"]["state"]["values"]["dish"]["text"]["value"] or ""
        view = wish_dialog(f"{len(typed)} characters")
        await client.views_update(view_id=body["view"]["id"], hash=body["view"]["hash"], view=view)

    async def on_submit(self, ack, body, view):
        self.bodies.append(body)
        dish = view["state"]["values"]["dish"]["text"]["value"]
        if dish == "soap":
            await ack(response_action="errors", errors={"dish": "That is no food"})
        elif dish == "more":
            await ack(response_action="push", view={**wish_dialog(), "callback_id": "wish"})
        elif dish == "again":
            await ack(response_action="update", view=wish_dialog("again"))
        elif dish == "enough":
            await ack(response_action="clear")
        elif dish == "wrong":
            await ack(response_action="errors", errors={"nowhere": "no such block"})
        else:
            await ack()

    async def on_options(self, ack, payload):
        text = {"type": "plain_text", "text": f"{payload['value']} bar"}
        await ack(options=[{"text": text, "value": "bar"}])

    def web(self):
        handler = AsyncSlackRequestHandler(self.app)

        async def endpoint(request: Request):
            return await handler.handle(request)

        return Starlette(routes=[Route("/slack/events", endpoint, methods=["POST"])])
