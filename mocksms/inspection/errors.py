"""Errors of the inspection API, and the one table that turns errors into responses.

    MocksmsError
    +-- InspectionRefused           a request that the inspection API refuses
        +-- InvalidParameters       query, header or body do not fit the model
        +-- AccountRequired         one account is needed and none is named
        +-- UnknownAccount          the account does not exist and cannot be created
        +-- UnknownKey              the key of the account is not known
        +-- UnknownCursor           the cursor is not from this mock
        +-- RecordNotFound          there is no record with this id
        +-- InvalidToken            the control token is missing or wrong
        +-- StorageFull             no temporary file can be written
        +-- NotATrace               the mock shows no trace or snapshot
        +-- TooManyOpenRequests     too many waits or event streams are open
        +-- ShuttingDown            the mock shuts down during a wait
        +-- AdvanceInProgress       the clock is being advanced already
        +-- EndlessCallbacks        an advance of the clock has no end
        +-- CallbacksUnfinished     the clock was changed, but due callbacks take too long
        +-- HoldTimedOut            too few requests were held in time
        +-- ExpectationFailed       the messages are not as expected
            +-- NoMessage           no message matches
            +-- WaitTimedOut        too few messages matched in time

The table has errors of `mocksms.errors` as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from itertools import islice
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from pydantic import Field
from starlette.responses import Response

from mocksms import errors
from mocksms.errors import MocksmsError
from mocksms.schemas.explanations import Explanation
from mocksms.schemas.openapi import JSON, TEXT, ResponseSpec
from mocksms.schemas.responses import ResponseModel
from mocksms.state.errors import InvalidSnapshot

MAX_LISTED: Final = 3
"""Callbacks or requests that an error lists."""


class InspectionRefused(MocksmsError):
    """Base of what only the inspection API refuses; the text is for its user."""


class InvalidParameters(InspectionRefused):
    """Query, header or body do not fit the model; `issues` maps a name to what is wrong there."""

    def __init__(self, issues: Mapping[str, Iterable[str]]) -> None:
        self.issues = {name: tuple(texts) for name, texts in issues.items()}
        super().__init__("; ".join(f"{name}: {', '.join(texts)}" for name, texts in self.issues.items()))


class AccountRequired(InspectionRefused):
    """One account is needed and none is named."""

    def __init__(self) -> None:
        super().__init__("This needs one account: send the header X-API-Key, or ?account= with the key or the id.")


class UnknownAccount(InspectionRefused):
    """There is no account with the id `name`, or `name` is a shortened API key that the mock does not accept."""

    def __init__(self, name: str, *, is_key: bool = False) -> None:
        self.name = name
        super().__init__(
            f"Unknown API key {name!r}. This mock accepts only the keys of --api-key."
            if is_key
            else f"Unknown account id {name!r}. Accounts are created by API key; GET /_mock/accounts lists them."
        )


class UnknownKey(InspectionRefused):
    """The key of the account `name` is not known: it came with a snapshot without keys, and was not used since."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"The key of account {name} is unknown: a snapshot without keys was restored. Send with the key once, "
            "or name it in POST /_mock/test-send."
        )


class UnknownCursor(InspectionRefused):
    """The `cursor` is beyond the `latest` one of this mock."""

    def __init__(self, cursor: int, latest: int) -> None:
        self.cursor = cursor
        self.latest = latest
        super().__init__(f"Unknown cursor {cursor}. The latest of this mock is {latest}; was it restarted?")


class RecordNotFound(InspectionRefused):
    """There is no record of a `kind` with the id `name`."""

    def __init__(self, kind: str, name: str) -> None:
        self.kind = kind
        self.name = name
        super().__init__(f"Unknown {kind} {name!r}. It may have been evicted, deleted or reset.")


class InvalidToken(InspectionRefused):
    """The control token is missing or wrong."""

    def __init__(self) -> None:
        super().__init__("This mock has a control token: send the header Authorization: Bearer and the token.")


class StorageFull(InspectionRefused):
    """A temporary file cannot be written, for this `reason`."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The mock cannot write a temporary file: {reason}. Nothing was changed.")


class NotATrace(InspectionRefused):
    """The mock shows no trace or snapshot."""

    def __init__(self) -> None:
        super().__init__("This mock is not a trace. mocksms open FILE shows one.")


class TooManyOpenRequests(InspectionRefused):
    """No more requests of a `kind` may stay open: `limit` are open."""

    def __init__(self, kind: str, limit: int) -> None:
        self.limit = limit
        super().__init__(f"There are {limit} {kind} open already. Close some, or try again later.")


class ShuttingDown(InspectionRefused):
    """The mock shuts down during a wait."""

    def __init__(self) -> None:
        super().__init__("The mock shuts down.")


class AdvanceInProgress(InspectionRefused):
    """An advance of the clock has not ended: it is at `now`, goes to `target` and waits for `callbacks` (texts)."""

    def __init__(self, now: datetime, target: datetime, callbacks: Sequence[str]) -> None:
        self.now = now
        self.target = target
        self.callbacks = tuple(callbacks)
        waits = f" and waits for callback {'; '.join(self.callbacks[:MAX_LISTED])}" if self.callbacks else ""
        super().__init__(
            f"The clock is being advanced to {target.isoformat()}, is at {now.isoformat()}{waits}. A receiver cannot "
            "move the clock before it has responded to its callback, and two advances cannot run at a time."
        )


class EndlessCallbacks(InspectionRefused):
    """An advance was ended at the time `now`: `times` times callbacks caused sends whose callbacks caused sends.

    `where` says at which instants, `latest` which SMS is the latest, None if it is not stored any more.
    """

    def __init__(self, now: datetime, times: int, where: str, latest: str | None) -> None:
        self.now = now
        self.times = times
        self.where = where
        self.latest = latest
        last = f"; the latest SMS is {latest}" if latest else ""
        super().__init__(
            f"The advance was ended at {now.isoformat()}: a callback caused a send, whose callback caused a send, and "
            f"so on, {times} times {where}{last}."
        )


class CallbacksUnfinished(InspectionRefused):
    """Due callbacks were not all attempted within `timeout` seconds; the clock stays at the time `now`.

    `callbacks` are those in flight, as texts.
    """

    def __init__(self, timeout: float, now: datetime, callbacks: Sequence[str] = ()) -> None:
        self.timeout = timeout
        self.now = now
        self.callbacks = tuple(callbacks)
        waits = f" It waited for callback {'; '.join(self.callbacks[:MAX_LISTED])}." if self.callbacks else ""
        super().__init__(
            f"The clock was advanced to {now.isoformat()} and no further: the callbacks that are due were not all "
            f"attempted within {timeout:g} s.{waits} GET /_mock/callbacks?state=pending lists them."
        )


class HoldTimedOut(InspectionRefused):
    """A fault held `found` requests, not `count`, within `timeout` seconds; `others` are those since it was set."""

    def __init__(self, found: int, count: int, timeout: float, others: Iterable[str]) -> None:
        self.found = found
        self.count = count
        self.timeout = timeout
        self.others = tuple(islice(others, MAX_LISTED))
        listed = "; ".join(self.others) or "none"
        super().__init__(
            f"{found} of {count} requests waited within {timeout:g} s. "
            f"Other requests since the fault was set, the newest first: {listed}."
        )


class ExpectationFailed(InspectionRefused):
    """The messages are not as expected."""

    def __init__(self, explanation: Explanation) -> None:
        self.explanation = explanation
        super().__init__(explanation.summary)


class NoMessage(ExpectationFailed):
    """No message matches."""


class WaitTimedOut(ExpectationFailed):
    """Too few messages matched in time."""


class ErrorView(ResponseModel):
    """What is wrong."""

    status: int = Field(description="The HTTP status")
    message: str = Field(description="What is wrong, in words")
    issues: dict[str, list[str]] | None = Field(default=None, description="What is wrong, by parameter or field")
    allowed: list[str] | None = Field(default=None, description="The steps that the message may take instead")
    explanation: Explanation | None = Field(default=None, description="Why the expectation failed")


class ErrorResponse(ResponseModel):
    """An error."""

    error: ErrorView = Field(description="The error")


class ErrorSpec(NamedTuple):
    """The response to an error: its status, its description in the OpenAPI document, and further headers."""

    status: HTTPStatus
    about: str
    headers: Mapping[str, str] = MappingProxyType({})


_CLOSE: Final = {"connection": "close"}
_TOKEN: Final = {"www-authenticate": "Bearer"}
_RETRY: Final = {"retry-after": "1"}

ERRORS: Final[dict[type[MocksmsError], ErrorSpec]] = {
    InvalidParameters: ErrorSpec(HTTPStatus.BAD_REQUEST, "Invalid query, header or body"),
    InvalidSnapshot: ErrorSpec(HTTPStatus.BAD_REQUEST, "The file is not a snapshot that this mock can restore"),
    errors.PatternTooSlow: ErrorSpec(HTTPStatus.BAD_REQUEST, "The regular expression takes too long"),
    InvalidToken: ErrorSpec(HTTPStatus.UNAUTHORIZED, "The control token is missing or wrong", _TOKEN),
    errors.HostNotAllowed: ErrorSpec(HTTPStatus.FORBIDDEN, "The host is not allowed"),
    errors.CrossOriginRequest: ErrorSpec(HTTPStatus.FORBIDDEN, "The request comes from a page of another site"),
    AccountRequired: ErrorSpec(HTTPStatus.NOT_FOUND, "No account is named"),
    UnknownAccount: ErrorSpec(HTTPStatus.NOT_FOUND, "Unknown account"),
    RecordNotFound: ErrorSpec(HTTPStatus.NOT_FOUND, "Unknown id"),
    NotATrace: ErrorSpec(HTTPStatus.NOT_FOUND, "The mock shows no trace or snapshot"),
    errors.UnknownScenario: ErrorSpec(HTTPStatus.NOT_FOUND, "Unknown scenario"),
    NoMessage: ErrorSpec(HTTPStatus.NOT_FOUND, "No message matches, with an explanation"),
    errors.BodyTooSlow: ErrorSpec(HTTPStatus.REQUEST_TIMEOUT, "The body did not arrive in time", _CLOSE),
    WaitTimedOut: ErrorSpec(HTTPStatus.REQUEST_TIMEOUT, "Too few messages matched in time, with an explanation"),
    HoldTimedOut: ErrorSpec(HTTPStatus.REQUEST_TIMEOUT, "Too few requests were held in time"),
    ExpectationFailed: ErrorSpec(HTTPStatus.CONFLICT, "The messages are not as expected, with an explanation"),
    errors.InvalidScenario: ErrorSpec(HTTPStatus.CONFLICT, "The file of the scenario is invalid"),
    UnknownKey: ErrorSpec(HTTPStatus.CONFLICT, "The key of the account is not known"),
    UnknownCursor: ErrorSpec(HTTPStatus.CONFLICT, "The cursor is not from this mock"),
    errors.IllegalStep: ErrorSpec(HTTPStatus.CONFLICT, "The message cannot take this step"),
    errors.NoLink: ErrorSpec(HTTPStatus.CONFLICT, "The message has no such link, or its links count no clicks"),
    errors.ClockMovedBack: ErrorSpec(HTTPStatus.CONFLICT, "The clock is already later"),
    AdvanceInProgress: ErrorSpec(HTTPStatus.CONFLICT, "The clock is being advanced already"),
    StorageFull: ErrorSpec(HTTPStatus.INSUFFICIENT_STORAGE, "No temporary file can be written"),
    EndlessCallbacks: ErrorSpec(HTTPStatus.LOOP_DETECTED, "Callbacks cause sends without end"),
    errors.ClockOutOfRange: ErrorSpec(HTTPStatus.CONFLICT, "A clock cannot be set to this time"),
    errors.BodyTooLarge: ErrorSpec(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large", _CLOSE),
    errors.UnsupportedMediaType: ErrorSpec(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body is not declared as its type"),
    TooManyOpenRequests: ErrorSpec(HTTPStatus.SERVICE_UNAVAILABLE, "Too many waits or event streams are open", _RETRY),
    ShuttingDown: ErrorSpec(HTTPStatus.SERVICE_UNAVAILABLE, "The mock shuts down"),
    CallbacksUnfinished: ErrorSpec(HTTPStatus.GATEWAY_TIMEOUT, "The clock was changed, but callbacks take too long"),
}
"""The response to each error."""


def response_specs(kinds: Iterable[type[MocksmsError]]) -> dict[int, ResponseSpec]:
    """Return the responses to some kinds of errors by their status, for the OpenAPI document."""
    chosen = {*kinds}
    specs: dict[int, ResponseSpec] = {}
    for kind, (status, about, _) in sorted(ERRORS.items(), key=lambda item: item[1].status):
        if kind not in chosen:
            continue
        known = specs.get(status)
        specs[status] = ResponseSpec(
            about=f"{known.about}; {about[0].lower()}{about[1:]}" if known else about,
            model=ErrorResponse,
            media=(TEXT,) if issubclass(kind, ExpectationFailed) else known.media if known else (),
            errors=(*(known.errors if known else ()), kind.__name__),
        )
    return specs


def refusal_response(error: MocksmsError, *, as_text: bool = False) -> Response:
    """Return the response to a request that is refused, as JSON or plain text."""
    status, _, headers = ERRORS[type(error)]
    details: dict[str, Any] = {}
    text = str(error) if isinstance(error, InspectionRefused) else error.sentence
    match error:
        case ExpectationFailed(explanation=explanation):
            details["explanation"] = explanation
            text = explanation.text if as_text else explanation.summary
        case InvalidParameters(issues=issues):
            details["issues"] = {name: list(texts) for name, texts in issues.items()}
        case errors.IllegalStep(allowed=allowed):
            details["allowed"] = [str(state) for state in allowed]
        case errors.UnsupportedMediaType(media_type=media_type, expected=expected):
            declared = f"declared as {media_type}" if media_type else "not declared"
            what = "JSON" if expected == JSON else "a zip"
            text = f"The body is {declared}; send {what} with the header Content-Type: {expected}."
    if as_text:
        return Response(text + "\n", status, headers, TEXT)
    return error_response(status, text, headers, **details)


def error_response(status: int, text: str, headers: Mapping[str, str] | None = None, **details: Any) -> Response:
    """Return an error as a JSON response."""
    model = ErrorResponse(error=ErrorView(status=status, message=text, **details))
    return Response(model.model_dump_json(exclude_unset=True), status, headers, JSON)


def read_only_response(shows: str, status: int = 405) -> Response:
    """Return the response of a mock that only shows a file to a request that may change something.

    Args:
        shows: what it shows, such as `trace`.
        status: the status; 405 for the inspection API, which allows other methods.
    """
    headers = {"allow": "GET, HEAD"} if status == HTTPStatus.METHOD_NOT_ALLOWED else {}
    text = f"This is a {shows}: read-only. Only GET requests to the inspection API are allowed; mocksms starts a mock."
    return error_response(status, text, headers)
