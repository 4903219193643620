"""Validation issues in plain words: where, what was expected, and the nearest valid name or value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mocksms.errors import did_you_mean, escape
from mocksms.sms.display import without_credentials

UNION_TAGS: Final = frozenset({"list", "change", "one", "many", "word"})
"""Names of the members of unions in models: pydantic puts them into locations, users do not write them."""

MAX_QUOTED_LENGTH: Final = 60
"""Characters of a value that an issue quotes."""

MAX_ISSUES: Final = 100
"""Issues in one report."""

MAX_LISTED_ERRORS: Final = 20_000
"""Errors of pydantic that are listed at all: a list of 100,000 takes a fifth of a second."""

FieldPath = tuple[str | int, ...]
"""The location of a value: names, and indexes from 0."""

_BARE: Final = re.compile(r"[\w-]+", re.ASCII)
_CHOICE: Final = re.compile(r"'([^']*)'")
_EXPECTED: Final = {
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be text",
    "list_type": "must be a list",
    "dict_type": "must be a table, in JSON an object",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "string_pattern_mismatch": "must match the pattern {pattern}",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
}
"""What was expected, by the error type of pydantic."""

_LITERALS: Final = {
    "int_type": re.compile(r"[+-]?\d+", re.ASCII),
    "float_type": re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII),
    "bool_type": re.compile("true|false"),
}
"""Texts that are valid without their quotes, by the error type of pydantic."""


class ValidationIssue(NamedTuple):
    """What is wrong at a path."""

    path: FieldPath
    text: str


def validation_issues(model: type[BaseModel], error: ValidationError) -> list[ValidationIssue]:
    """Return what does not fit a model, at most MAX_ISSUES issues in the order pydantic found them."""
    if error.error_count() > MAX_LISTED_ERRORS:
        text = f"has {error.error_count():,} issues, too many to list; correct one entry, then the others like it"
        return [ValidationIssue((), text)]
    details = error.errors(include_url=False)
    issues = [ValidationIssue(_path(detail), _describe(model, detail)) for detail in details[:MAX_ISSUES]]
    if len(details) > MAX_ISSUES:
        issues.insert(0, ValidationIssue((), f"has {len(details)} issues; these are the first {MAX_ISSUES}"))
    return issues


def issues_by_name(model: type[BaseModel], error: ValidationError) -> dict[str, list[str]]:
    """Return what does not fit a model, by formatted path."""
    issues: dict[str, list[str]] = {}
    for issue in validation_issues(model, error):
        issues.setdefault(format_path(issue.path) or "body", []).append(issue.text)
    return issues


def first_issue(model: type[BaseModel], error: ValidationError) -> tuple[str, str]:
    """Return the formatted path and the text of the first thing that does not fit a model."""
    name, (text, *_) = next(iter(issues_by_name(model, error).items()))
    return name, text


def format_path(path: FieldPath) -> str:
    """Return a path as text such as `rule 1.match.to`: list items are counted from 1."""
    text = ""
    for part in path:
        name = part if isinstance(part, int) or _BARE.fullmatch(part) else _quoted(part)
        text += f" {name + 1}" if isinstance(name, int) else f".{name}" if text else name
    return text


def _path(detail: ErrorDetails) -> FieldPath:
    """Return the path of an error without union tags; an unknown name may equal a tag, and stays."""
    name = len(detail["loc"]) - 1 if detail["type"] == "extra_forbidden" else -1
    return tuple(part for index, part in enumerate(detail["loc"]) if index == name or part not in UNION_TAGS)


def _describe(model: type[BaseModel], detail: ErrorDetails) -> str:
    message, got = detail["msg"].removeprefix("Value error, "), detail["input"]
    match detail["type"]:
        case "extra_forbidden":
            return f"unknown name; {_hint(_schema(model), detail['loc'])}"
        case "missing":
            shapes = _shapes_at(_schema(model), detail["loc"])
            choices = [choice for shape in shapes for choice in shape.get("enum", ())]
            return f"is required; one of {', '.join(choices)}" if choices else "is required"
        case "json_invalid" if not got:
            return "is empty; a JSON object is expected"
        case "json_invalid":
            return f"is not a JSON object: {message.removeprefix('Invalid JSON: ')}"
        case "value_error":
            is_complete = isinstance(got, dict | list) or message.endswith("?")
            return message if is_complete else f"{message}; got {_quoted(got)}"
        case "literal_error" | "enum":
            return _one_of(_CHOICE.findall(detail["ctx"]["expected"]), got)
        case "model_type" | "model_attributes_type":
            return _table(_names_at(_schema(model), detail["loc"]), got)
    return f"{_expected(detail)}; {_advice(detail)}"


def _expected(detail: ErrorDetails) -> str:
    context = {name: str(bound).removesuffix(".0") for name, bound in detail.get("ctx", {}).items()}
    if detail["type"] in ("string_too_short", "too_short") and context["min_length"] == "1":
        return "must not be empty"
    expected = _EXPECTED.get(detail["type"])
    return expected.format_map(context) if expected else detail["msg"]


def _advice(detail: ErrorDetails) -> str:
    """Return how to write the value so that it is valid, or else the value."""
    kind, got = detail["type"], detail["input"]
    if kind in _LITERALS and isinstance(got, str) and _LITERALS[kind].fullmatch(got):
        return f"write {got} without quotes"
    if kind == "string_type" and isinstance(got, int | float) and not isinstance(got, bool):
        return f'write it in quotes, "{_quoted(got)}"'
    if kind == "list_type":
        name = next((part for part in reversed(_path(detail)) if isinstance(part, str)), "")
        table = f"; in a file, a table [{name}] becomes [[{name}]]" if isinstance(got, dict) else ""
        return f"write [ ] around it{table}"
    return f"got {_quoted(got)}"


def _one_of(choices: Sequence[str], got: object) -> str:
    if not choices:
        return f"must be true or left out; got {_quoted(got)}"
    hint = did_you_mean(got if isinstance(got, str) else "", choices, f"got {_quoted(got)}", 0.5)
    return f"must be one of {', '.join(choices)}; {hint}"


def _table(names: Iterable[str], got: object) -> str:
    advice = "write a single one: [ ] in place of [[ ]]" if isinstance(got, list) else f"got {_quoted(got)}"
    return f"must be a table, in JSON an object, with some of {', '.join(names)}; {advice}"


def _hint(schema: dict[str, Any], loc: Sequence[str | int]) -> str:
    """Return where an unknown name may belong, or the nearest known name."""
    *place, last = loc
    name, names = str(last), _names_at(schema, place)
    for inner in names:
        if any(name in _names_at(schema, (*place, inner, *index)) for index in ((), (0,))):
            return f"did you mean {name} within {inner}?"
    if hint := did_you_mean(name, names):
        return hint
    for length in reversed(range(len(place))):
        if isinstance(loc[length], str) and name in _names_at(schema, place[:length]):
            top = "" if length else ", in a file above every [table]"
            return f"it belongs outside of {loc[length]}{top}"
    return f"expected one of {', '.join(names)}"


@lru_cache(maxsize=64)
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _names_at(schema: dict[str, Any], place: Sequence[str | int]) -> list[str]:
    """Return the names that are valid at a path."""
    return [*dict.fromkeys(name for shape in _shapes_at(schema, place) for name in shape.get("properties", ()))]


def _shapes_at(schema: dict[str, Any], place: Sequence[str | int]) -> list[dict[str, Any]]:
    """Return the schemas that a value at a path may have."""
    shapes = [schema]
    for part in place:
        if part not in UNION_TAGS:
            shapes = [child for shape in _resolved(schema, shapes) for child in _inside(shape, part)]
    return [*_resolved(schema, shapes)]


def _resolved(schema: dict[str, Any], shapes: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Iterate over schemas, the schemas they refer to, and the members of unions."""
    for shape in shapes:
        yield shape
        if "$ref" in shape:
            yield from _resolved(schema, [schema["$defs"][shape["$ref"].rpartition("/")[2]]])
        yield from _resolved(schema, (*shape.get("anyOf", ()), *shape.get("oneOf", ())))


def _inside(shape: dict[str, Any], part: str | int) -> Iterator[dict[str, Any]]:
    if isinstance(part, int) and isinstance(shape.get("items"), dict):
        yield shape["items"]
    elif part in shape.get("properties", {}):
        yield shape["properties"][part]


def _quoted(value: object) -> str:
    try:
        shown = without_credentials(json.dumps(value, default=str, ensure_ascii=False))
    except (RecursionError, ValueError):
        return "a value too large to show"
    return escape(shown if len(shown) <= MAX_QUOTED_LENGTH else f"{shown[:MAX_QUOTED_LENGTH]}…")
