"""The request and the response of `send`. Only this module and `reads` know the vendor's field names.

The guide documents the fields of the request, except those of the sender (inferred, body.sender). The response was seen
once (observed, send.response).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from json.encoder import encode_basestring_ascii
from typing import Annotated, Any, Final, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    FailFast,
    Field,
    ValidationInfo,
)

from mocksms.provider.responses import error_spec, operation, to_json
from mocksms.schemas.openapi import ResponseSpec
from mocksms.settings import Settings
from mocksms.sms.message import NO_FIELDS, AnyState, Message, Recipient, State, Submission
from mocksms.sms.text import MAX_TEXT_LENGTH, UNICODE
from mocksms.sms.times import ISRAEL, parse_instant

BEFORE_9000: Final = "^[0-8]"
"""Pattern of a time that the clocks can reach: its year is below 9000."""


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("blank")
    return value


def _instant(value: object, info: ValidationInfo) -> datetime:
    """Parse a point in time; the context of the validation is the time zone of one without an offset."""
    return parse_instant(value, info.context or ISRAEL)


class _VendorModel(BaseModel):
    model_config = ConfigDict(defer_build=True, extra="forbid", strict=True, frozen=True)


Item = TypeVar("Item")
ManyOf = Annotated[list[Item], FailFast()]
"""A list whose validation ends with the first error: hundreds of thousands take seconds to report."""


class FieldValue(_VendorModel):
    """The value of one placeholder."""

    name: str = Field(description="Name of the placeholder, with or without its hashes")
    content: str = Field("", description="The text that replaces it")
    type: str = Field("string", description="Accepted and ignored")


class FieldVars(_VendorModel):
    """The placeholder values of one recipient."""

    rcpt: str = Field(description="The recipient's number, compared by its digits")
    fields: ManyOf[FieldValue] = Field(default_factory=list, description="The values of its placeholders")


class RecipientBody(_VendorModel):
    """One recipient."""

    mobile_number: str = Field(description="Such as 972-54-1111111; returned as sent, compared by its digits")


class MessageBody(_VendorModel):
    """The SMS and its recipients."""

    content: Annotated[str, AfterValidator(_not_blank)] = Field(
        description="The text; #name# is a placeholder",
        json_schema_extra={"pattern": r"\S", "maxLength": MAX_TEXT_LENGTH},
    )
    to: ManyOf[RecipientBody] = Field(min_length=1, description="One message for each, in this order, duplicates too")
    charset: str = Field("", description="unicode; a text outside GSM 03.38 may need it")
    field_vars: ManyOf[FieldVars] = Field(
        default_factory=list, description="Values for placeholders, for each recipient"
    )
    unsubscribe_text: str = Field("", description="The text before the unsubscribe link")
    add_unsubscribe_link: bool = Field(True, description="Append an unsubscribe link")
    add_unsubscribe_sms_reply: bool = Field(False, description="Append how to opt out by a reply")
    track_clicks: bool = Field(False, description="Replace links by short ones that count clicks")
    tags: ManyOf[str] = Field(default_factory=list, description="Labels to search by")
    sender_id: str = Field("", description="Name of the sender")
    sender: str = Field("", description="Another name of sender_id")
    from_: str = Field("", alias="from", description="Another name of sender_id")


class SendBody(_VendorModel):
    """The body of a send."""

    message: MessageBody = Field(description="The SMS and its recipients")
    async_: bool = Field(False, alias="async", description="Return `queued` at once and send in the background")
    send_at: Annotated[AwareDatetime | None, BeforeValidator(_instant)] = Field(
        None,
        description="2020-01-20 13:05:00+02:00; without an offset in the zone `send_at_zone`; a past time means now",
        json_schema_extra={"pattern": BEFORE_9000},
    )

    @property
    def name_count(self) -> int:
        """The number of JSON names that the body was read from; each recipient has one."""
        message = self.message
        count = len(self.model_fields_set) + len(message.model_fields_set) + len(message.to)
        for variables in message.field_vars:
            count += len(variables.model_fields_set) + sum(len(value.model_fields_set) for value in variables.fields)
        return count


class SentRow(_VendorModel):
    """One object of the response to a send."""

    mobile_number: str = Field(description="The number as sent")
    status: str = Field(description="sent, queued, rejected or invalid; a rule may write another one")
    reject_reason: str | None = Field(description="The reason of the status, null for none")
    transaction_id: str = Field(description="Id of the message, 32 hex digits")


SEND: Final = operation(
    "send",
    "POST",
    "Send an SMS to one or more recipients",
    {
        200: ResponseSpec(about="One object for each recipient, in order", model=list[SentRow]),
        402: error_spec("Scheduling requires credit, by an option of the mock", "CreditRequired"),
        408: error_spec("The body did not arrive in time", "BodyTooSlow"),
        413: error_spec("The body is too large", "BodyTooLarge"),
        415: error_spec("The body is not declared as JSON", "UnsupportedMediaType"),
        429: error_spec("Too many requests, from a magic number or a fault", "TooManyRequests"),
        503: error_spec("Service unavailable, from a magic number or a fault", "Unavailable"),
    },
    about="A magic number decides the outcome of its message. Default rules decide about other messages.",
    body=SendBody,
    examples={
        "hello": {"message": {"content": "Hello", "to": [{"mobile_number": "972-50-0000000"}]}},
        "one sent, one kosher": {
            "message": {
                "content": "Your code is 481516",
                "to": [{"mobile_number": "972-50-0000000"}, {"mobile_number": "972-50-0002100"}],
                "tags": ["otp"],
            }
        },
        "scheduled": {
            "message": {"content": "Hello #name#", "to": [{"mobile_number": "972-54-1111111"}]},
            "send_at": "2030-01-31 12:00:00+02:00",
        },
    },
)
"""The operation, as the OpenAPI document describes it."""


OPTIONAL_MEMBERS: Final[Mapping[str, Any]] = {
    field.alias or name: field.get_default(call_default_factory=True)
    for name, field in MessageBody.model_fields.items()
    if not field.is_required() and name != "field_vars"
}
"""What a message may have besides text, recipients and placeholder values, by the JSON names, and the defaults."""


def submission_of(body: SendBody, settings: Settings) -> Submission:
    """Return a send in the terms of the domain."""
    message = {field.alias or name: getattr(body.message, name) for name, field in MessageBody.model_fields.items()}
    return submission_with(message, body.async_, body.send_at, settings)


def submission_with(
    message: Mapping[str, Any], wants_async: bool, send_at: datetime | None, settings: Settings
) -> Submission:
    """Return a send in the terms of the domain, from the members of its message that are given."""
    members = {**OPTIONAL_MEMBERS, **message}
    return Submission(
        members["content"],
        None if settings.ignore_sender else members["sender_id"] or members["sender"] or members["from"] or None,
        tuple(members["tags"]),
        UNICODE if members["charset"] == UNICODE else members["charset"],  # one string for all messages
        members["add_unsubscribe_link"],
        members["unsubscribe_text"],
        members["add_unsubscribe_sms_reply"],
        members["track_clicks"],
        wants_async,
        send_at,
    )


def recipients_of(body: SendBody, settings: Settings) -> list[Recipient]:
    """Return the recipients of a send in order, each with its placeholder values."""
    if not body.message.field_vars:
        return [Recipient(to.mobile_number) for to in body.message.to]
    values: dict[str, dict[str, str]] = {}
    for variables in body.message.field_vars:
        known = values.setdefault(settings.parse_number(variables.rcpt).digits, {})
        known.update({value.name.strip("#"): value.content for value in variables.fields})
    return [
        Recipient(to.mobile_number, values.get(settings.parse_number(to.mobile_number).digits, NO_FIELDS))
        for to in body.message.to
    ]


class ReasonNames:
    """The spelling of reasons in responses to sends and to reads, by the setting `reason_spelling`."""

    def __init__(self, setting: str) -> None:
        self._has_underscores_in_sends = setting == "underscore"
        self._has_underscores_in_reads = setting != "hyphen"
        self._after_number = _AfterNumber(self)

    def in_sends(self, state: AnyState) -> str | None:
        """Return the reason of a state in responses to sends."""
        return _reason(state, in_reads=self._has_underscores_in_sends)

    def in_reads(self, state: AnyState) -> str | None:
        """Return the reason of a state in responses to reads."""
        return _reason(state, in_reads=self._has_underscores_in_reads)

    def sent_rows(self, messages: Sequence[Message], numbers: Iterable[str] | None = None) -> bytes:
        """Return the response to a send: a bare array of SentRow, one per message in order.

        `numbers` are the recipients' numbers as sent, None if the messages have them.

        Rows of one state differ only in number and id, so the rest is encoded once per state: this is the hot path.
        """
        middle = self._after_number
        if numbers is not None:
            pairs = zip(messages, numbers, strict=True)
            messages = [message._replace(mobile_number=number) for message, number in pairs]
        rows = [
            f'{{"mobile_number":{encode_basestring_ascii(message.mobile_number)}{middle[message.state]}'
            f'{message.transaction_id}"}}'
            for message in messages
        ]
        return f"[{','.join(rows)}]".encode()


def _reason(state: AnyState, *, in_reads: bool) -> str | None:
    reason = state.reason_in_reads if in_reads else state.reason
    return str(reason) if reason else None


class _AfterNumber(dict[AnyState, str]):
    """The part of a SentRow between number and id, by state; those of the guide are encoded once."""

    def __init__(self, reasons: ReasonNames) -> None:
        self._reasons = reasons
        super().__init__({state: self[state] for state in State})

    def __missing__(self, state: AnyState) -> str:
        reason = self._reasons.in_sends(state)
        row = to_json({"status": state.status, "reject_reason": reason, "transaction_id": ""}).decode()
        return "," + row.removeprefix("{").removesuffix('"}')
