"""The dialogs in which an answer is written or changed, with the network's own count and the exact parts. Pure."""

from dataclasses import dataclass, replace
from typing import Any, Final

from bots.slack.blocks import INPUT_CHARACTERS, Block, actions, button, context, paragraph, plain, quote, words
from bots.slack.modals import View, cancel, modal
from bots.slack.post_blocks import badge, said, where, who
from bots.slack.reading import ChatReader
from bots.slack.references import PREFIX, Reference
from escalation.casefile import Fitted
from escalation.language import Sentence, say
from escalation.views import Act, Post

ANSWER_BLOCK, ANSWER_ACTION = "answer", f"{PREFIX}answer_text"
PREVIEW_ACTION: Final = f"{PREFIX}preview"
NEARLY_FULL: Final = 0.8
_PREVIEW_CHARACTERS: Final = 6_000
_QUOTE_CHARACTERS: Final = 1_000


@dataclass(frozen=True)
class Preview:
    """A text as the network will get it.

    ``is_empty``: nothing is written yet, so prefix and signature are shown around an ellipsis.
    """

    fitted: Fitted
    limit: int
    unit: Sentence
    private: bool
    is_empty: bool = False

    @property
    def band(self) -> str:
        """Return how much of the room is used, in few words: a dialog is drawn anew only when this changes."""
        if self.is_empty:
            return "empty"
        if self.fitted.problem is not None:
            return "over"
        full = self.fitted.counts[-1] >= NEARLY_FULL * self.limit
        return f"{len(self.fitted.parts)}{'+' if full else ''}"


@dataclass(frozen=True)
class AnswerDialog:
    """One such dialog.

    ``initial`` stands in the field when it opens; a dialog that is drawn anew leaves it out, so that what was typed
    stays.
    """

    act: Act
    reference: Reference
    post: Post
    preview: Preview
    initial: str | None = None

    def view(self, reader: ChatReader) -> View:
        """Return the dialog as Slack takes it."""
        if self.act is Act.EDIT_AND_SEND:
            title, submit, name = say("Edit and send"), say("Approve and send"), say("Text to be published")
        else:
            title, submit, name = say("Answer"), say("Submit for approval"), say("Your answer")
        element: dict[str, Any] = {
            "type": "plain_text_input",
            "action_id": ANSWER_ACTION,
            "multiline": True,
            "max_length": INPUT_CHARACTERS,
            "dispatch_action_config": {"trigger_actions_on": ["on_character_entered"]},
        }
        if self.initial:
            element["initial_value"] = self.initial
        field: Block = {
            "type": "input",
            "block_id": ANSWER_BLOCK,
            "dispatch_action": True,
            "label": plain(reader.read(name)),
            "element": element,
        }
        blocks = [
            context([*where(self.post, reader), *who(self.post, reader)], "who"),
            *said(self.post, reader, "post", most=_QUOTE_CHARACTERS),
            field,
            *preview_blocks(self.preview, reader),
        ]
        return modal(
            f"{PREFIX}{self.act.value}",
            title=reader.read(title),
            blocks=blocks,
            reference=replace(self.reference, band=self.preview.band),
            submit=reader.read(submit),
            close=cancel(reader),
        )


def preview_blocks(preview: Preview, reader: ChatReader) -> list[Block]:
    """Return the count, what is wrong or worth a second look, and the exact parts."""
    fitted = preview.fitted
    lines = [badge(reader, private=preview.private)]
    if preview.is_empty:
        lines.append(reader.read(say("room for {limit} {unit}", limit=preview.limit, unit=preview.unit)))
    elif fitted.problem is None:
        lines += [
            reader.read(say("{count} of {limit} {unit}", count=count, limit=preview.limit, unit=preview.unit))
            for count in fitted.counts
        ]
    blocks = [context(lines, "count")]
    if fitted.problem is not None and not preview.is_empty:
        blocks.append(paragraph([words(f"⚠ {reader.read(fitted.problem)}", bold=True)], "problem"))
    if not preview.is_empty:
        blocks += [
            paragraph([words(f"⚠ {reader.read(warning)}")], f"warning{number}")
            for number, warning in enumerate(fitted.warnings)
        ]
    title = say("As it will stand there:") if preview.is_empty or fitted.problem is None else say("As it is now:")
    blocks.append(paragraph([words(reader.read(title), bold=True)], "preview:title"))
    room = _PREVIEW_CHARACTERS
    for number, part in enumerate(fitted.parts):
        if room > 0:
            blocks += quote(part[:room], f"preview:{number}")
            room -= len(part)
    look = button(reader.read(say("Preview")), action_id=PREVIEW_ACTION, value="preview")
    return [*blocks, actions([look], "preview:act")]
