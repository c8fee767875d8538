"""Damage as nobody's code would do it: rows changed by hand, each so that one rule is broken and no other."""

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from escalation import commands as c
from escalation.ports import Page
from models.columns import UtcTime
from models.vocabulary import DraftSource
from tests.house import House, a_post
from tests.scenarios.steps import answered, approve, approved, configured, do, in_review, quiet, seen, submit

Plant = Callable[[House], Awaitable[str | None]]
"""Tells a story, damages it, and returns the case whose finding is expected (``None``: it is about no case)."""


WATCHED = configured(
    ("undo_seconds = 5", 'undo_seconds = 5\ndeputies = ["marta"]'),
    (
        'first_response = "2h"',
        """first_response = "2h"
[[policies.standard.ladder]]
at = "80%"
ping = "owner"
[[policies.standard.ladder]]
at = "100%"
ping = "manager"
[[policies.standard.ladder]]
at = "150%"
ping = "deputy"
steps = ["approve"]""",
    ),
)
"""A house whose answers a deputy may approve who was called: half an hour after the answer came."""


async def by_hand(house: House, *statements: str, **values: Any) -> None:
    """Change rows by SQL, and be sure that each statement changed some."""
    async with house.database.engine.begin() as connection:
        for statement in statements:
            named = {name: value for name, value in values.items() if f":{name}" in statement}
            assert (await connection.execute(text(statement), named)).rowcount, statement


def stored(house: House, **ago: float) -> int | None:
    """A moment some time ago, as it is stored."""
    return UtcTime().process_bind_param(house.clock.now() - timedelta(**ago), None)


async def healthy(house: House) -> str:
    """A day with everything in it: answered, undone, moved, snoozed, dismissed, approved by two and by a deputy."""
    first = await answered(house)
    undone = await approved(house, question="A second invoice")
    await do(house, undone, c.Undo(), actor="carla")
    await approve(house, undone)
    moved = await house.arrive("It is broken")
    await quiet(house)
    await do(house, moved, c.Reassign("billing"), actor="dario")
    await quiet(house)
    await do(house, moved, c.Claim(), actor="bruno")
    await do(house, moved, c.Snooze(house.clock.now() + timedelta(hours=2)), actor="bruno")
    twice = await house.arrive("My lawyer will write")
    await do(house, twice, c.SubmitDraft("We are sorry.", DraftSource.DIALOG), actor="lea")
    await approve(house, twice)
    await deputy_approves(house)
    soon = await house.arrive("My invoice is wrong")
    await quiet(house)
    await do(house, soon, c.Snooze(house.clock.now() + timedelta(hours=3)), actor="anna")
    house.clock.forward(minutes=30)
    await do(house, soon, c.Claim(), actor="anna")
    await do(house, soon, c.Snooze(house.clock.now() + timedelta(minutes=30)), actor="anna")
    house.clock.forward(minutes=40)
    await house.sweeper.sweep()
    spam = await house.arrive("Buy an invoice now")
    await do(house, spam, c.Dismiss(reason=c.DismissReason.SPAM), actor="anna")
    file = await house.desk.file(first)
    await house.desk.intake("acme", [a_post("Thanks", clock=house.clock, thread_id=file.case.thread_id)])
    await quiet(house, seconds=40)
    house.clock.forward(minutes=3)
    await house.sweeper.sweep()
    await quiet(house, seconds=40)
    return first


async def deputy_approves(house: House) -> str:
    """An answer that nobody looks at, until the ladder calls the deputy."""
    case_id = await in_review(house, question="A third invoice")
    await quiet(house)
    for _ in range(2):
        house.clock.forward(minutes=16)
        await house.sweeper.sweep()
        await quiet(house)
    await approve(house, case_id, actor="marta")
    await quiet(house, seconds=20)
    return case_id


async def done(house: House) -> str:
    """An answered case whose cards all show it."""
    case_id = await answered(house)
    await quiet(house, seconds=20)
    return case_id


async def lost_part(house: House) -> str:
    case_id = await done(house)
    await by_hand(
        house,
        "UPDATE attempt SET effect_id = (SELECT id FROM effect WHERE kind = 'card' LIMIT 1), number = 900 "
        "WHERE effect_id IN (SELECT id FROM effect WHERE kind = 'reply')",
        "DELETE FROM effect WHERE kind = 'reply'",
    )
    return case_id


async def given_up(house: House) -> str:
    case_id = await done(house)
    await by_hand(house, "UPDATE effect SET state = 'refused' WHERE kind = 'reply'")
    return case_id


async def nobody_carries(house: House) -> str:
    case_id = await approved(house)
    await quiet(house, seconds=4)
    house.clock.forward(minutes=16)
    await house.sweeper.sweep()
    await by_hand(house, "UPDATE card SET shown_version = 99")  # it is not about them
    return case_id


async def sender_died_long_ago(house: House) -> str:
    case_id = await approved(house)
    await quiet(house, seconds=4)
    await by_hand(
        house,
        "UPDATE effect SET state = 'sending', token = 'x', lease_until = :then, not_before = :then "
        "WHERE kind = 'reply'",
        then=stored(house, minutes=11),
    )
    return case_id


async def relaying_nothing(house: House) -> str:
    case_id = await approved(house)
    await quiet(house, seconds=4)
    await by_hand(
        house,
        "UPDATE effect SET state = 'sent' WHERE kind = 'reply'",
        "INSERT INTO attempt (id, effect_id, number, token, started_at) "
        "SELECT 'by-hand', id, 1, 'x', created_at FROM effect WHERE kind = 'reply'",
    )
    return case_id


async def second_id(house: House) -> str:
    case_id = await done(house)
    await by_hand(
        house,
        "INSERT INTO attempt (id, effect_id, number, token, started_at, external_id) "
        "SELECT 'by-hand', id, 2, 'x', created_at, 'out-2' FROM effect WHERE kind = 'reply'",
    )
    return case_id


async def unrecorded_send(house: House) -> str:
    case_id = await done(house)
    await by_hand(house, "DELETE FROM attempt WHERE effect_id IN (SELECT id FROM effect WHERE kind = 'reply')")
    return case_id


async def stranger_approved(house: House) -> str:
    case_id = await done(house)
    await by_hand(house, "UPDATE review SET member = 'dario' WHERE verdict = 'approved'")
    return case_id


async def deputy_approved_uncalled(house: House) -> str:
    """Marta, whom the ladder had not called."""
    case_id = await done(house)
    await by_hand(house, "UPDATE review SET member = 'marta' WHERE verdict = 'approved'")
    return case_id


async def deputy_approved_after_being_called_for_another_version(house: House) -> str:
    """Marta, who was called for the answer before this one."""
    case_id = await in_review(house)
    await quiet(house)
    house.clock.forward(minutes=31)
    await house.sweeper.sweep()
    await do(house, case_id, c.SendBack(await seen(house, case_id), "Say when."), actor="marta")
    house.clock.forward(minutes=1)
    await submit(house, case_id)
    await approve(house, case_id)
    await quiet(house, seconds=20)
    await by_hand(house, "UPDATE review SET member = 'marta' WHERE verdict = 'approved'")
    return case_id


async def author_approved(house: House) -> str:
    """Anna, an approver, whose own text it is."""
    case_id = await done(house)
    await by_hand(house, "UPDATE review SET member = 'anna' WHERE verdict = 'approved'")
    return case_id


async def other_bytes(house: House) -> str:
    case_id = await done(house)
    await by_hand(house, "UPDATE draft SET parts = :parts", parts='["@ada We owe you 1000 euros."]')
    return case_id


async def other_hash(house: House) -> str:
    case_id = await done(house)
    await by_hand(house, "UPDATE review SET draft_hash = 'another' WHERE verdict = 'approved'")
    return case_id


async def other_conversation(house: House) -> str:
    case_id = await done(house)
    await by_hand(house, "UPDATE review SET context_version = 7 WHERE verdict = 'approved'")
    return case_id


async def second_without_first(house: House) -> str:
    """A relay that is said to be the second one, in the journal as well."""
    case_id = await done(house)
    async with house.database.read() as tx:
        journal = await tx.cases.journal(case_id)
    for entry in journal:
        told = json.dumps(entry.details).replace('["relay", 1', '["relay", 2')
        await by_hand(house, "UPDATE journal SET details = :told WHERE id = :entry", told=told, entry=entry.id)
    await by_hand(house, "UPDATE step_clock SET cycle = 2 WHERE step = 'relay'")
    return case_id


async def started_too_early(house: House) -> str:
    """An approval that is said to have begun with the customer's post, in the journal as well."""
    case_id = await house.arrive()
    await quiet(house, seconds=4)
    async with house.database.read() as tx:
        opened = (await tx.cases.journal(case_id))[0]
    details = {**opened.details, "started": [*opened.details["started"], ["approve", 1]]}
    await by_hand(
        house,
        "UPDATE journal SET details = :details WHERE act = 'OpenCase'",
        "INSERT INTO step_clock (id, case_id, step, cycle, department, account, network, started_at, rungs_passed, "
        "paused_seconds) SELECT 'by-hand', case_id, 'approve', 1, department, account, network, started_at, 0, 0 "
        "FROM step_clock WHERE step = 'detect'",
        details=json.dumps(details),
    )
    return case_id


async def nobody_owes(house: House) -> str:
    """A case in review that says it waits, in its journal as well."""
    case_id = await in_review(house)
    await quiet(house, seconds=4)
    await by_hand(
        house,
        "UPDATE cases SET state = 'waiting_answer'",
        "UPDATE journal SET to_state = 'waiting_answer' WHERE act = 'SubmitDraft'",
    )
    return case_id


async def clock_runs_on(house: House) -> str:
    """A case that is said to have ended, in its journal as well."""
    case_id = await in_review(house)
    await quiet(house, seconds=4)
    await by_hand(
        house,
        "UPDATE cases SET state = 'dismissed'",
        "UPDATE journal SET to_state = 'dismissed' WHERE act = 'SubmitDraft'",
    )
    return case_id


async def told_otherwise(house: House) -> str:
    """A minute shaved off the time that the answer took."""
    case_id = await house.arrive()
    await quiet(house, seconds=4)
    await do(house, case_id, c.Claim(), actor="anna")
    house.clock.forward(minutes=5)
    await submit(house, case_id)
    await quiet(house, seconds=4)
    await by_hand(
        house,
        "UPDATE step_clock SET ended_at = ended_at - 60000000, wall_seconds = wall_seconds - 60, "
        "business_seconds = business_seconds - 60 WHERE step = 'answer'",
    )
    return case_id


async def wrong_business_seconds(house: House) -> str:
    """A minute shaved off what counts of the time that the answer took."""
    case_id = await house.arrive()
    await quiet(house, seconds=4)
    await do(house, case_id, c.Claim(), actor="anna")
    house.clock.forward(minutes=5)
    await submit(house, case_id)
    await quiet(house, seconds=4)
    await by_hand(house, "UPDATE step_clock SET business_seconds = business_seconds - 60 WHERE step = 'answer'")
    return case_id


async def shifted_deadline(house: House) -> str:
    """An hour more than was promised."""
    case_id = await house.arrive()
    await quiet(house, seconds=4)
    await by_hand(
        house,
        "UPDATE step_clock SET due_at = due_at + 3600000000, next_at = next_at + 3600000000 WHERE step = 'acknowledge'",
    )
    return case_id


async def shifted_deadline_of_a_quiet_case(house: House) -> str:
    """In a case that nobody has touched for long, soon before it is due."""
    case_id = await house.arrive()
    await quiet(house, seconds=4)
    await do(house, case_id, c.Snooze(house.clock.now() + timedelta(days=3)), actor="bruno")
    await quiet(house, seconds=4)
    house.clock.forward(hours=2)
    await by_hand(
        house,
        "UPDATE step_clock SET due_at = :soon WHERE step = 'first_response'",
        soon=stored(house, minutes=-30),
    )
    return case_id


async def forgotten_pause(house: House) -> str:
    """A clock that stood still for an hour, and is said never to have done so."""
    case_id = await house.arrive()
    await quiet(house, seconds=4)
    await do(house, case_id, c.Snooze(house.clock.now() + timedelta(hours=1)), actor="bruno")
    house.clock.forward(hours=1)
    await house.sweeper.sweep()
    await quiet(house, seconds=4)
    await by_hand(house, "UPDATE step_clock SET paused_seconds = 0 WHERE step = 'acknowledge'")
    return case_id


async def lost_calendar(house: House) -> str:
    """The hours in which a clock counts were not kept, and nobody remembers them."""
    case_id = await done(house)
    await by_hand(house, "DELETE FROM calendar_snapshot")
    house.desk.rulebook.calendars.clear()
    return case_id


async def waits_for_nothing(house: House) -> str:
    """A clock that has a breach to tell and will not."""
    case_id = await house.arrive()
    await quiet(house, seconds=4)
    house.clock.forward(minutes=12)
    await house.sweeper.sweep()
    await quiet(house, seconds=4)
    await by_hand(house, "UPDATE step_clock SET next_at = NULL WHERE step = 'acknowledge'")
    return case_id


async def waits_for_nothing_in_a_quiet_case(house: House) -> str:
    """The same in a case that nobody touches, before its first word is due."""
    case_id = await house.arrive()
    await quiet(house, seconds=4)
    await do(house, case_id, c.Claim(), actor="anna")
    await quiet(house, seconds=4)
    await by_hand(house, "UPDATE step_clock SET next_at = NULL WHERE ended_at IS NULL")
    house.clock.forward(minutes=90)
    return case_id


async def lost_warning(house: House) -> str:
    """A breach that was told, and before it nothing, though there had been a warning."""
    case_id = await house.arrive()
    await quiet(house, seconds=4)
    for minutes in (13, 3):
        house.clock.forward(minutes=minutes)
        await house.sweeper.sweep()
        await quiet(house, seconds=4)
    warning = "rung = 0 AND step = 'acknowledge'"
    await by_hand(
        house,
        f"DELETE FROM announcement WHERE ping_id IN (SELECT id FROM ping WHERE {warning})",  # noqa: S608
        f"DELETE FROM ping WHERE {warning}",  # noqa: S608
    )
    return case_id


async def lost_folded_warning(house: House) -> str:
    """A warning that was found together with its breach, so that nobody heard of it alone."""
    case_id = await house.arrive()
    await quiet(house, seconds=4)
    house.clock.forward(minutes=16)
    await house.sweeper.sweep()
    await quiet(house, seconds=4)
    await by_hand(house, "DELETE FROM ping WHERE fate = 'folded' AND step = 'acknowledge'")
    return case_id


async def no_sweep(house: House) -> str:
    case_id = await house.arrive()
    await quiet(house, seconds=4)
    await do(house, case_id, c.Snooze(house.clock.now() + timedelta(minutes=5)), actor="anna")
    await quiet(house, seconds=4)
    house.clock.forward(minutes=7)
    return case_id


async def forgotten_card(house: House) -> str:
    case_id = await done(house)
    house.clock.forward(minutes=2)
    await by_hand(house, "UPDATE card SET shown_version = 1 WHERE kind = 'card'")
    return case_id


async def untold_version(house: House) -> str:
    """The case moved on, its card shows it, and the journal knows nothing."""
    case_id = await done(house)
    await by_hand(
        house,
        "UPDATE cases SET version = version + 1",
        "UPDATE card SET shown_version = shown_version + 1",
    )
    return case_id


async def untold_state(house: House) -> str:
    case_id = await done(house)
    await by_hand(house, "UPDATE journal SET to_state = 'needs_check' WHERE act = 'Delivered'")
    return case_id


async def poll_forgotten(house: House) -> None:
    house.networks["acme"].fetch = _nothing_new  # makes it one that is polled
    await by_hand(house, "INSERT INTO cursor (account, next_at) VALUES ('acme', :then)", then=stored(house, minutes=11))


async def _nothing_new(position: str | None) -> Page:
    return Page((), position)


async def delivery_forgotten(house: House) -> None:
    await by_hand(
        house,
        "INSERT INTO inbound (key, source, account, body, received_at, attempts) "
        "VALUES ('slack:1', 'slack', '', :body, :then, 6)",
        body=b"{}",
        then=stored(house, minutes=61),
    )


async def pinged(house: House) -> str:
    """A case that nobody claims, of which people have heard."""
    case_id = await house.arrive()
    await quiet(house, seconds=4)
    house.clock.forward(minutes=12)
    await house.sweeper.sweep()
    await quiet(house, seconds=4)
    return case_id


async def nobody_sweeps_clocks(house: House) -> str:
    case_id = await house.arrive()
    await quiet(house, seconds=4)
    house.clock.forward(minutes=15)  # the warning was due three minutes ago
    return case_id


async def told_nowhere(house: House) -> str:
    case_id = await pinged(house)
    await by_hand(house, "DELETE FROM announcement")
    return case_id


async def pinged_too_late(house: House) -> str:
    case_id = await pinged(house)
    await do(house, case_id, c.Claim(), actor="anna")
    await quiet(house, seconds=4)
    await by_hand(house, "UPDATE ping SET due_at = due_at + 3600000000")
    return case_id


PLANTS: dict[str, tuple[Plant, ...]] = {
    "deliveries_finished": (delivery_forgotten,),
    "approvals_have_replies": (lost_part,),
    "approvals_end_well": (given_up,),
    "effects_leave": (nobody_carries, sender_died_long_ago),
    "relaying_has_a_reply": (relaying_nothing,),
    "replies_stand_once": (second_id,),
    "sends_are_recorded": (unrecorded_send,),
    "approvers_may_approve": (
        stranger_approved,
        deputy_approved_uncalled,
        deputy_approved_after_being_called_for_another_version,
    ),
    "sent_as_approved": (other_bytes, other_hash, other_conversation),
    "four_eyes": (author_approved,),
    "clocks_run_forwards": (second_without_first,),
    "steps_in_order": (started_too_early,),
    "open_cases_are_timed": (nobody_owes,),
    "ended_cases_are_still": (clock_runs_on,),
    "clocks_agree_with_the_journal": (
        told_otherwise,
        wrong_business_seconds,
        shifted_deadline,
        shifted_deadline_of_a_quiet_case,
        forgotten_pause,
        lost_calendar,
    ),
    "timers_fire": (no_sweep,),
    "targets_are_told": (nobody_sweeps_clocks,),
    "clocks_wait_for_what_is_left": (waits_for_nothing, waits_for_nothing_in_a_quiet_case),
    "rungs_are_written_down": (lost_warning, lost_folded_warning),
    "pings_reach_a_channel": (told_nowhere,),
    "pings_are_in_time": (pinged_too_late,),
    "cards_are_current": (forgotten_card,),
    "journals_are_complete": (untold_version, untold_state),
    "networks_are_polled": (poll_forgotten,),
}
"""Every rule, and the ways in which it is broken here."""
