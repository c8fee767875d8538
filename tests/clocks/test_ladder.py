"""Targets in stories: who hears of what, once, in time, and what silences it."""

import asyncio
from datetime import timedelta

import pytest

from escalation import commands as c
from escalation.steps import steps
from escalation.sweeper import Sweeper
from escalation.views import GatheringView, PingView
from models.pings import Ping
from models.vocabulary import CaseState, DismissReason, PauseReason, PingFate, PingKind, Step
from tests.house import House, TestClock, a_post, build_house
from tests.scenarios.steps import (
    able,
    acts,
    approve,
    approved,
    configured,
    do,
    in_review,
    leave,
    quiet,
    refused,
    submit,
)


def made(database, clock: TestClock, *changes: tuple[str, str], ladder: str = "") -> House:
    text = configured(*changes)
    return build_house(
        database, clock=clock, configuration=text.replace("[accounts.acme]", f"{ladder}\n[accounts.acme]", 1)
    )


async def pings(house: House, case_id: str) -> list[Ping]:
    async with house.database.read() as tx:
        return list(await tx.pings.of_case(case_id))


def shown(house: House, channel: str) -> list[PingView]:
    """The pings that stand in a channel or with a person, oldest first."""
    address = channel if ":" in channel else f"slack:{channel}"
    return [m.view for m in house.chat.messages.values() if m.channel == address and isinstance(m.view, PingView)]


def gatherings(house: House, channel: str) -> list[GatheringView]:
    address = channel if ":" in channel else f"slack:{channel}"
    return [m.view for m in house.chat.messages.values() if m.channel == address and isinstance(m.view, GatheringView)]


async def pass_time(house: House, **span: float) -> None:
    house.clock.forward(**span)
    await house.sweeper.sweep()
    await quiet(house)


def heads(views: list[PingView]) -> list[str]:
    return [str(view.headline).split(":")[0] for view in views]


async def test_an_unclaimed_case_warns_its_department_then_tells_the_manager_once(database, clock):
    house = made(database, clock)
    case_id = await house.arrive()
    await quiet(house)
    await pass_time(house, minutes=12)
    assert heads(shown(house, "C0BILLING")) == ["nobody has claimed it"]
    await pass_time(house, minutes=4)
    assert heads(shown(house, "C0MANAGERS")) == heads(shown(house, "member:marta")) == ["LATE"]
    assert "nobody has claimed it" in str(shown(house, "member:marta")[0].headline)
    for _ in range(5):
        await house.sweeper.sweep()
    assert [(ping.step, ping.kind, ping.fate) for ping in await pings(house, case_id)] == [
        (Step.ACKNOWLEDGE, PingKind.WARNING, PingFate.ANNOUNCED),
        (Step.ACKNOWLEDGE, PingKind.BREACH, PingFate.ANNOUNCED),
    ]
    [told] = shown(house, "member:marta")
    facts = {str(fact.label): str(fact.value) for fact in told.facts}
    assert facts == {
        "Case": "Ada wrote to Acme on Plain",
        "Waits for": "a claim",
        "Department": "Billing",
        "Owner": "nobody has it yet",
        "Customer": "Ada (ada)",
        "Reach": "12 followers",
    }
    assert [str(action.label) for action in told.actions] == ["Take over", "Reassign", "Got it", "Mute", "Open"]


async def test_a_warning_that_is_met_is_struck_through_and_nobody_hears_of_a_breach(database, clock):
    house = made(database, clock)
    case_id = await house.arrive()
    await quiet(house)
    await pass_time(house, minutes=12)
    await do(house, case_id, c.Claim(), actor="anna")
    await quiet(house)
    [warning] = shown(house, "C0BILLING")
    assert str(warning.over) == "Done in time, at 09:12."
    assert [str(action.label) for action in warning.actions] == ["Open"]
    await pass_time(house, minutes=10)
    assert not shown(house, "C0MANAGERS")


async def test_a_ping_that_could_not_leave_in_time_is_not_sent_when_it_is_over(database, clock):
    house = made(database, clock)
    case_id = await house.arrive()
    await quiet(house)
    house.clock.forward(minutes=12)
    await house.sweeper.sweep()  # written down, but the chat is not reached before the claim
    await do(house, case_id, c.Claim(), actor="anna")
    await quiet(house)
    assert not shown(house, "C0BILLING")
    [ping] = await pings(house, case_id)
    assert ping.kind is PingKind.WARNING


async def test_a_late_sweep_tells_the_highest_rung_to_everybody_whom_the_lower_ones_meant(database, clock):
    house = made(database, clock)
    case_id = await house.arrive()
    await quiet(house)
    await pass_time(house, minutes=40)
    assert [(ping.kind, ping.fate) for ping in await pings(house, case_id)] == [
        (PingKind.WARNING, PingFate.FOLDED),
        (PingKind.BREACH, PingFate.ANNOUNCED),
    ]
    for place in ("C0BILLING", "C0MANAGERS", "member:marta"):
        [view] = shown(house, place)
        assert str(view.headline).startswith("LATE: nobody has claimed it; it was due 09:15")
        assert any(str(note).startswith("Noticed at 09:40") for note in view.notes)


async def test_what_an_outage_missed_is_told_in_one_message_with_the_original_times(database, clock):
    house = made(database, clock)
    cases = [await house.arrive(f"Invoice {number}?") for number in range(4)]
    await quiet(house)
    await pass_time(house, hours=1)
    await pass_time(house, seconds=11)
    for place in ("C0BILLING", "C0MANAGERS", "member:marta"):
        assert not shown(house, place)
        [view] = gatherings(house, place)
        assert str(view.headline) == "Nobody watched the clocks for a while. 4 things became due since 09:15:"
        assert {line.case_id for line in view.lines} == set(cases)
        assert all(str(line.sentence).startswith("09:15: LATE, nobody has claimed it") for line in view.lines)
    assert {ping.fate for case_id in cases for ping in await pings(house, case_id) if ping.kind is PingKind.BREACH} == {
        PingFate.GATHERED
    }


async def test_more_than_five_of_one_policy_in_a_minute_become_one_message(database, clock):
    house = made(database, clock)
    for number in range(8):
        await house.arrive(f"Invoice {number}?")
    await quiet(house, seconds=40)
    await pass_time(house, minutes=15)
    await pass_time(house, seconds=11)
    assert not shown(house, "C0MANAGERS")
    [view] = gatherings(house, "C0MANAGERS")
    assert str(view.headline) == "8 things became due within a minute (policy standard):"
    assert len(view.lines) == 8


async def test_a_freeze_silences_what_only_waits_for_it_and_says_so_once(database, clock):
    house = made(database, clock)
    first, second = await approved(house), await approved(house, question="My refund?")
    async with house.database.begin() as tx:
        await tx.freezes.set("account:acme", member="carla", at=house.clock.now())
    await quiet(house)
    await pass_time(house, minutes=6)
    await pass_time(house, seconds=11)
    fates = {(p.step, p.kind): p.fate for case_id in (first, second) for p in await pings(house, case_id)}
    assert fates[Step.RELAY, PingKind.BREACH] is PingFate.MUTED
    assert not shown(house, "C0MANAGERS")
    [view] = gatherings(house, "C0MANAGERS")
    assert str(view.headline).startswith("acme is frozen by Carla Rossi. What becomes late by that is not told")
    await approved(house, question="One more invoice")
    await pass_time(house, minutes=6)
    await pass_time(house, seconds=11)
    assert len(gatherings(house, "C0MANAGERS")) == 1


async def test_a_snooze_moves_what_is_due_by_what_it_took_in_opening_hours(database, clock):
    house = made(database, clock)
    case_id = await house.arrive()
    await quiet(house)
    await do(house, case_id, c.Claim(), actor="anna")  # 09:00, the answer is due 10:00
    house.clock.forward(minutes=30)
    await do(house, case_id, c.Snooze(house.clock.now() + timedelta(hours=4)), actor="anna")  # until 13:30, at lunch
    house.clock.forward(hours=2)
    assert await house.sweeper.sweep() == 0
    file = await house.desk.file(case_id)
    assert file.running(Step.ANSWER).next_at is None
    assert file.running(Step.ANSWER).paused_at is not None
    house.clock.forward(hours=2)
    await house.sweeper.sweep()
    answer = (await house.desk.file(case_id)).running(Step.ANSWER)
    assert (answer.paused_at, answer.paused_seconds) == (None, 3.5 * 3600)  # 09:30-13:00; lunch counts for nothing
    assert answer.due_at.isoformat()[11:16] == "14:30"
    await do(house, case_id, c.SubmitDraft("It is in your inbox.", source="dialog"), actor="anna")
    answer = (await house.desk.file(case_id)).latest(Step.ANSWER)
    assert answer.business_seconds == pytest.approx(1800, abs=2)
    assert answer.wall_seconds == pytest.approx(4.5 * 3600, abs=5)


async def test_waiting_for_the_customer_ends_when_they_write_and_has_an_end_of_its_own(database, clock):
    house = made(database, clock, ('relay = "5m"', 'relay = "5m"\nlongest_wait = "2d"'))
    case_id = await house.arrive()
    await quiet(house)
    wait = c.Snooze(house.clock.now() + timedelta(days=3), PauseReason.WAITING_CUSTOMER)
    assert "within the next 2 d" in await refused(house, case_id, wait, actor="anna")
    await do(
        house, case_id, c.Snooze(house.clock.now() + timedelta(days=1), PauseReason.WAITING_CUSTOMER), actor="anna"
    )
    file = await house.desk.file(case_id)
    assert (file.case.state, file.case.pause_reason) == (CaseState.SNOOZED, PauseReason.WAITING_CUSTOMER)
    house.clock.forward(hours=1)
    post = a_post("Here it is", clock=house.clock, thread_id=file.case.thread_id, parent_id=file.mention.external_id)
    await house.desk.intake("acme", [post])
    file = await house.desk.file(case_id)
    assert (file.case.state, file.case.pause_reason) == (CaseState.WAITING_ANSWER, None)
    assert file.running(Step.FIRST_RESPONSE).paused_seconds == 3600


REPEATING = """
[[policies.standard.ladder]]
at = "100%"
ping = "manager"
steps = ["acknowledge"]
repeat_every = "10m"
repeats = 3
"""


async def test_a_breach_is_repeated_until_somebody_has_seen_it(database, clock):
    house = made(database, clock, ladder=REPEATING)
    case_id = await house.arrive()
    await quiet(house)
    await pass_time(house, minutes=15)
    await pass_time(house, minutes=10)
    assert len(shown(house, "member:marta")) == 2
    told = shown(house, "member:marta")[1]
    await do(house, case_id, c.AcknowledgePing(told.ping_id, told.clock_id, told.rung), actor="marta")
    await quiet(house)
    assert "Marta Bianchi has seen it; it is not repeated." in [
        str(note) for note in shown(house, "member:marta")[1].notes
    ]
    await pass_time(house, hours=1)
    assert len(shown(house, "member:marta")) == 2
    assert (await house.desk.file(case_id)).running(Step.ACKNOWLEDGE) is not None, "the clock runs on"


async def test_unseen_pings_end_after_their_number(database, clock):
    house = made(database, clock, ladder=REPEATING)
    case_id = await house.arrive()
    await quiet(house)
    for _ in range(12):
        await pass_time(house, minutes=5)
    assert [(p.kind, p.repeat) for p in await pings(house, case_id) if p.step is Step.ACKNOWLEDGE] == [
        (PingKind.BREACH, 0), (PingKind.BREACH, 1), (PingKind.BREACH, 2), (PingKind.BREACH, 3)
    ]  # fmt: skip


async def test_muting_needs_a_reason_and_silences_one_clock_only(database, clock):
    house = made(database, clock)
    case_id = await house.arrive()
    await quiet(house)
    await pass_time(house, minutes=12)
    clock_id = shown(house, "C0BILLING")[0].clock_id
    assert "Say why" in await refused(house, case_id, c.MutePings(clock_id, " "), actor="anna")
    await do(house, case_id, c.MutePings(clock_id, "The bank is closed today."), actor="anna")
    await pass_time(house, minutes=10)
    assert not shown(house, "C0MANAGERS")
    [_, breach] = await pings(house, case_id)
    assert (breach.kind, breach.fate) == (PingKind.BREACH, PingFate.MUTED)
    await pass_time(house, hours=1, minutes=40)
    assert any("the customer has no reply yet" in str(view.headline) for view in shown(house, "C0MANAGERS"))


QUIET = ('name = "Marta Bianchi"', 'name = "Marta Bianchi"\nquiet_hours = ["08:00-11:00"]')


async def test_quiet_hours_hold_a_direct_message_back_unless_it_is_over_by_then(database, clock):
    house = made(database, clock, QUIET)
    late, met = await house.arrive(), await house.arrive("My refund?")
    await quiet(house)
    await pass_time(house, minutes=16)
    assert heads(shown(house, "C0MANAGERS")) == ["LATE", "LATE"], "a channel has no quiet hours"
    assert not shown(house, "member:marta")
    await do(house, met, c.Claim(), actor="anna")
    house.clock.forward(hours=1, minutes=45)
    await quiet(house)
    assert {view.case_id for view in shown(house, "member:marta")} >= {late}
    assert met not in {view.case_id for view in shown(house, "member:marta") if "claimed" in str(view.headline)}


async def test_page_anyway_breaks_quiet_hours(database, clock):
    ladder = '[[policies.standard.ladder]]\nat = "100%"\nping = "manager"\npage_anyway = true\n'
    house = made(database, clock, QUIET, ladder=ladder)
    await house.arrive()
    await quiet(house)
    await pass_time(house, minutes=16)
    assert heads(shown(house, "member:marta")) == ["LATE"]


DEPUTY = """
[[policies.standard.ladder]]
at = "50%"
ping = "approvers"
steps = ["approve"]
[[policies.standard.ladder]]
at = "100%"
ping = "deputy"
steps = ["approve"]
"""


async def test_an_approval_is_nudged_then_its_deputy_may_decide(database, clock):
    house = made(database, clock, ("undo_seconds = 5", 'undo_seconds = 5\ndeputies = ["marta"]'), ladder=DEPUTY)
    case_id = await in_review(house)
    file = await house.desk.file(case_id)
    seen = c.DraftSeen(file.draft.version, file.draft.hash, file.case.context_version)
    assert "Only an approver" in await refused(house, case_id, c.Approve(seen), actor="marta")
    await pass_time(house, minutes=10)
    [nudge] = shown(house, "C0APPROVE")
    assert nudge.to == ("carla", "anna")
    await pass_time(house, minutes=10)
    assert heads(shown(house, "member:marta")) == ["LATE"]
    await do(house, case_id, c.Approve(seen), actor="marta")


async def test_a_brand_with_approvers_of_its_own_has_deputies_of_its_own(database, clock):
    house_deputy = ("undo_seconds = 5", 'undo_seconds = 5\ndeputies = ["marta"]')
    approval = '[brands.acme.approval]\napprovers = ["carla"]\ndeputies = ["lea"]'
    of_acme = ('[brands.acme]\nlabel = "Acme"', f'[brands.acme]\nlabel = "Acme"\n{approval}')
    house = made(database, clock, house_deputy, of_acme, ladder=DEPUTY)
    case_id = await in_review(house)
    await pass_time(house, minutes=20)
    file = await house.desk.file(case_id)
    seen = c.DraftSeen(file.draft.version, file.draft.hash, file.case.context_version)
    assert "Only an approver" in await refused(house, case_id, c.Approve(seen), actor="marta")
    assert heads(shown(house, "member:lea")) == ["LATE"]
    assert not shown(house, "member:marta")
    await do(house, case_id, c.Approve(seen), actor="lea")
    assert house.settings.deputies("other") == {"marta"}


async def test_a_claim_that_nothing_follows_is_reminded_then_released(database, clock):
    claims = ('relay = "5m"', 'relay = "5m"\nremind_claim = "20m"\nrelease_claim = "40m"')
    house = made(database, clock, claims)
    case_id = await house.arrive()
    await quiet(house)
    await do(house, case_id, c.Claim(), actor="anna")
    await pass_time(house, minutes=20)
    [reminder] = shown(house, "member:anna")
    assert str(reminder.headline) == "Anna Verdi claimed this at 09:00 and has not answered yet."
    await pass_time(house, minutes=20)
    file = await house.desk.file(case_id)
    assert (file.case.owner, file.case.state) == (None, CaseState.WAITING_ANSWER)
    assert file.running(Step.ACKNOWLEDGE).cycle == 2
    assert file.running(Step.ANSWER) is None
    assert "ReleaseClaim" in await acts(house, case_id)
    await do(house, case_id, c.Claim(), actor="bruno")


async def test_taking_over_lets_the_clock_run_on(database, clock):
    house = made(database, clock)
    case_id = await house.arrive()
    await quiet(house)
    await do(house, case_id, c.Claim(), actor="anna")
    began = (await house.desk.file(case_id)).running(Step.ANSWER).started_at
    house.clock.forward(minutes=30)
    await do(house, case_id, c.TakeOver(), actor="marta")
    file = await house.desk.file(case_id)
    assert (file.case.owner, file.running(Step.ANSWER).started_at) == ("marta", began)


async def test_the_end_of_a_reply_window_speaks_before_everything_else(database, clock):
    house = made(database, clock, ('answer = "1h"', 'answer = "48m"\nlast_chance = "30m"'))
    able(house, reply_window=timedelta(hours=1))
    case_id = await house.arrive()
    await quiet(house)
    await do(house, case_id, c.Claim(), actor="anna")
    window = (await house.desk.file(case_id)).running(Step.REPLY_WINDOW)
    assert window.due_at - window.started_at == timedelta(hours=1)
    await pass_time(house, minutes=39)  # the warning of the answer and the last chance are both due
    [chance] = shown(house, "member:anna")
    assert str(chance.headline).startswith("LAST CHANCE: Plain takes a reply until 09:59 only.")
    assert {ping.fate for ping in await pings(house, case_id) if ping.step is Step.ANSWER} == {PingFate.FOLDED}
    await submit(house, case_id)
    await approve(house, case_id)
    await leave(house)
    await quiet(house)
    assert (await house.desk.file(case_id)).running(Step.REPLY_WINDOW) is None


async def test_a_further_message_opens_the_window_again(database, clock):
    house = made(database, clock)
    able(house, reply_window=timedelta(hours=24))
    case_id = await house.arrive()
    file = await house.desk.file(case_id)
    house.clock.forward(hours=5)
    post = a_post("Hello?", clock=house.clock, thread_id=file.case.thread_id, parent_id=file.mention.external_id)
    await house.desk.intake("acme", [post])
    window = (await house.desk.file(case_id)).running(Step.REPLY_WINDOW)
    assert (window.cycle, window.started_at) == (2, post.posted_at)


async def test_a_follow_up_owes_a_next_response_since_its_first_message(database, clock):
    house = made(database, clock, ('relay = "5m"', 'relay = "5m"\nnext_response = "1h"'))
    case_id = await approved(house)
    await leave(house)
    file = await house.desk.file(case_id)
    assert file.running(Step.NEXT_RESPONSE) is None
    first = None
    for minute in (10, 5):
        house.clock.forward(minutes=minute)
        post = a_post("And?", clock=house.clock, thread_id=file.case.thread_id, parent_id=file.mention.external_id)
        await house.desk.intake("acme", [post])
        first = first or post
    owed = (await house.desk.file(case_id)).running(Step.NEXT_RESPONSE)
    assert (owed.cycle, owed.started_at, owed.due_at) == (1, first.posted_at, first.posted_at + timedelta(hours=1))


async def test_targets_follow_priority_and_network(database, clock):
    when = '[[policies.standard.when]]\npriorities = ["urgent"]\nnetworks = ["plain"]\nacknowledge = "5m"\n'
    house = made(
        database,
        clock,
        ('words = ["invoice", "refund"]', 'words = ["invoice", "refund"]\npriority = "urgent"'),
        ladder=when,
    )
    urgent, usual = await house.arrive(), await house.arrive("Hello")
    await quiet(house)
    due = {}
    for case_id in (urgent, usual):
        running = (await house.desk.file(case_id)).running(Step.ACKNOWLEDGE)
        due[case_id] = running.due_at - running.started_at
    assert due == {urgent: timedelta(minutes=5), usual: timedelta(minutes=15)}


async def test_a_changed_policy_leaves_running_clocks_alone_until_it_is_asked_for(database, clock):
    house = made(database, clock)
    case_id = await house.arrive()
    await quiet(house)
    later = made(database, clock, ('acknowledge = "15m"', 'acknowledge = "30m"'))
    assert (await later.desk.file(case_id)).running(Step.ACKNOWLEDGE).target_seconds == 900
    await do(later, case_id, c.Recompute(), actor="marta")
    running = (await later.desk.file(case_id)).running(Step.ACKNOWLEDGE)
    assert running.target_seconds == 1800
    assert running.due_at - running.started_at == timedelta(minutes=30)
    async with database.read() as tx:
        entry = (await tx.cases.journal(case_id))[-1]
    assert entry.act == "Recompute"
    assert entry.details["recomputed"][0][:2] == ["acknowledge", 1]


async def test_a_case_that_ends_pings_nobody(database, clock):
    house = made(database, clock)
    case_id = await house.arrive()
    await quiet(house)
    await do(house, case_id, c.Dismiss(DismissReason.SPAM), actor="anna")
    await pass_time(house, days=1)
    assert await pings(house, case_id) == []


async def test_many_sweepers_at_once_tell_each_rung_once(database, clock):
    house = made(database, clock)
    cases = [await house.arrive(f"Invoice {number}?") for number in range(30)]
    await quiet(house, seconds=60)
    house.clock.forward(minutes=13)
    sweepers = [house.sweeper, *(Sweeper(build_house(database, clock=clock).desk) for _ in range(3))]
    await asyncio.gather(*(sweeper.sweep() for sweeper in sweepers))
    told = [(ping.step, ping.rung, ping.repeat) for case_id in cases for ping in await pings(house, case_id)]
    assert len(told) == 30
    assert set(told) == {(Step.ACKNOWLEDGE, 0, 0)}


async def test_what_is_seen_of_a_later_rung_is_seen_of_the_earlier_ones(database, clock):
    warned = REPEATING.replace('"100%"', '"80%"').replace("10m", "1m")
    house = made(database, clock, ladder=warned + REPEATING)
    case_id = await house.arrive()
    await quiet(house)
    await pass_time(house, minutes=12)
    await pass_time(house, minutes=3)
    warning, *_, breach = await pings(house, case_id)
    assert (warning.kind, breach.kind) == (PingKind.WARNING, PingKind.BREACH)
    await do(house, case_id, c.AcknowledgePing(breach.id, breach.clock_id, breach.rung), actor="marta")
    late = c.AcknowledgePing(warning.id, warning.clock_id, warning.rung)
    assert "seen this already" in await refused(house, case_id, late, actor="anna")
    await pass_time(house, hours=1)
    told = [ping for ping in await pings(house, case_id) if ping.kind is PingKind.BREACH]
    assert [ping.repeat for ping in told] == [0], "nothing is repeated that somebody has seen"


ABOVE = """
[[policies.standard.ladder]]
at = "100%"
ping = "managers_manager"
[[policies.standard.ladder]]
at = "100%"
ping = "dario"
"""


@pytest.mark.parametrize("who", ["lea", "dario"])
async def test_whoever_is_told_may_act_on_it(database, clock, who):
    boss = ('name = "Marta Bianchi"', 'name = "Marta Bianchi"\nmanager = "lea"')
    house = made(database, clock, boss, ladder=ABOVE)
    case_id = await house.arrive()
    await quiet(house)
    await pass_time(house, minutes=16)
    [told] = shown(house, f"member:{who}")
    await do(house, case_id, c.AcknowledgePing(told.ping_id, told.clock_id, told.rung), actor=who)
    await do(house, case_id, c.TakeOver(told.clock_id), actor=who)
    plain = made(database, clock)
    elsewhere = await plain.arrive("My refund?")
    assert "belongs to Billing" in await refused(plain, elsewhere, c.Claim(), actor=who)


async def test_a_ping_that_still_runs_names_the_new_owner(database, clock):
    house = made(database, clock)
    case_id = await house.arrive()
    await quiet(house)
    await do(house, case_id, c.Claim(), actor="anna")
    await pass_time(house, minutes=61)
    [before] = shown(house, "member:anna")
    await do(house, case_id, c.TakeOver(before.clock_id), actor="marta")
    await quiet(house)
    for place in ("member:anna", "C0MANAGERS", "member:marta"):
        [view] = shown(house, place)
        assert {str(fact.label): str(fact.value) for fact in view.facts}["Owner"] == "Marta Bianchi"
        assert view.over is None


async def test_what_ends_in_the_middle_of_a_pause_was_due_later_and_is_not_late(database, clock):
    house = made(database, clock)
    case_id = await house.arrive()
    await quiet(house)
    await do(house, case_id, c.Claim(), actor="anna")  # 09:00, the answer is due 10:00
    house.clock.forward(minutes=30)
    await do(house, case_id, c.Snooze(house.clock.now() + timedelta(hours=5)), actor="anna")
    house.clock.forward(hours=2)
    await submit(house, case_id)  # 11:30, of which two hours stood still
    answer = (await house.desk.file(case_id)).latest(Step.ANSWER)
    assert answer.due_at.isoformat()[11:16] == "12:00"
    assert answer.business_seconds == pytest.approx(1800, abs=2)
    shown_steps = {line.step: line for line in steps(await house.desk.file(case_id), house.clock.now())}
    assert not shown_steps[Step.ANSWER].late


async def test_the_card_says_that_a_reply_window_ends_before_the_rest(database, clock):
    house = made(database, clock)
    able(house, reply_window=timedelta(hours=1))
    case_id = await house.arrive()
    await quiet(house)
    [card] = house.chat.in_channel("C0BILLING", "card")
    assert "Plain takes a reply until 09:59 only." in map(str, card.view.notices)
    window = next(line for line in card.view.steps if line.step is Step.REPLY_WINDOW)
    assert (window.due_at.isoformat()[11:16], window.late) == ("09:59", False)
    await submit(house, case_id)
    await quiet(house)
    [approval] = house.chat.in_channel("C0APPROVE", "approval")
    assert "Plain takes a reply until 09:59 only." in map(str, approval.view.notices)
    await pass_time(house, hours=1)
    await approve(house, case_id)
    await quiet(house, seconds=3)
    [approval] = house.chat.in_channel("C0APPROVE", "approval")
    assert "Plain takes no reply any more since 09:59." in map(str, approval.view.notices)
    await leave(house)
    await quiet(house)
    [card] = house.chat.in_channel("C0BILLING", "card")
    assert not card.view.notices
    assert Step.REPLY_WINDOW not in {line.step for line in card.view.steps}


async def test_a_window_that_leaves_time_enough_is_not_cried_about(database, clock):
    house = made(database, clock)
    able(house, reply_window=timedelta(hours=24))
    case_id = await house.arrive()
    await quiet(house)
    [card] = house.chat.in_channel("C0BILLING", "card")
    assert not card.view.notices
    await do(house, case_id, c.Snooze(house.clock.now() + timedelta(days=2)), actor="anna")
    await quiet(house)
    [card] = house.chat.in_channel("C0BILLING", "card")
    assert any("takes a reply until" in str(notice) for notice in card.view.notices), "it would end during the snooze"
    assert any(line.stands_still for line in card.view.steps)
