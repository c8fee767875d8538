"""Cases that wait, end and begin again: snooze, spam, closing, and customers who write once more."""

from datetime import timedelta

from escalation import commands as c
from models.vocabulary import CaseState, DismissReason, Step, StepOutcome
from tests.house import House, a_post
from tests.scenarios.steps import (
    acts,
    answered,
    approve,
    do,
    in_review,
    leave,
    notes,
    quiet,
    refused,
    state,
    submit,
    texts,
)


async def write(house: House, text: str, *, to: str, account: str = "acme") -> None:
    """Let the same customer write again in the conversation of a case."""
    file = await house.desk.file(to)
    post = a_post(text, clock=house.clock, thread_id=file.case.thread_id, parent_id=file.mention.external_id)
    await house.desk.intake(account, [post])


async def test_a_snoozed_case_wakes_by_itself_and_tells_its_owner(house: House):
    case_id = await house.arrive()
    await quiet(house)
    await do(house, case_id, c.Claim(), actor="anna")
    until = house.clock.now() + timedelta(hours=1)
    await do(house, case_id, c.Snooze(until), actor="anna")
    assert await state(house, case_id) is CaseState.SNOOZED
    house.clock.forward(minutes=59)
    assert await house.sweeper.sweep() == 0
    house.clock.forward(minutes=1)
    assert await house.sweeper.sweep() == 1
    assert await house.sweeper.sweep() == 0
    await quiet(house)
    assert await state(house, case_id) is CaseState.WAITING_ANSWER
    [told] = [m for m in house.chat.in_channel("C0BILLING", "thread") if "back from its snooze" in str(m.view.sentence)]
    assert told.view.to == ("anna",)


async def test_a_second_snooze_replaces_the_first(house: House):
    case_id = await house.arrive()
    now = house.clock.now()
    await do(house, case_id, c.Snooze(now + timedelta(hours=1)), actor="anna")
    await do(house, case_id, c.Snooze(now + timedelta(hours=3)), actor="anna")
    house.clock.forward(hours=2)
    assert await house.sweeper.sweep() == 0
    house.clock.forward(hours=1)
    assert await house.sweeper.sweep() == 1
    assert await state(house, case_id) is CaseState.WAITING_ANSWER


async def test_snoozing_is_for_a_moment_in_the_next_thirty_days(house: House):
    case_id = await house.arrive()
    for until in (house.clock.now(), house.clock.now() + timedelta(days=31)):
        assert "the next 30 d" in await refused(house, case_id, c.Snooze(until), actor="anna")


async def test_snoozes_in_a_row_are_as_long_together_as_one_may_be(house: House):
    case_id, day = await house.arrive(), timedelta(days=1)
    begun = house.clock.now()
    await do(house, case_id, c.Snooze(begun + 20 * day), actor="anna")
    house.clock.forward(days=10)
    await do(house, case_id, c.Snooze(begun + 25 * day), actor="bruno")
    house.clock.forward(days=16)
    await house.sweeper.sweep()
    await quiet(house)
    assert await state(house, case_id) is CaseState.WAITING_ANSWER
    told = await refused(house, case_id, c.Snooze(begun + 31 * day), actor="anna")
    assert told == "This has been put off since 09:00 and nobody took it up. Choose a moment until 09:00."
    await do(house, case_id, c.Snooze(begun + 30 * day), actor="anna")
    house.clock.forward(days=5)
    await house.sweeper.sweep()
    told = await refused(house, case_id, c.Snooze(house.clock.now() + day / 24), actor="anna")
    assert told == "This has been put off since 09:00 and nobody took it up; it may wait for 30 d at most."
    await do(house, case_id, c.Claim(), actor="anna")
    await do(house, case_id, c.Snooze(house.clock.now() + 30 * day), actor="anna")


async def test_a_customer_who_writes_begins_a_new_pause(house: House):
    case_id, month = await house.arrive(), timedelta(days=30)
    await do(house, case_id, c.Snooze(house.clock.now() + month), actor="anna")
    house.clock.forward(days=20)
    await write(house, "Hello?", to=case_id)
    await do(house, case_id, c.Snooze(house.clock.now() + month, why="waits for the warehouse"), actor="anna")
    async with house.database.read() as tx:
        newest = (await tx.cases.journal(case_id))[-1]
    assert newest.details["why"] == "waits for the warehouse"


async def test_claiming_or_writing_ends_a_snooze(house: House):
    first, second = await house.arrive("invoice one"), await house.arrive("invoice two")
    for case_id in (first, second):
        await do(house, case_id, c.Snooze(house.clock.now() + timedelta(hours=1)), actor="anna")
    await do(house, first, c.Claim(), actor="anna")
    await write(house, "Hello?", to=second)
    assert [await state(house, case_id) for case_id in (first, second)] == [CaseState.WAITING_ANSWER] * 2
    house.clock.forward(hours=2)
    await house.sweeper.sweep()
    assert "Wake" not in [*await acts(house, first), *await acts(house, second)]


async def test_a_case_that_was_put_away_before_its_card_was_seen_still_waits_for_its_claim(house: House):
    case_id = await house.arrive()
    await do(house, case_id, c.Snooze(house.clock.now() + timedelta(hours=1)), actor="anna")
    await quiet(house)
    house.clock.forward(hours=1)
    await house.sweeper.sweep()
    file = await house.desk.file(case_id)
    assert file.case.state is CaseState.WAITING_ANSWER
    assert file.running(Step.ACKNOWLEDGE) is not None


async def test_spam_stays_spam_however_often_it_writes(house: House):
    case_id = await house.arrive("Cheap refund pills")
    await quiet(house)
    await do(house, case_id, c.Dismiss(DismissReason.SPAM), actor="anna")
    await quiet(house)
    calls = len(house.chat.calls)
    await write(house, "More pills", to=case_id)
    await quiet(house)
    assert await state(house, case_id) is CaseState.DISMISSED
    assert [method for method, _ in house.chat.calls[calls:]] in ([], ["update"])
    assert "closed 1 second ago: spam" in await refused(house, case_id, c.Claim(), actor="anna")


async def test_a_customer_who_writes_again_after_no_reply_needed_opens_the_case_for_everybody(house: House):
    case_id = await house.arrive()
    await quiet(house)
    await do(house, case_id, c.Claim(), actor="anna")
    await do(house, case_id, c.Dismiss(DismissReason.NO_REPLY_NEEDED), actor="anna")
    house.clock.forward(hours=1)
    await write(house, "Still nothing?", to=case_id)
    file = await house.desk.file(case_id)
    assert (file.case.state, file.case.owner, file.case.dismiss_reason) == (CaseState.WAITING_ANSWER, None, None)
    assert file.running(Step.ACKNOWLEDGE) is not None
    owed = file.running(Step.FIRST_RESPONSE)
    assert (owed.cycle, owed.started_at) == (2, house.clock.now() - timedelta(seconds=10))
    assert owed.due_at is not None
    await do(house, case_id, c.Claim(), actor="bruno")
    await submit(house, case_id, "It is on its way.", actor="bruno")
    await approve(house, case_id)
    await leave(house)
    file = await house.desk.file(case_id)
    assert (file.running(Step.FIRST_RESPONSE), file.latest(Step.FIRST_RESPONSE).outcome) == (None, StepOutcome.DONE)


async def test_a_follow_up_after_the_answer_is_a_new_round_of_the_same_case(house: House):
    case_id = await answered(house)
    house.clock.forward(hours=5)
    await write(house, "And the second one?", to=case_id)
    file = await house.desk.file(case_id)
    assert (file.case.state, file.case.round, file.case.owner) == (CaseState.WAITING_ANSWER, 2, "anna")
    await submit(house, case_id, "It follows.")
    await approve(house, case_id)
    await leave(house)
    assert texts(house)[1:] == ["@ada It follows."]
    assert house.networks["acme"].posts[1].to.text == "And the second one?"
    file = await house.desk.file(case_id)
    assert len([clock for clock in file.clocks if clock.step is Step.FIRST_RESPONSE]) == 1
    house.clock.forward(days=4)
    assert await house.sweeper.sweep() == 1
    assert await state(house, case_id) is CaseState.CLOSED


async def test_a_follow_up_after_closing_opens_the_case_again(house: House):
    case_id = await answered(house)
    house.clock.forward(days=4)
    await house.sweeper.sweep()
    assert await state(house, case_id) is CaseState.CLOSED
    await write(house, "It came back!", to=case_id)
    file = await house.desk.file(case_id)
    assert file.running(Step.NEXT_RESPONSE).cycle == 1
    assert (file.case.state, file.case.closed_at) == (CaseState.WAITING_ANSWER, None)
    assert file.running(Step.RESOLUTION).cycle == 2
    await quiet(house)
    assert "The customer wrote again:" in notes(house, "C0BILLING")


async def test_a_thank_you_can_be_closed_without_another_reply(house: House):
    case_id = await answered(house)
    await do(house, case_id, c.Dismiss(DismissReason.NO_REPLY_NEEDED), actor="anna")
    file = await house.desk.file(case_id)
    assert file.case.state is CaseState.CLOSED
    assert not [clock for clock in file.clocks if clock.ended_at is None]
    house.clock.forward(days=4)
    assert await house.sweeper.sweep() == 0


async def test_an_answer_that_waits_for_approval_is_dismissed_by_its_author_or_an_approver_only(house: House):
    case_id = await in_review(house)
    dismiss = c.Dismiss(DismissReason.NO_REPLY_NEEDED)
    assert "An answer by Anna Verdi is waiting" in await refused(house, case_id, dismiss, actor="bruno")
    await do(house, case_id, dismiss, actor="anna")
    assert await state(house, case_id) is CaseState.DISMISSED


async def test_somebody_else_in_the_same_conversation_is_a_case_of_their_own(house: House):
    case_id = await house.arrive()
    file = await house.desk.file(case_id)
    other = a_post("Me too", clock=house.clock, thread_id=file.case.thread_id, parent_id=file.mention.external_id)
    other = type(other)(**{**other.__dict__, "author": type(other.author)("bob-1", "Bob", "bob")})
    taken = await house.desk.intake("acme", [other])
    assert len(taken.opened) == 1
    assert taken.opened[0] != case_id


async def test_a_timer_whose_case_has_moved_on_changes_nothing(house: House):
    case_id = await answered(house)
    await write(house, "One more thing", to=case_id)
    house.clock.forward(days=4)
    before = await acts(house, case_id)
    await house.sweeper.sweep()
    told = [act for act in await acts(house, case_id) if act != "TargetsDue"]
    assert told == before
    async with house.database.read() as tx:
        assert not await tx.clocks.due_cases(house.clock.now(), limit=5)
