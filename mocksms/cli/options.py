"""What every command does alike: reads options, prints tables, and survives a reader who left."""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from collections.abc import Collection
from dataclasses import Field
from typing import Any, Final, NoReturn

from mocksms.errors import SettingsError
from mocksms.settings import GROUPS, OPTIONS, Settings, default_text, flag_name, variable_name

WHERE: Final = ("host", "port")
"""The options that say where a running mock is."""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are ours."""

    def error(self, message: str) -> NoReturn:
        """Refuse a command line."""
        raise SettingsError(f"{message[:1].upper()}{message[1:]}.")

    @property
    def flags(self) -> list[str]:
        """Every flag it knows."""
        return list(self._option_string_actions)


def read_settings(
    parser: Parser, arguments: list[str], shown: Collection[str] = OPTIONS
) -> tuple[Settings, argparse.Namespace]:
    """Add every option to a parser and read the settings from the command line and the environment.

    Args:
        parser: the command's own, with what only this command takes.
        arguments: those of the command line.
        shown: the options its help lists; the others are taken as well.
    """
    _add_options(parser, shown)
    parsed, unknown = parser.parse_known_intermixed_args(arguments)
    if unknown:
        near = difflib.get_close_matches(unknown[0].partition("=")[0], parser.flags, 1)
        hint = f"did you mean {near[0]}?" if near else f"see {parser.prog} --help."
        raise SettingsError(f"{unknown[0]} is not an option; {hint}")
    given = {name: getattr(parsed, name) for name in OPTIONS if getattr(parsed, name) is not None}
    flags = {name: ",".join(value) if isinstance(value, list) else value for name, value in given.items()}
    return Settings.read(os.environ, flags), parsed


def _add_options(parser: Parser, shown: Collection[str]) -> None:
    """Add every option, under a heading for each thing they are about where all are shown."""
    group: argparse._ActionsContainer = parser
    for name, option in OPTIONS.items():
        if name in GROUPS and len(shown) == len(OPTIONS):
            group = parser.add_argument_group(GROUPS[name])
        is_flag, is_list = isinstance(option.default, bool), isinstance(option.default, tuple)
        group.add_argument(
            flag_name(name),
            action="append" if is_list else "store",
            nargs="?" if is_flag else None,
            const="true" if is_flag else None,
            metavar="|".join(option.metadata["choices"]) or name.upper(),
            help=_help(name, option) if name in shown else argparse.SUPPRESS,
        )


def _help(name: str, option: Field[Any]) -> str:
    return f"{option.metadata['about']}{_default(option.default)} [{variable_name(name)}]".replace("%", "%%")


def _default(default: object) -> str:
    return f" (default {shown})" if (shown := default_text(default)) else ""


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a table as text."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = [head, ["-" * width for width in widths], *rows]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in lines
    )


def say(text: str) -> None:
    """Write to standard output at once; characters it cannot show are escaped. Nothing is said to a reader who left."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
