"""A body that is too large is refused while it arrives, whatever its headers say."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator, MutableMapping
from typing import Any

import httpx
import pytest
import uvicorn

from bots.forms.body import BODY_LIMIT, WIRE_LIMIT
from bots.forms.wording import ENGLISH
from tests.bots.forms.conftest import BuildApp, OpenForm
from tests.bots.forms.memory import RememberedConversations
from tests.bots.forms.visitor import ADA, BROWSER, read_page

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Chunks:
    """A body without an announced length, that counts how much of itself was taken."""

    def __init__(self, chunk: bytes, count: int) -> None:
        self.chunk, self.count, self.taken = chunk, count, 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(self.count):
            self.taken += len(self.chunk)
            yield self.chunk


@pytest.mark.parametrize("address", ["/forms/contact", "/forms/contact/unknown"])
@pytest.mark.parametrize("headers", [JSON, FORM, JSON | {"content-length": "20"}])
async def test_reading_stops_at_the_limit(client: httpx.AsyncClient, address: str, headers: dict[str, str]) -> None:
    body = Chunks(b"x" * 4_096, 10_000)
    response = await client.post(address, content=body, headers=headers)
    assert (response.status_code, response.json()["error"]) == (413, ENGLISH.too_large)
    assert body.taken <= BODY_LIMIT + 2 * 4_096


async def test_announced_size_is_refused_unread(client: httpx.AsyncClient) -> None:
    for announced in (str(WIRE_LIMIT + 1), "9" * 5_000):
        body = Chunks(b"x", 1)
        response = await client.post("/forms/contact", content=body, headers=JSON | {"content-length": announced})
        assert response.status_code == 413
        assert body.taken <= 1


async def test_escapes_do_not_count_but_have_an_end(client: httpx.AsyncClient) -> None:
    for headers, chunk in ((FORM, b"%41" * 1_000), (JSON, b"\\u0041" * 500), (JSON, b"\\" * 3_000)):
        body = Chunks(chunk, 10_000)
        response = await client.post("/forms/contact", content=body, headers=headers)
        assert response.status_code == 413
        assert body.taken <= WIRE_LIMIT + 2 * 3_000


async def test_a_body_at_the_limit_is_read(client: httpx.AsyncClient) -> None:
    start = b'{"name": "Ada", "email": "a@b.example", "message": "Hello", "other": "'
    for size, status in ((BODY_LIMIT, 201), (BODY_LIMIT + 1, 413)):
        body = start + b"x" * (size - len(start) - 2) + b'"}'
        assert (await client.post("/forms/contact", content=body, headers=JSON)).status_code == status


async def test_page_says_so(client: httpx.AsyncClient) -> None:
    response = await client.post("/forms/contact", content=b"message=" + b"x" * 100_000, headers=FORM | BROWSER)
    assert response.status_code == 413
    assert ENGLISH.too_large in read_page(response).one("div", role="alert").text


async def test_visitor_who_leaves_while_sending_is_no_error(
    build_app: BuildApp, conversations: RememberedConversations
) -> None:
    incoming: Iterator[dict[str, Any]] = iter(
        [{"type": "http.request", "body": b'{"name": ', "more_body": True}, {"type": "http.disconnect"}]
    )
    answered = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        return next(incoming)

    async def answer(message: MutableMapping[str, Any]) -> None:
        await asyncio.sleep(0)
        answered.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/forms/contact", "raw_path": b"/forms/contact", "query_string": b"",
        "headers": [(b"content-type", b"application/json")], "client": ("198.51.100.7", 1), "http_version": "1.1",
        "scheme": "http", "server": ("form.example", 80), "root_path": "",
    }  # fmt: skip
    await build_app()(scope, receive, answer)
    assert answered[0]["status"] == 400
    assert conversations.submissions == []


@pytest.fixture
async def server(build_app: BuildApp) -> AsyncIterator[tuple[str, int]]:
    """Serve the form on a free loopback port."""
    config = uvicorn.Config(build_app(rate_limit="off"), log_level="error", lifespan="off", proxy_headers=False)
    served = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", 0))
    running = asyncio.create_task(served.serve([listening]))
    while not served.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0)
    yield "127.0.0.1", listening.getsockname()[1]
    served.should_exit = True
    await running


async def speak(server: tuple[str, int], request: bytes) -> bytes:
    """Send raw bytes and return the status line of the answer, without ending the request."""
    reader, writer = await asyncio.open_connection(*server)
    try:
        writer.write(request)
        return await asyncio.wait_for(reader.readline(), 5)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):  # the server may hang up on the rest first
            await writer.wait_closed()


HEAD = b"POST /forms/contact HTTP/1.1\r\nHost: form.example\r\nContent-Type: application/json\r\n"


async def test_real_sockets(server: tuple[str, int], conversations: RememberedConversations) -> None:
    # announced too large, and not a byte of it sent
    assert b" 413 " in await speak(server, HEAD + b"Content-Length: 10000000\r\n\r\n")
    # chunked and never ending
    chunk = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
    assert b" 413 " in await speak(server, HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 5)
    assert conversations.raw == []
    # announced small: what follows the announced bytes is no part of the body, and to the server no request
    body = b'{"name": "Ada", "email": "a@b.example", "message": "Hello"}'
    whole = HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body
    answer = await speak(server, whole + b"x" * 1_000)
    assert b" 201 " in answer or b" 400 " in answer
    assert conversations.raw in ([], [body])
    assert b" 201 " in await speak(server, whole)
    assert set(conversations.raw) == {body}


async def test_large_upload_gets_its_answer_and_the_connection_goes_on(
    server: tuple[str, int], open_form: OpenForm
) -> None:
    async with httpx.AsyncClient(base_url=f"http://{server[0]}:{server[1]}") as client:
        for size in (100_000, 3_000_000):
            refused = await client.post("/forms/contact", content=b"x" * size, headers=JSON)
            assert (refused.status_code, refused.json()["error"]) == (413, ENGLISH.too_large)
        sent = await client.post("/forms/contact", json=ADA)
        assert sent.status_code == 201
        assert (await client.head(sent.json()["status_url"])).status_code == 200
