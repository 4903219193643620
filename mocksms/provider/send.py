"""The send request and its answer as they travel: with the reads, the only place that knows the vendor's field names.

Field names and the shape of the answer are documented by the guide or observed in real answers; `fidelity.toml` says
which.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from json.encoder import encode_basestring_ascii
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from mocksms.engine.journal import RequestWarning
from mocksms.settings import Settings
from mocksms.sms import numbers
from mocksms.sms.instants import parse_instant
from mocksms.sms.message import NO_FIELDS, Message, Recipient, State, Submission
from mocksms.sms.text import MAX_TEXT_LENGTH, Template

BEFORE_9000: Final = "^[0-8]"
"""What a time begins with that clocks can reach."""


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("blank")
    return value


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class FieldValue(_Wire):
    """The value of one placeholder."""

    name: str = Field(description="Name of the placeholder, with or without its hashes")
    content: str = Field("", description="What takes its place")
    type: str = Field("string", description="Accepted and not looked at")


class FieldVars(_Wire):
    """The placeholder values of one recipient."""

    rcpt: str = Field(description="The recipient's number, compared on digits")
    fields: list[FieldValue] = Field(default_factory=list)


class RecipientBody(_Wire):
    """One recipient."""

    mobile_number: str = Field(description="Such as 972-54-1111111; answered as sent, compared on digits")


class MessageBody(_Wire):
    """The SMS and its recipients."""

    content: Annotated[str, AfterValidator(_not_blank)] = Field(
        description="The text; #name# is a placeholder",
        json_schema_extra={"pattern": r"\S", "maxLength": MAX_TEXT_LENGTH},
    )
    to: list[RecipientBody] = Field(min_length=1, description="One message each, order and duplicates kept")
    charset: str = "unicode"
    field_vars: list[FieldVars] = Field(default_factory=list)
    unsubscribe_text: str = Field("", description="Put before the unsubscribe link")
    add_unsubscribe_link: bool = True
    add_unsubscribe_sms_reply: bool = False
    track_clicks: bool = False
    tags: list[str] = Field(default_factory=list)
    sender_id: str = ""
    sender: str = ""
    from_: str = Field("", alias="from")


class SendBody(_Wire):
    """The body of a send."""

    message: MessageBody
    async_: bool = Field(False, alias="async", description="Answer `queued` at once and send in the background")
    send_at: Annotated[datetime | None, BeforeValidator(parse_instant)] = Field(
        None,
        description="2020-01-20 13:05:00+02:00; without an offset Israel time; past means now",
        json_schema_extra={"pattern": BEFORE_9000},
    )

    @property
    def names(self) -> int:
        """How many names of members the body was read from; each recipient has one."""
        message = self.message
        return (
            len(self.model_fields_set)
            + len(message.model_fields_set)
            + len(message.to)
            + sum(
                len(variables.model_fields_set) + sum(len(value.model_fields_set) for value in variables.fields)
                for variables in message.field_vars
            )
        )


class SentRow(_Wire):
    """One object of the answer to a send."""

    mobile_number: str
    status: str
    reject_reason: str | None
    transaction_id: str


def submission_of(body: SendBody) -> Submission:
    """Return what a send asks for, in the words of the domain."""
    message = body.message
    return Submission(
        content=message.content,
        sender=message.sender_id or message.sender or message.from_ or None,
        tags=tuple(message.tags),
        charset=message.charset,
        unsubscribe_link=message.add_unsubscribe_link,
        unsubscribe_text=message.unsubscribe_text,
        unsubscribe_reply=message.add_unsubscribe_sms_reply,
        track_clicks=message.track_clicks,
        wants_async=body.async_,
        send_at=body.send_at,
    )


def recipients_of(body: SendBody, settings: Settings) -> list[Recipient]:
    """Return the recipients of a send in order, each with its placeholder values."""
    if not body.message.field_vars:
        return [Recipient(to.mobile_number) for to in body.message.to]
    values: dict[str, dict[str, str]] = {}
    for variables in body.message.field_vars:
        known = values.setdefault(_digits(variables.rcpt, settings), {})
        known.update({value.name.strip("#"): value.content for value in variables.fields})
    return [
        Recipient(to.mobile_number, values.get(_digits(to.mobile_number, settings), NO_FIELDS))
        for to in body.message.to
    ]


def remarks_on(body: SendBody, submission: Submission, recipients: Sequence[Recipient]) -> list[RequestWarning]:
    """Return what is odd about a send that fits the model: a charset nobody documents, placeholders left unfilled."""
    remarks: list[RequestWarning] = []
    if submission.charset != "unicode":
        remarks.append(RequestWarning("message.charset", f"{submission.charset!r} is not 'unicode'; it has no effect"))
    if body.message.field_vars:
        placeholders = set(Template(submission).placeholders)
        given = {value.name.strip("#") for variables in body.message.field_vars for value in variables.fields}
        remarks += [_about_fields(f"no placeholder #{name}# in the content") for name in sorted(given - placeholders)]
        remarks += islice(_unfilled(placeholders, recipients), 1)
    return remarks


def _unfilled(placeholders: set[str], recipients: Sequence[Recipient]) -> Iterator[RequestWarning]:
    first_with = {id(to.fields): to for to in reversed(recipients)}
    for to in reversed(first_with.values()):
        for name in sorted(placeholders - to.fields.keys()):
            yield _about_fields(f"no value of #{name}# for {to.mobile_number}")


def _about_fields(note: str) -> RequestWarning:
    return RequestWarning("message.field_vars", note)


def _digits(mobile_number: str, settings: Settings) -> str:
    return numbers.parse(mobile_number, accept_local=settings.accept_local_numbers).digits


class ReasonNames:
    """How reasons are spelt in send answers and in reads, by the setting `reason_spelling`."""

    def __init__(self, setting: str) -> None:
        hyphen = {state: str(state.reason) if state.reason else None for state in State}
        underscore = {state: state.reason.in_reads if state.reason else None for state in State}
        self.in_answers = underscore if setting == "underscore" else hyphen
        self.in_reads = hyphen if setting == "hyphen" else underscore
        self._after_number = {state: self._middle(state) for state in State}

    def sent_rows(self, messages: Iterable[Message]) -> bytes:
        """Return the answer to a send: a bare array of SentRow, one per message in order.

        Only the number differs between rows that end alike, so the rest of each is spelt beforehand.
        """
        middle = self._after_number
        rows = [
            f'{{"mobile_number":{encode_basestring_ascii(message.mobile_number)}{middle[message.state]}'
            f'{message.transaction_id}"}}'
            for message in messages
        ]
        return f"[{','.join(rows)}]".encode()

    def _middle(self, state: State) -> str:
        row = SentRow(
            mobile_number="", status=state.status, reject_reason=self.in_answers[state], transaction_id=""
        ).model_dump_json()
        return row.removeprefix('{"mobile_number":""').removesuffix('"}')


_UNESCAPED: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_ESCAPED: Final = json.JSONEncoder(separators=(",", ":"))


def to_json(data: object) -> bytes:
    """Return JSON as UTF-8, not escaped unless the text cannot be encoded."""
    try:
        return _UNESCAPED.encode(data).encode()
    except UnicodeEncodeError:
        return _ESCAPED.encode(data).encode()
