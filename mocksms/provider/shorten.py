"""What is kept of a long send: the start of each value, and only the placeholder values that the content uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from mocksms.engine.journal import RequestWarning
from mocksms.provider.deviation import Deviation
from mocksms.sms.message import NO_FIELDS, Recipient, Submission
from mocksms.sms.text import Template

MAX_VALUE_LENGTH: Final = 1_000
"""Characters of a value other than the text that are kept: no phone shows more, and no list finds more."""


MAX_TAGS: Final = 1_000
"""Tags of a message that are kept."""


class KeptSend(NamedTuple):
    """A send as it is kept, and a warning for each value that is shortened."""

    submission: Submission
    recipients: Sequence[Recipient]
    deviations: list[Deviation]


def shorten_send(submission: Submission, recipients: Sequence[Recipient]) -> KeptSend:
    """Shorten the long values of a send, and drop the placeholder values that its content does not use."""
    deviations: list[Deviation] = []
    kept = submission._replace(
        sender=submission.sender and _shorten(submission.sender, "message.sender_id", deviations),
        charset=_shorten(submission.charset, "message.charset", deviations),
        tags=tuple(_shorten(tag, "message.tags", deviations) for tag in submission.tags[:MAX_TAGS]),
    )
    if len(submission.tags) > MAX_TAGS:
        many = f"{len(submission.tags)} tags"
        deviations.append(
            Deviation("message.tags", f"{many}; the first {MAX_TAGS} are kept", f"{many}, at most {MAX_TAGS}")
        )
    if not kept.unsubscribe_link:
        text = _shorten(kept.unsubscribe_text, "message.unsubscribe_text", deviations)
        kept = kept._replace(unsubscribe_text=text)
    placeholders = Template(submission).placeholders
    used: dict[int, Mapping[str, str]] = {}
    for to in recipients:
        if id(to.fields) not in used:
            used[id(to.fields)] = {name: to.fields[name] for name in placeholders if name in to.fields}
    return KeptSend(
        kept,
        [
            Recipient(_shorten(to.mobile_number, "message.to", deviations), used[id(to.fields)] or NO_FIELDS)
            for to in recipients
        ],
        deviations,
    )


def warning_about(deviation: Deviation, *, strict: bool) -> RequestWarning:
    """Return the warning about a deviation of an accepted or, if `strict`, a refused request, its texts not long."""
    return RequestWarning(cut(deviation.path), cut((strict and deviation.refusal) or deviation.note))


def cut(text: str, length: int = MAX_VALUE_LENGTH) -> str:
    """Return the start of a text, with an ellipsis if there is more."""
    return text if len(text) <= length else f"{text[:length]}…"


def _shorten(value: str, path: str, deviations: list[Deviation]) -> str:
    if len(value) <= MAX_VALUE_LENGTH:
        return value
    long = f"a value of {len(value)} characters"
    note = f"{long}; the first {MAX_VALUE_LENGTH} are kept"
    deviations.append(Deviation(path, note, f"{long}, at most {MAX_VALUE_LENGTH}"))
    return value[:MAX_VALUE_LENGTH]
