from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms.engine.clock import Stopwatch
from mocksms.errors import SendTooLarge, TextTooLong, escape
from mocksms.sms.message import NO_FIELDS, Recipient, Submission
from mocksms.sms.text import MAX_SEND_LENGTH, MAX_TEXT_LENGTH, Template, TextPolicy, content_of, links_in
from tests.engine.support import a_message

POLICY = TextPolicy("http://mock.test")
TOKEN = "0123456789ab"


def plain(content: str) -> Template:
    return Template(Submission(content, unsubscribe_link=False))


def shown(template: Template, fields: Mapping[str, str] = NO_FIELDS) -> str:
    return str(template.shown(fields, POLICY, TOKEN))


@pytest.mark.ledger("body.placeholders")
def test_template_fills_every_occurrence_of_a_placeholder() -> None:
    template = plain("Hi #name#, #code# is yours, #name#")
    assert template.placeholders == ("name", "code")
    assert template.fill({"name": "Dana", "code": "4711"}) == "Hi Dana, 4711 is yours, Dana"


@pytest.mark.ledger("body.placeholder-without-value")
def test_placeholder_without_a_value_stays_as_written() -> None:
    assert plain("Hi #name#, #code#").fill({"code": "1"}) == "Hi #name#, 1"


@pytest.mark.parametrize(
    "content",
    ["nothing", "C# and F# here", "#", "##", "# name #", "", "50% #off"],
    ids=["plain", "hashes apart", "one hash", "two hashes", "spaces within", "empty", "no end"],
)
def test_content_without_placeholders_is_unchanged(content: str) -> None:
    template = plain(content)
    assert template.placeholders == ()
    assert template.fill({"name": "Dana", " name ": "x"}) == content


def test_value_with_hashes_is_not_filled_again() -> None:
    assert plain("#a# #b#").fill({"a": "#b#", "b": "1"}) == "#b# 1"


@pytest.mark.parametrize(
    ("content", "links"),
    [
        pytest.param("see https://a.test/x?y=1#z.", ["https://a.test/x?y=1#z"], id="full stop after"),
        pytest.param("(http://a.test), www.b.test!", ["http://a.test", "www.b.test"], id="brackets and a bare www"),
        pytest.param("HTTPS://A.TEST", ["HTTPS://A.TEST"], id="capitals"),
        pytest.param(
            "\u200fhttps://a.test/x\u200f, \u202ahttps://b.test\u202c",
            ["https://a.test/x", "https://b.test"],
            id="bidi",
        ),
        pytest.param("״https://a.test/צה״ל״", ["https://a.test/צה״ל"], id="Hebrew quotes"),
        pytest.param("“https://a.test” ‘www.b.test’…", ["https://a.test", "www.b.test"], id="curly quotes"),
        pytest.param("(https://a.test/SMS_(GSM)).", ["https://a.test/SMS_(GSM)"], id="brackets of its own"),
        pytest.param("https://a.test/x_(y", ["https://a.test/x_"], id="bracket left open"),
        pytest.param('<a href="http://a.test/">', ["http://a.test/"], id="in markup"),
        pytest.param("http:// and www. and a.test", [], id="nothing behind"),
        pytest.param("http://a.test http://a.test", ["http://a.test"] * 2, id="twice"),
    ],
)
def test_links_in_finds_links_in_order(content: str, links: list[str]) -> None:
    assert links_in(content) == links


@pytest.mark.ledger("body.unsubscribe-link-off", "body.reply-hint")
def test_text_is_the_content_without_options() -> None:
    assert shown(plain("Hello")) == "Hello"


def test_text_counts_tracked_links_from_one_in_the_filled_text() -> None:
    submission = Submission("#first# or www.b.test", unsubscribe_link=False, track_clicks=True)
    text = shown(Template(submission), {"first": "https://a.test/long"})
    assert text == "http://mock.test/l/0123456789ab/1 or http://mock.test/l/0123456789ab/2"


@pytest.mark.ledger("body.unsubscribe-link", "body.line-break")
def test_text_ends_with_the_unsubscribe_link_by_default() -> None:
    assert shown(Template(Submission("Hello"))) == "Hello\nhttp://mock.test/u/0123456789ab"


@pytest.mark.ledger("body.unsubscribe-link", "body.unsubscribe-text")
def test_unsubscribe_text_precedes_the_link() -> None:
    text = shown(Template(Submission("Hello", unsubscribe_text="Stop: ")))
    assert text == "Hello\nStop: http://mock.test/u/0123456789ab"


@pytest.mark.ledger("body.unsubscribe-text", "body.unsubscribe-link-off")
def test_unsubscribe_text_without_the_link_is_omitted() -> None:
    submission = Submission("Hello", unsubscribe_link=False, unsubscribe_text="Stop: ")
    assert shown(Template(submission)) == "Hello"


def test_unsubscribe_link_and_the_text_before_it_are_not_tracked() -> None:
    submission = Submission("Hello", unsubscribe_text="www.help.test ", track_clicks=True)
    assert shown(Template(submission)) == "Hello\nwww.help.test http://mock.test/u/0123456789ab"


@pytest.mark.ledger("body.reply-hint")
def test_text_has_no_reply_hint_if_no_reply_opts_out() -> None:
    submission = Submission("Hello", unsubscribe_link=False, unsubscribe_reply=True)
    assert Template(submission).shown({}, TextPolicy("http://mock.test", ""), TOKEN).pieces == ["Hello"]


@pytest.mark.ledger("body.line-break", "body.reply-hint")
def test_text_ends_with_the_reply_hint_if_replies_are_allowed() -> None:
    text = shown(Template(Submission("Hello", unsubscribe_reply=True)))
    assert text == "Hello\nhttp://mock.test/u/0123456789ab\nReply STOP to unsubscribe"


@pytest.mark.ledger("credit.link-length")
def test_each_link_of_the_provider_counts_as_one_of_a_fixed_length() -> None:
    submission = Submission("see www.a.test, #x#", unsubscribe_text="Stop: ", unsubscribe_reply=True, track_clicks=True)
    policy = TextPolicy("http://m", "STOP", link_length=5)
    fields = {"x": "https://b.test"}
    text = Template(submission).shown(fields, policy, TOKEN)
    assert str(text) == (
        f"see http://m/l/{TOKEN}/1, http://m/l/{TOKEN}/2\nStop: http://m/u/{TOKEN}\nReply STOP to unsubscribe"
    )
    assert text.counted == "see xxxxx, xxxxx\nStop: xxxxx\nReply STOP to unsubscribe"
    assert text.counted == Template(submission).counted(fields, policy)
    assert [str(text)[place:].partition("/")[0] for place in text.link_places] == ["http:"] * 3


@pytest.mark.parametrize("link_length", [1, 20, 37, 200])
@pytest.mark.parametrize("base", ["http://m", "http://" + "m" * 60])
def test_index_of_the_counted_text_is_found_in_the_shown_one(base: str, link_length: int) -> None:
    submission = Submission("a www.a.test b www.b.test c", track_clicks=True)
    text = Template(submission).shown({}, TextPolicy(base, link_length=link_length), TOKEN)
    indexes = text.shown_indexes(range(len(text.counted) + 1))
    assert indexes == sorted(indexes)
    assert (indexes[0], indexes[-1]) == (0, len(str(text)))
    shown = str(text)
    assert [shown[indexes[text.counted.index(mark)] :] for mark in ("a ", " b ", " c")] == [
        shown,
        shown[shown.index(" b ") :],
        " c" + shown[shown.index("\n") :],
    ]
    assert indexes[text.counted.index("x")] == text.link_places[0]


@pytest.mark.ledger("body.charset-arrival")
def test_text_without_charset_arrives_with_question_marks_where_the_setting_says_so() -> None:
    policy = TextPolicy("http://שלום.test", needs_charset=True)
    submission = Submission("Hi #x# “5 €” 😀 www.א.test", unsubscribe_text="הסרה: ", track_clicks=True)
    text = Template(submission).shown({"x": "דנה"}, policy, TOKEN)
    assert str(text) == f"Hi ??? ?5 €? ? http://שלום.test/l/{TOKEN}/1\n????: http://שלום.test/u/{TOKEN}"
    as_sent = Template(submission._replace(charset="unicode")).shown({"x": "דנה"}, policy, TOKEN)
    assert as_sent.pieces == ["Hi דנה “5 €” 😀 ", "\nהסרה: ", ""]


@pytest.mark.ledger("body.charset-missing")
@pytest.mark.parametrize(
    ("more", "fields", "character"),
    [
        pytest.param({"content": "50 € {~}"}, {}, None, id="extension of GSM 03.38"),
        pytest.param({"content": "a ` b"}, {}, "`", id="ASCII that GSM 03.38 does not have"),
        pytest.param({"content": "שלום"}, {}, "ש", id="content"),
        pytest.param({"content": "#x#"}, {"x": "דנה"}, "ד", id="value"),
        pytest.param({"content": "#x#"}, {"y": "דנה"}, None, id="value that is not used"),
        pytest.param({"content": "a", "unsubscribe_text": "הסרה"}, {}, "ה", id="unsubscribe text"),
        pytest.param({"content": "a", "unsubscribe_text": "הסרה", "unsubscribe_link": False}, {}, None, id="not shown"),
        pytest.param({"content": "www.a.test/א"}, {}, "א", id="link"),
        pytest.param({"content": "www.a.test/א", "track_clicks": True}, {}, None, id="link that is replaced"),
    ],
)
def test_first_character_outside_gsm_is_found(more: Any, fields: dict[str, str], character: str | None) -> None:
    recipients = [Recipient("1"), Recipient("2", fields), Recipient("3")]
    assert Template(Submission(**more)).outside_gsm(recipients) == character


def test_filled_message_has_the_values_of_its_recipient() -> None:
    assert content_of(a_message(content="Hi #name#", fields={"name": "Dana"})) == "Hi Dana"
    assert content_of(a_message(content="Hi #name#")) == "Hi #name#"


def test_text_longer_than_the_longest_sms_is_refused_with_its_length() -> None:
    content = "a" * MAX_TEXT_LENGTH
    plain(content).check([Recipient("1")])
    with pytest.raises(TextTooLong) as refused:
        plain(content + "b").check([Recipient("1")])
    assert (refused.value.length, refused.value.limit) == (MAX_TEXT_LENGTH + 1, MAX_TEXT_LENGTH)


def test_total_length_of_texts_that_differ_is_limited() -> None:
    content = "#x#" + "a" * 9_997
    recipients = [Recipient(str(index), {"x": ""}) for index in range(MAX_SEND_LENGTH // 10_000 + 1)]
    plain(content).check(recipients[:-1])
    with pytest.raises(SendTooLarge) as refused:
        plain(content).check(recipients)
    assert (refused.value.length, refused.value.limit) == (MAX_SEND_LENGTH + 10_000, MAX_SEND_LENGTH)


def test_unsubscribe_text_counts_in_the_total_length() -> None:
    submission = Submission("#x#", unsubscribe_text="a" * 9_998)
    recipients = [Recipient(str(index), {"x": ""}) for index in range(MAX_SEND_LENGTH // 10_000)]
    with pytest.raises(SendTooLarge):
        Template(submission).check(recipients)


@pytest.mark.parametrize(
    ("content", "fields"),
    [("a" * MAX_TEXT_LENGTH, {"x": "1"}), ("#x#" + "a" * 30_000, {"x": "1"})],
    ids=["no placeholder", "the same values"],
)
def test_equal_texts_count_once(content: str, fields: dict[str, str]) -> None:
    plain(content).check([Recipient(str(index), fields) for index in range(1_000)])


@pytest.mark.ledger("body.longest")
def test_longest_text_is_255_parts_of_153_characters() -> None:
    assert MAX_TEXT_LENGTH == 39_015


NAMES = st.sampled_from(["a", "b", "c"])


@given(
    st.lists(st.text("ab# \n") | NAMES.map("#{}#".format)).map("".join),
    st.lists(st.dictionaries(NAMES, st.text(max_size=5)), min_size=1, max_size=5),
)
def test_limit_is_for_the_filled_text_with_the_unsubscribe_text(content: str, values: list[dict[str, str]]) -> None:
    left = MAX_TEXT_LENGTH - max(len(plain(content).fill(fields)) for fields in values)
    recipients = [Recipient("1", fields) for fields in values]
    Template(Submission(content, unsubscribe_text="x" * left)).check(recipients)
    with pytest.raises(TextTooLong) as refused:
        Template(Submission(content, unsubscribe_text="x" * (left + 1))).check(recipients)
    assert refused.value.length == MAX_TEXT_LENGTH + 1


def test_check_counts_the_values_of_placeholders() -> None:
    template = Template(Submission(content="#a#" * 100))
    recipients = [Recipient("972-54-1111111", {"a": "x" * 390}) for _ in range(2_400)]
    with pytest.raises(SendTooLarge):
        template.check(recipients)


def test_check_counts_the_unsubscribe_text_only_with_the_link() -> None:
    text = "x" * (MAX_TEXT_LENGTH + 1)
    Template(Submission(content="Hi", unsubscribe_text=text, unsubscribe_link=False)).check([Recipient("1")])
    with pytest.raises(TextTooLong):
        Template(Submission(content="Hi", unsubscribe_text=text)).check([Recipient("1")])


@pytest.mark.parametrize("tail", ["a", ".", "(", "()", "(a", "www.("])
def test_links_are_found_in_time_that_grows_with_the_text(tail: str) -> None:
    # Backtracking over the longest SMS would take seconds.
    watch = Stopwatch()
    links_in("https://a.test/" + tail * (MAX_TEXT_LENGTH // len(tail)))
    assert watch.seconds < 5


@pytest.mark.parametrize(
    ("text", "printed"), [("שלום", "שלום"), ("a\nb", "a\\nb"), ("\u202eevil\x1b[0m", "\\u202eevil\\x1b[0m")]
)
def test_escaped_text_is_safe_to_print(text: str, printed: str) -> None:
    assert escape(text) == printed
