"""The tables of the README, made from the code: `python -m tests.readme` writes them in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from mocksms.control.desk import BASE
from mocksms.control.routes import ROOMS
from mocksms.fidelity import ledger
from mocksms.settings import OPTIONS, flag_name, shown_default
from mocksms.sms.magic import Catalogue

README = Path(__file__).parents[1] / "README.md"


def with_tables(text: str) -> str:
    """Return the README with each table as it should be."""
    for name, table in TABLES.items():
        start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, _, rest = text.partition(start)
        text = f"{before}{start}{table()}{end}{rest.partition(end)[2]}"
    return text


def _numbers() -> str:
    return _table(["Number", "Outcome"], [[f"`{row.number()}`", row.title] for row in Catalogue().rows.values()])


def _options() -> str:
    rows = [
        [f"`{flag_name(name)}`", shown_default(option.default), _about(option.metadata)]
        for name, option in OPTIONS.items()
    ]
    return _table(["Option", "Default", ""], rows)


def _fidelity() -> str:
    rows = [
        [entry.does, entry.evidence, f"`{flag_name(entry.setting)}`" if entry.setting else ""] for entry in ledger()
    ]
    return _table(["What mocksms does", "Evidence", "Setting"], rows)


def _operations() -> str:
    rows: dict[str, list[tuple[str, str]]] = {}
    for room in ROOMS:
        operation = room.operation
        rows.setdefault(operation.path.removeprefix(BASE), []).append((operation.method, operation.summary))
    return _table(
        [f"Under `{BASE}`", ""],
        [
            [f"`{', '.join(method for method, _ in each)} {path}`", "; ".join(summary for _, summary in each)]
            for path, each in rows.items()
        ],
    )


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
    "fidelity": _fidelity,
}


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")
