"""What a decision says shall happen, as data: rows to write and acts to intend. Nothing here does anything."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from escalation import commands as c
from escalation.business_time import BusinessCalendar
from escalation.casefile import PolicyChosen
from escalation.ladder import Rung, Timing
from escalation.language import Sentence
from models.case import Draft
from models.vocabulary import (
    CaseState,
    DraftState,
    EffectKind,
    EffectState,
    PingFate,
    Step,
    StepOutcome,
    TimerKind,
    Verdict,
)


@dataclass(frozen=True)
class Refusal:
    """A lawful no, with the sentence that the person who acted gets to read."""

    sentence: Sentence


@dataclass(frozen=True)
class ClockStopped:
    """A running clock ends; seconds are computed here so that they are written once, with the end."""

    step: Step
    cycle: int
    started_at: datetime
    ended_at: datetime
    outcome: StepOutcome
    wall_seconds: float
    business_seconds: float
    is_new: bool = False
    department: str = ""
    paused_seconds: int = 0


@dataclass(frozen=True)
class ClockStarted:
    """A step's next cycle begins. ``paused_at``: it stands still from the beginning."""

    step: Step
    cycle: int
    started_at: datetime
    timing: Timing
    department: str
    paused_at: datetime | None = None


@dataclass(frozen=True)
class ClockMoved:
    """The deadline of a running clock moves: it passed a rung, stood still, went on, or is timed anew.

    ``calendar``: the one that it counts in from now on, where that changes.
    """

    clock_id: str
    changes: Mapping[str, Any]
    calendar: BusinessCalendar | None = None


@dataclass(frozen=True)
class Told:
    """Where a ping is told: a channel or ``member:KEY``. ``to``: members who shall notice it there."""

    channel: str
    to: tuple[str, ...] = ()
    not_before: datetime | None = None


@dataclass(frozen=True)
class PingDue:
    """A rung whose time has come. ``told`` is empty unless ``fate`` is ``announced``, or ``muted`` by a standstill.

    ``policy`` is the case's; ``priority`` orders it in the outbox. ``why`` and ``since`` are those of the standstill.
    """

    clock_id: str
    step: Step
    rung: Rung
    policy: str
    due_at: datetime
    at: datetime
    fate: PingFate
    told: tuple[Told, ...] = ()
    why: Sentence | None = None
    since: datetime | None = None


@dataclass(frozen=True)
class DraftDecided:
    """A draft leaves ``pending`` or ``approved``; ``where`` is what must still hold, in the same UPDATE.

    ``forbid_author`` carries four eyes: the row is not changed if its author (or who edited it) is that member.
    """

    draft_id: str
    state: DraftState
    was: DraftState
    version: int
    hash: str
    decided_by: str | None
    reason: str | None = None
    verdict: Verdict | None = None
    context_version: int | None = None
    forbid_author: str | None = None
    first_approver: str | None = None


@dataclass(frozen=True)
class Intent:
    """An effect to put into the outbox. ``note`` says what a thread message or ping tells, see ``escalation.notes``."""

    kind: EffectKind
    target: str
    pace: str
    lane: str | None = None
    priority: int = 5
    payload: Mapping[str, Any] = field(default_factory=dict)
    not_before: datetime | None = None
    part: int = 0
    of_review: bool = False


@dataclass(frozen=True)
class CardWanted:
    """A card that shall stand in a channel; made if it does not exist, brought up to date if it does."""

    kind: EffectKind
    channel: str
    department: str | None = None
    subject: str = ""


@dataclass(frozen=True)
class TimerSet:
    """A durable future command."""

    kind: TimerKind
    due_at: datetime


@dataclass(frozen=True)
class Decision:
    """One consistent step of a case, written in one transaction or not at all.

    ``new_draft`` is a row without its id; where it is approved in the same breath (edit and send) its replies follow.
    ``recall`` and ``check`` name a draft by id: its waiting parts are called back (all of them, or the whole decision
    falls),
    or the part that needed a check is settled as ``check_state`` says. ``said`` is what the person who acted gets to
    read. ``then`` is what the program itself does to the case right after, in the same transaction. ``acknowledged`` is
    the id of a ping that the actor has seen; ``policy`` is the one that the case goes on under.
    """

    act: str
    actor: str
    at: datetime
    from_state: CaseState
    to_state: CaseState
    changes: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    stopped: tuple[ClockStopped, ...] = ()
    started: tuple[ClockStarted, ...] = ()
    new_draft: Draft | None = None
    decided: tuple[DraftDecided, ...] = ()
    intents: tuple[Intent, ...] = ()
    cards: tuple[CardWanted, ...] = ()
    moved: tuple[ClockMoved, ...] = ()
    pings: tuple[PingDue, ...] = ()
    acknowledged: str | None = None
    policy: PolicyChosen | None = None
    timers: tuple[TimerSet, ...] = ()
    cancel_timers: tuple[TimerKind, ...] = ()
    recall: str | None = None
    recall_all: bool = True
    check: str | None = None
    check_state: EffectState = EffectState.READY
    said: Sentence | None = None
    then: c.Command | None = None
