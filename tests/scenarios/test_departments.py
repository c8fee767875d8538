"""Who has a case: claims, several departments, and passing it on."""

import pytest

from escalation import commands as c
from models.database import Database
from models.vocabulary import CaseState, Step
from tests.house import House, TestClock, build_house
from tests.scenarios.steps import ANSWER, approve, configured, do, leave, notes, quiet, refused, submit, texts

_ALSO = configured(('department = "billing"\nwords', 'department = "billing"\nalso = ["legal"]\nwords'))
_ONE_CHANNEL = configured(('"slack:C0PRODUCT"', '"slack:C0BILLING"'))


@pytest.fixture
async def house_with_two_departments(database: Database, clock: TestClock) -> House:
    return build_house(database, clock=clock, configuration=_ALSO)


async def test_a_claim_is_the_first_ones(house: House):
    case_id = await house.arrive()
    await quiet(house)
    house.clock.forward(minutes=1)
    await do(house, case_id, c.Claim(), actor="anna")
    assert "Anna Verdi claimed this" in await refused(house, case_id, c.Claim(), actor="bruno")
    assert "already claimed" in await refused(house, case_id, c.Claim(), actor="anna")


async def test_a_stranger_is_told_whose_case_it_is(house: House):
    case_id = await house.arrive()
    assert "belongs to Billing" in await refused(house, case_id, c.Claim(), actor="dario")


async def test_two_departments_see_the_card_and_either_may_answer(house_with_two_departments: House):
    house = house_with_two_departments
    case_id = await house.arrive("Where is my refund?")
    await quiet(house)
    assert [len(house.chat.in_channel(channel, "card")) for channel in ("C0BILLING", "C0LEGAL")] == [1, 1]
    await do(house, case_id, c.Claim(), actor="lea")
    await submit(house, case_id, actor="lea")
    await approve(house, case_id)
    await leave(house)
    assert texts(house) == [f"@ada {ANSWER}"]
    await quiet(house)
    assert any("submitted" in note for note in notes(house, "C0LEGAL"))
    assert all("Answered by Lea Gialli" in str(m.view.status) for m in house.chat.messages.values() if m.kind == "card")


async def test_not_ours_goes_to_the_next_route_that_matches(house: House):
    case_id = await house.arrive("My lawyer asks about the invoice")
    await quiet(house)
    await do(house, case_id, c.NotOurs(), actor="lea")
    file = await house.desk.file(case_id)
    assert (file.case.department, file.case.declined) == ("billing", ["legal"])
    await do(house, case_id, c.NotOurs(), actor="bruno")
    assert (await house.desk.file(case_id)).case.department == "product"
    assert "No other route" in await refused(house, case_id, c.NotOurs(), actor="dario")
    await quiet(house)
    [left] = house.chat.in_channel("C0LEGAL", "card")
    assert left.view.moved
    assert str(left.view.status) == "Moved to Product."
    assert left.view.actions == ()
    [now] = house.chat.in_channel("C0PRODUCT", "card")
    assert not now.view.moved


async def test_reassigning_starts_routing_again_and_ends_what_ran(house: House):
    case_id = await house.arrive()
    await quiet(house)
    await do(house, case_id, c.Claim(), actor="anna")
    house.clock.forward(minutes=5)
    await do(house, case_id, c.Reassign("product"), actor="anna")
    file = await house.desk.file(case_id)
    assert file.case.owner is None
    assert file.running(Step.ANSWER) is None
    assert file.running(Step.ROUTE).cycle == 2
    assert file.running(Step.ROUTE).department == "product"
    await quiet(house)
    file = await house.desk.file(case_id)
    assert file.running(Step.ROUTE) is None
    assert file.running(Step.ACKNOWLEDGE).cycle == 2
    assert "belongs to Product" in await refused(house, case_id, c.Claim(), actor="bruno")
    await do(house, case_id, c.Claim(), actor="dario")


async def test_a_case_that_comes_back_is_seen_on_the_card_that_still_stands(house: House):
    case_id = await house.arrive()
    await quiet(house)
    await do(house, case_id, c.Reassign("product"), actor="anna")
    await quiet(house)
    await do(house, case_id, c.Reassign("billing"), actor="dario")
    await quiet(house)
    assert len(house.chat.in_channel("C0BILLING", "card")) == 1
    file = await house.desk.file(case_id)
    assert file.running(Step.ROUTE) is None, "nobody will ever be told that this waits"
    assert file.running(Step.ACKNOWLEDGE) is not None


async def test_a_case_moved_to_a_department_that_saw_it_all_along_waits_for_its_claim(
    house_with_two_departments: House,
):
    house = house_with_two_departments
    case_id = await house.arrive("Where is my refund?")
    await quiet(house)
    await do(house, case_id, c.Reassign("legal"), actor="anna")
    await quiet(house)
    file = await house.desk.file(case_id)
    assert file.running(Step.ACKNOWLEDGE).department == "legal"


async def test_departments_that_share_a_channel_keep_one_working_card(database: Database, clock: TestClock):
    house = build_house(database, clock=clock, configuration=_ONE_CHANNEL)
    case_id = await house.arrive()
    await quiet(house)
    await do(house, case_id, c.Reassign("product"), actor="anna")
    await quiet(house)
    [card] = house.chat.in_channel("C0BILLING", "card")
    assert not card.view.moved
    assert card.view.actions
    assert (await house.desk.file(case_id)).running(Step.ACKNOWLEDGE) is not None


@pytest.mark.parametrize(
    ("department", "words"), [("moon", "no department moon"), ("billing", "has this case already")]
)
async def test_reassigning_to_nowhere_is_refused(house: House, department: str, words: str):
    case_id = await house.arrive()
    assert words in await refused(house, case_id, c.Reassign(department), actor="anna")


async def test_a_case_whose_account_left_the_configuration_is_refused_and_stops_nobody_else(
    house: House, database: Database, clock: TestClock
):
    orphan = await house.arrive(account="other")
    await do(house, orphan, c.Snooze(clock.now().replace(hour=10)), actor="anna")
    sleeper = await house.arrive("Another invoice question")
    await do(house, sleeper, c.Snooze(clock.now().replace(hour=10)), actor="anna")
    text = configured(('[accounts.other]\nconnector = "plain"\nbrand = "beta"\n', ""))
    later = build_house(database, clock=clock, configuration=text)
    assert "not in the configuration" in await refused(later, orphan, c.Claim(), actor="anna")
    clock.forward(hours=2)
    assert await later.sweeper.sweep() == 2
    await quiet(later)
    file = await later.desk.file(sleeper)
    assert file.case.state is CaseState.WAITING_ANSWER


async def test_an_approved_reply_of_a_removed_account_is_parked_not_lost(
    house: House, database: Database, clock: TestClock
):
    case_id = await house.arrive(account="other")
    await submit(house, case_id)
    await approve(house, case_id)
    text = configured(('[accounts.other]\nconnector = "plain"\nbrand = "beta"\n', ""))
    clock.forward(seconds=10)
    await quiet(build_house(database, clock=clock, configuration=text))
    [effect] = (await house.desk.file(case_id)).replies
    assert (effect.state.value, effect.reason) == ("parked", "account other is not in the configuration")
