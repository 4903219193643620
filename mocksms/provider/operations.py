"""What the emulated API does, as its users read about it: made from the models it reads and writes with."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, Field

from mocksms.provider.reads import InfoParams, MessageRow, SearchParams
from mocksms.provider.send import SendBody, SentRow
from mocksms.schemas.openapi import Operation, ResponseSpec

TAG: Final = "Emulated API"
TAGS: Final = {TAG: "What an application calls, as the vendor offers it; also under /rest/v1 and in any case."}


class ProviderError(BaseModel):
    """An error in the words of the vendor's web stack."""

    message: str = Field(alias="Message")
    model_state: dict[str, list[str]] = Field(default={}, alias="ModelState", description="What is wrong where")


_FAULTS: Final = {
    400: ResponseSpec(about="Body or query do not fit", shape=ProviderError),
    401: ResponseSpec(about="The key is missing or unknown, or has no REST right", shape=ProviderError | str),
    403: ResponseSpec(about="A page of another site asked", shape=ProviderError),
    500: ResponseSpec(about="A fault of the vendor, asked for by a magic number", shape=ProviderError),
}


def _operation(name: str, method: str, summary: str, **more: Any) -> Operation:
    replies = {**more.pop("replies"), **_FAULTS}
    path = f"/transactional/sms/{name}"
    return Operation(
        id=name, method=method, path=path, tag=TAG, summary=summary, key="required", replies=replies, **more
    )


OPERATIONS: Final = (
    _operation(
        "send",
        "POST",
        "Send an SMS to one or more recipients",
        about="Magic numbers decide what becomes of it; all others end as they would at the vendor.",
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
        replies={
            200: ResponseSpec(about="One object for each recipient, in order", shape=list[SentRow]),
            408: ResponseSpec(about="The body did not arrive in time", shape=ProviderError),
            413: ResponseSpec(about="The body is too large", shape=ProviderError),
            415: ResponseSpec(about="The body is not declared as JSON", shape=ProviderError),
            429: ResponseSpec(about="Too many requests, asked for by a magic number", shape=ProviderError),
            503: ResponseSpec(about="Not available, asked for by a magic number", shape=ProviderError),
        },
    ),
    _operation(
        "info",
        "GET",
        "What became of a message",
        query=InfoParams,
        replies={
            200: ResponseSpec(about="The message", shape=MessageRow),
            404: ResponseSpec(about="There is none", shape=ProviderError),
        },
    ),
    _operation(
        "search",
        "GET",
        "Messages that match, newest first",
        query=SearchParams,
        replies={200: ResponseSpec(about="The messages", shape=list[MessageRow])},
    ),
)
"""The operations of the emulated API."""
