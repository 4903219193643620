"""Every way mocksms refuses something, as one tree.

    MocksmsError
    +-- SettingsError               an option, variable or command line that cannot be used
    +-- IllegalStep                 a message was asked to take a step its life does not allow
    +-- RequestRefused              an exchange with the emulated API that is not answered with 200
        +-- RouteNotFound           no such path
        +-- MethodNotAllowed        the path exists, the method does not
        +-- Unauthorised            no key, an unknown key, or a key without the REST right
        +-- ForeignOrigin           the request was made by another site's page
        +-- UnsupportedMediaType    the body is not declared as JSON
        +-- BodyTooLarge            the body exceeds the limit
        +-- BodyTooSlow             the body did not become whole in time
        +-- InvalidRequest          the body or the query does not fit the model
        +-- UnknownMagicCode        a magic number whose code is not in the catalogue
        +-- TextTooLong             more text than the longest SMS can carry
        +-- SendTooLarge            long texts for many recipients: too much to work on at once
        +-- MessageNotFound         no such message in this account
        +-- FaultOrdered            a magic number asked for a wrong answer

The classes carry what was wrong as attributes. They know neither HTTP nor the vendor's words: each door has one
table that turns them into answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mocksms.sms.message import State
    from mocksms.sms.outcome import Fault


class MocksmsError(Exception):
    """Base of every error mocksms raises on purpose."""


class SettingsError(MocksmsError, ValueError):
    """An option, environment variable or command line cannot be used; the text is one sentence for the user."""


class IllegalStep(MocksmsError):
    """A message was asked to take a step its life does not allow.

    Attributes: the `current` and `wanted` states, and the `legal` next states in table order.
    """

    def __init__(self, current: State, wanted: State, legal: Sequence[State]) -> None:
        self.current = current
        self.wanted = wanted
        self.legal = tuple(legal)
        choices = ", ".join(map(str, self.legal)) or "none, it is final"
        super().__init__(f"a message that is {current} cannot become {wanted}; legal next: {choices}")


class RequestRefused(MocksmsError):
    """Base of what the emulated API answers with anything but 200."""


class RouteNotFound(RequestRefused):
    """Nothing lives at `uri`."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        super().__init__(f"no resource at {uri}")


class MethodNotAllowed(RequestRefused):
    """The resource exists but does not answer `method`; it answers `allowed`."""

    def __init__(self, method: str, allowed: str) -> None:
        self.method = method
        self.allowed = allowed
        super().__init__(f"method {method} where only {allowed} is served")


class Unauthorised(RequestRefused):
    """The API key is `missing`, `unknown`, or its account has `no-rest-right`."""

    def __init__(self, cause: Literal["missing", "unknown", "no-rest-right"]) -> None:
        self.cause = cause
        super().__init__(f"API key refused: {cause}")


class ForeignOrigin(RequestRefused):
    """A browser sent the request on behalf of another site, named by `origin`."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        super().__init__(f"request made by a page of {origin}")


class UnsupportedMediaType(RequestRefused):
    """The body is declared as `media_type` (None: not declared at all) instead of JSON."""

    def __init__(self, media_type: str | None) -> None:
        self.media_type = media_type
        super().__init__(f"body declared as {media_type}")


class BodyTooLarge(RequestRefused):
    """The body is longer than `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"body longer than {limit} bytes")


class BodyTooSlow(RequestRefused):
    """The body did not become whole within `patience` seconds."""

    def __init__(self, patience: float) -> None:
        self.patience = patience
        super().__init__(f"body not whole after {patience:g} seconds")


class InvalidRequest(RequestRefused):
    """The body or the query does not fit the model; `faults` maps a path to what is wrong there."""

    def __init__(self, faults: Mapping[str, Iterable[str]]) -> None:
        self.faults = {path: tuple(texts) for path, texts in faults.items()}
        super().__init__("; ".join(f"{path}: {' '.join(texts)}" for path, texts in self.faults.items()))


class UnknownMagicCode(RequestRefused):
    """Entry `index` of `to` lies in the magic block but its `code` is not in the catalogue of `known` codes."""

    def __init__(self, index: int, number: str, code: str, known: Iterable[str]) -> None:
        self.index = index
        self.number = number
        self.code = code
        self.known = tuple(known)
        super().__init__(f"magic number {number} has the unknown code {code}; known: {', '.join(self.known)}")


class TextTooLong(RequestRefused):
    """A text of `length` characters, where the longest SMS carries `limit`."""

    def __init__(self, length: int, limit: int) -> None:
        self.length = length
        self.limit = limit
        super().__init__(f"a text of {length} characters; the longest SMS carries {limit}")


class SendTooLarge(RequestRefused):
    """The texts of a send, which differ by recipient, come to `length` characters; at most `limit` are worked on."""

    def __init__(self, length: int, limit: int) -> None:
        self.length = length
        self.limit = limit
        super().__init__(f"texts of {length} characters in one send; at most {limit} are worked on")


class MessageNotFound(RequestRefused):
    """The account has no message with this `transaction_id`."""

    def __init__(self, transaction_id: str) -> None:
        self.transaction_id = transaction_id
        super().__init__(f"no message {transaction_id}")


class FaultOrdered(RequestRefused):
    """Nothing was accepted because `fault` was asked for; `decided_by` says by whom."""

    def __init__(self, fault: Fault, decided_by: str) -> None:
        self.fault = fault
        self.decided_by = decided_by
        super().__init__(f"{decided_by}: {fault}")
