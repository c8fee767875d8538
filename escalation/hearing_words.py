"""Who will hear of a step clock and who has, in words. Pure."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from escalation.casefile import Rules
from escalation.foretelling import Heard, Hearing, Reached, ToCome, Whereabouts
from escalation.ladder import Rung
from escalation.language import Hours, Sentence, joined, say
from escalation.notes import sentence_of
from escalation.on_call import GROUP
from models.pings import Ping
from models.vocabulary import PingFate, PingKind

_NOTICED_LATE: Final = timedelta(minutes=1)


def to_come_line(event: ToCome, target_seconds: int | None, rules: Rules) -> Sentence:
    """Return one event that is to come: when, what, and whom it reaches."""
    what, whom = rung_words(event.rung, target_seconds), reached_words(event.reached, rules)
    return say("{at}: {what}, to {whom}", at=event.at, what=what, whom=whom)


def rung_words(rung: Rung, target_seconds: int | None) -> Sentence:
    """Return what one rung of a ladder tells."""
    what = _kind(rung, target_seconds or 0)
    return say("{what}, told again (no. {number})", what=what, number=rung.repeat + 1) if rung.repeat else what


def _kind(rung: Rung, target_seconds: int) -> Sentence:
    match rung.kind:
        case PingKind.WARNING:
            return say("warning at {percent} % of the target", percent=rung.percent)
        case PingKind.LATER if rung.repeat == 0:
            return say("still late, {late} after the target", late=Hours(rung.offset - target_seconds))
        case _:
            return _KINDS[rung.kind]


_KINDS: Final = {
    PingKind.WARNING: say("warning"),
    PingKind.BREACH: say("target missed"),
    PingKind.LATER: say("still late"),
    PingKind.LAST_CHANCE: say("last chance before the reply window closes"),
    PingKind.WINDOW_CLOSED: say("the reply window is closed"),
    PingKind.CLAIM_REMINDER: say("reminder: claimed and not answered"),
    PingKind.CLAIM_RELEASED: say("the claim ends, the case is free again"),
}


def reached_words(reached: Sequence[Reached], rules: Rules) -> Sentence:
    """Return whom a rung reaches, each with the moment until which it is held back."""
    if not reached:
        return say("nobody, for nobody has this role")
    return joined([_reached(one, rules) for one in reached], ", ")


def _reached(one: Reached, rules: Rules) -> Sentence:
    where = place(one.channel, rules)
    if one.held_until is None:
        return where
    return say("{place} (held until {at})", place=where, at=one.held_until)


def place(channel: str, rules: Rules) -> Sentence:
    """Return what people call a channel or the direct messages of a member."""
    kind, _, key = channel.partition(":")
    if kind == "member":
        return joined([rules.name(key)], "")
    if channel.startswith(GROUP):
        return say("whoever is in Slack user group {group}", group=key)
    department = next((name for name, address in rules.channels.items() if address == channel), None)
    if department is not None:
        return say("the channel of {department}", department=rules.label(department))
    if channel == rules.approval_channel:
        return say("the approvals channel")
    if channel == rules.managers_channel:
        return say("the managers' channel")
    return joined([channel], "")


def told(hearing: Hearing, rules: Rules) -> Sentence:
    """Return one ping that has been: when it was due, when that was noticed, where it was told, what became of it."""
    ping = hearing.ping
    what = _told_what(ping)
    when = joined([ping.due_at], "")
    if ping.at - ping.due_at >= _NOTICED_LATE:
        when = say("{due} (noticed {at})", due=ping.due_at, at=ping.at)
    sentence = say("{when}: {what}, {fate}", when=when, what=what, fate=_fate(hearing, rules))
    if ping.acknowledged_by is not None:
        return say("{told}; seen by {who}", told=sentence, who=rules.name(ping.acknowledged_by))
    return sentence


def _told_what(ping: Ping) -> Sentence:
    if ping.kind is PingKind.WARNING:
        what = say("warning at {percent} % of the target", percent=ping.percent)
    else:
        what = _KINDS[ping.kind]
    return say("{what}, told again (no. {number})", what=what, number=ping.repeat + 1) if ping.repeat else what


def _fate(hearing: Hearing, rules: Rules) -> Sentence:
    ping = hearing.ping
    match ping.fate:
        case PingFate.FOLDED:
            return say("not told by itself, for something more urgent was due at the same time")
        case PingFate.MUTED:
            return say("silenced: {why}", why=sentence_of(ping.why) if ping.why is not None else say("muted"))
        case PingFate.UNADDRESSED:
            return say("told to nobody, for nobody has this role")
        case PingFate.GATHERED:
            return say("told together with others to {whom}", whom=_heard_by(hearing.places, rules))
        case _:
            return say("told to {whom}", whom=_heard_by(hearing.places, rules))


def _heard_by(places: Sequence[Heard], rules: Rules) -> Sentence:
    told = [_heard(one, rules) for one in places]
    return joined(told, ", ")


def _heard(one: Heard, rules: Rules) -> Sentence:
    where = place(one.channel, rules)
    if one.whereabouts is Whereabouts.HELD and one.at is not None:
        return say("{place} (held until {at})", place=where, at=one.at)
    if one.whereabouts is Whereabouts.LEAVING:
        return say("{place} (on its way)", place=where)
    if one.whereabouts is Whereabouts.DROPPED:
        return say("{place} (never sent, it was over by then)", place=where)
    return where
