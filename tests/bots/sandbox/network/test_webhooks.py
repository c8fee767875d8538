"""Webhooks: the challenge, the signature, batches, tries, doubles and disorder."""

import hashlib
import hmac
import json

import httpx
import pytest

from bots.sandbox.network import Network, NetworkRefusal
from tests.bots.sandbox.network.hands import HandClock, Receiver, settle

URL = "http://bot.test/hooks/acme"


async def subscribe(acme: httpx.AsyncClient, url: str = URL) -> httpx.Response:
    return await acme.post("/api/subscription", json={"url": url, "secret": "s3cret"})


async def test_a_subscription_is_made_after_the_challenge(acme: httpx.AsyncClient, receiver: Receiver) -> None:
    assert (await acme.get("/api/subscription")).status_code == 404
    receiver.echoes = False
    refused = await subscribe(acme)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "challenge_failed")
    assert (await subscribe(acme, "http://bot.test/elsewhere")).status_code == 422
    receiver.echoes = True
    made = await subscribe(acme)
    assert (made.status_code, made.json()) == (201, {"account": "acme", "url": URL})
    assert "s3cret" not in (await acme.get("/api/subscription")).text
    assert (await acme.delete("/api/subscription")).status_code == 204
    assert (await acme.get("/api/subscription")).status_code == 404


@pytest.mark.parametrize("url", ["nonsense", "ftp://bot.test/x", "http://[", ""])
async def test_an_impossible_address_is_refused(acme: httpx.AsyncClient, url: str) -> None:
    assert (await subscribe(acme, url)).status_code == 422


async def test_people_have_no_webhooks(acme: httpx.AsyncClient) -> None:
    acme.headers["Authorization"] = "Bearer ada-token"
    assert (await subscribe(acme)).json()["error"]["code"] == "brands_only"


async def test_the_challenge_proves_the_secret(network: Network) -> None:
    asked: list[httpx.URL] = []

    def hook(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(200, text=request.url.params["challenge"])

    network.deliveries._transport = httpx.MockTransport(hook)
    await network.deliveries.subscribe("acme", URL + "?account=1", "s3cret")
    challenge, token = asked[0].params["challenge"], asked[0].params["token"]
    assert token == hmac.new(b"s3cret", challenge.encode(), hashlib.sha256).hexdigest()


async def test_a_delivery_is_a_signed_batch(
    acme: httpx.AsyncClient, network: Network, receiver: Receiver, clock: HandClock
) -> None:
    await subscribe(acme)
    texts = ["hello @acme", "è \N{GRINNING FACE} @acme"]
    for text in texts:
        network.write("ada", text)
    await network.deliveries.first_tries()
    ((headers, body),) = receiver.got
    stamp = str(int(clock.now().timestamp()))
    digest = hmac.new(b"s3cret", stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["x-sandbox-signature"] == f"t={stamp},v1={digest}"
    assert headers["x-sandbox-delivery"] == "d1"
    told = json.loads(body)
    assert told["account"] == "acme"
    assert [event["post"]["text"] for event in told["events"]] == texts
    polled = (await acme.get("/api/notifications")).json()["notifications"]
    assert told["events"] == polled
    assert texts[1].encode() in body


async def test_a_batch_has_at_most_a_hundred(acme: httpx.AsyncClient, network: Network, receiver: Receiver) -> None:
    await subscribe(acme)
    for number in range(230):
        network.write("ada", f"@acme {number}")
    await network.deliveries.first_tries()
    assert [len(kinds) for kinds in receiver.kinds()] == [100, 100, 30]


async def test_a_refused_delivery_is_tried_again_on_time(
    acme: httpx.AsyncClient, network: Network, receiver: Receiver, clock: HandClock
) -> None:
    await subscribe(acme)
    receiver.statuses = [500, 503, 404, 302, 500]
    network.write("ada", "@acme")
    seen = []
    for seconds in (0, 4.9, 0.1, 29.9, 0.1, 299.9, 0.1, 10_000):
        await clock.advance(seconds)
        seen.append(len(receiver.got))
    assert seen == [2, 2, 3, 3, 4, 4, 5, 5]
    (delivery,) = network.deliveries.log
    assert (delivery.state, [one.status for one in delivery.tries]) == ("given_up", [500, 503, 404, 302, 500])
    assert len({body for _, body in receiver.got}) == 1
    assert {headers["x-sandbox-delivery"] for headers, _ in receiver.got} == {"d1"}
    assert len({headers["x-sandbox-signature"] for headers, _ in receiver.got}) == 4
    shown = (await acme.get("/deliveries")).json()["deliveries"]
    assert [row["state"] for row in shown] == ["given_up"]


async def test_a_delivery_ends_with_the_first_success_and_others_do_not_wait(
    acme: httpx.AsyncClient, network: Network, receiver: Receiver, clock: HandClock
) -> None:
    await subscribe(acme)
    receiver.statuses = [500, 500]
    network.write("ada", "@acme first")
    await settle()
    network.like("ada", network.write("acme", "second").id)
    await settle()
    await clock.advance(5)
    assert receiver.kinds() == [["mention"], ["mention"], ["echo", "like"], ["mention"]]
    assert [one.state for one in network.deliveries.log] == ["delivered", "delivered"]
    await clock.advance(1000)
    assert len(receiver.got) == 4


async def test_a_receiver_out_of_reach_is_tried_again(
    acme: httpx.AsyncClient, network: Network, receiver: Receiver, clock: HandClock
) -> None:
    await subscribe(acme)
    way = network.deliveries._client
    assert way is not None
    refusals = [httpx.ConnectError("refused"), httpx.ReadTimeout("late")]

    async def hook(request: httpx.Request) -> httpx.Response:
        if refusals:
            raise refusals.pop(0)
        return await httpx.ASGITransport(app=receiver.app).handle_async_request(request)

    await way.aclose()
    network.deliveries._client = httpx.AsyncClient(transport=httpx.MockTransport(hook))
    network.write("ada", "@acme")
    await clock.advance(5)
    assert [one.failure for one in network.deliveries.log[0].tries] == ["ConnectError", "ReadTimeout", None]
    assert receiver.kinds() == [["mention"]]


async def test_a_delivery_may_come_several_times(acme: httpx.AsyncClient, network: Network, receiver: Receiver) -> None:
    await subscribe(acme)
    network.faults.add("duplicate_webhook", 2)
    network.write("ada", "@acme")
    await network.deliveries.first_tries()
    assert receiver.kinds() == [["mention"]] * 3
    assert {headers["x-sandbox-delivery"] for headers, _ in receiver.got} == {"d1"}
    network.write("ada", "@acme again")
    await network.deliveries.first_tries()
    assert len(receiver.got) == 4


async def test_deliveries_may_overtake_each_other(
    acme: httpx.AsyncClient, network: Network, receiver: Receiver, clock: HandClock
) -> None:
    await subscribe(acme)
    network.faults.add("reorder_webhooks", path="/acme")
    post = network.write("ada", "@acme")
    network.edit("ada", post.id, "@acme edited")
    await settle()
    assert receiver.got == []
    network.delete("ada", post.id)
    await settle()
    assert receiver.kinds() == [["delete"], ["edit", "mention"]]
    network.faults.add("reorder_webhooks", path="/acme")
    network.write("ben", "@acme alone")
    await clock.advance(1.9)
    assert len(receiver.got) == 2
    await clock.advance(0.1)
    assert receiver.kinds()[2:] == [["mention"]]


async def test_a_fault_on_another_subscriber_leaves_this_one_alone(
    acme: httpx.AsyncClient, network: Network, receiver: Receiver
) -> None:
    await subscribe(acme)
    network.faults.add("duplicate_webhook", 5, path="/zenith")
    network.write("ada", "@acme")
    await network.deliveries.first_tries()
    assert len(receiver.got) == 1
    assert network.faults


async def test_nothing_is_sent_after_the_subscription_ended(
    acme: httpx.AsyncClient, network: Network, receiver: Receiver, clock: HandClock
) -> None:
    await subscribe(acme)
    receiver.statuses = [500, 500]
    network.write("ada", "@acme")
    await settle()
    await acme.delete("/api/subscription")
    network.write("ada", "@acme more")
    await clock.advance(1000)
    assert len(receiver.got) == 2
    assert network.deliveries.log[0].state == "given_up"


def test_without_an_event_loop_notifications_wait() -> None:
    network = Network()
    network.add_account("acme", name="Acme", kind="brand")
    network.add_account("ada", name="Ada")
    network.deliveries.restore(
        {"subscriptions": [{"account": "acme", "url": URL, "secret": "s"}], "queued": {}, "number": 0}
    )
    network.write("ada", "@acme")
    assert [event["kind"] for event in network.deliveries.snapshot()["queued"]["acme"]] == ["mention"]


async def test_a_subscription_needs_its_account(network: Network) -> None:
    with pytest.raises(NetworkRefusal):
        network.account_by_token("")
