"""Explanations of real cases: what they add up is what the rows say, whatever was done, on both databases."""

import random
from datetime import timedelta

from escalation import commands as c
from escalation.case_records import read_record
from escalation.desk import case_file
from escalation.explaining import ClockExplained, explain
from escalation.explanation_views import rule_sentence
from escalation.foretelling import Whereabouts
from escalation.on_call import NOBODY_ON_CALL
from models.vocabulary import CaseState, DismissReason, PauseReason, PingFate, PingKind, Step
from tests.clocks.test_ladder import made, pass_time
from tests.house import House, a_post
from tests.scenarios.steps import do, quiet, refused, state, submit

WAITING = PauseReason.WAITING_CUSTOMER


async def explained(house: House, case_id: str) -> dict[tuple[Step, int], ClockExplained]:
    """Every clock of a case, as a process sees it that has just been started."""
    async with house.database.read() as tx:
        file = case_file((await tx.cases.read([case_id]))[case_id])
        rules = await house.desk.rules(tx, file)
        record = await read_record(tx, house.desk, file)
    found = explain(record, rules, NOBODY_ON_CALL, house.clock.now())
    return {(one.clock.step, one.clock.cycle): one for one in found}


def adds_up(found: ClockExplained) -> None:
    clock = found.clock
    total = sum(interval.seconds for interval in found.counted)
    assert total + found.adjusted_seconds == found.counted_seconds
    assert found.adjusted_seconds == 0
    if clock.ended_at is not None:
        assert found.counted_seconds == clock.business_seconds
        assert sum(pause.seconds for pause in found.pauses) == clock.paused_seconds
    elif clock.target_seconds is not None and found.left_seconds > 0:
        assert total + sum(interval.seconds for interval in found.until_due) == clock.target_seconds
        if clock.paused_at is None:
            assert found.due_at == clock.due_at
            assert [event.at for event in found.to_come][:1] in ([], [clock.next_at])


async def test_whatever_was_done_every_clock_of_a_case_adds_up(database, clock):
    house = made(database, clock, ('relay = "5m"', 'relay = "5m"\nresolution = "5d"\nnext_response = "1h"'))
    chance = random.Random(4)
    seen = 0
    for _ in range(4):
        case_id = await house.arrive()
        for _ in range(14):
            house.clock.forward(
                seconds=chance.choice([7, 300, 4_000, 30_000, 200_000]), microseconds=chance.randrange(9**6)
            )
            await house.sweeper.sweep()
            await quiet(house)
            until = house.clock.now() + timedelta(hours=chance.choice([1, 5, 70]))
            command, actor = chance.choice([
                (c.Claim(), "anna"), (c.Snooze(until), "anna"), (c.Snooze(until, WAITING), "bruno"),
                (c.TakeOver(), "marta"), (c.Reassign("product"), "anna"), (c.SubmitDraft("Soon.", "dialog"), "dario"),
                (c.Snooze(until), "dario"), (c.Claim(), "dario"), (c.SubmitDraft("Soon.", "dialog"), "anna"),
                (c.Dismiss(DismissReason.NO_REPLY_NEEDED), "marta"), (None, ""),
            ])  # fmt: skip
            file = await house.desk.file(case_id)
            if command is not None:
                await house.desk.handle(case_id, command, actor=actor)
            else:
                await house.desk.intake("acme", [a_post("And?", clock=clock, thread_id=file.case.thread_id)])
            for found in (await explained(house, case_id)).values():
                adds_up(found)
                seen += 1
    assert seen > 300


async def test_a_clock_of_yesterdays_hours_is_explained_in_them_by_a_process_of_today(database, clock):
    house = made(database, clock)
    case_id = await house.arrive()
    await quiet(house)
    await do(house, case_id, c.Claim(), actor="anna")
    began = house.clock.now()
    house.clock.forward(minutes=90)
    await submit(house, case_id)
    today = made(database, clock, ('monday = ["09:00-13:00", "14:00-18:00"]', 'monday = ["11:00-12:00"]'))
    answer = (await explained(today, case_id))[Step.ANSWER, 1]
    adds_up(answer)
    [interval] = answer.counted
    assert interval.start == began.replace(microsecond=0)
    assert answer.counted_seconds == 5_400
    assert (await explained(today, case_id))[Step.APPROVE, 1].due_today is not None


async def test_quiet_hours_are_foretold_and_come_true(database, clock):
    house = made(database, clock, ('name = "Marta Bianchi"', 'name = "Marta Bianchi"\nquiet_hours = ["08:00-11:00"]'))
    case_id = await house.arrive()
    await quiet(house)
    warning, breach = (await explained(house, case_id))[Step.ACKNOWLEDGE, 1].to_come
    assert [one.channel for one in warning.reached] == ["slack:C0BILLING"]
    held = {one.channel: one.held_until for one in breach.reached}
    assert held["slack:C0MANAGERS"] is None
    assert held["member:marta"].isoformat()[11:16] == "11:00"
    await pass_time(house, minutes=16)
    found = (await explained(house, case_id))[Step.ACKNOWLEDGE, 1]
    assert found.to_come == ()
    folded, told = found.told
    assert (folded.ping.fate, told.ping.fate) == (PingFate.FOLDED, PingFate.ANNOUNCED)
    where = {place.channel: place for place in told.places}
    assert where["slack:C0MANAGERS"].whereabouts is Whereabouts.SHOWN
    assert (where["member:marta"].whereabouts, where["member:marta"].at) == (Whereabouts.HELD, held["member:marta"])
    await do(house, case_id, c.Claim(), actor="anna")
    house.clock.forward(hours=2)
    await quiet(house)
    told = (await explained(house, case_id))[Step.ACKNOWLEDGE, 1].told[1]
    assert {place.channel: place.whereabouts for place in told.places}["member:marta"] is Whereabouts.DROPPED


async def test_an_entry_of_the_policy_is_named(database, clock):
    when = '[[policies.standard.when]]\npriorities = ["urgent"]\nnetworks = ["plain"]\nacknowledge = "5m"\n'
    urgent = ('words = ["invoice", "refund"]', 'words = ["invoice", "refund"]\npriority = "urgent"')
    house = made(database, clock, urgent, ladder=when)
    case_id = await house.arrive()
    await quiet(house)
    clocks = await explained(house, case_id)
    assert str(rule_sentence(clocks[Step.ACKNOWLEDGE, 1].rule, with_route=True)) == (
        "policy standard, for urgent cases on plain, chosen by route no. 2"
    )
    assert str(rule_sentence(clocks[Step.FIRST_RESPONSE, 1].rule, with_route=False)) == "policy standard"


async def test_timing_anew_is_asked_for_by_somebody_who_may_and_is_explained(database, clock):
    house = made(database, clock)
    case_id = await house.arrive()
    await quiet(house)
    later = made(database, clock, ('acknowledge = "15m"', 'acknowledge = "30m"'))
    assert (await explained(later, case_id))[Step.ACKNOWLEDGE, 1].due_today is not None
    assert "Only approvers and managers" in await refused(later, case_id, c.Recompute(), actor="bruno")
    await do(later, case_id, c.Recompute(), actor="marta")
    found = (await explained(later, case_id))[Step.ACKNOWLEDGE, 1]
    adds_up(found)
    assert found.rule.timed_anew_at == later.clock.now()
    assert (found.due_today, found.clock.target_seconds) == (None, 1_800)


async def test_a_calendar_that_clocks_were_moved_to_is_kept(database, clock):
    """A third process, with yet another configuration, counts them in the hours in which they were timed anew."""
    house = made(database, clock)
    case_id = await house.arrive()
    await quiet(house)
    opened = made(database, clock, ('monday = ["09:00-13:00", "14:00-18:00"]', 'monday = ["09:05-18:00"]'))
    await do(opened, case_id, c.Recompute(), actor="carla")
    third = made(database, clock, ('monday = ["09:00-13:00", "14:00-18:00"]', 'monday = ["24h"]'))
    found = (await explained(third, case_id))[Step.ACKNOWLEDGE, 1]
    assert found.calendar.version == found.clock.calendar
    assert found.until_due[0].start.isoformat()[11:16] == "09:05"
    adds_up(found)


async def test_a_wait_for_the_customer_stands_in_the_explanation(database, clock):
    house = made(database, clock)
    case_id = await house.arrive()
    await quiet(house)
    until = house.clock.now() + timedelta(hours=6)
    await do(house, case_id, c.Snooze(until, PauseReason.WAITING_CUSTOMER), actor="anna")
    house.clock.forward(hours=1)
    first = (await explained(house, case_id))[Step.FIRST_RESPONSE, 1]
    [pause] = first.pauses
    assert (pause.reason, pause.by, pause.end, pause.until) == (PauseReason.WAITING_CUSTOMER, "anna", None, until)
    assert first.goes_on_at == until
    foretold = first.due_at
    house.clock.forward(hours=5)
    await house.sweeper.sweep()
    assert await state(house, case_id) is CaseState.WAITING_ANSWER
    now = (await explained(house, case_id))[Step.FIRST_RESPONSE, 1]
    assert now.clock.due_at == foretold, "what was said of the time after the pause came true"
    assert [event.rung.kind for event in now.to_come] == [PingKind.WARNING, PingKind.BREACH]
