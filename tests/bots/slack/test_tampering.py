"""What a forged, stale or broken interaction can do: nothing."""

import itertools
import json
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from bots.slack.client import may_answer_at
from models.vocabulary import CaseState, DraftState
from tests.bots.slack.office import SlackOffice, buttons
from tests.bots.slack.test_endpoint import send, signed
from tests.bots.story import draft_of, file_of, new_card, submitted


async def interaction(office: SlackOffice, payload: dict[str, Any]) -> httpx.Response:
    body = urlencode({"payload": json.dumps(payload)}).encode()
    answer = await send(office, body, signed(office, body, kind="application/x-www-form-urlencoded"))
    await office.settle()
    return answer


_moments = itertools.count(1)


def click(
    action_id: str, value: str, *, user: str = "U0CARLA", message: str = "1.1", response_url: str = "", **more: Any
) -> dict[str, Any]:
    action = {
        "type": "button",
        "action_id": action_id,
        "block_id": "b",
        "value": value,
        "action_ts": f"{next(_moments)}.0",
    }
    return {
        "type": "block_actions",
        "team": {"id": "T1"},
        "user": {"id": user},
        "trigger_id": "t",
        "actions": [action],
        "response_url": response_url,
        "container": {"type": "message", "message_ts": message, "channel_id": "C0APPROVE"},
        "channel": {"id": "C0APPROVE"},
        **more,
    }


def told(office: SlackOffice, user: str, channel: str = "C0APPROVE") -> str:
    return office.workspace.ephemerals(user, channel)[-1]["text"]


BROKEN = ("", "x", "{}", '{"case":"01nothing"}', '{"case":"a","approver":true}', "[" * 5_000)
SENTENCES = {
    "This card is too old to be used. Please use the newest one of this case.",
    "This case does not exist any more.",
}


async def test_a_broken_button_is_answered_with_a_sentence(office: SlackOffice) -> None:
    count = 0
    for act in ("approve", "claim", "answer", "details", "send_back", "undo"):
        for value in BROKEN:
            count += 1
            answer = await interaction(office, click(f"portavoce:{act}", value))
            assert answer.status_code == 200
            assert told(office, "U0CARLA") in SENTENCES, (act, value[:40])
            assert len(office.workspace.ephemerals("U0CARLA", "C0APPROVE")) == count, "every click is answered"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"draft": 2}, "There is a newer version"),
        ({"hash": "0" * 64}, "There is a newer version"),
        ({"context": 9}, "The customer changed the conversation"),
        ({"draft": 0, "hash": ""}, "There is a newer version"),
    ],
)
async def test_an_approval_of_something_else_approves_nothing(
    office: SlackOffice, changed: dict[str, Any], words: str
) -> None:
    case, approval = await submitted(office)
    element = next(
        e
        for b in approval.raw
        if b["type"] == "actions"
        for e in b["elements"]
        if e["text"]["text"] == "Approve and send"
    )
    value = json.dumps({**json.loads(element["value"]), **changed})
    await interaction(office, click("portavoce:approve", value, message=approval.id.partition(":")[2]))
    assert words in told(office, "U0CARLA")
    assert (await draft_of(office, case)).state is DraftState.PENDING


async def test_who_acts_is_who_slack_signed(office: SlackOffice) -> None:
    case, approval = await submitted(office)
    element = next(
        e
        for b in approval.raw
        if b["type"] == "actions"
        for e in b["elements"]
        if e["text"]["text"] == "Approve and send"
    )
    value = json.dumps({**json.loads(element["value"]), "source": "carla"})
    await interaction(office, click("portavoce:approve", value, user="U0BRUNO", message=approval.id.partition(":")[2]))
    assert "Only an approver" in told(office, "U0BRUNO")
    assert (await file_of(office, case)).case.state is CaseState.IN_REVIEW


@pytest.mark.parametrize(
    "metadata", ["", "{", '{"case":"01nothing","source":"dialog"}', '{"case":"x","source":"magic"}']
)
async def test_a_forged_dialog_stays_open_with_a_sentence(office: SlackOffice, metadata: str) -> None:
    view = {
        "id": "V1", "hash": "1.a", "type": "modal", "callback_id": "portavoce:answer", "private_metadata": metadata,
        "state": {"values": {"answer": {"portavoce:answer_text": {"type": "plain_text_input", "value": "hi"}}}},
    }  # fmt: skip
    answer = await interaction(
        office,
        {"type": "view_submission", "team": {"id": "T1"}, "user": {"id": "U0ANNA"}, "trigger_id": "t", "view": view},
    )
    assert answer.status_code == 200
    assert answer.json()["response_action"] == "errors"
    assert set(answer.json()["errors"]) == {"answer"}


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("https://hooks.slack.com/actions/T1/1/abc", True),
        ("https://hooks.slack.com:443/actions/T1/1/abc", False),
        ("http://hooks.slack.com/actions/T1/1/abc", False),
        ("https://hooks.slack.com:8443/x", False),
        ("https://hooks.slack.com.evil.example/x", False),
        ("https://evil.example/hooks.slack.com", False),
        ("https://hooks.slack.com@evil.example/x", False),
        ("https://evil.example\\@hooks.slack.com/x", False),
        ("http://169.254.169.254/latest/meta-data", False),
        ("http://127.0.0.1:1/x", False),
        ("file:///etc/passwd", False),
        ("https://hooks.slack.com/a\r\nHost: evil.example", False),
        ("https://hooks.slack.com\t.evil.example/", False),
        ("", False),
    ],
)
def test_answers_go_to_slack_only(address: str, allowed: bool) -> None:
    assert may_answer_at(address, "https://slack.com/api/") is allowed
    assert may_answer_at("http://127.0.0.1:8000/sandbox/slack/response/x", "http://127.0.0.1:8000/sandbox/slack/api/")
    assert not may_answer_at("http://127.0.0.1:8001/response/x", "http://127.0.0.1:8000/sandbox/slack/api/")


async def test_where_the_bot_is_not_the_answer_goes_to_the_response_url(office: SlackOffice) -> None:
    _, card = await new_card(office)
    office.workspace.channels["C0BILLING"].members.remove("U0PORTAVOCE")
    answered = await office.press("nobody", card, "Claim")
    assert "U0NOBODY" in answered.text


async def test_an_act_of_an_older_product_is_acknowledged(office: SlackOffice) -> None:
    for payload in (
        click("something_else", "x"),
        {"type": "shortcut", "callback_id": "old", "team": {"id": "T1"}, "user": {"id": "U0ANNA"}, "trigger_id": "t"},
        {
            "type": "view_closed",
            "team": {"id": "T1"},
            "user": {"id": "U0ANNA"},
            "view": {"id": "V1", "callback_id": "portavoce:answer"},
        },
    ):
        assert (await interaction(office, payload)).status_code == 200


async def test_a_shortcut_elsewhere_is_told_where_to_use_it(office: SlackOffice) -> None:
    _, card = await new_card(office)
    channel, _, ts = card.id.partition(":")
    plain = await office.workspace.type("U0ANNA", channel, "not in a thread")
    for message in (plain.ts, ts):
        await office.workspace.shortcut("U0ANNA", "use_as_reply", channel=channel, message_ts=message)
        await office.settle()
        assert "in the thread under a card" in told(office, "U0ANNA", channel)
    assert office.workspace.open_view("U0ANNA") is None


async def test_a_shortcut_on_a_message_that_names_a_colleague_is_refused(office: SlackOffice) -> None:
    _, card = await new_card(office)
    channel, _, ts = card.id.partition(":")
    said = await office.workspace.type("U0BRUNO", channel, "ask @Anna please", thread_ts=ts, mentions=["U0ANNA"])
    await office.workspace.shortcut("U0ANNA", "use_as_reply", channel=channel, message_ts=said.ts)
    await office.settle()
    assert told(office, "U0ANNA", channel) == "@Anna Verdi cannot be sent to a customer. Write a name instead."


async def test_a_message_too_long_for_a_dialog_is_told_another_way(office: SlackOffice) -> None:
    _, card = await new_card(office)
    channel, _, ts = card.id.partition(":")
    said = await office.workspace.type("U0ANNA", channel, "x" * 3_001, thread_ts=ts)
    await office.workspace.shortcut("U0ANNA", "use_as_reply", channel=channel, message_ts=said.ts)
    await office.settle()
    assert "This message has 3001 characters" in told(office, "U0ANNA", channel)


async def test_ids_on_a_card_are_new_with_every_version(office: SlackOffice) -> None:
    case, card = await new_card(office)
    before = {block["block_id"] for block in card.raw}
    await office.press("anna", card, "Claim")
    await office.carry()
    [card] = office.shown("card", case)
    kept = {block["block_id"] for block in card.raw} & before
    assert all(name.startswith("answer_field:") for name in kept), (
        "only the field stays, so that nobody's typing is lost"
    )
    assert kept
    assert len(buttons(card.raw)) == len(set(buttons(card.raw)))


async def test_a_card_that_is_up_to_date_is_not_drawn_again_for_nothing(office: SlackOffice) -> None:
    """Whoever is typing on it is not disturbed by somebody else's click in vain."""
    case, card = await new_card(office)
    await office.press("anna", card, "Claim")
    await office.carry()
    [card] = office.shown("card", case)
    before = len(office.workspace.calls.of("chat.update"))
    for button in ("Spam", "Answer", "Snooze"):
        assert "belongs to Billing" in (await office.press("dario", card, button)).text
    assert len(office.workspace.calls.of("chat.update")) == before
