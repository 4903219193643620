"""The command line: `mocksms` serves, the other commands print catalogues and work on scenarios."""

from __future__ import annotations

import argparse
import difflib
import json
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Final

from mocksms.cli import scenarios as scenario_commands
from mocksms.cli.guide import guide
from mocksms.cli.options import WHERE, Parser, read_settings, say, table
from mocksms.errors import InvalidScenario, MocksmsError, NotReady, SettingsError, UnknownScenario
from mocksms.settings import duration, flag_name, url_of

UNUSABLE: Final = 2
"""Exit code for a command line, variable or address that cannot be used."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(arguments)
    except (SettingsError, UnknownScenario, InvalidScenario) as error:
        print(_complaint(error), file=sys.stderr)
        return UNUSABLE


def _complaint(error: MocksmsError) -> str:
    match error:
        case InvalidScenario(issues=issues):
            return "\n".join(f"mocksms: {complaint}" for complaint in issues)
        case UnknownScenario():
            return f"mocksms: {error.sentence}"
    return f"mocksms: {error}"


def _run(arguments: list[str]) -> int:
    name = "serve"
    if arguments and not arguments[0].startswith("-"):
        name = arguments.pop(0)
    if name not in COMMANDS:
        near = difflib.get_close_matches(name, COMMANDS, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(COMMANDS)}."
        raise SettingsError(f"There is no command {name!r}; {hint}")
    run, _ = COMMANDS[name]
    return run(arguments)


def _serve(arguments: list[str]) -> int:
    from importlib.metadata import version

    parser = Parser(
        prog="mocksms",
        usage="mocksms [COMMAND] [OPTION ...]",
        description="A stand-in for inwise's transactional SMS API that behaves like the real service.\n\ncommands:\n"
        + "".join(f"  {name:<21} {about}\n" for name, (_, about) in COMMANDS.items())
        + "\nmocksms COMMAND --help tells more; these are the options of serve:",
        epilog="Every option is also an environment variable, named in brackets.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"mocksms {version('mocksms')}")
    settings, _ = read_settings(parser, arguments)
    _leave_when_told()

    from mocksms.cli.console import MessageLog, message_line, welcome
    from mocksms.cli.console_json import log_as_json, message_object, welcome_object
    from mocksms.engine.engine import Engine
    from mocksms.scenario.stage import StartScenarios
    from mocksms.server import base_url, bind, serve

    stage = StartScenarios(settings)
    listener = bind(settings)
    url = base_url(listener)
    engine = Engine(settings, url=url, scenario=stage.script)
    greeting, line_of = welcome, message_line
    if settings.log_format == "json":
        log_as_json()
        greeting, line_of = welcome_object, message_object
    if not settings.quiet:
        engine.listeners.append(MessageLog(say, line_of))
    serve(engine, listener, lambda: say(greeting(engine, url, version("mocksms"))), stage)
    return 0


def _leave_when_told() -> None:
    """Let a signal that comes before the server listens to any end the process: the first of a container ignores it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))


def _ready(arguments: list[str]) -> int:
    parser = Parser(
        prog="mocksms ready",
        description="Exit with 0 if a mock is ready where --host and --port say, with 1 if not.",
        allow_abbrev=False,
    )
    parser.add_argument("--url", help="ask there instead, such as http://sms:8972")
    parser.add_argument("--wait", action="store_true", help="ask until it is ready")
    parser.add_argument("--timeout", metavar="DURATION", default="10s", help="the longest wait (default 10s)")
    settings, parsed = read_settings(parser, arguments, WHERE)
    try:
        timeout = duration(parsed.timeout).total_seconds()
    except ValueError as error:
        raise SettingsError(f"--timeout is {parsed.timeout!r}, but must be {error}.") from error

    from mocksms.testing.readiness import check_ready, wait_until_ready

    url = (parsed.url or url_of(settings.host, settings.port)).rstrip("/")
    try:
        wait_until_ready(url, timeout) if parsed.wait else check_ready(url)
    except NotReady as error:
        print(f"mocksms: {error}.", file=sys.stderr)
        return 1
    say(f"mocksms is ready at {url}\n")
    return 0


def _numbers(arguments: list[str]) -> int:
    parser = Parser(prog="mocksms numbers", description="The magic numbers and what they do.", allow_abbrev=False)
    parser.add_argument("--json", action="store_true", help="as JSON")
    settings, parsed = read_settings(parser, arguments, ("magic_prefix", "magic_delay"))

    from mocksms.inspection.mock import numbers_view
    from mocksms.sms.magic import Catalogue

    catalogue = numbers_view(Catalogue(settings.magic_prefix, settings.magic_delay))
    if parsed.json:
        say(catalogue.model_dump_json(indent=2) + "\n")
        return 0
    say(table(["number", "name", "outcome"], [[row.number, row.name, row.outcome] for row in catalogue.numbers]))
    say("\nThe last two digits are a lane: any will do, so parallel tests need not share a number.\n")
    return 0


def _fidelity(arguments: list[str]) -> int:
    parser = Parser(prog="mocksms fidelity", description="What is emulated, on what evidence.", allow_abbrev=False)
    parser.add_argument("--json", action="store_true", help="as JSON")
    _, parsed = read_settings(parser, arguments, ())

    from mocksms.fidelity import ledger

    behaviours = ledger()
    if parsed.json:
        say(json.dumps({"behaviours": [behaviour._asdict() for behaviour in behaviours]}, indent=2) + "\n")
        return 0
    rows = [[entry.id, entry.evidence, entry.setting and flag_name(entry.setting), entry.does] for entry in behaviours]
    say(table(["id", "evidence", "setting", "what mocksms does"], rows))
    return 0


def _demo(arguments: list[str]) -> int:
    about = "Fill a running mock with believable messages, the same ones for the same seed."
    parser = Parser(prog="mocksms demo", description=about, allow_abbrev=False)
    parser.add_argument("--url", help="where the mock is (default: as --host and --port say)")
    parser.add_argument("--key", default="demo", help="the account's API key (default demo)")
    parser.add_argument("--count", type=int, default=50, help="how many messages (default 50)")
    settings, parsed = read_settings(parser, arguments, (*WHERE, "control_token", "seed"))
    try:
        from mocksms.cli.demo import fill
    except ModuleNotFoundError as error:
        raise SettingsError(f"This needs {error.name}; pip install 'mocksms[demo]' brings it.") from error
    from mocksms.testing.handle import MockSMS

    url = parsed.url or url_of(settings.host, settings.port)
    try:
        sms = MockSMS.connect(url, api_key=parsed.key, control_token=settings.control_token, within=0)
        sent = fill(sms, settings.seed or "demo", parsed.count)
    except (MocksmsError, ValueError) as error:
        raise SettingsError(f"{str(error)[:1].upper()}{str(error)[1:]}") from error
    say(f"{sent} SMS in account {parsed.key} of {url}\n")
    return 0


COMMANDS: Final[dict[str, tuple[Callable[[list[str]], int], str]]] = {
    "serve": (_serve, "start a mock; so does mocksms without a command"),
    "ready": (_ready, "tell whether a mock is ready, or wait until it is"),
    "numbers": (_numbers, "list the magic numbers and what they do"),
    "fidelity": (_fidelity, "list what is emulated, on what evidence"),
    "scenarios": (scenario_commands.scenarios, "list the scenarios there are, or show one"),
    "check": (scenario_commands.check, "check scenario files"),
    "schema": (scenario_commands.schema, "print the JSON Schema of scenario files"),
    "record": (scenario_commands.record, "print what an account lived through as a scenario file"),
    "demo": (_demo, "fill a running mock with believable messages"),
    "guide": (guide, "print the reference manual"),
}
"""What each command runs, and what its users read about it."""
