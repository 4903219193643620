from __future__ import annotations

import codecs
import os
import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mocksms.errors import InvalidScenario, ScenarioIssue
from mocksms.scenario.parser import MAX_FILE_SIZE, check, read, read_file
from mocksms.scenario.schema import RuleModel, Scenario
from mocksms.sms.message import State
from tests.scenario.test_mistakes import EXAMPLE

KEYS = ["about", "credit", "times", "match.to", "match", "outcome", "fault", "steps", "reply", "rule", "abuot", '"a b"']
HEADERS = [
    "[[rule]]",
    "[rule]",
    "[account]",
    "[rule.match]",
    "[[rule.steps]]",
    "[[rule.fault]]",
    "[a.b]",
    "[[account]]",
]
WORDS = ['"sent"', "'regex:('", '"2s"', '"x', "'''", '"""a\nb"""', '"\\ud800"', '"\\x"', "2s", "true", "13:05", ""]
NUMBERS = [
    "1",
    "-1",
    "0x" + "f" * 5_000,
    "9" * 5_000,
    "1e400",
    "inf",
    "-nan",
    "0541111111",
    "2020-01-20 13:05:00+02:00",
]
LISTS = ["[]", '["2s", "1s"]', "[[[[{}]]]]", '[{ text = "a" }, 1]', "[\n1,\n"]
TABLES = ["{}", '{ kind = "delay" }', '{ outcome = "sent", after = 1 }', "{ a = \n1 }"]
VALUES = [*WORDS, *NUMBERS, *LISTS, *TABLES]
lines = (
    st.sampled_from(HEADERS) | st.builds("{} = {}".format, st.sampled_from(KEYS), st.sampled_from(VALUES)) | st.text()
)
plausible = st.lists(lines, max_size=12).map("\n".join)


@st.composite
def slips(draw: st.DrawFn) -> str:
    """The example with some pieces replaced by others."""
    text = EXAMPLE
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = start + draw(st.integers(0, 12))
        text = text[:start] + draw(st.text("[]{}=\"'\\\n.,# a1") | st.sampled_from(VALUES)) + text[end:]
    return text


def issues(raw: bytes | str, name: str = "x.toml") -> list[ScenarioIssue]:
    """Return what is wrong with a file that must be refused."""
    with pytest.raises(InvalidScenario) as refused:
        read(raw.encode() if isinstance(raw, str) else raw, name)
    return [*refused.value.issues]


def lawful(raw: bytes) -> None:
    """Read bytes, whatever they are; what is wrong must be told with words and on lines that there are."""
    try:
        scenario = read(raw, "x.toml")
    except InvalidScenario as error:
        found = error.issues
    else:
        assert isinstance(scenario, Scenario)
        return
    assert found
    assert all(complaint.text and str(complaint).isprintable() for complaint in found)
    assert all(complaint.line is None or 1 <= complaint.line <= raw.count(b"\n") + 1 for complaint in found)


@given(st.binary())
@example(codecs.BOM_UTF8)
@example(codecs.BOM_UTF16_LE + "a = 1".encode("utf-16-le"))
@example(b"\x00")
def test_parsing_any_bytes_raises_only_invalid_scenario(raw: bytes) -> None:
    lawful(raw)


@given(plausible)
@example("about = " + "[" * 320 + "]" * 320)
@example("about = " + "[" * 5_000 + "]" * 5_000)
@example("about = " + "{a=" * 320 + "1" + "}" * 320)
@example("about" + ".a" * 2_000 + " = 1")
@example("[" + ".".join("a" * 300) + "]")
@example("[account]\ncredit = " + "9" * 5_000)
@example("[account]\ncredit = 0x" + "f" * 5_000)
@example("[[rule]]\noutcome = 'sent'\ndelay = 0x" + "f" * 5_000)
@example("[[rule]]\noutcome = 'sent'\nmatch.segments = 0x" + "f" * 5_000)
@example("[[rule]]\noutcome = 'sent'\nprobability = nan\ndelay = inf")
@example("about = '\u2028'\nx = '\x85'")
def test_parsing_any_text_like_toml_raises_only_invalid_scenario(text: str) -> None:
    lawful(text.encode("utf-8", "replace"))


@given(slips())
def test_parsing_the_example_with_typos_raises_only_invalid_scenario(text: str) -> None:
    lawful(text.encode())


@pytest.mark.parametrize("depth", range(20, 1_000, 120))
def test_parsing_any_nesting_raises_only_invalid_scenario(depth: int) -> None:
    lawful(("about = " + "[" * depth + "]" * depth).encode())


def test_empty_file_is_an_empty_scenario() -> None:
    for raw in (b"", b"\n\n", b"# a comment", codecs.BOM_UTF8):
        assert read(raw, "x.toml") == Scenario()


def test_byte_order_mark_and_windows_line_ends_are_accepted() -> None:
    plain = read(EXAMPLE.encode(), "x.toml")
    assert read(codecs.BOM_UTF8 + EXAMPLE.replace("\n", "\r\n").encode(), "x.toml") == plain
    (complaint,) = issues(codecs.BOM_UTF8 + EXAMPLE.replace("\n", "\r\n").replace("times", "tmes").encode())
    assert (complaint.line, complaint.key) == (8, "rule 1.tmes")


def test_file_in_another_encoding_is_refused_with_the_line() -> None:
    assert issues(b'about = "ok"\n# caf\xe9\n') == [ScenarioIssue("x.toml", 2, "", "is not UTF-8 text")]


def test_file_size_is_limited() -> None:
    longest = b"#".ljust(MAX_FILE_SIZE, b"x")
    assert read(longest, "x.toml") == Scenario()
    assert issues(longest + b"x") == [ScenarioIssue("x.toml", None, "", "is longer than 1048576 bytes")]


def test_too_deep_nesting_is_refused() -> None:
    assert issues("about = " + "[" * 5_000 + "]" * 5_000) == [ScenarioIssue("x.toml", None, "", "is nested too deeply")]


def test_nesting_too_deep_for_the_model_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def give_up(_: object) -> Scenario:
        raise RecursionError

    monkeypatch.setattr(Scenario, "model_validate", give_up)
    assert issues("") == [ScenarioIssue("x.toml", None, "", "is nested too deeply")]


def test_all_issues_are_reported_in_the_order_of_the_file() -> None:
    text = """\
abuot = "A story."

[account]
credit = -1
kosher = ["972-54-1111111", "bob"]

[[rule]]
times = "2"
outcome = "sent"

[[rule]]
outcome = "sentt"
match.tga = "otp"
"""
    found = issues(text, "story.toml")
    assert [(complaint.line, complaint.key) for complaint in found] == [
        (1, "abuot"),
        (4, "account.credit"),
        (5, "account.kosher 2"),
        (8, "rule 1.times"),
        (12, "rule 2.outcome"),
        (13, "rule 2.match.tga"),
    ]
    assert {complaint.file for complaint in found} == {"story.toml"}
    with pytest.raises(InvalidScenario) as refused:
        read(text.encode(), "story.toml")
    told = str(refused.value).split("\n")
    assert len(told) == 6
    assert told[0] == "story.toml:1: abuot: unknown name; did you mean about?"
    assert told[3] == "story.toml:8: rule 1.times: must be a whole number; write 2 without quotes"


def test_all_unreachable_rules_are_reported() -> None:
    found = issues('[[rule]]\noutcome = "sent"\n' * 3)
    assert [(complaint.line, complaint.key) for complaint in found] == [(3, "rule 2"), (5, "rule 3")]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a = [1", 1, "a list is not closed; expected a comma or ]; the file ends here"),
        ("a = [1\n\n  2]\n", 3, "a list is not closed; expected a comma or ]; found 2]"),
        ('a = """\nx\n\n', 2, "a text is not closed; expected a closing quote; the file ends here"),
        ("a = '''\nx\n\n", 2, "a text is not closed; expected a closing quote; the file ends here"),
        ("a = 'x\n", 1, "a text is not closed; expected a closing quote"),
        ('a = "x\n', 1, 'a text is not closed; expected a closing quote on this line; the line is a = "x'),
        (
            'a = "\\d{6}"',
            1,
            "\\ starts an escape in double quotes; put a regular expression in single quotes; the line is",
        ),
        ("a", 1, "expected = after the key, as in times = 2; the file ends here"),
        ("a: 1", 1, "expected = after the key, as in times = 2; found : 1"),
        ("[a\n", 1, "expected the end of the table name, ] or ]]; the line is [a"),
        ("[[a]\n", 1, "expected the end of the table name, ] or ]]; found ]"),
        ("!", 1, "expected a table such as [[rule]] or a key such as times = 2; found !"),
        ("\na = yes", 2, "expected a value; texts and durations need quotes; found yes"),
        ("a = 1 b", 1, "expected the end of the line, since the value is complete; texts need quotes; found b"),
        (
            "a = 0541111111",
            1,
            "expected the end of the line, since the value is complete; texts need quotes; found",
        ),
        ("a = { b = 1, }", 1, "expected a key; found }"),
        (
            "a = 1\n  a = 2\n",
            2,
            "this key exists already; a key occurs once in a table, and each rule starts with [[rule]]",
        ),
        ("[a]\n[a]\n", 2, "this table exists already; a table that occurs several times has two brackets, [[rule]]"),
        ("a = {}\na.b = 1\n", 2, "this table is already complete; add its keys there"),
        ("# \x01", 1, "Found invalid character '\\x01'; found \\x01"),
        ("a = 1" + "0" * 5_000, None, "a number has too many digits"),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_syntax_error_has_what_was_expected_and_found(text: str, line: int | None, words: str) -> None:
    (complaint,) = issues(text)
    assert (complaint.line, complaint.key) == (line, "")
    assert complaint.text.startswith(f"is not TOML: {words}")


def test_issues_have_the_path_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "outage.toml"
    path.write_text(EXAMPLE)
    assert read_file(path) == read(EXAMPLE.encode(), "x")
    path.write_text("x = 1")
    with pytest.raises(InvalidScenario, match=f"^{re.escape(str(path))}:1: x: unknown name"):
        read_file(path)


def test_missing_file_gets_a_suggestion(tmp_path: Path) -> None:
    (tmp_path / "outage.toml").touch()
    with pytest.raises(InvalidScenario) as refused:
        read_file(tmp_path / "outge.toml")
    text = f"cannot be read: No such file or directory; did you mean {tmp_path / 'outage.toml'}?"
    assert refused.value.issues == (ScenarioIssue(str(tmp_path / "outge.toml"), None, "", text),)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("zzzzzz.toml", "No such file or directory"),
        ("none/outage.toml", "No such file or directory"),
        ("outage.toml/x", "Not a directory"),
        ("", "Is a directory"),
        ("a" * 5_000, "File name too long"),
        ("nul\0byte", "embedded null byte"),
    ],
    ids=["far", "no folder", "file as folder", "folder", "long", "NUL"],
)
def test_unreadable_file_is_reported_with_the_cause(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "outage.toml").touch()
    with pytest.raises(InvalidScenario) as refused:
        read_file(tmp_path / name)
    assert [complaint.text for complaint in refused.value.issues] == [f"cannot be read: {why}"]


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (os.mkfifo, "it is a named pipe, not a file"),
        (lambda path: path.symlink_to("/dev/zero"), "it is a device, not a file"),
        (lambda path: path.symlink_to("gone.toml"), "No such file or directory; it is a link to gone.toml"),
        (lambda path: path.symlink_to(path.name), "Too many levels of symbolic links"),
        (make_socket, "No such device or address"),
    ],
    ids=["named pipe", "device", "link without target", "circular link", "socket"],
)
def test_other_than_a_regular_file_is_reported_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], object], why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    make(path := Path("outage.toml"))
    with pytest.raises(InvalidScenario) as refused:
        read_file(path)
    assert str(refused.value) == f"outage.toml: cannot be read: {why}"


def test_too_long_file_is_not_read_completely(tmp_path: Path) -> None:
    path = tmp_path / "long.toml"
    path.write_bytes(b"#" * (MAX_FILE_SIZE + 1))
    with pytest.raises(InvalidScenario, match="longer than"):
        read_file(path)


def test_json_scenario_is_checked_for_unreachable_rules() -> None:
    fine = Scenario(rule=[RuleModel(outcome=State.SENT)])
    assert check(fine, "body") is fine
    with pytest.raises(InvalidScenario) as refused:
        check(Scenario(rule=[*fine.rule, *fine.rule]), "body")
    (complaint,) = refused.value.issues
    assert (complaint.file, complaint.line, complaint.key) == ("body", None, "rule 2")


def test_json_file_gets_the_right_endpoint() -> None:
    with pytest.raises(InvalidScenario) as refused:
        read(b'{"rule": []}', "outage.json")
    assert str(refused.value) == (
        "outage.json: has a JSON name; scenario files are TOML, and PUT /_mock/scenario accepts JSON"
    )
    assert read(b'about = "TOML all the same."', "outage.json").about
