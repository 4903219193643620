"""The command `mocksms open`: shows a trace or snapshot, or the traces of a folder, in the web UI."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mocksms.cli.options import Parser, ValueKind, read_settings
from mocksms.cli.output import SideOutput, configure_logs
from mocksms.errors import SettingsError, escape
from mocksms.settings import Settings

if TYPE_CHECKING:
    from mocksms.app import CreateApp
    from mocksms.connections.listener import ListeningSocket

DEFAULT_PORT: Final = 8973
"""The port if it is free: what the browser stores, such as its colours, belongs to a port."""

OPTIONS_IN_HELP: Final = ("host", "port", "allowed_host", "control_token", "max_memory")


def open_parser() -> Parser:
    """Return the parser of the command."""
    parser = Parser(
        prog="mocksms open",
        description="Show a trace or snapshot, or all traces (*.mocksms.zip) of a folder, read-only in the web UI.",
    )
    parser.add_argument(
        "path", nargs="?", metavar="FILE|FOLDER", help="trace, snapshot or state file, or folder of traces"
    )
    parser.add_argument("--no-browser", action="store_true", help="open no browser; without a terminal none opens")
    parser.values["path"] = ValueKind.FILES
    return parser.with_settings(OPTIONS_IN_HELP)


def open_(arguments: list[str]) -> int:
    """Show a trace or snapshot, or the traces of a folder, until Ctrl+C."""
    settings, parsed = read_settings(open_parser(), arguments)
    if parsed.path is None:
        raise SettingsError("mocksms open needs a file or folder, such as mocksms open test.mocksms.zip.")
    configure_logs(settings.log_format)
    path = Path(parsed.path)
    create, shows = _of_folder(path, settings) if path.is_dir() else _of_file(path, settings)

    from mocksms.connections.listener import base_url
    from mocksms.server import BaseServer, run

    listener = _bind(settings, has_port=parsed.port is not None)
    url = f"{base_url(listener)}/"

    def ready() -> None:
        SideOutput()(f"mocksms shows {escape(shows)}, read-only. Press Ctrl+C to stop.\n\n  {url}\n\n")
        if not parsed.no_browser:
            _open_browser(url)

    run(BaseServer(create, lambda *_: None), listener, ready)
    return 0


def _of_file(path: Path, settings: Settings) -> tuple[CreateApp, str]:
    """Return the application that shows a file, and what it shows."""
    from mocksms.viewer.files import read_view
    from mocksms.viewer.read_only_app import ReadOnlyApp

    view = read_view(path, settings)
    shows = f"the trace of {view.trace.trace.test.nodeid}" if view.trace else f"the snapshot {path.name}"
    return lambda stopping: ReadOnlyApp(view, stopping), shows


def _of_folder(path: Path, settings: Settings) -> tuple[CreateApp, str]:
    """Return the application that shows the traces of a folder, and what it shows."""
    from mocksms.viewer.files import no_traces
    from mocksms.viewer.folder import TraceFolder
    from mocksms.viewer.folder_app import FolderApp

    folder = TraceFolder(path, settings)
    count = len(folder.files())
    if not count:
        raise no_traces(path)
    shows = f"{count} {'trace' if count == 1 else 'traces'} of {path}"
    return lambda stopping: FolderApp(folder, stopping), shows


def _bind(settings: Settings, *, has_port: bool) -> ListeningSocket:
    """Return a listening socket: at the port of the command line, or at the default port or any free one."""
    from mocksms.connections.listener import bind

    if has_port:
        return bind(settings)
    with suppress(SettingsError):
        return bind(replace(settings, port=DEFAULT_PORT))
    return bind(replace(settings, port=0))


def _open_browser(url: str) -> None:
    """Open a browser if a person sees the terminal, but none that would run in the terminal."""
    if not (sys.stdout is not None and sys.stdout.isatty()):
        return
    import webbrowser

    with suppress(webbrowser.Error, OSError):
        browser = webbrowser.get()
        if type(browser) is not webbrowser.GenericBrowser:
            browser.open(url)
