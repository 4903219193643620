"""Data bound to a model as Json.NET binds it: names in any case, nulls as unset, unknown names left out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from mocksms.engine.journal import RequestWarning
from mocksms.errors import InvalidRequest
from mocksms.provider.lenient_json import BODY, MOST, parse
from mocksms.provider.send import SendBody
from mocksms.sms.instants import parse_instant

BoundModel = TypeVar("BoundModel", bound=BaseModel)


_NAME: Final = re.compile(rb'"\s*:')
"""The end of a member's name, or an escaped quote within a text: then the lenient way decides."""

UNSET: Final = object()
"""What a member is that was not given."""


def read_send(raw: bytes, encoding: str) -> tuple[SendBody, list[RequestWarning]]:
    """Return the body of a send and the leniencies it took to read it.

    Strict JSON that fits the model takes one step. That step cannot see a name that comes twice, so names are counted.

    Raises:
        InvalidRequest: it cannot be read, or does not fit; names each path.
    """
    if encoding == "utf-8":
        try:
            body = SendBody.model_validate_json(raw)
        except ValidationError:
            pass
        else:
            if body.names == len(_NAME.findall(raw)):
                return body, []
    data, leniencies = parse(raw, encoding)
    return bind(data, SendBody, leniencies), leniencies


def bind(data: object, model: type[BoundModel], leniencies: list[RequestWarning]) -> BoundModel:
    """Return the model filled from plain data; what was let pass is added to `leniencies`.

    Raises:
        InvalidRequest: a value has the wrong type or a required one is missing; names each path.
    """
    try:
        return model.model_validate(data)
    except ValidationError:
        pass
    binder = _Binder(leniencies)
    fitted = binder.fit(data, model, "")
    if binder.faults:
        raise InvalidRequest(binder.faults)
    try:
        return model.model_validate({} if fitted is UNSET else fitted)
    except ValidationError as error:
        raise InvalidRequest(_faults_of(error)) from error


def _faults_of(error: ValidationError) -> dict[str, list[str]]:
    faults: dict[str, list[str]] = {}
    for fault in error.errors(include_url=False, include_context=False, include_input=False)[:MOST]:
        path = ""
        for part in fault["loc"]:
            path = f"{path}[{part}]" if isinstance(part, int) else join(path, part)
        faults.setdefault(path or BODY, []).append(f"The {fault['loc'][-1]} field is required.")
    return faults


def join(path: str, name: str) -> str:
    """Return the path of a member."""
    return f"{path}.{name}" if path else name


@cache
def _members(model: type[BaseModel]) -> dict[str, Any]:
    """Return the names a model has on the wire, with their types."""
    return {field.alias or name: _required(field.annotation) for name, field in model.model_fields.items()}


@cache
def _in_any_case(model: type[BaseModel]) -> dict[str, str]:
    return {name.casefold(): name for name in _members(model)}


def _required(annotation: Any) -> Any:
    if get_origin(annotation) is UnionType:
        return next(kind for kind in get_args(annotation) if kind is not NoneType)
    return annotation


class _Binder:
    """Walks data along a model; collects what was let pass and what cannot be."""

    def __init__(self, leniencies: list[RequestWarning]) -> None:
        self.faults: dict[str, list[str]] = {}
        self._refused = 0
        self._leniencies = leniencies

    def fit(self, value: object, kind: Any, path: str) -> object:
        """Return the value as the type asks for it, UNSET when there is none."""
        if value is None:
            self._let_pass(path, "null is read as not given")
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
                and (fitted := self.fit(member, _members(model)[known], join(path, known))) is not UNSET
            ):
                members[known] = fitted
        return members

    def _name(self, name: str, model: type[BaseModel], path: str) -> str | None:
        if name in _members(model):
            return name
        known = _in_any_case(model).get(name.casefold())
        if known is None:
            self._let_pass(join(path, name), "an unknown name, left out")
        else:
            self._let_pass(join(path, name), f"read as {known!r}")
        return known

    def _list(self, value: object, kind: Any, path: str) -> object:
        if not isinstance(value, list):
            return self._refuse(value, "array", path)
        fitted = [self.fit(member, kind, f"{path}[{index}]") for index, member in enumerate(value)]
        return [member if member is not UNSET else {} for member in fitted if member is not UNSET or kind is not str]

    def _string(self, value: object, path: str) -> object:
        if isinstance(value, str):
            return value
        if isinstance(value, dict | list):
            return self._refuse(value, "string", path)
        text = str(value).lower() if isinstance(value, bool) else str(value)
        self._let_pass(path, f"{text} is read as a string")
        return text

    def _boolean(self, value: object, path: str) -> object:
        if isinstance(value, bool):
            return value
        word = value.strip().lower() if isinstance(value, str) else value
        if word in ("true", "false"):
            self._let_pass(path, f"the string {value!r} is read as a boolean")
            return word == "true"
        if isinstance(word, int | float):
            self._let_pass(path, f"the number {value} is read as a boolean")
            return bool(word)
        return self._refuse(value, "boolean", path)

    def _instant(self, value: object, path: str) -> object:
        if isinstance(value, str) and not value.strip():
            self._let_pass(path, "an empty string is read as not given")
            return UNSET
        try:
            return parse_instant(value)
        except ValueError:
            return self._refuse(value, "DateTime", path)

    def _refuse(self, value: object, wanted: str, path: str) -> object:
        self._refused += 1
        if self._refused <= MOST:
            self.faults.setdefault(path or BODY, []).append(
                f"Could not convert {_shown(value)} to {wanted}. Path '{path}'."
            )
        return UNSET

    def _let_pass(self, path: str, note: str) -> None:
        if len(self._leniencies) < MOST:
            self._leniencies.append(RequestWarning(path or BODY, note))


def _shown(value: object) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "an array"
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


_CONVERTERS: Final[dict[type, Callable[[_Binder, object, str], object]]] = {
    str: _Binder._string,
    bool: _Binder._boolean,
    datetime: _Binder._instant,
}
