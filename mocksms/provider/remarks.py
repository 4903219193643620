"""Warnings about a valid request: what mocksms accepts and the real service may not."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import Final

from mocksms.engine.journal import RequestWarning
from mocksms.errors import did_you_mean
from mocksms.provider.deviation import Deviation
from mocksms.provider.lenient_json import MAX_WARNINGS
from mocksms.provider.reads import LISTS, InfoParams, Parameters, SearchParams
from mocksms.provider.send import FieldVars
from mocksms.provider.shorten import warning_about
from mocksms.settings import Settings
from mocksms.sms.message import Recipient, Submission
from mocksms.sms.numbers import MASKED, has_masked_digits, masked_note
from mocksms.sms.segments import outside_gsm
from mocksms.sms.text import UNICODE, Template

MAX_COMPARED_LENGTH: Final = 100
"""Characters of an unknown name that are compared with the known ones."""


def remarks_on(
    submission: Submission,
    recipients: Sequence[Recipient],
    settings: Settings,
    *,
    has_charset: bool,
    field_vars: Sequence[FieldVars] = (),
) -> list[Deviation]:
    """Return warnings about a valid send: what the real service may not accept, placeholders without a value.

    Args:
        submission: the send.
        recipients: its recipients.
        settings: the options.
        has_charset: whether its body has a charset.
        field_vars: the placeholder values of its body.
    """
    remarks: list[Deviation] = []
    if submission.charset != UNICODE:
        remarks += _about_charset(submission, recipients, settings, has_charset, bool(field_vars))
    for index, (number, _) in enumerate(recipients):
        # Most numbers have no X: this is the hot path.
        if ("X" in number or "x" in number) and len(remarks) < MAX_WARNINGS:
            remarks += _about_masked(f"message.to[{index}].mobile_number", number, settings)
    if field_vars:
        rcpts = [variables.rcpt for variables in field_vars]
        for index, rcpt in enumerate(rcpts[:MAX_WARNINGS]):
            remarks += _about_masked(_rcpt_path(index), rcpt, settings)
        remarks += islice(_spelled_otherwise(rcpts, recipients, settings), 1)
        placeholders = set(Template(submission).placeholders)
        names = {value.name.strip("#") for variables in field_vars for value in variables.fields}
        remarks += [_about_fields(f"no placeholder #{name}# in the content") for name in sorted(names - placeholders)]
        remarks += islice(_unfilled(placeholders, recipients), 1)
    return remarks


def remarks_on_query(
    parameters: Parameters, model: type[InfoParams | SearchParams], settings: Settings
) -> tuple[RequestWarning, ...]:
    """Return warnings about the query of a read: unknown and repeated parameters, masked digits."""
    known = model.model_fields.keys()
    remarks = [_about_unknown(name, known) for name in parameters.keys() - known]
    for name in known & parameters.keys():
        values = parameters[name]
        if len(values) > 1 and name not in LISTS:
            what = f"{len(values)} values"
            remarks.append(Deviation(name, f"{what}; the last counts", f"{what}, expected one"))
        if name == "mobile_number" and values:
            remarks += _about_masked(name, values[-1], settings)
    if model is InfoParams and parameters.get("transaction_id") and parameters.get("id"):
        remarks.append(Deviation("id", "ignored beside transaction_id", "another name of transaction_id; give one"))
    return tuple(warning_about(each, strict=settings.strict) for each in sorted(remarks)[:MAX_WARNINGS])


def _about_unknown(name: str, known: Collection[str]) -> Deviation:
    hint = did_you_mean(name[:MAX_COMPARED_LENGTH], known, f"there are {', '.join(known)}")
    return Deviation(name, f"unknown parameter, ignored; {hint}", f"unknown parameter; {hint}")


def _about_charset(
    submission: Submission, recipients: Sequence[Recipient], settings: Settings, has_charset: bool, has_values: bool
) -> Iterator[Deviation]:
    """Iterate over the warnings about a send whose charset is not `unicode` (own, body.charset-missing)."""
    if has_charset:
        what = f"{submission.charset!r} is not {UNICODE!r}"
        yield Deviation("message.charset", f"{what}; it has no effect", what)
    may_have_others = has_values or outside_gsm(f"{submission.content}{submission.unsubscribe_text}")
    if may_have_others and (character := Template(submission).outside_gsm(recipients)):
        arrives = (
            "as '?'" if settings.text_without_charset == "question-marks" else "as sent here, elsewhere perhaps as '?'"
        )
        what = f"the text has {character!r} (U+{ord(character):04X}), which may need charset {UNICODE!r}"
        yield Deviation("message.charset", f"{what}; it arrives {arrives}", what)


def _about_masked(path: str, number: str, settings: Settings) -> list[Deviation]:
    """Return the warning about a number with masked digits, none for any other number."""
    if not has_masked_digits(settings.parse_number(number)):
        return []
    what = masked_note(number)
    return [Deviation(path, f"{what}; {MASKED} counts as a digit", what)]


def _spelled_otherwise(
    rcpts: Sequence[str], recipients: Sequence[Recipient], settings: Settings
) -> Iterator[Deviation]:
    """Iterate over the warnings about an `rcpt` that a recipient's number equals on digits only."""
    numbers = dict.fromkeys(to.mobile_number for to in recipients)
    if numbers.keys() == {*rcpts}:
        return
    by_digits: dict[str, dict[str, int]] = {}
    for index, rcpt in enumerate(rcpts):
        by_digits.setdefault(settings.parse_number(rcpt).digits, {}).setdefault(rcpt, index)
    for number in numbers:
        for rcpt, index in by_digits.get(settings.parse_number(number).digits, {}).items():
            if rcpt != number:
                what = f"{rcpt!r} is another spelling of {number!r}"
                note = f"{what}; here the digits count, elsewhere perhaps the text"
                yield Deviation(_rcpt_path(index), note, what)


def _rcpt_path(index: int) -> str:
    return f"message.field_vars[{index}].rcpt"


def _unfilled(placeholders: set[str], recipients: Sequence[Recipient]) -> Iterator[Deviation]:
    first_with = {id(to.fields): to for to in reversed(recipients)}
    for to in reversed(first_with.values()):
        for name in sorted(placeholders - to.fields.keys()):
            yield _about_fields(f"no value of #{name}# for {to.mobile_number}")


def _about_fields(note: str) -> Deviation:
    return Deviation("message.field_vars", note)
