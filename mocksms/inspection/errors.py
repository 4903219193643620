"""Every way the inspection API refuses a call beyond what the whole mock refuses, as one tree.

    MocksmsError
    +-- InspectionRefused           a call of the inspection API that cannot be answered
        +-- InvalidParameters       its query or body does not fit the model
        +-- AccountRequired         it needs one account and names none
        +-- AccountUnknown          it names an account that is not there and cannot be made
        +-- UnknownCursor           it names a cursor this mock has not given out
        +-- RecordNotFound          it names a message or exchange that is not there
        +-- TypeNotJson             its body is not declared as JSON
        +-- TokenMissing            the control token is missing or wrong
        +-- TooManyListeners        too many wait or watch already
        +-- ShuttingDown            the mock stops while it waits
        +-- CallbacksUnfinished     time was moved, but receivers take too long

One table, in `mocksms.inspection.answers`, turns them into answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mocksms.errors import MocksmsError


class InspectionRefused(MocksmsError):
    """Base of what the inspection API answers with an error of its own; the text is for its user."""


class InvalidParameters(InspectionRefused):
    """Query or body do not fit the model; `faults` maps a name to what is wrong there."""

    def __init__(self, faults: Mapping[str, Iterable[str]]) -> None:
        self.faults = {name: tuple(texts) for name, texts in faults.items()}
        super().__init__("; ".join(f"{name}: {', '.join(texts)}" for name, texts in self.faults.items()))


class AccountRequired(InspectionRefused):
    """One account is needed and none was named."""

    def __init__(self) -> None:
        super().__init__("This is about one account: name it by the header X-API-Key, or by ?account= with key or id.")


class AccountUnknown(InspectionRefused):
    """There is no account `name`, and it cannot be the key of one."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"There is no account {name!r}, and none is made by that name; see GET /_mock/accounts.")


class UnknownCursor(InspectionRefused):
    """The cursor `given` is beyond the `latest` one this mock has given out."""

    def __init__(self, given: int, latest: int) -> None:
        self.given = given
        self.latest = latest
        super().__init__(f"The cursor {given} is ahead of this mock, which is at {latest}: was it restarted since?")


class RecordNotFound(InspectionRefused):
    """There is no `kind` of thing with the id `name`."""

    def __init__(self, kind: str, name: str) -> None:
        self.kind = kind
        self.name = name
        super().__init__(f"There is no {kind} {name!r} here; it may have been evicted, deleted or reset.")


class TypeNotJson(InspectionRefused):
    """A body, or the lack of one, is declared as `media_type` (None: not declared) instead of JSON."""

    def __init__(self, media_type: str | None) -> None:
        self.media_type = media_type
        declared = f"declared as {media_type}" if media_type else "not declared"
        super().__init__(f"The body is {declared}; send JSON with the header Content-Type: application/json.")


class TokenMissing(InspectionRefused):
    """The control token is missing or wrong."""

    def __init__(self) -> None:
        super().__init__("This mock has a control token: send the header Authorization: Bearer and the token.")


class TooManyListeners(InspectionRefused):
    """There are `limit` calls that wait or watch; no more are taken."""

    def __init__(self, kind: str, limit: int) -> None:
        self.limit = limit
        super().__init__(f"There are {limit} {kind} open already; close some, or ask again later.")


class ShuttingDown(InspectionRefused):
    """The mock stops while a call waits."""

    def __init__(self) -> None:
        super().__init__("The mock stops.")


class CallbacksUnfinished(InspectionRefused):
    """Time was moved, but after `patience` seconds callbacks that were due by then were still on their way."""

    def __init__(self, patience: float) -> None:
        self.patience = patience
        super().__init__(
            f"Time was moved, but callbacks due by then were not all tried within {patience:g} s; "
            "GET /_mock/callbacks?state=pending shows them."
        )
