"""What becomes of an approved reply when networks refuse, throttle, break or leave us in doubt: never lost or twice."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from escalation import commands as c
from escalation.courier import Courier
from escalation.ports import (
    Edited,
    Gone,
    OutgoingReply,
    Posted,
    Rejected,
    RetryLater,
    Throttled,
    Unauthorised,
    Uncertain,
)
from models.database import Database
from models.vocabulary import AttemptVerdict, CaseState, EffectState, Idempotency
from tests.house import House, TestClock, build_house
from tests.scenarios.steps import (
    ANSWER,
    able,
    acts,
    approve,
    approved,
    asking_nobody,
    attempts,
    configured,
    do,
    draft_of,
    in_doubt,
    leave,
    notes,
    quiet,
    refused,
    replies,
    state,
    texts,
)

LONG = "The first half of it is here. The second half of it is there. The third half is nowhere."


async def later(house: House, **span: float) -> None:
    house.clock.forward(**span)
    await quiet(house)


async def test_a_courier_is_busy_from_the_claim_to_the_end_of_settling(house: House, monkeypatch: pytest.MonkeyPatch):
    await approved(house)
    busy: list[bool] = []
    retrying = house.database.retrying

    async def watched(work: Any) -> Any:
        done = await retrying(work)
        busy.append(house.courier.is_busy)
        return done

    monkeypatch.setattr(house.database, "retrying", watched)
    assert not house.courier.is_busy
    await leave(house)
    assert len(busy) >= 2
    assert all(busy)
    assert not house.courier.is_busy


# --- in parts ---------------------------------------------------------------------------------------------------------


async def test_parts_follow_each_other_in_order(house: House):
    able(house, limit=50)
    case_id = await approved(house, LONG)
    await leave(house)
    posts = house.networks["acme"].posts
    assert [post.part for post in posts] == [0, 1, 2]
    assert [post.previous_id for post in posts] == [None, "out-1", "out-2"]
    assert [post.text for post in posts] == (await draft_of(house, case_id)).parts
    assert await state(house, case_id) is CaseState.ANSWERED


async def test_a_refused_middle_part_puts_only_the_rest_up_for_approval(house: House):
    able(house, limit=50)
    case_id = await approved(house, LONG)
    house.networks["acme"].faults = [("", None), ("before", Rejected("blocked word"))]
    await leave(house)
    assert len(texts(house)) == 1
    first = (await house.desk.file(case_id)).drafts[0]
    rest = await draft_of(house, case_id)
    assert await state(house, case_id) is CaseState.IN_REVIEW
    assert rest.parts == first.parts[1:]
    await quiet(house)
    assert any(note.startswith("Part 1 of 3 is public; the rest was refused.") for note in notes(house, "C0BILLING"))
    states = [effect.state for effect in await replies(house, case_id)]
    assert states == [EffectState.SENT, EffectState.REFUSED, EffectState.CANCELLED]
    await approve(house, case_id)
    await leave(house)
    assert texts(house) == first.parts
    assert house.networks["acme"].posts[1].previous_id == "out-1"


async def test_a_limit_that_shrank_since_the_answer_was_written_makes_new_parts_of_the_same_words(house: House):
    case_id = await approved(house, LONG)
    house.networks["acme"].own_limit = 50
    await leave(house)
    draft = await draft_of(house, case_id)
    assert await state(house, case_id) is CaseState.IN_REVIEW
    assert (draft.text, len(draft.parts)) == (LONG, 3)
    assert max(map(len, draft.parts)) <= 50
    await approve(house, case_id)
    await leave(house)
    assert [post.text for post in house.networks["acme"].posts] == draft.parts
    assert await state(house, case_id) is CaseState.ANSWERED


# --- surely not taken -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "words"), [(Rejected("too rude"), "too rude"), (Gone("deleted"), "no longer exists")]
)
async def test_a_refused_reply_returns_to_the_approvers_with_the_reason(house: House, fault: Exception, words: str):
    case_id = await approved(house)
    house.networks["acme"].faults = [("before", fault)]
    await leave(house)
    await quiet(house)
    assert await state(house, case_id) is CaseState.IN_REVIEW
    assert any(words in note for note in notes(house, "C0BILLING"))
    assert texts(house) == []


async def test_a_busy_network_is_tried_again_by_itself(house: House):
    case_id = await approved(house)
    house.networks["acme"].faults = [("before", RetryLater("busy"))] * 3
    await leave(house)
    await quiet(house, seconds=3)
    [card] = house.chat.in_channel("C0BILLING", "card")
    assert any("tried again by itself" in str(notice) for notice in card.view.notices)
    for _ in range(4):
        await later(house, minutes=5)
    assert texts(house) == [f"@ada {ANSWER}"]
    [card] = house.chat.in_channel("C0BILLING", "card")
    assert card.view.notices == ()
    assert (await acts(house, case_id)).count("Delayed") == 1, "the same reason is told once"


async def test_a_network_that_never_takes_it_is_given_up_after_a_day(house: House):
    case_id = await approved(house)
    house.networks["acme"].faults = [("before", RetryLater("busy"))] * 100
    await leave(house)
    await later(house, hours=23)
    assert await state(house, case_id) is CaseState.RELAYING
    await later(house, hours=2)
    assert await state(house, case_id) is CaseState.IN_REVIEW


async def test_a_throttled_account_waits_as_long_as_it_was_asked_to_and_all_of_it(house: House):
    first = await approved(house)
    until = house.clock.now() + timedelta(minutes=10)
    house.networks["acme"].faults = [("before", Throttled("429", retry_at=until))]
    await leave(house)
    second = await approved(house, "Another answer.")  # the account is asked nothing, though this one never failed
    await leave(house)
    assert texts(house) == []
    house.clock.at = until - timedelta(seconds=1)
    await house.courier.drain()
    assert texts(house) == []
    house.clock.at = until
    await house.courier.drain()
    assert len(texts(house)) == 2
    assert [await state(house, case_id) for case_id in (first, second)] == [CaseState.ANSWERED] * 2


async def test_a_broken_token_is_told_once_and_recovers(house: House):
    case_id = await approved(house)
    other = await approved(house, "Another answer.")
    house.networks["acme"].faults = [("before", Unauthorised("token_revoked"))] * 4
    await leave(house)
    await later(house, minutes=6)
    pings = notes(house, "C0MANAGERS", "ping")
    assert len([ping for ping in pings if "refuses our token (token_revoked)" in ping]) == 1
    assert texts(house) == []
    await later(house, minutes=6)
    assert len(texts(house)) == 2
    assert [await state(house, one) for one in (case_id, other)] == [CaseState.ANSWERED] * 2
    assert len([ping for ping in notes(house, "C0MANAGERS", "ping") if "works again" in ping]) == 1


async def test_a_chat_that_refused_us_is_known_to_work_again(house: House):
    house.chat.faults = [("before", Unauthorised("invalid_auth"))]
    await house.arrive()
    await quiet(house)
    async with house.database.read() as tx:
        assert [pace.key for pace in await tx.outbox.held_accounts()] == ["slack:C0BILLING"]
    await later(house, minutes=6)
    async with house.database.read() as tx:
        assert await tx.outbox.held_accounts() == []


# --- in doubt ---------------------------------------------------------------------------------------------------------


async def test_a_reply_that_arrived_although_the_answer_was_lost_is_found_and_not_repeated(house: House):
    case_id = await in_doubt(house, arrived=True)
    assert house.networks["acme"].lookups == 0
    await later(house, seconds=119)
    assert house.networks["acme"].lookups == 0, "it may still be acting"
    await later(house, seconds=2)
    assert texts(house) == [f"@ada {ANSWER}"]
    assert await state(house, case_id) is CaseState.ANSWERED
    [effect] = await replies(house, case_id)
    assert (effect.state, effect.external_id) == (EffectState.SENT, "out-1")


async def test_a_reply_is_resent_once_when_two_lookups_apart_did_not_find_it(house: House):
    case_id = await in_doubt(house, arrived=False)
    await later(house, seconds=121)
    assert (house.networks["acme"].lookups, texts(house)) == (1, [])
    await later(house, seconds=31)
    assert house.networks["acme"].lookups == 2
    assert texts(house) == [f"@ada {ANSWER}"]
    first, second = await attempts(house, case_id)
    assert (first.verdict, second.verdict) == (AttemptVerdict.UNKNOWN, AttemptVerdict.SENT)
    assert [a.number for a in (first, second)] == [1, 2]
    assert house.networks["acme"].posts[0].first_tried_at == first.started_at
    assert "ProvenAbsent" in await acts(house, case_id)


async def test_a_try_that_acts_late_but_within_the_quarantine_is_found(house: House):
    case_id = await approved(house)
    network = house.networks["acme"]
    network.faults = [("before", Uncertain("timeout"))]
    await leave(house)
    house.clock.forward(seconds=100)
    await house.courier.drain()
    draft = await draft_of(house, case_id)
    [effect] = await replies(house, case_id)
    network.posts.append(OutgoingReply(effect.id, draft.parts[0], draft.visibility, to=None))
    await later(house, seconds=30)
    assert len(texts(house)) == 1
    assert await state(house, case_id) is CaseState.ANSWERED


async def test_a_lookup_that_fails_proves_nothing(house: House):
    case_id = await approved(house)
    network = house.networks["acme"]
    network.faults = [("before", Uncertain("timeout"))]
    found, network.find = network.find, _failing(4, network.find)
    await leave(house)
    for _ in range(4):
        await later(house, minutes=10)
        assert texts(house) == []
        assert await state(house, case_id) is CaseState.RELAYING
    network.find = found
    for _ in range(3):
        await later(house, minutes=10)
    assert texts(house) == [f"@ada {ANSWER}"]


def _failing(times: int, then):
    left = [times]

    async def find(reply: OutgoingReply) -> Posted | None:
        if left[0]:
            left[0] -= 1
            raise Uncertain("timeout")
        return await then(reply)

    return find


async def test_where_nobody_can_be_asked_a_person_is(house: House):
    asking_nobody(house)
    case_id = await in_doubt(house, arrived=True)
    await later(house, seconds=121)
    assert await state(house, case_id) is CaseState.NEEDS_CHECK
    assert len([note for note in notes(house, "C0APPROVE", "ping") if "Please look on the network" in note]) == 1
    await later(house, days=2)
    assert texts(house) == [f"@ada {ANSWER}"], "it was sent again without asking"
    assert "Only an approver" in await refused(house, case_id, c.ConfirmPosted(), actor="bruno")
    await do(house, case_id, c.ConfirmPosted(), actor="carla")
    file = await house.desk.file(case_id)
    assert file.case.state is CaseState.ANSWERED
    assert [effect.state for effect in file.replies] == [EffectState.SENT]


async def test_a_person_who_does_not_find_it_lets_it_leave_again(house: House):
    asking_nobody(house)
    case_id = await in_doubt(house, arrived=False)
    await later(house, seconds=121)
    await do(house, case_id, c.ConfirmNotPosted(), actor="carla")
    await quiet(house)
    assert texts(house) == [f"@ada {ANSWER}"]
    assert await state(house, case_id) is CaseState.ANSWERED


async def test_it_is_there_means_the_part_that_was_looked_for(house: House):
    able(house, limit=50, idempotency=Idempotency.NONE)
    case_id = await in_doubt(house, LONG, arrived=True)
    await later(house, seconds=121)
    assert len(texts(house)) == 1
    await do(house, case_id, c.ConfirmPosted(), actor="carla")
    assert await state(house, case_id) is CaseState.RELAYING
    await quiet(house)
    assert texts(house) == (await draft_of(house, case_id)).parts
    assert await state(house, case_id) is CaseState.ANSWERED


async def test_the_last_part_that_is_there_ends_it_whatever_button_says_so(house: House):
    able(house, limit=50, idempotency=Idempotency.NONE)
    case_id = await approved(house, LONG)
    house.networks["acme"].faults = [("", None), ("", None), ("after", Uncertain("timeout"))]
    await leave(house)
    await later(house, seconds=121)
    await do(house, case_id, c.ConfirmPartPosted(), actor="carla")
    assert await state(house, case_id) is CaseState.ANSWERED


async def test_an_account_may_ask_never_to_be_sent_to_again_in_doubt(database: Database, clock: TestClock):
    text = configured(
        ('[accounts.acme]\nconnector = "plain"', '[accounts.acme]\nconnector = "plain"\nresend_unknown = false')
    )
    house = build_house(database, clock=clock, configuration=text)
    case_id = await in_doubt(house, arrived=False)
    await later(house, seconds=121)
    await later(house, seconds=31)
    assert texts(house) == []
    assert await state(house, case_id) is CaseState.NEEDS_CHECK


async def test_the_quarantine_of_an_account_is_kept(database: Database, clock: TestClock):
    text = configured(
        ('[accounts.acme]\nconnector = "plain"', '[accounts.acme]\nconnector = "plain"\nunknown_after = "10m"')
    )
    house = build_house(database, clock=clock, configuration=text)
    await in_doubt(house, arrived=True)
    await later(house, seconds=590)
    assert house.networks["acme"].lookups == 0
    await later(house, seconds=20)
    assert house.networks["acme"].lookups == 1


# --- networks that take our key ---------------------------------------------------------------------------------------


async def test_a_network_that_takes_our_key_is_given_the_same_one_again(house: House):
    able(house, idempotency=Idempotency.NATIVE)
    case_id = await in_doubt(house, arrived=False)
    await later(house, seconds=121)
    [posted] = house.networks["acme"].posts
    [effect] = await replies(house, case_id)
    assert posted.key == effect.id
    assert await state(house, case_id) is CaseState.ANSWERED
    assert house.networks["acme"].lookups == 0


async def test_past_the_keys_lifetime_a_person_is_asked(house: House):
    able(house, idempotency=Idempotency.NATIVE, key_lifetime=timedelta(minutes=1))
    case_id = await in_doubt(house, arrived=True)
    await later(house, seconds=121)
    assert await state(house, case_id) is CaseState.NEEDS_CHECK
    assert len(texts(house)) == 1


async def test_a_repetition_that_was_not_taken_says_nothing_of_the_first_try(house: House):
    able(house, idempotency=Idempotency.NATIVE)
    case_id = await approved(house)
    house.networks["acme"].faults = [("after", Uncertain("timeout")), ("before", RetryLater("busy"))]
    await leave(house)
    await later(house, seconds=121)
    assert "already left" in await refused(house, case_id, c.Undo(), actor="carla")
    [effect] = await replies(house, case_id)
    assert effect.state is EffectState.UNKNOWN


async def test_a_doubtful_reply_is_not_repeated_into_a_conversation_that_has_moved_on(house: House):
    able(house, idempotency=Idempotency.NATIVE)
    case_id = await in_doubt(house, arrived=True)
    network = house.networks["acme"]
    network.news = [_edit(house, await house.desk.file(case_id))]
    await later(house, seconds=121)
    await later(house, seconds=5)
    assert await state(house, case_id) is CaseState.NEEDS_CHECK
    assert len(texts(house)) == 1


def _edit(house: House, file):
    return Edited(file.mention.external_id, "Something else", house.clock.now())


# --- senders that die -------------------------------------------------------------------------------------------------


async def test_what_a_dead_sender_had_under_way_is_looked_up_before_anything_else(house: House):
    case_id = await approved(house)
    house.clock.forward(seconds=5)
    await house.courier._start_due()  # claims, and dies before it can say what happened
    for task in house.courier._running:
        task.cancel()
    heir = Courier(desk=house.desk, surfaces={"slack": house.chat})
    house.clock.forward(seconds=119)
    await heir.drain()
    assert [effect.state for effect in await replies(house, case_id)] == [EffectState.SENDING]
    house.clock.forward(seconds=2)
    await heir.drain()
    assert [effect.state for effect in await replies(house, case_id)] == [EffectState.UNKNOWN]
    assert "Doubtful" in await acts(house, case_id)
    for _ in range(3):
        house.clock.forward(minutes=2)
        await heir.drain()
    assert texts(house) == [f"@ada {ANSWER}"]
    assert await state(house, case_id) is CaseState.ANSWERED


async def test_a_result_that_comes_after_the_lease_was_lost_is_kept_as_evidence_and_changes_nothing(house: House):
    case_id = await approved(house)
    house.clock.forward(seconds=5)
    await house.courier._start_due()
    late = [await task for task in house.courier._running]
    house.courier._running.clear()
    heir = Courier(desk=house.desk, surfaces={"slack": house.chat})
    house.clock.forward(seconds=121)
    await heir.drain()
    await house.courier.settle(late)
    assert [effect.state for effect in await replies(house, case_id)] == [EffectState.UNKNOWN]
    assert await state(house, case_id) is CaseState.RELAYING
    [attempt] = await attempts(house, case_id)
    assert (attempt.verdict, attempt.external_id) == (AttemptVerdict.SENT, "out-1")
    house.clock.forward(seconds=121)
    await heir.drain()
    assert await state(house, case_id) is CaseState.ANSWERED
    assert len(texts(house)) == 1


async def test_what_was_learnt_outside_is_not_forgotten_when_it_cannot_be_written_at_once(house: House):
    asking_nobody(house)
    case_id = await approved(house)
    house.clock.forward(seconds=5)
    await house.courier._start_due()
    await asyncio.wait([*house.courier._running])
    begin, refusals = house.database.begin, [OSError("the disk is away")] * 2

    def failing():
        if refusals:
            raise refusals.pop()
        return begin()

    house.database.begin = failing
    await house.courier._settle_finished()
    assert await state(house, case_id) is CaseState.RELAYING
    await house.courier.drain()
    assert await state(house, case_id) is CaseState.ANSWERED
    assert len(texts(house)) == 1
