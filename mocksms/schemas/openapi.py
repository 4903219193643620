"""The OpenAPI 3.1 document, made from the operations of the doors and the models they read and write with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, Final, Literal

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from mocksms.engine.account import MAX_KEY_LENGTH

JsonObject = dict[str, Any]

JSON: Final = "application/json"
TEXT: Final = "text/plain"
STREAM: Final = "text/event-stream"
REFS: Final = "#/components/schemas/{model}"

KEY: Final = {
    "name": "X-API-Key",
    "in": "header",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH, "pattern": r"\S", "examples": ["demo"]},
}
"""The header that names the account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseSpec:
    """An answer an operation may give: what it means, the type of its JSON body, and other media types it comes in."""

    about: str
    shape: Any = None
    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing a door does, as its users read about it.

    `query` and `body` are the models a request is read with; `examples` are bodies by name. `key` says what the
    `X-API-Key` header is to it, `path_example` what may stand for the braces in its path.
    """

    id: str
    method: str
    path: str
    summary: str
    replies: Mapping[int, ResponseSpec]
    tag: str = ""
    about: str = ""
    key: Literal["required", "chooses", "unused"] = "unused"
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    body_required: bool = True
    path_example: str = ""
    examples: Mapping[str, JsonObject] = field(default_factory=dict)


def document(operations: Sequence[Operation], tags: Mapping[str, str]) -> JsonObject:
    """Return the OpenAPI document of some operations; `tags` describes their groups, in order."""
    schemas = _Schemas(operations)
    paths: dict[str, JsonObject] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "mocksms",
            "version": version("mocksms"),
            "summary": "A stand-in for inwise's transactional SMS API, and the inspection API of the mock itself",
        },
        "tags": [{"name": name, "description": about} for name, about in tags.items()],
        "paths": paths,
        "components": {
            "schemas": _mentioned(schemas.components, paths),
            "securitySchemes": {"controlToken": {"type": "http", "scheme": "bearer"}},
        },
    }


class _Schemas:
    """The schemas of every type the operations speak of, by the type."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        inputs: list[tuple[Any, JsonSchemaMode, TypeAdapter[Any]]] = []
        seen: set[tuple[Any, JsonSchemaMode]] = set()
        for shape, mode in _shapes(operations):
            if (shape, mode) not in seen:
                seen.add((shape, mode))
                inputs.append((shape, mode, TypeAdapter(shape)))
        self._schemas, definitions = TypeAdapter.json_schemas(inputs, ref_template=REFS)
        self.components: JsonObject = definitions.get("$defs", {})

    def of(self, shape: Any, mode: JsonSchemaMode) -> JsonObject:
        """Return the schema of a type, mostly a reference."""
        return dict(self._schemas[shape, mode])

    def fields(self, model: type[BaseModel]) -> tuple[JsonObject, Sequence[str]]:
        """Return the schemas of a model's fields, and which are required."""
        name = self.of(model, "validation")["$ref"].rpartition("/")[2]
        schema = self.components[name]
        return schema["properties"], schema.get("required", ())


def _shapes(operations: Iterable[Operation]) -> Iterable[tuple[Any, JsonSchemaMode]]:
    for operation in operations:
        for model in (operation.query, operation.body):
            if model is not None:
                yield model, "validation"
        for reply in operation.replies.values():
            if reply.shape is not None:
                yield reply.shape, "serialization"


def _operation(operation: Operation, schemas: _Schemas) -> JsonObject:
    described: JsonObject = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": [*_parameters(operation, schemas)],
        "responses": {str(status): _reply(reply, schemas) for status, reply in operation.replies.items()},
    }
    if operation.about:
        described["description"] = operation.about
    if operation.body is not None:
        content: JsonObject = {"schema": schemas.of(operation.body, "validation")}
        if operation.examples:
            content["examples"] = {name: {"value": value} for name, value in operation.examples.items()}
        described["requestBody"] = {"required": operation.body_required, "content": {JSON: content}}
    return described


def _parameters(operation: Operation, schemas: _Schemas) -> Iterable[JsonObject]:
    for part in operation.path.split("/"):
        if part.startswith("{"):
            named = {"type": "string", "minLength": 1, "examples": [operation.path_example]}
            yield {"name": part[1:-1], "in": "path", "required": True, "schema": named}
    if operation.key != "unused":
        yield {**KEY, "required": operation.key == "required"}
    if operation.query is not None:
        properties, required = schemas.fields(operation.query)
        for name, schema in properties.items():
            shown = {key: value for key, value in _given(schema).items() if key not in ("description", "title")}
            parameter: JsonObject = {"name": name, "in": "query", "required": name in required, "schema": shown}
            if "description" in schema:
                parameter["description"] = schema["description"]
            yield parameter


def _mentioned(components: JsonObject, paths: JsonObject) -> JsonObject:
    """Return the components that the paths refer to: the models of queries are spelt out as parameters."""
    wanted: dict[str, None] = {}
    parts: list[object] = [paths]
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            name = str(part.get("$ref", "")).rpartition("/")[2]
            if name and name not in wanted:
                wanted[name] = None
                parts.append(components[name])
            parts.extend(part.values())
        elif isinstance(part, list):
            parts.extend(part)
    return {name: components[name] for name in components if name in wanted}


def _given(schema: JsonObject) -> JsonObject:
    """Return the schema of a query parameter that is given: there is no way to write null in a query."""
    choices = [choice for choice in schema.get("anyOf", ()) if choice.get("type") != "null"]
    if len(choices) != 1:
        return schema
    rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
    return {**rest, **choices[0]}


def _reply(reply: ResponseSpec, schemas: _Schemas) -> JsonObject:
    described: JsonObject = {"description": reply.about}
    content: JsonObject = {}
    if reply.shape is not None:
        content[JSON] = {"schema": schemas.of(reply.shape, "serialization")}
    content.update({media: {"schema": {"type": "string"}} for media in reply.media})
    return {**described, "content": content} if content else described
