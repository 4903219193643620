"""The OpenAPI 3.1 document, generated from the operations of both APIs and their models."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final, Literal

from pydantic import BaseModel

from mocksms.engine.keys import MAX_KEY_LENGTH
from mocksms.schemas.components import Components, JsonObject

JSON: Final = "application/json"
TEXT: Final = "text/plain"
STREAM: Final = "text/event-stream"
ZIP: Final = "application/zip"
OCTETS: Final = "application/octet-stream"
FORM: Final = "application/x-www-form-urlencoded"

EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})

_BINARY: Final = {"type": "string", "format": "binary"}

KEY: Final = {
    "name": "X-API-Key",
    "in": "header",
    "required": False,
    "description": "The API key, which chooses the account",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH, "pattern": r"\S", "examples": ["demo"]},
}
"""The header that chooses the account."""


API_KEY: Final = {
    "type": "apiKey",
    "name": "X-API-Key",
    "in": "header",
    "description": "Any key, unless the option api_key lists some; each key is an account of its own",
}
"""The key of the emulated API."""

CONTROL_TOKEN: Final = {
    "type": "http",
    "scheme": "bearer",
    "description": "The option control_token; without it the inspection API needs no token",
}
"""The token of the inspection API."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseSpec:
    """A response of an operation: its description, the type of its JSON body, and its other media types.

    `errors` are the names of its examples in `error_examples`.
    """

    about: str
    model: Any = None
    media: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation of an API as the OpenAPI document describes it.

    `base` is what comes before `path`. `query` and `body` are models; `examples` are bodies by name. `files` are the
    media types of a body that is a file, not JSON. `key` says whether the header `X-API-Key` is needed, as it is by the
    emulated API, or chooses the account; `path_example` is an example of the parameter in its path.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackSpec:
    """The callback to a kind of webhook.

    `id` is the name of the kind, `model` the type of the body, and `examples` are bodies by their event.
    """

    id: str
    summary: str
    about: str
    media_type: str
    model: Any
    examples: Mapping[str, JsonObject]


def response_examples() -> dict[str, Any]:
    """Read an example of the JSON response of each operation, by its id; `tests.response_examples` records them."""
    text = (files("mocksms.schemas") / "response_examples.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def error_examples() -> dict[str, Any]:
    """Read an example of the JSON response to each error; `tests.error_examples` records them."""
    text = (files("mocksms.schemas") / "error_examples.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def document(
    operations: Sequence[Operation],
    tags: Mapping[str, str],
    examples: Mapping[str, Any] = EMPTY,
    errors: Mapping[str, Any] = EMPTY,
    callbacks: Sequence[CallbackSpec] = (),
) -> JsonObject:
    """Return the OpenAPI document of some operations.

    Args:
        operations: the operations.
        tags: describes their groups, in order.
        examples: an example of the JSON response of each operation, by its id.
        errors: an example of the JSON response to each error, by its name.
        callbacks: the callbacks to webhooks.
    """
    schemas = Components(
        (model for each in operations for model in (each.query, each.body) if model is not None),
        [
            *(spec.model for each in operations for spec in each.responses.values() if spec.model is not None),
            *(callback.model for callback in callbacks),
        ],
    )
    paths: dict[str, JsonObject] = {}
    for operation in operations:
        described = _operation(operation, schemas)
        if operation.id in examples:
            described["responses"]["200"]["content"][JSON]["example"] = examples[operation.id]
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    webhooks = {callback.id: {"post": _callback(callback, schemas)} for callback in callbacks}
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
        "webhooks": webhooks,
        "components": {
            "schemas": schemas.referenced(paths, webhooks),
            "examples": {name: {"value": value} for name, value in errors.items()},
            "securitySchemes": {"apiKey": API_KEY, "controlToken": CONTROL_TOKEN},
        },
    }


def _operation(operation: Operation, schemas: Components) -> JsonObject:
    described: JsonObject = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": [*_parameters(operation, schemas)],
        "responses": {str(status): _response(response, schemas) for status, response in operation.responses.items()},
    }
    if operation.base:
        described["servers"] = [{"url": operation.base}]
    if operation.key == "required":
        described["security"] = [{"apiKey": []}]
    if operation.about:
        described["description"] = operation.about
    if operation.body is not None:
        content: JsonObject = {"schema": schemas.of(operation.body)}
        if operation.examples:
            content["examples"] = {name: {"value": value} for name, value in operation.examples.items()}
        described["requestBody"] = {"required": operation.body_required, "content": {JSON: content}}
    if operation.files:
        described["requestBody"] = {
            "required": True,
            "content": {type_: {"schema": _BINARY} for type_ in operation.files},
        }
    return described


def _callback(callback: CallbackSpec, schemas: Components) -> JsonObject:
    return {
        "operationId": f"{callback.id}_callback",
        "summary": callback.summary,
        "description": callback.about,
        "security": [],
        "requestBody": {
            "required": True,
            "content": {
                callback.media_type: {
                    "schema": schemas.of(callback.model),
                    "examples": {name: {"value": value} for name, value in callback.examples.items()},
                }
            },
        },
        "responses": {"2XX": {"description": "The callback is delivered"}},
    }


def _parameters(operation: Operation, schemas: Components) -> Iterable[JsonObject]:
    for part in operation.path.split("/"):
        if part.startswith("{"):
            yield _path_parameter(operation, part[1:-1])
    if operation.key == "optional":
        yield KEY
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


def _without_null(schema: JsonObject) -> JsonObject:
    """Return the schema of a query parameter without null, which a query cannot express, and without empty values.

    An empty value of the emulated API is as good as none, and does not fit the type of a number or a date.
    """
    rest = {key: value for key, value in schema.items() if (key, value) != ("default", "")}
    if "enum" in rest:
        rest["enum"] = [value for value in rest["enum"] if value != ""]
    choices = [choice for choice in schema.get("anyOf", ()) if choice.get("type") != "null"]
    if len(choices) != 1:
        return rest
    rest = {key: value for key, value in rest.items() if key not in ("anyOf", "default")}
    return {**rest, **choices[0]}


def _response(response: ResponseSpec, schemas: Components) -> JsonObject:
    described: JsonObject = {"description": response.about}
    content: JsonObject = {}
    if response.model is not None:
        content[JSON] = {"schema": schemas.of(response.model)}
        if response.errors:
            content[JSON]["examples"] = {name: {"$ref": f"#/components/examples/{name}"} for name in response.errors}
    content.update(
        {media: {"schema": _BINARY if media in (ZIP, OCTETS) else {"type": "string"}} for media in response.media}
    )
    return {**described, "content": content} if content else described
