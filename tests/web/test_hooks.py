"""``/hooks/{account}``: stored before 2xx, once however often delivered, refused in a sentence otherwise."""

from dataclasses import dataclass

import httpx
import pytest
from sqlalchemy import text
from starlette.applications import Starlette
from structlog.testing import capture_logs

from bots.hooks import BODY_LIMIT, hook_routes
from bots.sandbox.network import Network, NetworkTransport, create_network_app
from connectors.sandbox import SandboxConnector, Settings
from escalation.inbox import Inbox
from escalation.secret import Secret
from models.database import Database
from tests.house import House, TestClock, build_house

BASE = "http://127.0.0.1:8000"


@dataclass
class Door:
    """The product's webhook address, and the network that calls it."""

    house: House
    inbox: Inbox
    network: Network
    client: httpx.AsyncClient

    async def rows(self, table: str) -> int:
        async with self.house.database.read() as tx:
            connection = await tx.session.connection()
            return (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()  # noqa: S608


@pytest.fixture
async def door(database: Database, clock: TestClock):
    house = build_house(database, clock=clock)
    inbox = Inbox(database, clock)
    network = Network(clock=clock, public_url=BASE)
    network.add_account("acme", name="Acme", kind="brand", token="brand")
    network.add_account("ada", name="Ada Neri", followers=312)
    settings = Settings(base_url=BASE, access_token=Secret("brand"), webhook_secret=Secret("hush"))
    connector = SandboxConnector("acme", settings, clock=clock, transport=NetworkTransport(create_network_app(network)))
    house.desk.rulebook.connectors["acme"] = connector
    app = Starlette(routes=hook_routes(house.desk, inbox))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        yield Door(house, inbox, network, client)
    await connector.close()
    await network.close()


async def a_delivery(door: Door) -> tuple[bytes, dict[str, str]]:
    """Let the network call once, and return the body and headers that it sent."""
    caught: list[httpx.Request] = []

    async def catch(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            async with httpx.AsyncClient(transport=door.client._transport, base_url=BASE) as inner:
                return await inner.get(str(request.url))
        caught.append(request)
        return httpx.Response(200)

    network = Network(clock=door.house.clock, public_url=BASE, webhook_transport=httpx.MockTransport(catch))
    network.add_account("acme", name="Acme", kind="brand", token="brand")
    network.add_account("ada", name="Ada Neri", followers=312)
    await network.deliveries.subscribe("acme", f"{BASE}/hooks/acme", "hush")
    network.write("ada", "@acme my invoice is wrong")
    await network.deliveries.first_tries()
    await network.close()
    [request] = caught
    return request.content, dict(request.headers)


async def test_a_signed_delivery_is_stored_opens_a_case_and_is_answered_200(door: Door):
    body, headers = await a_delivery(door)
    answer = await door.client.post("/hooks/acme", content=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert await door.rows("inbound") == 1
    assert await door.rows("cases") == 1
    assert door.inbox.stored["hook"] == 1


async def test_the_same_delivery_ten_times_is_one_case(door: Door):
    body, headers = await a_delivery(door)
    for _ in range(10):
        assert (await door.client.post("/hooks/acme", content=body, headers=headers)).status_code == 200
    assert await door.rows("inbound") == 1
    assert await door.rows("mention") == 1
    assert door.inbox.stored["hook"] == 1


async def test_one_changed_byte_is_401_and_nothing_is_stored(door: Door):
    body, headers = await a_delivery(door)
    answer = await door.client.post("/hooks/acme", content=body.replace(b"wrong", b"right"), headers=headers)
    assert answer.status_code == 401
    assert await door.rows("inbound") == 0


@pytest.mark.parametrize("name", ["x-sandbox-signature"])
async def test_a_missing_or_absurd_signature_is_401(door: Door, name: str):
    body, headers = await a_delivery(door)
    without = {key: value for key, value in headers.items() if key.lower() != name}
    assert (await door.client.post("/hooks/acme", content=body, headers=without)).status_code == 401
    for value in ("", "t=,v1=", "t=abc,v1=zz", f"t={'9' * 5000},v1=00", "\xe9".encode("latin-1").decode("latin-1")):
        sent = {**without, name: value}
        answer = await door.client.post(
            "/hooks/acme", content=body, headers=httpx.Headers(list(sent.items()), encoding="latin-1")
        )
        assert answer.status_code == 401, value


async def test_an_unknown_account_and_one_that_is_not_called_are_404(door: Door):
    with capture_logs() as lines:
        assert (await door.client.post("/hooks/nobody", content=b"{}")).status_code == 404
        assert (await door.client.post("/hooks/other", content=b"{}")).status_code == 404
    told = [(line["log_level"], line["event"], line["account"], line["status"]) for line in lines]
    assert told == [("warning", "webhook refused", account, 404) for account in ("", "other")]


async def test_a_huge_body_is_413_without_being_kept(door: Door):
    answer = await door.client.post("/hooks/acme", content=b"x" * (BODY_LIMIT + 1))
    assert answer.status_code == 413


async def test_with_the_database_down_nothing_is_acknowledged(door: Door, tmp_path):
    body, headers = await a_delivery(door)
    gone = build_house(Database(f"sqlite:///{tmp_path}/no/such/folder/test.db"), clock=door.house.clock)
    gone.desk.rulebook.connectors["acme"] = door.house.desk.rulebook.connectors["acme"]
    app = Starlette(routes=hook_routes(gone.desk, Inbox(gone.database, door.house.clock)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
        answer = await client.post("/hooks/acme", content=body, headers=headers)
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    await gone.database.close()
