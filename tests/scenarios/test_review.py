"""What reviewers do with an answer, from sending it back to undoing an approval."""

from escalation import commands as c
from escalation.ports import RetryLater
from models.vocabulary import CaseState, DismissReason, DraftState, EffectState, NetworkAct, Step, Visibility
from tests.house import House
from tests.scenarios.steps import (
    ANSWER,
    acts,
    answered,
    approve,
    approve_and_send,
    approved,
    do,
    draft_of,
    in_review,
    leave,
    notes,
    quiet,
    refused,
    replies,
    seen,
    state,
    submit,
    texts,
)


async def test_an_answer_sent_back_returns_to_its_author_and_is_submitted_again(house: House):
    case_id = await in_review(house)
    await do(house, case_id, c.SendBack(await seen(house, case_id), "Say when."), actor="carla")
    await quiet(house)
    file = await house.desk.file(case_id)
    assert (file.case.state, file.case.owner) == (CaseState.WAITING_ANSWER, "anna")
    assert "Carla Rossi sent the answer back: Say when." in notes(house, "C0BILLING")
    [card] = house.chat.in_channel("C0BILLING", "card")
    assert str(card.view.status) == "Sent back to Anna Verdi: Say when."
    assert card.view.answer_field
    late = await refused(house, case_id, c.Approve(c.DraftSeen(1, file.draft.hash, 1)), actor="carla")
    assert "Carla Rossi sent this back" in late
    house.clock.forward(minutes=3)
    await submit(house, case_id, "It arrives today.")
    await approve_and_send(house, case_id, "It arrives today.")
    file = await house.desk.file(case_id)
    assert [draft.state for draft in file.drafts] == [DraftState.SENT_BACK, DraftState.APPROVED]
    cycles = [(clock.cycle, clock.outcome.value) for clock in file.clocks if clock.step is Step.ANSWER]
    assert cycles == [(1, "at_once"), (2, "done")]  # nobody claimed the first time, so there was no step to time


async def test_a_reason_is_wanted_for_sending_back_and_rejecting(house: House):
    case_id = await in_review(house)
    look = await seen(house, case_id)
    assert "what should change" in await refused(house, case_id, c.SendBack(look, "  "), actor="carla")
    assert "Say why" in await refused(house, case_id, c.Reject(look, ""), actor="carla")
    assert await state(house, case_id) is CaseState.IN_REVIEW


async def test_a_rejected_answer_frees_the_case_for_somebody_else(house: House):
    case_id = await in_review(house)
    await do(house, case_id, c.Reject(await seen(house, case_id), "Wrong customer."), actor="carla")
    file = await house.desk.file(case_id)
    assert (file.case.state, file.case.owner) == (CaseState.WAITING_ANSWER, None)
    assert file.running(Step.ACKNOWLEDGE).cycle == 2
    await do(house, case_id, c.Claim(), actor="bruno")
    await submit(house, case_id, "Please look again.", actor="bruno")
    await approve_and_send(house, case_id, "Please look again.")


async def test_edit_and_send_publishes_the_approvers_words_and_shows_the_author_the_difference(house: House):
    case_id = await in_review(house, "It is in your inbox.")
    await do(house, case_id, c.EditAndSend(await seen(house, case_id), "It is in your spam folder."), actor="carla")
    await leave(house)
    assert texts(house) == ["@ada It is in your spam folder."]
    first, edited = (await house.desk.file(case_id)).drafts
    assert (first.state, edited.state) == (DraftState.SUPERSEDED, DraftState.APPROVED)
    assert (edited.author, edited.edited_by, edited.based_on) == ("anna", "carla", 1)
    [told] = [m for m in house.chat.in_channel("C0BILLING", "thread") if "changed the answer" in str(m.view.sentence)]
    assert told.view.to == ("anna",)
    pieces = [(piece.kind, piece.text) for piece in told.view.diff]
    assert ("removed", "inbox") in pieces
    assert "".join(text for kind, text in pieces if kind != "removed") == "It is in your spam folder."
    assert "".join(text for kind, text in pieces if kind != "added") == "It is in your inbox."


async def test_edit_and_send_without_a_change_is_a_plain_approval(house: House):
    case_id = await in_review(house)
    await do(house, case_id, c.EditAndSend(await seen(house, case_id), ANSWER), actor="carla")
    assert [draft.state for draft in (await house.desk.file(case_id)).drafts] == [DraftState.APPROVED]


async def test_an_edit_that_does_not_fit_is_refused_and_nothing_is_lost(house: House):
    case_id = await in_review(house)
    sentence = await refused(house, case_id, c.EditAndSend(await seen(house, case_id), "x" * 2000), actor="carla")
    assert "Please shorten it" in sentence
    assert (await draft_of(house, case_id)).state is DraftState.PENDING


async def test_an_approval_can_be_undone_while_it_waits(house: House):
    case_id = await approved(house)
    house.clock.forward(seconds=4)
    await quiet(house, seconds=1)
    outcome = await do(house, case_id, c.Undo(), actor="anna")
    assert "Nothing was sent" in str(outcome.said)
    await leave(house)
    assert texts(house) == []
    file = await house.desk.file(case_id)
    assert file.case.state is CaseState.IN_REVIEW
    assert [effect.state for effect in file.replies] == [EffectState.CANCELLED]
    assert [draft.state for draft in file.drafts] == [DraftState.VOID, DraftState.PENDING]
    assert file.drafts[0].parts == file.drafts[1].parts
    await approve_and_send(house, case_id)


async def test_an_approval_cannot_be_undone_once_it_has_left(house: House):
    case_id = await answered(house)
    assert "already left" in await refused(house, case_id, c.Undo(), actor="carla")
    assert texts(house) == [f"@ada {ANSWER}"]


async def test_only_approvers_undo(house: House):
    case_id = await approved(house)
    assert "Only an approver" in await refused(house, case_id, c.Undo(), actor="bruno")


async def test_a_click_on_an_older_card_never_approves_a_newer_text(house: House):
    case_id = await in_review(house)
    old = await seen(house, case_id)
    await submit(house, case_id, "A better answer.", actor="bruno")
    assert "newer version of this answer (no. 2)" in await refused(house, case_id, c.Approve(old), actor="carla")
    await approve_and_send(house, case_id, "A better answer.")


async def test_two_approvers_one_wins_and_the_other_learns_who(house: House):
    case_id = await house.arrive()
    await submit(house, case_id, actor="bruno")
    look = await seen(house, case_id)
    await do(house, case_id, c.Approve(look), actor="anna")
    house.clock.forward(minutes=2)
    assert "Anna Verdi approved this" in await refused(house, case_id, c.Approve(look), actor="carla")
    await leave(house)
    assert len(texts(house)) == 1


async def test_nobody_approves_their_own_text_by_any_button(house: House):
    case_id = await in_review(house)
    look = await seen(house, case_id)
    for command in (c.Approve(look), c.EditAndSend(look, "Mine, changed.")):
        assert "Four eyes" in await refused(house, case_id, command, actor="anna")
    assert await state(house, case_id) is CaseState.IN_REVIEW


async def test_the_second_approval_belongs_to_the_department_that_the_route_names(house: House):
    case_id = await house.arrive("My lawyer will write to you")
    await submit(house, case_id, "We are sorry.", actor="lea")
    assert "community manager approves first" in await refused(
        house, case_id, c.Approve(await seen(house, case_id)), actor="lea"
    )
    await approve(house, case_id, actor="carla")
    await quiet(house)
    assert await state(house, case_id) is CaseState.IN_REVIEW
    [card] = house.chat.in_channel("C0LEGAL", "approval")
    assert str(card.view.status) == "Approved by Carla Rossi; the second approval is still needed."
    assert "second approval" in await refused(house, case_id, c.Approve(await seen(house, case_id)), actor="anna")
    assert "Four eyes" in await refused(house, case_id, c.Approve(await seen(house, case_id)), actor="lea")
    await leave(house)
    assert texts(house) == []


async def test_with_both_approvals_the_reply_leaves(house: House):
    case_id = await house.arrive("My lawyer will write to you")
    await submit(house, case_id, "We are sorry.", actor="carla")
    await approve(house, case_id, actor="anna")
    await approve(house, case_id, actor="lea")
    await leave(house)
    assert texts(house) == ["@ada We are sorry."]
    assert (await acts(house, case_id)).count("Approve") == 2


async def test_a_private_reply_instead_of_a_public_one_needs_its_own_approval(house: House):
    case_id = await in_review(house)
    public = await seen(house, case_id)
    await do(house, case_id, c.MakePrivate(public), actor="carla")
    assert "newer version" in await refused(house, case_id, c.Approve(public), actor="carla")
    assert "private already" in await refused(house, case_id, c.MakePrivate(await seen(house, case_id)), actor="carla")
    await approve(house, case_id)
    await leave(house)
    [posted] = house.networks["acme"].posts
    assert (posted.visibility, posted.text) == (Visibility.PRIVATE, f"@ada {ANSWER}")


async def test_an_answer_may_be_private_from_the_beginning(house: House):
    case_id = await house.arrive()
    await submit(house, case_id, privately=True)
    await approve(house, case_id)
    await leave(house)
    assert [posted.visibility for posted in house.networks["acme"].posts] == [Visibility.PRIVATE]


async def test_a_like_instead_of_a_reply_ends_the_case(house: House):
    case_id = await in_review(house)
    await do(house, case_id, c.LikeOnly(await seen(house, case_id)), actor="carla")
    await leave(house)
    assert house.networks["acme"].acts == [NetworkAct.LIKE]
    assert texts(house) == []
    file = await house.desk.file(case_id)
    assert (file.case.state, file.case.dismiss_reason) == (CaseState.DISMISSED, DismissReason.LIKED)
    assert not [clock for clock in file.clocks if clock.ended_at is None]


async def test_a_post_is_liked_once(house: House):
    case_id = await house.arrive()
    await do(house, case_id, c.Perform(NetworkAct.LIKE), actor="carla")
    assert "done already" in await refused(house, case_id, c.Perform(NetworkAct.LIKE), actor="anna")
    await quiet(house)
    assert house.networks["acme"].acts == [NetworkAct.LIKE]


async def test_an_approved_reply_leaves_although_the_chat_is_down(house: House):
    case_id = await approved(house)
    house.chat.faults += [("before", RetryLater("chat is down"))] * 50
    house.clock.forward(seconds=5)
    await house.courier.drain()
    assert texts(house) == [f"@ada {ANSWER}"]
    assert [effect.state for effect in await replies(house, case_id)] == [EffectState.SENT]
