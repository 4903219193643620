"""What the strategies give is what they say, and the mock takes it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings

from mocksms import MockSMS
from mocksms.scenario.parser import check
from mocksms.scenario.schema import Scenario
from mocksms.sms.magic import Catalogue
from mocksms.sms.message import Submission
from mocksms.sms.numbers import KOSHER_PREFIXES, NumberForm, digits_of, parse
from mocksms.sms.segments import Encoding, count_segments
from mocksms.sms.text import Template
from mocksms.testing import strategies
from tests.testing.support import post


@given(strategies.valid_numbers())
def test_valid_number_is_an_ordinary_mobile(number: str) -> None:
    assert parse(number).form is NumberForm.ISRAELI_MOBILE
    assert Catalogue().code(digits_of(number)) is None
    assert not digits_of(number).startswith(KOSHER_PREFIXES)


@given(strategies.invalid_numbers())
def test_invalid_number_is_malformed(number: str) -> None:
    assert parse(number).form is NumberForm.MALFORMED


@given(strategies.kosher_numbers())
def test_kosher_number_is_a_mobile_that_takes_no_sms(number: str) -> None:
    assert parse(number).form is NumberForm.ISRAELI_MOBILE
    assert number.startswith(KOSHER_PREFIXES)


@given(strategies.magic_numbers(faults=True))
def test_magic_number_is_in_the_catalogue(number: str) -> None:
    assert Catalogue().code(digits_of(number)) in Catalogue().rows


@given(strategies.gsm_texts())
def test_gsm_text_travels_in_gsm7(text: str) -> None:
    assert count_segments(text).encoding is Encoding.GSM7


@pytest.mark.parametrize("texts", [strategies.hebrew_texts, strategies.emoji_texts])
def test_other_text_travels_in_ucs2(texts: Any) -> None:
    @given(texts())
    def law(text: str) -> None:
        assert count_segments(text).encoding is Encoding.UCS2

    law()


@given(strategies.placeholder_texts(("name",)))
def test_placeholder_text_has_placeholders(text: str) -> None:
    assert "name" in Template(Submission(content=text)).placeholders


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(strategies.send_requests())
def test_send_request_is_accepted(sms: MockSMS, request: dict[str, Any]) -> None:
    assert post(sms, request).status_code == 200


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(strategies.scenarios())
@example({"rule": []})
def test_scenario_can_be_activated(sms: MockSMS, scenario: dict[str, Any]) -> None:
    sms.scenario(scenario)
    assert len(sms.unused_rules) == len(scenario["rule"])


@given(strategies.scenarios())
def test_scenario_is_valid(scenario: dict[str, Any]) -> None:
    read = Scenario.model_validate_json(json.dumps(scenario))
    assert check(read, "a test") is read
