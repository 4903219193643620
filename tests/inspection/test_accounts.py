from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mocksms.engine.account import Account
from mocksms.engine.clock import Clock
from mocksms.engine.keys import AccountKey
from mocksms.engine.logs import Numbering
from mocksms.settings import Settings
from mocksms.sms.message import Recipient, Submission
from tests.inspection.support import NO_CREDIT, SENT, Api
from tests.state.examples import FAILURE
from tests.support import Mock, running

PHONE = "972-54-1111111"
DIGITS = "972541111111"
SECOND = "972-54-2222222"
PLAIN = {"content": "Hello", "add_unsubscribe_link": False}


def test_account_has_its_initial_values_before_its_first_use() -> None:
    settings = Settings(
        port=0,
        credit=7,
        sender="Shop",
        gateway=False,
        rest_right=False,
        unsubscribed=(DIGITS,),
        bounced=("972542222222",),
        kosher=("972543333333",),
        async_delay=timedelta(seconds=1.5),
    )
    with running(settings) as mock:
        everyone, api = Api(mock), Api(mock, "a key of the tests")
        account = api.get("account")
        clock = account.pop("clock")
        assert account.pop("memory") > 0
        assert len(account.pop("id")) == 12
        assert account == {
            "key": "a ke…",
            "label": "",
            "test_outcome": None,
            "test_failures": [],
            "credit": 7,
            "sender": "Shop",
            "gateway": False,
            "rest_right": False,
            "unsubscribed": [DIGITS],
            "bounced": ["972542222222"],
            "kosher": ["972543333333"],
            "force_unsubscribe_link": False,
            "async_delay": "1.5s",
            "callback": {"drop": False, "delay": "0s", "times": 1, "reversed": False},
            "webhooks": [],
            "messages": 0,
            "newest": None,
            "evicted": 0,
            "waiting_for_credit": 0,
            "cursor": 0,
        }
        assert clock | {"now": ""} == {"now": "", "frozen": False, "next_due": None}
        assert everyone.get("accounts") == {
            "accounts": [],
            "cursor": 0,
            "total": 0,
            "evicted": 0,
            "incomplete": False,
        }
        assert everyone.get("health")["accounts"] == 0


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "account", None),
        ("PATCH", "account", {"credit": 1}),
        ("DELETE", "account", None),
        ("POST", "inbound", {"from": PHONE, "text": "Hi"}),
    ],
)
def test_what_is_about_one_account_must_name_it(shared_mock: Mock, method: str, path: str, body: object) -> None:
    error = Api(shared_mock).refused(404, method, path, body)
    assert error["message"] == (
        "This needs one account: send the header X-API-Key, or ?account= with the key or the id."
    )


@pytest.mark.parametrize(
    ("change", "name", "value"),
    [
        ({"credit": 5}, "credit", 5),
        ({"credit": 5.0}, "credit", 5),
        ({"credit": 0}, "credit", 0),
        ({"credit": 10**12}, "credit", 10**12),
        ({"sender": "Shop"}, "sender", "Shop"),
        ({"label": "tests/test_otp.py::test_it[\u202e]"}, "label", "tests/test_otp.py::test_it[\u202e]"),
        ({"test_outcome": "failed"}, "test_outcome", "failed"),
        ({"test_outcome": None}, "test_outcome", None),
        ({"test_failures": [FAILURE]}, "test_failures", [FAILURE]),
        ({"gateway": False}, "gateway", False),
        ({"rest_right": False}, "rest_right", False),
        ({"unsubscribed": [PHONE]}, "unsubscribed", [DIGITS]),
        ({"bounced": [SECOND, "+972 (54) 111.1111"]}, "bounced", [DIGITS, "972542222222"]),
        ({"kosher": ["972-58-32xxxxx"]}, "kosher", ["9725832XXXXX"]),
        ({"kosher": {"add": [PHONE, PHONE]}}, "kosher", [DIGITS]),
        ({"kosher": {"remove": [PHONE]}}, "kosher", []),
        ({"kosher": {}}, "kosher", []),
        (
            {"callback": {"times": 3, "delay": "1m", "reversed": True}},
            "callback",
            {"drop": False, "delay": "60s", "times": 3, "reversed": True},
        ),
        (
            {"callback": {"drop": True}},
            "callback",
            {"drop": True, "delay": "0s", "times": 1, "reversed": False},
        ),
        ({"callback": {}}, "callback", {"drop": False, "delay": "0s", "times": 1, "reversed": False}),
    ],
    ids=str,
)
def test_what_is_changed_is_changed_and_nothing_else(
    api: Api, change: dict[str, Any], name: str, value: object
) -> None:
    before = api.get("account")
    changed = api.patch(**change)
    assert changed[name] == value
    other = dict.fromkeys(("clock", "memory", "cursor"))
    assert {**before, name: value, **other} == {**changed, **other}
    assert {**api.get("account"), "clock": None} == {**changed, "clock": None}


def test_failures_of_a_test_go_with_its_outcome_and_with_the_account(api: Api) -> None:
    before = api.get("account")["memory"]
    changed = api.patch(test_outcome="failed", test_failures=[FAILURE, FAILURE])
    assert changed["test_failures"][0]["comparisons"][0]["differences"] == [
        {"expected": {"start": 13, "end": 14}, "actual": {"start": 13, "end": 14}}
    ]
    assert changed["memory"] > before + 2 * len(FAILURE["text"])
    assert all("test_failures" not in account for account in api.get("accounts")["accounts"])
    assert api.patch(label="a test")["test_failures"] == [FAILURE, FAILURE]
    assert api.patch(test_outcome="passed")["test_failures"] == []
    assert api.get("account")["memory"] == before
    for method, path in (("POST", "reset"), ("DELETE", "account")):
        api.patch(test_outcome="failed", test_failures=[FAILURE])
        api.request_json(method, path)
        assert api.get("account")["test_failures"] == []


def test_closest_message_of_a_failure_may_have_no_comparisons(api: Api) -> None:
    closest = {"transaction_id": "a", "matched": 0, "conditions": 0, "comparisons": [], "history": "queued"}
    failure = {**FAILURE, "explanation": {**FAILURE["explanation"], "closest": [closest]}}
    (shown,) = api.patch(test_failures=[failure])["test_failures"]
    assert "closest    a  0 of 0 match\n               history  queued" in shown["explanation"]["text"]


def test_account_shows_the_cursor_of_its_newest_message(api: Api) -> None:
    assert api.get("account")["newest"] is None
    _, newest = api.send(PHONE, PHONE)
    assert api.get("account")["newest"] == api.get(f"messages/{newest}")["cursor"]
    api.request_json("DELETE", "messages")
    assert api.get("account")["newest"] is None


def test_many_things_are_changed_at_once(api: Api) -> None:
    changed = api.patch(credit=3, sender="Shop", gateway=False, bounced=[PHONE])
    assert (changed["credit"], changed["sender"], changed["gateway"], changed["bounced"]) == (
        3, "Shop", False, [DIGITS]
    )  # fmt: skip


def test_credit_is_taken_away_by_null_and_left_alone_unless_named(api: Api) -> None:
    api.patch(credit=5)
    assert api.patch(sender="Shop")["credit"] == 5
    assert api.patch()["credit"] == 5
    assert api.patch(credit=None)["credit"] is None


@pytest.mark.parametrize("name", ["unsubscribed", "bounced", "kosher"])
def test_numbers_are_added_to_a_list_and_removed_from_it(api: Api, name: str) -> None:
    assert api.patch(**{name: {"add": [PHONE, SECOND]}})[name] == [DIGITS, "972542222222"]
    assert api.patch(**{name: {"add": [PHONE], "remove": [SECOND]}})[name] == [DIGITS]
    assert api.patch(**{name: {"remove": ["+" + DIGITS]}})[name] == []
    assert api.patch(**{name: [SECOND]})[name] == ["972542222222"]
    assert api.patch(**{name: []})[name] == []


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"credit": -1}, "credit"),
        ({"credit": 1.5}, "credit"),
        ({"credit": 10**12 + 1}, "credit"),
        ({"credit": "5"}, "credit"),
        ({"credit": True}, "credit"),
        ({"sender": ""}, "sender"),
        ({"sender": "s" * 201}, "sender"),
        ({"label": "s" * 501}, "label"),
        ({"test_outcome": "green"}, "test_outcome"),
        ({"test_failures": [FAILURE] * 11}, "test_failures"),
        ({"test_failures": [{**FAILURE, "text": "x" * 100_000}]}, "test_failures"),
        ({"test_failures": [{**FAILURE, "when": "later"}]}, "test_failures 1.when"),
        ({"test_failures": [{**FAILURE, "line": 4}]}, "test_failures 1.line"),
        (
            {"test_failures": [{**FAILURE, "comparisons": [{**FAILURE["comparisons"][0], "differs_at": -1}]}]},
            "test_failures 1.comparisons 1.differs_at",
        ),
        ({"gateway": "no"}, "gateway"),
        ({"gateway": 0}, "gateway"),
        ({"unsubscribed": ["bob"]}, "unsubscribed 1"),
        ({"unsubscribed": [PHONE, ""]}, "unsubscribed 2"),
        ({"bounced": PHONE}, "bounced"),
        ({"bounced": {"add": PHONE}}, "bounced.add"),
        ({"kosher": {"add": ["9" * 41]}}, "kosher.add 1"),
        ({"kosher": {"ad": [PHONE]}}, "kosher.ad"),
        ({"crdit": 5}, "crdit"),
        ({"id": "x"}, "id"),
    ],
    ids=str,
)
def test_change_that_does_not_fit_is_named_and_nothing_changes(api: Api, change: dict[str, Any], where: str) -> None:
    before = api.patch(credit=1, sender="Before")
    error = api.refused(400, "PATCH", "account", {"rest_right": False, **change})
    assert list(error["issues"]) == [where]
    assert {**api.get("account"), "clock": None} == {**before, "clock": None}


def test_misspelled_field_of_a_change_gets_the_nearest_name(api: Api) -> None:
    error = api.refused(400, "PATCH", "account", {"crdit": 5})
    assert error["message"] == "crdit: unknown name; did you mean credit?"


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"unsubscribed": [PHONE]}, "rejected/unsubscribe"),
        ({"bounced": [PHONE]}, "rejected/bounced"),
        ({"kosher": [PHONE]}, "rejected/kosher-number"),
        ({"credit": 0}, "queued/insufficient-funds"),
        ({"gateway": False}, "exception/no-available-gateways"),
        ({"credit": 1}, "sent"),
    ],
    ids=str,
)
def test_change_has_its_effect_on_later_sends(api: Api, change: dict[str, Any], state: str) -> None:
    (before,) = api.send(PHONE, **PLAIN)
    api.patch(**change)
    (after,) = api.send(PHONE, **PLAIN)
    assert (api.status_of(before), api.status_of(after)) == ("sent", state)


def test_sender_of_the_account_is_that_of_messages_that_name_none(api: Api) -> None:
    api.patch(sender="Shop")
    api.send(PHONE)
    assert api.get("messages/latest")["sender"] == "Shop"


def test_account_without_the_rest_right_is_refused(api: Api) -> None:
    api.patch(rest_right=False)
    assert api.mock.get("/transactional/sms/search", api.key or "").status_code == 401
    api.patch(rest_right=True)
    assert api.mock.get("/transactional/sms/search", api.key or "").status_code == 200


def test_top_up_sends_what_waited_oldest_first_as_far_as_it_goes(api: Api) -> None:
    api.patch(credit=0)
    sent = api.send(PHONE, PHONE, PHONE, **PLAIN)
    assert api.get("account")["waiting_for_credit"] == 3
    topped_up = api.patch(credit=2)
    assert (topped_up["credit"], topped_up["waiting_for_credit"]) == (0, 1)
    assert [api.status_of(each) for each in sent] == ["sent", "sent", "queued/insufficient-funds"]
    assert api.patch(credit=None)["waiting_for_credit"] == 0
    assert api.status_of(sent[2]) == "sent"


def test_top_up_passes_over_what_was_deleted(api: Api) -> None:
    api.patch(credit=0)
    api.send(PHONE, **PLAIN)
    api.request_json("DELETE", "messages")
    (second,) = api.send(PHONE, **PLAIN)
    assert api.patch(credit=1) | {"clock": None, "id": "", "key": ""} == {
        **api.get("account"), "clock": None, "id": "", "key": "", "credit": 0, "waiting_for_credit": 0,
    }  # fmt: skip
    assert api.status_of(second) == "sent"


def test_top_up_in_the_same_breath_as_a_bounce_list_bounces(api: Api) -> None:
    (waiting,) = api.send(NO_CREDIT)
    api.patch(credit=10, bounced=[NO_CREDIT])
    assert api.status_of(waiting) == "rejected/bounced"


@pytest.mark.ledger("send.async-delay")
def test_async_delay_of_an_account_applies_to_its_later_sends(api: Api) -> None:
    api.post("clock/freeze")
    at_once = api.send(PHONE, **{"async": True})
    assert api.patch(async_delay="5s")["async_delay"] == "5s"
    waiting, in_sync = api.send(PHONE, **{"async": True}), api.send(PHONE)
    assert [api.status_of(sent) for (sent,) in (at_once, waiting, in_sync)] == ["sent", "queued", "sent"]
    api.patch(async_delay=0)
    api.post("clock/advance", {"by": 4.9})
    assert api.status_of(*waiting) == "queued"
    api.post("clock/advance", {"by": 0.1})
    assert api.status_of(*waiting) == "sent"


@pytest.mark.parametrize("delay", ["soon", -1, "3651d", None])
def test_invalid_async_delay_is_refused(api: Api, delay: object) -> None:
    assert "async_delay" in str(api.refused(400, "PATCH", "account", {"async_delay": delay}))


def test_deleted_account_starts_empty_with_other_ids(api: Api) -> None:
    other = Api(api.mock, f"{api.key} of another")
    theirs = other.send(PHONE)
    owner = api.patch(credit=1, unsubscribed=[PHONE])["id"]
    first = api.send(PHONE)
    assert api.request_json("DELETE", "account") == {"reset": owner}
    account = api.get("account")
    assert (account["id"], account["credit"], account["unsubscribed"], account["messages"]) == (owner, None, [], 0)
    assert api.get("requests")["total"] == 0
    assert api.send(PHONE) != first
    assert other.ids() == theirs


def test_account_is_deleted_by_its_id_too(api: Api) -> None:
    api.send(PHONE)
    owner = api.get("account")["id"]
    assert Api(api.mock).request_json("DELETE", "account", account=owner) == {"reset": owner}
    assert api.ids() == []


def test_accounts_are_listed_the_latest_used_first(own_mock: Mock) -> None:
    for key in ("first key", "second key", "third key", "first key"):
        Api(own_mock, key).send(PHONE)
    accounts = Api(own_mock).get("accounts")["accounts"]
    assert [(account["key"], account["messages"]) for account in accounts] == [("firs…", 2), ("thir…", 1), ("seco…", 1)]
    assert [account["id"] for account in accounts] == [
        Api(own_mock, key).get("account")["id"] for key in ("first key", "third key", "second key")
    ]


def test_accounts_are_listed_page_by_page(own_mock: Mock) -> None:
    everyone, keys = Api(own_mock), [f"{place} key of a test" for place in range(5)]
    for key in keys:
        Api(own_mock, key).patch(credit=1)
    pages, before = [], None
    while (page := everyone.get("accounts", limit=2, before=before))["accounts"]:
        pages.append(page)
        before = page["accounts"][-1]["cursor"]
    shown = [[account["key"] for account in page["accounts"]] for page in pages]
    assert shown == [["4 ke…", "3 ke…"], ["2 ke…", "1 ke…"], ["0 ke…"]]
    assert [page["total"] for page in pages] == [5, 5, 5]


def test_accounts_are_listed_from_a_cursor_on(own_mock: Mock) -> None:
    everyone = Api(own_mock)
    for key in ("first key", "second key"):
        Api(own_mock, key).send(PHONE)
    cursor = everyone.get("accounts")["cursor"]
    assert everyone.get("accounts", since=cursor)["accounts"] == []
    Api(own_mock, "first key").send(PHONE)
    page = everyone.get("accounts", since=cursor)
    assert ([account["key"] for account in page["accounts"]], page["total"]) == (["firs…"], 1)


def test_list_says_that_accounts_were_evicted() -> None:
    with running(Settings(port=0, max_accounts=2)) as mock:
        for key in ("one", "two", "three"):
            Api(mock, key).send(PHONE)
        page = Api(mock).get("accounts")
    assert (page["total"], page["evicted"], page["incomplete"]) == (2, 1, True)


def test_memory_of_an_account_grows_with_its_records_and_lists(api: Api) -> None:
    before = api.get("account")["memory"]
    api.send(PHONE, content="x" * 10_000)
    with_message = api.get("account")["memory"]
    assert with_message - before > 20_000, "the message, and the body of its request"
    listed = api.patch(bounced=[f"97254{place:07d}" for place in range(100)])["memory"]
    assert listed - with_message > 10_000
    assert api.patch(bounced=[])["memory"] == with_message


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "account"),
        ("PATCH", "account"),
        ("DELETE", "account"),
        ("POST", "reset"),
        ("POST", "clock/freeze"),
        ("POST", "inbound"),
    ],
)
def test_unknown_account_id_creates_no_account(shared_mock: Mock, method: str, path: str) -> None:
    body = {"from": PHONE, "text": "Hi"} if path == "inbound" else {} if method == "PATCH" else None
    error = Api(shared_mock).refused(404, method, path, body, account="0123456789ab")
    assert error["message"] == (
        "Unknown account id '0123456789ab'. Accounts are created by API key; GET /_mock/accounts lists them."
    )


def test_key_that_is_not_accepted_makes_no_account() -> None:
    with running(Settings(port=0, api_key=("good",))) as mock:
        assert Api(mock, "good").patch(credit=1)["credit"] == 1
        Api(mock, "bad").refused(404, "PATCH", "account", {})
        assert len(Api(mock).get("accounts")["accounts"]) == 1


def test_reset_of_one_account_leaves_the_others(own_mock: Mock) -> None:
    first, second = Api(own_mock, "first"), Api(own_mock, "second")
    first.send(PHONE)
    theirs = second.send(PHONE)
    first.patch(credit=1)
    first.post("clock/freeze")
    assert first.post("reset") == {"reset": first.get("account")["id"]}
    account = first.get("account")
    assert (account["messages"], account["credit"], account["clock"]["frozen"]) == (0, None, False)
    assert second.ids() == Api(own_mock).ids() == theirs


def test_reset_of_an_account_that_was_not_used_yet_changes_nothing(api: Api) -> None:
    assert api.post("reset") == {"reset": api.get("account")["id"]}


def test_reset_of_everything_leaves_nothing(own_mock: Mock) -> None:
    everyone = Api(own_mock)
    api = Api(own_mock, "first")
    api.send(PHONE)
    own_mock.get("/nowhere", "first")
    own_mock.post("", path="/nowhere", X_API_Key="")
    everyone.post("clock/freeze")
    assert everyone.post("reset", {}) == {"reset": "everything"}
    health = everyone.get("health")
    assert (health["accounts"], health["messages"], health["requests"]) == (0, 0, 0)
    assert health["evicted"] == {"accounts": 0, "messages": 0, "requests": 0}
    assert not everyone.get("clock")["frozen"]
    assert not api.get("clock")["frozen"]
    assert everyone.get("requests")["total"] == everyone.get("inbound")["total"] == 0


@pytest.mark.parametrize("everything", [True, False], ids=["everything", "one account"])
def test_cursors_stay_good_over_a_reset_and_ids_never_repeat(own_mock: Mock, *, everything: bool) -> None:
    api = Api(own_mock, "first")
    before = api.send(SENT, SENT)
    cursor = api.get("messages")["cursor"]
    Api(own_mock, None if everything else "first").post("reset")
    assert api.get("messages")["cursor"] == cursor
    after = api.send(SENT, SENT)
    page = api.get("messages", since=cursor)
    assert [message["transaction_id"] for message in page["messages"]] == after[::-1]
    assert (page["incomplete"], page["evicted"]) == (False, 0)
    assert not {*before} & {*after}
    api.refused(404, "GET", f"messages/{before[0]}")


def test_reset_does_not_care_how_often(own_mock: Mock) -> None:
    for _ in range(3):
        assert Api(own_mock).post("reset") == {"reset": "everything"}


def test_phone_replies(api: Api) -> None:
    reply = api.post("inbound", {"from": PHONE, "text": "שלום"})
    assert reply == {
        "cursor": reply["cursor"],
        "account": api.get("account")["id"],
        "at": reply["at"],
        "number": DIGITS,
        "text": "שלום",
        "effect": "",
        "reason": "it is not a word that opts out (STOP, הסר) or in (START)",
        "transaction_id": None,
    }
    page = api.get("inbound")
    assert page == {"cursor": page["cursor"], "total": 1, "evicted": 0, "incomplete": False, "replies": [reply]}


@pytest.mark.parametrize("word", ["STOP", " stop. ", "הסר"])
def test_phone_opts_out_and_in_by_a_word_if_its_latest_message_offered_it(api: Api, word: str) -> None:
    api.send(PHONE, add_unsubscribe_sms_reply=True)
    assert api.post("inbound", {"from": PHONE, "text": word})["effect"] == "opted out"
    assert api.get("account")["unsubscribed"] == [DIGITS]
    (refused,) = api.send(PHONE, add_unsubscribe_sms_reply=True)
    assert api.status_of(refused) == "rejected/unsubscribe"
    assert api.post("inbound", {"from": "+972541111111", "text": "START"})["effect"] == "opted in"
    (sent,) = api.send(PHONE)
    assert api.status_of(sent) == "sent"


def test_word_is_just_a_word_to_a_message_that_did_not_offer_it(api: Api) -> None:
    api.send(PHONE)
    assert api.post("inbound", {"from": PHONE, "text": "STOP"})["effect"] == ""
    assert api.get("account")["unsubscribed"] == []


def test_replies_are_listed_newest_first_after_a_cursor(api: Api) -> None:
    for text in ("one", "two"):
        api.post("inbound", {"from": PHONE, "text": text})
    cursor = api.get("inbound")["cursor"]
    for text in ("three", "four"):
        api.post("inbound", {"from": PHONE, "text": text})

    def texts(**query: int) -> list[str]:
        return [sms["text"] for sms in api.get("inbound", **query)["replies"]]

    assert texts() == ["four", "three", "two", "one"]
    assert texts(since=cursor) == ["four", "three"]
    assert texts(since=cursor, before=api.get("inbound")["replies"][0]["cursor"]) == ["three"]
    assert texts(limit=1) == ["four"]
    assert api.get("inbound", limit=1)["total"] == 4
    api.refused(409, "GET", "inbound", since=2**53)
    api.refused(400, "GET", "inbound", limit=0)


def test_replies_of_one_phone_are_listed(own_mock: Mock) -> None:
    first, second = Api(own_mock, "first"), Api(own_mock, "second")
    for api, phone, text in ((first, PHONE, "a"), (first, "972-54-2222222", "b"), (second, PHONE, "c")):
        api.post("inbound", {"from": phone, "text": text})
    page = Api(own_mock).get("inbound", number="+972 54 1111111")
    assert [sms["text"] for sms in page["replies"]] == ["c", "a"]
    assert page["total"] == 2
    assert first.get("inbound", number="972540000000")["replies"] == []


def test_replies_beyond_the_limit_are_evicted_and_counted() -> None:
    with running(Settings(port=0, max_messages=2)) as mock:
        api, other = Api(mock, "first"), Api(mock, "second")
        cursor = api.get("inbound")["cursor"]
        for text in ("one", "two", "three"):
            api.post("inbound", {"from": PHONE, "text": text})
        other.post("inbound", {"from": PHONE, "text": "theirs"})
        page = api.get("inbound", since=cursor)
        assert [sms["text"] for sms in page["replies"]] == ["three", "two"]
        assert (page["evicted"], page["incomplete"], page["total"]) == (1, True, 2)
        everybody = Api(mock).get("inbound", since=page["replies"][1]["cursor"] - 1)
        assert [sms["text"] for sms in everybody["replies"]] == ["theirs", "three", "two"]
        assert not everybody["incomplete"]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"from": PHONE}, "text"),
        ({"text": "Hi"}, "from"),
        ({"from": "", "text": "Hi"}, "from"),
        ({"from": PHONE, "text": "x" * 10_001}, "text"),
        ({"from": PHONE, "text": "Hi", "to": "x"}, "to"),
        ({"from_": PHONE, "text": "Hi"}, "from_"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_reply_that_does_not_fit_is_named(api: Api, body: dict[str, str], where: str) -> None:
    error = api.refused(400, "POST", "inbound", body)
    assert where in error["issues"]
    assert api.get("inbound")["total"] == 0


@pytest.mark.parametrize("webhook", ["http://user:hunter2@app/", {"url": "http://hunter2@app/", "kind": "automation"}])
def test_webhook_with_a_password_is_refused_without_showing_it(api: Api, webhook: object) -> None:
    error = api.refused(400, "PATCH", "account", {"webhooks": [webhook]})
    assert "must be an address without user name and password" in str(error)
    assert "http://***@app/" in str(error)
    assert "hunter2" not in str(error)


def test_webhook_with_a_five_digit_port_and_an_underscore_is_accepted(api: Api) -> None:
    url = "http://my_app:51234/hooks"
    api.patch(webhooks=[url])
    assert [webhook["url"] for webhook in api.get("account")["webhooks"]] == [url]


@pytest.fixture
def without_key(own_mock: Mock) -> Account:
    """An account of `own_mock` that was restored without its key, "shop-42"."""
    key = AccountKey.of("shop-42")._replace(value=None)
    account = Account(key, Settings(), Clock(), "tests", Numbering())
    account.clock.freeze()
    own_mock.engine.accounts.install(account)
    return account


def test_account_without_its_key_is_found_by_key_and_id(own_mock: Mock, without_key: Account) -> None:
    by_key, everyone = Api(own_mock, "shop-42"), Api(own_mock)
    assert by_key.get("account") == everyone.get("account", account=without_key.id)
    assert by_key.get("account")["key"] == "shop…"
    by_key.patch(label="by key")
    assert everyone.request_json("PATCH", "account", {"credit": 7}, account=without_key.id)["label"] == "by key"
    assert [row["credit"] for row in everyone.get("accounts")["accounts"]] == [7]
    by_key.send(PHONE)
    assert (without_key.key, len(without_key.messages)) == ("shop-42", 1)
    by_key.request_json("DELETE", "account")
    assert everyone.get("accounts")["accounts"] == []


def test_explanation_names_an_account_without_its_key(own_mock: Mock, without_key: Account) -> None:
    own_mock.engine.submit(without_key, Submission("Hello"), [Recipient(PHONE)])
    failure = Api(own_mock, "another key").get("messages/wait", expect=408, to=PHONE, timeout=0)
    assert "account shop… has it" in str(failure)
