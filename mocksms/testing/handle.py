"""The handle on a mock: start one or connect to one, point the application at it, assert and steer."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from mocksms.errors import SettingsError
from mocksms.settings import OPTIONS, Settings, read_options
from mocksms.testing.actions import Actions
from mocksms.testing.aio import Aio
from mocksms.testing.assertions import Assertions
from mocksms.testing.client import PATIENCE, MockClient, fits_a_header
from mocksms.testing.lengths import DurationLike, in_seconds
from mocksms.testing.server import ThreadedServer

if TYPE_CHECKING:
    import pytest

WAIT: Final = 5.0
"""Seconds a wait lasts unless it says otherwise."""


SETTABLE: Final = ("credit", "api_key", "kin")
"""What can be set on a handle; methods can be replaced by test doubles, too."""


class MockSMS(Assertions, Actions):
    """A mock of inwise's SMS API, and one account of it.

        with MockSMS() as sms:
            send_code(sms.url, sms.api_key, "972-54-1111111")
            assert sms.assert_sent(to="972-54-1111111").code == "481516"

    It runs in a thread of this process, on a free port, from `with` (or `start`) to the end of the block (or `stop`);
    of blocks within each other, to the end of the outermost.
    `MockSMS.connect` is for one that runs already.

    `kin` are the API keys of this account and of those whose handles were made from it.

    Args:
        api_key: whose account this is; any key will do.
        timeout: how long a wait lasts unless it says otherwise.
        options: the options of mocksms, named as in Python: `credit=10`, `async_delay="2s"`, `scenario="outage"`.

    Raises:
        SettingsError: there is no such option, or its value does not fit.
        ValueError: no header can carry the API key.
    """

    def __init__(self, *, api_key: str = "test-key", timeout: DurationLike = WAIT, **options: Any) -> None:
        super().__init__(None, api_key, in_seconds(timeout))
        self.kin = {api_key}
        self._depth = 0
        self._server: ThreadedServer | None = ThreadedServer(_settings(options))

    @classmethod
    def of(cls, settings: Settings, *, api_key: str = "test-key", timeout: DurationLike = WAIT) -> MockSMS:
        """Return a mock with these settings, to be started."""
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
        timeout: DurationLike = WAIT,
        within: float = PATIENCE,
    ) -> MockSMS:
        """Return the handle on a mock that runs already, or is about to: in a container, or on another machine.

        Args:
            url: where it is, such as `http://127.0.0.1:8972`.
            api_key: whose account this is.
            control_token: its control token, if it has one.
            timeout: how long a wait lasts unless it says otherwise.
            within: seconds it may take to come up.

        Raises:
            MockUnreachable: it does not answer in time.
        """
        client = MockClient(url, control_token)
        client.wait_until_up(within)
        return cls._on(client, api_key, in_seconds(timeout))

    def account(self, api_key: str) -> MockSMS:
        """Return a handle on another account of the same mock.

        A test looks after it as after its own: at its end it is told what went wrong there, and all is forgotten.
        """
        sms = self.apart(api_key, self._began)
        sms.kin = self.kin
        self.kin.add(api_key)
        return sms

    def apart(self, api_key: str, since: int) -> MockSMS:
        """Return a handle on an account alone, whose assertions look back to a cursor unless they say otherwise."""
        sms = self._on(self.client, api_key, self._timeout)
        sms._began = since
        return sms

    def reset(self) -> None:
        """Forget all the account holds: it begins anew."""
        super().reset()
        self._returned.clear()

    @property
    def aio(self) -> Aio:
        """What waits, awaited: `await sms.aio.wait_for(...)`, for a test in whose loop the application runs."""
        return Aio(self)

    def start(self) -> Self:
        """Start the mock, if it is this handle's to start and does not run.

        Raises:
            SettingsError: the address cannot be listened on.
            ScenarioUnusable, ScenarioUnknown: the scenario is none.
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
        """Set what can be set: a slip of the pen must not pass for a wish.

        Raises:
            AttributeError: that cannot be set.
            ValueError: an API key is none.
        """
        if name == "api_key" and not fits_a_header(value):
            hint = "ASCII, not empty, no space around"
            raise ValueError(f"an API key must be a text that a header can carry: {hint}; not {value!r}")
        if not name.startswith("_") and name not in SETTABLE and not callable(value):
            near = difflib.get_close_matches(name, [*SETTABLE, *dir(type(self))], 1)
            hint = f"did you mean {near[0]}?" if near and near[0] != name else f"there are {', '.join(SETTABLE)}"
            raise AttributeError(f"{name} of a mock cannot be set; {hint}", name=name)
        super().__setattr__(name, value)

    def patch_env(self, monkeypatch: pytest.MonkeyPatch, url: str = "SMS_URL", key: str = "SMS_KEY") -> None:
        """Set the variables by which the application finds the provider, until the test ends."""
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

    @classmethod
    def _on(cls, client: MockClient, api_key: str, timeout: float) -> MockSMS:
        sms = cls(api_key=api_key, timeout=timeout)
        sms._server = None
        sms._connected = client
        client.meet(api_key)
        return sms


def _settings(options: Mapping[str, Any]) -> Settings:
    """Return settings from options as Python values."""
    for name in options:
        if name not in OPTIONS:
            near = difflib.get_close_matches(name, OPTIONS, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(OPTIONS)}."
            raise SettingsError(f"There is no option {name!r}; {hint}")
    return read_options(Settings, {name: (name, value) for name, value in {"port": 0, **options}.items()})
