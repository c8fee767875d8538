"""Bringing a card or a ping up to date that somebody has just clicked in vain."""

from typing import Final

import structlog

from bots.slack.places import Place
from bots.slack.workplace import Look, Workplace
from escalation.announcing import rung_of
from escalation.cards import approval_view, card_view
from escalation.ping_views import ping_view
from escalation.ports import ChatMessage, OutsideError
from escalation.views import View
from models.outbox import Card
from models.pings import Ping
from models.store import Transaction
from models.vocabulary import CardKind

MOST_TRIES: Final = 3

log = structlog.get_logger(__name__)


async def redraw(workplace: Workplace, place: Place, *, seen: int | None = None) -> None:
    """Draw the clicked card as its case stands; again if the case moved on meanwhile, so that the newest is drawn last.

    ``seen``: the version of the case that the card showed; a card that is up to date is left alone, for drawing it
    could disturb whoever is typing on it. The courier draws cards after every change; this mends one whose update Slack
    lost. Nothing is raised.
    """
    for _ in range(MOST_TRIES):
        async with workplace.desk.storage.read() as tx:
            card = await tx.cases.by_card(workplace.addresses(place), place.message)
            look = next(iter(await workplace.look_at(tx, [card.case_id])), None) if card else None
            ping = await _ping(tx, card) if card else None
        view = _view(look, card, ping) if look and card else None
        if look is None or card is None or view is None or seen == look.file.case.version:
            return
        message = ChatMessage(
            effect_id=card.id, kind=card.kind.value, channel=card.channel, view=view, case_id=card.case_id
        )
        try:
            await workplace.surface.update(message, place.message)
        except OutsideError as error:
            log.info("card not redrawn", case=card.case_id, problem=error.reason)
            return
        now = await workplace.desk.file(card.case_id)
        if now is None or now.case.version == look.file.case.version:
            return


async def _ping(tx: Transaction, card: Card) -> Ping | None:
    if card.kind is not CardKind.PING:
        return None
    rung = rung_of(card)
    return (await tx.pings.by_rung([rung])).get(rung)


def _view(look: Look, card: Card, ping: Ping | None) -> View | None:
    if card.kind is CardKind.CARD:
        return card_view(look.file, card, look.shown)
    if card.kind is CardKind.PING:
        return ping_view(look.file, ping, (), look.shown) if ping else None
    draft = look.file.draft_version(int(card.subject.removeprefix("draft:") or 0))
    return approval_view(look.file, draft, look.shown) if draft else None
