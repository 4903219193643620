from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import get_args

import pytest

from mocksms.fidelity import Behaviour, Evidence, ledger
from mocksms.settings import OPTIONS

TESTS = Path(__file__).parent
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _is_ledger_mark(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and ast.unparse(node) == "pytest.mark.ledger"


def _ids(call: ast.Call) -> list[str]:
    """Return the ids of a marker: plain strings, readable without running the tests."""
    ids = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    assert ids, f"line {call.lineno}: a ledger marker without ids"
    assert len(ids) == len(call.args) + len(call.keywords), f"line {call.lineno}: a ledger marker with more than ids"
    assert all(isinstance(name, str) for name in ids), f"line {call.lineno}: an id that is no string"
    return [str(name) for name in ids]


def _marked(source: str) -> Iterator[str]:
    """Return the ids in the ledger markers of the tests of a module; every marker must decorate a test."""
    tree = ast.parse(source)
    tests = [node for node in ast.walk(tree) if isinstance(node, FUNCTIONS) and node.name.startswith("test_")]
    inside = [node for test in tests for decorator in test.decorator_list for node in ast.walk(decorator)]
    markers = [node for node in inside if isinstance(node, ast.Call) and _is_ledger_mark(node.func)]
    loose = sum(map(_is_ledger_mark, ast.walk(tree))) - len(markers)
    assert not loose, f"{loose} ledger markers decorate no test"
    for marker in markers:
        yield from _ids(marker)


def _marked_in(sources: Iterable[str]) -> set[str]:
    return {name for source in sources for name in _marked(source)}


def _untested(behaviours: Iterable[Behaviour], sources: Iterable[str]) -> list[str]:
    marked = _marked_in(sources)
    return [behaviour.id for behaviour in behaviours if behaviour.id not in marked]


def _sources() -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted(TESTS.rglob("test_*.py"))]


def _behaviour(name: str) -> Behaviour:
    return Behaviour(name, "does", "documented", "source")


def test_ledger_has_entries_with_every_text() -> None:
    assert ledger()
    for behaviour in ledger():
        for text in (behaviour.id, behaviour.does, behaviour.source):
            assert text == text.strip() != ""


def test_ledger_has_unique_ids() -> None:
    ids = [behaviour.id for behaviour in ledger()]
    assert sorted(set(ids)) == sorted(ids)


def test_ledger_has_every_kind_of_evidence_and_no_other() -> None:
    assert {behaviour.evidence for behaviour in ledger()} == set(get_args(Evidence))


def test_each_setting_in_the_ledger_is_an_option() -> None:
    assert {behaviour.setting for behaviour in ledger()} - {""} <= set(OPTIONS)


def test_every_behaviour_has_a_test() -> None:
    assert _untested(ledger(), _sources()) == []


def test_every_marker_names_a_behaviour() -> None:
    assert _marked_in(_sources()) - {behaviour.id for behaviour in ledger()} == set()


def test_check_finds_a_behaviour_without_a_test() -> None:
    source = "@pytest.mark.ledger('a', 'b')\n@pytest.mark.ledger('c')\ndef test_x() -> None: ..."
    assert _untested(map(_behaviour, "abcd"), [source]) == ["d"]
    assert "no.such.behaviour" in _untested([*ledger(), _behaviour("no.such.behaviour")], _sources())


@pytest.mark.parametrize(
    "source",
    [
        "class TestX:\n    @pytest.mark.ledger('a')\n    async def test_x(self) -> None: ...",
        "@pytest.mark.parametrize('x', [pytest.param(1, marks=pytest.mark.ledger('a'))])\ndef test_x() -> None: ...",
    ],
    ids=["coroutine-in-class", "parameter"],
)
def test_check_finds_a_marker_in_a_class_and_on_a_parameter(source: str) -> None:
    assert _untested([_behaviour("a")], [source]) == []


@pytest.mark.parametrize(
    "source",
    [
        "@pytest.mark.ledger('a')\ndef helper() -> None: ...",
        "marks = pytest.mark.ledger('a')",
        "@pytest.mark.ledger()\ndef test_x() -> None: ...",
        "@pytest.mark.ledger\ndef test_x() -> None: ...",
        "@pytest.mark.ledger(ids)\ndef test_x() -> None: ...",
        "@pytest.mark.ledger('a', *ids)\ndef test_x() -> None: ...",
        "@pytest.mark.ledger(ids='a')\ndef test_x() -> None: ...",
        "@pytest.mark.ledger(7)\ndef test_x() -> None: ...",
    ],
)
def test_check_refuses_a_marker_it_cannot_read(source: str) -> None:
    with pytest.raises(AssertionError):
        list(_marked(source))
