"""THE transition table: what may happen to a case in which state, by whom, where it leads and which step clocks turn.

Anything that is not in the table is refused with a sentence. The table is checked when this module is imported and printed by
``portavoce lifecycle``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from escalation import commands as c
from models.vocabulary import OPEN_STATES, CaseState, Step

WAITING, SNOOZED, REVIEW = CaseState.WAITING_ANSWER, CaseState.SNOOZED, CaseState.IN_REVIEW
RELAYING, CHECK, ANSWERED = CaseState.RELAYING, CaseState.NEEDS_CHECK, CaseState.ANSWERED
DISMISSED, CLOSED = CaseState.DISMISSED, CaseState.CLOSED

INITIAL = WAITING
FIRST_STEPS = (Step.DETECT, Step.ROUTE, Step.FIRST_RESPONSE, Step.REPLY_WINDOW, Step.RESOLUTION)
"""The clocks of a new case; ``reply_window`` only where the network has one."""
CUSTOMERS_STEPS = frozenset({Step.FIRST_RESPONSE, Step.NEXT_RESPONSE, Step.REPLY_WINDOW, Step.RESOLUTION})
"""The clocks that run for the customer: from their post, not from our knowing of it."""
FINAL = frozenset({DISMISSED, CLOSED})
STANDING_STILL = {
    SNOOZED: frozenset({Step.ACKNOWLEDGE, Step.ANSWER, Step.FIRST_RESPONSE, Step.NEXT_RESPONSE, Step.RESOLUTION})
}
"""The targets that wait, by state: the only pauses there are, each with a reason and an end."""


class Right(StrEnum):
    """Who may give a command: a colleague of the case's departments, an approver, or only the program itself.

    ``manager``: managers, approvers, and whoever works at the command line.
    """

    COLLEAGUE = "colleague"
    APPROVER = "approver"
    MANAGER = "manager"
    SYSTEM = "system"


@dataclass(frozen=True)
class Transition:
    """One row. ``stops`` end a step as done, ``drops`` end it because the work takes another way; ``starts`` begin its next cycle.

    ``first_response`` starts only while the customer has had no reply, ``next_response`` only after one, ``reply_window`` only
    where the network has one; they and ``resolution`` start when the customer wrote. ``resolution`` ends as done only where
    the customer has had a reply since.
    ``or_stay``: where the case does not allow the move the command is noted and nothing moves: a reply that is already on its
    way cannot be called back, a second approval is still missing, spam stays spam.
    """

    command: type[c.Command]
    from_: frozenset[CaseState]
    to: CaseState | None
    who: Right
    stops: tuple[Step, ...] = ()
    drops: tuple[Step, ...] = ()
    starts: tuple[Step, ...] = ()
    effects: str = "card"
    or_stay: bool = False

    def target(self, state: CaseState) -> CaseState:
        """Return the state after the command; ``to`` of ``None`` stays."""
        return self.to or state


def _row(
    command: type[c.Command],
    from_: CaseState | frozenset[CaseState],
    to: CaseState | None,
    who: Right,
    *,
    stops: tuple[Step, ...] = (),
    drops: tuple[Step, ...] = (),
    starts: tuple[Step, ...] = (),
    effects: str = "card",
    or_stay: bool = False,
) -> Transition:
    states = frozenset({from_}) if isinstance(from_, CaseState) else from_
    return Transition(command, states, to, who, stops, drops, starts, effects, or_stay)


_COLLEAGUE, _APPROVER, _MANAGER, _SYSTEM = Right.COLLEAGUE, Right.APPROVER, Right.MANAGER, Right.SYSTEM
_ROUTE, _ACK, _ANSWER, _APPROVE = Step.ROUTE, Step.ACKNOWLEDGE, Step.ANSWER, Step.APPROVE
_RELAY, _FIRST, _RESOLVE = Step.RELAY, Step.FIRST_RESPONSE, Step.RESOLUTION
_NEXT, _WINDOW = Step.NEXT_RESPONSE, Step.REPLY_WINDOW
_RESPONSE = (_FIRST, _NEXT, _WINDOW)
_WORK = (_ROUTE, _ACK, _ANSWER, _APPROVE, _RELAY)
_IDLE = frozenset({WAITING, SNOOZED})
_BEFORE_RELAY = _IDLE | {REVIEW}

# fmt: off
TABLE: tuple[Transition, ...] = (
    # the card, and taking it up
    _row(c.CardShown,         _IDLE,                  None,      _SYSTEM,    stops=(_ROUTE,), starts=(_ACK,), effects="none"),
    _row(c.CardShown,         frozenset(CaseState) - _IDLE, None, _SYSTEM,   stops=(_ROUTE,), effects="none"),
    _row(c.Claim,             _IDLE,                  WAITING,   _COLLEAGUE, stops=(_ROUTE, _ACK), starts=(_ANSWER,)),
    _row(c.Snooze,            _IDLE,                  SNOOZED,   _COLLEAGUE, effects="card, wake timer"),
    _row(c.Wake,              SNOOZED,                WAITING,   _SYSTEM,    effects="card, ping owner"),
    _row(c.TakeOver,          _IDLE,                  WAITING,   _COLLEAGUE, stops=(_ROUTE, _ACK), starts=(_ANSWER,)),
    _row(c.ReleaseClaim,      WAITING,                WAITING,   _SYSTEM,    drops=(_ANSWER,), starts=(_ACK,), effects="card, thread"),
    _row(c.Reassign,          _IDLE,                  WAITING,   _COLLEAGUE, drops=(_ROUTE, _ACK, _ANSWER), starts=(_ROUTE,), effects="card, new card"),
    _row(c.NotOurs,           _IDLE,                  WAITING,   _COLLEAGUE, drops=(_ROUTE, _ACK, _ANSWER), starts=(_ROUTE,), effects="card, new card"),
    _row(c.Dismiss,           _BEFORE_RELAY,          DISMISSED, _COLLEAGUE, drops=(*_WORK, *_RESPONSE), stops=(_RESOLVE,)),
    _row(c.Dismiss,           ANSWERED,               CLOSED,    _COLLEAGUE, stops=(_RESOLVE,)),
    _row(c.Perform,           OPEN_STATES,            None,      _APPROVER,  effects="act, card"),
    # an answer and its review
    _row(c.SubmitDraft,       _IDLE,                  REVIEW,    _COLLEAGUE, stops=(_ROUTE, _ACK, _ANSWER), starts=(_APPROVE,), effects="card, approval, thread"),
    _row(c.SubmitDraft,       REVIEW,                 REVIEW,    _COLLEAGUE, drops=(_APPROVE,), starts=(_APPROVE,), effects="card, approval, thread"),
    _row(c.Approve,           REVIEW,                 RELAYING,  _APPROVER,  stops=(_APPROVE,), starts=(_RELAY,), effects="reply, card, approval, thread", or_stay=True),
    _row(c.EditAndSend,       REVIEW,                 RELAYING,  _APPROVER,  stops=(_APPROVE,), starts=(_RELAY,), effects="reply, card, approval, thread", or_stay=True),
    _row(c.SendBack,          REVIEW,                 WAITING,   _APPROVER,  stops=(_APPROVE,), starts=(_ANSWER,), effects="card, approval, thread"),
    _row(c.Reject,            REVIEW,                 WAITING,   _APPROVER,  stops=(_APPROVE,), starts=(_ACK,), effects="card, approval, thread"),
    _row(c.MakePrivate,       REVIEW,                 REVIEW,    _APPROVER,  effects="card, approval"),
    _row(c.LikeOnly,          REVIEW,                 DISMISSED, _APPROVER,  stops=(_APPROVE, _RESOLVE), drops=_RESPONSE, effects="act, card, approval, thread"),
    _row(c.Undo,              RELAYING,               REVIEW,    _APPROVER,  drops=(_RELAY,), starts=(_APPROVE,), effects="card, approval, thread"),
    # what the customer does meanwhile
    _row(c.CustomerWrote,     frozenset({WAITING, REVIEW, CHECK}), None, _SYSTEM, drops=(_WINDOW,), starts=(_WINDOW,), effects="card, approval, thread"),
    _row(c.CustomerWrote,     SNOOZED,                WAITING,   _SYSTEM,    drops=(_WINDOW,), starts=(_WINDOW,), effects="card, thread"),
    _row(c.CustomerWrote,     RELAYING,               REVIEW,    _SYSTEM,    drops=(_RELAY, _WINDOW), starts=(_APPROVE, _WINDOW), effects="approval void: card, approval, thread", or_stay=True),
    _row(c.CustomerWrote,     ANSWERED,               WAITING,   _SYSTEM,    starts=(_ANSWER, _NEXT, _WINDOW), effects="card, thread"),
    _row(c.CustomerWrote,     CLOSED,                 WAITING,   _SYSTEM,    starts=(_ANSWER, _FIRST, _NEXT, _WINDOW, _RESOLVE), effects="card, thread"),
    _row(c.CustomerWrote,     DISMISSED,              WAITING,   _SYSTEM,    starts=(_ACK, _FIRST, _NEXT, _WINDOW, _RESOLVE), effects="card, thread", or_stay=True),
    _row(c.CustomerEdited,    frozenset(CaseState) - {RELAYING}, None, _SYSTEM, effects="card, approval"),
    _row(c.CustomerEdited,    RELAYING,               REVIEW,    _SYSTEM,    drops=(_RELAY,), starts=(_APPROVE,), effects="approval void: card, approval, thread", or_stay=True),
    _row(c.CustomerDeleted,   frozenset(CaseState) - {RELAYING}, None, _SYSTEM, effects="card, approval"),
    _row(c.CustomerDeleted,   RELAYING,               REVIEW,    _SYSTEM,    drops=(_RELAY,), starts=(_APPROVE,), effects="approval void: card, approval, thread", or_stay=True),
    # what became of the reply
    _row(c.Delivered,         frozenset({RELAYING, CHECK}), ANSWERED, _SYSTEM, stops=(_RELAY, *_RESPONSE), effects="card, approval, thread, close timer"),
    _row(c.Undeliverable,     frozenset({RELAYING, CHECK}), REVIEW, _SYSTEM, drops=(_RELAY,), starts=(_APPROVE,), effects="card, approval, thread"),
    _row(c.Delayed,           RELAYING,               RELAYING,  _SYSTEM,    effects="card, approval"),
    _row(c.Doubtful,          RELAYING,               RELAYING,  _SYSTEM,    effects="card, approval"),
    _row(c.ProvenAbsent,      RELAYING,               RELAYING,  _SYSTEM,    effects="reply again, card, approval"),
    _row(c.VoidApproval,      RELAYING,               REVIEW,    _SYSTEM,    drops=(_RELAY,), starts=(_APPROVE,), effects="card, approval, thread"),
    _row(c.CheckNeeded,       RELAYING,               CHECK,     _SYSTEM,    effects="card, approval, ping approvers"),
    _row(c.ConfirmPosted,     CHECK,                  ANSWERED,  _APPROVER,  stops=(_RELAY, *_RESPONSE), effects="card, approval, thread, close timer"),
    _row(c.ConfirmPartPosted, CHECK,                  RELAYING,  _APPROVER,  effects="next part, card, approval"),
    _row(c.ConfirmNotPosted,  CHECK,                  RELAYING,  _APPROVER,  effects="reply again, card, approval"),
    _row(c.QuietPeriodPassed, ANSWERED,               CLOSED,    _SYSTEM,    stops=(_RESOLVE,)),
    # targets and who hears of them
    _row(c.TargetsDue,        OPEN_STATES,            None,      _SYSTEM,    effects="pings, card"),
    _row(c.AcknowledgePing,   OPEN_STATES,            None,      _COLLEAGUE, effects="ping"),
    _row(c.MutePings,         OPEN_STATES,            None,      _COLLEAGUE, effects="card, ping"),
    _row(c.Recompute,         OPEN_STATES,            None,      _MANAGER,   effects="card"),
)
# fmt: on


def _index(table: tuple[Transition, ...]) -> dict[tuple[CaseState, type[c.Command]], Transition]:
    index: dict[tuple[CaseState, type[c.Command]], Transition] = {}
    for row in table:
        for state in row.from_:
            if (state, row.command) in index:
                raise ValueError(f"two rows for {row.command.__name__} in {state}")
            index[state, row.command] = row
    return index


_BY_STATE_AND_COMMAND = _index(TABLE)


def transition(state: CaseState, command: type[c.Command]) -> Transition | None:
    """Return the row for a command in a state, or ``None`` where the table has none."""
    return _BY_STATE_AND_COMMAND.get((state, command))


def check(table: tuple[Transition, ...]) -> None:
    """Raise ``ValueError`` unless every state can be reached and every state that is not final can be left."""
    edges = {(state, row.target(state)) for row in table for state in row.from_}
    reached, frontier = {INITIAL}, {INITIAL}
    while frontier:
        frontier = {to for (from_, to) in edges if from_ in frontier} - reached
        reached |= frontier
    if missing := set(CaseState) - reached:
        raise ValueError(f"states that nothing leads to: {sorted(missing)}")
    if stuck := {state for state in CaseState if state not in FINAL and not any(f == state != t for f, t in edges)}:
        raise ValueError(f"states without a way out: {sorted(stuck)}")


check(TABLE)


def lines() -> Iterator[tuple[str, str, str, str, str, str]]:
    """Yield the table for printing: from, command, who, to, clocks (``-`` done, ``x`` dropped, ``+`` started), effects."""
    every = frozenset(CaseState)
    for row in TABLE:
        complement = every - row.from_
        from_ = (
            ", ".join(sorted(row.from_))
            if len(row.from_) <= len(complement) + 1
            else f"any but {', '.join(sorted(complement))}"
        )
        clocks = " ".join(
            [*(f"-{s}" for s in row.stops), *(f"x{s}" for s in row.drops), *(f"+{s}" for s in row.starts)]
        )
        yield (
            from_,
            row.command.__name__,
            row.who,
            f"{row.to or 'same'}{' (or same)' if row.or_stay else ''}",
            clocks,
            row.effects,
        )


def pauses() -> Iterator[tuple[str, str]]:
    """Yield each state in which clocks stand still, and which ones."""
    for state, steps in STANDING_STILL.items():
        yield state, ", ".join(step for step in Step if step in steps)


def mermaid() -> str:
    """Return the table as a Mermaid state diagram."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for row in TABLE:
        for state in sorted(row.from_):
            if row.to is not None and row.to != state:
                arrows.setdefault((state, row.to), []).append(row.command.__name__)
    text = ["stateDiagram-v2", f"    [*] --> {INITIAL}: OpenCase"]
    text += [f"    {from_} --> {to}: {', '.join(dict.fromkeys(names))}" for (from_, to), names in arrows.items()]
    text += [f"    {state} --> [*]" for state in sorted(FINAL)]
    return "\n".join(text)
