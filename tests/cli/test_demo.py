"""The demo traffic: realistic, repeatable by its seed, and only to magic numbers."""

from __future__ import annotations

import sys
from importlib.metadata import distribution

import pytest

from mocksms import MockSMS
from mocksms.cli.demo import demo_messages, send_demo
from mocksms.cli.main import UNUSABLE, main
from mocksms.errors import MocksmsError
from mocksms.sms.magic import Catalogue
from mocksms.sms.numbers import digits_of
from tests.support import Mock


def test_traffic_is_the_same_for_the_same_seed() -> None:
    assert [*demo_messages("a", 50)] == [*demo_messages("a", 50)] != [*demo_messages("b", 50)]


def test_traffic_has_magic_numbers_and_two_languages() -> None:
    texts = [*demo_messages("a", 50)]
    assert all(Catalogue().code(digits_of(sms.mobile_number)) for sms in texts)
    assert {sms.tag for sms in texts} == {"otp", "delivery", "appointment", "billing"}
    assert any(sms.content.isascii() for sms in texts)
    assert any("קוד" in sms.content for sms in texts)


def test_demo_sends_messages_with_replies_and_clicks(shared_mock: Mock) -> None:
    with MockSMS.connect(shared_mock.url, api_key="demo-of-a-test") as sms:
        assert send_demo(sms, "a", 60) == 60
        assert len(sms.outbox) == 60
        assert {message.status for message in sms.outbox} >= {"sent", "queued", "rejected"}
        assert {reply.text for reply in sms.replies} >= {"YES"}
        assert any(message.clicks for message in sms.outbox)
        assert not any(message.warnings for message in sms.outbox)


def test_refused_demo_raises_an_error_with_the_status(shared_mock: Mock) -> None:
    with MockSMS.connect(shared_mock.url, api_key="demo-refused") as sms:
        sms.update_account(rest_right=False)
        with pytest.raises(MocksmsError, match=f"{shared_mock.url} responded with status 401: "):
            send_demo(sms, "a", 1)


def test_command_fills_an_account(shared_mock: Mock, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--url", shared_mock.url, "--key", "demo-by-command", "--count", "3", "--seed", "x"]) == 0
    assert capsys.readouterr().out == f"3 SMS sent to account demo-by-command of {shared_mock.url}\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--port", "1"], "mocksms: No mock responds at http://127.0.0.1:1: "),
        (["--host", "::", "--port", "1"], "mocksms: No mock responds at http://[::1]:1: "),
        (["--url", "nowhere"], "mocksms: 'nowhere' is not the URL of a mock"),
        (["--count", "x"], "mocksms: Argument --count: invalid int value: 'x'."),
    ],
)
def test_command_with_invalid_arguments_is_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert main(["demo", *arguments]) == UNUSABLE
    assert capsys.readouterr().err.startswith(sentence)


def test_command_without_faker_prints_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command works in a checkout, where no release of mocksms can be installed."""
    monkeypatch.delitem(sys.modules, "mocksms.cli.demo", raising=False)
    monkeypatch.setitem(sys.modules, "faker", None)
    assert main(["demo"]) == UNUSABLE
    assert capsys.readouterr().err == "mocksms: mocksms demo needs the package faker; run: pip install faker\n"
    assert distribution("faker").name.lower() == "faker"
