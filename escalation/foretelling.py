"""Who will hear of a step clock and when, and who has heard of it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from escalation.announcing import gathering_of, subject_of
from escalation.casefile import CaseFile, Rules
from escalation.ladder import Rung, Timing
from escalation.on_call import Duty
from escalation.plans.targets import addressees_of
from models.clocks import StepClock
from models.outbox import Effect
from models.pings import Ping
from models.store.gatherings import lane_of
from models.vocabulary import CardKind, EffectState


@dataclass(frozen=True)
class Reached:
    """Where something will be told: a channel or ``member:KEY``. ``to``: members who shall notice it there.

    ``held_until``: quiet hours, or the wait for their duty, hold it back until then (UTC).
    """

    channel: str
    to: tuple[str, ...] = ()
    held_until: datetime | None = None


@dataclass(frozen=True)
class ToCome:
    """One rung that is to come, at its moment (UTC), as things stand now; ``reached`` is empty where nobody can be."""

    at: datetime
    rung: Rung
    reached: tuple[Reached, ...]


class Whereabouts(StrEnum):
    """What became of a message on its way to one place."""

    SHOWN = "shown"
    LEAVING = "leaving"
    HELD = "held"
    DROPPED = "dropped"
    """It was over before the message could leave."""


@dataclass(frozen=True)
class Heard:
    """Where a ping is told, and what became of it there; ``at`` is when it was shown or will be (UTC)."""

    channel: str
    whereabouts: Whereabouts
    at: datetime | None = None


@dataclass(frozen=True)
class Hearing:
    """One ping that was written down, and where it is told."""

    ping: Ping
    places: tuple[Heard, ...]


def to_come(
    file: CaseFile, clock: StepClock, timing: Timing, rules: Rules, duty: Duty, stood_still: int
) -> tuple[ToCome, ...]:
    """Return what a running clock has still to tell, the next first.

    ``stood_still``: the counted seconds of its pauses, of the one that lasts too as far as it is known.
    """
    found: list[ToCome] = []
    for rung in timing.rungs[clock.rungs_passed :]:
        if rung.repeat and rung.number == clock.acknowledged_rung:
            continue
        at = timing.rung_at(rung, clock.started_at, stood_still)
        reached = []
        for addressee in addressees_of(rules, file, clock, rung, duty, at):
            moment = rules.reachable(addressee, rung, duty, at)
            reached.append(Reached(addressee.channel, addressee.to, moment if moment > at else None))
        found.append(ToCome(at, rung, tuple(reached)))
    return tuple(found)


def hearings(
    file: CaseFile,
    clock: StepClock,
    pings: Sequence[Ping],
    channels: Mapping[str, Sequence[str]],
    effects: Sequence[Effect],
    now: datetime,
) -> tuple[Hearing, ...]:
    """Return what has been told of a clock, oldest first.

    ``channels``: where each ping is told, by its id; ``effects``: those of the case and of the messages about many in
    which it stands.
    """
    return tuple(
        Hearing(ping, tuple(_heard(file, ping, channel, effects, now) for channel in channels.get(ping.id, ())))
        for ping in pings
        if ping.clock_id == clock.id
    )


def _heard(file: CaseFile, ping: Ping, channel: str, effects: Sequence[Effect], now: datetime) -> Heard:
    subject = subject_of(ping.clock_id, ping.rung, ping.repeat)
    here = [card for card in file.cards if card.channel == channel]
    card = next((card for card in here if (card.kind, card.subject) == (CardKind.PING, subject)), None)
    if card is not None:
        drawings = [effect for effect in effects if effect.card_id == card.id]
        stands = card.message_id is not None
    else:
        lines = [card for card in here if card.kind is CardKind.LINE and card.subject.startswith(f"{subject}:")]
        lanes = {lane_of(gathering_of(line)) for line in lines}
        drawings = [effect for effect in effects if effect.lane in lanes]
        stands = not lanes or any(effect.state is EffectState.SENT for effect in drawings)
    if stands:
        shown = [effect.settled_at for effect in drawings if effect.state is EffectState.SENT and effect.settled_at]
        return Heard(channel, Whereabouts.SHOWN, min(shown, default=None))
    waiting = [effect.not_before for effect in drawings if effect.state in {EffectState.READY, EffectState.SENDING}]
    if waiting:
        held = max(waiting) > now
        return Heard(channel, Whereabouts.HELD, max(waiting)) if held else Heard(channel, Whereabouts.LEAVING)
    return Heard(channel, Whereabouts.DROPPED)
