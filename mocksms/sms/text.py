"""Texts as the phone shows them: placeholders filled, links tracked, unsubscribe text appended."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from typing import Final, NamedTuple

from mocksms.errors import SendTooLarge, TextTooLong
from mocksms.sms.message import NO_FIELDS, Message, Recipient, Submission
from mocksms.sms.opt_out_words import OUT_WORDS

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


class Links(NamedTuple):
    """URLs in the text of one message: pages of this mock under `base`, with the `token` of the message.

    `opt_out_word` is the reply that opts out, empty if none does.
    """

    base: str
    token: str
    opt_out_word: str = OUT_WORDS[0]

    @property
    def reply_hint(self) -> str:
        """The hint how to opt out by a reply, empty if no reply opts out."""
        return REPLY_HINT.format(self.opt_out_word) if self.opt_out_word else ""

    @property
    def unsubscribe(self) -> str:
        """The URL of the unsubscribe page."""
        return f"{self.base}/u/{self.token}"

    def tracked(self, index: int) -> str:
        """Return the short URL that replaces link number `index` of the content, counted from 1."""
        return f"{self.base}/l/{self.token}/{index}"


def links_in(text: str) -> list[str]:
    """Return the links of a text in order: those with `http://`, `https://` or `www.`."""
    return _LINK.findall(text)


class Template:
    """The content of a send, to be filled for each recipient."""

    def __init__(self, submission: Submission) -> None:
        self._submission = submission
        content = submission.content
        self._pieces = _PLACEHOLDER.split(content) if "#" in content else [content]
        self.placeholders = tuple(dict.fromkeys(self._pieces[1::2]))

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

    def text(self, fields: Mapping[str, str], links: Links) -> str:
        """Return the text as the phone shows it."""
        submission = self._submission
        text = self.fill(fields)
        if submission.track_clicks:
            indexes = count(1)
            text = _LINK.sub(lambda _: links.tracked(next(indexes)), text)
        if submission.unsubscribe_link:
            text = f"{text}\n{submission.unsubscribe_text}{links.unsubscribe}"
        if submission.unsubscribe_reply and links.reply_hint:
            text = f"{text}\n{links.reply_hint}"
        return text

    def _length(self, fields: Mapping[str, str], uses: Mapping[str, int]) -> int:
        """Return the length of the content with values filled in, by how often each placeholder occurs."""
        added = (uses[name] * (len(value) - len(f"#{name}#")) for name, value in fields.items() if name in uses)
        return len(self._submission.content) + sum(added)

    def _filled_pieces(self, fields: Mapping[str, str]) -> Iterator[str]:
        for index, piece in enumerate(self._pieces):
            yield fields.get(piece, f"#{piece}#") if index % 2 else piece


def content_of(message: Message) -> str:
    """Return the content of a message with the values of its recipient filled in."""
    return Template(message.submission).fill(message.fields) if message.fields else message.submission.content
