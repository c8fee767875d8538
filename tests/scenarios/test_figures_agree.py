"""The lines of one report agree with each other, however cases are passed from one department to the next."""

import random

import pytest

from escalation import commands as c
from escalation.digesting import Digests
from escalation.figures import Report
from escalation.reports import counting_by_rows, report
from escalation.rolling_up import RollingUp
from models.vocabulary import CaseState, DigestKind, DismissReason, Grouping, Step, StepOutcome
from tests.house import House, a_post, build_house
from tests.scenarios.steps import answered, approve, configured, do, leave, quiet, state, submit

QUESTIONS = ("My lawyer asks about the invoice", "Where is my invoice?", "It is broken")
DEPARTMENTS = ("billing", "legal", "product")
MEMBER = {"billing": "anna", "legal": "lea", "product": "dario"}
LEGAL = configured(
    ('words = ["lawyer"]\nsecond_approval = ["legal"]', 'words = ["lawyer"]\npolicy = "legal"'),
    ("[policies.standard]", '[policies.legal]\nhours = "always"\nfirst_response = "30m"\n[policies.standard]'),
)


async def asked(house: House, **question: object) -> Report:
    since = house.clock.now().replace(day=1)
    return await report(house.database, house.settings, since=since, until=house.clock.now(), **question)


async def test_the_case_and_its_first_response_stand_in_one_line(house: House):
    case_id = await house.arrive()
    await quiet(house)
    await do(house, case_id, c.Reassign("product"), actor="anna")
    house.clock.forward(days=8)
    for by, group in ((Grouping.DEPARTMENT, "product"), (Grouping.ROUTE, "hand")):
        lines = {line.group: line for line in (await asked(house, by=by)).lines}
        assert lines[group].received == lines[group].steps[Step.FIRST_RESPONSE].open_breaches == 1
        assert all(line.received == 0 for name, line in lines.items() if name != group)
        assert all(Step.FIRST_RESPONSE not in line.steps for name, line in lines.items() if name != group)


async def story(house: House, chance: random.Random) -> None:
    """Some cases, passed on at random before their answer, if they get one."""
    for _ in range(8):
        case_id = await house.arrive(chance.choice(QUESTIONS))
        for _ in range(chance.randrange(4)):
            house.clock.forward(minutes=chance.randrange(50))
            await quiet(house)
            department = (await house.desk.file(case_id)).case.department
            act = chance.choice([c.NotOurs(), *(c.Reassign(name) for name in DEPARTMENTS if name != department)])
            await house.desk.handle(case_id, act, actor=MEMBER[department])
        if chance.random() < 0.5:
            await submit(house, case_id, actor=MEMBER[(await house.desk.file(case_id)).case.department])
            await approve(house, case_id)
            await leave(house)
            assert await state(house, case_id) is CaseState.ANSWERED
    house.clock.forward(days=8)


@pytest.mark.parametrize("seed", range(3))
async def test_received_answered_done_and_open_agree_after_cases_were_passed_on(house: House, seed: int):
    house = build_house(house.database, clock=house.clock, configuration=LEGAL)
    await story(house, random.Random(seed))
    total = (await asked(house)).total
    assert total.received == 8
    await RollingUp(house.database, house.clock).roll_up()
    for question in (
        {"by": Grouping.DEPARTMENT},
        {"by": Grouping.ROUTE},
        {"by": Grouping.DEPARTMENT, "method": "rolled up"},
    ):
        found = await asked(house, **question)
        for line in found.lines:
            first = line.steps.get(Step.FIRST_RESPONSE)
            assert line.answered == (first.count if first else 0)
            assert line.received - line.answered == (first.open_breaches if first else 0)
        for step, figures in found.total.steps.items():
            own = [line.steps[step] for line in found.lines if step in line.steps]
            assert sum(one.count for one in own) == figures.count == total.steps[step].count
            assert sum(one.open_breaches for one in own) == figures.open_breaches == total.steps[step].open_breaches
        assert sum(line.received for line in found.lines) == found.total.received == total.received
    digest = await Digests(house.desk, counting_by_rows(house.database, house.settings)).counted(DigestKind.WEEKLY)
    for name in ("received", "answered", "late"):
        assert sum(getattr(one, name) for one in digest.departments) == getattr(digest.total, name)
    assert digest.total.late > 0


async def test_a_step_that_was_done_at_once_is_in_no_figure(house: House):
    """Who answers in the card has not claimed the case: how long the answer took them nobody knows."""
    inline, at_once = await house.arrive(), await house.arrive()
    await submit(house, at_once, actor="bruno")  # before its card was seen to stand
    await quiet(house)
    house.clock.forward(minutes=5)
    await submit(house, inline, actor="bruno")
    assert Step.ANSWER not in (await asked(house)).total.steps
    claimed = await house.arrive()
    await quiet(house)
    await do(house, claimed, c.Claim(), actor="bruno")
    house.clock.forward(minutes=10)
    await submit(house, claimed, actor="bruno")
    house.clock.forward(hours=2)
    assert await RollingUp(house.database, house.clock).roll_up() > 0
    for method in ("exact", "rolled up"):
        steps = (await asked(house, method=method)).total.steps
        assert (steps[Step.ANSWER].count, steps[Step.ANSWER].mean) == (1, 600)
        assert steps[Step.ACKNOWLEDGE].count == 2
        assert steps[Step.DETECT].count == 3
    async with house.database.read() as tx:
        assert not await tx.rollup.any_waiting()
    file = await house.desk.file(at_once)
    assert {clock.step for clock in file.clocks if clock.outcome is StepOutcome.AT_ONCE} == {
        Step.ACKNOWLEDGE,
        Step.ANSWER,
    }


@pytest.mark.parametrize("take", [c.Claim(), c.TakeOver("")])
async def test_whoever_takes_a_case_before_its_card_stands_has_acknowledged_it_at_once(house: House, take: c.Command):
    case_id = await house.arrive()
    await do(house, case_id, take, actor="bruno")
    file = await house.desk.file(case_id)
    assert file.latest(Step.ACKNOWLEDGE).outcome is StepOutcome.AT_ONCE
    assert file.running(Step.ANSWER)


async def test_spam_and_what_needs_no_reply_is_told_beside_the_rate_and_takes_no_time(house: House):
    question = await house.arrive()
    for reason in (DismissReason.SPAM, DismissReason.SPAM, DismissReason.NO_REPLY_NEEDED):
        await do(house, await house.arrive("Look here"), c.Dismiss(reason), actor="dario")
    house.clock.forward(seconds=1)
    found = (await asked(house)).total
    assert (found.received, found.answered, found.dismissed, found.spam, found.response_rate) == (4, 0, 3, 2, 0.0)
    await submit(house, question)
    await approve(house, question)
    await leave(house)
    house.clock.forward(seconds=1)
    found = (await asked(house)).total
    assert (found.received, found.answered, found.response_rate) == (4, 1, 0.5)
    assert Step.RESOLUTION not in found.steps
    house.clock.forward(days=4)
    await house.sweeper.sweep()
    house.clock.forward(seconds=1)
    found = (await asked(house, by=Grouping.DEPARTMENT)).total
    assert found.steps[Step.RESOLUTION].count == 1
    assert found.steps[Step.RESOLUTION].p50 > 86_400


async def test_a_thank_you_after_the_reply_needs_none_and_the_case_is_resolved_all_the_same(house: House):
    case_id = await answered(house)
    file = await house.desk.file(case_id)
    thanks = a_post("Thanks!", clock=house.clock, thread_id=file.case.thread_id)
    await house.desk.intake("acme", [thanks])
    assert await state(house, case_id) is CaseState.WAITING_ANSWER
    await do(house, case_id, c.Dismiss(DismissReason.NO_REPLY_NEEDED), actor="anna")
    house.clock.forward(seconds=1)
    found = (await asked(house)).total
    assert (found.received, found.answered, found.dismissed, found.response_rate) == (1, 1, 0, 1.0)
    assert found.steps[Step.RESOLUTION].count == 1
