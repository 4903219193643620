"""Evidence: what the mock saw in one run of a test."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from mocksms.engine.keys import account_id
from mocksms.engine.rules import ApiOperation
from mocksms.inspection.scenarios import INLINE_FRONT
from mocksms.sms.message import Status
from mocksms.sms.numbers import parse
from mocksms.sms.outcomes import FaultKind
from mocksms.testing.observations import Observation, observations_in, sent_body

if TYPE_CHECKING:
    from mocksms.testing.session import RunningTest

GroupKey = TypeVar("GroupKey")

FAILURES: Final = frozenset({Status.INVALID, Status.REJECTED, Status.EXCEPTION})
"""The statuses of messages that do not arrive."""


class Target(NamedTuple):
    """A recipient of a send: the digits of the number, and the content of the send."""

    digits: str
    content: str


class ObservedRequest(NamedTuple):
    """A request to the emulated API and its response.

    `at` is when the response began, on the clock of the account. `status` is None if the connection was reset. `fault`
    is how a fault broke the response. `messages` are the ids of the messages that it created. `observations` are the
    messages in a response that the application can read. `targets` are the recipients of a send, in order; of a send
    that cannot be read, one with its body. `retry_after` is in seconds, None if the response does not have it.
    `is_injected` says that the fault is that of the variation, not one of the test itself.
    """

    number: int
    operation: ApiOperation | None
    at: datetime
    status: int | None
    fault: FaultKind | None
    is_refused: bool
    messages: tuple[str, ...]
    observations: tuple[Observation, ...]
    targets: tuple[Target, ...]
    retry_after: float | None = None
    is_injected: bool = False

    @property
    def is_send(self) -> bool:
        """Whether it is a send."""
        return self.operation is ApiOperation.SEND

    @property
    def numbers(self) -> tuple[str, ...]:
        """The digits of the recipients."""
        return tuple(each.digits for each in self.targets)

    @property
    def is_broken(self) -> bool:
        """Whether it was refused, or a fault changed its response."""
        return self.is_refused or self.fault is not None

    @property
    def has_failed(self) -> bool:
        """Whether the application could not read a response that says that every message was accepted."""
        return self.is_broken or any(each.status in FAILURES for each in self.observations)


class MessageResult(NamedTuple):
    """A message, as it was when it was read; `is_injected` says that the variation decided its outcome."""

    transaction_id: str
    digits: str
    content: str
    status: str
    reason: str | None
    at: datetime
    is_injected: bool = False

    @property
    def arrives(self) -> bool:
        """Whether the phone has it or can still get it: it has not failed, and waits for no credit."""
        is_unpaid = self.status == Status.QUEUED and self.reason is not None
        return self.status not in FAILURES and not is_unpaid


class KnownFailure(NamedTuple):
    """A failure that the application could read: the number, the reason, and when it was read."""

    digits: str
    reason: str
    at: datetime


class RunEvidence:
    """What the mock saw in one run of a test: requests and messages, oldest first, and the number of callbacks."""

    def __init__(
        self, requests: Sequence[ObservedRequest], messages: Sequence[MessageResult], callbacks: int = 0
    ) -> None:
        self.requests = tuple(requests)
        self.messages = tuple(messages)
        self.callbacks = callbacks

    @cached_property
    def sends(self) -> tuple[ObservedRequest, ...]:
        """The sends."""
        return tuple(each for each in self.requests if each.is_send)

    @cached_property
    def reads(self) -> tuple[ObservedRequest, ...]:
        """The requests that read messages: info and search."""
        return tuple(each for each in self.requests if each.operation not in (None, ApiOperation.SEND))

    def sends_by(self, key: Callable[[ObservedRequest], GroupKey]) -> dict[GroupKey, list[ObservedRequest]]:
        """Return the sends in groups."""
        groups: defaultdict[GroupKey, list[ObservedRequest]] = defaultdict(list)
        for send in self.sends:
            groups[key(send)].append(send)
        return groups

    def known_sent(self) -> Counter[str]:
        """Return the messages of each number that were accepted and of which no readable response says they failed."""
        latest = self._latest_statuses()
        return Counter(each.digits for each in self.messages if latest.get(each.transaction_id) not in FAILURES)

    def known_failures(self) -> list[KnownFailure]:
        """Return the failures that the application could read, oldest first."""
        digits = {each.transaction_id: each.digits for each in self.messages}
        found: list[KnownFailure] = []
        for request in self.requests:
            if request.is_send and request.is_refused:
                reason = f"HTTP {request.status}" if request.status else "connection reset"
                found += [KnownFailure(number, reason, request.at) for number in request.numbers]
            for each in request.observations:
                if each.status in FAILURES and each.transaction_id in digits:
                    found.append(KnownFailure(digits[each.transaction_id], each.state, request.at))
        return found

    def _latest_statuses(self) -> dict[str, str]:
        """Return the status of each message that the application could read last."""
        return {each.transaction_id: each.status for request in self.requests for each in request.observations}

    @cached_property
    def is_frozen(self) -> bool:
        """Whether the clock of the account stood still between two requests, so that pauses cannot be measured."""
        return any(earlier.at >= later.at for earlier, later in pairwise(self.requests))


def read_evidence(run: RunningTest) -> RunEvidence:
    """Read what the mock saw since the start of a test.

    It takes one request for the messages of each account if there are any, and one for requests unless the end of the
    fixture has read them. Accounts that can have callbacks take one more each.

    Raises:
        MockRefused, MockUnreachable: the mock cannot be read.
    """
    sms = run.sms
    accounts = {account_id(key) for key in run.api_keys}
    requests = [row for row in run.requests or run._requests()[0] if row["account"] in accounts]
    keys = run.api_keys if any(row["messages"] for row in requests) else ()
    messages = [row for key in keys for row in sms.client.rows("messages", "cursor", key=key, since=run.since)]
    callbacks = sum(
        handle.api("GET", "callbacks", limit=1, since=run.since)["total"]
        for handle in {each.api_key: each for each in sms._handles}.values()
        if handle._can_have_callbacks()
    )
    return RunEvidence(
        [observed_request(row) for row in requests],
        [_message_of(row) for row in messages],
        callbacks,
    )


def observed_request(row: Mapping[str, Any]) -> ObservedRequest:
    """Return a request, read from a row of the inspection API."""
    operation = None if row["operation"] is None else ApiOperation(row["operation"])
    fault = None if row["fault"] is None else FaultKind(row["fault"])
    return ObservedRequest(
        number=row["id"],
        operation=operation,
        at=datetime.fromisoformat(row["at"]),
        status=row["response"]["status"],
        fault=fault,
        is_refused=row["refusal"] is not None,
        messages=tuple(row["messages"]),
        observations=() if operation is None else tuple(observations_in(row)),
        targets=tuple(_targets(row["body"])) if operation is ApiOperation.SEND else (),
        retry_after=_retry_after(row["response"]["headers"]),
        is_injected=_is_injected(row["fault_decided_by"]),
    )


def _is_injected(decided_by: str | None) -> bool:
    """Whether a rule of the variation decided something."""
    return (decided_by or "").endswith(INLINE_FRONT)


def _retry_after(headers: Iterable[Sequence[str]]) -> float | None:
    values = [value for name, value in headers if name.lower() == "retry-after"]
    return float(values[0]) if values and values[0].isdecimal() else None


def _targets(text: str) -> Iterator[Target]:
    body = sent_body(text)
    if body is None:
        yield Target("", text)
        return
    for recipient in body.message.to:
        yield Target(parse(recipient.mobile_number, accept_local=True).digits, body.message.content)


def _message_of(row: Mapping[str, Any]) -> MessageResult:
    return MessageResult(
        transaction_id=row["transaction_id"],
        digits=parse(row["mobile_number"], accept_local=True).digits,
        content=row["content"],
        status=row["status"],
        reason=row["reject_reason"],
        at=datetime.fromisoformat(row["created_at"]),
        is_injected=_is_injected(row["decided_by"]),
    )
