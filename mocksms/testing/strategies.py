"""Hypothesis strategies: numbers, texts, send requests, scenarios. Needs `mocksms[hypothesis]`."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from mocksms.sms.lifecycle import NEXT
from mocksms.sms.magic import Catalogue
from mocksms.sms.message import State
from mocksms.sms.numbers import KOSHER_PREFIXES, MAGIC_PREFIX
from mocksms.sms.outcomes import Fault
from mocksms.sms.segments import GSM_BASIC, GSM_EXTENSION

HEBREW: Final = "אבגדהוזחטיךכלםמןנסעףפץצקרשת"
EMOJI: Final = "😀😂🎉🚀❤👍🙏🔥📦🛒🔐✅"

_DIGITS: Final = "0123456789"
_CATALOGUE: Final = Catalogue()
_MOBILE_BLOCKS: Final = "01234568"
"""Digits after 05 in mobile numbers."""


def valid_numbers() -> st.SearchStrategy[str]:
    """Valid Israeli mobile numbers in various spellings, neither kosher nor magic."""
    ordinary = st.builds("9725{}{}".format, st.sampled_from(_MOBILE_BLOCKS), _digits(7)).filter(
        _is_neither_kosher_nor_magic
    )
    return st.builds(_spelt, ordinary, st.sampled_from(["", "-", " "]), st.sampled_from(["", "+"]))


def invalid_numbers() -> st.SearchStrategy[str]:
    """Invalid numbers: too short, too long, without the country code, or with letters."""
    return st.one_of(
        st.builds("9725{}{}".format, st.sampled_from(_MOBILE_BLOCKS), _digits(6)),
        st.builds("9725{}{}".format, st.sampled_from(_MOBILE_BLOCKS), _digits(8)),
        st.builds("05{}{}".format, st.sampled_from(_MOBILE_BLOCKS), _digits(7)),
        st.text("abcdefghij", min_size=1, max_size=12),
    )


def kosher_numbers() -> st.SearchStrategy[str]:
    """Kosher numbers: they receive no SMS."""
    return st.sampled_from(KOSHER_PREFIXES).flatmap(lambda prefix: _digits(12 - len(prefix)).map(prefix.__add__))


def magic_numbers(*, faults: bool = False) -> st.SearchStrategy[str]:
    """Magic numbers; with `faults` also those that change the HTTP response."""
    rows = [row for row in _CATALOGUE.rows.values() if faults or not isinstance(row.effect, Fault)]
    return st.builds(lambda row, lane: row.number(lane=lane), st.sampled_from(rows), st.integers(0, 99))


def numbers() -> st.SearchStrategy[str]:
    """Numbers of every kind, except magic numbers that change the HTTP response."""
    return st.one_of(valid_numbers(), invalid_numbers(), kosher_numbers(), magic_numbers())


def gsm_texts(max_size: int = 320) -> st.SearchStrategy[str]:
    """Texts in GSM-7, extension characters included."""
    return _texts(GSM_BASIC.replace("#", "") + GSM_EXTENSION, max_size)


def hebrew_texts(max_size: int = 150) -> st.SearchStrategy[str]:
    """Texts in Hebrew, encoded in UCS-2."""
    return _texts(HEBREW + " .,!?" + _DIGITS, max_size).filter(lambda text: not text.isascii())


def emoji_texts(max_size: int = 150) -> st.SearchStrategy[str]:
    """Texts with emoji; most of these are two UTF-16 code units."""
    return _texts(EMOJI + "abc ", max_size).filter(lambda text: not text.isascii())


def placeholder_texts(names: tuple[str, ...] = ("name", "code")) -> st.SearchStrategy[str]:
    """Texts with placeholders such as `#name#`."""
    parts = st.lists(st.tuples(gsm_texts(20), st.sampled_from(names)), min_size=1, max_size=4)
    return parts.map(lambda pairs: "".join(f"{text} #{name}# " for text, name in pairs))


def texts() -> st.SearchStrategy[str]:
    """Texts of every kind."""
    return st.one_of(gsm_texts(), hebrew_texts(), emoji_texts(), placeholder_texts())


def send_requests(
    to: st.SearchStrategy[str] | None = None, content: st.SearchStrategy[str] | None = None
) -> st.SearchStrategy[dict[str, Any]]:
    """Request bodies of `POST /transactional/sms/send`.

    Args:
        to: strategy for the numbers; None for every kind.
        content: strategy for the contents; None for every kind.
    """
    recipients = st.lists(
        st.fixed_dictionaries({"mobile_number": numbers() if to is None else to}), min_size=1, max_size=5
    )
    message = st.fixed_dictionaries(
        {"content": texts() if content is None else content, "to": recipients},
        optional={
            "tags": st.lists(st.sampled_from(["otp", "billing", "delivery"]), unique=True, max_size=3),
            "add_unsubscribe_link": st.booleans(),
            "track_clicks": st.booleans(),
            "sender_id": st.sampled_from(["Shop", "Bank", "Clinic"]),
        },
    )
    return st.fixed_dictionaries({"message": message}, optional={"async": st.booleans()})


def scenarios() -> st.SearchStrategy[dict[str, Any]]:
    """Scenarios for `MockSMS.scenario`: the credit of the account, and rules with a limit."""
    # A rule without a limit that matches everything makes later rules useless, which a scenario refuses.
    return st.fixed_dictionaries(
        {"rule": st.lists(_rules(), max_size=4)},
        optional={"about": gsm_texts(60), "account": st.fixed_dictionaries({"credit": st.integers(0, 1_000)})},
    )


def _rules() -> st.SearchStrategy[dict[str, Any]]:
    match = st.fixed_dictionaries(
        {}, optional={"tag": st.sampled_from(["otp", "billing"]), "to": st.sampled_from(["972-52-*", "972-54-*"])}
    )
    limits = {"times": st.integers(1, 3), "match": match}
    free = [{"status": "scheduled"}, {"status": "rejected", "reason": "frequency_limit"}]
    outcomes = st.sampled_from([*(str(state) for state in NEXT[State.QUEUED]), *free])
    fault = st.sampled_from([{"kind": "status", "status": 503}, {"kind": "malformed"}, {"kind": "empty"}])
    return st.one_of(
        st.fixed_dictionaries({"outcome": outcomes, **limits}), st.fixed_dictionaries({"fault": fault, **limits})
    )


def _texts(alphabet: str, max_size: int) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=1, max_size=max_size).filter(lambda text: bool(text.strip()))


def _digits(count: int) -> st.SearchStrategy[str]:
    return st.text(_DIGITS, min_size=count, max_size=count)


def _is_neither_kosher_nor_magic(digits: str) -> bool:
    return not digits.startswith((MAGIC_PREFIX, *KOSHER_PREFIXES))


def _spelt(digits: str, separator: str, plus: str) -> str:
    return f"{plus}{separator.join((digits[:3], digits[3:5], digits[5:]))}"
