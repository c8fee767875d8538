"""A connector of nothing in particular, for tests of what all HTTP connectors share."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import TypeAdapter

from connectors.base import BaseUrl, ConnectorSettings, HttpConnector
from escalation.secret import Secret

OBJECT = TypeAdapter(dict[str, Any])
TOKEN = "planted-token-51c0"


class Settings(ConnectorSettings):
    base_url: BaseUrl
    access_token: Secret
    older_secrets: tuple[Secret, ...] = ()


class SmallConnector(HttpConnector[Settings]):
    name: ClassVar[str] = "small"
    label: ClassVar[str] = "Small"
    settings_model = Settings

    def credentials(self) -> Mapping[str, str]:
        return {"X-Token": self.settings.access_token.reveal()}


def small(
    clock: Any, *, transport: Any = None, base_url: str = "https://small.example", **settings: Any
) -> SmallConnector:
    given = {"base_url": base_url, "access_token": Secret(TOKEN), **settings}
    return SmallConnector("acme", Settings.model_validate(given), clock=clock, transport=transport)
