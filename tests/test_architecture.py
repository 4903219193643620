"""The layout: where modules lie, which way imports go, and what may be imported and called where."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path
from typing import Final, NamedTuple

import pytest

ROOT: Final = Path(__file__).parent.parent

LAYERS: Final = (
    {"errors"},
    {"sms"},
    {"settings", "fidelity"},
    {"engine"},
    {"schemas"},
    {"scenario"},
    {"state"},
    {"asgi"},
    {"connections"},
    {"webhooks", "web"},
    {"provider", "inspection"},
    {"app"},
    {"viewer"},
    {"server"},
    {"testing", "compare", "report"},
    {"mcp"},
    {"cli"},
    {"__main__", "__init__"},
)
"""The parts, bottom to top: a module imports from lower layers and from its own part."""

LOOSE: Final = {"__init__", "__main__", "errors", "app", "server", "fidelity"}
"""The modules beside the packages."""

LIBRARIES: Final[dict[str, set[str]]] = {
    "starlette": {"provider", "inspection", "web", "app", "viewer", "compare.mock_sender"},
    "uvicorn": {"server", "connections"},
    "httptools": {"connections"},
    "pydantic": {"provider", "inspection", "schemas", "scenario", "state", "viewer", "compare.recording", "mcp"},
    "pydantic_core": {"schemas.validation", "state.archive"},
    "regex": {"engine.patterns"},
    "typing_extensions": {"provider.reads", "schemas.types", "scenario", "inspection.accounts"},
    "phonenumbers": {"engine.decisions"},
    "pytest": {
        "testing.plugin",
        "testing.run_options",
        "testing.stash_keys",
        "testing.audit",
        "testing.described_errors",
        "testing.session",
        "testing.marker",
        "testing.traces",
        "testing.coverage_plugin",
    },
    "hypothesis": {"testing.strategies"},
    "mcp": {"mcp.server"},
    "mcp_types": {"mcp.server"},
    "faker": {"cli.demo"},
    "testcontainers": {"testing.container"},
    "random": {"engine.clock", "engine.account", "engine.counted_rule", "cli.demo", "testing.disorder"},
    "time": {"engine.clock", "engine.account"},
    "socket": {
        "server",
        "connections",
        "webhooks",
        "compare.client",
        "testing.client",
        "testing.connection",
        "testing.session",
    },
    "ssl": {"webhooks", "testing.client", "compare.client"},
    "threading": {
        "webhooks",
        "testing.client",
        "testing.server",
        "testing.threads",
        "testing.audit",
        "mcp.tools",
    },
    "http.client": {"webhooks", "provider.responses", "testing.client", "testing.connection", "compare.client"},
    "urllib.request": set(),
    "secrets": set(),
    "uuid": set(),
}
"""Where each library may be imported: all from outside, and those for time, randomness and network calls."""

CALLS: Final[dict[str, set[str]]] = {"print": set(), "eval": set(), "exec": set(), "__import__": set()}
"""Where each builtin may be called; text for a terminal goes through `cli.output`, which escapes it."""

LATE_IMPORTS: Final = {"app", "cli", "testing", "__init__", "__main__", "scenario.library"} | {
    f"inspection.{name}" for name in ("resources", "snapshot")
}
"""Parts and modules that may import inside a function, so that a command or a test session starts fast."""

LATE_LIBRARIES: Final = {"difflib", "phonenumbers", "regex", "tomllib"}
"""Libraries that take long to import and that few mocks need: each is imported where it is used."""

LONGEST_MODULE: Final = 400
LONGEST_FUNCTION: Final = 60
TOP_LEVEL: Final = {"pyproject.toml", "README.md", "mocksms", "scenarios", "tests", "Dockerfile"}

Sources = Mapping[str, str]
"""Source texts by their path from the root of the repository."""


class Import(NamedTuple):
    """An import: the dotted name it brings in, and whether it is inside a function or for type checkers only."""

    target: str
    line: int
    is_late: bool
    is_for_types: bool = False


@cache
def ours() -> dict[str, str]:
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted((ROOT / "mocksms").rglob("*.py"))
    }


parse = cache(ast.parse)


@cache
def nodes_of(source: str) -> tuple[ast.AST, ...]:
    """Return all nodes of a module's syntax tree."""
    return tuple(ast.walk(parse(source)))


def module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def place(path: str) -> str:
    """Return a module's name within mocksms; that of the package itself is `__init__`."""
    return module_name(path).removeprefix("mocksms").removeprefix(".") or "__init__"


def part(path: str) -> str:
    return place(path).partition(".")[0]


def is_within(path: str, places: Iterable[str]) -> bool:
    return any(f"{place(path)}.".startswith(f"{allowed}.") for allowed in places)


def imports_of(path: str, source: str) -> list[Import]:
    """Return the imports that happen at run time."""
    return [each for each in all_imports_of(path, source) if not each.is_for_types]


@cache
def all_imports_of(path: str, source: str) -> list[Import]:
    module = module_name(path)
    package = module if path.endswith("/__init__.py") else module.rpartition(".")[0]
    return list(_imports(parse(source), package, is_late=False))


def _imports(node: ast.AST, package: str, is_late: bool) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        yield from (Import(alias.name, node.lineno, is_late) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = resolve_name("." * node.level + (node.module or ""), package)
        yield from (Import(f"{base}.{alias.name}", node.lineno, is_late) for alias in node.names)
    elif isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
        for typed in node.body:
            yield from (each._replace(is_for_types=True) for each in _imports(typed, package, is_late))
        for otherwise in node.orelse:
            yield from _imports(otherwise, package, is_late)
    else:
        is_late = is_late or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):  # an expression has no imports
                yield from _imports(child, package, is_late)


def owner(target: str, modules: Container[str]) -> str | None:
    """Return the module that an imported name is or comes from, None when it is not one of ours."""
    while target and target not in modules:
        target = target.rpartition(".")[0]
    return target or None


def wrong_directions(sources: Sources) -> list[str]:
    heights = {name: height for height, layer in enumerate(LAYERS) for name in layer}
    paths = {module_name(path): path for path in sources}
    issues = [f"{path}: {part(path)} is in no layer" for path in sources if part(path) not in heights]
    for path, source in sources.items():
        for each in all_imports_of(path, source):
            found = owner(each.target, paths)
            if found is None or part(paths[found]) == part(path):
                continue
            if heights.get(part(paths[found]), -1) >= heights.get(part(path), len(LAYERS)):
                issues.append(f"{path}:{each.line}: {part(path)} imports {each.target}")
    return issues


def cycles(sources: Sources) -> list[str]:
    modules = {module_name(path) for path in sources}
    graph = {
        module_name(path): {
            found
            for each in all_imports_of(path, source)
            if (found := owner(each.target, modules)) and found != module_name(path)
        }
        for path, source in sources.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [" -> ".join(reversed(error.args[1]))]
    return []


def loose_modules(sources: Sources) -> list[str]:
    """Return the modules that lie beside the packages and are none of those agreed on."""
    return [path for path in sources if path.count("/") == 1 and place(path) not in LOOSE]


def duplicate_types(sources: Sources) -> list[str]:
    """Return the names of classes and type aliases that several modules define."""
    places: dict[str, list[str]] = defaultdict(list)
    for path, source in sources.items():
        for name in _types_of(parse(source)):
            places[name].append(path)
    return [f"{name}: {', '.join(paths)}" for name, paths in places.items() if len(paths) > 1]


def _types_of(module: ast.Module) -> Iterator[str]:
    for node in module.body:
        if isinstance(node, ast.ClassDef):
            yield node.name
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        yield from (target.id for target in targets if isinstance(target, ast.Name) and _is_camel_case(target.id))


def _is_camel_case(name: str) -> bool:
    bare = name.lstrip("_")
    return bare[:1].isupper() and "_" not in bare and any(map(str.islower, bare))


def late_imports(sources: Sources) -> list[str]:
    return [
        f"{path}:{each.line}: {each.target} is imported inside a function"
        for path, source in sources.items()
        for each in imports_of(path, source)
        if each.is_late and not LATE_IMPORTS & {part(path), place(path)} and not path.endswith("/__init__.py")
        if each.target not in LATE_LIBRARIES
    ]


def misplaced_libraries(sources: Sources) -> list[str]:
    return [
        f"{path}:{each.line}: {each.target} is imported"
        for path, source in sources.items()
        for each in imports_of(path, source)
        if not _may_import(path, each.target)
    ]


def _may_import(path: str, target: str) -> bool:
    library = target.partition(".")[0]
    rules = [rule for rule in LIBRARIES if f"{target}.".startswith(f"{rule}.")]
    if rules:
        return all(is_within(path, LIBRARIES[rule]) for rule in rules)
    return library == "mocksms" or library in sys.stdlib_module_names


def forbidden_calls(sources: Sources) -> list[str]:
    return [
        f"{path}:{node.lineno}: {node.func.id}() is called"
        for path, source in sources.items()
        for node in nodes_of(source)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in CALLS
        and not is_within(path, CALLS[node.func.id])
    ]


def long_modules(sources: Sources) -> list[str]:
    lengths = {path: len(source.splitlines()) for path, source in sources.items()}
    return [f"{path}: {length} lines" for path, length in lengths.items() if length > LONGEST_MODULE]


def long_functions(sources: Sources) -> list[str]:
    return [
        f"{path}:{node.lineno}: {node.name} has {length} lines"
        for path, source in sources.items()
        for node in nodes_of(source)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > LONGEST_FUNCTION
    ]


def other_top_level_names(files: Iterable[str]) -> list[str]:
    return sorted({top for file in files if (top := file.partition("/")[0])[:1] != "." and top not in TOP_LEVEL})


CHECKS: Final[tuple[Callable[[Sources], list[str]], ...]] = (
    wrong_directions,
    loose_modules,
    cycles,
    duplicate_types,
    late_imports,
    misplaced_libraries,
    forbidden_calls,
    long_modules,
    long_functions,
)


@pytest.mark.parametrize("check", CHECKS)
def test_layout_follows_the_rules(check: Callable[[Sources], list[str]]) -> None:
    sources = ours()
    assert "mocksms/engine/engine.py" in sources
    assert check(sources) == []


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a checkout")
def test_top_level_of_the_repository_holds_nothing_else() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert other_top_level_names(listed.splitlines()) == []


def test_names_of_tests_are_the_same_in_every_run(request: pytest.FixtureRequest) -> None:
    names = (item.nodeid for item in request.session.items)
    assert [name for name in names if " at 0x" in name] == []  # workers of xdist could not agree on them


@pytest.mark.parametrize(
    ("check", "sources", "complaint"),
    [
        pytest.param(
            wrong_directions,
            {"mocksms/sms/text.py": "from mocksms.engine import clock", "mocksms/engine/clock.py": ""},
            "mocksms/sms/text.py:1: sms imports mocksms.engine.clock",
            id="upwards",
        ),
        pytest.param(
            wrong_directions,
            {"mocksms/inspection/a.py": "import mocksms.provider.b", "mocksms/provider/b.py": ""},
            "mocksms/inspection/a.py:1: inspection imports mocksms.provider.b",
            id="sideways",
        ),
        pytest.param(
            wrong_directions,
            {"mocksms/errors.py": "def f():\n    from mocksms.sms.text import x", "mocksms/sms/text.py": ""},
            "mocksms/errors.py:2: errors imports mocksms.sms.text.x",
            id="upwards inside a function",
        ),
        pytest.param(
            wrong_directions,
            {"mocksms/sms/text.py": "from ..engine.clock import Clock", "mocksms/engine/clock.py": ""},
            "mocksms/sms/text.py:1: sms imports mocksms.engine.clock.Clock",
            id="upwards by a relative import",
        ),
        pytest.param(
            wrong_directions,
            {"mocksms/sms/__init__.py": "from ..cli import main", "mocksms/cli/main.py": ""},
            "mocksms/sms/__init__.py:1: sms imports mocksms.cli.main",
            id="upwards from a package",
        ),
        pytest.param(
            wrong_directions,
            {"mocksms/engine/a.py": "import mocksms", "mocksms/__init__.py": ""},
            "mocksms/engine/a.py:1: engine imports mocksms",
            id="the package itself",
        ),
        pytest.param(
            wrong_directions,
            {
                "mocksms/errors.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import mocksms.sms.text",
                "mocksms/sms/text.py": "",
            },
            "mocksms/errors.py:3: errors imports mocksms.sms.text",
            id="upwards for type checkers only",
        ),
        pytest.param(
            wrong_directions, {"mocksms/extra.py": ""}, "mocksms/extra.py: extra is in no layer", id="unknown part"
        ),
        pytest.param(loose_modules, {"mocksms/extra.py": "", "mocksms/sms/a.py": ""}, "mocksms/extra.py", id="loose"),
        pytest.param(
            cycles,
            {
                "mocksms/sms/a.py": "import mocksms.sms.b",
                "mocksms/sms/b.py": "if TYPE_CHECKING:\n    import mocksms.sms.a",
            },
            "mocksms.sms.a -> mocksms.sms.b -> mocksms.sms.a",
            id="cycle for type checkers only",
        ),
        pytest.param(
            duplicate_types,
            {"mocksms/sms/a.py": "class Reply: ...\nX = 1", "mocksms/sms/b.py": "X = 2\nReply = int"},
            "Reply: mocksms/sms/a.py, mocksms/sms/b.py",
            id="a type name in two modules",
        ),
        pytest.param(
            cycles,
            {
                "mocksms/sms/a.py": "from mocksms.sms import b",
                "mocksms/sms/b.py": "from mocksms.sms.c import x",
                "mocksms/sms/c.py": "import mocksms.sms.a",
            },
            "mocksms.sms.a -> mocksms.sms.b -> mocksms.sms.c -> mocksms.sms.a",
            id="cycle",
        ),
        pytest.param(
            late_imports,
            {"mocksms/server.py": "async def f():\n    import json"},
            "mocksms/server.py:2: json is imported inside a function",
            id="late import",
        ),
        pytest.param(
            misplaced_libraries,
            {"mocksms/engine/a.py": "from starlette.types import Send"},
            "mocksms/engine/a.py:1: starlette.types.Send is imported",
            id="starlette in the engine",
        ),
        pytest.param(
            misplaced_libraries,
            {"mocksms/sms/a.py": "if x:\n    import phonenumbers as p"},
            "mocksms/sms/a.py:2: phonenumbers is imported",
            id="a library in the domain",
        ),
        pytest.param(
            misplaced_libraries,
            {"mocksms/engine/foreigners.py": "import phonenumbers"},
            "mocksms/engine/foreigners.py:1: phonenumbers is imported",
            id="a place that only begins alike",
        ),
        pytest.param(
            misplaced_libraries,
            {"mocksms/cli/main.py": "import click"},
            "mocksms/cli/main.py:1: click is imported",
            id="a new library",
        ),
        pytest.param(
            misplaced_libraries,
            {"mocksms/provider/a.py": "from time import sleep"},
            "mocksms/provider/a.py:1: time.sleep is imported",
            id="time beside the clock",
        ),
        pytest.param(
            misplaced_libraries,
            {"mocksms/inspection/a.py": "from http import HTTPStatus\nfrom http.client import HTTPConnection"},
            "mocksms/inspection/a.py:2: http.client.HTTPConnection is imported",
            id="a second way out",
        ),
        pytest.param(
            forbidden_calls,
            {"mocksms/app.py": "print('x')"},
            "mocksms/app.py:1: print() is called",
            id="print",
        ),
        pytest.param(
            forbidden_calls,
            {"mocksms/cli/main.py": "x = eval('1')"},
            "mocksms/cli/main.py:1: eval() is called",
            id="eval",
        ),
        pytest.param(
            long_modules, {"mocksms/app.py": "x = 1\n" * 401}, "mocksms/app.py: 401 lines", id="module too long"
        ),
        pytest.param(
            long_functions,
            {"mocksms/app.py": "async def f():\n" + "    x = 1\n" * 60},
            "mocksms/app.py:1: f has 61 lines",
            id="function too long",
        ),
    ],
)
def test_check_complains_of_what_is_broken(
    check: Callable[[Sources], list[str]], sources: Sources, complaint: str
) -> None:
    found = check(sources)
    if check is cycles:
        found = [" -> ".join(_turned(found[0].split(" -> ")))]
    assert found == [complaint]


def _turned(cycle: list[str]) -> list[str]:
    """Return a cycle beginning with its first name, since it may be found from anywhere."""
    start = cycle.index(min(cycle))
    return [*cycle[start:-1], *cycle[: start + 1]] if start else cycle


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(
    "sources",
    [
        pytest.param(
            {
                "mocksms/engine/a.py": "if TYPE_CHECKING:\n    import mocksms.sms.text",
                "mocksms/sms/text.py": "from mocksms import errors",
                "mocksms/engine/decisions.py": "import phonenumbers, mocksms.sms.text",
                "mocksms/provider/send.py": "import pydantic\nfrom mocksms.provider import app",
                "mocksms/provider/app.py": "from starlette.types import Send",
            },
            id="downwards, within a part and for type checkers",
        ),
        pytest.param(
            {
                "mocksms/cli/main.py": "def f():\n    import mocksms.app",
                "mocksms/app.py": "x = 1\n" * 400,
                "mocksms/server.py": "def f():\n" + "    x = 1\n" * 59,
                "mocksms/__init__.py": "def __getattr__(name):\n    from mocksms.cli import main",
            },
            id="late imports and lengths just allowed",
        ),
    ],
)
def test_check_lets_pass_what_is_allowed(check: Callable[[Sources], list[str]], sources: Sources) -> None:
    assert check(sources) == []


def test_check_sees_what_replaces_the_imports_for_type_checkers() -> None:
    source = "if TYPE_CHECKING:\n    import uvicorn\nelse:\n    import starlette"
    assert misplaced_libraries({"mocksms/engine/a.py": source}) == ["mocksms/engine/a.py:4: starlette is imported"]


def test_other_top_level_name_is_reported_and_dot_files_are_not() -> None:
    files = [".gitignore", ".github/LICENSE", "README.md", "mocksms/app.py", "setup.py", "docs/a.md", "docs/b.md"]
    assert other_top_level_names(files) == ["docs", "setup.py"]


def report(sources: Sources) -> str:
    """Return the size of the code, part by part."""
    modules, lines = defaultdict[str, int](int), defaultdict[str, int](int)
    for path, source in sources.items():
        name = part(path) if path.count("/") > 1 else "loose modules"
        modules[name] += 1
        lines[name] += len(source.splitlines())
    rows = [f"{name:<16}{modules[name]:>4} modules {lines[name]:>7} lines" for name in sorted(modules)]
    return "\n".join([*rows, f"{'all':<16}{sum(modules.values()):>4} modules {sum(lines.values()):>7} lines"])


def test_report_counts_modules_and_lines() -> None:
    sources = {"mocksms/app.py": "x = 1\n", "mocksms/sms/__init__.py": "", "mocksms/sms/a.py": "x = 1\ny = 2\n"}
    assert [row.split() for row in report(sources).splitlines()] == [
        ["loose", "modules", "1", "modules", "1", "lines"],
        ["sms", "2", "modules", "2", "lines"],
        ["all", "3", "modules", "3", "lines"],
    ]


if __name__ == "__main__":
    print(report(ours()))
