"""Which methods there are, what each needs, and how one is run."""

from collections.abc import Callable
from dataclasses import dataclass

from bots.sandbox.workspace.records import Json
from bots.sandbox.workspace.state import WorkspaceState
from bots.sandbox.workspace.web_api.arguments import Arguments

Run = Callable[[WorkspaceState, Arguments], Json]
BOT, APP, NOBODY = "bot", "app", "nobody"


@dataclass(frozen=True)
class Method:
    """One Web API method.

    `tier` is its rate limit (None: special or none), `token` whose token it takes; one of the `scopes` suffices.
    `posts` marks the one that is limited by channel.
    """

    name: str
    run: Run
    tier: int | None
    token: str = BOT
    scopes: tuple[str, ...] = ()
    posts: bool = False


METHODS: dict[str, Method] = {}


def method(
    name: str, *, tier: int | None, token: str = BOT, scopes: tuple[str, ...] = (), posts: bool = False
) -> Callable[[Run], Run]:
    """Register a function as a Web API method."""

    def register(run: Run) -> Run:
        METHODS[name] = Method(name, run, tier, token, scopes, posts)
        return run

    return register
