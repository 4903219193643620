"""Scenarios read from bytes: whatever these are, a scenario comes of it or a list of what is wrong, with lines."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from mocksms.errors import InvalidScenario, ScenarioIssue
from mocksms.scenario.lint import contradictions
from mocksms.scenario.schema import Scenario
from mocksms.scenario.toml_lines import line_at, lines_of
from mocksms.schemas.validation import ValidationIssue, validation_issues, written
from mocksms.sms.text import escape

LONGEST_FILE: Final = 1_048_576
"""Bytes a scenario file may have."""

SHOWN: Final = 60
"""Characters of a line that are shown."""

JSON: Final = "is JSON by its name; files are TOML, and JSON goes to PUT /_mock/scenario"
DEEP: Final = "is nested too deeply"

_PHRASES: Final = {
    "Cannot overwrite": "this name is taken; a name stands once in a table, and each rule begins with [[rule]]",
    "Cannot declare": "this table is there already; one that comes several times has two brackets, [[rule]]",
    "Invalid value": "a value is expected; texts and durations stand in quotes",
    "Invalid statement": "a table such as [[rule]] or a key such as times = 2 is expected",
    "Expected newline": "the line is expected to end, since its value is complete; texts stand in quotes",
    "Expected \"'": "a text is not closed; its closing quote is expected",
    "Invalid initial character": "a name is expected",
    "Cannot mutate": "this table was written as a whole before; what belongs to it goes there",
    "Expected '=' after a key": "a key such as times = 2 is expected, with = after its name",
    "Expected ']": "the end of the table's name is expected, ] or ]]",
    "Unclosed array": "a list is not closed; a comma or ] is expected",
    "Unclosed inline table": "a table is not closed; a comma or } is expected, and texts and durations stand in quotes",
    "Unterminated string": "a text is not closed; its closing quote is expected",
    "Illegal character '\\n'": "a text is not closed; its closing quote is expected before the line ends",
    "Unescaped '\\' in a string": "a \\ means something in double quotes; a regular expression goes into single ones",
}
"""What the parser says, in words of ours: its phrase may go on."""

_AT: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def read_file(path: Path) -> Scenario:
    """Return the scenario in a file.

    Raises:
        InvalidScenario: it cannot be read, or is none; says all that is wrong with it, where.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(LONGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        said = f"cannot be read: {reason}{_nearest(path) if isinstance(error, FileNotFoundError) else ''}"
        raise InvalidScenario([ScenarioIssue(str(path), None, "", said)]) from error
    return read(raw, str(path))


def read(raw: bytes, name: str) -> Scenario:
    """Return the scenario that some bytes of TOML are.

    Raises:
        InvalidScenario: they are none; says all that is wrong, with the line. `name` is what the file is called.
    """
    if len(raw) > LONGEST_FILE:
        raise InvalidScenario([ScenarioIssue(name, None, "", f"is longer than {LONGEST_FILE} bytes")])
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InvalidScenario([ScenarioIssue(name, line, "", "is not UTF-8 text")]) from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        complaint = ScenarioIssue(name, None, "", JSON) if name.endswith(".json") else _syntax(name, text, str(error))
        raise InvalidScenario([complaint]) from error
    except RecursionError as error:
        raise InvalidScenario([ScenarioIssue(name, None, "", DEEP)]) from error
    except ValueError as error:  # of a number with thousands of digits
        raise InvalidScenario([ScenarioIssue(name, None, "", "is not TOML: a number has too many digits")]) from error
    try:
        scenario = Scenario.model_validate(data)
    except ValidationError as error:
        raise InvalidScenario(
            _complaints(name, text, validation_issues(Scenario, error.errors(include_url=False)))
        ) from error
    except RecursionError as error:
        raise InvalidScenario([ScenarioIssue(name, None, "", DEEP)]) from error
    if found := contradictions(scenario):
        raise InvalidScenario(_complaints(name, text, found))
    return scenario


def check(scenario: Scenario, name: str) -> Scenario:
    """Return a scenario that has no contradictions.

    Raises:
        InvalidScenario: it has some.
    """
    if found := contradictions(scenario):
        raise InvalidScenario(_complaints(name, "", found))
    return scenario


def _nearest(path: Path) -> str:
    siblings = {sibling.stem: sibling for sibling in path.parent.glob("*.toml")}
    near = difflib.get_close_matches(path.stem, siblings, 1)
    return f"; did you mean {siblings[near[0]]}?" if near else ""


def _syntax(name: str, text: str, said: str) -> ScenarioIssue:
    """Return what is wrong with the syntax: what was expected, and the text in place of it."""
    at = _AT.search(said)
    phrase = _AT.sub("", said)
    words = next((ours for theirs, ours in _PHRASES.items() if phrase.startswith(theirs)), phrase)
    if at is None or at[1] is None:
        return ScenarioIssue(name, text.rstrip().count("\n") + 1, "", f"is not TOML: {words}; the file ends here")
    lines = text.split("\n")
    line, column = int(at[1]), int(at[2])
    whole, rest = lines[line - 1].strip(), lines[line - 1][column - 1 :].strip()
    is_past = phrase.startswith(("Cannot", "Unescaped")) or not rest
    found = f"the line is {whole[:SHOWN]}" if is_past else f"here is {rest[:SHOWN]}"
    return ScenarioIssue(name, line, "", f"is not TOML: {words}; {escape(found)}")


def _complaints(name: str, text: str, found: Iterable[ValidationIssue]) -> list[ScenarioIssue]:
    lines = lines_of(text)
    issues = [ScenarioIssue(name, line_at(lines, place), written(place), words) for place, words in found]
    return sorted(issues, key=lambda complaint: complaint.line or 0)
