"""What both cards and the dialogs share: who wrote what where, and how long each step took. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from bots.slack.blocks import Block, context, image, link, paragraph, quote, words
from bots.slack.reading import ChatReader
from bots.slack.text import beginning, cut, isolated, label, visible
from escalation.language import Sentence, say
from escalation.steps import STEP_NAMES
from escalation.views import Attachment, Excerpt, Post, StepLine
from models.vocabulary import Step

QUOTE_CHARACTERS: Final = 1_000
QUOTE_LINES: Final = 25
EXCERPT_CHARACTERS: Final = 200
PICTURES: Final = 3
ADDRESS_CHARACTERS: Final = 3_000


def badge(reader: ChatReader, *, private: bool) -> str:
    """Return who will be able to read what is written here."""
    return reader.read(say("PRIVATE") if private else say("PUBLIC"))


def where(post: Post, reader: ChatReader) -> list[str]:
    """Return where the post stands: who can read it, network, account and brand."""
    place = [badge(reader, private=post.private), label(post.network), label(post.account)]
    return place if post.brand == post.account else [*place, label(post.brand)]


def who(post: Post, reader: ChatReader) -> list[str]:
    """Return who the customer is: handle, followers, earlier cases, language, and what became of the post."""
    facts = [label(f"{post.author} ({post.handle})" if post.handle and post.handle != post.author else post.author)]
    if post.followers is not None:
        facts.append(reader.read(say("{count} followers", count=post.followers)))
    if post.earlier_cases:
        facts.append(reader.read(say("{count} earlier cases", count=post.earlier_cases)))
    if post.language:
        facts.append(reader.read(say("writes {language}", language=post.language)))
    facts.append(reader.time(post.posted_at))
    if post.edited:
        facts.append(reader.read(say("edited")))
    if post.deleted:
        facts.append(reader.read(say("deleted")))
    return facts


def shortened(text: str, reader: ChatReader, *, most: int = QUOTE_CHARACTERS) -> tuple[str, str | None]:
    """Return the beginning of a post, and where the rest of it is if something was left out."""
    lines = text.splitlines(keepends=True)
    short = "".join(lines[:QUOTE_LINES]) if len(lines) > QUOTE_LINES else text
    short = beginning(short, most)
    if short == text:
        return text, None
    return short.rstrip("\n") or " ", reader.read(say("… (whole text under Details)"))


def said(post: Post, reader: ChatReader, prefix: str, *, most: int = QUOTE_CHARACTERS) -> list[Block]:
    """Return what the customer wrote, quoted, with its subject."""
    blocks: list[Block] = []
    if post.subject:
        blocks.append(paragraph([words(label(post.subject), bold=True)], f"{prefix}:subject"))
    if not post.text:
        return [*blocks, context([reader.read(say("(no text)"))], f"{prefix}:no_text")]
    short, rest = shortened(post.text, reader, most=most)
    blocks += quote(short, f"{prefix}:quote")
    if rest:
        blocks.append(context([rest], f"{prefix}:rest"))
    return blocks


def pictures(media: Sequence[Attachment], reader: ChatReader, prefix: str) -> list[Block]:
    """Return the post's pictures as pictures, and everything else as links that say what they are."""
    blocks: list[Block] = []
    others: list[Attachment] = []
    for attachment in media:
        is_picture = (
            attachment.kind == "image"
            and attachment.address.startswith("https://")
            and len(attachment.address) < ADDRESS_CHARACTERS
        )
        if is_picture and len(blocks) < PICTURES:
            words_for_it = label(attachment.description or "") or reader.read(say("a picture without a description"))
            blocks.append(image(visible(attachment.address), words_for_it, f"{prefix}:picture{len(blocks)}"))
        else:
            others.append(attachment)
    if others:
        elements = [words(reader.read(say("Attached:")))]
        for attachment in others[:10]:
            elements += [words(" "), link(attachment.address, label(attachment.description or attachment.kind, 80))]
        blocks.append(paragraph(elements, f"{prefix}:media"))
    return blocks


def conversation(excerpts: Iterable[Excerpt], reader: ChatReader, prefix: str) -> list[Block]:
    """Return what was written before, each message on lines of its own, shortened."""
    blocks: list[Block] = []
    for number, excerpt in enumerate(excerpts):
        sender = f"{label(excerpt.sender, 80)} · {reader.time(excerpt.at)}\n"
        text = isolated(cut(visible(" ".join(excerpt.text.split())), EXCERPT_CHARACTERS))
        blocks.append(
            paragraph([words(sender, bold=excerpt.is_brand), words(text, italic=True)], f"{prefix}:earlier{number}")
        )
    return blocks


def strip(steps: Iterable[StepLine], reader: ChatReader) -> list[str]:
    """Return the step strip: how long each step took, what is due when, and what is late."""
    return [line for line in (_step(step, reader) for step in steps) if line]


def _step(step: StepLine, reader: ChatReader) -> str:
    name = reader.read(step.label)
    if step.seconds is not None:
        duration = reader.duration(timedelta(seconds=step.seconds)).replace(" ", "\N{NO-BREAK SPACE}")
        took = f"{name} {duration}"
        return f"{took} ({reader.read(say('late'))})" if step.late else took
    if step.due_at is not None and step.started_at is not None:
        return f"{name} – {_when(step, step.due_at, reader)}"  # noqa: RUF001 - a dash, not a minus
    return f"{name} –"  # noqa: RUF001 - a dash, not a minus


def _when(step: StepLine, at: datetime, reader: ChatReader) -> str:
    """Return when a running step is due, loudly where that has passed; nothing is due while its clock stands still."""
    if step.step is Step.REPLY_WINDOW:
        return reader.read(say("CLOSED since {at}", at=at) if step.late else say("open until {at}", at=at))
    if step.late:
        return reader.read(say("LATE, was due {at}", at=at))
    return reader.read(say("stands still") if step.stands_still else say("due {at}", at=at))


def due_words(step: StepLine, reader: ChatReader) -> str:
    """Return what a running step waits for and until when, as a line of its own."""
    what = STEP_NAMES[step.step]
    if step.due_at is None:
        return reader.read(what)
    if step.late:
        return reader.read(say("LATE: {what}, was due {at}", what=what, at=step.due_at))
    return reader.read(say("Next: {what}, due {at}", what=what, at=step.due_at))


def notices(sentences: Iterable[Sentence], reader: ChatReader, prefix: str) -> list[Block]:
    """Return what must not be overlooked, each on a line of its own."""
    return [
        paragraph([words(f"⚠ {reader.read(sentence)}", bold=True)], f"{prefix}:notice{number}")
        for number, sentence in enumerate(sentences)
    ]


def opener(post: Post, reader: ChatReader, prefix: str) -> list[Block]:
    """Return the link to the customer's post on its network, where it has an address."""
    if not post.url or not post.url.startswith(("https://", "http://")):
        return []
    return [paragraph([link(post.url, reader.read(say("Open on {network}", network=post.network)))], f"{prefix}:open")]
