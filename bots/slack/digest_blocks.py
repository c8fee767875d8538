"""A digest as Slack shows it: what a manager reads in ten seconds first, then the picture, then the rest. Pure."""

from collections.abc import Iterable
from typing import Final

from bots.charts import in_words
from bots.slack.blocks import Block, Element, context, header, paragraph, words
from bots.slack.reading import ChatReader
from bots.slack.text import cut, visible
from escalation.language import Sentence
from escalation.views import DigestView, Figure, FigureLine

ALT_CHARACTERS: Final = 2_000
"""How long the words of a picture may be (docs.slack.dev/reference/block-kit/blocks/image-block)."""


def digest_blocks(view: DigestView, reader: ChatReader, picture: str | None) -> list[Block]:
    """Return a digest; ``picture``: the id of the uploaded file that shows its chart."""
    blocks = [
        header(reader.headline(view.headline), "digest:headline"),
        paragraph(_figures(view.figures, reader), "digest:figures"),
        _list(view.urgent, reader, "digest:urgent"),
    ]
    if picture is not None and view.chart is not None:
        blocks.append(
            {
                "type": "image",
                "block_id": "digest:picture",
                "slack_file": {"id": picture},
                "alt_text": cut(visible(in_words(view.chart, reader)), ALT_CHARACTERS),
            }
        )
    blocks.append(paragraph([words(reader.read(view.slowest), bold=True)], "digest:slowest"))
    for lines, name in ((view.steps, "steps"), (view.departments, "departments"), (view.days, "days")):
        if lines:
            blocks.append(_list(lines, reader, f"digest:{name}"))
    if view.further is not None:
        blocks.append(context([reader.read(view.further)], "digest:further"))
    blocks.append(context([reader.read(note) for note in view.notes], "digest:notes"))
    return blocks


def digest_text(view: DigestView, reader: ChatReader) -> str:
    """Return the one line that notifications and screen readers get."""
    return f"{reader.read(view.headline)}. {reader.read(view.summary)}"


def digest_whole(view: DigestView, reader: ChatReader) -> str:
    """Return everything as plain lines, for where no blocks are taken."""
    lines = [reader.read(view.headline)]
    lines += [_flat(_figure(figure, reader)) for figure in view.figures]
    lines += [_flat(_line(line, reader)) for line in view.urgent]
    lines.append(reader.read(view.slowest))
    lines += [_flat(_line(line, reader)) for line in (*view.steps, *view.departments, *view.days)]
    if view.further is not None:
        lines.append(reader.read(view.further))
    return "\n".join([*lines, *(reader.read(note) for note in view.notes)])


def _figures(figures: Iterable[Figure], reader: ChatReader) -> list[Element]:
    elements: list[Element] = []
    for figure in figures:
        if elements:
            elements.append(words("\n"))
        elements += [words(text, bold=bold) for text, bold in _figure(figure, reader)]
    return elements


def _list(lines: Iterable[FigureLine], reader: ChatReader, block_id: str) -> Block:
    sections = [
        {"type": "rich_text_section", "elements": [words(text, bold=bold) for text, bold in _line(line, reader)]}
        for line in lines
    ]
    return {
        "type": "rich_text",
        "block_id": block_id,
        "elements": [{"type": "rich_text_list", "style": "bullet", "elements": sections}],
    }


def _figure(figure: Figure, reader: ChatReader) -> list[tuple[str, bool]]:
    """Return the pieces of a line, each with whether it is to be seen first."""
    change = f" · {reader.read(figure.change)}" if figure.change else ""
    return [(reader.read(figure.value), True), (f" {reader.read(figure.label)}{change}", False)]


def _line(line: FigureLine, reader: ChatReader) -> list[tuple[str, bool]]:
    return [(_said(line.name, reader), True), (f"  {' · '.join(_said(part, reader) for part in line.parts)}", False)]


def _said(part: Sentence | str, reader: ChatReader) -> str:
    return reader.read(part if isinstance(part, Sentence) else Sentence("{text}", {"text": part}))


def _flat(pieces: Iterable[tuple[str, bool]]) -> str:
    return "".join(text for text, _ in pieces)
