"""Shifts as a calendar that other programs subscribe to or import (RFC 5545)."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from escalation.on_call.rota import Rota, Shift

_PRODUCT: Final = "-//Portavoce//On call//EN"


def ical(
    shifts: Iterable[Shift],
    rotas: Mapping[str, Rota],
    *,
    name: Callable[[str], str],
    title: str,
    host: str,
    now: dt.datetime,
) -> bytes:
    """Write shifts as iCalendar text; `name` gives what people call a member, `host` makes the ids ours alone.

    An event keeps its id however often and for whatever weeks it is exported, and whoever takes the shift in the end:
    it is the rota and the beginning of the whole shift, of which there is one at an instant.
    """
    from icalendar import Calendar, Event  # noqa: PLC0415 - slow to import, rarely needed

    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("name", title)  # RFC 7986; the next one is what most programs read
    calendar.add("x-wr-calname", title)
    for shift in shifts:
        label = rotas[shift.rota].label
        event = Event()
        event.add("uid", f"on-call-{shift.rota}-{shift.since:%Y%m%dT%H%M%SZ}@{host}")
        event.add("dtstamp", now.astimezone(dt.UTC))
        event.add("dtstart", shift.since)
        event.add("dtend", shift.until)
        event.add("summary", f"{label}: {', '.join(map(name, shift.members))}")
        event.add("transp", "TRANSPARENT")  # being on call does not make anybody busy
        calendar.add_component(event)
    text: bytes = calendar.to_ical()
    return text
