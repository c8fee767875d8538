"""Fixtures: the sandbox served on loopback, and Slack's own clients pointed at it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bots.sandbox.workspace import Workspace
from tests.bots.sandbox.workspace.stage import HandClock
from tests.fidelity.clients import KINDS, Client
from tests.fidelity.node_packages import NoNodeError, installed
from tests.fidelity.serving import api_of, served_workspace


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    """The lunch team's workspace on the machine's clock."""
    async with served_workspace() as made:
        yield made


@pytest.fixture(params=KINDS, ids=[kind.__name__.lower() for kind in KINDS])
def client(request: pytest.FixtureRequest, workspace: Workspace) -> Client:
    """Both of the SDK's web clients, with nothing changed but the address."""
    return request.param(api_of(workspace))


@pytest.fixture
def hand_clock() -> HandClock:
    """A clock that moves when told to."""
    return HandClock()


@pytest.fixture
async def node_packages() -> Path:
    """The folder with Slack's packages for Node; skips the test where they cannot be had."""
    try:
        return await asyncio.to_thread(installed)
    except NoNodeError as reason:
        pytest.skip(f"******** {reason} ********")
