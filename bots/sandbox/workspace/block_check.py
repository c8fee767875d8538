"""Walks blocks and views along the tables of `block_rules` and says, with JSON pointers, what Slack would refuse.

The sentences are those that Slack gives in `response_metadata.messages` where they are publicly known.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bots.sandbox.workspace import block_rules as rules
from bots.sandbox.workspace.block_kinds import (
    MESSAGE,
    MODAL,
    Anything,
    Flag,
    Kind,
    Many,
    Nested,
    Number,
    OneOf,
    Rule,
    Shape,
    String,
    Text,
)

TEXT_FIELDS = {"plain_text": frozenset({"type", "text", "emoji"}), "mrkdwn": frozenset({"type", "text", "verbatim"})}
UNMATCHED = "failed to match all allowed schemas"


@dataclass(frozen=True)
class Problem:
    """One thing Slack would refuse: what is wrong, and the JSON pointer of the place."""

    sentence: str
    pointer: str

    def __str__(self) -> str:
        """Read as Slack writes it."""
        return f"{self.sentence} [json-pointer:{self.pointer}]"


@dataclass
class Walk:
    """One look at one document; collects every problem, not only the first."""

    surface: str
    problems: list[Problem] = field(default_factory=list)
    block_ids: set[str] = field(default_factory=set)
    markdown_characters: int = 0
    tables: int = 0
    inputs: int = 0

    def refuse(self, sentence: str, pointer: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(sentence, pointer))

    def blocks(self, blocks: Any, pointer: str) -> None:
        """Check a whole list of blocks for the surface."""
        if not isinstance(blocks, list):
            self.refuse("must provide an array", pointer)
            return
        most = rules.BLOCKS_PER_SURFACE[self.surface]
        if len(blocks) > most:
            self.refuse(f"no more than {most} items allowed", pointer)
        for index, block in enumerate(blocks):
            self.block(block, f"{pointer}/{index}", tuple(rules.BLOCKS))
        if self.markdown_characters > rules.MARKDOWN_CHARACTERS_PER_MESSAGE:
            self.refuse(
                f"markdown blocks must be less than {rules.MARKDOWN_CHARACTERS_PER_MESSAGE + 1} characters together",
                pointer,
            )

    def block(self, block: Any, pointer: str, types: tuple[str, ...]) -> None:
        """Check one block that must be of one of `types`."""
        kind = self._type_of(block, pointer, types)
        if kind is None:
            return
        rule = rules.BLOCKS[kind]
        if self.surface not in rule.surfaces:
            self.refuse(f"unsupported type: {kind}", f"{pointer}/type")
            return
        block_id = block.get("block_id")
        if isinstance(block_id, str) and block_id:
            if block_id in self.block_ids:
                self.refuse(f"`block_id` {block_id} already exists", f"{pointer}/block_id")
            self.block_ids.add(block_id)
        self.fields(block, rule, pointer)
        if kind == "input":
            self.inputs += 1
            self._input(block, pointer)
        elif kind in rules.TABLES:
            self.tables += 1
            self._rows(block, kind, pointer)
        elif kind == "markdown" and isinstance(block.get("text"), str):
            self.markdown_characters += len(block["text"])
        elif kind == "actions":
            self._unique_actions(block.get("elements"), pointer)
        elif kind == "container" and block.get("is_collapsible") is block.get("has_header_divider") is True:
            self.refuse("has_header_divider cannot be set when is_collapsible is true", pointer)

    def fields(self, value: Mapping[str, Any], rule: Rule, pointer: str) -> None:
        """Check the fields of one object against its rule."""
        for name in rule.required:
            if value.get(name) is None:
                self.refuse(f"missing required field: {name}", pointer)
        if rule.any_of and all(value.get(name) is None for name in rule.any_of):
            self.refuse(f"missing required field: {' or '.join(rule.any_of)}", pointer)
        for one, other in rule.not_both:
            if value.get(one) is not None and value.get(other) is not None:
                self.refuse(f"only one of {one} and {other} is allowed", pointer)
        for name, given in value.items():
            if name == "type":
                continue
            kind = rule.fields.get(name)
            if kind is None:
                self.refuse(f"invalid additional property: {name}", pointer)
            elif given is not None:
                CHECKS[type(kind)](self, given, kind, f"{pointer}/{name}")

    def element(self, value: Any, kind: OneOf, pointer: str) -> None:
        """Check an element whose type decides its rule."""
        types = rules.INLINE if kind.types == ("inline",) else kind.types
        name = self._type_of(value, pointer, types)
        if name is None:
            return
        if name in TEXT_FIELDS:
            self.text(value, Text(3000, (name,)), pointer)
        elif name == "rich_text":
            self.fields(value, rules.BLOCKS[name], pointer)
        elif name == "file_input" and self.surface != MODAL:
            self.refuse(f"unsupported type: {name}", f"{pointer}/type")
        else:
            self.fields(value, rules.ELEMENTS[name], pointer)
            self._choices(value, name, pointer)

    def text(self, value: Any, kind: Text, pointer: str) -> None:
        """Check a text object; unions of both kinds get Slack's second sentence."""
        if not isinstance(value, dict):
            self.refuse("must provide an object", pointer)
            return
        before = len(self.problems)
        given = value.get("type")
        if given not in kind.kinds:
            self.refuse("must be one of: " + ", ".join(kind.kinds), f"{pointer}/type")
        else:
            for name in value:
                if name not in TEXT_FIELDS[given]:
                    self.refuse(f"invalid additional property: {name}", pointer)
            self.string(value.get("text"), String(kind.most, kind.least), f"{pointer}/text")
        if len(self.problems) > before and len(kind.kinds) > 1:
            self.problems.insert(before, Problem(UNMATCHED, pointer))

    def string(self, value: Any, kind: String, pointer: str) -> None:
        """Check a bare string."""
        if not isinstance(value, str):
            self.refuse("must provide a string", pointer)
        elif kind.choices and value not in kind.choices:
            self.refuse(f"must be a valid enum value: {', '.join(kind.choices)}", pointer)
        elif len(value) < kind.least:
            self.refuse(f"must be more than {kind.least - 1} characters", pointer)
        elif kind.most is not None and len(value) > kind.most:
            self.refuse(f"must be less than {kind.most + 1} characters", pointer)
        elif kind.pattern and not re.fullmatch(kind.pattern, value):
            self.refuse("must match the expected pattern", pointer)

    def number(self, value: Any, kind: Number, pointer: str) -> None:
        """Check a whole number and its range."""
        if isinstance(value, bool) or not isinstance(value, int):
            self.refuse("must provide a number", pointer)
        elif kind.least is not None and value < kind.least:
            self.refuse(f"must be at least {kind.least}", pointer)
        elif kind.most is not None and value > kind.most:
            self.refuse(f"must be no more than {kind.most}", pointer)

    def flag(self, value: Any, _kind: Flag, pointer: str) -> None:
        """Check a boolean."""
        if not isinstance(value, bool):
            self.refuse("must provide a boolean", pointer)

    def shape(self, value: Any, kind: Shape, pointer: str) -> None:
        """Check an object that has no type of its own."""
        if not isinstance(value, dict):
            self.refuse("must provide an object", pointer)
            return
        self.fields(value, rules.SHAPES[kind.name], pointer)

    def nested(self, value: Any, kind: Nested, pointer: str) -> None:
        """Check a block inside a block."""
        self.block(value, pointer, kind.types)

    def many(self, value: Any, kind: Many, pointer: str) -> None:
        """Check a list, its length and each of its items."""
        if not isinstance(value, list):
            self.refuse("must provide an array", pointer)
            return
        if len(value) > kind.most:
            self.refuse(f"no more than {kind.most} items allowed", pointer)
        elif len(value) < kind.least:
            self.refuse(f"no less than {kind.least} items allowed", pointer)
        check = CHECKS[type(kind.of)]
        for index, item in enumerate(value):
            check(self, item, kind.of, f"{pointer}/{index}")

    def anything(self, _value: Any, _kind: Anything, _pointer: str) -> None:
        """Accept whatever stands there."""

    def _type_of(self, value: Any, pointer: str, types: tuple[str, ...]) -> str | None:
        if not isinstance(value, dict):
            self.refuse("must provide an object", pointer)
        elif not isinstance(value.get("type"), str):
            self.refuse("missing required field: type", pointer)
        elif value["type"] not in types:
            self.refuse(f"unsupported type: {value['type']}", f"{pointer}/type")
        else:
            return str(value["type"])
        return None

    def _input(self, block: Mapping[str, Any], pointer: str) -> None:
        element = block.get("element")
        if isinstance(element, dict) and "dispatch_action_config" in element and not block.get("dispatch_action"):
            self.refuse("dispatch_action_config needs dispatch_action", f"{pointer}/element")

    def _rows(self, block: Mapping[str, Any], kind: str, pointer: str) -> None:
        rows = [row for row in block.get("rows") or () if isinstance(row, list)]
        if kind == "data_table" and len({len(row) for row in rows}) > 1:
            self.refuse("all rows must have the same number of cells", f"{pointer}/rows")

    def _choices(self, value: Mapping[str, Any], name: str, pointer: str) -> None:
        least, most = value.get("min_length"), value.get("max_length")
        if isinstance(least, int) and isinstance(most, int) and least > most:
            self.refuse("min_length must not be greater than max_length", pointer)
        if "initial_option" not in value and "initial_options" not in value:
            return
        offered = [option for option in all_options(value) if isinstance(option, dict)]
        chosen = value.get("initial_options") or ([value["initial_option"]] if "initial_option" in value else [])
        if offered and not all(option in offered for option in chosen):
            where = "initial_options" if "initial_options" in value else "initial_option"
            self.refuse(f"{where} of {name} must be among its options", f"{pointer}/{where}")

    def _unique_actions(self, elements: Any, pointer: str) -> None:
        seen: set[str] = set()
        for index, element in enumerate(elements if isinstance(elements, list) else ()):
            action_id = element.get("action_id") if isinstance(element, dict) else None
            if isinstance(action_id, str):
                if action_id in seen:
                    self.refuse(f"`action_id` {action_id} already exists", f"{pointer}/elements/{index}/action_id")
                seen.add(action_id)


CHECKS: dict[type[Kind], Callable[[Walk, Any, Any, str], None]] = {
    Text: Walk.text,
    String: Walk.string,
    Number: Walk.number,
    Flag: Walk.flag,
    Shape: Walk.shape,
    OneOf: Walk.element,
    Nested: Walk.nested,
    Many: Walk.many,
    Anything: Walk.anything,
}


def all_options(element: Mapping[str, Any]) -> Iterator[Any]:
    """Every option of an element, also those in groups."""
    yield from element.get("options") or ()
    for group in element.get("option_groups") or ():
        yield from (group.get("options") or ()) if isinstance(group, dict) else ()


def problems_of_blocks(blocks: Any, *, pointer: str = "/blocks") -> list[Problem]:
    """List what Slack would refuse in the blocks of a message; empty when it would take them."""
    walk = Walk(MESSAGE)
    walk.blocks(blocks, pointer)
    return walk.problems


def has_two_tables(blocks: Any) -> bool:
    """Whether a message holds more than one table, which Slack answers with an error word of its own."""
    kinds = [block.get("type") for block in blocks if isinstance(block, dict)] if isinstance(blocks, list) else []
    return sum(kind in rules.TABLES for kind in kinds) > 1


def characters_of(value: Any) -> int:
    """Count the characters of every text in blocks, wherever it stands."""
    if isinstance(value, list):
        return sum(characters_of(item) for item in value)
    if isinstance(value, dict):
        own = len(value["text"]) if isinstance(value.get("text"), str) else 0
        return own + sum(characters_of(item) for item in value.values() if isinstance(item, dict | list))
    return 0


def problems_of_view(view: Any, *, pointer: str = "/view") -> list[Problem]:
    """List what Slack would refuse in a modal or Home tab; empty when it would take it."""
    if not isinstance(view, dict):
        return [Problem("must provide an object", pointer)]
    kind = view.get("type")
    if kind is None:
        absent = [name for name in ("title", "blocks", "type") if name not in view]
        return [Problem(f"missing required field: {name}", pointer) for name in absent]
    if kind not in rules.VIEWS:
        return [Problem(f"unsupported type: {kind}", f"{pointer}/type")]
    walk = Walk(str(kind))
    walk.fields(view, rules.VIEWS[kind], pointer)
    if any("additional property" in problem.sentence for problem in walk.problems):
        walk.problems.insert(0, Problem(UNMATCHED, pointer))
    if view.get("blocks") is not None:
        walk.blocks(view["blocks"], f"{pointer}/blocks")
    if kind == MODAL and walk.inputs and view.get("submit") is None:
        walk.refuse("missing required field: submit", pointer)
    return walk.problems


def is_too_large(view: Any) -> bool:
    """Whether a view is over the 250 kB that Slack takes."""
    return len(json.dumps(view, ensure_ascii=False).encode(errors="replace")) > rules.VIEW_BYTES


def completed(blocks: list[dict[str, Any]], new_id: Callable[[], str]) -> list[dict[str, Any]]:
    """Copy blocks as Slack stores them: every block with a `block_id`, every element with an `action_id`.

    Text flags filled in.
    """
    return [_completed(block, new_id, is_block=True) for block in blocks]


def _completed(value: Any, new_id: Callable[[], str], *, is_block: bool = False) -> Any:
    if isinstance(value, list):
        return [_completed(item, new_id) for item in value]
    if not isinstance(value, dict):
        return value
    copy = {name: _completed(item, new_id) for name, item in value.items()}
    kind = value.get("type")
    if kind == "plain_text":
        copy.setdefault("emoji", True)
    elif kind == "mrkdwn":
        copy.setdefault("verbatim", False)
    elif is_block or (kind in rules.BLOCKS and kind not in rules.ELEMENTS):
        copy.setdefault("block_id", new_id())
    elif kind in rules.ELEMENTS and "action_id" in rules.ELEMENTS[kind].fields:
        copy.setdefault("action_id", new_id())
    return copy
