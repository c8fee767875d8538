"""Slack's limits, each as a document of a given size: the SDK's constants, and what only the sandbox checks."""

from collections.abc import Callable
from typing import Any

from tests.fidelity.product_views import HOME, MESSAGE, MODAL, Drawn

Build = Callable[[int], Drawn]


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def x(size: int) -> str:
    return "x" * size


def of(*blocks: dict[str, Any], surface: str = MESSAGE) -> Drawn:
    if surface == MESSAGE:
        return Drawn("limit", MESSAGE, list(blocks))
    view: dict[str, Any] = {"type": surface, "blocks": list(blocks)}
    if surface == MODAL:
        view |= {"title": plain("Title"), "submit": plain("Send")}
    return Drawn("limit", surface, view)


def view_with(**more: Any) -> Drawn:
    drawn = of({"type": "divider"}, surface=MODAL)
    return Drawn("limit", MODAL, {**drawn.document, **more})


def actions(*elements: dict[str, Any]) -> Drawn:
    return of({"type": "actions", "elements": list(elements)})


def button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain("Press"), "action_id": "press", **more}


def confirmed(**more: Any) -> Drawn:
    parts = {"title": plain("Sure?"), "text": plain("Really"), "confirm": plain("Yes"), "deny": plain("No"), **more}
    return actions(button(confirm=parts))


def option(number: int = 0, **more: Any) -> dict[str, Any]:
    return {"text": plain(f"{number}"), "value": f"{number}", **more}


def options(count: int) -> list[dict[str, Any]]:
    return [option(number) for number in range(count)]


def groups(count: int) -> list[dict[str, Any]]:
    return [{"label": plain(f"{number}"), "options": options(1)} for number in range(count)]


def select(kind: str = "static_select", **more: Any) -> Drawn:
    given = more if more.keys() & {"options", "option_groups"} else {**more, "options": options(1)}
    return actions({"type": kind, "action_id": "choose", **given})


def field(element: dict[str, Any], **more: Any) -> Drawn:
    return of({"type": "input", "label": plain("Name"), "element": element, **more})


def typed(**more: Any) -> dict[str, Any]:
    return {"type": "plain_text_input", "action_id": "type", **more}


def picture(**more: Any) -> dict[str, Any]:
    return {"type": "image", "image_url": "https://x.example/p.png", "alt_text": "a picture", **more}


def video(**more: Any) -> Drawn:
    urls = {"video_url": "https://x.example/v", "thumbnail_url": "https://x.example/t"}
    return of({"type": "video", "alt_text": "a film", "title": plain("Film"), **urls, **more})


def card(**more: Any) -> dict[str, Any]:
    return {"type": "card", "title": plain("Card"), **more}


def container(**more: Any) -> Drawn:
    return of({"type": "container", "title": plain("Box"), "child_blocks": [{"type": "divider"}], **more})


def feedback(**more: Any) -> Drawn:
    positive = {"text": plain("Good"), "value": "good", **more}
    buttons = {"positive_button": positive, "negative_button": {"text": plain("Bad"), "value": "bad"}}
    return of({"type": "context_actions", "elements": [{"type": "feedback_buttons", "action_id": "rate", **buttons}]})


def icons(count: int) -> Drawn:
    elements = [
        {"type": "icon_button", "icon": "trash", "text": plain("Away"), "action_id": f"a{n}"} for n in range(count)
    ]
    return of({"type": "context_actions", "elements": elements})


def address(size: int) -> str:
    return "https://x.example/".ljust(size, "x")


def table(rows: int, cells: int) -> Drawn:
    return of({"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * cells] * rows})


SDK: dict[str, Build] = {
    "Option.label_max_length": lambda n: select(options=[option(text=plain(x(n)))]),
    "Option.value_max_length": lambda n: select(options=[option(value=x(n))]),
    "OptionGroup.label_max_length": lambda n: select(option_groups=[{"label": plain(x(n)), "options": options(1)}]),
    "OptionGroup.options_max_length": lambda n: select(option_groups=[{"label": plain("g"), "options": options(n)}]),
    "ConfirmObject.title_max_length": lambda n: confirmed(title=plain(x(n))),
    "ConfirmObject.text_max_length": lambda n: confirmed(text=plain(x(n))),
    "ConfirmObject.confirm_max_length": lambda n: confirmed(confirm=plain(x(n))),
    "ConfirmObject.deny_max_length": lambda n: confirmed(deny=plain(x(n))),
    "FeedbackButtonObject.text_max_length": lambda n: feedback(text=plain(x(n))),
    "FeedbackButtonObject.value_max_length": lambda n: feedback(value=x(n)),
    "InteractiveElement.action_id_max_length": lambda n: actions(button(action_id=x(n))),
    "InputInteractiveElement.placeholder_max_length": lambda n: field(typed(placeholder=plain(x(n)))),
    "ButtonElement.text_max_length": lambda n: actions(button(text=plain(x(n)))),
    "ButtonElement.url_max_length": lambda n: actions(button(url=address(n))),
    "ButtonElement.value_max_length": lambda n: actions(button(value=x(n))),
    "ButtonElement.agent_prompt_max_length": lambda n: actions(button(agent_prompt=x(n))),
    "ImageElement.image_url_max_length": lambda n: of({"type": "context", "elements": [picture(image_url=address(n))]}),
    "ImageElement.alt_text_max_length": lambda n: of({"type": "context", "elements": [picture(alt_text=x(n))]}),
    "StaticSelectElement.options_max_length": lambda n: select(options=options(n)),
    "StaticSelectElement.option_groups_max_length": lambda n: select(option_groups=groups(n)),
    "StaticMultiSelectElement.options_max_length": lambda n: select("multi_static_select", options=options(n)),
    "StaticMultiSelectElement.option_groups_max_length": lambda n: select(
        "multi_static_select", option_groups=groups(n)
    ),
    "SelectElement.options_max_length": lambda n: select(options=options(n)),
    "SelectElement.option_groups_max_length": lambda n: select(option_groups=groups(n)),
    "OverflowMenuElement.options_max_length": lambda n: select("overflow", options=options(n)),
    "OverflowMenuElement.options_min_length": lambda n: select("overflow", options=options(n)),
    "Block.block_id_max_length": lambda n: of({"type": "divider", "block_id": x(n)}),
    "SectionBlock.fields_max_length": lambda n: of({"type": "section", "fields": [plain("f")] * n}),
    "SectionBlock.text_max_length": lambda n: of({"type": "section", "text": plain(x(n))}),
    "ImageBlock.image_url_max_length": lambda n: of(picture(image_url=address(n))),
    "ImageBlock.alt_text_max_length": lambda n: of(picture(alt_text=x(n))),
    "ImageBlock.title_max_length": lambda n: of(picture(title=plain(x(n)))),
    "ActionsBlock.elements_max_length": lambda n: actions(*(button(action_id=f"a{i}") for i in range(n))),
    "ContextBlock.elements_max_length": lambda n: of({"type": "context", "elements": [plain("f")] * n}),
    "ContextActionsBlock.elements_max_length": icons,
    "InputBlock.label_max_length": lambda n: field(typed(), label=plain(x(n))),
    "InputBlock.hint_max_length": lambda n: field(typed(), hint=plain(x(n))),
    "HeaderBlock.text_max_length": lambda n: of({"type": "header", "text": plain(x(n))}),
    "MarkdownBlock.text_max_length": lambda n: of({"type": "markdown", "text": x(n)}),
    "VideoBlock.title_max_length": lambda n: video(title=plain(x(n - 1))),
    "VideoBlock.author_name_max_length": lambda n: video(author_name=x(n - 1)),
    "CardBlock.title_max_length": lambda n: of(card(title=plain(x(n)))),
    "CardBlock.subtitle_max_length": lambda n: of(card(subtitle=plain(x(n)))),
    "CardBlock.body_max_length": lambda n: of(card(body=plain(x(n)))),
    "ContainerBlock.title_max_length": lambda n: container(title=plain(x(n))),
    "ContainerBlock.subtitle_max_length": lambda n: container(subtitle=plain(x(n))),
    "ContainerBlock.child_blocks_max_length": lambda n: container(child_blocks=[{"type": "divider"}] * n),
    "CarouselBlock.elements_max_length": lambda n: of({"type": "carousel", "elements": [card()] * n}),
    "View.title_max_length": lambda n: view_with(title=plain(x(n))),
    "View.close_max_length": lambda n: view_with(close=plain(x(n))),
    "View.submit_max_length": lambda n: view_with(submit=plain(x(n))),
    "View.blocks_max_length": lambda n: of(*[{"type": "divider"}] * n, surface=MODAL),
    "View.private_metadata_max_length": lambda n: view_with(private_metadata=x(n)),
    "View.callback_id_max_length": lambda n: view_with(callback_id=x(n)),
}
"""By the SDK's own name of the constant: a document in which just that is `n` long. "Less than" is meant literally in
the two of the video block (docs.slack.dev/reference/block-kit/blocks/video-block), so there `n` itself is too much."""

UNCHECKED: dict[str, str] = {
    **{
        f"AuthProviderBlock.{name}_max_length": "the block is not documented yet, so the sandbox refuses it whole"
        for name in ("value", "name", "description", "connected_identity", "connected_context", "url")
    },
}
"""Constants of the SDK that the sandbox has no limit for, and why."""

SANDBOX_ONLY: dict[str, tuple[int, Build]] = {
    "blocks of a message": (50, lambda n: of(*[{"type": "divider"}] * n)),
    "section field": (2_000, lambda n: of({"type": "section", "fields": [plain(x(n))]})),
    "context text": (3_000, lambda n: of({"type": "context", "elements": [plain(x(n))]})),
    "option description": (75, lambda n: select(options=[option(description=plain(x(n)))])),
    "checkboxes": (10, lambda n: select("checkboxes", options=options(n))),
    "radio buttons": (10, lambda n: select("radio_buttons", options=options(n))),
    "max_length of an input": (3_000, lambda n: field(typed(max_length=n))),
    "min_length of an input": (3_000, lambda n: field(typed(min_length=n))),
    "initial value of an input": (3_000, lambda n: field(typed(initial_value=x(n)))),
    "rows of a table": (100, lambda n: table(n, 1)),
    "cells of a row": (20, lambda n: table(1, n)),
    "external_id of a view": (255, lambda n: view_with(external_id=x(n))),
    "markdown over all blocks": (
        12_000, lambda n: of({"type": "markdown", "text": x(6_000)}, {"type": "markdown", "text": x(n - 6_000)})
    ),
    "text over all blocks": (
        13_200, lambda n: of(*[picture(title=plain(x(1_320)))] * 9, picture(title=plain(x(n - 11_880))))
    ),
}  # fmt: skip
"""Limits that Slack states (docs.slack.dev/reference, see `block_rules`) and slack_sdk leaves to the server."""

SDK_ONLY: dict[str, Drawn] = {
    "an empty view": of(surface=HOME),
}
"""What the SDK refuses and Slack takes."""
