"""The App Home tab: what waits for one person, what is due first on top. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bots.slack.blocks import Block, Element, context, header, link, paragraph, words
from bots.slack.buttons import act_buttons
from bots.slack.modals import View
from bots.slack.post_blocks import due_words, shortened, where
from bots.slack.reading import ChatReader
from bots.slack.references import Reference
from bots.slack.text import isolated, label, visible
from escalation.language import Sentence, say
from escalation.views import Act, Action, CardView

MOST_CASES: Final = 15
"""How many of one's own and of the free cases the tab shows; Slack takes 100 blocks."""
MOST_BESIDES: Final = 6
"""How many answers to decide on, and how many late cases of others."""
_TEXT_CHARACTERS: Final = 200

_OPEN: Final = Action(Act.OPEN, say("Open"))
_TAKE_OVER: Final = Action(Act.TAKE_OVER, say("Take over"))
_OFFERED: Final = frozenset({Act.CLAIM, Act.ANSWER})
_OFFERED_TO_MANAGERS: Final = frozenset({Act.CLAIM, Act.REASSIGN})


@dataclass(frozen=True)
class Waiting:
    """One case of the tab. ``url``: where to decide on it, if that is elsewhere."""

    view: CardView
    department: str
    url: str | None = None


@dataclass(frozen=True)
class Part:
    """One part of the tab: the cases that are due first, and how many there are in all."""

    cases: Sequence[Waiting] = ()
    total: int = 0


@dataclass(frozen=True)
class Queue:
    """What waits for one person: their own cases, what nobody has taken, what they may decide, and what is late.

    No case stands in two parts.
    """

    own: Part = Part()
    free: Part = Part()
    decisions: Part = Part()
    late: Part = Part()


def home_view(queue: Queue, reader: ChatReader, *, notice: Sentence | None = None) -> View:
    """Return the tab; ``notice`` answers the person's last click."""
    blocks: list[Block] = []
    if notice is not None:
        blocks.append(paragraph([words(reader.read(notice), bold=True)], "notice"))
    own = queue.own.cases[:MOST_CASES]
    free = queue.free.cases[: MOST_CASES - len(own)]
    parts = (
        ("own", say("Yours"), own, queue.own.total),
        ("free", say("Free to take"), free, queue.free.total),
        ("decisions", say("Waiting for your decision"), queue.decisions.cases[:MOST_BESIDES], queue.decisions.total),
        ("late", say("Late now"), queue.late.cases[:MOST_BESIDES], queue.late.total),
    )
    for name, title, cases, total in parts:
        if cases:
            blocks.append(header(reader.read(title), f"title:{name}"))
        for case in cases:
            blocks += _case(name, case, reader)
        if total > len(cases):
            blocks.append(
                context([reader.read(say("{count} more are open.", count=total - len(cases)))], f"more:{name}")
            )
    if not any(cases for _, _, cases, _ in parts):
        blocks.append(paragraph([words(reader.read(say("Nothing waits for you.")))], "nothing"))
    return {"type": "home", "blocks": blocks[:100]}


def stranger_view(sentence: str) -> View:
    """Return the tab of somebody who is not in the configuration."""
    return {"type": "home", "blocks": [paragraph([words(sentence)], "stranger")]}


def _case(part: str, case: Waiting, reader: ChatReader) -> list[Block]:
    view = case.view
    prefix = f"{view.case_id}:{view.case_version}"
    owner = [reader.read(say("owner: {owner}", owner=view.owner))] if view.owner and part != "own" else []
    facts = [*where(view.post, reader), label(case.department), *owner, reader.read(view.status)]
    return [
        paragraph(list(_head(case, reader)), f"{prefix}:head"),
        context(facts, f"{prefix}:where"),
        *act_buttons(_actions(part, view), Reference(view.case_id, view.case_version), reader, f"{prefix}:acts"),
    ]


def _head(case: Waiting, reader: ChatReader) -> Iterator[Element]:
    view = case.view
    if view.first_due is not None:
        yield words(f"{due_words(view.first_due, reader)}\n", bold=True)
    yield words(f"{reader.read(view.headline)}\n", bold=view.first_due is None)
    short, _ = shortened(" ".join(view.post.text.split()), reader, most=_TEXT_CHARACTERS)
    yield words(isolated(visible(short)))
    if case.url is not None:
        yield words("\n")
        yield link(case.url, reader.read(say("Go to the card")))


def _actions(part: str, view: CardView) -> list[Action]:
    if part == "decisions":
        return [_OPEN]
    if part == "late":
        offered = [action for action in view.actions if action.act in _OFFERED_TO_MANAGERS]
        can_be_taken = any(action.act is Act.REASSIGN for action in offered) and view.owner is not None
        return [*([_TAKE_OVER] if can_be_taken else ()), *offered, _OPEN]
    return [*(action for action in view.actions if action.act in _OFFERED), _OPEN]
