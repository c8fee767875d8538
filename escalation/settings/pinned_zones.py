"""The zones that iCal files name, by the rules of our own `tzdata`; apart, because `icalendar` is slow to import."""

import datetime as dt

from icalendar.timezone.zoneinfo import ZONEINFO

from escalation.business_time import zone, zone_names


class PinnedZones(ZONEINFO):
    """Looks zones up where we do, not on the machine."""

    def timezone(self, name: str) -> dt.tzinfo | None:
        """Give a zone by its IANA name, None when there is none of this name."""
        return zone(name) if name in zone_names() else None

    def knows_timezone_id(self, tzid: str) -> bool:
        """Say whether a name needs no description in the file."""
        return tzid in zone_names()
