"""What becomes of a message when the vendor takes it up, and the words that say why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from mocksms.engine.account import Account
from mocksms.engine.foreign import is_possible
from mocksms.settings import Settings
from mocksms.sms.magic import Catalogue
from mocksms.sms.message import State
from mocksms.sms.numbers import NumberForm, PhoneNumber
from mocksms.sms.outcomes import Fault, Outcome, ReplyReaction, Step

SENT: Final = Outcome(steps=(Step(State.SENT),), decided_by="nothing stood against it")


class DecisionInput(NamedTuple):
    """What a natural cause looks at."""

    account: Account
    number: PhoneNumber
    segments: int
    catalogue: Catalogue
    kosher_prefixes: tuple[str, ...]


RuleDecision = tuple[State, str] | None
"""Where the message ends and why, or None when the cause does not apply."""


def _number_form(case: DecisionInput) -> RuleDecision:
    number = case.number
    if number.form is NumberForm.ISRAELI_MOBILE or case.catalogue.code(number.digits):
        return None
    if number.form is NumberForm.MALFORMED:
        return State.INVALID, f"number form: {number.fault}"
    return None if is_possible(number.digits) else (State.INVALID, "number form: no country has such a number")


def _bounce_list(case: DecisionInput) -> RuleDecision:
    return (State.BOUNCED, "bounce list") if case.number.digits in case.account.bounced else None


def _opt_out(case: DecisionInput) -> RuleDecision:
    return (State.UNSUBSCRIBED, "opt-out") if case.number.digits in case.account.unsubscribed else None


def _kosher(case: DecisionInput) -> RuleDecision:
    digits = case.number.digits
    if digits in case.account.kosher:
        return State.KOSHER, "kosher list"
    if digits.startswith(case.kosher_prefixes):
        prefix = next(prefix for prefix in case.kosher_prefixes if digits.startswith(prefix))
        return State.KOSHER, f"kosher prefix {prefix}"
    return None


def _credit(case: DecisionInput) -> RuleDecision:
    if case.account.can_pay(case.segments):
        return None
    return State.NO_CREDIT, f"credit {case.account.credit}, needed {case.segments}"


def _gateway(case: DecisionInput) -> RuleDecision:
    return None if case.account.gateway else (State.NO_GATEWAY, "account has no gateway")


DefaultRule = Callable[[DecisionInput], RuleDecision]

DEFAULT_RULES: Final[tuple[DefaultRule, ...]] = (
    _number_form,
    _bounce_list,
    _opt_out,
    _kosher,
    _credit,
    _gateway,
)
"""The natural causes in the order they are looked at (inferred: cheapest first)."""

RULES_AFTER_CREDIT: Final = DEFAULT_RULES[1:]
"""Those that count once there is credit: what waited for it had a number that was right, or a rule said so."""


class Decisions:
    """Decides by magic number, then by natural cause."""

    def __init__(self, settings: Settings) -> None:
        self.catalogue = Catalogue(settings.magic_prefix, settings.magic_delay)
        self._kosher_prefixes = settings.kosher_prefix

    def decide(self, account: Account, number: PhoneNumber, segments: int) -> Outcome:
        """Return the outcome of a message that is taken up for the first time."""
        code = self.catalogue.code(number.digits)
        ordered = self._magic_outcome(code, account, number) if code else None
        return ordered or self.decide_by_default(account, number, segments)

    def decide_by_default(
        self, account: Account, number: PhoneNumber, segments: int, causes: Iterable[DefaultRule] = DEFAULT_RULES
    ) -> Outcome:
        """Return the outcome by natural causes alone.

        The form of a magic number is right whatever its prefix.
        """
        case = DecisionInput(account, number, segments, self.catalogue, self._kosher_prefixes)
        for cause in causes:
            finding = cause(case)
            if finding is not None:
                state, why = finding
                return Outcome(steps=(Step(state),), decided_by=why)
        return SENT

    def _magic_outcome(self, code: str, account: Account, number: PhoneNumber) -> Outcome | None:
        row = self.catalogue.rows[code]
        effect = row.effect
        if isinstance(effect, Fault):
            return Outcome(steps=SENT.steps, decided_by=f"magic number {code} ({row.title})")
        return None if _spent(effect, account, number) else effect


def _spent(effect: Outcome, account: Account, number: PhoneNumber) -> bool:
    """Whether a number that opts its owner out has done so: from then on it is refused like any other."""
    opts_out = any(isinstance(reaction, ReplyReaction) and reaction.opts_out for reaction in effect.reactions)
    return opts_out and number.digits in account.unsubscribed
