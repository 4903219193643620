"""The OpenAPI 3.1 document, generated from the operations of both APIs and their models."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final, Literal

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from mocksms.engine.keys import MAX_KEY_LENGTH

JsonObject = dict[str, Any]

JSON: Final = "application/json"
TEXT: Final = "text/plain"
STREAM: Final = "text/event-stream"
ZIP: Final = "application/zip"
OCTETS: Final = "application/octet-stream"
REFS: Final = "#/components/schemas/{model}"

EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})

_BINARY: Final = {"type": "string", "format": "binary"}

KEY: Final = {
    "name": "X-API-Key",
    "in": "header",
    "description": "The API key, which chooses the account",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH, "pattern": r"\S", "examples": ["demo"]},
}
"""The header that chooses the account."""


CONTROL_TOKEN: Final = {
    "type": "http",
    "scheme": "bearer",
    "description": "The option control_token; without it the inspection API needs no token",
}
"""The token of the inspection API."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseSpec:
    """A response of an operation: its description, the type of its JSON body, and its other media types."""

    about: str
    model: Any = None
    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation of an API as the OpenAPI document describes it.

    `base` is what comes before `path`. `query` and `body` are models; `examples` are bodies by name. `files` are the
    media types of a body that is a file, not JSON. `key` says whether the operation needs the header `X-API-Key`,
    `path_example` is an example of the parameter in its path.
    """

    id: str
    method: str
    path: str
    summary: str
    responses: Mapping[int, ResponseSpec]
    base: str = ""
    tag: str = ""
    about: str = ""
    key: Literal["required", "optional", "unused"] = "unused"
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    body_required: bool = True
    files: tuple[str, ...] = ()
    path_example: str = ""
    examples: Mapping[str, JsonObject] = field(default_factory=dict)


def response_examples() -> dict[str, Any]:
    """Read an example of the JSON response of each operation, by its id; `tests.response_examples` records them."""
    text = (files("mocksms.schemas") / "response_examples.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def document(
    operations: Sequence[Operation], tags: Mapping[str, str], examples: Mapping[str, Any] = EMPTY
) -> JsonObject:
    """Return the OpenAPI document of some operations.

    Args:
        operations: the operations.
        tags: describes their groups, in order.
        examples: an example of the JSON response of each operation, by its id.
    """
    schemas = _Schemas(operations)
    paths: dict[str, JsonObject] = {}
    for operation in operations:
        described = _operation(operation, schemas)
        if operation.id in examples:
            described["responses"]["200"]["content"][JSON]["example"] = examples[operation.id]
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "mocksms",
            "version": version("mocksms"),
            "summary": "A mock of inwise's transactional SMS API, and its inspection API",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/", "description": "This mock"}],
        "security": [{"controlToken": []}, {}],
        "tags": [{"name": name, "description": about} for name, about in tags.items()],
        "paths": paths,
        "components": {
            "schemas": _referenced(schemas.components, paths),
            "securitySchemes": {"controlToken": CONTROL_TOKEN},
        },
    }


class _Schemas:
    """The schemas of all types in the operations."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        inputs = [(type_, mode, TypeAdapter(type_)) for type_, mode in dict.fromkeys(_types(operations))]
        self._schemas, definitions = TypeAdapter.json_schemas(inputs, ref_template=REFS)
        self.components: JsonObject = definitions.get("$defs", {})

    def of(self, type_: Any, mode: JsonSchemaMode) -> JsonObject:
        """Return the schema of a type, usually a reference."""
        return dict(self._schemas[type_, mode])

    def fields(self, model: type[BaseModel]) -> tuple[JsonObject, Sequence[str]]:
        """Return the schemas of a model's fields, and which are required."""
        name = self.of(model, "validation")["$ref"].rpartition("/")[2]
        schema = self.components[name]
        return schema["properties"], schema.get("required", ())


def _types(operations: Iterable[Operation]) -> Iterable[tuple[Any, JsonSchemaMode]]:
    for operation in operations:
        for model in (operation.query, operation.body):
            if model is not None:
                yield model, "validation"
        for response in operation.responses.values():
            if response.model is not None:
                yield response.model, "serialization"


def _operation(operation: Operation, schemas: _Schemas) -> JsonObject:
    described: JsonObject = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": [*_parameters(operation, schemas)],
        "responses": {str(status): _response(response, schemas) for status, response in operation.responses.items()},
    }
    if operation.base:
        described["servers"] = [{"url": operation.base}]
        described["security"] = []
    if operation.about:
        described["description"] = operation.about
    if operation.body is not None:
        content: JsonObject = {"schema": schemas.of(operation.body, "validation")}
        if operation.examples:
            content["examples"] = {name: {"value": value} for name, value in operation.examples.items()}
        described["requestBody"] = {"required": operation.body_required, "content": {JSON: content}}
    if operation.files:
        described["requestBody"] = {
            "required": True,
            "content": {type_: {"schema": _BINARY} for type_ in operation.files},
        }
    return described


def _parameters(operation: Operation, schemas: _Schemas) -> Iterable[JsonObject]:
    for part in operation.path.split("/"):
        if part.startswith("{"):
            yield _path_parameter(operation, part[1:-1])
    if operation.key != "unused":
        yield {**KEY, "required": operation.key == "required"}
    if operation.query is not None:
        properties, required = schemas.fields(operation.query)
        for name, schema in properties.items():
            bare = {key: value for key, value in _without_null(schema).items() if key not in ("description", "title")}
            yield {
                "name": name,
                "in": "query",
                "required": name in required,
                "description": schema["description"],
                "schema": bare,
            }


def _path_parameter(operation: Operation, name: str) -> JsonObject:
    schema: JsonObject = {"type": "string", "minLength": 1}
    about = f"Id of the {operation.path.partition('/{')[0].rpartition('/')[2].removesuffix('s')}"
    if operation.path_example:
        schema["examples"] = [operation.path_example]
        about += f", or `{operation.path_example}`"
    return {"name": name, "in": "path", "required": True, "description": about, "schema": schema}


def _referenced(components: JsonObject, paths: JsonObject) -> JsonObject:
    """Return the components that the paths refer to: models of queries become parameters instead."""
    referenced: dict[str, None] = {}
    parts: list[object] = [paths]
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            name = str(part.get("$ref", "")).rpartition("/")[2]
            if name and name not in referenced:
                referenced[name] = None
                parts.append(components[name])
            parts.extend(part.values())
        elif isinstance(part, list):
            parts.extend(part)
    return {name: components[name] for name in components if name in referenced}


def _without_null(schema: JsonObject) -> JsonObject:
    """Return the schema of a query parameter without null, which a query cannot express, and without an empty default.

    An empty value of the emulated API is as good as none, and does not fit the type of a number or a date.
    """
    rest = {key: value for key, value in schema.items() if (key, value) != ("default", "")}
    choices = [choice for choice in schema.get("anyOf", ()) if choice.get("type") != "null"]
    if len(choices) != 1:
        return rest
    rest = {key: value for key, value in rest.items() if key not in ("anyOf", "default")}
    return {**rest, **choices[0]}


def _response(response: ResponseSpec, schemas: _Schemas) -> JsonObject:
    described: JsonObject = {"description": response.about}
    content: JsonObject = {}
    if response.model is not None:
        content[JSON] = {"schema": schemas.of(response.model, "serialization")}
    content.update({media: {"schema": _BINARY if media == ZIP else {"type": "string"}} for media in response.media})
    return {**described, "content": content} if content else described
