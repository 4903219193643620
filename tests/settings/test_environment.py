from __future__ import annotations

import pytest

from mocksms.errors import SettingsError
from mocksms.settings import OPTIONS, SESSION_OPTIONS
from mocksms.settings.environment import describe_foreign, read_variables, variable_name

ALL = (*OPTIONS, *SESSION_OPTIONS)

LINKS = {
    "MOCKSMS_SERVICE_HOST": "10.0.0.7",
    "MOCKSMS_SERVICE_PORT": "8972",
    "MOCKSMS_SERVICE_PORT_HTTP": "8972",
    "MOCKSMS_PORT": "tcp://10.0.0.7:8972",
    "MOCKSMS_PORT_8972_TCP": "tcp://10.0.0.7:8972",
    "MOCKSMS_PORT_8972_TCP_ADDR": "10.0.0.7",
    "MOCKSMS_PORT_8972_TCP_PORT": "8972",
    "MOCKSMS_PORT_8972_TCP_PROTO": "tcp",
    "MOCKSMS_PORT_8972_TCP_PORT_END": "8980",
    "MOCKSMS_PORT_53_UDP_PROTO": "udp",
    "MOCKSMS_NAME": "/build/mocksms",
    "MOCKSMS_ENV_MOCKSMS_STRICT": "true",
}
"""Variables that Kubernetes and Docker set for a service named mocksms."""


@pytest.mark.parametrize("service", ["MOCKSMS_", "MOCKSMS_1_", "MOCKSMS_SHOP_", "MOCKSMS_WEBHOOK_ALLOW_"])
def test_variables_of_container_links_are_ignored_silently(service: str) -> None:
    environment = {name.replace("MOCKSMS_", service, 1): value for name, value in LINKS.items()}
    assert read_variables(environment, ALL) == {}
    assert describe_foreign(environment, ALL) == ""


def test_values_of_links_are_no_excuse_for_other_options() -> None:
    environment = {"MOCKSMS_URL": "tcp://10.0.0.7:8972", "MOCKSMS_SENDER": "/shop"}
    assert read_variables(environment, ALL) == {
        "url": ("MOCKSMS_URL", "tcp://10.0.0.7:8972"),
        "sender": ("MOCKSMS_SENDER", "/shop"),
    }


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("MOCKSMS_PROT", "MOCKSMS_PORT"),
        ("MOCKSMS_URI", "MOCKSMS_URL"),
        ("MOCKSMS_Port", "MOCKSMS_PORT"),
        ("MOCKSMS_HOSTS", "MOCKSMS_HOST"),
        ("MOCKSMS_CREDTI", "MOCKSMS_CREDIT"),
        ("MOCKSMS_APIKEY", "MOCKSMS_API_KEY"),
        ("MOCKSMS_TIMEOUTS", "MOCKSMS_TIMEOUT"),
        ("MOCKSMS_WEBHOOKS_ALLOWS", "MOCKSMS_WEBHOOK_ALLOW"),
    ],
)
def test_option_with_a_typing_error_is_refused(variable: str, meant: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_variables({variable: "1"}, ALL)
    assert str(refused.value) == f"{variable} is not an environment variable of mocksms; did you mean {meant}?"


@pytest.mark.parametrize(
    "name",
    ["IMAGE", "BASE_URL", "KEY", "SERVER", "UI", "SENDER_ID", "TIMEOUT_MS", "ACCOUNTS", "URL_2", "NAME"],
)
def test_other_variables_are_ignored_with_a_warning(name: str) -> None:
    environment = {f"MOCKSMS_{name}": "1", "MOCKSMS_CREDIT": "7"}
    assert read_variables(environment, ALL) == {"credit": ("MOCKSMS_CREDIT", "7")}
    assert describe_foreign(environment, ALL).startswith(f"MOCKSMS_{name} ")


def test_one_warning_names_all_foreign_variables_and_what_may_be_meant() -> None:
    assert describe_foreign({"MOCKSMS_IMAGE": "a"}, ALL) == (
        "MOCKSMS_IMAGE is not an environment variable of mocksms, and is ignored."
    )
    assert describe_foreign({"MOCKSMS_SENDER_ID": "a", "MOCKSMS_IMAGE": "b", "PATH": "c"}, ALL) == (
        "MOCKSMS_IMAGE, MOCKSMS_SENDER_ID (did you mean MOCKSMS_SENDER?) are not environment variables of mocksms, "
        "and are ignored."
    )


def test_variables_of_options_are_no_typing_errors_of_each_other() -> None:
    environment = {variable_name(option): "1" for option in ALL}
    assert [*read_variables(environment, ALL)] == [*ALL]
    assert describe_foreign(environment, ALL) == ""
