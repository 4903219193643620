"""Scenario parser: TOML to a scenario, or to a list of issues with their lines."""

from __future__ import annotations

import difflib
import errno
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from mocksms.errors import InvalidScenario, ScenarioIssue, escape
from mocksms.scenario.lint import literal_asterisks, outcomes_like_others, unreachable_rules
from mocksms.scenario.schema import Scenario
from mocksms.scenario.toml_lines import line_at, lines_of
from mocksms.schemas.validation import ValidationIssue, format_path, validation_issues
from mocksms.sms.display import error_reason

MAX_FILE_SIZE: Final = 1_048_576
"""Bytes a scenario file may have."""

MAX_EXCERPT_LENGTH: Final = 60
"""Characters of a line that an error shows."""

IS_JSON: Final = "has a JSON name; scenario files are TOML, and PUT /_mock/scenario accepts JSON"
TOO_DEEP: Final = "is nested too deeply"

_PHRASES: Final = {
    "Cannot overwrite": "this key exists already; a key occurs once in a table, and each rule starts with [[rule]]",
    "Cannot declare": "this table exists already; a table that occurs several times has two brackets, [[rule]]",
    "Invalid value": "expected a value; texts and durations need quotes",
    "Invalid statement": "expected a table such as [[rule]] or a key such as times = 2",
    "Expected newline": "expected the end of the line, since the value is complete; texts need quotes",
    "Expected \"'": "a text is not closed; expected a closing quote",
    "Invalid initial character": "expected a key",
    "Cannot mutate": "this table is already complete; add its keys there",
    "Expected '=' after a key": "expected = after the key, as in times = 2",
    "Expected ']": "expected the end of the table name, ] or ]]",
    "Unclosed array": "a list is not closed; expected a comma or ]",
    "Unclosed inline table": "a table is not closed; expected a comma or }; texts and durations need quotes",
    "Unterminated string": "a text is not closed; expected a closing quote",
    "Illegal character '\\n'": "a text is not closed; expected a closing quote on this line",
    "Unescaped '\\' in a string": "\\ starts an escape in double quotes; put a regular expression in single quotes",
}
"""Error texts by the beginning of the message of `tomllib`."""

_AT: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def read_file(path: Path) -> Scenario:
    """Return the scenario in a file.

    Raises:
        InvalidScenario: it cannot be read or is invalid, with all issues and their lines.
    """
    try:
        raw = read_bytes(path)
    except (OSError, ValueError) as error:
        hint = _nearest(path) if isinstance(error, FileNotFoundError) else ""
        raise _invalid(str(path), f"cannot be read: {error_reason(error)}{hint}") from error
    return read(raw, str(path))


def read_bytes(path: Path) -> bytes:
    """Return the content of a regular file; of a file that is too long, one byte more than it may have.

    Raises:
        OSError: it cannot be read, or it is something else: opening a named pipe would wait for a writer, and a device
            may never end.
        ValueError: no file can have this name.
    """
    with open(path, "rb", opener=_open_at_once) as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, f"it is {'a named pipe' if stat.S_ISFIFO(mode) else 'a device'}, not a file")
        return file.read(MAX_FILE_SIZE + 1)


def _open_at_once(name: str, flags: int) -> int:
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))


def read(raw: bytes, name: str) -> Scenario:
    """Return the scenario of some TOML; `name` is the name of the file.

    Raises:
        InvalidScenario: it is invalid, with all issues and their lines.
    """
    text, data = _read_toml(raw, name)
    try:
        scenario = Scenario.model_validate(data)
    except ValidationError as error:
        issues = validation_issues(Scenario, error)
        raise InvalidScenario(_issues(name, text, issues)) from error
    except RecursionError as error:
        raise _invalid(name, TOO_DEEP) from error
    return check(scenario, name, text)


def check(scenario: Scenario, name: str, text: str = "") -> Scenario:
    """Return a scenario if all its rules can be applied; `text` is its TOML.

    Raises:
        InvalidScenario: it has unreachable rules.
    """
    if found := unreachable_rules(scenario):
        raise InvalidScenario(_issues(name, text, found))
    return scenario


def file_warnings(path: Path, scenario: Scenario) -> list[ScenarioIssue]:
    """Return what is valid in the scenario of a file, but may not mean what its author thinks."""
    found = [*literal_asterisks(scenario), *outcomes_like_others(scenario)]
    return _issues(str(path), read_bytes(path).decode("utf-8-sig"), found) if found else []


def _read_toml(raw: bytes, name: str) -> tuple[str, dict[str, Any]]:
    """Return the text and the data of some TOML."""
    if len(raw) > MAX_FILE_SIZE:
        raise _invalid(name, f"is longer than {MAX_FILE_SIZE} bytes")
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise _invalid(name, "is not UTF-8 text", raw[: error.start].count(b"\n") + 1) from error
    import tomllib  # here, since most mocks read no file, and all must start fast

    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise (_invalid(name, IS_JSON) if name.endswith(".json") else _syntax_error(name, text, str(error))) from error
    except RecursionError as error:
        raise _invalid(name, TOO_DEEP) from error
    except ValueError as error:  # a number with thousands of digits
        raise _invalid(name, "is not TOML: a number has too many digits") from error


def _invalid(name: str, text: str, line: int | None = None) -> InvalidScenario:
    return InvalidScenario([ScenarioIssue(name, line, "", text)])


def _nearest(path: Path) -> str:
    if path.is_symlink():
        return f"; it is a link to {os.readlink(path)}"
    siblings = {sibling.stem: sibling for sibling in path.parent.glob("*.toml")}
    near = difflib.get_close_matches(path.stem, siblings, 1)
    return f"; did you mean {siblings[near[0]]}?" if near else ""


def _syntax_error(name: str, text: str, message: str) -> InvalidScenario:
    """Return a syntax error with what was expected, and the text found there."""
    at = _AT.search(message)
    phrase = _AT.sub("", message)
    expected = next((text for beginning, text in _PHRASES.items() if phrase.startswith(beginning)), phrase)
    if at is None or at[1] is None:
        return _invalid(name, f"is not TOML: {expected}; the file ends here", text.rstrip().count("\n") + 1)
    lines = text.split("\n")
    line, column = int(at[1]), int(at[2])
    whole, rest = lines[line - 1].strip(), lines[line - 1][column - 1 :].strip()
    is_past = phrase.startswith(("Cannot", "Unescaped")) or not rest
    found = f"the line is {whole[:MAX_EXCERPT_LENGTH]}" if is_past else f"found {rest[:MAX_EXCERPT_LENGTH]}"
    return _invalid(name, f"is not TOML: {expected}; {escape(found)}", line)


def _issues(name: str, text: str, found: Iterable[ValidationIssue]) -> list[ScenarioIssue]:
    lines = lines_of(text)
    issues = [ScenarioIssue(name, line_at(lines, path), format_path(path), message) for path, message in found]
    return sorted(issues, key=lambda issue: issue.line or 0)
