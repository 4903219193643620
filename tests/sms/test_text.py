from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms.engine.clock import Stopwatch
from mocksms.errors import SendTooLarge, TextTooLong
from mocksms.sms.message import Recipient, Submission
from mocksms.sms.text import MAX_SEND_LENGTH, MAX_TEXT_LENGTH, Links, Template, filled, links_in
from tests.engine.support import a_message

LINKS = Links("http://mock.test", "0123456789ab")


def plain(content: str) -> Template:
    return Template(Submission(content, unsubscribe_link=False))


@pytest.mark.ledger("body.placeholders")
def test_template_fills_every_place_of_a_placeholder() -> None:
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
def test_text_without_placeholders_stays_as_it_is(content: str) -> None:
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


def test_shown_is_the_content_when_nothing_is_asked_for() -> None:
    assert plain("Hello").text({}, LINKS) == "Hello"


def test_shown_counts_tracked_links_from_one_in_the_filled_text() -> None:
    submission = Submission("#first# or www.b.test", unsubscribe_link=False, track_clicks=True)
    shown = Template(submission).text({"first": "https://a.test/long"}, LINKS)
    assert shown == "http://mock.test/l/0123456789ab/1 or http://mock.test/l/0123456789ab/2"


@pytest.mark.ledger("body.unsubscribe-link")
def test_shown_appends_the_unsubscribe_link_by_default() -> None:
    assert Template(Submission("Hello")).text({}, LINKS) == "Hello\nhttp://mock.test/u/0123456789ab"


@pytest.mark.ledger("body.unsubscribe-link")
def test_shown_puts_the_unsubscribe_text_before_the_link() -> None:
    shown = Template(Submission("Hello", unsubscribe_text="Stop: ")).text({}, LINKS)
    assert shown == "Hello\nStop: http://mock.test/u/0123456789ab"


def test_shown_leaves_the_unsubscribe_text_out_without_the_link() -> None:
    submission = Submission("Hello", unsubscribe_link=False, unsubscribe_text="Stop: ")
    assert Template(submission).text({}, LINKS) == "Hello"


def test_shown_tracks_neither_the_unsubscribe_link_nor_the_text_before_it() -> None:
    submission = Submission("Hello", unsubscribe_text="www.help.test ", track_clicks=True)
    assert Template(submission).text({}, LINKS) == "Hello\nwww.help.test http://mock.test/u/0123456789ab"


def test_shown_ends_with_the_reply_hint_when_asked_for() -> None:
    shown = Template(Submission("Hello", unsubscribe_reply=True)).text({}, LINKS)
    assert shown == f"Hello\n{LINKS.unsubscribe}\n{LINKS.reply_hint}"


def test_filled_message_has_the_values_of_its_recipient() -> None:
    assert filled(a_message(content="Hi #name#", fields={"name": "Dana"})) == "Hi Dana"
    assert filled(a_message(content="Hi #name#")) == "Hi #name#"


def test_text_beyond_the_longest_is_refused_and_says_how_long_it_is() -> None:
    content = "a" * MAX_TEXT_LENGTH
    plain(content).check([Recipient("1")])
    with pytest.raises(TextTooLong) as refused:
        plain(content + "b").check([Recipient("1")])
    assert (refused.value.length, refused.value.limit) == (MAX_TEXT_LENGTH + 1, MAX_TEXT_LENGTH)


def test_texts_that_differ_may_come_to_so_many_characters_together_and_no_more() -> None:
    content = "#x#" + "a" * 9_997
    recipients = [Recipient(str(index), {"x": ""}) for index in range(MAX_SEND_LENGTH // 10_000 + 1)]
    plain(content).check(recipients[:-1])
    with pytest.raises(SendTooLarge) as refused:
        plain(content).check(recipients)
    assert (refused.value.length, refused.value.limit) == (MAX_SEND_LENGTH + 10_000, MAX_SEND_LENGTH)


def test_unsubscribe_text_counts_among_what_comes_together() -> None:
    submission = Submission("#x#", unsubscribe_text="a" * 9_998)
    recipients = [Recipient(str(index), {"x": ""}) for index in range(MAX_SEND_LENGTH // 10_000)]
    with pytest.raises(SendTooLarge):
        Template(submission).check(recipients)


@pytest.mark.parametrize(
    ("content", "fields"),
    [("a" * MAX_TEXT_LENGTH, {"x": "1"}), ("#x#" + "a" * 30_000, {"x": "1"})],
    ids=["no placeholder", "the same values"],
)
def test_text_that_many_share_counts_once(content: str, fields: dict[str, str]) -> None:
    plain(content).check([Recipient(str(index), fields) for index in range(1_000)])


@pytest.mark.ledger("body.longest")
def test_longest_text_is_255_parts_of_153_characters() -> None:
    assert MAX_TEXT_LENGTH == 39_015


NAMES = st.sampled_from(["a", "b", "c"])


@given(
    st.lists(st.text("ab# \n") | NAMES.map("#{}#".format)).map("".join),
    st.lists(st.dictionaries(NAMES, st.text(max_size=5)), min_size=1, max_size=5),
)
def test_longest_filled_text_and_the_unsubscribe_text_together_decide(
    content: str, values: list[dict[str, str]]
) -> None:
    room = MAX_TEXT_LENGTH - max(len(plain(content).fill(fields)) for fields in values)
    recipients = [Recipient("1", fields) for fields in values]
    Template(Submission(content, unsubscribe_text="x" * room)).check(recipients)
    with pytest.raises(TextTooLong) as refused:
        Template(Submission(content, unsubscribe_text="x" * (room + 1))).check(recipients)
    assert refused.value.length == MAX_TEXT_LENGTH + 1


def test_check_counts_what_values_add() -> None:
    template = Template(Submission(content="#a#" * 100))
    recipients = [Recipient("972-54-1111111", {"a": "x" * 390}) for _ in range(2_400)]
    with pytest.raises(SendTooLarge):
        template.check(recipients)


def test_check_counts_the_unsubscribe_text_only_where_it_is_shown() -> None:
    text = "x" * (MAX_TEXT_LENGTH + 1)
    Template(Submission(content="Hi", unsubscribe_text=text, unsubscribe_link=False)).check([Recipient("1")])
    with pytest.raises(TextTooLong):
        Template(Submission(content="Hi", unsubscribe_text=text)).check([Recipient("1")])


@pytest.mark.parametrize("tail", ["a", ".", "(", "()", "(a", "www.("])
def test_links_are_found_in_time_that_grows_with_the_text(tail: str) -> None:
    """Seconds here mean that a text of the longest SMS is looked at again and again."""
    watch = Stopwatch()
    links_in("https://a.test/" + tail * (MAX_TEXT_LENGTH // len(tail)))
    assert watch.seconds < 5
