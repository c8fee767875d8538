"""The named statements on both databases, and the unique keys that make the promises true by construction."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel, select

from escalation import commands as c
from models.case import Case, Draft, JournalEntry, Review
from models.clocks import StepClock, Timer
from models.columns import new_id
from models.database import Database
from models.mention import Author, Inbound, Mention
from models.outbox import Attempt, Card, Effect
from models.store.outbox import BLANK_EFFECT
from models.vocabulary import (
    CardKind,
    CaseState,
    EffectKind,
    EffectState,
    Step,
    TimerKind,
    Verdict,
)
from tests.house import MONDAY, House
from tests.scenarios.steps import answered, approve, approved, do, draft_of, quiet, replies, submit

LATER = MONDAY + timedelta(days=1)


def copy_of(row: Any, *, model: Any = None, **changes: Any) -> SQLModel:
    """The same row under another primary key; ``model`` is named where the row is not mapped."""
    model = model or type(row)
    values = {column.name: getattr(row, column.name) for column in model.__table__.columns}
    return model(**(values | {"id": new_id(MONDAY)} | changes))


async def add(database: Database, row: SQLModel) -> None:
    async with database.begin() as tx:
        tx.session.add(row)


async def one(database: Database, model: type[SQLModel]) -> Any:
    async with database.read() as tx:
        return (await tx.session.exec(select(model))).first()


@pytest.mark.parametrize(
    "model",
    [Draft, Review, JournalEntry, StepClock, Timer, Mention, Author, Attempt, Card],
    ids=lambda model: model.__name__,
)
async def test_what_must_be_there_once_is_there_once(house: House, model: type[SQLModel]):
    await answered(house)
    row = await one(house.database, model)
    with pytest.raises(IntegrityError):
        await add(house.database, copy_of(row))


async def test_a_reply_part_belongs_to_one_approval_once(house: House):
    case_id = await approved(house)
    [effect] = await replies(house, case_id)
    with pytest.raises(IntegrityError):
        await add(house.database, copy_of(effect, model=Effect))


async def test_a_draft_is_approved_once_but_reviewed_often(house: House):
    case_id = await approved(house)
    review = await one(house.database, Review)
    await add(house.database, copy_of(review, verdict=Verdict.SENT_BACK))
    with pytest.raises(IntegrityError):
        await add(house.database, copy_of(review, member="lea"))
    assert (await draft_of(house, case_id)).decided_by == "carla"


async def test_a_conversation_has_one_open_case_and_any_number_of_closed_ones(house: House):
    case = (await house.desk.file(await house.arrive())).case
    await add(house.database, copy_of(case, model=Case, state=CaseState.CLOSED))
    await add(house.database, copy_of(case, model=Case, state=CaseState.DISMISSED))
    with pytest.raises(IntegrityError):
        await add(house.database, copy_of(case, model=Case))


async def test_a_card_waits_for_one_redrawing(house: House):
    await house.arrive()
    effect = await one(house.database, Effect)
    assert effect.kind is EffectKind.CARD
    with pytest.raises(IntegrityError):
        await add(house.database, copy_of(effect))


async def test_deliveries_are_stored_once_by_key(house: House):
    row = {
        "key": "k",
        "source": "plain",
        "account": "acme",
        "body": b"\x00\xff",
        "received_at": MONDAY,
        "handled_at": None,
        "attempts": 0,
    }
    async with house.database.begin() as tx:
        assert await tx.intake.store([row, row | {"key": "l"}]) == {"k", "l"}
        assert await tx.intake.store([row, row | {"key": "m"}]) == {"m"}
    async with house.database.begin() as tx:
        assert await tx.intake.handled(["k", "l"], MONDAY) == 2
        assert await tx.intake.handled(["k", "m"], MONDAY) == 1
        assert await tx.intake.count_unhandled() == 0
        assert (await tx.session.get(Inbound, "k")).body == b"\x00\xff"


async def test_cases_are_found_by_id_end_state_department_owner_account(house: House):
    case_id = await house.arrive()
    other = await house.arrive("Something else", account="other")
    await do(house, case_id, c.Claim(), actor="anna")
    async with house.database.read() as tx:
        cases = tx.cases
        assert await cases.find(case_id) == [case_id]
        assert await cases.find(case_id[-8:].upper()) == [case_id]
        assert await cases.find("%%%%") == []
        assert await cases.find("abc") == []
        assert set(await cases.list()) == {case_id, other}
        assert await cases.list(owner="anna") == [case_id]
        assert await cases.list(account="other") == [other]
        assert await cases.list(department="product") == [other]
        assert await cases.list(states=[CaseState.CLOSED]) == []
        assert len(await cases.list(limit=1)) == 1
        assert await cases.count_by_state() == {CaseState.WAITING_ANSWER: 2}
        assert set(await cases.read([case_id, "nobody"])) == {case_id}
        assert await cases.read([]) == {}


async def test_a_chat_message_is_known_as_the_card_it_is(house: House):
    case_id = await house.arrive()
    await quiet(house)
    [message_id] = house.chat.messages
    async with house.database.read() as tx:
        card = await tx.cases.by_card("slack:C0BILLING", message_id)
        assert (card.case_id, card.kind) == (case_id, CardKind.CARD)
        assert await tx.cases.by_card("slack:C0LEGAL", message_id) is None


async def test_a_card_that_is_being_posted_may_stand_in_its_channel_already(house: House):
    await house.arrive()

    async def may_stand(channel: str) -> bool:
        async with house.database.read() as tx:
            return await tx.outbox.may_have_posted(channel)

    async def is_in(state: EffectState) -> bool:
        effect = await one(house.database, Effect)
        async with house.database.begin() as tx:
            assert await tx.outbox.move(effect.id, from_=[effect.state], changes={"state": state})
        return await may_stand("slack:C0BILLING")

    assert not await may_stand("slack:C0BILLING")  # nobody has tried yet
    assert await is_in(EffectState.SENDING)
    assert await is_in(EffectState.UNKNOWN)
    assert not await may_stand("slack:C0LEGAL")
    assert not await is_in(EffectState.READY)
    await quiet(house)
    assert house.chat.messages
    assert not await is_in(EffectState.SENDING)  # its message is known; it is only being drawn again


async def test_our_replies_lead_back_to_their_conversation(house: House):
    case_id = await answered(house)
    file = await house.desk.file(case_id)
    async with house.database.read() as tx:
        assert await tx.cases.our_posts("acme", ["out-1", "x"]) == {"out-1"}
        assert await tx.cases.our_posts("other", ["out-1"]) == set()
        wanted = ["out-1", file.mention.external_id, "x"]
        assert await tx.cases.threads_of_posts("acme", wanted) == dict.fromkeys(wanted[:2], file.case.thread_id)
        assert (await tx.cases.of_threads("acme", [file.case.thread_id]))[file.case.thread_id].id == case_id


async def test_a_draft_is_decided_only_as_it_was_seen(house: House):
    case_id = await house.arrive()
    await submit(house, case_id)
    draft = await draft_of(house, case_id)
    seen = {
        "was": draft.state,
        "version": draft.version,
        "text_hash": draft.hash,
        "forbid_author": "carla",
        "changes": {"reason": "x"},
    }
    wrong = [{"version": 2}, {"text_hash": "other"}, {"was": draft.state.APPROVED}, {"forbid_author": "anna"}]
    async with house.database.begin() as tx:
        for difference in wrong:
            assert not await tx.cases.settle_draft(draft.id, **(seen | difference)), difference
        assert await tx.cases.settle_draft(draft.id, **(seen | {"changes": {"first_approver": "carla"}}))
        assert not await tx.cases.settle_draft(draft.id, **seen), "whoever approved first is not the second"


async def test_only_what_waits_is_called_back(house: House):
    case_id = await approved(house)
    draft = await draft_of(house, case_id)
    async with house.database.begin() as tx:
        assert await tx.cases.recall_replies(draft.id, at=MONDAY) == 1
        assert await tx.cases.recall_replies(draft.id, at=MONDAY) == 0
        assert await tx.cases.settle_check(draft.id, {"state": EffectState.SENT}) == 0


async def test_timers_have_cycles_and_are_due_by_time(house: House):
    case_id = await house.arrive()
    async with house.database.begin() as tx:
        for number, hours in enumerate((5, 1, 3), start=1):
            assert (await tx.clocks.last_cycles([case_id])).get((case_id, TimerKind.WAKE), 0) == number - 1
            due_at = MONDAY + timedelta(hours=hours)
            tx.session.add(Timer(id=f"t{hours}", case_id=case_id, kind=TimerKind.WAKE, cycle=number, due_at=due_at))
            await tx.session.flush()
        assert [timer.id for timer in await tx.clocks.due(MONDAY + timedelta(hours=4))] == ["t1", "t3"]
        assert await tx.clocks.due_cases(MONDAY + timedelta(minutes=30), limit=9) == []
        assert await tx.clocks.oldest_timer_due() == MONDAY + timedelta(hours=1)
        await tx.clocks.fired(["t1"], LATER)
        assert await tx.clocks.oldest_timer_due() == MONDAY + timedelta(hours=3)
        assert [timer.id for timer in await tx.clocks.due(LATER)] == ["t3", "t5"]
        await tx.clocks.cancel([case_id], [TimerKind.CLOSE])
        assert len(await tx.clocks.due(LATER)) == 2
        await tx.clocks.cancel([case_id], [TimerKind.WAKE])
        assert await tx.clocks.due(LATER) == []
        assert await tx.clocks.oldest_timer_due() is None


async def test_freezes_are_set_and_lifted_once(house: House):
    async with house.database.begin() as tx:
        assert await tx.freezes.set("*", member="carla", at=MONDAY)
        assert not await tx.freezes.set("*", member="anna", at=LATER)
        assert [(freeze.scope, freeze.member) for freeze in await tx.freezes.all()] == [("*", "carla")]
        assert await tx.freezes.lift("*")
        assert not await tx.freezes.lift("*")


async def test_early_changes_are_kept_newest_first_and_taken_once(house: House):
    def row(text: str | None, hours: int) -> dict[str, Any]:
        at = MONDAY + timedelta(hours=hours)
        return {"account": "acme", "external_id": "p", "is_deletion": text is None, "text": text, "at": at}

    async with house.database.begin() as tx:
        await tx.intake.keep_early([row("two", 2), row("one", 1), row(None, 3), row("two", 2)])
        found = await tx.intake.take_early("acme", ["p", "q"])
        assert {(change.is_deletion, change.text) for change in found} == {(False, "two"), (True, None)}
        assert await tx.intake.take_early("acme", ["p"]) == []


async def test_polling_is_leased_to_one_process_at_a_time(house: House):
    until = MONDAY + timedelta(minutes=2)
    async with house.database.begin() as tx:
        assert await tx.polling.any_due(["acme"], now=MONDAY)
        first = await tx.polling.claim_due(["acme", "other"], now=MONDAY, lease_until=until, token="a")
        assert {cursor.account for cursor in first} == {"acme", "other"}
    async with house.database.begin() as tx:
        assert await tx.polling.claim_due(["acme"], now=MONDAY, lease_until=until, token="b") == []
        assert not await tx.polling.any_due(["acme"], now=MONDAY)
    later = until + timedelta(seconds=1)
    async with house.database.begin() as tx:
        [taken] = await tx.polling.claim_due(["acme"], now=later, lease_until=later, token="b")
        news = {"position": "p1", "next_at": LATER, "polled_at": later, "problem": None}
        assert not await tx.polling.advance("acme", token="a", **news), "the lease was lost"
        assert await tx.polling.advance("acme", token="b", **news)
        assert taken.account == "acme"
    async with house.database.begin() as tx:
        assert {cursor.account: cursor.position for cursor in await tx.polling.all()} == {"acme": "p1", "other": None}
        assert await tx.polling.claim_due([], now=LATER, lease_until=LATER, token="c") == []


async def test_a_broken_account_is_told_once_and_mended_once(house: House):
    async with house.database.begin() as tx:
        outbox = tx.outbox
        until = MONDAY + timedelta(minutes=5)
        assert await outbox.break_down("account:acme", problem="token", at=MONDAY, until=until)
        assert not await outbox.break_down("account:acme", problem="token", at=MONDAY, until=until)
        await outbox.block("account:acme", MONDAY)
        [held] = await outbox.held_accounts()
        assert (held.key, held.problem, held.blocked_until) == ("account:acme", "token", until)
        assert await outbox.mended("account:acme")
        assert not await outbox.mended("account:acme")
        assert await outbox.held_accounts() == []
        assert await outbox.paces([]) == {}


async def test_results_are_recorded_by_whoever_holds_the_lease(house: House):
    case_id = await approved(house)
    [effect] = await replies(house, case_id)
    now = MONDAY + timedelta(minutes=1)
    async with house.database.begin() as tx:
        await tx.outbox.lease([effect.id], token="mine", until=now, sending=True)
        await tx.outbox.begin_attempts(
            [{"id": "a1", "effect_id": effect.id, "number": 1, "token": "mine", "started_at": now}]
        )
        result = [{"id": effect.id, "external_id": "x", "url": None}]
        assert await tx.outbox.settle_sent(result, token="yours", at=now) == set()
        assert not await tx.outbox.settle(effect.id, token="yours", changes={"state": EffectState.REFUSED})
        assert await tx.outbox.settle_sent(result, token="mine", at=now) == {effect.id}
        assert await tx.outbox.settle_sent(result, token="mine", at=now) == set()
        assert await tx.outbox.settle_sent([], token="mine", at=now) == set()
        assert await tx.outbox.first_attempts([effect.id]) == {effect.id: now}
        assert [attempt.id for attempt in await tx.outbox.attempts_of(effect.id)] == ["a1"]
        assert [attempt.id for attempt in await tx.cases.attempts(case_id)] == ["a1"]


async def test_what_was_abandoned_is_doubted_or_repeated_once(house: House):
    case_id = await approved(house)
    [effect] = await replies(house, case_id)
    now = MONDAY + timedelta(minutes=1)
    async with house.database.begin() as tx:
        await tx.outbox.lease([effect.id], token="t", until=now, sending=True)
        assert await tx.outbox.abandoned(now - timedelta(seconds=1)) == []
        assert [row.id for row in await tx.outbox.abandoned(now)] == [effect.id]
        assert not await tx.outbox.doubt(effect.id, token="other", now=now, not_before=now)
        assert await tx.outbox.doubt(effect.id, token="t", now=now, not_before=LATER)
        assert not await tx.outbox.again(effect.id, token="t", now=now)
        await tx.outbox.lease([effect.id], token="u", until=now, sending=True)
        assert await tx.outbox.again(effect.id, token="u", now=now)
        assert (await tx.outbox.get(effect.id)).state is EffectState.READY


async def test_the_outbox_is_listed_counted_and_moved_by_hand(house: House):
    case_id = await approved(house)
    [effect] = await replies(house, case_id)
    async with house.database.begin() as tx:
        assert effect.id in {row.id for row in await tx.outbox.list(case_id=case_id)}
        assert await tx.outbox.list(states=[EffectState.PARKED]) == []
        assert await tx.outbox.move(effect.id, from_=[EffectState.READY], changes={"state": EffectState.PARKED})
        assert not await tx.outbox.move(effect.id, from_=[EffectState.READY], changes={"state": EffectState.PARKED})
        counts = await tx.outbox.count_by_state()
        assert counts[EffectKind.REPLY, EffectState.PARKED] == 1
        assert {row.kind for row in await tx.cases.effects(case_id)} >= {EffectKind.REPLY, EffectKind.CARD}


async def test_one_lane_goes_in_order_and_another_is_free(house: House):
    def row(name: str, lane: str | None, sequence: int) -> dict[str, Any]:
        return BLANK_EFFECT | {
            "id": name, "case_id": None, "kind": EffectKind.PING, "target": "slack:C", "pace": "slack:C", "lane": lane,
            "sequence": sequence, "not_before": MONDAY, "created_at": MONDAY,
        }  # fmt: skip

    async def due() -> list[str]:
        async with house.database.read() as tx:
            return sorted(effect.id for effect in await tx.outbox.due(MONDAY, limit=9))

    async with house.database.begin() as tx:
        await tx.outbox.put([row("a1", "a", 1), row("a2", "a", 2), row("b1", "b", 9), row("free", None, 0)])
    assert await due() == ["a1", "b1", "free"]
    for state, expected in ((EffectState.UNKNOWN, ["a1", "b1", "free"]), (EffectState.SENT, ["a2", "b1", "free"])):
        async with house.database.begin() as tx:
            await tx.outbox.move("a1", from_=list(EffectState), changes={"state": state})
        assert await due() == expected
    async with house.database.begin() as tx:
        await tx.outbox.block("slack:C", LATER)
    assert await due() == []
    async with house.database.read() as tx:
        assert await tx.outbox.next_due() == MONDAY
        assert not await tx.outbox.any_due(MONDAY)
        assert await tx.outbox.any_due(LATER)


async def test_a_card_never_forgets_the_newest_version_that_it_shows(house: House):
    await house.arrive()
    card = await one(house.database, Card)
    async with house.database.begin() as tx:
        await tx.outbox.card_posted(card.id, message_id="1", shown_version=7)
        await tx.outbox.card_posted(card.id, message_id="1", shown_version=3)
    assert (await one(house.database, Card)).shown_version == 7
    async with house.database.begin() as tx:
        await tx.outbox.card_lost(card.id)
    assert (await one(house.database, Card)).message_id is None


async def test_step_clocks_are_counted_by_cycle(house: House):
    case_id = await house.arrive()
    facets = {"department": "billing", "account": "acme", "network": "plain"}
    clock = StepClock(id="c9", case_id=case_id, step=Step.ROUTE, cycle=2, started_at=MONDAY, **facets)
    await add(house.database, clock)
    with pytest.raises(IntegrityError):
        await add(house.database, copy_of(clock))


async def test_the_policy_and_the_authors_are_kept(house: House):
    case_id = await house.arrive()
    file = await house.desk.file(case_id)
    async with house.database.read() as tx:
        snapshot = await tx.cases.policy(file.case.policy_digest)
        assert snapshot.content["targets"]["acknowledge"] == 900
        assert await tx.cases.policy("unknown") is None
        assert set(await tx.cases.authors("plain", ["ada-1", "x"])) == {"ada-1"}
        assert await tx.cases.count_by_author([file.author.id]) == {file.author.id: 1}
        assert [entry.act for entry in await tx.cases.journal(case_id)] == ["OpenCase"]


async def test_open_cards_are_drawn_again_when_asked_and_pings_stay_as_they_were(house: House):
    case_id = await house.arrive()
    await quiet(house)
    house.clock.forward(minutes=12)
    await house.sweeper.sweep()
    await quiet(house)
    async with house.database.read() as tx:
        assert {card.kind for card in await tx.outbox.cards_of([case_id])} == {CardKind.CARD, CardKind.PING}
    async with house.database.begin() as tx:
        await tx.outbox.refresh_open_cards(house.clock.now(), accounts=["other"])
        await tx.outbox.refresh_open_cards(house.clock.now(), accounts=["acme"])
        await tx.outbox.refresh_open_cards(house.clock.now(), accounts=["acme"])
    async with house.database.read() as tx:
        waiting = [row for row in await tx.cases.effects(case_id) if row.state is EffectState.READY]
    assert [row.kind for row in waiting] == [EffectKind.CARD]
    await approve_after(house, case_id)


async def approve_after(house: House, case_id: str) -> None:
    """The case still goes its way afterwards."""
    await submit(house, case_id)
    await approve(house, case_id)
