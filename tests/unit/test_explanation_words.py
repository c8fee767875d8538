"""Explanations as people read them: sums of stretches, folded days, who is told when; in their language and zone."""

from datetime import UTC, date, datetime, timedelta

import pytest

from escalation.business_time import ALWAYS, BusinessCalendar, CountedInterval, Skipped
from escalation.calendar_days import Cause
from escalation.explaining import CaseRecord, Rule, explain_clock, stretches
from escalation.explanation_views import clock_headline, clock_view, explanation_view, policy_lines, rule_sentence
from escalation.foretelling import Heard, Hearing, Reached, ToCome, Whereabouts
from escalation.hearing_words import place, rung_words, to_come_line, told
from escalation.ladder import Rung, Timing, rungs
from escalation.language import Reader, say
from escalation.notes import sentence_payload
from escalation.on_call import NOBODY_ON_CALL
from escalation.time_words import skipped, sum_of
from models.clocks import Timer
from models.vocabulary import CaseState, PingFate, PingKind, Step, StepOutcome, TimerKind
from tests.fidelity.product_cases import networks, shown
from tests.property.test_explaining import an_entry
from tests.unit.desk_table import POLICY, a_file, rules
from tests.unit.test_business_time import NINE_TO_FIVE
from tests.unit.test_explaining import HOURS, KEY, a_clock, a_ping, at, explained, opened, snoozed, timing

FRIDAY = datetime(2026, 3, 6, 15, 20, tzinfo=UTC)
ROME = Reader("en", "Europe/Rome", FRIDAY)
ITALIAN = Reader("it", "Europe/Rome", FRIDAY)
RULES = rules()


def test_counted_time_is_told_as_the_sum_that_it_is():
    office = BusinessCalendar(weekly=(((540, 1_020),),) * 5 + ((), ()), timezone="Europe/Rome")
    intervals = stretches(office, FRIDAY, office.due(FRIDAY, 7_800))
    assert ROME.read(sum_of(7_800, intervals)) == "2 h 10 min = Fri 16:20-17:00 + Mon 09:00-10:30"
    assert ITALIAN.read(sum_of(7_800, intervals)) == "2 h 10 min = ven 16:20-17:00 + lun 09:00-10:30"
    assert ROME.read(sum_of(0, [])) == "nothing"


def test_a_month_is_folded_into_its_ends_and_a_number_of_days():
    office = BusinessCalendar(weekly=NINE_TO_FIVE, timezone="UTC")
    start, end = datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 31, 17, tzinfo=UTC)
    text = Reader(now=end).read(sum_of(22 * 8 * 3_600, stretches(office, start, end)))
    assert text == (
        "176 h = Mon 2 Mar 09:00-17:00 + Tue 3 Mar 09:00-17:00 + … 18 days of 8 h … + Mon 09:00-17:00 + Tue 09:00-17:00"
    )


def test_a_day_with_a_lunch_break_is_not_torn_apart_by_folding():
    start, end = at(9, day=2), at(18, day=13)
    text = Reader(now=end).read(sum_of(80 * 3_600, stretches(HOURS, start, end)))
    assert "… 8 days of 8 h …" in text
    assert text.count("09:00-13:00") == 2


def test_uneven_days_are_told_by_their_sum_and_a_day_of_many_pauses_by_its_stretches():
    uneven = stretches(HOURS, at(9, day=2), at(18, day=5))
    uneven[3] = CountedInterval(start=uneven[3].start, end=uneven[3].start + timedelta(hours=1), seconds=3_600)
    assert "… 13 h on 2 days …" in Reader(now=at(9)).read(sum_of(0, uneven))
    morsels = [CountedInterval(start=at(9, minute), end=at(9, minute + 2), seconds=120) for minute in range(0, 40, 4)]
    assert "… 4 min in 2 stretches …" in Reader(now=at(9)).read(sum_of(1_200, morsels))


@pytest.mark.parametrize(
    ("start", "end", "read"),
    [
        (FRIDAY, FRIDAY + timedelta(minutes=40), "Fri 16:20-17:00"),
        (FRIDAY, FRIDAY + timedelta(hours=7, minutes=40), "Fri 16:20-24:00"),
        (FRIDAY, FRIDAY + timedelta(hours=9), "Fri 16:20-Sat 01:20"),
        (FRIDAY, FRIDAY + timedelta(seconds=40), "Fri 16:20:00-16:20:40"),
        (FRIDAY + timedelta(days=7), FRIDAY + timedelta(days=7, hours=1), "Fri 13 Mar 16:20-17:20"),
    ],
)
def test_a_stretch_has_its_weekday_and_its_date_unless_it_is_near(start: datetime, end: datetime, read: str):
    interval = CountedInterval(start=start, end=end, seconds=0)
    assert ROME.read(sum_of(60, [interval])) == f"1 min = {read}"


# --- days that did not count


def a_day(day: int, cause: Cause, name: str | None = None, *, last: int | None = None, lost: int = 0) -> Skipped:
    hours = (CountedInterval(start=FRIDAY, end=FRIDAY, seconds=lost),) if lost else ()
    return Skipped(first=date(2026, 3, day), last=date(2026, 3, last or day), cause=cause, name=name, lost=hours)


def test_what_was_skipped_says_why():
    days = [
        a_day(7, Cause.NO_HOURS, last=8),
        a_day(9, Cause.HOLIDAY, "Epifania", lost=28_800),
        a_day(10, Cause.CLOSED),
        a_day(11, Cause.CLOSED, "Works outing"),
        a_day(12, Cause.HALF_DAY, "San Silvestro", lost=14_400),
        a_day(13, Cause.HALF_DAY, lost=14_400),
        a_day(16, Cause.CLOSED_HOURS, "Assembly", lost=3_600),
    ]
    assert [ROME.read(one) for one in skipped(days)] == [
        "Sat 7 Mar - Sun 8 Mar: no hours on such days",
        "Mon 9 Mar: holiday, Epifania",
        "Tue 10 Mar: closed",
        "Wed 11 Mar: closed, Works outing",
        "Thu 12 Mar: 4 h less, San Silvestro",
        "Fri 13 Mar: 4 h less, a half day",
        "Mon 16 Mar: 1 h closed, Assembly",
    ]


def test_many_weekends_are_one_line_and_many_holidays_are_cut():
    weekends = [a_day(day, Cause.NO_HOURS, last=day + 1) for day in (7, 14, 21, 28)]
    assert [ROME.read(one) for one in skipped(weekends)] == ["8 days without hours: Sat 7 Mar - Sun 29 Mar"]
    holidays = [a_day(day, Cause.CLOSED) for day in range(1, 13)]
    lines = [ROME.read(one) for one in skipped(holidays)]
    assert len(lines) == 9
    assert lines[-1] == "… and 4 more until Thu 12 Mar"


# --- rules


@pytest.mark.parametrize(
    ("when", "english", "italian"),
    [
        (None, "policy standard", "regola standard"),
        (
            {"priorities": ["urgent"], "networks": ["mastodon"]},
            "policy standard, for urgent cases on mastodon",
            "regola standard, per casi urgenti su mastodon",
        ),
        (
            {"priorities": ["high", "urgent"], "networks": []},
            "policy standard, for high-priority or urgent cases",
            "regola standard, per casi a priorità alta o urgenti",
        ),
        (
            {"priorities": [], "networks": ["form", "sandbox"]},
            "policy standard, for cases on form or sandbox",
            "regola standard, per casi su form o sandbox",
        ),
    ],
)
def test_a_rule_says_for_which_cases_it_is(when, english: str, italian: str):
    rule = Rule("standard", when, 2, FRIDAY)
    assert ROME.read(rule_sentence(rule, with_route=False)) == f"{english}, timed anew 16:20"
    assert ROME.read(rule_sentence(rule, with_route=True)).startswith(f"{english}, chosen by route no. 2")
    assert ITALIAN.read(rule_sentence(rule, with_route=False)) == f"{italian}, ricalcolata 16:20"


def test_a_case_says_which_policy_it_has_and_what_chose_it():
    file, seen = a_file(CaseState.WAITING_ANSWER), shown(networks()[0])
    lines = [str(one) for one in policy_lines(CaseRecord(file, [opened(route=2, word="invoice")]), seen)]
    assert lines == [
        "Policy standard, as it was when the case began.",
        "Route no. 2 chose it: To Billing, because it says “invoice”.",
    ]
    anew = an_entry(2, at(10), "Recompute", CaseState.WAITING_ANSWER, recomputed=[], policy=["a", "b"])
    first, _ = policy_lines(CaseRecord(file, [opened(by="hand"), anew]), seen)
    assert "when Anna had the clocks timed anew" in str(first)
    moved = an_entry(3, at(11), "NotOurs", CaseState.WAITING_ANSWER, route={"route": 3}, department="product")
    lines = [str(one) for one in policy_lines(CaseRecord(file, [opened(route=2), anew, moved]), seen)]
    assert lines[0].startswith("Policy standard, as it was ")
    assert lines[0].endswith(", when Anna moved the case to Product.")
    assert lines[1].startswith("Route no. 3 chose it: To Product")


# --- how a clock stands


def facts(view, label: str) -> list[str]:
    return [str(fact.value) for fact in view.facts if str(fact.label) == label]


def test_a_running_clock_has_its_whole_arithmetic():
    view = clock_view(explained(a_clock(), at(9, 20)), RULES, at(9, 20))
    assert str(view.headline) == "answered: due 10:00"
    assert facts(view, "Target") == ["1 h of opening hours from 09:00: policy standard"]
    assert facts(view, "Hours") == [f"opening hours of Billing, UTC (calendar {HOURS.version[:8]})"]
    assert facts(view, "Counted") == ["20 min = Mon 09:00-09:20"]
    assert facts(view, "Until due") == ["40 min = Mon 09:20-10:00"]
    assert facts(view, "To come") == [
        "09:48: warning at 80 % of the target, to Owner",
        "10:00: target missed, to Manager, the managers' channel",
    ]


def over(**values: object):
    return a_clock(**({"ended_at": at(9, 40), "outcome": StepOutcome.DONE} | values))


@pytest.mark.parametrize(
    ("clock", "now", "read"),
    [
        (a_clock(), at(10, 30), "answered: LATE, was due 10:00"),
        (a_clock(None), at(9, 30), "answered: running for 30 min"),
        (a_clock(cycle=3), at(9, 30), "answered (no. 3): due 10:00"),
        (over(), at(11), "answered: after 40 min, at 09:40"),
        (over(ended_at=at(10, 30)), at(11), "answered: after 1 h 30 min, 30 min late, at 10:30"),
        (over(outcome=StepOutcome.CANCELLED), at(11), "answered: not needed any more since 09:40, after 40 min"),
    ],
)
def test_the_headline_says_how_a_clock_stands(clock, now: datetime, read: str):
    assert Reader(now=now).read(clock_headline(explained(clock, now), now)) == read


def test_a_clock_that_stands_still_says_why_and_until_when():
    journal = [snoozed(1, at(9, 30), at(14), paused=[KEY])]
    found = explained(a_clock(paused_at=at(9, 30)), at(10), journal, snoozed_until=at(14))
    view = clock_view(found, RULES, at(10))
    assert str(view.headline) == "answered: stands still; due 14:30 if it goes on 14:00"
    assert facts(view, "Stood still") == ["since 09:30, until 14:00: snoozed by Anna"]
    assert facts(view, "Until due") == ["30 min = Mon 14:00-14:30"]
    without = explained(a_clock(None, paused_at=at(9, 30)), at(10), journal, snoozed_until=at(14))
    assert str(clock_headline(without, at(10))) == "answered: stands still until 14:00"


def test_a_pause_that_is_over_says_what_it_kept_from_counting():
    journal = [
        snoozed(1, at(12, 30), at(15), paused=[KEY]),
        an_entry(2, at(15), "Wake", CaseState.WAITING_ANSWER, resumed=[KEY]),
        an_entry(3, at(15, 10), "Snooze", CaseState.SNOOZED, reason="waiting_customer", until=at(16).isoformat(),
                 paused=[KEY], why="sends a photo"),
        an_entry(4, at(15, 40), "CustomerWrote", CaseState.WAITING_ANSWER, resumed=[KEY]),
    ]  # fmt: skip
    view = clock_view(explained(a_clock(paused_seconds=2 * 3_600), at(16), journal), RULES, at(16))
    assert facts(view, "Stood still") == [
        "Mon 12:30-15:00, 1 h 30 min of what counts: snoozed by Anna",
        "Mon 15:10-15:40, 30 min of what counts: waiting for the customer: sends a photo",
    ]


def test_what_is_out_of_the_ordinary_is_said():
    late = clock_view(explained(a_clock(muted_by="marta"), at(10, 30)), RULES, at(10, 30))
    assert facts(late, "Over") == ["30 min more than the target"]
    assert facts(late, "Muted") == ["by Marta: nothing is told of it"]
    other = explained(a_clock(), at(9, 30), timing_today=lambda *_: timing(1_800))
    assert facts(clock_view(other, RULES, at(9, 30)), "Today") == [
        "by the configuration of today it would be due 09:30"
    ]
    at_once = over(ended_at=at(9))
    at_once.calendar = at_once.target_seconds = None
    view = clock_view(explained(at_once, at(10)), RULES, at(10))
    assert [(str(fact.label), str(fact.value)) for fact in view.facts] == [
        ("Target", "none: the step was done at once")
    ]
    nothing = clock_view(explained(a_clock(None), at(9, 30)), RULES, at(9, 30))
    assert facts(nothing, "Target") == ["none: policy standard promises nothing here"]


def test_a_reply_window_is_the_networks():
    clock = a_clock(86_400, step=Step.REPLY_WINDOW, due_at=at(9, day=3))
    window = Timing(ALWAYS, 86_400, rungs({}, Step.REPLY_WINDOW, 86_400))
    known = rules(timing_of=lambda _: window, timing_today=lambda *_: window)
    found = explain_clock(CaseRecord(a_file(CaseState.WAITING_ANSWER)), clock, known, NOBODY_ON_CALL, at(10))
    view = clock_view(found, known, at(10))
    assert facts(view, "Target") == ["24 h from 09:00: for so long the network takes a reply"]
    assert facts(view, "Hours") == ["around the clock, every day"]
    assert facts(view, "To come") == [
        "04:12: last chance before the reply window closes, to Owner",
        "09:00: the reply window is closed, to Managers, the managers' channel",
    ]


def test_a_long_ladder_is_cut_in_words_only():
    entry = {**POLICY["ladder"][1], "repeat_seconds": 600, "repeats": 9}
    ladder = {"ladder": [entry, {**entry, "after_seconds": 7_200}]}
    made = Timing(HOURS, 3_600, rungs(ladder, Step.ANSWER, 3_600))
    found = explained(a_clock(), at(9, 30), timing_of=lambda _: made)
    lines = facts(clock_view(found, RULES, at(9, 30)), "To come")
    assert len(lines) == 13
    assert lines[-1] == f"… and {len(found.to_come) - 12} more until {found.to_come[-1].at:%H:%M}"


def test_the_whole_explanation_has_what_comes_by_itself():
    file, seen = a_file(CaseState.SNOOZED), shown(networks()[0])
    wake = Timer(id="t1", case_id="case1", kind=TimerKind.WAKE, cycle=1, due_at=at(14))
    record = CaseRecord(file, [opened(route=2)], timers=[wake])
    view = explanation_view(record, [explained(a_clock(), at(9, 30))], RULES, seen)
    assert str(view.headline) == f"Ada wrote to Acme on {seen.network}"
    assert [str(fact.value) for fact in view.to_come] == ["14:00: The case comes back from its snooze."]
    assert [str(clock.headline) for clock in view.clocks] == ["answered: due 10:00"]


# --- who hears of it


def a_rung(kind: PingKind, **values: object) -> Rung:
    return Rung(0, kind, int(values.pop("offset", 3_600)), int(values.pop("percent", 100)), "manager", **values)


@pytest.mark.parametrize(
    ("rung", "read"),
    [
        (a_rung(PingKind.WARNING, percent=80), "warning at 80 % of the target"),
        (a_rung(PingKind.BREACH), "target missed"),
        (a_rung(PingKind.BREACH, repeat=2), "target missed, told again (no. 3)"),
        (a_rung(PingKind.LATER, offset=5_400), "still late, 30 min after the target"),
        (a_rung(PingKind.CLAIM_REMINDER), "reminder: claimed and not answered"),
        (a_rung(PingKind.CLAIM_RELEASED), "the claim ends, the case is free again"),
    ],
)
def test_every_kind_of_rung_has_its_words(rung: Rung, read: str):
    assert str(rung_words(rung, 3_600)) == read


def test_what_is_to_come_names_each_place_and_until_when_it_is_held():
    reached = (Reached("member:marta", ("marta",), at(11)), Reached("slack:C0MANAGERS"))
    assert str(to_come_line(ToCome(at(10), a_rung(PingKind.BREACH), reached), 3_600, RULES)) == (
        "10:00: target missed, to Marta (held until 11:00), the managers' channel"
    )
    assert str(to_come_line(ToCome(at(10), a_rung(PingKind.BREACH), ()), 3_600, RULES)) == (
        "10:00: target missed, to nobody, for nobody has this role"
    )


@pytest.mark.parametrize(
    ("channel", "read"),
    [
        ("member:anna", "Anna"),
        ("slack:C0BILLING", "the channel of Billing"),
        ("slack:C0APPROVE", "the approvals channel"),
        ("slack:C0MANAGERS", "the managers' channel"),
        ("slack:C0OTHER", "slack:C0OTHER"),
    ],
)
def test_places_have_names(channel: str, read: str):
    assert str(place(channel, RULES)) == read


HEARD = (
    Heard("member:marta", Whereabouts.HELD, at(11)),
    Heard("member:anna", Whereabouts.LEAVING),
    Heard("member:bruno", Whereabouts.DROPPED),
    Heard("slack:C0MANAGERS", Whereabouts.SHOWN, at(10, 1)),
)


@pytest.mark.parametrize(
    ("ping", "places", "read"),
    [
        (
            a_ping(),
            HEARD,
            (
                "10:00: target missed, told to Marta (held until 11:00), Anna (on its way), "
                "Bruno (never sent, it was over by then), the managers' channel"
            ),
        ),
        (
            a_ping(PingFate.GATHERED, at=at(10, 20)),
            HEARD[-1:],
            "10:00 (noticed 10:20): target missed, told together with others to the managers' channel",
        ),
        (
            a_ping(PingFate.FOLDED, kind=PingKind.WARNING, percent=80),
            (),
            (
                "10:00: warning at 80 % of the target, not told by itself, "
                "for something more urgent was due at the same time"
            ),
        ),
        (
            a_ping(PingFate.MUTED, why=sentence_payload(say("muted by {who}", who="Marta"))),
            (),
            "10:00: target missed, silenced: muted by Marta",
        ),
        (a_ping(PingFate.MUTED), (), "10:00: target missed, silenced: muted"),
        (
            a_ping(PingFate.UNADDRESSED, repeat=1),
            (),
            "10:00: target missed, told again (no. 2), told to nobody, for nobody has this role",
        ),
        (
            a_ping(acknowledged_by="marta"),
            HEARD[-1:],
            "10:00: target missed, told to the managers' channel; seen by Marta",
        ),
    ],
)
def test_what_was_told_says_what_became_of_it(ping, places, read: str):
    assert str(told(Hearing(ping, places), RULES)) == read
