"""Each step's clock says what it is reported under: account, network, route, and the member who owes or did it."""

import pytest
from sqlalchemy import select

from escalation import commands as c
from escalation.reports import badge_forecasts, report
from models.clocks import StepClock
from models.store.statements import table
from models.vocabulary import DismissReason, Grouping, Step, Visibility
from tests.house import House
from tests.scenarios.steps import answered, approve, approved, do, in_review, leave, quiet, seen, submit


async def clocks(house: House, case_id: str) -> dict[tuple[Step, int], StepClock]:
    rows = table(StepClock)
    async with house.database.read() as tx:
        found = await (await tx.session.connection()).execute(select(rows).where(rows.c.case_id == case_id))
        return {(row.step, row.cycle): row for row in found}


async def members(house: House, case_id: str) -> dict[str, str | None]:
    return {f"{step} {cycle}": row.member for (step, cycle), row in (await clocks(house, case_id)).items()}


async def test_who_claimed_who_wrote_and_who_approved(house: House):
    case_id = await house.arrive()
    await quiet(house)
    await do(house, case_id, c.Claim(), actor="bruno")
    assert (await members(house, case_id))["answer 1"] == "bruno"  # he owes it
    await submit(house, case_id, actor="anna")
    await approve(house, case_id)
    await leave(house)
    house.clock.forward(days=40)
    await house.sweeper.sweep()
    assert await members(house, case_id) == {
        "detect 1": None, "route 1": None, "acknowledge 1": "bruno", "answer 1": "anna", "approve 1": "carla",
        "relay 1": None, "first_response 1": "anna", "resolution 1": "anna",
    }  # fmt: skip


async def test_an_answer_sent_back_is_owed_by_who_wrote_it_unless_somebody_has_claimed_the_case(house: House):
    case_id = await in_review(house)
    await do(house, case_id, c.SendBack(await seen(house, case_id), "Shorter."), actor="carla")
    told = await members(house, case_id)
    assert (told["answer 1"], told["answer 2"]) == ("anna", "anna")


async def test_a_case_put_away_was_closed_by_who_did_it(house: House):
    case_id = await house.arrive()
    await do(house, case_id, c.Dismiss(DismissReason.NO_REPLY_NEEDED), actor="bruno")
    told = await members(house, case_id)
    assert (told["resolution 1"], told["first_response 1"]) == ("bruno", "bruno")


async def test_clocks_are_reported_where_the_case_stood_when_they_started(house: House):
    case_id = await house.arrive(language="it", account="other")
    await quiet(house)
    await do(house, case_id, c.Reassign("legal"), actor="anna")
    await do(house, case_id, c.Claim(), actor="lea")
    found = await clocks(house, case_id)
    assert {(row.account, row.network, row.language) for row in found.values()} == {("other", "plain", "it")}
    assert {key: (row.department, row.route) for key, row in found.items() if key[0] in {Step.ROUTE, Step.ANSWER}} == {
        (Step.ROUTE, 1): ("billing", "2"),
        (Step.ROUTE, 2): ("legal", "hand"),
        (Step.ANSWER, 1): ("legal", "hand"),
    }


async def test_a_report_of_the_house_itself(house: House):
    await answered(house)
    await approved(house, question="Where is my parcel?")
    house.clock.forward(seconds=1)
    since = house.clock.now().replace(hour=0)
    found = await report(house.database, house.settings, since=since, until=house.clock.now(), by=Grouping.DEPARTMENT)
    assert [(line.group, line.received, line.answered) for line in found.lines] == [
        ("billing", 1, 1),
        ("product", 1, 0),
    ]
    first = found.total.steps[Step.FIRST_RESPONSE]
    assert (first.count, first.mean, first.p50, first.p99) == (1, 15.0, 15.0, 15.0)
    assert (first.targeted, first.met, first.within) == (1, 1, (1, 1, 1, 1))
    assert Step.RELAY in found.lines[0].steps
    assert Step.RELAY not in found.lines[1].steps  # it has not left yet


@pytest.mark.parametrize("spam", [False, True])
async def test_the_badge_is_forecast_from_private_messages_alone(house: House, spam: bool):
    await answered(house)
    assert await badge_forecasts(house.database, now=house.clock.now()) == ()
    case_id = await approved(house, visibility=Visibility.PRIVATE)
    house.clock.forward(minutes=10)
    await house.courier.drain()
    waiting = await house.arrive("Anybody there?", visibility=Visibility.PRIVATE)
    if spam:
        await do(house, waiting, c.Dismiss(DismissReason.SPAM), actor="anna")
    house.clock.forward(seconds=1)
    [found] = await badge_forecasts(house.database, now=house.clock.now())
    assert (found.account, found.messages, found.answered) == ("acme", 1 if spam else 2, 1)
    assert found.median == found.fastest == 610
    assert found.earned is spam
    assert case_id
