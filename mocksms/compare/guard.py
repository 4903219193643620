"""Guard of a comparison: no request reaches a phone, except SMS to one number, and of these no more than allowed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from mocksms.compare.model import FailureKind, PhoneRequest, ProbeFailure, ProbeRequest, Result, Sender
from mocksms.engine.decisions import is_possible
from mocksms.errors import SettingsError
from mocksms.settings import Settings
from mocksms.sms.magic import Catalogue
from mocksms.sms.numbers import MAGIC_PREFIX, NumberForm, digits_of, has_masked_digits, parse
from mocksms.sms.segments import count_segments

GUIDE_NUMBER: Final = "972541111111"
"""The number of the vendor's examples, which may be somebody's."""

_MOBILE: Final = re.compile(r"(?<![0-9a-z])(?:972|0)[-+. ()\[\]]*5(?:[-+. ()\[\]]*[0-9]){8}(?![0-9a-z])", re.IGNORECASE)
_RECIPIENT: Final = re.compile(r"""(?:mobile_?number|rcpt)["']?\s*[:=]\s*["']?([^"',}\]&]*)""", re.IGNORECASE)


class GuardedSender:
    """Passes requests on to the client of the service if no phone can get an SMS from them.

    Args:
        sender: the client.
        number: may get SMS.
        spend: how many SMS it may get, those of retries included.
    """

    def __init__(self, sender: Sender, number: str | None = None, spend: int = 0) -> None:
        self._sender = sender
        self._digits = None if number is None else digits_of(number)
        self._left = spend

    def send(self, request: ProbeRequest | PhoneRequest) -> Result:
        """Send a request and return its result.

        Raises:
            SettingsError: another phone could get an SMS from it.
        """
        if isinstance(request, ProbeRequest):
            found = set(possible_numbers(request))
            if found - {self._digits}:
                raise SettingsError(
                    "A probe has a number that a phone can have, so it was not sent. This is a defect of mocksms."
                )
            if found:
                cost = segments_of(request)
                if cost > self._left:
                    return ProbeFailure(FailureKind.SPENT, f"it takes {cost} SMS, and {self._left} are left")
                self._left -= cost
        return self._sender.send(request)


def possible_numbers(request: ProbeRequest) -> Iterator[str]:
    """Iterate over the digits of the numbers in a request that a phone can have."""
    text = f"{request.path} {request.body.decode('utf-8', 'replace')}"
    for found in _MOBILE.finditer(text):
        yield parse(found[0], accept_local=True).digits
    for found in _RECIPIENT.finditer(text):
        number = parse(found[1].strip(), accept_local=True)
        is_foreign = number.form is NumberForm.FOREIGN and is_possible(number.digits)
        if (number.form is NumberForm.ISRAELI_MOBILE or is_foreign) and not has_masked_digits(number):
            yield number.digits


def segments_of(request: ProbeRequest) -> int:
    """Return how many SMS a paid send takes at least: a link that the service appends may make it longer."""
    message: dict[str, Any] = json.loads(request.body)["message"]
    return count_segments(message["content"]).count * len(message["to"])


def parse_send_to(number: str, settings: Settings) -> str:
    """Return the number of `--send-to`.

    Raises:
        SettingsError: it is not the mobile number of a person who expects an SMS.
    """
    parsed = parse(number)
    problem = ""
    if parsed.form is not NumberForm.ISRAELI_MOBILE:
        problem = parsed.problem or "not an Israeli mobile number"
    elif has_masked_digits(parsed):
        problem = "X in place of digits"
    elif any(Catalogue(prefix).code(parsed.digits) for prefix in (MAGIC_PREFIX, settings.magic_prefix)):
        problem = "a magic number of mocksms, which may belong to somebody at the real service"
    elif parsed.digits == GUIDE_NUMBER:
        problem = "the number of the vendor's examples, which may belong to somebody"
    elif parsed.digits.startswith(settings.kosher_prefix):
        problem = "a kosher number, which cannot receive SMS"
    if not problem:
        return number
    raise SettingsError(f"--send-to is {number!r}: {problem}; expected your own number, such as 972-5N-NNNNNNN.")
