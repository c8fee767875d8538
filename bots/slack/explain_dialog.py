"""The Explain dialog: for each clock the rule, the arithmetic, the pauses, and who hears of it when. Pure."""

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from typing import Final

from bots.slack.blocks import CHUNK, Block, Element, characters, context, header, paragraph, words
from bots.slack.modals import View, modal
from bots.slack.reading import ChatReader
from bots.slack.references import PREFIX
from bots.slack.text import chunks, isolated, visible
from escalation.language import Sentence, say
from escalation.views import Act, ClockView, ExplanationView, Fact

MOST_BLOCKS: Final = 95
"""Of the hundred that a dialog takes; what says that something is left out has room, too."""
MOST_CHARACTERS: Final = 30_000
"""How much one dialog tells; nobody reads more of it on a phone."""


def explain_dialog(view: ExplanationView, reader: ChatReader) -> View:
    """Return the dialog; where a case has had many clocks the oldest are left out, and it says so."""
    zone = say("times are in {zone}", zone=reader.timezone)
    blocks: list[Block] = [
        header(reader.headline(view.headline), "headline"),
        context([reader.read(say("case {id}", id=view.case_id)), reader.read(zone)], "case"),
        context([reader.read(sentence) for sentence in view.rules], "rules"),
    ]
    if view.to_come:
        blocks += _paragraphs([], [_line(fact, reader) for fact in view.to_come], "itself")
    told = characters(blocks)
    for number, clock in enumerate(view.clocks):
        drawn = _clock(clock, reader, f"clock{number}")
        told += characters(drawn)
        if len(blocks) + len(drawn) > MOST_BLOCKS or told > MOST_CHARACTERS:
            left = say(
                "{count} earlier clocks are not shown here; portavoce case explain has all.",
                count=len(view.clocks) - number,
            )
            blocks.append(context([reader.read(left)], "left"))
            break
        blocks += drawn
    return modal(
        f"{PREFIX}{Act.EXPLAIN.value}",
        title=reader.read(say("Explain")),
        blocks=blocks,
        reference=None,
        submit=None,
        close=reader.read(say("Close")),
    )


def _clock(clock: ClockView, reader: ChatReader, block_id: str) -> list[Block]:
    title = words(f"{reader.read(clock.headline)}\n", bold=True)
    return _paragraphs([title], list(_facts(clock, reader)), block_id)


def _facts(clock: ClockView, reader: ChatReader) -> Iterator[str]:
    """Yield a line for each fact; those that share a label stand below it."""
    for label, same in groupby(clock.facts, key=attrgetter("label")):
        facts = list(same)
        if len(facts) == 1:
            yield _line(facts[0], reader)
            continue
        yield f"{reader.read(label)}:"
        yield from (f"  • {_value(fact, reader)}" for fact in facts)


def _line(fact: Fact, reader: ChatReader) -> str:
    return f"{reader.read(fact.label)}: {_value(fact, reader)}"


def _value(fact: Fact, reader: ChatReader) -> str:
    return reader.read(fact.value) if isinstance(fact.value, Sentence) else isolated(visible(fact.value))


def _paragraphs(head: list[Element], lines: list[str], block_id: str) -> list[Block]:
    pieces = chunks("\n".join(lines), CHUNK - 300)
    return [
        paragraph([*(head if not number else []), words(piece)], f"{block_id}:{number}")
        for number, piece in enumerate(pieces)
    ]
