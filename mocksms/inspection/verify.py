"""Verification: so many messages, several in their order, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mocksms.engine.engine import Engine
from mocksms.inspection.asked import VerifyBody
from mocksms.inspection.explanations import Explainer, Explanation
from mocksms.inspection.matching import Criteria, Parse, everything
from mocksms.inspection.scope import AccountScope, OwnedMessage

NAMED: Final = 10
"""Messages too many that an explanation names."""


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """The messages that met what was wanted, oldest first, or the explanation why they did not."""

    met: tuple[OwnedMessage, ...]
    explanation: Explanation | None = None


class Verifier:
    """Verifies for one scope what came after the cursor of a body."""

    def __init__(self, engine: Engine, scope: AccountScope, body: VerifyBody, parse: Parse) -> None:
        self._scope = scope
        self._body = body
        self._parse = parse
        self._after = body.since or 0
        self._explainer = Explainer(engine, scope, self._after)

    def verdict(self) -> VerifyResult:
        """Return what the messages are found to be."""
        verdict = self._counted() if self._body.in_order is None else self._in_order()
        return self._nothing_else(verdict) if self._body.nothing_else and not verdict.explanation else verdict

    def _counted(self) -> VerifyResult:
        criteria = Criteria(self._body, self._parse, self._after)
        found = self._oldest_first(criteria)
        low, high = self._bounds()
        said = wanted_count(low, high)
        if len(found) < low:
            return VerifyResult((), self._explainer.missing(_few(len(found), said), criteria, (said,)))
        if high is not None and len(found) > high:
            text = f"{len(found)} SMS matched, wanted {said}"
            return VerifyResult((), self._explainer.unwanted(text, criteria, (said,), found[:NAMED]))
        return VerifyResult(tuple(found))

    def _bounds(self) -> tuple[int, int | None]:
        body = self._body
        if body.exactly is not None:
            return body.exactly, body.exactly
        low = body.at_least if body.at_least is not None else 0 if body.at_most is not None else 1
        return low, body.at_most

    def _in_order(self) -> VerifyResult:
        """Find for each wish the first message after the one before that meets it."""
        met: list[OwnedMessage] = []
        wishes = self._body.in_order or []
        for place, filters in enumerate(wishes, 1):
            after = met[-1].message.sequence if met else self._after
            found = self._oldest_first(Criteria(filters, self._parse, after))
            if not found:
                criteria = Criteria(filters, self._parse, self._after)
                before = f" after {met[-1].message.transaction_id}" if met else ""
                text = f"no SMS matched place {place} of {len(wishes)}{before}"
                return VerifyResult((), self._explainer.missing(text, criteria, (f"place {place}{before}",)))
            met.append(found[0])
        return VerifyResult(tuple(met))

    def _nothing_else(self, verdict: VerifyResult) -> VerifyResult:
        asked_for = {owned.message.sequence for owned in verdict.met}
        every = self._oldest_first(everything(self._after))
        others = [owned for owned in every if owned.message.sequence not in asked_for]
        if not others:
            return verdict
        text = f"{len(others)} SMS nobody asked for"
        criteria = Criteria(self._body, self._parse, self._after)
        return VerifyResult((), self._explainer.unwanted(text, criteria, ("nothing else",), others[:NAMED]))

    def _oldest_first(self, criteria: Criteria) -> list[OwnedMessage]:
        return [*self._scope.messages(criteria)][::-1]


def _few(count: int, said: str) -> str:
    return "no SMS matched" if not count else f"{count} SMS matched, wanted {said}"


def wanted_count(low: int, high: int | None) -> str:
    """Return how many messages are wanted, in words; without `high` there is no limit."""
    if high == low:
        return f"exactly {low}"
    if high is None:
        return f"at least {low}"
    return f"at least {low} and at most {high}" if low else f"at most {high}"
