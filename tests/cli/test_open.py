"""`mocksms open`: a trace or snapshot, or a folder of traces, read-only."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import webbrowser
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from mocksms.app import ReadOnlyApp
from mocksms.cli import open as open_command
from mocksms.cli import open_folder
from mocksms.cli.main import UNUSABLE, main
from mocksms.cli.open_folder import TraceFolder
from mocksms.cli.snapshots import read_view
from mocksms.server import BaseServer
from mocksms.settings import Settings
from mocksms.state.errors import InvalidSnapshot
from mocksms.state.options import settings_of
from tests.cli.opening import opened, opened_folder
from tests.inspection.support import LATER, OPERATIONS, Api
from tests.state.archives import manifest
from tests.state.saved import explanation_of, snapshot_of, trace_of
from tests.support import KEY, NUMBER, TIMEOUT, ManualClock, Mock, running

EXPECTED = {"to": NUMBER, "content": "Your code is 481517"}


@pytest.fixture(scope="module")
def saved() -> Iterator[tuple[Mock, bytes, bytes]]:
    """A mock with a little of everything, its trace and its snapshot."""
    settings = Settings(port=0, seed="open", link_length=30, magic_delay=timedelta(hours=1))
    with running(settings, ManualClock()) as mock:
        api = Api(mock, KEY)
        api.patch(webhooks=[{"url": "http://127.0.0.1:1"}], credit=100, label="login")
        api.send(NUMBER, content="Your code is 481516", track_clicks=True)
        api.send(LATER, content="https://shop.example/a")
        api.post("inbound", {"from": NUMBER, "text": "STOP"})
        Api(mock, "another key of the tests").send(NUMBER, content="Hi")
        mock.post("{")
        requests.get(f"{mock.url}/no/such/path", timeout=TIMEOUT)
        api.post("clock/advance", {"by": 0})  # until the callbacks were attempted
        yield mock, trace_of(mock, explanation_of(mock, **EXPECTED), "assert 1 == 2"), snapshot_of(mock)


def get(url: str, **headers: str) -> requests.Response:
    return requests.get(url, headers=headers, timeout=TIMEOUT)


def test_trace_is_served_as_it_was_saved(saved: tuple[Mock, bytes, bytes]) -> None:
    mock, packed, _ = saved
    with opened(packed) as url:
        for path in ("messages", "requests", "phones", "inbound", "consents", "callbacks", "numbers", "scenario"):
            assert get(f"{url}/_mock/{path}").json() == get(f"{mock.url}/_mock/{path}").json(), path
        trace = get(f"{url}/_mock/trace").json()
        accounts = get(f"{url}/_mock/accounts").json()["accounts"]
    assert (trace["file"], trace["folder"], trace["test"]["nodeid"]) == (
        "a.mocksms.zip",
        None,
        "tests/test_login.py::test_otp",
    )
    first, second = trace["failures"]
    (comparison,) = [each for each in first["explanation"]["closest"][0]["comparisons"] if not each["matches"]]
    assert (comparison["actual"], comparison["differs_at"]) == ("Your code is 481516", 18)
    (difference,) = comparison["differences"]
    assert difference == {"expected": {"start": 18, "end": 19}, "actual": {"start": 18, "end": 19}}
    assert (second["text"], second["explanation"]) == ("assert 1 == 2", None)
    assert {*trace["accounts"]} == {account.id for account in mock.engine.accounts}
    assert trace["mock_options"] == {"link_length": "30", "magic_delay": "3600s"}
    assert "AssertionError" in trace["report"]
    assert [line["logger"] for line in trace["logs"]] == ["shop.signup", "shop", "shop"]
    assert {account["clock"]["frozen"] for account in accounts} == {True}


def test_snapshot_is_shown_without_a_test(saved: tuple[Mock, bytes, bytes]) -> None:
    _, _, packed = saved
    with opened(packed) as url:
        trace = get(f"{url}/_mock/trace").json()
        assert len(get(f"{url}/_mock/messages").json()["messages"]) == 3
        refusal = requests.post(f"{url}/_mock/reset", timeout=TIMEOUT)
    assert (trace["test"], trace["failures"], trace["logs"], trace["report"]) == (None, [], [], "")
    assert refusal.json()["error"]["message"].startswith("This is a snapshot: read-only.")


def test_nothing_can_be_changed(saved: tuple[Mock, bytes, bytes]) -> None:
    mock, packed, _ = saved
    with opened(packed) as url:
        paths = ("messages", "requests", "accounts", "phones", "clock", "health", "scenario", "faults", "callbacks")

        def everything() -> list[Any]:
            values = [get(f"{url}/_mock/{path}").json() for path in paths]
            return [{name: each for name, each in value.items() if name != "uptime"} for value in values]

        before = everything()
        for operation in OPERATIONS:
            if operation.method == "GET":
                continue
            target = f"{url}{operation.path.format(id='latest')}"
            refusal = requests.request(operation.method, target, json={}, timeout=TIMEOUT)
            assert (refusal.status_code, refusal.headers["allow"]) == (405, "GET, HEAD"), operation.id
            assert refusal.json()["error"]["message"].startswith("This is a trace: read-only."), operation.id
        link = get(f"{mock.url}/_mock/messages/latest", **{"X-API-Key": KEY}).json()["links"][-1]
        for path in ("/rest/v1/transactional/sms/send", link.removeprefix(mock.url), "/x"):
            for method in ("GET", "POST"):
                refusal = requests.request(method, url + path, headers={"X-API-Key": KEY}, timeout=TIMEOUT)
                assert refusal.status_code == 403
                assert refusal.json()["error"]["message"].startswith("This is a trace: read-only."), path
        assert get(f"{url}/_mock/account", **{"X-API-Key": "of nobody"}).status_code == 200
        assert get(f"{url}/favicon.ico").status_code == 200
        with socket.create_connection((url.split(":")[1][2:], int(url.rpartition(":")[2])), TIMEOUT) as connection:
            connection.sendall(b"nonsense\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 400")
        assert everything() == before


def test_time_stands_still(saved: tuple[Mock, bytes, bytes]) -> None:
    _, packed, _ = saved
    with opened(packed) as url:
        (queued,) = get(f"{url}/_mock/messages?status=queued").json()["messages"]
        (callback, *_) = get(f"{url}/_mock/callbacks").json()["callbacks"]
        clock = get(f"{url}/_mock/clock").json()
    assert len(queued["history"]) == 1
    assert (callback["state"], len(callback["attempts"])) == ("pending", 1)
    assert (clock["now"], clock["frozen"]) == ("2026-03-01T12:00:00Z", True)
    assert callback["due_at"] > clock["now"]


def test_texts_are_those_of_the_saved_mock(saved: tuple[Mock, bytes, bytes]) -> None:
    mock, packed, _ = saved
    with opened(packed, Settings(link_length=99, public_url="http://other.example")) as url:
        first = get(f"{url}/_mock/messages?to={NUMBER}", **{"X-API-Key": KEY}).json()["messages"][0]
    assert f"{mock.url}/u/" in first["text"]
    assert first["segments"]["link_length"] == 30


def test_control_token_and_keys(saved: tuple[Mock, bytes, bytes]) -> None:
    _, packed, _ = saved
    with opened(packed, Settings(control_token="secret", api_key=("one", "two"))) as url:
        assert get(f"{url}/").status_code == 200
        assert get(f"{url}/_mock/trace").status_code == 401
        trace = get(f"{url}/_mock/trace", Authorization="Bearer secret")
        assert get(f"{url}/_mock/messages", Authorization="Bearer secret").status_code == 200
    assert trace.status_code == 200
    assert not any(secret in trace.text for secret in (KEY, "secret", "another key of the tests"))


def test_page_knows_that_the_mock_is_read_only(saved: tuple[Mock, bytes, bytes]) -> None:
    mock, packed, _ = saved
    with opened(packed) as url:
        pages = [get(f"{url}{path}") for path in ("/", "/docs")]
        assert [page.text.count("<html data-read-only lang") for page in pages] == [1, 1]
        assert {page.headers["content-security-policy"] for page in pages} == {
            get(f"{mock.url}/").headers["content-security-policy"]
        }
    assert "data-read-only" not in get(f"{mock.url}/").text


def test_other_mocks_are_no_trace(saved: tuple[Mock, bytes, bytes]) -> None:
    refusal = Api(saved[0]).call("GET", "trace")
    assert (refusal.status_code, refusal.json()["error"]["message"]) == (
        404,
        "This mock is not a trace. mocksms open FILE shows one.",
    )


def test_options_of_another_version_are_ignored_and_invalid_ones_refused() -> None:
    assert settings_of(manifest(options={"link_length": "30", "of_tomorrow": "1", "port": "1"}), Settings()) == replace(
        Settings(), link_length=30, seed="s"
    )
    with pytest.raises(InvalidSnapshot, match=r"manifest\.json: options: link_length is 'x', but must be "):
        settings_of(manifest(options={"link_length": "x"}), Settings())


# Folders


@pytest.fixture
def folder(tmp_path: Path, saved: tuple[Mock, bytes, bytes]) -> Path:
    """A folder with a trace, a snapshot below it, a damaged trace, a broken link, a pipe, and another file."""
    _, packed, snapshot = saved
    (tmp_path / "b.mocksms.zip").write_bytes(packed)
    (tmp_path / "gw0").mkdir()
    (tmp_path / "gw0" / "a.mocksms.zip").write_bytes(snapshot)
    (tmp_path / "c.mocksms.zip").write_bytes(packed[:1000])
    (tmp_path / "other.zip").write_bytes(packed)
    (tmp_path / "y.mocksms.zip").symlink_to("nowhere")
    os.mkfifo(tmp_path / "z.mocksms.zip")
    return tmp_path


def listed(url: str) -> dict[str, dict[str, Any]]:
    return {row["file"]: row for row in get(f"{url}/_mock/traces").json()["traces"]}


def test_folder_lists_its_traces(folder: Path) -> None:
    with opened_folder(folder) as url:
        rows = listed(url)
        page = get(f"{url}/")
    assert [*rows] == ["c.mocksms.zip", "b.mocksms.zip", "gw0/a.mocksms.zip"]  # the latest first
    trace, snapshot, damaged = rows["b.mocksms.zip"], rows["gw0/a.mocksms.zip"], rows["c.mocksms.zip"]
    assert (trace["number"], trace["nodeid"], trace["failures"], trace["error"]) == (
        1,
        "tests/test_login.py::test_otp",
        2,
        None,
    )
    assert trace["failure"].startswith(f'no SMS to {NUMBER} with content "Your code is 481517": 2 SMS in the account')
    assert (snapshot["nodeid"], snapshot["failure"], snapshot["error"]) == (None, None, None)
    assert damaged["error"] == "Invalid snapshot: the zip is cut off, or other bytes follow its end."
    assert '<script type="module" src="inbox/traces/main.js">' in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]


def test_each_trace_has_a_path(folder: Path) -> None:
    (folder / "z\udcff.mocksms.zip").write_bytes(b"")  # a name that is not UTF-8
    with opened_folder(folder) as url:
        trace = get(f"{url}/t/1/_mock/trace").json()
        assert (trace["file"], trace["folder"]) == ("b.mocksms.zip", folder.name)
        assert get(f"{url}/t/1").url == f"{url}/t/1/"
        assert "data-read-only" in get(f"{url}/t/1/").text
        assert get(f"{url}/t/1/inbox/main.js").status_code == 200
        refusals = {
            f"{url}/t/2/": (422, "c.mocksms.zip cannot be shown: Invalid snapshot: the zip is cut off"),
            f"{url}/t/4/": (422, "z\\udcff.mocksms.zip cannot be shown: Invalid snapshot: the file is empty."),
            f"{url}/t/9/": (404, "There is no trace 9. The page / lists all."),
            f"{url}/t/0/_mock/trace": (404, "There is no trace 0. The page / lists all."),
            f"{url}/x": (404, "Unknown path /x. The page / lists the traces."),
        }
        for target, (status, text) in refusals.items():
            refusal = get(target)
            assert refusal.status_code == status
            assert text in refusal.json()["error"]["message"]
        assert "z\ufffd.mocksms.zip" in listed(url)
        assert requests.post(f"{url}/t/3/_mock/reset", timeout=TIMEOUT).status_code == 405
        assert requests.post(f"{url}/_mock/traces", timeout=TIMEOUT).status_code == 405


def test_files_that_change_are_read_again(folder: Path, saved: tuple[Mock, bytes, bytes]) -> None:
    mock = saved[0]
    with opened_folder(folder) as url:
        assert get(f"{url}/t/1/_mock/trace").json()["test"]["nodeid"] == "tests/test_login.py::test_otp"
        listed(url)
        (folder / "b.mocksms.zip").write_bytes(trace_of(mock, nodeid="tests/test_b.py::test_again"))
        (folder / "a.mocksms.zip").write_bytes(trace_of(mock, "", nodeid="tests/test_a.py::test_new"))
        (folder / "c.mocksms.zip").unlink()
        assert get(f"{url}/t/1/_mock/trace").json()["test"]["nodeid"] == "tests/test_b.py::test_again"
        rows = listed(url)
        assert get(f"{url}/t/2/_mock/trace").status_code == 422
    assert {row["number"]: row["nodeid"] for row in rows.values()} == {
        1: "tests/test_b.py::test_again",
        3: None,
        4: "tests/test_a.py::test_new",
    }
    assert (rows["b.mocksms.zip"]["failure"], rows["a.mocksms.zip"]["failure"]) == ("", "AssertionError")


def test_file_that_cannot_be_read_is_listed_with_the_reason(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_file(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(open_folder, "read_summary", no_file)
    rows = TraceFolder(folder, Settings()).list().traces
    assert {row.error for row in rows} == {"Permission denied."}


def test_least_recently_used_trace_is_closed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[ReadOnlyApp] = []
    views = 0

    class App(ReadOnlyApp):
        def stop(self) -> None:
            closed.append(self)
            super().stop()

    def count_views(*arguments: Any) -> Any:
        nonlocal views
        views += 1
        return read_view(*arguments)

    monkeypatch.setattr(open_folder, "ReadOnlyApp", App)
    monkeypatch.setattr(open_folder, "read_view", count_views)
    monkeypatch.setattr(open_folder, "MAX_OPEN", 1)
    with opened_folder(folder) as url, requests.get(f"{url}/t/1/_mock/events", stream=True, timeout=TIMEOUT) as stream:
        assert get(f"{url}/t/1/_mock/trace").status_code == 200
        assert (views, len(closed)) == (1, 0)
        assert get(f"{url}/t/3/_mock/trace").status_code == 200
        assert b"".join(stream.iter_content())  # ended
        assert get(f"{url}/t/1/_mock/trace").status_code == 200
        assert (views, len(closed)) == (3, 2)
    assert len(closed) == 3


# The command


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
