"""The scene in which a command is given, and the plan: what the command adds to its row of the lifecycle table."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from escalation import commands as c
from escalation.casefile import CaseFile, PolicyChosen, Rules
from escalation.decision import CardWanted, ClockMoved, DraftDecided, Intent, PingDue, TimerSet
from escalation.ladder import Timing
from escalation.language import Sentence
from escalation.notes import Note
from models.case import Case, Draft
from models.vocabulary import EffectKind, EffectState, Step, TimerKind

DEPUTY = "deputy"
"""The role of a ladder whose turn lets deputies approve."""


@dataclass(frozen=True)
class Scene:
    """One command's surroundings: the case as its rows stand, the rules for it, who acts, and when (UTC)."""

    file: CaseFile
    rules: Rules
    actor: str
    at: datetime

    @property
    def case(self) -> Case:
        """Return the case's own row."""
        return self.file.case

    @property
    def owner(self) -> tuple[str, ...]:
        """Return whoever has claimed the case, as the members to be told."""
        return (self.case.owner,) if self.case.owner else ()

    def approves(self, member: str) -> bool:
        """Tell whether a member may decide about the answer: an approver, or a deputy whom the ladder has called."""
        if self.rules.is_approver(member):
            return True
        clock = self.file.running(Step.APPROVE)
        if clock is None or not self.rules.is_deputy(member):
            return False
        return any(rung.role == DEPUTY for rung in self.rules.timing_of(clock).rungs[: clock.rungs_passed])

    @property
    def draft(self) -> Draft:
        """Return the newest version of the answer, in states that cannot be without one.

        Raises:
            LookupError: the rows are damaged.

        """
        draft = self.file.draft
        if draft is None:
            raise LookupError(f"case {self.case.id} is {self.case.state} without a draft")
        return draft


@dataclass
class Plan:
    """What one command adds to its row of the table; the fields are those of ``Decision``.

    ``stay``: the case does not allow the move (see ``Transition.or_stay``). ``customer_since``: when the
    customer began to wait, where the command starts a clock that runs for them; ``window_since``: when they wrote last,
    from which the network counts its reply window. ``retimed``: step and cycle of the clocks in ``moved`` that are
    timed otherwise from now on, and how.
    """

    changes: dict[str, Any] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    new_draft: Draft | None = None
    decided: list[DraftDecided] = field(default_factory=list)
    intents: list[Intent] = field(default_factory=list)
    cards: list[CardWanted] = field(default_factory=list)
    moved: list[ClockMoved] = field(default_factory=list)
    retimed: list[tuple[Step, int, Timing]] = field(default_factory=list)
    pings: list[PingDue] = field(default_factory=list)
    acknowledged: str | None = None
    policy: PolicyChosen | None = None
    timers: list[TimerSet] = field(default_factory=list)
    cancel_timers: list[TimerKind] = field(default_factory=list)
    recall: str | None = None
    recall_all: bool = True
    check: str | None = None
    check_state: EffectState = EffectState.READY
    stay: bool = False
    said: Sentence | None = None
    then: c.Command | None = None
    customer_since: datetime | None = None
    window_since: datetime | None = None

    def tell(self, scene: Scene, note: Note) -> None:
        """Put a message into the thread of every card of the case."""
        for card in scene.file.cards:
            if card.kind.value == EffectKind.CARD.value:
                self.intents.append(
                    Intent(
                        EffectKind.THREAD,
                        card.channel,
                        card.channel,
                        lane=f"card:{card.id}",
                        priority=4,
                        payload=note.payload() | {"card": card.id},
                    )
                )
