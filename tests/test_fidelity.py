from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from mocksms.engine.rules import ApiOperation
from mocksms.fidelity import Behaviour, Evidence, ledger
from mocksms.provider import app
from mocksms.provider.reads import message_row
from mocksms.settings import OPTIONS
from mocksms.webhooks import payloads
from mocksms.webhooks.payloads import _event
from tests.support import Mock
from tests.surface import SETTINGS_OF_THE_MOCK, settings, surface

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "mocksms"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _is_ledger_mark(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "ledger" and ast.unparse(node) == "pytest.mark.ledger"


def _ids(call: ast.Call) -> list[str]:
    """Return the ids of a marker: plain strings, readable without running the tests."""
    ids = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    assert ids, f"line {call.lineno}: a ledger marker without ids"
    assert len(ids) == len(call.args) + len(call.keywords), f"line {call.lineno}: a ledger marker with more than ids"
    assert all(isinstance(name, str) for name in ids), f"line {call.lineno}: an id that is no string"
    return [str(name) for name in ids]


@cache
def _marked(source: str) -> tuple[str, ...]:
    """Return the ids in the ledger markers of the tests of a module; every marker must decorate a test."""
    tree = ast.parse(source)
    tests = [node for node in ast.walk(tree) if isinstance(node, FUNCTIONS) and node.name.startswith("test_")]
    inside = [node for test in tests for decorator in test.decorator_list for node in ast.walk(decorator)]
    markers = [node for node in inside if isinstance(node, ast.Call) and _is_ledger_mark(node.func)]
    loose = sum(map(_is_ledger_mark, ast.walk(tree))) - len(markers)
    assert not loose, f"{loose} ledger markers decorate no test"
    return tuple(name for marker in markers for name in _ids(marker))


def _marked_in(sources: Iterable[str]) -> set[str]:
    return {name for source in sources for name in _marked(source)}


def _untested(behaviours: Iterable[Behaviour], sources: Iterable[str]) -> list[str]:
    marked = _marked_in(sources)
    return [behaviour.id for behaviour in behaviours if behaviour.id not in marked]


@cache
def _sources() -> tuple[str, ...]:
    """Return the modules of tests that have a marker: to parse all takes ten times as long."""
    sources = (path.read_text(encoding="utf-8") for path in sorted(TESTS.rglob("test_*.py")))
    return tuple(source for source in sources if "mark.ledger" in source)


def _behaviour(name: str) -> Behaviour:
    return Behaviour(name, "does", Evidence.OWN, "source")


def _covered(behaviours: Iterable[Behaviour]) -> set[str]:
    return {part for behaviour in behaviours for part in behaviour.covers}


def _marks(source: str) -> Iterator[tuple[str, str]]:
    """Return the evidence marks in comments and docstrings, such as `(own, reply.words)`, each as class and id."""
    for mark in re.findall(rf"(?<!\w)\(({'|'.join(Evidence)})(?=[,):])([^)]*)", source):
        for name in mark[1].removeprefix(",").split(",") if mark[1] else [""]:
            yield mark[0], name.strip()


def test_ledger_has_entries_with_every_text() -> None:
    assert ledger()
    for behaviour in ledger():
        for text in (behaviour.id, behaviour.does, behaviour.source):
            assert text == text.strip() != ""


def test_ledger_has_unique_ids() -> None:
    ids = [behaviour.id for behaviour in ledger()]
    assert sorted(set(ids)) == sorted(ids)


def test_ledger_has_every_kind_of_evidence_and_no_other() -> None:
    assert {behaviour.evidence for behaviour in ledger()} == set(Evidence)


def test_classes_of_evidence_have_definitions_that_differ() -> None:
    assert len({evidence.about for evidence in Evidence}) == len(Evidence)
    assert [str(evidence) for evidence in Evidence] == [evidence.name.lower() for evidence in Evidence]


def test_entry_with_another_class_or_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = {"id": "a", "does": "b", "evidence": "own", "source": "c"}
    for wrong in ({"evidence": "certain"}, {"setting": "strict"}):
        monkeypatch.setattr("tomllib.loads", lambda _, wrong=wrong: {"behaviour": [entry | wrong]})
        with pytest.raises((KeyError, TypeError)):
            ledger()


def test_each_setting_that_changes_what_an_application_observes_has_an_entry() -> None:
    assert {setting for behaviour in ledger() for setting in behaviour.settings} == settings()


def test_each_setting_of_the_mock_alone_is_an_option() -> None:
    assert set(OPTIONS) >= SETTINGS_OF_THE_MOCK


def test_each_part_of_the_emulated_api_has_an_entry_and_no_other_has(shared_mock: Mock) -> None:
    parts, covered = surface(shared_mock), _covered(ledger())
    assert sorted(parts - covered) == []
    assert sorted(covered - parts) == []


def test_check_finds_a_part_without_an_entry(shared_mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "message_row", lambda *given: {**message_row(*given), "price": {"amount": 1}})
    monkeypatch.setattr(payloads, "_event", lambda *given: {**_event(*given), "carrier": "x"})
    monkeypatch.setitem(app.ROUTES, "/transactional/sms/cancel", ("POST", ApiOperation.SEND))
    assert surface(shared_mock) - _covered(ledger()) == {
        "field:row.price.amount",
        "callback:transactional.carrier",
        "route:POST /transactional/sms/cancel",
    }


def test_evidence_marks_in_the_code_name_entries_of_that_class() -> None:
    classes = {behaviour.id: behaviour.evidence for behaviour in ledger()}
    marks = [mark for path in sorted(PACKAGE.rglob("*.py")) for mark in _marks(path.read_text(encoding="utf-8"))]
    assert [(evidence, name) for evidence, name in marks if classes.get(name) != evidence] == []
    assert marks


def test_evidence_mark_may_name_several_entries_and_must_name_one() -> None:
    assert [*_marks("x (own, a.b, c.d). (sibling, e.f) (documented) (own: a) (ownership)")] == [
        ("own", "a.b"),
        ("own", "c.d"),
        ("sibling", "e.f"),
        ("documented", ""),
        ("own", ": a"),
    ]


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
        _marked(source)
