"""From pings to what colleagues see of them. Pure: the same rows at the same moment give the same messages."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from escalation.announcing import LATE
from escalation.cards import Shown, headline
from escalation.casefile import CaseFile
from escalation.language import Sentence, say
from escalation.notes import sentence_of
from escalation.steps import STEP_NAMES
from escalation.views import Act, Action, CardPlace, Fact, GatheredLine, GatheringView, PingView
from models.clocks import StepClock
from models.pings import Gathering, Ping
from models.store.gatherings import Gathered, GatheringRows
from models.vocabulary import BREACHES, CardKind, CaseState, GatheringKind, PingKind, Step, StepOutcome

MOST_LINES: Final = 20
_NOTHING: Final = timedelta(0)

UNDONE: Final[Mapping[Step, Sentence]] = {
    Step.DETECT: say("not seen yet"),
    Step.ROUTE: say("no card yet"),
    Step.ACKNOWLEDGE: say("nobody has claimed it"),
    Step.ANSWER: say("no answer yet"),
    Step.APPROVE: say("not approved yet"),
    Step.RELAY: say("not sent yet"),
    Step.FIRST_RESPONSE: say("the customer has no reply yet"),
    Step.NEXT_RESPONSE: say("the customer wrote again and has no reply yet"),
    Step.REPLY_WINDOW: say("the customer has no reply yet"),
    Step.RESOLUTION: say("still open"),
}
"""What a clock that runs waits for."""


def ping_view(file: CaseFile, ping: Ping, to: Sequence[str], shown: Shown) -> PingView:
    """Return the message about one rung of one clock, as the case stands now."""
    clock = file.clock(ping.clock_id)
    over = _over(clock)
    idle = file.case.state in {CaseState.WAITING_ANSWER, CaseState.SNOOZED}
    actions: list[Action] = []
    if over is None and clock is not None:
        if idle:
            actions += [Action(Act.TAKE_OVER, say("Take over"), "primary"), Action(Act.REASSIGN, say("Reassign"))]
        if ping.acknowledged_by is None and clock.acknowledged_rung != ping.rung:
            actions.append(Action(Act.GOT_IT, say("Got it")))
        if clock.muted_by is None:
            actions.append(Action(Act.MUTE, say("Mute")))
    actions.append(Action(Act.OPEN, say("Open")))
    return PingView(
        case_id=file.case.id,
        case_version=file.case.version,
        ping_id=ping.id,
        clock_id=ping.clock_id,
        rung=ping.rung,
        headline=_headline(file, ping, clock, shown),
        facts=_facts(file, ping, shown),
        urgent=ping.kind in BREACHES or ping.kind is PingKind.LAST_CHANCE,
        over=over,
        notes=_notes(ping, clock, shown),
        to=tuple(to),
        actions=tuple(actions),
        card=_card(file),
    )


def _card(file: CaseFile) -> CardPlace | None:
    """Return where the card stands on which the department that has the case works."""
    for card in file.cards:
        if card.kind is CardKind.CARD and card.department == file.case.department and card.message_id is not None:
            return CardPlace(card.channel, card.message_id)
    return None


def _headline(file: CaseFile, ping: Ping, clock: StepClock | None, shown: Shown) -> Sentence:
    what = UNDONE[ping.step]
    due = clock.due_at if clock is not None and clock.due_at is not None else ping.due_at
    owner = shown.name(file.case.owner) if file.case.owner else ""
    match ping.kind:
        case PingKind.WARNING:
            return say("{what}: due {due}, in {left}.", what=what, due=due, left=max(due - shown.now, _NOTHING))
        case PingKind.LAST_CHANCE:
            return say("LAST CHANCE: {network} takes a reply until {due} only.", network=shown.network, due=due)
        case PingKind.WINDOW_CLOSED:
            return say("TOO LATE: {network} takes no reply any more since {due}.", network=shown.network, due=due)
        case PingKind.CLAIM_REMINDER:
            since = clock.started_at if clock is not None else ping.due_at
            return say("{who} claimed this at {since} and has not answered yet.", who=owner, since=since)
        case PingKind.CLAIM_RELEASED:
            return say("A claim ended without an answer; the case is free again.")
        case _:
            return say(
                "LATE: {what}; it was due {due}, {late} ago.", what=what, due=due, late=_since(due, clock, shown)
            )


def _since(due: datetime, clock: StepClock | None, shown: Shown) -> timedelta:
    return max((clock.ended_at if clock is not None and clock.ended_at else shown.now) - due, _NOTHING)


def _facts(file: CaseFile, ping: Ping, shown: Shown) -> tuple[Fact, ...]:
    case, author = file.case, file.author
    facts = [
        Fact(say("Case"), headline(file, shown)),
        Fact(say("Waits for"), STEP_NAMES[ping.step]),
        Fact(say("Owner"), shown.name(case.owner) if case.owner else say("nobody has it yet")),
        Fact(say("Department"), shown.label(case.department)),
        Fact(say("Customer"), f"{author.name} ({author.handle})" if author.handle else author.name),
    ]
    if author.followers is not None:
        facts.append(Fact(say("Reach"), say("{count} followers", count=author.followers)))
    return tuple(facts)


def _notes(ping: Ping, clock: StepClock | None, shown: Shown) -> tuple[Sentence, ...]:
    notes: list[Sentence] = []
    if ping.repeat:
        notes.append(say("Told for the {number}. time.", number=ping.repeat + 1))
    if ping.at - ping.due_at > LATE:
        notes.append(say("Noticed at {at}: nobody looked before.", at=ping.at))
    if ping.acknowledged_by is not None:
        notes.append(say("{who} has seen it; it is not repeated.", who=shown.name(ping.acknowledged_by)))
    if clock is not None and clock.muted_by is not None:
        notes.append(say("Muted by {who}.", who=shown.name(clock.muted_by)))
    return tuple(notes)


def _over(clock: StepClock | None) -> Sentence | None:
    """Return what became of the clock that a ping is about, ``None`` while it runs."""
    if clock is None:
        return say("This step is gone.")
    if clock.ended_at is None:
        return say("The clock stands still.") if clock.paused_at is not None else None
    if clock.outcome is StepOutcome.CANCELLED:
        return say("Not needed any more since {at}.", at=clock.ended_at)
    if clock.due_at is not None and clock.ended_at > clock.due_at:
        return say("Done at {at}, {late} late.", at=clock.ended_at, late=clock.ended_at - clock.due_at)
    return say("Done in time, at {at}.", at=clock.ended_at)


def gathering_view(rows: GatheringRows, *, name: Callable[[str], str], label: Callable[[str], str]) -> GatheringView:
    """Return one message about many pings, as their clocks stand now.

    ``name`` and ``label``: what people call a member and a department.
    """
    shown, more = rows.lines[:MOST_LINES], rows.lines[MOST_LINES:]
    return GatheringView(
        headline=_told_of_many(rows.gathering, rows.lines),
        lines=tuple(_line(one, name, label) for one in shown),
        more=len(more),
        more_done=sum(one.is_over for one in more),
        to=rows.to,
        over=_all_over(rows),
    )


def _all_over(rows: GatheringRows) -> Sentence | None:
    """Return what became of everything that a message about many tells, ``None`` while any of it is due."""
    if not rows.is_over:
        return None
    if not all(one.has_ended for one in rows.lines):
        return say("Nothing of this is due now: what has not ended stands still.")
    last = max(one.clock.ended_at for one in rows.lines if one.clock.ended_at is not None)
    return say("Nothing of this is open any more since {at}.", at=last)


def _told_of_many(gathering: Gathering, gathered: Sequence[Gathered]) -> Sentence:
    count = len(gathered)
    match gathering.kind:
        case GatheringKind.OUTAGE:
            first = min(one.ping.due_at for one in gathered) if gathered else gathering.began_at
            return say(
                "Nobody watched the clocks for a while. {count} things became due since {first}:",
                count=count,
                first=first,
            )
        case GatheringKind.STANDSTILL:
            why = sentence_of(gathering.why) if gathering.why is not None else say("nothing leaves")
            return say("{why}. What becomes late by that is not told one by one until it is over. So far:", why=why)
        case _:
            return say(
                "{count} things became due within a minute (policy {policy}):", count=count, policy=gathering.subject
            )


def _line(one: Gathered, name: Callable[[str], str], label: Callable[[str], str]) -> GatheredLine:
    ping, case, clock = one.ping, one.case, one.clock
    told = say("{due}: {what}", due=clock.due_at or ping.due_at, what=UNDONE[ping.step])
    if ping.kind in BREACHES:
        told = say("{due}: LATE, {what}", due=clock.due_at or ping.due_at, what=UNDONE[ping.step])
    whose = say("{told} ({department})", told=told, department=label(case.department))
    if case.owner:
        whose = say(
            "{told} ({department}, {owner})", told=told, department=label(case.department), owner=name(case.owner)
        )
    return GatheredLine(case.id, one.author.name, whose, one.is_over)
