"""Everything a decision needs to know: the case as its rows stand, and the rules in force for it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from escalation.ladder import Rung, Timing
from escalation.language import Sentence
from escalation.on_call import Duty
from escalation.ports import Capabilities
from models.case import Case, Draft
from models.clocks import StepClock
from models.mention import Author, Mention
from models.outbox import Card, Effect
from models.vocabulary import EffectState, PauseReason, Step, Visibility


@dataclass(frozen=True)
class CaseFile:
    """One case with its rows, read under the case's lock and never changed by whoever reads it.

    ``mentions`` are the customer's messages, oldest first; ``drafts`` by version; ``clocks`` every cycle of every step;
    ``replies`` the reply effects of all rounds, in the order of sending; ``first_tried`` the effect ids whose bytes
    may have left. ``put_off_since``: the first snooze since anybody took the case up (UTC), read for a snooze only.
    """

    case: Case
    author: Author
    mentions: Sequence[Mention]
    drafts: Sequence[Draft] = ()
    clocks: Sequence[StepClock] = ()
    cards: Sequence[Card] = ()
    replies: Sequence[Effect] = ()
    put_off_since: datetime | None = None

    @property
    def mention(self) -> Mention:
        """Return the message that an answer would answer: the newest that still exists, else the newest."""
        return next((m for m in reversed(self.mentions) if m.deleted_at is None), self.mentions[-1])

    @property
    def draft(self) -> Draft | None:
        """Return the newest version of the answer."""
        return self.drafts[-1] if self.drafts else None

    def draft_version(self, version: int) -> Draft | None:
        """Return one version of the answer."""
        return next((draft for draft in self.drafts if draft.version == version), None)

    def draft_by_id(self, draft_id: str) -> Draft | None:
        """Return the draft that an approvals card shows."""
        return next((draft for draft in self.drafts if draft.id == draft_id), None)

    @property
    def current_replies(self) -> list[Effect]:
        """Return the reply effects, one per part, of the newest draft."""
        draft = self.draft
        return [effect for effect in self.replies if draft is not None and effect.draft_id == draft.id]

    @property
    def reply_waits(self) -> bool:
        """Tell whether every part of the newest reply is still in the house."""
        parts = self.current_replies
        return bool(parts) and all(
            effect.state is EffectState.READY and effect.unknown_since is None for effect in parts
        )

    def running(self, step: Step) -> StepClock | None:
        """Return the step's running clock."""
        return next((clock for clock in self.clocks if clock.step is step and clock.ended_at is None), None)

    def clock(self, clock_id: str) -> StepClock | None:
        """Return one clock by its id."""
        return next((clock for clock in self.clocks if clock.id == clock_id), None)

    def latest(self, step: Step) -> StepClock | None:
        """Return the step's newest cycle."""
        return max((clock for clock in self.clocks if clock.step is step), key=lambda clock: clock.cycle, default=None)


@dataclass(frozen=True)
class Fitted:
    """A text as the network will get it.

    Its parts with mention prefix and signature, the count of each, and what is wrong.
    """

    text: str
    parts: tuple[str, ...]
    counts: tuple[int, ...]
    problem: Sentence | None = None
    warnings: tuple[Sentence, ...] = ()


@dataclass(frozen=True)
class RouteMatch:
    """Which department gets a case and why. ``reason`` is JSON: the route's place in the file and what matched."""

    department: str
    also: tuple[str, ...]
    policy: str
    priority: str
    reason: Mapping[str, object]
    second_approval: tuple[str, ...] = ()
    four_eyes: bool | None = None


@dataclass(frozen=True)
class Addressee:
    """Whom a role of a ladder means now. ``channel`` may be ``member:KEY``; ``to``: members who shall notice it there.

    ``rota``: they were found on call there.
    """

    channel: str
    to: tuple[str, ...] = ()
    rota: str | None = None


@dataclass(frozen=True)
class PolicyChosen:
    """A policy as the configuration has it today."""

    name: str
    digest: str
    content: Mapping[str, Any]


@dataclass(frozen=True)
class Rules:
    """The configuration as it bears on one case. All functions are pure.

    ``fit(text, author, visibility)`` gives the parts as the network will get them. ``timing(step, department)`` times a
    clock that begins, under the case's own policy snapshot, ``timing_of(clock)`` one that runs, by the target and the
    calendar that it began with, and ``timing_today(step, department)`` one that is timed anew under ``policy_today``.
    ``route_to(department)`` is the first route that leads there, ``policy_of`` a route's policy as it is today, and
    ``timing_under(policy, step, department)`` times a clock under it.
    ``addressees`` says who a role of the ladder is, ``reachable`` when they may be told. ``name(member)`` is how people
    call them.
    """

    is_colleague: Callable[[str], bool]
    is_approver: Callable[[str], bool]
    is_second_approver: Callable[[str], bool]
    is_deputy: Callable[[str], bool]
    is_manager: Callable[[str], bool]
    name: Callable[[str], str]
    label: Callable[[str], str]
    departments: Mapping[str, str]
    next_route: Callable[[], RouteMatch | None]
    route_to: Callable[[str], RouteMatch | None]
    fit: Callable[[str, str, Visibility], Fitted]
    timing: Callable[[Step, str], Timing]
    timing_of: Callable[[StepClock], Timing]
    timing_today: Callable[[Step, str], Timing]
    policy_today: Callable[[], PolicyChosen]
    policy_of: Callable[[RouteMatch], PolicyChosen]
    timing_under: Callable[[PolicyChosen, Step, str], Timing]
    addressees: Callable[[str, CaseFile, StepClock, Duty, datetime], tuple[Addressee, ...]]
    reachable: Callable[[Addressee, Rung, Duty, datetime], datetime]
    longest_pause: Mapping[PauseReason, int]
    capabilities: Capabilities
    channels: Mapping[str, str]
    approval_channel: str
    managers_channel: str | None
    undo_seconds: int
    close_after_seconds: int
    four_eyes: bool = True
    second_approval: tuple[str, ...] = ()
    second_channels: tuple[str, ...] = field(default=())
