"""What waits for one colleague, for their App Home tab: few statements, and few rows however much there is."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from bots.slack.home_blocks import MOST_BESIDES, MOST_CASES, Part, Queue, Waiting
from bots.slack.workplace import Look, Workplace
from escalation import commands as c
from escalation.cards import card_view
from escalation.settings import Member
from models.outbox import Card
from models.store import Transaction
from models.store.cases import DueFirst
from models.vocabulary import OPEN_STATES, CardKind, CaseState

_MINE: Final = OPEN_STATES - {CaseState.ANSWERED}
_FREE: Final = frozenset({CaseState.WAITING_ANSWER, CaseState.SNOOZED})
_TO_DECIDE: Final = frozenset({CaseState.IN_REVIEW, CaseState.NEEDS_CHECK})
_READ: Final = MOST_CASES + 2 * MOST_BESIDES
"""How many cases of a part are looked through: enough to leave out those that stand in another part."""
_NOTHING: Final = DueFirst((), 0)


class PersonalQueue:
    """Reads queues; each part is in the order of what is due first."""

    def __init__(self, workplace: Workplace) -> None:
        """Keep the collaborators."""
        self._workplace = workplace
        self._settings = workplace.settings

    async def of(self, member: Member) -> Queue:
        """Return what waits for a colleague now. Raises ``StorageUnavailableError``.

        Their own cases, those of their departments that nobody has, what they may decide as an approver, and for
        managers what is late. No case stands in two parts.
        """
        now = self._workplace.clock.now()
        async with self._workplace.desk.storage.read() as tx:
            own = await tx.cases.due_first(_MINE, owner=member.key, limit=_READ)
            free = await self._free(tx, member)
            waiting = await self._to_decide(tx, member)
            late = await self._late(tx, member, now)
            ids = dict.fromkeys([*own.ids, *free.ids, *waiting.ids, *late.ids])
            looks = {look.file.case.id: look for look in await self._workplace.look_at(tx, list(ids))}
        others = [one for one in waiting.ids if one not in looks or not _may_decide(looks[one], member, now)]
        decisions = _without(waiting, others)
        own = _without(own, decisions.ids[:MOST_BESIDES])
        mine = own.ids[:MOST_CASES]
        above = [*decisions.ids[:MOST_BESIDES], *mine, *free.ids[: MOST_CASES - len(mine)]]
        return Queue(
            own=_part(own, looks, MOST_CASES),
            free=_part(free, looks, MOST_CASES),
            decisions=await self._with_links(_part(decisions, looks, MOST_BESIDES), looks),
            late=_part(_without(late, above), looks, MOST_BESIDES),
        )

    async def _free(self, tx: Transaction, member: Member) -> DueFirst:
        departments = {department.key for department in self._settings.departments_of(member.key)}
        if not departments:
            return _NOTHING
        return await tx.cases.due_first(_FREE, unowned=True, departments=departments, limit=_READ)

    async def _to_decide(self, tx: Transaction, member: Member) -> DueFirst:
        """Return what waits for approvers of the accounts for which somebody may be one; not each may be theirs."""
        settings, key = self._settings, member.key
        accounts = {
            account
            for account in settings.accounts
            if settings.is_approver(key, account)
            or key in settings.deputies(account)
            or any(key in settings.second_approvers(route, account) for route in settings.routes)
        }
        if not accounts:
            return _NOTHING
        return await tx.cases.due_first(_TO_DECIDE, accounts=accounts, limit=_READ)

    async def _late(self, tx: Transaction, member: Member, now: datetime) -> DueFirst:
        """Return what is late in the departments that somebody manages; in all of them for [managers]."""
        managed: Collection[str] | None = None
        if member.key not in self._settings.managers.members:
            departments = self._settings.departments.items()
            managed = {key for key, department in departments if department.manager == member.key}
            if not managed:
                return _NOTHING
        return await tx.cases.due_first(OPEN_STATES, departments=managed, late_at=now, limit=_READ)

    async def _with_links(self, part: Part, looks: Mapping[str, Look]) -> Part:
        """Say where each answer is decided, as far as Slack tells it soon."""
        cards = [_approvals_card(looks[case.view.case_id]) for case in part.cases]
        links = await asyncio.gather(*(self._link(card) for card in cards))
        return replace(part, cases=[replace(case, url=url) for case, url in zip(part.cases, links, strict=True)])

    async def _link(self, card: Card | None) -> str | None:
        if card is None or card.message_id is None:
            return None
        return await self._workplace.surface.permalink(card.channel, card.message_id)


def _may_decide(look: Look, member: Member, now: datetime) -> bool:
    """Tell whether a member may approve the newest answer, or say what became of a doubtful reply."""
    case, draft = look.file.case, look.file.draft
    if draft is None:
        return False
    command: c.Command = c.ConfirmPosted()
    if case.state is CaseState.IN_REVIEW:
        command = c.Approve(c.DraftSeen(draft.version, draft.hash, case.context_version))
    return look.refusal(command, member, now) is None


def _without(found: DueFirst, others: Iterable[str]) -> DueFirst:
    known = set(others)
    kept = [one for one in found.ids if one not in known]
    return DueFirst(kept, found.total - len(found.ids) + len(kept))


def _part(found: DueFirst, looks: Mapping[str, Look], most: int) -> Part:
    return Part([_waiting(looks[one]) for one in found.ids if one in looks][:most], found.total)


def _waiting(look: Look) -> Waiting:
    case = look.file.case
    card = _card(look.file.cards, CardKind.CARD, case.department)
    if card is None:
        card = Card(
            id="",
            case_id=case.id,
            kind=CardKind.CARD,
            channel="",
            department=case.department,
            created_at=case.received_at,
        )
    return Waiting(card_view(look.file, card, look.shown), look.rules.label(case.department))


def _card(cards: Sequence[Card], kind: CardKind, department: str) -> Card | None:
    return next((card for card in cards if card.kind is kind and card.department == department), None)


def _approvals_card(look: Look) -> Card | None:
    draft = look.file.draft
    subject = f"draft:{draft.version}" if draft is not None else ""
    return next((card for card in look.file.cards if card.kind is CardKind.APPROVAL and card.subject == subject), None)
