"""Responses of the emulated API: the text for each error, and JSON encoding.

The vendor's stack is most likely ASP.NET Web API 2. `fidelity.toml` says which texts are its defaults, which are the
vendor's, and which are ours.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from http.client import responses as reason_phrases
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from mocksms import errors
from mocksms.engine.journal import RequestWarning
from mocksms.engine.rules import RefusedByFault
from mocksms.schemas.openapi import Operation, ResponseSpec
from mocksms.settings import API_PREFIX, Settings
from mocksms.sms.outcomes import Fault

GUIDE_401: Final = "you are not authorized to use rest API"
MEDIA_TYPE: Final = "The request entity's media type '{}' is not supported for this resource."
NO_MEDIA_TYPE: Final = (
    "The request contains an entity body but no Content-Type header. "
    "The inferred media type 'application/octet-stream' is not supported for this resource."
)
MODEL: Final = "model"
"""The name of the body in the stack's error paths (inferred, error.model)."""

HttpHeader = tuple[bytes, bytes]
CLOSE: Final = (b"connection", b"close")

TAG: Final = "Emulated API"
TAGS: Final = {
    TAG: "The vendor's API, as applications use it. Its base URL ends with /rest/v1; the paths also work without it."
}

_UNESCAPED: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_ESCAPED: Final = json.JSONEncoder(separators=(",", ":"))


_STATUS_TEXTS: Final = {
    400: "The request is invalid.",
    429: "Too many requests.",
    503: "The service is unavailable.",
}
"""Messages of statuses that a fault names; any other status has the reason phrase of HTTP."""


class ProviderError(BaseModel):
    """An error in the shape of the web framework that the vendor most likely uses."""

    model_config = ConfigDict(defer_build=True)

    message: str = Field(alias="Message", description="What is wrong, in words")
    model_state: dict[str, list[str]] = Field(default={}, alias="ModelState", description="Errors by field")


def error_spec(about: str, *errors: str, model: Any = ProviderError) -> ResponseSpec:
    """Return the OpenAPI description of a refusal; `errors` are its examples, as in `error_examples`."""
    return ResponseSpec(about=about, model=model, errors=tuple(f"Emulated{name}" for name in errors))


def operation(name: str, method: str, summary: str, responses: Mapping[int, ResponseSpec], **more: Any) -> Operation:
    """Return the OpenAPI description of an operation of the emulated API; errors of all operations are added."""
    return Operation(
        id=name,
        method=method,
        base=API_PREFIX,
        path=f"/transactional/sms/{name}",
        tag=TAG,
        summary=summary,
        key="required",
        responses={**responses, **_COMMON_ERRORS},
        **more,
    )


_COMMON_ERRORS: Final = {
    400: error_spec("Invalid body or query; with `auth_status` also a missing or unknown key", "InvalidRequest"),
    401: error_spec(
        "Missing or unknown key, or an account without REST right", "Unauthorized", model=ProviderError | str
    ),
    403: error_spec("Cross-origin request, or a browser at a host that is not allowed", "CrossOriginRequest"),
    500: error_spec("Internal error, from a magic number or a fault", "InternalError"),
}


class ProviderResponse(NamedTuple):
    """An HTTP response. `headers` are those besides type and length; `media_type` is None for JSON, empty for none."""

    status: int
    body: bytes
    headers: tuple[HttpHeader, ...] = ()
    media_type: bytes | None = None


def to_json(data: object) -> bytes:
    """Return JSON as UTF-8, not escaped unless the text cannot be encoded."""
    try:
        return _UNESCAPED.encode(data).encode()
    except UnicodeEncodeError:
        return _ESCAPED.encode(data).encode()


def json_response(status: int, data: object, *headers: HttpHeader) -> ProviderResponse:
    """Return a response with a JSON body."""
    return ProviderResponse(status, to_json(data), headers)


def error_response(error: errors.RequestRefused, settings: Settings) -> ProviderResponse:
    """Return the response to a refused request: the only table from errors to texts."""
    match error:
        case errors.RouteNotFound(uri=uri):
            return _message(404, f"No HTTP resource was found that matches the request URI '{uri}'.")
        case errors.MethodNotAllowed(method=method, allowed=allowed):
            text = f"The requested resource does not support http method '{method}'."
            return _message(405, text, (b"allow", allowed.encode()))
        case errors.Unauthorized(cause=cause):
            return _unauthorized(cause, settings, settings.auth_status)
        case errors.NoRestRight():
            # The guide's text is documented with 401. The other one is that of an unknown key, so its status is too.
            return _unauthorized(
                "unknown", settings, 401 if settings.auth_errors == "documented" else settings.auth_status
            )
        case errors.CrossOriginRequest(origin=origin):
            return _message(403, f"Cross-origin request from {origin} refused.")
        case errors.HostNotAllowed():
            return _message(403, error.sentence)
        case errors.UnsupportedMediaType(media_type=media_type):
            return _message(415, NO_MEDIA_TYPE if media_type is None else MEDIA_TYPE.format(media_type))
        case errors.BodyTooLarge(limit=limit):
            return _message(413, f"The request body is too large; the limit is {limit} bytes.", CLOSE)
        case errors.BodyTooSlow(timeout=timeout):
            return _message(408, f"The request body did not arrive within {timeout:g} seconds.", CLOSE)
        case errors.CreditRequired():
            return _message(402, "Credit is required to schedule messages.")
        case errors.MessageNotFound(transaction_id=transaction_id):
            return _message(404, f"No transactional SMS was found with transaction_id '{transaction_id}'.")
        case RefusedByFault(triggered=triggered):
            return canned_response(triggered.fault, settings)
    issues = {MODEL if path == "body" else f"{MODEL}.{path}": list(texts) for path, texts in _issues(error).items()}
    return json_response(400, {"Message": "The request is invalid.", "ModelState": issues})


def strict_error(warnings: Iterable[RequestWarning]) -> errors.InvalidRequest:
    """Return the error for a request with warnings when the setting `strict` is on."""
    issues: dict[str, list[str]] = {}
    for warning in warnings:
        end = "" if warning.note.endswith("?") else "."
        issues.setdefault(warning.path, []).append(f"Strict mode: {warning.note}{end}")
    return errors.InvalidRequest(issues)


def internal_error() -> ProviderResponse:
    """Return the response to a defect of mocksms."""
    return json_response(500, {"Message": "An error has occurred."})


def _message(status: int, text: str, *headers: HttpHeader) -> ProviderResponse:
    return json_response(status, {"Message": text}, *headers)


def _issues(error: errors.RequestRefused) -> Mapping[str, Iterable[str]]:
    """Return the texts of an error in the body or the query, by path."""
    match error:
        case errors.UnknownMagicCode():
            known = f"Known codes: {', '.join(error.known)}. See /_mock/numbers."
            text = f"'{error.number}' is a magic number with the unknown code {error.magic_code}. {known}"
            return {f"message.to[{error.index}].mobile_number": [text]}
        case errors.TextTooLong(length=length, limit=limit):
            text = f"The field content must be a string with a maximum length of {limit}; this one has {length}."
            return {"message.content": [text]}
        case errors.SendTooLarge(length=length, limit=limit):
            text = f"The texts for all recipients have {length} characters; the limit for one send is {limit}."
            return {"message.to": [text]}
    assert isinstance(error, errors.InvalidRequest)
    return error.issues


def _unauthorized(cause: str, settings: Settings, status: int = 401) -> ProviderResponse:
    observed = {
        "missing": "Parameter 'X-API-Key' was missing.",
        "unknown": "Parameter 'X-API-Key' is invalid.",
    }
    text = observed[cause] if settings.auth_errors == "observed" else GUIDE_401
    return json_response(status, {"Message": text} if settings.error_envelope == "object" else text)


def canned_response(fault: Fault, settings: Settings) -> ProviderResponse:
    """Return the response that a fault is: its own body, or the error of its status."""
    status = fault.status or 503
    if fault.body is not None:
        media_type = fault.media_type.encode() if fault.media_type else None
        usual = ProviderResponse(status, fault.body.encode("utf-8", "surrogatepass"), media_type=media_type)
    elif status < 400:
        usual = ProviderResponse(status, b"", media_type=(fault.media_type or "").encode())
    elif status == 401:
        usual = _unauthorized("unknown", settings)
    elif status == 500:
        usual = internal_error()
    else:
        usual = _message(status, _STATUS_TEXTS.get(status) or f"{reason_phrases.get(status, 'Error')}.")
    headers = [(name.lower().encode(), value.encode()) for name, value in fault.headers]
    if seconds := math.ceil(fault.duration.total_seconds()):
        headers.append((b"retry-after", str(seconds).encode()))
    return usual._replace(status=status, headers=(*usual.headers, *headers))
