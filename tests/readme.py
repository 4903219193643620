"""The tables of the README, made from the code: `python -m tests.readme` writes them in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final, get_args

from mocksms.fidelity import Evidence, ledger
from mocksms.inspection.context import BASE
from mocksms.inspection.routes import ROOMS
from mocksms.settings import GROUPS, OPTIONS, SESSION_OPTIONS, default_text, flag_name
from mocksms.sms.magic import Catalogue
from mocksms.sms.outcomes import Fault, Outcome
from mocksms.testing.plugin import ini_name

LONGEST_DEFAULT: Final = 30
"""Characters of a default; a longer one stands in the help."""

README = Path(__file__).parents[1] / "README.md"


def with_tables(text: str) -> str:
    """Return the README with each table as it should be."""
    for name, table in TABLES.items():
        start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, _, rest = text.partition(start)
        text = f"{before}{start}{table()}{end}{rest.partition(end)[2]}"
    return text


def _numbers() -> str:
    rows = Catalogue().rows.values()
    ends = [[f"`{row.number()}`", row.name, row.title] for row in rows if isinstance(row.effect, Outcome)]
    faults = [[f"`{row.number()}`", row.name, row.title] for row in rows if isinstance(row.effect, Fault)]
    pairs = zip_longest(ends, faults, fillvalue=["", "", ""])
    return _table(["Number", "Name", "Outcome", "Number", "Name", "Fault"], [[*end, *fault] for end, fault in pairs])


def _options() -> str:
    groups: dict[str, list[str]] = {}
    group = ""
    for name, option in OPTIONS.items():
        group = GROUPS.get(name, group)
        default = default_text(option.default)
        shown = f" {default}" if default and len(default) < LONGEST_DEFAULT else ""
        groups.setdefault(group, []).append(f"`{flag_name(name)}{shown}` {_about(option.metadata)}")
    return _table(["", "Options with their defaults"], [[group, "<br>".join(each)] for group, each in groups.items()])


def _suite_options() -> str:
    told = []
    for name, option in SESSION_OPTIONS.items():
        default = default_text(option.default)
        told.append(f"`{ini_name(name)}{f' = {default}' if default else ''}` {_about(option.metadata)}")
    return f"- {'<br>'.join(told)}\n"


def _fidelity() -> str:
    subjects: dict[str, dict[Evidence, list[str]]] = {}
    for entry in ledger():
        switch = f" (`{flag_name(entry.setting)}`)" if entry.setting else ""
        evidence = subjects.setdefault(entry.id.partition(".")[0], {})
        evidence.setdefault(entry.evidence, []).append(f"{entry.does}{switch}")
    kinds = get_args(Evidence)
    rows = [
        [subject, *("<br>".join(evidence.get(kind, ())) for kind in kinds)] for subject, evidence in subjects.items()
    ]
    return _table(["", *kinds], rows)


def _operations() -> str:
    groups: dict[str, dict[str, list[str]]] = {}
    for room in ROOMS:
        operation = room.operation
        paths = groups.setdefault(operation.tag, {})
        paths.setdefault(operation.path.removeprefix(f"{BASE}/"), []).append(operation.method)
    rows = [
        [tag, ", ".join(f"`{'/'.join(methods)} {path}`" for path, methods in paths.items())]
        for tag, paths in groups.items()
    ]
    return _table(["", f"Under `{BASE}/`"], rows)


def _about(option: Mapping[str, Any]) -> str:
    words = [f"`{word}`" for word in option["choices"]]
    return f"{option['about']}; {', '.join(words[:-1])} or {words[-1]}" if words else str(option["about"])


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


TABLES: Final[dict[str, Callable[[], str]]] = {
    "numbers": _numbers,
    "operations": _operations,
    "options": _options,
    "suite-options": _suite_options,
    "fidelity": _fidelity,
}


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")
