from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms.errors import SettingsError
from mocksms.settings import (
    OPTIONS,
    SESSION_OPTIONS,
    SessionSettings,
    Settings,
    default_text,
    flag_name,
    foreign_variables,
    from_environment,
    read_options,
    variable_name,
)
from mocksms.sms.webhook import Webhook, WebhookKind

READ = [
    ("host", "0.0.0.0", "0.0.0.0"),
    ("port", "0", 0),
    ("port", " 65535 ", 65535),
    ("public_url", "http://192.168.1.20:8972/", "http://192.168.1.20:8972"),
    ("public_url", "https://phones.example/sms", "https://phones.example/sms"),
    ("public_url", "", None),
    ("allowed_host", "mock.test, other.test,,", ("mock.test", "other.test")),
    ("control_token", "open sesame", "open sesame"),
    ("control_token", "", None),
    ("api_key", "first,second", ("first", "second")),
    ("api_key", "", ()),
    ("auth_errors", "observed", "observed"),
    ("error_envelope", "string", "string"),
    ("auth_status", "400", 400),
    ("row_status_key", "state", "state"),
    ("send_at_zone", "utc", "utc"),
    ("read_zone", "utc", "utc"),
    ("reason_spelling", "underscore", "underscore"),
    ("strict", "true", True),
    ("strict", "YES", True),
    ("accept_local_numbers", "1", True),
    ("kosher_prefix", "972-58-32, 972-50-41", ("9725832", "9725041")),
    ("kosher_prefix", "", ()),
    ("force_unsubscribe_link", "on", True),
    ("text_without_charset", "question-marks", "question-marks"),
    ("link_length", "20", 20),
    ("magic_prefix", "972-50-001", "97250001"),
    ("magic_delay", "250ms", timedelta(milliseconds=250)),
    ("async_delay", "1.5", timedelta(seconds=1.5)),
    ("sync_limit", "10", 10),
    ("sync_limit", "", None),
    ("scheduled_status", "scheduled", "scheduled"),
    ("schedule_limit", "365d", timedelta(days=365)),
    ("schedule_limit", "", None),
    ("schedule_without_credit", "no", False),
    ("untracked_clicks", "on", True),
    ("ignore_sender", "yes", True),
    ("sender", "Shop", "Shop"),
    ("credit", "0", 0),
    ("credit", "", None),
    ("gateway", "false", False),
    ("gateway", " Off ", False),
    ("rest_right", "no", False),
    ("unsubscribed", "972-54-1111111", ("972541111111",)),
    ("bounced", "+972 54 1111111", ("972541111111",)),
    ("kosher", "972-58-32xxxxx", ("9725832XXXXX",)),
    ("scenario", "chaos, ./outage.toml", ("chaos", "./outage.toml")),
    ("scenario_folder", "/scenarios", "/scenarios"),
    ("scenario_folder", "", None),
    ("opt_out_word", "QUIT, הפסק", ("QUIT", "הפסק")),
    ("opt_in_word", "again", ("again",)),
    (
        "webhook",
        "http://127.0.0.1:8000/hooks, https://app.example/x?y=1#click+reject",
        (
            Webhook("http://127.0.0.1:8000/hooks"),
            Webhook("https://app.example/x?y=1", WebhookKind.TRANSACTIONAL, ("click", "reject")),
        ),
    ),
    ("webhook", "", ()),
    (
        "automation_webhook",
        "http://app:8000#SmsReply",
        (Webhook("http://app:8000", WebhookKind.AUTOMATION, ("SmsReply",)),),
    ),
    ("webhook_allow", "hooks.example.com,192.0.2.0/24", ("hooks.example.com", "192.0.2.0/24")),
    ("webhook_timeout", "250ms", timedelta(milliseconds=250)),
    ("webhook_retry", "1s,2m", (timedelta(seconds=1), timedelta(minutes=2))),
    ("webhook_retry", "", ()),
    ("webhook_id_key", "transaction_Id", "transaction_Id"),
    ("webhook_number_key", "email", "email"),
    ("webhook_bounce", "hard_bounce", "hard_bounce"),
    ("webhook_date", "swapped", "swapped"),
    ("webhook_zone", "utc", "utc"),
    ("automation_date", "us", "us"),
    ("automation_escapes", "upper", "upper"),
    ("max_callbacks", "5", 5),
    ("max_consents", "6", 6),
    ("seed", "seven", "seven"),
    ("seed", "", None),
    ("state", "mock.zip", "mock.zip"),
    ("state", "", None),
    ("state_every", "1m", timedelta(minutes=1)),
    ("state_every", "0", timedelta()),
    ("max_accounts", "1", 1),
    ("max_messages", "1000000000", 10**9),
    ("max_requests", "7", 7),
    ("max_memory", "512MiB", 2**29),
    ("max_memory", "1.5 Gi", 3 * 2**29),
    ("max_memory", str(2**26), 2**26),
    ("max_memory", "", None),
    ("max_body", "2048", 2048),
    ("quiet", "0", False),
    ("log_format", "json", "json"),
]
REFUSED = [
    ("port", "eighty", "a whole number from 0 to 65535"),
    ("port", "65536", "a whole number from 0 to 65535"),
    ("port", "-1", "a whole number from 0 to 65535"),
    ("port", "", "a whole number from 0 to 65535"),
    ("port", "9" * 5000, "a whole number from 0 to 65535"),
    ("port", "\u0663", "a whole number from 0 to 65535"),
    ("public_url", "phones.example", "an address such as http://192.168.1.20:8972"),
    ("public_url", "http://a b", "an address such as http://192.168.1.20:8972"),
    ("public_url", "http://phones.example/?q", "an address such as http://192.168.1.20:8972"),
    ("auth_errors", "zzz", "one of documented, observed"),
    ("auth_errors", "observd", "one of documented, observed (did you mean observed?)"),
    ("error_envelope", "", "one of object, string"),
    ("auth_status", "403", "one of 401, 400 (did you mean 401?)"),
    ("reason_spelling", "hyphens", "one of vendor, hyphen, underscore (did you mean hyphen?)"),
    ("strict", "maybe", "true or false"),
    ("quiet", "", "true or false"),
    ("log_format", "jsn", "one of lines, json (did you mean json?)"),
    ("kosher_prefix", "972-58-32,kosher", "phone numbers separated by commas, such as 972-54-1111111"),
    ("bounced", "bob", "phone numbers separated by commas, such as 972-54-1111111"),
    ("magic_prefix", "972", "4 to 11 digits such as 97250000; a magic number has four more"),
    ("magic_prefix", "972-50-00000000", "4 to 11 digits such as 97250000; a magic number has four more"),
    ("opt_out_word", ",", "words separated by commas, such as STOP,QUIT"),
    ("webhook", "app:8000", "an address such as http://127.0.0.1:8000/hooks"),
    (
        "webhook",
        "http://app:8000#clik",
        "events of the transactional webhook: send, reject, hard_bounce, click (did you mean click?)",
    ),
    ("webhook_timeout", "0", "longer than 0, such as 1ms"),
    ("webhook_retry", "1s,soon", "a duration such as 250ms, 90s, 5m, 2h, 3d or plain seconds"),
    ("magic_delay", "soon", "a duration such as 250ms, 90s, 5m, 2h, 3d or plain seconds"),
    ("async_delay", "-1s", "a duration such as 250ms, 90s, 5m, 2h, 3d or plain seconds"),
    ("magic_delay", "0", "longer than 0, such as 1ms"),
    ("state_every", "often", "a duration such as 250ms, 90s, 5m, 2h, 3d or plain seconds"),
    ("sync_limit", "0", "a whole number from 1 to 1000000"),
    ("schedule_limit", "0", "longer than 0, such as 1ms"),
    ("host", "", "an address or a host name, such as 127.0.0.1"),
    ("host", "  ", "an address or a host name, such as 127.0.0.1"),
    ("credit", "1.5", "a whole number from 0 to 1000000000000"),
    ("max_body", "0", "a whole number from 1 to 1000000000"),
    ("max_memory", "lots", "a size such as 512MiB, 1GiB, 500MB or plain bytes"),
    ("max_memory", "1MiB", "a size from 16MiB to 1024TiB, such as 512MiB"),
]


def test_these_tests_read_every_option() -> None:
    assert {name for name, _, _ in READ} == set(OPTIONS)


def test_flag_and_variable_of_each_option_read_the_same_value() -> None:
    assert [getattr(Settings.read({}, {name: raw}), name) for name, raw, _ in READ] == [value for *_, value in READ]
    for name, raw, _ in READ:
        if raw:
            assert Settings.read({}, {name: raw}) == Settings.read({variable_name(name): raw}, {})


def test_error_for_a_bad_value_names_the_source_the_value_and_what_is_expected() -> None:
    for name, raw, expected in REFUSED:
        assert read_or_refuse({}, {name: raw}) == f"{flag_name(name)} is {raw!r}, but must be {expected}."
        variable = variable_name(name)
        if raw:
            assert read_or_refuse({variable: raw}, {}) == f"{variable} is {raw!r}, but must be {expected}."


def test_settings_without_a_source_are_the_defaults() -> None:
    assert Settings.read({}, {}) == Settings()


def test_each_option_has_a_description_and_two_names() -> None:
    for name, option in OPTIONS.items():
        assert option.metadata["about"]
        assert flag_name(name).removeprefix("--").replace("-", "_") == name
        assert variable_name(name).removeprefix("MOCKSMS_").lower() == name


def test_each_default_has_the_type_of_a_read_value() -> None:
    for option in OPTIONS.values():
        kinds = {type(value) for name, _, value in READ if name == option.name}
        assert option.default is None or type(option.default) in kinds


def test_flag_takes_precedence_over_the_variable() -> None:
    settings = Settings.read({"MOCKSMS_PORT": "1000", "MOCKSMS_SENDER": "Variable"}, {"port": "2000"})
    assert (settings.port, settings.sender) == (2000, "Variable")


def test_flag_takes_precedence_over_an_invalid_variable() -> None:
    assert Settings.read({"MOCKSMS_PORT": "wrong"}, {"port": "2000"}).port == 2000


def test_empty_variable_counts_as_not_set() -> None:
    for kind, options in ((Settings, OPTIONS), (SessionSettings, SESSION_OPTIONS)):
        for name in options:
            assert read_options(kind, from_environment({variable_name(name): ""})) == kind(), name
            assert foreign_variables({variable_name(name): ""}) == ""
    assert from_environment({"MOCKSMS_PROT": ""}) == {}
    assert foreign_variables({"MOCKSMS_IMAGE": ""}) == ""


def test_comma_is_an_empty_list() -> None:
    settings = Settings.read({"MOCKSMS_WEBHOOK_RETRY": ",", "MOCKSMS_KOSHER_PREFIX": ","}, {})
    assert (settings.webhook_retry, settings.kosher_prefix) == ((), ())


def test_variables_without_the_prefix_are_ignored() -> None:
    assert Settings.read({"PORT": "1", "MOCKSMSPORT": "1", "mocksms_port": "1"}, {}) == Settings()


def test_settings_ignore_the_variables_of_test_sessions() -> None:
    assert Settings.read({variable_name(option): "whatever" for option in SESSION_OPTIONS}, {}) == Settings()


def test_last_source_of_an_option_takes_precedence() -> None:
    first = {"url": ("first", "http://127.0.0.1:8972/"), "timeout": ("first", "soon"), "port": ("first", "x")}
    second = {"timeout": ("second", "250ms")}
    assert read_options(SessionSettings, first, second) == SessionSettings(
        url="http://127.0.0.1:8972", timeout=timedelta(milliseconds=250)
    )
    with pytest.raises(SettingsError, match=r"^first is 'soon', but must be a duration"):
        read_options(SessionSettings, first)


def test_options_of_the_audit_are_read() -> None:
    raw = {"audit": "deep", "audit_allow": "gave up, hung", "audit_pause": "0", "audit_only": "fault, 503*"}
    options = read_options(SessionSettings, {name: (name, value) for name, value in raw.items()})
    assert (options.audit, options.audit_allow) == ("deep", ("gave up", "hung"))
    assert (options.audit_pause, options.audit_only) == (timedelta(), ("fault", "503*"))
    with pytest.raises(SettingsError, match=r"must be one of hung, crashed, .* \(did you mean gave up\?\)"):
        read_options(SessionSettings, {"audit_allow": ("the option", "gaveup")})


def read_or_refuse(environment: Mapping[str, str], flags: Mapping[str, str]) -> Settings | str:
    try:
        return Settings.read(environment, flags)
    except SettingsError as error:
        return str(error)


@given(st.sampled_from(sorted(OPTIONS)), st.text(min_size=1).filter(lambda raw: not raw.startswith("tcp://")))
def test_reading_anything_gives_settings_or_a_settings_error(name: str, raw: str) -> None:
    by_flag = read_or_refuse({}, {name: raw})
    by_variable = read_or_refuse({variable_name(name): raw}, {})
    if isinstance(by_flag, str):
        assert by_flag.startswith(f"{flag_name(name)} is {raw!r}, but must be ")
        assert by_variable == by_flag.replace(flag_name(name), variable_name(name), 1)
    else:
        assert by_variable == by_flag


@given(st.dictionaries(st.text().map("MOCKSMS_".__add__), st.text(), min_size=1))
def test_reading_any_variables_gives_settings_or_a_settings_error(environment: dict[str, str]) -> None:
    read = read_or_refuse(environment, {})
    assert isinstance(read, Settings) or any(variable in read for variable in environment)


def test_default_is_written_as_on_the_command_line() -> None:
    defaults = (None, (), False, timedelta(seconds=5), (timedelta(seconds=1), timedelta(minutes=1)), 8972, "iso")
    assert [*map(default_text, defaults)] == ["", "", "false", "5s", "1s,60s", "8972", "iso"]
    assert default_text(timedelta(days=365)) == "31536000s"


def test_options_are_read_from_python_values() -> None:
    hook = Webhook("http://app.test", WebhookKind.AUTOMATION, ("click",))
    values: dict[str, object] = {
        "port": 1,
        "strict": True,
        "credit": None,
        "magic_delay": timedelta(seconds=1),
        "async_delay": 0.5,
        "auth_status": 400,
        "api_key": ["a", "b"],
        "seed": 7,
        "scenario": Path("a.toml"),
        "webhook": [hook, "http://b.test"],
        "public_url": None,
    }
    assert read_options(Settings, {name: (name, value) for name, value in values.items()}) == Settings(
        port=1,
        strict=True,
        magic_delay=timedelta(seconds=1),
        async_delay=timedelta(seconds=0.5),
        auth_status=400,
        api_key=("a", "b"),
        seed="7",
        scenario=("a.toml",),
        webhook=(Webhook("http://app.test", events=("click",)), Webhook("http://b.test")),
    )


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("port", True, "a whole number from 0 to 65535"),
        ("sender", True, "a text"),
        ("sender", None, "a text"),
        ("magic_delay", -1, "a duration such as 250ms"),
        ("async_delay", True, "a duration such as 250ms"),
        ("async_delay", float("inf"), "a duration such as 250ms"),
        ("auth_errors", 1, "one of documented, observed"),
        ("public_url", 1, "an address such as"),
    ],
)
def test_python_value_of_another_type_is_refused(name: str, value: object, expected: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(f"{name} is {value!r}, but must be {expected}")):
        read_options(Settings, {name: (name, value)})


def test_option_without_a_list_has_no_items() -> None:
    assert read_options(Settings, {"api_key": ("api_key", None)}).api_key == ()


@pytest.mark.parametrize("name", ["webhook", "automation_webhook", "public_url", "url"])
def test_url_with_a_password_is_refused_without_showing_it(name: str) -> None:
    kind = SessionSettings if name == "url" else Settings
    with pytest.raises(SettingsError) as refused:
        read_options(kind, {name: (name, "http://user:hunter2@app/")})
    assert str(refused.value).startswith(
        f"{name} is 'http://***@app/', but must be an address without user name and password"
    )
