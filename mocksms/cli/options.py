"""What all commands share: options, and errors as one sentence."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import Field
from enum import StrEnum
from typing import Any, Final, NamedTuple, NoReturn

from mocksms.cli.first_process import address_on_command_line
from mocksms.cli.output import echo, warn
from mocksms.errors import SettingsError, did_you_mean
from mocksms.settings import (
    GROUPS,
    OPTIONS,
    SessionSettings,
    Settings,
    default_text,
    flag_name,
    foreign_variables,
    from_environment,
    mock_url,
    read_options,
    url_of,
    variable_name,
)

ADDRESS: Final = ("host", "port")
"""The options with the address of a running mock."""

URL_HELP: Final = "URL of the mock (default: MOCKSMS_URL; empty: the mock in the same container)"

BOOLEANS: Final = ("true", "false")

_OF_RUNNING_MOCK: Final = {
    "host": "host of the mock",
    "port": "port of the mock",
    "seed": "gives the same messages each time; empty: demo",
}
"""Help of the options of commands that call a mock, where it differs."""

_NO_VALUE: Final = re.compile(r"argument (?:-\w/)?(--[\w-]+): expected one argument")


class ValueKind(StrEnum):
    """What the values of an argument are, so that a shell can complete them."""

    FILES = "files"
    FOLDERS = "folders"
    SCENARIOS = "scenarios"
    """Scenarios by name or path."""
    SCENARIO_NAMES = "scenario names"
    PAGES = "pages"


KnownValues = ValueKind | tuple[str, ...] | None


class Parser(argparse.ArgumentParser):
    """An argument parser that raises SettingsError and accepts no abbreviated options.

    `settings` are its options of the mock, by name. `values` are the values that a shell can complete, by the
    destination of their argument; a function gets the arguments before that are no options.
    """

    def __init__(self, **arguments: Any) -> None:
        super().__init__(allow_abbrev=False, **arguments)
        self.color = False  # Python 3.14 colours its help, also where `output` does not
        self.settings: Mapping[str, Field[Any]] = {}
        self.values: dict[str, KnownValues | Callable[[Sequence[str]], KnownValues]] = {}

    def with_settings(self, in_help: Collection[str] = OPTIONS, without: Collection[str] = ()) -> Parser:
        """Add the options of the mock, after the arguments that only this command has; return the parser.

        Args:
            in_help: the options in the help of the command; it accepts the others too.
            without: the options that the command does not have; their variables count.
        """
        self.settings = {name: option for name, option in OPTIONS.items() if name not in without}
        _add_options(self, self.settings, in_help)
        return self

    def error(self, message: str) -> NoReturn:
        """Refuse a command line."""
        if found := _NO_VALUE.fullmatch(message):
            raise SettingsError(f"Option {found[1]} needs a value{_example(found[1])}; see {self.prog} --help.")
        raise SettingsError(f"{message[:1].upper()}{message[1:]}.")

    def _print_message(self, message: str, _: object = None) -> None:
        echo(message)

    @property
    def options(self) -> Mapping[str, argparse.Action]:
        """The options it knows, by flag such as --port."""
        return self._option_string_actions

    @property
    def arguments(self) -> Sequence[argparse.Action]:
        """Its options and other arguments, in order."""
        return self._actions


class Command(NamedTuple):
    """A command: its function, its parser, and its line in the help."""

    run: Callable[[list[str]], int]
    parser: Callable[[], Parser]
    about: str


def read_settings(parser: Parser, arguments: list[str]) -> tuple[Settings, argparse.Namespace]:
    """Read the settings, and what only this command has, from the command line and the environment.

    Raises:
        SettingsError: an argument or environment variable is unknown or has an invalid value.
    """
    parsed, unknown = parser.parse_known_intermixed_args(arguments)
    if unknown:
        kind = "option" if unknown[0].startswith("-") else "argument"
        name = unknown[0].partition("=")[0] if kind == "option" else unknown[0]  # its value may be a secret
        hint = did_you_mean(name, parser.options, f"see {parser.prog} --help.")
        raise SettingsError(f"Unknown {kind} {name}; {hint}")
    values = {name: getattr(parsed, name) for name in parser.settings if getattr(parsed, name) is not None}
    flags = {name: ",".join(value) if isinstance(value, list) else value for name, value in values.items()}
    settings = Settings.read(os.environ, flags)
    if ignored := foreign_variables(os.environ):
        warn(ignored, settings.log_format)
    return settings, parsed


def read_seconds(flag: str, raw: str) -> float:
    """Return the seconds of a duration on the command line.

    Raises:
        SettingsError: it is no duration.
    """
    from mocksms.sms.durations import parse_duration

    try:
        return parse_duration(raw).total_seconds()
    except ValueError as error:
        raise SettingsError(f"{flag} is {raw!r}, but must be {error}.") from error


def running_mock(settings: Settings, parsed: argparse.Namespace) -> str:
    """Return the URL of the running mock that a command calls.

    The first of these counts: `--url`, `--host` and `--port`, `MOCKSMS_URL`, `MOCKSMS_HOST` and `MOCKSMS_PORT`.
    An empty `--url` is for the mock in the same container: the flags of the first process count in place of
    `MOCKSMS_URL`, which may be the URL of another mock.

    Raises:
        SettingsError: `MOCKSMS_URL` has an invalid value.
    """
    if parsed.url == "":
        own = {name: getattr(parsed, name) for name in ADDRESS if getattr(parsed, name) is not None}
        settings = Settings.read(os.environ, {**address_on_command_line(), **own})
    url = named_url(parsed)
    return url_of(settings.host, settings.port) if url is None else url


def named_url(parsed: argparse.Namespace) -> str | None:
    """Return the URL of `--url` or `MOCKSMS_URL`, None if `--url`, `--host` or `--port` leave it out.

    Raises:
        SettingsError: `MOCKSMS_URL` has an invalid value.
    """
    if parsed.url is not None:
        return mock_url(parsed.url) if parsed.url else None
    if parsed.host is not None or parsed.port is not None:
        return None
    variables = from_environment(os.environ)
    session = read_options(SessionSettings, {name: raw for name, raw in variables.items() if name == "url"})
    return session.url or None


def _add_options(parser: Parser, options: Mapping[str, Field[Any]], in_help: Collection[str]) -> None:
    """Add options, in groups if the help lists all of them."""
    group: argparse._ActionsContainer = parser
    others = {} if len(in_help) == len(OPTIONS) else _OF_RUNNING_MOCK
    for name, option in options.items():
        if name in GROUPS and len(in_help) == len(OPTIONS):
            group = parser.add_argument_group(GROUPS[name])
        is_flag, is_list = isinstance(option.default, bool), isinstance(option.default, tuple)
        parser.values[name] = BOOLEANS if is_flag else _known_values(option)
        group.add_argument(
            flag_name(name),
            action="append" if is_list else "store",
            nargs="?" if is_flag else None,
            const="true" if is_flag else None,
            metavar="|".join(option.metadata["choices"]) or name.upper(),
            help=_help(name, option, others.get(name)) if name in in_help else argparse.SUPPRESS,
        )


def _known_values(option: Field[Any]) -> KnownValues:
    if "values" in option.metadata:
        return ValueKind(option.metadata["values"])
    choices: tuple[str, ...] = option.metadata["choices"]
    return choices or None


def _help(name: str, option: Field[Any], about: str | None) -> str:
    default = default_text(option.default)
    suffix = f" (default {default})" if default else ""
    return f"{about or option.metadata['about']}{suffix} [{variable_name(name)}]".replace("%", "%%")


def _example(flag: str) -> str:
    """Return an example of an option with a default."""
    defaults = {flag_name(name): default_text(option.default) for name, option in OPTIONS.items()}
    return f", such as {flag} {default}" if (default := defaults.get(flag)) else ""


def usage_error(error: Exception) -> SettingsError:
    """Return a SettingsError with the text of another error, as a sentence."""
    return SettingsError(SettingsError(str(error)).sentence)
