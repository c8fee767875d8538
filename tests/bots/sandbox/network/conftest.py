"""A small network: the brand @acme and the people ada and ben."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from bots.sandbox.network import Network, NetworkTransport, create_network_app
from tests.bots.sandbox.network.hands import PREFIX, HandClock, Receiver


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def network(clock: HandClock, receiver: Receiver) -> AsyncIterator[Network]:
    made = Network(clock=clock, webhook_transport=httpx.ASGITransport(app=receiver.app))
    made.add_account("acme", name="Acme", kind="brand", token="acme-token", followers=1000)
    made.add_account("ada", name="Ada Neri", token="ada-token")
    made.add_account("ben", name="Ben Okafor", token="ben-token")
    yield made
    await made.close()


@pytest.fixture
async def acme(network: Network) -> AsyncIterator[httpx.AsyncClient]:
    """The brand's program."""
    app = Starlette(routes=[Mount(PREFIX, create_network_app(network))])
    async with httpx.AsyncClient(
        transport=NetworkTransport(app),
        base_url=f"http://network.test{PREFIX}",
        headers={"Authorization": "Bearer acme-token"},
    ) as client:
        yield client
