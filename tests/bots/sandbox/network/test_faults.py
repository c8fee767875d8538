"""The fault script, each fault in this process: what the network did, and what the caller saw."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from bots.sandbox.network import FaultKind, Network
from bots.sandbox.network.faults import FaultScript
from tests.bots.sandbox.network.hands import PREFIX, HandClock, Receiver, settle


async def attempt(acme: httpx.AsyncClient, **more: Any) -> httpx.Response | Exception:
    try:
        return await acme.post("/api/posts", json={"text": "hello"}, **more)
    except httpx.HTTPError as error:
        return error


@pytest.mark.parametrize(
    ("fault", "number", "stands", "seen"),
    [
        ("none", None, 1, 201),
        ("reset_before", None, 0, httpx.ReadError),
        ("reset_after", None, 1, httpx.ReadError),
        ("close_mid_body", None, 1, httpx.RemoteProtocolError),
        ("error_500_before", None, 0, 500),
        ("error_500_after", None, 1, 500),
        ("timeout_after", None, 1, httpx.ReadTimeout),
        ("throttle_429", 7, 0, 429),
        ("throttle_429_no_header", None, 0, 429),
        ("garbage_200", None, 1, 200),
        ("truncated_gzip", None, 1, 201),
        ("redirect", None, 0, 302),
        ("token_revoked", None, 0, 401),
        ("webhook_before_response", None, 1, 201),
    ],
)
async def test_each_fault_once(
    acme: httpx.AsyncClient,
    network: Network,
    fault: str,
    number: float | None,
    stands: int,
    seen: int | type[Exception],
) -> None:
    network.faults.add(fault, number)
    outcome = await attempt(acme)
    assert len(network.posts_by("acme")) == stands
    if isinstance(outcome, httpx.Response):
        assert outcome.status_code == seen
    else:
        assert type(outcome) is seen
    call = network.calls[-1]
    assert (call.fault, call.acted_status) == (fault, 201 if stands else None)
    assert not network.faults
    assert (await acme.post("/api/posts", json={"text": "again"})).status_code == 201


async def test_what_the_answers_hold(acme: httpx.AsyncClient, network: Network) -> None:
    for fault, number in (("throttle_429", 7.9), ("throttle_429_no_header", None), ("redirect", None)):
        network.faults.add(fault, number)
    throttled, bare, moved = [await acme.post("/api/posts", json={"text": "x"}) for _ in range(3)]
    assert throttled.headers["retry-after"] == "7"
    assert "retry-after" not in bare.headers
    assert moved.headers["location"] == f"{PREFIX}/moved"
    for fault in ("garbage_200", "truncated_gzip"):
        network.faults.add(fault)
        unreadable = await acme.post("/api/posts", json={"text": "x" * 400})
        with pytest.raises(json.JSONDecodeError):
            unreadable.json()
    network.faults.add("token_revoked")
    assert (await acme.get("/api/accounts/me")).json()["error"]["code"] == "token_revoked"
    assert network.account("acme").revoked is False


async def test_a_body_that_breaks_off_is_seen_while_reading(acme: httpx.AsyncClient, network: Network) -> None:
    network.faults.add("close_mid_body")
    async with acme.stream("POST", "/api/posts", json={"text": "hello"}) as answer:
        assert answer.status_code == 201
        parts = answer.aiter_raw()
        begun = await anext(parts)
        with pytest.raises(httpx.RemoteProtocolError):
            await anext(parts)
    assert 0 < len(begun) < int(answer.headers["content-length"])


async def test_a_late_act_comes_later(acme: httpx.AsyncClient, network: Network, clock: HandClock) -> None:
    network.faults.add("act_late", 30)
    assert isinstance(await attempt(acme), httpx.ReadError)
    await clock.advance(29)
    assert network.posts_by("acme") == []
    await clock.advance(1)
    assert [post.text for post in network.posts_by("acme")] == ["hello"]
    assert network.posts_by("acme")[0].at == clock.now()


async def test_a_late_act_honours_the_key_of_a_retry(
    acme: httpx.AsyncClient, network: Network, clock: HandClock
) -> None:
    network.faults.add("act_late", 30)
    await attempt(acme, headers={"Idempotency-Key": "k"})
    await attempt(acme, headers={"Idempotency-Key": "k"})
    await clock.advance(60)
    assert len(network.posts_by("acme")) == 1


async def test_slow_answers_late_after_acting_at_once(
    acme: httpx.AsyncClient, network: Network, clock: HandClock
) -> None:
    network.faults.add("slow", 10)
    waiting = asyncio.create_task(acme.post("/api/posts", json={"text": "hello"}))
    await settle()
    assert len(network.posts_by("acme")) == 1
    await clock.advance(9)
    assert not waiting.done()
    await clock.advance(1)
    assert (await waiting).status_code == 201


async def test_the_webhook_may_come_before_the_answer(
    acme: httpx.AsyncClient, network: Network, receiver: Receiver
) -> None:
    await network.deliveries.subscribe("acme", "http://bot.test/hooks/acme", "s")
    network.faults.add("webhook_before_response")
    order: list[str] = []
    receiver_hook = receiver.app.router.routes[0].app  # type: ignore[attr-defined]  # a Route has one

    async def noting(scope: Any, receive: Any, send: Any) -> None:
        order.append("webhook")
        await receiver_hook(scope, receive, send)

    receiver.app.router.routes[0].app = noting  # type: ignore[attr-defined]
    await acme.post("/api/posts", json={"text": "hello"})
    order.append("answer")
    assert order == ["webhook", "answer"]
    assert receiver.kinds() == [["echo"]]


async def test_faults_touch_the_paths_they_name(acme: httpx.AsyncClient, network: Network) -> None:
    post = network.write("ada", "hello @acme")
    network.faults.add("error_500_before", method="GET", path="/api/posts/*")
    network.faults.add("error_500_after", method="POST", path="*/like")
    assert (await acme.get("/api/notifications")).status_code == 200
    assert (await acme.post("/api/posts", json={"text": "x"})).status_code == 201
    assert (await acme.post(f"/api/posts/{post.id}/like")).status_code == 500
    assert post.likes == ["acme"]
    assert (await acme.get(f"/api/posts/{post.id}")).status_code == 500
    assert not network.faults


async def test_a_script_is_played_in_order(acme: httpx.AsyncClient, network: Network) -> None:
    network.faults.add("none", times=2)
    network.faults.add("error_500_before", times=2)
    network.faults.add("throttle_429_no_header")
    seen = [(await acme.get("/api/accounts/me")).status_code for _ in range(7)]
    assert seen == [200, 200, 500, 500, 429, 200, 200]


async def test_a_fault_for_ever_ends_when_cleared(acme: httpx.AsyncClient, network: Network) -> None:
    network.faults.add("token_revoked", times=None)
    assert [(await acme.get("/api/accounts/me")).status_code for _ in range(5)] == [401] * 5
    network.faults.clear()
    assert (await acme.get("/api/accounts/me")).status_code == 200


async def test_the_script_over_http(acme: httpx.AsyncClient, network: Network) -> None:
    network.faults.add("reset_before", path="*", times=None)
    added = await acme.post("/faults", json={"fault": "throttle_429", "number": 3, "method": "GET", "times": 2})
    assert added.status_code == 201
    assert added.json() == {"fault": "throttle_429", "method": "GET", "path": "/api/*", "times": 2, "number": 3}
    listed = (await acme.get("/faults")).json()["faults"]
    assert [line["fault"] for line in listed] == ["reset_before", "throttle_429"]
    assert (await acme.delete("/faults")).status_code == 204
    assert (await acme.get("/faults")).json() == {"faults": []}
    assert network.faults.lines() == []


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"fault": "explode"}, "fault: Input should be"),
        ({"fault": "slow"}, "slow needs a number (seconds)"),
        ({"fault": "reset_after", "number": 1}, "reset_after takes no number"),
        ({"fault": "none", "times": 0}, "times: Input should be greater"),
        ({"fault": "slow", "number": -1}, "number: Input should be greater"),
        ({"fault": "none", "colour": "red"}, "colour: Extra inputs"),
        ({"fault": "duplicate_webhook", "number": 2, "method": "POST"}, "is a fault of deliveries"),
        ({"fault": "reset_after", "method": "DELIVER"}, "is a fault of requests"),
        ([], "fault: Input should be"),
    ],
)
async def test_a_line_that_makes_no_sense_is_refused(
    acme: httpx.AsyncClient, network: Network, row: object, sentence: str
) -> None:
    refused = await acme.post("/faults", json=row)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "bad_fault")
    assert sentence in refused.json()["error"]["message"]
    assert not network.faults


def test_every_fault_is_explained_and_can_be_scripted() -> None:
    from bots.sandbox.network import faults  # noqa: PLC0415 - its documentation is what is tested

    assert faults.__doc__ is not None
    script = FaultScript()
    for kind in FaultKind:
        assert kind.value in faults.__doc__
        needs = kind in {FaultKind.ACT_LATE, FaultKind.SLOW, FaultKind.THROTTLE_429, FaultKind.DUPLICATE_WEBHOOK}
        script.add(kind, 1 if needs else None)
    assert len(script.lines()) == len(FaultKind)
    assert script.take("GET", "/elsewhere").fault is FaultKind.NONE
    assert len(script.lines()) == len(FaultKind)
