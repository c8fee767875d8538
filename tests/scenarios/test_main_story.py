"""The main job, end to end: a customer's post becomes an approved, relayed, timed reply."""

from escalation import commands as c
from models.vocabulary import CaseState, DraftSource, Step
from tests.house import House


async def test_a_post_becomes_an_approved_relayed_timed_reply(house: House):
    case_id = await house.arrive("Where is my invoice?")
    await house.courier.drain()
    [card] = house.chat.in_channel("C0BILLING", "card")
    assert card.view.post.text == "Where is my invoice?"
    house.clock.forward(minutes=2)
    assert (await house.desk.handle(case_id, c.Claim(), actor="anna")).done
    house.clock.forward(minutes=5)
    outcome = await house.desk.handle(case_id, c.SubmitDraft("It is in your inbox.", DraftSource.DIALOG), actor="anna")
    assert outcome.done, outcome.refusal
    await house.courier.drain()
    [approval] = house.chat.in_channel("C0APPROVE", "approval")
    assert approval.view.parts == ("@ada It is in your inbox.",)
    seen = c.DraftSeen(approval.view.draft_version, approval.view.draft_hash, approval.view.context_version)
    refused = await house.desk.handle(case_id, c.Approve(seen), actor="anna")
    assert "Four eyes" in str(refused.refusal)
    house.clock.forward(minutes=1)
    assert (await house.desk.handle(case_id, c.Approve(seen), actor="carla")).done
    await house.courier.drain()
    assert house.networks["acme"].posts == []
    house.clock.forward(seconds=5)
    await house.courier.drain()
    [posted] = house.networks["acme"].posts
    assert posted.text == "@ada It is in your inbox."
    late = await house.desk.handle(case_id, c.Approve(seen), actor="carla")
    assert "Carla Rossi approved this" in str(late.refusal)
    file = await house.desk.file(case_id)
    assert file.case.state is CaseState.ANSWERED
    walls = {clock.step: clock.wall_seconds for clock in file.clocks if clock.ended_at}
    assert walls[Step.DETECT] == 10
    assert walls[Step.ACKNOWLEDGE] == 120
    assert walls[Step.ANSWER] == 300
    assert walls[Step.APPROVE] == 60
    assert walls[Step.RELAY] == 5
    assert walls[Step.FIRST_RESPONSE] == 10 + 120 + 300 + 60 + 5
    house.clock.forward(days=4)
    assert await house.sweeper.sweep() == 1
    await house.courier.drain()
    file = await house.desk.file(case_id)
    assert file.case.state is CaseState.CLOSED
