from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mocksms.engine import memory_limit
from mocksms.engine.memory_limit import MAX_DEFAULT_LIMIT, default_limit
from mocksms.sms.sizes import MIN_MEMORY

GIB = 2**30

Container = Callable[[str, dict[str, str]], None]


@pytest.fixture
def container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Container:
    """Return a function that makes this process one in a control group, by its line and the files below the mount."""
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 64 * GIB // 4096}.__getitem__)

    def enter(groups: str, files: dict[str, str]) -> None:
        (tmp_path / "cgroup").write_text(groups, encoding="utf-8")
        for name, text in files.items():
            path = tmp_path / "mount" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        monkeypatch.setattr(memory_limit, "_CGROUPS", tmp_path / "cgroup")
        monkeypatch.setattr(memory_limit, "_MOUNT", tmp_path / "mount")

    return enter


@pytest.mark.parametrize(
    ("groups", "files", "limit"),
    [
        pytest.param("0::/\n", {"memory.max": f"{GIB}\n"}, GIB // 4, id="version 2"),
        pytest.param("0::/a/b\n", {"a/memory.max": f"{GIB}", "a/b/memory.max": "max"}, GIB // 4, id="group around it"),
        pytest.param("0::/\n", {"memory.max": "max\n"}, MAX_DEFAULT_LIMIT, id="version 2 without limit"),
        pytest.param("4:memory:/x\n0::/\n", {"memory/memory.limit_in_bytes": f"{GIB}"}, GIB // 4, id="version 1"),
        pytest.param("4:cpu,memory:/x\n", {"memory/x/memory.limit_in_bytes": f"{GIB}"}, GIB // 4, id="two controllers"),
        pytest.param("4:memory:/\n", {"memory/memory.limit_in_bytes": f"{2**63 - 4096}"}, GIB, id="version 1, none"),
        pytest.param("3:cpu:/x\n", {}, MAX_DEFAULT_LIMIT, id="no memory controller"),
        pytest.param("0::/\n", {"memory.max": f"{32 * 2**20}"}, MIN_MEMORY, id="tiny"),
    ],
)
def test_default_is_a_quarter_of_the_container(
    container: Container, groups: str, files: dict[str, str], limit: int
) -> None:
    container(groups, files)
    assert default_limit() == limit


def test_default_is_a_quarter_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 2 * GIB // 4096}.__getitem__)
    monkeypatch.setattr(memory_limit, "_CGROUPS", Path("/nowhere"))
    assert default_limit() == GIB // 2


def test_default_where_the_system_says_nothing_is_the_largest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sysconf")
    monkeypatch.setattr(memory_limit, "_CGROUPS", Path("/nowhere"))
    assert default_limit() == MAX_DEFAULT_LIMIT
