"""Who is on call, worked by hand: hand-overs over clock changes, layers, overrides, swaps and Slack user groups."""

import datetime as dt

import pytest

from escalation.business_time import BusinessCalendar, zone
from escalation.on_call import Duty, Layer, Override, Roster, Rota
from escalation.opening_hours import parse_opening

UTC = dt.UTC
MONDAY = dt.date(2026, 3, 2)
DAYS = dt.timedelta(days=1)


def local(name: str, *parts: int, fold: int = 0) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=zone(name), fold=fold).astimezone(UTC)


def rome(*parts: int, fold: int = 0) -> dt.datetime:
    return local("Europe/Rome", *parts, fold=fold)


def daily(text: str, timezone: str = "Europe/Rome") -> BusinessCalendar:
    return BusinessCalendar(weekly=((parse_opening(text),),) * 7, timezone=timezone)


def layer(*members: str, **how: object) -> Layer:
    usual = {"timezone": "Europe/Rome", "first": MONDAY, "minute": 9 * 60}
    return Layer(members=members, **(usual | how))  # type: ignore[arg-type]


def roster(*layers: Layer, changes: tuple[Override, ...] = (), groups: dict[str, tuple[str, ...]] | None = None):
    return Roster(Rota(name="r", label="R", layers=layers), changes, groups)


def change(member: str, since: dt.datetime, until: dt.datetime, **how: object) -> Override:
    return Override(rota="r", member=member, since=since, until=until, **how)  # type: ignore[arg-type]


def told(shifts: list) -> list[tuple[str, str, str]]:
    """Shifts in Rome's wall time."""
    return [
        (
            "+".join(shift.members),
            f"{shift.since.astimezone(zone('Europe/Rome')):%a %d %H:%M}",
            f"{shift.until.astimezone(zone('Europe/Rome')):%a %d %H:%M}",
        )
        for shift in shifts
    ]


# --- turns


def test_a_week_ends_at_the_hand_over_and_not_at_midnight():
    weekly = roster(layer("anna", "bruno"))

    assert weekly.on_duty(rome(2026, 3, 2, 8, 59)) == ("bruno",)
    assert weekly.on_duty(rome(2026, 3, 2, 9, 0)) == ("anna",)
    assert weekly.on_duty(rome(2026, 3, 9, 8, 59)) == ("anna",)
    assert weekly.on_duty(rome(2026, 3, 9, 9, 0)) == ("bruno",)


def test_the_hand_over_stays_at_nine_when_the_clocks_change():
    shifts = roster(layer("anna", "bruno", "carla", days=1)).shifts(rome(2026, 3, 27, 9), rome(2026, 3, 31, 9))

    assert told(shifts) == [
        ("bruno", "Fri 27 09:00", "Sat 28 09:00"),
        ("carla", "Sat 28 09:00", "Sun 29 09:00"),
        ("anna", "Sun 29 09:00", "Mon 30 09:00"),
        ("bruno", "Mon 30 09:00", "Tue 31 09:00"),
    ]
    assert [(shift.until - shift.since) / dt.timedelta(hours=1) for shift in shifts] == [24, 23, 24, 24]


def test_a_hand_over_that_does_not_exist_moves_to_the_end_of_the_gap():
    gap = layer("anna", "bruno", days=1, minute=2 * 60 + 30)

    assert gap.begins(27) == rome(2026, 3, 29, 3, 0)
    assert gap.begins(28) == rome(2026, 3, 30, 2, 30)


def test_of_a_hand_over_that_comes_twice_the_first_is_taken():
    twice = layer("anna", "bruno", days=1, minute=2 * 60 + 30)
    sunday = (dt.date(2026, 10, 25) - MONDAY).days

    assert twice.begins(sunday) == rome(2026, 10, 25, 2, 30, fold=0)
    assert roster(twice).on_duty(rome(2026, 10, 25, 2, 15, fold=1)) == twice.on_duty(sunday, {})


def test_the_day_that_did_not_exist_is_a_short_turn():
    apia = layer("anna", "bruno", "carla", days=1, timezone="Pacific/Apia", first=dt.date(2011, 12, 29))
    shifts = roster(apia).shifts(local("Pacific/Apia", 2011, 12, 29, 9), local("Pacific/Apia", 2011, 12, 31, 10))

    assert [(shift.members[0], (shift.until - shift.since) / dt.timedelta(hours=1)) for shift in shifts] == [
        ("anna", 15), ("bruno", 9), ("carla", 24),
    ]  # fmt: skip


def test_a_turn_that_the_missing_day_swallows_is_left_out():
    apia = layer("anna", "bruno", "carla", days=1, minute=0, timezone="Pacific/Apia", first=dt.date(2011, 12, 29))
    shifts = roster(apia).shifts(local("Pacific/Apia", 2011, 12, 29), local("Pacific/Apia", 2012, 1, 1))

    assert [shift.members[0] for shift in shifts] == ["anna", "carla"]


def test_the_order_goes_on_before_the_day_from_which_it_counts():
    weekly = roster(layer("anna", "bruno", "carla"))

    assert weekly.on_duty(rome(2026, 2, 23, 9)) == ("carla",)
    assert weekly.on_duty(rome(2026, 2, 16, 9)) == ("bruno",)


def test_one_person_alone_has_one_shift_a_turn_and_is_never_relieved():
    alone = roster(layer("anna"))

    assert len(alone.shifts(rome(2026, 3, 2, 9), rome(2026, 3, 30, 9))) == 4
    assert alone.next_change(rome(2026, 3, 2, 9)) is None


# --- layers


def test_the_sun_is_followed_and_the_first_layer_on_duty_counts():
    sun = roster(
        layer("anna", hours=daily("08:00-16:00")),
        layer("bob", hours=daily("08:00-16:00", "America/New_York"), timezone="America/New_York"),
        layer("kim", hours=daily("08:00-18:00", "Asia/Seoul"), timezone="Asia/Seoul"),
    )
    shifts = sun.shifts(rome(2026, 3, 2, 8), rome(2026, 3, 3, 8))

    assert told(shifts) == [
        ("anna", "Mon 02 08:00", "Mon 02 16:00"),
        ("bob", "Mon 02 16:00", "Mon 02 22:00"),
        ("kim", "Tue 03 00:00", "Tue 03 08:00"),
    ]
    assert list(sun.gaps(rome(2026, 3, 2, 8), rome(2026, 3, 3, 8))) == [(rome(2026, 3, 2, 22), rome(2026, 3, 3, 0))]
    assert sun.on_duty(rome(2026, 3, 2, 23)) == ()
    assert sun.next_change(rome(2026, 3, 2, 23)) == rome(2026, 3, 3, 0)


def test_hours_over_midnight_are_one_shift():
    nights = roster(layer("anna", "bruno", days=1, minute=22 * 60, hours=daily("22:00-06:00")))

    assert told(nights.shifts(rome(2026, 3, 3, 1), rome(2026, 3, 4, 1))) == [
        ("anna", "Mon 02 22:00", "Tue 03 06:00"),
        ("bruno", "Tue 03 22:00", "Wed 04 06:00"),
    ]


def test_everybody_in_the_group_is_on_duty_and_an_empty_one_leaves_it_to_the_next_layer():
    layers = (Layer(timezone="Europe/Rome", slack_group="S0ONCALL"), layer("marta"))
    at = rome(2026, 3, 4, 12)

    assert roster(*layers, groups={"S0ONCALL": ("anna", "bruno")}).on_duty(at) == ("anna", "bruno")
    assert roster(*layers, groups={"S0ONCALL": ()}).on_duty(at) == ("marta",)
    assert roster(*layers).on_duty(at) == ("marta",)


def test_an_endless_group_is_cut_into_weeks():
    group = roster(Layer(timezone="Europe/Rome", slack_group="S0ONCALL"), groups={"S0ONCALL": ("anna",)})

    assert told(group.shifts(rome(2026, 3, 4), rome(2026, 3, 10))) == [
        ("anna", "Mon 02 00:00", "Mon 09 00:00"),
        ("anna", "Mon 09 00:00", "Mon 16 00:00"),
    ]


# --- changes


def test_an_override_wins_over_the_layers_and_over_gaps():
    office = layer("anna", hours=daily("08:00-16:00"))
    covered = roster(office, changes=(change("lea", rome(2026, 3, 2, 12), rome(2026, 3, 2, 20), id="o1"),))
    shifts = covered.shifts(rome(2026, 3, 2, 8), rome(2026, 3, 3, 12))

    assert told(shifts) == [
        ("anna", "Mon 02 08:00", "Mon 02 12:00"),
        ("lea", "Mon 02 12:00", "Mon 02 20:00"),
        ("anna", "Tue 03 08:00", "Tue 03 16:00"),
    ]
    assert [shift.changes for shift in shifts] == [(), ("o1",), ()]


def test_a_swap_gives_each_the_shifts_of_the_other():
    weeks = layer("anna", "bruno", "carla")
    swapped = roster(
        weeks, changes=(change("bruno", rome(2026, 3, 2), rome(2026, 3, 16, 9), instead_of="anna", mutual=True),)
    )

    assert told(swapped.shifts(rome(2026, 3, 2, 9), rome(2026, 3, 23, 9))) == [
        ("bruno", "Mon 02 09:00", "Mon 09 09:00"),
        ("anna", "Mon 09 09:00", "Mon 16 09:00"),
        ("carla", "Mon 16 09:00", "Mon 23 09:00"),
    ]


def test_a_later_change_is_about_what_the_earlier_one_left():
    weeks = layer("anna", "bruno")
    swap = change("bruno", rome(2026, 3, 2), rome(2026, 3, 16, 9), instead_of="anna", mutual=True, id="s")
    ill = change("lea", rome(2026, 3, 4), rome(2026, 3, 5), instead_of="bruno", id="o")

    wednesday = roster(weeks, changes=(swap, ill)).shifts(rome(2026, 3, 4), rome(2026, 3, 5))

    assert [(shift.members, shift.changes) for shift in wednesday] == [(("lea",), ("s", "o"))]
    assert roster(weeks, changes=(ill, swap)).on_duty(rome(2026, 3, 4, 12)) == ("bruno",)


def test_instead_of_somebody_holds_only_where_that_one_would_be_on_duty():
    weeks = layer("anna", "bruno")
    covered = roster(weeks, changes=(change("lea", rome(2026, 3, 1), rome(2026, 3, 20), instead_of="bruno"),))

    assert covered.on_duty(rome(2026, 3, 3)) == ("anna",)
    assert covered.on_duty(rome(2026, 3, 10)) == ("lea",)


def test_one_of_a_group_can_be_replaced():
    group = roster(
        Layer(timezone="Europe/Rome", slack_group="S"),
        groups={"S": ("anna", "bruno")},
        changes=(change("lea", rome(2026, 3, 1), rome(2026, 3, 20), instead_of="bruno"),),
    )

    assert group.on_duty(rome(2026, 3, 3)) == ("anna", "lea")


# --- when next


def test_duty_begins_at_once_later_or_never():
    weekly = roster(layer("anna", "bruno", "carla"), changes=(change("lea", rome(2026, 4, 1), rome(2026, 4, 2)),))
    now = rome(2026, 3, 3, 12)

    assert weekly.duty_begins("anna", now) == now
    assert weekly.duty_begins("carla", now) == rome(2026, 3, 16, 9)
    assert weekly.duty_begins("lea", now) == rome(2026, 4, 1)
    assert weekly.duty_begins("dario", now) is None


def test_a_turn_that_comes_round_after_more_than_a_year_is_found():
    crowd = [f"m{number}" for number in range(20)]
    slow = roster(layer(*crowd, days=28))

    assert slow.duty_begins("m19", rome(2026, 3, 3)) == slow.rota.layers[0].begins(19)


def test_all_rotas_together():
    rotas = {
        "one": Rota(name="one", label="One", layers=(layer("anna", "bruno"),)),
        "two": Rota(name="two", label="Two", layers=(layer("bruno", "carla", "anna", days=1),)),
    }
    duty = Duty(rotas)
    now = rome(2026, 3, 2, 12)

    assert duty.on_duty("one", now) == ("anna",)
    assert duty.on_duty("gone", now) == ()
    assert duty.duty_begins("carla", now) == rome(2026, 3, 3, 9)
    assert duty.duty_begins("bruno", now, rota="one") == rome(2026, 3, 9, 9)
    assert duty.next_change("one", now) == rome(2026, 3, 9, 9)
    assert duty.next_change("gone", now) is None
    assert duty.shifts("gone", now, now + DAYS) == []


@pytest.mark.parametrize("ask", ["on_duty", "next_change"])
def test_naive_instants_are_refused(ask: str):
    with pytest.raises((ValueError, TypeError)):
        getattr(roster(layer("anna", "bruno")), ask)(dt.datetime(2026, 3, 2))  # noqa: DTZ001
