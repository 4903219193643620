"""Report of a failed test: what the mock saw of its account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from mocksms.sms.display import line, quoted
from mocksms.sms.text import escape
from mocksms.testing.account import AccountHandle, ApiRequest, SmsReply
from mocksms.testing.models import SmsMessage

SHOWN: Final = 50
"""Messages, calls and replies of each kind that are shown, the latest."""


def seen(account: AccountHandle) -> str:
    """Return what a mock saw of an account: its messages, the calls that were refused, and all in the order of time."""
    messages, calls, replies = account.outbox, account.requests, account.replies
    refused = [call for call in calls if call.is_refused]
    lines = [f"{account.url}, account {escape(account.api_key)}", f"{len(messages)} SMS"]
    lines += [line("sms", f"{each.transaction_id} {each!r}") for each in messages[-SHOWN:]]
    lines += [f"{len(refused)} {'call' if len(refused) == 1 else 'calls'} refused"]
    lines += [line("refused", _called(call)) for call in refused[-SHOWN:]]
    events = sorted([*_of_calls(calls), *_of_messages(messages), *_of_replies(replies)], key=lambda event: event[:2])
    if events:
        lines += ["in the order of time", *(f"  {_time(at)}  {text}" for at, _, text in events)]
    return "\n".join(lines)


TimedLine = tuple[datetime, int, str]
"""When something happened, its rank among what happened at once, and what it was."""


def _of_calls(calls: list[ApiRequest]) -> Iterator[TimedLine]:
    return ((call.at, 1, _called(call)) for call in calls[-SHOWN:])


def _of_messages(messages: list[SmsMessage]) -> Iterator[TimedLine]:
    for message in messages[-SHOWN:]:
        for rank, step in enumerate(message.history, 2):
            yield step.at, rank, f"{message.transaction_id[:8]}… to {escape(message.to)} {step}"


def _of_replies(replies: list[SmsReply]) -> Iterator[TimedLine]:
    for reply in replies[-SHOWN:]:
        yield reply.at, 0, f"{escape(reply.number)} replies {quoted(reply.text)} {escape(reply.effect)}".rstrip()


def _called(call: ApiRequest) -> str:
    answer = str(call.status) if call.status else "a reset"
    note = f": {call.note}" if call.note else ""
    return escape(f"{call.method} {call.target} answered by {answer}{note}")


def _time(at: datetime) -> str:
    return f"{at:%H:%M:%S}.{at.microsecond // 1000:03}"
