"""The pytest plugin. It is loaded in every run, so it imports little: the rest comes when a test first uses it."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from mocksms.errors import MocksmsError, SettingsError
from mocksms.settings import (
    OPTIONS,
    SESSION_OPTIONS,
    Options,
    Raw,
    SessionSettings,
    Settings,
    default_text,
    from_environment,
    read_options,
    variable_name,
)

if TYPE_CHECKING:
    from mocksms.testing.handle import MockSMS
    from mocksms.testing.session import LateMessages, MockSession, TestRun

MARKER: Final = (
    "mocksms(*, scenario=None, credit=..., frozen=False, strict=False, api_key=None, allow=(), unexpected=None): "
    "how the mock behaves in this test, and what the test puts up with"
)
OURS: Final[dict[str, Raw]] = {"port": ("a suite's port", "0"), "seed": ("a suite's seed", "pytest")}
"""Options whose defaults are others in a test suite: any free port, and ids that are the same each time."""
PATHS: Final = ("scenario", "scenario_folder")
"""Options that name files or folders."""
WAYS_OUT: Final = (
    "let a test wait for what its application still sends (mocksms.wait_for), or put up with it: "
    '@pytest.mark.mocksms(allow="late") for one test, mocksms_unexpected = warn for all'
)

WATCH: Final[pytest.StashKey[TestRun]] = pytest.StashKey()
FAILS: Final[pytest.StashKey[bool]] = pytest.StashKey()
"""Whether the run fails for late messages alone."""
LATE: Final[pytest.StashKey[list[LateMessages]]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer every option as a flag and as an ini value."""
    group = parser.getgroup("mocksms", "mocksms, a mock of inwise's SMS API")
    for name, option in {**SESSION_OPTIONS, **OPTIONS}.items():
        default = default_text(option.default)
        about = f"{option.metadata['about']}{f' (default {default})' if default else ''}"
        metavar = "|".join(option.metadata["choices"]) or name.upper()
        group.addoption(flag(name), dest=ini_name(name), default=None, metavar=metavar, help=about.replace("%", "%%"))
        parser.addini(ini_name(name), about, type="string", default=None)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, and refuse options that cannot be used before any test runs.

    The environment is not looked at before a test uses the mock: it is no concern of other runs.
    """
    config.addinivalue_line("markers", MARKER)
    _read(SessionSettings, config, {})
    _open_to_all(_read(Settings, config, {}))
    config.stash[LATE] = []


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say so where the tests attach to a mock that runs already."""
    if not os.environ.get(variable_name("url")) and not any(_given("url", config)):
        return None
    try:
        url = suite_settings(config).url
    except pytest.UsageError:
        return None  # it is said to the tests that use the mock
    return f"mocksms: {url} (it runs already; options for a mock to be started do not reach it)"


@pytest.fixture(scope="session")
def mocksms_settings(pytestconfig: pytest.Config) -> Settings:
    """The settings of the mock the session starts. Override it for what options cannot say."""
    with _in_a_sentence():
        return _read(Settings, pytestconfig)


@pytest.fixture(scope="session")
def _mocksms_suite(request: pytest.FixtureRequest) -> Iterator[MockSession]:
    from mocksms.testing.handle import MockSMS
    from mocksms.testing.session import MockSession

    config = request.config
    with _in_a_sentence():
        options = suite_settings(config)
        if options.url:
            token = _read(Settings, config).control_token
            server = MockSMS.connect(options.url, control_token=token, timeout=options.timeout)
        else:
            server = MockSMS.of(_open_to_all(request.getfixturevalue("mocksms_settings")), timeout=options.timeout)
            server.start()
    try:
        workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
        suite = MockSession(server, options, os.environ.get("PYTEST_XDIST_WORKER", "main"), workers)
        yield suite
        config.stash[LATE] += suite.late()
    finally:
        server.stop()


@pytest.fixture(scope="session")
def mocksms_server(_mocksms_suite: MockSession) -> MockSMS:
    """The mock of the session, one for each xdist worker: started on first use, or attached to by `MOCKSMS_URL`."""
    return _mocksms_suite.server


@pytest.fixture
def mocksms(request: pytest.FixtureRequest, _mocksms_suite: MockSession) -> Iterator[MockSMS]:
    """A mock of inwise's SMS API, with an account of its own for this test."""
    with _in_a_sentence():
        watch = request.node.stash[WATCH] = _mocksms_suite.watch(request.node)
    yield watch.sms
    with _in_a_sentence():
        watch.end(request.node)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let a test's watch have a look at each of its reports."""
    report = yield
    watch = item.stash.get(WATCH, None)
    if watch is not None:
        watch.look_at(report)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what came late to the controller of an xdist run; elsewhere let the run fail for it, if that is wished."""
    late = session.config.stash[LATE]
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["mocksms_late"] = [tuple(each) for each in late]
    elif late and suite_settings(session.config).unexpected == "fail" and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        session.config.stash[FAILS] = True


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker of xdist found."""
    rows = getattr(node, "workeroutput", {}).get("mocksms_late", ())
    if rows:
        from mocksms.testing.session import LateMessages

        node.config.stash[LATE] += [LateMessages(*row) for row in rows]


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Name the tests whose accounts got messages after they had ended."""
    late = config.stash[LATE]
    if late and suite_settings(config).unexpected != "ignore":
        terminalreporter.section("mocksms: messages that came after their test had ended")
        for each in late:
            terminalreporter.line(each.text)
        if config.stash.get(FAILS, False):
            terminalreporter.line("the run fails for this, though its tests passed", red=True)
        terminalreporter.line(WAYS_OUT)


@contextmanager
def _in_a_sentence() -> Iterator[None]:
    """Let what is wrong with a mark, an option or the mock be said without a traceback through this plugin."""
    try:
        yield
    except (MocksmsError, pytest.UsageError) as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


def _open_to_all(settings: object) -> Settings:
    """Return settings that let each test have a key of its own.

    Raises:
        UsageError: they are none, or accept only some keys.
    """
    if not isinstance(settings, Settings):
        like = "dataclasses.replace(mocksms_settings, credit=5) or the like"
        raise pytest.UsageError(f"the fixture mocksms_settings must return {like}, not {settings!r}")
    if settings.api_key:
        raise pytest.UsageError(
            f"each test has an API key of its own, so mocksms_api_key ({', '.join(settings.api_key)}) cannot be set; "
            'a key that the application cannot change goes into the marker: @pytest.mark.mocksms(api_key="...")'
        )
    return settings


def suite_settings(config: pytest.Config) -> SessionSettings:
    """Return the options of the test suite."""
    return _read(SessionSettings, config)


def flag(option: str) -> str:
    """Return an option's flag of pytest."""
    return f"--mocksms-{option.replace('_', '-')}"


def ini_name(option: str) -> str:
    """Return an option's name in the ini file of pytest."""
    return f"mocksms_{option}"


def _given(option: str, config: pytest.Config) -> tuple[str | None, str | None]:
    """Return an option as the ini file and the command line give it."""
    return config.getini(ini_name(option)), config.getoption(ini_name(option))


def _seen_from(config: pytest.Config, option: str, value: str) -> str:
    """Return what the ini file gives for an option, paths as seen from that file: a run may begin in any folder."""
    if option not in PATHS:
        return value
    folder = config.inipath.parent if config.inipath else config.invocation_params.dir
    parts = filter(None, map(str.strip, value.split(",")))
    return ",".join(part if _is_name(option, folder, part) else str(folder / part) for part in parts)


def _is_name(option: str, folder: Path, part: str) -> bool:
    """Return whether a scenario is meant by its name."""
    return option == "scenario" and not Path(part).suffix and Path(part).name == part and not (folder / part).exists()


def _read(kind: type[Options], config: pytest.Config, environment: Mapping[str, str] = os.environ) -> Options:
    """Return options as ini file, environment and command line give them; the later wins."""
    given = {name: _given(name, config) for name in (*SESSION_OPTIONS, *OPTIONS)}
    ini = {
        name: (ini_name(name), _seen_from(config, name, value))
        for name, (value, _) in given.items()
        if value is not None
    }
    flags = {name: (flag(name), value) for name, (_, value) in given.items() if value is not None}
    try:
        return read_options(kind, OURS, ini, from_environment(environment), flags)
    except SettingsError as error:
        raise pytest.UsageError(str(error)) from None
