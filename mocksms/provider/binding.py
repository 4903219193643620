"""Binding: fills a model from JSON: any case of names, null as missing, unknown names ignored (stack, body.binding)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import tzinfo
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, TypeVar, get_args, get_origin

from pydantic import AwareDatetime, BaseModel, ValidationError

from mocksms.errors import InvalidRequest
from mocksms.provider.deviation import Deviation
from mocksms.provider.lenient_json import BODY, MAX_WARNINGS, JsonNumber, parse
from mocksms.provider.send import SendBody
from mocksms.sms.times import ISRAEL, parse_instant

BoundModel = TypeVar("BoundModel", bound=BaseModel)


NAME: Final = re.compile(rb'"\s*:')
"""The end of a JSON name. It also matches inside some strings; then the counts differ, and a slower way decides."""

MAX_FAST_OBJECTS: Final = 50_000
"""Objects in a body that is validated in one step: an error there copies all of them, which cannot be interrupted."""

UNSET: Final = object()
"""The value of a member that is not set."""


def read_send(raw: bytes, encoding: str, zone: tzinfo = ISRAEL) -> tuple[SendBody, list[Deviation]]:
    """Return the body of a send and a warning for each deviation from strict JSON or from the model.

    A `send_at` without an offset is in the time zone.

    The fast path validates strict JSON in one step. That step cannot see duplicate names, so names are counted.

    Raises:
        InvalidRequest: the body is not JSON or does not fit the model; names each path.
    """
    if encoding == "utf-8" and raw.count(b"{") <= MAX_FAST_OBJECTS:
        try:
            body = SendBody.model_validate_json(raw, context=zone)
        except ValidationError:
            pass
        else:
            if body.name_count == len(NAME.findall(raw)):
                return body, []
    data, deviations = parse(raw, encoding)
    return bind(data, SendBody, deviations, zone), deviations


def bind(data: object, model: type[BoundModel], deviations: list[Deviation], zone: tzinfo = ISRAEL) -> BoundModel:
    """Return the model for plain data; accepted deviations are added to `deviations`.

    A time without an offset is in the time zone.

    Raises:
        InvalidRequest: a value has the wrong type or a required one is missing; names each path.
    """
    try:
        return model.model_validate(data, context=zone)
    except ValidationError:
        pass
    binder = _Binder(deviations, zone)
    converted = binder.convert(data, model, "")
    if binder.errors:
        raise InvalidRequest(binder.errors)
    try:
        return model.model_validate({} if converted is UNSET else converted)
    except ValidationError as error:
        raise InvalidRequest(_errors_of(error, binder.missing)) from error


def _errors_of(error: ValidationError, missing: list[str]) -> dict[str, list[str]]:
    """Return the errors by path; each reads as the stack's error about a missing field.

    The validation reports the first error in a list, the binder the paths that are missing in all of them.
    """
    paths = dict.fromkeys(missing)
    for found in error.errors(include_url=False, include_context=False, include_input=False):
        path = ""
        for part in found["loc"]:
            path = f"{path}[{part}]" if isinstance(part, int) else join(path, part)
        paths[path or BODY] = None
    return {path: [f"The {path.rpartition('.')[2]} field is required."] for path in [*paths][:MAX_WARNINGS]}


def join(path: str, name: str) -> str:
    """Return the path of a member."""
    return f"{path}.{name}" if path else name


@cache
def _members(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON names of a model with their types."""
    return {field.alias or name: _without_none(field.annotation) for name, field in model.model_fields.items()}


@cache
def _required(model: type[BaseModel]) -> list[str]:
    """Return the JSON names of the required members of a model."""
    return [field.alias or name for name, field in model.model_fields.items() if field.is_required()]


@cache
def _names_by_casefold(model: type[BaseModel]) -> dict[str, str]:
    return {name.casefold(): name for name in _members(model)}


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) is UnionType:
        return next(kind for kind in get_args(annotation) if kind is not NoneType)
    return annotation


class _Binder:
    """Converts data to the types of a model; collects deviations and errors."""

    def __init__(self, deviations: list[Deviation], zone: tzinfo) -> None:
        self.errors: dict[str, list[str]] = {}
        self.missing: list[str] = []
        self._refused = 0
        self._deviations = deviations
        self._zone = zone

    def convert(self, value: object, kind: Any, path: str) -> object:
        """Return the value converted to a type, UNSET if there is none."""
        if value is None:
            self._warn(path, "null is read as not set", "null in place of a value")
            return UNSET
        if get_origin(kind) is list:
            return self._list(value, get_args(kind)[0], path)
        if issubclass(kind, BaseModel):
            return self._model(value, kind, path)
        return _CONVERTERS[kind](self, value, path)

    def _model(self, value: object, model: type[BaseModel], path: str) -> object:
        if not isinstance(value, dict):
            return self._refuse(value, "object", path)
        members: dict[str, object] = {}
        for name, member in value.items():
            known = self._name(name, model, path)
            if (
                known is not None
                and (converted := self.convert(member, _members(model)[known], join(path, known))) is not UNSET
            ):
                members[known] = converted
        if len(self.missing) < MAX_WARNINGS:
            self.missing += [join(path, name) for name in _required(model) if name not in members]
        return members

    def _name(self, name: str, model: type[BaseModel], path: str) -> str | None:
        if name in _members(model):
            return name
        known = _names_by_casefold(model).get(name.casefold())
        if known is None:
            self._warn(join(path, name), "unknown name, ignored", "unknown name")
        else:
            self._warn(join(path, name), f"read as {known!r}", f"the name is spelled {known!r}")
        return known

    def _list(self, value: object, kind: Any, path: str) -> object:
        if not isinstance(value, list):
            return self._refuse(value, "array", path)
        converted = [self.convert(member, kind, f"{path}[{index}]") for index, member in enumerate(value)]
        if kind is str:
            return [member for member in converted if member is not UNSET]
        return [
            self._model({}, kind, f"{path}[{index}]") if member is UNSET else member
            for index, member in enumerate(converted)
        ]

    def _string(self, value: object, path: str) -> object:
        if isinstance(value, str):
            return value
        if isinstance(value, dict | list):
            return self._refuse(value, "string", path)
        text = str(value).lower() if isinstance(value, bool) else str(value)
        self._warn(path, f"{text} is read as a string", f"{text} is not a string")
        return text

    def _boolean(self, value: object, path: str) -> object:
        if isinstance(value, bool):
            return value
        word = value.strip().lower() if isinstance(value, str) else value
        if word in ("true", "false"):
            self._warn(path, f"the string {value!r} is read as a boolean", f"the string {value!r} is not a boolean")
            return word == "true"
        if isinstance(word, int | float):
            self._warn(path, f"the number {value} is read as a boolean", f"the number {value} is not a boolean")
            return bool(word)
        return self._refuse(value, "boolean", path)

    def _instant(self, value: object, path: str) -> object:
        if isinstance(value, str) and not value.strip():
            self._warn(path, "an empty string is read as not set", "an empty string is not a time")
            return UNSET
        try:
            return parse_instant(value, self._zone)
        except ValueError:
            return self._refuse(value, "DateTime", path)

    def _refuse(self, value: object, expected: str, path: str) -> object:
        self._refused += 1
        if self._refused <= MAX_WARNINGS:
            self.errors.setdefault(path or BODY, []).append(
                f"Could not convert {_display(value)} to {expected}. Path '{path}'."
            )
        return UNSET

    def _warn(self, path: str, note: str, refusal: str) -> None:
        if len(self._deviations) < MAX_WARNINGS:
            self._deviations.append(Deviation(path or BODY, note, refusal))


def _display(value: object) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "an array"
    text = str(value) if isinstance(value, JsonNumber) else json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


_CONVERTERS: Final[dict[type, Callable[[_Binder, object, str], object]]] = {
    str: _Binder._string,
    bool: _Binder._boolean,
    AwareDatetime: _Binder._instant,
}
