"""Texts that users read are in plain words: a list of words keeps the dialect of earlier versions out."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from mocksms.app import openapi
from tests.readme import PAGES, ROOT

PLAIN: Final = {
    r"wish(es|ed)?": "expect, expectation",
    r"told|tells?": "say, print, return",
    r"asked": "request, expect, call",
    r"answer(s|ed|ing)?": "response, respond, return",
    r"as ever": "by default",
    r"st(ood|ands?) against": "apply",
    r"put(s|ting)? up with": "allow",
    r"of the house": "(leave it out)",
    r"doors?": "API",
    r"(room for|mak(e|es|ing) room|made room)": "evict",
    r"steer(s|ed|ing)?": "control, action",
    r"patience": "timeout",
    r"(begins? )?anew": "reset, restart",
    r"st(ood|ands?) (at|still|alone|in|there)": "is",
    r"in force": "active",
    r"lives? by": "follow",
    r"whoever|nobody": "(name who)",
    r"by hand": "manually",
    r"goes before": "takes precedence over",
    r"hears? of": "receive",
    r"so many|so long": "a number, a time",
}
"""What is not written (a regular expression for whole words), and what is written instead."""

_FORBIDDEN: Final = re.compile(rf"\b(?:{'|'.join(PLAIN)})\b".replace(" ", r"\s+"), re.IGNORECASE)

_JAVASCRIPT: Final = re.compile(
    r"""//[^\n]*|/\*.*?\*/|("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)""", re.DOTALL
)
"""A comment, or a text as the group."""


def issues_in(texts: Iterable[str]) -> list[str]:
    """Return each forbidden word in texts, with what is around it."""
    return [
        text[max(0, found.start() - 40) : found.end() + 20].replace("\n", " ")
        for text in texts
        for found in _FORBIDDEN.finditer(text)
    ]


def texts_of_python(source: str) -> Iterator[str]:
    """Yield the texts in a module: every constant that is no docstring, and no text behind an assignment."""
    nodes = [*ast.walk(ast.parse(source))]
    docstrings = {node.value for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings:
            yield node.value


def texts_of_javascript(source: str) -> Iterator[str]:
    """Yield the texts in a script."""
    return (found[1] for found in _JAVASCRIPT.finditer(source) if found[1])


def texts_of_html(source: str) -> Iterator[str]:
    """Yield a page without its comments and classes."""
    yield re.sub(r"<!--.*?-->", "", source, flags=re.DOTALL)


def texts_of_document(node: Any) -> Iterator[str]:
    """Yield every text in a JSON document."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from texts_of_document(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts_of_document(value)


KINDS: Final[dict[str, Callable[[str], Iterator[str]]]] = {
    ".py": texts_of_python,
    ".js": texts_of_javascript,
    ".html": texts_of_html,
    ".md": lambda source: iter([source]),
    ".toml": lambda source: iter([source]),
}
SOURCES: Final = [
    *(path for path in sorted((ROOT / "mocksms").rglob("*")) if path.suffix in KINDS and path.name != "code_words.py"),
    *sorted((ROOT / "scenarios").glob("*.toml")),
    PAGES[0],
    *sorted((ROOT / ".github").glob("*.md")),
    *(path for path in sorted((ROOT / "tests/recipes").rglob("*.*")) if path.suffix not in (".pyc", ".pyo")),
]
"""Every file with texts that users read; the words that are looked for in SMS are not ours."""


def texts_of(path: Path) -> Iterable[str]:
    """Return the texts in a file; of a recipe, which users copy, all of it."""
    source = path.read_text(encoding="utf-8")
    return [source] if "recipes" in path.parts else KINDS[path.suffix](source)


def test_texts_are_plain() -> None:
    found = {str(path.relative_to(ROOT)): issues_in(texts_of(path)) for path in SOURCES}
    assert {path: issues for path, issues in found.items() if issues} == {}


def test_descriptions_of_the_api_are_plain() -> None:
    assert issues_in(texts_of_document(openapi())) == []


@pytest.mark.parametrize(
    ("suffix", "source", "issues"),
    [
        (".py", '"""Told."""\nx = f"you asked {1} door"\n"""Told."""', ["you asked ", " door"]),
        (".py", 'def f():\n    """Told."""\n    raise E("as ever")', ["as ever"]),
        (".py", "# told\nindoors = 'Indoors, foretold'", []),
        (
            ".js",
            "// told\n/* asked */ f(`${a} stands still`); g('it\\'s told', \"x\")",
            ["`${a} stands still`", "'it\\'s told'"],
        ),
        (".html", "<!-- told --><p>Patience</p>", ["<p>Patience</p>"]),
        (".md", "Put\nup with it", ["Put up with it"]),
        (".md", "put up with it", ["put up with it"]),
    ],
)
def test_forbidden_words_are_noticed(suffix: str, source: str, issues: list[str]) -> None:
    assert issues_in(KINDS[suffix](source)) == issues
