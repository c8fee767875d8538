"""What is kept about who is on call, on both databases."""

from datetime import datetime, timedelta
from typing import Any

from models.columns import new_id
from models.database import Database
from models.on_call import DutyOverride
from tests.house import MONDAY

HOUR = timedelta(hours=1)


def change(since: datetime, until: datetime, **how: Any) -> DutyOverride:
    usual = {"rota": "front", "member": "anna", "made_by": "anna", "made_at": MONDAY}
    return DutyOverride(id=new_id(MONDAY), since=since, until=until, **(usual | how))


async def add(database: Database, *rows: DutyOverride) -> None:
    async with database.begin() as tx:
        for row in rows:
            await tx.on_call.add(row)


async def standing(database: Database, at: datetime) -> list[str]:
    async with database.read() as tx:
        return [row.id for row in await tx.on_call.standing(at)]


async def test_what_holds_now_or_later_is_standing_in_the_order_in_which_it_was_made(database: Database):
    over = change(MONDAY - 2 * HOUR, MONDAY, made_at=MONDAY - HOUR)
    later = change(MONDAY + HOUR, MONDAY + 2 * HOUR, made_at=MONDAY + HOUR)
    first = change(MONDAY - HOUR, MONDAY + HOUR)
    await add(database, later, over, first)

    assert await standing(database, MONDAY) == [first.id, later.id]
    assert await standing(database, MONDAY - HOUR) == [over.id, first.id, later.id]
    assert await standing(database, MONDAY + 2 * HOUR) == []


async def test_a_change_comes_back_as_it_was(database: Database):
    made = change(MONDAY, MONDAY + HOUR, instead_of="bruno", mutual=True, reason="Wedding")
    await add(database, made)

    async with database.read() as tx:
        [row] = await tx.on_call.standing(MONDAY)
        [found] = await tx.on_call.ending_with(made.id[-6:])
        assert await tx.on_call.ending_with("%") == []
    assert row.model_dump() == found.model_dump() == made.model_dump()


async def test_a_cancelled_change_has_held_until_then(database: Database):
    made = change(MONDAY, MONDAY + 4 * HOUR)
    await add(database, made)

    async with database.begin() as tx:
        assert await tx.on_call.cancel(made.id, by="marta", at=MONDAY + HOUR)
    async with database.begin() as tx:
        assert not await tx.on_call.cancel(made.id, by="lea", at=MONDAY + 2 * HOUR)

    assert await standing(database, MONDAY) == [made.id]
    assert await standing(database, MONDAY + HOUR) == []
    async with database.read() as tx:
        [row] = await tx.on_call.standing(MONDAY)
    assert (row.cancelled_by, row.cancelled_at) == ("marta", MONDAY + HOUR)


async def test_the_newest_reading_of_a_group_is_kept(database: Database):
    async with database.begin() as tx:
        await tx.on_call.remember_group("S1", ["anna"], MONDAY)
        await tx.on_call.remember_group("S2", [], MONDAY)
    async with database.begin() as tx:
        await tx.on_call.remember_group("S1", ["bruno", "lea"], MONDAY + HOUR)
    async with database.begin() as tx:
        await tx.on_call.remember_group("S1", ["late"], MONDAY)

    async with database.read() as tx:
        groups = [(row.slack_group, row.members, row.read_at) for row in await tx.on_call.groups()]
    assert groups == [("S1", ["bruno", "lea"], MONDAY + HOUR), ("S2", [], MONDAY)]
