"""Pings and messages about many of them. Pure.

What a phone shows of a notification is its beginning, so the text begins with what is the matter and how late it is.
"""

from collections.abc import Iterable
from typing import Final

from bots.slack.blocks import Block, Element, actions, context, link, paragraph, person, select, words
from bots.slack.buttons import act_buttons
from bots.slack.note_blocks import SlackId
from bots.slack.reading import ChatReader
from bots.slack.references import Reference, action_id
from bots.slack.text import escaped, label
from escalation.language import Sentence, say
from escalation.views import Act, Fact, GatheredLine, GatheringView, PingView

_CUSTOMER: Final = 80
_CUSTOMER_IN_MENU: Final = 30
_LINES_IN_NOTIFICATION: Final = 5


def ping_blocks(view: PingView, reader: ChatReader, slack_id: SlackId, card_url: str | None = None) -> list[Block]:
    """Return the blocks of a ping; what is over stands struck through, with what became of it below.

    ``card_url``: where the case's card stands, if Slack has said so.
    """
    prefix = f"ping:{view.ping_id}"
    if view.over is None:
        mark = "⚠ " if view.urgent else ""
        headline = words(f"{mark}{reader.read(view.headline)}", bold=True)
        blocks = [
            paragraph([*_mentions(view.to, slack_id), headline], f"{prefix}:headline"),
            paragraph(_lines(view.facts, reader, card_url), f"{prefix}:facts"),
        ]
    else:
        blocks = [
            paragraph([words(reader.read(view.headline), strike=True)], f"{prefix}:headline"),
            paragraph([words(reader.read(view.over), bold=True)], f"{prefix}:over"),
            context([f"{reader.read(fact.label)}: {_value(fact, reader)}" for fact in view.facts], f"{prefix}:facts"),
        ]
    if view.notes:
        blocks.append(context([reader.read(note) for note in view.notes], f"{prefix}:notes"))
    reference = Reference(view.case_id, view.case_version, ping=view.ping_id, clock=view.clock_id, rung=view.rung)
    return [*blocks, *act_buttons(view.actions, reference, reader, f"{prefix}:acts")]


def ping_text(view: PingView, reader: ChatReader, slack_id: SlackId) -> str:
    """Return the notification of a ping in Slack's markup: our mentions, and the rest escaped."""
    facts = " · ".join(_value(fact, reader) for fact in view.facts)
    if view.over is not None:
        return escaped(f"{reader.read(view.over)} {reader.read(view.headline)}\n{facts}")
    return " ".join([*_named(view.to, slack_id), escaped(f"{reader.read(view.headline)}\n{facts}")])


def gathering_blocks(view: GatheringView, reader: ChatReader, slack_id: SlackId, prefix: str) -> list[Block]:
    """Return the blocks of a message about many pings; a menu opens each case that it shows.

    What is done stands struck through; when everything is, the headline too, with what became of it below.
    """
    headline = reader.read(view.headline)
    if view.over is None:
        head = [*_mentions(view.to, slack_id), words(headline, bold=True)]
        blocks = [paragraph(head, f"{prefix}:headline")]
    else:
        blocks = [
            paragraph([words(headline, strike=True)], f"{prefix}:headline"),
            paragraph([words(reader.read(view.over), bold=True)], f"{prefix}:over"),
        ]
    if view.lines:
        lines = [
            words(f"{number}. {_line(line, reader)}\n", strike=line.done)
            for number, line in enumerate(view.lines, start=1)
        ]
        blocks.append(paragraph(lines, f"{prefix}:lines"))
    if view.more:
        blocks.append(context([reader.read(_more(view))], f"{prefix}:more"))
    if view.lines:
        blocks.append(actions([_menu(view.lines, reader)], f"{prefix}:open"))
    return blocks


def gathering_text(view: GatheringView, reader: ChatReader, slack_id: SlackId) -> str:
    """Return the notification of such a message: what is still open, or that nothing is."""
    if view.over is not None:
        return escaped(f"{reader.read(view.over)} {reader.read(view.headline)}")
    lines = [_line(line, reader) for line in view.lines if not line.done][:_LINES_IN_NOTIFICATION]
    return " ".join([*_named(view.to, slack_id), escaped("\n".join([reader.read(view.headline), *lines]))])


def _more(view: GatheringView) -> Sentence:
    if view.more_done:
        return say("and {count} more, {done} of them done", count=view.more, done=view.more_done)
    return say("and {count} more", count=view.more)


def _menu(lines: Iterable[GatheredLine], reader: ChatReader) -> Element:
    """Return the menu of the cases, each once, by the number of its line; a choice is handled like ``Open``."""
    options: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        name = f"{number}. {label(line.customer, _CUSTOMER_IN_MENU)} · {reader.read(line.sentence)}"
        options.setdefault(Reference(line.case_id).text(), name)
    return select(action_id(Act.OPEN), options, placeholder=reader.read(say("Open a case")))


def _line(line: GatheredLine, reader: ChatReader) -> str:
    return f"{reader.read(line.sentence)} · {label(line.customer, _CUSTOMER)} · {line.case_id[-8:]}"


def _lines(facts: Iterable[Fact], reader: ChatReader, card_url: str | None) -> list[Element]:
    elements: list[Element] = []
    for fact in facts:
        if elements:
            elements.append(words("\n"))
        elements += [words(f"{reader.read(fact.label)}: ", bold=True), words(_value(fact, reader))]
    if card_url is not None:
        elements += [words("\n"), link(card_url, reader.read(say("Go to the card")))]
    return elements


def _value(fact: Fact, reader: ChatReader) -> str:
    return reader.read(fact.value) if isinstance(fact.value, Sentence) else label(fact.value)


def _mentions(members: tuple[str, ...], slack_id: SlackId) -> list[Element]:
    return [element for user in map(slack_id, members) if user for element in (person(user), words(" "))]


def _named(members: tuple[str, ...], slack_id: SlackId) -> list[str]:
    return [f"<@{user}>" for user in map(slack_id, members) if user]
