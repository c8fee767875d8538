"""Every place at which a process may die between two facts: commits, wires, web answers. Counted first, then armed."""

import json
import os
import signal
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COMMIT, WIRE, WEB = "commit", "wire", "web"
BEFORE, STATEMENT = "before", "statement"
FACTS = frozenset({COMMIT, WIRE, WEB})
"""Boundaries behind which something outside this process has become different: a commit, bytes on a wire, an answer."""
COARSE = FACTS | {BEFORE}
"""And those in front: a death there leaves what the boundary before left, which runs under one fault show enough."""
FINE = COARSE | {STATEMENT}
"""And every changing statement inside a transaction."""


class Spot(NamedTuple):
    """A place to die at: the ``number``-th time (from 1) that the boundary ``name`` is reached."""

    name: str
    number: int

    def __str__(self) -> str:
        return f"{self.name} #{self.number}"


class Boundaries:
    """Counts boundaries of the wanted kinds and kills this process, without any farewell, at ``kill_at``.

    A boundary is found again by its name and how often it came before, so that two things that happen at once do not
    shift it. Every name is told to ``note`` first, so that whoever survives knows where it happened.
    """

    def __init__(
        self,
        *,
        kill_at: Spot | None = None,
        kinds: frozenset[str] = COARSE,
        note: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.arm(kill_at=kill_at, kinds=kinds, note=note)

    def arm(self, *, kill_at: Spot | None, kinds: frozenset[str], note: Callable[[str], None]) -> None:
        """Begin to count anew."""
        self.kill_at = kill_at
        self.kinds = kinds
        self._reached: Counter[str] = Counter()
        self._note = note

    def reach(self, kind: str, what: str) -> None:
        if kind not in self.kinds:
            return
        name = f"{kind}: {what}"
        self._reached[name] += 1
        here = Spot(name, self._reached[name])
        if self.kill_at is None or here == self.kill_at:
            self._note(name)
        if here == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    # --- the database

    def watch_engine(self, engine: AsyncEngine) -> None:
        """Hook into every commit, and into every changing statement before it; a transaction is named by its tables."""
        dialect = engine.sync_engine.dialect
        commit = dialect.do_commit

        @event.listens_for(engine.sync_engine, "begin")
        def _began(connection: Any) -> None:
            connection.info["changed"] = []

        @event.listens_for(engine.sync_engine, "after_cursor_execute")
        def _executed(connection: Any, _u: Any, statement: str, *_: Any) -> None:
            words = statement.replace('"', "").split(None, 3)
            if words[0] in {"INSERT", "UPDATE", "DELETE"}:
                table = words[1] if words[0] == "UPDATE" else words[2]
                connection.info["changed"].append(table)
                self.reach(STATEMENT, f"{words[0]} {table}")

        def do_commit(connection: Any) -> None:
            name = " ".join(sorted(set(connection.info.get("changed", []))))
            if not name:
                commit(connection)
                return
            self.reach(BEFORE, f"commit of [{name}]")
            commit(connection)
            self.reach(COMMIT, f"of [{name}]")

        dialect.do_commit = do_commit  # type: ignore[assignment, method-assign]

    # --- the web answers

    def around(self, app: ASGIApp) -> ASGIApp:
        """Return an ASGI app with a boundary before and after each of its answers, named by what was asked."""

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            asked = bytearray()

            async def reading() -> Message:
                message = await receive()
                asked.extend(message.get("body", b""))
                return message

            async def answering(message: Message) -> None:
                if message["type"] == "http.response.start":
                    self.reach(BEFORE, f"answer to {_what(scope['path'], bytes(asked))}")
                await send(message)
                if message["type"] == "http.response.body" and not message.get("more_body", False):
                    self.reach(WEB, f"answer to {_what(scope['path'], bytes(asked))}")

            await app(scope, reading, answering)

        return watched


def _what(path: str, body: bytes) -> str:
    """Name a request from outside: a webhook by its path, one of Slack's by what it tells of."""
    if path != "/slack/events":
        return path
    if body.startswith(b"payload="):
        payload = json.loads(parse_qs(body.decode())["payload"][0])
        if payload["type"] == "view_submission":
            return f"slack submit {payload['view']['callback_id']}"
        return f"slack click {payload['actions'][0]['action_id']}"
    told = json.loads(body)["event"]
    return f"slack event {told['type']} of {'the bot' if 'bot_id' in told.get('message', told) else 'a person'}"
