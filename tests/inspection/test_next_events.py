"""What can happen next to a message: all of it works as listed, and all that works is listed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import count
from typing import Any, Final

import pytest

from mocksms.errors import MockRefused
from mocksms.sms.magic import Catalogue
from mocksms.sms.outcomes import Outcome
from mocksms.testing.client import MockClient
from tests.support import NUMBER, Mock, body

LINKS: Final = "See https://a.example/1 and https://b.example/2, or https://a.example/1"
CONTROLS: Final = ("cancel", "send", "bounce", "unsubscribe", "click", "reply")


class Account:
    """A new account whose clock stands still, over one connection."""

    keys = count()

    def __init__(self, client: MockClient) -> None:
        self._client = client
        self._key = f"next-{next(self.keys)}"
        self.call("POST", "clock/freeze", {"at": "2030-01-01T12:00:00Z"})

    def call(self, method: str, path: str, data: Any = None, /, **query: Any) -> Any:
        return self._client.request(method, path, data, key=self._key, **query)

    def send(self, *to: str, **more: Any) -> str:
        """Send, and return the id of the last message."""
        status, raw = self._client.send(
            "POST", "/transactional/sms/send", body(*to or (NUMBER,), **more), key=self._key
        )
        assert status == 200, raw
        last: str = self.call("GET", "messages/latest")["transaction_id"]
        return last

    def rule(self, **rule: Any) -> None:
        self.call("PUT", "scenario", {"rule": [rule]})

    def next(self, message: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET", f"messages/{message}/next")["next"]
        return found

    def make_happen(self, event: dict[str, Any]) -> Any:
        """Send the request of an event as any client would: its path names the account."""
        call = event["call"]
        return self._client.request(call["method"], call["path"].removeprefix("/_mock/"), call["body"])


@pytest.fixture
def client(shared_mock: Mock) -> Iterator[MockClient]:
    with closing(MockClient(shared_mock.url)) as client:
        yield client


def _magic(number: str, account: Account) -> str:
    return account.send(number)


def _async(account: Account) -> str:
    account.call("PATCH", "account", {"async_delay": "5s"})
    return account.send(**{"async": True})


def _without_credit(account: Account) -> str:
    account.call("PATCH", "account", {"credit": 1})
    account.send("972-54-2222222", content="x" * 400)
    return account.send(content="x" * 200)


def _story(account: Account) -> str:
    account.rule(
        steps=[{"outcome": "sent", "after": "2s"}, {"outcome": "rejected/bounced", "after": "3s"}],
        reply=[{"text": "YES", "after": "1s"}],
        click={"after": "2s"},
    )
    return account.send(content=LINKS, track_clicks=True)


def _later(account: Account) -> str:
    account.rule(pass_through=True, delay="1m", click={"after": "1s"})
    return account.send()


def _free(account: Account) -> str:
    account.rule(outcome={"status": "delivered"})
    return account.send()


def _steps_after_a_manual_one(account: Account) -> str:
    message = _story(account)
    account.call("POST", f"messages/{message}/cancel")
    return message


def _sent_before_its_time(account: Account) -> str:
    message = account.send(send_at="2030-01-02T12:00:00Z")
    account.call("POST", f"messages/{message}/send")
    return message


def _bounced_before_a_reply(account: Account) -> str:
    message = _story(account)
    account.call("POST", "clock/advance", {"by": "2s"})
    account.call("POST", f"messages/{message}/bounce")
    return message


def _opted_out(account: Account) -> str:
    message = account.send(add_unsubscribe_sms_reply=True)
    account.call("POST", f"messages/{message}/unsubscribe")
    return message


def _not_the_latest(account: Account) -> str:
    message = account.send(add_unsubscribe_sms_reply=True)
    account.send()
    return message


def _odd_number(account: Account) -> str:
    account.rule(outcome="sent")
    return account.send("no number")


SITUATIONS: Final[dict[str, Callable[[Account], str]]] = {
    **{row.name: partial(_magic, row.number()) for row in Catalogue().rows.values() if isinstance(row.effect, Outcome)},
    "sent with links": lambda account: account.send(content=LINKS, track_clicks=True, add_unsubscribe_sms_reply=True),
    "sent with uncounted links": lambda account: account.send(content=LINKS),
    "async": _async,
    "scheduled": lambda account: account.send(send_at="2030-01-02T12:00:00Z"),
    "without credit": _without_credit,
    "story": _story,
    "passed through later": _later,
    "free": _free,
    "cancelled before its steps": _steps_after_a_manual_one,
    "sent before its time": _sent_before_its_time,
    "bounced before a reply": _bounced_before_a_reply,
    "opted out": _opted_out,
    "not the latest": _not_the_latest,
    "foreign": lambda account: account.send("+1 212 555 0100"),
    "odd number, sent by a rule": _odd_number,
}


def state_of(account: Account, message: str) -> tuple[str, str | None]:
    row = account.call("GET", f"messages/{message}")
    return row["status"], row["reject_reason"]


def works(account: Account, message: str, control: str) -> bool:
    """Whether a control changes something; a phone replies to the latest SMS that it shows."""
    row = account.call("GET", f"messages/{message}")
    numbers = account.call("GET", "account")["unsubscribed"]
    try:
        if control == "reply":
            is_latest = account.call("GET", "messages/latest", to=row["number"])["transaction_id"] == message
            account.call("POST", "inbound", {"from": row["number"], "text": "Hi"})
            return bool(row["status"] == "sent" and is_latest)
        account.call("POST", f"messages/{message}/{control}", {} if control == "click" else None)
    except MockRefused:
        return False
    return control != "unsubscribe" or row["number"] not in numbers


@pytest.mark.parametrize("make", SITUATIONS.values(), ids=SITUATIONS)
def test_everything_listed_works_and_every_control_that_works_is_listed(
    client: MockClient, make: Callable[[Account], str]
) -> None:
    account = Account(client)
    listed = account.next(make(account))
    for place, event in enumerate(listed):
        copy = Account(client)
        message = make(copy)
        same = copy.next(message)[place]
        assert (same["kind"], same["at"], same["text"]) == (event["kind"], event["at"], event["text"])
        result = copy.make_happen(same)
        if event["status"] is not None:
            assert state_of(copy, message) == (event["status"], event["reject_reason"]), event
        else:
            assert len(copy.call("GET", f"messages/{message}")["history"]) > 1
        if event["kind"] == "click" and event["at"] is None:
            assert result["clicks_details"][-1]["url"] == event["text"]
    kinds = {event["kind"] for event in listed if event["at"] is None}
    for control in CONTROLS:
        copy = Account(client)
        assert works(copy, make(copy), control) is (control in kinds), control


@pytest.mark.parametrize("make", SITUATIONS.values(), ids=SITUATIONS)
def test_what_is_planned_happens_at_its_time_and_nothing_else(
    client: MockClient, make: Callable[[Account], str]
) -> None:
    account = Account(client)
    message = make(account)
    planned = [event for event in account.next(message) if event["at"] is not None]
    before = account.call("GET", f"messages/{message}")
    account.call("POST", "clock/advance", {"by": "40d"})
    after = account.call("GET", f"messages/{message}")
    if planned and planned[-1]["kind"] == "decision":
        assert after["history"][-1]["at"] >= planned[-1]["at"]
        return
    happened = [("step", each["at"], each["cause"]) for each in after["history"][len(before["history"]) :]]
    replies = account.call("GET", "inbound")["replies"]
    happened += [("reply", each["at"], each["text"]) for each in replies]
    happened += [("click", each["at"], each["url"]) for each in after["clicks_details"]]
    assert sorted(happened) == sorted((event["kind"], event["at"], event["text"]) for event in planned)
