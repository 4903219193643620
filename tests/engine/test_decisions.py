from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from mocksms.engine.account import Account
from mocksms.engine.clock import Clock
from mocksms.engine.decisions import SENT_BY_DEFAULT, Decisions, is_possible
from mocksms.engine.keys import AccountKey
from mocksms.engine.logs import Numbering
from mocksms.settings import Settings
from mocksms.sms import numbers
from mocksms.sms.message import State
from mocksms.sms.outcomes import Outcome, Step
from tests.support import KEY, NUMBER, ManualClock

KOSHER = "972-58-32XXXXX"


def decide(number: str = NUMBER, segments: int = 1, **options: Any) -> Outcome:
    settings = Settings(**options)
    account = Account(AccountKey.of(KEY), settings, Clock(ManualClock()), "tests", Numbering())
    return Decisions(settings).decide(account, numbers.parse(number), segments)


@pytest.mark.ledger("status.sent")
def test_message_is_sent_when_no_rule_applies() -> None:
    assert decide() is SENT_BY_DEFAULT
    assert SENT_BY_DEFAULT.steps == (Step(State.SENT),)
    assert SENT_BY_DEFAULT.decided_by == "no rule or list applied"


@pytest.mark.parametrize(
    ("number", "options", "state", "words"),
    [
        pytest.param(
            "972-54-111111",
            {},
            State.INVALID,
            "number form: 11 digits, but an Israeli mobile number is 9725 and 8 more digits",
            id="a digit short",
            marks=pytest.mark.ledger("status.invalid", "number.form"),
        ),
        pytest.param(
            "054-1111111",
            {},
            State.INVALID,
            "number form: a local number without country code",
            id="local",
            marks=pytest.mark.ledger("number.local"),
        ),
        pytest.param(
            "1-202-555-01",
            {},
            State.INVALID,
            "number form: no country has such a number",
            id="foreign of an impossible length",
            marks=pytest.mark.ledger("number.foreign"),
        ),
        pytest.param(
            NUMBER,
            {"bounced": ("972541111111",)},
            State.BOUNCED,
            "bounce list",
            id="bounced",
            marks=pytest.mark.ledger("status.bounced"),
        ),
        pytest.param(
            NUMBER,
            {"unsubscribed": ("972541111111",)},
            State.UNSUBSCRIBED,
            "opt-out",
            id="opted out",
            marks=pytest.mark.ledger("status.unsubscribe"),
        ),
        pytest.param(
            NUMBER,
            {"kosher": ("972541111111",)},
            State.KOSHER,
            "kosher list",
            id="kosher by list",
            marks=pytest.mark.ledger("status.kosher"),
        ),
        pytest.param(
            KOSHER,
            {},
            State.KOSHER,
            "kosher prefix 9725832",
            id="kosher by prefix",
            marks=pytest.mark.ledger("status.kosher", "number.kosher-prefix"),
        ),
        pytest.param(
            NUMBER,
            {"kosher_prefix": ("97254",)},
            State.KOSHER,
            "kosher prefix 97254",
            id="kosher by another prefix",
            marks=pytest.mark.ledger("number.kosher-prefix"),
        ),
        pytest.param(
            NUMBER,
            {"credit": 0},
            State.NO_CREDIT,
            "credit 0, needed 1",
            id="no credit",
            marks=pytest.mark.ledger("status.no-credit"),
        ),
        pytest.param(
            NUMBER,
            {"gateway": False},
            State.NO_GATEWAY,
            "account has no gateway",
            id="no gateway",
            marks=pytest.mark.ledger("status.no-gateway"),
        ),
    ],
)
def test_default_rule_decides_a_message_and_says_why(
    number: str, options: dict[str, Any], state: State, words: str
) -> None:
    assert decide(number, **options) == Outcome(steps=(Step(state),), decided_by=words)


@pytest.mark.ledger("number.kosher-prefix")
def test_every_published_prefix_is_kosher() -> None:
    for prefix in numbers.KOSHER_PREFIXES:
        assert decide(prefix.ljust(12, "0")).decided_by == f"kosher prefix {prefix}"


def test_no_prefix_is_kosher_with_an_empty_list() -> None:
    assert decide(KOSHER, kosher_prefix=()) is SENT_BY_DEFAULT


@pytest.mark.ledger("number.foreign")
def test_foreign_number_of_a_possible_length_is_sent() -> None:
    assert decide("+1 202 555 0123") is SENT_BY_DEFAULT


REASONS: list[tuple[State, dict[str, Any]]] = [
    (State.BOUNCED, {"bounced": ("972541111111", "0541111111")}),
    (State.UNSUBSCRIBED, {"unsubscribed": ("972541111111", "0541111111")}),
    (State.KOSHER, {"kosher_prefix": ("97254", "054")}),
    (State.NO_CREDIT, {"credit": 0}),
    (State.NO_GATEWAY, {"gateway": False}),
]


@pytest.mark.ledger("status.order")
def test_number_form_is_checked_first() -> None:
    everything: dict[str, Any] = {}
    for _, options in REASONS:
        everything.update(options)
    assert decide("054-1111111", **everything).steps == (Step(State.INVALID),)


@pytest.mark.ledger("status.order")
@pytest.mark.parametrize(
    ("earlier", "later"),
    [pytest.param(*pair, id=f"{pair[0][0]} before {pair[1][0]}") for pair in combinations(REASONS, 2)],
)
def test_earlier_default_rule_takes_precedence(
    earlier: tuple[State, dict[str, Any]], later: tuple[State, dict[str, Any]]
) -> None:
    assert decide(**later[1]).steps == (Step(later[0]),)
    assert decide(**later[1], **earlier[1]).steps == (Step(earlier[0]),)


@pytest.mark.ledger("credit.segments")
@pytest.mark.parametrize(("segments", "state"), [(3, State.SENT), (4, State.NO_CREDIT)], ids=["enough", "one short"])
def test_credit_is_compared_with_the_segments(segments: int, state: State) -> None:
    outcome = decide(segments=segments, credit=3)
    assert outcome.steps == (Step(state),)


@pytest.mark.ledger("decision.order")
def test_magic_number_takes_precedence_over_default_rules() -> None:
    outcome = decide("972-50-0000000", credit=0, gateway=False, bounced=("972500000000",), kosher_prefix=("97250000",))
    assert outcome.decided_by == "magic number 00 (sent)"


def test_magic_number_with_a_fault_is_sent() -> None:
    outcome = decide("972-50-0007300")
    assert outcome.steps == SENT_BY_DEFAULT.steps
    assert outcome.decided_by == "magic number 73 (accepted, body truncated)"


def test_prefix_of_magic_numbers_is_an_option() -> None:
    assert decide("972-55-5552000", magic_prefix="97255555").decided_by.startswith("magic number 20")
    assert decide("972-50-0002000", magic_prefix="97255555") is SENT_BY_DEFAULT


def test_magic_number_that_opted_out_is_rejected() -> None:
    assert decide("972-50-0000400").steps == (Step(State.SENT),)
    refused = decide("972-50-0000400", unsubscribed=("972500000400",))
    assert refused == Outcome(steps=(Step(State.UNSUBSCRIBED),), decided_by="opt-out")


def test_magic_number_that_opted_out_is_rejected_with_any_prefix() -> None:
    refused = decide("99990400", magic_prefix="9999", unsubscribed=("99990400",))
    assert refused.steps == (Step(State.UNSUBSCRIBED),)


def test_other_magic_number_ignores_the_opt_out() -> None:
    assert decide("972-50-0000300", unsubscribed=("972500000300",)).steps == (Step(State.SENT),)


def test_default_rules_ignore_magic_numbers() -> None:
    settings = Settings()
    account = Account(AccountKey.of(KEY), settings, Clock(ManualClock()), "tests", Numbering())
    assert Decisions(settings).decide_by_default(account, numbers.parse("972-50-0004000"), 1) is SENT_BY_DEFAULT


@pytest.mark.ledger("number.foreign")
@pytest.mark.parametrize(
    ("digits", "possible"),
    [
        pytest.param("12025550123", True, id="American"),
        pytest.param("4915112345678", True, id="German"),
        pytest.param("447911123456", True, id="British"),
        pytest.param("1202555XXXX", True, id="masked"),
        pytest.param("1202555012", False, id="a digit short"),
        pytest.param("120255501234", False, id="a digit over"),
        pytest.param("5550123", False, id="local only"),
        pytest.param("999123456", False, id="no such country"),
        pytest.param("1", False, id="country code alone"),
        pytest.param("", False, id="nothing"),
        pytest.param("X", False, id="one masked digit"),
        pytest.param("9" * 40, False, id="far too long"),
    ],
)
def test_foreign_number_is_possible_if_its_country_uses_that_length(digits: str, possible: bool) -> None:
    assert is_possible(digits) is possible
