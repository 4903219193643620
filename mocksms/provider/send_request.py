"""Reads a send: its content and options, its recipients, and warnings about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mocksms.asgi.origins import Headers
from mocksms.engine.journal import RequestWarning
from mocksms.provider.binding import read_send
from mocksms.provider.deviation import Deviation
from mocksms.provider.json_types import UTF_8, codec_of
from mocksms.provider.lenient_json import MAX_WARNINGS
from mocksms.provider.plain_send import read_plain
from mocksms.provider.remarks import remarks_on
from mocksms.provider.send import FieldVars, recipients_of, submission_of, submission_with
from mocksms.provider.shorten import MAX_VALUE_LENGTH, shorten_send, warning_about
from mocksms.settings import Settings
from mocksms.sms.message import Recipient, Submission
from mocksms.sms.times import ZONES


class SendRequest(NamedTuple):
    """A valid send. `numbers` are the recipients' numbers as sent, None if all of them are kept as sent."""

    submission: Submission
    recipients: Sequence[Recipient]
    warnings: tuple[RequestWarning, ...]
    numbers: list[str] | None


def read_send_request(headers: Headers, raw: bytes, settings: Settings) -> SendRequest:
    """Read a send from its headers and body.

    Raises:
        UnsupportedMediaType: the body is not declared as JSON.
        InvalidRequest: the body is not a send.
    """
    codec, zone = codec_of(headers.get(b"content-type", b""), raw), ZONES[settings.send_at_zone]
    plain = read_plain(raw, zone) if codec == UTF_8 else None
    recipients: Sequence[Recipient]
    deviations: list[Deviation] = []
    field_vars: Sequence[FieldVars] = ()
    if plain is not None:
        message, recipients, wants_async, send_at = plain
        submission = submission_with(message, wants_async, send_at, settings)
        has_charset = "charset" in message
    else:
        body, deviations = read_send(raw, codec, zone)
        submission, recipients = submission_of(body, settings), recipients_of(body, settings)
        has_charset, field_vars = "charset" in body.message.model_fields_set, body.message.field_vars
    numbers: list[str] | None = None
    if len(raw) > MAX_VALUE_LENGTH:
        kept = shorten_send(submission, recipients)
        if kept.deviations:
            deviations += kept.deviations
            numbers = [recipient.mobile_number for recipient in recipients]
        submission, recipients = kept.submission, kept.recipients
    deviations += remarks_on(submission, recipients, settings, has_charset=has_charset, field_vars=field_vars)
    warnings: tuple[RequestWarning, ...] = ()
    if deviations:
        warnings = tuple([warning_about(each, strict=settings.strict) for each in deviations[:MAX_WARNINGS]])
    return SendRequest(submission, recipients, warnings, numbers)
