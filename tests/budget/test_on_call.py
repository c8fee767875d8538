"""What asking who is on call costs, and what it does not."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from escalation import commands as c
from escalation.called import duty_at
from escalation.group_reading import READ_EVERY_SECONDS, GroupReader
from models.database import Database
from tests.budget.counting import counted
from tests.house import House, PlainChat, TestClock, build_house
from tests.rotas import with_rotas


@dataclass
class ChatWithGroups(PlainChat):
    """A chat with user groups; ``asked`` lists every question."""

    groups: dict[str, list[str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def group_members(self, group: str) -> list[str]:
        self.asked.append(group)
        return self.groups[group]


@pytest.fixture
async def house(database: Database, clock: TestClock) -> House:
    """Give the house with its rotas."""
    return build_house(database, clock=clock, configuration=with_rotas())


async def test_an_idle_reader_asks_the_database_nothing_and_commits_nothing(house: House):
    chat = ChatWithGroups(groups={"S0NIGHTS": ["lea"]})
    reader = GroupReader(house.desk, {"slack": chat})
    assert await reader.read_due() == 1
    with counted(house.database) as tick:
        assert await reader.read_due() == 0
    assert (tick.commits, tick.count, len(chat.asked)) == (0, 0, 1)
    house.clock.forward(seconds=READ_EVERY_SECONDS)
    with counted(house.database) as unchanged:
        assert await reader.read_due() == 0
    assert (unchanged.commits, unchanged.writes, unchanged.count, len(chat.asked)) == (0, 0, 1, 2)


async def test_all_groups_that_changed_share_a_commit(house: House):
    chat = ChatWithGroups(groups={"S0NIGHTS": ["lea"]})
    with counted(house.database) as cost:
        assert await GroupReader(house.desk, {"slack": chat}).read_due() == 1
    assert cost.commits == 1


async def test_who_is_on_call_is_one_select_for_changes_and_one_for_groups(house: House):
    now = house.clock.now()
    async with house.database.read() as tx:
        with counted(house.database) as cost:
            duty = await duty_at(tx, house.settings, now)
            for minutes in range(50):
                duty.on_duty("front", now + timedelta(minutes=minutes))
    assert cost.count == 2


async def test_a_click_asks_who_is_on_call_only_for_those_whom_the_configuration_does_not_know(house: House):
    case_id = await house.arrive()
    with counted(house.database) as listed:
        assert (await house.desk.handle(case_id, c.Claim(), actor="anna")).done
    assert not [one for one in listed.statements if "duty_" in one or "announcement" in one]
    with counted(house.database) as stranger:
        assert (await house.desk.handle(case_id, c.TakeOver(""), actor="lea")).refusal
    assert len([one for one in stranger.statements if "duty_" in one or "announcement" in one]) == 3


async def test_without_rotas_nothing_is_asked(database: Database):
    plain = build_house(database)
    async with database.read() as tx:
        with counted(database) as cost:
            assert (await duty_at(tx, plain.settings, plain.clock.now())).on_duty("front", plain.clock.now()) == ()
    chat = ChatWithGroups()
    assert await GroupReader(plain.desk, {"slack": chat}).read_due() == 0
    assert (cost.count, chat.asked) == (0, [])
