"""Why a message has its status: one sentence, and where its cause is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import Final
from urllib.parse import urlencode

from pydantic import AwareDatetime, Field

from mocksms.engine.account import Account, Consent
from mocksms.engine.decisions import DecisionKind, decision_kind
from mocksms.inspection.context import BASE
from mocksms.schemas.responses import ResponseModel, Text
from mocksms.sms.display import cut
from mocksms.sms.message import Message, Transition
from mocksms.sms.opt_out_words import ConsentChoice

MAX_CONSENTS: Final = 1_000
"""Opt-outs and opt-ins of a phone that are searched, the newest first."""


class WhyView(ResponseModel):
    """Why a message has its status."""

    kind: DecisionKind | None = Field(description="What decided, null while nothing has")
    text: Text = Field(description="In words, without the time")
    at: AwareDatetime | None = Field(description="When the cause came about, or until when it waits; null for none")
    reply: int | None = Field(description="Cursor of the reply that is the cause, null for none")
    path: str | None = Field(description="Path of this API at which the cause can be read, null for none")


def why_view(account: Account, message: Message, planned: datetime | None) -> WhyView:
    """Return why a message has its status; `planned` is when its next step or decision is, None for never."""
    step = message.history[-1]
    if decision_kind(step.cause) is None and message.decided_by:
        step = step._replace(cause=message.decided_by)  # it stays queued for now, or for ever
    kind = decision_kind(step.cause)
    if kind is None:
        text = "it waits" if planned else "nothing has decided about it"
        return _why(None, text, at=planned, path=_of_message(message, "next", account))
    return _SENTENCES[kind](account, message, step)


def _why(kind: DecisionKind | None, text: str, path: str | None, at: datetime | None = None, reply: int = 0) -> WhyView:
    return WhyView(kind=kind, text=text, at=at, reply=reply or None, path=path)


def _by_opt_out(account: Account, message: Message, step: Transition) -> WhyView:
    consent = _opt_out_before(account, message, step)
    if consent is None:
        return _why(DecisionKind.OPT_OUT, "this phone is on the opt-out list of the account", _path("account", account))
    reply = account.replies.get(consent.reply) if consent.reply else None
    if reply is not None:
        path = _path("inbound", account, since=reply.number - 1, before=reply.number + 1)
        return _why(DecisionKind.OPT_OUT, f'this phone replied "{cut(reply.text)}"', path, reply.at, reply.number)
    path = _path("consents", account, since=consent.number - 1, before=consent.number + 1)
    return _why(DecisionKind.OPT_OUT, f"this phone opted out: {consent.cause}", path, consent.at)


def _opt_out_before(account: Account, message: Message, step: Transition) -> Consent | None:
    """Return the opt-out that was valid at a step: the first one since the phone opted in last."""
    found: Consent | None = None
    # A frozen clock gives all records the same time; their numbers then say which came first.
    is_at_once = step.at == message.created_at
    for consent in islice(account.consents.of(message.digits), MAX_CONSENTS):
        if consent.at > step.at or (is_at_once and consent.number > message.sequence):
            continue
        if consent.choice is ConsentChoice.IN:
            break
        found = consent
    return found


def _by_number_form(account: Account, message: Message, step: Transition) -> WhyView:
    problem = step.cause.partition(": ")[2]
    path = _path(f"requests/{message.request}", account) if message.request else None
    return _why(DecisionKind.NUMBER_FORM, f"{cut(message.mobile_number)} is not a phone number: {problem}", path)


def _by_magic_number(_: Account, __: Message, step: Transition) -> WhyView:
    return _why(DecisionKind.MAGIC_NUMBER, f"the recipient is {step.cause}", f"{BASE}/numbers")


def _by_rule(account: Account, __: Message, step: Transition) -> WhyView:
    label, _, remarks = step.cause.partition("; ")
    text = f"{label} applied; {remarks}" if remarks else f"{label} applied"
    return _why(DecisionKind.RULE, text, _path("scenario", account))


def _manually(account: Account, message: Message, step: Transition) -> WhyView:
    return _why(DecisionKind.MANUAL, step.cause, _of_message(message, "timeline", account), step.at)


def _by_account(kind: DecisionKind, text: str) -> Callable[[Account, Message, Transition], WhyView]:
    return lambda account, _, step: _why(kind, text.format(step.cause), _path("account", account))


_SENTENCES: Final[dict[DecisionKind, Callable[[Account, Message, Transition], WhyView]]] = {
    DecisionKind.RULE: _by_rule,
    DecisionKind.MAGIC_NUMBER: _by_magic_number,
    DecisionKind.NUMBER_FORM: _by_number_form,
    DecisionKind.OPT_OUT: _by_opt_out,
    DecisionKind.MANUAL: _manually,
    DecisionKind.BOUNCE_LIST: _by_account(DecisionKind.BOUNCE_LIST, "this phone is on the {} of the account"),
    DecisionKind.KOSHER: _by_account(DecisionKind.KOSHER, "this is a kosher phone: {}"),
    DecisionKind.CREDIT: _by_account(DecisionKind.CREDIT, "the credit of the account does not suffice: {}"),
    DecisionKind.GATEWAY: _by_account(DecisionKind.GATEWAY, "the {}"),
    DecisionKind.DEFAULT: _by_account(DecisionKind.DEFAULT, "{}"),
}


def _of_message(message: Message, name: str, account: Account) -> str:
    return _path(f"messages/{message.transaction_id}/{name}", account)


def _path(path: str, account: Account, **query: int) -> str:
    return f"{BASE}/{path}?{urlencode({'account': account.id, **query})}"
