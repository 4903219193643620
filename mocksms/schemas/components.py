"""Components of the OpenAPI document: the schemas of all types in the operations, each by one name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from math import inf
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from mocksms.sms.durations import format_duration

JsonObject = dict[str, Any]

REFS: Final = "#/components/schemas/{model}"

MAX_INT32: Final = 2**31 - 1

_MAPS: Final = ("properties", "$defs")
"""Keywords whose members have names of their own, no keywords."""


class PlainSchema(GenerateJsonSchema):
    """The schema of a model as people write its values: a default duration is `90s`, as in `mocksms.schemas.types`."""

    def encode_default(self, dft: Any) -> Any:
        """Return a default as JSON."""
        return format_duration(dft) if isinstance(dft, timedelta) else super().encode_default(dft)


class Components:
    """The schemas of all types in the operations.

    What is read as well as written, such as a scenario, is described as it is read: a type with two schemas would have
    two names. A generator of clients makes one class for each name. Only what has more fields when it is written is
    described twice: as `Failure`, and as `FailureInput`.
    """

    def __init__(self, requests: Iterable[Any], responses: Iterable[Any]) -> None:
        modes: dict[Any, JsonSchemaMode] = dict.fromkeys(responses, "serialization")
        modes |= dict.fromkeys(requests, "validation")
        inputs = [(type_, mode, TypeAdapter(type_)) for type_, mode in modes.items()]
        schemas, definitions = TypeAdapter.json_schemas(inputs, ref_template=REFS, schema_generator=PlainSchema)
        self._schemas = {type_: _tidy(schema) for (type_, _), schema in schemas.items()}
        self.all: JsonObject = {
            _plain(name): {"title": _plain(name), **_tidy(schema)}
            for name, schema in definitions.get("$defs", {}).items()
        }
        for schema in self.all.values():
            for field in schema.get("properties", {}).values():
                self._describe_default(field)

    def of(self, type_: Any) -> JsonObject:
        """Return the schema of a type, usually a reference."""
        return dict(self._schemas[type_])

    def _describe_default(self, field: JsonObject) -> None:
        """Say the default of a union in its description: a generator does not know of which type it is."""
        if "default" in field and "anyOf" in self.all.get(_name(field.get("$ref", "")), {}):
            field["description"] += f"; {field.pop('default')} by default"

    def fields(self, model: type[BaseModel]) -> tuple[JsonObject, Sequence[str]]:
        """Return the schemas of a model's fields, and which are required."""
        schema = self.all[_name(self.of(model)["$ref"])]
        return schema["properties"], schema.get("required", ())

    def referenced(self, *parts: object) -> JsonObject:
        """Return the components that parts of the document refer to: models of queries become parameters instead."""
        names: dict[str, None] = {}
        rest = [*parts]
        while rest:
            part = rest.pop()
            for name in _references(part):
                if name not in names:
                    names[name] = None
                    rest.append(self.all[name])
        return {name: schema for name, schema in self.all.items() if name in names}


def _name(reference: str) -> str:
    """Return the name of the schema that a reference is to."""
    return reference.rpartition("/")[2]


def _references(part: object) -> Iterator[str]:
    """Iterate over the names of the schemas that a part of the document refers to."""
    prefix = REFS.removesuffix("{model}")
    if isinstance(part, dict):
        reference = part.get("$ref")
        if isinstance(reference, str) and reference.startswith(prefix):
            yield reference.removeprefix(prefix)
    for each in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from _references(each)


def _plain(name: str) -> str:
    """Return a name of a schema, or a reference to one, as the name of a class."""
    return name.removesuffix("-Output").replace("-Input", "Input")


def _tidy(schema: Any) -> Any:
    """Return a schema without what generators of clients stumble over, and what says nothing.

    A title that repeats the name of its field becomes a class of that name. A generator takes 32 bits for an integer,
    which are too few for a cursor or a number of bytes, unless its format says more.
    """
    if isinstance(schema, list):
        return [_tidy(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    tidy: JsonObject = {}
    for name, value in schema.items():
        if name in _MAPS:
            tidy[name] = {field: _tidy(each) for field, each in value.items()}
        elif name in ("default", "examples", "enum", "const"):
            tidy[name] = value
        elif name == "$ref":
            tidy[name] = _plain(value)
        elif name != "title":
            tidy[name] = _tidy(value)
    if tidy.get("type") == "integer" and tidy.get("maximum", inf) > MAX_INT32:
        tidy["format"] = "int64"
    return tidy
