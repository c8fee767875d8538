"""Swaps, overrides and user groups, as the rest of the house sees them afterwards."""

from datetime import datetime, timedelta

import pytest

from escalation.called import duty_at
from escalation.desk import Delivery
from escalation.duty_changes import Changed, DutyChanges, Wanted
from escalation.freezing import OPERATOR
from escalation.group_reading import READ_EVERY_SECONDS, GroupReader
from escalation.on_call import Duty
from escalation.ports import RetryLater
from models.database import Database
from tests.budget.test_on_call import ChatWithGroups
from tests.house import MONDAY, House, TestClock, build_house
from tests.rotas import with_rotas
from tests.scenarios.steps import quiet

DAY = timedelta(days=1)
WEEK = timedelta(days=7)


@pytest.fixture
async def house(database: Database, clock: TestClock) -> House:
    """Give the house with its rotas; on the Monday at nine Anna's week begins."""
    return build_house(database, clock=clock, configuration=with_rotas())


def wanted(member: str, instead_of: str | None = None, **how: object) -> Wanted:
    usual = {"rota": "front", "since": MONDAY, "until": MONDAY + 2 * WEEK, "mutual": False}
    return Wanted(member=member, instead_of=instead_of, **(usual | how))  # type: ignore[arg-type]


async def duty(house: House, at: datetime | None = None) -> Duty:
    async with house.database.read() as tx:
        return await duty_at(tx, house.settings, at or house.clock.now())


async def changed(house: House, change: Wanted, actor: str = OPERATOR, delivery: Delivery | None = None) -> Changed:
    return await DutyChanges(house.desk).change(change, actor=actor, delivery=delivery)


async def test_a_swap_holds_and_both_are_told_who_made_it(house: House):
    done = await changed(house, wanted("bruno", "anna", mutual=True, reason="Wedding"), actor="marta")
    await quiet(house)

    assert done.done
    weeks = [(await duty(house)).on_duty("front", MONDAY + number * WEEK) for number in range(3)]
    assert weeks == [("bruno",), ("anna",), ("anna",)]
    told = {message.channel: str(message.view.sentence) for message in house.chat.messages.values()}
    assert set(told) == {"member:anna", "member:bruno"}
    assert told["member:anna"] == (
        "Marta Bianchi changed who is on call. Anna Verdi and Bruno Neri take each other's shifts of Front desk from "
        "09:00 until 09:00. Reason: Wedding"
    )


async def test_who_made_a_swap_is_not_told_of_it(house: House):
    await changed(house, wanted("bruno", "anna", mutual=True), actor="anna")
    await quiet(house)

    assert [message.channel for message in house.chat.messages.values()] == ["member:bruno"]


async def test_an_override_holds_whatever_the_rota_says(house: House):
    done = await changed(house, wanted("lea", until=MONDAY + DAY), actor="lea")

    await quiet(house)
    assert done.done
    assert [message.channel for message in house.chat.messages.values()] == ["member:anna"], "whom she relieves is told"
    assert (await duty(house)).on_duty("front", MONDAY) == ("lea",)
    assert (await duty(house)).on_duty("front", MONDAY + DAY) == ("anna",)


async def test_a_cancelled_change_holds_no_longer_and_has_held(house: House):
    made = await changed(house, wanted("lea", "anna"), actor="anna")
    house.clock.forward(days=1)

    cancelled = await DutyChanges(house.desk).cancel(made.id[-8:], actor="lea")

    assert cancelled.done
    assert str(cancelled.said).startswith("Cancelled, it holds no longer: Lea Gialli takes the shifts of Anna Verdi")
    assert (await duty(house)).on_duty("front", house.clock.now()) == ("anna",)
    assert (await duty(house, MONDAY)).on_duty("front", MONDAY + DAY / 2) == ("lea",)
    again = await DutyChanges(house.desk).cancel(made.id, actor="lea")
    assert (again.done, str(again.said)) == (False, "This change was cancelled already.")


async def test_the_same_delivery_swaps_once(house: House):
    delivery = Delivery("slack:view:1", "slack", "slack", b"{}")
    change = wanted("bruno", "anna", mutual=True)

    first = await changed(house, change, "anna", delivery)
    second = await changed(house, change, "anna", delivery)

    assert (first.done, second.done, second.id) == (True, True, "")
    assert (await duty(house)).on_duty("front", MONDAY) == ("bruno",)


REFUSED = {
    "rota": (wanted("bruno", "anna", rota="frond"), OPERATOR, "There is no rota “frond”. Known are: front, nights."),
    "member": (wanted("nora", "anna"), OPERATOR, "There is no member “nora” in the configuration."),
    "same": (wanted("anna", "anna"), OPERATOR, "Two different people are needed."),
    "backwards": (wanted("bruno", "anna", until=MONDAY), OPERATOR, "The end must come after the beginning."),
    "past": (
        wanted("bruno", "anna", since=MONDAY - DAY, until=MONDAY),
        OPERATOR,
        "That time has passed already.",
    ),
    "long": (wanted("bruno", "anna", until=MONDAY + 60 * WEEK), OPERATOR, "A change may hold for a year at most."),
    "stranger": (wanted("bruno", "anna"), "dario", "Only those who are on call then, or a manager, can change this."),
    "somebody else's override": (wanted("lea"), "dario", "Only those who are on call then, or a manager"),
    "never": (wanted("anna", "lea"), "marta", "Lea Gialli is never on call by Front desk."),
    "not then": (
        wanted("lea", "bruno", until=MONDAY + DAY),
        "marta",
        "Bruno Neri is not on call by Front desk in that time. Their next shift begins 09:00.",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_change_that_cannot_be_is_refused_with_a_sentence(house: House, name: str):
    change, actor, sentence = REFUSED[name]

    refused = await changed(house, change, actor)

    assert not refused.done
    assert str(refused.said).startswith(sentence)
    async with house.database.read() as tx:
        assert await tx.on_call.standing(MONDAY - WEEK) == []


@pytest.mark.parametrize(
    "again",
    [
        wanted("bruno", "anna", mutual=True),
        wanted("anna", "bruno", mutual=True),
        wanted("bruno", "anna", mutual=True, since=MONDAY + 3 * DAY, until=MONDAY + 4 * WEEK),
    ],
    ids=["same", "the other way round", "overlapping"],
)
async def test_a_swap_that_stands_is_not_undone_by_entering_it_again(house: House, again: Wanted):
    made = await changed(house, wanted("bruno", "anna", mutual=True), actor="anna")

    refused = await changed(house, again, actor="bruno")

    assert not refused.done
    assert str(refused.said) == (
        "Anna Verdi and Bruno Neri take each other's shifts of Front desk already, from 09:00 until 09:00; a second "
        f"time would undo that. To end it: portavoce oncall cancel {made.id[-8:]}"
    )
    assert (await duty(house)).on_duty("front", MONDAY) == ("bruno",)
    assert (await DutyChanges(house.desk).cancel(made.id[-8:], actor="anna")).done
    assert (await changed(house, again, actor="bruno")).done


async def test_a_swap_at_another_time_or_with_somebody_else_stands_beside_it(house: House):
    assert (await changed(house, wanted("bruno", "anna", mutual=True, until=MONDAY + WEEK))).done
    for change in (
        wanted("bruno", "anna", mutual=True, since=MONDAY + WEEK, until=MONDAY + 2 * WEEK),
        wanted("anna", "bruno"),
        wanted("lea", "anna", mutual=True),
    ):
        house.clock.forward(seconds=1)  # of two changes of one time the later one holds
        assert (await changed(house, change)).done, change


async def test_only_those_concerned_cancel(house: House):
    made = await changed(house, wanted("lea", "anna"), actor="anna")
    changes = DutyChanges(house.desk)

    assert not (await changes.cancel(made.id, actor="dario")).done
    assert str((await changes.cancel("nothing", actor="marta")).said) == (
        "There is no change “nothing” of who is on call."
    )
    assert not (await changes.cancel("", actor="marta")).done
    assert (await changes.cancel(made.id, actor="marta")).done


async def test_a_change_of_a_rota_that_left_the_configuration_is_no_trouble(house: House, clock: TestClock):
    made = await changed(house, wanted("lea", "anna"), actor="anna")
    other = build_house(house.database, clock=clock)

    assert (await duty(other)).on_duty("front", MONDAY) == ()
    assert (await DutyChanges(other.desk).cancel(made.id, actor=OPERATOR)).done


# --- user groups


async def test_the_group_is_on_call_as_it_was_last_read(house: House):
    chat = ChatWithGroups(groups={"S0NIGHTS": ["lea", "bruno"]})
    reader = GroupReader(house.desk, {"slack": chat})
    night = MONDAY + timedelta(hours=14)
    assert (await duty(house)).on_duty("nights", night) == ("marta",)

    assert await reader.read_due() == 1
    assert (await duty(house)).on_duty("nights", night) == ("bruno", "lea")
    assert (await duty(house)).on_duty("nights", MONDAY) == ("marta",)

    chat.groups["S0NIGHTS"] = []
    assert await reader.read_due() == 0
    house.clock.forward(seconds=READ_EVERY_SECONDS)
    assert await reader.read_due() == 1
    assert (await duty(house)).on_duty("nights", night) == ("marta",)


async def test_an_hour_later_the_reading_is_written_again_though_nothing_changed(house: House):
    reader = GroupReader(house.desk, {"slack": ChatWithGroups(groups={"S0NIGHTS": ["lea"]})})
    written = []
    for _ in range(25):
        written.append(await reader.read_due())
        house.clock.forward(seconds=READ_EVERY_SECONDS)
    assert [number for number, count in enumerate(written) if count] == [0, 12, 24]


async def test_a_group_that_cannot_be_read_keeps_whom_it_had(house: House):
    class Broken(ChatWithGroups):
        async def group_members(self, group: str) -> list[str]:
            raise RetryLater("slack: no_such_subteam")

    await GroupReader(house.desk, {"slack": ChatWithGroups(groups={"S0NIGHTS": ["lea"]})}).read_due()
    house.clock.forward(hours=2)

    assert await GroupReader(house.desk, {"slack": Broken()}).read_due() == 0
    assert (await duty(house)).on_duty("nights", MONDAY + timedelta(hours=14)) == ("lea",)


async def test_without_a_chat_that_knows_groups_nothing_is_read(house: House):
    assert await GroupReader(house.desk, {"slack": house.chat}).read_due() == 0
