"""What stands in chat: one live card per case and channel, its newest state, at the channel's pace, urgent first."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from escalation import commands as c
from escalation.ports import ChatMessage, Gone, Rejected, RetryLater, Uncertain
from models.vocabulary import CaseState, EffectKind, EffectState, NetworkAct, Step
from tests.house import House, a_post
from tests.scenarios.steps import (
    ANSWER,
    approve,
    approved,
    do,
    effects,
    in_review,
    leave,
    notes,
    quiet,
    replies,
    state,
    submit,
    texts,
)


def shown(house: House, channel: str = "C0BILLING") -> ChatMessage:
    [card] = house.chat.in_channel(channel, "card")
    return card


async def test_a_card_is_edited_in_place_through_its_whole_life(house: House):
    case_id = await house.arrive()
    await quiet(house)
    statuses = [str(shown(house).view.status)]
    await do(house, case_id, c.Claim(), actor="anna")
    await quiet(house)
    statuses.append(str(shown(house).view.status))
    await submit(house, case_id)
    await quiet(house)
    statuses.append(str(shown(house).view.status))
    await approve(house, case_id)
    await leave(house)
    await quiet(house)
    statuses.append(str(shown(house).view.status))
    assert statuses == [
        "Waiting for somebody to claim it.",
        "Anna Verdi is answering.",
        "The answer by Anna Verdi waits for approval.",
        "Answered by Anna Verdi, approved by Carla Rossi.",
    ]
    assert [method for method, message in house.chat.calls if message.kind == "card"].count("post") == 1
    assert shown(house).view.steps


async def test_a_card_that_was_deleted_in_chat_is_made_again_once(house: House):
    case_id = await house.arrive()
    await quiet(house)
    house.chat.messages.clear()
    await do(house, case_id, c.Claim(), actor="anna")
    await quiet(house)
    assert str(shown(house).view.status) == "Anna Verdi is answering."
    await submit(house, case_id)
    await quiet(house)
    assert str(shown(house).view.status) == "The answer by Anna Verdi waits for approval."


async def test_a_thread_message_under_a_deleted_card_brings_the_card_back(house: House):
    case_id = await house.arrive()
    await quiet(house)
    post = house.chat.post

    async def strict(message: ChatMessage) -> str:
        if message.thread is not None and message.thread not in house.chat.messages:
            raise Gone("thread_not_found")
        return await post(message)

    house.chat.post = strict
    await do(house, case_id, c.Claim(), actor="anna")
    await house.courier.drain()
    house.clock.forward(minutes=1)
    await submit(house, case_id)
    update = house.chat.update

    async def losing(message: ChatMessage, message_id: str) -> None:
        await update(message, message_id)
        if message.kind == "card":
            del house.chat.messages[message_id]

    house.chat.update = losing
    await house.courier.drain()
    house.chat.update = update
    await quiet(house)
    assert str(shown(house).view.status) == "The answer by Anna Verdi waits for approval."
    [note] = house.chat.in_channel("C0BILLING", "thread")
    assert note.thread in house.chat.messages
    await approve(house, case_id)
    await leave(house)
    await quiet(house)
    assert "Answered by Anna Verdi" in str(shown(house).view.status)


async def test_a_card_whose_answer_was_lost_is_found_and_not_posted_twice(house: House):
    house.chat.faults = [("after", Uncertain("timeout"))]
    case_id = await house.arrive()
    await quiet(house)
    await do(house, case_id, c.Claim(), actor="anna")
    house.clock.forward(seconds=11)
    await quiet(house)
    assert str(shown(house).view.status) == "Anna Verdi is answering."
    assert (await house.desk.file(case_id)).running(Step.ROUTE) is None


async def test_a_card_found_late_still_ends_routing(house: House):
    house.chat.faults = [("after", Uncertain("timeout"))]
    case_id = await house.arrive()
    await house.courier.drain()
    house.clock.forward(seconds=11)
    await quiet(house)
    file = await house.desk.file(case_id)
    assert file.running(Step.ROUTE) is None
    assert file.running(Step.ACKNOWLEDGE) is not None


async def test_a_card_that_did_not_arrive_is_posted_after_looking_for_it(house: House):
    house.chat.faults = [("before", Uncertain("timeout"))]
    await house.arrive()
    await quiet(house)
    assert house.chat.in_channel("C0BILLING", "card") == []
    house.clock.forward(seconds=11)
    await quiet(house)
    shown(house)


async def test_a_case_that_changes_while_its_card_fails_shows_the_newest_state(house: House):
    case_id = await house.arrive()
    await quiet(house)
    update, changes = house.chat.update, [c.Claim()]

    async def failing(message: ChatMessage, message_id: str) -> None:
        if changes:
            changes.pop()
            await submit(house, case_id)
            raise RetryLater("busy")
        await update(message, message_id)

    await do(house, case_id, c.Claim(), actor="anna")
    house.chat.update = failing
    await quiet(house)
    house.clock.forward(minutes=1)
    await quiet(house)
    assert str(shown(house).view.status) == "The answer by Anna Verdi waits for approval."
    states = {effect.state for effect in await effects(house, case_id, EffectKind.CARD)}
    assert states <= {EffectState.SENT, EffectState.SUPERSEDED}


async def test_a_first_card_that_fails_while_the_case_goes_on_is_not_stuck_behind_its_own_thread(house: House):
    case_id = await house.arrive()
    post, changes = house.chat.post, [1]

    async def failing(message: ChatMessage) -> str:
        if changes and message.kind == "card":
            changes.pop()
            await submit(house, case_id)
            raise RetryLater("busy")
        return await post(message)

    await do(house, case_id, c.Perform(NetworkAct.LIKE), actor="carla")
    await do(house, case_id, c.Snooze(house.clock.now().replace(hour=12)), actor="anna")
    house.chat.post = failing
    await quiet(house)
    house.clock.forward(minutes=2)
    await quiet(house)
    house.clock.forward(minutes=2)
    await quiet(house)
    assert str(shown(house).view.status) == "The answer by Anna Verdi waits for approval."
    assert len(house.chat.in_channel("C0BILLING", "thread")) == 1


async def test_a_card_never_shows_an_older_state_after_a_newer_one(house: House):
    case_id = await house.arrive()
    await quiet(house)
    for command, actor in ((c.Claim(), "anna"), (c.Perform(NetworkAct.LIKE), "carla")):
        await do(house, case_id, command, actor=actor)
        await house.courier.drain()
        house.clock.forward(seconds=2)
    await approved(house)
    await leave(house)
    versions = [
        message.view.case_version
        for _, message in house.chat.calls
        if message.kind == "card" and message.case_id == case_id
    ]
    assert versions == sorted(versions)


async def test_a_channel_takes_three_at_once_and_then_one_a_second(house: House):
    for number in range(8):
        await house.arrive(f"invoice {number}", external_id=f"burst-{number}", thread_id=f"burst-{number}")
    counts = []
    for _ in range(8):
        await house.courier.drain()
        counts.append(len(house.chat.in_channel("C0BILLING", "card")))
        house.clock.forward(seconds=1)
    assert counts == [3, 4, 5, 6, 7, 8, 8, 8]


async def test_one_busy_channel_does_not_hold_another(house: House):
    for number in range(5):
        await house.arrive(f"invoice {number}")
    await house.arrive("Something else")
    await house.courier.drain()
    assert len(house.chat.in_channel("C0PRODUCT", "card")) == 1


async def test_updates_of_one_card_coalesce_into_the_newest(house: House):
    case_id = await house.arrive()
    await quiet(house)
    before = len(house.chat.calls)
    await do(house, case_id, c.Claim(), actor="anna")
    await do(house, case_id, c.Snooze(house.clock.now().replace(hour=15)), actor="anna")
    await do(house, case_id, c.Perform(NetworkAct.LIKE), actor="carla")
    await house.courier.drain()
    assert [method for method, _ in house.chat.calls[before:]] == ["update"]
    assert str(shown(house).view.status).startswith("Snoozed until")


async def test_pings_and_new_cards_go_before_mere_updates(house: House):
    first = [await house.arrive(f"invoice {number}") for number in range(3)]
    await quiet(house)
    house.clock.forward(minutes=1)
    for case_id in first:
        await do(house, case_id, c.Claim(), actor="anna")
    await house.arrive("A new invoice question")
    before = len(house.chat.calls)
    await house.courier.drain()
    assert house.chat.calls[before][0] == "post"
    assert [method for method, _ in house.chat.calls[before:]] == ["post", "update", "update"]


async def test_what_the_chat_refuses_is_parked_where_people_can_see_it(house: House):
    house.chat.faults = [("before", Rejected("channel_not_found"))]
    case_id = await house.arrive()
    await quiet(house)
    [effect] = await effects(house, case_id, EffectKind.CARD)
    assert (effect.state, effect.reason) == (EffectState.PARKED, "channel_not_found")
    async with house.database.begin() as tx:
        assert await tx.outbox.move(effect.id, from_=[EffectState.PARKED], changes={"state": EffectState.READY})
    await quiet(house)
    shown(house)


async def test_a_card_that_the_chat_refuses_for_good_is_replaced_by_the_next_one(house: House):
    case_id = await house.arrive()
    await quiet(house)
    update = house.chat.update

    async def refusing(_: ChatMessage, __: str) -> None:
        raise Rejected("msg_blocks_too_long")

    house.chat.update = refusing
    await do(house, case_id, c.Claim(), actor="anna")
    await quiet(house)
    *_, refused = await effects(house, case_id, EffectKind.CARD)
    assert (refused.state, refused.reason) == (EffectState.PARKED, "msg_blocks_too_long")
    house.chat.update = update
    await submit(house, case_id)
    await quiet(house)
    assert str(shown(house).view.status) == "The answer by Anna Verdi waits for approval."
    assert notes(house, "C0BILLING") == ["Anna Verdi submitted an answer for approval."]
    drawings = await effects(house, case_id, EffectKind.CARD)
    assert EffectState.PARKED not in {effect.state for effect in drawings}
    assert next(effect for effect in drawings if effect.id == refused.id).state is EffectState.SUPERSEDED


async def test_a_thread_line_that_the_chat_refuses_for_good_holds_up_neither_card_nor_lines(house: House):
    case_id = await house.arrive()
    await quiet(house)
    post = house.chat.post

    async def refusing(message: ChatMessage) -> str:
        if message.kind == "thread":
            raise Rejected("msg_too_long")
        return await post(message)

    house.chat.post = refusing
    await submit(house, case_id)
    await quiet(house)
    house.chat.post = post
    await approve(house, case_id)
    await leave(house)
    await quiet(house)
    assert "Answered by Anna Verdi" in str(shown(house).view.status)
    assert notes(house, "C0BILLING") == [
        "Carla Rossi approved the answer.",
        "Sent. The customer can read the reply now.",
    ]
    lines = await effects(house, case_id, EffectKind.THREAD)
    assert [line.state for line in lines] == [EffectState.PARKED, EffectState.SENT, EffectState.SENT]


async def test_a_parked_card_that_is_let_go_by_hand_takes_the_place_of_one_that_waits(house: House):
    house.chat.faults = [("before", Rejected("channel_not_found"))]
    case_id = await house.arrive()
    await house.courier.drain()
    [parked] = await effects(house, case_id, EffectKind.CARD)
    await do(house, case_id, c.Claim(), actor="anna")
    async with house.database.begin() as tx:
        assert await tx.outbox.move(parked.id, from_=[EffectState.PARKED], changes={"state": EffectState.READY})
    await quiet(house)
    assert str(shown(house).view.status) == "Anna Verdi is answering."


async def test_a_parked_part_of_a_reply_still_holds_up_the_next_one(house: House):
    case_id = await approved(house, "One sentence of forty letters, no more. " * 12)
    first, *_ = await replies(house, case_id)
    async with house.database.begin() as tx:
        assert await tx.outbox.move(first.id, from_=[EffectState.READY], changes={"state": EffectState.PARKED})
    await leave(house)
    assert texts(house) == []
    assert {part.state for part in await replies(house, case_id)} == {EffectState.PARKED, EffectState.READY}


async def test_a_defect_in_a_surface_stops_nothing_else(house: House):
    house.chat.faults = [("before", ValueError("defect"))]
    await house.arrive()
    case_id = await approved(house, "Another answer.")
    await leave(house)
    assert texts(house) == ["@ada Another answer."]
    assert await state(house, case_id) is CaseState.ANSWERED


async def test_the_approvals_card_shows_exactly_what_is_published(house: House):
    case_id = await in_review(house, "It costs 3 < 5 & *more* 🙂")
    await quiet(house)
    [card] = house.chat.in_channel("C0APPROVE", "approval")
    await approve(house, case_id)
    await leave(house)
    assert tuple(texts(house)) == card.view.parts == ("@ada It costs 3 < 5 & *more* 🙂",)
    assert card.view.counts == (len(card.view.parts[0]),)


async def test_a_signature_is_shown_and_sent(house: House):
    case_id = await house.arrive(account="other")
    await submit(house, case_id)
    await quiet(house)
    [card] = house.chat.in_channel("C0APPROVE", "approval")
    await approve(house, case_id)
    await leave(house)
    assert tuple(texts(house, "other")) == card.view.parts == (f"@ada {ANSWER}\n^AV",)


async def test_a_customers_new_words_reach_the_card_and_the_thread(house: House):
    case_id = await house.arrive()
    await quiet(house)
    file = await house.desk.file(case_id)
    more = a_post("It is urgent", clock=house.clock, thread_id=file.case.thread_id, parent_id=file.mention.external_id)
    await house.desk.intake("acme", [replace(more, text="It is urgent!")])
    await quiet(house)
    assert shown(house).view.post.text == "It is urgent!"
    assert [excerpt.text for excerpt in shown(house).view.post.context] == ["Where is my invoice?"]
    [note] = house.chat.in_channel("C0BILLING", "thread")
    assert note.view.quote == "It is urgent!"


@pytest.mark.parametrize("database", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True)
async def test_a_change_while_its_card_is_being_claimed_is_shown_all_the_same(house: House):
    case_id = await house.arrive()
    courier, read, go_on = house.courier, asyncio.Event(), asyncio.Event()
    lease = courier._jobs

    async def standing_still(*found: Any) -> Any:
        """Stand still where the cases are read and the effects not leased yet."""
        read.set()
        await go_on.wait()
        return await lease(*found)

    courier._jobs = standing_still
    claiming = asyncio.create_task(courier._start_due())
    await read.wait()
    await do(house, case_id, c.Claim(), actor="anna")
    go_on.set()
    await claiming
    courier._jobs = lease
    await quiet(house)
    assert str(shown(house).view.status) == "Anna Verdi is answering."
