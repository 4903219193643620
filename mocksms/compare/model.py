"""What a comparison consists of: probes, their requests and results, and the report.

A *probe* is one request to the service, with the behaviours of the ledger that its result shows. The *service* is what
is at the given URL: the real one, or anything that speaks its API. Nothing here holds an API key: a request names which
key it has, and only the sender of requests knows the key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple, Protocol

KEY_NAME: Final = "YOUR-API-KEY"
"""The given key, in the mock and in the settings that a comparison finds."""

WRONG_KEY: Final = "0" * 32
"""An API key that no account has, in the form of the vendor's."""


class KeyChoice(StrEnum):
    """Which API key a request has."""

    GIVEN = "given"
    MISSING = "missing"
    WRONG = "wrong"
    BEARER = "bearer"
    """The given key, but only in `Authorization: Bearer`, without X-API-Key."""

    def headers(self, key: str) -> tuple[tuple[str, str], ...]:
        """Return the headers of a request, with the given key."""
        match self:
            case KeyChoice.GIVEN:
                return (("X-API-Key", key),)
            case KeyChoice.WRONG:
                return (("X-API-Key", WRONG_KEY),)
            case KeyChoice.BEARER:
                return (("Authorization", f"Bearer {key}"),)
        return ()


class ProbeRequest(NamedTuple):
    """An HTTP request of a probe.

    Its address is the base URL as given, then `path`, which includes the query. The root of the service is the base URL
    without a final /rest/v1. The sender adds the headers of the key, and what HTTP needs, such as `Host`.

    Attributes:
        prefix: True: the request goes to the root and /rest/v1, False: to the root, None: to the base URL as given.
    """

    method: str
    path: str
    key: KeyChoice = KeyChoice.GIVEN
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    prefix: bool | None = None


class PhoneRequest(NamedTuple):
    """A request to look at the phone that has the message with this id. For the service, a person does it.

    Attributes:
        transaction_id: of the message.
        question: what the person reads.
        content: what was sent.
        segments: whether the question is how many SMS were charged, not what the phone shows.
    """

    transaction_id: str
    question: str
    content: str = ""
    segments: bool = False


class ProbeResponse(NamedTuple):
    """An HTTP response. Headers are in the order and spelling of the service."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the value of a header, None if there is none; its name is in any case."""
        return next((value for header, value in self.headers if header.lower() == name.lower()), None)


class PhoneScreen(NamedTuple):
    """What a phone shows of a message, or only how many `segments` were charged."""

    sender: str
    text: str
    segments: int | None = None


class FailureKind(StrEnum):
    """Why a request has no response that says anything about the API."""

    TIMEOUT = "timeout"
    REFUSED = "connection refused"
    NAME = "host name not found"
    UNREACHABLE = "host not reachable"
    TLS = "TLS error"
    SERVER_ERROR = "server error"
    """A status of 502, 503 or 504, or another 5xx without a JSON body. A 500 with a JSON body is a response."""
    HTML = "HTML page"
    REDIRECT = "redirect"
    RATE_LIMITED = "too many requests"
    RESET = "connection reset"
    NOT_HTTP = "not an HTTP response"
    TOO_LARGE = "response too large"
    NO_INPUT = "no input about the phone"
    SPENT = "limit of --spend reached"


OF_PERSON: Final = frozenset({FailureKind.NO_INPUT, FailureKind.SPENT})
"""Failures that say nothing about the service."""


class ProbeFailure(NamedTuple):
    """A request without a usable response. `retry_after` is what a 429 asks for, in seconds."""

    kind: FailureKind
    detail: str
    retry_after: float | None = None


Result = ProbeResponse | PhoneScreen | ProbeFailure
Results = Mapping[str, Result]
"""The results by the id of their probe, in the order of the probes; a probe that was not sent has none."""


class ResultMissing(LookupError):
    """A probe needs the result of an earlier one, which is missing or of another form. Its text says which."""


class ProbeContext(NamedTuple):
    """What the request of a probe depends on: when the run started (aware, in UTC), and the results so far."""

    started: datetime
    results: Results

    @property
    def word(self) -> str:
        """A word that no other run has, for contents and tags."""
        return f"mocksms-{self.started:%Y%m%d-%H%M%S}"


class Probe(NamedTuple):
    """One request, and which behaviour of the ledger each part of its result shows.

    Attributes:
        id: name in reports, such as `send.async`.
        about: what it does, one plain sentence.
        behaviours: ids of the ledger by a place of the result: `status`, `type`, `body`, `body[].reject_reason`,
            `phone.text`. A place also stands for those within it, unless they have their own.
        request: returns the request; raises `ResultMissing` if an earlier result does not have what it needs.
        needs: the probes whose results `request` uses.
        cost: how many SMS it may cost; 0 is free, and holds no number that any phone can have.
    """

    id: str
    about: str
    behaviours: Mapping[str, str]
    request: Callable[[ProbeContext], ProbeRequest | PhoneRequest]
    needs: tuple[str, ...] = ()
    cost: int = 0


class Sender(Protocol):
    """Sends the requests of probes: to the service, or to a mock in this process."""

    def send(self, request: ProbeRequest | PhoneRequest) -> Result:
        """Send a request and return its result; errors of the network are results as well."""
        ...


class Run(NamedTuple):
    """The results of a run. Recorded, it can be compared again later.

    Attributes:
        started: when it started, aware, in UTC.
        results: the results by probe.
        sent_at: seconds after the start at which each request was sent.
        not_sent: why a probe was not sent, by probe.
    """

    started: datetime
    results: dict[str, Result]
    sent_at: dict[str, float]
    not_sent: dict[str, str]


class Difference(NamedTuple):
    """The first difference that a probe found in a behaviour.

    Attributes:
        id: of the ledger.
        probe: that found it first.
        where: the place of the difference, such as `body[0].reject_reason`.
        service, mock: what each side has there; plain data.
        also: the other probes that found a difference in this behaviour.
    """

    id: str
    probe: str
    where: str
    service: Any
    mock: Any
    also: tuple[str, ...] = ()


class Unexplained(NamedTuple):
    """A difference that no setting explains, with both results; that of the mock is None if it had none."""

    difference: Difference
    service: Result
    mock: Result | None


class Agreement(NamedTuple):
    """A behaviour of the ledger in which service and mock agree, and the probes that showed it."""

    id: str
    probes: tuple[str, ...]


class NotTried(NamedTuple):
    """A behaviour of the ledger that no probe showed, and why."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a comparison. Each id of the ledger is in exactly one of `agree`, `differ` and `not_tried`.

    Attributes:
        settings: the values to change, in the order of the options: they remove every difference that can be.
        agree: behaviours without a difference.
        differ: behaviours with a difference, whether the settings remove it or not.
        unexplained: what differs with these settings, too.
        not_tried: behaviours that no probe showed.
        failures: the probes without a usable result.
    """

    settings: Mapping[str, Any]
    agree: list[Agreement]
    differ: list[Difference]
    unexplained: list[Unexplained]
    not_tried: list[NotTried]
    failures: Mapping[str, ProbeFailure]
