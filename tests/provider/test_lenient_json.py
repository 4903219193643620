from __future__ import annotations

import json
import math
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms.errors import InvalidRequest
from mocksms.provider.deviation import Deviation
from mocksms.provider.lenient_json import BODY, MAX_WARNINGS, parse

UNQUOTED = "an unquoted name in line {}"
SINGLE = "single quotes in line {}"
RAW = "a raw line break or control character inside a string in line {}"
COMMENT = "a comment in line {}"
COMMA = "a trailing comma in line {}"
QUOTE = "an escaped single quote in line {}"

texts = st.text(st.characters(codec="utf-8"))
names = st.text(st.sampled_from("abcXYZ_$019א"), min_size=1)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts | names, inner, max_size=4),
    max_leaves=15,
)


def notes(text: str | bytes) -> list[str]:
    raw = text.encode() if isinstance(text, str) else text
    return [each.note for each in parse(raw).deviations]


def refusal(text: str | bytes, encoding: str = "utf-8") -> str:
    raw = text.encode() if isinstance(text, str) else text
    with pytest.raises(InvalidRequest) as refused:
        parse(raw, encoding)
    assert list(refused.value.issues) == [BODY]
    (issue,) = refused.value.issues[BODY]
    return issue


@pytest.mark.ledger("body.guide-examples")
@pytest.mark.parametrize(
    ("text", "data", "note"),
    [
        pytest.param("{\n a: 1}", {"a": 1}, UNQUOTED.format(2), id="unquoted-name"),
        pytest.param("{a : 1}", {"a": 1}, UNQUOTED.format(1), id="unquoted-name-space-before-colon"),
        pytest.param("{$a_1: 1}", {"$a_1": 1}, UNQUOTED.format(1), id="unquoted-name-with-dollar"),
        pytest.param("{שם: 1}", {"שם": 1}, UNQUOTED.format(1), id="unquoted-name-in-hebrew"),
        pytest.param("{7: 1}", {"7": 1}, UNQUOTED.format(1), id="unquoted-name-of-digits"),
        pytest.param("{true: true}", {"true": True}, UNQUOTED.format(1), id="unquoted-name-like-a-literal"),
        pytest.param('\n["a\nb"]', ["a\nb"], RAW.format(2), id="line-break-in-string"),
        pytest.param('["a\tb"]', ["a\tb"], RAW.format(1), id="tab-in-string"),
        pytest.param('["a\x00b\x1f"]', ["a\x00b\x1f"], RAW.format(1), id="control-character-in-string"),
        pytest.param('{"a\r\nb": 1}', {"a\r\nb": 1}, RAW.format(1), id="line-break-in-name"),
        pytest.param("[1,\n2, ]", [1, 2], COMMA.format(2), id="trailing-comma-in-array"),
        pytest.param('{"a": 1,}', {"a": 1}, COMMA.format(1), id="trailing-comma-in-object"),
    ],
)
def test_parse_reads_the_spellings_of_the_guide_and_warns_with_the_line(text: str, data: object, note: str) -> None:
    assert parse(text.encode()) == (data, [Deviation(BODY, note)])


@pytest.mark.ledger("body.json-net")
@pytest.mark.parametrize(
    ("text", "data", "note"),
    [
        pytest.param("// x\n[1]", [1], COMMENT.format(1), id="line-comment"),
        pytest.param("[1] // x", [1], COMMENT.format(1), id="line-comment-at-the-end"),
        pytest.param("[1,\n// ] , ' \"\n2]", [1, 2], COMMENT.format(2), id="line-comment-with-syntax-in-it"),
        pytest.param('[1, /* ] \n " */ 2]', [1, 2], COMMENT.format(1), id="block-comment"),
        pytest.param('{"a": /**/ 1}', {"a": 1}, COMMENT.format(1), id="empty-block-comment"),
        pytest.param("['a']", ["a"], SINGLE.format(1), id="single-quoted-string"),
        pytest.param("\n{'a': 1}", {"a": 1}, SINGLE.format(2), id="single-quoted-name"),
        pytest.param("['a\"b']", ['a"b'], SINGLE.format(1), id="double-quote-in-single-quotes"),
        pytest.param(r"['a\'b']", ["a'b"], SINGLE.format(1), id="escaped-quote-in-single-quotes"),
        pytest.param(r"['a\"\n\u05d0']", ['a"\nא'], SINGLE.format(1), id="escapes-in-single-quotes"),
        pytest.param("['a\nb']", ["a\nb"], SINGLE.format(1), id="line-break-in-single-quotes"),
        pytest.param("['']", [""], SINGLE.format(1), id="empty-single-quotes"),
        pytest.param(r'["a\'b"]', ["a'b"], QUOTE.format(1), id="escaped-single-quote"),
        pytest.param(r'["a\\\'b\n"]', ["a\\'b\n"], QUOTE.format(1), id="escaped-single-quote-beside-escapes"),
    ],
)
def test_parse_reads_the_spellings_of_json_net_and_warns_with_the_line(text: str, data: object, note: str) -> None:
    assert parse(text.encode()) == (data, [Deviation(BODY, note)])


@pytest.mark.ledger("body.json-net")
def test_parse_warns_of_a_byte_order_mark() -> None:
    assert parse(b"\xef\xbb\xbf[1]") == ([1], [Deviation(BODY, "begins with a byte order mark")])


@pytest.mark.ledger("body.json-net")
def test_parse_reads_the_last_of_duplicate_names() -> None:
    note = Deviation(BODY, "duplicate name 'a', the last one wins", "duplicate name 'a'")
    assert parse(b'{"a": 1, "b": 0, "a": 2}') == ({"a": 2, "b": 0}, [note])


def test_parse_warns_of_a_duplicate_name_once() -> None:
    assert notes('{"x": {"a": 1, "a": 2},}') == [
        COMMA.format(1),
        "duplicate name 'a', the last one wins",
    ]


def test_parse_warns_of_each_kind_once_per_line() -> None:
    assert notes("{a: 1, b: 2,\nc: 'x', d: 'y',}") == [
        UNQUOTED.format(1),
        UNQUOTED.format(2),
        SINGLE.format(2),
        COMMA.format(2),
    ]


def test_parse_counts_lines_inside_strings_and_comments() -> None:
    assert notes('["a\nb",\n/* \n\n */ 1, ]') == [RAW.format(1), COMMENT.format(3), COMMA.format(5)]


def test_parse_warns_with_the_line_of_the_trailing_comma() -> None:
    assert notes("[1,\n]") == [COMMA.format(1)]


@pytest.mark.parametrize("text", ["[1, /* x */ ]", "[1 /* x */ , ]", "[1, // x\n]"])
def test_parse_reads_a_trailing_comma_beside_a_comment(text: str) -> None:
    assert parse(text.encode()).data == [1]
    assert len(notes(text)) == 2


def test_parse_limits_the_warnings() -> None:
    assert len(notes("[" + "'x',\n" * (MAX_WARNINGS * 2) + "]")) == MAX_WARNINGS
    twice = "".join(f'"{n}": 1, "{n}": 2, ' for n in range(MAX_WARNINGS * 2))
    assert len(notes("{" + twice + '"z": 0}')) == MAX_WARNINGS


@pytest.mark.parametrize(
    ("text", "line", "position"),
    [
        pytest.param("[1,,2]", 1, 4, id="two-commas"),
        pytest.param("[1,\n,]", 2, 1, id="two-trailing-commas"),
        pytest.param('{"a": 1,\n,}', 2, 1, id="two-trailing-commas-in-an-object"),
        pytest.param("[1,/**/,]", 1, 8, id="two-trailing-commas-around-a-comment"),
        pytest.param('{"a" 1}', 1, 6, id="no-colon"),
        pytest.param("{a: b}", 1, 5, id="bare-word-as-value"),
        pytest.param('{\n "a": 1,\n "b": tru\n}', 3, 7, id="mistyped-literal"),
        pytest.param("[1]]", 1, 4, id="extra-bracket"),
        pytest.param("{a: 1,}\n{b: 2}", 2, 1, id="two-documents"),
        pytest.param("'x' 'y'", 1, 5, id="two-strings"),
        pytest.param('["a', 1, 2, id="unterminated-string"),
        pytest.param("[1 /* x", 1, 4, id="unterminated-comment"),
        pytest.param('{\n"a": "\\x41"}', 2, 6, id="bad-escape"),
        pytest.param('{\n"a": "\\u12"}', 2, 6, id="bad-unicode-escape"),
        pytest.param("{'a': '\\x41'}", 1, 7, id="bad-escape-in-single-quotes"),
        pytest.param("{a /* x */ : 1}", 1, 2, id="comment-between-name-and-colon"),
        pytest.param("/* only */", 1, 1, id="only-a-comment"),
        pytest.param("undefined", 1, 1, id="undefined"),
        pytest.param("[a: 1]", 1, 3, id="name-in-an-array"),
        pytest.param("\ufeff{'a' 1}", 1, 6, id="after-a-byte-order-mark"),
    ],
)
def test_parse_refuses_malformed_text_with_line_and_position(text: str, line: int, position: int) -> None:
    assert refusal(text).endswith(f" Path '', line {line}, position {position}.")


@pytest.mark.parametrize("text", ["", "  \n\t", "\ufeff"])
def test_parse_refuses_an_empty_body(text: str) -> None:
    assert refusal(text) == "The request body is empty; expected a JSON object with a message."


@pytest.mark.parametrize("text", ["[,]", "{,}"])
def test_parse_refuses_a_comma_without_a_value_before_it(text: str) -> None:
    assert "line 1, position 2." in refusal(text)


@pytest.mark.parametrize("text", ["'", "'abc", r"'abc\'"])
def test_parse_refuses_unterminated_single_quotes(text: str) -> None:
    assert refusal(text) == "Unterminated string starting at. Path '', line 1, position 1."
    assert refusal('{"a": ' + text) == "Unterminated string starting at. Path '', line 1, position 7."


@pytest.mark.parametrize("text", ['"a\\\nb"', "'a\\\nb'"], ids=["double", "single"])
def test_parse_refuses_a_line_break_after_a_backslash(text: str) -> None:
    assert "escape" in refusal(text)


@pytest.mark.ledger("body.json-net")
@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_parse_warns_of_a_number_that_is_no_json_once(word: str) -> None:
    assert notes(f"[{word}, {word}]") == [f"{word} is not a JSON number"]
    assert notes(f"[{word},]") == [COMMA.format(1), f"{word} is not a JSON number"]


SPELLINGS = ["12.50", "1.0", "1e3", "1E+2", "-0", "-0.0", "1e999", f"0.{'1' * 40}", "7", "1" * 5000]


@pytest.mark.ledger("body.number-spelling")
@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda spelling: spelling[:20])
@pytest.mark.parametrize("lenient", ["", ","], ids=["strict", "lenient"])
def test_parse_keeps_the_spelling_of_a_number(spelling: str, lenient: str) -> None:
    data: Any = parse(f"[{spelling}{lenient}]".encode()).data
    assert [str(number) for number in data] == [spelling]
    assert float(data[0]) == float(spelling)


@pytest.mark.parametrize("opening", ["[", '{"a":', "[/**/", "{a:", "['a',"])
def test_parse_refuses_deep_nesting(opening: str) -> None:
    assert refusal(opening * 20_000) == "The JSON is nested too deeply."


def test_parse_refuses_bytes_that_do_not_decode() -> None:
    assert refusal(b'{"a": "\xff"}') == "Unable to translate bytes at index 7 from utf-8 to Unicode."
    assert refusal(b"abc", "utf-16-le") == "Unable to translate bytes at index 2 from utf-16-le to Unicode."


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-8"])
def test_parse_decodes_the_given_encoding(encoding: str) -> None:
    assert parse('["שלום"]'.encode(encoding), encoding) == (["שלום"], [])


@pytest.mark.parametrize(
    "text",
    [
        '{"message": {"content": "x"}}',
        ' {\r\n\t"a" : [ 1 , -2.5e3 , true , null ] } ',
        r'"\"\\\/\b\f\n\r\t\u05d0\ud83d\ude00"',
        '"// no comment, /* none */ , ] }"',
        '"it\'s"',
        '"\x7f\u2028\ufeff"',
    ],
)
def test_parse_warns_of_nothing_in_strict_json(text: str) -> None:
    assert parse(text.encode()) == (json.loads(text), [])


@given(values)
def test_parse_returns_the_value_that_was_dumped(value: object) -> None:
    assert parse(json.dumps(value).encode()) == (value, [])
    assert parse(json.dumps(value, ensure_ascii=False, indent=1).encode()) == (value, [])


@given(st.binary())
def test_parse_of_any_bytes_raises_only_invalid_request(raw: bytes) -> None:
    _parses_or_refuses(raw)


@given(st.text(st.sampled_from("{}[]:,'\"\\/*\n\tau0-.e$#\ufeff א\x00"), max_size=30))
def test_parse_of_any_text_raises_only_invalid_request(text: str) -> None:
    _parses_or_refuses(text.encode())


@given(values, st.data())
def test_parse_of_damaged_json_raises_only_invalid_request(value: object, data: st.DataObject) -> None:
    text = json.dumps(value)
    at = data.draw(st.integers(0, len(text)))
    removed = data.draw(st.integers(0, 3))
    _parses_or_refuses((text[:at] + data.draw(st.text(max_size=3)) + text[at + removed :]).encode(errors="ignore"))


@given(values, st.randoms(use_true_random=False))
def test_parse_reads_any_json_in_a_lenient_spelling(value: object, random: Random) -> None:
    text = _lenient_text(value, random)
    assert parse(text.encode()).data == value


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('"' + "a" * 50_000, id="unterminated-string"),
        pytest.param("'" + "\\" * 49_999, id="backslashes-in-single-quotes"),
        pytest.param('"' + "\\'" * 25_000, id="escaped-single-quotes"),
        pytest.param('"\n' * 25_000, id="line-breaks-and-quotes"),
        pytest.param("[" + "," * 50_000, id="commas"),
        pytest.param(",]" * 25_000, id="commas-and-brackets"),
        pytest.param("//" * 25_000, id="line-comment"),
        pytest.param("//\n" * 17_500, id="line-comments"),
        pytest.param("/*" * 25_000, id="unterminated-comment"),
        pytest.param("/**/" * 12_500, id="block-comments"),
        pytest.param("/" * 50_000, id="slashes"),
        pytest.param("/*" + "*" * 50_000, id="asterisks"),
        pytest.param("[" * 50_000, id="brackets"),
        pytest.param("{" + "a:{" * 15_000, id="unquoted-names"),
        pytest.param("a" + " " * 50_000, id="word-and-spaces"),
        pytest.param("{" + "a:1,a:2," * 6000 + "}}", id="duplicate-names"),
        pytest.param("\n" * 50_000 + "x", id="line-breaks"),
        pytest.param("\x00" * 50_000, id="control-characters"),
    ],
)
def test_parse_refuses_hostile_bodies_of_50_kb(text: str) -> None:
    assert refusal(text)


def _parses_or_refuses(raw: bytes) -> None:
    try:
        parsed = parse(raw)
    except InvalidRequest:
        return
    assert len(parsed.deviations) <= MAX_WARNINGS + 1


def _lenient_text(value: object, random: Random) -> str:
    """Return JSON text of a value, with lenient spellings at random places."""
    around = random.choice(["", " ", "\n", "/* ' \" , ] */", "// } '\n"])
    if isinstance(value, dict):
        members = [f"{_name(name, random)}:{_lenient_text(member, random)}" for name, member in value.items()]
        return f"{around}{{{_joined(members, random)}}}{around}"
    if isinstance(value, list):
        return f"{around}[{_joined([_lenient_text(member, random) for member in value], random)}]{around}"
    return around + (_string(value, random) if isinstance(value, str) else json.dumps(value)) + around


def _joined(members: list[str], random: Random) -> str:
    return ",".join(members) + (random.choice(["", ",", " , "]) if members else "")


def _name(name: str, random: Random) -> str:
    if name and all(letter in "abcXYZ_$019א" for letter in name) and random.random() < 0.5:
        return name + random.choice(["", " ", "\n"])
    return _string(name, random)


def _string(text: str, random: Random) -> str:
    quote = random.choice("'\"")
    escaped = text.replace("\\", "\\\\").replace(quote, "\\" + quote)
    return quote + random.choice([escaped, _escaped_controls(escaped)]) + quote


def _escaped_controls(text: str) -> str:
    return "".join(f"\\u{ord(letter):04x}" if letter < " " else letter for letter in text)


def test_parse_reads_nan_as_a_number() -> None:
    data = parse(b"NaN").data
    assert isinstance(data, float)
    assert math.isnan(data)
