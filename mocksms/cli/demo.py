"""Demo messages: one-time codes, deliveries, appointments and bills in Hebrew and English, from a seed."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any, Final, NamedTuple

from faker import Faker

from mocksms.errors import MocksmsError
from mocksms.settings import API_PREFIX
from mocksms.sms.magic import Catalogue
from mocksms.sms.outcomes import Fault
from mocksms.sms.text import UNICODE
from mocksms.testing.handle import MockSMS

LOCALES: Final = ("he_IL", "en_US")
SEND: Final = f"{API_PREFIX}/transactional/sms/send"

_LINK: Final = "https://shop.example/t/{parcel}"
_TEXTS: Final = {
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
_RANDOM_OUTCOME_EVERY: Final = 4
"""Every fourth message has a random outcome, so that the inbox shows all of them. All recipients are magic numbers."""


class DemoMessage(NamedTuple):
    """A demo message before it is sent."""

    mobile_number: str
    content: str
    tag: str
    sender: str


def demo_messages(seed: str, count: int) -> Iterator[DemoMessage]:
    """Generate `count` messages; the same seed gives the same ones."""
    random = Random(seed)
    fakers = {locale: Faker(locale) for locale in LOCALES}
    for faker in fakers.values():
        faker.seed_instance(seed)
    catalogue = Catalogue()
    outcomes = [row for row in catalogue.rows.values() if not isinstance(row.effect, Fault)]
    for index in range(count):
        locale = random.choice(LOCALES)
        faker, (tag, text) = fakers[locale], random.choice(_TEXTS[locale])
        is_random = index % _RANDOM_OUTCOME_EVERY == _RANDOM_OUTCOME_EVERY - 1
        row = random.choice(outcomes) if is_random else catalogue.rows["00"]
        number = row.number(lane=random.randrange(100))
        content = text.format(**_values(faker, random))
        yield DemoMessage(number, content, tag, random.choice(["Shop", "Clinic", "Bank"]))


def send_demo(sms: MockSMS, seed: str, count: int) -> int:
    """Send the messages of a seed, add some replies and clicks, and return how many were sent.

    Raises:
        MocksmsError: the mock refused a message.
    """
    for message in demo_messages(seed, count):
        status, raw = sms.client.send("POST", SEND, _body(message), key=sms.api_key)
        if status != 200:
            raise MocksmsError(f"{sms.url} responded with status {status}: {raw.decode(errors='replace')}")
    sent = [message for message in sms.outbox[-count:] if message.state == "sent"]
    for index, received in enumerate(sent):
        if "YES" in received.content and index % 2:
            sms.reply(received.number, "YES")
        elif received.tags == ("delivery",):
            sms.click(received)
    return count


def _body(message: DemoMessage) -> dict[str, Any]:
    return {
        "message": {
            "content": message.content,
            "charset": UNICODE,
            "to": [{"mobile_number": message.mobile_number}],
            "tags": [message.tag],
            "sender_id": message.sender,
            "add_unsubscribe_link": message.tag == "billing",
            "track_clicks": message.tag == "delivery",
        }
    }


def _values(faker: Faker, random: Random) -> dict[str, str]:
    """Return values for the placeholders of all texts."""
    return {
        "code": f"{random.randrange(1_000_000):06}",
        "name": faker.first_name(),
        "company": faker.company(),
        "parcel": f"IL{random.randrange(10**6):06}",
        "day": f"{random.randrange(1, 29)}.{random.randrange(1, 13)}",
        "hour": f"{random.randrange(8, 18):02}:{random.choice(['00', '30'])}",
        "amount": f"{random.randrange(20, 900)}",
    }
