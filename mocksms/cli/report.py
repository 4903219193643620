"""The command `mocksms report`: writes an HTML page about traces and other snapshots."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from mocksms.cli.options import Parser, ValueKind, read_settings
from mocksms.cli.output import complain, echo, echo_bytes
from mocksms.errors import SettingsError
from mocksms.sms.display import error_reason
from mocksms.sms.sizes import format_size

if TYPE_CHECKING:
    from mocksms.report.snapshot_part import ReportFile
    from mocksms.settings import Settings

STDOUT: Final = "-"

UNREADABLE: Final = 1
"""Exit code if one of several files cannot be read; the page says why."""


def report_parser() -> Parser:
    """Return the parser of the command."""
    parser = Parser(
        prog="mocksms report",
        description="Write an HTML page about traces or other snapshots. It needs no server, script or other file.",
    )
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="a trace, snapshot or state file, or a folder of traces (*.mocksms.zip)",
    )
    parser.add_argument("-o", "--output", metavar="FILE", default=STDOUT, help="the page (default: standard output)")
    parser.values |= {"files": ValueKind.FILES, "output": ValueKind.FILES}
    return parser.with_settings(("max_memory",))


def report(arguments: list[str]) -> int:
    """Write an HTML page about one or several files."""
    settings, parsed = read_settings(report_parser(), arguments)
    if not parsed.files:
        raise SettingsError("No file; name one or more, such as mocksms report traces -o run.html.")
    from mocksms.viewer.files import files_at

    paths = [path for name in parsed.files for path in files_at(Path(name))]

    from mocksms.report.page import report_page

    files = [_read(path, settings, is_only=len(paths) == 1) for path in paths]
    page = report_page(files)
    problems = [each.problem for each in files if each.problem]
    pairs = zip(paths, page.left_out, strict=True)
    left_out = [f"{path}: left out to keep the page short: {what}." for path, what in pairs if what]
    if parsed.output == STDOUT:
        echo_bytes(page.content)
    else:
        _write(Path(parsed.output), page.content)
        counted = f"{len(files)} {'file' if len(files) == 1 else 'files'}"
        echo(f"{parsed.output}: {counted}, {format_size(len(page.content))}\n")
    for line in (*left_out, *problems):
        complain(line)
    return UNREADABLE if problems else 0


def _read(path: Path, settings: Settings, *, is_only: bool) -> ReportFile:
    """Read a file. One of several that cannot be read has a place on the page too."""
    from mocksms.report.reading import report_file
    from mocksms.report.snapshot_part import ReportFile
    from mocksms.viewer.files import read_view

    try:
        return report_file(read_view(path, settings, frozen=False))
    except SettingsError as error:
        if is_only:
            raise
        return ReportFile(path.name, problem=str(error))


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be written: {error_reason(error)}.") from error
