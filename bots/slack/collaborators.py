"""What Slack's side needs of the product beyond the desk; the composition root hands it in."""

from collections.abc import Sequence
from typing import Protocol

from escalation.language import Ago, Sentence


class Freezing(Protocol):
    """The freeze switch. Rights are checked inside; a refusal is a sentence too."""

    async def freeze(self, text: str, *, actor: str) -> tuple[bool, Sentence]:
        """Stop what a person named: a brand, an account, or everything. Raises ``StorageUnavailableError``."""

    async def release(self, text: str, *, actor: str) -> tuple[bool, Sentence]:
        """Let it leave again. Raises ``StorageUnavailableError``."""

    async def standing(self) -> Sequence[tuple[str, str, Ago]]:
        """Return what is frozen, by whom and since when."""
