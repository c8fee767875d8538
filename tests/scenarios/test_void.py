"""An approval holds for the conversation that the approver saw; what the customer does before sending makes it void."""

from collections.abc import Sequence

import pytest

from escalation import commands as c
from escalation.ports import Arrival, Deleted, Edited, Posted, PostFacts, RetryLater, Uncertain
from models.vocabulary import CaseState, DraftState, EffectState
from tests.house import House, a_post
from tests.scenarios.steps import (
    ANSWER,
    able,
    acts,
    approve,
    approve_and_send,
    approved,
    asking_nobody,
    do,
    draft_of,
    in_doubt,
    in_review,
    leave,
    notes,
    quiet,
    refused,
    replies,
    seen,
    state,
    texts,
)

KINDS = ("edit", "delete", "message")


async def change(house: House, case_id: str, kind: str) -> Arrival:
    """What the network tells when the customer edits or deletes the post, or writes again."""
    file = await house.desk.file(case_id)
    post = file.mentions[0]
    if kind == "edit":
        return Edited(post.external_id, "Where is my refund?", house.clock.now())
    if kind == "delete":
        return Deleted(post.external_id, house.clock.now())
    return a_post("Never mind!", clock=house.clock, thread_id=file.case.thread_id, parent_id=post.external_id)


@pytest.mark.parametrize("kind", KINDS)
async def test_it_is_void_when_the_customer_was_faster(house: House, kind: str):
    case_id = await approved(house)
    await house.desk.intake("acme", [await change(house, case_id, kind)])
    await leave(house)
    assert texts(house) == []
    file = await house.desk.file(case_id)
    assert file.case.state is CaseState.IN_REVIEW
    assert [draft.state for draft in file.drafts] == [DraftState.VOID, DraftState.PENDING]
    await quiet(house)
    [new] = [m for m in house.chat.in_channel("C0APPROVE", "approval") if m.view.draft_version == 2]
    assert any(str(notice).startswith("The approval is void:") for notice in new.view.notices)
    assert any(note.startswith("The approval is void:") for note in notes(house, "C0BILLING"))
    await approve_and_send(house, case_id)


@pytest.mark.parametrize("kind", KINDS)
async def test_it_is_void_when_the_network_tells_so_just_before_sending(house: House, kind: str):
    case_id = await approved(house)
    house.networks["acme"].news = [await change(house, case_id, kind)]
    await leave(house)
    assert texts(house) == []
    assert await state(house, case_id) is CaseState.IN_REVIEW
    assert [effect.state for effect in await replies(house, case_id)] == [EffectState.CANCELLED]
    await approve_and_send(house, case_id)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_reviewer_who_read_the_older_conversation_must_look_again(house: House, kind: str):
    case_id = await in_review(house)
    old = await seen(house, case_id)
    await house.desk.intake("acme", [await change(house, case_id, kind)])
    for command in (c.Approve(old), c.EditAndSend(old, "Other words."), c.SendBack(old, "No."), c.LikeOnly(old)):
        assert "changed the conversation after you read it" in await refused(house, case_id, command, actor="carla")
    await approve(house, case_id)


async def test_a_reply_under_way_cannot_be_called_back_and_says_so_to_nobody_as_void(house: House):
    case_id = await approved(house)
    network = house.networks["acme"]
    deletion = await change(house, case_id, "delete")

    async def meanwhile(to: PostFacts) -> Sequence[Arrival]:
        await house.desk.intake("acme", [deletion])
        return []

    network.changes = meanwhile
    await leave(house)
    assert texts(house) == [f"@ada {ANSWER}"]
    assert await state(house, case_id) is CaseState.ANSWERED
    assert "VoidApproval" not in await acts(house, case_id)


@pytest.mark.parametrize("kind", KINDS)
async def test_it_is_void_when_the_try_under_way_did_not_act(house: House, kind: str):
    case_id = await approved(house)
    network = house.networks["acme"]
    what = await change(house, case_id, kind)

    async def meanwhile(to: PostFacts) -> Sequence[Arrival]:
        await house.desk.intake("acme", [what])
        return []

    network.changes = meanwhile
    network.faults = [("before", RetryLater("busy"))]
    await leave(house)
    house.clock.forward(minutes=10)
    await quiet(house)
    assert texts(house) == [], "it answered a conversation that nobody approved it for"
    assert await state(house, case_id) is CaseState.IN_REVIEW
    assert "VoidApproval" in await acts(house, case_id)


async def test_it_is_void_when_a_person_did_not_find_it_and_the_customer_has_moved_on(house: House):
    asking_nobody(house)
    case_id = await in_doubt(house, arrived=False)
    house.clock.forward(minutes=3)
    await quiet(house)
    assert await state(house, case_id) is CaseState.NEEDS_CHECK
    await house.desk.intake("acme", [await change(house, case_id, "edit")])
    await do(house, case_id, c.ConfirmNotPosted(), actor="carla")
    await quiet(house)
    assert texts(house) == []
    assert await state(house, case_id) is CaseState.IN_REVIEW


async def test_it_is_void_when_two_lookups_did_not_find_it_and_the_customer_has_moved_on(house: House):
    case_id = await in_doubt(house, arrived=False)
    await house.desk.intake("acme", [await change(house, case_id, "edit")])
    for _ in range(4):
        house.clock.forward(minutes=2)
        await quiet(house)
    assert texts(house) == []
    assert await state(house, case_id) is CaseState.IN_REVIEW
    assert (await draft_of(house, case_id)).state is DraftState.PENDING


async def test_what_is_partly_public_is_finished_and_never_begun_again(house: House):
    able(house, limit=45)
    case_id = await approved(house, "The first half is here. The second half is there.")
    network = house.networks["acme"]
    network.faults = [("", None), ("before", RetryLater("busy"))]
    await leave(house)
    assert len(texts(house)) == 1
    await house.desk.intake("acme", [await change(house, case_id, "edit")])
    house.clock.forward(minutes=10)
    await quiet(house)
    assert len(texts(house)) == 2
    assert await state(house, case_id) is CaseState.ANSWERED
    assert len(set(texts(house))) == 2


async def test_the_network_may_tell_what_is_no_news_without_holding_the_reply_up(house: House):
    case_id = await approved(house)
    stale = Edited((await house.desk.file(case_id)).mention.external_id, "older", house.clock.now())
    await house.desk.intake("acme", [Edited(stale.external_id, "newest", house.clock.now())])
    await approve(house, case_id)
    house.networks["acme"].news = [stale]
    await leave(house)
    assert texts(house) == [f"@ada {ANSWER}"]


async def test_another_customers_message_does_not_hold_the_reply_up(house: House):
    case_id = await approved(house)
    file = await house.desk.file(case_id)
    other = a_post("Me too", clock=house.clock, thread_id=file.case.thread_id)
    house.networks["acme"].news = [type(other)(**{**other.__dict__, "author": type(other.author)("b", "Bob", "bob")})]
    await leave(house)
    assert texts(house) == [f"@ada {ANSWER}"]


async def test_a_message_that_came_while_the_reply_was_leaving_is_answered_too(house: House):
    case_id = await approved(house)
    network = house.networks["acme"]
    message = await change(house, case_id, "message")

    async def meanwhile(to: PostFacts) -> Sequence[Arrival]:
        house.clock.forward(seconds=1)
        await house.desk.intake("acme", [message])
        return []

    network.changes = meanwhile
    await leave(house)
    assert texts(house) == [f"@ada {ANSWER}"]
    file = await house.desk.file(case_id)
    assert file.case.state is CaseState.WAITING_ANSWER, "the customer's message would wait until the case is closed"
    assert file.case.answered_at is not None
    assert (await acts(house, case_id))[-2:] == ["Delivered", "CustomerWrote"]


async def test_rereading_that_fails_is_tried_again_and_nothing_is_doubtful(house: House):
    case_id = await approved(house)
    network = house.networks["acme"]
    answers = [Uncertain("timeout")]

    async def unsure(to: PostFacts) -> Sequence[Arrival]:
        if answers:
            raise answers.pop()
        return []

    network.changes = unsure
    await leave(house)
    assert texts(house) == []
    assert "Doubtful" not in await acts(house, case_id)
    house.clock.forward(minutes=1)
    await quiet(house)
    assert texts(house) == [f"@ada {ANSWER}"]
    assert isinstance(await network.find(network.posts[0]), Posted)
