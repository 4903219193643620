"""Fixtures of all tests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from mocksms.settings import Settings
from tests.support import Mock, running


@pytest.fixture(scope="session")
def shared_mock() -> Iterator[Mock]:
    """One mock with default rules for all tests that use an account of their own; its magic delay is short."""
    with running(Settings(port=0, seed="tests", magic_delay=timedelta(milliseconds=50))) as mock:
        yield mock
