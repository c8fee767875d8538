"""Values that the configuration holds as text and the program as an object of its own."""

from typing import ClassVar, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema


class WrittenValue:
    """A pydantic field type that ``parse`` reads and ``str`` writes back; an object of the type itself passes too.

    A class says in ``json_schema`` how the text looks, and in ``wanted`` what to write where there is no text at all.
    """

    __slots__ = ()

    wanted: ClassVar[str]
    json_schema: ClassVar[JsonSchemaValue]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the value; `ValueError` with a sentence where the text is none."""
        raise NotImplementedError

    @classmethod
    def _validate(cls, value: object) -> Self:
        if isinstance(value, cls):
            return value
        if isinstance(value, str):
            return cls.parse(value)
        raise ValueError(cls.wanted)

    @classmethod
    def __get_pydantic_core_schema__(cls, _: object, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._validate, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _: CoreSchema, __: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", **cls.json_schema}
