"""Starts a workspace alone: `python -m bots.sandbox.workspace --port 8010 --seed team.json --deliver-to URL`."""

import argparse
import contextlib
import json
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from bots.sandbox.workspace.application import create_workspace_app
from bots.sandbox.workspace.errors import CannotDo
from bots.sandbox.workspace.seed import App, ChannelSeed, Person, Seed, SeedProblem
from bots.sandbox.workspace.workspace import Workspace

USAGE, REFUSED = 2, 1


def example_seed() -> Seed:
    """Answer a small team for those who bring no seed."""
    return Seed(
        people=(
            Person("U0ANNA", "anna", "Anna Verdi", email="anna@acme.example"),
            Person("U0BRUNO", "bruno", "Bruno Neri", email="bruno@acme.example"),
        ),
        channels=(ChannelSeed("C0GENERAL", "general", ("U0ANNA", "U0BRUNO", "U0BOT")),),
        app=App(),
    )


def parser() -> argparse.ArgumentParser:
    """Answer the reader of the command line."""
    made = argparse.ArgumentParser(prog="python -m bots.sandbox.workspace", description=__doc__)
    made.add_argument("--host", default="127.0.0.1", help="where to listen (default: %(default)s)")
    made.add_argument("--port", type=int, default=8010, help="where to listen (default: %(default)s)")
    made.add_argument("--prefix", default="", help="serve under this path, for example /sandbox/slack")
    made.add_argument("--seed", type=Path, help="a JSON file with people, channels, usergroups and app")
    made.add_argument("--deliver-to", metavar="URL", help="the app's URL for events, interactivity and commands")
    made.add_argument("--signing-secret", help="in place of the seed's")
    made.add_argument("--rate-limits", action="store_true", help="hold the app to Slack's rate limits")
    made.add_argument(
        "--keep", type=Path, metavar="FILE", help="load the state from this file if it is there, and save it at the end"
    )
    return made


def build(arguments: argparse.Namespace) -> Workspace:
    """Make the workspace that the command line asks for. Raises SeedProblem, OSError or CannotDo with a sentence."""
    plain = (Seed.from_file(arguments.seed) if arguments.seed else example_seed()).as_dict()
    if arguments.signing_secret:
        plain["app"]["signing_secret"] = arguments.signing_secret
    own_url = f"http://{arguments.host}:{arguments.port}{arguments.prefix}"
    workspace = Workspace(Seed.from_dict(plain), deliver_to=arguments.deliver_to, own_url=own_url)
    workspace.throttle.on = arguments.rate_limits
    if arguments.keep and arguments.keep.exists():
        workspace.restore(json.loads(arguments.keep.read_text(encoding="utf-8")))
    return workspace


def main(given: list[str] | None = None) -> int:
    """Run until interrupted; answers the exit code: 0, 1 when it could not listen, 2 for a wrong seed or state."""
    arguments = parser().parse_args(given)
    family = socket.AF_INET6 if ":" in arguments.host else socket.AF_INET
    try:
        listener = socket.create_server((arguments.host, arguments.port), family=family)
    except OSError as problem:
        sys.stderr.write(f"{arguments.host}, port {arguments.port}: {problem.strerror}\n")
        return REFUSED
    with listener:
        arguments.port = listener.getsockname()[1]  # with 0 any free one was taken
        try:
            workspace = build(arguments)
        except (SeedProblem, CannotDo, OSError, ValueError) as problem:
            sys.stderr.write(f"{problem}\n")
            return USAGE
        sys.stdout.write(f"workspace at {workspace.own_url}, Web API at {workspace.own_url}/api/\n")
        sys.stdout.flush()
        serve(workspace, listener, prefix=arguments.prefix)
    if arguments.keep:
        arguments.keep.write_text(json.dumps(workspace.snapshot()), encoding="utf-8")
    return 0


def serve(workspace: Workspace, listener: socket.socket, *, prefix: str) -> None:
    """Serve until interrupted."""
    app = served = create_workspace_app(workspace)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with app.router.lifespan_context(app):  # what is mounted is started and stopped by its host alone
            yield

    if prefix:
        served = Starlette(routes=[Mount(prefix, app)], lifespan=lifespan)
    # Streams stay open until somebody leaves, so the wait for connections to end is cut short.
    config = uvicorn.Config(served, log_level="warning", timeout_graceful_shutdown=1)
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    sys.exit(main())
