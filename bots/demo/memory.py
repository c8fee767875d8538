"""What the sandbox remembers, written to a file as it changes: an answer leaves only when the file holds what it says.

A real network does not forget what it has answered when our process is killed, so the demo's must not either.
"""

import asyncio
import json
import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bots.printing import complain

Snapshot = Callable[[], dict[str, Any]]


class ForeignMemoryError(Exception):
    """A file is there that this version did not write; the sentence says what to do."""

    def __init__(self, file: Path) -> None:
        """Name the file."""
        super().__init__(f"{file} was not written by this version of the demo; choose another folder with --keep")


class Memory:
    """The file. Changes that come while it is being written share the next writing."""

    def __init__(self, file: Path) -> None:
        """Keep the place; nothing is read or written yet."""
        self._file = file
        self._snapshot: Snapshot | None = None
        self._changes = 0
        self._written = 0
        self._writing: asyncio.Task[None] | None = None
        self._troubled = False

    def read(self, *, shape: Collection[str]) -> dict[str, Any] | None:
        """Return what was kept, ``None`` if nothing was. Raises ``ForeignMemoryError`` for other keys than these."""
        if not self._file.exists():
            return None
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
        except ValueError:
            kept = None
        if not isinstance(kept, dict) or set(kept) != set(shape):
            raise ForeignMemoryError(self._file)
        return kept

    def follow(self, snapshot: Snapshot) -> None:
        """Write what this returns from now on."""
        self._snapshot = snapshot

    async def keep(self) -> None:
        """Return when everything up to now is in the file, or could not be written and that was said."""
        self._changes += 1
        mine = self._changes
        while self._written < mine and self._snapshot is not None:
            if self._writing is None or self._writing.done():
                self._writing = asyncio.create_task(self._write(self._snapshot))
            await asyncio.shield(self._writing)

    async def _write(self, snapshot: Snapshot) -> None:
        upto = self._changes
        text = json.dumps(snapshot())
        try:
            await asyncio.to_thread(_replace, self._file, text)
        except OSError as error:
            if not self._troubled:
                complain(f"{self._file} cannot be written ({(error.strerror or 'refused').lower()}); it is not kept")
            self._troubled = True
        self._written = upto


def _replace(file: Path, text: str) -> None:
    """Write a file so that whoever reads it finds the old content or the new one, whole."""
    fresh = file.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as opened:
        opened.write(text)
    fresh.replace(file)


class Remembering:
    """ASGI middleware around a sandbox: what a request changed is kept before its answer leaves."""

    def __init__(self, app: ASGIApp, memory: Memory) -> None:
        """Stand before ``app``."""
        self._app = app
        self._memory = memory

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        kept = False

        async def keeping(message: Message) -> None:
            nonlocal kept
            if not kept:
                await self._memory.keep()
                kept = True
            await send(message)

        await self._app(scope, receive, keeping)
        if not kept:  # the answer was lost on purpose, what was done was not
            await self._memory.keep()
