"""Finds what a person can touch in blocks and keeps what they entered, in the shapes of `state.values`.

Facts: docs.slack.dev/reference/interaction-payloads/block_actions-payload and /reference/views (state).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bots.sandbox.workspace.block_check import all_options
from bots.sandbox.workspace.block_rules import STATEFUL
from bots.sandbox.workspace.errors import CannotDo
from bots.sandbox.workspace.records import Json

# How each kind of element carries its value: the key in state.values, the key of its initial value.
SINGLE = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "users_select": ("selected_user", "initial_user"),
    "channels_select": ("selected_channel", "initial_channel"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "overflow": ("selected_option", "initial_option"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
    "file_input": ("files", "initial_files"),
}
LISTS = frozenset(kind for kind in SINGLE if kind.startswith("multi_")) | {"checkboxes", "file_input"}
WRITTEN = frozenset({"plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input"})
BUTTONS = frozenset({"button", "icon_button", "workflow_button"})


@dataclass(frozen=True)
class Touchable:
    """One element with the block it stands in."""

    block: Json
    element: Json

    @property
    def block_id(self) -> str:
        """The id of its block."""
        return str(self.block["block_id"])

    @property
    def action_id(self) -> str:
        """Its own id."""
        return str(self.element.get("action_id", ""))

    @property
    def kind(self) -> str:
        """Its type."""
        return str(self.element["type"])

    @property
    def label(self) -> str:
        """What a person reads on it or above it."""
        for holder, name in ((self.element, "text"), (self.block, "label"), (self.element, "placeholder")):
            given = holder.get(name)
            if isinstance(given, dict):
                return str(given["text"])
        return ""


def touchables(blocks: list[Json]) -> Iterator[Touchable]:
    """Yield every element of the blocks that has an action_id, in reading order."""
    for block in blocks:
        found = [
            block.get("accessory"),
            block.get("element"),
            *(block.get("elements") or ()),
            *(block.get("actions") or ()),
        ]
        for element in found:
            if isinstance(element, dict) and "action_id" in element:
                yield Touchable(block, element)
        inner = [
            *(block.get("child_blocks") or ()),
            *(block.get("elements") or () if block["type"] == "carousel" else ()),
        ]
        yield from touchables(inner)


def version_with(versions: list[list[Json]], *, block_id: str | None, action_id: str | None) -> list[Json]:
    """Return the newest version of a message that has an element; the present one, if none has it or no ids are given.

    A window that has not heard of the newest version acts on what it shows, and Slack hands that on to the app.
    """
    for blocks in versions:
        if any((one.block_id, one.action_id) == (block_id, action_id) for one in touchables(blocks)):
            return blocks
    return versions[0]


def find_button(
    blocks: list[Json], *, button: str | None, action_id: str | None, block_id: str | None = None
) -> Touchable:
    """Find what to press, by what is written on it, action_id or block. Raises CannotDo naming what there is."""
    buttons = [one for one in touchables(blocks) if one.kind in BUTTONS]
    for one in buttons:
        if (
            (button is None or one.label == button)
            and (action_id is None or one.action_id == action_id)
            and (block_id is None or one.block_id == block_id)
        ):
            return one
    wanted = repr(button) if button is not None else f"action_id {action_id!r}"
    raise CannotDo(f"there is no button {wanted} here; there are: {', '.join(one.label for one in buttons) or 'none'}")


def find_input(blocks: list[Json], name: str) -> Touchable:
    """Find a field by action_id, block_id, `block_id/action_id` or label. Raises CannotDo naming what there is."""
    fields = [one for one in touchables(blocks) if one.kind not in BUTTONS]
    for one in fields:
        if name in {one.action_id, one.block_id, f"{one.block_id}/{one.action_id}", one.label}:
            return one
    there = ", ".join(f"{one.label!r} ({one.block_id}/{one.action_id})" for one in fields)
    raise CannotDo(f"there is no field {name!r} here; there are: {there or 'none'}")


def value_of(element: Json, value: Any) -> Json:
    """Write what a person entered as a state value. Raises CannotDo where Slack's client would not let them."""
    kind = str(element["type"])
    if kind not in SINGLE:
        raise CannotDo(f"nothing can be entered into a {kind}")
    key = SINGLE[kind][0]
    if value in (None, ""):
        return {"type": kind, key: [] if kind in LISTS else None}
    if key == "selected_options":
        return {"type": kind, key: [_option(element, one) for one in (value if isinstance(value, list) else [value])]}
    if key == "selected_option":
        return {"type": kind, key: _option(element, value)}
    if kind in LISTS:
        return {"type": kind, key: list(value) if isinstance(value, list | tuple) else [value]}
    if kind == "rich_text_input" and isinstance(value, str):
        section = {"type": "rich_text_section", "elements": [{"type": "text", "text": value}]}
        return {"type": kind, key: {"type": "rich_text", "elements": [section]}}
    most = element.get("max_length", 3000)
    if kind == "plain_text_input" and len(str(value)) > most:
        raise CannotDo(f"the field takes {most} characters, not {len(str(value))}")
    return {"type": kind, key: value if kind == "datetimepicker" or isinstance(value, dict) else str(value)}


def _option(element: Json, wanted: Any) -> Json:
    if isinstance(wanted, dict):
        return wanted
    offered = [option for option in all_options(element) if isinstance(option, dict)]
    for option in offered:
        if wanted in {option.get("value"), option["text"]["text"]}:
            return option
    raise CannotDo(
        f"there is no choice {wanted!r} here; there are: {', '.join(o['text']['text'] for o in offered) or 'none'}"
    )


def state_values(blocks: list[Json], entered: Json) -> Json:
    """Write `state.values`: what was entered, else the initial value, of every field of the blocks."""
    values: Json = {}
    for one in touchables(blocks):
        if one.kind not in STATEFUL:
            continue
        key, initial = SINGLE[one.kind]
        start: Any = one.element.get(initial)
        untouched = {"type": one.kind, key: [] if start is None and one.kind in LISTS else start}
        state = entered.get(one.block_id, {}).get(one.action_id)
        fits = state is not None and state["type"] == one.kind
        values.setdefault(one.block_id, {})[one.action_id] = state if fits else untouched
    return values


def missing_fields(blocks: list[Json], values: Json) -> dict[str, str]:
    """Answer, by block_id, what Slack's client says before it lets a dialog go: required and too short fields."""
    wrong: dict[str, str] = {}
    for one in touchables(blocks):
        if one.block["type"] != "input":
            continue
        value = values[one.block_id][one.action_id].get(SINGLE[one.kind][0])
        empty = value is None or value in ("", [])
        if empty and not one.block.get("optional"):
            wrong[one.block_id] = "Please complete this required field."
        elif not empty and one.kind == "plain_text_input" and len(value) < one.element.get("min_length", 0):
            wrong[one.block_id] = f"Must be at least {one.element['min_length']} characters long."
    return wrong
