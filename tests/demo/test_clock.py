"""The one clock: it goes forward only, wakes what waits, and everybody lives by it."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bots.demo.clock import BackwardsError, DemoClock, next_morning, next_saturday
from bots.demo.stage import MEMORY
from tests.demo.visit import Visit, visit

ROME = ZoneInfo("Europe/Rome")


def rome(day: int, hour: int, minute: int = 0, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ROME).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "morning"),
    [
        (rome(20, 8, 59), rome(20, 9)),
        (rome(20, 9), rome(21, 9)),
        (rome(20, 23, 30), rome(21, 9)),
        (rome(24, 12, month=10), rome(25, 9, month=10)),  # the night in which summer time ends has 25 hours
    ],
)
def test_the_next_morning(now: datetime, morning: datetime):
    assert next_morning(now, ROME) == morning


def test_the_next_saturday():
    assert next_saturday(rome(18, 12), ROME) == rome(21, 10)
    assert next_saturday(rome(21, 9), ROME) == rome(21, 10)
    assert next_saturday(rome(21, 10), ROME) == rome(28, 10)


def test_it_moves_forward_only():
    clock = DemoClock(ahead=timedelta(hours=1))
    before = clock.now()
    clock.move(timedelta(hours=2))
    assert timedelta(hours=2) <= clock.now() - before < timedelta(hours=2, minutes=1)
    assert clock.ahead == timedelta(hours=3)
    with pytest.raises(BackwardsError):
        clock.move(timedelta(seconds=-1))
    with pytest.raises(BackwardsError):
        clock.move_to(before)


async def test_who_waits_long_wakes_when_a_jump_passes_the_end():
    clock = DemoClock()
    waiting = asyncio.create_task(clock.sleep(3600))
    await asyncio.sleep(0)
    clock.move(timedelta(minutes=30))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not waiting.done()
    clock.move(timedelta(minutes=31))
    await asyncio.wait_for(waiting, 1)


async def test_patience_with_a_machine_passes_in_real_time():
    clock = DemoClock()
    waiting = asyncio.create_task(clock.sleep(3))
    await asyncio.sleep(0)
    clock.move(timedelta(days=1))
    done, _ = await asyncio.wait({waiting}, timeout=0.05)
    assert not done
    waiting.cancel()


async def test_a_jump_is_on_disk_before_anybody_lives_by_it(tmp_path: Path):
    async with visit(tmp_path, keep=True) as demo:
        before = demo.stage.clock.ahead

        async def woken() -> float:
            await demo.stage.clock.sleep(1800)
            return json.loads((tmp_path / MEMORY).read_text())["ahead_seconds"]

        waking = asyncio.create_task(woken())
        await demo.do("clock", to="1h")
        kept = timedelta(seconds=await asyncio.wait_for(waking, 5))
        assert kept - before == timedelta(hours=1)
        assert demo.stage.clock.ahead == kept


async def test_two_jumps_at_once_are_one_after_the_other(demo: Visit):
    before = demo.stage.clock.ahead
    await asyncio.gather(*(demo.do("clock", to="1h") for _ in range(3)))
    assert demo.stage.clock.ahead - before == timedelta(hours=3)


async def test_a_jump_is_shown_and_everybody_goes_along(demo: Visit):
    before = (await demo.state())["clock"]
    shown = (await demo.do("clock", to="saturday"))["clock"]
    there = datetime.fromisoformat(shown["now"]).astimezone(ROME)
    assert (there.weekday(), there.hour) == (5, 10)
    assert shown["open"] is False
    assert datetime.fromisoformat(shown["opens_at"]).astimezone(ROME).hour == 9
    assert shown["ahead_seconds"] > before["ahead_seconds"]
    post = await demo.approved_answer("2001", "It is paid.")  # signatures of both sandboxes hold on Saturday as well
    await demo.counted(approved=1, sent=1, doubled=0, lost=0, unapproved=0)
    [reply] = [one for one in demo.stage.network.thread(post) if one.author == "acme"]
    assert reply.at.astimezone(ROME).weekday() == 5


async def test_what_fell_due_meanwhile_happens_and_the_card_tells_the_new_time(demo: Visit):
    await demo.do("clock", to="morning")
    while not (await demo.state())["clock"]["open"]:
        await demo.do("clock", to="morning")
    await demo.ask("3000")

    async def claiming() -> Any:
        [*cases] = (await demo.state())["cases"]
        return cases and cases[0]["strip"][2]["started_at"]

    await demo.until(claiming, "the card")
    card = await demo.hands.message("C0BILLING", text="3000", kind="card")
    late = (await demo.do("clock", to="1h"))["cases"][0]["strip"][2]
    assert (late["step"], late["ended_at"], late["late"]) == ("acknowledge", None, True)

    async def redrawn() -> bool:
        fresh = await demo.hands.message("C0BILLING", text="3000", kind="card")
        return fresh["blocks"] != card["blocks"]

    await demo.until(redrawn, "the card in the new time")


async def test_a_jump_over_a_snooze_wakes_the_case(demo: Visit):
    await demo.ask("4000")
    card = await demo.hands.message("C0BILLING", text="4000", kind="card", button="Snooze")
    await demo.hands.click("U0ANNA", card, "Snooze")
    view = (await demo.speaker.get("/sandbox/slack/people/U0ANNA/view?wait=5")).json()
    choice = next(block for block in view["blocks"] if "options" in block.get("element", {}))
    value = choice["element"]["options"][0]["value"]
    await demo.hands.act("U0ANNA", "submit_view", values={choice["block_id"]: value})

    async def state_of_case(wanted: str) -> bool:
        return (await demo.state())["cases"][0]["state"] == wanted

    await demo.until(lambda: state_of_case("snoozed"), "the snooze")
    for _ in range(8):
        await demo.do("clock", to="morning")
    await demo.until(lambda: state_of_case("waiting_answer"), "the waking")
