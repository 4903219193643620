"""Every way mocksms refuses something, as one tree.

    MocksmsError
    +-- SettingsError               an option, variable or command line that cannot be used
    +-- NotReady                    no mock is ready where one was asked for
    +-- IllegalStep                 a message was asked to take a step its life does not allow
    +-- NoLink                      a message shows no such link to open
    +-- ClockMovedBack              a clock was asked to go back
    +-- ClockOutOfRange             a clock was asked to go further than dates reach
    +-- PatternTooSlow              a regular expression takes too long on a text
    +-- ReceiverForbidden           a callback would go where none may go
    +-- InvalidScenario             something is no scenario, or says what cannot be
    +-- UnknownScenario             there is no scenario of that name
    +-- MockUnreachable             nothing answers where a mock should be
    +-- MockRefused                 a mock does not do what a test asked of it
    +-- RequestRefused              an exchange with the emulated API that is not answered with 200
        +-- RouteNotFound           no such path
        +-- MethodNotAllowed        the path exists, the method does not
        +-- Unauthorized            no key, an unknown key, or a key without the REST right
        +-- CrossOriginRequest      the request was made by another site's page
        +-- UnsupportedMediaType    the body is not declared as JSON
        +-- BodyTooLarge            the body exceeds the limit
        +-- BodyTooSlow             the body did not become whole in time
        +-- InvalidRequest          the body or the query does not fit the model
        +-- UnknownMagicCode        a magic number whose code is not in the catalogue
        +-- TextTooLong             more text than the longest SMS can carry
        +-- SendTooLarge            long texts for many recipients: too much to work on at once
        +-- MessageNotFound         no such message in this account

The classes carry what was wrong as attributes. They know neither HTTP nor the vendor's words: each door has one
table that turns them into answers. What only the inspection API refuses stands in `mocksms.inspection.errors`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar, Final, Literal, NamedTuple

MALFORMED_HTTP: Final = "malformed_http"
"""Refusal code in the journal for bytes that are not an HTTP request."""

INTERNAL_ERROR: Final = "internal_error"
"""Refusal code in the journal for a request that failed because of a defect of mocksms."""


class MocksmsError(Exception):
    """Base of every error mocksms raises on purpose."""

    @property
    def sentence(self) -> str:
        """What was wrong, as a sentence."""
        text = str(self)
        return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '?')) else '.'}"


class SettingsError(MocksmsError, ValueError):
    """An option, environment variable or command line cannot be used; the text is one sentence for the user."""


class NotReady(MocksmsError):
    """No mock is ready at `url`, for this `reason`; `waited` is for how many seconds, None if it was asked once."""

    def __init__(self, url: str, reason: str, waited: float | None = None) -> None:
        self.url = url
        self.reason = reason
        self.waited = waited
        so_long = "" if waited is None else f" after {waited:g} s"
        super().__init__(f"no mock is ready at {url}{so_long}: {reason}")


class IllegalStep(MocksmsError):
    """A message was asked to take a step its life does not allow.

    Attributes: the `current` and `wanted` states, and the `legal` next states in table order.
    """

    def __init__(self, current: Enum, wanted: Enum, legal: Sequence[Enum]) -> None:
        self.current = current
        self.wanted = wanted
        self.legal = tuple(legal)
        choices = ", ".join(map(str, self.legal)) or "none, it is final"
        super().__init__(f"a message that is {current} cannot become {wanted}; legal next: {choices}")


class NoLink(MocksmsError):
    """The phone does not show the link `wanted` (None: any) but `links`, since the message is in `state`."""

    def __init__(self, wanted: str | None, links: Sequence[str], state: Enum) -> None:
        self.wanted = wanted
        self.links = tuple(links)
        self.state = state
        shown = f"it has {', '.join(self.links)}" if self.links else "it has none"
        super().__init__(f"the message, which is {state}, has no link {wanted or 'to open'}: {shown}")


class ClockMovedBack(MocksmsError):
    """A clock that shows `now` was asked to go back to `wanted`."""

    def __init__(self, now: datetime, wanted: datetime) -> None:
        self.now = now
        self.wanted = wanted
        super().__init__(f"the clock shows {now.isoformat()} and cannot go back to {wanted.isoformat()}")


class ClockOutOfRange(MocksmsError):
    """A clock was asked to go beyond `latest`."""

    def __init__(self, latest: datetime) -> None:
        self.latest = latest
        super().__init__(f"clocks go up to {latest.isoformat()}")


class PatternTooSlow(MocksmsError):
    """Whether `pattern` is in some texts could not be said within `patience` seconds."""

    def __init__(self, pattern: str, patience: float) -> None:
        self.pattern = pattern
        self.patience = patience
        super().__init__(f"the regular expression takes longer than {patience:g} s; make it simpler")


class ReceiverForbidden(MocksmsError):
    """A receiver's `host` has the `address` that must `never` be called, or only if it is listed."""

    def __init__(self, host: str, address: str, *, never: bool) -> None:
        self.host = host
        self.address = address
        self.never = never
        why = (
            "which is link-local, a cloud's metadata service or no single machine, and never called"
            if never
            else "which is neither this machine nor a private network; start mocksms with --webhook-allow " + host
        )
        super().__init__(f"{host} is {address}, {why}")


class ScenarioIssue(NamedTuple):
    """Something wrong in a scenario: the file, the line if known, the place of the key, and what to do about it."""

    file: str
    line: int | None
    key: str
    text: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.key}: {self.text}" if self.key else f"{where}: {self.text}"


class InvalidScenario(MocksmsError, ValueError):
    """Something is no scenario; `issues` say all that is wrong with it, and the text has a line for each."""

    def __init__(self, issues: Sequence[ScenarioIssue]) -> None:
        self.issues = tuple(issues)
        super().__init__("\n".join(map(str, issues)))

    @property
    def sentence(self) -> str:
        """What is wrong, as it is: it begins with the name of a file."""
        return str(self)


class UnknownScenario(MocksmsError):
    """There is no scenario of this name; `known` are those there are."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        self.known = tuple(known)
        near = difflib.get_close_matches(name, self.known, 1)
        there_are = f"there are {', '.join(self.known)}, and those of the folder that --scenario-folder names"
        super().__init__(f"there is no scenario {name!r}; {f'did you mean {near[0]}?' if near else there_are}")


class MockUnreachable(MocksmsError, ConnectionError):
    """Nothing answers at `url`, the address of a mock; the text says why and what to do, `cause` is what happened."""

    def __init__(self, url: str, why: str, cause: BaseException | None = None) -> None:
        self.url = url
        self.cause = cause
        super().__init__(f"nothing answers at {url}: {why}")


class MockRefused(MocksmsError):
    """A mock answered a call of a test with `status` and not with success; `error` is all it said."""

    def __init__(self, call: str, status: int, error: Mapping[str, Any]) -> None:
        self.call = call
        self.status = status
        self.error = dict(error)
        super().__init__(f"{call}: {error.get('message', 'no reason given')}")

    @property
    def explanation(self) -> Mapping[str, Any] | None:
        """Why no message matched, if that was asked for."""
        return self.error.get("explanation")


class RequestRefused(MocksmsError):
    """Base of what the emulated API answers with anything but 200; `code` names the kind, also in the journal."""

    code: ClassVar[str]


class RouteNotFound(RequestRefused):
    """Nothing lives at `uri`."""

    code = "route_not_found"

    def __init__(self, uri: str) -> None:
        self.uri = uri
        super().__init__(f"no resource at {uri}")


class MethodNotAllowed(RequestRefused):
    """The resource exists but does not answer `method`; it answers `allowed`."""

    code = "method_not_allowed"

    def __init__(self, method: str, allowed: str) -> None:
        self.method = method
        self.allowed = allowed
        super().__init__(f"method {method} where only {allowed} is served")


class Unauthorized(RequestRefused):
    """The API key is `missing`, `unknown`, or its account has `no-rest-right`."""

    code = "unauthorized"

    def __init__(self, cause: Literal["missing", "unknown", "no-rest-right"]) -> None:
        self.cause = cause
        super().__init__(f"API key refused: {cause}")


class CrossOriginRequest(RequestRefused):
    """A browser sent the request on behalf of another site, named by `origin`."""

    code = "cross_origin"

    def __init__(self, origin: str) -> None:
        self.origin = origin
        super().__init__(f"request made by a page of {origin}")


class UnsupportedMediaType(RequestRefused):
    """The body is declared as `media_type` (None: not declared at all) instead of JSON."""

    code = "unsupported_media_type"

    def __init__(self, media_type: str | None) -> None:
        self.media_type = media_type
        super().__init__(f"body declared as {media_type}")


class BodyTooLarge(RequestRefused):
    """The body is longer than `limit` bytes."""

    code = "body_too_large"

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"body longer than {limit} bytes")


class BodyTooSlow(RequestRefused):
    """The body did not become whole within `patience` seconds."""

    code = "body_too_slow"

    def __init__(self, patience: float) -> None:
        self.patience = patience
        super().__init__(f"body not whole after {patience:g} seconds")


class InvalidRequest(RequestRefused):
    """The body or the query does not fit the model; `faults` maps a path to what is wrong there."""

    code = "invalid_request"

    def __init__(self, faults: Mapping[str, Iterable[str]]) -> None:
        self.faults = {path: tuple(texts) for path, texts in faults.items()}
        super().__init__("; ".join(f"{path}: {' '.join(texts)}" for path, texts in self.faults.items()))


class UnknownMagicCode(RequestRefused):
    """Entry `index` of `to` lies in the magic block but its `magic_code` is not in the catalogue of `known` codes."""

    code = "unknown_magic_code"

    def __init__(self, index: int, number: str, magic_code: str, known: Iterable[str]) -> None:
        self.index = index
        self.number = number
        self.magic_code = magic_code
        self.known = tuple(known)
        super().__init__(f"magic number {number} has the unknown code {magic_code}; known: {', '.join(self.known)}")


class TextTooLong(RequestRefused):
    """A text of `length` characters, where the longest SMS carries `limit`."""

    code = "text_too_long"

    def __init__(self, length: int, limit: int) -> None:
        self.length = length
        self.limit = limit
        super().__init__(f"a text of {length} characters; the longest SMS carries {limit}")


class SendTooLarge(RequestRefused):
    """The texts of a send, which differ by recipient, come to `length` characters; at most `limit` are worked on."""

    code = "send_too_large"

    def __init__(self, length: int, limit: int) -> None:
        self.length = length
        self.limit = limit
        super().__init__(f"texts of {length} characters in one send; at most {limit} are worked on")


class MessageNotFound(RequestRefused):
    """The account has no message with this `transaction_id`."""

    code = "message_not_found"

    def __init__(self, transaction_id: str) -> None:
        self.transaction_id = transaction_id
        super().__init__(f"no message {transaction_id}")
