"""The examples of error responses in the OpenAPI document: `python -m tests.error_examples` writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import mocksms.schemas
from mocksms import errors
from mocksms.inspection import errors as refusals
from mocksms.provider.responses import canned_response, error_response
from mocksms.schemas.explanations import Explanation, Found
from mocksms.settings import Settings
from mocksms.sms.message import State
from mocksms.sms.outcomes import Fault, FaultKind
from mocksms.state.errors import InvalidSnapshot
from tests.support import NOON

FILE: Final = Path(mocksms.schemas.__file__).with_name("error_examples.json")
ID: Final = "0901b1f2320f0b370dc1ef9144c29519"
LATER: Final = NOON + timedelta(hours=1)
EXPLANATION: Final = Explanation(
    problem="no SMS to 972-54-1111111",
    expected=["to 972-54-1111111", "at least 1"],
    found=Found(messages=0, account="d…", since=None, has_requests=False, clock_frozen_at=None),
    closest=[],
    causes=[],
)

INSPECTION: Final = (
    refusals.InvalidParameters({"limit": ["must be at least 1"]}),
    InvalidSnapshot("the file is no zip"),
    refusals.InvalidToken(),
    errors.HostNotAllowed("sms.example:8972"),
    errors.CrossOriginRequest("https://other.example"),
    refusals.AccountRequired(),
    refusals.UnknownAccount("a28c0c350255"),
    refusals.RecordNotFound("message", "0"),
    refusals.NotATrace(),
    errors.UnknownScenario("outag", ["outage"]),
    refusals.NoMessage(EXPLANATION),
    errors.BodyTooSlow(30),
    refusals.WaitTimedOut(EXPLANATION),
    refusals.HoldTimedOut(0, 1, 10, []),
    refusals.ExpectationFailed(EXPLANATION),
    errors.InvalidScenario([errors.ScenarioIssue("outage.toml", 3, "rule 1", "has no effect")]),
    refusals.UnknownKey("2a97516c354b"),
    refusals.UnknownCursor(17, 9),
    errors.IllegalStep(State.SENT, State.CANCELLED, [State.BOUNCED]),
    errors.NoLink(None, [], State.SENT),
    errors.ClockMovedBack(LATER, NOON),
    refusals.AdvanceInProgress(NOON, LATER, []),
    refusals.StorageFull("No space left on device"),
    refusals.EndlessCallbacks(NOON, 1000, f"at {NOON.isoformat()}", ID),
    errors.ClockOutOfRange(NOON, LATER),
    errors.BodyTooLarge(10_485_760),
    errors.UnsupportedMediaType("text/plain", "application/json"),
    refusals.TooManyOpenRequests("event streams", 1000),
    refusals.ShuttingDown(),
    refusals.CallbacksUnfinished(30, NOON),
)
"""An error of each kind that the operations of the inspection API list."""

EMULATED: Final[Mapping[str, errors.RequestRefused]] = {
    "InvalidRequest": errors.InvalidRequest({"message.to": ["The to field is required."]}),
    "Unauthorized": errors.Unauthorized("unknown"),
    "CreditRequired": errors.CreditRequired(),
    "CrossOriginRequest": errors.CrossOriginRequest("https://other.example"),
    "MessageNotFound": errors.MessageNotFound(ID),
    "BodyTooSlow": errors.BodyTooSlow(30),
    "BodyTooLarge": errors.BodyTooLarge(10_485_760),
    "UnsupportedMediaType": errors.UnsupportedMediaType("text/plain"),
}
"""An error of each kind of the emulated API that its operations list."""

FAULTS: Final = {"TooManyRequests": 429, "InternalError": 500, "Unavailable": 503}
"""The statuses of faults that its operations list."""


def bodies() -> dict[str, Any]:
    """Return the body of each error by the name of its example."""
    refused = {type(error).__name__: json.loads(bytes(refusals.refusal_response(error).body)) for error in INSPECTION}
    return {**refused, **emulated()}


def emulated() -> dict[str, Any]:
    """Return those of the emulated API."""
    settings = Settings()
    responses = {
        **{name: error_response(error, settings) for name, error in EMULATED.items()},
        **{
            name: canned_response(Fault(kind=FaultKind.STATUS, status=status), settings)
            for name, status in FAULTS.items()
        },
    }
    return {f"Emulated{name}": json.loads(response.body) for name, response in responses.items()}


def stored() -> dict[str, Any]:
    """Return the examples in the document."""
    return dict(json.loads(FILE.read_text(encoding="utf-8")))


def main() -> None:  # pragma: no cover, a command
    """Write the examples."""
    FILE.write_text(json.dumps(bodies(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
