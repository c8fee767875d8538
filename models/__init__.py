"""What we remember: tables, words and storage. Imports nothing of ours.

Importing this package registers every table.
"""

from models.case import Case, Draft, JournalEntry, PolicySnapshot, Review
from models.clocks import StepClock, Timer
from models.mention import Author, EarlyChange, Inbound, Mention
from models.outbox import Attempt, Card, Cursor, Effect, Freeze, Pace
from models.watching import KnownFinding, Pulse

__all__ = [
    "Attempt",
    "Author",
    "Card",
    "Case",
    "Cursor",
    "Draft",
    "EarlyChange",
    "Effect",
    "Freeze",
    "Inbound",
    "JournalEntry",
    "KnownFinding",
    "Mention",
    "Pace",
    "PolicySnapshot",
    "Pulse",
    "Review",
    "StepClock",
    "Timer",
]
