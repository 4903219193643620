"""What does not fit a model, in words that help: where, what was expected, and the nearest right thing."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from mocksms.sms.text import escape

UNION_TAGS: Final = frozenset({"list", "change", "one", "many", "word"})
"""Names of the forms a value can have; they stand in no file."""

QUOTED: Final = 60
MOST: Final = 100
"""Misfits that are told at once."""

FieldPath = tuple[str | int, ...]
"""Where something is: names, and indexes from 0."""

_BARE: Final = re.compile(r"[\w-]+", re.ASCII)
_CHOICE: Final = re.compile(r"'([^']*)'")
_WORDS: Final = {
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be text",
    "list_type": "must be a list",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
}
"""What was expected, by pydantic's name of the fault."""

_LITERALS: Final = {
    "int_type": re.compile(r"[+-]?\d+", re.ASCII),
    "float_type": re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII),
    "bool_type": re.compile("true|false"),
}
"""Texts that would be right without their quotes, by the name of the fault."""


class ValidationIssue(NamedTuple):
    """What is wrong at a place."""

    place: FieldPath
    text: str


def validation_issues(model: type[BaseModel], details: Sequence[ErrorDetails]) -> list[ValidationIssue]:
    """Return what does not fit a model, in the order it was found; of very much the beginning."""
    told = [ValidationIssue(_place(detail), _said(model, detail)) for detail in details[:MOST]]
    more = (
        [ValidationIssue((), f"has {len(details)} faults; these are the first {MOST}")] if len(details) > MOST else []
    )
    return [*more, *told]


def issues_by_name(model: type[BaseModel], details: Sequence[ErrorDetails]) -> dict[str, list[str]]:
    """Return what does not fit a model by its place as it is written."""
    faults: dict[str, list[str]] = {}
    for misfit in validation_issues(model, details):
        faults.setdefault(written(misfit.place) or "body", []).append(misfit.text)
    return faults


def written(place: FieldPath) -> str:
    """Return a place as people write it: what stands in a list is counted from 1."""
    words = ""
    for part in place:
        name = part if isinstance(part, int) or _BARE.fullmatch(part) else _quoted(part)
        words += f" {name + 1}" if isinstance(name, int) else f".{name}" if words else name
    return words


def _place(detail: ErrorDetails) -> FieldPath:
    """Return where something is; a name that nobody knows may be that of a form, and stays."""
    name = len(detail["loc"]) - 1 if detail["type"] == "extra_forbidden" else -1
    return tuple(part for index, part in enumerate(detail["loc"]) if index == name or part not in UNION_TAGS)


def _said(model: type[BaseModel], detail: ErrorDetails) -> str:
    said, got = detail["msg"].removeprefix("Value error, "), detail["input"]
    match detail["type"]:
        case "extra_forbidden":
            return f"there is no such name; {_hint(_schema(model), detail['loc'])}"
        case "missing":
            shapes = _shapes_at(_schema(model), detail["loc"])
            choices = [choice for shape in shapes for choice in shape.get("enum", ())]
            return f"is required; one of {', '.join(choices)}" if choices else "is required"
        case "json_invalid" if not got:
            return "is empty; a JSON object is expected"
        case "json_invalid":
            return f"is no JSON object: {said.removeprefix('Invalid JSON: ')}"
        case "value_error":
            is_enough = isinstance(got, dict | list) or said.endswith("?")
            return said if is_enough else f"{said}; got {_quoted(got)}"
        case "literal_error" | "enum":
            return _one_of(_CHOICE.findall(detail["ctx"]["expected"]), got)
        case "model_type" | "model_attributes_type":
            return _table(_names_at(_schema(model), detail["loc"]), got)
    return f"{_expected(detail)}; {_advice(detail)}"


def _expected(detail: ErrorDetails) -> str:
    context = {name: str(bound).removesuffix(".0") for name, bound in detail.get("ctx", {}).items()}
    if detail["type"] in ("string_too_short", "too_short") and context["min_length"] == "1":
        return "must not be empty"
    return _WORDS.get(detail["type"], detail["msg"]).format_map(context)


def _advice(detail: ErrorDetails) -> str:
    """Return how to write what was given so that it fits, or else what was given."""
    kind, got = detail["type"], detail["input"]
    if kind in _LITERALS and isinstance(got, str) and _LITERALS[kind].fullmatch(got):
        return f"write {got} without quotes"
    if kind == "string_type" and isinstance(got, int | float) and not isinstance(got, bool):
        return f'write it in quotes, "{_quoted(got)}"'
    if kind == "list_type":
        name = next((part for part in reversed(_place(detail)) if isinstance(part, str)), "")
        table = f"; in a file, a table [{name}] becomes [[{name}]]" if isinstance(got, dict) else ""
        return f"write [ ] around it{table}"
    return f"got {_quoted(got)}"


def _one_of(choices: Sequence[str], got: object) -> str:
    if not choices:
        return f"must be true, or not be there; got {_quoted(got)}"
    near = difflib.get_close_matches(got, choices, 1, 0.5) if isinstance(got, str) else []
    return f"must be one of {', '.join(choices)}; " + (f"did you mean {near[0]}?" if near else f"got {_quoted(got)}")


def _table(names: Iterable[str], got: object) -> str:
    advice = "write a single one: [ ] in place of [[ ]]" if isinstance(got, list) else f"got {_quoted(got)}"
    return f"must be a table, in JSON an object, with some of {', '.join(names)}; {advice}"


def _hint(schema: dict[str, Any], loc: Sequence[str | int]) -> str:
    """Return where a name that is not known at its place may belong, or which nearest name may be meant."""
    *place, last = loc
    name, names = str(last), _names_at(schema, place)
    for inner in names:
        if any(name in _names_at(schema, (*place, inner, *index)) for index in ((), (0,))):
            return f"did you mean {name} within {inner}?"
    near = difflib.get_close_matches(name, names, 1)
    if near:
        return f"did you mean {near[0]}?"
    for length in reversed(range(len(place))):
        if isinstance(loc[length], str) and name in _names_at(schema, place[:length]):
            top = "" if length else ", in a file above every [table]"
            return f"it belongs outside of {loc[length]}{top}"
    return f"there are {', '.join(names)}"


@lru_cache(maxsize=64)
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _names_at(schema: dict[str, Any], place: Sequence[str | int]) -> list[str]:
    """Return the names that may stand at a place."""
    return [*dict.fromkeys(name for shape in _shapes_at(schema, place) for name in shape.get("properties", ()))]


def _shapes_at(schema: dict[str, Any], place: Sequence[str | int]) -> list[dict[str, Any]]:
    """Return the shapes that what stands at a place may have."""
    shapes = [schema]
    for part in place:
        if part not in UNION_TAGS:
            shapes = [child for shape in _resolved(schema, shapes) for child in _inside(shape, part)]
    return [*_resolved(schema, shapes)]


def _resolved(schema: dict[str, Any], shapes: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Iterate over shapes with what they refer to and the forms they may take."""
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
        shown = json.dumps(value, default=str, ensure_ascii=False)
    except (RecursionError, ValueError):
        return "what is too large to show"
    return escape(shown if len(shown) <= QUOTED else f"{shown[:QUOTED]}…")
