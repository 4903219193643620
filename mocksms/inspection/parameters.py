"""A call of the inspection API, read: whose, which, and with what body. What does not fit is said by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError

from mocksms.asgi import Headers, Receive, read_body
from mocksms.engine.account import MAX_KEY_LENGTH
from mocksms.engine.engine import Engine
from mocksms.errors import BodyTooLarge, BodyTooSlow
from mocksms.inspection.asked import AccountQuery
from mocksms.inspection.errors import InvalidParameters, UnknownCursor
from mocksms.inspection.scope import AccountScope
from mocksms.schemas.openapi import JSON, TEXT, Operation
from mocksms.schemas.validation import issues_by_name

MOST_PARAMETERS: Final = 100

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class InspectionCall:
    """A call as its endpoint needs it.

    `query` and `body` are what the models of the operation made of them. `as_text` says that plain text is preferred.
    """

    scope: AccountScope
    query: Any
    body: Any
    path: Mapping[str, str]
    headers: Headers
    as_text: bool
    receive: Receive

    @property
    def id(self) -> str:
        """The id in the path."""
        return self.path["id"]


async def read_ask(
    engine: Engine, operation: Operation, scope: Mapping[str, Any], receive: Receive, headers: Headers
) -> InspectionCall:
    """Return a call, read with the models of its operation.

    Raises:
        InvalidParameters: query or body do not fit.
        UnknownCursor: a cursor is not from this mock.
        BodyTooLarge, BodyTooSlow: the body is.
        Disconnected: the client went away.
    """
    raw = await read_body(receive, engine.settings.max_body)
    if isinstance(raw, BodyTooLarge | BodyTooSlow):
        raise raw
    query = _fitted(operation.query, _query_data(scope["query_string"])) if operation.query else None
    body = _body(operation, raw)
    for asked in (query, body):
        since = getattr(asked, "since", None)
        if since is not None and since > engine.cursor:
            raise UnknownCursor(since, engine.cursor)
    whose = _whose(engine, query, headers) if operation.key != "unused" else AccountScope(engine, None)
    return InspectionCall(whose, query, body, scope["path_params"], headers, prefers_text(headers), receive)


def prefers_text(headers: Headers) -> bool:
    """Return whether plain text is asked for, and JSON is not."""
    accepted = headers.get(b"accept", b"").decode("latin-1").lower()
    return TEXT in accepted and JSON not in accepted


def _whose(engine: Engine, query: BaseModel | None, headers: Headers) -> AccountScope:
    key = headers.get(b"x-api-key", b"-").decode("latin-1").strip()
    if not key:
        raise InvalidParameters({"X-API-Key": ["is empty; leave the header out to mean all accounts"]})
    if len(key) > MAX_KEY_LENGTH:
        raise InvalidParameters({"X-API-Key": [f"has {len(key)} characters; keys have at most {MAX_KEY_LENGTH}"]})
    if isinstance(query, AccountQuery) and query.account is not None:
        return AccountScope(engine, query.account)
    return AccountScope(engine, key, is_key=True) if b"x-api-key" in headers else AccountScope(engine, None)


def _query_data(query: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError as error:
        raise InvalidParameters({"query": [f"has more than {MOST_PARAMETERS} parameters"]}) from error
    data = dict(pairs)
    if len(data) < len(pairs):
        names = [name for name, _ in pairs]
        raise InvalidParameters({name: ["is given more than once"] for name in data if names.count(name) > 1})
    return data


def _fitted(model: type[Model], data: Mapping[str, str]) -> Model:
    """Return a model of a query, whose values are all text."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InvalidParameters(issues_by_name(model, error.errors(include_url=False))) from error


def _body(operation: Operation, raw: bytes) -> BaseModel | None:
    if operation.body is not None:
        return _read(operation.body, raw or (b"" if operation.body_required else b"{}"))
    if raw.strip() not in (b"", b"{}"):
        raise InvalidParameters({"body": ["is not read here; what is asked for goes into the query"]})
    return None


def _read(model: type[Model], raw: bytes) -> Model:
    """Return a model of a JSON body."""
    try:
        return model.model_validate_json(raw, strict=True)
    except ValidationError as error:
        raise InvalidParameters(issues_by_name(model, error.errors(include_url=False))) from error
