"""A server of Mastodon's API that this project did not write: mastodon_mock, as a process of its own on loopback."""

import contextlib
import importlib.util
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

BRAND_TOKEN = "brand_token"
ALICE_TOKEN = "alice_token"
"""Alice's own: she is the customer."""

NEEDS_MASTODON = [
    pytest.mark.real_server,
    pytest.mark.skipif(
        importlib.util.find_spec("mastodon_mock") is None,
        reason="MASTODON STORY NOT TOLD: mastodon_mock is not installed (pip install mastodon-mock)",
    ),
]
"""The marks of a module that talks to it."""

_PEOPLE = f"""
[[seed.accounts]]
username = "brand"
access_token = "{BRAND_TOKEN}"
[[seed.accounts]]
username = "alice"
display_name = "Alice"
access_token = "{ALICE_TOKEN}"
"""
_PROGRAM = Path(sys.executable).with_name("mastodon_mock")


@contextlib.contextmanager
def mastodon_server(folder: Path) -> Iterator[str]:
    """Serve on a free port while the block runs, with what the server says in ``folder``; give its address."""
    (folder / "mock.toml").write_text(_PEOPLE)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(_PROGRAM), "serve", "--in-memory", "--port", str(port), "--config", str(folder / "mock.toml")]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, cwd=folder, stdout=log, stderr=log) as server,
        httpx.Client(trust_env=False, timeout=5) as client,
    ):
        for _ in range(300):
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(0.1)
                pytest.fail(f"mastodon_mock ended: {(folder / 'log').read_text()[-2000:]}")
            with contextlib.suppress(httpx.TransportError):
                client.get(f"http://127.0.0.1:{port}/api/v1/instance")
                break
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def alices_client(address: str) -> httpx.AsyncClient:
    """Return Alice's own client of the server."""
    headers = {"Authorization": f"Bearer {ALICE_TOKEN}"}
    return httpx.AsyncClient(base_url=address, headers=headers, trust_env=False)


async def emptied(client: httpx.AsyncClient) -> None:
    """Forget what the last story left on the server."""
    await client.post("/api/v1/_mock/reset")
    await client.delete("/api/v1/_mock/faults")
