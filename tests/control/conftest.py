"""Fixtures of the tests of the inspection API."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

import pytest

from mocksms.settings import Settings
from tests.control.support import Api
from tests.support import Mock, running


@pytest.fixture
def api(shared_mock: Mock, request: pytest.FixtureRequest) -> Api:
    """The inspection API of the shared mock, for an account no other test has."""
    return Api(shared_mock, "key-of-" + sha256(request.node.nodeid.encode()).hexdigest()[:20])


@pytest.fixture
def own_mock() -> Iterator[Mock]:
    """A mock of this test alone, for what concerns all accounts."""
    with running(Settings(port=0, seed="tests")) as mock:
        yield mock
