"""Decisions: the outcome of a message when the vendor processes it, and the text that says why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Final

from mocksms.engine.account import Account
from mocksms.engine.rules import RefusedByFault, TriggeredFault
from mocksms.errors import UnknownMagicCode
from mocksms.settings import Settings
from mocksms.sms.magic import Catalogue
from mocksms.sms.message import Recipient, ReplyReaction, State
from mocksms.sms.numbers import NumberForm, PhoneNumber
from mocksms.sms.outcomes import Fault, Outcome, Step

SENT_BY_DEFAULT: Final = Outcome(steps=(Step(State.SENT),), decided_by="no rule or list applied")


class DecisionKind(StrEnum):
    """What decided about a message."""

    RULE = "rule"
    MAGIC_NUMBER = "magic_number"
    NUMBER_FORM = "number_form"
    BOUNCE_LIST = "bounce_list"
    OPT_OUT = "opt_out"
    KOSHER = "kosher"
    CREDIT = "credit"
    GATEWAY = "gateway"
    DEFAULT = "default"
    MANUAL = "manual"


_BEGINNINGS: Final = {
    "rule ": DecisionKind.RULE,
    "magic number ": DecisionKind.MAGIC_NUMBER,
    "number form": DecisionKind.NUMBER_FORM,
    "bounce list": DecisionKind.BOUNCE_LIST,
    "opt-out": DecisionKind.OPT_OUT,
    "kosher ": DecisionKind.KOSHER,
    "credit ": DecisionKind.CREDIT,
    "account has no gateway": DecisionKind.GATEWAY,
    "no rule or list applied": DecisionKind.DEFAULT,
    **dict.fromkeys(("cancelled manually", "sent manually", "bounced manually"), DecisionKind.MANUAL),
}
"""How the causes of steps begin: those of this module, of rules, of magic numbers and of controls."""


def decision_kind(cause: str) -> DecisionKind | None:
    """Return what decided about a message by the cause of a step, None for one that is only accepted."""
    return next((kind for beginning, kind in _BEGINNINGS.items() if cause.startswith(beginning)), None)


RuleDecision = tuple[State, str] | None
"""The state a message gets, and why; None when the rule does not apply."""


@lru_cache(maxsize=4096)
def is_possible(digits: str) -> bool:
    """Whether the country of a number has numbers of this length (own, number.foreign); `X` counts as a digit."""
    import phonenumbers  # here, since few sends have such a number, and a mock must start fast

    try:
        number = phonenumbers.parse("+" + digits.replace("X", "1"))
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE


def _bounce_list(account: Account, number: PhoneNumber, _segments: int) -> RuleDecision:
    return (State.BOUNCED, "bounce list") if number.digits in account.bounced else None


def _opt_out(account: Account, number: PhoneNumber, _segments: int) -> RuleDecision:
    return (State.UNSUBSCRIBED, "opt-out") if number.digits in account.unsubscribed else None


def _credit(account: Account, _number: PhoneNumber, segments: int) -> RuleDecision:
    return None if account.can_pay(segments) else (State.NO_CREDIT, f"credit {account.credit}, needed {segments}")


def _gateway(account: Account, _number: PhoneNumber, _segments: int) -> RuleDecision:
    return None if account.gateway else (State.NO_GATEWAY, "account has no gateway")


DefaultRule = Callable[[Account, PhoneNumber, int], RuleDecision]
"""Decides about a message of an account to a number, by its segments."""


class Decisions:
    """Decides by magic number, then by the default rules, which are checked in order (inferred, status.order).

    `rules_after_credit` are those for a message that waited for credit: its number was valid, or a scenario rule
    decided so. `rules_without_credit` are the same for a message that the account can pay.
    """

    def __init__(self, settings: Settings) -> None:
        self.catalogue = Catalogue(settings.magic_prefix, settings.magic_delay)
        self._kosher_prefixes = settings.kosher_prefix
        self.rules_after_credit: Sequence[DefaultRule] = (_bounce_list, _opt_out, self._kosher, _credit, _gateway)
        self._rules: Sequence[DefaultRule] = (self._number_form, *self.rules_after_credit)
        self.rules_without_credit = [rule for rule in self.rules_after_credit if rule is not _credit]

    def decide(self, account: Account, number: PhoneNumber, segments: int) -> Outcome:
        """Return the outcome of a message that the vendor processes for the first time."""
        code = self.catalogue.code(number.digits)
        outcome = self._magic_outcome(code, account, number) if code else None
        return outcome or self.decide_by_default(account, number, segments)

    def decide_by_default(
        self, account: Account, number: PhoneNumber, segments: int, rules: Iterable[DefaultRule] | None = None
    ) -> Outcome:
        """Return the outcome by the default rules alone; by all of them, if none are given."""
        for rule in rules or self._rules:
            if (decision := rule(account, number, segments)) is not None:
                state, why = decision
                return Outcome(steps=(Step(state),), decided_by=why)
        return SENT_BY_DEFAULT

    def magic_codes(self, parsed: Sequence[PhoneNumber], recipients: Sequence[Recipient]) -> list[tuple[str, str]]:
        """Return the code of each magic number among the recipients, with the number.

        Raises:
            UnknownMagicCode: a code is not in the catalogue.
        """
        codes: list[tuple[str, str]] = []
        for index, number in enumerate(parsed):
            code = self.catalogue.code(number.digits)
            if code is not None:
                mobile_number = recipients[index].mobile_number
                if code not in self.catalogue.rows:
                    raise UnknownMagicCode(index, mobile_number, code, self.catalogue.rows)
                codes.append((code, mobile_number))
        return codes

    def trigger_magic_fault(self, codes: Iterable[tuple[str, str]]) -> TriggeredFault | None:
        """Return the first fault of some magic numbers, None if there is none.

        Raises:
            RefusedByFault: a fault accepts nothing.
        """
        first: TriggeredFault | None = None
        for code, mobile_number in codes:
            effect = self.catalogue.rows[code].effect
            if isinstance(effect, Fault):
                triggered = TriggeredFault(effect, f"magic number {code}", mobile_number)
                if not effect.accepts:
                    raise RefusedByFault(triggered)
                first = first or triggered
        return first

    def _number_form(self, _account: Account, number: PhoneNumber, _segments: int) -> RuleDecision:
        """Decide by the form of the number; a magic number is valid with any prefix."""
        if number.form is NumberForm.ISRAELI_MOBILE or self.catalogue.code(number.digits):
            return None
        if number.form is NumberForm.MALFORMED:
            return State.INVALID, f"number form: {number.problem}"
        return None if is_possible(number.digits) else (State.INVALID, "number form: no country has such a number")

    def _kosher(self, account: Account, number: PhoneNumber, _segments: int) -> RuleDecision:
        digits = number.digits
        if digits in account.kosher:
            return State.KOSHER, "kosher list"
        if digits.startswith(self._kosher_prefixes):
            prefix = next(prefix for prefix in self._kosher_prefixes if digits.startswith(prefix))
            return State.KOSHER, f"kosher prefix {prefix}"
        return None

    def _magic_outcome(self, code: str, account: Account, number: PhoneNumber) -> Outcome | None:
        row = self.catalogue.rows[code]
        effect = row.effect
        if isinstance(effect, Fault):
            return Outcome(steps=SENT_BY_DEFAULT.steps, decided_by=f"magic number {code} ({row.title})")
        return None if _is_opted_out_by(effect, account, number) else effect


def _is_opted_out_by(effect: Outcome, account: Account, number: PhoneNumber) -> bool:
    """Whether a magic number that opts its recipient out has done so; the default rules then reject it."""
    opts_out = any(isinstance(reaction, ReplyReaction) and reaction.opts_out for reaction in effect.reactions)
    return opts_out and number.digits in account.unsubscribed
