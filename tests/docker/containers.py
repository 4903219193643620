"""A container of the mock, called through its published port."""

from __future__ import annotations

import json
from time import monotonic
from typing import Any, Self

import requests

from mocksms.testing.client import wait_until_ready
from tests.docker.engine import Engine
from tests.support import KEY, TIMEOUT, send_sms


class Container:
    """A container, and the time of its start."""

    def __init__(self, engine: Engine, identity: str, started: float) -> None:
        self.engine = engine
        self.id = identity
        self.started = started

    @classmethod
    def start(cls, engine: Engine, *arguments: str) -> Self:
        started = monotonic()
        return cls(engine, engine("run", "--detach", *arguments), started)

    @property
    def url(self) -> str:
        """The URL of the mock; its port changes with each start."""
        return f"http://{self.engine('port', self.id, '8972/tcp').splitlines()[0]}"

    def wait(self) -> float:
        """Wait until the mock is ready; return the seconds since the start."""
        wait_until_ready(self.url, TIMEOUT)
        return monotonic() - self.started

    def send(self, *to: str, key: str = KEY, **more: Any) -> list[dict[str, Any]]:
        return send_sms(self.url, *to, key=key, **more)

    def get(self, path: str, key: str = KEY) -> Any:
        response = requests.get(self.url + path, headers={"X-API-Key": key}, timeout=TIMEOUT)
        assert response.status_code == 200, response.text
        return response.json()

    def field(self, path: str) -> Any:
        """Return a field of the description of the container."""
        return json.loads(self.engine("inspect", "--format", f"{{{{json {path}}}}}", self.id))

    def end(self, signal: str = "TERM") -> tuple[int, float]:
        """Send the first process a signal; return its exit code and the seconds it took."""
        started = monotonic()
        self.engine("kill", "--signal", signal, self.id)
        code = int(self.engine("wait", self.id))
        return code, monotonic() - started
