"""An explained step clock at the command line: as the fields of ``--json``, and as a table for people."""

from collections.abc import Sequence
from typing import Any

from bots.printing import labelled, line, visible
from escalation.business_time import CountedInterval, Skipped
from escalation.explaining import ClockExplained, Pause
from escalation.explanation_views import rule_of
from escalation.foretelling import Hearing, ToCome
from escalation.language import Reader, Sentence
from escalation.notes import sentence_of
from escalation.views import ClockView


def clock_facts(explained: ClockExplained) -> dict[str, Any]:
    """Return one clock with its arithmetic. Times are moments, lengths whole seconds that counted.

    ``counted`` and ``adjusted_seconds`` together are ``counted_seconds``; with ``until_due`` they are the target,
    unless the clock has ended or is late.
    """
    clock, calendar = explained.clock, explained.calendar
    return {
        "step": clock.step.value,
        "cycle": clock.cycle,
        "rule": str(rule_of(explained)),
        "target_seconds": clock.target_seconds,
        "calendar": {
            "department": clock.department,
            "hours": "always" if explained.is_around_the_clock else "business",
            "timezone": calendar.timezone,
            "version": clock.calendar,
        },
        "started_at": clock.started_at,
        "due_at": explained.due_at,
        "ended_at": clock.ended_at,
        "outcome": clock.outcome.value if clock.outcome else None,
        "counted": interval_facts(explained.counted),
        "counted_seconds": explained.counted_seconds,
        "adjusted_seconds": explained.adjusted_seconds,
        "until_due": interval_facts(explained.until_due),
        "left_seconds": explained.left_seconds,
        "pauses": [_pause(pause) for pause in explained.pauses],
        "goes_on_at": explained.goes_on_at,
        "skipped": [_skipped(one) for one in explained.skipped],
        "due_today": explained.due_today,
        "muted_by": clock.muted_by,
        "to_come": [to_come_facts(event) for event in explained.to_come],
        "told": [_told(hearing) for hearing in explained.told],
    }


def interval_facts(intervals: Sequence[CountedInterval]) -> list[dict[str, Any]]:
    """Return stretches of counted time."""
    return [{"start": one.start, "end": one.end, "seconds": one.seconds} for one in intervals]


def to_come_facts(event: ToCome) -> dict[str, Any]:
    """Return one event that is to come, and whom it reaches."""
    rung = event.rung
    return {
        "at": event.at,
        "kind": rung.kind.value,
        "percent": rung.percent,
        "rung": rung.number,
        "repeat": rung.repeat,
        "role": rung.role,
        "whom": [{"to": one.channel, "members": one.to, "held_until": one.held_until} for one in event.reached],
    }


def _pause(pause: Pause) -> dict[str, Any]:
    return {
        "start": pause.start,
        "end": pause.end,
        "seconds": pause.seconds,
        "reason": pause.reason.value if pause.reason else None,
        "by": pause.by,
        "until": pause.until,
        "why": pause.why,
    }


def _skipped(one: Skipped) -> dict[str, Any]:
    return {
        "first": one.first.isoformat(),
        "last": one.last.isoformat(),
        "cause": one.cause.value,
        "name": one.name,
        "lost_seconds": sum(interval.seconds for interval in one.lost),
    }


def _told(hearing: Hearing) -> dict[str, Any]:
    ping = hearing.ping
    return {
        "kind": ping.kind.value,
        "percent": ping.percent,
        "rung": ping.rung,
        "repeat": ping.repeat,
        "due_at": ping.due_at,
        "noticed_at": ping.at,
        "fate": ping.fate.value,
        "why": str(sentence_of(ping.why)) if ping.why is not None else None,
        "acknowledged_by": ping.acknowledged_by,
        "where": [{"to": place.channel, "state": place.whereabouts.value, "at": place.at} for place in hearing.places],
    }


def print_clock(view: ClockView, reader: Reader) -> None:
    """Print one explained clock: how it stands, then what is to be said of it."""
    line()
    line(visible(reader.read(view.headline)))
    labelled(
        (f"  {reader.read(fact.label)}", reader.read(fact.value) if isinstance(fact.value, Sentence) else fact.value)
        for fact in view.facts
    )
