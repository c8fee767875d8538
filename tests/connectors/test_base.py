"""What all HTTP connectors share: limits, verdicts, redaction; over scripted wires and over real sockets."""

import asyncio
import contextlib
import gzip
import json
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Self
from urllib.parse import unquote

import httpx
import pytest
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import request_response

from connectors.base import WIRE, BaseUrl, Wire, segment
from connectors.streams import Lanes
from connectors.untrusted import MAX_BYTES
from escalation import ports
from escalation.ports import CALLS_AT_ONCE
from escalation.secret import Secret
from tests.clock import TestClock
from tests.connectors import fake_network
from tests.connectors.fake_network import answers, breaks_off, fails
from tests.connectors.small_connector import OBJECT, TOKEN, SmallConnector, small


async def echo(request: Request) -> JSONResponse:
    body = (await request.body()).decode()
    return JSONResponse(
        {
            "path": request.scope["raw_path"].decode(),
            "query": str(request.query_params),
            "body": body,
            **request.headers,
        }
    )


@pytest.fixture
def wire(clock: TestClock) -> fake_network.Wire:
    return fake_network.Wire(request_response(echo), clock)


@pytest.fixture
def connector(clock: TestClock, wire: fake_network.Wire) -> SmallConnector:
    return small(clock, transport=wire)


# --- every exception of the HTTP library


def every(root: type[Exception]) -> set[type[Exception]]:
    return {root}.union(*(every(one) for one in root.__subclasses__() if one.__module__.startswith("httpx")))


def test_every_exception_of_the_http_library_has_a_meaning():
    assert every(httpx.HTTPError) - {httpx.HTTPError} - set(WIRE) == set()


def test_only_what_never_left_may_be_repeated():
    safe = {one for one, (wire, _) in WIRE.items() if wire is Wire.NOT_ACTED}
    assert safe == {
        httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL,
    }  # fmt: skip


@pytest.mark.parametrize("failure", sorted(every(httpx.TransportError), key=lambda one: one.__name__))
async def test_each_failure_becomes_its_verdict(connector, wire, failure):
    wire.script(fails(failure), times=2)
    meaning, reason = WIRE[failure]
    with pytest.raises(ports.Uncertain if meaning is Wire.UNKNOWN else ports.RetryLater) as sent:
        await connector.send("POST", "/x", OBJECT)
    with pytest.raises(ports.RetryLater) as read:
        await connector.read("/x", OBJECT)
    assert sent.value.reason == read.value.reason == reason


async def test_a_failure_of_a_class_nobody_knows_is_uncertain(connector, wire):
    class NewTrouble(httpx.TransportError):
        pass

    wire.script(fails(NewTrouble))
    with pytest.raises(ports.Uncertain):
        await connector.send("POST", "/x", OBJECT)


async def test_errors_carry_neither_token_nor_the_library_s_exception(connector, wire):
    for fault in (fails(httpx.ReadTimeout), answers(200, b"no json"), answers(422, json.dumps({"x": TOKEN}).encode())):
        wire.script(fault)
        with pytest.raises(ports.OutsideError) as caught:
            await connector.send("POST", "/x", OBJECT)
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None


# --- requests


async def test_what_a_call_looks_like(connector, wire):
    told = (await connector.send("POST", "/a/b", OBJECT, json={"text": "è \N{GRINNING FACE}"}, headers={"K": "1"})).body
    assert told["body"] == '{"text":"è \N{GRINNING FACE}"}'
    assert (told["content-type"], told["x-token"], told["k"]) == ("application/json", TOKEN, "1")
    told = (await connector.read("/a", OBJECT, query=[("t[]", "a"), ("t[]", "b&c")])).body
    assert told["query"] == "t%5B%5D=a&t%5B%5D=b%26c"
    assert "content-type" not in told


async def test_text_that_has_no_encoding_is_refused_before_it_leaves(connector, wire):
    with pytest.raises(ports.Rejected) as caught:
        await connector.send("POST", "/a", OBJECT, json={"text": "half \ud83d"})
    assert caught.value.for_people is not None
    assert not wire.calls


@pytest.mark.parametrize("identifier", ["1", "a/b", "../x", "..", ".", "a?b#c", "%2e%2e", "é\n", "a b"])
async def test_an_id_stays_one_segment(connector, identifier):
    told = (await connector.read(f"/posts/{segment(identifier)}/context", OBJECT)).body
    assert [unquote(part) for part in told["path"].split("/")] == ["", "posts", identifier, "context"]


@pytest.mark.parametrize("address", [
    "https://social.example", "https://social.example:8443/base", "http://127.0.0.1:8000", "http://[::1]:8000", "http://localhost",
    "http://10.1.2.3", "http://mastodon", "http://a.internal",
])  # fmt: skip
def test_addresses_that_are_taken(address):
    assert TypeAdapter(BaseUrl).validate_python(address + "/") == address


@pytest.mark.parametrize("address", [
    "social.example", "ftp://social.example", "https://", "https://a:b@social.example", "https://social.example?x=1",
    "https://social.example#x", "http://social.example", "http://8.8.8.8", "https://[::1", "https://a:99999", "",
])  # fmt: skip
def test_addresses_that_are_refused_with_a_sentence(address):
    with pytest.raises(ValidationError, match=r"Value error, [a-z]"):
        TypeAdapter(BaseUrl).validate_python(address)


# --- answers


async def test_a_body_at_the_limit_is_read_and_one_above_is_not(connector, wire):
    frame = len(b'{"a":""}')
    wire.script(answers(200, b'{"a":"' + b"x" * (MAX_BYTES - frame) + b'"}'))
    assert len((await connector.read("/x", OBJECT)).body["a"]) == MAX_BYTES - frame
    wire.script(answers(200, b'{"a":"' + b"x" * (MAX_BYTES - frame + 1) + b'"}'))
    with pytest.raises(ports.RetryLater):
        await connector.read("/x", OBJECT)


@pytest.mark.parametrize("name", ["gzip", "deflate", "GZIP"])
async def test_packed_bodies(connector, wire, name):
    import zlib  # noqa: PLC0415 - one test needs it

    body = b'{"a": 1}'
    packed = zlib.compress(body) if name == "deflate" else gzip.compress(body)
    wire.script(answers(200, packed, content_encoding=name))
    assert (await connector.read("/x", OBJECT)).body == {"a": 1}
    for broken in (packed[:-9], gzip.compress(b" " * (MAX_BYTES + 1)), b"plain", b""):
        wire.script(answers(200, broken, content_encoding=name))
        with pytest.raises(ports.RetryLater):
            await connector.read("/x", OBJECT)


async def test_a_refusal_counts_although_its_body_is_unreadable(connector, wire):
    for fault in (
        answers(422, b"x" * (MAX_BYTES + 1)),
        answers(422, b"not gzip", content_encoding="gzip"),
        answers(422, b"\xff\xfe"),
        answers(422, b"x", content_encoding="br"),
    ):
        wire.script(fault)
        with pytest.raises(ports.Rejected):
            await connector.send("POST", "/x", OBJECT)


async def test_throttling_without_a_time_is_a_minute(connector, wire, clock):
    wire.script(answers(429))
    with pytest.raises(ports.Throttled) as caught:
        await connector.read("/x", OBJECT)
    assert caught.value.retry_at == clock.now() + timedelta(seconds=60)


async def test_a_date_is_read_by_the_server_s_own_clock(connector, wire, clock):
    wire.script(answers(429, retry_after="Mon, 02 Nov 2026 12:00:30 GMT", date="Mon, 02 Nov 2026 12:00:00 GMT"))
    with pytest.raises(ports.Throttled) as caught:
        await connector.read("/x", OBJECT)
    assert caught.value.retry_at == clock.now() + timedelta(seconds=30)


async def test_a_read_comes_back_when_the_server_says(connector, wire, clock):
    wire.script(answers(503, retry_after="7"))
    with pytest.raises(ports.RetryLater) as caught:
        await connector.read("/x", OBJECT)
    assert caught.value.retry_at == clock.now() + timedelta(seconds=7)


async def test_a_missing_address_is_not_a_missing_post(connector, wire):
    wire.script(answers(404), times=2)
    with pytest.raises(ports.Rejected):
        await connector.read("/x", OBJECT)
    with pytest.raises(ports.Gone):
        await connector.read("/x", OBJECT, of_post=True)


async def test_secrets_are_found_wherever_settings_hold_them(clock):
    connector = small(clock, older_secrets=(Secret("older-1"), Secret("older-2"), Secret.unloaded()))
    assert connector.redacted(f"a {TOKEN} b older-1 c older-2") == "a *** b *** c ***"
    assert TOKEN not in repr(connector) + repr(vars(connector)["_client"].headers) + str(connector.settings)


# --- real sockets

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """A TCP server on loopback that does one thing with every connection."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.connections = 0

    async def __aenter__(self) -> Self:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()
        await self.server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self.behaviour(reader, writer)
        finally:
            writer.close()


async def closes_at_accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def closes_after_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"}")


async def resets_after_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"}")
    writer.transport.abort()


async def half_the_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"}")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-")
    await writer.drain()


async def half_the_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"}")
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"a"')
    await writer.drain()


async def no_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"}")
    writer.write(b"220 mail.example ESMTP\r\n")
    await writer.drain()


@pytest.mark.parametrize(
    "behaviour",
    [closes_at_accept, closes_after_request, resets_after_request, half_the_headers, half_the_body, no_http],
)
async def test_a_connection_that_breaks_leaves_the_outcome_unknown(clock, behaviour):
    async with Server(behaviour) as server:
        connector = small(clock, base_url=server.url)
        with pytest.raises(ports.Uncertain):
            await connector.send("POST", "/x", OBJECT, json={"a": 1})
        await connector.close()
    assert server.connections == 1, "one layer retries, and it is not this one"


async def test_a_refused_connection_surely_did_nothing(clock):
    async with Server(closes_at_accept) as server:
        pass
    connector = small(clock, base_url=server.url)
    with pytest.raises(ports.RetryLater) as caught:
        await connector.send("POST", "/x", OBJECT, json={"a": 1})
    assert caught.value.reason == "connect_failed"
    await connector.close()


async def test_an_answer_that_drips_for_ever_ends_at_the_deadline(clock):
    async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"}")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.01)

    class Hasty(SmallConnector):
        deadline_seconds = 0.15

    async with Server(drips) as server:
        settings = small(clock, base_url=server.url).settings
        connector = Hasty("acme", settings, clock=clock)
        async with asyncio.timeout(10):
            with pytest.raises(ports.Uncertain, match="deadline_passed"):
                await connector.send("POST", "/x", OBJECT, json={"a": 1})
        await connector.close()


async def test_the_environment_does_not_choose_the_way(clock, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{"a": 1}')
        await writer.drain()

    async with Server(answer) as server:
        connector = small(clock, base_url=server.url)
        assert (await connector.read("/x", OBJECT)).body == {"a": 1}
        await connector.close()


async def test_addresses_are_not_logged_by_the_http_library(clock, caplog):
    caplog.set_level(logging.DEBUG)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        await writer.drain()

    async with Server(answer) as server:
        connector = small(clock, base_url=server.url)
        await connector.read(f"/bot{TOKEN}/getMe", OBJECT)
        await connector.close()
    assert TOKEN not in caplog.text


async def test_a_body_that_breaks_off_after_a_refusal_is_uncertain(connector, wire):
    wire.script(breaks_off(422, acts=False))
    with pytest.raises(ports.Uncertain):
        await connector.send("POST", "/x", OBJECT)


class Holding:
    """Keeps every request until it is told to answer, then answers over the connection that it came by."""

    def __init__(self, crowd: int = CALLS_AT_ONCE) -> None:
        self.crowd = crowd
        self.waiting = 0
        self.crowded = asyncio.Event()
        self.go_on = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                await reader.readuntil(b"}")
                self.waiting += 1
                if self.waiting >= self.crowd:
                    self.crowded.set()
                await self.go_on.wait()
                self.waiting -= 1
                writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{"a": 1}')


async def test_calls_beyond_the_connections_wait_for_one_and_all_are_used_again(clock):
    holding = Holding()
    async with Server(holding) as server:
        connector = small(clock, base_url=server.url)
        calls = [
            asyncio.create_task(connector.send("POST", "/x", OBJECT, json={"a": n})) for n in range(CALLS_AT_ONCE + 3)
        ]
        await holding.crowded.wait()
        assert holding.waiting == server.connections == CALLS_AT_ONCE
        assert not any(call.done() for call in calls)
        holding.go_on.set()
        assert [(await call).body for call in calls] == [{"a": 1}] * (CALLS_AT_ONCE + 3)
        for _ in range(CALLS_AT_ONCE):
            await connector.send("POST", "/x", OBJECT, json={"a": 1})
        assert server.connections == CALLS_AT_ONCE
        await connector.close()


async def test_calls_that_fail_or_are_given_up_do_not_keep_their_connection(clock):
    holding = Holding()
    async with Server(closes_after_request) as server:
        connector = small(clock, base_url=server.url)
        for _ in range(CALLS_AT_ONCE + 1):
            with pytest.raises(ports.Uncertain):
                await connector.send("POST", "/x", OBJECT, json={"a": 1})
        server.behaviour = holding
        given_up = [asyncio.create_task(connector.send("POST", "/x", OBJECT, json={})) for _ in range(CALLS_AT_ONCE)]
        await holding.crowded.wait()
        for call in given_up:
            call.cancel()
        await asyncio.gather(*given_up, return_exceptions=True)
        holding.go_on.set()
        assert (await connector.send("POST", "/x", OBJECT, json={"a": 1})).body == {"a": 1}
        await connector.close()


async def test_whoever_waits_too_long_for_a_connection_has_sent_nothing():
    holding = Holding(1)
    lanes = Lanes(verify=httpx.create_ssl_context(), connections=1, idle_seconds=1)
    async with (
        Server(holding) as server,
        httpx.AsyncClient(transport=lanes, timeout=httpx.Timeout(9, pool=0.02)) as web,
    ):
        first = asyncio.create_task(web.post(server.url, json={}))
        await holding.crowded.wait()
        with pytest.raises(httpx.PoolTimeout):
            await web.post(server.url, json={})
        assert (holding.waiting, server.connections) == (1, 1)
        holding.go_on.set()
        assert (await first).json() == {"a": 1}
        assert (await web.post(server.url, json={})).json() == {"a": 1}
