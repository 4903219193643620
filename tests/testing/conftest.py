"""Fixtures of the tests of the handle."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

import pytest

from mocksms import MockSMS
from tests.support import Mock
from tests.testing.runs import Runs


@pytest.fixture
def sms(shared_mock: Mock, request: pytest.FixtureRequest) -> Iterator[MockSMS]:
    """The handle on an account of the shared mock that no other test has; waits last a moment."""
    key = "key-of-" + sha256(request.node.nodeid.encode()).hexdigest()[:20]
    handle = MockSMS.connect(shared_mock.url, api_key=key, timeout="100ms")
    yield handle
    handle.stop()


@pytest.fixture
def runs(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, covered_processes: None) -> Runs:  # noqa: ARG001
    """Runs of pytest in a folder of their own."""
    return Runs(pytester, monkeypatch)
