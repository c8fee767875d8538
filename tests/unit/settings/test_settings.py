"""The questions that the rest of the product asks the settings."""

import datetime as dt
import json

import pytest
from pydantic import ValidationError

from escalation.business_time import ALWAYS
from escalation.quantities import Rate
from escalation.settings import (
    Approval,
    ChannelAddress,
    Department,
    LadderPoint,
    Member,
    Organisation,
    Policy,
    Route,
    Settings,
)
from escalation.settings.example import json_schema
from tests.unit.settings.sample import SAMPLE, changed, load, problems_of


@pytest.fixture(scope="module")
def sample():
    return load()


def test_members_are_found_by_their_handles(sample):
    assert sample.member_by_slack("U0ANNA").key == "anna"
    assert sample.member_by_teams("29:1abc").key == "anna"
    assert sample.member_by_slack("U0NOBODY") is None
    assert sample.member_by_teams("U0ANNA") is None
    assert sample.members["anna"].initials == "AV"


def test_members_belong_to_departments(sample):
    assert sample.department_of("bruno").key == "billing"
    assert [department.key for department in sample.departments_of("bruno")] == ["billing", "product"]
    assert sample.department_of("carla") is None
    assert sample.default_department.key == "product"


def test_a_brand_may_have_approvals_of_its_own(sample):
    assert str(sample.approval_for("acme_mastodon").channel) == "slack:C0ACME"
    assert sample.approval_for("acme_mastodon").approvers == ("bruno",)
    assert str(sample.approval_for("contact").channel) == "slack:C0APPROVE"
    assert sample.is_approver("bruno", "acme_mastodon")
    assert not sample.is_approver("bruno", "contact")
    assert sample.is_approver("carla", "contact")


def test_managers_are_those_of_the_section_and_of_departments(sample):
    assert sample.is_manager("carla")
    assert not sample.is_manager("anna")
    assert load(changed('[managers]\nchannel = "slack:C0MANAGERS"\nmembers = ["carla"]\n', "")).is_manager("carla")


def test_a_brand_without_a_section_is_implied(sample):
    assert sample.brand_of("contact").key == "other"
    assert sample.brand_label("contact") == "other"
    assert sample.brand_label("acme_mastodon") == "Acme"
    assert sample.brand_of("contact").signature == ""


def test_an_account_without_a_brand_belongs_to_the_only_one_or_to_the_organisation():
    only = load(changed('brand = "other"\n', ""))
    none = load(SAMPLE[: SAMPLE.index("[brands.acme]")] + '[accounts.contact]\nconnector = "form"\n')

    assert only.brand_of("contact").key == "acme"
    assert none.brand_of("contact").key == "organisation"
    assert none.brand_label("contact") == "Acme"


def test_accounts_hold_the_connectors_own_settings(sample):
    mastodon, contact = sample.accounts["acme_mastodon"], sample.accounts["contact"]

    assert mastodon.setting("base_url") == "https://mastodon.example"
    assert mastodon.poll_seconds == 60
    assert mastodon.setting("rate_limit") is None
    assert contact.setting("rate_limit") == Rate(10, 60)
    assert (sample.unknown_after("acme_mastodon"), sample.unknown_after("contact")) == (300, 120)
    assert mastodon.resend_unknown
    assert not load(changed('unknown_after = "5m"', "resend_unknown = false")).accounts["acme_mastodon"].resend_unknown


def test_poll_seconds_is_also_kept_where_the_connector_does_not_know_it():
    assert load(changed('rate_limit = "10/min"', "poll_seconds = 7")).accounts["contact"].poll_seconds == 7


def test_a_connector_that_polls_checks_its_pace_itself():
    text = changed('unknown_after = "5m"', "poll_seconds = 1")

    (problem,) = problems_of(text)

    assert str(problem).endswith(": accounts.acme_mastodon.poll_seconds: must be at least 5")


def test_second_approvers_come_from_departments_members_or_the_approvers(sample):
    quick, private, default = sample.routes

    assert sample.second_approvers(quick, "contact") == {"bruno", "anna"}
    assert sample.second_approvers(private, "contact") == {"carla"}
    assert sample.second_approvers(default, "contact") == frozenset()
    anybody = Route(department="product", second_approval=True)
    assert sample.second_approvers(anybody, "acme_mastodon") == {"bruno"}


def test_a_route_may_lift_four_eyes(sample):
    assert sample.four_eyes(sample.routes[0])
    assert not sample.four_eyes(Route(department="product", four_eyes=False))


def test_routes_know_whether_anything_narrows_them(sample):
    assert [route.conditional for route in sample.routes] == [True, True, False]
    assert Route(department="product", min_followers=0).conditional


def test_policies_are_read_in_seconds(sample):
    quick = sample.policy("quick")

    assert quick.targets == {"first_response": 5400}
    assert [(str(step.at), step.ping) for step in quick.ladder] == [("80%", "owner"), ("+30m", "carla")]
    assert sample.policy().targets == {"acknowledge": 900, "first_response": 7200}
    assert sample.policy().close_after == 3 * 86_400
    with pytest.raises(KeyError):
        sample.policy("absent")


def test_the_standard_policy_exists_without_a_section():
    settings = load(changed('[policies.standard]\nacknowledge = "15m"\nfirst_response = "2h"\n', ""))

    assert settings.policy("standard").targets == {}
    assert settings.policy("standard").key == "standard"


def test_ladder_points_lie_on_the_target():
    assert LadderPoint.parse("80%").seconds(3600) == 2880
    assert LadderPoint.parse("+30m").seconds(3600) == 5400
    assert not LadderPoint.parse("80%").is_breach
    assert LadderPoint.parse("100%").is_breach
    assert LadderPoint.parse("+1s").is_breach


def test_a_snapshot_is_json_and_its_digest_follows_every_change(sample):
    snapshot = sample.policy_snapshot("quick")

    assert json.loads(json.dumps(snapshot)) == snapshot
    assert snapshot["ladder"][1] | {"percent": 100, "after_seconds": 1800, "ping": "carla"} == snapshot["ladder"][1]
    assert sample.policy_digest("quick") == load().policy_digest("quick")
    for old, new in (("1h30m", "90s"), ('hours = "always"', ""), ("+30m", "+31m"), ('at = "80%"', 'at = "81%"')):
        assert load(changed(old, new)).policy_digest("quick") != sample.policy_digest("quick")
    assert load(changed("1h30m", "90m")).policy_digest("quick") == sample.policy_digest("quick")


def test_calendars_follow_the_department(sample):
    monday_noon_in_rome = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)  # 13:00 there, 07:00 in New York
    assert not sample.calendar_for("billing").is_open(monday_noon_in_rome)
    assert sample.calendar_for("product").is_open(monday_noon_in_rome)
    assert sample.calendar_for("product").timezone == "America/New_York"
    assert sample.calendar_for("billing") is sample.calendar_for("billing")
    assert sample.calendar_of_policy("quick", "billing") is ALWAYS
    assert sample.calendar_of_policy("standard", "billing") is sample.calendar_for("billing")


def test_people_read_their_language_and_zone(sample):
    assert (sample.language_of("anna"), sample.language_of("bruno")) == ("it", "en")
    assert (sample.timezone_of("carla"), sample.timezone_of("anna")) == ("Europe/Berlin", "Europe/Rome")


def test_relative_sqlite_paths_start_at_the_configuration_file(sample):
    assert sample.database.url == "sqlite:////srv/portavoce/data/portavoce.db"
    assert str(sample.database.sqlite_path) == "/srv/portavoce/data/portavoce.db"
    without = load(changed('[database]\nurl = "sqlite:///data/portavoce.db"\n', ""))
    assert without.database.url == "sqlite:////srv/portavoce/portavoce.db"
    absolute = load(changed("sqlite:///data/portavoce.db", "sqlite:////var/p.db"))
    assert absolute.database.url == "sqlite:////var/p.db"


@pytest.mark.parametrize("url", ["postgresql://h/p", "postgres://u@h:5/p", "postgresql:///p?host=/run/postgresql"])
def test_postgresql_addresses_stay_as_written(url):
    database = load(changed("sqlite:///data/portavoce.db", url)).database

    assert (database.url, database.is_sqlite, database.sqlite_path) == (url, False, None)


def test_slack_needs_no_signing_secret_in_socket_mode():
    text = changed('signing_secret = { env = "SLACK_SIGNING_SECRET" }', 'app_token = { env = "SLACK_BOT_TOKEN" }')

    slack = load(text).chat.slack
    assert slack.signing_secret is None
    assert slack.app_token.reveal() == "xoxb-canary-bot"
    assert slack.api_url == "https://slack.com/api/"


def test_addresses_end_as_their_users_expect():
    settings = load(
        changed('public_url = "https://portavoce.acme.example"', 'public_url = "http://localhost:80/p/"').replace(
            "[chat.slack]", '[chat.slack]\napi_url = "http://127.0.0.1:8000/sandbox/slack/api"'
        )
    )

    assert settings.organisation.public_url == "http://localhost:80/p"
    assert settings.chat.slack.api_url == "http://127.0.0.1:8000/sandbox/slack/api/"


def test_teams_channels_and_app():
    text = changed('channel = "slack:C0BILLING"', 'channel = "teams:t-1/19:c1@thread.tacv2"') + (
        '\n[chat.teams]\napp_id = "app"\napp_password = { env = "SLACK_BOT_TOKEN" }\ntenant_id = "tenant"\n'
    )
    settings = load(text)

    assert settings.departments["billing"].channel == ChannelAddress("teams", "19:c1@thread.tacv2", "t-1")
    assert str(settings.departments["billing"].channel) == "teams:t-1/19:c1@thread.tacv2"
    assert settings.chat.teams.app_id == "app"


def test_nothing_can_be_changed(sample):
    with pytest.raises(ValidationError, match="frozen"):
        sample.approval.undo_seconds = 0
    with pytest.raises(ValidationError, match="frozen"):
        sample.routes = ()


def test_settings_can_be_built_without_a_file():
    channel = ChannelAddress.parse("slack:C1")
    built = Settings(
        organisation=Organisation(name="Acme", timezone="UTC"),
        members={"anna": Member(name="Anna Verdi", slack="U1")},
        departments={"billing": Department(label="Billing", channel=channel, members=("anna",))},
        approval=Approval(channel=channel, approvers=("anna",)),
        routes=(Route(department="billing"),),
        policies={"standard": Policy(answer="1h")},
    )

    assert built.member_by_slack("U1").key == "anna"
    assert built.default_department.key == "billing"
    assert built.policy().targets == {"answer": 3600}
    assert built.calendar_for("billing").never_closes
    assert built.warnings == ()


def test_the_json_schema_is_titled_for_whoever_reads_it():
    schema = json_schema({})
    assert schema["title"] == "Portavoce configuration"
