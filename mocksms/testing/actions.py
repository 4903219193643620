"""Actions of a test on an account: scenarios, faults, credit, opt-outs, replies, and the clock."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, Final, TypeVar, Unpack

from mocksms.errors import did_you_mean
from mocksms.sms.numbers import ORDINARY_NUMBERS, ordinary_number
from mocksms.sms.outcomes import FaultName, ManualFaultName
from mocksms.testing.account import AccountHandle
from mocksms.testing.client import ADVANCE_SECONDS, MockClient
from mocksms.testing.faults import FaultHandle, HoldHandle
from mocksms.testing.models import (
    DurationLike,
    SmsMessage,
    SmsReply,
    instant_text,
    message_of,
    reply_of,
    transaction_id_of,
)
from mocksms.testing.names import AccountChanges, FaultDetails, NumberName
from mocksms.testing.scenario_files import read_scenario

__tracebackhide__ = True

SNAPSHOT_SECONDS: Final = 60.0
"""How long a snapshot may take."""

LANES: Final = 100
"""Numbers of each magic outcome."""

ORDINARY: Final = "ordinary"
"""The name of numbers that the default rules decide about."""

Handle = TypeVar("Handle", bound=FaultHandle)

Rules = Sequence[Mapping[str, Any]]
"""Rules as in a scenario file: `{"match": {"tag": "otp"}, "outcome": "rejected/bounced", "times": 1}`."""


class Actions(AccountHandle):
    """An account whose provider behaves as the test decides."""

    def __init__(self, client: MockClient | None, api_key: str, timeout: float) -> None:
        super().__init__(client, api_key, timeout)
        self._lanes: dict[str, Iterator[int]] = {}
        self._faults: list[FaultHandle] = []

    def number(self, outcome: NumberName = "sent") -> str:
        """Return a number for a test, another one each time: a magic number for an outcome, or an ordinary number.

        The default rules decide about an ordinary number. Invented numbers are often kosher, such as 972-52-7654321.

        Args:
            outcome: a name such as `kosher` or `response-lost`, or a code such as `21`; `mocksms numbers` lists them.
                Or `ordinary`.

        Raises:
            ValueError: there is no such outcome, or its 100 numbers (10,000 ordinary ones) are used up.
        """
        name = str(outcome).strip().lower().replace("_", "-").replace(" ", "-")
        if name == ORDINARY:
            return ordinary_number(self._next_lane(ORDINARY, ORDINARY_NUMBERS))
        rows = self.client.request("GET", "numbers")["numbers"]
        row = next((row for row in rows if name in (row["name"], row["code"])), None)
        if row is None:
            names = [*(row["name"] for row in rows), ORDINARY]
            hint = did_you_mean(name, names, f"the outcomes are {', '.join(names)}")
            raise ValueError(f"there is no magic number for {outcome!r}; {hint}")
        return f"{row['number'][:-2]}{self._next_lane(row['name'], LANES):02}"

    def _next_lane(self, outcome: str, lanes: int) -> int:
        lane = next(self._lanes.setdefault(outcome, count()))
        if lane >= lanes:
            raise ValueError(f"this test has used all {lanes} numbers for {outcome!r}; keep a number and use it again")
        return lane

    def scenario(self, scenario: str | Path | Rules | Mapping[str, Any] | None) -> None:
        """Activate a scenario instead of the present ones.

        Args:
            scenario: name of a scenario that the mock knows; path of a file on this machine (a `Path`, or text that
                ends in `.toml`); rules or a whole scenario as Python data; None for no scenario.

        Raises:
            MockRefused: there is no scenario of this name, or it is invalid; the text says where.
            InvalidScenario: the file is invalid; the text says where.
        """
        if scenario is None:
            self.api("DELETE", "scenario")
        elif isinstance(scenario, Path) or (isinstance(scenario, str) and scenario.endswith(".toml")):
            self.api("PUT", "scenario", read_scenario(Path(scenario)))
        elif isinstance(scenario, str):
            self.api("PUT", "scenario", name=scenario)
        else:
            self.api("PUT", "scenario", scenario if isinstance(scenario, Mapping) else {"rule": list(scenario)})

    @property
    def unused_rules(self) -> list[str]:
        """Rules of the active scenarios that were not applied yet."""
        return list(self.api("GET", "scenario")["unused"])

    def fault(
        self,
        kind: FaultName | int,
        *,
        times: int | None = None,
        every: int | None = None,
        probability: float | None = None,
        match: Mapping[str, Any] | None = None,
        ttl: DurationLike | None = None,
        **details: Unpack[FaultDetails],
    ) -> FaultHandle:
        """Set a fault of the emulated API: `with sms.fault("reset_after_accept", times=1):`.

        Args:
            kind: kind as in a scenario (`delay`, `truncated`, `rate_limit` ...), or an HTTP status.
            times: number of requests that it applies to; None for all.
            every: it applies to every n-th request only.
            probability: it applies with this probability, from 0 to 1; repeatable with the seed of the mock.
            match: messages or requests that it applies to, as in a rule: `{"tag": "otp"}`, `{"operation": "search"}`.
            ttl: it ends after this time on the clock of the account, by default after 10 minutes.
            details: details of the kind: `status=503, retry_after="2s"`, `duration="1s"`, `limit=5, per="1m"`. A status
                can have any `body` (text or JSON) and `headers`; with `accept=True` the send is accepted nevertheless.

        Raises:
            MockRefused: the fault is invalid; the text says why.
            TypeError: there is no detail of this name, or there are two statuses.
        """
        limits = {"times": times, "every": every, "probability": probability, "match": match, "ttl": ttl}
        return self._set_fault(FaultHandle, kind, limits, details)

    def hold(
        self,
        *,
        duration: DurationLike | None = None,
        times: int | None = None,
        match: Mapping[str, Any] | None = None,
        ttl: DurationLike | None = None,
    ) -> HoldHandle:
        """Hold requests until the test releases them: `with sms.hold() as held: ...; held.release()`.

        The send is accepted, but its response waits: `held.wait_for_request()` returns once a request waits. The end of
        the block releases all.

        Args:
            duration: a request waits so long at most, in real time; by default 30 seconds.
            times: number of requests that are held; None for all.
            match: messages or requests that it applies to, as in a rule: `{"tag": "otp"}`, `{"operation": "search"}`.
            ttl: as of `fault`.

        Raises:
            MockRefused: an argument is invalid; the text says why.
        """
        details: FaultDetails = {} if duration is None else {"duration": duration}
        return self._set_fault(HoldHandle, "hold", {"times": times, "match": match, "ttl": ttl}, details)

    def _set_fault(
        self,
        handle: type[Handle],
        kind: ManualFaultName | int,
        limits: Mapping[str, Any],
        details: FaultDetails,
    ) -> Handle:
        _check_details(kind, details, limits)
        fault = {"kind": "status", "status": kind} if isinstance(kind, int) else {"kind": kind}
        limits = {name: value for name, value in limits.items() if value is not None}
        fault_id = self.api("POST", "faults", {"fault": {**fault, **details}, **limits})["id"]
        parts = [str(kind), *(f"{name}={value!r}" for name, value in {**details, **limits}.items())]
        created = handle(self, fault_id, ", ".join(parts))
        self._faults.append(created)
        return created

    @property
    def faults(self) -> list[FaultHandle]:
        """The faults that were set here, also those that have ended."""
        return list(self._faults)

    @property
    def credit(self) -> int | None:
        """Segments the account can send, None for no limit. Setting it sends messages that wait for credit."""
        credit: int | None = self.api("GET", "account")["credit"]
        return credit

    @credit.setter
    def credit(self, segments: int | None) -> None:
        self.api("PATCH", "account", {"credit": segments})

    @property
    def opted_out(self) -> list[str]:
        """Numbers that have opted out, normalised."""
        return list(self.api("GET", "account")["unsubscribed"])

    def update_account(self, **changes: Unpack[AccountChanges]) -> None:
        """Update the account: `gateway=False`, `bounced={"add": [number]}`, `kosher=[number]`, `rest_right=False`.

        Raises:
            MockRefused: a property is unknown or its value is invalid; the text names the known ones.
        """
        self.api("PATCH", "account", changes)

    def opt_out(self, number: str) -> None:
        """Opt a number out."""
        self.update_account(unsubscribed={"add": [number]})

    def opt_in(self, number: str) -> None:
        """Opt a number in again."""
        self.update_account(unsubscribed={"remove": [number]})

    def reply(self, from_: str, text: str) -> SmsReply:
        """Send a reply from a phone, such as `STOP`, and return it with its effect, or the reason why it has none."""
        return reply_of(self.api("POST", "inbound", {"from": from_, "text": text}))

    def cancel(self, message: SmsMessage | str) -> SmsMessage:
        """Cancel a queued message and return its new state. Messages can be passed as transaction ids, too.

        Raises:
            MockRefused: it is not queued.
        """
        return self._act(message, "cancel")

    def bounce(self, message: SmsMessage | str) -> SmsMessage:
        """Let a message bounce, and return its new state.

        Raises:
            MockRefused: a message in its state cannot bounce.
        """
        return self._act(message, "bounce")

    def send_now(self, message: SmsMessage | str) -> SmsMessage:
        """Send a queued message now, whatever it waits for, and return its new state.

        Raises:
            MockRefused: it is not queued.
        """
        return self._act(message, "send")

    def unsubscribe(self, message: SmsMessage | str) -> SmsMessage:
        """Opt the recipient of a message out, as with its unsubscribe link."""
        return self._act(message, "unsubscribe")

    def click(self, message: SmsMessage | str, url: str | None = None) -> SmsMessage:
        """Open a link of a send with `track_clicks` as its recipient, and return the new state of the message.

        The option `untracked_clicks` makes clicks count without the flag, too.

        Args:
            message: the message, or its transaction id.
            url: the link; None for the first.

        Raises:
            MockRefused: the phone does not show that link, or the send has no `track_clicks`.
        """
        return self._act(message, "click", {} if url is None else {"url": url})

    def freeze(self, at: datetime | None = None) -> datetime:
        """Freeze the clock of the account, now or at a time in the past or future, and return its time.

        A later time applies what is due by then, as `advance` does. An earlier time changes the clock alone: what is
        planned for a time stays planned for that time.

        Raises:
            ValueError: `at` has no time zone.
            MockRefused: `at` is before 1970 or too far in the future, or a webhook takes too long.
        """
        body = None if at is None else {"at": instant_text("at", at)}
        return datetime.fromisoformat(self.api("POST", "clock/freeze", body, read_timeout=ADVANCE_SECONDS)["now"])

    def advance(self, by: DurationLike | datetime) -> datetime:
        """Move the clock of the account forward by a duration or to a time, and return its time.

        The clock goes from due instant to due instant, and callbacks that are due are attempted at each. What an
        application sends before it responds to a callback is sent at that instant. When `advance` returns, everything
        that is due by then has happened, except callbacks of a send whose response a fault delays.

        A receiver cannot advance the clock during an advance. In an async test whose application receives callbacks use
        `await sms.aio.advance(...)`.

        Raises:
            ValueError: the time has no time zone.
            MockRefused: the time is in the past or too far in the future, a webhook takes too long, callbacks cause
                sends without end, or another advance has not ended.
        """
        body = {"to": instant_text("by", by)} if isinstance(by, datetime) else {"by": by}
        return datetime.fromisoformat(self.api("POST", "clock/advance", body, read_timeout=ADVANCE_SECONDS)["now"])

    def resume(self) -> None:
        """Let the clock of the account run again."""
        self.api("POST", "clock/resume")

    def reset(self) -> None:
        """Reset the account: delete its messages, requests, faults and lists, and restart its clock."""
        self.api("POST", "reset")
        self._lanes.clear()
        self._faults.clear()

    def snapshot(self) -> bytes:
        """Return everything that the account holds as a snapshot: a zip of JSON lines, which `restore` takes.

        It has the account only, not the mock, and not the API key.

            before = sms.snapshot()
            ...
            sms.restore(before)
        """
        return self.client.download("snapshot", key=self.api_key, read_timeout=SNAPSHOT_SECONDS)

    def _act(self, message: SmsMessage | str, action: str, body: Any = None) -> SmsMessage:
        return message_of(self.api("POST", f"messages/{transaction_id_of(message)}/{action}", body))


def _check_details(kind: ManualFaultName | int, details: Mapping[str, Any], limits: Collection[str]) -> None:
    """Refuse details that no fault has: the mock does not know the other arguments, which may be meant."""
    names = [*limits, *FaultDetails.__annotations__]
    for name in details:
        if name not in names:
            hint = did_you_mean(name, names, f"it has {', '.join(names)}")
            raise TypeError(f"a fault has no {name!r}; {hint}")
    if isinstance(kind, int) and "status" in details:
        raise TypeError(f"there are two statuses: {kind} and {details['status']}")
