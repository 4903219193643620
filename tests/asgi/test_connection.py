from __future__ import annotations

from typing import Any

import pytest

from mocksms.asgi.connection import CONNECTION, connection_of


def test_connection_of_a_request_is_the_connection_of_the_server() -> None:
    connection = object()
    assert connection_of({"extensions": {CONNECTION: connection}}) is connection
    scopes: list[dict[str, Any]] = [{}, {"extensions": {}}]
    for scope in scopes:
        with pytest.raises(ConnectionResetError, match="no socket"):
            connection_of(scope)
