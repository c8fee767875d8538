"""What we remember: tables, words and storage. Imports nothing of ours.

Importing this package registers every table.
"""

from models.case import Case, Draft, JournalEntry, PolicySnapshot, Review
from models.clocks import CalendarSnapshot, StepClock, Timer
from models.digests import DigestRun
from models.mention import Author, EarlyChange, Inbound, Mention
from models.on_call import DutyGroup, DutyOverride
from models.outbox import Attempt, Card, Cursor, Effect, Freeze, Pace
from models.pings import Announcement, Gathering, Ping
from models.rollup import StepRollup
from models.watching import KnownFinding, Pulse

__all__ = [
    "Announcement",
    "Attempt",
    "Author",
    "CalendarSnapshot",
    "Card",
    "Case",
    "Cursor",
    "DigestRun",
    "Draft",
    "DutyGroup",
    "DutyOverride",
    "EarlyChange",
    "Effect",
    "Freeze",
    "Gathering",
    "Inbound",
    "JournalEntry",
    "KnownFinding",
    "Mention",
    "Pace",
    "Ping",
    "PolicySnapshot",
    "Pulse",
    "Review",
    "StepClock",
    "StepRollup",
    "Timer",
]
