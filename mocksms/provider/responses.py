"""The one table that turns a refusal into an answer, in the words of the vendor and of the stack behind it.

The stack is ASP.NET Web API 2 (inferred from its documentation pages); its default bodies are documented by Microsoft.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from http.client import responses
from typing import Any, Final, NamedTuple

from mocksms import errors
from mocksms.engine.journal import RequestWarning
from mocksms.engine.rules import FaultTriggered
from mocksms.provider.send import to_json
from mocksms.settings import Settings

GUIDE_401: Final = "you are not authorized to use rest API"
MODEL: Final = "model"
"""The name the stack gives the body in its complaints (inferred)."""

HttpHeader = tuple[bytes, bytes]


class ProviderResponse(NamedTuple):
    """What goes back: status, body, the headers beside type and length, and the type if it is not JSON."""

    status: int
    body: bytes
    headers: tuple[HttpHeader, ...] = ()
    media_type: bytes | None = None


def answer(status: int, data: object, *headers: HttpHeader) -> ProviderResponse:
    """Return an answer with a JSON body."""
    return ProviderResponse(status, to_json(data), headers)


def refusal(error: errors.RequestRefused, settings: Settings) -> ProviderResponse:
    """Return the answer to a refused request."""
    return _ANSWERS[type(error)](error, settings)


def strict_refusal(leniencies: Iterable[RequestWarning]) -> errors.InvalidRequest:
    """Return the refusal of a request that would pass with warnings, for the setting `strict`."""
    faults: dict[str, list[str]] = {}
    for leniency in leniencies:
        faults.setdefault(leniency.path, []).append(f"Strict mode: {leniency.note}.")
    return errors.InvalidRequest(faults)


def crash() -> ProviderResponse:
    """Return the answer to an error of mocksms itself."""
    return answer(500, {"Message": "An error has occurred."})


def _message(status: int, text: str, *headers: HttpHeader) -> ProviderResponse:
    return answer(status, {"Message": text}, *headers)


def _invalid(faults: Mapping[str, Iterable[str]]) -> ProviderResponse:
    state = {MODEL if path == "body" else path: list(texts) for path, texts in faults.items()}
    return answer(400, {"Message": "The request is invalid.", "ModelState": state})


def _in_model(path: str) -> str:
    return f"{MODEL}.{path}"


def _route_not_found(error: errors.RouteNotFound, _: Settings) -> ProviderResponse:
    return _message(404, f"No HTTP resource was found that matches the request URI '{error.uri}'.")


def _method_not_allowed(error: errors.MethodNotAllowed, _: Settings) -> ProviderResponse:
    text = f"The requested resource does not support http method '{error.method}'."
    return _message(405, text, (b"allow", error.allowed.encode()))


def _unauthorised(error: errors.Unauthorized, settings: Settings) -> ProviderResponse:
    observed = {
        "missing": "Parameter 'X-API-Key' was missing.",
        "unknown": "Parameter 'X-API-Key' is invalid.",
        "no-rest-right": "Parameter 'X-API-Key' is invalid.",
    }
    text = observed[error.cause] if settings.auth_errors == "observed" else GUIDE_401
    return answer(401, {"Message": text} if settings.error_envelope == "object" else text)


def _foreign_origin(error: errors.CrossOriginRequest, _: Settings) -> ProviderResponse:
    return _message(403, f"mocksms does not answer web pages of other sites; this request came from {error.origin}.")


def _unsupported_media_type(error: errors.UnsupportedMediaType, _: Settings) -> ProviderResponse:
    if error.media_type is None:
        return _message(
            415,
            "The request contains an entity body but no Content-Type header. "
            "The inferred media type 'application/octet-stream' is not supported for this resource.",
        )
    return _message(415, f"The request entity's media type '{error.media_type}' is not supported for this resource.")


def _body_too_large(error: errors.BodyTooLarge, _: Settings) -> ProviderResponse:
    text = f"The request entity is too large; at most {error.limit} bytes are read."
    return _message(413, text, (b"connection", b"close"))


def _body_too_slow(error: errors.BodyTooSlow, _: Settings) -> ProviderResponse:
    text = f"The request did not become whole within {error.timeout:g} seconds."
    return _message(408, text, (b"connection", b"close"))


def _invalid_request(error: errors.InvalidRequest, _: Settings) -> ProviderResponse:
    return _invalid({path if path == "body" else _in_model(path): texts for path, texts in error.issues.items()})


def _unknown_magic_code(error: errors.UnknownMagicCode, _: Settings) -> ProviderResponse:
    text = (
        f"'{error.number}' is a magic number with the unknown code {error.magic_code}; known are "
        f"{', '.join(error.known)}. The catalogue is at /_mock/numbers."
    )
    return _invalid({_in_model(f"message.to[{error.index}].mobile_number"): [text]})


def _text_too_long(error: errors.TextTooLong, _: Settings) -> ProviderResponse:
    text = f"The field content must be a string with a maximum length of {error.limit}; this one has {error.length}."
    return _invalid({_in_model("message.content"): [text]})


def _send_too_large(error: errors.SendTooLarge, _: Settings) -> ProviderResponse:
    text = f"The texts for all recipients have {error.length} characters; at most {error.limit} are taken in one send."
    return _invalid({_in_model("message.to"): [text]})


def _message_not_found(error: errors.MessageNotFound, _: Settings) -> ProviderResponse:
    return _message(404, f"No transactional SMS was found with transaction_id '{error.transaction_id}'.")


def _fault_ordered(error: FaultTriggered, settings: Settings) -> ProviderResponse:
    fault = error.triggered.fault
    status = fault.status or 503
    if status == 401:
        usual = _unauthorised(errors.Unauthorized("unknown"), settings)
    elif status == 500:
        usual = crash()
    else:
        usual = _message(status, _WORDS.get(status) or f"{responses.get(status, 'Error')}.")
    if fault.body is not None:
        media_type = fault.media_type.encode() if fault.media_type else None
        usual = usual._replace(body=fault.body.encode("utf-8", "surrogatepass"), media_type=media_type)
    seconds = math.ceil(fault.duration.total_seconds())
    later = ((b"retry-after", str(seconds).encode()),) if seconds else ()
    return usual._replace(headers=(*usual.headers, *later))


_WORDS: Final = {
    400: "The request is invalid.",
    429: "Too many requests.",
    503: "The service is unavailable.",
}
"""What is said with a status that was ordered, where it is not HTTP's own phrase."""

_ANSWERS: Final[dict[type[errors.RequestRefused], Callable[[Any, Settings], ProviderResponse]]] = {
    errors.RouteNotFound: _route_not_found,
    errors.MethodNotAllowed: _method_not_allowed,
    errors.Unauthorized: _unauthorised,
    errors.CrossOriginRequest: _foreign_origin,
    errors.UnsupportedMediaType: _unsupported_media_type,
    errors.BodyTooLarge: _body_too_large,
    errors.BodyTooSlow: _body_too_slow,
    errors.InvalidRequest: _invalid_request,
    errors.UnknownMagicCode: _unknown_magic_code,
    errors.TextTooLong: _text_too_long,
    errors.SendTooLarge: _send_too_large,
    errors.MessageNotFound: _message_not_found,
    FaultTriggered: _fault_ordered,
}
