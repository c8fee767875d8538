"""The configuration that `portavoce init` writes, and the JSON Schema that editors use to complete it."""

from collections.abc import Mapping
from typing import Any, Final, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import WithDefaultSchema

from escalation.quantities import Rate, duration_text
from escalation.secret import Secret
from escalation.settings.sections import PING_ROLES, AccountCommon, Approval, Policy, SlackChat, Watching
from escalation.settings.settings import STANDARD, Settings
from escalation.settings.values import LANGUAGES, SIGNATURE_WORDS
from escalation.written import WrittenValue


def _default(model: type[BaseModel], name: str) -> Any:
    return model.model_fields[name].default


def _choices(words: tuple[str, ...]) -> str:
    return ", ".join(f'"{word}"' for word in words)


_UNKNOWN_AFTER: Final = duration_text(_default(Approval, "unknown_after"))
_CLOSE_AFTER: Final = duration_text(_default(Policy, "close_after"))
_LONGEST_SNOOZE: Final = duration_text(_default(Policy, "longest_snooze"))
_LONGEST_WAIT: Final = duration_text(_default(Policy, "longest_wait"))
_HEARTBEAT_EVERY: Final = duration_text(_default(Watching, "heartbeat_every"))
_SWEEP_LATE_AFTER: Final = duration_text(_default(Watching, "sweep_late_after"))
_AUDIT_EVERY: Final = duration_text(_default(Watching, "audit_every"))
_SIGNATURE_CHOICES: Final = ", ".join(f"{{{word}}}" for word in SIGNATURE_WORDS)

EXAMPLE: Final = f"""\
# Portavoce. Check this file with `portavoce check`; ask every outside system with `portavoce doctor`.
# A secret never stands in this file. It is named: {{ env = "NAME" }} is an environment variable,
# {{ file = "PATH" }} a file that holds nothing else (the path starts at this file's folder).
# Lengths of time are written 90s, 15m, 2h, 3d or 1h30m.

[organisation]
name = "Acme"
timezone = "Europe/Rome"
language = "en"                       # what colleagues read: {_choices(LANGUAGES)}
public_url = "https://portavoce.acme.example"   # how networks and browsers reach us
holidays = "IT"                       # country, or country and part: "IT-BZ", "DE-BY"
# holiday_half_days = ["09:00-13:00"] # what counts on half holidays, in countries that have them (US, GR, CH ...)
# company_days = "company.ics"        # an iCal file beside this one: its events close the days and hours they take
# closed_days = [2026-12-07]          # nobody works; or with names: {{ 2026-12-07 = "Works outing" }}
# half_days = {{ 2026-12-24 = ["09:00-13:00"] }}   # hours of a date instead of its weekday's; wins over holidays

[organisation.hours]                  # a missing day is closed; also "22:00-06:00", and ["24h"] for a whole day
monday = ["09:00-13:00", "14:00-18:00"]
tuesday = ["09:00-13:00", "14:00-18:00"]
wednesday = ["09:00-13:00", "14:00-18:00"]
thursday = ["09:00-13:00", "14:00-18:00"]
friday = ["09:00-13:00", "14:00-17:00"]

[database]
url = "sqlite:///portavoce.db"        # beside this file; or "postgresql://...", or {{ env = "NAME" }}

[chat.slack]
bot_token = {{ env = "SLACK_BOT_TOKEN" }}
signing_secret = {{ env = "SLACK_SIGNING_SECRET" }}
# app_token = {{ env = "SLACK_APP_TOKEN" }}       # Socket Mode, for machines that the internet cannot reach
# api_url = "{_default(SlackChat, "api_url")}"

# [chat.teams]
# app_id = {{ env = "TEAMS_APP_ID" }}
# app_password = {{ env = "TEAMS_APP_PASSWORD" }}
# tenant_id = "00000000-0000-0000-0000-000000000000"

# Colleagues. The Slack member id stands in the profile, under the three dots.
[members.anna]
name = "Anna Verdi"
email = "anna@acme.example"
slack = "U0ANNA"
# teams = "29:1abc"
# timezone = "Europe/Berlin"          # the organisation's, unless given
# language = "it"
# manager = "marta"                   # for "managers_manager" on a ladder
# quiet_hours = ["22:00-07:00"]       # no direct messages then, unless the ladder says page_anyway

[members.bruno]
name = "Bruno Neri"
slack = "U0BRUNO"

[members.carla]
name = "Carla Bianchi"
slack = "U0CARLA"

[members.marta]
name = "Marta Rossi"
slack = "U0MARTA"

# Who knows the answers, and the channel in which their cards stand.
[departments.billing]
label = "Billing"
channel = "slack:C0BILLING"           # or "teams:<team id>/<channel id>"
members = ["anna", "bruno"]
manager = "marta"
on_call = "billing"                   # the rota below; without it nobody in particular is on call
# timezone = "Europe/Berlin"          # a department elsewhere: its own zone, holidays and hours
# holidays = "DE-BE"                  # or false: it works on holidays
# hours = {{ monday = ["08:00-16:00"] }}
# closed_days = [2026-05-08]          # half_days and company_days too: added to the organisation's, and win over them

[departments.product]
label = "Product"
channel = "slack:C0PRODUCT"
members = ["bruno", "carla"]
manager = "marta"

# Nothing leaves unapproved.
[approval]
channel = "slack:C0APPROVE"
approvers = ["carla", "marta"]
# deputies = ["bruno"]                # may approve once a ladder has pinged "deputy"
four_eyes = true                      # the author of a text does not approve it
undo_seconds = {_default(Approval, "undo_seconds")}                      # 0 to 600
unknown_after = "{_UNKNOWN_AFTER}"                  # then an unknown outcome is looked up
banned_phrases = ["not our problem"]  # the approver is warned
# on_call = "billing"                 # a rota of approvers

[managers]
channel = "slack:C0MANAGERS"
members = ["marta"]
daily_digest = "08:30"                # the figures of the day before, at the organisation's local time; or "off"
weekly_digest = "monday 08:30"        # the figures of the seven days before

# Who is on call. Layers are tried in order; the first that is on duty, and has anybody, counts.
[on_call.billing]
label = "Billing"
[[on_call.billing.layers]]
members = ["anna", "bruno"]           # they take turns in this order
every = "1w"                          # "1d", "2w"
handover = "monday 09:00"             # local time, also when the clocks change
# starts = 2026-11-30                 # the first one's first turn
# timezone = "Europe/Berlin"          # the organisation's, unless given
# hours = "08:00-16:00"               # on duty then only; also a list, or {{ monday = ["08:00-16:00"] }}
# slack_group = "S0ONCALL"            # instead of members: whoever is in that Slack user group

# Portavoce watches itself, and may tell a watchman outside that it is well.
[watch]
# heartbeat_url = {{ env = "HEARTBEAT_URL" }}   # called while all is well; silent when something is not
heartbeat_every = "{_HEARTBEAT_EVERY}"
sweep_late_after = "{_SWEEP_LATE_AFTER}"
audit_every = "{_AUDIT_EVERY}"

# Which department gets what. The first match wins; every condition that is given must hold.
[[routes]]
department = "billing"
words = ["invoice", "refund", "rimborso"]
# also = ["product"]                  # further departments that get a card
# accounts = ["contact"]
# networks = ["mastodon"]
# languages = ["it"]                  # the customer's
# min_followers = 10000
# visibility = "private"              # or "public"
# priority = "high"                   # "low", "normal", "high", "urgent"
# policy = "{STANDARD}"
# second_approval = "product"         # one of these must approve as well; true: another approver
# four_eyes = true

[[routes]]
department = "product"                # the last one has no condition: it takes everything else

# What we promise per step. A target that is left out is not promised.
[policies.{STANDARD}]
acknowledge = "15m"
answer = "1h"
approve = "20m"
relay = "5m"
first_response = "2h"
# next_response = "4h"
# resolution = "16h"
hours = "{_default(Policy, "hours")}"                    # opening hours only; "always" counts nights and weekends
close_after = "{_CLOSE_AFTER}"                    # of quiet, then an answered case closes

# remind_claim = "2h"                 # a claim that nothing follows: its owner is reminded,
# release_claim = "4h"                # and then everybody may claim the case again
# last_chance = "2h"                  # before a network takes no reply any more; a fifth of its window, unless given
# longest_snooze = "{_LONGEST_SNOOZE}"
# longest_wait = "{_LONGEST_WAIT}"               # for the customer

# when = [{{ priorities = ["urgent"], networks = ["mastodon"], acknowledge = "5m" }}]   # other targets for some cases

[[policies.{STANDARD}.ladder]]
at = "80%"                            # of the target, or "+30m" after the breach
ping = "owner"                        # {_choices(PING_ROLES[:4])},
                                      # {_choices(PING_ROLES[4:])}, a member, or a channel
# steps = ["first_response"]          # for these clocks only
# repeat_every = "15m"                # until somebody presses "Got it",
# repeats = 3                         # so many times, at most nine, until a later step of the ladder comes
# page_anyway = true                  # quiet hours do not hold it back
# hold_until_duty = true              # wait until whoever is pinged is on duty, or their department opens

[[policies.{STANDARD}.ladder]]
at = "100%"
ping = "manager"

# The face that the customer sees.
[brands.acme]
label = "Acme"
signature = "^{{initials}}"             # {_SIGNATURE_CHOICES}
# language = "en"
# approval = {{ channel = "slack:C0ACME", approvers = ["carla"], deputies = ["marta"] }}   # its own, nobody else's

# A brand's identity on a network. Every connector adds keys of its own (`portavoce connectors`).
[accounts.acme_mastodon]
connector = "mastodon"
brand = "acme"
base_url = "https://mastodon.example"
access_token = {{ env = "ACME_MASTODON_TOKEN" }}
# poll_seconds = 60
# unknown_after = "5m"                # instead of the one in [approval]
# resend_unknown = false              # never send again by itself what may have arrived; ask a person

[accounts.contact]
connector = "form"
brand = "acme"
# rate_limit = "10/min"               # messages per client address; "off" for no limit
"""
"""A commented configuration that loads as it stands once its variables are set."""


def example_account(name: str, model: type[BaseModel]) -> str:
    """Write a commented-out account of one connector, with every key that its model has."""
    lines = [f"# [accounts.my_{name}]", f'# connector = "{name}"']
    for key, field in model.model_fields.items():
        text = f"# {key} = {_sample(key, field)}"
        lines.append(f"{text}   # {field.description}" if field.description else text)
    return "\n".join(lines) + "\n"


def example(connector_settings: Mapping[str, type[BaseModel]]) -> str:
    """Give `EXAMPLE` followed by a commented-out account for every connector that it does not show."""
    shown = ("mastodon", "form")
    others = (example_account(name, model) for name, model in sorted(connector_settings.items()) if name not in shown)
    return "\n".join([EXAMPLE, *others])


class _AsWritten(GenerateJsonSchema):
    """Gives defaults as a person writes them: ``"10/min"``, not what the program makes of it."""

    def encode_default(self, dft: Any) -> Any:
        """Write our own values as their text."""
        return str(dft) if isinstance(dft, WrittenValue) else super().encode_default(dft)

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        """Write a length of time, which is held as seconds, as text."""
        told = super().default_schema(schema)
        if told.get("type") == "string" and isinstance(told.get("default"), int):
            told["default"] = duration_text(told["default"])
        return told


def json_schema(connector_settings: Mapping[str, type[BaseModel]]) -> dict[str, Any]:
    """Describe the file as JSON Schema (draft 2020-12), accounts by their connector."""
    schema = Settings.model_json_schema(mode="validation", schema_generator=_AsWritten)
    definitions = schema.setdefault("$defs", {})
    definitions.pop("Account", None)
    common = AccountCommon.model_json_schema(mode="validation", schema_generator=_AsWritten)
    variants = []
    for name, model in sorted(connector_settings.items()):
        own = model.model_json_schema(mode="validation", schema_generator=_AsWritten)
        definitions.update(own.pop("$defs", {}))
        variants.append(
            {
                "title": f"account on {name}",
                "type": "object",
                "properties": {**common["properties"], **own.get("properties", {}), "connector": {"const": name}},
                "required": ["connector", *own.get("required", [])],
                "additionalProperties": False,
            }
        )
    schema["properties"]["accounts"] = {"type": "object", "additionalProperties": {"oneOf": variants}}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _sample(key: str, field: FieldInfo) -> str:
    if _mentions(field.annotation, Secret):
        return f'{{ env = "{key.upper()}" }}'
    if isinstance(field.default, bool):
        return str(field.default).lower()
    if isinstance(field.default, int | float):
        return str(field.default)
    if isinstance(field.default, str):
        return f'"{field.default}"'
    if isinstance(field.default, Rate):
        return f'"{field.default}"'
    return '"..."'


def _mentions(kind: Any, wanted: type) -> bool:
    return kind is wanted or any(_mentions(part, wanted) for part in get_args(kind))
