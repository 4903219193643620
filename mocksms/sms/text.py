"""Texts as the phone shows them: placeholders filled, links tracked, unsubscribe text appended."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from mocksms.errors import SendTooLarge, TextTooLong
from mocksms.sms.message import NO_FIELDS, Message, Recipient, Submission
from mocksms.sms.opt_out_words import OUT_WORDS
from mocksms.sms.segments import outside_gsm, replace_outside_gsm
from mocksms.sms.sizes import LINK_LENGTH

MAX_TEXT_LENGTH: Final = 255 * 153
"""Characters of the longest SMS: 255 parts (GSM 03.40) of 153 GSM-7 characters."""

MAX_SEND_LENGTH: Final = 10_000_000
"""Characters of all texts of one send together, before and after filling; equal texts count once."""

REPLY_HINT: Final = "Reply {} to unsubscribe"

_PLACEHOLDER = re.compile(r"#([^#\s]+)#")
_OUTSIDE_LINK = r"""\s<>"'()“”„«»\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff"""
_NOT_LAST = r""".,;:!?\]…׳״’"""
_IN_BRACKETS = rf"\([^{_OUTSIDE_LINK}]*\)"
_LINK = re.compile(
    rf"(?:https?://|www\.)(?:{_IN_BRACKETS}|[^{_OUTSIDE_LINK}])*(?:{_IN_BRACKETS}|[^{_OUTSIDE_LINK}{_NOT_LAST}])",
    re.IGNORECASE,
)
"""A link ends before spaces, quotes and marks of direction, and does not end with punctuation."""

UNICODE: Final = "unicode"
"""The only charset in the vendor's guide."""

_COUNTED: Final = "x"
"""A character of GSM-7, of which a counted link consists."""


class TextPolicy:
    """What the provider adds to all texts, and how they arrive.

    `link_base` is the URL under which the pages behind its links are, `opt_out_word` the reply that opts out, empty
    if none does. Each link counts as `link_length` characters. With `needs_charset`, a text without charset `unicode`
    arrives with `?` for each character that GSM 03.38 does not have (own, body.charset-arrival).
    """

    def __init__(
        self,
        link_base: str,
        opt_out_word: str = OUT_WORDS[0],
        *,
        link_length: int = LINK_LENGTH,
        needs_charset: bool = False,
    ) -> None:
        self.link_base = link_base
        self.link_length = link_length
        self.needs_charset = needs_charset
        self.reply_hint = REPLY_HINT.format(opt_out_word) if opt_out_word else ""
        self.counted_link = _COUNTED * link_length

    def unsubscribe_link(self, token: str) -> str:
        """Return the URL of the unsubscribe page of the message with a token."""
        return f"{self.link_base}/u/{token}"

    def tracked_link(self, token: str, index: int) -> str:
        """Return the short URL that replaces link number `index` of the content, counted from 1."""
        return f"{self.link_base}/l/{token}/{index}"


class ShownText(NamedTuple):
    """A text as the phone shows it: the `links` of the provider, and the `pieces` before, between and after them.

    Segments are counted in the `counted` text, in which each of these links has a fixed length: an address of the mock
    says nothing about the length of the vendor's links.
    """

    pieces: Sequence[str]
    links: Sequence[str]
    counted_link: str

    def __str__(self) -> str:
        parts = [part for pair in zip(self.pieces, self.links, strict=False) for part in pair]
        return "".join([*parts, self.pieces[-1]])

    @property
    def counted(self) -> str:
        """The text in which segments are counted."""
        return self.counted_link.join(self.pieces)

    @property
    def link_places(self) -> list[int]:
        """The index of each link."""
        pieces = accumulate(map(len, self.pieces))
        links = accumulate(map(len, self.links), initial=0)
        return [before + link for before, link in zip(pieces, links, strict=True)][: len(self.links)]

    def shown_indexes(self, indexes: Iterable[int]) -> list[int]:
        """Return the indexes of characters of the counted text in this one; within a link in proportion."""
        length, places = len(self.counted_link), self.link_places
        before = accumulate(map(len, self.pieces))
        starts = [end + length * place for place, end in enumerate(before)][: len(self.links)]

        def shown(index: int) -> int:
            place = bisect_right(starts, index) - 1
            if place < 0:
                return index
            within, link = index - starts[place], len(self.links[place])
            return places[place] + (within * link // length if within < length else within - length + link)

        return [*map(shown, indexes)]


def links_in(text: str) -> list[str]:
    """Return the links of a text in order: those with `http://`, `https://` or `www.`."""
    return _LINK.findall(text)


class Template:
    """The content of a send, to be filled for each recipient."""

    def __init__(self, submission: Submission) -> None:
        self._submission = submission
        content = submission.content
        self._pieces = _PLACEHOLDER.split(content) if "#" in content else [content]
        self.placeholders = tuple(dict.fromkeys(self._pieces[1::2])) if len(self._pieces) > 1 else ()

    def fill(self, fields: Mapping[str, str]) -> str:
        """Return the content with the values filled in.

        A placeholder without a value stays as written (own, body.placeholder-without-value).
        """
        return "".join(self._filled_pieces(fields)) if self.placeholders else self._submission.content

    def check(self, recipients: Iterable[Recipient]) -> None:
        """Check the lengths of the texts, without building them.

        Links count as written: the tracked ones, the unsubscribe link and the reply hint may make a text longer.

        Raises:
            TextTooLong: a text is longer than the longest SMS.
            SendTooLarge: the texts that differ have too many characters together.
        """
        content, unsubscribe_text = self._submission.content, self._submission.unsubscribe_text
        if not self.placeholders and len(content) + len(unsubscribe_text) <= MAX_TEXT_LENGTH:
            return
        distinct = {id(to.fields): to.fields for to in recipients} if self.placeholders else {0: NO_FIELDS}
        fixed = len(unsubscribe_text) if self._submission.unsubscribe_link else 0
        total = len(distinct) * (len(content) + fixed)
        if total <= MAX_SEND_LENGTH:
            uses = Counter(self._pieces[1::2])
            lengths = [fixed + self._length(fields, uses) for fields in distinct.values()]
            if (longest := max(lengths, default=0)) > MAX_TEXT_LENGTH:
                raise TextTooLong(longest, MAX_TEXT_LENGTH)
            total = sum(lengths)
        if total > MAX_SEND_LENGTH:
            raise SendTooLarge(total, MAX_SEND_LENGTH)

    def shown(self, fields: Mapping[str, str], policy: TextPolicy, token: str) -> ShownText:
        """Return the text as the phone shows it, with the token of the message in its links."""
        pieces = self._pieces_around_links(fields, policy)
        is_appended = self._submission.unsubscribe_link
        links = [policy.tracked_link(token, index) for index in range(1, len(pieces) - is_appended)]
        if is_appended:
            links.append(policy.unsubscribe_link(token))
        return ShownText(pieces, links, policy.counted_link)

    def counted(self, fields: Mapping[str, str], policy: TextPolicy) -> str:
        """Return the text in which segments are counted: as the phone shows it, with links of a fixed length."""
        return policy.counted_link.join(self._pieces_around_links(fields, policy))

    def outside_gsm(self, recipients: Iterable[Recipient]) -> str | None:
        """Return the first character that GSM 03.38 does not have, of what the application writes into the texts."""
        submission = self._submission
        texts: list[str] = _split_at_links(submission.content) if submission.track_clicks else [submission.content]
        if submission.unsubscribe_link:
            texts.append(submission.unsubscribe_text)
        if self.placeholders:
            distinct = {id(to.fields): to.fields for to in recipients}
            texts += (fields[name] for fields in distinct.values() for name in self.placeholders if name in fields)
        return next(filter(None, map(outside_gsm, texts)), None)

    def _pieces_around_links(self, fields: Mapping[str, str], policy: TextPolicy) -> list[str]:
        submission = self._submission
        text = self.fill(fields)
        pieces = _split_at_links(text) if submission.track_clicks else [text]
        if submission.unsubscribe_link:
            pieces[-1] = f"{pieces[-1]}\n{submission.unsubscribe_text}"
            pieces.append("")
        if submission.unsubscribe_reply and policy.reply_hint:
            pieces[-1] = f"{pieces[-1]}\n{policy.reply_hint}"
        if policy.needs_charset and submission.charset != UNICODE:
            return [*map(replace_outside_gsm, pieces)]
        return pieces

    def _length(self, fields: Mapping[str, str], uses: Mapping[str, int]) -> int:
        """Return the length of the content with values filled in, by how often each placeholder occurs."""
        added = (uses[name] * (len(value) - len(f"#{name}#")) for name, value in fields.items() if name in uses)
        return len(self._submission.content) + sum(added)

    def _filled_pieces(self, fields: Mapping[str, str]) -> Iterator[str]:
        for index, piece in enumerate(self._pieces):
            yield fields.get(piece, f"#{piece}#") if index % 2 else piece


def _split_at_links(text: str) -> list[str]:
    """Return the pieces of a text between its links. Most texts have none, which takes long to find by the pattern."""
    return _LINK.split(text) if "://" in text or "www." in text.lower() else [text]


def content_of(message: Message) -> str:
    """Return the content of a message with the values of its recipient filled in."""
    return Template(message.submission).fill(message.fields) if message.fields else message.submission.content
