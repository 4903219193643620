"""Type checkers know the names that the handle takes, and the package exports them.

mypy checks this file as every other one: an error that it does not find is an unused `type: ignore`.
"""

from __future__ import annotations

from typing import assert_type, get_args, get_type_hints

import pytest

import mocksms
from mocksms import Callback, FaultName, Message, MockSMS, NumberName, Reply, Request
from mocksms.inspection.accounts import AccountPatch
from mocksms.scenario.schema import FaultModel
from mocksms.sms.magic import Catalogue
from mocksms.sms.outcomes import FaultKind, ManualFaultName
from mocksms.testing.names import AccountChanges, FaultDetails
from tests.support import NUMBER
from tests.testing.support import send


def test_wrong_names_are_errors_of_the_type_checker_and_of_the_mock(sms: MockSMS) -> None:
    with pytest.raises(TypeError, match="a fault has no 'tiems'; did you mean times"):
        sms.fault(503, tiems=1)  # type: ignore[call-arg]
    with pytest.raises(mocksms.MockRefused, match="did you mean delay"):
        sms.fault("delya", duration="1s")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="kosher"):
        sms.number("koscher")  # type: ignore[arg-type]
    with pytest.raises(mocksms.MockRefused, match="rest_rigth"):
        sms.update_account(rest_rigth=False)  # type: ignore[call-arg]


def test_results_have_exported_types(sms: MockSMS) -> None:
    send(sms, NUMBER)
    assert_type(sms.wait_for(), Message)
    assert_type(sms.outbox, list[Message])
    assert_type(sms.requests, list[Request])
    assert_type(sms.replies, list[Reply])
    assert_type(sms.callbacks, list[Callback])
    assert isinstance(sms.outbox[0], Message)
    assert isinstance(sms.requests[0], Request)


def test_names_are_those_of_mock_and_schemas() -> None:
    rows = Catalogue().rows.values()
    assert list(get_args(NumberName)) == ["ordinary", *(row.name for row in rows), *(row.code for row in rows)]
    assert {*get_args(FaultName)} == {*FaultKind} - {"hold"} | {"unauthorized", "rate_limit"}
    assert {*get_args(ManualFaultName)} == {*get_args(FaultName), "hold"}
    assert get_type_hints(FaultDetails).keys() == FaultModel.model_fields.keys() - {"kind"}
    assert get_type_hints(AccountChanges).keys() == AccountPatch.model_fields.keys()


@pytest.mark.parametrize("name", mocksms.__all__)
def test_exported_name_can_be_imported(name: str) -> None:
    assert getattr(mocksms, name) is not None
