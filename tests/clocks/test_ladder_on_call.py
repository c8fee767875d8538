"""Ladders and rotas: whoever is on call hears of it, nobody means the next one, and duty can be waited for."""

from escalation import commands as c
from tests.clocks.test_ladder import heads, made, pass_time, pings, shown
from tests.scenarios.steps import do, quiet

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


async def test_whoever_is_pinged_by_a_rota_may_act_though_in_another_department(database, clock):
    rota = ROTA.format(hours="08:00-20:00").replace('"bruno"', '"dario"')
    house = made(database, clock, ON_CALL, ladder=rota + LADDER)
    case_id = await house.arrive()
    await quiet(house)
    await pass_time(house, minutes=12)
    [view] = shown(house, "member:dario")
    await do(house, case_id, c.TakeOver(view.clock_id), actor="dario")
