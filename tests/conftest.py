"""Fixtures of all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import coverage
import freezegun
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from mocksms.settings import Settings
from tests.support import Mock, running

# A slow machine is no reason to fail a law.
hypothesis_settings.register_profile("mocksms", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("mocksms")
# Coverage makes an example three times as slow, and must be the same in each run.
hypothesis_settings.register_profile(
    "coverage", hypothesis_settings.get_profile("mocksms"), max_examples=30, derandomize=True
)

# freezegun reads every attribute of every module; one of Testcontainers' connects to Docker and is never closed.
freezegun.configure(extend_ignore_list=["testcontainers"])


COVERAGE_OF_PROCESSES = "COVERAGE_PROCESS_CONFIG"
"""Variable that makes Python processes measure coverage, as `coverage` sets it."""


def pytest_configure(config: pytest.Config) -> None:
    """Use fewer examples with coverage."""
    if _has_coverage(config):  # pragma: no branch - nothing measures the other
        hypothesis_settings.load_profile("coverage")


def pytest_collection() -> None:
    """Let coverage follow greenlets in the main thread only, where Playwright has some.

    It asks for the greenlet of each thread, and greenlet drops that of an ended thread in the main thread. There
    CPython 3.11 never ends the dropping if it is traced and another thread ends meanwhile.
    """
    measurement = coverage.Coverage.current()
    collector = None if measurement is None else measurement._collector
    if collector is not None:  # pragma: no branch - nothing measures the other
        collector.concur_id_func = None


def _has_coverage(config: pytest.Config) -> bool:
    return bool(config.getoption("cov_source", None))


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Use two workers per core: tests wait for sockets, subprocesses and a browser nearly half of the time.

    With coverage a test uses more of its core, so then three for two cores.
    """
    cores = os.cpu_count() or 1
    return cores + (cores + 1) // 2 if _has_coverage(config) else 2 * cores


@pytest.fixture(scope="session")
def shared_mock() -> Iterator[Mock]:
    """One mock with default rules for all tests that use an account of their own; its magic delay is short."""
    with running(Settings(port=0, seed="tests", magic_delay=timedelta(milliseconds=50))) as mock:
        yield mock


@pytest.fixture
def own_mock() -> Iterator[Mock]:
    """A mock of this test alone, for what concerns all accounts."""
    with running(Settings(port=0, seed="tests")) as mock:
        yield mock


@pytest.fixture(scope="session", autouse=True)
def _own_options() -> str | None:
    """Keep the options of this run from the processes that tests start, and return those of coverage."""
    for name in ("PYTEST_ADDOPTS", "COLUMNS", "FORCE_COLOR", "NO_COLOR"):
        os.environ.pop(name, None)
    return os.environ.pop(COVERAGE_OF_PROCESSES, None)


@pytest.fixture
def covered_processes(_own_options: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure coverage also in the processes that the test starts. They take twice as long to start."""
    if _own_options is not None:  # pragma: no branch - nothing measures the other
        monkeypatch.setenv(COVERAGE_OF_PROCESSES, _own_options)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """Threads for the applications of a test, which end before it does."""
    with ThreadPoolExecutor() as pool:
        yield pool
