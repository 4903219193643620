"""Applications and tests that are written to files, so that their tracebacks are those of files."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from mocksms.testing.audit.calls import WatchedRun, watch_run
from mocksms.testing.audit.code_filter import PACKAGE, CodeFilter
from mocksms.testing.audit.endings import Ending, ending_of
from mocksms.testing.audit.options import AuditOptions

_OF_MOCKSMS: dict[str, Any] = {}
exec(compile("def run(test, arguments): test(*arguments)", f"{PACKAGE}testing/audit/rerun.py", "exec"), _OF_MOCKSMS)

NOTHING = WatchedRun([], [])


class AuditedFiles:
    """A folder with the modules `shop` (the application) and `test_shop`, which has the function `test_it`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.code = CodeFilter(root / "test_shop.py", "test_it", root)

    def write(self, shop: str, tests: str, **others: str) -> Callable[..., object]:
        """Write the modules, and return the function `test_it`."""
        importlib.invalidate_caches()
        for name, source in {**others, "shop": shop, "test_shop": tests}.items():
            (self.root / f"{name}.py").write_text(dedent(source))
        function: Callable[..., object] = importlib.import_module("test_shop").test_it
        return function

    def ending(
        self, shop: str, tests: str, *arguments: Any, options: AuditOptions | None = None, **others: str
    ) -> Ending:
        """Run `test_it` below a frame of mocksms, as the audit does, and return how it ended."""
        function = self.write(shop, tests, **others)
        error: BaseException | None = None
        with watch_run(self.code, with_calls=True) as watched:
            try:
                _OF_MOCKSMS["run"](function, arguments)
            except BaseException as raised:
                error = raised
        return ending_of(error, self.code, watched, options or AuditOptions())


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AuditedFiles]:
    """A folder for an application and its tests."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    yield AuditedFiles(tmp_path)
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]
