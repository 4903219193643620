"""What the phone shows: placeholders filled, links made trackable, the way to unsubscribe appended."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from mocksms.sms.message import Recipient, Submission

LONGEST_TEXT: Final = 255 * 153
"""Characters the longest SMS can carry: 255 parts (GSM 03.40) of 153 GSM-7 characters."""

REPLY_HINT: Final = "Reply STOP to unsubscribe"

_PLACEHOLDER = re.compile(r"#([^#\s]+)#")
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"']*[^\s<>\"'.,;:!?)\]]", re.IGNORECASE)


class Links(NamedTuple):
    """Where the links inside one message lead: pages of this mock under `base`, told apart by `token`."""

    base: str
    token: str

    @property
    def unsubscribe(self) -> str:
        """The page that opts the recipient out."""
        return f"{self.base}/u/{self.token}"

    def tracked(self, index: int) -> str:
        """The short link that stands for the link number `index` of the content, counted from 1."""
        return f"{self.base}/l/{self.token}/{index}"


def links_in(content: str) -> list[str]:
    """Return the links of a text in order, with `http://`, `https://` or a bare `www.`."""
    return _LINK.findall(content)


class Template:
    """The content of a send, ready to be filled for each recipient."""

    def __init__(self, submission: Submission) -> None:
        self._submission = submission
        self._pieces = _PLACEHOLDER.split(submission.content)
        self.placeholders = tuple(dict.fromkeys(self._pieces[1::2]))

    def fill(self, fields: Mapping[str, str]) -> str:
        """Return the content with the values in place; a placeholder without a value stays as written."""
        if not self.placeholders:
            return self._submission.content
        return "".join(
            fields.get(piece, f"#{piece}#") if is_name else piece
            for piece, is_name in zip(self._pieces, self._alternating(), strict=True)
        )

    def longest(self, recipients: Iterable[Recipient]) -> int:
        """Return the characters of the longest text `fill` would give any of the recipients, without building it."""
        if not self.placeholders:
            return len(self._submission.content)
        return max(self._length(recipient.fields) for recipient in recipients)

    def shown(self, fields: Mapping[str, str], links: Links) -> str:
        """Return the whole text as the phone shows it."""
        submission = self._submission
        text = self.fill(fields)
        if submission.track_clicks:
            numbers = iter(range(1, len(text)))
            text = _LINK.sub(lambda _: links.tracked(next(numbers)), text)
        if submission.unsubscribe_link:
            text = f"{text}\n{submission.unsubscribe_text}{links.unsubscribe}"
        if submission.unsubscribe_reply:
            text = f"{text}\n{REPLY_HINT}"
        return text

    def _length(self, fields: Mapping[str, str]) -> int:
        return sum(
            len(fields.get(piece, f"#{piece}#")) if is_name else len(piece)
            for piece, is_name in zip(self._pieces, self._alternating(), strict=True)
        )

    def _alternating(self) -> list[bool]:
        return [index % 2 == 1 for index in range(len(self._pieces))]
