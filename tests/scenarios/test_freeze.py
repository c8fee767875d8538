"""The freeze switch: nothing of its scope leaves until it is released, and nothing is lost."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from escalation import commands as c
from escalation.courier import Courier
from escalation.freezing import Freezing
from escalation.ports import CALLS_AT_ONCE, Uncertain
from models.vocabulary import NETWORK_EFFECTS, CaseState, EffectState, Idempotency, NetworkAct
from tests.house import House
from tests.scenarios.steps import (
    ANSWER,
    able,
    acts,
    approved,
    do,
    in_doubt,
    leave,
    quiet,
    refused,
    replies,
    state,
    texts,
)


@pytest.mark.parametrize("scope", ["", "acme"])
async def test_what_is_approved_waits_until_it_is_released(house: House, scope: str):
    case_id = await approved(house)
    freezing = Freezing(house.desk)
    frozen, said = await freezing.freeze(scope, actor="marta")
    assert frozen
    assert "Nothing leaves" in str(said)
    house.clock.forward(hours=2)
    await quiet(house)
    assert texts(house) == []
    assert [effect.state for effect in await replies(house, case_id)] == [EffectState.READY]
    [card] = house.chat.in_channel("C0BILLING", "card")
    assert any("FROZEN by Marta Bianchi" in str(notice) for notice in card.view.notices)
    released, said = await freezing.release(scope, actor="carla")
    assert released
    assert "leaves now" in str(said)
    await quiet(house)
    assert texts(house) == [f"@ada {ANSWER}"]
    assert await state(house, case_id) is CaseState.ANSWERED
    [card] = house.chat.in_channel("C0BILLING", "card")
    assert not any("FROZEN" in str(notice) for notice in card.view.notices)


async def test_likes_wait_too(house: House):
    case_id = await house.arrive()
    await Freezing(house.desk).freeze("acme", actor="carla")
    await do(house, case_id, c.Perform(NetworkAct.LIKE), actor="carla")
    await quiet(house)
    assert house.networks["acme"].acts == []
    await Freezing(house.desk).release("acme", actor="carla")
    await quiet(house)
    assert house.networks["acme"].acts == [NetworkAct.LIKE]


async def test_another_brand_goes_on(house: House):
    await Freezing(house.desk).freeze("beta", actor="carla")
    await approved(house, account="acme")
    await approved(house, account="other")
    await leave(house)
    assert len(texts(house, "acme")) == 1
    assert texts(house, "other") == []


async def test_two_freezes_must_both_be_released(house: House):
    freezing = Freezing(house.desk)
    await approved(house)
    await freezing.freeze("", actor="carla")
    await freezing.freeze("acme", actor="carla")
    done, said = await freezing.release("", actor="carla")
    assert done
    assert "Still frozen: acme" in str(said)
    await leave(house)
    assert texts(house) == []


async def test_freezing_twice_says_who_was_first(house: House):
    freezing = Freezing(house.desk)
    await freezing.freeze("", actor="carla")
    done, said = await freezing.freeze("all", actor="marta")
    assert done
    assert "frozen already, by Carla Rossi" in str(said)
    assert [(what, who) for what, who, _ in await freezing.standing()] == [("everything", "Carla Rossi")]


@pytest.mark.parametrize(
    ("actor", "scope", "words"),
    [("bruno", "", "Only approvers and managers"), ("carla", "moon", "no brand or account “moon”. Known are: acme")],
)
async def test_a_freeze_that_cannot_be_is_told(house: House, actor: str, scope: str, words: str):
    done, said = await Freezing(house.desk).freeze(scope, actor=actor)
    assert not done
    assert words in str(said)


async def test_releasing_what_is_not_frozen_is_told(house: House):
    freezing = Freezing(house.desk)
    assert [str(said) for said in [(await freezing.release(scope, actor="carla"))[1] for scope in ("", "acme")]] == [
        "Nothing is frozen.",
        "Nothing is frozen.",
    ]
    await freezing.freeze("beta", actor="carla")
    done, said = await freezing.release("acme", actor="carla")
    assert (done, str(said)) == (False, "acme is not frozen. Frozen are: beta.")
    done, said = await freezing.release("", actor="carla")
    assert (done, str(said)) == (False, "Not everything is frozen, only beta. Name what to release.")


async def test_a_doubtful_reply_is_not_repeated_while_frozen_even_where_that_is_harmless(house: House):
    able(house, idempotency=Idempotency.NATIVE)
    case_id = await in_doubt(house, arrived=False)
    await Freezing(house.desk).freeze("acme", actor="carla")
    house.clock.forward(minutes=10)
    await quiet(house)
    assert texts(house) == []
    await Freezing(house.desk).release("acme", actor="carla")
    await quiet(house)
    assert texts(house) == [f"@ada {ANSWER}"]
    assert await state(house, case_id) is CaseState.ANSWERED


async def test_looking_up_goes_on_while_frozen(house: House):
    case_id = await in_doubt(house, arrived=True)
    await Freezing(house.desk).freeze("", actor="carla")
    house.clock.forward(minutes=10)
    await quiet(house)
    assert await state(house, case_id) is CaseState.ANSWERED


# --- while many wait behind the few that are under way ----------------------------------------------------------------


class SlowNetwork:
    """A network that takes everything in, and answers nothing while its door is shut."""

    def __init__(self, house: House, account: str = "acme", *, crowd: int = CALLS_AT_ONCE) -> None:
        network = house.networks[account]
        network.post, network.act = self._held(network.post), self._held(network.act)
        self._door, self._full = asyncio.Event(), asyncio.Event()
        self._waiting, self._crowd = 0, crowd

    def _held(self, then: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def held(*asked: Any, **named: Any) -> Any:
            self._waiting += 1
            if self._waiting == self._crowd:
                self._full.set()
            await self._door.wait()
            return await then(*asked, **named)

        return held

    async def crowded(self) -> None:
        """Wait until so many calls are under way."""
        await asyncio.wait_for(self._full.wait(), 30)

    def open(self) -> None:
        self._door.set()


async def many_approved(house: House) -> list[str]:
    """Approve three times as many replies as may be under way at once; each bears its number."""
    case_ids = [await approved(house, f"Answer {number:02d}.") for number in range(3 * CALLS_AT_ONCE)]
    house.clock.forward(seconds=5)
    return case_ids


async def states(house: House, case_ids: list[str]) -> Counter[EffectState]:
    """Return how many replies of some cases stand in which state."""
    return Counter([effect.state for case_id in case_ids for effect in await replies(house, case_id)])


async def test_a_freeze_holds_all_that_only_wait_and_names_those_that_are_under_way(house: House):
    case_ids = await many_approved(house)
    network = SlowNetwork(house)
    draining = asyncio.create_task(house.courier.drain())
    await network.crowded()
    frozen, said = await Freezing(house.desk).freeze("acme", actor="marta")
    assert frozen
    network.open()
    await draining
    await quiet(house)
    assert await states(house, case_ids) == {EffectState.SENT: CALLS_AT_ONCE, EffectState.READY: 2 * CALLS_AT_ONCE}
    assert len(texts(house)) == CALLS_AT_ONCE
    assert f"Already on the way, and not to be stopped any more: up to {CALLS_AT_ONCE}." in str(said)
    await Freezing(house.desk).release("acme", actor="marta")
    await quiet(house)
    assert sorted(texts(house)) == [f"@ada Answer {number:02d}." for number in range(3 * CALLS_AT_ONCE)]


async def test_a_freeze_holds_likes_that_only_wait(house: House):
    for _ in range(2 * CALLS_AT_ONCE):
        await do(house, await house.arrive(), c.Perform(NetworkAct.LIKE), actor="carla")
    network = SlowNetwork(house)
    draining = asyncio.create_task(house.courier.drain())
    await network.crowded()
    await Freezing(house.desk).freeze("acme", actor="marta")
    network.open()
    await draining
    assert len(house.networks["acme"].acts) == CALLS_AT_ONCE


async def test_a_reply_that_only_waits_for_its_turn_can_be_taken_back(house: House):
    case_ids = await many_approved(house)
    network = SlowNetwork(house)
    draining = asyncio.create_task(house.courier.drain())
    await network.crowded()
    stands = {case_id: effect.state for case_id in case_ids for effect in await replies(house, case_id)}
    waiting = next(case_id for case_id in case_ids if stands[case_id] is EffectState.READY)
    leaving = next(case_id for case_id in case_ids if stands[case_id] is EffectState.SENDING)
    await do(house, waiting, c.Undo(), actor="carla")
    assert await state(house, waiting) is CaseState.IN_REVIEW
    assert "already left" in await refused(house, leaving, c.Undo(), actor="carla")
    network.open()
    await draining
    assert f"@ada Answer {case_ids.index(waiting):02d}." not in texts(house)
    assert len(texts(house)) == 3 * CALLS_AT_ONCE - 1


async def test_a_slow_network_with_many_replies_holds_up_no_other_account(house: House):
    house.courier = Courier(desk=house.desk, surfaces={}, kinds=NETWORK_EFFECTS, capacity=2 * CALLS_AT_ONCE)
    await many_approved(house)
    house.clock.forward(seconds=1)
    await approved(house, "Hello.", account="other")
    house.clock.forward(seconds=5)
    acme, other = SlowNetwork(house), SlowNetwork(house, "other", crowd=1)
    draining = asyncio.create_task(house.courier.drain())
    await acme.crowded()
    await other.crowded()
    acme.open()
    other.open()
    await draining
    assert len(texts(house)) == 3 * CALLS_AT_ONCE


async def test_doubtful_replies_of_a_frozen_account_hold_up_no_other(house: House):
    able(house, idempotency=Idempotency.NATIVE)
    house.courier = Courier(desk=house.desk, surfaces={}, kinds=NETWORK_EFFECTS)
    await many_approved(house)
    house.networks["acme"].faults = [("before", Uncertain("timeout"))] * 3 * CALLS_AT_ONCE
    await house.courier.drain()
    await Freezing(house.desk).freeze("acme", actor="marta")
    house.clock.forward(minutes=10)
    await approved(house, "Hello.", account="other")
    await leave(house)
    assert len(texts(house, "other")) == 1
    assert texts(house) == []


async def test_a_network_that_stops_answering_gives_back_what_has_not_had_its_turn(house: House):
    house.courier = Courier(desk=house.desk, surfaces={}, kinds=NETWORK_EFFECTS)
    await many_approved(house)
    await house.courier.drain()  # it answers at once, so that more is taken the next time than may be under way
    case_ids = await many_approved(house)
    network = SlowNetwork(house)
    carrying = asyncio.create_task(house.courier.run())
    await network.crowded()
    async with house.database.read() as tx:
        assert await tx.outbox.under_way(house.clock.now(), accounts=["acme"]) > CALLS_AT_ONCE
    await Freezing(house.desk).freeze("acme", actor="marta")
    waiting = {EffectState.READY: 2 * CALLS_AT_ONCE, EffectState.SENDING: CALLS_AT_ONCE}
    async with asyncio.timeout(60):
        while await states(house, case_ids) != waiting:
            pass
    network.open()
    house.courier.stop()
    await carrying
    assert await states(house, case_ids) == {EffectState.READY: 2 * CALLS_AT_ONCE, EffectState.SENT: CALLS_AT_ONCE}
    assert len(texts(house)) == 4 * CALLS_AT_ONCE
    assert not [case_id for case_id in case_ids if "Delayed" in await acts(house, case_id)], "nobody needs to know"
    await Freezing(house.desk).release("acme", actor="marta")
    await house.courier.drain()
    assert len(texts(house)) == 6 * CALLS_AT_ONCE
