"""The handle: start, connect, point the application at it, read, stop."""

from __future__ import annotations

import asyncio
import inspect
import os
import re
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import mocksms
from mocksms import MockSMS
from mocksms.errors import MockRefused, MockUnreachable, SettingsError, UnknownScenario
from mocksms.settings import Settings
from mocksms.sms.webhook import Webhook, WebhookKind
from mocksms.testing import client
from mocksms.testing.waiting import Aio
from tests.inspection.support import KOSHER
from tests.support import NUMBER, Mock, body, running
from tests.testing.support import meanwhile, post, send


def test_block_runs_a_mock_of_its_own() -> None:
    with MockSMS() as one, MockSMS() as other:
        send(one)
        assert (len(one.outbox), len(other.outbox)) == (1, 0)
        url = one.url
    with pytest.raises(MockUnreachable):
        MockSMS.connect(url, ready_timeout=0)


@pytest.mark.parametrize("key", ["", " a ", "מפתח", "a\nb", 5, None])
def test_key_that_does_not_fit_into_a_header_is_refused(sms: MockSMS, key: Any) -> None:
    hint = "must fit into an HTTP header: text in ASCII, not empty, without spaces around it"
    for use in (lambda: MockSMS(api_key=key), lambda: sms.account(key), lambda: setattr(sms, "api_key", key)):
        with pytest.raises(ValueError, match=f"^api_key is {re.escape(repr(key))}, but {hint}$"):
            use()
    assert sms._api_keys == {sms.api_key}


def test_start_and_stop_may_be_called_again() -> None:
    sms = MockSMS()
    assert sms.start() is sms.start()
    sms.stop()
    sms.stop()
    with sms:
        send(sms)
        assert len(sms.outbox) == 1


def test_handle_that_was_not_started_says_how_to_start_it() -> None:
    sms = MockSMS()
    with pytest.raises(RuntimeError, match="the mock is not running; start it with: with MockSMS"):
        _ = sms.outbox
    assert repr(sms) == "<MockSMS not running, account test-key>"


def test_repr_names_url_and_account(sms: MockSMS) -> None:
    assert repr(sms) == f"<MockSMS {sms.url}, account {sms.api_key}>"


def test_options_are_those_of_mocksms() -> None:
    options: dict[str, Any] = {"credit": 1, "async_delay": "2s", "kosher": [NUMBER], "scenario": "gateway-outage"}
    with MockSMS(api_key="a", timeout=1, control_token="secret", **options) as sms:
        assert sms.credit == 1
        assert sms.unused_rules
        sms.scenario(None)
        send(sms, NUMBER)
        assert sms.outbox[0].state == "rejected/kosher-number"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"crdit": 1}, "There is no option 'crdit'; did you mean credit?"),
        ({"zzzzzz": 1}, "There is no option 'zzzzzz'; the options are host, port,"),
        ({"async_delay": "soon"}, "async_delay is 'soon', but must be"),
        (
            {"async_delay": timedelta(seconds=-1)},
            "async_delay is datetime.timedelta(days=-1, seconds=86399), but must be a duration",
        ),
        ({"credit": -1}, "credit is -1, but must be a whole number"),
        ({"gateway": None}, "gateway is None, but must be true or false"),
        ({"kosher": [972541111111, "y"]}, "kosher is [972541111111, 'y'], but must be phone numbers"),
        ({"credit": True}, "credit is True, but must be a whole number"),
        ({"sender": True}, "sender is True, but must be a text."),
        ({"log_format": ["line"]}, "log_format is ['line'], but must be one of lines, json"),
        ({"strict": 2}, "strict is 2, but must be true or false"),
        ({"public_url": 1}, "public_url is 1, but must be an address such as"),
        ({"webhook": [Webhook("app")]}, "webhook is [Webhook(url='app', "),
        ({"automation_webhook": Webhook("http://app", events=("click",))}, "automation_webhook is Webhook("),
        ({"host": "a..b"}, "Cannot listen on a..b"),
    ],
)
def test_error_of_an_invalid_option_is_one_sentence(options: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError) as refused:
        MockSMS(**options).start()
    assert str(refused.value).startswith(words)


def test_options_are_read_from_values_of_python(tmp_path: Path) -> None:
    scenario = tmp_path / "mine.toml"
    scenario.write_text('[[rule]]\noutcome = "rejected/bounced"\nmatch.tag = "otp"\n', encoding="utf-8")
    webhooks = [Webhook("http://127.0.0.1:9/a", events=("send", "click")), Webhook("http://127.0.0.1:9/b")]
    with MockSMS(
        async_delay=timedelta(milliseconds=1_500),
        magic_delay=2,
        kosher=(972541111111,),
        scenario=scenario,
        credit=None,
        strict=True,
        webhook=webhooks,
        automation_webhook=Webhook("http://127.0.0.1:9/c"),
        unsubscribed=None,
        scenario_folder=tmp_path,
        webhook_retry=[1, "2s"],
    ) as sms:
        assert sms._server is not None
        settings = sms._server.settings
        assert sms.unused_rules
    assert (settings.async_delay, settings.magic_delay) == (timedelta(seconds=1.5), timedelta(seconds=2))
    assert (settings.kosher, settings.credit, settings.strict) == (("972541111111",), None, True)
    assert settings.webhook == tuple(webhooks)
    assert settings.automation_webhook == (Webhook("http://127.0.0.1:9/c", WebhookKind.AUTOMATION),)
    assert (settings.unsubscribed, settings.scenario_folder) == ((), str(tmp_path))
    assert settings.webhook_retry == (timedelta(seconds=1), timedelta(seconds=2))


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("credits", 0, "credits of a mock cannot be set; did you mean credit?"),
        ("scenario", "gateway-outage", "scenario of a mock cannot be set; credit and api_key can"),
        ("zzz", 0, "zzz of a mock cannot be set; credit and api_key can"),
    ],
)
def test_misspelt_attribute_cannot_be_set(sms: MockSMS, name: str, value: object, hint: str) -> None:
    with pytest.raises(AttributeError, match=f"^{re.escape(hint)}$"):
        setattr(sms, name, value)


def test_method_can_be_replaced_by_a_test_double(sms: MockSMS, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sms, "reset", lambda: "replaced")
    assert sms.reset() == "replaced"  # type: ignore[func-returns-value]


def test_inner_block_does_not_stop_the_mock() -> None:
    with MockSMS() as sms:
        with sms as inner:
            assert inner.outbox == []
        assert sms.outbox == []
        url = sms.url
    with pytest.raises(MockUnreachable):
        MockSMS.connect(url, ready_timeout=0)


def test_unknown_scenario_is_named_at_the_start() -> None:
    with pytest.raises(UnknownScenario, match="nowhere"):
        MockSMS(scenario="nowhere").start()


def test_environment_variables_do_not_configure_a_mock_in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCKSMS_CREDIT", "7")
    with MockSMS() as sms:
        assert sms.credit is None


def test_connect_returns_the_handle_of_a_running_mock() -> None:
    with running(Settings(port=0, control_token="secret")) as mock:
        with MockSMS.connect(mock.url, api_key="mine", control_token="secret") as sms:
            send(sms)
            assert sms.outbox[0].to == NUMBER
        assert sms.outbox
        sms.stop()


def test_environment_names_url_and_key(shared_mock: Mock, sms: MockSMS, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"{shared_mock.url}/rest/v1"
    assert (sms.url, sms.base_url) == (shared_mock.url, url)
    assert sms.env == {"SMS_URL": url, "SMS_KEY": sms.api_key}
    assert sms.environment("INWISE_URL", "INWISE_KEY") == {"INWISE_URL": url, "INWISE_KEY": sms.api_key}
    with monkeypatch.context() as patched:
        sms.patch_env(patched, url="INWISE_URL", key="INWISE_KEY")
        assert (os.environ["INWISE_URL"], os.environ["INWISE_KEY"]) == (url, sms.api_key)
    assert "INWISE_URL" not in os.environ


@pytest.mark.parametrize("path", ["/transactional/sms/send", "/rest/v1/transactional/SMS/send"])
def test_url_may_be_followed_by_the_version_or_not(sms: MockSMS, path: str) -> None:
    assert post(sms, body(), path).status_code == 200


def test_outbox_is_a_plain_list_oldest_first(sms: MockSMS) -> None:
    ids = send(sms, NUMBER, KOSHER, NUMBER)
    assert isinstance(sms.outbox, list)
    assert [message.transaction_id for message in sms.outbox] == ids
    assert sms.read(ids[1]).to == KOSHER
    with pytest.raises(MockRefused, match="Unknown message"):
        sms.read("0" * 32)


def test_outbox_is_whole_beyond_a_page(sms: MockSMS, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MAX_PAGE", 4)
    ids = send(sms, *[NUMBER] * 8)
    assert [message.transaction_id for message in sms.outbox] == ids
    ids += send(sms)
    assert [message.transaction_id for message in sms.outbox] == ids


def test_requests_are_those_of_the_journal(sms: MockSMS) -> None:
    (sent,) = send(sms, nonsense=1)
    post(sms, body(), "/nowhere\n")
    first, second = sms.requests
    assert (first.method, first.target, first.status, first.is_refused) == (
        "POST",
        "/transactional/sms/send",
        200,
        False,
    )
    assert first.messages == (sent,)
    assert [warning.partition(":")[0] for warning in first.warnings] == ["message.nonsense"]
    assert repr(first) == "<POST /transactional/sms/send status 200: the path has no /rest/v1>"
    assert (first.lacks_prefix, second.lacks_prefix) == (True, False)
    assert (second.status, second.is_refused, second.fault_decided_by) == (404, True, None)
    assert repr(second).startswith("<POST /nowhere%0A status 404: no resource at http://")


def test_request_that_was_reset_has_no_status(sms: MockSMS) -> None:
    with pytest.raises(OSError, match="Connection"):
        post(sms, body(sms.number("reset")))
    (call,) = sms.requests
    assert (call.status, call.is_refused) == (None, True)
    assert repr(call).startswith("<POST /transactional/sms/send connection reset: magic number 72")


def test_package_offers_known_names_only() -> None:
    assert mocksms.MockSMS is MockSMS
    with pytest.raises(AttributeError, match="module 'mocksms' has no attribute 'MockSms'"):
        _ = mocksms.MockSms  # type: ignore[attr-defined]


async def in_a_moment(sms: MockSMS, *to: str) -> None:
    """Send as an application in the loop of the test would: only if the loop goes on."""
    await asyncio.sleep(0)
    await asyncio.to_thread(send, sms, *to)


def test_async_forms_let_the_loop_go_on(sms: MockSMS) -> None:
    async def scenario() -> None:
        task = asyncio.create_task(in_a_moment(sms, NUMBER))
        assert (await sms.aio.wait_for(to=NUMBER, timeout="10s")).to == NUMBER
        await task
        task = asyncio.create_task(in_a_moment(sms, KOSHER))
        with pytest.raises(AssertionError, match=r"1 SMS to .*, expected exactly 0"):
            await sms.aio.assert_not_sent(to=KOSHER, for_="10s")
        await task
        cursor = sms.cursor
        task = asyncio.create_task(in_a_moment(sms))
        with pytest.raises(AssertionError):
            await sms.aio.assert_nothing_sent(for_="10s", since=cursor)
        await task
        frozen = await sms.aio.freeze(datetime(2040, 1, 1, tzinfo=UTC))
        assert await sms.aio.advance("1h") - frozen == timedelta(hours=1)

    asyncio.run(scenario())


@pytest.mark.parametrize("name", [name for name in vars(Aio) if not name.startswith("_")])
def test_async_form_takes_what_the_other_takes(name: str) -> None:
    form = getattr(Aio, name)
    assert inspect.iscoroutinefunction(form)
    assert inspect.signature(form) == inspect.signature(getattr(MockSMS, name))


def test_threads_share_a_handle(sms: MockSMS) -> None:
    numbers: list[str] = []
    threads = [threading.Thread(target=lambda: numbers.append(sms.number())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(numbers)) == 8
    with meanwhile(lambda: send(sms, *numbers)):
        assert sms.wait_for(times=8, timeout=10).to in numbers
