"""The command line: `mocksms` starts a mock, other commands print references and work on scenarios."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from typing import Final

from mocksms.cli.client import client, client_parser
from mocksms.cli.compare import compare, compare_parser
from mocksms.cli.completion import COMPLETE, DEFAULT_COMMAND, complete, completion, completion_parser
from mocksms.cli.guide import guide, guide_parser
from mocksms.cli.mcp import mcp, mcp_parser
from mocksms.cli.open import open_, open_parser
from mocksms.cli.options import (
    ADDRESS,
    URL_HELP,
    Command,
    Parser,
    read_seconds,
    read_settings,
    running_mock,
    usage_error,
)
from mocksms.cli.output import SideOutput, complain, configure_logs, echo
from mocksms.cli.report import report, report_parser
from mocksms.cli.scenarios import (
    check,
    check_parser,
    record,
    record_parser,
    scenarios,
    scenarios_parser,
    schema,
    schema_parser,
)
from mocksms.cli.tables import echo_note, echo_table
from mocksms.cli.tail import tail, tail_parser
from mocksms.cli.terminal import painter
from mocksms.cli.wait import wait, wait_parser
from mocksms.engine.collector import collector_paused
from mocksms.errors import (
    InvalidScenario,
    MocksmsError,
    NotReady,
    OutputFailed,
    SettingsError,
    UnknownScenario,
    did_you_mean,
)
from mocksms.settings import flag_name

UNUSABLE: Final = 2
"""Exit code for an invalid command line, environment variable or address."""

FAILED: Final = 1
"""Exit code if the result or the state cannot be written, if a mock is not ready, or if a check finds something."""

INTERRUPTED: Final = 130
"""Exit code after Ctrl+C in a command that does not end by itself."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(arguments)
    except OutputFailed as error:
        complain(error.sentence)
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except InvalidScenario as error:
        for issue in error.issues:
            complain(str(issue))
    except UnknownScenario as error:
        complain(error.sentence)
    except SettingsError as error:
        complain(str(error))
    return UNUSABLE


def _run(arguments: list[str]) -> int:
    if arguments[:1] == [COMPLETE]:
        echo(complete(arguments[1:], COMMANDS).text)
        return 0
    name = DEFAULT_COMMAND
    if arguments and not arguments[0].startswith("-"):
        name = arguments.pop(0)
    if name not in COMMANDS:
        hint = did_you_mean(name, COMMANDS, f"the commands are {', '.join(COMMANDS)}.")
        raise SettingsError(f"Unknown command {name!r}; {hint}")
    return COMMANDS[name].run(arguments)


def _serve_parser() -> Parser:
    from importlib.metadata import version

    commands = "".join(f"  {name:<11} {command.about}\n" for name, command in COMMANDS.items())
    parser = Parser(
        prog="mocksms",
        usage="mocksms [COMMAND] [OPTION ...]",
        description="A mock of inwise's transactional SMS API.\n\n"
        f"commands:\n{commands}\n"
        "mocksms COMMAND --help shows the options of a command.\nThe options of serve follow.",
        epilog="Each option is also an environment variable; its name is in brackets.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"mocksms {version('mocksms')}")
    return parser.with_settings()


def _serve(arguments: list[str]) -> int:
    from importlib.metadata import version

    settings, _ = read_settings(_serve_parser(), arguments)
    _exit_on_signal()
    configure_logs(settings.log_format)

    # Looking for plugins of pydantic reads the metadata of all installed packages.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    with collector_paused(hides=True):
        from mocksms.cli.console import banner, banner_json
        from mocksms.cli.console_log import ConsoleLog, event_json, event_line
        from mocksms.cli.line_output import LineOutput
        from mocksms.connections.listener import base_url, bind
        from mocksms.engine.engine import Engine
        from mocksms.scenario.library import StartScenarios
        from mocksms.server import serve

    start_scenarios = StartScenarios(settings)
    state = None
    if settings.state:
        from mocksms.state.state_start import StartState

        state = StartState(settings, settings.state)
    listener = bind(settings)
    url = base_url(listener)
    engine = Engine(settings, url=url, scenario=start_scenarios.active)
    saver = state.restore(engine, start_scenarios) if state else None
    paint, banner_of, line_of = painter(sys.stdout), banner_json, event_json
    if settings.log_format == "lines":
        banner_of, line_of = banner, lambda account, event: event_line(account, event, paint)
    log = ConsoleLog(LineOutput(settings.log_format), line_of)
    if not settings.quiet:
        engine.listeners.append(log)
    write = SideOutput(settings.log_format)
    summary = state.summary if state else None
    serve(engine, listener, lambda: write(banner_of(engine, url, version("mocksms"), summary)), start_scenarios, saver)
    log.flush()
    return FAILED if saver and saver.failed else 0


def _exit_on_signal() -> None:
    """Exit on a signal that arrives before the server handles signals.

    Without a handler, the first process of a container ignores SIGTERM.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))


def _ready_parser() -> Parser:
    parser = Parser(
        prog="mocksms ready", description="Exit with 0 if a mock is ready at --host and --port, else with 1."
    )
    parser.add_argument("--url", help=URL_HELP)
    parser.add_argument("--wait", action="store_true", help="wait until it is ready")
    parser.add_argument("--timeout", metavar="DURATION", default="10s", help="how long to wait (default 10s)")
    return parser.with_settings(ADDRESS)


def _ready(arguments: list[str]) -> int:
    settings, parsed = read_settings(_ready_parser(), arguments)
    timeout = read_seconds("--timeout", parsed.timeout)

    from mocksms.testing.client import check_ready, wait_until_ready

    url = running_mock(settings, parsed)
    try:
        wait_until_ready(url, timeout) if parsed.wait else check_ready(url)
    except NotReady as error:
        complain(error.sentence)
        return FAILED
    SideOutput()(f"mocksms is ready at {url}\n")
    return 0


def _numbers_parser() -> Parser:
    parser = Parser(prog="mocksms numbers", description="List the magic numbers and their outcomes.")
    parser.add_argument("--json", action="store_true", help="print the list as JSON")
    return parser.with_settings(("magic_prefix", "magic_delay"))


def _numbers(arguments: list[str]) -> int:
    settings, parsed = read_settings(_numbers_parser(), arguments)

    from mocksms.inspection.mock import numbers_view
    from mocksms.sms.magic import Catalogue

    catalogue = numbers_view(Catalogue(settings.magic_prefix, settings.magic_delay))
    if parsed.json:
        echo(catalogue.model_dump_json(indent=2) + "\n")
        return 0
    rows = [[row.number, row.name, row.outcome] for row in catalogue.numbers]
    echo_table(["number", "name", "outcome"], rows, result=2)
    echo_note("The last two digits are free (the lane): parallel tests can each use a number of their own.")
    return 0


def _fidelity_parser() -> Parser:
    parser = Parser(prog="mocksms fidelity", description="List the emulated behaviours and their evidence.")
    parser.add_argument("--json", action="store_true", help="print the list as JSON")
    return parser.with_settings(())


def _fidelity(arguments: list[str]) -> int:
    _, parsed = read_settings(_fidelity_parser(), arguments)

    from mocksms.inspection.mock import fidelity_view

    view = fidelity_view()
    if parsed.json:
        echo(view.model_dump_json(indent=2) + "\n")
        return 0
    rows = [
        [row.id, row.evidence, " ".join((row.does, *(f"[{flag_name(option)}]" for option in row.settings)))]
        for row in view.behaviours
    ]
    echo_table(["id", "evidence", "what mocksms does, and its [options]"], rows)
    echo("\n")
    echo_table(["evidence", "meaning"], [[evidence, about] for evidence, about in view.evidence.items()])
    return 0


def _demo_parser() -> Parser:
    about = "Send demo messages to a running mock; the same --seed gives the same messages."
    parser = Parser(prog="mocksms demo", description=about)
    parser.add_argument("--url", help=URL_HELP)
    parser.add_argument("--key", default="demo", help="API key of the account (default demo)")
    parser.add_argument("--count", type=int, default=50, help="number of messages (default 50)")
    return parser.with_settings((*ADDRESS, "control_token", "seed"))


def _demo(arguments: list[str]) -> int:
    settings, parsed = read_settings(_demo_parser(), arguments)
    try:
        from mocksms.cli.demo import send_demo
    except ModuleNotFoundError as error:
        # The extra mocksms[demo] brings it too, but only from a package index: this command works in a checkout.
        raise SettingsError(f"mocksms demo needs the package {error.name}; run: pip install {error.name}") from error
    from mocksms.testing.handle import MockSMS

    url = running_mock(settings, parsed)
    try:
        sms = MockSMS.connect(url, api_key=parsed.key, control_token=settings.control_token, ready_timeout=0)
        count = send_demo(sms, settings.seed or "demo", parsed.count)
    except (MocksmsError, ValueError) as error:
        raise usage_error(error) from error
    SideOutput()(f"{count} SMS sent to account {parsed.key} of {url}\n")
    return 0


COMMANDS: Final = {
    "serve": Command(_serve, _serve_parser, "start a mock (the default command)"),
    "ready": Command(_ready, _ready_parser, "check whether a mock is ready, or wait for it"),
    "wait": Command(wait, wait_parser, "wait until messages match, and print them"),
    "tail": Command(tail, tail_parser, "follow messages and requests"),
    "numbers": Command(_numbers, _numbers_parser, "list the magic numbers and their outcomes"),
    "compare": Command(compare, compare_parser, "compare a service with a mock, and find the settings that agree"),
    "fidelity": Command(_fidelity, _fidelity_parser, "list the emulated behaviours and their evidence"),
    "scenarios": Command(scenarios, scenarios_parser, "list the available scenarios, or print one"),
    "check": Command(check, check_parser, "check scenario files"),
    "schema": Command(schema, schema_parser, "print the JSON Schema of scenario files"),
    "record": Command(record, record_parser, "print the history of an account as a scenario file"),
    "report": Command(report, report_parser, "write an HTML page about a failed test"),
    "demo": Command(_demo, _demo_parser, "send demo messages to a running mock"),
    "mcp": Command(mcp, mcp_parser, "give an agent tools for a mock, over the Model Context Protocol"),
    "open": Command(open_, open_parser, "show a trace or snapshot, or the traces of a folder, in the web UI"),
    "client": Command(client, client_parser, "print the client for tests in JavaScript"),
    "guide": Command(guide, guide_parser, "list the pages of the manual; mocksms guide NAME prints one"),
    "completion": Command(completion, completion_parser, "print the script that completes commands in a shell"),
}
"""The commands by their names, in the order of the help."""
