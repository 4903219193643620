"""JSON in colour, and other texts as they are."""

from __future__ import annotations

import json
from typing import Final

from tests.browser.watched import Watched

SHOW: Final = """(text) => import("/inbox/ui/json-view.js").then(({ jsonBlock }) => {
  const block = jsonBlock("Body", text);
  document.body.replaceChildren(block);
  return { text: block.textContent, elements: block.childElementCount,
    kinds: [...block.children].map((each) => [each.className, each.textContent]) };
})"""


SPACE: Final = str.maketrans("", "", " \n")


def test_each_value_of_json_has_a_colour_and_a_line_and_stays_as_written(watched: Watched) -> None:
    watched.page.goto(f"{watched.base}/docs")
    shown = watched.page.evaluate(SHOW, '{"a":{},"a":[1.0,-0,[]],"b":"\\u05e9\\/\\u202e<i>","c":[true,null]}')
    assert (
        shown["text"]
        == """{
  "a": {},
  "a": [
    1.0,
    -0,
    []
  ],
  "b": "ש/\\u202e<i>",
  "c": [
    true,
    null
  ]
}"""
    )
    assert shown["kinds"] == [
        ["json-key", '"a"'],
        ["json-key", '"a"'],
        ["json-number", "1.0"],
        ["json-number", "-0"],
        ["json-key", '"b"'],
        ["json-string", '"ש/\\u202e<i>"'],
        ["json-key", '"c"'],
        ["json-literal", "true"],
        ["json-literal", "null"],
    ]


def test_text_that_is_no_json_stays_as_it_is(watched: Watched) -> None:
    watched.page.goto(f"{watched.base}/docs")
    for text in ("", " ", '{"a": 1', "{'a': 1}", "a=1&b", '{"a": 1,}', "[" * 20_000):
        shown = watched.page.evaluate(SHOW, text)
        assert (shown["text"], shown["elements"]) == (text, 0)


def test_longest_json_is_shown_whole_with_a_bounded_number_of_elements(watched: Watched) -> None:
    watched.page.goto(f"{watched.base}/docs")
    nested = "[" * 32_000 + "]" * 32_000
    for text in (
        json.dumps([1] * 21_000),
        nested,
        json.dumps(["\\" * 32_000]),
        json.dumps(["\u05e9" * 32_000], ensure_ascii=False),
    ):
        shown = watched.page.evaluate(SHOW, text)
        assert shown["text"].translate(SPACE) == text.translate(SPACE)
        assert shown["elements"] <= 3_000
