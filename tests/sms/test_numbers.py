from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms.sms.numbers import (
    KOSHER_PREFIXES,
    MAGIC_PREFIX,
    MAX_NUMBER_LENGTH,
    ORDINARY_NUMBERS,
    NumberForm,
    digits_of,
    ordinary_number,
    parse,
)


@pytest.mark.ledger("number.separators", "number.masked")
@pytest.mark.parametrize(
    ("raw", "digits"),
    [
        pytest.param("972-54-1111111", "972541111111", id="the guide's"),
        pytest.param("+972 54.111 11(11)", "972541111111", id="every separator"),
        pytest.param("[972]541111111", "972541111111", id="square brackets"),
        pytest.param("972-58-32xxxxx", "9725832XXXXX", id="masked in lower case"),
        pytest.param("", "", id="nothing"),
        pytest.param("call me", "CALLME", id="letters stay"),
        pytest.param("9" * 100, "9" * MAX_NUMBER_LENGTH, id="cut at the longest"),
    ],
)
def test_digits_of_drops_separators_only(raw: str, digits: str) -> None:
    assert digits_of(raw) == digits


@pytest.mark.ledger("number.form", "number.separators", "number.masked")
@pytest.mark.parametrize(
    "raw",
    [
        pytest.param("972-54-1111111", id="the guide's"),
        pytest.param("+972 (54) 111.11.11", id="other separators"),
        pytest.param("972541111111", id="bare digits"),
        pytest.param("972-54-XXXXXXX", id="masked by the guide"),
        pytest.param("972-58-32XXXXX", id="kosher by the guide"),
    ],
)
def test_israeli_mobile_is_9725_and_eight_more_digits(raw: str) -> None:
    number = parse(raw)
    assert number.form is NumberForm.ISRAELI_MOBILE
    assert number.digits == digits_of(raw)
    assert not number.problem


@pytest.mark.ledger("number.form")
def test_israeli_mobile_range_excludes_57() -> None:
    forms = [parse(f"972-5{digit}-1234567").form for digit in range(10)]
    expected = [NumberForm.ISRAELI_MOBILE] * 10
    expected[7] = NumberForm.MALFORMED
    assert forms == expected


@pytest.mark.ledger("number.form")
@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        pytest.param("", "no digits in it", id="nothing"),
        pytest.param("+-. ()[]", "no digits in it", id="only separators"),
        pytest.param("972-54-11111a1", '"a" is neither digit nor separator', id="a letter"),
        pytest.param("call me", '"c", "a", "l" and 2 more are neither digits nor separators', id="letters"),
        pytest.param(
            "972-54-111111١", "U+0661 ARABIC-INDIC DIGIT ONE is neither digit nor separator", id="an Arabic digit"
        ),
        pytest.param("972\t541111111", r"U+0009 \t (invisible) is neither digit nor separator", id="a tab"),
        pytest.param(
            "\u202a972-54-1111111\u202c",
            "U+202A LEFT-TO-RIGHT EMBEDDING (invisible), U+202C POP DIRECTIONAL FORMATTING (invisible) "
            "are neither digits nor separators",
            id="marks of direction",
        ),
        pytest.param(
            "972\u201154\u20111111111", "U+2011 NON-BREAKING HYPHEN is neither digit nor separator", id="another hyphen"
        ),
        pytest.param(
            "972\xa0541111111", "U+00A0 NO-BREAK SPACE (invisible) is neither digit nor separator", id="another space"
        ),
        pytest.param("972\ud83d", r"U+D83D \ud83d (invisible) is neither digit nor separator", id="a lone surrogate"),
        pytest.param("0972-54-1111111", "a 0 before the country code; leave it out", id="a 0 before the country code"),
        pytest.param("+972 (0)54 1111111", "a 0 after the country code 972; leave it out", id="a 0 too many"),
        pytest.param(
            "972-54-111111",
            "11 digits, but an Israeli mobile number is 9725 and 8 more digits",
            id="the guide's, a digit short",
        ),
        pytest.param(
            "972-54-11111111",
            "13 digits, but an Israeli mobile number is 9725 and 8 more digits",
            id="a digit over",
        ),
        pytest.param(
            "972-3-1234567", "11 digits, but an Israeli mobile number is 9725 and 8 more digits", id="a landline"
        ),
        pytest.param("9" * 41, "41 characters long", id="too long"),
    ],
)
def test_malformed_number_says_what_is_wrong(raw: str, fault: str) -> None:
    number = parse(raw)
    assert number.form is NumberForm.MALFORMED
    assert number.problem == fault


@pytest.mark.parametrize("tail", [" " * 28 + "9", "-" * 40], ids=["digits beyond", "separators beyond"])
def test_number_above_the_maximum_length_is_malformed(tail: str) -> None:
    number = parse("972541111111" + tail)
    assert number.form is NumberForm.MALFORMED
    assert number.problem == f"{12 + len(tail)} characters long"


def test_number_of_the_maximum_length_is_parsed() -> None:
    assert parse("972541111111".ljust(MAX_NUMBER_LENGTH, "-")).form is NumberForm.ISRAELI_MOBILE
    assert parse("442079460000".ljust(MAX_NUMBER_LENGTH, "-")).form is NumberForm.FOREIGN


@pytest.mark.ledger("number.local")
def test_local_number_is_malformed() -> None:
    number = parse("054-1111111")
    assert number.form is NumberForm.MALFORMED
    assert number.problem == "a local number without country code"


def test_number_as_dialled_from_abroad_is_not_called_local() -> None:
    for accept_local in (False, True):
        number = parse("00972-54-1111111", accept_local=accept_local)
        assert number.form is NumberForm.MALFORMED
        assert number.problem == "00, as dialled for calls abroad, before the country code; leave it out"


def test_ordinary_numbers_are_israeli_mobiles_and_neither_kosher_nor_magic() -> None:
    numbers = [parse(ordinary_number(lane)) for lane in range(ORDINARY_NUMBERS)]
    assert {number.form for number in numbers} == {NumberForm.ISRAELI_MOBILE}
    assert len({number.digits for number in numbers}) == ORDINARY_NUMBERS
    assert not any(number.digits.startswith((*KOSHER_PREFIXES, MAGIC_PREFIX)) for number in numbers)


@pytest.mark.ledger("number.local")
def test_accepted_local_number_gets_the_country_code() -> None:
    number = parse("054-1111111", accept_local=True)
    assert number.form is NumberForm.ISRAELI_MOBILE
    assert number.digits == "972541111111"


@pytest.mark.parametrize(
    "raw",
    ["03-1234567", "054-111111", "00972-54-1111111", "057-1111111"],
    ids=["a landline", "a digit short", "dialled from abroad", "no mobile range"],
)
def test_only_mobiles_are_accepted_as_local_numbers(raw: str) -> None:
    assert parse(raw, accept_local=True).form is NumberForm.MALFORMED


def test_accepting_local_numbers_changes_no_other_number() -> None:
    assert parse("972-54-1111111", accept_local=True) == parse("972-54-1111111")


@pytest.mark.ledger("number.foreign")
@pytest.mark.parametrize("raw", ["+1 202 555 0123", "49-151-12345678", "1", "44XXXX"])
def test_foreign_number_is_not_checked(raw: str) -> None:
    number = parse(raw)
    assert number.form is NumberForm.FOREIGN
    assert not number.problem


@pytest.mark.ledger("number.kosher-prefix")
def test_kosher_prefixes_are_nine_israeli_mobile_prefixes() -> None:
    assert len(KOSHER_PREFIXES) == len(set(KOSHER_PREFIXES)) == 9
    assert "9725832" in KOSHER_PREFIXES
    assert all(parse(prefix.ljust(12, "0")).form is NumberForm.ISRAELI_MOBILE for prefix in KOSHER_PREFIXES)


@given(st.text(max_size=60), st.booleans())
def test_only_malformed_numbers_have_a_problem(raw: str, accept_local: bool) -> None:
    number = parse(raw, accept_local=accept_local)
    assert bool(number.problem) is (number.form is NumberForm.MALFORMED)


@given(st.text("0123456789", min_size=1, max_size=15), st.lists(st.sampled_from("+-. ()[]"), max_size=20))
def test_separators_do_not_change_a_number(digits: str, separators: list[str]) -> None:
    spread = "".join(
        separator + digit
        for separator, digit in zip((separators + [""] * len(digits))[: len(digits)], digits, strict=True)
    )
    assert parse(spread) == parse(digits)
