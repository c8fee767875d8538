"""Ladders and rotas: whoever is on call hears of it, nobody means the next one, and duty can be waited for."""

from datetime import timedelta

import pytest

from escalation import commands as c
from escalation.duty_changes import DutyChanges, Wanted
from escalation.group_reading import GroupReader
from models.vocabulary import OPERATOR
from tests.budget.test_on_call import ChatWithGroups
from tests.clocks.test_ladder import gatherings, heads, made, pass_time, pings, shown
from tests.house import House
from tests.scenarios.steps import do, in_review, quiet, refused

ROTA = """
[on_call.front]
[[on_call.front.layers]]
members = ["bruno"]
hours = "{hours}"
"""
LADDER = """
[[policies.standard.ladder]]
at = "80%"
ping = "on_call"
steps = ["acknowledge"]
[[policies.standard.ladder]]
at = "100%"
ping = "manager"
steps = ["acknowledge"]
"""
BY_GROUP = """
[on_call.front]
[[on_call.front.layers]]
slack_group = "S0FRONT"
"""
NOT_YOURS = "This case belongs to Billing; only its members can do this. Ask one of them to reassign it."
ON_CALL = ('members = ["anna", "bruno"]', 'members = ["anna", "bruno"]\non_call = "front"')


async def test_whoever_is_on_call_hears_of_it(database, clock):
    house = made(database, clock, ON_CALL, ladder=ROTA.format(hours="08:00-20:00") + LADDER)
    await house.arrive()
    await quiet(house)
    await pass_time(house, minutes=12)
    assert heads(shown(house, "member:bruno")) == ["nobody has claimed it"]
    assert not shown(house, "member:marta")


async def test_nobody_on_call_means_the_next_one_at_once(database, clock):
    house = made(database, clock, ON_CALL, ladder=ROTA.format(hours="12:00-20:00") + LADDER)
    case_id = await house.arrive()
    await quiet(house)
    await pass_time(house, minutes=12)
    assert heads(shown(house, "member:marta")) == ["nobody has claimed it"], "a warning, for it is not late yet"
    await pass_time(house, minutes=4)
    assert heads(shown(house, "member:marta")) == ["nobody has claimed it", "LATE"]
    assert len(await pings(house, case_id)) == 2


async def test_a_direct_message_waits_until_the_duty_begins(database, clock):
    ladder = LADDER.replace('ping = "on_call"', 'ping = "anna"\nhold_until_duty = true')
    house = made(database, clock, ladder=ladder)
    house.clock.forward(hours=3, minutes=50)  # ten minutes before lunch
    await house.arrive()
    await quiet(house)
    await pass_time(house, hours=1, minutes=5)  # 13:55: the target has not come near in opening hours
    assert not shown(house, "member:anna")
    await pass_time(house, minutes=7)  # 14:02: 12 opening minutes are over
    assert heads(shown(house, "member:anna")) == ["nobody has claimed it"]


async def test_duty_is_waited_for_where_the_clock_runs_at_night(database, clock):
    ladder = LADDER.replace('ping = "on_call"', 'ping = "anna"\nhold_until_duty = true')
    house = made(database, clock, ('relay = "5m"', 'relay = "5m"\nhours = "always"'), ladder=ladder)
    house.clock.forward(hours=4)  # 13:00, lunch
    await house.arrive()
    await quiet(house)
    await pass_time(house, minutes=12)
    assert not shown(house, "member:anna")
    house.clock.forward(hours=1)
    await quiet(house)
    [view] = shown(house, "member:anna")
    assert view.over is None


ALWAYS = ('relay = "5m"', 'relay = "5m"\nhours = "always"')


@pytest.mark.parametrize("role", ["department", "owner", "slack:C0BILLING"])
async def test_the_channel_of_a_department_is_held_until_it_opens(database, clock, role):
    ladder = LADDER.replace('ping = "on_call"', f'ping = "{role}"\nhold_until_duty = true')
    house = made(database, clock, ALWAYS, ladder=ladder)
    house.clock.forward(hours=4)  # 13:00, lunch
    case_id = await house.arrive()
    other = await house.arrive("My refund?")
    await quiet(house)
    await pass_time(house, minutes=12)
    assert not shown(house, "C0BILLING")
    await do(house, other, c.Claim(), actor="anna")
    house.clock.forward(hours=1)
    await quiet(house)
    [view] = shown(house, "C0BILLING")
    assert view.case_id == case_id, "what was done meanwhile is not sent"


async def test_the_approvals_channel_is_held_until_the_organisation_opens(database, clock):
    ladder = LADDER.replace('ping = "on_call"', 'ping = "approvers"\nhold_until_duty = true')
    ladder = ladder.replace('["acknowledge"]', '["approve"]')
    house = made(database, clock, ALWAYS, ladder=ladder)
    house.clock.forward(hours=4)
    await in_review(house)
    await quiet(house)
    await pass_time(house, minutes=17)
    assert not shown(house, "C0APPROVE")
    house.clock.forward(hours=1)
    await quiet(house)
    assert heads(shown(house, "C0APPROVE")) == ["not approved yet"]


async def test_the_managers_channel_is_never_held(database, clock):
    ladder = LADDER.replace('ping = "on_call"', 'ping = "managers"\nhold_until_duty = true')
    house = made(database, clock, ALWAYS, ladder=ladder)
    house.clock.forward(hours=4)
    await house.arrive()
    await quiet(house)
    await pass_time(house, minutes=12)
    assert heads(shown(house, "C0MANAGERS")) == ["nobody has claimed it"]


async def test_whoever_is_pinged_by_a_rota_may_act_though_in_another_department(database, clock):
    rota = ROTA.format(hours="08:00-20:00").replace('"bruno"', '"dario"')
    house = made(database, clock, ON_CALL, ladder=rota + LADDER)
    case_id = await house.arrive()
    await quiet(house)
    await pass_time(house, minutes=12)
    [view] = shown(house, "member:dario")
    await do(house, case_id, c.TakeOver(view.clock_id), actor="dario")


async def acts_of_its_buttons(house: House, case_id: str) -> list[c.Command]:
    """What the buttons of the one ping of a case do, the one that ends it last."""
    [ping] = await pings(house, case_id)
    return [
        c.AcknowledgePing(ping.id, ping.clock_id, ping.rung),
        c.MutePings(ping.clock_id, "I am on it"),
        c.TakeOver(ping.clock_id),
    ]


async def by_group(database, clock) -> House:
    """Billing is on call by a Slack user group in which Lea of another department is."""
    house = made(database, clock, ON_CALL, ladder=BY_GROUP + LADDER)
    await GroupReader(house.desk, {"slack": ChatWithGroups(groups={"S0FRONT": ["lea"]})}).read_due()
    return house


async def by_override(database, clock) -> House:
    """Bruno's duty at the front is Lea's for this morning, until ten past nine."""
    house = made(database, clock, ON_CALL, ladder=ROTA.format(hours="08:00-20:00") + LADDER)
    changed = await DutyChanges(house.desk).change(
        Wanted(rota="front", member="lea", since=clock.now(), until=clock.now() + timedelta(minutes=13)),
        actor=OPERATOR,
    )
    assert changed.done
    return house


@pytest.mark.parametrize("on_call", [by_group, by_override])
async def test_whoever_is_told_may_act_and_nobody_else_of_another_department(database, clock, on_call):
    house = await on_call(database, clock)
    case_id = await house.arrive()
    await quiet(house)
    await pass_time(house, minutes=12)
    assert shown(house, "member:lea")
    commands = await acts_of_its_buttons(house, case_id)
    for command in commands:
        assert await refused(house, case_id, command, actor="dario") == NOT_YOURS
    for command in commands:
        await do(house, case_id, command, actor="lea")


@pytest.mark.parametrize("on_call", [by_group, by_override])
async def test_whoever_is_on_call_now_need_not_wait_to_be_told(database, clock, on_call):
    house = await on_call(database, clock)
    case_id = await house.arrive()
    await do(house, case_id, c.Claim(), actor="lea")


async def test_whoever_was_told_may_act_though_their_duty_is_over(database, clock):
    house = await by_override(database, clock)
    case_id, other = await house.arrive(), await house.arrive("My refund?")
    await do(house, other, c.Claim(), actor="anna")
    await quiet(house)
    await pass_time(house, minutes=12)
    house.clock.forward(minutes=1)
    [view] = shown(house, "member:lea")
    assert await refused(house, other, c.TakeOver(""), actor="lea") == NOT_YOURS, "told of another case only"
    await do(house, case_id, c.TakeOver(view.clock_id), actor="lea")
    await do(house, case_id, c.Reassign("legal"), actor="lea")


async def test_whoever_was_told_of_many_at_once_may_act_on_each(database, clock):
    house = await by_override(database, clock)
    cases = [await house.arrive(f"Invoice {number}?") for number in range(6)]
    await quiet(house, seconds=40)
    await pass_time(house, minutes=12)
    await pass_time(house, minutes=2)
    [view] = gatherings(house, "member:lea")
    assert {line.case_id for line in view.lines} == set(cases)
    await do(house, cases[0], c.Claim(), actor="lea")
