"""The errors of mocksms, as one tree.

    MocksmsError
    +-- SettingsError               an option, variable or command line is not valid
    +-- OutputFailed                a stream of the command line cannot be written
    +-- NotReady                    no mock is ready at a URL
    +-- IllegalStep                 a message cannot go from its state to the requested one
    +-- NoLink                      a message has no such link to open
    +-- ClockMovedBack              a clock cannot be advanced to the past
    +-- ClockOutOfRange             a clock cannot be set to this time
    +-- PatternTooSlow              a regular expression takes too long
    +-- WebhookForbidden            callbacks to this address are not allowed
    +-- InvalidScenario             a scenario cannot be read, or has values that are not valid
    +-- UnknownScenario             no scenario has this name
    +-- MockUnreachable             no mock responds at a URL
    +-- MockRefused                 the mock refused a request of a test
    +-- RequestRefused              a request to the emulated API that fails
        +-- RouteNotFound           the path does not exist
        +-- MethodNotAllowed        the path exists, but not with this method
        +-- Unauthorized            the API key is missing or unknown
        +-- NoRestRight             the account of the API key has no REST right
        +-- CrossOriginRequest      a page of another site made the request
        +-- HostNotAllowed          the Host is not a name of this machine
        +-- UnsupportedMediaType    the body is not declared as JSON
        +-- BodyTooLarge            the body exceeds the limit
        +-- BodyTooSlow             the body was not complete in time
        +-- InvalidRequest          the body or the query does not fit the model
        +-- UnknownMagicCode        a magic number with a code that is not in the catalogue
        +-- TextTooLong             a text is longer than the longest SMS
        +-- SendTooLarge            the texts of one send are too long together
        +-- CreditRequired          an option makes scheduling require credit, and the account has none
        +-- MessageNotFound         the account has no message with this id

The classes carry the details as attributes. They know neither HTTP nor the vendor's texts: each API has one table
that turns them into responses. Errors of the inspection API alone are in `mocksms.inspection.errors`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final, Literal, NamedTuple

MALFORMED_HTTP: Final = "malformed_http"
"""Refusal code in the journal for bytes that are not an HTTP request."""

INTERNAL_ERROR: Final = "internal_error"
"""Refusal code in the journal for a request that failed because of a defect of mocksms."""


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "", cutoff: float = 0.6) -> str:
    """Return the question whether the nearest of the known names was meant, or `otherwise` if none is near."""
    import difflib  # takes long, and few runs need it

    words = {each.lstrip("-"): each for each in known}  # dashes make short options look alike
    near = difflib.get_close_matches(name.lstrip("-"), words, 1, cutoff)
    return f"did you mean {words[near[0]]}?" if near else otherwise


def escape(text: str) -> str:
    """Return a text that is safe to print: control, bidi and unprintable characters as escapes."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text)


def escape_lines(text: str) -> str:
    """Return a text of several lines that is safe to print; line breaks and tabs stay."""
    return text if text.replace("\n", "").isprintable() else re.sub(r"[^\n\t]+", lambda part: escape(part[0]), text)


class MocksmsError(Exception):
    """Base of every error that mocksms raises on purpose. Its text is safe to print."""

    def __str__(self) -> str:
        return escape_lines(super().__str__())

    @property
    def sentence(self) -> str:
        """The error text as a sentence."""
        text = str(self)
        return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '?')) else '.'}"


class SettingsError(MocksmsError, ValueError):
    """An option, environment variable or command line is not valid; the text is one sentence for the user."""


class OutputFailed(MocksmsError):
    """Standard output cannot be written, for this `reason`."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"standard output cannot be written: {reason}")


class NotReady(MocksmsError):
    """No mock is ready at `url`, for this `reason`, after `seconds` of waiting (None: after one attempt)."""

    def __init__(self, url: str, reason: str, seconds: float | None = None) -> None:
        self.url = url
        self.reason = reason
        self.seconds = seconds
        after = "" if seconds is None else f" after {seconds:g} s"
        super().__init__(f"no mock is ready at {url}{after}: {reason}")


class IllegalStep(MocksmsError):
    """A message in state `current` cannot go to state `requested`, only to those `allowed` (in table order)."""

    def __init__(self, current: object, requested: object, allowed: Sequence[object]) -> None:
        self.current = current
        self.requested = requested
        self.allowed = tuple(allowed)
        choices = ", ".join(map(str, self.allowed)) or "none, it is final"
        super().__init__(f"a message that is {current} cannot become {requested}; allowed next: {choices}")


class NoLink(MocksmsError):
    """The message in `state` has no link `url` (None: no link at all), only the `links`, or they are not `tracked`."""

    def __init__(self, url: str | None, links: Sequence[str], state: object, *, tracked: bool = True) -> None:
        self.url = url
        self.links = tuple(links)
        self.state = state
        known = f"it has {', '.join(self.links)}" if self.links else "it has none"
        missing = f"has no link {url or 'to open'}: {known}"
        untracked = "has no links that count clicks: send it with track_clicks, or set the option untracked_clicks"
        super().__init__(f"the message, which is {state}, {missing if tracked else untracked}")


class ClockMovedBack(MocksmsError):
    """A clock at the time `now` cannot be advanced to the `requested` time, which is earlier."""

    def __init__(self, now: datetime, requested: datetime) -> None:
        self.now = now
        self.requested = requested
        super().__init__(
            f"the clock is at {now.isoformat()} and cannot be advanced to {requested.isoformat()}, which is earlier; "
            "freeze it there instead"
        )


class ClockOutOfRange(MocksmsError):
    """A clock shows times from `earliest` to `latest` only."""

    def __init__(self, earliest: datetime, latest: datetime) -> None:
        self.earliest = earliest
        self.latest = latest
        super().__init__(f"a clock can only be set to times from {earliest.isoformat()} to {latest.isoformat()}")


class PatternTooSlow(MocksmsError):
    """The regular expression `pattern` needed more than `timeout` seconds."""

    def __init__(self, pattern: str, timeout: float) -> None:
        self.pattern = pattern
        self.timeout = timeout
        super().__init__(f"the regular expression takes longer than {timeout:g} s; make it simpler")


class WebhookForbidden(MocksmsError):
    """Callbacks to `address`, the address of `host`, are not allowed: `never`, or only if the host is listed."""

    def __init__(self, host: str, address: str, kind: Literal["never", "link-local", "public"]) -> None:
        self.host = host
        self.address = address
        self.kind = kind
        why = {
            "never": "an address of a metadata service or of many machines, which mocksms never calls",
            "link-local": "a link-local address",
            "public": "neither this machine nor a private network",
        }[kind]
        hint = "" if kind == "never" else f"; to allow it, start mocksms with --webhook-allow {host}"
        super().__init__(f"{host} is {address}, {why}{hint}")


class ScenarioIssue(NamedTuple):
    """A problem in a scenario: the file, the line if known, the path of the key, and how to correct it."""

    file: str
    line: int | None
    key: str
    text: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.key}: {self.text}" if self.key else f"{where}: {self.text}"


class InvalidScenario(MocksmsError, ValueError):
    """A scenario is not valid; the text has one line for each of its `issues`."""

    def __init__(self, issues: Sequence[ScenarioIssue]) -> None:
        self.issues = tuple(issues)
        super().__init__("\n".join(map(str, issues)))

    @property
    def sentence(self) -> str:
        """The error text unchanged, since it starts with a file name."""
        return str(self)


class UnknownScenario(MocksmsError):
    """No scenario has this `name`; `known` are the names that exist."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        self.known = tuple(known)
        choices = f"known are {', '.join(self.known)}, and the files in the folder of --scenario-folder"
        super().__init__(f"there is no scenario {name!r}; {did_you_mean(name, self.known, choices)}")


class MockUnreachable(MocksmsError, ConnectionError):
    """No mock responds at `url`; `reason` says why and what to do, `cause` is the original error."""

    def __init__(self, url: str, reason: str, cause: BaseException | None = None) -> None:
        self.url = url
        self.reason = reason
        self.cause = cause
        super().__init__(f"no mock responds at {url}: {reason}")


class MockRefused(MocksmsError):
    """The mock refused a `request` of a test with an HTTP `status`; `error` is the error object of the response."""

    def __init__(self, request: str, status: int, error: Mapping[str, Any]) -> None:
        self.request = request
        self.status = status
        self.error = dict(error)
        super().__init__(f"{request}: {error.get('message', 'no reason given')}")

    @property
    def explanation(self) -> Mapping[str, Any] | None:
        """Why no message matched, if the request was about messages."""
        return self.error.get("explanation")


class RequestRefused(MocksmsError):
    """Base of what the emulated API refuses; `code` names the kind in the journal."""

    code: ClassVar[str]


class RouteNotFound(RequestRefused):
    """The emulated API has nothing at `uri`."""

    code = "route_not_found"

    def __init__(self, uri: str) -> None:
        self.uri = uri
        super().__init__(f"no resource at {uri}")


class MethodNotAllowed(RequestRefused):
    """The resource does not support `method`, only the one `allowed`."""

    code = "method_not_allowed"

    def __init__(self, method: str, allowed: str) -> None:
        self.method = method
        self.allowed = allowed
        super().__init__(f"method {method} is not supported here, only {allowed}")


class Unauthorized(RequestRefused):
    """The API key is `missing` or `unknown`."""

    code = "unauthorized"

    def __init__(self, cause: Literal["missing", "unknown"]) -> None:
        self.cause = cause
        super().__init__(f"API key refused: {cause}")


class NoRestRight(RequestRefused):
    """The account has no REST right. Only a control or an option takes it away, so a test expects this refusal."""

    code = "no_rest_right"

    def __init__(self) -> None:
        super().__init__("the account has no REST right")


class CrossOriginRequest(RequestRefused):
    """A browser sent the request for a page of another site, its `origin`."""

    code = "cross_origin"

    def __init__(self, origin: str) -> None:
        self.origin = origin
        super().__init__(f"cross-origin request from {origin} refused")


class HostNotAllowed(RequestRefused):
    """The Host header, `host`, is neither a name of this machine nor an allowed one."""

    code = "host_not_allowed"

    def __init__(self, host: str) -> None:
        self.host = host
        name = host.partition(":")[0]
        super().__init__(f"host {host!r} is not allowed; start mocksms with --allowed-host {name}")


class UnsupportedMediaType(RequestRefused):
    """The body is declared as `media_type` (None: not declared) instead of `expected`."""

    code = "unsupported_media_type"

    def __init__(self, media_type: str | None, expected: str = "application/json") -> None:
        self.media_type = media_type
        self.expected = expected
        super().__init__(f"body declared as {media_type}")


class BodyTooLarge(RequestRefused):
    """The body is longer than `limit` bytes."""

    code = "body_too_large"

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"body longer than {limit} bytes")


class BodyTooSlow(RequestRefused):
    """The body was not complete within `timeout` seconds."""

    code = "body_too_slow"

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        super().__init__(f"body not complete after {timeout:g} seconds")


class InvalidRequest(RequestRefused):
    """The body or the query does not fit the model; `issues` has the texts for each path."""

    code = "invalid_request"

    def __init__(self, issues: Mapping[str, Iterable[str]]) -> None:
        self.issues = {path: tuple(texts) for path, texts in issues.items()}
        super().__init__("; ".join(f"{path}: {' '.join(texts)}" for path, texts in self.issues.items()))


class UnknownMagicCode(RequestRefused):
    """Entry `index` of `to` is a magic number, but its `magic_code` is not one of the `known` ones."""

    code = "unknown_magic_code"

    def __init__(self, index: int, number: str, magic_code: str, known: Iterable[str]) -> None:
        self.index = index
        self.number = number
        self.magic_code = magic_code
        self.known = tuple(known)
        super().__init__(f"magic number {number} has the unknown code {magic_code}; known: {', '.join(self.known)}")


class TextTooLong(RequestRefused):
    """A text of `length` characters; the longest SMS has `limit`."""

    code = "text_too_long"

    def __init__(self, length: int, limit: int) -> None:
        self.length = length
        self.limit = limit
        super().__init__(f"a text of {length} characters; the longest SMS has {limit}")


class SendTooLarge(RequestRefused):
    """The texts of one send, which differ by recipient, have `length` characters together; the limit is `limit`."""

    code = "send_too_large"

    def __init__(self, length: int, limit: int) -> None:
        self.length = length
        self.limit = limit
        super().__init__(f"texts of {length} characters in one send; the limit is {limit}")


class CreditRequired(RequestRefused):
    """The account has no credit, and the option `schedule_without_credit` is off."""

    code = "credit_required"

    def __init__(self) -> None:
        super().__init__("the account has no credit, and --schedule-without-credit is off")


class MessageNotFound(RequestRefused):
    """The account has no message with this `transaction_id`."""

    code = "message_not_found"

    def __init__(self, transaction_id: str) -> None:
        self.transaction_id = transaction_id
        super().__init__(f"no message {transaction_id}")
