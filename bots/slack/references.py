"""What buttons and dialogs carry: ids and versions, as compact JSON, never text and never who may do what."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from escalation.commands import DraftSeen
from escalation.views import Act

PREFIX = "portavoce:"


class UnreadableReferenceError(ValueError):
    """A button's or dialog's own data is not ours (any more)."""


def action_id(act: Act) -> str:
    """Return the ``action_id`` of an act's button."""
    return f"{PREFIX}{act.value}"


@dataclass(frozen=True)
class Reference:
    """Which case a button or dialog is about, and what its reader had before their eyes.

    ``channel``, ``message`` and ``thread``: where it stands, to answer there. ``source``: by which act a dialog was
    opened. ``band``: which part of the limit a dialog shows as used. ``ping``, ``clock`` and ``rung``: what a ping is
    about.
    """

    case: str
    version: int = 0
    draft: int = 0
    hash: str = ""
    context: int = 0
    channel: str = ""
    message: str = ""
    thread: str = ""
    source: str = ""
    private: bool = False
    band: str = ""
    ping: str = ""
    clock: str = ""
    rung: int = 0

    def text(self) -> str:
        """Return the reference as JSON, without what is empty."""
        return json.dumps({name: value for name, value in asdict(self).items() if value}, separators=(",", ":"))

    @property
    def seen(self) -> DraftSeen:
        """Return the draft that a reviewer saw."""
        return DraftSeen(self.draft, self.hash, self.context)

    @classmethod
    def of(cls, text: str) -> Self:
        """Read a reference. Raises ``UnreadableReferenceError``."""
        try:
            given: Any = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise UnreadableReferenceError("not JSON") from error
        kinds = {one.name: one.type for one in fields(cls)}
        if not isinstance(given, dict) or not isinstance(given.get("case"), str) or not given["case"]:
            raise UnreadableReferenceError("names no case")
        for name, value in given.items():
            if name not in kinds or type(value) is not kinds[name]:
                raise UnreadableReferenceError("holds something unknown")
        return cls(**given)
