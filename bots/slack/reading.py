"""How Slack's readers get our sentences: strangers' names in them stay on their line and keep their direction."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from bots.slack.text import isolated, label, visible
from escalation.language import Reader, Sentence, Value
from escalation.settings import Member, Settings

HEADLINE_NAME: Final = 60


@dataclass(frozen=True)
class ChatReader(Reader):
    """A reader of plain text in Slack. ``most``: how many characters of a name are shown.

    ``lines``: values may hold line ends (a reason somebody typed), as in thread messages.
    """

    lines: bool = False
    most: int = 200

    def headline(self, sentence: Sentence) -> str:
        """Return a sentence for a line of large letters, in which a long name leaves room for the rest."""
        return replace(self, most=HEADLINE_NAME).read(sentence)

    def _value(self, value: Value) -> str:
        if isinstance(value, str):
            return isolated(visible(value)) if self.lines else label(value, self.most)
        return super()._value(value)


def house_reader(settings: Settings, now: datetime, *, lines: bool = False) -> ChatReader:
    """Return the reader of a channel: the organisation's language and time zone."""
    return ChatReader(settings.organisation.language, settings.organisation.timezone, now, lines)


def member_reader(settings: Settings, member: Member | None, now: datetime, *, lines: bool = False) -> ChatReader:
    """Return the reader of what one person alone sees; the organisation's for somebody who is no member."""
    if member is None:
        return house_reader(settings, now, lines=lines)
    return ChatReader(settings.language_of(member.key), settings.timezone_of(member.key), now, lines)
