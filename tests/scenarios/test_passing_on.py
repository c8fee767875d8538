"""A case that is passed on goes on under the policy and the priority of the route that leads there, times and all."""

from datetime import timedelta

import pytest

from escalation import commands as c
from escalation.ladder import Timing, rungs
from escalation.retelling import TimedBy, retell
from models.case import JournalEntry
from models.clocks import StepClock
from models.database import Database
from models.vocabulary import Priority, Step
from tests.clock import TestClock
from tests.clocks.test_explaining import explained
from tests.house import House, build_house
from tests.scenarios.steps import configured, do, quiet
from tests.watch.holding import broken

LEGAL = configured(
    ('words = ["lawyer"]', 'words = ["lawyer"]\npolicy = "legal"\npriority = "urgent"'),
    (
        "[policies.standard]",
        (
            '[policies.legal]\nhours = "always"\nacknowledge = "5m"\nfirst_response = "30m"\nresolution = "4h"\n'
            '[[policies.legal.ladder]]\nat = "80%"\nping = "owner"\n'
            '[[policies.legal.ladder]]\nat = "100%"\nping = "managers"\n'
            "[policies.standard]"
        ),
    ),
    (
        'first_response = "2h"',
        (
            'first_response = "2h"\nresolution = "9h"\n'
            '[[policies.standard.ladder]]\nat = "25%"\nping = "owner"\n'
            '[[policies.standard.ladder]]\nat = "80%"\nping = "owner"\n'
            '[[policies.standard.ladder]]\nat = "100%"\nping = "manager"'
        ),
    ),
)
QUESTION = "My lawyer asks about the invoice"
PASSED_ON = [(c.NotOurs(), {"route": 2}), (c.Reassign("billing"), {"by": "hand"})]


@pytest.fixture
async def house(database: Database, clock: TestClock) -> House:
    house = build_house(database, clock=clock, configuration=LEGAL)
    yield house
    assert await broken(house.desk) == []


async def arrived(house: House) -> str:
    case_id = await house.arrive(QUESTION)
    await quiet(house)
    return case_id


async def running(house: House, case_id: str, step: Step) -> StepClock:
    clock = (await house.desk.file(case_id)).running(step)
    assert clock is not None
    return clock


async def journal(house: House, case_id: str) -> list[JournalEntry]:
    async with house.database.read() as tx:
        return list(await tx.cases.journal(case_id))


async def as_told(house: House, case_id: str) -> None:
    """The journal tells every clock as its row stands."""
    async with house.database.read() as tx:
        entries = await tx.cases.journal(case_id)
        digests = {entry.details["policy_digest"] for entry in entries if "policy_digest" in entry.details}
        digests |= {digest for entry in entries for digest in entry.details.get("policy", ())}
        policies = {digest: (await tx.cases.policy(digest)).content for digest in digests}
    file = await house.desk.file(case_id)

    def timing(by: TimedBy) -> Timing:
        calendar = house.desk.rulebook.calendars[by.calendar]
        return Timing(calendar, by.target_seconds, rungs(policies[by.policy], by.step, by.target_seconds))

    told = retell(entries, timing)
    names = ("started_at", "department", "ended_at", "due_at", "next_at", "rungs_passed", "paused_seconds", "calendar")
    for clock in file.clocks:
        of_journal = told[clock.step, clock.cycle]
        assert {name: getattr(clock, name) for name in names} == {name: getattr(of_journal, name) for name in names}


@pytest.mark.parametrize(("act", "route"), PASSED_ON)
async def test_policy_and_priority_are_those_of_the_route_that_leads_there(house: House, act: c.Command, route: dict):
    case_id = await arrived(house)
    before = (await house.desk.file(case_id)).case
    assert (before.policy, before.priority) == ("legal", Priority.URGENT)
    began = (await running(house, case_id, Step.FIRST_RESPONSE)).started_at
    await do(house, case_id, act, actor="lea")
    await quiet(house)
    case = (await house.desk.file(case_id)).case
    assert (case.department, case.policy, case.priority) == ("billing", "standard", Priority.NORMAL)
    assert case.policy_digest != before.policy_digest
    assert route.items() <= case.route.items()
    assert (await running(house, case_id, Step.ACKNOWLEDGE)).target_seconds == 900
    first = await running(house, case_id, Step.FIRST_RESPONSE)
    assert (first.target_seconds, first.started_at) == (7_200, began)
    assert first.due_at == house.desk.rulebook.calendars[first.calendar].due(began, 7_200)
    assert (await running(house, case_id, Step.RESOLUTION)).target_seconds == 9 * 3_600
    await as_told(house, case_id)


async def test_timing_anew_afterwards_changes_nothing(house: House):
    case_id = await arrived(house)
    await do(house, case_id, c.NotOurs(), actor="lea")
    await quiet(house)
    before = await running(house, case_id, Step.FIRST_RESPONSE)
    await do(house, case_id, c.Recompute(), actor="marta")
    after = await running(house, case_id, Step.FIRST_RESPONSE)
    assert (after.target_seconds, after.due_at, after.next_at) == (7_200, before.due_at, before.next_at)
    assert (await house.desk.file(case_id)).case.policy == "standard"
    assert (await journal(house, case_id))[-1].act != "Recompute"


async def test_what_moved_stands_in_the_journal(house: House):
    case_id = await arrived(house)
    before = {step: await running(house, case_id, step) for step in (Step.FIRST_RESPONSE, Step.RESOLUTION)}
    old = (await house.desk.file(case_id)).case.policy_digest
    await do(house, case_id, c.NotOurs(), actor="lea")
    case = (await house.desk.file(case_id)).case
    [entry] = [entry for entry in await journal(house, case_id) if entry.act == "NotOurs"]
    assert entry.details["policy"] == [old, case.policy_digest]
    told = {name: (was, now) for name, _, was, now in entry.details["recomputed"]}
    for step, clock in before.items():
        now = await running(house, case_id, step)
        assert told[step] == (clock.due_at.isoformat(), now.due_at.isoformat())
    assert sorted(entry.details["passed_on"]) == [["first_response", 1], ["resolution", 1]]


@pytest.mark.parametrize(("act", "_"), PASSED_ON)
async def test_the_explanation_names_the_policy_of_now_and_of_what_had_ended_the_one_of_then(
    house: House, act: c.Command, _: dict
):
    case_id = await arrived(house)
    await do(house, case_id, c.Claim(), actor="lea")
    await do(house, case_id, act, actor="lea")
    found = await explained(house, case_id)
    rules = {key: (one.rule.policy, one.rule.route) for key, one in found.items()}
    assert rules[Step.FIRST_RESPONSE, 1] == rules[Step.ROUTE, 2] == ("standard", 2)
    assert rules[Step.ANSWER, 1] == rules[Step.ACKNOWLEDGE, 1] == ("legal", 1)
    first = found[Step.FIRST_RESPONSE, 1]
    assert (first.rule.timed_anew_at, first.due_today) == (house.clock.now(), None)


async def test_what_is_past_is_not_told_again_and_what_is_to_come_is(house: House):
    case_id = await arrived(house)
    house.clock.forward(minutes=40)  # the first quarter of two hours is past as well
    await house.sweeper.sweep()
    await quiet(house)
    told = len([m for m in house.chat.messages.values() if m.kind == "ping"])
    await do(house, case_id, c.Reassign("billing"), actor="lea")
    first = await running(house, case_id, Step.FIRST_RESPONSE)
    assert first.rungs_passed == 1
    assert first.next_at == house.desk.rulebook.calendars[first.calendar].due(first.started_at, 5_760)
    await house.sweeper.sweep()
    await quiet(house)
    assert len([m for m in house.chat.messages.values() if m.kind == "ping"]) == told
    await as_told(house, case_id)


@pytest.mark.parametrize(("act", "route"), PASSED_ON)
async def test_what_stood_still_is_kept(house: House, act: c.Command, route: dict):
    case_id = await arrived(house)
    await do(house, case_id, c.Snooze(house.clock.now() + timedelta(hours=3)), actor="lea")
    house.clock.forward(hours=1)
    await do(house, case_id, act, actor="lea")
    first = await running(house, case_id, Step.FIRST_RESPONSE)
    assert (first.paused_at, first.paused_seconds) == (None, 3_600)
    assert first.due_at == house.desk.rulebook.calendars[first.calendar].due(first.started_at, 7_200 + 3_600)
    await as_told(house, case_id)


async def test_a_department_that_no_route_leads_to_keeps_policy_and_priority(database: Database, clock: TestClock):
    alone = LEGAL.replace('department = "billing"\nwords = ["invoice", "refund"]', 'department = "product"\nwords = []')
    house = build_house(database, clock=clock, configuration=alone)
    case_id = await arrived(house)
    await do(house, case_id, c.Reassign("billing"), actor="lea")
    case = (await house.desk.file(case_id)).case
    assert (case.department, case.policy, case.priority) == ("billing", "legal", Priority.URGENT)
    first = await running(house, case_id, Step.FIRST_RESPONSE)
    assert (first.target_seconds, first.department) == (1_800, "billing")
    await as_told(house, case_id)


async def test_under_the_same_policy_what_is_due_but_not_told_yet_is_told(database: Database, clock: TestClock):
    same = LEGAL.replace('\npolicy = "legal"\npriority = "urgent"', "")
    house = build_house(database, clock=clock, configuration=same)
    case_id = await arrived(house)
    house.clock.forward(minutes=40)  # a quarter of two hours is past, and nobody has swept
    await do(house, case_id, c.Reassign("billing"), actor="lea")
    first = await running(house, case_id, Step.FIRST_RESPONSE)
    assert (first.rungs_passed, first.department) == (0, "billing")
    [entry] = [entry for entry in await journal(house, case_id) if entry.act == "Reassign"]
    assert "recomputed" not in entry.details
    await house.sweeper.sweep()
    assert (await running(house, case_id, Step.FIRST_RESPONSE)).rungs_passed == 1
    await do(house, case_id, c.Snooze(house.clock.now() + timedelta(hours=1)), actor="anna")
    house.clock.forward(minutes=30)
    await do(house, case_id, c.Reassign("product"), actor="anna")
    assert (await running(house, case_id, Step.FIRST_RESPONSE)).paused_seconds == 1_800
    await as_told(house, case_id)
