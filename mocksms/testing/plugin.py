"""The pytest plugin: options, marker, fixtures and reports.

It is loaded in every test run, so it imports little; the rest is imported when a test first uses the mock.
"""

from __future__ import annotations

import argparse
import os
import warnings
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

from mocksms.errors import InvalidScenario, MocksmsError, SettingsError
from mocksms.settings import (
    COMPARE_KEY,
    OPTIONS,
    SESSION_OPTIONS,
    SessionSettings,
    Settings,
    default_text,
    foreign_variables,
    variable_name,
)
from mocksms.testing.comparisons import Equality
from mocksms.testing.run_options import flag, ini_name, options_with, origins_of, read_config, session_settings
from mocksms.testing.stash_keys import RUN

if TYPE_CHECKING:
    from mocksms.state.trace_models import TracedFailure
    from mocksms.testing.audit.plugin import RunAudit
    from mocksms.testing.coverage_plugin import RunCoverage
    from mocksms.testing.defaults import AccountDefaults
    from mocksms.testing.handle import MockSMS
    from mocksms.testing.session import LateMessages, MockSession
    from mocksms.testing.traces import Traces

MARKER: Final = (
    "mocksms(*, scenario=None, credit=..., frozen=False, strict=False, api_key=None, allow=(), unexpected=None, "
    "unused_fault=None, undelivered=None, audit=None): set up the mock for this test, accept kinds of unexpected "
    "traffic, and choose what the audit does"
)
LATE_HINT: Final = (
    "wait for these messages in the test (mocksms.wait_for), or accept them: "
    '@pytest.mark.mocksms(allow="late") in one test, mocksms_unexpected = warn in all tests'
)

TRACES: Final[pytest.StashKey[Traces | None]] = pytest.StashKey()
"""The traces of failed tests, None if the option is not set."""
AUDIT: Final[pytest.StashKey[RunAudit | None]] = pytest.StashKey()
"""The audit of the run, None if the option is off."""
COVERAGE: Final[pytest.StashKey[RunCoverage | None]] = pytest.StashKey()
"""The coverage of the run, None if the option is not set."""
EQUALITY: Final[pytest.StashKey[Equality]] = pytest.StashKey()
"""The latest comparison of the current phase of a test that failed."""
FAILED_LATE: Final[pytest.StashKey[bool]] = pytest.StashKey()
"""Whether the session fails only because of late messages."""
LATE: Final[pytest.StashKey[list[LateMessages]]] = pytest.StashKey()
UNREAD: Final[pytest.StashKey[list[str]]] = pytest.StashKey()
"""Why late messages may be missing."""
FOREIGN: Final[pytest.StashKey[set[str]]] = pytest.StashKey()
"""Warnings about environment variables that the run has shown."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add every option as a flag and as an ini value."""
    group = parser.getgroup("mocksms", "mocksms, a mock of inwise's SMS API")
    for name, option in {**SESSION_OPTIONS, **OPTIONS}.items():
        default = default_text(option.default)
        about = f"{option.metadata['about']}{f' (default {default})' if default else ''}"
        value: dict[str, Any] = {"metavar": "|".join(option.metadata["choices"]) or name.upper()}
        bare = option.metadata.get("bare")
        if bare:
            value = {"action": "store_const", "const": bare}
            for choice in option.metadata["choices"]:  # not nargs="?", which takes a path after it for its value
                hidden = {"help": argparse.SUPPRESS, "action": "store_const", "const": choice}
                group.addoption(f"{flag(name)}={choice}", dest=ini_name(name), default=None, **hidden)
        group.addoption(flag(name), dest=ini_name(name), default=None, help=about.replace("%", "%%"), **value)
        parser.addini(ini_name(name), about, type="string", default=None)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and check flags and ini values before any test runs.

    Environment variables are checked when a test uses the mock: other test runs must not fail because of them.
    """
    config.addinivalue_line("markers", MARKER)
    _check_settings(read_config(Settings, config, {}))
    options = read_config(SessionSettings, config, {})
    if options.url:
        from mocksms.testing.defaults import check_applicable

        try:
            check_applicable(origins_of(config, {}), options.url)
        except SettingsError as error:
            raise pytest.UsageError(str(error)) from None
    try:
        _variation(options, config)
    except InvalidScenario as error:
        raise pytest.UsageError(str(error)) from None
    config.stash[TRACES] = _traces(config)
    config.stash[COVERAGE] = _coverage(config)
    config.stash[AUDIT] = _audit(config)
    config.stash[EQUALITY] = Equality()
    config.stash[LATE] = []
    config.stash[UNREAD] = []
    config.stash[FOREIGN] = set()


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Name the mock that the session attaches to, and the variation."""
    lines: list[str] = []
    if (options := options_with(config, "url")) is not None:
        lines.append(f"mocksms: {options.url} (already running; options of accounts apply to each test)")
    if (options := options_with(config, "variation")) is not None:
        lines.append(f"mocksms: {options.variation} (variation; its rules come before those of each test)")
    return lines


@pytest.fixture(scope="session")
def mocksms_settings(pytestconfig: pytest.Config) -> Settings:
    """Settings of the mock that the session starts. Override this fixture to compute them."""
    with _without_traceback():
        return read_config(Settings, pytestconfig)


@pytest.fixture(scope="session")
def _mocksms_session(request: pytest.FixtureRequest) -> Iterator[MockSession]:
    from mocksms.testing.defaults import NO_DEFAULTS
    from mocksms.testing.handle import MockSMS
    from mocksms.testing.session import MockSession

    config = request.config
    with _without_traceback():
        options = session_settings(config)
        variation = _variation(options, config)
        settings, defaults = _check_settings(request.getfixturevalue("mocksms_settings")), NO_DEFAULTS
        if options.url:
            defaults = _defaults_of(settings, options.url, config)
            server = MockSMS.connect(options.url, control_token=settings.control_token, timeout=options.timeout)
        else:
            server = MockSMS.of(settings, timeout=options.timeout)
            server.start()
        defaults = defaults._replace(variation=variation)
    try:
        workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
        _warn_of_variables(config, foreign_variables(os.environ))
        session = MockSession(server, options, defaults, os.environ.get("PYTEST_XDIST_WORKER", "main"), workers)
        session.tokens = [*filter(None, (settings.control_token, os.environ.get(variable_name(COMPARE_KEY))))]
        traces = config.stash[TRACES]
        if traces is not None:
            traces.use(session, settings)
        coverage = config.stash[COVERAGE]
        if coverage is not None:
            coverage.use(session)
        audit = config.stash[AUDIT]
        if audit is not None:
            audit.use(session)
        yield session
        latest = session.keep_report()
        if traces is not None:
            traces.keep_snapshot(latest)
        late, unread = session.late_messages()
        config.stash[LATE] += late
        config.stash[UNREAD] += unread
    finally:
        server.stop()


@pytest.fixture(scope="session")
def mocksms_server(_mocksms_session: MockSession) -> MockSMS:
    """The mock of the session, one for each xdist worker. `MOCKSMS_URL` attaches to a running mock instead."""
    return _mocksms_session.mock


@pytest.fixture
def mocksms(request: pytest.FixtureRequest, _mocksms_session: MockSession) -> Iterator[MockSMS]:
    """A mock of inwise's SMS API, with a new account for this test."""
    with _without_traceback():
        run = request.node.stash[RUN] = _mocksms_session.start_test(request.node)
    yield run.sms
    with _without_traceback():
        try:
            run.end(request.node)
        finally:
            run.release_held()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what the mock saw to the report of a failed test, and keep its failures in its accounts and its trace."""
    report = yield
    run = item.stash.get(RUN, None)
    if run is not None:
        run.on_report(report)
        traces = item.config.stash[TRACES]
        failures: list[TracedFailure] = []
        if report.failed and (traces is not None or run.outlives_session):
            from mocksms.testing.failure_data import failures_of, store_failures

            failures = failures_of(report, call, item.config.stash[EQUALITY])
            if run.outlives_session:
                store_failures(run, failures)
        if traces is not None:
            traces.on_report(run, report, failures)
        if report.when == "teardown":
            run.reset_accounts()
    item.config.stash[EQUALITY] = Equality()
    return report


def pytest_assertrepr_compare(config: pytest.Config, op: str, left: object, right: object) -> None:
    """Keep both sides of a comparison that failed, for the failures of the test."""
    config.stash[EQUALITY].note(op, left, right)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the session because of late messages; an xdist worker sends them to the controller instead."""
    late, unread = session.config.stash[LATE], session.config.stash[UNREAD]
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["mocksms_late"], output["mocksms_unread"] = [tuple(each) for each in late], unread
    elif any(each.reaction == "fail" for each in late) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        session.config.stash[FAILED_LATE] = True


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Collect the late messages and the warning about variables from an xdist worker."""
    output = getattr(node, "workeroutput", {})
    _warn_of_variables(node.config, output.get("mocksms_foreign", ""))
    node.config.stash[UNREAD] += output.get("mocksms_unread", ())
    rows = output.get("mocksms_late", ())
    if rows:
        from mocksms.testing.session import LateMessages

        node.config.stash[LATE] += [LateMessages(*row) for row in rows]


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """List the messages that were sent after the end of their test."""
    late, unread = config.stash[LATE], config.stash[UNREAD]
    if late or unread:
        terminalreporter.section("mocksms: messages sent after the end of their test")
        for text in [*(each.text for each in late), *(f"some may be missing: {reason}" for reason in unread)]:
            terminalreporter.line(text)
        if config.stash.get(FAILED_LATE, False):
            terminalreporter.line("this test run fails because of these messages; its tests passed", red=True)
    if late:
        terminalreporter.line(LATE_HINT)


def _variation(options: SessionSettings, config: pytest.Config) -> Mapping[str, Any] | None:
    """Return the scenario of the option `variation` as JSON, None if it is not set.

    Raises:
        InvalidScenario: its file cannot be read or is invalid; the text says where.
    """
    if options.variation is None:
        return None
    from mocksms.testing.scenario_files import read_scenario

    return read_scenario(config.invocation_params.dir / options.variation)


def _traces(config: pytest.Config) -> Traces | None:
    """Return the traces of this process, None if the option is not set."""
    options = options_with(config, "trace")
    if options is None or options.trace is None:
        return None
    from mocksms.testing.traces import Traces

    start = config.invocation_params.dir
    traces = Traces(start / options.trace, start)
    config.pluginmanager.register(traces, "mocksms-traces")
    return traces


def _coverage(config: pytest.Config) -> RunCoverage | None:
    """Return the coverage of this process, None if the option is not set or no test runs."""
    options = options_with(config, "coverage")
    if options is None or not options.coverage or config.option.collectonly:
        return None
    from mocksms.testing.coverage_plugin import RunCoverage

    try:
        coverage = RunCoverage(options, config.invocation_params.dir)
    except SettingsError as error:
        raise pytest.UsageError(str(error)) from None
    config.pluginmanager.register(coverage, "mocksms-coverage")
    return coverage


def _audit(config: pytest.Config) -> RunAudit | None:
    """Return the audit of this process, None if the option is off or no test runs.

    A replay of one variation has none, so that it works where the ini file switches the audit on.
    """
    options = options_with(config, "audit")
    if options is None or options.audit == "off" or config.option.collectonly:
        return None
    if options.variation is not None:
        if config.getoption(ini_name("audit")) is None:
            return None
        raise pytest.UsageError(
            f"{flag('audit')} and {flag('variation')} cannot be combined: the audit runs each test with all "
            f"variations; {flag('audit-only')} NAME runs it with some of them"
        )
    from mocksms.testing.audit.plugin import RunAudit

    try:
        audit = RunAudit(options, config)
    except SettingsError as error:
        raise pytest.UsageError(str(error)) from None
    config.pluginmanager.register(audit, "mocksms-audit")
    return audit


def _warn_of_variables(config: pytest.Config, text: str) -> None:
    """Add a warning to the summary once; an xdist worker sends it to the controller.

    It is not raised as others are: with `-W error` it would fail every test.
    """
    output: dict[str, Any] | None = getattr(config, "workeroutput", None)
    if output is not None:
        output["mocksms_foreign"] = text
    elif text and text not in config.stash[FOREIGN]:
        config.stash[FOREIGN].add(text)
        warning = warnings.WarningMessage(pytest.PytestWarning(text), pytest.PytestWarning, "environment", 0)
        recorded = {"warning_message": warning, "when": "config", "nodeid": "", "location": None}
        config.hook.pytest_warning_recorded.call_historic(kwargs=recorded)


@contextmanager
def _without_traceback() -> Iterator[None]:
    """Fail the test with the text of an error, without a traceback through this plugin."""
    try:
        yield
    except (MocksmsError, pytest.UsageError) as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


def _defaults_of(settings: Settings, url: str, config: pytest.Config) -> AccountDefaults:
    """Return the initial values of accounts on a running mock: the options of accounts that are set.

    Raises:
        SettingsError: an option of the whole mock is set.
        InvalidScenario, UnknownScenario: a scenario cannot be loaded.
    """
    from mocksms.testing.defaults import account_defaults, check_applicable

    origins = origins_of(config)
    plain = read_config(Settings, config)
    for name in OPTIONS:
        if getattr(settings, name) != getattr(plain, name):
            origins[name] = f"{name} of the fixture mocksms_settings"
    check_applicable(origins, url)
    return account_defaults(settings, origins)


def _check_settings(settings: object) -> Settings:
    """Return settings under which each test can have its own API key and an empty mock.

    Raises:
        UsageError: they are not `Settings`, accept only some API keys, or have a state file.
    """
    if not isinstance(settings, Settings):
        expected = "Settings, such as dataclasses.replace(mocksms_settings, credit=5)"
        raise pytest.UsageError(f"the fixture mocksms_settings returned {settings!r}, but must return {expected}")
    if settings.api_key:
        raise pytest.UsageError(
            f"mocksms_api_key is {', '.join(settings.api_key)}, but cannot be set: each test has its own API key; "
            'for a key that the application cannot change use @pytest.mark.mocksms(api_key="...")'
        )
    if settings.state:
        raise pytest.UsageError(
            f"mocksms_state is {settings.state}, but cannot be set: the mock of a test session starts empty; to test "
            "with a state, start a mock with mocksms --state, and attach the session to it with mocksms_url"
        )
    return settings
