"""The one table that turns an error into an answer of the inspection API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, Field
from starlette.responses import Response

from mocksms import errors
from mocksms.inspection import errors as refusals
from mocksms.inspection.explanations import ExpectationFailed, Explanation, NoMessage, WaitTimedOut
from mocksms.inspection.shown import ResponseModel
from mocksms.schemas.openapi import JSON, TEXT, ResponseSpec


class ErrorView(ResponseModel):
    """What was wrong."""

    status: int
    message: str
    issues: dict[str, list[str]] | None = Field(default=None, description="What is wrong where")
    allowed: list[str] | None = Field(default=None, description="The steps the message may take instead")
    explanation: Explanation | None = Field(default=None, description="Why the expectation failed")


class ErrorAnswer(ResponseModel):
    """An error."""

    error: ErrorView


class ErrorSpec(NamedTuple):
    """How an error becomes a response: its status, its description in the OpenAPI document, and further headers."""

    status: HTTPStatus
    about: str
    headers: Mapping[str, str] = MappingProxyType({})


_CLOSE: Final = {"connection": "close"}

ERRORS: Final[dict[type[errors.MocksmsError], ErrorSpec]] = {
    refusals.InvalidParameters: ErrorSpec(HTTPStatus.BAD_REQUEST, "Invalid query, header or body"),
    errors.PatternTooSlow: ErrorSpec(HTTPStatus.BAD_REQUEST, "The regular expression takes too long"),
    refusals.TokenMissing: ErrorSpec(
        HTTPStatus.UNAUTHORIZED, "The control token is missing or wrong", {"www-authenticate": "Bearer"}
    ),
    errors.CrossOriginRequest: ErrorSpec(HTTPStatus.FORBIDDEN, "The host is not allowed, or the origin is another one"),
    refusals.AccountRequired: ErrorSpec(HTTPStatus.NOT_FOUND, "No account is named"),
    refusals.AccountUnknown: ErrorSpec(HTTPStatus.NOT_FOUND, "Unknown account"),
    refusals.RecordNotFound: ErrorSpec(HTTPStatus.NOT_FOUND, "Unknown id"),
    errors.UnknownScenario: ErrorSpec(HTTPStatus.NOT_FOUND, "Unknown scenario"),
    NoMessage: ErrorSpec(HTTPStatus.NOT_FOUND, "No message matches, with an explanation"),
    errors.BodyTooSlow: ErrorSpec(HTTPStatus.REQUEST_TIMEOUT, "The body did not arrive in time", _CLOSE),
    WaitTimedOut: ErrorSpec(HTTPStatus.REQUEST_TIMEOUT, "Too few messages matched in time, with an explanation"),
    ExpectationFailed: ErrorSpec(HTTPStatus.CONFLICT, "The messages are not as expected, with an explanation"),
    errors.InvalidScenario: ErrorSpec(HTTPStatus.CONFLICT, "The file of the scenario is invalid"),
    refusals.UnknownCursor: ErrorSpec(HTTPStatus.CONFLICT, "The cursor is not from this mock"),
    errors.IllegalStep: ErrorSpec(HTTPStatus.CONFLICT, "The message cannot take this step"),
    errors.NoLink: ErrorSpec(HTTPStatus.CONFLICT, "The message shows no such link"),
    errors.ClockMovedBack: ErrorSpec(HTTPStatus.CONFLICT, "The clock is already later"),
    errors.ClockOutOfRange: ErrorSpec(HTTPStatus.CONFLICT, "The clock cannot go that far"),
    errors.BodyTooLarge: ErrorSpec(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large", _CLOSE),
    refusals.TypeNotJson: ErrorSpec(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body is not declared as JSON"),
    refusals.TooManyListeners: ErrorSpec(
        HTTPStatus.SERVICE_UNAVAILABLE, "Too many waits or event streams are open", {"retry-after": "1"}
    ),
    refusals.ShuttingDown: ErrorSpec(HTTPStatus.SERVICE_UNAVAILABLE, "The mock shuts down"),
    refusals.CallbacksUnfinished: ErrorSpec(
        HTTPStatus.GATEWAY_TIMEOUT, "The clock was advanced, but callbacks take too long"
    ),
}
"""The response to each error."""


def error_responses(kinds: Iterable[type[errors.MocksmsError]]) -> dict[int, ResponseSpec]:
    """Return the responses to errors by their status, for the OpenAPI document."""
    chosen = {*kinds}
    responses: dict[int, ResponseSpec] = {}
    for kind in sorted(chosen, key=lambda kind: (ERRORS[kind].status, [*ERRORS].index(kind))):
        status, about, _ = ERRORS[kind]
        known = responses.get(status)
        media = (TEXT,) if issubclass(kind, ExpectationFailed) else known.media if known else ()
        responses[status] = ResponseSpec(
            about=f"{known.about}; {about[0].lower()}{about[1:]}" if known else about, shape=ErrorAnswer, media=media
        )
    return responses


def answer(model: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer with a JSON body."""
    return Response(model.model_dump_json(exclude_unset=status >= 400), status, headers, JSON)


def text_answer(text: str, status: int = 200) -> Response:
    """Return an answer of plain text."""
    return Response(text + "\n", status, media_type=TEXT)


def refusal(error: errors.MocksmsError, *, as_text: bool = False) -> Response:
    """Return the answer to a call that is refused, as JSON or plain text."""
    status, _, headers = ERRORS[type(error)]
    details: dict[str, Any] = {}
    text = str(error) if isinstance(error, refusals.InspectionRefused) else error.sentence
    match error:
        case ExpectationFailed(explanation=explanation):
            details["explanation"] = explanation
            text = explanation.text if as_text else explanation.summary
        case refusals.InvalidParameters(faults=faults):
            details["issues"] = {name: list(texts) for name, texts in faults.items()}
        case errors.IllegalStep(allowed=allowed):
            details["allowed"] = [str(state) for state in allowed]
    if as_text:
        return text_answer(text, status)
    return error_answer(status, text, headers, **details)


def error_answer(status: int, text: str, headers: Mapping[str, str] | None = None, **details: Any) -> Response:
    """Return an error as JSON."""
    return answer(ErrorAnswer(error=ErrorView(status=status, message=text, **details)), status, headers)
