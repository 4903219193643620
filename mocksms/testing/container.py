"""The mock in a container of its own, for tests that use Testcontainers. Needs `mocksms[testcontainers]`."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, Final, Self

from mocksms.errors import NotReady
from mocksms.testing.client import wait_until_ready

try:
    from testcontainers.core.container import DockerContainer
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"mocksms.testing.container needs Testcontainers, and {error.name} is missing: "
        "pip install 'mocksms[testcontainers]'",
        name=error.name,
    ) from error

PORT: Final = 8972
"""The port of the mock inside its container."""

ENDED: Final = ("exited", "dead", "removing")
"""States of a container that will never be ready."""


class MockSMSContainer(DockerContainer):
    """A container with a mock in it that is ready once it has started.

        with MockSMSContainer().with_env("MOCKSMS_SCENARIO", "gateway-outage") as mock:
            application = Application(sms_url=mock.url + "/rest/v1")

    Args:
        image: the image, as it was built or is called in your registry; else `mocksms` of the version installed here.
        ready_timeout: seconds it may take to be ready.
        more: whatever else `DockerContainer` takes.
    """

    def __init__(self, image: str | None = None, *, ready_timeout: float = 30.0, **more: Any) -> None:
        super().__init__(image or f"mocksms:{version('mocksms')}", **more)
        self.with_exposed_ports(PORT)
        self.ready_timeout = ready_timeout

    @property
    def url(self) -> str:
        """The mock's address for programs on this machine; containers on its network reach it by its name and 8972."""
        return f"http://{self.get_container_host_ip()}:{self.get_exposed_port(PORT)}"

    def start(self) -> Self:
        """Start the container and wait until the mock in it answers.

        Raises:
            NotReady: it did not in time, or its container has ended; what it printed is in the error's notes.
        """
        super().start()
        try:
            self._check_alive()
            wait_until_ready(self.url, self.ready_timeout, self._check_alive)
        except Exception as error:
            error.add_note(f"What the container printed:\n{self._printed()}")
            raise
        return self

    def _check_alive(self) -> None:
        container = self.get_wrapped_container()
        container.reload()
        if container.status in ENDED:
            raise NotReady(self.image, f"its container has ended with {container.attrs['State']['ExitCode']}")

    def _printed(self) -> str:
        return b"".join(self.get_logs()).decode(errors="replace").strip() or "nothing"
