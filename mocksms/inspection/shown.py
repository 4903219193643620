"""What the inspection API answers, described for its users."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _well_formed(text: object) -> object:
    """Put the replacement character for lone surrogates, which an application can send but UTF-8 cannot carry."""
    if isinstance(text, str) and not text.isascii():
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


Text = Annotated[str, BeforeValidator(_well_formed)]
"""A text that comes from an application."""


class ResponseModel(BaseModel):
    """What is written."""

    # Deferred, since most runs use few of these, and a mock is to start at once.
    model_config = ConfigDict(defer_build=True, frozen=True)


class WarningView(ResponseModel):
    """Something the real service lets pass, too: where it was, and what."""

    path: Text
    note: Text


class Page(ResponseModel):
    """How much there is beyond what is shown."""

    cursor: int = Field(description="Give it as since to see only what comes after this answer")
    total: int = Field(description="How many match, on this page or another")
    evicted: int = Field(description="How many have gone to make room")
    incomplete: bool = Field(description="Whether some that came after since may be among those")
