"""A small valid configuration, the connectors it needs, and a way to load changed copies of it."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from escalation.quantities import Rate
from escalation.secret import Secret, SecretSource
from escalation.settings import ConfigurationError, Problem, Settings, parse_settings

FILE = "portavoce.toml"

SAMPLE = """\
[organisation]
name = "Acme"
timezone = "Europe/Rome"
language = "en"
public_url = "https://portavoce.acme.example"
holidays = "IT"

[organisation.hours]
monday = ["09:00-13:00", "14:00-18:00"]
friday = ["09:00-17:00"]

[database]
url = "sqlite:///data/portavoce.db"

[chat.slack]
bot_token = { env = "SLACK_BOT_TOKEN" }
signing_secret = { env = "SLACK_SIGNING_SECRET" }

[members.anna]
name = "Anna Verdi"
slack = "U0ANNA"
teams = "29:1abc"
language = "it"

[members.bruno]
name = "Bruno Neri"
slack = "U0BRUNO"

[members.carla]
name = "Carla Bianchi"
slack = "U0CARLA"
timezone = "Europe/Berlin"

[departments.billing]
label = "Billing"
channel = "slack:C0BILLING"
members = ["anna", "bruno"]
manager = "carla"

[departments.product]
label = "Product"
channel = "slack:C0PRODUCT"
members = [
    "bruno",
    "anna",  # also here
]
timezone = "America/New_York"
hours = { monday = ["24h"] }

[approval]
channel = "slack:C0APPROVE"
approvers = ["carla", "anna"]
undo_seconds = 10
unknown_after = "2m"

[managers]
channel = "slack:C0MANAGERS"
members = ["carla"]

[[routes]]
department = "billing"
words = ["invoice", "refund"]
policy = "quick"
second_approval = "product"

[[routes]]
department = "billing"
visibility = "private"
also = ["product"]
second_approval = ["carla"]

[[routes]]
department = "product"

[policies.standard]
acknowledge = "15m"
first_response = "2h"

[policies.quick]
first_response = "1h30m"
hours = "always"
[[policies.quick.ladder]]
at = "80%"
ping = "owner"
[[policies.quick.ladder]]
at = "+30m"
ping = "carla"

[brands.acme]
label = "Acme"
signature = "^{initials}"

[brands.acme.approval]
channel = "slack:C0ACME"
approvers = ["bruno"]

[accounts.acme_mastodon]
connector = "mastodon"
brand = "acme"
base_url = "https://mastodon.example"
access_token = { env = "ACME_MASTODON_TOKEN" }
unknown_after = "5m"

[accounts.contact]
connector = "form"
brand = "other"
rate_limit = "10/min"
"""

ENVIRON = {
    "SLACK_BOT_TOKEN": "xoxb-canary-bot",
    "SLACK_SIGNING_SECRET": "canary-signing",
    "ACME_MASTODON_TOKEN": "canary-mastodon",
}
CANARIES = tuple(ENVIRON.values())


class MastodonSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    base_url: str
    access_token: Secret
    poll_seconds: int = Field(default=60, ge=5)


class FormSettings(BaseModel):
    model_config = ConfigDict(frozen=True)  # without extra="forbid": the loader refuses unknown keys itself
    rate_limit: Rate = Rate(10, 60)


CONNECTORS: dict[str, type[BaseModel]] = {"mastodon": MastodonSettings, "form": FormSettings}


def load(
    text: str = SAMPLE,
    *,
    environ: Mapping[str, str] = ENVIRON,
    folder: Path = Path("/srv/portavoce"),
    resolve: bool = True,
) -> Settings:
    source = SecretSource(environ=environ, folder=folder, resolve=resolve)
    return parse_settings(text, file=FILE, source=source, connector_settings=CONNECTORS)


def problems_of(text: str, **how: object) -> tuple[Problem, ...]:
    try:
        load(text, **how)  # type: ignore[arg-type]
    except ConfigurationError as error:
        return error.problems
    return ()


def changed(old: str, new: str) -> str:
    assert SAMPLE.count(old) == 1, f"{old!r} stands {SAMPLE.count(old)} times in the sample"
    return SAMPLE.replace(old, new)


def line_of(text: str, part: str) -> int:
    assert text.count(part) == 1, f"{part!r} stands {text.count(part)} times"
    return text[: text.index(part)].count("\n") + 1
