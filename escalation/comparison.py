"""What an approver changed, word by word. Pure."""

import difflib
from collections import Counter
from collections.abc import Sequence

import regex

from escalation.views import DiffPiece

_WORDS = regex.compile(r"\s+|[\w'\u2019]+|.", regex.DOTALL)
_SENTENCES = regex.compile(r"[^.!?\n]*[.!?\n]*\s*", regex.DOTALL)
_MOST_PAIRS = 60_000
"""How many pairs of equal words may be weighed against each other; beyond it sentences are compared, or nothing is."""


def word_diff(before: str, after: str) -> tuple[DiffPiece, ...]:
    """Return the runs of words that two texts share, and those that were removed and added, in reading order."""
    for pattern in (_WORDS, _SENTENCES):
        old, new = pattern.findall(before), pattern.findall(after)
        if _pairs(old, new) <= _MOST_PAIRS:
            return tuple(_pieces(old, new))
    return (DiffPiece("removed", before), DiffPiece("added", after))


def _pairs(old: Sequence[str], new: Sequence[str]) -> int:
    counts = Counter(new)
    return sum(number * counts[word] for word, number in Counter(old).items())


def _pieces(old: Sequence[str], new: Sequence[str]) -> list[DiffPiece]:
    pieces: list[DiffPiece] = []
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        removed, added = "".join(old[i1:i2]), "".join(new[j1:j2])
        if tag == "equal":
            pieces.append(DiffPiece("same", removed))
            continue
        if removed:
            pieces.append(DiffPiece("removed", removed))
        if added:
            pieces.append(DiffPiece("added", added))
    return [piece for piece in pieces if piece.text]
