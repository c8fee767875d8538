"""What cannot be told waits, and is told when it can be."""

from models.vocabulary import PingKind
from tests.house import House
from tests.scenarios.steps import quiet


async def kinds(house: House, case_id: str) -> set[PingKind]:
    async with house.database.read() as tx:
        return {ping.kind for ping in await tx.pings.of_case(case_id)}


async def test_what_an_account_that_left_the_configuration_would_tell_waits_an_hour(house: House):
    gone, stays = await house.arrive(), await house.arrive("Invoice 2?", account="other")
    await quiet(house)
    house.clock.forward(minutes=13)
    connector = house.desk.rulebook.connectors.pop("acme")
    assert await house.sweeper.sweep() == 2
    assert await house.sweeper.sweep() == 0
    assert (await kinds(house, gone), await kinds(house, stays)) == (set(), {PingKind.WARNING})
    house.desk.rulebook.connectors["acme"] = connector
    house.clock.forward(minutes=59)
    assert await house.sweeper.sweep() == 1
    assert await kinds(house, gone) == set()
    house.clock.forward(minutes=1)
    assert await house.sweeper.sweep() == 1
    assert PingKind.BREACH in await kinds(house, gone)
