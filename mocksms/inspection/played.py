"""What the inspection API answers about scenarios and faults, described for its users."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from mocksms.inspection.shown import ResponseModel, Text


class RuleView(ResponseModel):
    """A rule and how often it was used."""

    label: Text
    applies_to: Literal["message", "request"] = Field(description="What the rule decides about")
    matched: int = Field(description="How many messages or calls met its wishes when it was its turn")
    applied: int = Field(description="How many of these it decided about")
    left: int | None = Field(description="Uses left, null without limit")
    timed_out: bool = Field(description="Whether its regular expression took too long: it matches nothing any more")


class ScenarioView(ResponseModel):
    """The scenario in force."""

    names: list[Text] = Field(description="Where its rules come from")
    rules: list[RuleView]
    unused: list[Text] = Field(description="Rules that decided about nothing so far")


class ShelvedView(ResponseModel):
    """A scenario that can be called by name."""

    name: str
    about: Text


class ScenariosView(ResponseModel):
    """The scenarios that can be called by name."""

    scenarios: list[ShelvedView]


class FaultView(ResponseModel):
    """A fault that was set by hand; what it has left counts only while it is in force."""

    id: int
    account: str | None = Field(description="Whose, null for accounts to come")
    fault: str
    matched: int
    applied: int
    left: int | None
    until: datetime | None


class FaultsView(ResponseModel):
    """The faults that were set by hand, the latest first."""

    faults: list[FaultView]
    ended: list[FaultView] = Field(description="Those whose time is over and those that were cleared, the latest 100")


class FaultSet(ResponseModel):
    """A fault is set."""

    id: int = Field(description="By which it can be cleared")


class FaultsCleared(ResponseModel):
    """Faults were cleared."""

    cleared: int
