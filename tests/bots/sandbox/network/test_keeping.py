"""Snapshots, seeds, and the network as a program of its own."""

import asyncio
import json
import sys
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from bots.sandbox.network import EXAMPLE, Network, NetworkRefusal, Rules, plant
from tests.bots.sandbox.network.hands import HandClock, Receiver, settle


async def test_a_snapshot_brings_everything_back(network: Network, clock: HandClock, receiver: Receiver) -> None:
    network.rules = Rules(max_characters=280, idempotency="native")
    post = network.write("ada", "hello @acme \N{GRINNING FACE}\x00")
    answer = network.write("acme", "hi", in_reply_to=post.id, key="k")
    network.write("acme", "psst", visibility="private", to="ada")
    network.edit("ada", post.id, "hello again @acme")
    network.like("acme", post.id)
    network.hide("acme", post.id)
    network.delete("acme", answer.id)
    network.revoke("ben")
    await network.deliveries.subscribe("acme", "http://bot.test/hooks/acme", "s")
    receiver.statuses = [500, 500]
    network.write("ada", "still to deliver @acme")
    await settle()
    network.like("ben", network.write("acme", "queued").id)
    cursor = network.notifications("acme", limit=1).cursor
    state = json.loads(json.dumps(network.snapshot()))

    other = Receiver()
    again = Network(clock=clock, webhook_transport=httpx.ASGITransport(app=other.app))
    again.restore(state)
    assert json.loads(json.dumps(again.snapshot())) == state
    assert again.rules == network.rules
    assert [again.view(one) for one in again.timeline(viewer="acme")] == [
        network.view(one) for one in network.timeline(viewer="acme")
    ]
    assert again.notifications("acme", after=cursor) == network.notifications("acme", after=cursor)
    assert again.write("acme", "hi", in_reply_to=post.id, key="k").id == answer.id
    assert again.write("ada", "new").id not in state["posts"]
    assert again.account_by_token("acme-token").handle == "acme"
    with pytest.raises(NetworkRefusal):
        again.account_by_token("ben-token")
    await again.deliveries.first_tries()
    assert other.kinds() == [["mention", "echo", "like"]]
    await again.close()


def test_a_foreign_snapshot_is_refused(network: Network) -> None:
    with pytest.raises(ValueError, match="another version"):
        network.restore({"version": 2})
    assert [one.handle for one in network.accounts()] == ["acme", "ada", "ben"]


def test_a_seed_opens_accounts() -> None:
    network = Network()
    plant(network, EXAMPLE)
    assert network.account_by_token("acme-token").kind == "brand"
    with pytest.raises(NetworkRefusal):
        plant(network, EXAMPLE)
    with pytest.raises(ValidationError):
        plant(network, {"accounts": [{"handle": "x"}]})


async def test_it_runs_alone(tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps({"accounts": [{"handle": "zenith", "name": "Zenith", "kind": "brand", "token": "z"}]}))
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bots.sandbox.network", "--port", "0", "--prefix", "/net", "--seed", str(seed),
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert program.stderr is not None
        port = ""
        while not port:
            line = (await asyncio.wait_for(program.stderr.readline(), 60)).decode()
            assert line, "it ended before it was ready"
            if "running on http://127.0.0.1:" in line:
                port = line.split("http://127.0.0.1:")[1].split()[0]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/net", trust_env=False) as client:
            me = await client.get("/api/accounts/me", headers={"Authorization": "Bearer z"})
            assert me.json()["name"] == "Zenith"
    finally:
        program.terminate()
        await program.communicate()


async def test_a_bad_seed_is_a_sentence(tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text("[]")
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bots.sandbox.network", "--port", "0", "--seed", str(seed), stderr=asyncio.subprocess.PIPE
    )
    _, words = await program.communicate()
    assert program.returncode == 2
    assert b"a seed is a JSON object" in words
    assert b"Traceback" not in words
