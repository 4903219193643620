"""The one table that turns an error into an answer of the inspection API."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel, Field
from starlette.responses import Response

from mocksms import errors
from mocksms.inspection import errors as refusals
from mocksms.inspection.explanations import ExpectationFailed, Explanation
from mocksms.inspection.shown import ResponseModel
from mocksms.schemas.openapi import JSON, TEXT


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


STATUSES: Final[dict[type[errors.MocksmsError], HTTPStatus]] = {
    refusals.InvalidParameters: HTTPStatus.BAD_REQUEST,
    errors.PatternTooSlow: HTTPStatus.BAD_REQUEST,
    refusals.TokenMissing: HTTPStatus.UNAUTHORIZED,
    errors.CrossOriginRequest: HTTPStatus.FORBIDDEN,
    refusals.AccountRequired: HTTPStatus.NOT_FOUND,
    refusals.AccountUnknown: HTTPStatus.NOT_FOUND,
    refusals.RecordNotFound: HTTPStatus.NOT_FOUND,
    errors.UnknownScenario: HTTPStatus.NOT_FOUND,
    errors.InvalidScenario: HTTPStatus.CONFLICT,
    errors.BodyTooSlow: HTTPStatus.REQUEST_TIMEOUT,
    refusals.UnknownCursor: HTTPStatus.CONFLICT,
    errors.IllegalStep: HTTPStatus.CONFLICT,
    errors.NoLink: HTTPStatus.CONFLICT,
    errors.ClockMovedBack: HTTPStatus.CONFLICT,
    errors.ClockOutOfRange: HTTPStatus.CONFLICT,
    ExpectationFailed: HTTPStatus.CONFLICT,
    errors.BodyTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    refusals.TypeNotJson: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    refusals.TooManyListeners: HTTPStatus.SERVICE_UNAVAILABLE,
    refusals.ShuttingDown: HTTPStatus.SERVICE_UNAVAILABLE,
    refusals.CallbacksUnfinished: HTTPStatus.GATEWAY_TIMEOUT,
}
"""The status of each error."""

HEADERS: Final[dict[type[errors.MocksmsError], dict[str, str]]] = {
    refusals.TokenMissing: {"www-authenticate": "Bearer"},
    errors.BodyTooLarge: {"connection": "close"},
    errors.BodyTooSlow: {"connection": "close"},
    refusals.TooManyListeners: {"retry-after": "1"},
}
"""What further headers an answer has."""


def answer(model: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer with a JSON body."""
    return Response(model.model_dump_json(exclude_unset=status >= 400), status, headers, JSON)


def text_answer(text: str, status: int = 200) -> Response:
    """Return an answer of plain text."""
    return Response(text + "\n", status, media_type=TEXT)


def refusal(error: errors.MocksmsError, *, as_text: bool = False) -> Response:
    """Return the answer to a call that is refused, as JSON or plain text."""
    status = STATUSES[type(error)]
    details: dict[str, Any] = {}
    text = str(error) if isinstance(error, refusals.InspectionRefused) else error.sentence
    match error:
        case ExpectationFailed(explanation=explanation, timed_out=timed_out, not_found=not_found):
            status = HTTPStatus.REQUEST_TIMEOUT if timed_out else HTTPStatus.NOT_FOUND if not_found else status
            details["explanation"] = explanation
            text = explanation.text if as_text else explanation.summary
        case refusals.InvalidParameters(faults=faults):
            details["issues"] = {name: list(texts) for name, texts in faults.items()}
        case errors.IllegalStep(allowed=allowed):
            details["allowed"] = [str(state) for state in allowed]
    if as_text:
        return text_answer(text, status)
    return error_answer(status, text, HEADERS.get(type(error)), **details)


def error_answer(status: int, text: str, headers: Mapping[str, str] | None = None, **details: Any) -> Response:
    """Return an error as JSON."""
    return answer(ErrorAnswer(error=ErrorView(status=status, message=text, **details)), status, headers)
