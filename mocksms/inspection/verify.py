"""Verification: how many messages match, in which order, and whether there are others."""

from __future__ import annotations

from typing import Final, NoReturn

from pydantic import Field, model_validator

from mocksms.engine.message_query import MessageQuery
from mocksms.engine.steps import Steps
from mocksms.inspection.context import Context
from mocksms.inspection.errors import ExpectationFailed
from mocksms.inspection.explainer import Explainer
from mocksms.inspection.models import Filters, SinceQuery
from mocksms.inspection.scope import AccountScope, OwnedMessage
from mocksms.schemas.explanations import describe_count, describe_others, describe_problem
from mocksms.schemas.types import Count

MAX_UNEXPECTED: Final = 10
"""Unexpected messages that an explanation lists."""


class VerifyBody(Filters, SinceQuery):
    """The expected messages: a number of messages that match, or several in order; without a number at least one."""

    exactly: Count | None = Field(default=None, description="Exact number of messages")
    at_least: Count | None = Field(default=None, description="Minimum number of messages")
    at_most: Count | None = Field(default=None, description="Maximum number of messages")
    in_order: list[Filters] | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="Filters for one message each, in the order of acceptance",
    )
    nothing_else: bool = Field(default=False, description="Whether other messages are unexpected")

    @model_validator(mode="after")
    def _fits_together(self) -> VerifyBody:
        counted = [name for name in ("exactly", "at_least", "at_most") if getattr(self, name) is not None]
        filters = [name for name in Filters.model_fields if getattr(self, name) is not None]
        if self.in_order is not None and (counted or filters):
            raise ValueError(f"in_order cannot be combined with {', '.join(counted + filters)}")
        if self.exactly is not None and len(counted) > 1:
            raise ValueError("exactly cannot be combined with at_least or at_most")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError(f"at_least {self.at_least} is more than at_most {self.at_most}")
        return self


class Verifier:
    """Verifies for one scope the messages after the cursor of a body."""

    def __init__(self, context: Context, scope: AccountScope, body: VerifyBody) -> None:
        self._context = context
        self._scope = scope
        self._body = body
        self._after = body.since or 0
        # Messages that arrive during a pause are not verified: they would be in one list and not in another.
        self._before = context.engine.cursor + 1
        self._explainer = Explainer(context.engine, scope, self._after)

    def verify(self) -> Steps[list[OwnedMessage]]:
        """Return the messages that match, oldest first.

        Raises:
            ExpectationFailed: they are not as expected; has the explanation.
        """
        in_order = self._body.in_order
        matched = yield from self._counted() if in_order is None else self._in_order(in_order)
        if self._body.nothing_else:
            yield from self._check_others(matched)
        return matched

    def _counted(self) -> Steps[list[OwnedMessage]]:
        message_filter = self._context.filter(self._body, self._after, self._before)
        found = yield from self._oldest_first(message_filter.query)
        low, high = self._bounds()
        expected = describe_count(low, high)
        if len(found) < low:
            raise ExpectationFailed((yield from self._explainer.too_few(message_filter, len(found), expected)))
        if high is not None and len(found) > high:
            conditions = message_filter.describe()
            problem = describe_problem(len(found), conditions, expected)
            self._fail_of_too_many(problem, [*conditions, expected], found)
        return found

    def _bounds(self) -> tuple[int, int | None]:
        body = self._body
        if body.exactly is not None:
            return body.exactly, body.exactly
        low = body.at_least if body.at_least is not None else 0 if body.at_most is not None else 1
        return low, body.at_most

    def _in_order(self, all_filters: list[Filters]) -> Steps[list[OwnedMessage]]:
        """Return for each filter the first message after the one before."""
        matched: list[OwnedMessage] = []
        for place, filters in enumerate(all_filters, 1):
            after = matched[-1].message.sequence if matched else self._after
            found = yield from self._oldest_first(self._context.filter(filters, after, self._before).query)
            if not found:
                previous = f" after {matched[-1].message.transaction_id}" if matched else ""
                when = f"at place {place} of {len(all_filters)}{previous}"
                message_filter = self._context.filter(filters, self._after)
                raise ExpectationFailed((yield from self._explainer.too_few(message_filter, when=when)))
            matched.append(found[0])
        return matched

    def _check_others(self, matched: list[OwnedMessage]) -> Steps[None]:
        expected = {owned.message.sequence for owned in matched}
        every = yield from self._oldest_first(MessageQuery(after=self._after, before=self._before))
        others = [owned for owned in every if owned.message.sequence not in expected]
        if others:
            conditions = self._context.filter(self._body, self._after).describe()
            problem = describe_others(len(others), len(expected))
            self._fail_of_too_many(problem, [*conditions, "nothing else"], others)

    def _fail_of_too_many(self, problem: str, expected: list[str], unexpected: list[OwnedMessage]) -> NoReturn:
        raise ExpectationFailed(self._explainer.too_many(problem, expected, unexpected[:MAX_UNEXPECTED]))

    def _oldest_first(self, query: MessageQuery) -> Steps[list[OwnedMessage]]:
        return (yield from self._scope.search(query))[::-1]
