"""Test doubles of the standard library's HTTP client change neither assertions nor other requests of the handle."""

from __future__ import annotations

from contextlib import closing

import pytest

from mocksms.testing.client import MockClient
from mocksms.testing.connection import copy_module
from tests.support import Mock


@pytest.mark.parametrize(
    "target", ["HTTPConnection", "HTTPConnection.request", "HTTPConnection.getresponse", "HTTPResponse.read"]
)
def test_double_of_http_client_changes_no_request(
    shared_mock: Mock, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    with closing(MockClient(shared_mock.url)) as client:
        client.request("GET", "health")
        monkeypatch.setattr(f"http.client.{target}", lambda *_, **__: b"{}")
        for _ in range(2):
            assert client.request("GET", "health")["status"] == "ready"
        client.close()
        assert client.request("GET", "health")["status"] == "ready"


def test_copy_of_a_module_is_as_its_file_defines_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("http.client.HTTPConnection.request", None)
    assert copy_module("http.client").HTTPConnection.request is not None
