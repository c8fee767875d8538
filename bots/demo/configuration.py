"""The configuration of the demo: a real file, as an administrator would write it, and the people who are in it."""

import secrets
from pathlib import Path
from typing import Any, Final

from bots.sandbox.workspace import App, ChannelSeed, Person, Seed

SLACK: Final = "/sandbox/slack"
NETWORK: Final = "/sandbox/network"
ACCOUNT: Final = "acme_sandbox"
HANDLE: Final = "acme"
"""The brand's name on the network."""
FORM: Final = "contact"
FILE: Final = "portavoce.toml"
SIGNATURE: Final = "^{initials}"
COMMAND: Final = "/portavoce"
TIMEZONE: Final = "Europe/Rome"

ANNA, BRUNO, LEA, DARIO = "U0ANNA", "U0BRUNO", "U0LEA", "U0DARIO"
CARLA, MARTA, BOT = "U0CARLA", "U0MARTA", "U0PORTAVOCE"
BILLING, LEGAL, PRODUCT = "C0BILLING", "C0LEGAL", "C0PRODUCT"
APPROVALS, MANAGERS = "C0APPROVE", "C0MANAGERS"

NAMES: Final = {
    ANNA: "Anna Verdi",
    BRUNO: "Bruno Neri",
    LEA: "Lea Gialli",
    DARIO: "Dario Blu",
    CARLA: "Carla Bianchi",
    MARTA: "Marta Rossi",
}
TITLES: Final = {
    ANNA: "Billing expert",
    BRUNO: "Billing expert",
    LEA: "Legal expert",
    DARIO: "Product expert",
    CARLA: "Community manager",
    MARTA: "Manager",
}
DIRECT_TO_MARTA: Final = "D0MARTA"
"""The conversation between the bot and Marta, as the workspace names it."""
QUIET: Final = {BRUNO: "22:00-07:00"}
CHANNELS: Final = {
    BILLING: ("billing", (ANNA, BRUNO, MARTA)),
    LEGAL: ("legal", (LEA, MARTA)),
    PRODUCT: ("product", (DARIO, MARTA)),
    APPROVALS: ("approvals", (CARLA, MARTA)),
    MANAGERS: ("managers", (MARTA, CARLA)),
}
CUSTOMERS: Final = (
    ("ada", "Ada Neri", 312),
    ("chiara", "Chiara Costa", 15_400),
    ("davide", "Davide Leone", 57),
    ("elena", "Elena Fontana", 2_180),
)

_WORKING_DAYS: Final = "\n".join(
    f'{day} = ["09:00-18:00"]' for day in ("monday", "tuesday", "wednesday", "thursday", "friday")
)
_BILLING_WORDS: Final = '["invoice", "refund", "charged"]'
_SECRETS: Final = ("slack-bot-token", "slack-signing-secret", "network-token", "network-webhook-secret")


def written(folder: Path, *, address: str, undo_seconds: int) -> Path:
    """Write the configuration and its secrets into ``folder`` and return the file; secrets that are there are kept."""
    for name in _SECRETS:
        path = folder / name
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(24), encoding="utf-8")
    file = folder / FILE
    file.write_text(_text(address, undo_seconds), encoding="utf-8")
    return file


def secret(folder: Path, name: str) -> str:
    """Return one of the demo's own secrets."""
    return (folder / name).read_text(encoding="utf-8")


def workspace_seed(folder: Path) -> Seed:
    """Return the people, the channels and the app of the workspace."""
    return Seed(
        people=tuple(
            Person(user, _key(name), name, email=f"{_key(name)}@acme.example", title=TITLES[user])
            for user, name in NAMES.items()
        ),
        channels=tuple(ChannelSeed(channel, name, (*members, BOT)) for channel, (name, members) in CHANNELS.items()),
        app=App(
            name="portavoce",
            bot_user=BOT,
            bot_token=secret(folder, "slack-bot-token"),
            signing_secret=secret(folder, "slack-signing-secret"),
            commands=(COMMAND,),
            command_hints={
                COMMAND: "freeze [brand or account] | release [brand or account] | status | oncall [swap] | digest"
            },
            message_shortcuts={"use_as_reply": "Use as reply"},
        ),
        team_name="Acme",
        team_domain="acme",
    )


def network_seed(folder: Path) -> dict[str, Any]:
    """Return the accounts of the network: the brand and some customers."""
    brand = {
        "handle": HANDLE,
        "name": "Acme",
        "kind": "brand",
        "token": secret(folder, "network-token"),
        "followers": 48_200,
    }
    people = [{"handle": handle, "name": name, "followers": followers} for handle, name, followers in CUSTOMERS]
    return {"accounts": [brand, *people]}


def _text(address: str, undo_seconds: int) -> str:
    return f"""\
# Written by `portavoce demo`; every command takes it with --config while the demo runs.

[organisation]
name = "Acme"
timezone = "{TIMEZONE}"
language = "en"
public_url = "{address}"
[organisation.hours]
{_WORKING_DAYS}

[database]
url = "sqlite:///portavoce.db"

[chat.slack]
bot_token = {{ file = "slack-bot-token" }}
signing_secret = {{ file = "slack-signing-secret" }}
api_url = "{address}{SLACK}/api/"

{_members()}
[departments.billing]
label = "Billing"
channel = "slack:{BILLING}"
members = ["anna", "bruno"]
manager = "marta"
on_call = "billing"

[departments.legal]
label = "Legal"
channel = "slack:{LEGAL}"
members = ["lea"]
manager = "marta"
on_call = "legal"

[departments.product]
label = "Product"
channel = "slack:{PRODUCT}"
members = ["dario"]
manager = "marta"
on_call = "product"

[on_call.billing]
[[on_call.billing.layers]]
members = ["anna", "bruno"]
handover = "monday 09:00"

[on_call.legal]
[[on_call.legal.layers]]
members = ["lea"]

[on_call.product]
[[on_call.product.layers]]
members = ["dario"]

[approval]
channel = "slack:{APPROVALS}"
approvers = ["carla"]
deputies = ["marta"]
undo_seconds = {undo_seconds}
banned_phrases = ["not our problem"]

[managers]
channel = "slack:{MANAGERS}"
members = ["marta"]
daily_digest = "08:30"
weekly_digest = "monday 08:30"

[[routes]]
department = "legal"
words = ["lawyer", "court", "privacy"]
priority = "high"
policy = "office"

[[routes]]
department = "billing"
words = {_BILLING_WORDS}
networks = ["form"]
policy = "office"

[[routes]]
department = "billing"
words = {_BILLING_WORDS}

[[routes]]
department = "product"
networks = ["form"]
policy = "office"

[[routes]]
department = "product"

# What stands in public is answered at once, and at all hours. These targets are so short because it is a demo: who
# looks on shall see a clock run out.
[policies.standard]
acknowledge = "1m"
answer = "5m"
approve = "3m"
relay = "2m"
first_response = "10m"
next_response = "10m"
hours = "always"
[[policies.standard.ladder]]
at = "65%"
ping = "owner"
[[policies.standard.ladder]]
at = "80%"
ping = "on_call"
steps = ["acknowledge"]
page_anyway = true
[[policies.standard.ladder]]
at = "100%"
ping = "manager"
[[policies.standard.ladder]]
at = "100%"
ping = "deputy"
steps = ["approve"]

# Whoever fills in the form, or names a lawyer, waits for the office to open.
[policies.office]
acknowledge = "15m"
answer = "1h"
approve = "20m"
relay = "5m"
first_response = "2h"

[brands.acme]
label = "Acme"
signature = "{SIGNATURE}"

[accounts.{ACCOUNT}]
connector = "sandbox"
brand = "acme"
base_url = "{address}{NETWORK}"
access_token = {{ file = "network-token" }}
webhook_secret = {{ file = "network-webhook-secret" }}
idempotency = "lookup"
unknown_after = "2s"

[accounts.{FORM}]
connector = "form"
brand = "acme"
embed_on = ["{address}"]
"""


def _members() -> str:
    return "\n".join(
        f'[members.{_key(name)}]\nname = "{name}"\nemail = "{_key(name)}@acme.example"\nslack = "{user}"\n'
        + (f'quiet_hours = ["{QUIET[user]}"]\n' if user in QUIET else "")
        for user, name in NAMES.items()
    )


def _key(name: str) -> str:
    return name.partition(" ")[0].lower()
