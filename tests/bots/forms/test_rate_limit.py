"""How often one client may write."""

import httpx
import pytest

from bots.forms.rate_limit import AddressLimit
from escalation.quantities import Rate
from tests.bots.forms.conftest import BuildApp, OpenForm
from tests.bots.forms.memory import RememberedConversations
from tests.bots.forms.visitor import ADA, BROWSER, fill_in, read_page, send
from tests.clock import TestClock


async def test_ten_a_minute_unless_set_otherwise(
    open_form: OpenForm, conversations: RememberedConversations, clock: TestClock
) -> None:
    client = open_form()
    for _ in range(10):
        assert (await client.post("/forms/contact", json=ADA)).status_code == 201
        clock.forward(seconds=1)
    refused = await client.post("/forms/contact", json=ADA)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "50")
    assert "Wait 50 seconds" in refused.json()["error"]
    assert len(conversations.submissions) == 10

    clock.forward(seconds=49.5)
    assert (await client.post("/forms/contact", json=ADA)).headers["retry-after"] == "1"
    clock.forward(seconds=0.5)
    assert (await client.post("/forms/contact", json=ADA)).status_code == 201
    assert (await client.post("/forms/contact", json=ADA)).status_code == 429


async def test_refused_page_keeps_the_text(open_form: OpenForm) -> None:
    client = open_form(rate_limit="1/min")
    first = await fill_in(client, **ADA)
    assert first.status_code == 303
    refused = await fill_in(client, **ADA)
    page = read_page(refused)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert {name: page.values[name] for name in ADA} == ADA

    again = await fill_in(client, first.headers["location"], message="Hello?")
    assert again.status_code == 429
    assert read_page(again).values["message"] == "Hello?"
    assert read_page(again).said == [ADA["message"]]


async def test_reading_is_not_limited(open_form: OpenForm) -> None:
    client = open_form(rate_limit="1/d")
    address = (await client.post("/forms/contact", json=ADA)).json()["status_url"]
    for _ in range(20):
        assert (await client.get(address)).status_code == 200
        assert (await client.get("/forms/contact", headers=BROWSER)).status_code == 200


async def test_off(open_form: OpenForm) -> None:
    client = open_form(rate_limit="off")
    for _ in range(30):
        assert (await client.post("/forms/contact", json=ADA)).status_code == 201


async def test_each_account_and_each_client_counts_alone(build_app: BuildApp) -> None:
    app = build_app(rate_limit="1/h")

    async def status(ip: str, address: str = "/forms/contact", **headers: str) -> int:
        transport = httpx.ASGITransport(app=app, client=(ip, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://form.example") as client:
            return (await client.post(address, json=ADA, headers=headers)).status_code

    assert await status("198.51.100.7") == 201
    assert await status("198.51.100.7") == 429
    assert await status("::ffff:198.51.100.7") == 429
    assert await status("198.51.100.8") == 201
    assert await status("198.51.100.7", "/forms/press") == 201
    assert await status("2001:db8:1:2::3") == 201
    assert await status("2001:db8:1:2:ffff::9") == 429
    assert await status("2001:db8:1:3::3") == 201
    forwarded = {"x-forwarded-for": "203.0.113.1"}
    assert await status("198.51.100.7", **forwarded) == 429
    assert await status("no address") == 201
    assert await status("no address either") == 429


async def test_forwarded_addresses_are_believed_from_our_proxies_only(build_app: BuildApp) -> None:
    app = build_app(rate_limit="1/h", trusted_proxies=["10.0.0.0/8", "2001:db8::7"])

    async def status(ip: str, *forwarded: str) -> int:
        transport = httpx.ASGITransport(app=app, client=(ip, 1))
        headers = [("x-forwarded-for", one) for one in forwarded]
        async with httpx.AsyncClient(transport=transport, base_url="http://form.example") as client:
            return (await client.post("/forms/contact", json=ADA, headers=headers)).status_code

    assert await status("10.0.0.1", "203.0.113.1") == 201
    assert await status("10.0.0.2", "203.0.113.1") == 429
    assert await status("2001:db8::7", "203.0.113.1") == 429
    assert await status("10.0.0.1", "9.9.9.9, 203.0.113.1, 10.0.0.9") == 429
    assert await status("10.0.0.1", "9.9.9.9", "203.0.113.1:4711") == 429
    assert await status("10.0.0.1", "203.0.113.2") == 201
    assert await status("10.0.0.1", "[2001:db8:5::1]:80") == 201
    assert await status("10.0.0.1", "2001:db8:5::2") == 429
    assert await status("203.0.113.1") == 429
    assert await status("198.51.100.1", "203.0.113.3") == 201
    assert await status("198.51.100.1", "203.0.113.4") == 429
    assert await status("10.0.0.5", "nonsense") == 201
    assert await status("10.0.0.5", "other nonsense") == 429


def test_memory_is_bounded(clock: TestClock) -> None:
    limit = AddressLimit(Rate(3, 60), clock=clock, most=100)
    for number in range(1_000):
        assert limit.wait(f"client {number}") == 0
        assert limit.remembered <= 100
    assert limit.wait("client 999") == 0
    assert limit.wait("client 999") == 0
    assert limit.wait("client 999") == 60


def test_the_client_quiet_longest_is_forgotten(clock: TestClock) -> None:
    limit = AddressLimit(Rate(2, 60), clock=clock, most=4)
    for client in ("busy", "quiet", "busy", "third"):
        assert limit.wait(client) == 0
    assert limit.wait("busy") > 0
    assert limit.wait("fourth") == 0
    assert limit.wait("busy") > 0
    assert limit.wait("quiet") == 0
    assert limit.wait("quiet") == 0


def test_one_client_alone_stays_bounded_too(clock: TestClock) -> None:
    limit = AddressLimit(Rate(1_000_000, 60), clock=clock, most=100)
    for _ in range(500):
        assert limit.wait("client") == 0
    assert limit.remembered == 100


def test_refused_messages_do_not_count(clock: TestClock) -> None:
    limit = AddressLimit(Rate(1, 60), clock=clock)
    assert limit.wait("client") == 0
    for _ in range(10):
        clock.forward(seconds=5)
        assert limit.wait("client") > 0
    clock.forward(seconds=10)
    assert limit.wait("client") == 0


@pytest.mark.parametrize("values", [ADA, {"name": ""}])
async def test_wrong_messages_count_as_well(open_form: OpenForm, values: dict[str, str]) -> None:
    client = open_form(rate_limit="2/h")
    statuses = [(await send(client, "/forms/contact", values)).status_code for _ in range(3)]
    assert statuses[2] == 429
