"""The App Home tab: one's own queue, drawn when it is opened and after each act on it."""

from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from bots.slack.home_blocks import MOST_CASES, Queue, home_view, stranger_view
from bots.slack.verdicts import UNREADABLE, error_word
from bots.slack.workplace import Look, Workplace
from escalation.cards import card_view
from escalation.language import Sentence
from escalation.settings import Member
from escalation.views import CardView
from models.outbox import Card
from models.vocabulary import OPEN_STATES, CardKind, CaseState

log = structlog.get_logger(__name__)

_FREE = frozenset({CaseState.WAITING_ANSWER, CaseState.SNOOZED})
_READ = 60
"""How many of a department's newest open cases are looked through for one tab."""


class Home:
    """Publishes the tab."""

    def __init__(self, workplace: Workplace) -> None:
        """Keep the collaborators."""
        self._workplace = workplace

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
            view = home_view(await self.queue(member), reader, notice=notice)
        try:
            await workplace.client.views_publish(user_id=user, view=view)
        except SlackApiError as error:
            log.warning("home not drawn", problem=error_word(error))
        except UNREADABLE as error:
            log.warning("home not drawn", problem=type(error).__name__)

    async def queue(self, member: Member) -> Queue:
        """Return what waits for a colleague: their own open cases, and those of their departments that nobody has."""
        settings = self._workplace.settings
        departments = {department.key for department in settings.departments_of(member.key)}
        async with self._workplace.desk.storage.read() as tx:
            own = await tx.cases.list(states=OPEN_STATES, owner=member.key, limit=_READ)
            others: list[str] = []
            for department in sorted(departments):
                others += await tx.cases.list(states=_FREE, department=department, limit=_READ)
            looks = await self._workplace.look_at(tx, list(dict.fromkeys([*own, *others])))
        mine = [look for look in looks if look.file.case.owner == member.key]
        free = [look for look in looks if look.file.case.owner is None]
        free.sort(key=lambda look: look.file.case.received_at)
        views = [_view(look) for look in mine[:MOST_CASES]], [_view(look) for look in free[:MOST_CASES]]
        return Queue(own=views[0], free=views[1], total=len(mine) + len(free))


def _view(look: Look) -> CardView:
    case = look.file.case
    card = next(
        (card for card in look.file.cards if card.kind is CardKind.CARD and card.department == case.department), None
    )
    if card is None:
        card = Card(
            id="",
            case_id=case.id,
            kind=CardKind.CARD,
            channel="",
            department=case.department,
            created_at=case.received_at,
        )
    return card_view(look.file, card, look.shown)
