"""The card in the approvals channel: every byte that will be published, where, as whom. Pure."""

from typing import Final

from bots.slack.blocks import MESSAGE_CHARACTERS, Block, characters, context, header, link, paragraph, quote, words
from bots.slack.buttons import act_buttons
from bots.slack.diff_elements import diff_elements
from bots.slack.post_blocks import badge, conversation, notices, opener, pictures, said, strip, who
from bots.slack.reading import ChatReader
from bots.slack.references import Reference
from bots.slack.text import isolated, label, visible
from escalation.language import say
from escalation.views import ApprovalView

LONGEST_PARTS: Final = 9_500
"""How much text to publish one message can show; more stands whole under Details."""
MOST_PARTS: Final = 25


def reference_of(view: ApprovalView) -> Reference:
    """Return what the card's buttons carry: exactly the draft that stands on it."""
    return Reference(
        view.case_id, view.case_version, draft=view.draft_version, hash=view.draft_hash, context=view.context_version
    )


def approval_blocks(view: ApprovalView, reader: ChatReader) -> list[Block]:
    """Return the blocks of an approvals card.

    Where all does not fit, what is shortened is never the text to publish.
    """
    for quoted, with_context in ((1_000, True), (1_000, False), (300, False)):
        blocks = _blocks(view, reader, quoted=quoted, with_context=with_context)
        if characters(blocks) <= MESSAGE_CHARACTERS and len(blocks) <= 50:  # noqa: PLR2004
            return blocks
    return blocks[:50]


def _blocks(view: ApprovalView, reader: ChatReader, *, quoted: int, with_context: bool) -> list[Block]:
    prefix = f"{view.case_id}:{view.draft_version}:{view.case_version}"
    post = view.post
    place = reader.read(
        say("{brand} on {network} ({account})", brand=post.brand, network=post.network, account=post.account)
    )
    blocks = [
        *notices(view.notices, reader, prefix),
        header(f"{badge(reader, private=view.private)} · {place}", f"{prefix}:place"),
        paragraph(
            [words(reader.read(view.headline), bold=True), words("\n"), words(reader.read(view.status))],
            f"{prefix}:status",
        ),
        context([_author(view, reader), *who(post, reader)], f"{prefix}:who"),
    ]
    if with_context:
        blocks += conversation(post.context, reader, prefix)
    blocks += said(post, reader, prefix, most=quoted)
    if with_context:
        blocks += pictures(post.media, reader, prefix)
    blocks += [*opener(post, reader, prefix), *parts_blocks(view, reader, prefix)]
    if view.diff and with_context:
        title = words(reader.read(say("What was changed:")) + " ", bold=True)
        blocks.append(paragraph([title, *diff_elements(view.diff)], f"{prefix}:diff"))
    if view.reason:
        told = view.reason if isinstance(view.reason, str) else reader.read(view.reason)
        reason = [words(reader.read(say("Reason:")) + " ", bold=True), words(isolated(visible(told)[:1_000]))]
        blocks.append(paragraph(reason, f"{prefix}:reason"))
    if view.warnings:
        warnings = "\n".join(f"⚠ {reader.read(warning)}" for warning in view.warnings)
        blocks.append(paragraph([words(warnings)], f"{prefix}:warnings"))
    blocks.append(context(strip(view.steps, reader), f"{prefix}:steps"))
    blocks += act_buttons(view.actions, reference_of(view), reader, f"{prefix}:acts")
    if view.reply_url:
        blocks.append(paragraph([link(view.reply_url, reader.read(say("Open the reply")))], f"{prefix}:reply"))
    return blocks


def _author(view: ApprovalView, reader: ChatReader) -> str:
    if view.edited_by:
        return reader.read(say("written by {author}, changed by {editor}", author=view.author, editor=view.edited_by))
    return reader.read(say("written by {author}", author=view.author))


def parts_blocks(view: ApprovalView, reader: ChatReader, prefix: str, *, most: int = LONGEST_PARTS) -> list[Block]:
    """Return the exact texts that will be published, or were, each under what it is and its own count."""
    blocks: list[Block] = []
    if len(view.parts) > 1:
        blocks.append(paragraph([words(reader.read(view.title), bold=True)], f"{prefix}:title"))
    room = most
    for number, (part, count) in enumerate(zip(view.parts, view.counts, strict=True), start=1):
        size = reader.read(say("{count} of {limit} {unit}", count=count, limit=view.limit, unit=view.unit))
        if len(view.parts) > 1:
            title = reader.read(
                say("Part {number} of {parts}, {size}", number=number, parts=len(view.parts), size=size)
            )
        else:
            title = reader.read(say("{title}, {size}", title=view.title, size=size))
        quoted = quote(part[:room], f"{prefix}:part{number}")
        quoted[0]["elements"].insert(0, {"type": "rich_text_section", "elements": [words(title, bold=True)]})
        blocks += quoted
        room -= len(part)
        if room < 0 or (number == MOST_PARTS and number < len(view.parts)):
            more = reader.read(say("NOT ALL OF IT FITS HERE. Open Details and read the whole text before you decide."))
            blocks.append(paragraph([words(more, bold=True)], f"{prefix}:more"))
            break
    return blocks


def approval_text(view: ApprovalView, reader: ChatReader) -> str:
    """Return what notifications and screen readers say of the card."""
    place = reader.read(
        say(
            "{brand} on {network} ({account})",
            brand=view.post.brand,
            network=view.post.network,
            account=view.post.account,
        )
    )
    text = label(" ".join(view.parts), 300)
    return "\n".join(
        [reader.read(view.headline), f"{badge(reader, private=view.private)} · {place}", reader.read(view.status), text]
    )
