"""Facts: the properties of a message that rules match on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from mocksms.engine.patterns import TEXT_TIMEOUT, RegexBudget
from mocksms.errors import escape

MAX_REMARKS: Final = 3
"""Remarks that one text shows."""

log = logging.getLogger("mocksms")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFacts:
    """The properties of a message that rules match on.

    `nth` counts the messages to its number in the account, including this one. `budget` is for the regular
    expressions of all rules; the messages of one send share it. `remarks` say which rules could not be tried; the
    messages of one send with the same content share them.
    """

    mobile_number: str
    digits: str
    content: str
    sender: str
    tags: tuple[str, ...]
    charset: str
    wants_async: bool
    nth: int
    count_segments: Callable[[], int]
    budget: RegexBudget = field(default_factory=lambda: RegexBudget(TEXT_TIMEOUT))
    remarks: dict[str, None] = field(default_factory=dict)

    def remark_on_time(self, what: str) -> None:
        """Remark, and log once for a send, that no time was left for the regular expression of a rule."""
        remark = f"regular expressions took more than {self.budget.limit}; the others were not tried"
        if remark not in self.budget.warnings:
            log.warning(
                "%s: %s. Outcomes may differ; make the expressions simpler, or name a number, tag or sender as well.",
                escape(what),
                remark,
            )
            self.budget.warnings.add(remark)
        self.remarks[remark] = None

    def with_remarks(self, decided_by: str) -> str:
        """Return what decided about a message or request, with the first remarks."""
        shown = [*self.remarks][:MAX_REMARKS]
        more = len(self.remarks) - len(shown)
        return "; ".join((decided_by, *shown, *([f"{more} more"] if more else ())))

    @property
    def send(self) -> tuple[object, ...]:
        """What the messages of one send with the same content share. They have the same segments, too."""
        return self.budget, self.content, self.tags, self.sender, self.charset, self.wants_async
