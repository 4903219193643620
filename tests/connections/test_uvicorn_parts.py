"""What mocksms uses of uvicorn's HTTP protocol is checked before a mock starts."""

from __future__ import annotations

import runpy
import subprocess
import sys
from functools import wraps
from typing import Any

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from mocksms.connections import uvicorn_parts
from mocksms.connections.uvicorn_parts import UnsupportedUvicorn, check_uvicorn
from mocksms.errors import SettingsError


def check() -> None:
    check_uvicorn(uvicorn.Server(uvicorn.Config(lambda *_: None, http="httptools", log_config=None)))


def test_installed_uvicorn_has_all() -> None:
    check()


def test_missing_method_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(HttpToolsProtocol, "on_body")
    with pytest.raises(UnsupportedUvicorn, match=r"differs in HttpToolsProtocol\.on_body\. Install the newest mocksms"):
        check()


def test_other_parameters_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def with_limit(self: RequestResponseCycle, scope: Any, limit: int) -> None: ...

    monkeypatch.setattr(RequestResponseCycle, "__init__", with_limit)
    with pytest.raises(UnsupportedUvicorn, match=r"RequestResponseCycle\(limit\), RequestResponseCycle\(logger\)"):
        check()


def test_other_order_of_parameters_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def reordered(self: Any, server_state: Any, config: Any, app_state: Any, _loop: Any = None) -> None: ...

    monkeypatch.setattr(HttpToolsProtocol, "__init__", reordered)
    with pytest.raises(UnsupportedUvicorn, match=r"HttpToolsProtocol\(server_state\), HttpToolsProtocol\(config\)"):
        check()


def test_missing_attribute_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    start = HttpToolsProtocol.__init__

    @wraps(start)
    def without_pipeline(self: HttpToolsProtocol, *values: Any, **options: Any) -> None:
        start(self, *values, **options)
        del self.pipeline

    monkeypatch.setattr(HttpToolsProtocol, "__init__", without_pipeline)
    with pytest.raises(UnsupportedUvicorn, match=r"it differs in HttpToolsProtocol\.pipeline\."):
        check()


def test_module_that_has_moved_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, HttpToolsProtocol.__module__, None)
    with pytest.raises(SettingsError, match=r"differs in the import of uvicorn\.protocols\.http\.httptools_impl"):
        runpy.run_path(uvicorn_parts.__file__)


MOVED = """
import sys
sys.modules["uvicorn.protocols.http.httptools_impl"] = None
from mocksms.cli.main import main
sys.exit(main(["--port", "0"]))
"""


def test_command_names_a_moved_module_in_one_line() -> None:
    ended = subprocess.run([sys.executable, "-c", MOVED], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert ended.stderr.startswith("mocksms: uvicorn")
    assert "differs in the import of uvicorn.protocols.http.httptools_impl" in ended.stderr
    assert ended.stderr.count("\n") == 1
