from __future__ import annotations

import pytest

from mocksms.report.html import MAX_ESCAPES, Html, bdi, code, element, isolated, join, without_colours


def test_texts_and_attributes_are_escaped() -> None:
    assert element("p", "<b>&", title="\"'<>&") == '<p title="&quot;&#x27;&lt;&gt;&amp;">&lt;b&gt;&amp;</p>'


def test_html_is_put_in_as_it_is_and_counts_as_text_once_it_is_changed() -> None:
    bold = element("b", "x")
    assert join([bold, 3, None, ["y", bold]]) == "<b>x</b>3y<b>x</b>"
    assert join(f"{bold}") == join(bold + "") == join(bold.upper().lower()) == "&lt;b&gt;x&lt;/b&gt;"


def test_attributes_have_the_names_of_html_and_none_leaves_one_out() -> None:
    assert element("meta", http_equiv="x", class_="y", id=None) == '<meta http-equiv="x" class="y">'
    assert (bdi("<"), code("<")) == ("<bdi>&lt;</bdi>", "<code>&lt;</code>")


def test_hebrew_in_a_sentence_keeps_the_order_of_what_is_around_it() -> None:
    shown = join(isolated('no SMS with content "הקוד 7 <שלכם>": 1 SMS, "סוף"'))
    assert shown == ('no SMS with content "<bdi>הקוד</bdi> 7 &lt;<bdi>שלכם</bdi>&gt;": 1 SMS, "<bdi>סוף</bdi>"')
    assert join(isolated("דואר 5-3, רחוב")) == "<bdi>דואר 5-3, רחוב</bdi>"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\0\r\x1bb", r'a<i class="escape">\0\r\x1b</i>b'),
        ("\u202e\ud800\U000e0041", r'<i class="escape">\u202e\ud800\u{e0041}</i>'),
        ("tab\tand\nline", "tab\tand\nline"),
        ("\U0001f3f4\U000e0067\U000e0062\U000e007f", "\U0001f3f4\U000e0067\U000e0062\U000e007f"),
        ("שלום \U0001f468\u200d\U0001f469", "שלום \U0001f468\u200d\U0001f469"),
    ],
    ids=["control characters", "bidi, lone surrogate, tag", "white space", "a flag", "a joined emoji"],
)
def test_only_invisible_characters_stand_out_as_escapes(text: str, shown: str) -> None:
    assert join(text) == shown
    assert element("p", title=text).encode()


def test_text_with_very_many_invisible_characters_has_no_element_for_each() -> None:
    assert join("\0a" * (MAX_ESCAPES + 1)) == "\\0a" * (MAX_ESCAPES + 1)


def test_colours_of_a_terminal_are_dropped() -> None:
    assert without_colours("\x1b[1;31mred\x1b[0m \x1b[K") == "red \x1b[K"


def test_html_is_text() -> None:
    assert isinstance(element("p"), Html)
