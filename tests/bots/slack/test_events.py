"""Events are stored before they are acknowledged, acted upon once, and finished after a crash."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from sqlmodel import select
from structlog.testing import capture_logs

from models.mention import Inbound
from tests.bots.slack.office import SlackOffice
from tests.bots.slack.test_endpoint import send
from tests.bots.story import draft_of, file_of, new_card


async def stored(office: SlackOffice) -> list[Inbound]:
    async with office.database.read() as tx:
        return list(await tx.session.exec(select(Inbound).order_by(Inbound.received_at, Inbound.key)))  # type: ignore[arg-type]


def reply(
    thread: str, *, event_id: str = "Ev1", ts: str = "1700000000.000100", text: str = "reply: Done.", **event: Any
) -> bytes:
    inner = {
        "type": "message",
        "channel": "C0BILLING",
        "user": "U0ANNA",
        "text": text,
        "ts": ts,
        "thread_ts": thread,
        "client_msg_id": "m1",
        **event,
    }
    body = {
        "type": "event_callback",
        "event_id": event_id,
        "team_id": "T1",
        "authorizations": [{"user_id": "U0PORTAVOCE", "is_bot": True}],
        "event": inner,
    }
    return json.dumps({**body, "event": {name: value for name, value in inner.items() if value is not None}}).encode()


async def drafts(office: SlackOffice, case: str) -> list[str]:
    return [draft.text for draft in (await file_of(office, case)).drafts]


async def test_a_reply_is_stored_raw_and_finished_with_its_decision(office: SlackOffice) -> None:
    case, card = await new_card(office)
    body = reply(card.id.partition(":")[2])
    assert (await send(office, body)).status_code == 200
    await office.settle()
    assert await drafts(office, case) == ["Done."]
    [row] = await stored(office)
    assert (row.key, row.source, row.body) == ("slack:message:m1", "slack", body)
    assert row.handled_at is not None
    assert office.inbox.stored == {"slack": 1}


@pytest.mark.parametrize(
    "again",
    [
        {},
        {"event_id": "Ev2"},
        {"event_id": "Ev2", "ts": "1700000000.000200"},
    ],
    ids=["a retry", "another event id", "another time, as some clients do"],
)
async def test_a_reply_told_twice_is_one_answer(office: SlackOffice, again: dict[str, str]) -> None:
    case, card = await new_card(office)
    thread = card.id.partition(":")[2]
    assert (await send(office, reply(thread))).status_code == 200
    await office.settle()
    assert (await send(office, reply(thread, **again))).status_code == 200
    await office.settle()
    assert await drafts(office, case) == ["Done."]


async def test_without_a_message_id_its_place_and_time_tell(office: SlackOffice) -> None:
    case, card = await new_card(office)
    thread = card.id.partition(":")[2]
    for event_id in ("Ev1", "Ev2"):
        await send(office, reply(thread, event_id=event_id, client_msg_id=None))
        await office.settle()
    assert await drafts(office, case) == ["Done."]


async def test_slacks_own_duplicates_and_retries(office: SlackOffice) -> None:
    case, card = await new_card(office)
    office.workspace.deliveries.faults.add("message", "duplicate", copies=3)
    await office.say_in_thread("anna", card, "reply: Once.")
    assert await drafts(office, case) == ["Once."]


async def test_an_edit_of_a_reply_changes_nothing(office: SlackOffice) -> None:
    case, card = await new_card(office)
    await office.say_in_thread("anna", card, "reply: First.")
    mine = max(office.workspace.channels["C0BILLING"].messages[card.id.partition(":")[2]].replies)
    await office.workspace.edit("U0ANNA", "C0BILLING", mine, "reply: Second.")
    await office.settle()
    assert await drafts(office, case) == ["First."]


async def test_of_chatter_only_that_it_came_is_kept(office: SlackOffice) -> None:
    _, card = await new_card(office)
    await office.say_in_thread("anna", card, "this customer is a canary")
    rows = await stored(office)
    assert [(row.body, row.handled_at is not None) for row in rows] == [(b"", True)]


async def test_what_the_bot_does_itself_is_not_stored(office: SlackOffice) -> None:
    await new_card(office)
    await office.settle()
    assert office.workspace.deliveries.kept, "the workspace told the bot of its own message"
    assert await stored(office) == []


async def test_another_bots_reply_is_no_answer(office: SlackOffice) -> None:
    case, card = await new_card(office)
    await send(office, reply(card.id.partition(":")[2], bot_id="B0OTHER"))
    await office.settle()
    assert await drafts(office, case) == []


@pytest.mark.parametrize("thread", ["1700000000.000001", None])
async def test_a_reply_elsewhere_answers_nobody(office: SlackOffice, thread: str | None) -> None:
    await send(office, reply("x", thread_ts=thread))
    await office.settle()
    assert all(row.handled_at for row in await stored(office))


async def test_a_reply_that_names_a_colleague_is_refused_by_name(office: SlackOffice) -> None:
    case, card = await new_card(office)
    channel, _, ts = card.id.partition(":")
    for target, named in (("U0BRUNO", "@Bruno Neri"), ("U0NOBODY", "@Nora Body")):
        await office.workspace.type(
            "U0ANNA", channel, "reply: ask @somebody", thread_ts=ts, mentions={"@somebody": target}
        )
        await office.settle()
        assert (
            office.workspace.ephemerals("U0ANNA", channel)[-1]["text"]
            == f"{named} cannot be sent to a customer. Write a name instead."
        )
    assert await drafts(office, case) == []
    assert all(row.handled_at for row in await stored(office))


async def test_a_reply_with_a_file_is_refused(office: SlackOffice) -> None:
    case, card = await new_card(office)
    await send(office, reply(card.id.partition(":")[2], subtype="file_share", files=[{"id": "F1"}]))
    await office.settle()
    assert "files cannot be sent along" in office.workspace.ephemerals("U0ANNA", "C0BILLING")[-1]["text"]
    assert await drafts(office, case) == []


async def test_what_was_stored_and_not_finished_is_taken_up(office: SlackOffice) -> None:
    """As after a crash between the acknowledgement and the work."""
    case, card = await new_card(office)
    body = reply(card.id.partition(":")[2])
    async with office.database.begin() as tx:
        await tx.intake.store([
            {
                "key": "slack:message:m1",
                "source": "slack",
                "account": "slack",
                "body": body,
                "received_at": office.house.clock.now(),
                "handled_at": None,
                "attempts": 0,
            }
        ])  # fmt: skip
    office.house.clock.forward(seconds=20)
    for _ in range(2):
        await office.inbox.take_up({"slack": office.slack.replay})
        office.house.clock.forward(minutes=5)
    assert await drafts(office, case) == ["Done."]
    assert (await draft_of(office, case)).author == "anna"
    [row] = await stored(office)
    assert row.handled_at is not None
    assert (await send(office, body)).status_code == 200
    await office.settle()
    assert await drafts(office, case) == ["Done."]


@pytest.mark.parametrize("poster", ["on its way back", "without an answer"])
async def test_a_reply_below_a_card_that_is_not_noted_yet_waits_for_it(office: SlackOffice, poster: str) -> None:
    """Who reads the card cannot know that the bot died, or has no answer yet, while it posted it."""
    office.workspace.faults.add("chat.postMessage", "timeout_after" if poster == "on its way back" else "drop_after")
    case = await office.house.arrive("Where is my invoice?")
    posting = asyncio.create_task(office.carry())
    shown = await office.workspace.until(lambda: office.shown("card", case), what="the card")
    if poster == "without an answer":
        await posting
    await office.say_in_thread("anna", shown[0], "reply: At once.")
    assert await drafts(office, case) == []
    assert [row.handled_at for row in await stored(office)] == [None]
    if poster == "on its way back":
        under_way = {posting, *office.courier._running}
        for task in under_way:
            task.cancel()  # it dies
        await asyncio.wait(under_way)
        office.courier._running.clear()
    for _ in range(3):
        office.house.clock.forward(minutes=2)
        await office.carry()
        await office.inbox.take_up({"slack": office.slack.replay})
    assert await drafts(office, case) == ["At once."]
    assert [row.handled_at is not None for row in await stored(office)] == [True]
    assert len(office.shown("card", case)) == 1


async def test_a_reply_below_another_message_waits_for_no_card_for_ever(office: SlackOffice) -> None:
    office.workspace.faults.add("chat.postMessage", "drop_after")
    await office.house.arrive("Where is my invoice?")
    await office.carry()
    said = await office.workspace.type("U0ANNA", "C0BILLING", "Lunch?")
    await office.workspace.type("U0BRUNO", "C0BILLING", "reply: Yes.", thread_ts=said.ts)
    await office.settle()
    assert [row.handled_at is None for row in await stored(office) if row.body] == [True]
    office.house.clock.forward(minutes=2)
    await office.carry()
    await office.inbox.take_up({"slack": office.slack.replay})
    assert [row.handled_at is None for row in await stored(office) if row.body] == [False]


async def test_work_that_fails_after_the_acknowledgement_is_taken_up(office: SlackOffice) -> None:
    case, card = await new_card(office)
    office.slack.workplace.desk.clock = None  # type: ignore[assignment] - a defect, to be mended while the delivery waits
    with capture_logs() as lines:
        assert (await send(office, reply(card.id.partition(":")[2]))).status_code == 200
        await office.settle()
    assert [line["event"] for line in lines] == ["work after an acknowledgement failed"]
    assert "Done." not in str(lines)
    office.slack.workplace.desk.clock = office.house.clock
    office.house.clock.forward(seconds=20)
    await office.inbox.take_up({"slack": office.slack.replay})
    assert await drafts(office, case) == ["Done."]


async def test_without_storage_slack_is_told_to_come_again(office: SlackOffice) -> None:
    case, card = await new_card(office)
    thread = card.id.partition(":")[2]
    async with office.without_storage():
        answer: httpx.Response = await send(office, reply(thread))
        assert answer.status_code == 503
    assert (await send(office, reply(thread))).status_code == 200
    await office.settle()
    assert await drafts(office, case) == ["Done."]


@pytest.mark.parametrize(
    "kind", ["app_uninstalled", "tokens_revoked", "channel_archive", "member_joined_channel", "something_new"]
)
async def test_every_event_is_acknowledged(office: SlackOffice, kind: str) -> None:
    body = json.dumps(
        {"type": "event_callback", "event_id": "Ev1", "team_id": "T1", "event": {"type": kind, "channel": "C1"}}
    ).encode()
    assert (await send(office, body)).status_code == 200


async def test_being_rate_limited_is_acknowledged_and_told_loudly(office: SlackOffice) -> None:
    with capture_logs() as lines:
        answer = await send(office, b'{"type":"app_rate_limited","team_id":"T1","minute_rate_limited":1518467820}')
    assert answer.status_code == 200
    assert [line["log_level"] for line in lines] == ["error"]


async def test_a_mention_is_answered_with_help(office: SlackOffice) -> None:
    await office.workspace.type("U0ANNA", "C0BILLING", "@portavoce hello", mentions=["U0PORTAVOCE"])
    await office.settle()
    [said] = office.workspace.ephemerals("U0ANNA", "C0BILLING")
    assert "/portavoce freeze" in said["text"]


async def test_slack_is_never_asked_who_we_are_before_an_event_is_safe(office: SlackOffice) -> None:
    office.workspace.faults.script([("auth.test", "error_500_before", 99)])
    case, card = await new_card(office)
    await office.say_in_thread("anna", card, "reply: Still here.")
    assert await drafts(office, case) == ["Still here."]
    assert office.workspace.calls.of("auth.test") == []
