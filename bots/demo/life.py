"""A life that can be ended at any moment: every task that it began, or that one of these began, ends with it."""

import asyncio
from collections.abc import Coroutine
from contextvars import ContextVar, copy_context
from typing import Any, Final, TypeVar
from weakref import WeakSet

import structlog

T = TypeVar("T")
_ROUNDS: Final = 5
_ROUND_SECONDS: Final = 1.0

log = structlog.get_logger(__name__)


class Life:
    """The tasks of one run of the bot. Needs ``count_lives`` on the loop."""

    def __init__(self) -> None:
        """Begin."""
        self.tasks: WeakSet[asyncio.Task[Any]] = WeakSet()
        self.ended = False

    def begin(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Start work that belongs to this life, with everything that it starts in turn."""
        context = copy_context()
        context.run(_LIFE.set, self)
        return asyncio.get_running_loop().create_task(work, context=context)

    async def end(self) -> None:
        """Cut every task where it stands; return when none is left."""
        self.ended = True
        for _ in range(_ROUNDS):
            alive = {task for task in self.tasks if not task.done()}
            if not alive:
                return
            for task in alive:
                task.cancel()
            await asyncio.wait(alive, timeout=_ROUND_SECONDS)
        log.error("tasks outlived their bot", tasks=len(alive))


_LIFE: ContextVar[Life | None] = ContextVar("life", default=None)


def count_lives(loop: asyncio.AbstractEventLoop) -> None:
    """Have a loop note for each new task to whose life it belongs."""

    def made(loop: asyncio.AbstractEventLoop, work: Any, **more: Any) -> "asyncio.Task[Any]":
        task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, **more)
        context = more.get("context")
        life = context.get(_LIFE) if context is not None else _LIFE.get()
        if life is not None:
            life.tasks.add(task)
        return task

    loop.set_task_factory(made)
