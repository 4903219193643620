"""What the plugin keeps about a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from mocksms.testing.session import RunningTest

RUN: Final[pytest.StashKey[RunningTest]] = pytest.StashKey()
"""The test with its account, from the setup of the fixture `mocksms` on."""
