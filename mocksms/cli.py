"""The command line: `mocksms` serves, `mocksms numbers` and `mocksms fidelity` print the catalogues."""

from __future__ import annotations

import argparse
import difflib
import json
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Final, NoReturn

from mocksms.errors import SettingsError
from mocksms.settings import OPTIONS, Settings, flag_name, shown_default, variable_name

UNUSABLE: Final = 2
"""Exit code for a command line, variable or address that cannot be used."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise SettingsError(f"{message[:1].upper()}{message[1:]}.")

    @property
    def flags(self) -> list[str]:
        """Every flag it knows."""
        return list(self._option_string_actions)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(arguments)
    except SettingsError as error:
        print(f"mocksms: {error}", file=sys.stderr)
        return UNUSABLE


def _run(arguments: list[str]) -> int:
    name = "serve"
    if arguments and not arguments[0].startswith("-"):
        name = arguments.pop(0)
    if name not in COMMANDS:
        near = difflib.get_close_matches(name, COMMANDS, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(COMMANDS)}."
        raise SettingsError(f"There is no command {name!r}; {hint}")
    return COMMANDS[name](arguments)


def _settings(parser: _Parser, arguments: list[str]) -> tuple[Settings, argparse.Namespace]:
    """Add every option to a parser and read the settings from the command line and the environment."""
    for name, option in OPTIONS.items():
        is_flag, is_list = isinstance(option.default, bool), isinstance(option.default, tuple)
        parser.add_argument(
            flag_name(name),
            action="append" if is_list else "store",
            nargs="?" if is_flag else None,
            const="true" if is_flag else None,
            metavar="|".join(option.metadata["choices"]) or name.upper(),
            help=f"{option.metadata['about']}{_default(option.default)} [{variable_name(name)}]".replace("%", "%%"),
        )
    parsed, unknown = parser.parse_known_args(arguments)
    if unknown:
        near = difflib.get_close_matches(unknown[0].partition("=")[0], parser.flags, 1)
        hint = f"did you mean {near[0]}?" if near else "see mocksms --help."
        raise SettingsError(f"{unknown[0]} is not an option; {hint}")
    given = {name: getattr(parsed, name) for name in OPTIONS if getattr(parsed, name) is not None}
    flags = {name: ",".join(value) if isinstance(value, list) else value for name, value in given.items()}
    return Settings.read(os.environ, flags), parsed


def _default(default: object) -> str:
    return f" (default {shown})" if (shown := shown_default(default)) else ""


def _serve(arguments: list[str]) -> int:
    parser = _Parser(
        prog="mocksms",
        description="A stand-in for inwise's transactional SMS API. Commands: " + ", ".join(COMMANDS) + ".",
        epilog="Every option is also an environment variable, named in brackets.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"mocksms {version('mocksms')}")
    settings, _ = _settings(parser, arguments)

    from mocksms.console import MessageLog, welcome
    from mocksms.engine.engine import Engine
    from mocksms.server import base_url, bind, serve

    listener = bind(settings)
    url = base_url(listener)
    engine = Engine(settings, url=url)
    if not settings.quiet:
        engine.listeners.append(MessageLog(_say))
    serve(engine, listener, lambda: _say(welcome(engine, url, version("mocksms"))))
    return 0


def _numbers(arguments: list[str]) -> int:
    parser = _Parser(prog="mocksms numbers", description="The magic numbers and what they do.", allow_abbrev=False)
    parser.add_argument("--json", action="store_true", help="as JSON")
    settings, parsed = _settings(parser, arguments)

    from mocksms.control.views import numbers_view
    from mocksms.sms.magic import Catalogue

    catalogue = numbers_view(Catalogue(settings.magic_prefix, settings.magic_delay))
    if parsed.json:
        _say(catalogue.model_dump_json(indent=2) + "\n")
        return 0
    _say(_table(["number", "outcome"], [[row.number, row.outcome] for row in catalogue.numbers]))
    _say("\nThe last two digits are a lane: any will do, so parallel tests need not share a number.\n")
    return 0


def _fidelity(arguments: list[str]) -> int:
    parser = _Parser(prog="mocksms fidelity", description="What is emulated, on what evidence.", allow_abbrev=False)
    parser.add_argument("--json", action="store_true", help="as JSON")
    _, parsed = _settings(parser, arguments)

    from mocksms.fidelity import ledger

    behaviours = ledger()
    if parsed.json:
        _say(json.dumps({"behaviours": [behaviour._asdict() for behaviour in behaviours]}, indent=2) + "\n")
        return 0
    rows = [[entry.id, entry.evidence, entry.setting and flag_name(entry.setting), entry.does] for entry in behaviours]
    _say(_table(["id", "evidence", "setting", "what mocksms does"], rows))
    return 0


def _table(head: list[str], rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = [head, ["-" * width for width in widths], *rows]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in lines
    )


def _say(text: str) -> None:
    """Write to standard output at once; characters it cannot show are escaped. Nothing is said to a reader who left."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


COMMANDS: Final[dict[str, Callable[[list[str]], int]]] = {"serve": _serve, "numbers": _numbers, "fidelity": _fidelity}
