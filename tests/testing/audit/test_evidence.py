"""Evidence: what is read of a run of a test, and with how many requests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from mocksms import MockSMS
from mocksms.engine.rules import ApiOperation
from mocksms.settings import SessionSettings
from mocksms.sms.outcomes import FaultKind
from mocksms.testing.audit.evidence import ObservedRequest, RunEvidence, Target, read_evidence
from mocksms.testing.client import MockClient
from mocksms.testing.defaults import NO_DEFAULTS
from mocksms.testing.session import MockSession, RunningTest
from tests.receiver import receiving
from tests.support import NUMBER, Mock, body
from tests.testing.support import get, post, send

PHONE = "972541111111"


@pytest.fixture
def run(request: pytest.FixtureRequest) -> Iterator[RunningTest]:
    """A test that runs on a mock of its own session."""
    with MockSMS() as server:
        session = MockSession(server, SessionSettings(), NO_DEFAULTS, "main")
        yield session.start_test(request.node)


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Collect the requests of the inspection API."""
    targets: list[str] = []
    original = MockClient.send

    def count(client: MockClient, method: str, target: str, *arguments: Any, **options: Any) -> tuple[int, bytes]:
        targets.append(target)
        return original(client, method, target, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(MockClient, "send", count)
        yield targets


def test_evidence_takes_a_request_for_requests_and_one_for_the_messages_of_each_account(
    run: RunningTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    sms = run.sms
    sms.account("other-key")
    send(sms, NUMBER)
    send(sms.account("other-key"), NUMBER, content="Other")
    requests.post(f"{sms.base_url}/transactional/sms/send", json=body(), headers={"X-API-Key": "foreign"}, timeout=5)
    with counted(monkeypatch) as targets:
        evidence = read_evidence(run)
    assert len(targets) == 3
    assert [each.content for each in evidence.messages] == ["Hello", "Other"]
    assert [each.targets for each in evidence.requests] == [(Target(PHONE, "Hello"),), (Target(PHONE, "Other"),)]
    assert evidence.callbacks == 0


def test_running_mock_that_others_use_is_read_by_account(
    shared_mock: Mock, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = MockSMS.connect(shared_mock.url)
    run = MockSession(server, SessionSettings(url=shared_mock.url), NO_DEFAULTS, "main").start_test(request.node)
    send(run.sms, NUMBER)
    with counted(monkeypatch) as targets:
        evidence = read_evidence(run)
    assert len(evidence.requests) == len(evidence.messages) == 1
    assert len(targets) == 3  # such a mock can have callbacks
    run.sms.reset()
    server.stop()


def test_callbacks_are_counted(run: RunningTest) -> None:
    with receiving() as receiver:
        run.sms.webhook(receiver.url)
        send(run.sms, NUMBER, "972-54-2222222")
        run.sms.assert_callback(times=2)
        assert read_evidence(run).callbacks == 2


def test_request_says_how_the_provider_responded(run: RunningTest) -> None:
    sms = run.sms
    front = {"rule": [{"name": "x", "fault": {"kind": "status", "status": 503, "retry_after": "2s"}, "times": 1}]}
    sms.api("PUT", "scenario", front, front=True)
    sms.fault("reset_before_accept", match={"content": "lost"})
    sms.fault("malformed", match={"operation": "search"})
    post(sms, body("054-1111111", NUMBER))
    with pytest.raises(requests.ConnectionError):
        post(sms, body(content="lost"))
    post(sms, {"message": "unreadable"})
    [kosher] = send(sms, sms.number("kosher"))
    get(sms, f"/transactional/sms/info?transaction_id={kosher}")
    get(sms, "/transactional/sms/search")
    get(sms, "/nothing")
    refused, lost, unreadable, rejected, info, search, nothing = read_evidence(run).requests
    assert (refused.status, refused.fault, refused.is_refused, refused.is_injected) == (503, "status", True, True)
    assert (refused.retry_after, refused.targets) == (2.0, (Target(PHONE, "Hello"), Target(PHONE, "Hello")))
    assert (lost.status, lost.fault, lost.is_injected) == (None, FaultKind.RESET_BEFORE_ACCEPT, False)
    assert unreadable.targets == (Target("", '{"message": "unreadable"}'),)
    assert rejected.messages == (kosher,)
    assert [each.state for each in rejected.observations] == ["rejected/kosher-number"]
    assert [each.state for each in info.observations] == ["rejected/kosher-number"]
    assert (search.operation, search.observations, search.is_broken) == (ApiOperation.SEARCH, (), True)
    assert (nothing.operation, nothing.has_failed) == (None, True)
    assert [each.has_failed for each in (rejected, info)] == [True, True]


def test_message_arrives_unless_it_has_failed_or_waits_for_credit(run: RunningTest) -> None:
    sms = run.sms
    sms.freeze()
    front = {"rule": [{"name": "kosher", "outcome": "rejected/kosher-number", "match": {"content": "no"}}]}
    sms.api("PUT", "scenario", front, front=True)
    send(sms, NUMBER)
    send(sms, sms.number("bounces-later"))
    send(sms, sms.number("queued"))
    send(sms, sms.number("no-credit"))
    send(sms, NUMBER, content="no")
    sms.advance("1h")
    messages = read_evidence(run).messages
    assert [each.arrives for each in messages] == [True, False, True, False, False]
    assert [each.is_injected for each in messages] == [False, False, False, False, True]


def test_failures_are_known_once_the_application_reads_them(run: RunningTest) -> None:
    sms = run.sms
    sms.freeze()
    [late] = send(sms, sms.number("bounces-later"))
    send(sms, NUMBER)
    sms.advance("1h")
    assert read_evidence(run).known_failures() == []
    get(sms, f"/transactional/sms/info?transaction_id={late}")
    sms.fault("status", status=500, times=1)
    post(sms, body())
    sms.fault("reset_before_accept", times=1)
    with pytest.raises(requests.ConnectionError):
        post(sms, body())
    evidence = read_evidence(run)
    assert [each.reason for each in evidence.known_failures()] == [
        "rejected/bounced",
        "HTTP 500",
        "connection reset",
    ]
    assert {*evidence.known_sent().elements()} == {PHONE}


def test_clock_that_does_not_move_between_requests_is_frozen() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    for seconds, frozen in ((0, True), (1, False)):
        times = (moment, moment + timedelta(seconds=seconds))
        assert RunEvidence([_request(at) for at in times], []).is_frozen is frozen
    assert not RunEvidence([], []).is_frozen


def _request(at: datetime) -> ObservedRequest:
    return ObservedRequest(1, ApiOperation.SEND, at, 200, None, False, (), (), ())
