"""Every refusal: exactly one problem, on its line, with its key and its sentence."""

import pytest

from tests.unit.settings.sample import FILE, SAMPLE, changed, line_of, load, problems_of

# (what is replaced, by what, a part of the line to name, the rest of the problem's line)
REFUSALS = {
    "unknown key": (
        "undo_seconds = 10",
        "undo_second = 10",
        "undo_second =",
        "approval.undo_second: unknown key; did you mean undo_seconds?",
    ),
    "key of another section": (
        'name = "Acme"\n',
        'name = "Acme"\nundo_seconds = 3\n',
        "undo_seconds = 3",
        "organisation.undo_seconds: unknown key here; it belongs in [approval]",
    ),
    "unknown section": (
        "[managers]",
        "[manager]",
        "[manager]",
        "manager: unknown key; did you mean managers?",
    ),
    "misspelt required key": (
        'label = "Billing"',
        'lable = "Billing"',
        "lable",
        "departments.billing.lable: unknown key; did you mean label?",
    ),
    "missing key": ('label = "Billing"\n', "", "[departments.billing]", "departments.billing.label: is required"),
    "missing section": (
        SAMPLE[SAMPLE.index("[approval]") : SAMPLE.index("[managers]")],
        "",
        "[organisation]",
        "approval: is required",
    ),
    "text instead of list": (
        'members = ["carla"]',
        'members = "carla"',
        'members = "carla"',
        "managers.members: must be a list in square brackets",
    ),
    "number instead of text": ('name = "Acme"', "name = 5", "name = 5", "organisation.name: must be a text in quotes"),
    "empty text": ('name = "Acme"', 'name = " "', 'name = " "', "organisation.name: must not be empty"),
    "text instead of number": (
        "undo_seconds = 10",
        'undo_seconds = "10"',
        "undo_seconds",
        "approval.undo_seconds: must be a whole number",
    ),
    "heartbeat that anybody could read": (
        "[managers]\n",
        '[watch]\nheartbeat_url = "http://watchman.example/geheim"\n[managers]\n',
        "heartbeat_url",
        (
            'watch.heartbeat_url: must be a whole address that begins with "https://" '
            '("http://" only for this machine itself)'
        ),
    ),
    "heartbeat that is no address": (
        "[managers]\n",
        "[watch]\nheartbeat_url = true\n[managers]\n",
        "heartbeat_url",
        'watch.heartbeat_url: write an address such as "https://…", or where it stands: { env = "NAME" }',
    ),
    "heartbeat too often": (
        "[managers]\n",
        '[watch]\nheartbeat_every = "1s"\n[managers]\n',
        "heartbeat_every",
        "watch.heartbeat_every: must be from 10s to 1d",
    ),
    "sweeps late too soon": (
        "[managers]\n",
        '[watch]\nsweep_late_after = "15s"\n[managers]\n',
        "sweep_late_after",
        "watch.sweep_late_after: must be from 30s to 1d",
    ),
    "audits too rare": (
        "[managers]\n",
        '[watch]\naudit_every = "2d"\n[managers]\n',
        "audit_every",
        "watch.audit_every: must be from 1m to 1d",
    ),
    "undo too long": (
        "undo_seconds = 10",
        "undo_seconds = 601",
        "undo_seconds",
        "approval.undo_seconds: must be at most 600",
    ),
    "undo negative": (
        "undo_seconds = 10",
        "undo_seconds = -1",
        "undo_seconds",
        "approval.undo_seconds: must be at least 0",
    ),
    "truth as text": (
        "undo_seconds = 10",
        'four_eyes = "yes"',
        "four_eyes",
        "approval.four_eyes: must be true or false",
    ),
    "time zone": (
        'timezone = "Europe/Rome"',
        'timezone = "Europe/Roma"',
        "Europe/Roma",
        'organisation.timezone: "Europe/Roma" is not a time zone; did you mean Europe/Rome?',
    ),
    "a city as time zone": (
        'timezone = "Europe/Rome"',
        'timezone = "rome"',
        '"rome"',
        'organisation.timezone: "rome" is not a time zone; did you mean Europe/Rome?',
    ),
    "language": (
        'language = "en"',
        'language = "eng"',
        'language = "eng"',
        'organisation.language: "eng" is not a language of Portavoce; did you mean en?',
    ),
    "holidays": (
        'holidays = "IT"',
        'holidays = "XX"',
        'holidays = "XX"',
        'organisation.holidays: "XX" is not a country with known holidays; write a code such as "IT" or "DE-BY"',
    ),
    "relative public address": (
        'public_url = "https://portavoce.acme.example"',
        'public_url = "portavoce.acme.example"',
        "public_url",
        'organisation.public_url: must be a whole address that begins with "https://" or "http://"',
    ),
    "hours as text": (
        'friday = ["09:00-17:00"]',
        'friday = "09:00-17:00"',
        "friday",
        'organisation.hours.friday: hours are always a list; write ["09:00-17:00"]',
    ),
    "hours unreadable": (
        'friday = ["09:00-17:00"]',
        'friday = ["nine to five"]',
        "friday",
        'organisation.hours.friday: "nine to five" is not a span of hours; write "09:00-13:00", "22:00-06:00" or "24h"',
    ),
    "hours impossible": (
        'friday = ["09:00-17:00"]',
        'friday = ["09:00-25:00"]',
        "friday",
        (
            'organisation.hours.friday: "09:00-25:00" names a time of day that does not exist; '
            "the day goes from 00:00 to 24:00"
        ),
    ),
    "hours empty": (
        'friday = ["09:00-17:00"]',
        'friday = ["09:00-09:00"]',
        "friday",
        'organisation.hours.friday: "09:00-09:00" is empty; a whole day is "24h"',
    ),
    "hours overlap": (
        'monday = ["09:00-13:00", "14:00-18:00"]',
        'monday = ["14:00-18:00", "09:00-14:30"]',
        'monday = ["14',
        'organisation.hours.monday: "09:00-14:30" and "14:00-18:00" overlap',
    ),
    "hours overlap over midnight": (
        'friday = ["09:00-17:00"]',
        'sunday = ["22:00-10:00"]',
        "[organisation.hours]",
        'organisation.hours: "22:00-10:00" of sunday runs into "09:00-13:00" of monday; they overlap',
    ),
    "hours never": (
        'monday = ["09:00-13:00", "14:00-18:00"]\nfriday = ["09:00-17:00"]\n',
        "",
        "[organisation.hours]",
        'organisation.hours: no day has hours, so nothing could ever fall due; write monday = ["09:00-18:00"]',
    ),
    "database kind": (
        'url = "sqlite:///data/portavoce.db"',
        'url = "mysql://root:canary@db/portavoce"',
        'url = "mysql',
        'database.url: must begin with "sqlite:///" or "postgresql://"',
    ),
    "database in memory": (
        'url = "sqlite:///data/portavoce.db"',
        'url = "sqlite:///:memory:"',
        "memory",
        'database.url: a database in memory forgets everything; write "sqlite:///portavoce.db"',
    ),
    "secret in the file": (
        'bot_token = { env = "SLACK_BOT_TOKEN" }',
        'bot_token = "xoxb-canary-literal"',
        "bot_token",
        (
            'chat.slack.bot_token: a secret is never written into this file; write { env = "BOT_TOKEN" } '
            'or { file = "PATH" }'
        ),
    ),
    "secret in an account": (
        'access_token = { env = "ACME_MASTODON_TOKEN" }',
        'access_token = "canary-literal"',
        "access_token",
        (
            "accounts.acme_mastodon.access_token: a secret is never written into this file; write "
            '{ env = "ACCESS_TOKEN" } or { file = "PATH" }'
        ),
    ),
    "secret of another form": (
        'bot_token = { env = "SLACK_BOT_TOKEN" }',
        'bot_token = { vault = "slack" }',
        "bot_token",
        'chat.slack.bot_token: a secret is written as { env = "BOT_TOKEN" } or { file = "PATH" }',
    ),
    "secret not set": (
        'bot_token = { env = "SLACK_BOT_TOKEN" }',
        'bot_token = { env = "NOT_THERE" }',
        "NOT_THERE",
        "chat.slack.bot_token: the environment variable NOT_THERE is not set",
    ),
    "no signing secret": (
        'signing_secret = { env = "SLACK_SIGNING_SECRET" }\n',
        "",
        "[chat.slack]",
        (
            'chat.slack.signing_secret: is required; write signing_secret = { env = "SLACK_SIGNING_SECRET" } '
            "(or app_token for Socket Mode)"
        ),
    ),
    "channel without chat": (
        'channel = "slack:C0BILLING"',
        'channel = "#billing"',
        "#billing",
        (
            'departments.billing.channel: "#billing" names no chat; write "slack:C0BILLING" or '
            '"teams:<team id>/<channel id>"'
        ),
    ),
    "channel by name": (
        'channel = "slack:C0BILLING"',
        'channel = "slack:billing"',
        "slack:billing",
        (
            'departments.billing.channel: "slack:billing" is not a Slack channel; write "slack:" and the channel id '
            'that stands at the end of the channel\'s "About" tab, such as "slack:C0BILLING"'
        ),
    ),
    "channel of Teams": (
        'channel = "slack:C0BILLING"',
        'channel = "teams:onlyateam"',
        "onlyateam",
        'departments.billing.channel: "teams:onlyateam" is not a Teams channel; write "teams:<team id>/<channel id>"',
    ),
    "chat not configured": (
        'channel = "slack:C0BILLING"',
        'channel = "teams:t1/19:c1@thread.tacv2"',
        "teams:t1",
        'departments.billing.channel: "teams:t1/19:c1@thread.tacv2" needs the section [chat.teams], which is missing',
    ),
    "Slack name instead of id": (
        'slack = "U0BRUNO"',
        'slack = "@bruno"',
        "@bruno",
        'members.bruno.slack: "@bruno" is not a Slack member id; it begins with U or W, such as "U0ANNA" (not a name)',
    ),
    "shared Slack id": (
        'slack = "U0BRUNO"',
        'slack = "U0ANNA"  # again',
        "# again",
        "members.bruno.slack: members.anna (line 21) has the same Slack id; each colleague needs one of their own",
    ),
    "shared Teams id": (
        'slack = "U0BRUNO"',
        'teams = "29:1abc"  # again',
        "# again",
        "members.bruno.teams: members.anna (line 22) has the same Teams id; each colleague needs one of their own",
    ),
    "unknown member in a list over several lines": (
        '"anna",  # also here',
        '"ana",  # also here',
        '"ana"',
        'departments.product.members: there is no member "ana"; did you mean anna?',
    ),
    "unknown manager": (
        'manager = "carla"',
        'manager = "karla"',
        "karla",
        'departments.billing.manager: there is no member "karla"; did you mean carla?',
    ),
    "unknown approver": (
        'approvers = ["carla", "anna"]',
        'approvers = ["carla", "zeno"]',
        "zeno",
        'approval.approvers: there is no member "zeno"',
    ),
    "unknown approver of a brand": (
        'approvers = ["bruno"]',
        'approvers = ["brunno"]',
        "brunno",
        'brands.acme.approval.approvers: there is no member "brunno"; did you mean bruno?',
    ),
    "unknown department": (
        '[[routes]]\ndepartment = "product"',
        '[[routes]]\ndepartment = "produkt"',
        "produkt",
        'routes.department: there is no department "produkt"; did you mean product?',
    ),
    "unknown further department": (
        'also = ["product"]',
        'also = ["legal"]',
        "legal",
        'routes.also: there is no department "legal"',
    ),
    "unknown policy": (
        'policy = "quick"',
        'policy = "quikc"',
        "quikc",
        'routes.policy: there is no policy "quikc"; did you mean quick?',
    ),
    "unknown account on a route": (
        'visibility = "private"',
        'accounts = ["contacts"]',
        "contacts",
        'routes.accounts: there is no account "contacts"; did you mean contact?',
    ),
    "unknown second approval": (
        'second_approval = "product"',
        'second_approval = "produc"',
        'second_approval = "produc"',
        'routes.second_approval: there is no department or member "produc"; did you mean product?',
    ),
    "second approval of no kind": (
        'second_approval = "product"',
        "second_approval = 3",
        "second_approval = 3",
        'routes.second_approval: write true, a department such as "legal", or members such as ["carla", "dino"]',
    ),
    "unknown ping": (
        'ping = "carla"',
        'ping = "manger"',
        "manger",
        'policies.quick.ladder.ping: there is no member or role "manger"; did you mean manager?',
    ),
    "condition on the last route": (
        '[[routes]]\ndepartment = "product"',
        '[[routes]]\ndepartment = "product"\nlanguages = ["it"]',
        "languages",
        (
            "routes.languages: the last route is the default and takes no condition; "
            "add a [[routes]] with only a department"
        ),
    ),
    "route that hides the others": (
        'visibility = "private"\n',
        "# nothing\n",
        '[[routes]]\ndepartment = "billing"\n# nothing',
        "routes: has no condition, so no route below it is ever reached; only the last one goes without",
    ),
    "visibility": (
        'visibility = "private"',
        'visibility = "privat"',
        'visibility = "privat"',
        "routes.visibility: must be 'public' or 'private'; did you mean private?",
    ),
    "language of customers": (
        'visibility = "private"',
        'languages = ["Italian"]',
        "Italian",
        'routes.languages: "Italian" is not a language code; write it like "en", "it" or "pt-BR"',
    ),
    "duration without unit": (
        'acknowledge = "15m"',
        "acknowledge = 15",
        "acknowledge",
        'policies.standard.acknowledge: 15 has no unit; write "15s", "15m" or "15h"',
    ),
    "duration unreadable": (
        'acknowledge = "15m"',
        'acknowledge = "15 minutes"',
        "acknowledge",
        (
            'policies.standard.acknowledge: "15 minutes" is not a length of time; write it like "90s", "15m", "2h", '
            '"3d" or "1h30m"'
        ),
    ),
    "target of no time": (
        'acknowledge = "15m"',
        'acknowledge = "0m"',
        "acknowledge",
        "policies.standard.acknowledge: a target of no time is always missed; leave the key out to promise nothing",
    ),
    "duration endless": (
        'acknowledge = "15m"',
        'acknowledge = "9999d"',
        "acknowledge",
        'policies.standard.acknowledge: "9999d" is longer than five years',
    ),
    "hours of a policy": (
        'hours = "always"',
        'hours = "alway"',
        'hours = "alway"',
        "policies.quick.hours: must be 'business' or 'always'; did you mean always?",
    ),
    "ladder": (
        'at = "80%"',
        'at = "80"',
        'at = "80"',
        'policies.quick.ladder.at: "80" is no step of a ladder; write "80%" of the target, or "+30m" after the breach',
    ),
    "ladder step twice": (
        'at = "+30m"\nping = "carla"',
        'at = "80%"  # twice\nping = "owner"',
        '[[policies.quick.ladder]]\nat = "80%"\n',
        'policies.quick.ladder: the step "80%" pings owner twice',
    ),
    "signature": (
        'signature = "^{initials}"',
        'signature = "^{initial}"',
        "{initial}",
        'brands.acme.signature: "{initial}" is not filled in by Portavoce; did you mean {initials}?',
    ),
    "signature open": (
        'signature = "^{initials}"',
        'signature = "^{initials"',
        "{initials",
        "brands.acme.signature: has a brace that is not closed; a literal brace is written twice",
    ),
    "connector": (
        'connector = "mastodon"',
        'connector = "mastodom"',
        "mastodom",
        (
            'accounts.acme_mastodon.connector: there is no connector "mastodom"; known: form, mastodon; '
            "did you mean mastodon?"
        ),
    ),
    "no connector": (
        'connector = "form"\n',
        "",
        "[accounts.contact]",
        'accounts.contact.connector: is required; known: "form", "mastodon"',
    ),
    "misspelt connector key": (
        'connector = "form"',
        'conector = "form"',
        "conector",
        "accounts.contact.conector: unknown key; did you mean connector?",
    ),
    "unknown key of an account": (
        'base_url = "https://mastodon.example"',
        'base_ulr = "https://mastodon.example"',
        "base_ulr",
        "accounts.acme_mastodon.base_ulr: unknown key; did you mean base_url?",
    ),
    "key that this connector does not have": (
        'base_url = "https://mastodon.example"',
        'base_url = "https://mastodon.example"\nrate_limit = "5/s"',
        '"5/s"',
        "accounts.acme_mastodon.rate_limit: unknown key",
    ),
    "unknown key where the connector does not forbid it": (
        'rate_limit = "10/min"',
        'rate_limits = "10/min"',
        "rate_limits",
        "accounts.contact.rate_limits: unknown key; did you mean rate_limit?",
    ),
    "rate": (
        'rate_limit = "10/min"',
        'rate_limit = "ten"',
        '"ten"',
        'accounts.contact.rate_limit: "ten" is not a rate; write it like "10/min" or "100/h", or "off" for no limit',
    ),
    "account name": (
        "[accounts.contact]",
        '[accounts."Contact Form"]',
        "Contact Form",
        'accounts."Contact Form": a name has 1 to 40 of the characters a-z, 0-9, _ and -, in lower case',
    ),
    "member named like the program": (
        "[departments.billing]",
        '[members.portavoce]\nname = "Portia Voce"\n\n[departments.billing]',
        "[members.portavoce]",
        'members.portavoce: "portavoce" is what the journal calls the program itself; give this member another name',
    ),
    "account as text": (
        '[accounts.contact]\nconnector = "form"\nbrand = "other"\nrate_limit = "10/min"\n',
        '[accounts]\ncontact = "form"\n',
        "contact = ",
        "accounts.contact: must be a section; write [accounts.contact]",
    ),
    "syntax: value": (
        "undo_seconds = 10",
        "undo_seconds = ten",
        "undo_seconds",
        'undo_seconds: the value cannot be read; a text needs quotes, such as "Acme"',
    ),
    "syntax: twice": (
        "undo_seconds = 10",
        "undo_seconds = 10\nundo_seconds = 11",
        "undo_seconds = 11",
        "undo_seconds: this key is given twice in its section",
    ),
    "syntax: section twice": (
        "[managers]",
        "[members.anna] # again",
        "# again",
        "members.anna: this section is given twice; write it once, or with double brackets for a list",
    ),
    "syntax: quote": (
        'name = "Acme"',
        'name = "Acme',
        'name = "Acme',
        "name: a text is not closed with a quote on its line",
    ),
    "syntax: no equals sign": (
        "undo_seconds = 10",
        "undo_seconds 10",
        "undo_seconds",
        'undo_seconds: a line is written as key = "value"',
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_mistake_is_told_with_its_line_its_key_and_a_sentence(name):
    old, new, part, expected = REFUSALS[name]
    text = changed(old, new)

    told = [str(problem) for problem in problems_of(text)]

    assert told == [f"{FILE}:{line_of(text, part)}: {expected}"]
    assert "canary" not in told[0]


def test_the_sample_itself_is_fine():
    assert problems_of(SAMPLE) == ()


def test_all_problems_are_told_at_once_in_the_order_of_the_file():
    text = (
        SAMPLE.replace("Europe/Rome", "Europe/Roma")
        .replace("undo_seconds = 10", "undo_second = 10")
        .replace('manager = "carla"', 'manager = "karla"')
        .replace('connector = "form"', 'connector = "fax"')
        .replace("ACME_MASTODON_TOKEN", "NOT_THERE")
        .replace("[members.bruno]", "[members.bruno]\nfax = 1")
    )

    problems = problems_of(text)

    assert [problem.key for problem in problems] == [
        "organisation.timezone",
        "members.bruno.fax",
        "departments.billing.manager",
        "approval.undo_second",
        "accounts.acme_mastodon.access_token",
        "accounts.contact.connector",
    ]
    assert [problem.line for problem in problems] == sorted(problem.line for problem in problems)


def test_a_misspelt_section_does_not_make_every_name_in_it_unknown():
    text = SAMPLE.replace("[departments.", "[departement.")

    assert {problem.key for problem in problems_of(text)} == {"departement"}


@pytest.mark.parametrize("section", ["members", "departments", "routes"])
def test_an_empty_section_is_refused(section):
    first = f"{section} = " + ("[]" if section == "routes" else "{}")
    lines, keep = [], True
    for line in SAMPLE.splitlines():
        if line.startswith("["):
            keep = not line.strip("[]").startswith(section)
        lines += [line] if keep else []

    keys = {str(problem) for problem in problems_of("\n".join([first, *lines]))}

    assert f"{FILE}:1: {section}: needs at least one entry" in keys


def test_windows_line_ends_do_not_move_lines():
    text = changed("undo_seconds = 10", "undo_second = 10").replace("\n", "\r\n")

    (problem,) = problems_of(text)

    assert problem.line == line_of(text, "undo_second =")


def test_warnings_do_not_stop_loading():
    settings = load(changed('slack = "U0BRUNO"', 'email = "bruno@acme.example"'))

    told = [problem.key for problem in settings.warnings if problem.sentence.startswith("bruno works on a Slack")]
    assert told == ["departments.billing.members", "departments.product.members", "brands.acme.approval.approvers"]
