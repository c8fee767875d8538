"""The small vocabulary in which `block_rules` says what Slack accepts: kinds of values, and rules made of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

MESSAGE, MODAL, HOME = "message", "modal", "home"
EVERYWHERE = frozenset({MESSAGE, MODAL, HOME})


@dataclass(frozen=True)
class Text:
    """A text object of `least` to `most` characters, of one of the `kinds`."""

    most: int = 3000
    kinds: tuple[str, ...] = ("plain_text", "mrkdwn")
    least: int = 1


@dataclass(frozen=True)
class String:
    """A bare string; with `choices` only those, with `pattern` only what matches it whole."""

    most: int | None = None
    least: int = 0
    choices: tuple[str, ...] = ()
    pattern: str = ""


@dataclass(frozen=True)
class Number:
    """A whole number from `least` to `most`."""

    least: int | None = None
    most: int | None = None


@dataclass(frozen=True)
class Flag:
    """True or false."""


@dataclass(frozen=True)
class Shape:
    """An object that has no `type` of its own and follows the rule of this name in `SHAPES`."""

    name: str


@dataclass(frozen=True)
class OneOf:
    """An object whose `type` is one of these names in `ELEMENTS`."""

    types: tuple[str, ...]


@dataclass(frozen=True)
class Nested:
    """A block inside a block, of one of these types."""

    types: tuple[str, ...]


@dataclass(frozen=True)
class Many:
    """A list of `least` to `most` values of one kind."""

    of: "Kind"
    most: int
    least: int = 1


@dataclass(frozen=True)
class Anything:
    """Any JSON object, looked at no further."""


Kind = Text | String | Number | Flag | Shape | OneOf | Nested | Many | Anything


@dataclass(frozen=True)
class Rule:
    """What one type of block, element or object may hold.

    `any_of`: at least one of these must be there. `not_both`: pairs that exclude each other. `surfaces`: where a
    block may stand.
    """

    fields: Mapping[str, Kind] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    not_both: tuple[tuple[str, str], ...] = ()
    surfaces: frozenset[str] = EVERYWHERE
