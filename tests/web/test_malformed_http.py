"""What is no HTTP is answered 400 by the server itself, with one line in the log that quotes nothing."""

import asyncio
import logging
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette

from bots.clock import SystemClock
from bots.serving import answering, listen


@pytest.fixture(autouse=True)
def quiet_server() -> Iterator[None]:
    """The server's own log as the product quietens it otherwise."""
    servers = logging.getLogger("uvicorn")
    before = servers.level
    servers.setLevel(logging.ERROR)
    yield
    servers.setLevel(before)


@pytest.mark.parametrize("sent", [b"\x16\x03\x01 canary\r\n\r\n", b"GET /canary HTTP/1.1\r\nno colon\r\n\r\n"])
async def test_what_is_no_http_leaves_one_line(sent: bytes, caplog: pytest.LogCaptureFixture) -> None:
    listener = listen("127.0.0.1", 0)
    async with answering(Starlette(), listener, clock=SystemClock()):
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(sent)
        answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert [(line.levelname, line.name) for line in caplog.records] == [("WARNING", "uvicorn.error")]
    assert "canary" not in caplog.text
