"""What we remember: tables, words and storage. Imports nothing of ours.

Importing this package registers every table.
"""

from models.case import Case, Draft, JournalEntry, PolicySnapshot, Review
from models.clocks import StepClock, Timer
from models.mention import Author, EarlyChange, Inbound, Mention
from models.outbox import Attempt, Card, Cursor, Effect, Freeze, Pace
from models.rollup import StepRollup

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
    "Mention",
    "Pace",
    "PolicySnapshot",
    "Review",
    "StepClock",
    "StepRollup",
    "Timer",
]
