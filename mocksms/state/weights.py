"""Weights: at least the bytes of what a row becomes, so that a file cannot fill the memory of the machine.

The sizes in rows decide what a mock evicts, but a file can say anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mocksms.engine.account import ACCOUNT_SIZE, FAULT_SIZE, RULE_COUNTERS_SIZE, Consent, Reply
from mocksms.engine.agenda import DueAction
from mocksms.engine.callbacks import Callback, size_of
from mocksms.engine.journal import REQUEST_SIZE, RecordedRequest, size_of_handling
from mocksms.engine.messages import MESSAGE_SIZE
from mocksms.sms.message import Message, Submission
from mocksms.state.account_rows import AccountData

PART_SIZE: Final = 60
"""Bytes of a part of a record, such as a step, without its texts."""

SMALL_RECORD_SIZE: Final = 300
"""Bytes of a reply, an opt-out or a planned action, without its texts."""


def weight_of_account(account: AccountData) -> int:
    """Return the bytes of an account without its records."""
    listed = sum(len(numbers.numbers or ()) for numbers in (account.unsubscribed, account.bounced, account.kosher))
    counters = (*account.rules, *account.faults, *account.ended_faults)
    times = sum(len(each.request_times) for each in counters)
    faults = len(account.faults) + len(account.ended_faults)
    parts = listed + times + len(account.waiting_for_credit) + len(account.webhooks) + len(account.schedule)
    failures = sum(failure.size for failure in account.test_failures)
    return ACCOUNT_SIZE + PART_SIZE * parts + RULE_COUNTERS_SIZE * len(account.rules) + FAULT_SIZE * faults + failures


def weight_of_message(message: Message, submission: Submission | None) -> int:
    """Return the bytes of a message, with its submission if it is the first of it."""
    texts = [message.mobile_number, message.sender, message.decided_by or "", *message.fields, *message.fields.values()]
    texts += [step.cause for step in message.history]
    texts += [click.url for click in message.clicks]
    texts += [text for reaction in message.reactions for text in reaction if isinstance(text, str)]
    if submission is not None:
        texts += [submission.content, submission.unsubscribe_text, submission.charset, submission.sender or ""]
        texts += submission.tags
    return MESSAGE_SIZE + _weight_of(texts)


def weight_of_request(request: RecordedRequest) -> int:
    """Return the bytes of a request; those of its headers count though they may be shared."""
    bodies = len(request.headers) + len(request.body) + len(request.response_body) + len(request.target)
    headers = sum(PART_SIZE + len(name) + len(value) for name, value in request.response_headers)
    fault = 0 if request.fault is None else PART_SIZE + request.fault.fault.size
    return REQUEST_SIZE + bodies + headers + fault + size_of_handling(request.messages, request.warnings, request.note)


def weight_of_callback(callback: Callback) -> int:
    """Return the bytes of a callback."""
    details, webhook = callback.details, callback.webhook
    texts = (details.url, details.mobile_number, callback.ordering_key.subject, webhook.url, *(webhook.events or ()))
    return size_of(callback) + _weight_of(texts)


def weight_of_action(due: DueAction) -> int:
    """Return the bytes of a planned action."""
    return SMALL_RECORD_SIZE + len(repr(due.action))


def weight_of_reply(reply: Reply) -> int:
    """Return the bytes of a reply."""
    return SMALL_RECORD_SIZE + _weight_of((reply.text, reply.effect, reply.reason))


def weight_of_consent(consent: Consent) -> int:
    """Return the bytes of an opt-out or opt-in."""
    return SMALL_RECORD_SIZE + _weight_of((consent.cause,))


def _weight_of(texts: Iterable[str]) -> int:
    return sum(PART_SIZE + len(text) for text in texts)
