"""The card in a department's channel. Pure."""

from typing import Final

from bots.slack.blocks import INPUT_CHARACTERS, Block, actions, button, context, header, paragraph, plain, words
from bots.slack.buttons import act_buttons
from bots.slack.post_blocks import conversation, notices, opener, pictures, said, shortened, strip, where, who
from bots.slack.reading import ChatReader
from bots.slack.references import PREFIX, Reference, action_id
from bots.slack.text import label
from escalation.language import say
from escalation.views import Act, CardView

FIELD: Final = "answer_field"
FIELD_ACTION: Final = f"{PREFIX}{FIELD}"


def field_block_id(case: str, field_key: str) -> str:
    """Return the ``block_id`` of an answer field: it names the case, and changes to empty the field."""
    return f"{FIELD}:{case}:{field_key}"


def case_of_field(block_id: str) -> str | None:
    """Return the case that an answer field's ``block_id`` names."""
    kind, _, rest = block_id.partition(":")
    case = rest.partition(":")[0]
    return case if kind == FIELD and case else None


def card_blocks(view: CardView, reader: ChatReader) -> list[Block]:
    """Return the blocks of a department's card."""
    prefix = f"{view.case_id}:{view.case_version}"
    top = [*notices(view.notices, reader, prefix), header(reader.headline(view.headline), f"{prefix}:headline")]
    status = paragraph([words(reader.read(view.status), bold=True)], f"{prefix}:status")
    if view.moved:
        return [*top, context(where(view.post, reader), f"{prefix}:where"), status]
    reference = Reference(view.case_id, view.case_version)
    return [
        *top,
        context([*where(view.post, reader), *who(view.post, reader)], f"{prefix}:who"),
        *conversation(view.post.context, reader, prefix),
        *said(view.post, reader, prefix),
        *pictures(view.post.media, reader, prefix),
        *opener(view.post, reader, prefix),
        status,
        context(_reason(view, reader), f"{prefix}:route"),
        context(strip(view.steps, reader), f"{prefix}:steps"),
        *act_buttons(view.actions, reference, reader, f"{prefix}:acts"),
        *(_answer_field(view, reference, reader) if view.answer_field else ()),
    ]


def _reason(view: CardView, reader: ChatReader) -> list[str]:
    owner = (
        reader.read(say("owner: {owner}", owner=view.owner)) if view.owner else reader.read(say("nobody has it yet"))
    )
    return [reader.read(view.priority) if view.priority else "", reader.read(view.route), owner]


def _answer_field(view: CardView, reference: Reference, reader: ChatReader) -> list[Block]:
    block_id = field_block_id(view.case_id, view.field_key)
    submit = reader.read(say("Submit for approval"))
    return [
        {
            "type": "input",
            "block_id": block_id,
            "optional": True,
            "dispatch_action": True,
            "label": plain(reader.read(say("Your answer"))),
            "element": {
                "type": "plain_text_input",
                "action_id": FIELD_ACTION,
                "max_length": INPUT_CHARACTERS,
                "placeholder": plain(reader.read(say("What the customer shall read; Enter submits it")), 150),
                "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]},
            },
        },
        actions([button(submit, action_id=action_id(Act.SUBMIT), value=reference.text())], f"{block_id}:submit"),
    ]


def card_text(view: CardView, reader: ChatReader) -> str:
    """Return what notifications and screen readers say of the card."""
    short, _ = shortened(view.post.text, reader, most=300)
    return "\n".join([reader.read(view.headline), label(short, 300), reader.read(view.status)])
