"""Rotas in the configuration: what they become, what is refused, and the warnings about times without anybody."""

import datetime as dt

import pytest

from escalation.business_time import zone
from escalation.on_call import Roster
from escalation.secret import SecretSource
from escalation.settings import Problem, Settings, parse_settings
from escalation.settings.rotas import HandOver, TurnLength
from tests.unit.settings.sample import CONNECTORS, ENVIRON, FILE, SAMPLE, line_of, load, problems_of

NOW = dt.datetime(2026, 3, 4, 12, tzinfo=dt.UTC)
REFERRED = SAMPLE.replace('manager = "carla"\n', 'manager = "carla"\non_call = "front"\n', 1)


def written(layers: str, *, text: str = REFERRED) -> str:
    return f"{text}\n[on_call.front]\n{layers}"


def layer(lines: str) -> str:
    return f"[[on_call.front.layers]]\n{lines}\n"


ANNA_AND_BRUNO = layer('members = ["anna", "bruno"]')


def warned(text: str, now: dt.datetime | None = NOW) -> tuple[Problem, ...]:
    source = SecretSource(environ=ENVIRON, folder=load().database.sqlite_path.parent)
    return parse_settings(text, file=FILE, source=source, connector_settings=CONNECTORS, now=now).warnings


def roster(settings: Settings, name: str = "front") -> Roster:
    return Roster(settings.rotas[name])


def rome(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=zone("Europe/Rome")).astimezone(dt.UTC)


# --- what it becomes


def test_the_least_that_is_a_rota():
    settings = load(written(ANNA_AND_BRUNO))

    assert settings.departments["billing"].on_call == "front"
    assert settings.rotas["front"].label == "front"
    front = roster(settings)
    assert front.on_duty(rome(2024, 1, 1, 9)) == ("anna",)
    assert front.on_duty(rome(2024, 1, 8, 8, 59)) == ("anna",)
    assert front.on_duty(rome(2024, 1, 8, 9)) == ("bruno",)


def test_everything_that_a_layer_can_say():
    lines = (
        'members = ["anna", "bruno"]\nevery = "2w"\nhandover = "friday 10:30"\n'
        'timezone = "America/New_York"\nstarts = 2026-02-01\nhours = ["08:00-12:00", "13:00-17:00"]'
    )
    settings = load(written('label = "The front desk"\n' + layer(lines)))
    [compiled] = settings.rotas["front"].layers

    assert settings.rotas["front"].label == "The front desk"
    assert (compiled.timezone, compiled.days, compiled.minute) == ("America/New_York", 14, 630)
    assert compiled.first == dt.date(2026, 2, 6)
    new_york = zone("America/New_York")
    at = [dt.datetime(2026, 2, 6, hour, 45, tzinfo=new_york) for hour in (9, 10, 12, 13)]
    assert [roster(settings).on_duty(one) for one in at] == [("bruno",), ("anna",), (), ("anna",)]


def test_without_a_weekday_turns_begin_on_the_weekday_of_their_start():
    [compiled] = load(written(layer('members = ["anna"]\nstarts = 2026-03-04'))).rotas["front"].layers

    assert compiled.begins(1) == rome(2026, 3, 11, 9)


@pytest.mark.parametrize(
    ("hours", "minute"),
    [('"22:00-06:00"', 22 * 60), ('{ monday = ["14:00-18:00"], friday = ["08:00-12:00"] }', 8 * 60)],
)
def test_a_layer_with_hours_hands_over_when_they_begin(hours: str, minute: int):
    [compiled] = load(written(layer(f'members = ["anna"]\nhours = {hours}'))).rotas["front"].layers

    assert compiled.minute == minute


def test_a_slack_user_group_is_a_layer():
    settings = load(written(layer('slack_group = "S0ONCALL"\nhours = "08:00-16:00"') + ANNA_AND_BRUNO))

    assert settings.rotas["front"].slack_groups == {"S0ONCALL"}
    front = Roster(settings.rotas["front"], groups={"S0ONCALL": ("carla", "bruno")})
    assert front.on_duty(rome(2026, 3, 4, 12)) == ("carla", "bruno")
    assert len(front.on_duty(rome(2026, 3, 4, 17))) == 1


@pytest.mark.parametrize("text", ["1d", "6d", "1w", "2w", "52w"])
def test_lengths_of_turns_are_written_as_they_are_read(text: str):
    assert str(TurnLength.parse(text)) == text


@pytest.mark.parametrize("text", ["09:00", "00:00", "23:59", "sunday 07:30"])
def test_hand_overs_are_written_as_they_are_read(text: str):
    assert str(HandOver.parse(text)) == text


# --- what is refused

REFUSED = {
    "nobody": ("every = '1d'", "[[on_call.front.layers]]", "layers: has nobody in it; write members ="),
    "an empty list": ("members = []", "[[on_call.front.layers]]", "layers: has nobody in it; write members ="),
    "both": (
        'members = ["anna"]\nslack_group = "S0ONCALL"',
        "slack_group",
        "layers.slack_group: cannot stand beside members",
    ),
    "turns in a group": (
        'slack_group = "S0ONCALL"\nevery = "1d"',
        'every = "1d"',
        "layers.every: means nothing here: in a Slack user group nobody takes turns",
    ),
    "no group": ('slack_group = "oncall"', "slack_group", 'layers.slack_group: "oncall" is not the id of a Slack'),
    "an unknown member": (
        'members = ["anna", "brunno"]',
        "brunno",
        'layers.members: there is no member "brunno"; did you mean bruno?',
    ),
    "an unknown key": ('members = ["anna"]\nevry = "1d"', "evry", "layers.evry: unknown key; did you mean every?"),
    "hours for a turn": (
        'members = ["anna"]\nevery = "12h"',
        "12h",
        'layers.every: "12h" is not the length of a turn; write whole days or weeks such as "1d" or "1w"',
    ),
    "a long turn": ('members = ["anna"]\nevery = "60w"', "60w", 'layers.every: "60w" is longer than a year'),
    "a number": ('members = ["anna"]\nevery = 7', "every = 7", "layers.every: the length of a turn is a text such as"),
    "a wrong day": (
        'members = ["anna"]\nhandover = "mondai 09:00"',
        "mondai",
        'layers.handover: "mondai" is not a day of the week; did you mean monday?',
    ),
    "no time": ('members = ["anna"]\nhandover = "at nine"', "at nine", 'layers.handover: "at nine" is not a hand-over'),
    "no such time": (
        'members = ["anna"]\nhandover = "24:00"',
        "24:00",
        'layers.handover: "24:00" names a time of day that does not exist',
    ),
    "a weekday for days": (
        'members = ["anna"]\nevery = "1d"\nhandover = "monday 09:00"',
        "handover",
        'layers.handover: names a weekday, but with every = "1d" turns begin on other days too',
    ),
    "no span": ('members = ["anna"]\nhours = "all day"', "all day", 'layers.hours: "all day" is not a span of hours'),
    "overlapping spans": (
        'members = ["anna"]\nhours = ["08:00-12:00", "11:00-13:00"]',
        "hours = [",
        'layers.hours: "08:00-12:00" and "11:00-13:00" overlap',
    ),
    "overlapping over midnight": (
        'members = ["anna"]\nhours = ["22:00-06:00", "05:00-08:00"]',
        "hours = [",
        'layers.hours: "22:00-06:00" of sunday runs into "05:00-08:00" of monday; they overlap',
    ),
    "no hours at all": (
        'members = ["anna"]\nhours = []',
        "hours = []",
        "layers.hours: no day has hours",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_layer_is_told_with_its_line(name: str):
    lines, part, expected = REFUSED[name]
    text = written(layer(lines))

    told = [str(problem) for problem in problems_of(text)]

    line = line_of(text, part) if text.count(part) == 1 else text.splitlines().index(part) + 1
    assert any(one.startswith(f"{FILE}:{line}: on_call.front.{expected}") for one in told), told


def test_a_layer_above_which_somebody_is_always_on_duty_is_told():
    text = written(ANNA_AND_BRUNO + layer('members = ["carla"]\nhours = "08:00-16:00"'))

    (problem,) = problems_of(text)

    assert [str(one) for one in problems_of(written("layers = []"))] == [
        f"{FILE}:{len(REFERRED.splitlines()) + 3}: on_call.front.layers: must not be empty"
    ]
    assert problem.line == text.splitlines().index("[[on_call.front.layers]]") + 1
    assert problem.sentence == ("is on duty at all hours, so no layer below it ever is; give it hours, or put it last")


@pytest.mark.parametrize("whose", ['manager = "carla"\n', "undo_seconds = 10\n"])
def test_an_unknown_rota_is_told_with_the_nearest(whose: str):
    text = written(ANNA_AND_BRUNO).replace(whose, f'{whose}on_call = "fromt"\n', 1).replace('on_call = "front"\n', "")

    (problem,) = problems_of(text)

    assert str(problem).endswith('on_call: there is no rota "fromt"; did you mean front?')


def test_a_group_without_a_slack_is_told():
    text = written(layer('slack_group = "S0ONCALL"')).replace("[chat.slack]", "[chat.slakc]")

    assert any("slakc" in str(problem) for problem in problems_of(text))
    without = "\n".join(
        line for line in written(layer('slack_group = "S0ONCALL"')).splitlines() if "SLACK" not in line
    ).replace("[chat.slack]\n", "")
    told = [str(problem) for problem in problems_of(without)]
    assert any("slack_group: needs the section [chat.slack]" in one for one in told), told


def test_a_rota_needs_layers_and_a_good_name():
    assert any("on_call.front.layers: is required" in str(one) for one in problems_of(written('label = "F"')))
    assert any(
        "on_call.Front" in str(one) for one in problems_of(written("").replace("on_call.front", "on_call.Front"))
    )


@pytest.mark.parametrize("value", ["1", "'x'", "[1]", "{ a = 1 }", "{ front = { layers = 1 } }"])
def test_a_rota_of_another_shape_is_problems_and_never_a_crash(value: str):
    told = problems_of(f"on_call = {value}\n{SAMPLE}")

    assert [problem for problem in told if problem.key.startswith("on_call")]


# --- what is warned of


def test_a_rota_that_always_has_somebody_is_no_warning():
    assert warned(written(ANNA_AND_BRUNO)) == ()


def test_opening_hours_without_anybody_are_told_with_the_first():
    text = written(layer('members = ["anna"]\nhours = "08:00-16:00"'))

    (warning,) = warned(text)

    assert warning.line == line_of(text, 'on_call = "front"')
    assert warning.key == "departments.billing.on_call"
    assert warning.sentence == (
        'by the rota "front" nobody is on call from Friday 2026-03-06 16:00 to 17:00 (Europe/Rome), within Billing\'s '
        "opening hours, nor 14 more times in the coming 8 weeks"
    )


def test_nights_without_anybody_are_none_of_the_office():
    assert warned(written(layer('members = ["anna"]\nhours = "09:00-18:00"'))) == ()


def test_without_knowing_the_day_no_times_are_looked_at():
    assert warned(written(layer('members = ["anna"]\nhours = "08:00-16:00"')), now=None) == ()


def test_a_group_counts_as_somebody():
    assert warned(written(layer('slack_group = "S0ONCALL"'))) == ()


def test_approvals_are_looked_at_in_the_hours_of_the_organisation():
    text = written(layer('members = ["anna"]\nhours = "08:00-13:00"')).replace('on_call = "front"\n', "")
    text = text.replace("undo_seconds = 10\n", 'undo_seconds = 10\non_call = "front"\n')

    (warning,) = warned(text)

    assert warning.key == "approval.on_call"
    assert "nobody is on call from Friday 2026-03-06 13:00 to 17:00" in warning.sentence


def test_a_layer_whose_hours_are_covered_is_told():
    lines = layer('members = ["anna"]\nhours = "00:00-12:00"') + layer('members = ["bruno"]\nhours = "12:00-24:00"')
    text = written(lines + layer('members = ["carla"]\nhours = "10:00-14:00"'))

    (warning,) = warned(text)

    assert "is never on duty in the coming 8 weeks" in warning.sentence
    assert warning.line == len(text[: text.rindex("[[on_call")].splitlines()) + 1


def test_a_rota_for_nobody_is_told():
    (warning,) = warned(written(ANNA_AND_BRUNO, text=SAMPLE))

    assert warning.sentence == 'no department and not [approval] says on_call = "front"'


def test_somebody_who_cannot_be_pinged_is_told_once():
    twice = written(layer('members = ["bruno"]\nhours = "08:00-12:00"') + layer('members = ["anna", "bruno"]'))
    text = twice.replace('slack = "U0BRUNO"\n', "")

    told = [warning for warning in warned(text) if warning.key.startswith("on_call")]

    assert [warning.sentence for warning in told] == [
        "bruno takes turns here but members.bruno has no slack id, so nobody can ping them"
    ]


# --- route by route

OFFICE_HOURS = layer('members = ["anna"]\nhours = "09:00-18:00"')


def counted_always(text: str) -> str:
    """The policy by which cases reach billing counts nights too, and pings whoever is on call."""
    assert text.count('at = "80%"\nping = "owner"') == 1
    return text.replace('at = "80%"\nping = "owner"', 'at = "80%"\nping = "on_call"', 1)


def test_a_policy_that_counts_always_wants_somebody_at_all_hours():
    text = counted_always(written(OFFICE_HOURS))

    (warning,) = warned(text)

    assert warning.line == line_of(text, 'on_call = "front"')
    assert warning.key == "departments.billing.on_call"
    assert warning.sentence.startswith(
        'by the rota "front" nobody is on call from Wednesday 2026-03-04 18:00 to Thursday 2026-03-05 09:00 '
        "(Europe/Rome), within the hours of policies.quick, which counts always, nor 55 more times"
    )


def test_a_policy_that_counts_always_and_pings_nobody_on_call_wants_nobody_at_night():
    assert warned(written(OFFICE_HOURS)) == ()
    only = counted_always(written(OFFICE_HOURS)).replace('ping = "on_call"', 'ping = "on_call"\nsteps = ["answer"]')
    assert warned(only) == (), "quick promises no answer"


def test_approvals_that_count_always_want_somebody_at_all_hours():
    text = counted_always(written(OFFICE_HOURS)).replace('on_call = "front"\n', "")
    text = text.replace("undo_seconds = 10\n", 'undo_seconds = 10\non_call = "front"\n')
    text = text.replace("[policies.quick]\n", '[policies.quick]\napprove = "1h"\n')

    told = {warning.key: warning.sentence for warning in warned(text)}

    assert "within the hours of policies.quick, which counts always" in told["approval.on_call"]


@pytest.mark.parametrize("half", ['half_days = { 2026-03-09 = ["07:00-12:00"] }'])
def test_the_hours_of_approvals_have_the_half_days_of_the_organisation(half: str):
    text = written(OFFICE_HOURS).replace('on_call = "front"\n', "")
    text = text.replace("undo_seconds = 10\n", 'undo_seconds = 10\non_call = "front"\n')
    text = text.replace("[organisation.hours]", f"{half}\n[organisation.hours]", 1)

    (warning,) = warned(text)

    assert "from Monday 2026-03-09 07:00 to 09:00 (Europe/Rome), within the opening hours" in warning.sentence


def test_a_department_without_a_rota_is_told_though_another_has_one():
    ladder = '[[policies.standard.ladder]]\nat = "80%"\nping = "on_call"\n'
    text = written(ANNA_AND_BRUNO).replace("[policies.standard]", f"{ladder}[policies.standard]", 1)

    (warning,) = warned(text)

    assert warning.line == line_of(text, 'ping = "on_call"')
    assert warning.sentence == (
        "pings on_call, but departments.product, to which route no. 3 leads, has no on_call, so nobody there ever is; "
        "it goes to whom the next step of the ladder means"
    )


@pytest.mark.parametrize(("steps", "told"), [('["approve"]', 0), ('["approve", "acknowledge"]', 1)])
def test_the_rota_of_approvals_is_for_the_step_of_approvers_only(steps: str, told: int):
    ladder = f'[[policies.standard.ladder]]\nat = "80%"\nping = "on_call"\nsteps = {steps}\n'
    text = written(ANNA_AND_BRUNO).replace('on_call = "front"\n', "")
    text = text.replace("undo_seconds = 10\n", 'undo_seconds = 10\non_call = "front"\n')
    text = text.replace("[policies.standard]\n", f'{ladder}[policies.standard]\napprove = "1h"\n', 1)

    assert len([one for one in warned(text) if "pings on_call" in one.sentence]) == told
