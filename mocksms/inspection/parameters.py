"""Parameters of a request to the inspection API: the account, the query and the body."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final, TypeVar, get_origin
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError

from mocksms.asgi.bodies import Receive, compression_of, read_body
from mocksms.asgi.origins import Headers
from mocksms.asgi.slices import MAX_INLINE_BYTES, Slices
from mocksms.engine.engine import Engine
from mocksms.engine.keys import MAX_KEY_LENGTH
from mocksms.engine.state_names import StateNames
from mocksms.errors import BodyTooLarge, BodyTooSlow
from mocksms.inspection.errors import InvalidParameters, UnknownCursor
from mocksms.inspection.models import AccountQuery
from mocksms.inspection.scope import AccountScope
from mocksms.schemas.openapi import JSON, TEXT, Operation
from mocksms.schemas.validation import issues_by_name
from mocksms.sms.surrogates import well_formed_json

MAX_PARAMETERS: Final = 100

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class InspectionCall:
    """A request as its handler needs it.

    `query` and `body` are the models of the operation. `as_text` says that the client prefers plain text. `receive`
    returns the parts of a body that is a file; otherwise it returns when the client disconnects. `server` is the
    address and port that the client connected to.
    """

    scope: AccountScope
    query: Any
    body: Any
    path: Mapping[str, str]
    headers: Headers
    as_text: bool
    receive: Receive
    server: tuple[str, int]

    @property
    def id(self) -> str:
        """The id in the path."""
        return self.path["id"]


async def read_call(
    engine: Engine, slices: Slices, operation: Operation, scope: Mapping[str, Any], receive: Receive, headers: Headers
) -> InspectionCall:
    """Read a request with the models of its operation.

    Raises:
        InvalidParameters: query, header or body do not fit.
        UnknownCursor: a cursor is not from this mock.
        BodyTooLarge: the body exceeds the limit.
        BodyTooSlow: the body does not arrive in time.
        Disconnected: the client disconnects.
    """
    raw = b"" if operation.files else await read_body(receive, engine.settings.max_body)
    if isinstance(raw, BodyTooLarge | BodyTooSlow):
        raise raw
    values = _query_values(scope["query_string"], _lists_of(operation.query)) if operation.query else {}
    accounts = _read_scope(engine, operation, values, headers)
    names = accounts.state_names
    query = _validate_query(operation.query, values, names) if operation.query else None
    body_of = partial(_read_body, operation, raw, compression_of(headers, raw), names)
    body = body_of() if len(raw) <= MAX_INLINE_BYTES else await slices.run_in_thread(body_of)
    for model in (query, body):
        since = getattr(model, "since", None)
        if since is not None and since > engine.cursor:
            raise UnknownCursor(since, engine.cursor)
    return InspectionCall(
        accounts, query, body, scope["path_params"], headers, prefers_text(headers), receive, scope["server"]
    )


def prefers_text(headers: Headers) -> bool:
    """Whether the client accepts plain text and does not accept JSON."""
    accepted = headers.get(b"accept", b"").decode("latin-1").lower()
    return TEXT in accepted and JSON not in accepted


def _read_scope(engine: Engine, operation: Operation, values: Mapping[str, Any], headers: Headers) -> AccountScope:
    if operation.key == "unused":
        return AccountScope(engine, None)
    key = headers.get(b"x-api-key", b"-").decode("latin-1").strip()
    if not key:
        raise InvalidParameters({"X-API-Key": ["is empty; leave out the header for all accounts"]})
    if len(key) > MAX_KEY_LENGTH:
        raise InvalidParameters({"X-API-Key": [f"has {len(key)} characters; keys have at most {MAX_KEY_LENGTH}"]})
    if "account" in values and operation.query is not None and issubclass(operation.query, AccountQuery):
        return AccountScope(engine, values["account"])
    return AccountScope(engine, key, is_key=True) if b"x-api-key" in headers else AccountScope(engine, None)


def _validate_query(model: type[Model], values: Mapping[str, Any], names: StateNames) -> Model:
    try:
        return model.model_validate(values, context=names)
    except ValidationError as error:
        raise InvalidParameters(issues_by_name(model, error)) from error


@cache
def _lists_of(model: type[BaseModel]) -> frozenset[str]:
    """Return the parameters of a query that can be given several times."""
    return frozenset(name for name, field in model.model_fields.items() if get_origin(field.annotation) is list)


def _query_values(raw: bytes, lists: Set[str]) -> dict[str, Any]:
    try:
        pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=MAX_PARAMETERS)
    except ValueError as error:
        raise InvalidParameters({"query": [f"has more than {MAX_PARAMETERS} parameters"]}) from error
    values: dict[str, Any] = {name: [] for name, _ in pairs if name in lists}
    repeated = {}
    for name, value in pairs:
        if name in lists:
            values[name].append(value)
        elif name in values:
            repeated[name] = ["is given more than once"]
        else:
            values[name] = value
    if repeated:
        raise InvalidParameters(repeated)
    return values


def _read_body(operation: Operation, raw: bytes, compression: str | None, names: StateNames) -> BaseModel | None:
    model = operation.body
    if model is None:
        if raw.strip() not in (b"", b"{}"):
            raise InvalidParameters({"body": ["must be empty; parameters of this operation belong in the query"]})
        return None
    text = well_formed_json(raw) or (b"" if operation.body_required else b"{}")
    try:
        return model.model_validate_json(text, strict=True, context=names)
    except ValidationError as error:
        if compression:
            raise InvalidParameters({"body": [f"is {compression}; send it without compression"]}) from error
        raise InvalidParameters(issues_by_name(model, error)) from error
