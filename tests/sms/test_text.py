from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms.engine.clock import Stopwatch
from mocksms.errors import SendTooLarge, TextTooLong, escape
from mocksms.sms.message import Recipient, Submission
from mocksms.sms.text import MAX_SEND_LENGTH, MAX_TEXT_LENGTH, Links, Template, content_of, links_in
from tests.engine.support import a_message

LINKS = Links("http://mock.test", "0123456789ab")


def plain(content: str) -> Template:
    return Template(Submission(content, unsubscribe_link=False))


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
    assert plain("Hello").text({}, LINKS) == "Hello"


def test_text_counts_tracked_links_from_one_in_the_filled_text() -> None:
    submission = Submission("#first# or www.b.test", unsubscribe_link=False, track_clicks=True)
    text = Template(submission).text({"first": "https://a.test/long"}, LINKS)
    assert text == "http://mock.test/l/0123456789ab/1 or http://mock.test/l/0123456789ab/2"


@pytest.mark.ledger("body.unsubscribe-link", "body.line-break")
def test_text_ends_with_the_unsubscribe_link_by_default() -> None:
    assert Template(Submission("Hello")).text({}, LINKS) == "Hello\nhttp://mock.test/u/0123456789ab"


@pytest.mark.ledger("body.unsubscribe-link", "body.unsubscribe-text")
def test_unsubscribe_text_precedes_the_link() -> None:
    text = Template(Submission("Hello", unsubscribe_text="Stop: ")).text({}, LINKS)
    assert text == "Hello\nStop: http://mock.test/u/0123456789ab"


@pytest.mark.ledger("body.unsubscribe-text", "body.unsubscribe-link-off")
def test_unsubscribe_text_without_the_link_is_omitted() -> None:
    submission = Submission("Hello", unsubscribe_link=False, unsubscribe_text="Stop: ")
    assert Template(submission).text({}, LINKS) == "Hello"


def test_unsubscribe_link_and_the_text_before_it_are_not_tracked() -> None:
    submission = Submission("Hello", unsubscribe_text="www.help.test ", track_clicks=True)
    assert Template(submission).text({}, LINKS) == "Hello\nwww.help.test http://mock.test/u/0123456789ab"


@pytest.mark.ledger("body.reply-hint")
def test_text_has_no_reply_hint_if_no_reply_opts_out() -> None:
    submission = Submission("Hello", unsubscribe_link=False, unsubscribe_reply=True)
    assert Template(submission).text({}, LINKS._replace(opt_out_word="")) == "Hello"


@pytest.mark.ledger("body.line-break", "body.reply-hint")
def test_text_ends_with_the_reply_hint_if_replies_are_allowed() -> None:
    text = Template(Submission("Hello", unsubscribe_reply=True)).text({}, LINKS)
    assert text == f"Hello\n{LINKS.unsubscribe}\n{LINKS.reply_hint}"


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
