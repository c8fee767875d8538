"""A comparison of two texts as rich text: what was added is bold, what was removed is struck through. Pure."""

from collections.abc import Iterable, Sequence
from typing import Final

from bots.slack.blocks import Element, words
from bots.slack.text import visible
from escalation.views import DiffPiece

LONGEST: Final = 2_000
NEIGHBOURS: Final = 60
"""How much unchanged text stays beside a change when the whole is too long."""


def diff_elements(diff: Sequence[DiffPiece], *, most: int = LONGEST) -> list[Element]:
    """Return the comparison; where it is long, unchanged stretches are shortened first."""
    pieces: Iterable[DiffPiece] = diff
    if sum(len(piece.text) for piece in diff) > most:
        pieces = (_shortened(piece) for piece in diff)
    elements: list[Element] = []
    for piece in pieces:
        text = visible(piece.text)[:most]
        most -= len(text)
        if text:
            elements.append(words(text, bold=piece.kind == "added", strike=piece.kind == "removed"))
        if most <= 0:
            return [*elements, words(" …")]
    return elements


def _shortened(piece: DiffPiece) -> DiffPiece:
    if piece.kind != "same" or len(piece.text) <= 2 * NEIGHBOURS:
        return piece
    return DiffPiece("same", f"{piece.text[:NEIGHBOURS]} … {piece.text[-NEIGHBOURS:]}")
