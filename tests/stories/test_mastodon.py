"""The whole product against a server of Mastodon's API that somebody else wrote, and a workspace over real HTTP."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bots.app import App, build
from bots.clock import SystemClock
from bots.sandbox.workspace import App as SandboxApp
from bots.sandbox.workspace import ChannelSeed, Person, Seed, Workspace, create_workspace_app
from bots.serving import listen, serving
from connectors import settings_models
from escalation.secret import SecretSource
from escalation.settings import parse_settings
from models.schema import migrate
from tests.acme import ACME
from tests.bots.sandbox.workspace.stage import served
from tests.mastodon_server import BRAND_TOKEN, NEEDS_MASTODON, alices_client, emptied, mastodon_server

pytestmark = NEEDS_MASTODON

CONFIGURATION = (
    ACME
    + """\
undo_seconds = 0
unknown_after = "1s"
[members.anna]
name = "Anna Verdi"
slack = "U0ANNA"
[departments.billing]
label = "Billing"
channel = "slack:C0BILLING"
members = ["anna"]
[[routes]]
department = "billing"
[accounts.acme]
connector = "mastodon"
base_url = "{mastodon}"
access_token = {{ env = "TOKEN" }}
poll_seconds = 1
"""
)
SECRETS = {"SLACK_BOT_TOKEN": "xoxb-story", "SLACK_SIGNING_SECRET": "hush", "TOKEN": BRAND_TOKEN}


@pytest.fixture(scope="module")
def mastodon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the server and stop it after the last story."""
    with mastodon_server(tmp_path_factory.mktemp("mastodon")) as address:
        yield address


@pytest.fixture
async def alice(mastodon: str) -> AsyncIterator[httpx.AsyncClient]:
    async with alices_client(mastodon) as client:
        await emptied(client)
        yield client


@pytest.fixture
async def office(mastodon: str, tmp_path: Path) -> AsyncIterator[tuple[App, Workspace]]:
    """Build the product over its real configuration, with the workspace and its own web side on loopback."""
    people = (Person("U0ANNA", "anna", "Anna Verdi"), Person("U0CARLA", "carla", "Carla Rossi"))
    everybody = ("U0ANNA", "U0CARLA", "U0BOT")
    seed = Seed(
        people=people,
        channels=(ChannelSeed("C0BILLING", "billing", everybody), ChannelSeed("C0APPROVE", "approvals", everybody)),
        app=SandboxApp(bot_token="xoxb-story", signing_secret="hush"),
    )
    async with Workspace(seed) as workspace, served(create_workspace_app(workspace)) as slack:
        text = CONFIGURATION.format(database="sqlite:///story.db", workspace=slack, mastodon=mastodon)
        source = SecretSource(environ=SECRETS, folder=tmp_path)
        settings = parse_settings(text, file="story.toml", source=source, connector_settings=settings_models())
        migrate(settings.database.url)
        app = build(settings, clock=SystemClock())
        listener = listen("127.0.0.1", 0)
        workspace.deliveries.deliver_to = f"http://127.0.0.1:{listener.getsockname()[1]}/slack/events"
        await app.prepare()
        async with serving(app, listener):
            yield app, workspace
        await app.close()


async def carried(app: App, found: Callable[[], Awaitable[Any]]) -> Any:
    """Poll and carry until something stands, for at most ten seconds."""
    for _ in range(200):
        await app.poller.poll()
        for courier in app.couriers.values():
            await courier.drain()
        if value := await found():
            return value
        await app.clock.sleep(0.05)
    return pytest.fail("it did not come")


async def test_a_mention_on_mastodon_is_answered_from_slack_and_read_where_it_was_written(
    office: tuple[App, Workspace], alice: httpx.AsyncClient
):
    app, workspace = office
    text = "@brand where is my <b>refund</b> & why? <!channel>"
    asked = (await alice.post("/api/v1/statuses", json={"status": text})).json()

    async def card() -> Any:
        return workspace.find_message("C0BILLING", metadata=lambda sent: sent["kind"] == "card")

    shown = await carried(app, card)
    seen = await workspace.click("U0ANNA", "C0BILLING", shown["ts"], "Claim")
    assert seen.ok, seen
    answer = "It left on Monday: 5 < 7 days & counting. *No stars* _lost_"
    await workspace.type("U0ANNA", "C0BILLING", f"reply: {answer}", thread_ts=shown["ts"])

    async def approval() -> Any:
        return workspace.find_message("C0APPROVE", metadata=lambda sent: sent["kind"] == "approval")

    asking = await carried(app, approval)
    seen = await workspace.click("U0CARLA", "C0APPROVE", asking["ts"], "Approve and send")
    assert seen.ok, seen

    async def reply() -> Any:
        return (await alice.get(f"/api/v1/statuses/{asked['id']}/context")).json()["descendants"]

    [posted] = await carried(app, reply)
    assert posted["account"]["username"] == "brand"
    assert posted["in_reply_to_id"] == asked["id"]
    source = await alice.get(f"/api/v1/statuses/{posted['id']}/source")
    if source.status_code == 200:
        assert source.json()["text"] == f"@alice {answer}"
    async with app.database.read() as tx:
        [case_id] = await tx.cases.list()
    file = await app.desk.file(case_id)
    assert file is not None
    done = {clock.step.value: clock.wall_seconds for clock in file.clocks if clock.ended_at}
    assert set(done) >= {"detect", "route", "acknowledge", "answer", "approve", "relay", "first_response"}
