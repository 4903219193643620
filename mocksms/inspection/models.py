"""Base models of the inspection API, and the parameters and fields that several resources share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema

from mocksms.engine.account import MAX_LABEL_LENGTH
from mocksms.engine.keys import MAX_KEY_LENGTH
from mocksms.engine.patterns import MAX_PATTERN_LENGTH, shared_pattern
from mocksms.engine.state_names import StateNames
from mocksms.errors import did_you_mean
from mocksms.schemas.responses import ResponseModel, Text
from mocksms.schemas.types import whole
from mocksms.sms.message import REASONS, Reason, State, Status

MAX_ROWS: Final = 1_000
"""Records on one page."""

MAX_NAME_LENGTH: Final = 200
MAX_NUMBER_LENGTH: Final = 100
MAX_TEXT_FILTER_LENGTH: Final = 3_000
"""Characters of a text to look for: all filters together must fit into a request line."""

_OF_RULES: Final = "or one that the active scenario or a stored message of the account has"


def _status(raw: object, info: ValidationInfo) -> object:
    names = _names(info)
    if isinstance(raw, str) and not names.has_status(raw):
        raise _unknown(raw, names.statuses, ", ".join(Status), _about_reason(raw, names))
    return raw


def _about_reason(raw: str, names: StateNames) -> str:
    """Return the hint for a status that is or has a reason, empty for others."""
    if "/" in raw:
        return "what follows the slash belongs in reject_reason"
    reason = REASONS.get(raw, raw)
    pair = next((f" ({state})" for state in State if state.reason == reason), "")
    return f"{raw} is a reject_reason{pair}" if names.has_reason(reason) else ""


def _reason(raw: object, info: ValidationInfo) -> object:
    names = _names(info)
    if not isinstance(raw, str) or raw in REASONS:
        return REASONS[raw] if isinstance(raw, str) else raw
    if not names.has_reason(raw):
        raise _unknown(raw, names.reasons, f"{', '.join(Reason)}, their spelling in the reads")
    return raw


def _names(info: ValidationInfo) -> StateNames:
    return info.context or StateNames()


def _unknown(raw: str, names: Sequence[str], of_the_guide: str, hint: str = "") -> ValueError:
    hint = hint or did_you_mean(raw, names)
    return ValueError(f"must be one of {of_the_guide}, {_OF_RULES}{f'; {hint}' if hint else ''}")


StatusName = Annotated[str, BeforeValidator(_status), WithJsonSchema({"type": "string", "enum": [*Status]})]
ReasonName = Annotated[str, BeforeValidator(_reason), WithJsonSchema({"type": "string", "enum": [*Reason]})]


def _pattern(raw: str) -> str:
    shared_pattern(raw)
    return raw


Cursor = Annotated[int, Field(ge=0, le=2**53), BeforeValidator(whole)]
"""A position in the order of all records of a mock."""

TextField = Annotated[str, Field(min_length=1, max_length=MAX_TEXT_FILTER_LENGTH)]
Label = Annotated[str, Field(max_length=MAX_LABEL_LENGTH)]
Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH)]
KeyOrId = Annotated[str, Field(min_length=1, max_length=MAX_KEY_LENGTH, pattern=r"\S")]
NumberField = Annotated[str, Field(min_length=1, max_length=MAX_NUMBER_LENGTH)]


BY_DIGITS: Final = "compared by its digits; * stands for any digits"


def without_defaults(schema: dict[str, Any]) -> None:
    """Remove the defaults from the schema of a model whose absent fields change nothing, which no value says."""
    for field in schema["properties"].values():
        field.pop("default", None)


class RequestModel(BaseModel):
    """A query or body; unknown names are refused, so that a misspelled filter is not ignored."""

    # Deferred, since most runs use few of these, and a mock must start fast.
    model_config = ConfigDict(defer_build=True, extra="forbid", frozen=True)


class Filters(RequestModel):
    """Filters for messages; a message must match all of them."""

    to: NumberField | None = Field(default=None, description=f"Number of the recipient, {BY_DIGITS}")
    status: StatusName | None = Field(default=None, description=f"Status of the message, {_OF_RULES}")
    reject_reason: ReasonName | None = Field(
        default=None, description=f"Reason of the status, in either of the vendor's spellings, {_OF_RULES}"
    )
    tag: Name | None = Field(default=None, description="One of the tags")
    content: TextField | None = Field(
        default=None, description="Part of the content as sent, placeholders filled; case matters"
    )
    text: TextField | None = Field(default=None, description="Part of the text as the phone shows it; case matters")
    regex: Annotated[str, Field(min_length=1, max_length=MAX_PATTERN_LENGTH), AfterValidator(_pattern)] | None = Field(
        default=None, description="A regular expression found in the content", json_schema_extra={"format": "regex"}
    )
    sender: Name | None = Field(default=None, description="The sender")
    has_code: bool | None = Field(
        default=None, description="Whether the text as the phone shows it has a one-time code"
    )


class AccountQuery(RequestModel):
    """The account; without it all accounts."""

    account: KeyOrId | None = Field(
        default=None, description="Key or id of the account; takes precedence over the X-API-Key header"
    )


class AccountsQuery(RequestModel):
    """Some accounts; without them all accounts."""

    account: list[KeyOrId] = Field(
        default_factory=list,
        description="Key or id of an account, for several of them repeated; takes precedence over the X-API-Key header",
    )


class SinceQuery(RequestModel):
    """The start of a list."""

    since: Cursor | None = Field(default=None, description="A cursor: only what came after it")


class PageQuery(SinceQuery):
    """The start, end and length of a page."""

    before: Cursor | None = Field(default=None, description="A cursor: only what came before it, for the next page")
    limit: int = Field(
        default=100,
        ge=1,
        le=MAX_ROWS,
        description="Maximum number of records, the newest first",
    )

    @property
    def is_unfiltered(self) -> bool:
        """Whether all records of the account, or of all accounts, are on the pages."""
        return self.model_fields_set <= {"limit", "account", "before"}


class Page(ResponseModel):
    """What every page says beside its records."""

    cursor: int = Field(description="Pass it as `since` to get only what comes after this response")
    total: int = Field(description="Number of records that match, on all pages")
    evicted: int = Field(description="Number of records that were evicted")
    incomplete: bool = Field(description="Whether records that came after `since` may be among the evicted ones")


class DeletedView(ResponseModel):
    """The number of deleted records."""

    deleted: int = Field(description="Number of deleted records")


class WarningView(ResponseModel):
    """A deviation that is accepted unless the option `strict` is on."""

    path: Text = Field(description="The field, such as `message.to[0].mobile_number`")
    note: Text = Field(description="What deviates, in words")
