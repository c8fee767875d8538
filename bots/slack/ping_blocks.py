"""Pings and messages about many of them. Pure."""

from bots.slack.blocks import Block, Element, context, paragraph, person, words
from bots.slack.buttons import act_buttons
from bots.slack.note_blocks import SlackId
from bots.slack.reading import ChatReader
from bots.slack.references import Reference
from bots.slack.text import escaped, isolated, visible
from escalation.language import Sentence, say
from escalation.views import Fact, GatheringView, PingView


def ping_blocks(view: PingView, reader: ChatReader, slack_id: SlackId) -> list[Block]:
    """Return the blocks of a ping; what is over stands struck through, with what became of it below."""
    prefix = f"ping:{view.ping_id}"
    head = _mentions(view.to, slack_id) if view.over is None else []
    head.append(words(reader.read(view.headline), bold=view.over is None, strike=view.over is not None))
    blocks = [paragraph(head, f"{prefix}:headline")]
    if view.over is not None:
        blocks.append(paragraph([words(reader.read(view.over), bold=True)], f"{prefix}:over"))
    blocks.append(context([_fact(fact, reader) for fact in view.facts], f"{prefix}:facts"))
    if view.notes:
        blocks.append(context([reader.read(note) for note in view.notes], f"{prefix}:notes"))
    reference = Reference(view.case_id, view.case_version, ping=view.ping_id, clock=view.clock_id, rung=view.rung)
    return [*blocks, *act_buttons(view.actions, reference, reader, f"{prefix}:acts")]


def ping_text(view: PingView, reader: ChatReader, slack_id: SlackId) -> str:
    """Return the notification of a ping in Slack's markup: our mentions, and the rest escaped."""
    facts = " · ".join(_fact(fact, reader) for fact in view.facts)
    if view.over is not None:
        return escaped(f"{reader.read(view.over)} {reader.read(view.headline)} {facts}")
    return " ".join([*_named(view.to, slack_id), escaped(f"{reader.read(view.headline)} {facts}")])


def gathering_blocks(view: GatheringView, reader: ChatReader, slack_id: SlackId, prefix: str) -> list[Block]:
    """Return the blocks of a message about many pings."""
    head = [*_mentions(view.to, slack_id), words(reader.read(view.headline), bold=True)]
    blocks = [paragraph(head, f"{prefix}:headline")]
    if view.lines:
        elements: list[Element] = []
        for line in view.lines:
            elements += [words(f"{reader.read(line.sentence)} · {line.case_id[-8:]}\n", strike=line.done)]
        blocks.append(paragraph(elements, f"{prefix}:lines"))
    if view.more:
        blocks.append(context([reader.read(say("and {count} more", count=view.more))], f"{prefix}:more"))
    return blocks


def gathering_text(view: GatheringView, reader: ChatReader, slack_id: SlackId) -> str:
    """Return the notification of such a message."""
    lines = [reader.read(line.sentence) for line in view.lines[:5]]
    return " ".join([*_named(view.to, slack_id), escaped("\n".join([reader.read(view.headline), *lines]))])


def _fact(fact: Fact, reader: ChatReader) -> str:
    value = reader.read(fact.value) if isinstance(fact.value, Sentence) else isolated(visible(fact.value))
    return f"{reader.read(fact.label)}: {value}"


def _mentions(members: tuple[str, ...], slack_id: SlackId) -> list[Element]:
    return [element for user in map(slack_id, members) if user for element in (person(user), words(" "))]


def _named(members: tuple[str, ...], slack_id: SlackId) -> list[str]:
    return [f"<@{user}>" for user in map(slack_id, members) if user]
