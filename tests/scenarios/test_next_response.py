"""What the customer writes while a reply is on its way: they wait from their oldest message that it does not answer."""

from datetime import datetime, timedelta

from escalation import commands as c
from escalation.ladder import Timing
from escalation.ports import Deleted
from escalation.retelling import retell
from models.clocks import StepClock
from models.vocabulary import CaseState, DismissReason, Step
from tests.house import House, a_post
from tests.scenarios.steps import able, approve, do, in_doubt, quiet, state, submit


async def write(house: House, case_id: str, **facts: object) -> datetime:
    """Let the customer write once more; return when."""
    file = await house.desk.file(case_id)
    post = a_post("And?", clock=house.clock, thread_id=file.case.thread_id, parent_id=file.mention.external_id, **facts)
    await house.desk.intake("acme", [post])
    return post.posted_at


async def running(house: House, case_id: str, step: Step) -> StepClock:
    return (await house.desk.file(case_id)).running(step)


async def as_told(house: House, case_id: str) -> None:
    async with house.database.read() as tx:
        entries = await tx.cases.journal(case_id)
    calendars = house.desk.rulebook.calendars
    told = retell(entries, lambda by: Timing(calendars[by.calendar], by.target_seconds))
    for clock in (await house.desk.file(case_id)).clocks:
        assert told[clock.step, clock.cycle].started_at == clock.started_at


async def test_two_messages_behind_a_reply_in_doubt_wait_from_the_first_on(house: House):
    able(house, reply_window=timedelta(days=1))
    case_id = await in_doubt(house, arrived=True)
    house.clock.forward(seconds=12)
    first = await write(house, case_id)
    house.clock.forward(seconds=40)
    newest = await write(house, case_id)
    for _ in range(5):
        house.clock.forward(minutes=2)
        await quiet(house)
    assert await state(house, case_id) is CaseState.WAITING_ANSWER
    owed = await running(house, case_id, Step.NEXT_RESPONSE)
    assert (owed.cycle, owed.started_at) == (1, first)
    assert (await running(house, case_id, Step.ANSWER)).started_at > newest
    assert (await running(house, case_id, Step.REPLY_WINDOW)).started_at == newest
    await as_told(house, case_id)


async def test_a_message_that_was_deleted_again_is_not_waited_for(house: House):
    case_id = await in_doubt(house, arrived=True)
    await write(house, case_id)
    gone = (await house.desk.file(case_id)).mention.external_id
    house.clock.forward(seconds=40)
    second = await write(house, case_id)
    await house.desk.intake("acme", [Deleted(gone, house.clock.now())])
    house.clock.forward(minutes=3)
    await quiet(house)
    assert (await running(house, case_id, Step.NEXT_RESPONSE)).started_at == second


async def test_a_second_wait_never_begins_inside_the_first(house: House):
    case_id = await in_doubt(house, arrived=True)
    await write(house, case_id)
    house.clock.forward(minutes=3)
    await quiet(house)
    await submit(house, case_id, "Tomorrow.")
    await approve(house, case_id)
    house.clock.forward(seconds=6)
    await house.courier.drain()
    delivered = (await house.desk.file(case_id)).latest(Step.NEXT_RESPONSE).ended_at
    await write(house, case_id, posted_at=delivered - timedelta(minutes=1))
    owed = await running(house, case_id, Step.NEXT_RESPONSE)
    assert (owed.cycle, owed.started_at) == (2, delivered)
    await as_told(house, case_id)


async def test_each_clock_of_a_case_that_begins_again_is_cut_by_its_own_past_alone(house: House):
    """Written before the case was closed, heard of afterwards: nobody has answered it, but it was not open twice."""
    case_id = await in_doubt(house, arrived=True)
    house.clock.forward(minutes=3)
    await quiet(house)
    assert await state(house, case_id) is CaseState.ANSWERED
    house.clock.forward(minutes=30)
    await do(house, case_id, c.Dismiss(DismissReason.NO_REPLY_NEEDED), actor="anna")
    closed = house.clock.now()
    house.clock.forward(minutes=1)
    posted = await write(house, case_id, posted_at=closed - timedelta(minutes=10))
    assert (await running(house, case_id, Step.RESOLUTION)).started_at == closed
    assert (await running(house, case_id, Step.NEXT_RESPONSE)).started_at == posted
    await as_told(house, case_id)
