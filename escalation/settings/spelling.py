"""The nearest valid spelling of a word somebody typed."""

from collections.abc import Collection, Iterable
from typing import Final

_MOST_SUGGESTIONS: Final = 3


class UnknownWordError(ValueError):
    """A word that is not among the known ones, with the nearest of them for the person who typed it."""

    def __init__(self, sentence: str, typed: str, known: Iterable[str]) -> None:
        super().__init__(sentence)
        self.suggestions = nearest(typed, known)


def distance(one: str, two: str, *, limit: int) -> int:
    """Count the letters to insert, delete, replace or swap with a neighbour; more than `limit` is `limit + 1`."""
    if abs(len(one) - len(two)) > limit:
        return limit + 1
    before: list[int] = []
    previous = list(range(len(two) + 1))
    for row, letter in enumerate(one, start=1):
        current = [row]
        for column, other in enumerate(two, start=1):
            cost = min(previous[column] + 1, current[-1] + 1, previous[column - 1] + (letter != other))
            if row > 1 and column > 1 and letter == two[column - 2] and one[row - 2] == other:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        if min(current) > limit:
            return limit + 1
        before, previous = previous, current
    return min(previous[-1], limit + 1)


def nearest(typed: str, known: Iterable[str], *, taken: Collection[str] = ()) -> tuple[str, ...]:
    """Give the known words nearest to `typed`, at most three that are equally near; none when nothing is near.

    Upper case, hyphens and spaces count for nothing; a word such as `Europe/Rome` answers to its last part too. Words
    in `taken` come after the others, because a key that is already there is hardly the one that was meant.
    """
    plain = _plain(typed)
    limit = max(1, min(3, (len(plain) + 1) // 3))
    measured = [
        (min(distance(plain, name, limit=limit) for name in _names(_plain(word))), word in taken, word)
        for word in known
    ]
    measured = [entry for entry in measured if entry[0] <= limit]
    if not measured:
        return ()
    best = min(measured)[:2]
    return tuple(sorted(word for *rank, word in measured if tuple(rank) == best)[:_MOST_SUGGESTIONS])


def _names(word: str) -> set[str]:
    return {word, word.rpartition("/")[2]}


def _plain(word: str) -> str:
    return word.lower().replace("-", "_").replace(" ", "_")
