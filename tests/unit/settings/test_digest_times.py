"""When digests are sent: how it is written, and every refusal with its line, its key and its sentence."""

import pytest

from tests.unit.settings.sample import FILE, changed, line_of, load, problems_of

# (what is replaced, by what, a part of the line to name, the rest of the problem's line)
REFUSALS = {
    "digest without a colon": (
        "[managers]\n",
        '[managers]\ndaily_digest = "8.30"\n',
        "daily_digest",
        'managers.daily_digest: "8.30" is not a time of day; write a time of day such as "08:30", or "off"',
    ),
    "digest at a time that does not exist": (
        "[managers]\n",
        '[managers]\ndaily_digest = "24:00"\n',
        "daily_digest",
        'managers.daily_digest: "24:00" is not a time of day; write a time of day such as "08:30", or "off"',
    ),
    "daily digest on a day": (
        "[managers]\n",
        '[managers]\ndaily_digest = "monday 08:30"\n',
        "daily_digest",
        (
            'managers.daily_digest: "monday 08:30" names a day, but a daily digest comes every day; '
            'write only the time, "08:30"'
        ),
    ),
    "daily digest as a number": (
        "[managers]\n",
        "[managers]\ndaily_digest = 830\n",
        "daily_digest",
        'managers.daily_digest: write a time of day such as "08:30", or "off"',
    ),
    "weekly digest without a day": (
        "[managers]\n",
        '[managers]\nweekly_digest = "08:30"\n',
        "weekly_digest",
        (
            'managers.weekly_digest: "08:30" is half of it; write a day of the week and a time such as "monday 08:30", '
            'or "off"'
        ),
    ),
    "weekly digest on no day": (
        "[managers]\n",
        '[managers]\nweekly_digest = "mondy 08:30"\n',
        "weekly_digest",
        'managers.weekly_digest: "mondy" is not a day of the week; did you mean monday?',
    ),
    "digest without a channel": (
        'channel = "slack:C0MANAGERS"\n',
        'weekly_digest = "friday 17:00"\n',
        "weekly_digest",
        'managers.weekly_digest: needs the key channel in [managers], such as channel = "slack:C0MANAGERS"',
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_names_line_key_and_reason(name):
    old, new, on_line, problem = REFUSALS[name]
    text = changed(old, new)
    assert [str(told) for told in problems_of(text)] == [f"{FILE}:{line_of(text, on_line)}: {problem}"]


@pytest.mark.parametrize(
    ("keys", "daily", "weekly"),
    [
        ("", None, None),
        ('daily_digest = "off"\nweekly_digest = "off"\n', None, None),
        ('daily_digest = "8:05"\n', (485, "08:05"), None),
        ('weekly_digest = "Friday 17:00"\n', None, (4, 1020, "friday 17:00")),
    ],
)
def test_digests_have_their_times(keys, daily, weekly):
    managers = load(changed("[managers]\n", f"[managers]\n{keys}")).managers
    found = managers.daily_digest
    assert daily == (None if found is None or found.minute is None else (found.minute, str(found)))
    found = managers.weekly_digest
    assert weekly == (None if found is None or found.minute is None else (found.weekday, found.minute, str(found)))


def test_a_digest_that_is_off_needs_no_channel():
    assert load(changed('channel = "slack:C0MANAGERS"\n', 'daily_digest = "off"\n')).managers.channel is None
