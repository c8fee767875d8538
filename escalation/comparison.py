"""What an approver changed, word by word. Pure."""

import difflib

import regex

from escalation.views import DiffPiece

_WORDS = regex.compile(r"\s+|[\w'\u2019]+|.", regex.DOTALL)


def word_diff(before: str, after: str) -> tuple[DiffPiece, ...]:
    """Return the runs of words that two texts share, and those that were removed and added, in reading order."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    pieces: list[DiffPiece] = []
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(DiffPiece("same", "".join(old[i1:i2])))
            continue
        if i2 > i1:
            pieces.append(DiffPiece("removed", "".join(old[i1:i2])))
        if j2 > j1:
            pieces.append(DiffPiece("added", "".join(new[j1:j2])))
    return tuple(pieces)
