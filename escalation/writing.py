"""Decisions on their way into rows: collected for many cases, then written table by table in one order.

What must still hold when a decision is written is checked by the statements themselves.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from escalation.announcing import Announcing, DuePing, clock_of
from escalation.business_time import BusinessCalendar
from escalation.casefile import CaseFile
from escalation.decision import CardWanted, ClockStopped, Decision, Intent, TimerSet
from escalation.facets import case_facets, done_by, owed_by
from escalation.language import Sentence
from escalation.notes import Note
from escalation.opening import Opening
from escalation.redrawing import redrawings
from escalation.settings import Settings
from models.case import Case, Draft, JournalEntry, PolicySnapshot, Review
from models.clocks import StepClock, Timer
from models.columns import new_id
from models.outbox import Card
from models.store import Transaction
from models.store.outbox import BLANK_EFFECT, SEQUENCE_STEP, redraw_row
from models.store.writes import Writes
from models.vocabulary import CardKind, EffectKind, EffectState, TimerKind, Verdict

_CARD_KINDS = {EffectKind.CARD: CardKind.CARD, EffectKind.APPROVAL: CardKind.APPROVAL}


class OvertakenError(Exception):
    """A row changed between reading and writing; the whole transaction is rolled back and decided anew."""


class Writing:
    """Decisions on their way into rows: collected for many cases, then written table by table."""

    def __init__(self, tx: Transaction, kept_calendars: set[str]) -> None:
        """Bind to a transaction; ``kept_calendars`` is what this process knows to be stored."""
        self.tx = tx
        self._kept_calendars = kept_calendars
        self._calendars: dict[str, BusinessCalendar] = {}
        self._pings: list[DuePing] = []
        self._turned: dict[str, set[str]] = {}
        self.writes = Writes()
        self._cards: list[dict[str, Any]] = []
        self._effects: list[dict[str, Any]] = []
        self._refresh: list[tuple[Case, Decision | None, frozenset[str], datetime]] = []
        self._known_cards: dict[str, list[Card]] = {}
        self._cancelled: dict[frozenset[TimerKind], list[str]] = defaultdict(list)
        self._timers: list[tuple[str, TimerSet, datetime]] = []

    def open(self, opening: Opening, policy: PolicySnapshot, cards: Sequence[CardWanted]) -> None:
        """Write a new case."""
        for row in (policy, opening.case, opening.mention, opening.journal, *opening.clocks):
            self.writes.add(row)
        self._calendars.update(opening.calendars)
        self._want(opening.case, cards, opening.case.received_at)
        self._refresh.append((opening.case, None, frozenset(), opening.case.received_at))

    async def apply(self, file: CaseFile, decision: Decision) -> None:
        """Write one decision; what must still hold is checked by the statements themselves."""
        case, at = file.case, decision.at
        self._known_cards[case.id] = list(file.cards)
        await self._settle_drafts(file, decision)
        draft = decision.new_draft
        if draft is not None:
            draft.id = new_id(at)
            self.writes.add(draft)
        review_id = self._review(file, decision, draft)
        self.writes.change(Case, case.id, decision.changes)
        self.writes.add_values(
            JournalEntry,
            {
                "id": new_id(at),
                "case_id": case.id,
                "case_version": case.version + 1,
                "at": at,
                "actor": decision.actor,
                "act": decision.act,
                "from_state": decision.from_state,
                "to_state": decision.to_state,
                "details": dict(decision.details),
            },
        )
        if decision.policy is not None:
            self.writes.add(
                PolicySnapshot(
                    digest=decision.policy.digest,
                    name=decision.policy.name,
                    content=dict(decision.policy.content),
                    first_used_at=at,
                )
            )
        self._clocks(file, decision)
        self._pings += [DuePing(case, ping) for ping in decision.pings]
        if decision.acknowledged is not None:
            await self.tx.pings.acknowledge(decision.acknowledged, by=decision.actor, at=at)
        if decision.cancel_timers:
            self._cancelled[frozenset(decision.cancel_timers)].append(case.id)
        self._timers += [(case.id, timer, at) for timer in decision.timers]
        self._want(case, decision.cards, at)
        base = (case.version + 1) * SEQUENCE_STEP
        for number, intent in enumerate(decision.intents):
            self._effects.append(_effect_row(case.id, intent, base + 100 + number, at, review_id, draft or file.draft))
        subjects = {f"draft:{d.version}" for d in (file.draft, draft) if d is not None}
        self._refresh.append((case, decision, frozenset(subjects), at))

    async def _settle_drafts(self, file: CaseFile, decision: Decision) -> None:
        for decided in decision.decided:
            changes: dict[str, Any] = {"state": decided.state}
            if decided.verdict is not Verdict.FIRST_APPROVED:
                changes |= {"decided_by": decided.decided_by, "decided_at": decision.at, "reason": decided.reason}
            if decided.first_approver is not None:
                changes |= {"first_approver": decided.first_approver, "decided_at": decision.at}
            if decided.context_version is not None:
                changes["context_version"] = decided.context_version
            if not await self.tx.cases.settle_draft(
                decided.draft_id,
                was=decided.was,
                version=decided.version,
                text_hash=decided.hash,
                forbid_author=decided.forbid_author,
                changes=changes,
            ):
                raise OvertakenError("a draft was decided by somebody else")
        if decision.recall is not None:
            waiting = sum(
                effect.draft_id == decision.recall and effect.state is EffectState.READY for effect in file.replies
            )
            if await self.tx.cases.recall_replies(decision.recall, at=decision.at) != waiting and decision.recall_all:
                raise OvertakenError("a reply left before it could be called back")
        if decision.check is not None:
            changes = {
                "state": decision.check_state,
                "unknown_since": None,
                "absences": 0,
                "token": None,
                "lease_until": None,
            }
            changes |= (
                {"not_before": decision.at}
                if decision.check_state is EffectState.READY
                else {"settled_at": decision.at, "reason": None}
            )
            if not await self.tx.cases.settle_check(decision.check, changes):
                raise OvertakenError("somebody else has said what became of this reply")

    def _review(self, file: CaseFile, decision: Decision, draft: Draft | None) -> str | None:
        """Write what reviewers said; return the id of an approval, to which its replies belong."""
        approval: str | None = None
        said = [(d.draft_id, d.version, d.hash, d.verdict, d.reason) for d in decision.decided if d.verdict is not None]
        if draft is not None and draft.state.value == Verdict.APPROVED.value:
            said.append((draft.id, draft.version, draft.hash, Verdict.APPROVED, None))
        elif draft is not None and draft.first_approver == decision.actor:
            said.append((draft.id, draft.version, draft.hash, Verdict.FIRST_APPROVED, None))
        for draft_id, version, text_hash, verdict, reason in said:
            review = Review(
                id=new_id(decision.at),
                case_id=file.case.id,
                draft_id=draft_id,
                draft_version=version,
                draft_hash=text_hash,
                context_version=file.case.context_version,
                verdict=verdict,
                member=decision.actor,
                at=decision.at,
                reason=reason,
            )
            self.writes.add(review)
            approval = review.id if verdict is Verdict.APPROVED else approval
        return approval

    def _clocks(self, file: CaseFile, decision: Decision) -> None:
        case_id, facets = file.case.id, case_facets(file.case, decision.changes)
        for stopped in decision.stopped:
            end = {
                "ended_at": stopped.ended_at,
                "outcome": stopped.outcome,
                "wall_seconds": stopped.wall_seconds,
                "business_seconds": stopped.business_seconds,
                "member": done_by(file, decision, stopped.step),
                "paused_at": None,
                "paused_seconds": stopped.paused_seconds,
                "next_at": None,
            }
            if stopped.due_at is not None:
                end["due_at"] = stopped.due_at
            if stopped.is_new:
                self.writes.add(_instant(case_id, stopped, end | facets))
            else:
                clock = next(
                    clock for clock in file.clocks if clock.step is stopped.step and clock.cycle == stopped.cycle
                )
                self.writes.change(StepClock, clock.id, end)
                self._turned.setdefault(case_id, set()).add(clock.id)
        for moved in decision.moved:
            self.writes.change(StepClock, moved.clock_id, moved.changes)
            if moved.calendar is not None:
                self._calendars[moved.calendar.version] = moved.calendar
            if "rungs_passed" not in moved.changes:  # whatever was told before looks different now
                self._turned.setdefault(case_id, set()).add(moved.clock_id)
        if any(decision.changes.get(name, was) != was for name, was in _named_by_pings(file.case)):
            running = {clock.id for clock in file.clocks if clock.ended_at is None}
            self._turned.setdefault(case_id, set()).update(running)
        for started in decision.started:
            timing = started.timing
            self._calendars[timing.calendar.version] = timing.calendar
            self.writes.add(
                StepClock(
                    id=new_id(started.started_at),
                    case_id=case_id,
                    step=started.step,
                    cycle=started.cycle,
                    department=started.department,
                    member=owed_by(file, decision, started.step),
                    started_at=started.started_at,
                    calendar=timing.calendar.version,
                    target_seconds=timing.target_seconds,
                    due_at=timing.due_at(started.started_at),
                    next_at=timing.next_at(started.started_at) if started.paused_at is None else None,
                    paused_at=started.paused_at,
                    **facets,
                )
            )

    def _want(self, case: Case, cards: Sequence[CardWanted], at: datetime) -> None:
        for wanted in cards:
            for known in self._known_cards.get(case.id, []):
                same = (known.channel, known.kind, known.subject) == (
                    wanted.channel,
                    _CARD_KINDS[wanted.kind],
                    wanted.subject,
                )
                if same and known.department != wanted.department:  # two departments may share a channel
                    self.writes.change(Card, known.id, {"department": wanted.department})
        self._cards += [
            {
                "id": new_id(at),
                "case_id": case.id,
                "kind": _CARD_KINDS[card.kind],
                "channel": card.channel,
                "department": card.department,
                "subject": card.subject,
                "message_id": None,
                "shown_version": 0,
                "created_at": at,
            }
            for card in cards
        ]

    async def _set_timers(self) -> None:
        for kinds, case_ids in sorted(self._cancelled.items(), key=lambda item: sorted(item[0])):
            await self.tx.clocks.cancel(sorted(case_ids), sorted(kinds))
        if not self._timers:
            return
        cycles = await self.tx.clocks.last_cycles(sorted({case_id for case_id, _, _ in self._timers}))
        for case_id, timer, at in self._timers:
            cycle = cycles[case_id, timer.kind] = cycles.get((case_id, timer.kind), 0) + 1
            self.writes.add(Timer(id=new_id(at), case_id=case_id, kind=timer.kind, cycle=cycle, due_at=timer.due_at))

    async def flush(self) -> None:
        """Send everything, in one order for all transactions."""
        await self._set_timers()
        if unkept := self._calendars.keys() - self._kept_calendars:
            definitions = {version: self._calendars[version].definition for version in unkept}
            await self.tx.clocks.keep_calendars(definitions, known=self._kept_calendars, now=self._now())
        await self.writes.flush(self.tx.session)
        await self.tx.outbox.wish_cards(self._cards)
        fresh = {card["case_id"] for card in self._cards}
        if fresh:
            for case_id in fresh:
                self._known_cards[case_id] = []
            for card in await self.tx.outbox.cards_of(fresh):
                self._known_cards[card.case_id].append(card)
        refreshes = [
            redraw_row(card, version=case.version + (decision is not None), at=at)
            for case, decision, subjects, at in self._refresh
            for card in self._known_cards.get(case.id, [])
            if card.kind is CardKind.CARD
            or decision is None
            or card.subject in subjects
            or (card.kind is CardKind.PING and clock_of(card) in self._turned.get(case.id, ()))
        ]
        lines = [
            (card, at)
            for case, _, _, at in self._refresh
            for card in self._known_cards.get(case.id, [])
            if card.kind is CardKind.LINE and clock_of(card) in self._turned.get(case.id, ())
        ]
        await self.tx.outbox.put([*refreshes, *self._effects, *await redrawings(self.tx, lines)])
        if self._pings:
            await Announcing(self.tx).tell(self._pings)

    def _now(self) -> datetime:
        return max(at for _, _, _, at in self._refresh)


def _named_by_pings(case: Case) -> Sequence[tuple[str, str | None]]:
    """Return what pings say of a case beside the step that they are about, as it was."""
    return (("owner", case.owner), ("department", case.department))


def _instant(case_id: str, stopped: ClockStopped, end: Mapping[str, Any]) -> StepClock:
    return StepClock(
        id=new_id(stopped.started_at),
        case_id=case_id,
        step=stopped.step,
        cycle=stopped.cycle,
        department=stopped.department,
        started_at=stopped.started_at,
        **end,
    )


def _effect_row(
    case_id: str | None, intent: Intent, sequence: int, at: datetime, review_id: str | None, draft: Draft | None
) -> dict[str, Any]:
    return BLANK_EFFECT | {
        "id": new_id(at),
        "case_id": case_id,
        "kind": intent.kind,
        "target": intent.target,
        "pace": intent.pace,
        "lane": intent.lane,
        "sequence": sequence,
        "priority": intent.priority,
        "payload": dict(intent.payload),
        "part": intent.part,
        "not_before": intent.not_before or at,
        "created_at": at,
        "card_id": intent.payload.get("card"),
        "review_id": review_id if intent.of_review else None,
        "draft_id": draft.id if intent.of_review and draft else None,
    }


def ping_row(intent: Intent, at: datetime) -> dict[str, Any]:
    """Return the outbox row of a ping that belongs to no case."""
    return _effect_row(None, intent, 0, at, None, None)


def managers_notice(settings: Settings, sentence: Sentence, at: datetime) -> dict[str, Any]:
    """Return the outbox row of a sentence to the managers' channel, or to the approvals' where they have none."""
    channel = str(settings.managers.channel or settings.approval.channel)
    return ping_row(Intent(EffectKind.PING, channel, channel, priority=1, payload=Note(sentence).payload()), at)
