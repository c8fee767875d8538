"""How the contract's rules reach a surface, and what they get to see."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from escalation.views import View
from models.database import Database
from tests.house import House


@dataclass(frozen=True)
class ShownMessage:
    """A message as colleagues see it now. ``pieces``: every text it shows; ``raw``: the surface's own form of it.

    ``channel``: by its name in the house, or ``@anna`` for a direct message to her.
    """

    id: str
    kind: str
    case: str
    channel: str
    notification: str
    pieces: tuple[str, ...]
    buttons: tuple[str, ...]
    raw: Any

    @property
    def text(self) -> str:
        return "\n".join(self.pieces)


@dataclass(frozen=True)
class Dialog:
    """A dialog that opened."""

    title: str
    submit: str
    pieces: tuple[str, ...]
    fields: tuple[str, ...]
    values: tuple[str, ...]


@dataclass(frozen=True)
class Told:
    """What one person was told where they acted.

    ``commits``: how many transactions there were until the acknowledgement.
    """

    acknowledged: bool
    sentences: tuple[str, ...]
    dialog_open: bool = False
    commits: int = 0

    @property
    def text(self) -> str:
        return "\n".join(self.sentences)


class SurfaceHarness(Protocol):
    """A surface in which the small house works. ``nobody`` is in the chat but not in the configuration."""

    house: House
    database: Database
    id_of_nobody: str

    async def carry(self) -> None:
        """Carry what is due."""

    async def courier_turn(self) -> None:
        """Carry what is due without letting time pass."""

    def without_storage(self) -> AbstractAsyncContextManager[None]:
        """Take the database away for a block."""

    def shown(self, kind: str, case: str) -> Sequence[ShownMessage]:
        """Return a case's messages of one kind, oldest first."""

    def draw(self, view: View, kind: str) -> ShownMessage:
        """Draw a view without sending it."""

    def check_drawing(self, drawn: ShownMessage) -> None:
        """Fail unless the chat would take it, and nothing in it can notify, link or be parsed but what is ours."""

    def struck(self, message: ShownMessage) -> str:
        """Return the words of a message that are struck through."""

    def choices(self, message: ShownMessage, menu: str) -> Sequence[str]:
        """Return what a menu of a message offers, as it is written."""

    async def press(self, who: str, message: ShownMessage, button: str) -> Told:
        """Press a button of a message as it stands."""

    async def press_as_it_was(self, who: str, message: ShownMessage, button: str) -> Told:
        """Press a button of a message in the older state that one's client still shows."""

    async def open(self, who: str, message: ShownMessage, button: str) -> Dialog | Told:
        """Press a button that opens a dialog."""

    async def choose(self, who: str, message: ShownMessage, menu: str, option: str) -> Dialog | Told:
        """Choose in a menu of a message, by what is written; it may open a dialog."""

    async def submit(self, who: str, values: dict[str, Any]) -> Told:
        """Fill in the open dialog by the labels of its fields, and submit it."""

    async def answer_in_field(self, who: str, message: ShownMessage, text: str, *, enter: bool = False) -> Told:
        """Write into the card's own field and submit it."""

    async def say_in_thread(self, who: str, message: ShownMessage, text: str) -> Told:
        """Write a message under a card."""

    async def use_as_reply(self, who: str, message: ShownMessage, text: str) -> Told:
        """Write a message under a card, and use it as the reply without changing it."""

    async def command(self, who: str, text: str) -> Told:
        """Give the bot a command."""
