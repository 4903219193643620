"""The mock in a container, for tests with Testcontainers. Needs `mocksms[testcontainers]`."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, Final, Self

from mocksms.errors import NotReady, escape_lines
from mocksms.settings import API_PREFIX
from mocksms.testing.client import wait_until_ready

try:
    from testcontainers.core.container import DockerContainer
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"mocksms.testing.container needs Testcontainers, and {error.name} is missing: pip install testcontainers",
        name=error.name,
    ) from error

PORT: Final = 8972
"""The port of the mock inside its container."""

ENDED: Final = ("exited", "dead", "removing")
"""Container states from which it will never be ready."""


class MockSMSContainer(DockerContainer):
    """A container with a mock; `start` and `with` wait until it is ready.

        with MockSMSContainer().with_env("MOCKSMS_SCENARIO", "gateway-outage") as mock:
            application = Application(sms_url=mock.base_url)

    Args:
        image: name of the image, by default `mocksms` with the tag of the installed version.
        ready_timeout: seconds until it has to be ready.
        options: further arguments of `DockerContainer`.
    """

    def __init__(self, image: str | None = None, *, ready_timeout: float = 30.0, **options: Any) -> None:
        super().__init__(image or f"mocksms:{version('mocksms')}", **options)
        self.with_exposed_ports(PORT)
        self.ready_timeout = ready_timeout

    @property
    def url(self) -> str:
        """URL for programs on this machine; other containers use the name of this one and port 8972."""
        return f"http://{self.get_container_host_ip()}:{self.get_exposed_port(PORT)}"

    @property
    def base_url(self) -> str:
        """Base URL for an application on this machine, as it has one of the vendor: `url` and `/rest/v1`."""
        return self.url + API_PREFIX

    def start(self) -> Self:
        """Start the container and wait until the mock is ready.

        Raises:
            NotReady: it is not ready in time, or the container has ended; notes of the error show its output.
        """
        super().start()
        try:
            self._check_alive()
            wait_until_ready(self.url, self.ready_timeout, self._check_alive)
        except Exception as error:
            error.add_note(f"Output of the container:\n{self._output()}")
            raise
        return self

    def _check_alive(self) -> None:
        container = self.get_wrapped_container()
        container.reload()
        if container.status in ENDED:
            raise NotReady(self.image, f"the container has ended with exit code {container.attrs['State']['ExitCode']}")

    def _output(self) -> str:
        return escape_lines(b"".join(self.get_logs()).decode(errors="replace").strip()) or "nothing"
