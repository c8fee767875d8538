"""The same listeners without a public address."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from io import StringIO

import pytest

from bots.slack.socket_mode import SocketMode
from bots.telemetry import set_up_logs
from escalation.secret import Secret
from models.database import Database
from models.vocabulary import DraftSource
from tests.bots.slack.office import SlackOffice, slack_office
from tests.bots.story import draft_of, file_of, leave, new_card
from tests.house import TestClock


@pytest.fixture
async def office(database: Database, clock: TestClock) -> AsyncIterator[SlackOffice]:
    async with slack_office(database, clock, socket_mode=True) as office:
        running = asyncio.create_task(office.slack.run_socket_mode())
        assert office.slack.socket_mode is not None
        await office.slack.socket_mode.connected.wait()
        yield office
        await office.settle()
        await office.slack.close()
        await running


async def test_the_story_over_sockets(office: SlackOffice) -> None:
    assert len(office.workspace.links) == 2
    case, card = await new_card(office)
    assert (await office.press("anna", card, "Claim")).acknowledged
    refused = await office.press_as_it_was("bruno", card, "Claim")
    assert "Anna Verdi claimed this" in refused.text
    await office.open("anna", card, "Answer")
    assert (await office.submit("anna", {"Your answer": "word " * 200})).dialog_open
    assert not (await office.submit("anna", {"Your answer": "It is on its way."})).dialog_open
    await office.carry()
    [approval] = office.shown("approval", case)
    assert (await office.press("carla", approval, "Approve and send")).acknowledged
    await leave(office)
    assert [post.text for post in office.house.networks["acme"].posts] == ["@ada It is on its way."]
    assert "Nothing is open" not in (await office.command("anna", "status")).text


async def test_a_reply_in_a_thread_is_stored_before_the_socket_acknowledges(office: SlackOffice) -> None:
    case, card = await new_card(office)
    await office.say_in_thread("anna", card, "reply: By socket.")
    assert (await draft_of(office, case)).source is DraftSource.THREAD


async def test_nothing_is_acknowledged_without_storage(office: SlackOffice) -> None:
    case, card = await new_card(office)
    office.workspace.deliveries._clock = TestClock()  # whoever waits three seconds for an acknowledgement waits in vain
    async with office.without_storage():
        told = await office.press("anna", card, "Claim")
    assert not told.acknowledged
    assert (await file_of(office, case)).case.owner is None


async def test_a_lost_connection_comes_back(office: SlackOffice) -> None:
    opened = len(office.workspace.calls.of("apps.connections.open"))
    await office.workspace.links.disconnect("refresh_requested")
    await office.workspace.until(lambda: len(office.workspace.calls.of("apps.connections.open")) > opened)
    await office.workspace.until(lambda: len(office.workspace.links) == 2)
    assert "/portavoce freeze" in (await office.command("anna", "help")).text


async def test_the_doctor_opens_socket_mode_with_the_app_token(office: SlackOffice) -> None:
    found = {one.what: one for one in await office.slack.surface.doctor()}
    assert found["Slack's app token opens Socket Mode"].ok
    office.workspace.app = replace(office.workspace.app, app_token="xapp-other")
    [wrong] = [one for one in await office.slack.surface.doctor() if not one.ok]
    assert wrong.what == "Slack's app token, for Socket Mode: invalid_auth"
    assert "connections:write" in wrong.advice


class Impatient(TestClock):
    """A clock of somebody who gives up instead of waiting for the second try."""

    mode: SocketMode

    async def sleep(self, seconds: float) -> None:
        del seconds
        self.mode.stop()


async def test_a_wrong_app_token_is_told_in_single_lines(office: SlackOffice) -> None:
    stream = StringIO()
    set_up_logs(json=True, stream=stream)
    office.workspace.app = replace(office.workspace.app, app_token="xapp-other")
    clock = Impatient()
    clock.mode = SocketMode(office.slack.app, office.slack.workplace.client, token=Secret("xapp-wrong"), clock=clock)
    await clock.mode.run()
    told = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert {"slack socket not opened"} <= {line["event"] for line in told}
    assert all("exception" not in line for line in told)
    assert "xapp-wrong" not in stream.getvalue()
