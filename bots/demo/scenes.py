"""Where to look: a pane of the page, and who is shown there."""

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Scene:
    """``person``: a handle on the network or a user of the workspace; then a channel, a post or a page of the form."""

    pane: Literal["network", "workspace", "form"]
    person: str | None = None
    channel: str | None = None
    post: str | None = None
    page: str | None = None

    def facts(self) -> dict[str, Any]:
        """Return the scene as JSON."""
        return vars(self)
