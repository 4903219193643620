"""A client of a mock under measurement, for its tester and its application."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from typing import Any

import requests

from tests.benchmarks.servers import KEY, SEND, Server

TIMEOUT = 300


class Mock:
    """A client of a mock, for its tester and its application."""

    def __init__(self, server: Server) -> None:
        self.port = server.port
        self._server = server
        self._session = requests.Session()
        self._session.headers["X-API-Key"] = KEY
        self.connections: list[socket.socket] = []
        self.snapshot = b""

    def post(self, path: str, body: object | bytes) -> requests.Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        return self._session.post(self._server.url(path), raw, headers=headers, timeout=TIMEOUT)

    def get(self, path: str) -> requests.Response:
        return self._session.get(self._server.url(path), timeout=TIMEOUT)

    def put_file(self, path: str, content: bytes) -> requests.Response:
        headers = {"Content-Type": "application/zip"}
        return self._session.put(self._server.url(path), content, headers=headers, timeout=TIMEOUT)

    def call(self, method: str, path: str, body: object = None, **headers: str) -> requests.Response:
        return self._session.request(method, self._server.url(path), json=body, headers=headers, timeout=TIMEOUT)

    def send(self, count: int = 1, content: str = "BODY", **more: Any) -> requests.Response:
        """Send an SMS to so many numbers."""
        outside: dict[str, Any] = {name: more.pop(name) for name in ("async", "send_at") if name in more}
        to = [{"mobile_number": f"97254{place:07}"} for place in range(count)]
        response = self.post(SEND, {"message": {"content": content, "to": to, **more}, **outside})
        response.raise_for_status()
        return response

    def fill(self, count: int = 100_000, **more: Any) -> None:
        """Store so many messages, in sends of 1,000."""
        for _ in range(count // 1000):
            self.send(1000, **more)

    def open_gets(self, paths: Sequence[str]) -> list[socket.socket]:
        """Open a request for each path, without waiting for its response."""
        connections = []
        for path in paths:
            connection = socket.create_connection(("127.0.0.1", self.port))
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {KEY}\r\n\r\n".encode())
            connections.append(connection)
        return connections
