"""Believable traffic for looking around: one-time codes, deliveries, appointments, in Hebrew and English, by a seed."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any, Final, NamedTuple

from faker import Faker

from mocksms.errors import MocksmsError
from mocksms.sms.magic import Catalogue
from mocksms.sms.outcomes import Fault
from mocksms.testing.handle import MockSMS

LOCALES: Final = ("he_IL", "en_US")
SEND: Final = "/transactional/sms/send"

_LINK: Final = "https://shop.example/t/{parcel}"
_WORDS: Final = {
    "en_US": [
        ("otp", "Your verification code is {code}"),
        ("delivery", f"Hi {{name}}, your parcel {{parcel}} arrives today: {_LINK}"),
        ("appointment", "{name}, we expect you on {day} at {hour}. Reply YES to confirm."),
        ("billing", "{company}: your invoice over {amount} NIS is due on {day}."),
    ],
    "he_IL": [
        ("otp", "קוד האימות שלך הוא {code}"),
        ("delivery", f"שלום {{name}}, החבילה {{parcel}} תגיע היום: {_LINK}"),
        ("appointment", "{name}, נפגש ביום {day} בשעה {hour}. לאישור השיבו YES"),
        ("billing", "{company}: חשבונית על סך {amount} שקלים לתשלום עד {day}."),
    ],
}
_ODD_ONE_IN: Final = 4
"""Every so many messages ends as chance has it, so that all outcomes are to be seen; all numbers are nobody's."""


class Sms(NamedTuple):
    """An SMS of the demonstration: to whom, its text, its tag, and the sender."""

    to: str
    content: str
    tag: str
    sender: str


def traffic(seed: str, count: int) -> Iterator[Sms]:
    """Iterate over so many messages; the same seed gives the same ones."""
    chance = Random(seed)
    fakers = {locale: Faker(locale) for locale in LOCALES}
    for faker in fakers.values():
        faker.seed_instance(seed)
    catalogue = Catalogue()
    odd = [row for row in catalogue.rows.values() if not isinstance(row.effect, Fault)]
    for place in range(count):
        locale = chance.choice(LOCALES)
        faker, (tag, text) = fakers[locale], chance.choice(_WORDS[locale])
        row = chance.choice(odd) if place % _ODD_ONE_IN == _ODD_ONE_IN - 1 else catalogue.rows["00"]
        number = row.number(lane=chance.randrange(100))
        yield Sms(number, text.format(**_details(faker, chance)), tag, chance.choice(["Shop", "Clinic", "Bank"]))


def fill(sms: MockSMS, seed: str, count: int) -> int:
    """Send the traffic of a seed to a mock, let some recipients reply and click, and return how many were sent.

    Raises:
        MocksmsError: the mock does not take it.
    """
    for each in traffic(seed, count):
        status, raw = sms.client.exchange("POST", SEND, _body(each), key=sms.api_key)
        if status != 200:
            raise MocksmsError(f"{sms.url} answered {status}: {raw.decode(errors='replace')}")
    sent = [message for message in sms.outbox[-count:] if message.state == "sent"]
    for place, message in enumerate(sent):
        if "YES" in message.content and place % 2:
            sms.reply(message.number, "YES")
        elif message.tags == ("delivery",):
            sms.click(message)
    return count


def _body(sms: Sms) -> dict[str, Any]:
    to = [{"mobile_number": sms.to}]
    unsubscribe = sms.tag == "billing"
    message = {"content": sms.content, "to": to, "tags": [sms.tag], "sender_id": sms.sender}
    return {"message": {**message, "add_unsubscribe_link": unsubscribe}}


def _details(faker: Faker, chance: Random) -> dict[str, str]:
    return {
        "code": f"{chance.randrange(1_000_000):06}",
        "name": faker.first_name(),
        "company": faker.company(),
        "parcel": f"IL{chance.randrange(10**6):06}",
        "day": f"{chance.randrange(1, 29)}.{chance.randrange(1, 13)}",
        "hour": f"{chance.randrange(8, 18):02}:{chance.choice(['00', '30'])}",
        "amount": f"{chance.randrange(20, 900)}",
    }
