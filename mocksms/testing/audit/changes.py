"""What a call has written into its arguments: applications that return nothing keep the result there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from types import FrameType, FunctionType, ModuleType
from typing import Any, Final, NamedTuple

from mocksms.testing.audit.claims import MAX_ITEMS, Claim, arguments_of, claims_of_fields

COLLECTIONS: Final = (list, tuple, set, frozenset, Mapping)


class ArgumentState(NamedTuple):
    """An argument of a call, and its fields or items when the call began; those of collections in it likewise."""

    value: Any
    fields: Mapping[Any, Any]


def states_in(frame: FrameType) -> list[ArgumentState]:
    """Return the arguments of a function as they are, the owner of a method such as `errors.append` included."""
    found: list[ArgumentState] = []
    with suppress(Exception):  # the arguments can be anything
        for argument in arguments_of(frame):
            value = getattr(argument, "__self__", argument)
            if not isinstance(value, type | ModuleType | FunctionType):
                found.append(ArgumentState(value, _fields(value, depth=2)))
    return found


def claim_of_changes(states: list[ArgumentState]) -> Claim:
    """Return what the arguments of a call say that it has changed; nothing if that is no failure and not `later`."""
    with suppress(Exception):
        said = {claim for each in states for claim in _claims(each)}
        for claim in (Claim.FAILURE, Claim.LATER):
            if claim in said:
                return claim
    return Claim.NOTHING


def _claims(state: ArgumentState) -> Iterator[Claim]:
    for name, value in _changes(state.fields, _fields(state.value, depth=2)):
        if value is False:
            yield Claim.FAILURE
        else:
            yield from claims_of_fields([(name, value)], depth=2)


def _fields(value: Any, depth: int) -> dict[Any, Any]:
    """Return the fields of an object, or the items of a collection by their place."""
    if isinstance(value, Mapping):
        items = list(value.items())
    elif isinstance(value, COLLECTIONS):
        items = list(enumerate(value))
    else:
        items = list(getattr(value, "__dict__", {}).items())
    return {
        name: _fields(each, depth - 1) if depth > 1 and isinstance(each, COLLECTIONS) else each
        for name, each in items[-MAX_ITEMS:]
    }


def _changes(before: Mapping[Any, Any], after: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    """Iterate over the fields that are new or another object, each with its name, and that of its collection."""
    for name, value in after.items():
        old = before.get(name)
        if isinstance(value, dict) and isinstance(old, dict):
            yield from ((f"{name}.{inner}", each) for inner, each in _changes(old, value))
        elif value is not old:
            yield str(name), value
