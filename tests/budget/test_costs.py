"""What each act may cost the database, in commits (each a flush to disk) and statements."""

import asyncio

import pytest

from escalation import commands as c
from escalation.desk import Delivery
from escalation.digesting import Digests
from escalation.inbox import Inbox
from escalation.rolling_up import RollingUp
from models.vocabulary import CaseState, DraftSource, DraftState, NetworkAct
from tests.budget.counting import counted
from tests.counting import PlainCounting
from tests.house import CONFIGURATION, House, a_post, build_house
from tests.scenarios.steps import answered, approve, approved, in_review, quiet, replies, seen, state, texts

MOST_STATEMENTS_OF_A_CLICK = 25


def posts(house: House, number: int) -> list:
    return [a_post(f"invoice {n}", clock=house.clock) for n in range(number)]


async def test_fifty_mentions_are_one_commit(house: House):
    arrivals = posts(house, 50)
    with counted(house.database) as fifty:
        await house.desk.intake("acme", arrivals)
    with counted(house.database) as one:
        await house.desk.intake("acme", posts(house, 1))
    assert fifty.commits == one.commits == 1
    assert fifty.count <= one.count + 5, "statements grow with the batch"


async def test_fifty_mentions_delivered_again_write_nothing(house: House):
    arrivals = posts(house, 50)
    await house.desk.intake("acme", arrivals)
    with counted(house.database) as cost:
        await house.desk.intake("acme", arrivals)
    assert (cost.commits, cost.writes) == (1, 0)


@pytest.mark.parametrize(
    ("begin", "click"),
    [
        ("waiting", lambda _: (c.Claim(), "anna")),
        ("waiting", lambda _: (c.SubmitDraft("Here.", DraftSource.DIALOG), "anna")),
        ("waiting", lambda _: (c.Perform(NetworkAct.LIKE), "carla")),
        ("waiting", lambda _: (c.Reassign("product"), "anna")),
        ("review", lambda look: (c.Approve(look), "carla")),
        ("review", lambda look: (c.EditAndSend(look, "Other."), "carla")),
        ("review", lambda look: (c.SendBack(look, "Why?"), "carla")),
        ("approved", lambda _: (c.Undo(), "carla")),
    ],
)
async def test_a_click_is_one_commit_together_with_its_delivery(house: House, begin: str, click):
    make = {"waiting": house.arrive, "review": lambda: in_review(house), "approved": lambda: approved(house)}[begin]
    case_id = await make()
    await quiet(house, seconds=4)
    look = await seen(house, case_id) if begin == "review" else None
    command, actor = click(look)
    delivery = Delivery("slack:1", "slack", "", b"{}")
    with counted(house.database) as cost:
        outcome = await house.desk.handle(case_id, command, actor=actor, delivery=delivery)
    assert outcome.done, outcome.refusal
    assert cost.commits == 1
    assert cost.count <= MOST_STATEMENTS_OF_A_CLICK, cost.statements


async def test_a_repeated_click_costs_one_statement_and_writes_no_row(house: House):
    case_id = await house.arrive()
    delivery = Delivery("slack:1", "slack", "", b"{}")
    await house.desk.handle(case_id, c.Claim(), actor="anna", delivery=delivery)
    with counted(house.database) as cost:
        assert (await house.desk.handle(case_id, c.Claim(), actor="anna", delivery=delivery)).repeated
    assert (cost.commits, cost.count) == (1, 1)


async def test_a_batch_of_replies_is_two_commits(house: House):
    for number in range(6):
        await approved(house, f"Answer {number}")
    house.clock.forward(seconds=1)
    await quiet(house, seconds=40)
    sent = texts(house)
    more = [await approved(house, f"More {number}") for number in range(5)]
    async with house.database.begin() as tx:
        for key in ("slack:C0BILLING", "slack:C0APPROVE"):
            await tx.outbox.paces([key])
            await tx.outbox.block(key, house.clock.now().replace(year=2030))
    house.clock.forward(seconds=6)
    with counted(house.database) as cost:
        await house.courier._start_due()
        await asyncio.wait([*house.courier._running])
        await house.courier._settle_finished()
    assert cost.commits == 2
    assert len(texts(house)) == len(sent) + 5
    assert [await state(house, case_id) for case_id in more] == [CaseState.ANSWERED] * 5


async def test_an_idle_courier_and_an_idle_sweep_commit_nothing(house: House):
    await answered(house)
    await quiet(house, seconds=20)
    rolling_up = RollingUp(house.database, house.clock)
    with counted(house.database) as cost:
        assert await rolling_up.roll_up() > 0
    assert (cost.commits, cost.count <= 7) == (1, True), cost.statements
    with counted(house.database) as cost:
        assert await house.courier.drain() == 0
        assert await house.sweeper.sweep() == 0
        assert await Inbox(house.database, house.clock).take_up({"plain": _nothing}) == 0
        assert await rolling_up.roll_up() == 0
    assert (cost.commits, cost.writes) == (0, 0)
    assert cost.count <= 6


async def test_digests_cost_nothing_until_one_is_due_and_then_one_commit(house: House):
    text = CONFIGURATION.replace(
        'members = ["marta"]\n[[routes]]', 'members = ["marta"]\ndaily_digest = "08:30"\n[[routes]]'
    )
    house = build_house(house.database, clock=house.clock, configuration=text)
    digests = Digests(house.desk, PlainCounting(house.database))
    await digests.send_due()
    await digests.send_due()
    with counted(house.database) as idle:
        for _ in range(100):
            house.clock.forward(minutes=10)
            assert await digests.send_due() == 0
    assert (idle.commits, idle.count) == (0, 0)
    house.clock.forward(hours=12)
    with counted(house.database) as due:
        assert await digests.send_due() == 1
    assert (due.commits, due.writes) == (1, 2)


async def _nothing(_: object) -> None:
    raise AssertionError("nothing was stored")


async def test_deliveries_that_come_together_share_a_commit(house: House):
    inbox = Inbox(house.database, house.clock)
    with counted(house.database) as cost:
        stored = await asyncio.gather(*(inbox.store(Delivery(f"k{n}", "plain", "acme", b"x")) for n in range(50)))
    assert all(stored)
    assert cost.commits <= 2


async def test_a_sweep_of_fifty_timers_is_one_commit(house: House):
    arrivals = posts(house, 50)
    taken = await house.desk.intake("acme", arrivals)
    until = house.clock.now().replace(hour=12)
    for case_id in taken.opened:
        await house.desk.handle(case_id, c.Snooze(until), actor="anna")
    house.clock.forward(hours=6)
    with counted(house.database) as cost:
        assert await house.sweeper.sweep() == 50
    assert cost.commits == 1


# --- one wins ---------------------------------------------------------------------------------------------------------


async def test_of_eight_approvals_at_once_one_wins_and_the_others_are_told_who(house: House):
    case_id = await house.arrive()
    await house.desk.handle(case_id, c.SubmitDraft("Here.", DraftSource.DIALOG), actor="bruno")
    look = await seen(house, case_id)
    actors = ["anna", "carla"] * 4
    outcomes = await asyncio.gather(*(house.desk.handle(case_id, c.Approve(look), actor=who) for who in actors))
    won = [outcome for outcome in outcomes if outcome.done]
    assert len(won) == 1
    winner = "Anna Verdi" if actors[outcomes.index(won[0])] == "anna" else "Carla Rossi"
    assert {str(outcome.refusal) for outcome in outcomes if not outcome.done} == {
        f"{winner} approved this 1 second ago."
    }
    assert len(await replies(house, case_id)) == 1


async def test_the_approval_itself_is_one_conditional_update(house: House):
    case_id = await in_review(house)
    with counted(house.database) as cost:
        await approve(house, case_id)
    [decisive] = [text for text in cost.statements if text.startswith("UPDATE draft")]
    where = decisive.partition("WHERE")[2]
    assert all(column in where for column in ("state", "version", "hash", "author"))
    assert DraftState.APPROVED.value not in decisive


async def test_the_same_new_customer_in_several_deliveries_at_once_is_one_author(house: House):
    arrivals = posts(house, 8)
    taken = await asyncio.gather(*(house.desk.intake("acme", [post]) for post in arrivals))
    assert sum(len(one.opened) for one in taken) == 8
    async with house.database.read() as tx:
        assert len(await tx.cases.authors("plain", ["ada-1"])) == 1


async def test_one_post_delivered_eight_times_at_once_is_one_case(house: House):
    [post] = posts(house, 1)
    taken = await asyncio.gather(*(house.desk.intake("acme", [post]) for _ in range(8)))
    assert sum(len(one.opened) for one in taken) == 1
    assert len({one.cases[post.external_id] for one in taken}) == 1
