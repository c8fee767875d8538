"""The App Home tab: one's own queue, drawn when it is opened and after each act on it."""

from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from bots.slack.home_blocks import home_view, stranger_view
from bots.slack.personal_queue import PersonalQueue
from bots.slack.verdicts import UNREADABLE, error_word
from bots.slack.workplace import Workplace
from escalation.language import Sentence

log = structlog.get_logger(__name__)


class Home:
    """Publishes the tab."""

    def __init__(self, workplace: Workplace) -> None:
        """Keep the collaborators."""
        self._workplace = workplace
        self._queue = PersonalQueue(workplace)

    def register(self, app: AsyncApp) -> None:
        """Listen for the tab being opened."""
        app.event("app_home_opened")(self.on_opened)

    async def on_opened(self, event: dict[str, Any]) -> None:
        """Draw the tab; the conversation tab beside it is left alone."""
        if event.get("tab", "home") == "home":
            self._workplace.later(self.publish(str(event.get("user") or "")))

    async def publish(self, user: str, *, notice: Sentence | None = None) -> None:
        """Draw somebody's tab as things stand."""
        workplace = self._workplace
        member = workplace.member(user)
        reader = workplace.reader(user)
        if member is None:
            view = stranger_view(reader.read(workplace.stranger(user)))
        else:
            view = home_view(await self._queue.of(member), reader, notice=notice)
        try:
            await workplace.client.views_publish(user_id=user, view=view)
        except SlackApiError as error:
            log.warning("home not drawn", problem=error_word(error))
        except UNREADABLE as error:
            log.warning("home not drawn", problem=type(error).__name__)
