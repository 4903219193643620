"""The commands that work on scenarios: list and show those there are, check files, print the schema, record."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any, Final

from mocksms.cli.options import WHERE, Parser, read_settings, say, table
from mocksms.errors import InvalidScenario, ScenarioIssue, SettingsError
from mocksms.settings import Settings, url_of

if TYPE_CHECKING:
    from mocksms.scenario.library import Library
    from mocksms.scenario.schema import Scenario

LONGEST_LINE: Final = 120
"""Characters of a story in the list."""

PATIENCE: Final = 10.0
"""Seconds a running mock may take to answer."""


def scenarios(arguments: list[str]) -> int:
    """List the scenarios that can be called by name, or show one."""
    parser = Parser(
        prog="mocksms scenarios", description="The scenarios that can be called by name.", allow_abbrev=False
    )
    parser.add_argument("words", nargs="*", metavar="show NAME", help="print this scenario; none given: list them all")
    parser.add_argument("--json", action="store_true", help="the list as JSON")
    settings, parsed = read_settings(parser, arguments, ("scenario_folder",))

    from mocksms.scenario.library import Library

    library = Library(settings.scenario_folder)
    match parsed.words:
        case []:
            return _list(library, as_json=parsed.json)
        case ["show", name]:
            say(_text(library.path(name)))
            return 0
    raise SettingsError("mocksms scenarios lists them, and mocksms scenarios show NAME prints one.")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} cannot be shown: it is not UTF-8 text.") from error
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.") from error


def _list(library: Library, *, as_json: bool) -> int:
    shelved = [(each.name, library.about(each)) for each in library.all()]
    if as_json:
        say(json.dumps({"scenarios": [{"name": name, "about": about} for name, about in shelved]}, indent=2) + "\n")
        return 0
    say(table(["name", "about"], [[name, shorten(about, LONGEST_LINE, placeholder="…")] for name, about in shelved]))
    say("\nmocksms --scenario NAME plays one; mocksms scenarios show NAME prints it, to start your own from.\n")
    return 0


def check(arguments: list[str]) -> int:
    """Check scenario files; 1 if one cannot be used, or with --against a rule was never used."""
    parser = Parser(
        prog="mocksms check",
        description="Check scenario files.",
        epilog="With --against, give the options that the mock ran with, too: mocksms --help lists them.",
        allow_abbrev=False,
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="a file, a folder of files, or the name of a scenario")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument(
        "--against", metavar="JOURNAL", help="what GET /_mock/requests answered: tells how its calls meet the rules"
    )
    settings, parsed = read_settings(parser, arguments, ("scenario_folder",))
    if not parsed.files:
        raise SettingsError("No file to check; give one or more, such as mocksms check outage.toml.")

    from mocksms.scenario.library import Library
    from mocksms.scenario.stage import files_at, place_of, read_all

    library = Library(settings.scenario_folder)
    paths = [path for name in parsed.files for path in files_at(place_of(name, library))]
    try:
        read = read_all(paths)
    except InvalidScenario as error:
        return _complain(error.issues, len(paths), as_json=parsed.json)
    if parsed.against is None:
        return _complain((), len(paths), as_json=parsed.json)
    return _dry_run(dict(zip(paths, read, strict=True)), parsed.against, settings, as_json=parsed.json)


def _complain(issues: tuple[ScenarioIssue, ...], files: int, *, as_json: bool) -> int:
    if as_json:
        found: dict[str, Any] = {"ok": not issues, "complaints": [each._asdict() for each in issues]}
        say(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    elif issues:
        say("".join(f"{complaint}\n" for complaint in issues))
    else:
        say(f"{files} {'file' if files == 1 else 'files'} checked, nothing is wrong.\n")
    return 1 if issues else 0


def _dry_run(read: Mapping[Path, Scenario], against: str, settings: Settings, *, as_json: bool) -> int:
    """Print how often each rule applies to the requests of a journal."""
    from mocksms.cli.dry_run import dry_run, read_journal
    from mocksms.engine.rules import combine
    from mocksms.scenario.compiler import compile_scenario

    try:
        journal = Path(against).read_bytes()
    except OSError as error:
        raise SettingsError(f"{against} cannot be read: {error.strerror}.") from error
    active = combine(compile_scenario(scenario, path.name, settings) for path, scenario in read.items())
    rules = dry_run(active, read_journal(journal, against), settings)
    if as_json:
        say(json.dumps({"rules": [rule._asdict() for rule in rules]}, indent=2) + "\n")
    else:
        rows = [[rule.label, str(rule.matched), str(rule.applied)] for rule in rules]
        say(table(["rule", "matched", "applied"], rows))
    return 0 if all(rule.applied for rule in rules) else 1


def schema(arguments: list[str]) -> int:
    """Print the JSON Schema of scenario files."""
    parser = Parser(prog="mocksms schema", description="The JSON Schema of scenario files.", allow_abbrev=False)
    read_settings(parser, arguments, ())

    from mocksms.scenario.schema import json_schema

    say(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")
    return 0


def record(arguments: list[str]) -> int:
    """Print what an account of a running mock lived through, as a scenario."""
    parser = Parser(
        prog="mocksms record", description="What an account lived through, as a scenario file.", allow_abbrev=False
    )
    parser.add_argument("--url", help="where the mock is (default: as --host and --port say)")
    parser.add_argument("--key", help="the account's API key")
    settings, parsed = read_settings(parser, arguments, (*WHERE, "control_token"))
    if parsed.key is None:
        raise SettingsError("Name the account by its API key: mocksms record --key KEY.")
    url = (parsed.url or url_of(settings.host, settings.port)).rstrip("/")
    headers = {"X-API-Key": parsed.key, "Accept": "text/plain"}
    if settings.control_token:
        headers["Authorization"] = f"Bearer {settings.control_token}"
    say(_fetch(f"{url}/_mock/scenario/recorded", headers))
    return 0


def _fetch(url: str, headers: dict[str, str]) -> str:
    from http.client import HTTPException
    from urllib.error import HTTPError, URLError
    from urllib.request import ProxyHandler, Request, build_opener

    opener = build_opener(ProxyHandler({}))  # a proxy is for what lies beyond this network, a mock does not
    try:
        with opener.open(Request(url, headers=headers), timeout=PATIENCE) as answer:
            text: str = answer.read().decode()
    except HTTPError as error:
        said = error.read(2_000).decode(errors="replace").strip()
        raise SettingsError(f"{url} answered {error.code}: {said}") from error
    except (URLError, HTTPException, ValueError, OSError) as error:
        reason = getattr(error, "reason", error)
        raise SettingsError(f"{url} cannot be reached: {reason}; is mocksms running there?") from error
    return text
