"""Base model of what responses and files consist of, and texts from applications in them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

from mocksms.sms.surrogates import well_formed


def _well_formed(text: object) -> object:
    return well_formed(text) if isinstance(text, str) else text


Text = Annotated[str, BeforeValidator(_well_formed)]
"""A text from an application."""


class ResponseModel(BaseModel):
    """A part of a response."""

    # Deferred, since most runs use few of these, and a mock must start fast.
    model_config = ConfigDict(defer_build=True, frozen=True)
