"""A folder of traces, read-only."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import requests

from mocksms.settings import Settings
from mocksms.testing.client import check_ready
from mocksms.viewer import folder as listing
from mocksms.viewer import folder_app
from mocksms.viewer.files import read_view
from mocksms.viewer.folder import TraceFolder
from mocksms.viewer.read_only_app import ReadOnlyApp
from tests.state.saved import trace_of
from tests.support import NUMBER, TIMEOUT, Mock
from tests.viewer.opening import get, opened_folder


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


def test_client_sees_that_the_folder_is_ready(folder: Path) -> None:
    with opened_folder(folder) as url:
        check_ready(url)
        assert get(f"{url}/_mock/health").json() == {"status": "ready", "version": version("mocksms")}


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

    monkeypatch.setattr(listing, "read_summary", no_file)
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

    monkeypatch.setattr(folder_app, "ReadOnlyApp", App)
    monkeypatch.setattr(folder_app, "read_view", count_views)
    monkeypatch.setattr(folder_app, "MAX_OPEN", 1)
    with opened_folder(folder) as url, requests.get(f"{url}/t/1/_mock/events", stream=True, timeout=TIMEOUT) as stream:
        assert get(f"{url}/t/1/_mock/trace").status_code == 200
        assert (views, len(closed)) == (1, 0)
        assert get(f"{url}/t/3/_mock/trace").status_code == 200
        assert b"".join(stream.iter_content())  # ended
        assert get(f"{url}/t/1/_mock/trace").status_code == 200
        assert (views, len(closed)) == (3, 2)
    assert len(closed) == 3
