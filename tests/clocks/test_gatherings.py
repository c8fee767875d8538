"""Messages about many pings: struck through like single ones, edited together, and dropped where nothing is left."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from escalation import commands as c
from escalation.courier import Courier
from escalation.ports import RetryLater, Uncertain
from escalation.views import GatheringView
from models.database import Database
from models.outbox import Attempt, Effect
from models.vocabulary import DismissReason, EffectKind, EffectState
from tests.clock import MONDAY
from tests.clocks.test_ladder import QUIET, gatherings, made, pass_time
from tests.house import House, a_post
from tests.scenarios.steps import approved, do, in_review, leave, quiet

STORM, MANY = 6, 23
MARTA = "member:marta"


async def cases_of(house: House, number: int = STORM) -> list[str]:
    """Cases whose cards stand."""
    posts = [a_post(f"Invoice {one}?", clock=house.clock) for one in range(number)]
    taken = await house.desk.intake("acme", posts)
    assert taken is not None
    await quiet(house, seconds=number)
    return list(taken.opened)


async def storm(house: House, number: int = STORM, *, until: float = 11) -> list[str]:
    """So many warnings at once that billing is told in one message, ``until`` seconds after they became due."""
    cases = await cases_of(house, number)
    house.clock.forward(minutes=12)
    await house.sweeper.sweep()
    await pass_time(house, seconds=until)
    return cases


async def claim(house: House, cases: Sequence[str]) -> None:
    for case_id in cases:
        await do(house, case_id, c.Claim(), actor="anna")


async def settled(house: House) -> None:
    """Carry whatever may leave within half a minute."""
    for _ in range(3):
        await quiet(house)
        house.clock.forward(seconds=10)
    await quiet(house)


def struck(view: GatheringView) -> set[str]:
    """The cases whose lines are struck through; lines that are due together have no order among them."""
    return {line.case_id for line in view.lines if line.done}


def calls(house: House, channel: str = "slack:C0BILLING") -> list[str]:
    """What was done about messages of many in a channel, in order: post or update."""
    return [name for name, message in house.chat.calls if message.kind == "digest" and message.channel == channel]


async def drawings(house: House, channel: str = "slack:C0BILLING") -> list[Effect]:
    async with house.database.read() as tx:
        query = select(Effect).where(col(Effect.kind) == EffectKind.DIGEST, col(Effect.target) == channel)
        return list(await tx.session.exec(query.order_by(col(Effect.sequence))))


async def states(house: House) -> list[EffectState]:
    return [effect.state for effect in await drawings(house)]


async def test_a_line_is_struck_through_when_its_step_is_done(database, clock):
    house = made(database, clock)
    first, second, *_ = cases = await storm(house)
    [view] = gatherings(house, "C0BILLING")
    assert struck(view) == set()
    await claim(house, [first, second])
    await settled(house)
    [view] = gatherings(house, "C0BILLING")
    assert struck(view) == {first, second}
    assert len(view.lines) == len(cases)
    assert view.over is None


async def test_when_everything_is_done_the_message_says_so(database, clock):
    house = made(database, clock)
    cases = await storm(house)
    await claim(house, cases)
    await settled(house)
    [view] = gatherings(house, "C0BILLING")
    assert struck(view) == {*cases}
    assert str(view.over) == "Nothing of this is open any more since 09:12."
    assert set(await states(house)) == {EffectState.SENT}


async def test_what_changes_in_the_same_second_is_one_edit(database, clock):
    house = made(database, clock)
    cases = await storm(house)
    for case_id in cases:
        await claim(house, [case_id])
        await house.courier.drain()
    assert calls(house) == ["post"], "an edit waits for what else happens in its second"
    assert (await states(house)).count(EffectState.READY) == 1
    await settled(house)
    assert calls(house) == ["post", "update"]


async def test_what_changes_at_different_times_is_edited_each_time(database, clock):
    house = made(database, clock)
    first, second, *_ = await storm(house)
    for case_id in (first, second):
        await claim(house, [case_id])
        await settled(house)
    assert calls(house) == ["post", "update", "update"]


WARN_QUIETLY_THEN_PAGE = """
[[policies.standard.ladder]]
at = "80%"
ping = "manager"
[[policies.standard.ladder]]
at = "100%"
ping = "manager"
page_anyway = true
"""


async def test_a_message_that_waits_for_the_end_of_quiet_hours_leaves_at_once_when_a_line_pages_anyway(database, clock):
    house = made(database, clock, QUIET, ladder=WARN_QUIETLY_THEN_PAGE)
    cases = await cases_of(house)
    await pass_time(house, minutes=12)
    await pass_time(house, seconds=30)
    assert not gatherings(house, MARTA), "warnings wait until eleven"
    await pass_time(house, minutes=3)
    await pass_time(house, seconds=15)
    [view] = gatherings(house, MARTA)
    assert {line.case_id for line in view.lines} == {*cases}


BRANDS_WITH_APPROVERS = """
[[policies.standard.ladder]]
at = "50%"
ping = "approvers"
steps = ["approve"]
[brands.acme.approval]
channel = "slack:C0APPROVE"
approvers = ["carla", "anna"]
[brands.beta.approval]
channel = "slack:C0APPROVE"
approvers = ["marta"]
"""


async def test_whoever_shall_notice_a_line_that_joins_is_mentioned_too(database, clock):
    house = made(database, clock, ladder=BRANDS_WITH_APPROVERS)
    for number in range(STORM):
        await in_review(house, question=f"Invoice {number}?")
    house.clock.forward(seconds=2)
    await in_review(house, question="Another brand's invoice?", account="other")
    await quiet(house)
    clock.at = MONDAY + timedelta(minutes=10)
    await house.sweeper.sweep()
    house.clock.forward(seconds=2)
    await house.sweeper.sweep()
    await pass_time(house, seconds=10)
    [view] = gatherings(house, "C0APPROVE")
    assert (len(view.lines), view.to) == (STORM + 1, ("carla", "anna", "marta"))


async def test_what_is_done_before_the_message_leaves_is_not_told(database, clock):
    house = made(database, clock)
    cases = await cases_of(house)
    house.clock.forward(minutes=12)
    await house.sweeper.sweep()
    for case_id in cases:
        await do(house, case_id, c.Dismiss(DismissReason.SPAM), actor="anna")
    await settled(house)
    assert calls(house) == []
    assert await states(house) == [EffectState.SUPERSEDED]


async def test_what_is_partly_done_before_the_message_leaves_is_told_so_at_once(database, clock):
    house = made(database, clock)
    cases = await cases_of(house)
    house.clock.forward(minutes=12)
    await house.sweeper.sweep()
    await claim(house, cases[1:])
    await settled(house)
    [view] = gatherings(house, "C0BILLING")
    assert struck(view) == {*cases[1:]}
    assert calls(house) == ["post"]


async def test_a_clock_that_stands_still_is_struck_through_until_it_goes_on(database, clock):
    house = made(database, clock)
    cases = await storm(house)
    until = house.clock.now().replace(hour=11)
    for case_id in cases:
        await do(house, case_id, c.Snooze(until), actor="anna")
    await settled(house)
    [view] = gatherings(house, "C0BILLING")
    assert struck(view) == {*cases}
    assert str(view.over) == "Nothing of this is due now: what has not ended stands still."
    await pass_time(house, hours=2)
    await settled(house)
    [view, *_] = gatherings(house, "C0BILLING")
    assert (struck(view), view.over) == (set(), None)


async def test_a_message_that_was_not_needed_is_told_when_a_clock_goes_on(database, clock):
    house = made(database, clock)
    cases = await cases_of(house)
    house.clock.forward(minutes=12)
    await house.sweeper.sweep()
    until = house.clock.now().replace(hour=11)
    for case_id in cases:
        await do(house, case_id, c.Snooze(until), actor="anna")
    await settled(house)
    assert calls(house) == []
    await do(house, cases[0], c.Wake(), actor="portavoce")
    await settled(house)
    [view] = gatherings(house, "C0BILLING")
    assert struck(view) == {*cases[1:]}


async def test_whose_a_case_is_now_stands_in_its_line(database, clock):
    house = made(database, clock)
    first, *_ = await storm(house)
    await do(house, first, c.Reassign("legal"), actor="anna")
    await settled(house)
    [view] = gatherings(house, "C0BILLING")
    [line] = [line for line in view.lines if line.case_id == first]
    assert "(Legal)" in str(line.sentence)


async def test_what_an_outage_missed_is_struck_through_in_every_place(database, clock):
    house = made(database, clock)
    cases = await cases_of(house, 4)
    await pass_time(house, hours=1)
    await pass_time(house, seconds=11)
    await claim(house, cases)
    await settled(house)
    for place in ("C0BILLING", "C0MANAGERS", MARTA):
        [view] = gatherings(house, place)
        assert struck(view) == {*cases}
        assert view.over is not None


async def frozen(house: House) -> None:
    async with house.database.begin() as tx:
        await tx.freezes.set("account:acme", member="carla", at=house.clock.now())


async def test_what_only_waited_for_a_freeze_is_struck_through_when_it_is_over(database, clock):
    house = made(database, clock)
    await approved(house)
    await frozen(house)
    await quiet(house)
    await pass_time(house, minutes=6)
    await pass_time(house, seconds=11)
    [view] = gatherings(house, "C0MANAGERS")
    assert view.over is None
    async with house.database.begin() as tx:
        await tx.freezes.lift("account:acme")
    await leave(house)
    await settled(house)
    [view] = gatherings(house, "C0MANAGERS")
    assert view.over is not None


async def test_a_freeze_that_was_not_told_since_nothing_waited_any_more_is_told_when_something_does(database, clock):
    house = made(database, clock)
    case_id = await approved(house)
    await frozen(house)
    await quiet(house)
    house.clock.forward(minutes=6)
    await house.sweeper.sweep()
    await do(house, case_id, c.Undo(), actor="carla")
    await settled(house)
    assert gatherings(house, "C0MANAGERS") == []
    await approved(house, question="One more invoice")
    await pass_time(house, minutes=6)
    await settled(house)
    [view] = [one for one in gatherings(house, "C0MANAGERS") if "frozen" in str(one.headline)]
    assert len(view.lines) == 1


async def test_lines_that_are_not_shown_are_counted_as_done_too(database, clock):
    house = made(database, clock)
    cases = await storm(house, MANY)
    await claim(house, cases[:-1])
    await settled(house)
    [view] = gatherings(house, "C0BILLING")
    assert (len(struck(view)) + view.more_done, view.more, view.over) == (MANY - 1, 3, None)
    await claim(house, cases[-1:])
    await settled(house)
    [view] = gatherings(house, "C0BILLING")
    assert (view.more_done, view.over is None) == (3, False)


# --- exactly once -----------------------------------------------------------------------------------------------------


async def test_a_message_of_unknown_outcome_is_looked_up_and_then_edited(database, clock):
    house = made(database, clock)
    cases = await storm(house, until=0)
    house.clock.forward(seconds=11)
    house.chat.faults = [("after", Uncertain("timeout"))]
    await house.courier.drain()
    assert (await states(house))[0] is EffectState.UNKNOWN
    await claim(house, cases)
    await settled(house)
    assert calls(house) == ["post", "update"]
    [view] = gatherings(house, "C0BILLING")
    assert view.over is not None


async def test_what_changes_while_the_message_is_on_its_way_is_edited_afterwards(database, clock):
    house = made(database, clock)
    cases = await storm(house, until=0)
    house.clock.forward(seconds=11)
    await house.courier._start_due()
    await asyncio.wait([*house.courier._running])
    await claim(house, cases)
    await house.courier._settle_finished()
    await settled(house)
    assert calls(house) == ["post", "update"]
    [view] = gatherings(house, "C0BILLING")
    assert struck(view) == {*cases}


class Deaf:
    """A chat that edits, and whose answer is lost as often as told."""

    def __init__(self, house: House, *errors: Exception) -> None:
        self._chat, self._errors, self._update = house.chat, list(errors), house.chat.update
        house.chat.update = self.update

    async def update(self, message, message_id):
        await self._update(message, message_id)
        if self._errors and message.kind == "digest":
            raise self._errors.pop(0)


@pytest.mark.parametrize("error", [Uncertain("timeout"), RetryLater("busy")])
async def test_an_edit_that_was_not_heard_of_is_repeated_and_never_posted(database, clock, error):
    house = made(database, clock)
    first, second, *_ = await storm(house)
    Deaf(house, error, error)
    await claim(house, [first])
    house.clock.forward(seconds=2)
    await house.courier._start_due()
    await asyncio.wait([*house.courier._running])
    await claim(house, [second])
    await house.courier._settle_finished()
    assert await states(house) == [EffectState.SENT, EffectState.READY, EffectState.SUPERSEDED], "one edit waits"
    await settled(house)
    assert calls(house) == ["post", "update", "update", "update"]
    [view] = gatherings(house, "C0BILLING")
    assert struck(view) == {first, second}


def inherited(house: House) -> None:
    """Let another courier take over from one that is gone, when its leases have run out."""
    house.courier = Courier(desk=house.desk, surfaces={"slack": house.chat})
    house.clock.forward(minutes=3)


async def test_an_edit_whose_sender_died_is_made_again(database, clock):
    house = made(database, clock)
    first, *_ = await storm(house)
    await claim(house, [first])
    house.clock.forward(seconds=2)
    jobs = (await house.courier._claim(50)).jobs  # and nobody comes back
    assert EffectKind.DIGEST in {job.effect.kind for job in jobs}
    inherited(house)
    await settled(house)
    assert calls(house) == ["post", "update"]
    [view] = gatherings(house, "C0BILLING")
    assert struck(view) == {first}


async def test_a_first_message_whose_sender_died_is_looked_for(database, clock):
    house = made(database, clock)
    cases = await storm(house, until=0)
    house.clock.forward(seconds=11)
    jobs = (await house.courier._claim(50)).jobs
    for job in jobs:
        await house.courier._carrier.carry(job)  # it stands, and nobody writes that down
    await claim(house, cases)
    inherited(house)
    await settled(house)
    assert calls(house) == ["post", "update"]


async def test_a_message_that_was_deleted_is_made_again_while_something_is_open(database, clock):
    house = made(database, clock)
    first, *others = await storm(house)
    house.chat.messages.clear()
    await claim(house, [first])
    await settled(house)
    [view] = gatherings(house, "C0BILLING")
    assert struck(view) == {first}
    house.chat.messages.clear()
    await claim(house, others)
    await settled(house)
    assert gatherings(house, "C0BILLING") == []
    assert calls(house) == ["post", "post"]


async def test_a_message_that_could_not_be_shown_is_tried_again_with_the_next_change(database, clock):
    house = made(database, clock)
    first, *_ = await storm(house, until=0)
    async with database.begin() as tx:
        [drawing] = await drawings(house)
        parked = {"state": EffectState.PARKED, "reason": "channel_not_found"}
        await tx.outbox.move(drawing.id, from_=[EffectState.READY], changes=parked)
    await claim(house, [first])
    await settled(house)
    [view] = gatherings(house, "C0BILLING")
    assert struck(view) == {first}
    assert await states(house) == [EffectState.SUPERSEDED, EffectState.SENT]


async def test_every_try_is_recorded(database, clock):
    house = made(database, clock)
    cases = await storm(house)
    await claim(house, cases)
    await settled(house)
    async with database.read() as tx:
        tried = {attempt.effect_id for attempt in await tx.session.exec(select(Attempt))}
    assert {effect.id for effect in await drawings(house)} <= tried


# --- several at once --------------------------------------------------------------------------------------------------


async def test_many_at_once_leave_one_edit_waiting(database, clock):
    house = made(database, clock)
    cases = await storm(house)
    await asyncio.gather(*(claim(house, [case_id]) for case_id in cases))
    assert await states(house) == [EffectState.SENT, EffectState.READY]
    await settled(house)
    [view] = gatherings(house, "C0BILLING")
    assert struck(view) == {*cases}


@pytest.mark.parametrize("database", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True)
async def test_an_edit_that_is_being_claimed_does_not_speak_for_what_changes_meanwhile(database: Database, clock):
    house = made(database, clock)
    first, second, *_ = await storm(house)
    await claim(house, [first])
    house.clock.forward(seconds=2)
    async with database.begin() as tx:
        claimed = await tx.outbox.due(house.clock.now(), limit=50, kinds=[EffectKind.DIGEST])
        assert len(claimed) == 1
        async with asyncio.timeout(20):  # nobody waits for the claim
            await claim(house, [second])
    assert await states(house) == [EffectState.SENT, EffectState.READY, EffectState.READY]
    await settled(house)
    [view] = gatherings(house, "C0BILLING")
    assert struck(view) == {first, second}


async def test_a_message_without_its_lines_cards_is_left_as_it_is(database, clock):
    """One that an earlier version has posted."""
    house = made(database, clock)
    cases = await storm(house)
    async with database.begin() as tx:
        await tx.session.exec(text("DELETE FROM card WHERE kind = 'line'"))
        await tx.session.exec(text("UPDATE effect SET lane = NULL WHERE kind = 'digest'"))
    await claim(house, cases)
    await settled(house)
    assert calls(house) == ["post"]
