"""A company of many small departments with targets of seconds, and what each of its clocks must tell, told by hand.

Nothing here asks the product what it would do: the ladder is written down twice, once for the product's configuration
and once, in ``RUNGS``, as what is promised.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from escalation.ports import Arrived, AuthorFacts
from models.vocabulary import Visibility
from tests.acme import ACME

DEPARTMENTS = 30
BOT_TOKEN, SIGNING_SECRET, BOT_USER = "xoxb-clocks", "clocks-secret", "U0PORTAVOCE"
SECRETS = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_SIGNING_SECRET": SIGNING_SECRET}
MANAGERS = "slack:C0MANAGERS"
ACCOUNT = "contact"

_HEAD = (
    ACME
    + """\
[managers]
channel = "slack:C0MANAGERS"
members = ["carla"]
[policies.standard]
first_response = "10s"
acknowledge = "8s"
hours = "always"
[[policies.standard.ladder]]
at = "50%"
ping = "department"
steps = ["first_response"]
[[policies.standard.ladder]]
at = "100%"
ping = "manager"
repeat_every = "6s"
repeats = 2
[[policies.standard.ladder]]
at = "+25s"
ping = "managers"
[brands.acme]
label = "Acme"
[accounts.contact]
connector = "form"
brand = "acme"
"""
)
_DEPARTMENT = """\
[members.boss{number}]
name = "Boss {number}"
slack = "U0BOSS{number}"
[members.clerk{number}]
name = "Clerk {number}"
slack = "U0CLERK{number}"
[departments.d{number}]
label = "Department {number}"
channel = "slack:C0D{number}"
members = ["clerk{number}"]
manager = "boss{number}"
"""


@dataclass(frozen=True)
class Promise:
    """One thing that a clock tells: ``seconds`` after its start, in the channels that ``channels`` gives."""

    rung: int
    repeat: int
    seconds: int
    to: tuple[str, ...]

    def channels(self, department: str) -> set[str]:
        number = department.removeprefix("d")
        places = {"department": f"slack:C0D{number}", "manager": f"member:boss{number}", "managers": MANAGERS}
        return {places[who] for who in self.to}


_BREACH = ("manager", "managers")
RUNGS = {
    "first_response": (
        Promise(0, 0, 5, ("department",)),
        Promise(1, 0, 10, _BREACH),
        Promise(1, 1, 16, _BREACH),
        Promise(1, 2, 22, _BREACH),
        Promise(2, 0, 35, ("managers",)),
    ),
    "acknowledge": (
        Promise(1, 0, 8, _BREACH),
        Promise(1, 1, 14, _BREACH),
        Promise(1, 2, 20, _BREACH),
        Promise(2, 0, 33, ("managers",)),
    ),
}
"""By step, in the order of time; other steps have no target."""


def numbers() -> Iterator[str]:
    """Yield the numbers of the departments as they stand in names."""
    return (f"{number:02}" for number in range(DEPARTMENTS))


def write_configuration(file: Path, *, database: str, workspace: str) -> None:
    """Write what the workers read."""
    words = [_HEAD.format(database=database, workspace=workspace)]
    words += [_DEPARTMENT.format(number=number) for number in numbers()]
    words += [f'[[routes]]\ndepartment = "d{number}"\nwords = ["topic{number}"]\n' for number in numbers()]
    words.append('[[routes]]\ndepartment = "d00"\n')
    file.write_text("".join(words), encoding="utf-8")


def write_seed(file: Path) -> None:
    """Write whom and what the workspace begins with."""
    people = ["U0CARLA", *(f"U0{role}{number}" for number in numbers() for role in ("BOSS", "CLERK"))]
    channels = {"C0MANAGERS": "managers", "C0APPROVE": "approvals"} | {f"C0D{n}": f"department-{n}" for n in numbers()}
    everybody = [*people, BOT_USER]
    seed: dict[str, Any] = {
        "people": [{"id": user, "name": user.lower(), "real_name": user.title()} for user in people],
        "channels": [{"id": one, "name": name, "members": everybody} for one, name in channels.items()],
        "app": {"bot_user": BOT_USER, "bot_token": BOT_TOKEN, "signing_secret": SIGNING_SECRET},
    }
    file.write_text(json.dumps(seed), encoding="utf-8")


def customer(number: int) -> str:
    """Return a name that no other customer has."""
    return f"Customer {number:04}"


def messages(numbers_of_cases: range, now: datetime) -> list[Arrived]:
    """Return a message of as many customers, each about a department's topic, written a second before ``now`` (UTC)."""
    return [
        Arrived(
            external_id=f"message-{number}",
            thread_id=f"message-{number}",
            author=AuthorFacts(f"author-{number}", customer(number), f"customer{number:04}"),
            text=f"A question about topic{number % DEPARTMENTS:02}",
            visibility=Visibility.PRIVATE,
            posted_at=now - timedelta(seconds=1),
        )
        for number in numbers_of_cases
    ]
