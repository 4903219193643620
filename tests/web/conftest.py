"""Fixtures of the tests of the inspection API."""

from __future__ import annotations

from hashlib import sha256

import pytest

from tests.inspection.support import Api
from tests.support import Mock


@pytest.fixture
def api(shared_mock: Mock, request: pytest.FixtureRequest) -> Api:
    """The inspection API of the shared mock, for an account no other test has."""
    return Api(shared_mock, "key-of-" + sha256(request.node.nodeid.encode()).hexdigest()[:20])
