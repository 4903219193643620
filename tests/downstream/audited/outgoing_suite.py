from __future__ import annotations

from collections.abc import Iterator

import pytest
from outgoing import Outgoing

from mocksms import MockSMS


@pytest.fixture
def outgoing(mocksms: MockSMS) -> Iterator[Outgoing]:
    outgoing = Outgoing(mocksms.env)
    yield outgoing
    outgoing.close()


def test_text_is_sent_in_the_background(outgoing: Outgoing, mocksms: MockSMS) -> None:
    outgoing.add("972-54-1111111", "The shop opens at nine")
    message = mocksms.wait_for(to="972-54-1111111")
    assert message.content == "The shop opens at nine"
