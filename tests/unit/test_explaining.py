"""One clock explained: its rule, its pauses, what comes if it goes on, whom it reaches, what was told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from escalation.announcing import subject_of
from escalation.business_time import ALWAYS, BusinessCalendar
from escalation.casefile import Addressee
from escalation.explaining import CaseRecord, ClockExplained, explain, explain_clock, stretches
from escalation.foretelling import Whereabouts
from escalation.ladder import Timing, rungs
from escalation.on_call import NOBODY_ON_CALL
from models.case import PolicySnapshot
from models.clocks import StepClock
from models.outbox import Card, Effect
from models.pings import Ping
from models.vocabulary import (
    CardKind,
    CaseState,
    EffectKind,
    EffectState,
    PauseReason,
    PingFate,
    PingKind,
    Step,
    StepOutcome,
)
from tests.property.test_explaining import an_entry
from tests.unit.desk_table import POLICY, a_file, rules
from tests.unit.test_business_time import NINE_TO_FIVE, OFFICE

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOURS = BusinessCalendar(weekly=OFFICE, timezone="UTC")
KEY = ["answer", 1]


def at(hour: int, minute: int = 0, *, day: int = 2) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def timing(target: int | None = 3_600, calendar: BusinessCalendar = HOURS) -> Timing:
    return Timing(calendar, target, rungs(POLICY, Step.ANSWER, target))


def a_clock(target: int | None = 3_600, calendar: BusinessCalendar = HOURS, **values: object) -> StepClock:
    given = {
        "id": "c1", "case_id": "case1", "step": Step.ANSWER, "cycle": 1, "department": "billing", "started_at": NINE,
        "calendar": calendar.version, "target_seconds": target,
        "due_at": timing(target, calendar).due_at(NINE, values.get("paused_seconds", 0)),
    }  # fmt: skip
    return StepClock(**(given | values))


def explained(
    clock: StepClock, now: datetime, journal=(), *, record: CaseRecord | None = None, **changes: object
) -> ClockExplained:
    known = {
        "timing_of": lambda one: timing(one.target_seconds),
        "timing_today": lambda step, department: timing(clock.target_seconds),
    }
    file = a_file(CaseState.SNOOZED if clock.paused_at else CaseState.WAITING_ANSWER)
    file.case.snoozed_until = changes.pop("snoozed_until", None)
    given = replace(record, file=file) if record else CaseRecord(file, journal)
    return explain_clock(given, clock, rules(**(known | changes)), NOBODY_ON_CALL, now)


# --- the rule


def snapshot(digest: str, name: str = "standard", **content: object) -> PolicySnapshot:
    return PolicySnapshot(digest=digest, name=name, content=content, first_used_at=NINE)


WHEN = {"priorities": ["urgent"], "networks": ["mastodon"], "targets": ["answer"]}


def opened(**route: object):
    return an_entry(1, NINE, "OpenCase", CaseState.WAITING_ANSWER, route=route, department="billing")


def test_the_rule_is_the_policy_its_entry_for_such_cases_and_the_route():
    record = CaseRecord(a_file(CaseState.WAITING_ANSWER), [opened(route=2)], policies={"d": snapshot("d", when=WHEN)})
    rule = explained(a_clock(), at(9, 30), record=record).rule
    assert (rule.policy, rule.when, rule.route, rule.timed_anew_at) == ("standard", WHEN, 2, None)
    other = explained(a_clock(step=Step.APPROVE), at(9, 30), record=record).rule
    assert other.when is None, "the entry says nothing of approvals"


def test_the_route_that_chose_the_policy_is_that_of_the_beginning_not_of_a_later_move():
    file = a_file(CaseState.WAITING_ANSWER)
    file.case.route = {"by": "hand"}
    assert explained(a_clock(), at(9, 30), record=CaseRecord(file, [opened(route=3)])).rule.route == 3
    assert explained(a_clock(), at(9, 30), record=CaseRecord(file, [opened(by="hand")])).rule.route is None


def test_a_clock_that_was_timed_anew_has_the_policy_of_then_and_one_that_had_ended_keeps_its_own():
    journal = [
        opened(route=2),
        an_entry(2, at(9, 10), "Claim", CaseState.WAITING_ANSWER, stopped=[["acknowledge", 1, "done"]], started=[KEY]),
        an_entry(3, at(9, 10), "Recompute", CaseState.WAITING_ANSWER,
                 recomputed=[[*KEY, None, None]], policy=["old", "d"]),
    ]  # fmt: skip
    policies = {"old": snapshot("old", "strict"), "d": snapshot("d", "lenient")}
    record = CaseRecord(a_file(CaseState.WAITING_ANSWER), journal, policies=policies)
    running = explained(a_clock(), at(9, 30), record=record).rule
    assert (running.policy, running.timed_anew_at) == ("lenient", at(9, 10))
    over = a_clock(step=Step.ACKNOWLEDGE, ended_at=at(9, 10), outcome=StepOutcome.DONE)
    ended = explained(over, at(9, 30), record=record).rule
    assert (ended.policy, ended.timed_anew_at) == ("strict", None)


# --- pauses


def snoozed(version: int, when: datetime, until: datetime, **more: object):
    details = {"reason": PauseReason.SNOOZED.value, "until": until.isoformat(), **more}
    return an_entry(version, when, "Snooze", CaseState.SNOOZED, **details)


def test_a_pause_counts_what_would_have_counted_and_shifts_what_is_left():
    journal = [
        snoozed(1, at(9, 30), at(15), paused=[KEY]),
        an_entry(2, at(15), "Wake", CaseState.WAITING_ANSWER, resumed=[KEY]),
    ]
    clock = a_clock(paused_seconds=int(4.5 * 3_600))
    found = explained(clock, at(15, 10), journal)
    [pause] = found.pauses
    assert (pause.start, pause.end, pause.seconds, pause.by) == (at(9, 30), at(15), int(4.5 * 3_600), "anna")
    assert [(one.start, one.end) for one in found.counted] == [(at(9), at(9, 30)), (at(15), at(15, 10))]
    assert [(one.start, one.end) for one in found.until_due] == [(at(15, 10), at(15, 30))]
    assert (found.due_at, found.left_seconds) == (at(15, 30), 1_200)


def test_a_clock_that_stands_still_says_when_it_would_be_due_if_it_went_on_as_planned():
    journal = [snoozed(1, at(9, 30), at(14), paused=[KEY])]
    clock = a_clock(paused_at=at(9, 30))
    found = explained(clock, at(10), journal, snoozed_until=at(14))
    assert (found.goes_on_at, found.due_at) == (at(14), at(14, 30))
    assert [(event.rung.kind, event.at) for event in found.to_come] == [
        (PingKind.WARNING, at(14, 18)), (PingKind.BREACH, at(14, 30))
    ]  # fmt: skip
    assert found.counted_seconds == 1_800
    [pause] = found.pauses
    assert (pause.end, pause.until, pause.seconds) == (None, at(14), 1_800)


def test_a_snooze_that_nobody_ended_in_time_goes_on_now():
    journal = [snoozed(1, at(9, 30), at(10), paused=[KEY])]
    found = explained(a_clock(paused_at=at(9, 30)), at(11), journal, snoozed_until=at(10))
    assert (found.goes_on_at, found.due_at) == (at(11), at(11, 30))


def test_a_further_snooze_is_a_pause_of_its_own():
    waiting = {"reason": PauseReason.WAITING_CUSTOMER.value, "until": at(16).isoformat()}
    journal = [
        snoozed(1, at(9, 30), at(10), paused=[KEY]),
        an_entry(2, at(9, 50), "Snooze", CaseState.SNOOZED, **waiting),
        an_entry(3, at(10, 30), "CustomerWrote", CaseState.WAITING_ANSWER, resumed=[KEY]),
    ]
    found = explained(a_clock(paused_seconds=3_600), at(11), journal)
    assert [(one.start, one.end, one.reason) for one in found.pauses] == [
        (at(9, 30), at(9, 50), PauseReason.SNOOZED),
        (at(9, 50), at(10, 30), PauseReason.WAITING_CUSTOMER),
    ]
    assert (found.counted_seconds, found.adjusted_seconds) == (3_600, 0)


def test_a_clock_that_began_in_a_pause_stands_still_from_its_beginning():
    journal = [
        snoozed(1, at(8, 50), at(10)),
        an_entry(2, NINE, "CardShown", CaseState.SNOOZED, started=[KEY]),
        an_entry(3, at(9, 40), "Claim", CaseState.WAITING_ANSWER, resumed=[KEY]),
    ]
    found = explained(a_clock(paused_seconds=2_400), at(10), journal)
    assert [(one.start, one.end, one.by) for one in found.pauses] == [(NINE, at(9, 40), "anna")]
    assert found.counted_seconds == 1_200


def test_pauses_of_another_calendar_are_told_as_what_they_make():
    """A clock that was timed anew keeps the seconds of its pauses, which the new hours would count otherwise."""
    journal = [
        snoozed(1, at(12), at(15), paused=[KEY]),
        an_entry(2, at(15), "Wake", CaseState.WAITING_ANSWER, resumed=[KEY]),
    ]
    nine_to_five = BusinessCalendar(weekly=NINE_TO_FIVE, timezone="UTC")
    clock = a_clock(8 * 3_600, nine_to_five, paused_seconds=2 * 3_600)  # in the old hours, with their lunch
    found = explained(clock, at(16), journal, timing_of=lambda _: timing(8 * 3_600, nine_to_five))
    assert found.counted_seconds == 5 * 3_600
    assert sum(one.seconds for one in found.counted) == 4 * 3_600
    assert found.adjusted_seconds == 3_600


# --- today


def test_what_today_would_be_otherwise_is_told_and_what_is_the_same_is_not():
    assert explained(a_clock(), at(9, 30)).due_today is None
    found = explained(a_clock(), at(9, 30), timing_today=lambda *_: timing(1_800))
    assert found.due_today == at(9, 30)
    same = explained(a_clock(), at(9, 30), timing_today=lambda *_: timing(3_600, ALWAYS))
    assert same.due_today is None, "other hours, and yet the same moment"


# --- what counts


def test_what_adjoins_is_one_stretch():
    around = BusinessCalendar(weekly=(((0, 1_440),),) * 5 + ((), ()), timezone="Europe/Rome")
    [one] = stretches(around, at(12, day=2), at(12, day=5))
    assert one.seconds == 3 * 86_400
    [one] = stretches(ALWAYS, at(12, day=2), at(12, day=5))
    assert one.seconds == 3 * 86_400
    assert stretches(ALWAYS, at(12), at(12)) == []


def test_running_clocks_come_first_in_the_order_of_the_work_then_the_newest_that_ended():
    file = a_file(CaseState.IN_REVIEW)
    found = explain(CaseRecord(file), rules(), NOBODY_ON_CALL, at(9, 30))
    running = [one.clock.step for one in found if one.is_running]
    assert running == [Step.APPROVE, Step.FIRST_RESPONSE, Step.RESOLUTION]
    assert [one.is_running for one in found] == [True] * 3 + [False] * (len(found) - 3)
    ends = [one.clock.ended_at for one in found if not one.is_running]
    assert ends == sorted(ends, reverse=True)
    assert len(found) == len(file.clocks)


# --- whom it reaches


def test_quiet_hours_hold_back_and_nobody_is_nobody():
    def addressees(role, file, clock, duty, moment):
        return (Addressee("member:marta", ("marta",)),) if role == "manager" else ()

    later = at(11)
    found = explained(
        a_clock(), at(9, 30), addressees=addressees, managers_channel=None,
        reachable=lambda addressee, rung, duty, moment: max(moment, later),
    )  # fmt: skip
    warning, breach = found.to_come
    assert [(one.channel, one.held_until) for one in warning.reached] == [("member:marta", later)], "the next role"
    assert [(one.channel, one.held_until) for one in breach.reached] == [("member:marta", later)]
    nobody = explained(a_clock(), at(9, 30), addressees=lambda *_: (), managers_channel=None)
    assert [event.reached for event in nobody.to_come] == [(), ()]


def test_what_has_passed_or_been_seen_does_not_come():
    repeating = {"ladder": [{**POLICY["ladder"][1], "repeat_seconds": 600, "repeats": 2}]}
    ladder = Timing(HOURS, 3_600, rungs(repeating, Step.ANSWER, 3_600))
    seen = explained(a_clock(rungs_passed=1, acknowledged_rung=0), at(10, 5), timing_of=lambda _: ladder)
    assert seen.to_come == ()
    unseen = explained(a_clock(rungs_passed=1), at(10, 5), timing_of=lambda _: ladder)
    assert [(event.rung.repeat, event.at) for event in unseen.to_come] == [(1, at(10, 10)), (2, at(10, 20))]


# --- what was told


def a_ping(fate: PingFate = PingFate.ANNOUNCED, **values: object) -> Ping:
    given = {
        "id": "p1", "case_id": "case1", "clock_id": "c1", "step": Step.ANSWER, "rung": 1, "kind": PingKind.BREACH,
        "percent": 100, "policy": "standard", "due_at": at(10), "at": at(10), "fate": fate,
    }  # fmt: skip
    return Ping(**(given | values))


def an_effect(state: EffectState, not_before: datetime, settled_at: datetime | None = None) -> Effect:
    return Effect(
        id=f"e{state}", case_id="case1", kind=EffectKind.PING, target="member:marta", pace="x", card_id="k9",
        state=state, not_before=not_before, created_at=at(10), settled_at=settled_at,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("message_id", "effects", "whereabouts", "when"),
    [
        ("7.1", [an_effect(EffectState.SENT, at(10), at(10, 1))], Whereabouts.SHOWN, at(10, 1)),
        ("7.1", [], Whereabouts.SHOWN, None),
        (None, [an_effect(EffectState.READY, at(11))], Whereabouts.HELD, at(11)),
        (None, [an_effect(EffectState.READY, at(10))], Whereabouts.LEAVING, None),
        (None, [an_effect(EffectState.SUPERSEDED, at(10), at(10, 5))], Whereabouts.DROPPED, None),
    ],
)
def test_where_a_ping_has_come_to(message_id, effects, whereabouts, when):
    ping = a_ping()
    card = Card(
        id="k9", case_id="case1", kind=CardKind.PING, channel="member:marta", message_id=message_id,
        subject=subject_of(ping.clock_id, ping.rung, ping.repeat), created_at=at(10),
    )  # fmt: skip
    file = a_file(CaseState.WAITING_ANSWER)
    record = CaseRecord(
        replace(file, cards=[*file.cards, card]), pings=[ping, a_ping(clock_id="another", id="p2")],
        channels={"p1": ["member:marta"]}, effects=effects,
    )  # fmt: skip
    known = rules(timing_of=lambda one: timing(one.target_seconds), timing_today=lambda *_: timing())
    [hearing] = explain_clock(record, a_clock(), known, NOBODY_ON_CALL, at(10, 30)).told
    [place] = hearing.places
    assert (place.channel, place.whereabouts, place.at) == ("member:marta", whereabouts, when)


@pytest.mark.parametrize(
    ("drawings", "whereabouts", "when"),
    [
        ([(EffectState.SENT, at(10, 1)), (EffectState.READY, None)], Whereabouts.SHOWN, at(10, 1)),
        ([(EffectState.READY, None)], Whereabouts.LEAVING, None),
        ([(EffectState.SUPERSEDED, None)], Whereabouts.DROPPED, None),
    ],
)
def test_where_a_message_about_many_has_come_to(drawings, whereabouts, when):
    ping = a_ping(PingFate.GATHERED)
    subject = subject_of(ping.clock_id, ping.rung, ping.repeat)
    line = Card(
        id="k9", case_id="case1", kind=CardKind.LINE, channel="slack:C0", subject=f"{subject}:g1", created_at=at(10)
    )
    told = [
        Effect(
            id=f"e{number}",
            kind=EffectKind.DIGEST,
            target="slack:C0",
            pace="slack:C0",
            lane="gathering:g1",
            state=state,
            not_before=at(10),
            created_at=at(10),
            settled_at=settled_at,
        )
        for number, (state, settled_at) in enumerate(drawings)
    ]
    file = a_file(CaseState.WAITING_ANSWER)
    record = CaseRecord(
        replace(file, cards=[*file.cards, line]), pings=[ping], channels={"p1": ["slack:C0"]}, told_together=told
    )
    known = rules(timing_of=lambda one: timing(one.target_seconds), timing_today=lambda *_: timing())
    [hearing] = explain_clock(record, a_clock(), known, NOBODY_ON_CALL, at(10, 30)).told
    assert [(place.whereabouts, place.at) for place in hearing.places] == [(whereabouts, when)]


def test_a_ping_in_a_message_about_many_has_no_card_and_is_shown():
    record = CaseRecord(
        a_file(CaseState.WAITING_ANSWER), pings=[a_ping(PingFate.GATHERED)], channels={"p1": ["slack:C0"]}
    )
    [hearing] = explained(a_clock(), at(10, 30), record=record).told
    assert [place.whereabouts for place in hearing.places] == [Whereabouts.SHOWN]


def test_a_step_that_was_done_at_once_has_no_time_to_explain():
    over = a_clock(None, ended_at=NINE, outcome=StepOutcome.DONE, due_at=None)
    found = explained(over, at(9, 30))
    assert (found.counted, found.counted_seconds, found.skipped, found.to_come) == ((), 0, (), ())


def test_skipped_days_reach_until_it_is_due():
    clock = a_clock(12 * 3_600)
    closed = BusinessCalendar(weekly=OFFICE, timezone="UTC", closed_days={at(9, day=3).date(): "Works outing"})
    found = explained(clock, at(9, 30), timing_of=lambda _: timing(12 * 3_600, closed))
    assert [(one.first.day, one.name) for one in found.skipped] == [(3, "Works outing")]
    assert timedelta(seconds=found.counted_seconds) == timedelta(minutes=30)
