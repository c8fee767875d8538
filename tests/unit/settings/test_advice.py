"""Warnings: what is allowed and probably not meant."""

import pytest

from tests.unit.settings.sample import FILE, SAMPLE, changed, line_of, load

WARNINGS = {
    "no Slack id": (
        'slack = "U0CARLA"',
        'teams = "29:carla"',
        'manager = "carla"',
        (
            "departments.billing.manager: carla works on a Slack channel but members.carla has no slack id, so nobody "
            "can recognise or ping them there"
        ),
    ),
    "only approver is only member": (
        'members = ["anna", "bruno"]',
        'members = ["bruno"]',
        'approvers = ["bruno"]',
        (
            "brands.acme.approval.approvers: bruno is the only approver and the only member of departments.billing; "
            "with four_eyes nobody could approve what they write"
        ),
    ),
    "days of business hours": (
        'acknowledge = "15m"',
        'acknowledge = "2d"',
        "acknowledge",
        (
            'policies.standard.acknowledge: "2d" counts a day as 24 opening hours, several working days; write opening '
            'hours such as "16h", or hours = "always"'
        ),
    ),
    "unknown network": (
        'visibility = "private"',
        'networks = ["mastodom"]',
        "mastodom",
        'routes.networks: no connector is called "mastodom", so this may never match; did you mean mastodon?',
    ),
    "brand nearly right": (
        'brand = "other"',
        'brand = "acmee"',
        "acmee",
        "accounts.contact.brand: there is no section [brands.acmee]; did you mean acme?",
    ),
    "brand of nobody": (
        'brand = "acme"',
        'brand = "another"',
        "[brands.acme]",
        "brands.acme: no account belongs to this brand",
    ),
    "account named like a brand": (
        "[accounts.contact]",
        "[accounts.acme]",
        "[accounts.acme]",
        "accounts.acme: is also the name of a brand; freeze and release would stop the whole brand",
    ),
    "unused policy": (
        'policy = "quick"\n',
        "",
        "[policies.quick]",
        "policies.quick: no route uses this policy",
    ),
    "no standard policy": (
        '[policies.standard]\nacknowledge = "15m"\nfirst_response = "2h"\n',
        "",
        '[[routes]]\ndepartment = "billing"\nwords',
        "routes: there is no [policies.standard], so cases of these routes have no targets and nobody is pinged",
    ),
    "no public address": (
        'public_url = "https://portavoce.acme.example"\n',
        "",
        "[organisation]",
        (
            "organisation.public_url: is not given; links and webhooks use http://127.0.0.1:8000, good on this "
            "machine only"
        ),
    ),
}


def test_the_sample_has_no_warnings():
    assert load().warnings == ()


@pytest.mark.parametrize("name", WARNINGS)
def test_a_doubtful_setting_is_told(name):
    old, new, part, expected = WARNINGS[name]
    text = changed(old, new)

    assert f"{FILE}:{line_of(text, part)}: {expected}" in [str(problem) for problem in load(text).warnings]


def test_a_ladder_that_pings_nobody_is_told():
    text = changed('[managers]\nchannel = "slack:C0MANAGERS"\nmembers = ["carla"]\n', "").replace(
        'ping = "owner"', 'ping = "manager"'
    )
    text = text.replace("[policies.standard]", "[policies.standard]\nladder = []")

    (warning,) = load(text).warnings

    assert warning.line == line_of(text, 'ping = "manager"')
    assert warning.sentence == (
        "pings manager, but departments.product has no manager and [managers] is missing, so nobody hears of it"
    )


LONELY = {"80%": "on_call", "90%": "deputy", "100%": "managers_manager"}.items()


def test_rungs_that_reach_nobody_are_told():
    ladder = "".join(f'[[policies.standard.ladder]]\nat = "{at}"\nping = "{who}"\n' for at, who in LONELY)
    text = SAMPLE.replace("[policies.standard]", f"{ladder}[policies.standard]", 1)

    whom = "it goes to whom the next step of the ladder means"
    assert [problem.sentence for problem in load(text).warnings] == [
        f"pings on_call, but no department has on_call, so nobody ever is; {whom}",
        f"pings deputy, but [approval] has no deputies; {whom}",
        f"pings managers_manager, but no department's manager has a manager in [members]; {whom}",
    ]


DEPUTISED = SAMPLE.replace("undo_seconds = 10", 'undo_seconds = 10\ndeputies = ["bruno"]').replace(
    "[policies.standard]", '[[policies.standard.ladder]]\nat = "90%"\nping = "deputy"\n[policies.standard]', 1
)


def test_a_brand_without_deputies_of_its_own_is_told():
    (warning,) = load(DEPUTISED).warnings
    assert warning.sentence == (
        "pings deputy, but brands.acme has approvers of its own and no deputies; it goes to whom the next step of the "
        "ladder means"
    )
    named = DEPUTISED.replace('approvers = ["bruno"]', 'approvers = ["bruno"]\ndeputies = ["anna"]')
    assert load(named).warnings == ()
    elsewhere = DEPUTISED.replace('department = "product"\n\n', 'department = "product"\npolicy = "quick"\n\n')
    elsewhere = elsewhere.replace('visibility = "private"', 'visibility = "private"\naccounts = ["contact"]')
    assert load(elsewhere).warnings == ()


def repeated(first: str, *, every: str = "10m", times: int = 9, later: str = "+30m", clocks: str = "") -> list[str]:
    """What is advised about a rung that repeats, and a later one; promised are 15 min for a claim, 2 h for a reply."""
    ladder = (
        f'[[policies.standard.ladder]]\nat = "{first}"\nping = "owner"\nrepeat_every = "{every}"\nrepeats = {times}\n'
        f'[[policies.standard.ladder]]\nat = "{later}"\nping = "carla"\n{clocks}\n'
    )
    text = SAMPLE.replace("[policies.standard]", f"{ladder}[policies.standard]", 1)
    told = load(text).warnings
    assert all(one.line == line_of(text, f"repeats = {times}") for one in told)
    return [one.sentence for one in told]


def test_repetitions_that_a_later_rung_cuts_short_are_told():
    assert repeated("100%") == [
        'is cut short: of 9 repetitions every 10m only 2 come before the step at "+30m", which ends them'
    ]
    assert repeated("80%", later="100%") == [
        'is cut short: of 9 repetitions every 10m none comes before the step at "100%", which ends them'
    ], "of acknowledge the warning is three minutes before the breach"
    assert repeated("100%", times=2) == []
    assert repeated("100%", later="+2h") == []


def test_rungs_of_other_clocks_cut_nothing_short():
    assert repeated("100%", clocks='steps = ["answer"]') == []


def test_without_accounts_nothing_comes_in():
    told = [problem.sentence for problem in load(SAMPLE[: SAMPLE.index("[accounts.acme_mastodon]")]).warnings]

    assert "there is no account, so nothing comes in" in told


def test_business_hours_without_hours_are_told():
    text = SAMPLE.replace('[organisation.hours]\nmonday = ["09:00-13:00", "14:00-18:00"]\nfriday = ["09:00-17:00"]', "")

    (warning,) = load(text).warnings

    assert warning.key == "organisation.hours"
    assert "round the clock" in warning.sentence
