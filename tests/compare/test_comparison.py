from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mocksms.compare.client import ServiceClient
from mocksms.compare.comparison import compare
from mocksms.compare.guard import GuardedSender
from mocksms.compare.model import KEY_NAME, FailureKind, PhoneRequest, Probe, ProbeFailure
from mocksms.compare.observable import OBSERVABLE
from mocksms.compare.places import SEND_PLACES
from mocksms.compare.probes import FREE_PROBES
from mocksms.compare.requests import id_of, send
from mocksms.compare.run import run_probes
from mocksms.engine.clock import Stopwatch, system_time
from mocksms.fidelity import ledger
from mocksms.settings import OPTIONS, Settings
from tests.compare.support import report_of, run_of
from tests.support import KEY, running

DEFAULTS = Settings()
CHANGES = {
    each.option: st.sampled_from([value for value in each.examples if value != getattr(DEFAULTS, each.option)])
    for each in OBSERVABLE
    if not (each.hides or each.is_paid)
}


@hypothesis_settings(max_examples=5, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(changes=st.fixed_dictionaries({}, optional=CHANGES))
def test_settings_of_a_service_are_found(changes: dict[str, Any]) -> None:
    report = report_of(**changes)
    assert report.settings == changes
    assert report.unexplained == []
    assert bool(report.differ) == bool(changes)


def test_all_settings_of_a_service_are_found_at_once() -> None:
    changes = {
        each.option: next(value for value in each.examples if value != getattr(DEFAULTS, each.option))
        for each in OBSERVABLE
        if not (each.hides or each.is_paid)
    }
    report = report_of(**changes)
    assert report.settings == changes
    assert [*report.settings] == [option for option in OPTIONS if option in changes]
    assert report.unexplained == []


def test_short_delay_of_async_sends_is_found_between_the_reads_of_a_fast_run() -> None:
    report = report_of(step=0.01, async_delay=timedelta(seconds=0.4))
    assert [*report.settings] == ["async_delay"]
    assert timedelta(seconds=0.1) < report.settings["async_delay"] < timedelta(seconds=1)
    assert report.unexplained == []


def test_settings_of_a_service_behind_a_socket_are_found() -> None:
    changes: dict[str, Any] = {"auth_errors": "observed", "row_status_key": "state", "read_zone": "utc"}
    with running(Settings(port=0, api_key=(KEY,), **changes)) as mock:
        client, stopwatch = ServiceClient(f"{mock.url}/rest/v1", KEY), Stopwatch()
        run = run_probes(FREE_PROBES, GuardedSender(client), system_time(), lambda: stopwatch.seconds)
    report = compare(run, FREE_PROBES, Settings(api_key=(KEY_NAME,)))
    assert report.settings == changes
    assert report.unexplained == []
    assert KEY not in str(report)


def test_failure_is_the_reason_of_what_no_other_probe_shows() -> None:
    run = run_of()
    failure = ProbeFailure(FailureKind.HTML, "404 Not Found, an HTML page")
    run.results["info.unknown"] = failure
    report = compare(run, FREE_PROBES, Settings())
    assert report.failures == {"info.unknown": failure}
    assert report.differ == []
    found = [each.reason for each in report.not_tried if each.id == "info.unknown"]
    assert found == ["info.unknown: HTML page: 404 Not Found, an HTML page"]


def test_any_responses_are_compared() -> None:
    """A service may send anything; each behaviour is still in exactly one list."""
    bodies = itertools.cycle(
        [
            b"",
            b"\xff\x00",
            b"[" * 100_000,
            b"[" * 200 + b"]" * 200,
            b"1" * 5_000,
            b"null",
            b'[NaN, 1, {"transaction_id": NaN}, {"transaction_id": true}, {"transaction_id": 1e999}]',
            b'[{"transaction_id": "\\ud800 &?#/"}]',
            b'[{"transaction_id": 12, "status": {}, "reject_reason": [null], "mobile_number": 1.50}]',
            b'{"Message": null, "Message": {"send_at": "2026-99-99 12:00:00", "clicks": [[]]}}',
        ]
    )
    run = run_of(lambda _, response: response._replace(body=next(bodies)))
    report = compare(run, FREE_PROBES, Settings())
    listed = [each.id for each in report.agree] + [each.id for each in report.differ]
    listed += [each.id for each in report.not_tried]
    assert sorted(listed) == sorted(behaviour.id for behaviour in ledger())
    assert {each.difference.id for each in report.unexplained} == {each.id for each in report.differ}


def test_probe_is_left_out_whose_request_needs_a_result_that_a_recording_lacks() -> None:
    run = run_of()
    del run.results["send.placeholders"]
    report = compare(run, FREE_PROBES, Settings())
    assert report.differ == []
    [reason] = [each.reason for each in report.not_tried if each.id == "body.placeholder-hashes"]
    needed = "the transaction_id of recipient 1 from the response to send.placeholders"
    assert reason == f"info.placeholder-hashes was not sent: it needs {needed}"


def test_account_without_rest_right_is_found_with_the_form_of_its_refusals() -> None:
    changes: dict[str, Any] = {"rest_right": False, "auth_errors": "observed", "error_envelope": "string"}
    report = report_of(**changes, reason_spelling="hyphen")
    assert report.settings == changes
    assert report.unexplained == []
    reasons = {each.id: each.reason for each in report.not_tried}
    assert reasons["send.echo"] == "the response to send.sync does not show it"
    assert reasons["row.dates"].startswith("info.async was not sent: it needs the transaction_id of recipient 0")


def test_settings_that_are_given_are_not_found_again() -> None:
    given_settings = Settings(auth_errors="observed", api_key=(KEY_NAME,))
    run = run_of(auth_errors="observed", api_key=(KEY_NAME,), read_zone="utc")
    report = compare(run, FREE_PROBES, given_settings)
    assert report.settings == {"read_zone": "utc"}
    assert {each.id for each in report.differ} == {"row.dates", "search.dates"}
    assert {"auth.observed-401", "auth.missing-401"} <= {each.id for each in report.agree}


def test_setting_can_be_given_back() -> None:
    report = compare(run_of(), FREE_PROBES, Settings(auth_errors="observed", sync_limit=10))
    assert report.settings == {"auth_errors": "documented", "sync_limit": None}
    assert report.unexplained == []


def test_account_that_cannot_schedule_without_credit_is_found() -> None:
    changes: dict[str, Any] = {"credit": 0, "schedule_without_credit": False}
    report = report_of(**changes)
    assert report.settings == changes
    assert "credit.scheduled" in {each.id for each in report.differ}
    assert report.unexplained == []


@pytest.mark.parametrize("changes", [{"gateway": False}, {"kosher_prefix": ()}], ids=lambda changes: "-".join(changes))
def test_setting_is_found_that_shows_if_masked_numbers_are_valid(changes: dict[str, Any]) -> None:
    report = report_of(**changes)
    assert report.settings == changes
    assert report.unexplained == []
    assert "number.masked" in {each.id for each in report.differ}


NUMBER = "972-54-1111111"

PAID = (
    Probe("send.paid", "an SMS", {**SEND_PLACES, "body[].status": "status.sent"}, send(NUMBER, sender_id=""), cost=1),
    Probe(
        "phone.paid",
        "the phone with it",
        {"status": "status.sent", "phone.sender": "body.default-sender", "phone": "body.unsubscribe-link"},
        lambda context: PhoneRequest(id_of("send.paid")(context), "What does the phone show?"),
        ("send.paid",),
    ),
    Probe(
        "send.paid-off",
        "an SMS without link",
        {**SEND_PLACES, "body[].status": "status.sent"},
        send(NUMBER, add_unsubscribe_link=False),
        cost=1,
    ),
    Probe(
        "phone.paid-off",
        "the phone with it",
        {"status": "status.sent", "phone": "body.unsubscribe-link-off"},
        lambda context: PhoneRequest(id_of("send.paid-off")(context), "What does the phone show?"),
        ("send.paid-off",),
    ),
    Probe(
        "segments.paid",
        "what it cost",
        {"status": "status.sent", "phone": "credit.segments"},
        lambda context: PhoneRequest(id_of("send.paid-off")(context), "What was charged?", segments=True),
        ("send.paid-off",),
    ),
)


@pytest.mark.parametrize(
    "changes",
    [{"gateway": False}, {"credit": 0}, {"force_unsubscribe_link": True, "sender": "Shop"}],
    ids=lambda changes: "-".join(changes),
)
def test_settings_are_found_by_what_a_phone_shows(changes: dict[str, Any]) -> None:
    probes = (*FREE_PROBES, *PAID)
    report = compare(run_of(probes=probes, **changes), probes, Settings())
    assert report.settings == changes
    assert report.unexplained == []
