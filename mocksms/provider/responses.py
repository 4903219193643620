"""Responses of the emulated API: the one table from errors to the vendor's words, and JSON encoding.

The vendor's stack is ASP.NET Web API 2 (inferred from its documentation pages); Microsoft documents its default bodies.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from http.client import responses as reason_phrases
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, Field

from mocksms import errors
from mocksms.engine.journal import RequestWarning
from mocksms.engine.rules import FaultTriggered
from mocksms.schemas.openapi import Operation, ResponseSpec
from mocksms.settings import Settings

GUIDE_401: Final = "you are not authorized to use rest API"
MODEL: Final = "model"
"""The name of the body in the stack's error paths (inferred)."""

HttpHeader = tuple[bytes, bytes]

TAG: Final = "Emulated API"
TAGS: Final = {TAG: "The vendor's API, as applications use it. Paths also work under /rest/v1 and in any case."}

_UNESCAPED: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_ESCAPED: Final = json.JSONEncoder(separators=(",", ":"))


class ProviderError(BaseModel):
    """An error as the vendor's web stack writes it."""

    message: str = Field(alias="Message")
    model_state: dict[str, list[str]] = Field(default={}, alias="ModelState", description="Errors by field")


def operation(name: str, method: str, summary: str, responses: Mapping[int, ResponseSpec], **more: Any) -> Operation:
    """Return the OpenAPI description of an operation of the emulated API; errors of all operations are added."""
    return Operation(
        id=name,
        method=method,
        path=f"/transactional/sms/{name}",
        tag=TAG,
        summary=summary,
        key="required",
        responses={**responses, **_COMMON_ERRORS},
        **more,
    )


_COMMON_ERRORS: Final = {
    400: ResponseSpec(about="Invalid body or query", model=ProviderError),
    401: ResponseSpec(about="Missing or unknown key, or an account without REST right", model=ProviderError | str),
    403: ResponseSpec(about="Cross-origin request", model=ProviderError),
    500: ResponseSpec(about="Internal error, from a magic number or a fault", model=ProviderError),
}


class ProviderResponse(NamedTuple):
    """An HTTP response. `headers` are those besides type and length; `media_type` is None for JSON."""

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
    """Return the response to a refused request."""
    return _ERROR_RESPONSES[type(error)](error, settings)


def strict_error(warnings: Iterable[RequestWarning]) -> errors.InvalidRequest:
    """Return the error for a request with warnings when the setting `strict` is on."""
    faults: dict[str, list[str]] = {}
    for warning in warnings:
        faults.setdefault(warning.path, []).append(f"Strict mode: {warning.note}.")
    return errors.InvalidRequest(faults)


def internal_error() -> ProviderResponse:
    """Return the response to a defect of mocksms."""
    return json_response(500, {"Message": "An error has occurred."})


def _message(status: int, text: str, *headers: HttpHeader) -> ProviderResponse:
    return json_response(status, {"Message": text}, *headers)


def _invalid(faults: Mapping[str, Iterable[str]]) -> ProviderResponse:
    state = {MODEL if path == "body" else path: list(texts) for path, texts in faults.items()}
    return json_response(400, {"Message": "The request is invalid.", "ModelState": state})


def _in_model(path: str) -> str:
    return f"{MODEL}.{path}"


def _route_not_found(error: errors.RouteNotFound, _: Settings) -> ProviderResponse:
    return _message(404, f"No HTTP resource was found that matches the request URI '{error.uri}'.")


def _method_not_allowed(error: errors.MethodNotAllowed, _: Settings) -> ProviderResponse:
    text = f"The requested resource does not support http method '{error.method}'."
    return _message(405, text, (b"allow", error.allowed.encode()))


def _unauthorized(error: errors.Unauthorized, settings: Settings) -> ProviderResponse:
    observed = {
        "missing": "Parameter 'X-API-Key' was missing.",
        "unknown": "Parameter 'X-API-Key' is invalid.",
        "no-rest-right": "Parameter 'X-API-Key' is invalid.",
    }
    text = observed[error.cause] if settings.auth_errors == "observed" else GUIDE_401
    return json_response(401, {"Message": text} if settings.error_envelope == "object" else text)


def _cross_origin(error: errors.CrossOriginRequest, _: Settings) -> ProviderResponse:
    return _message(403, f"Cross-origin request from {error.origin} refused.")


def _unsupported_media_type(error: errors.UnsupportedMediaType, _: Settings) -> ProviderResponse:
    if error.media_type is None:
        return _message(
            415,
            "The request contains an entity body but no Content-Type header. "
            "The inferred media type 'application/octet-stream' is not supported for this resource.",
        )
    return _message(415, f"The request entity's media type '{error.media_type}' is not supported for this resource.")


def _body_too_large(error: errors.BodyTooLarge, _: Settings) -> ProviderResponse:
    text = f"The request body is too large; the limit is {error.limit} bytes."
    return _message(413, text, (b"connection", b"close"))


def _body_too_slow(error: errors.BodyTooSlow, _: Settings) -> ProviderResponse:
    text = f"The request body did not arrive within {error.timeout:g} seconds."
    return _message(408, text, (b"connection", b"close"))


def _invalid_request(error: errors.InvalidRequest, _: Settings) -> ProviderResponse:
    return _invalid({path if path == "body" else _in_model(path): texts for path, texts in error.issues.items()})


def _unknown_magic_code(error: errors.UnknownMagicCode, _: Settings) -> ProviderResponse:
    text = (
        f"'{error.number}' is a magic number with the unknown code {error.magic_code}. Known codes: "
        f"{', '.join(error.known)}. See /_mock/numbers."
    )
    return _invalid({_in_model(f"message.to[{error.index}].mobile_number"): [text]})


def _text_too_long(error: errors.TextTooLong, _: Settings) -> ProviderResponse:
    text = f"The field content must be a string with a maximum length of {error.limit}; this one has {error.length}."
    return _invalid({_in_model("message.content"): [text]})


def _send_too_large(error: errors.SendTooLarge, _: Settings) -> ProviderResponse:
    text = f"The texts for all recipients have {error.length} characters; the limit for one send is {error.limit}."
    return _invalid({_in_model("message.to"): [text]})


def _message_not_found(error: errors.MessageNotFound, _: Settings) -> ProviderResponse:
    return _message(404, f"No transactional SMS was found with transaction_id '{error.transaction_id}'.")


def _fault(error: FaultTriggered, settings: Settings) -> ProviderResponse:
    fault = error.triggered.fault
    status = fault.status or 503
    if status == 401:
        usual = _unauthorized(errors.Unauthorized("unknown"), settings)
    elif status == 500:
        usual = internal_error()
    else:
        usual = _message(status, _STATUS_TEXTS.get(status) or f"{reason_phrases.get(status, 'Error')}.")
    if fault.body is not None:
        media_type = fault.media_type.encode() if fault.media_type else None
        usual = usual._replace(body=fault.body.encode("utf-8", "surrogatepass"), media_type=media_type)
    seconds = math.ceil(fault.duration.total_seconds())
    later = ((b"retry-after", str(seconds).encode()),) if seconds else ()
    return usual._replace(headers=(*usual.headers, *later))


_STATUS_TEXTS: Final = {
    400: "The request is invalid.",
    429: "Too many requests.",
    503: "The service is unavailable.",
}
"""Messages of statuses that a fault names; any other status has the reason phrase of HTTP."""

_ERROR_RESPONSES: Final[dict[type[errors.RequestRefused], Callable[[Any, Settings], ProviderResponse]]] = {
    errors.RouteNotFound: _route_not_found,
    errors.MethodNotAllowed: _method_not_allowed,
    errors.Unauthorized: _unauthorized,
    errors.CrossOriginRequest: _cross_origin,
    errors.UnsupportedMediaType: _unsupported_media_type,
    errors.BodyTooLarge: _body_too_large,
    errors.BodyTooSlow: _body_too_slow,
    errors.InvalidRequest: _invalid_request,
    errors.UnknownMagicCode: _unknown_magic_code,
    errors.TextTooLong: _text_too_long,
    errors.SendTooLarge: _send_too_large,
    errors.MessageNotFound: _message_not_found,
    FaultTriggered: _fault,
}
