"""Pings in Slack: how they are found by link and by hand, what a lost link costs, and that a click counts once."""

import json
from typing import Any

import pytest

from bots.sandbox.workspace import UserGroup
from escalation.group_reading import GroupReader
from models.database import Database
from tests.bots.harness import Dialog, ShownMessage
from tests.bots.slack.office import SlackOffice, slack_office, walk
from tests.bots.slack.test_tampering import interaction
from tests.bots.story import file_of, new_card, overdue, pass_time, pings
from tests.house import CONFIGURATION, TestClock


def links(message: ShownMessage) -> list[str]:
    return [element["url"] for element in walk(message.raw) if element.get("type") == "link"]


def pressed(message: ShownMessage, button: str, *, user: str) -> dict[str, Any]:
    """The payload of one click, so that it can come twice."""
    channel, _, ts = message.id.partition(":")
    element = next(one for one in walk(message.raw) if (one.get("text") or {}) and one["text"] == plain(button))
    action = {key: element[key] for key in ("type", "action_id", "value")} | {"block_id": "b", "action_ts": "77.7"}
    return {
        "type": "block_actions",
        "team": {"id": "T1"},
        "user": {"id": user},
        "trigger_id": "t",
        "actions": [action],
        "container": {"type": "message", "message_ts": ts, "channel_id": channel},
        "channel": {"id": channel},
    }


def plain(words: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": words, "emoji": False}


async def test_a_ping_leads_to_the_card_by_slacks_own_link(office: SlackOffice) -> None:
    case, told = await overdue(office)
    [card] = office.shown("card", case)
    channel, _, ts = card.id.partition(":")
    for ping in told.values():
        [address] = links(ping)
        assert address.endswith(f"/archives/{channel}/p{ts.replace('.', '')}")
    assert len(office.workspace.calls.of("chat.getPermalink")) <= 3
    await office.press("marta", told["@marta"], "Got it")
    asked = len(office.workspace.calls.of("chat.getPermalink"))
    await office.carry()
    assert len(office.workspace.calls.of("chat.getPermalink")) == asked, "an address does not change, so it is kept"


@pytest.mark.parametrize(
    "fault", ["ok_false(internal_error)", "error_500_before", "drop_before", "http_429", "timeout_before"]
)
async def test_a_ping_without_its_link_is_sent_all_the_same(office: SlackOffice, fault: str) -> None:
    office.workspace.faults.script([("chat.getPermalink", fault, 9)])
    _, told = await overdue(office)
    assert set(told) == {"billing", "managers", "@marta"}
    for ping in told.values():
        assert links(ping) == []
        assert ping.buttons == ("Take over", "Reassign", "Got it", "Mute", "Open")


async def test_a_click_that_comes_twice_counts_once(office: SlackOffice) -> None:
    case, told = await overdue(office)
    before = (await file_of(office, case)).case.version
    click = pressed(told["@marta"], "Take over", user="U0MARTA")
    for _ in range(2):
        assert (await interaction(office, click)).status_code == 200
    file = await file_of(office, case)
    assert (file.case.owner, file.case.version) == ("marta", before + 1)
    whispers = [one["text"] for one in office.workspace.ephemerals("U0MARTA", "D0MARTA")]
    assert whispers == ["It is yours now."], "told once, in the direct message itself"


async def test_in_a_channel_people_are_mentioned_and_in_a_direct_message_they_need_not_be(
    database: Database, clock: TestClock
) -> None:
    ladder = '[[policies.standard.ladder]]\nat = "50%"\nping = "approvers"\nsteps = ["approve"]\n'
    ladder += '[[policies.standard.ladder]]\nat = "50%"\nping = "marta"\nsteps = ["approve"]\n'
    text = CONFIGURATION.replace("[accounts.acme]", f"{ladder}[accounts.acme]", 1)
    async with slack_office(database, clock, text=text) as office:
        case, card = await new_card(office)
        await office.answer_in_field("bruno", card, "It is on its way.")
        await pass_time(office, minutes=10)
        told = pings(office, case)
        assert told["approvals"].text.startswith("@U0CARLA @U0ANNA not approved yet: due")
        assert told["approvals"].notification.startswith("<@U0CARLA> <@U0ANNA> not approved yet")
        assert told["@marta"].text.startswith("not approved yet: due")
        assert "<@" not in told["@marta"].notification
        assert told["approvals"].buttons == ("Got it", "Mute", "Open"), "nobody takes an answer over that is written"


async def test_a_ping_speaks_the_language_of_whoever_reads_it(database: Database, clock: TestClock) -> None:
    text = CONFIGURATION.replace('name = "Marta Bianchi"', 'name = "Marta Bianchi"\nlanguage = "it"', 1)
    async with slack_office(database, clock, text=text) as office:
        _, told = await overdue(office)
        assert told["managers"].buttons == ("Take over", "Reassign", "Got it", "Mute", "Open")
        assert told["@marta"].buttons == ("Lo prendo io", "Riassegna", "Visto", "Silenzia", "Apri")
        assert told["@marta"].text.startswith("⚠ IN RITARDO: nessuno se n’è fatto carico; scadenza 09:15")
        dialog = await office.open("marta", told["@marta"], "Silenzia")
        assert isinstance(dialog, Dialog)
        assert dialog.title == "Silenzia"


@pytest.mark.parametrize("act", ["take_over", "got_it", "mute", "open", "reassign"])
async def test_a_broken_button_of_a_ping_is_answered_with_a_sentence(office: SlackOffice, act: str) -> None:
    _, told = await overdue(office)
    click = pressed(told["@marta"], "Got it", user="U0MARTA")
    for number, value in enumerate(("", "x", "{}", '{"case":"01nothing"}', '{"case":"a","approver":true}')):
        click["actions"][0] |= {"action_id": f"portavoce:{act}", "value": value, "action_ts": f"{number}.1"}
        assert (await interaction(office, click)).status_code == 200
        whispers = office.workspace.ephemerals("U0MARTA", "D0MARTA")
        assert len(whispers) == number + 1
        assert whispers[-1]["text"] in {
            "This card is too old to be used. Please use the newest one of this case.",
            "This case does not exist any more.",
        }


async def test_a_ping_of_another_case_is_not_seen_by_a_forged_button(office: SlackOffice) -> None:
    case, told = await overdue(office)
    other, _ = await new_card(office, "My refund?")
    click = pressed(told["@marta"], "Got it", user="U0MARTA")
    value = json.loads(click["actions"][0]["value"])
    click["actions"][0]["value"] = json.dumps({**value, "case": other})
    await interaction(office, click)
    assert office.workspace.ephemerals("U0MARTA", "D0MARTA")[-1]["text"].startswith("This step is done")
    await office.carry()
    assert "Got it" in pings(office, case)["@marta"].buttons


async def test_whoever_is_on_call_by_a_user_group_clicks_what_their_ping_offers(
    database: Database, clock: TestClock
) -> None:
    rota = '[on_call.front]\n[[on_call.front.layers]]\nslack_group = "S0FRONT"\n'
    ladder = '[[policies.standard.ladder]]\nat = "80%"\nping = "on_call"\nsteps = ["acknowledge"]\n'
    text = CONFIGURATION.replace('manager = "marta"', 'manager = "marta"\non_call = "front"', 1)
    text = text.replace("[accounts.acme]", f"{rota}{ladder}[accounts.acme]", 1)
    async with slack_office(database, clock, text=text) as office:
        office.workspace.groups["S0FRONT"] = UserGroup("S0FRONT", "front", "Front", ("U0LEA",))
        await GroupReader(office.slack.workplace.desk, {"slack": office.slack.surface}).read_due()
        case, told = await overdue(office, minutes=12)
        office.workspace.change_group("S0FRONT", members=())
        dialog = await office.open("lea", told["@lea"], "Mute")
        assert isinstance(dialog, Dialog)
        assert (await office.press("lea", told["@lea"], "Take over")).text == "It is yours now."
        assert (await file_of(office, case)).case.owner == "lea"
        details = await office.open("lea", told["@lea"], "Open")
        assert isinstance(details, Dialog)
