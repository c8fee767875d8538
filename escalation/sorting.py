"""What to do with an effect that is due: send it, look whether an earlier try arrived, or put it aside. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from escalation import commands as c
from escalation.announcing import clock_of
from escalation.carrying import Mode, may_look_up, takes_our_key
from escalation.casefile import CaseFile
from escalation.rulebook import Rulebook
from models.outbox import Effect
from models.store.gatherings import GatheringRows
from models.vocabulary import NETWORK_EFFECTS, EffectKind, EffectState


@dataclass(frozen=True)
class Aside:
    """An effect that can neither be sent nor looked up now: where it goes, why, and what its case is told."""

    state: EffectState
    reason: str = ""
    order: c.Command | None = None


@dataclass(frozen=True)
class Sorting:
    """Says of each due effect what to do with it.

    ``files`` by case id, ``gatherings`` by their own, ``first_tried`` by effect id, ``now`` in UTC.
    """

    rulebook: Rulebook
    files: Mapping[str, CaseFile]
    gatherings: Mapping[str, GatheringRows]
    first_tried: Mapping[str, datetime]
    frozen: Collection[str]
    now: datetime

    def sort(self, effect: Effect) -> Mode | Aside:
        """Return whether to send or to look up; or where the effect goes instead, ``Aside``."""
        if effect.kind in NETWORK_EFFECTS and effect.target not in self.rulebook.connectors:
            return Aside(EffectState.PARKED, f"account {effect.target} is not in the configuration")
        if effect.kind is EffectKind.PING and effect.state is EffectState.READY and self._is_past(effect):
            return Aside(EffectState.SUPERSEDED, "what it warned of is done, or waits")
        if effect.kind is EffectKind.DIGEST and effect.state is EffectState.READY and self._is_needless(effect):
            return Aside(EffectState.SUPERSEDED, "everything that it tells is done, or waits")
        if effect.kind is not EffectKind.REPLY:
            ready = effect.state is EffectState.READY or effect.kind is EffectKind.ACT
            return Mode.SEND if ready else Mode.LOOK_UP
        if effect.state is EffectState.READY:
            # A reply that is wholly in the house leaves only into the conversation that it was approved for.
            file = self.files.get(effect.case_id or "")
            void = self._overtaken(effect) and file is not None and file.reply_waits
            return Aside(EffectState.READY, order=c.VoidApproval()) if void else Mode.SEND
        return self._doubtful(effect)

    def _is_past(self, effect: Effect) -> bool:
        """Tell whether a ping that nobody has seen yet tells of a clock that has ended or stands still by now."""
        file = self.files.get(effect.case_id or "")
        card = next((card for card in file.cards if card.id == effect.card_id), None) if file is not None else None
        if file is None or card is None or card.message_id is not None:
            return False
        clock = file.clock(clock_of(card))
        return clock is None or clock.ended_at is not None or clock.paused_at is not None

    def gathering(self, effect: Effect) -> GatheringRows | None:
        """Return what a message about many pings tells, and where it stands; ``None`` for other effects."""
        return self.gatherings.get(effect.payload.get("gathering", ""))

    def _is_needless(self, effect: Effect) -> bool:
        """Tell whether a message about many pings that nobody has seen yet tells of nothing that is still due."""
        rows = self.gathering(effect)
        return rows is not None and rows.message_id is None and rows.is_over

    def _doubtful(self, effect: Effect) -> Mode | Aside:
        if may_look_up(self.rulebook, effect):
            return Mode.LOOK_UP
        first = self.first_tried.get(effect.id)
        if takes_our_key(self.rulebook, effect, first_tried_at=first, now=self.now) and not self._overtaken(effect):
            return Mode.SEND if effect.target not in self.frozen else Aside(EffectState.UNKNOWN)
        unclear = "outcome unknown and the network cannot be asked"
        return Aside(EffectState.NEEDS_CHECK, unclear, c.CheckNeeded(effect.reason or "outcome unknown"))

    def _overtaken(self, effect: Effect) -> bool:
        """Tell whether the customer has moved the conversation on since the approval."""
        file = self.files.get(effect.case_id or "")
        draft = file.draft_by_id(effect.draft_id or "") if file is not None else None
        return file is not None and draft is not None and draft.context_version != file.case.context_version
