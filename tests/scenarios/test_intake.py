"""What arrives is taken once, leads to the same rows in every order, and never stops at something poisonous."""

import itertools
from datetime import timedelta

import pytest

from escalation import commands as c
from escalation.desk import Delivery
from escalation.inbox import MOST_ATTEMPTS, Inbox
from escalation.ports import Arrival, Deleted, Edited
from models.database import Database
from models.mention import Inbound
from tests.house import House, TestClock, a_post, build_house
from tests.scenarios.steps import acts, answered, configured


def story(house: House) -> list[Arrival]:
    """A post, two edits, a second message and the deletion of the first, as a network would tell them in order."""
    now = house.clock.now()
    first = a_post("Where is my invoice?", external_id="p1", thread_id="p1", posted_at=now - timedelta(minutes=9))
    second = a_post("Hello?", external_id="p2", thread_id="p1", parent_id="p1", posted_at=now - timedelta(minutes=5))
    return [
        first,
        Edited("p1", "Where is my invoice of May?", now - timedelta(minutes=8)),
        Edited("p1", "Where is my invoice of June?", now - timedelta(minutes=7)),
        second,
        Deleted("p1", now - timedelta(minutes=1)),
    ]


async def shape(house: House, external_id: str = "p1") -> object:
    """What the rows say, without ids and times of ours."""
    async with house.database.read() as tx:
        known = await tx.cases.mentions_by_external_id("acme", [external_id])
    file = await house.desk.file(known[external_id].case_id)
    posts = [(m.external_id, m.text, m.edited_at, m.deleted_at is not None) for m in file.mentions]
    return sorted(posts), file.case.state, file.case.thread_id


async def test_any_number_of_deliveries_makes_one_case(house: House):
    post = a_post(clock=house.clock)
    first = await house.desk.intake("acme", [post, post])
    again = await house.desk.intake("acme", [post])
    assert len(first.opened) == 1
    assert (again.opened, again.repeated, again.cases) == ([], 1, first.cases)
    assert await acts(house, first.opened[0]) == ["OpenCase"]


async def test_a_delivery_is_taken_once_by_its_key(house: House):
    case_id = await house.arrive()
    delivery = Delivery("slack:E1", "slack", "", b"{}")
    first = await house.desk.handle(case_id, c.Claim(), actor="anna", delivery=delivery)
    again = await house.desk.handle(case_id, c.Claim(), actor="anna", delivery=delivery)
    assert first.done
    assert again.repeated
    assert not again.done
    assert again.refusal is None
    assert await acts(house, case_id) == ["OpenCase", "Claim"]


async def test_a_refused_click_is_remembered_too(house: House):
    case_id = await house.arrive()
    delivery = Delivery("slack:E2", "slack", "", b"{}")
    assert (await house.desk.handle(case_id, c.Claim(), actor="dario", delivery=delivery)).refusal is not None
    assert (await house.desk.handle(case_id, c.Claim(), actor="dario", delivery=delivery)).repeated


async def test_our_own_replies_are_no_mentions(house: House):
    case_id = await answered(house)
    echo = a_post("It is in your inbox.", clock=house.clock, external_id="out-1", thread_id="elsewhere")
    taken = await house.desk.intake("acme", [echo])
    assert taken.opened == []
    assert len((await house.desk.file(case_id)).mentions) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_every_order_of_a_story_leads_to_the_same_rows(house: House):
    told = story(house)
    await house.desk.intake("acme", told)
    expected = await shape(house)
    assert expected[0][0][1] == "Where is my invoice of June?"
    for number, order in enumerate(itertools.permutations(story(house))):
        renamed = [_renamed(arrival, number) for arrival in order]
        for arrival in renamed:
            await house.desk.intake("acme", [arrival])
        await house.desk.intake("acme", renamed)
        posts, state, thread = await shape(house, f"p1-{number}")
        got = [(name.removesuffix(f"-{number}"), *rest) for name, *rest in posts]
        first_named = expected[2] if thread.startswith("p1") else thread
        assert (got, state, first_named) == (*expected[:2], expected[2]), [type(a).__name__ for a in order]


def _renamed(arrival: Arrival, number: int) -> Arrival:
    names = {"external_id": f"{arrival.external_id}-{number}"}
    if not isinstance(arrival, Edited | Deleted):
        names |= {"thread_id": f"p1-{number}", "parent_id": f"p1-{number}" if arrival.parent_id else None}
    return type(arrival)(**{**arrival.__dict__, **names})


async def test_early_changes_wait_for_their_post(house: House):
    now = house.clock.now()
    await house.desk.intake("acme", [Edited("late", "newest", now), Edited("late", "older", now - timedelta(1))])
    taken = await house.desk.intake("acme", [a_post("oldest", clock=house.clock, external_id="late")])
    await house.desk.intake("acme", [Edited("late", "older", now - timedelta(1))])
    file = await house.desk.file(taken.opened[0])
    assert (file.mention.text, file.mention.edited_at) == ("newest", now)


async def test_a_post_deleted_before_it_arrived_is_shown_as_deleted(house: House):
    await house.desk.intake("acme", [Deleted("gone", house.clock.now())])
    taken = await house.desk.intake("acme", [a_post(clock=house.clock, external_id="gone")])
    assert (await house.desk.file(taken.opened[0])).mention.deleted_at is not None


async def test_a_customer_is_recognised_and_their_new_name_is_kept(house: House):
    await house.arrive("invoice one")
    post = a_post("invoice two", clock=house.clock)
    author = type(post.author)("ada-1", "Ada L.", "ada", followers=99)
    taken = await house.desk.intake("acme", [type(post)(**{**post.__dict__, "author": author})])
    file = await house.desk.file(taken.opened[0])
    assert (file.case.earlier_cases, file.author.name, file.author.followers) == (1, "Ada L.", 99)


# --- deliveries that were acknowledged first --------------------------------------------------------------------------


async def test_what_was_stored_is_taken_up_by_another_process(house: House):
    inbox = Inbox(house.database, house.clock)
    await inbox.store(Delivery("k1", "plain", "acme", b"body"))
    taken: list[bytes] = []

    async def work(row: Inbound) -> None:
        taken.append(row.body)
        await inbox.finish(row.key)

    heir = Inbox(house.database, house.clock)
    assert await heir.take_up({"plain": work}) == 0, "whoever stored it is given time to finish"
    house.clock.forward(seconds=16)
    assert await heir.take_up({"other": work}) == 0
    assert await heir.take_up({"plain": work}) == 1
    assert await heir.take_up({"plain": work}) == 0
    assert taken == [b"body"]


async def test_a_delivery_stored_twice_is_new_once(house: House):
    inbox = Inbox(house.database, house.clock)
    assert await inbox.store(Delivery("k1", "plain", "acme", b"body"))
    assert not await inbox.store(Delivery("k1", "plain", "acme", b"body"))
    assert inbox.stored == {"plain": 1}


async def test_a_poisonous_delivery_is_parked_after_six_tries_and_stops_nobody(house: House):
    inbox = Inbox(house.database, house.clock)
    await inbox.store(Delivery("bad", "plain", "acme", b"bad"))
    tried: list[str] = []

    async def work(row: Inbound) -> None:
        tried.append(row.key)
        if row.key == "bad":
            raise ValueError("poison")
        await inbox.finish(row.key)

    for number in range(20):
        await inbox.store(Delivery(f"good-{number}", "plain", "acme", b"good"))
        house.clock.forward(hours=2)
        await inbox.take_up({"plain": work})
    assert tried.count("bad") == MOST_ATTEMPTS == 6
    assert len(tried) == 26
    async with house.database.read() as tx:
        assert await tx.intake.count_unhandled() == 1
        row = await tx.session.get(Inbound, "bad")
    assert (row.attempts, row.problem) == (6, "ValueError")


async def test_tries_of_a_poisonous_delivery_grow_apart(house: House):
    inbox = Inbox(house.database, house.clock)
    await inbox.store(Delivery("bad", "plain", "acme", b"bad"))
    times: list[float] = []

    async def work(row: Inbound) -> None:
        times.append(house.clock.monotonic())
        raise ValueError("poison")

    for _ in range(100):
        house.clock.forward(seconds=15)
        await inbox.take_up({"plain": work})
    assert [round(b - a) for a, b in itertools.pairwise(times)] == [30, 60, 120, 240, 480]


async def test_a_case_remembers_the_policy_it_began_under(house: House, database: Database, clock: TestClock):
    case_id = await house.arrive()
    later = build_house(database, clock=clock, configuration=configured(('acknowledge = "15m"', 'acknowledge = "1m"')))
    await later.courier.drain()
    [clock_row] = [row for row in (await later.desk.file(case_id)).clocks if row.step.value == "acknowledge"]
    assert clock_row.due_at - clock_row.started_at == timedelta(minutes=15)
