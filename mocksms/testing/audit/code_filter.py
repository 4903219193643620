"""Whose code a frame of a traceback runs: the test's, the application's, or a library's."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import FrameType, FunctionType, ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    import pytest

PACKAGE: Final = f"{Path(__file__).parents[2]}/"
"""The folder of mocksms."""

SITE_FOLDERS: Final = frozenset({"site-packages", "dist-packages"})

TEST_FOLDERS: Final = frozenset({"test", "tests"})
"""Folders with tests, their helpers, and at times small applications for them."""

UNITTEST_METHODS: Final = ("setUp", "tearDown", "setUpClass", "tearDownClass", "asyncSetUp", "asyncTearDown")

_STANDARD_LIBRARY: Final = tuple(f"{sysconfig.get_paths()[name]}/" for name in ("stdlib", "platstdlib"))


class CodeOwner(StrEnum):
    """Whose code it is. `test` is the test function, its class, fixtures and conftest files."""

    TEST = "test"
    APPLICATION = "application"
    LIBRARY = "library"
    MOCKSMS = "mocksms"


class FramePlace(NamedTuple):
    """A frame of a traceback: the line that it was at, and whose code it is."""

    frame: FrameType
    line: int
    owner: CodeOwner


class CodeFilter(NamedTuple):
    """Tells the code of a test, its application and libraries apart.

    `file` is the file of the test, `function` the qualified name of its function, such as `TestShop.test_code`, and
    `root` the root folder of the test run. A package that is installed counts as the application if the root folder,
    or `src` in it, has the same package.
    """

    file: Path
    function: str
    root: Path

    @classmethod
    def of(cls, item: pytest.Function) -> CodeFilter:
        """Return the filter for a test."""
        return cls(item.path, item.function.__qualname__, item.config.rootpath)

    def places(self, traces: Iterable[TracebackType | None]) -> list[FramePlace]:
        """Return the frames of tracebacks, the outermost first."""
        found: list[FramePlace] = []
        for trace in traces:
            while trace is not None:
                found.append(FramePlace(trace.tb_frame, trace.tb_lineno, self.owner(trace.tb_frame)))
                trace = trace.tb_next
        return found

    def owner(self, frame: FrameType) -> CodeOwner:
        """Return whose code a frame runs."""
        owner = self.owner_of_file(frame.f_code.co_filename)
        if owner is not CodeOwner.TEST:
            return owner
        return CodeOwner.TEST if self._is_test_function(frame) else CodeOwner.APPLICATION

    def owner_of_file(self, name: str) -> CodeOwner:
        """Return whose code a file has; that of a test file can be both."""
        return _owner_of_file(name, str(self.file), str(self.root))

    def owns_class(self, kind: type) -> bool:
        """Whether the application or the test defines a class."""
        module = sys.modules.get(kind.__module__)
        file = getattr(module, "__file__", None)
        return file is not None and self.owner_of_file(file) in (CodeOwner.TEST, CodeOwner.APPLICATION)

    def describe(self, place: FramePlace) -> str:
        """Return a place as `shop/sms.py:41 in send`."""
        path = Path(place.frame.f_code.co_filename)
        shown = path.relative_to(self.root) if path.is_relative_to(self.root) else path
        return f"{shown}:{place.line} in {place.frame.f_code.co_name}"

    def _is_test_function(self, frame: FrameType) -> bool:
        """Whether a function in a file of tests is no part of an application that lies in this file, too.

        If the file imports an application, there is no other in it. If not, the application are the functions that
        pytest does not call, and functions inside of others, such as the view of a Flask application.
        """
        if self._imports_application(frame.f_globals):
            return True
        parts = [part for part in frame.f_code.co_qualname.split(".") if not part.startswith("<")]
        name = ".".join(parts)
        if len(parts) > 1 and f"{parts[-2]}.<locals>.{parts[-1]}" in frame.f_code.co_qualname:
            return False
        test_class = self.function.rpartition(".")[0]
        return (
            name in ("", self.function)
            or bool(test_class and name.startswith(f"{test_class}."))
            or parts[-1].startswith("test")
            or parts[-1] in UNITTEST_METHODS
            or _is_fixture(frame.f_globals.get(name))
        )

    def _imports_application(self, names: dict[str, Any]) -> bool:
        return any(self.owner_of_file(file) is CodeOwner.APPLICATION for file in _files_of(names))


def _is_fixture(value: object) -> bool:
    return type(value).__module__.startswith("_pytest.") or hasattr(value, "_pytestfixturefunction")


def _files_of(names: dict[str, Any]) -> Iterator[str]:
    """Iterate over the files that modules, functions and classes among global names come from."""
    for value in tuple(names.values()):
        if isinstance(value, ModuleType):
            file = getattr(value, "__file__", None)
        elif isinstance(value, FunctionType):
            file = value.__code__.co_filename
        elif isinstance(value, type):
            file = getattr(sys.modules.get(value.__module__), "__file__", None)
        else:
            continue
        if file is not None:
            yield file


@cache
def _owner_of_file(name: str, test_file: str, root: str) -> CodeOwner:
    path = Path(name)
    if name == test_file or path.name == "conftest.py":
        return CodeOwner.TEST
    if name.startswith(PACKAGE):
        return CodeOwner.MOCKSMS
    site = next((place for place, part in enumerate(path.parts) if part in SITE_FOLDERS), None)
    if site is not None:
        return CodeOwner.APPLICATION if _is_copy(path.parts[site + 1], Path(root)) else CodeOwner.LIBRARY
    if name.startswith(("<", *_STANDARD_LIBRARY)):
        return CodeOwner.LIBRARY
    folders = path.relative_to(root).parts[:-1] if path.is_relative_to(root) else ()
    return CodeOwner.APPLICATION if TEST_FOLDERS.isdisjoint(folders) else CodeOwner.TEST


def _is_copy(name: str, root: Path) -> bool:
    """Whether the root folder has an installed package or module, too."""
    return any((folder / name).exists() for folder in (root, root / "src"))
