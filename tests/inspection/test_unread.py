from __future__ import annotations

from mocksms.engine.steps import STEP_SIZE
from tests.inspection.support import Api
from tests.support import Mock

ONE, OTHER = "972-54-1111111", "972-54-2222222"


def count(api: Api, **read: object) -> int:
    unread: int = api.post("phones/unread", read)["unread"]
    return unread


def test_phones_are_unread_until_their_latest_sms_was_read(own_mock: Mock) -> None:
    api = Api(own_mock, "one")
    api.send(ONE, ONE, OTHER)
    account = api.get("account")["id"]
    latest = {row["number"]: row["cursor"] for row in api.get("phones")["phones"]}
    assert api.post("phones/unread")["unread"] == 2
    assert count(api, phones={account: {"972541111111": latest["972541111111"]}}) == 1
    assert count(api, phones={account: {"972541111111": latest["972541111111"] - 1}}) == 2
    assert count(api, up_to=latest["972541111111"]) == 1
    assert count(api, accounts={account: latest["972542222222"]}) == 0
    api.post("inbound", {"from": ONE, "text": "Hi"})
    assert count(api, up_to=latest["972542222222"]) == 1


def test_unread_phones_are_those_of_the_account_or_of_all(own_mock: Mock) -> None:
    one, other = Api(own_mock, "one"), Api(own_mock, "other")
    one.send(*(f"972-54-{place:07}" for place in range(STEP_SIZE + 1)))
    other.send(ONE)
    assert (count(one), count(other), count(Api(own_mock))) == (STEP_SIZE + 1, 1, STEP_SIZE + 2)
