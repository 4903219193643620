"""`mocksms open`: which files it shows, and where."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import webbrowser
from collections.abc import Callable
from pathlib import Path

import pytest

from mocksms.cli import open as open_command
from mocksms.cli.main import UNUSABLE, main
from mocksms.server import BaseServer
from tests.inspection.support import Api
from tests.state.saved import snapshot_of, trace_of
from tests.support import KEY, NUMBER, TIMEOUT, running
from tests.viewer.opening import get, write_folder


@pytest.fixture(scope="module")
def packed() -> tuple[bytes, bytes]:
    """A trace and a snapshot."""
    with running() as mock:
        Api(mock, KEY).send(NUMBER)
        return trace_of(mock), snapshot_of(mock)


@pytest.fixture
def folder(tmp_path: Path, packed: tuple[bytes, bytes]) -> Path:
    write_folder(tmp_path, *packed)
    return tmp_path


def test_command_serves_a_file_until_ctrl_c(folder: Path) -> None:
    command = [sys.executable, "-m", "mocksms", "open", str(folder / "b.mocksms.zip"), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == (
            "mocksms shows the trace of tests/test_login.py::test_otp, read-only. Press Ctrl+C to stop.\n"
        )
        process.stdout.readline()
        url = process.stdout.readline().strip()
        assert get(f"{url}_mock/trace").json()["file"] == "b.mocksms.zip"
        process.send_signal(signal.SIGINT)
        _, problems = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, problems) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "mocksms open needs a file or folder, such as mocksms open test.mocksms.zip."),
        (["missing.zip"], "missing.zip cannot be read: No such file or directory."),
        (["pipe.zip"], "pipe.zip cannot be read: it is not a regular file."),
        (["empty"], "empty has no traces: no file *.mocksms.zip is in it or in a folder below it."),
        (["text.zip"], "text.zip cannot be shown: Invalid snapshot: the file is not a zip, or other bytes precede it."),
        (["text.zip", "--port", "x"], "--port is 'x', but must be a whole number from 0 to 65535."),
    ],
)
def test_invalid_command_line_is_one_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    sentence: str,
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.zip").write_text("text")
    os.mkfifo(tmp_path / "pipe.zip")
    monkeypatch.chdir(tmp_path)
    assert main(["open", *arguments]) == UNUSABLE
    assert capsys.readouterr().err == f"mocksms: {sentence}\n"


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the command end once it is ready, and return the URLs that it opened in a browser."""
    urls: list[str] = []

    def run(_: BaseServer, listener: socket.socket, ready: Callable[[], object]) -> None:
        ready()
        listener.close()

    class Browser:
        def open(self, url: str) -> None:
            urls.append(url)

    monkeypatch.setattr("mocksms.server.run", run)
    monkeypatch.setattr(webbrowser, "get", lambda: Browser())
    return urls


def test_port_is_the_default_or_any_free_one(
    folder: Path, ran: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as used:
        port = used.getsockname()[1]
        monkeypatch.setattr(open_command, "DEFAULT_PORT", port)
        assert main(["open", str(folder)]) == 0
        assert f"http://127.0.0.1:{port}/" not in (output := capsys.readouterr().out)
        assert output.startswith(f"mocksms shows 3 traces of {folder}, read-only.")
        assert main(["open", str(folder), "--port", str(port)]) == UNUSABLE
        capsys.readouterr()
    assert main(["open", str(folder)]) == 0
    assert f"http://127.0.0.1:{port}/\n" in capsys.readouterr().out
    assert ran == []


def test_browser_opens_only_for_a_person(folder: Path, ran: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    file = str(folder / "gw0" / "a.mocksms.zip")
    main(["open", file])
    assert ran == []
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    main(["open", file, "--no-browser"])
    assert ran == []
    main(["open", file])
    assert len(ran) == 1
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.GenericBrowser("lynx"))
    main(["open", file])

    def no_browser() -> None:
        raise webbrowser.Error

    monkeypatch.setattr(webbrowser, "get", no_browser)
    main(["open", file])
    assert len(ran) == 1
