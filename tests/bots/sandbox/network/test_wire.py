"""The same faults on real sockets, under a plain uvicorn with either of its protocols, mounted below a prefix."""

import asyncio
import json

import httpx
import pytest

from bots.sandbox.network import Network, Rules, WallClock, create_network_app
from tests.bots.sandbox.network.hands import served

PATIENCE_SECONDS = 30
IMPATIENCE_SECONDS = 1
"""How long an answer is waited for that never comes; on a busy machine the network has acted by then all the same."""


def made() -> Network:
    network = Network()
    network.add_account("acme", name="Acme", kind="brand", token="acme-token")
    network.add_account("ada", name="Ada Neri")
    return network


def client(address: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=address, headers={"Authorization": "Bearer acme-token"}, timeout=PATIENCE_SECONDS, trust_env=False
    )


@pytest.mark.parametrize("http", ["h11", "httptools"])
async def test_a_cut_connection_is_really_cut(http: str) -> None:
    network = made()
    expected = {
        "reset_before": (httpx.ReadError, 0),
        "reset_after": (httpx.ReadError, 1),
        "close_mid_body": (httpx.RemoteProtocolError, 1),
        "timeout_after": (httpx.ReadTimeout, 1),
    }
    async with served(create_network_app(network), http=http) as address, client(address) as acme:
        for fault, (seen, stands) in expected.items():
            before = len(network.posts_by("acme"))
            network.faults.add(fault)
            patience = IMPATIENCE_SECONDS if seen is httpx.ReadTimeout else PATIENCE_SECONDS
            with pytest.raises(httpx.HTTPError) as caught:
                await acme.post("/api/posts", json={"text": fault}, timeout=patience)
            assert type(caught.value) is seen, fault
            assert len(network.posts_by("acme")) - before == stands, fault
            assert (await acme.get("/api/accounts/me")).status_code == 200
    await network.close()


async def test_a_late_act_on_a_real_wire() -> None:
    network = made()
    told = asyncio.Event()
    async with served(create_network_app(network)) as address, client(address) as acme:
        network.faults.add("act_late", 0.05)
        with pytest.raises(httpx.ReadError):
            await acme.post("/api/posts", json={"text": "late"})
        watcher = network.watchers.open(None)
        change = await asyncio.wait_for(watcher.queue.get(), PATIENCE_SECONDS)
        assert change is not None
        assert change["post"]["text"] == "late"
        told.set()
    assert told.is_set()
    await network.close()


async def test_the_stream_tells_each_viewer_what_they_may_see() -> None:
    network = made()
    network.add_account("ben", name="Ben")
    async with served(create_network_app(network)) as address, client(address) as acme:

        async def listen(viewer: str, ready: asyncio.Event) -> list[tuple[str, str | None]]:
            seen = []
            async with acme.stream("GET", "/stream", params={"viewer": viewer}) as answer:
                assert answer.headers["content-type"].startswith("text/event-stream")
                async for line in answer.aiter_lines():
                    if line.startswith(":"):
                        ready.set()
                    elif line.startswith("data: "):
                        change = json.loads(line.removeprefix("data: "))
                        seen.append((change["kind"], change["post"]["text"]))
                        if change["post"]["text"] == "line\u2028end":
                            break
            return seen

        ready = [asyncio.Event(), asyncio.Event()]
        listeners = [asyncio.create_task(listen(who, ready[place])) for place, who in enumerate(("ada", "ben"))]
        await asyncio.gather(*(one.wait() for one in ready))
        post = network.write("ada", "hello @acme")
        network.write("ada", "secret", visibility="private", to="acme")
        network.like("ben", post.id)
        network.write("ben", "line\u2028end")
        ada, ben = await asyncio.gather(*listeners)
    assert ada == [("post", "hello @acme"), ("post", "secret"), ("like", "hello @acme"), ("post", "line\u2028end")]
    assert ben == [row for row in ada if row[1] != "secret"]
    await network.close()
    assert len(network.watchers) == 0


async def test_closing_ends_the_streams() -> None:
    network = made()
    async with (
        served(create_network_app(network)) as address,
        client(address) as acme,
        acme.stream("GET", "/stream") as answer,
    ):
        lines = answer.aiter_lines()
        assert await anext(lines) == ": open"
        await network.close()
        assert [line async for line in lines] == [""]


def test_a_watcher_who_sleeps_is_let_go() -> None:
    network = Network(rules=Rules(max_characters=10))
    network.add_account("ada", name="Ada")
    watcher = network.watchers.open(None)
    for _ in range(1_200):
        network.write("ada", "hello")
    assert len(network.watchers) == 0
    assert watcher.queue.qsize() == 1_001


def test_the_clock_on_the_wall_knows_its_zone() -> None:
    assert WallClock().now().utcoffset() is not None
