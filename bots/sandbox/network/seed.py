"""Who is on the network at the start: a dictionary or a JSON file, and a small example."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from bots.sandbox.network.network import Network
from bots.sandbox.network.reading import NewAccount

EXAMPLE: dict[str, Any] = {
    "accounts": [
        {"handle": "acme", "name": "Acme", "kind": "brand", "token": "acme-token", "followers": 48_200},
        {"handle": "ada", "name": "Ada Neri", "token": "ada-token", "followers": 312},
        {"handle": "ben", "name": "Ben Okafor", "token": "ben-token", "followers": 57},
        {"handle": "chiara", "name": "Chiara Rossi", "token": "chiara-token", "followers": 15_400},
    ]
}


class Seed(BaseModel):
    """The accounts to open, in this order."""

    model_config = ConfigDict(extra="forbid")

    accounts: list[NewAccount]


def plant(network: Network, seed: dict[str, Any]) -> None:
    """Open the accounts of a seed. Raises ``ValidationError``, or a ``NetworkRefusal`` for a taken handle."""
    for asked in Seed.model_validate(seed).accounts:
        network.add_account(
            asked.handle, name=asked.name, kind=asked.kind, token=asked.token, followers=asked.followers
        )


def read_seed(path: Path) -> dict[str, Any]:
    """Return a seed file's content. Raises ``OSError`` or ``ValueError``."""
    seed = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(seed, dict):
        raise TypeError("a seed is a JSON object")
    return seed
