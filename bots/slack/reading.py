"""How Slack's readers get our sentences: names of strangers inside them stay on their line and keep their reading direction."""

from dataclasses import dataclass
from datetime import datetime

from bots.slack.text import isolated, label, visible
from escalation.language import Reader, Value
from escalation.settings import Member, Settings


@dataclass(frozen=True)
class ChatReader(Reader):
    """A reader of plain text in Slack. ``lines``: values may hold line ends (a reason somebody typed), as in thread messages."""

    lines: bool = False

    def _value(self, value: Value) -> str:
        if isinstance(value, str):
            return isolated(visible(value)) if self.lines else label(value)
        return super()._value(value)


def house_reader(settings: Settings, now: datetime, *, lines: bool = False) -> ChatReader:
    """Return the reader of a channel: the organisation's language and time zone."""
    return ChatReader(settings.organisation.language, settings.organisation.timezone, now, lines)


def member_reader(settings: Settings, member: Member | None, now: datetime) -> ChatReader:
    """Return the reader of what one person alone sees; the organisation's for somebody who is no member."""
    if member is None:
        return house_reader(settings, now)
    return ChatReader(settings.language_of(member.key), settings.timezone_of(member.key), now)
