"""The table of the audit, and the findings below it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mocksms.testing.audit.cells import AuditedTest, Cell
from mocksms.testing.audit.findings import count_text, failure_text, findings_of
from mocksms.testing.audit.replay import Replays, kept_arguments
from mocksms.testing.audit.table import Piece, columns_of, legend, table

ROOT = Path("/shop")
REPLAYS = Replays("pytest -c shop.ini", ROOT / ".mocksms-audit", ROOT, ROOT)


def cell(variation: str, *verdicts: str, kind: str = "fault", detail: str = "", allowed: tuple[str, ...] = ()) -> Cell:
    is_harm = bool({*verdicts} - {"survived", "raised", "not applied"})
    return Cell(
        variation=variation,
        kind=kind,
        about=f"the send gets {variation}",
        verdicts=verdicts or ("survived",),
        details=(detail,) * max(len(verdicts), 1),
        allowed=allowed,
        scenario={"rule": [{"fault": {"kind": "status", "status": 503}}]} if is_harm else None,
    )


def audited(test: str, *cells: Cell) -> AuditedTest:
    return AuditedTest(test=test, cells=cells)


def shown(tests: list[AuditedTest], width: int) -> str:
    return "\n".join("".join(piece.text for piece in line).rstrip() for line in table(tests, width))


TESTS = [
    audited(
        "shop/test_a.py::test_code", cell("503", "gave up"), cell("empty", "crashed"), cell("sent", kind="outcome")
    ),
    audited("shop/test_a.py::TestB::test_resend", cell("503"), cell("503@2", "raised"), cell("late", kind="callback")),
    audited("shop/test_c.py::test_pay[card]", cell("503", "hung", allowed=("hung",)), cell("empty", "not applied")),
]


def test_table_has_a_row_for_each_test_and_a_column_for_each_variation() -> None:
    assert shown(TESTS, 80) == "\n".join(
        [
            "                     12 3 4 5",
            "shop/test_a.py",
            "  test_code          GC .",
            "  TestB::test_resend .    . r",
            "shop/test_c.py",
            "  test_pay[card]     T-",
        ]
    )
    assert [*legend(TESTS, 60)] == [
        ". survived  r raised  - not applied  T hung  C crashed",
        "G gave up",
        "1 503  2 empty  3 sent  4 late  5 503@2",
    ]


def test_letters_have_the_colours_of_pytest() -> None:
    rows = [*table(TESTS, 80)]
    assert rows[2][1:] == (Piece("GC", "red"), Piece(" "), Piece(".", "green"), Piece("    "))
    assert rows[5][1:] == (Piece("T", "yellow"), Piece("-      "))


def test_table_fits_the_width_of_the_terminal() -> None:
    names = [f"{number}@{request}" for request in (1, 2, 3) for number in range(40)]
    cells = [cell(name) for name in names]
    tests = [audited(f"test_a.py::test_{'long' * number}[{number}]", *cells) for number in range(1, 30)]
    lines = shown(tests, 80).split("\n")
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["1", "2", "3", "4", "5"]
    assert lines[1].split() == ["1234567890" * 4, "123456789012"]
    second = lines.index("") + 1
    assert [line.split() for line in lines[second : second + 2]] == [["1"], ["5", "6", "7", "8", "9", "0"]]
    assert lines[6].split()[0] == "test_longlonglonglong[4]"
    assert lines[7].split()[0] == "test_longlon…longlong[5]"


def test_columns_are_ordered_as_in_the_tests() -> None:
    assert [column.name for column in columns_of(TESTS)] == ["503", "empty", "sent", "late", "503@2"]
    searches = audited("a.py::test_search", cell("503"), cell("503@1"), cell("sent", kind="outcome"))
    assert [column.name for column in columns_of([searches])] == ["503", "sent", "503@1"]


def test_same_finding_of_several_tests_is_listed_once() -> None:
    first = [cell(name, "crashed", detail=f"KeyError: {name} at a.py:1") for name in ("401", "429", "500")]
    tests = [
        audited("a.py::test_a", cell("503", "gave up", detail="no retry"), *first),
        audited("a.py::test_b", cell("401", "crashed", detail="KeyError: 4 at a.py:1"), cell("empty", "crashed")),
    ]
    findings = findings_of(tests)
    assert [finding.title for finding in findings] == ["crashed: 401, 429, 500", "crashed: empty", "gave up: 503"]
    assert findings[0].lines(REPLAYS) == [
        "  test       a.py::test_a, a.py::test_b",
        "  injected   401: the send gets 401",
        "  found      KeyError: 401 at a.py:1",
        "  replay     pytest -c shop.ini a.py::test_a --mocksms-variation .mocksms-audit/401.toml",
    ]
    assert count_text(each for test in tests for each in test.cells) == "5 crashed, 1 gave up"
    assert failure_text(tests[1], REPLAYS).split("\n")[:2] == ["mocksms audit: 2 crashed", "crashed: 401"]


def test_findings_of_other_variations_and_at_other_places_are_others() -> None:
    twice = [cell(name, "sent twice", detail=f'2 SMS "{name}"') for name in ("delay", "empty", "callback-twice")]
    crashes = [cell("503", "crashed", detail=f"KeyError: '{digit * 32}' at a.py:1{digit}") for digit in "89"]
    tests = [audited("a.py::test_a", *twice[:2], crashes[0]), audited("a.py::test_b", twice[2], crashes[1])]
    titles = ["crashed: 503", "crashed: 503", "sent twice: delay, empty", "sent twice: callback-twice"]
    assert [finding.title for finding in findings_of(tests)] == titles


def test_long_lists_are_counted() -> None:
    tests = [audited(f"a.py::test_{letter}", *(cell(str(n), "hung") for n in range(9))) for letter in "abcde"]
    (finding,) = findings_of(tests)
    assert finding.title == "hung: 0, 1, 2, 3, 4, 5 and 3 more"
    assert finding.lines(REPLAYS)[0] == "  test       a.py::test_a, a.py::test_b, a.py::test_c and 2 more"


def test_allowed_verdicts_are_no_findings() -> None:
    both = cell("503", "sent twice", "gave up", allowed=("sent twice",))
    assert (both.findings, both.worst, both.harms) == (("gave up",), "gave up", ("sent twice", "gave up"))
    assert [finding.verdicts for finding in findings_of([audited("a.py::test_a", both)])] == [("gave up",)]


def test_tests_travel_as_json() -> None:
    for test in TESTS:
        assert AuditedTest.from_row(test.to_row()) == test


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [
        (["-q", "-x", "tests", "-k", "code", "-n", "2", "--lf"], []),
        (["-c", "a.ini", "-p", "shop.plugin", "-pno:randomly", "--rootdir=x"], None),
        (["--mocksms-url=http://a", "--mocksms-credit", "5", "-o", "x=1"], None),
        (["--mocksms-audit", "--mocksms-audit=deep", "--mocksms-audit-only", "503", "--mocksms-audit-report=a"], []),
        (["--mocksms-coverage", "--mocksms-coverage-file", "a", "--mocksms-trace=b", "tests/"], []),
    ],
)
def test_replay_keeps_the_arguments_that_it_needs(arguments: list[str], kept: list[str] | None) -> None:
    assert [*kept_arguments(arguments)] == (arguments if kept is None else kept)


def test_place_in_a_test_is_part_of_the_name_of_its_file() -> None:
    first, second = cell("503@2", "hung"), cell("503", "hung")
    assert REPLAYS.path_of(second).name == "503.toml"
    assert REPLAYS.path_of(first).name.startswith("503@2-")
    outside = Replays("pytest", Path("/other/folder"), ROOT / "tests", ROOT)
    assert outside.command_for("tests/a.py::test_a[x y]", second) == (
        "pytest 'a.py::test_a[x y]' --mocksms-variation /other/folder/503.toml"
    )
    assert outside.command_for("a.py::test_a", cell("503")).endswith(
        "../a.py::test_a --mocksms-audit --mocksms-audit-only 503"
    )
    assert outside.command_for("a.py::test_a", cell("503@2")).endswith(
        " --mocksms-audit=deep --mocksms-audit-only 503@2"
    )
