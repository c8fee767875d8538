"""Buttons from the acts that a view offers. Pure."""

from collections.abc import Iterable

from bots.slack.blocks import Block, Element, actions, button, plain
from bots.slack.reading import ChatReader
from bots.slack.references import Reference, action_id
from escalation.language import say
from escalation.views import Action


def act_button(action: Action, reference: Reference, reader: ChatReader) -> Element:
    """Return the button of one act, with the question that stands before it."""
    confirm: Element | None = None
    label = reader.read(action.label)
    if action.confirm:
        confirm = {
            "title": plain(label, 100),
            "text": plain(reader.read(action.confirm), 300),
            "confirm": plain(label, 30),
            "deny": plain(reader.read(say("Cancel")), 30),
        }
        if action.style == "danger":
            confirm["style"] = "danger"
    style = None if action.style == "plain" else action.style
    return button(label, action_id=action_id(action.act), value=reference.text(), style=style, confirm=confirm)


def act_buttons(offered: Iterable[Action], reference: Reference, reader: ChatReader, block_id: str) -> list[Block]:
    """Return the row of buttons, or nothing where no act is offered."""
    elements = [act_button(action, reference, reader) for action in offered]
    return [actions(elements, block_id)] if elements else []
