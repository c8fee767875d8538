"""``python -m bots.sandbox.network``: the imaginary network alone, on loopback."""

import argparse
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import uvicorn
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.routing import Mount

from bots.sandbox.network.app import create_network_app
from bots.sandbox.network.errors import NetworkRefusal
from bots.sandbox.network.network import Network
from bots.sandbox.network.seed import EXAMPLE, plant, read_seed


def main() -> None:
    """Serve until interrupted. A seed that cannot be used is exit status 2 and a sentence."""
    words = argparse.ArgumentParser(
        prog="python -m bots.sandbox.network", description="The imaginary social network, in memory."
    )
    words.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    words.add_argument("--port", type=int, default=8100, help="port to listen on (default: %(default)s)")
    words.add_argument("--prefix", default="", help="path under which it stands, such as /sandbox/network")
    words.add_argument(
        "--seed", type=Path, help="JSON file with the accounts (default: a brand @acme and three people)"
    )
    given = words.parse_args()
    prefix = "/" + given.prefix.strip("/") if given.prefix.strip("/") else ""
    network = Network(public_url=f"http://{given.host}:{given.port}{prefix}")
    try:
        plant(network, read_seed(given.seed) if given.seed else EXAMPLE)
    except (OSError, ValueError, TypeError, ValidationError, NetworkRefusal) as error:
        words.error(f"{given.seed}: {error}")

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await network.close()

    app = Starlette(routes=[Mount(prefix, create_network_app(network))], lifespan=lifespan)
    uvicorn.run(app, host=given.host, port=given.port, log_level="info", timeout_graceful_shutdown=2)


if __name__ == "__main__":
    main()
