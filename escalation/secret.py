"""Secrets: values that no print-out, error or dump ever shows.

The configuration names a secret as `{ env = "NAME" }` or `{ file = "PATH" }`; a `Secret` field of any pydantic model
resolves that through the `SecretSource` given as validation context. Code may also hand over a finished `Secret`.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self, cast

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

MASK: Final = "**********"

REFERENCE_SCHEMA: Final[dict[str, Any]] = {
    "oneOf": [
        {
            "type": "object",
            "properties": {"env": {"type": "string", "description": "name of an environment variable"}},
            "required": ["env"],
            "additionalProperties": False,
        },
        {
            "type": "object",
            "properties": {"file": {"type": "string", "description": "path of a file that holds nothing else"}},
            "required": ["file"],
            "additionalProperties": False,
        },
    ]
}


class SecretNotLoadedError(RuntimeError):
    """A secret was asked for although the configuration was read without its secrets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretSource:
    """Where secrets come from: the environment, and files relative to the folder of the configuration file.

    With `resolve` off nothing is looked up and every secret stays unloaded, for checks that work offline.
    """

    environ: Mapping[str, str] = field(repr=False)
    folder: Path
    resolve: bool = True


class Secret:
    """A secret text; `reveal()` gives it, everything else shows a mask. Compared in constant time."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value: str | None = value

    @classmethod
    def unloaded(cls) -> Self:
        """Make the stand-in for a secret that was deliberately not looked up."""
        empty = cls("")
        empty._value = None
        return empty

    @property
    def loaded(self) -> bool:
        """Say whether there is a value to reveal."""
        return self._value is not None

    def reveal(self) -> str:
        """Give the text; `SecretNotLoadedError` when the configuration was read without secrets."""
        if self._value is None:
            raise SecretNotLoadedError("this configuration was read without its secrets")
        return self._value

    def __repr__(self) -> str:
        return f"Secret('{MASK}')"

    def __str__(self) -> str:
        return MASK

    def __format__(self, _: str) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        if self._value is None or other._value is None:
            return self._value is other._value
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: object) -> Self:
        return self

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written anywhere, so it cannot be pickled")

    @classmethod
    def _validate(cls, value: object, info: ValidationInfo) -> "Secret":
        if isinstance(value, Secret):
            return value
        text = read_reference(value, info)
        return Secret.unloaded() if text is None else Secret(text)

    @classmethod
    def __get_pydantic_core_schema__(cls, _: object, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            cls._validate,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda _: MASK, return_schema=core_schema.str_schema()
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _: CoreSchema, __: GetJsonSchemaHandler) -> JsonSchemaValue:
        return REFERENCE_SCHEMA


def is_reference(value: object) -> bool:
    """Say whether a raw value looks like `{ env = ... }` or `{ file = ... }`."""
    return isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in {"env", "file"}


def read_reference(value: object, info: ValidationInfo) -> str | None:
    """Look up `{ env = "NAME" }` or `{ file = "PATH" }`; None when the source does not resolve.

    Raises pydantic errors whose text never holds the value: `secret_literal`, `secret_form` and `missing_secret`.
    """
    variable = (info.field_name or "secret").upper()
    form = '{ env = "{variable}" } or { file = "PATH" }'
    if isinstance(value, str):
        raise PydanticCustomError(
            "secret_literal", "a secret is never written into this file; write " + form, {"variable": variable}
        )
    if not is_reference(value):
        raise PydanticCustomError("secret_form", "a secret is written as " + form, {"variable": variable})
    kind, name = next(iter(cast("Mapping[str, object]", value).items()))
    if not isinstance(name, str) or not name.strip():
        raise PydanticCustomError("secret_form", "a secret is written as " + form, {"variable": variable})
    source = info.context
    if not isinstance(source, SecretSource):
        raise PydanticCustomError("secret_source", "a secret can only be looked up while a configuration is loaded")
    if not source.resolve:
        return None
    return _from_environment(name, source) if kind == "env" else _from_file(name, source)


def _from_environment(name: str, source: SecretSource) -> str:
    text = source.environ.get(name, "")
    if not text:
        state = "empty" if name in source.environ else "not set"
        raise PydanticCustomError(
            "missing_secret",
            "the environment variable {name} is {state}",
            {"name": name, "state": state, "variable": name},
        )
    return text


def _from_file(name: str, source: SecretSource) -> str:
    path = source.folder / Path(name).expanduser()
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        reason = error.strerror or "unreadable"
    except UnicodeDecodeError:
        reason = "not UTF-8 text"
    except ValueError:  # a path with a null character
        reason = "not a path"
    else:
        text = text.removesuffix("\n").removesuffix("\r")
        if text:
            return text
        reason = "empty"
    raise PydanticCustomError(
        "missing_secret",
        "the secret file {path} cannot be used: {reason}",
        {"path": str(path), "reason": reason, "file": str(path)},
    )
