"""Scenario commands: list and print scenarios, check files, print the schema, record an account or a snapshot."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mocksms.cli.options import (
    ADDRESS,
    URL_HELP,
    KnownValues,
    Parser,
    ValueKind,
    read_settings,
    running_mock,
    usage_error,
)
from mocksms.cli.output import complain, echo, echo_file
from mocksms.cli.tables import echo_note, echo_table
from mocksms.cli.terminal import Colour, painter
from mocksms.errors import InvalidScenario, MockRefused, MockUnreachable, ScenarioIssue, SettingsError
from mocksms.settings import Settings
from mocksms.sms.display import error_reason
from mocksms.sms.sizes import format_size

if TYPE_CHECKING:
    from mocksms.engine.account import Account
    from mocksms.scenario.library import Library
    from mocksms.scenario.schema import Scenario

MAX_ACCOUNTS: Final = 5
"""Accounts that an error lists, the latest used."""

MAX_JOURNAL_SIZE: Final = 1 << 28
"""Bytes of a journal that a scenario is checked against. It may come from a pipe."""


def scenarios_parser() -> Parser:
    """Return the parser of the command."""
    parser = Parser(
        prog="mocksms scenarios",
        usage="mocksms scenarios [show NAME | from FILE] [OPTION ...]",
        description="List the available scenarios, print one, or print the one that replays an account of a snapshot.",
    )
    parser.add_argument(
        "words",
        nargs="*",
        metavar="show NAME | from FILE",
        help="print this scenario, or the one that replays a trace or another snapshot, instead of the list",
    )
    parser.add_argument("--json", action="store_true", help="print the list or the scenario as JSON")
    parser.add_argument("--account", metavar="ID|LABEL", help="the account of the snapshot, if there are several")
    parser.values["words"] = _words_after
    return parser.with_settings(("scenario_folder",))


def scenarios(arguments: list[str]) -> int:
    """List the available scenarios, print one, or print the one that replays a snapshot."""
    settings, parsed = read_settings(scenarios_parser(), arguments)
    if parsed.words[:1] != ["from"] and parsed.account is not None:
        raise SettingsError("--account belongs to mocksms scenarios from FILE.")

    from mocksms.scenario.library import Library

    library = Library(settings.scenario_folder)
    match parsed.words:
        case []:
            return _list(library, as_json=parsed.json)
        case ["show", name]:
            _show(library.path(name), as_json=parsed.json)
            return 0
        case ["from", name]:
            return _from_snapshot(Path(name), parsed.account, settings, as_json=parsed.json)
    raise SettingsError(
        "Use mocksms scenarios for the list, mocksms scenarios show NAME to print one, or mocksms scenarios from FILE "
        "to print the one that replays a trace or another snapshot."
    )


def _words_after(words: Sequence[str]) -> KnownValues:
    """Return what can follow in `mocksms scenarios`."""
    match words:
        case []:
            return ("show", "from")
        case ["show"]:
            return ValueKind.SCENARIO_NAMES
        case ["from"]:
            return ValueKind.FILES
    return None


def _show(path: Path, *, as_json: bool) -> None:
    """Print the file of a scenario, or what it says as JSON."""
    if as_json:
        from mocksms.scenario.parser import read_file

        _echo_json(read_file(path))
    else:
        echo_file(_text(path))


def _echo_json(scenario: Scenario) -> None:
    from mocksms.scenario.recorder import to_data

    echo(json.dumps(to_data(scenario), indent=2, ensure_ascii=False) + "\n")


def _from_snapshot(path: Path, name: str | None, settings: Settings, *, as_json: bool) -> int:
    """Print the scenario that replays an account of a trace or another snapshot."""
    from mocksms.scenario.recorder import record, to_toml
    from mocksms.viewer.files import read_view

    if path.is_dir():
        raise SettingsError(f"{path} is a folder; name one of its traces.")
    engine = read_view(path, settings, frozen=False).engine
    account = _chosen(path, name, [*engine.accounts.latest_first()])
    scenario = record(account, engine.settings)
    if not scenario.rule:
        complain(f"Account {_describe(account)} of {path} has no messages to record.")
        return 1
    if as_json:
        _echo_json(scenario)
    else:
        echo(f"{to_toml(scenario).strip()}\n")
    return 0


def _chosen(path: Path, name: str | None, accounts: Sequence[Account]) -> Account:
    """Return the account with an id or label, or without a name the only one with messages, else the latest used.

    Raises:
        SettingsError: there is none, or there are several.
    """
    used = [account for account in accounts if len(account.messages)]
    found = used or accounts[:1]
    if name is not None:
        found = [account for account in accounts if name in (account.id, account.label)]
    if len(found) == 1:
        return found[0]
    if not found and name is None:
        raise SettingsError(f"{path} has no account.")
    problem = f"{len(found) or 'no'} accounts {'with messages' if name is None else repr(name)}"
    listed = ", ".join(map(_describe, (used or accounts)[:MAX_ACCOUNTS]))
    raise SettingsError(f"{path} has {problem}; choose one with --account: {listed}.")


def _describe(account: Account) -> str:
    return f"{account.id} ({account.label})" if account.label else account.id


def _text(path: Path) -> str:
    from mocksms.scenario.parser import MAX_FILE_SIZE, read_bytes

    try:
        raw = read_bytes(path)
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} cannot be printed: it is not UTF-8 text.") from error
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error_reason(error)}.") from error
    if len(raw) > MAX_FILE_SIZE:
        raise SettingsError(f"{path} is longer than {MAX_FILE_SIZE} bytes.")
    return text


def _list(library: Library, *, as_json: bool) -> int:
    rows = [(each.name, library.about(each)) for each in library.all()]
    if as_json:
        echo(json.dumps({"scenarios": [{"name": name, "about": about} for name, about in rows]}, indent=2) + "\n")
        return 0
    echo_table(["name", "about"], [[name, " ".join(about.split())] for name, about in rows])
    echo_note("Start a mock with one: mocksms --scenario NAME. Print one as a template: mocksms scenarios show NAME.")
    return 0


def check_parser() -> Parser:
    """Return the parser of the command."""
    parser = Parser(
        prog="mocksms check",
        description="Check scenario files. With --against, count how often each rule applies to recorded requests.",
        epilog="With --against, add the options that the mock ran with; mocksms --help lists them.",
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="a file, a folder of files, or the name of a scenario")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--against", metavar="JOURNAL", help="a file with the response of GET /_mock/requests")
    parser.values |= {"files": ValueKind.SCENARIOS, "against": ValueKind.FILES}
    return parser.with_settings(("scenario_folder",))


def check(arguments: list[str]) -> int:
    """Check scenario files; return 1 if one is invalid, or with --against if a rule was never applied."""
    settings, parsed = read_settings(check_parser(), arguments)
    if not parsed.files:
        raise SettingsError("No file to check; name one or more, such as mocksms check outage.toml.")

    from mocksms.scenario.library import Library, files_at, read_files, resolve_path
    from mocksms.scenario.parser import file_warnings

    library = Library(settings.scenario_folder)
    paths = [path for name in parsed.files for path in files_at(resolve_path(name, library))]
    try:
        read = read_files(paths)
    except InvalidScenario as error:
        return _print_issues(error.issues, len(paths), as_json=parsed.json)
    scenarios = dict(zip(paths, read, strict=True))
    warnings = [warning for path, scenario in scenarios.items() for warning in file_warnings(path, scenario)]
    if parsed.against is None:
        return _print_issues((), len(paths), warnings, as_json=parsed.json)
    return _dry_run(scenarios, parsed.against, settings, as_json=parsed.json)


def _print_issues(
    issues: Sequence[ScenarioIssue], files: int, warnings: Sequence[ScenarioIssue] = (), *, as_json: bool
) -> int:
    if as_json:
        listed = {"issues": issues, "warnings": warnings}
        rows = {name: [each._asdict() for each in found] for name, found in listed.items()}
        echo(json.dumps({"ok": not issues, **rows}, indent=2) + "\n")
        return 1 if issues else 0
    paint = painter(sys.stdout)
    echo("".join(f"{paint(str(issue), Colour.RED)}\n" for issue in issues))
    named = [each._replace(text=f"warning: {each.text}") for each in warnings]
    echo("".join(f"{paint(str(warning), Colour.YELLOW)}\n" for warning in named))
    if not issues:
        counted = f", {len(warnings)} {'warning' if len(warnings) == 1 else 'warnings'}" if warnings else ""
        echo(f"{files} {'file' if files == 1 else 'files'} checked, no issues{counted}.\n")
    return 1 if issues else 0


def _dry_run(read: Mapping[Path, Scenario], against: str, settings: Settings, *, as_json: bool) -> int:
    """Print how often each rule applies to the requests of a journal."""
    from mocksms.cli.dry_run import dry_run, read_journal
    from mocksms.engine.rules import combine
    from mocksms.scenario.compiler import compile_scenario

    journal = _read_journal(against)
    active = combine(compile_scenario(scenario, path.name, settings) for path, scenario in read.items())
    rules = dry_run(active, read_journal(journal, against), settings)
    if as_json:
        echo(json.dumps({"rules": [rule._asdict() for rule in rules]}, indent=2) + "\n")
    else:
        rows = [[rule.label, str(rule.matched), str(rule.applied)] for rule in rules]
        echo_table(["rule", "matched", "applied"], rows)
        if never := [rule.label for rule in rules if not rule.applied]:
            echo_note(f"Never applied: {', '.join(never)}.")
    return 0 if all(rule.applied for rule in rules) else 1


def _read_journal(name: str) -> bytes:
    try:
        with Path(name).open("rb") as file:
            raw = file.read(MAX_JOURNAL_SIZE + 1)
    except (OSError, ValueError) as error:
        raise SettingsError(f"{name} cannot be read: {error_reason(error)}.") from error
    if len(raw) > MAX_JOURNAL_SIZE:
        raise SettingsError(f"{name} is longer than {format_size(MAX_JOURNAL_SIZE)}.")
    return raw


def schema_parser() -> Parser:
    """Return the parser of the command."""
    parser = Parser(prog="mocksms schema", description="Print the JSON Schema of scenario files.")
    return parser.with_settings(())


def schema(arguments: list[str]) -> int:
    """Print the JSON Schema of scenario files."""
    read_settings(schema_parser(), arguments)

    from mocksms.scenario.schema import json_schema

    echo(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")
    return 0


def record_parser() -> Parser:
    """Return the parser of the command."""
    parser = Parser(prog="mocksms record", description="Print the history of an account as a scenario file.")
    parser.add_argument("--url", help=URL_HELP)
    parser.add_argument("--key", help="API key of the account")
    return parser.with_settings((*ADDRESS, "control_token"))


def record(arguments: list[str]) -> int:
    """Print the history of an account of a running mock as a scenario."""
    settings, parsed = read_settings(record_parser(), arguments)
    if parsed.key is None:
        raise SettingsError("--key is missing: the API key of the account, such as mocksms record --key KEY.")

    from mocksms.testing.client import MockClient

    try:
        client = MockClient(running_mock(settings, parsed), settings.control_token)
        status, raw = client.send("GET", "/_mock/scenario/recorded", key=parsed.key, accept="text/plain")
        is_empty = status == HTTPStatus.NOT_FOUND or (status == HTTPStatus.OK and b"[[rule]]" not in raw)
        accounts = client.accounts() if is_empty else []
    except (MockUnreachable, MockRefused, ValueError) as error:
        raise usage_error(error) from error
    text = raw.decode(errors="replace").strip()
    if is_empty:
        complain(_describe_empty(parsed.key, accounts))
        return 1
    if status != HTTPStatus.OK:
        raise SettingsError(f"{client.url} responded with status {status}: {text}")
    echo(f"{text}\n")
    return 0


def _describe_empty(key: str, accounts: list[dict[str, Any]]) -> str:
    """Return that an account has no messages, and which accounts have some."""
    named = ((each["key"], each["label"]) for each in accounts if each["messages"])
    others = [*dict.fromkeys(f"{shown} ({label})" if label else shown for shown, label in named)]
    hint = f"; accounts with messages: {', '.join(others[:MAX_ACCOUNTS])}" if others else ""
    return f"Account {key!r} has no messages to record{hint}."
