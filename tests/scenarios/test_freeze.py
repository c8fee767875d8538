"""The freeze switch: nothing of its scope leaves until it is released, and nothing is lost."""

import pytest

from escalation import commands as c
from escalation.freezing import Freezing
from models.vocabulary import CaseState, EffectState, Idempotency, NetworkAct
from tests.house import House
from tests.scenarios.steps import ANSWER, able, approved, do, in_doubt, leave, quiet, replies, state, texts


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
