"""The handle `MockSMS`: starts a mock or connects to one, and acts on and asserts about one account of it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from mocksms.errors import MockRefused, SettingsError, did_you_mean
from mocksms.settings import OPTIONS, Settings, read_options
from mocksms.testing.actions import SNAPSHOT_SECONDS, Actions
from mocksms.testing.assertions import Assertions
from mocksms.testing.client import REQUEST_SECONDS, MockClient
from mocksms.testing.connection import fits_a_header
from mocksms.testing.convergence import Convergence
from mocksms.testing.defaults import NO_DEFAULTS, AccountDefaults
from mocksms.testing.models import DurationLike, in_seconds
from mocksms.testing.server import ThreadedServer
from mocksms.testing.waiting import Aio

if TYPE_CHECKING:
    import pytest

    from mocksms.engine.account import TestOutcome

__tracebackhide__ = True

WAIT_SECONDS: Final = 5.0
"""How long a wait lasts unless the call sets a timeout."""

DEFAULTS: Final = Settings(port=0)
"""The options of a handle without options: one for each test is made from that of the session."""

OUTCOME_SECONDS: Final = 2.0
"""How long a running mock may take to store how a test ended."""

SETTABLE: Final = ("credit", "api_key")
"""Attributes that a test can set. Test doubles can also replace methods."""


class MockSMS(Assertions, Actions, Convergence):
    """A mock of inwise's SMS API, and one account of it.

        with MockSMS() as sms:
            send_code(sms.base_url, sms.api_key, "972-54-1111111")
            assert sms.assert_sent(to="972-54-1111111").code == "481516"

    The mock runs in a thread of this process, on a free port, until the end of the `with` block; nested blocks of one
    handle end with the outermost. `start` and `stop` do the same without a block. `MockSMS.connect` returns the handle
    of a mock that runs elsewhere.

    Args:
        api_key: API key that selects the account; any key works.
        timeout: how long a wait lasts unless the call sets a timeout; seconds, or a duration such as `"2s"`.
        options: options of mocksms, such as `credit=10`, `async_delay="2s"`, `scenario="gateway-outage"`.

    Raises:
        SettingsError: an option is unknown or has an invalid value.
        ValueError: an HTTP header cannot carry the API key.
    """

    def __init__(self, *, api_key: str = "test-key", timeout: DurationLike = WAIT_SECONDS, **options: Any) -> None:
        super().__init__(None, api_key, in_seconds(timeout))
        self._api_keys = {api_key}  # of this account, and of those that handles made from this one stand for
        self._handles = [self]  # this one, and those made from it
        self._defaults = NO_DEFAULTS
        self._depth = 0
        self._server: ThreadedServer | None = ThreadedServer(_settings(options))
        self._in_process: ThreadedServer | None = None  # the mock of a handle made from one that started it

    @classmethod
    def of(cls, settings: Settings, *, api_key: str = "test-key", timeout: DurationLike = WAIT_SECONDS) -> MockSMS:
        """Return a mock with these settings; it is not started yet."""
        sms = cls(api_key=api_key, timeout=timeout)
        sms._server = ThreadedServer(settings)
        return sms

    @classmethod
    def connect(
        cls,
        url: str,
        *,
        api_key: str = "test-key",
        control_token: str | None = None,
        timeout: DurationLike = WAIT_SECONDS,
        ready_timeout: float = REQUEST_SECONDS,
    ) -> MockSMS:
        """Return the handle of a mock that runs or starts elsewhere: in a container, or on another machine.

        Args:
            url: URL of the mock, such as `http://127.0.0.1:8972`.
            api_key: API key that selects the account.
            control_token: control token of the mock, if it has one.
            timeout: how long a wait lasts unless the call sets a timeout.
            ready_timeout: seconds until the mock has to be ready.

        Raises:
            MockUnreachable: it is not ready in time.
            SettingsError: `url` is not the URL of a mock.
        """
        client = MockClient(url, control_token)
        client.wait_until_up(ready_timeout)
        return cls._on(client, api_key, in_seconds(timeout))

    def account(self, api_key: str) -> MockSMS:
        """Return the same object for another account of the same mock.

        In a test with the fixture, unexpected traffic of that account fails the test too, and the account is reset
        when the test ends.
        """
        sms = self._other_account(api_key, self._began)
        sms._defaults = self._defaults
        sms._on_delete = self._on_delete
        if api_key not in self._api_keys:
            with suppress(MockRefused):  # a mock may accept some keys only
                sms._defaults.apply(sms)
                sms._defaults.apply_variation(sms)
        sms._api_keys, sms._handles = self._api_keys, self._handles
        self._api_keys.add(api_key)
        self._handles.append(sms)
        return sms

    def reset(self) -> None:
        """Reset the account: delete its messages, requests, faults and lists, and restart its clock."""
        with self._variation_kept():
            super().reset()
            self._returned.clear()
            self._defaults.apply(self)

    def restore(self, snapshot: bytes) -> None:
        """Restore the account from a snapshot, also from one of a whole mock or of another mock.

        The snapshot must have the account with this API key. A trace has that of its test, which is another one in
        most runs: replay it by the scenario that `mocksms scenarios from` prints.

        The account is then as it was, with its messages, requests, rules and clock, or nothing changes. Other accounts
        of the snapshot are ignored. If the mock has records of other accounts, the restored ones get new cursors;
        transaction ids stay. Restored requests and callbacks are never unexpected in a test.

        Raises:
            MockRefused: it is not a valid snapshot, or it does not have this account; the text says where.
        """
        with self._variation_kept():
            self.api("PUT", "snapshot", snapshot, read_timeout=SNAPSHOT_SECONDS)
        self._restored_up_to = self.cursor

    @property
    def aio(self) -> Aio:
        """Async forms of the waiting methods, for async tests: `await sms.aio.wait_for(...)`."""
        return Aio(self)

    def start(self) -> Self:
        """Start the mock, unless it runs already or this handle is connected to one.

        Raises:
            SettingsError: it cannot listen on the address.
            InvalidScenario, UnknownScenario: the scenario cannot be loaded.
        """
        server = self._server
        if server is not None and self._connected is None:
            self._connected = MockClient(server.start(), server.settings.control_token, lambda: server.error)
        return self

    def stop(self) -> None:
        """Close the connections, and stop the mock if this handle started it."""
        if self._connected is not None:
            self._connected.close()
        if self._server is not None:
            self._connected = None
            self._server.stop()

    def __setattr__(self, name: str, value: object) -> None:
        """Set an attribute that can be set. Others are refused: a misspelt name would change nothing.

        Raises:
            AttributeError: the attribute cannot be set.
            ValueError: an HTTP header cannot carry the API key.
        """
        if name == "api_key" and not fits_a_header(value):
            expected = "text in ASCII, not empty, without spaces around it"
            raise ValueError(f"api_key is {value!r}, but must fit into an HTTP header: {expected}")
        if not name.startswith("_") and name not in SETTABLE and not callable(value):
            near = difflib.get_close_matches(name, [*SETTABLE, *dir(type(self))], 1)
            hint = f"did you mean {near[0]}?" if near and near[0] != name else f"{' and '.join(SETTABLE)} can"
            raise AttributeError(f"{name} of a mock cannot be set; {hint}", name=name)
        super().__setattr__(name, value)

    def patch_env(self, monkeypatch: pytest.MonkeyPatch, url: str = "SMS_URL", key: str = "SMS_KEY") -> None:
        """Set the environment variables of an application in this process, until the test ends.

        Args:
            monkeypatch: the pytest fixture.
            url: name of the variable for the base URL.
            key: name of the variable for the API key.
        """
        for name, value in self.environment(url, key).items():
            monkeypatch.setenv(name, value)

    def __enter__(self) -> Self:
        self._depth += 1
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        if not self._depth:
            self.stop()

    def __repr__(self) -> str:
        where = self._connected.url if self._connected else "not running"
        return f"<MockSMS {where}, account {self.api_key}>"

    def _other_account(self, api_key: str, began: int) -> MockSMS:
        """Return the handle of another account whose assertions look back to a cursor by default."""
        sms = self._on(self.client, api_key, self._timeout)
        sms._began = began
        sms._in_process = self._server or self._in_process
        return sms

    def _set_up(self, defaults: AccountDefaults) -> None:
        """Set initial values now, in accounts made from this handle, and after a reset."""
        self._defaults = defaults
        self._has_deleted = False
        self._restored_up_to = 0
        # A mock that the session has started has the other options.
        server, label, variation = self._in_process, defaults.label, defaults.variation
        if server is None or not server.prepare_account(self.api_key, label, variation):
            defaults.apply(self)
            defaults.apply_variation(self)

    def _present(self) -> int:
        """Return the cursor of the present, without a request if this handle has started the mock."""
        known = None if self._server is None else self._server.cursor
        return self.cursor if known is None else known

    def _set_test_outcome(self, outcome: TestOutcome) -> None:
        """Set how the test of this account ended."""
        if self._in_process is not None:
            self._in_process.set_test_outcome(self.api_key, outcome)
        else:
            self.api("PATCH", "account", {"test_outcome": outcome}, read_timeout=OUTCOME_SECONDS)

    @contextmanager
    def _variation_kept(self) -> Iterator[None]:
        """Activate what is left of the variation again after a block that replaces the account."""
        defaults = self._defaults.left_in(self)
        yield
        self._defaults = defaults
        defaults.apply_variation(self)

    def _can_have_callbacks(self) -> bool:
        """Whether the account can have callbacks, as far as that is known without a request."""
        return self._in_process is None or self._in_process.can_have_callbacks(self.api_key)

    @classmethod
    def _on(cls, client: MockClient, api_key: str, timeout: float) -> MockSMS:
        sms = cls(api_key=api_key, timeout=timeout)
        sms._server = None
        sms._connected = client
        client.api_keys.add(api_key)
        return sms


def _settings(options: Mapping[str, Any]) -> Settings:
    if not options:
        return DEFAULTS
    for name in options:
        if name not in OPTIONS:
            hint = did_you_mean(name, OPTIONS, f"the options are {', '.join(OPTIONS)}.")
            raise SettingsError(f"There is no option {name!r}; {hint}")
    return read_options(Settings, {name: (name, value) for name, value in {"port": DEFAULTS.port, **options}.items()})
