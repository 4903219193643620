"""Statements of tests: whether one that failed is about what the mock received."""

from __future__ import annotations

import ast
import builtins
import linecache
from collections.abc import Mapping
from functools import lru_cache
from types import FrameType
from typing import Any, Final

from mocksms.testing.account import AccountHandle
from mocksms.testing.models import ApiRequest, SmsCallback, SmsMessage, SmsReply

ADDRESS: Final = frozenset({"base_url", "url", "api_key", "env", "environment", "patch_env", "number"})
"""Attributes of the handle that say nothing about what the mock received."""

PURE_MODULES: Final = frozenset({"re", "json"})
"""Modules whose functions only read a text."""

RECORDS: Final = (SmsMessage, ApiRequest, SmsReply, SmsCallback)


def is_about_mock(frame: FrameType, line: int) -> bool:
    """Whether the statement at a line of a frame only looks at what the mock received, such as `mocksms.outbox`.

    One that also calls the application is not.
    """
    statement = _statement(frame.f_code.co_filename, line)
    if statement is None:
        return False
    names = {**frame.f_globals, **frame.f_locals}
    nodes = [*ast.walk(statement)]
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    return any(_is_evidence(node, names) for node in nodes) and all(_is_harmless(node, names) for node in calls)


def _is_evidence(node: ast.AST, names: Mapping[str, Any]) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr not in ADDRESS and isinstance(_value(node.value, names), AccountHandle)
    if not isinstance(node, ast.Name):
        return False
    value = names.get(node.id)
    return isinstance(value, RECORDS) or (isinstance(value, list) and any(isinstance(each, RECORDS) for each in value))


def _is_harmless(call: ast.Call, names: Mapping[str, Any]) -> bool:
    """Whether a call cannot be one of the application: of a builtin, of `re`, of unittest, or of evidence itself."""
    function = call.func
    if isinstance(function, ast.Name):
        return hasattr(builtins, function.id) and function.id not in names
    if not isinstance(function, ast.Attribute):
        return False
    owner = function.value.id if isinstance(function.value, ast.Name) else ""
    is_assertion = owner == "self" and "assert" in function.attr
    is_pure = getattr(names.get(owner), "__name__", "") in PURE_MODULES
    return is_assertion or is_pure or any(_is_evidence(node, names) for node in ast.walk(function))


def _value(node: ast.AST, names: Mapping[str, Any]) -> object:
    """Return what a name stands for, or an attribute of an object that needs no code to read it."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        return getattr(_value(node.value, names), "__dict__", {}).get(node.attr)
    return None


def _statement(file: str, line: int) -> ast.stmt | None:
    """Return the innermost simple statement at a line, None if there is none."""
    found = [node for node in _statements(file) if node.lineno <= line <= (node.end_lineno or node.lineno)]
    return min(found, key=lambda node: (node.end_lineno or node.lineno) - node.lineno, default=None)


@lru_cache(maxsize=64)
def _statements(file: str) -> tuple[ast.stmt, ...]:
    simple = ast.Assert | ast.Expr | ast.Assign | ast.AnnAssign | ast.Return
    module = ast.parse("".join(linecache.getlines(file)))
    return tuple(node for node in ast.walk(module) if isinstance(node, simple))
