"""Progress of the audit: a line for each test, with a letter for each variation as soon as it is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from mocksms.testing.audit.cells import AuditedTest, Cell
from mocksms.testing.audit.table import Piece, piece_of, write_pieces

INDENT = "    "


class AuditProgress:
    """The lines of progress in the terminal; there are none with `-q`, and those of xdist workers only with `-v`.

    Args:
        config: the configuration of pytest.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def show(self, test: AuditedTest) -> None:
        """Show the line of a test that has ended in an xdist worker."""
        manager = self._config.pluginmanager
        if manager.hasplugin("dsession") and self._config.get_verbosity() > 0 and test.cells:
            reporter: Any = manager.getplugin("terminalreporter")
            reporter.ensure_newline()
            write_pieces(reporter, [Piece(f"{INDENT}audit of {test.test} "), *map(piece_of, test.cells)])
            reporter.line("")

    @contextmanager
    def of(self, item: pytest.Item) -> Iterator[Callable[[Cell], None]]:
        """Show the progress of one test: the block gets a function that shows a cell.

        What the test prints meanwhile is not shown.
        """
        capture: Any = self._config.pluginmanager.getplugin("capturemanager")
        reporter: Any = self._config.pluginmanager.getplugin("terminalreporter")
        if capture is not None:
            capture.suspend_global_capture()
            for name, text in zip(("stdout", "stderr"), capture.read_global_capture(), strict=True):
                item.add_report_section("teardown", name, text)
        is_shown = reporter is not None and self._config.get_verbosity() >= 0
        if is_shown:
            reporter.ensure_newline()
            reporter.write(f"{INDENT}audit of {item.name} ")

        def show(cell: Cell) -> None:
            if is_shown:
                write_pieces(reporter, [piece_of(cell)])

        try:
            yield show
        finally:
            if is_shown:
                reporter.write(" ")
            if capture is not None:
                capture.resume_global_capture()
            logging: Any = self._config.pluginmanager.getplugin("logging-plugin")
            if logging is not None:
                logging.report_handler.reset()
