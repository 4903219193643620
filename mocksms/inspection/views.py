"""Messages, exchanges, accounts and clocks as the inspection API shows them."""

from __future__ import annotations

from itertools import accumulate

from mocksms.engine.account import Account, Reply
from mocksms.engine.accounts import Totals
from mocksms.engine.callbacks import Attempt, Callback
from mocksms.engine.clock import Clock
from mocksms.engine.consents import Consent
from mocksms.engine.engine import Engine
from mocksms.engine.journal import RecordedRequest, RequestWarning, shorten_key
from mocksms.inspection import shown, told
from mocksms.inspection.scope import OwnedMessage
from mocksms.sms.codes import Code, find_codes
from mocksms.sms.magic import Catalogue, MagicNumber
from mocksms.sms.message import Transition
from mocksms.sms.outcomes import Fault
from mocksms.sms.segments import count_segments, split_segments
from mocksms.sms.text import filled, links_in
from mocksms.sms.webhook import Webhook
from mocksms.webhooks.payloads import callback_request


def message_view(engine: Engine, owned: OwnedMessage) -> shown.MessageView:
    """Return a message with all that is known of it."""
    account, message = owned
    text = engine.text_of(message)
    exchange = account.journal.get(message.request)
    return shown.MessageView(
        transaction_id=message.transaction_id,
        cursor=message.sequence,
        account=account.id,
        mobile_number=message.mobile_number,
        number=message.digits,
        sender=message.sender,
        content=filled(message),
        text=text,
        tags=list(message.submission.tags),
        status=message.state.status,
        reject_reason=message.state.reason,
        reject_reason_in_reads=message.state.reason.in_reads if message.state.reason else None,
        decided_by=message.decided_by,
        segments=_segments(text),
        codes=[code_view(code) for code in find_codes(text)],
        links=links_in(text),
        clicks=len(message.clicks),
        clicks_details=[shown.ClickView(at=click.at, url=click.url) for click in message.clicks],
        history=[_step(event) for event in message.history],
        request_id=message.request or None,
        warnings=[_warning(warning) for warning in exchange.warnings] if exchange else [],
        created_at=message.created_at,
        scheduled_at=message.due_at if message.due_at > message.created_at else None,
    )


def code_view(code: Code) -> shown.CodeView:
    """Return what may be a one-time code."""
    return shown.CodeView(code=code.code, index=code.index, length=code.length, announced=code.announced)


def request_view(account: Account | None, exchange: RecordedRequest) -> shown.RequestView:
    """Return an exchange as it came and as it went."""
    made = (account.messages.at(sequence) for sequence in exchange.messages) if account else ()
    return shown.RequestView(
        id=exchange.number,
        account=account.id if account else None,
        at=exchange.at,
        method=exchange.method,
        target=exchange.target,
        headers=_header_pairs(exchange.headers),
        body=exchange.body.decode(errors="replace"),
        size=exchange.body_size,
        response=_answer(exchange),
        duration=round(exchange.duration, 6),
        operation=exchange.operation,
        refusal=exchange.refusal,
        note=exchange.note,
        fault_decided_by=exchange.fault.decided_by if exchange.fault else None,
        warnings=[_warning(warning) for warning in exchange.warnings],
        messages=[message.transaction_id for message in made if message],
    )


def inbound_view(account: Account, sms: Reply) -> shown.InboundView:
    """Return an SMS from a phone."""
    return shown.InboundView(
        cursor=sms.number, account=account.id, at=sms.at, number=sms.digits, text=sms.text, effect=sms.effect
    )


def callback_view(engine: Engine, account: Account, callback: Callback) -> told.CallbackView:
    """Return a callback with every attempt."""
    sent = callback_request(callback, engine.settings)
    return told.CallbackView(
        id=callback.number,
        account=account.id,
        url=callback.webhook.url,
        kind=callback.webhook.kind,
        event=callback.event,
        transaction_id=callback.details.transaction_id,
        number=callback.details.digits,
        state=callback.state,
        created_at=callback.created_at,
        due_at=callback.due_at,
        request=told.CallView(method=sent.method, headers=list(sent.headers), body=sent.body.decode()),
        attempts=[_attempt(attempt) for attempt in callback.attempts],
        replay_of=callback.replay_of,
    )


def consent_view(account: Account, consent: Consent) -> told.ConsentView:
    """Return an opt-out or opt-in."""
    return told.ConsentView(
        cursor=consent.number,
        account=account.id,
        number=consent.digits,
        at=consent.at,
        choice=consent.choice,
        cause=consent.cause,
    )


def clock_view(clock: Clock, *accounts: Account) -> shown.ClockView:
    """Return the time of some accounts."""
    due = [at for account in accounts for at in (account.next_at, account.callbacks.next_at) if at is not None]
    return shown.ClockView(now=clock.now(), frozen=clock.frozen, next_due=min(due, default=None))


def account_view(account: Account) -> shown.AccountView:
    """Return an account."""
    return shown.AccountView(
        id=account.id,
        key=shorten_key(account.key),
        credit=account.credit,
        sender=account.sender,
        gateway=account.gateway,
        rest_right=account.rest_right,
        unsubscribed=sorted(account.unsubscribed),
        bounced=sorted(account.bounced),
        kosher=sorted(account.kosher),
        force_unsubscribe_link=account.force_unsubscribe_link,
        webhooks=[_webhook(webhook) for webhook in account.webhooks],
        messages=len(account.messages),
        newest=account.messages.newest,
        evicted=account.messages.evicted,
        waiting_for_credit=len(account.waiting),
        clock=clock_view(account.clock, account),
    )


def health_view(engine: Engine, version: str, uptime: float) -> shown.HealthView:
    """Return how a mock is that has been up for some seconds."""
    kept = engine.accounts.totals()
    return shown.HealthView(
        status="ready",
        version=version,
        uptime=round(uptime, 3),
        cursor=engine.cursor,
        evicted=_counts(engine.accounts.evicted()),
        **kept._asdict(),
    )


def numbers_view(catalogue: Catalogue) -> shown.NumbersView:
    """Return the magic numbers."""
    return shown.NumbersView(
        prefix=catalogue.prefix,
        format=f"{catalogue.prefix}CCLL: CC is the code, LL any two digits (a lane)",
        numbers=[_number(row, catalogue.prefix) for row in catalogue.rows.values()],
    )


def _number(row: MagicNumber, prefix: str) -> shown.NumberView:
    is_fault = isinstance(row.effect, Fault)
    return shown.NumberView(
        code=row.code, name=row.name, number=row.number(prefix), outcome=row.title, http_fault=is_fault
    )


def _webhook(webhook: Webhook) -> shown.WebhookView:
    events = None if webhook.events is None else list(webhook.events)
    return shown.WebhookView(url=webhook.url, kind=webhook.kind, events=events)


def _attempt(attempt: Attempt) -> told.AttemptView:
    return told.AttemptView(
        at=attempt.at,
        status=attempt.status,
        body=attempt.body.decode(errors="replace"),
        duration=attempt.duration,
        error=attempt.error,
    )


def _counts(totals: Totals) -> shown.Counts:
    return shown.Counts(**totals._asdict())


def _segments(text: str) -> shown.SegmentsView:
    segments = count_segments(text)
    forced_by = segments.forced_by
    return shown.SegmentsView(
        encoding=segments.encoding,
        count=segments.count,
        characters=len(text),
        boundaries=[*accumulate(map(len, split_segments(text)[:-1]))],
        units=segments.units,
        forced_by=shown.ForcedByView(character=forced_by.character, index=forced_by.index) if forced_by else None,
    )


def _step(event: Transition) -> shown.StepView:
    return shown.StepView(at=event.at, status=event.state.status, reject_reason=event.state.reason, cause=event.cause)


def _warning(warning: RequestWarning) -> shown.WarningView:
    return shown.WarningView(path=warning.path, note=warning.note)


def _answer(exchange: RecordedRequest) -> shown.AnswerView:
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in exchange.response_headers]
    return shown.AnswerView(
        status=exchange.status,
        headers=headers,
        body=exchange.response_body.decode(errors="replace"),
        size=exchange.response_size,
    )


def _header_pairs(lines: bytes) -> list[tuple[str, str]]:
    pairs = (line.partition(b": ") for line in lines.split(b"\r\n") if line)
    return [(name.decode("latin-1"), value.decode("utf-8", "replace")) for name, _, value in pairs]
