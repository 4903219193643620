from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mocksms.compare.guard import possible_numbers
from mocksms.compare.http_probes import GUIDE_401
from mocksms.compare.model import KEY_NAME, PhoneRequest, ProbeContext, ProbeRequest, Report, Run
from mocksms.compare.probes import FREE_PROBES
from mocksms.compare.reasons import NO_REASON, REASONS, reason_not_tried
from mocksms.fidelity import ledger
from tests.compare.support import STARTED, report_of, run_of

IDS = [behaviour.id for behaviour in ledger()]
SHOWN = {id_ for probe in FREE_PROBES for place, id_ in probe.behaviours.items() if not place.startswith("status ")}


@pytest.fixture(scope="module")
def run() -> Run:
    return run_of()


def requests(run: Run, started: datetime = STARTED) -> list[ProbeRequest]:
    context = ProbeContext(started, run.results)
    found = [probe.request(context) for probe in FREE_PROBES]
    return [request for request in found if not isinstance(request, PhoneRequest)]


def test_each_behaviour_is_tried_by_a_probe_or_has_a_reason_and_not_both() -> None:
    assert [id_ for id_ in IDS if id_ not in SHOWN and reason_not_tried(id_) == NO_REASON] == []
    assert [id_ for id_ in SHOWN if id_ not in IDS] == []
    assert [id_ for id_ in SHOWN if id_ in REASONS] == [GUIDE_401]  # the setting auth_errors has other texts


def test_each_reason_is_about_a_behaviour() -> None:
    unused = [start for start in REASONS if not any(id_ == start or id_.startswith(start) for id_ in IDS)]
    assert unused == []


def test_check_finds_a_behaviour_without_probe_and_reason() -> None:
    assert reason_not_tried("no.such-behaviour") == NO_REASON


def test_probes_have_unique_ids_and_follow_those_that_they_need() -> None:
    ids = [probe.id for probe in FREE_PROBES]
    assert len({*ids}) == len(ids)
    for index, probe in enumerate(FREE_PROBES):
        assert {*probe.needs} <= {*ids[:index]}
        assert {"status", "type", "body"} <= {*probe.behaviours}
        assert probe.cost == 0


def test_a_service_like_the_mock_agrees_in_each_behaviour_that_probes_show() -> None:
    report = report_of()
    assert replace(report, agree=[], not_tried=[]) == Report({}, [], [], [], [], {})
    assert {each.id for each in report.agree} == SHOWN
    assert {each.id for each in report.not_tried} == {*IDS} - SHOWN


def recipients(request: ProbeRequest) -> Iterator[str]:
    """Return the numbers in a request: recipients by their names in any notation, and all that look like one."""
    text = f"{request.path} {request.body.decode('utf-8', 'replace')}"
    yield from re.findall(r"""(?:mobile_number|rcpt)['"]?\s*[:=]\s*['"]?([^'"&},]*)""", text, re.IGNORECASE)
    yield from re.findall(r"(?:\+|00)?972[-. ()0-9]+|(?<![0-9])05[-. ()0-9]+", text)


def test_no_free_probe_has_a_number_that_a_phone_can_have(run: Run) -> None:
    numbers = {*chain.from_iterable(map(recipients, requests(run)))}
    assert "972-54-111111" in numbers
    assert "972-54-XXXXXXX" in numbers
    for number in numbers:
        digits = re.sub(r"[^0-9]", "", number)
        assert not re.fullmatch(r"(00)?(972)?0?5[0-9]{8}", digits), number
        for parsed in (f"+{digits}", f"+972{digits}"):
            assert len(digits) < 5 or not phonenumbers.is_valid_number(phonenumbers.parse(parsed)), number


@given(started=st.datetimes(datetime(2026, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)))
@example(started=datetime(2026, 11, 29, 3, 3, 15, tzinfo=UTC))  # 05:03:15 in Israel has the digits of a number
def test_guard_finds_no_number_in_a_free_probe_at_any_time(run: Run, started: datetime) -> None:
    assert [number for request in requests(run, started) for number in possible_numbers(request)] == []


def test_no_request_has_a_key(run: Run) -> None:
    for request in requests(run):
        assert KEY_NAME not in str(request)
        assert not {"x-api-key", "authorization"} & {name.lower() for name, _ in request.headers}


def test_a_run_is_marked_by_a_word_of_its_own(run: Run) -> None:
    bodies = [request.body.decode() for request in requests(run) if b'"tags": ["mocksms' in request.body]
    assert bodies
    assert all(json.loads(body)["message"]["tags"][0] == "mocksms-20260301-121000" for body in bodies)
