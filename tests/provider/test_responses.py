from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Literal

import pytest

from mocksms.engine.journal import RequestWarning
from mocksms.engine.rules import RefusedByFault, TriggeredFault
from mocksms.errors import (
    BodyTooLarge,
    BodyTooSlow,
    CreditRequired,
    CrossOriginRequest,
    HostNotAllowed,
    InvalidRequest,
    MessageNotFound,
    MethodNotAllowed,
    NoRestRight,
    RequestRefused,
    RouteNotFound,
    SendTooLarge,
    TextTooLong,
    Unauthorized,
    UnknownMagicCode,
    UnsupportedMediaType,
)
from mocksms.provider.responses import ProviderResponse, error_response, internal_error, json_response, strict_error
from mocksms.settings import Settings
from mocksms.sms.outcomes import Fault, FaultKind

SETTINGS = Settings()
GUIDE = "you are not authorized to use rest API"
MISSING = "Parameter 'X-API-Key' was missing."
INVALID = "Parameter 'X-API-Key' is invalid."
Words = Literal["documented", "observed"]


def _status(status: int, duration: timedelta = timedelta(), **own: Any) -> RefusedByFault:
    return RefusedByFault(
        TriggeredFault(Fault(kind=FaultKind.STATUS, status=status, duration=duration, **own), "magic number")
    )


def _message(text: str) -> dict[str, Any]:
    return {"Message": text}


def _state(path: str, *texts: str) -> dict[str, Any]:
    return {"Message": "The request is invalid.", "ModelState": {path: list(texts)}}


ROWS: dict[str, tuple[RequestRefused, int, object, dict[str, str]]] = {
    "route": (
        RouteNotFound("http://x/y?z"),
        404,
        _message("No HTTP resource was found that matches the request URI 'http://x/y?z'."),
        {},
    ),
    "method": (
        MethodNotAllowed("PUT", "POST"),
        405,
        _message("The requested resource does not support http method 'PUT'."),
        {"allow": "POST"},
    ),
    "no-key": (Unauthorized("missing"), 401, _message(GUIDE), {}),
    "unknown-key": (Unauthorized("unknown"), 401, _message(GUIDE), {}),
    "no-right": (NoRestRight(), 401, _message(GUIDE), {}),
    "origin": (
        CrossOriginRequest("http://evil"),
        403,
        _message("Cross-origin request from http://evil refused."),
        {},
    ),
    "host": (
        HostNotAllowed("evil.test"),
        403,
        _message("Host 'evil.test' is not allowed; start mocksms with --allowed-host evil.test."),
        {},
    ),
    "media-type": (
        UnsupportedMediaType("text/plain"),
        415,
        _message("The request entity's media type 'text/plain' is not supported for this resource."),
        {},
    ),
    "no-media-type": (
        UnsupportedMediaType(None),
        415,
        _message(
            "The request contains an entity body but no Content-Type header. "
            "The inferred media type 'application/octet-stream' is not supported for this resource."
        ),
        {},
    ),
    "too-large": (
        BodyTooLarge(7),
        413,
        _message("The request body is too large; the limit is 7 bytes."),
        {"connection": "close"},
    ),
    "too-slow": (
        BodyTooSlow(2.5),
        408,
        _message("The request body did not arrive within 2.5 seconds."),
        {"connection": "close"},
    ),
    "model": (InvalidRequest({"message.to": ["a", "b"]}), 400, _state("model.message.to", "a", "b"), {}),
    "model-as-a-whole": (InvalidRequest({"body": ["a"]}), 400, _state("model", "a"), {}),
    "magic": (
        UnknownMagicCode(3, "972-50-0009900", "99", ["00", "01"]),
        400,
        _state(
            "model.message.to[3].mobile_number",
            "'972-50-0009900' is a magic number with the unknown code 99. Known codes: 00, 01. See /_mock/numbers.",
        ),
        {},
    ),
    "too-long": (
        TextTooLong(9, 5),
        400,
        _state(
            "model.message.content", "The field content must be a string with a maximum length of 5; this one has 9."
        ),
        {},
    ),
    "send-too-large": (
        SendTooLarge(9, 5),
        400,
        _state("model.message.to", "The texts for all recipients have 9 characters; the limit for one send is 5."),
        {},
    ),
    "credit-required": (CreditRequired(), 402, _message("Credit is required to schedule messages."), {}),
    "message": (
        MessageNotFound("abc"),
        404,
        _message("No transactional SMS was found with transaction_id 'abc'."),
        {},
    ),
    "fault-400": (_status(400), 400, _message("The request is invalid."), {}),
    "fault-401": (_status(401), 401, _message(GUIDE), {}),
    "fault-429": (_status(429, timedelta(seconds=5)), 429, _message("Too many requests."), {"retry-after": "5"}),
    "fault-429-rounds-up": (
        _status(429, timedelta(milliseconds=1)),
        429,
        _message("Too many requests."),
        {"retry-after": "1"},
    ),
    "fault-500": (_status(500), 500, _message("An error has occurred."), {}),
    "fault-503": (_status(503), 503, _message("The service is unavailable."), {}),
    "fault-502": (_status(502), 502, _message("Bad Gateway."), {}),
    "fault-without-a-phrase": (_status(599), 599, _message("Error."), {}),
    "fault-reset": (
        RefusedByFault(TriggeredFault(Fault(kind=FaultKind.RESET_BEFORE_ACCEPT), "magic number")),
        503,
        _message("The service is unavailable."),
        {},
    ),
}


def _subclasses(kind: type[RequestRefused]) -> Iterator[type[RequestRefused]]:
    for subclass in kind.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def _headers(given: ProviderResponse) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in given.headers}


@pytest.mark.ledger(
    "error.unknown-path", "error.method", "error.media-type", "error.model", "error.too-large", "auth.guide-401"
)
@pytest.mark.parametrize("row", ROWS)
def test_error_has_its_response(row: str) -> None:
    error, status, body, headers = ROWS[row]
    given = error_response(error, SETTINGS)
    assert given.status == status
    assert json.loads(given.body) == body
    assert _headers(given) == headers


def test_every_error_class_has_a_response() -> None:
    assert {type(error) for error, *_ in ROWS.values()} == set(_subclasses(RequestRefused))


@pytest.mark.ledger("auth.observed-401", "auth.missing-401")
@pytest.mark.parametrize(
    ("error", "text"),
    [(Unauthorized("missing"), MISSING), (Unauthorized("unknown"), INVALID), (NoRestRight(), INVALID)],
)
def test_unauthorized_has_the_observed_message_if_set(error: RequestRefused, text: str) -> None:
    given = error_response(error, Settings(auth_errors="observed"))
    assert (given.status, json.loads(given.body)) == (401, {"Message": text})


@pytest.mark.ledger("auth.envelope")
@pytest.mark.parametrize(("words", "text"), [("documented", GUIDE), ("observed", INVALID)])
def test_unauthorized_is_a_bare_string_if_set(words: Words, text: str) -> None:
    settings = Settings(auth_errors=words, error_envelope="string")
    for error in (Unauthorized("unknown"), _status(401)):
        assert json.loads(error_response(error, settings).body) == text


def test_fault_of_any_status_has_a_message() -> None:
    for status in range(400, 600):
        response = error_response(_status(status), SETTINGS)
        assert response.status == status
        assert json.loads(response.body)["Message"]


@pytest.mark.parametrize("status", [401, 404, 500, 503])
def test_fault_with_its_own_body_has_no_vendor_envelope(status: int) -> None:
    fault = _status(status, timedelta(seconds=1.5), body="<p>שלום", media_type="text/html; charset=utf-8")
    assert error_response(fault, SETTINGS) == ProviderResponse(
        status, "<p>שלום".encode(), ((b"retry-after", b"2"),), b"text/html; charset=utf-8"
    )


def test_body_of_a_fault_is_declared_as_json_unless_it_names_a_type() -> None:
    assert error_response(_status(503, body=""), SETTINGS) == ProviderResponse(503, b"", (), None)


def test_body_of_a_fault_may_have_half_a_character() -> None:
    assert error_response(_status(503, body="\ud800"), SETTINGS).body == b"\xed\xa0\x80"


@pytest.mark.ledger("auth.envelope")
@pytest.mark.parametrize("row", [row for row in ROWS if ROWS[row][1] != 401])
def test_refusal_for_another_reason_keeps_its_envelope(row: str) -> None:
    error, _, body, _ = ROWS[row]
    assert json.loads(error_response(error, Settings(error_envelope="string", auth_errors="observed")).body) == body


@pytest.mark.ledger("error.crash")
def test_internal_error_has_only_the_message_of_the_stack() -> None:
    assert (internal_error().status, json.loads(internal_error().body)) == (500, {"Message": "An error has occurred."})


def test_json_response_has_the_given_headers() -> None:
    assert json_response(200, [1], (b"a", b"b")) == ProviderResponse(200, b"[1]", ((b"a", b"b"),))


def test_strict_error_has_every_warning_at_its_path() -> None:
    refused = strict_error([RequestWarning("a", "x"), RequestWarning("body", "y"), RequestWarning("a", "z")])
    assert refused.issues == {"a": ("Strict mode: x.", "Strict mode: z."), "body": ("Strict mode: y.",)}
