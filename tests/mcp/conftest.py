"""The tools for an account of the shared mock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mocksms import MockSMS
from mocksms.mcp.tools import Tools
from tests.support import Mock


@pytest.fixture
def sms(shared_mock: Mock, request: pytest.FixtureRequest) -> Iterator[MockSMS]:
    """The account, named after the test."""
    handle = MockSMS.connect(shared_mock.url, api_key=request.node.nodeid)
    yield handle
    handle.stop()


@pytest.fixture
def tools(sms: MockSMS) -> Tools:
    """The tools for it."""
    return Tools(lambda: sms)


@pytest.fixture
def own_sms(own_mock: Mock, request: pytest.FixtureRequest) -> Iterator[MockSMS]:
    """An account of this test's own mock, in which no account or request of another test is a cause."""
    handle = MockSMS.connect(own_mock.url, api_key=request.node.nodeid)
    yield handle
    handle.stop()


@pytest.fixture
def own_tools(own_sms: MockSMS) -> Tools:
    """The tools for it."""
    return Tools(lambda: own_sms)
