"""Cases are locked before effects, by everybody: two that go through one case never wait for each other in a circle."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from escalation.ports import Edited, RetryLater
from models.clocks import StepClock
from models.database import Database
from models.outbox import Effect
from models.vocabulary import CaseState, DraftState
from tests.house import House
from tests.scenarios.steps import approved, replies, state, texts

_MOST_LOOKS = 3_000


async def overtaken(house: House) -> str:
    """A case whose reply failed once while the customer changed the post: the approval is void at the next look."""
    house.networks["acme"].faults = [("before", RetryLater("busy"))]
    case_id = await approved(house)
    house.clock.forward(seconds=5)
    await house.courier._start_due()
    file = await house.desk.file(case_id)
    await house.desk.intake("acme", [Edited(file.mention.external_id, "Never mind.", house.clock.now())])
    await asyncio.wait([*house.courier._running])
    await house.courier._settle_finished()
    assert await state(house, case_id) is CaseState.RELAYING
    house.clock.forward(minutes=6)
    return case_id


async def somebody_waits(database: Database) -> None:
    """Look until a connection waits for a lock that another one holds."""
    for _ in range(_MOST_LOOKS):
        async with database.read() as tx:
            waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            if (await tx.session.exec(waiting)).scalar():
                return
    raise AssertionError("nobody waits for a lock")


@pytest.mark.parametrize("database", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True)
async def test_whoever_waits_for_a_case_holds_none_of_its_effects(house: House):
    case_id = await overtaken(house)
    [reply] = await replies(house, case_id)
    async with house.database.begin() as tx:
        await tx.cases.hold([case_id])
        claiming = asyncio.create_task(house.courier._start_due())
        await somebody_waits(house.database)
        mine = select(Effect.id).where(col(Effect.id) == reply.id).with_for_update(nowait=True)
        assert (await tx.session.exec(mine)).one() == reply.id, "as the desk takes a reply back"
    await claiming
    assert await state(house, case_id) is CaseState.IN_REVIEW


@pytest.mark.parametrize("database", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True)
async def test_a_sweep_that_passes_a_case_by_holds_none_of_its_clocks(house: House):
    case_id, other = await house.arrive(), await house.arrive("Another")
    later = house.clock.now() + timedelta(days=1)
    clocks = select(StepClock.id).where(col(StepClock.case_id) == case_id).with_for_update(nowait=True)
    async with house.database.begin() as tx, house.database.begin() as sweep:
        await tx.cases.hold([case_id])
        assert set(await sweep.clocks.cases_with_rungs_due(later, limit=200)) == {other}
        assert (await tx.session.exec(clocks)).all(), "as the desk ends a clock of the case that it holds"


async def test_an_overtaken_reply_is_put_aside_and_its_case_told_once(house: House):
    case_id = await overtaken(house)
    await house.courier.drain()
    file = await house.desk.file(case_id)
    assert file.case.state is CaseState.IN_REVIEW
    assert [draft.state for draft in file.drafts] == [DraftState.VOID, DraftState.PENDING]
    assert texts(house) == []


async def test_what_changed_before_it_was_put_aside_is_left_alone(house: House):
    case_id = await overtaken(house)
    claim = await house.courier._claim(50)
    [reply] = [effect for effect in claim.aside if effect.case_id == case_id]
    assert reply.id not in {job.effect.id for job in claim.jobs}
    await house.courier._put_aside(claim.aside)
    before = (await house.desk.file(case_id)).case.version
    await house.courier._put_aside(claim.aside)
    assert (await house.desk.file(case_id)).case.version == before
