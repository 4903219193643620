"""Completion in shells: what can follow on a command line, and the command that prints the script of a shell."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Final, NamedTuple

from mocksms.cli.options import Command, Parser, ValueKind, read_settings
from mocksms.cli.output import echo
from mocksms.errors import SettingsError, did_you_mean, escape
from mocksms.settings import variable_name

SHELLS: Final = ("bash", "zsh", "fish")

COMPLETE: Final = "__complete"
"""The command that the scripts call, with the words of the line up to the cursor."""

DEFAULT_COMMAND: Final = "serve"


class Candidate(NamedTuple):
    """A word that can follow, and what it is about."""

    word: str
    about: str = ""


class Completion(NamedTuple):
    """What can follow: words, and paths too if `paths` is FILES or FOLDERS."""

    candidates: Sequence[Candidate] = ()
    paths: ValueKind | None = None

    @property
    def text(self) -> str:
        """What a script reads: a line per word, a tab before what it is about; the last line says which paths."""
        lines = ["\t".join(filter(None, map(escape, each))) for each in self.candidates]
        return "".join(f"{line}\n" for line in (*lines, f":{self.paths or 'none'}"))


def completion_parser() -> Parser:
    """Return the parser of the command."""
    parser = Parser(
        prog="mocksms completion",
        description="Print the script with which a shell completes the commands and options of mocksms.",
        epilog="mocksms guide cli says how to install it.",
    )
    parser.add_argument("shell", nargs="?", metavar="|".join(SHELLS), help="the shell")
    parser.values["shell"] = SHELLS
    return parser.with_settings(())


def completion(arguments: list[str]) -> int:
    """Print the script of a shell."""
    _, parsed = read_settings(completion_parser(), arguments)
    if parsed.shell not in SHELLS:
        hint = did_you_mean(parsed.shell or "", SHELLS, f"the shells are {', '.join(SHELLS)}.")
        problem = "The shell is missing" if parsed.shell is None else f"Unknown shell {parsed.shell!r}"
        raise SettingsError(f"{problem}; {hint}")
    script = files("mocksms.cli") / "shells" / f"completion.{parsed.shell}"
    echo(script.read_text(encoding="utf-8"))
    return 0


def complete(words: Sequence[str], commands: Mapping[str, Command]) -> Completion:
    """Return what can be at the cursor.

    Args:
        words: the words of the line after the program, the last of them up to the cursor, perhaps empty.
        commands: by name.
    """
    *before, current = words or [""]
    if not before and not current.startswith("-"):
        return _starting(current, (Candidate(name, command.about) for name, command in commands.items()))
    name = before.pop(0) if before and not before[0].startswith("-") else DEFAULT_COMMAND
    if name not in commands:
        return Completion()
    return _CommandLine(commands[name].parser(), before).complete(current)


class _CommandLine:
    """The words of a command before the cursor, read as its parser reads them."""

    def __init__(self, parser: Parser, words: Iterable[str]) -> None:
        self._parser = parser
        self._open: argparse.Action | None = None
        """The option that the next word is the value of."""
        self._given: dict[str, str] = {}
        """The options of the line with their values, by destination."""
        self._positional: list[str] = []
        self._has_options = True
        for word in words:
            self._read(word)

    def complete(self, current: str) -> Completion:
        """Return what the word at the cursor can be."""
        is_option = self._has_options and current.startswith("-")
        if self._open is not None and not (is_option and self._open.nargs == "?"):
            return self._values(self._open, current)
        if not is_option:
            found = self._positional_action()
            return Completion() if found is None else self._values(found, current)
        flag, equals, value = current.partition("=")
        if not equals:
            return self._options(current)
        action = self._parser.options.get(flag)
        return self._values(action, value, prefix=f"{flag}=") if action and _takes_value(action) else Completion()

    def _read(self, word: str) -> None:
        is_option = self._has_options and word.startswith("-") and word != "-"
        if self._open is not None and not (is_option and self._open.nargs == "?"):
            self._given[self._open.dest] = word
            self._open = None
            return
        self._open = None
        if not is_option:
            self._positional.append(word)
        elif word == "--":
            self._has_options = False
        else:
            flag, equals, value = word.partition("=")
            if (action := self._parser.options.get(flag)) is not None:
                self._given[action.dest] = value
                self._open = action if _takes_value(action) and not equals else None

    def _positional_action(self) -> argparse.Action | None:
        """Return the argument that is next: the parsers have one, of a single word or of any number."""
        found = next((each for each in self._parser.arguments if not each.option_strings), None)
        return None if found is None or (found.nargs == "?" and self._positional) else found

    def _options(self, current: str) -> Completion:
        """Return the options that are not given yet. Those that the help leaves out follow if no other fits."""
        possible = [each for each in self._parser.arguments if each.option_strings and not self._is_complete(each)]
        in_help = [each for each in possible if each.help != argparse.SUPPRESS]
        listed, others = (
            _starting(current, (Candidate(each.option_strings[-1], _about(each)) for each in actions))
            for actions in (in_help, possible)
        )
        return listed if listed.candidates else others

    def _is_complete(self, action: argparse.Action) -> bool:
        is_list = isinstance(action, argparse._AppendAction)
        return action.dest in self._given and not is_list

    def _values(self, action: argparse.Action, current: str, prefix: str = "") -> Completion:
        """Return the values of an argument."""
        values = self._parser.values.get(action.dest)
        if callable(values):
            values = values(self._positional)
        match values:
            case None:
                return Completion()
            case ValueKind.FILES | ValueKind.FOLDERS:
                return Completion(paths=values)
            case ValueKind.SCENARIOS | ValueKind.SCENARIO_NAMES:
                words, paths = self._scenarios(), ValueKind.FILES if values is ValueKind.SCENARIOS else None
            case ValueKind.PAGES:
                words, paths = _pages(), None
            case _:
                words, paths = map(Candidate, values), None
        found = [candidate._replace(word=prefix + candidate.word) for candidate in words]
        return _starting(prefix + current, found)._replace(paths=paths)

    def _scenarios(self) -> Iterator[Candidate]:
        """Iterate over the scenarios that have a name, those of the folder on the line or in the variable too."""
        from mocksms.scenario.library import Library

        name = "scenario_folder"
        folder = self._given.get(name) or os.environ.get(variable_name(name))
        yield from (Candidate(scenario.name) for scenario in Library(folder).all())


def _starting(current: str, candidates: Iterable[Candidate]) -> Completion:
    return Completion([each for each in candidates if each.word.startswith(current)])


def _takes_value(action: argparse.Action) -> bool:
    return action.nargs != 0


def _about(action: argparse.Action) -> str:
    """Return the help of an option, without its variable."""
    about = "" if action.help in (None, argparse.SUPPRESS) else str(action.help)
    return about.partition(" [MOCKSMS_")[0].replace("%%", "%")


def _pages() -> Iterator[Candidate]:
    from mocksms.web.guide import read_pages

    yield from (Candidate(name, page.summary) for name, page in read_pages().items())
