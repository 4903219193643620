"""Facts: the properties of a message that rules match on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from mocksms.engine.patterns import TEXT_TIMEOUT, RegexBudget
from mocksms.errors import escape

log = logging.getLogger("mocksms")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFacts:
    """The properties of a message that rules match on.

    `nth` counts the messages to its number in the account, including this one. `budget` is for the regular
    expressions of all rules, `remarks` say which rules could not be tried; the messages of one send share both.
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

    def remark_on_time(self, label: str) -> None:
        """Remark, and log once for a send, that no time was left for the regular expression of a rule."""
        remark = f"regular expressions took over {self.budget.seconds:g} s in this send, and others matched nothing"
        if remark not in self.remarks:
            log.warning(
                "%s: %s. Make the expressions simpler, or add conditions on number, tag or sender.", label, remark
            )
            self.remarks[remark] = None

    @property
    def send(self) -> tuple[object, ...]:
        """What the messages of one send with the same content share. They have the same segments, too."""
        return self.budget, self.content, self.tags, self.sender, self.charset, self.wants_async
