"""The wall clock was an hour ahead and has been set back: nobody waits an hour for a message because of that."""

from datetime import timedelta
from typing import Any

from sqlalchemy import event

from models.vocabulary import PingKind
from tests.house import House
from tests.scenarios.steps import quiet


async def test_a_channel_goes_on_that_was_written_to_by_a_clock_ahead(house: House):
    house.clock.forward(hours=1)
    for number in range(3):
        await house.arrive(f"Invoice {number}?")
    await quiet(house)
    assert len(house.chat.in_channel("C0BILLING", "card")) == 3
    house.clock.at -= timedelta(hours=1)
    await house.arrive("Another invoice")
    await house.courier.drain()
    assert len(house.chat.in_channel("C0BILLING", "card")) == 4


async def test_clocks_that_begin_after_the_step_back_are_told_in_time(house: House):
    house.clock.forward(hours=1)
    await house.arrive()
    await quiet(house)
    house.clock.at -= timedelta(hours=1)
    case_id = await house.arrive("My refund?")
    await quiet(house)
    house.clock.forward(minutes=13)
    assert await house.sweeper.sweep() == 1
    async with house.database.read() as tx:
        [ping] = await tx.pings.of_case(case_id)
    assert (ping.kind, ping.at) == (PingKind.WARNING, house.clock.now())


async def test_a_sweep_amid_which_the_clock_is_set_back_puts_nothing_off(house: House):
    case_id = await house.arrive()
    await quiet(house)
    house.clock.forward(minutes=13)
    steps_back = iter([timedelta(hours=1)])

    def after(_: Any, __: Any, statement: str, *___: Any) -> None:
        if "ORDER BY step_clock.next_at" in statement:  # the sweep has found what is due, and not decided yet
            house.clock.at -= next(steps_back, timedelta(0))

    event.listen(house.database.engine.sync_engine, "after_cursor_execute", after)
    assert await house.sweeper.sweep() == 0
    event.remove(house.database.engine.sync_engine, "after_cursor_execute", after)
    assert next(steps_back, None) is None, "the clock was not set back"
    house.clock.forward(hours=1)
    assert await house.sweeper.sweep() == 1
    async with house.database.read() as tx:
        [ping] = await tx.pings.of_case(case_id)
    assert (ping.kind, ping.at) == (PingKind.WARNING, house.clock.now())
