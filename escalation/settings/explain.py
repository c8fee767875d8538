"""Turn pydantic's errors into problems: the line, the key as written, and a sentence that helps."""

import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from escalation.settings.positions import KeyPath, Positions, dotted
from escalation.settings.problems import MissingSecret, Problem
from escalation.settings.spelling import UnknownWordError, nearest

_WRONG_KEY: Final = "[key]"
"""What pydantic puts behind the key of a table when the key itself is wrong, such as a date that does not exist."""

_SENTENCES: Final[Mapping[str, str]] = {
    "missing": "is required",
    "string_type": "must be a text in quotes",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "tuple_type": "must be a list in square brackets",
    "list_type": "must be a list in square brackets",
    "mapping_type": "must be a section with names of its own",
    "dict_type": "must be a section",
    "model_type": "must be a section",
    "too_short": "must not be empty",
    "date_type": "must be a date such as 2026-12-24",
    "date_parsing": "must be a date such as 2026-12-24",
    "date_from_datetime_parsing": "must be a date such as 2026-12-24",
    "date_from_datetime_inexact": "must be a date such as 2026-12-24",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "greater_than": "must be more than {gt}",
    "less_than": "must be less than {lt}",
    "literal_error": "must be {expected}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explainer:
    """Knows the file: its name, the raw data and where each key stands."""

    file: str
    raw: Mapping[str, Any]
    positions: Positions

    def problem(self, path: KeyPath, sentence: str, *, suggestions: tuple[str, ...] = ()) -> Problem:
        """Make a problem about a path of the file."""
        return Problem(
            file=self.file,
            line=self.positions.line(path),
            key=dotted(path) or "portavoce",
            sentence=sentence,
            suggestions=suggestions,
        )

    def problems(self, error: ValidationError, model: type[BaseModel], *, below: KeyPath = ()) -> list[Problem]:
        """Explain every error of a model that was validated with the part of the file at `below`.

        "is required" is left out where an unknown key beside it is a likely misspelling of the required one.
        """
        found: list[Problem] = []
        missing: list[KeyPath] = []
        misspelt: set[KeyPath] = set()
        for detail in error.errors(include_url=False, include_input=False):
            path = (*below, *(part for part in detail["loc"] if part != _WRONG_KEY))
            if detail["type"] == "extra_forbidden":
                parent = model_at(model, detail["loc"][:-1])
                problem = self.unknown_key(path, field_names(parent) if parent else ())
                misspelt.update((*path[:-1], name) for name in problem.suggestions)
                found.append(problem)
            elif detail["type"] == "missing":
                missing.append(path)
            else:
                found.append(self._explained(path, detail))
        found += [self.problem(path, "is required") for path in missing if path not in misspelt]
        return found

    def unknown_key(self, path: KeyPath, known: typing.Iterable[str]) -> Problem:
        """Refuse a key that does not exist, naming the nearest one or the section where it belongs."""
        table = self.value(path[:-1])
        taken = tuple(table) if isinstance(table, Mapping) else ()
        suggestions = nearest(str(path[-1]), known, taken=taken)
        return self.problem(path, "unknown key", suggestions=suggestions)

    def value(self, path: KeyPath) -> Any:
        """Give the raw value at a path, None when there is none."""
        at: Any = self.raw
        for part in path:
            try:
                at = at[part]
            except (KeyError, IndexError, TypeError):
                return None
        return at

    def _explained(self, path: KeyPath, detail: ErrorDetails) -> Problem:
        context = detail.get("ctx", {})
        kind = detail["type"]
        if kind == "missing_secret":
            return MissingSecret(
                file=self.file,
                line=self.positions.line(path),
                key=dotted(path),
                sentence=detail["msg"],
                variable=context.get("variable"),
                secret_file=context.get("file"),
            )
        if kind == "required_key":
            return self.problem((*path, str(context["key"])), detail["msg"])
        if kind == "value_error":
            error = context.get("error")
            suggestions = error.suggestions if isinstance(error, UnknownWordError) else ()
            return self.problem(path, str(error), suggestions=suggestions)
        sentence = _SENTENCES.get(kind)
        if sentence is None:
            return self.problem(path, detail["msg"][:1].lower() + detail["msg"][1:])
        if kind == "literal_error":
            typed = self.value(path)
            words = [word.strip("'") for word in str(context["expected"]).replace(" or ", ", ").split(", ")]
            return self.problem(
                path, sentence.format(**context), suggestions=nearest(typed, words) if isinstance(typed, str) else ()
            )
        return self.problem(path, sentence.format(**context))


def field_names(model: type[BaseModel]) -> tuple[str, ...]:
    """List the keys that a model reads, aliases where it has them."""
    return tuple(
        field.validation_alias if isinstance(field.validation_alias, str) else name
        for name, field in model.model_fields.items()
    )


def model_at(model: type[BaseModel], path: KeyPath) -> type[BaseModel] | None:
    """Give the model that reads the table at `path` below `model`, None when it is not a table of known keys."""
    kind: Any = model
    for part in path:
        kind = _inside(kind, part)
    return next(_models(kind), None)


def sections_with(model: type[BaseModel], name: str, *, below: KeyPath = ()) -> Iterator[KeyPath]:
    """Give the paths of fixed sections (not those under names of their own) that have a key `name`."""
    for key, field in model.model_fields.items():
        inner = _plain(field.annotation)
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            if name in inner.model_fields:
                yield (*below, key)
            yield from sections_with(inner, name, below=(*below, key))


def _inside(kind: Any, part: str | int) -> Any:
    plain = _plain(kind)
    if isinstance(plain, type) and issubclass(plain, BaseModel):
        by_key = dict(zip(field_names(plain), plain.model_fields.values(), strict=True))
        return by_key[part].annotation if part in by_key else None
    arguments = typing.get_args(plain)
    if not arguments:
        return None
    return arguments[0] if isinstance(part, int) else arguments[-1]


def _plain(kind: Any) -> Any:
    """Strip `Annotated[...]` and `... | None`."""
    while True:
        if typing.get_origin(kind) is typing.Annotated:
            kind = typing.get_args(kind)[0]
        elif typing.get_origin(kind) in {typing.Union, types.UnionType}:
            others = [one for one in typing.get_args(kind) if one is not type(None)]
            if len(others) != 1:
                return kind
            kind = others[0]
        else:
            return kind


def _models(kind: Any) -> Iterator[type[BaseModel]]:
    plain = _plain(kind)
    if isinstance(plain, type) and issubclass(plain, BaseModel):
        yield plain
