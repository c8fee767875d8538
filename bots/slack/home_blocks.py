"""The App Home tab: one's own queue. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bots.slack.blocks import Block, context, header, paragraph, words
from bots.slack.buttons import act_buttons
from bots.slack.modals import View
from bots.slack.post_blocks import shortened, strip, where
from bots.slack.reading import ChatReader
from bots.slack.references import Reference
from bots.slack.text import isolated, visible
from escalation.language import Sentence, say
from escalation.views import Act, CardView

MOST_CASES: Final = 15
_OFFERED: Final = frozenset({Act.CLAIM, Act.ANSWER, Act.DETAILS})


@dataclass(frozen=True)
class Queue:
    """What waits for one person: their own cases first, then what nobody has taken.

    ``total`` counts what is not shown too.
    """

    own: Sequence[CardView]
    free: Sequence[CardView]
    total: int


def home_view(queue: Queue, reader: ChatReader, *, notice: Sentence | None = None) -> View:
    """Return the tab; ``notice`` answers the person's last click."""
    blocks: list[Block] = []
    if notice is not None:
        blocks.append(paragraph([words(reader.read(notice), bold=True)], "notice"))
    blocks += _cases(reader.read(say("Yours")), queue.own, reader)
    blocks += _cases(reader.read(say("Free to take")), queue.free[: max(0, MOST_CASES - len(queue.own))], reader)
    shown = min(len(queue.own) + len(queue.free), MOST_CASES)
    if not shown:
        blocks.append(paragraph([words(reader.read(say("Nothing waits for you.")))], "nothing"))
    elif queue.total > shown:
        blocks.append(context([reader.read(say("{count} more are open.", count=queue.total - shown))], "more"))
    return {"type": "home", "blocks": blocks[:100]}


def stranger_view(sentence: str) -> View:
    """Return the tab of somebody who is not in the configuration."""
    return {"type": "home", "blocks": [paragraph([words(sentence)], "stranger")]}


def _cases(title: str, cases: Sequence[CardView], reader: ChatReader) -> list[Block]:
    if not cases:
        return []
    blocks: list[Block] = [header(title, f"title:{title}")]
    for view in cases[:MOST_CASES]:
        prefix = f"{view.case_id}:{view.case_version}"
        short, _ = shortened(" ".join(view.post.text.split()), reader, most=200)
        head = words(reader.read(view.headline), bold=True)
        blocks += [
            paragraph([head, words("\n"), words(isolated(visible(short)))], f"{prefix}:head"),
            context([*where(view.post, reader), reader.read(view.status)], f"{prefix}:where"),
            context(strip(view.steps, reader), f"{prefix}:steps"),
            *act_buttons(
                (action for action in view.actions if action.act in _OFFERED),
                Reference(view.case_id, view.case_version),
                reader,
                f"{prefix}:acts",
            ),
        ]
    return blocks
