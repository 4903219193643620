"""What a test does to an account: outcomes, faults, credit, opt-outs, replies, time."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from mocksms.errors import MockRefused, MocksmsError
from mocksms.testing.account import AccountHandle, SmsReply, id_of, reply_of
from mocksms.testing.client import REQUEST_SECONDS, MockClient
from mocksms.testing.models import DurationLike, SmsMessage, message_of

__tracebackhide__ = True

LANES: Final = 100
"""Numbers that each magic outcome has."""

SETTLING: Final = 60.0 + REQUEST_SECONDS
"""Seconds that moving time may take: a mock lets receivers take 60."""

Rules = Sequence[Mapping[str, Any]]
"""Rules as a scenario file has them: `{"match": {"tag": "otp"}, "outcome": "rejected/bounced", "times": 1}`."""


class FaultHandle:
    """A fault in force; used as `with`, it ends with the block. `clear` ends it as well."""

    def __init__(self, account: AccountHandle, number: int, about: str) -> None:
        self._account = account
        self._number = number
        self._about = about

    @property
    def applied(self) -> int:
        """How many calls it let go wrong."""
        answer = self._account.api("GET", "faults")
        rows = [*answer["faults"], *answer["ended"]]
        return next((int(row["applied"]) for row in rows if row["id"] == self._number), 0)

    def __repr__(self) -> str:
        try:
            met = f"met by {self.applied} {'call' if self.applied == 1 else 'calls'}"
        except MocksmsError:
            met = "of a mock that does not answer"
        return f"<fault {self._about}, {met}>"

    def clear(self) -> None:
        """End it; one that is over stays so."""
        try:
            self._account.api("DELETE", f"faults/{self._number}")
        except MockRefused as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()


class Actions(AccountHandle):
    """An account whose provider does what the test says."""

    def __init__(self, client: MockClient | None, api_key: str, timeout: float) -> None:
        super().__init__(client, api_key, timeout)
        self._lanes: dict[str, Iterator[int]] = {}
        self._faults: list[FaultHandle] = []

    def number(self, outcome: str = "sent") -> str:
        """Return a magic number for an outcome, each time another one.

        Args:
            outcome: a name such as `kosher` or `response-lost`, or a code such as `21`; `mocksms numbers` lists them.

        Raises:
            ValueError: there is no such outcome, or its 100 numbers are all taken.
        """
        rows = self.client.request("GET", "numbers")["numbers"]
        name = str(outcome).strip().lower().replace("_", "-").replace(" ", "-")
        row = next((row for row in rows if name in (row["name"], row["code"])), None)
        if row is None:
            names = [row["name"] for row in rows]
            near = difflib.get_close_matches(name, names, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}"
            raise ValueError(f"there is no magic number for {outcome!r}; {hint}")
        lane = next(self._lanes.setdefault(row["code"], count()))
        if lane >= LANES:
            raise ValueError(
                f"the {LANES} numbers for {outcome!r} are all taken by this test; keep one and use it again"
            )
        return f"{row['number'][:-2]}{lane:02}"

    def scenario(self, scenario: str | Path | Rules | Mapping[str, Any] | None) -> None:
        """Put a scenario in force in place of the one there is.

        Args:
            scenario: the name of one the mock has; the path of a file here (a Path, or a text that ends in `.toml`);
                rules, or a whole scenario, as Python data; None for none.

        Raises:
            MockRefused: there is none of that name, or the rules make no sense; the text says where.
            ScenarioUnusable: the file is none; the text says where.
        """
        if scenario is None:
            self.api("DELETE", "scenario")
        elif isinstance(scenario, Path) or (isinstance(scenario, str) and scenario.endswith(".toml")):
            self.api("PUT", "scenario", _read(Path(scenario)))
        elif isinstance(scenario, str):
            self.api("PUT", "scenario", name=scenario)
        else:
            self.api("PUT", "scenario", scenario if isinstance(scenario, Mapping) else {"rule": list(scenario)})

    @property
    def unused_rules(self) -> list[str]:
        """The rules of the scenario in force that decided about nothing so far."""
        return list(self.api("GET", "scenario")["unused"])

    def fault(
        self,
        kind: str | int,
        *,
        times: int | None = None,
        every: int | None = None,
        probability: float | None = None,
        match: Mapping[str, Any] | None = None,
        ttl: DurationLike | None = None,
        **details: Any,
    ) -> FaultHandle:
        """Let calls go wrong from here on: `with sms.fault("reset_after_accept", times=1):`.

        Args:
            kind: as in a scenario (`delay`, `truncated`, `rate_limit` ...), or an HTTP status.
            times: how many calls; all unless given.
            every: only every so many.
            probability: how likely, under the mock's seed.
            match: which messages or calls, as in a rule: `{"tag": "otp"}`, `{"operation": "search"}`.
            ttl: how long at most, on the account's clock; 10 minutes unless given.
            details: what the kind needs: `status=503, retry_after="2s"`, `duration="1s"`, `limit=5, per="1m"`.

        Raises:
            MockRefused: there is no such fault; the text says what is wrong.
            TypeError: the status is given twice.
        """
        if isinstance(kind, int) and "status" in details:
            raise TypeError(f"status is given twice: {kind} and {details['status']}")
        fault = {"kind": "status", "status": kind} if isinstance(kind, int) else {"kind": kind}
        limits = {"times": times, "every": every, "probability": probability, "match": match, "ttl": ttl}
        given = {name: value for name, value in limits.items() if value is not None}
        number = self.api("POST", "faults", {"fault": {**fault, **details}, **given})["id"]
        about = ", ".join([str(kind), *(f"{name}={value!r}" for name, value in {**details, **given}.items())])
        self._faults.append(FaultHandle(self, number, about))
        return self._faults[-1]

    @property
    def faults(self) -> list[FaultHandle]:
        """The faults that this handle has set, also those that are over."""
        return list(self._faults)

    @property
    def credit(self) -> int | None:
        """The segments the account can send, None without limit. Set, what waited for credit is sent."""
        credit: int | None = self.api("GET", "account")["credit"]
        return credit

    @credit.setter
    def credit(self, segments: int | None) -> None:
        self.api("PATCH", "account", {"credit": segments})

    @property
    def opted_out(self) -> list[str]:
        """The numbers that have opted out, in digits."""
        return list(self.api("GET", "account")["unsubscribed"])

    def update_account(self, **changes: Any) -> None:
        """Change the account: `gateway=False`, `bounced={"add": [number]}`, `kosher=[number]`, `rest_right=False`.

        Raises:
            MockRefused: it has no such property; the text names those it has.
        """
        self.api("PATCH", "account", changes)

    def opt_out(self, number: str) -> None:
        """Let a number opt out."""
        self.update_account(unsubscribed={"add": [number]})

    def opt_in(self, number: str) -> None:
        """Take an opt-out back."""
        self.update_account(unsubscribed={"remove": [number]})

    def reply(self, from_: str, text: str) -> SmsReply:
        """Let a phone reply, such as with `STOP`."""
        return reply_of(self.api("POST", "inbound", {"from": from_, "text": text}))

    def cancel(self, message: SmsMessage | str) -> SmsMessage:
        """Cancel a queued message, given by itself or its transaction id, and return it as it is then.

        Raises:
            MockRefused: it is not queued any more.
        """
        return self._drive(message, "cancel")

    def bounce(self, message: SmsMessage | str) -> SmsMessage:
        """Let a message bounce, and return it as it is then.

        Raises:
            MockRefused: it has ended otherwise.
        """
        return self._drive(message, "bounce")

    def send_now(self, message: SmsMessage | str) -> SmsMessage:
        """Send a queued message now, whatever it waits for, and return it as it is then.

        Raises:
            MockRefused: it is not queued any more.
        """
        return self._drive(message, "send")

    def unsubscribe(self, message: SmsMessage | str) -> SmsMessage:
        """Let the recipient of a message opt out, as by the link in it."""
        return self._drive(message, "unsubscribe")

    def click(self, message: SmsMessage | str, url: str | None = None) -> SmsMessage:
        """Let the recipient open a link, the first unless given, and return the message as it is then.

        Raises:
            MockRefused: the phone does not show that link.
        """
        return self._drive(message, "click", {} if url is None else {"url": url})

    def freeze(self, at: datetime | None = None) -> datetime:
        """Let the account's time stand still, at a later instant if given, and return where it stands.

        Raises:
            MockRefused: that is in the past; time goes on as before.
        """
        was_frozen = at is not None and self.api("GET", "clock")["frozen"]
        stands_at = datetime.fromisoformat(self.api("POST", "clock/freeze")["now"])
        if at is None:
            return stands_at
        try:
            return self.advance(at)
        except MockRefused as error:
            if error.status == HTTPStatus.CONFLICT and not was_frozen:
                self.resume()
            raise

    def advance(self, by: DurationLike | datetime) -> datetime:
        """Move the account's time on by a length or to an instant, and return where it is then.

        All that is due by then has happened when it returns, in the order of time. In an async test whose application
        takes part in that use `await sms.aio.advance(...)`.

        Raises:
            MockRefused: that is in the past, or beyond all calendars, or receivers of callbacks take too long.
        """
        if isinstance(by, datetime):
            body: dict[str, Any] = {"to": (by if by.tzinfo else by.astimezone()).isoformat()}
        else:
            body = {"by": by}
        return datetime.fromisoformat(self.api("POST", "clock/advance", body, read_timeout=SETTLING)["now"])

    def resume(self) -> None:
        """Let the account's time run on."""
        self.api("POST", "clock/resume")

    def reset(self) -> None:
        """Forget all the account holds: it begins anew."""
        self.api("POST", "reset")
        self._lanes.clear()
        self._faults.clear()

    def _drive(self, message: SmsMessage | str, word: str, body: Any = None) -> SmsMessage:
        return message_of(self.api("POST", f"messages/{id_of(message)}/{word}", body))


def _read(path: Path) -> Any:
    """Return the scenario in a file as JSON data, checked here so that the text of an error can name the line."""
    from mocksms.scenario.parser import read_file

    said = read_file(path).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return {"rule": [], **said}  # a file may say nothing
