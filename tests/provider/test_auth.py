from __future__ import annotations

import json

import pytest

from tests.provider.inprocess import INFO, SEARCH, SEND, InProcess, Response
from tests.support import KEY, Mock, body

GUIDE = "you are not authorized to use rest API"
MISSING = "Parameter 'X-API-Key' was missing."
INVALID = "Parameter 'X-API-Key' is invalid."
JSON = {"content-type": "application/json"}


def _with(mock: InProcess, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return mock.call("POST", SEND, json.dumps(body()).encode(), {**JSON, **named})


@pytest.mark.ledger("auth.key", "auth.any-key")
@pytest.mark.parametrize("key", ["k", "a key with spaces", "x" * 256, "\xe9\xff", "../../etc"])
def test_any_key_is_accepted_if_none_are_configured(key: str) -> None:
    mock = InProcess()
    assert _with(mock, x_api_key=key).status == 200
    assert [account.key for account in mock.engine.accounts] == [key]


@pytest.mark.ledger("auth.key")
def test_key_is_read_without_the_spaces_around_it() -> None:
    mock = InProcess()
    _with(mock, x_api_key=" k ")
    assert [account.key for account in mock.engine.accounts] == ["k"]


@pytest.mark.ledger("auth.key", "auth.guide-401", "auth.any-key", "auth.causes")
def test_key_must_be_configured_if_any_are() -> None:
    mock = InProcess(api_key=("one", "two"))
    assert _with(mock, x_api_key="one").status == 200
    assert _with(mock, x_api_key="two").status == 200
    refused = _with(mock, x_api_key="three")
    assert (refused.status, refused.json()) == (401, {"Message": GUIDE})
    assert len(mock.engine.accounts) == 2


@pytest.mark.ledger("auth.guide-401", "auth.causes")
@pytest.mark.parametrize("headers", [{}, {"x_api_key": ""}, {"x_api_key": "  "}], ids=["none", "empty", "blank"])
def test_missing_key_is_a_401_of_each_operation(headers: dict[str, str]) -> None:
    mock = InProcess()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    for path in (SEND, INFO, SEARCH):
        refused = mock.call("POST" if path == SEND else "GET", path, b"", named)
        assert (refused.status, refused.json()) == (401, {"Message": GUIDE})
    assert len(mock.engine.accounts) == 0
    assert len(mock.engine.accounts.unattributed) == 3


def test_key_longer_than_any_real_one_is_unknown() -> None:
    mock = InProcess()
    assert _with(mock, x_api_key="x" * 257).status == 401
    assert len(mock.engine.accounts) == 0


@pytest.mark.ledger("auth.guide-401", "auth.causes")
def test_key_without_the_rest_right_is_a_401() -> None:
    mock = InProcess(rest_right=False)
    refused = mock.try_send()
    assert (refused.status, refused.text) == (401, GUIDE)
    assert len(mock.account().messages) == 0
    assert (len(mock.account().journal), len(mock.engine.accounts.unattributed)) == (1, 0)


@pytest.mark.ledger("auth.observed-401", "auth.missing-401")
def test_unauthorized_has_the_observed_message_if_set() -> None:
    mock = InProcess(auth_errors="observed", api_key=("one",))
    assert _with(mock).text == MISSING
    assert _with(mock, x_api_key="two").text == INVALID
    no_right = InProcess(auth_errors="observed", rest_right=False)
    assert no_right.try_send().text == INVALID


@pytest.mark.ledger("auth.status", "auth.causes")
@pytest.mark.parametrize(("words", "no_right"), [("documented", 401), ("observed", 400)])
def test_missing_or_unknown_key_has_the_status_of_the_option(words: str, no_right: int) -> None:
    mock = InProcess(auth_errors=words, auth_status=400, api_key=("one",), rest_right=False)
    assert _with(mock).status == 400
    assert _with(mock, x_api_key="two").status == 400
    assert _with(mock, x_api_key="one").status == no_right
    assert mock.last("one").refusal == "no_rest_right"
    assert mock.try_send("972-50-0006000").json() == _with(mock, x_api_key="two").json()


@pytest.mark.ledger("auth.envelope")
@pytest.mark.parametrize(("words", "text"), [("documented", GUIDE), ("observed", MISSING)])
def test_unauthorized_is_a_bare_string_if_set(words: str, text: str) -> None:
    assert _with(InProcess(auth_errors=words, error_envelope="string")).json() == text


@pytest.mark.ledger("auth.key", "auth.authorization")
def test_authorization_is_ignored() -> None:
    mock = InProcess(api_key=("one",))
    assert _with(mock, authorization="Bearer one").status == 401
    assert _with(mock, authorization="Basic eDp5", x_api_key="one").status == 200


@pytest.mark.ledger("auth.key")
@pytest.mark.parametrize("name", ["X_API_Key", "x_api_key", "X_Api_KEY"])
def test_key_header_is_read_in_any_case(shared_mock: Mock, name: str) -> None:
    headers = {"X_API_Key": "", name: f"case-{name}"}
    response = shared_mock.post(json.dumps(body()), **headers)
    assert response.status_code == 200
    assert len(shared_mock.search("", f"case-{name}")) == 1


@pytest.mark.ledger("auth.key", "info.unknown")
def test_accounts_share_no_messages() -> None:
    mock = InProcess()
    (row,) = mock.send(key="one")
    found, others = (mock.get(INFO, f"id={row['transaction_id']}", key) for key in ("one", "two"))
    assert found.status == 200
    unknown = f"No transactional SMS was found with transaction_id '{row['transaction_id']}'."
    assert (others.status, others.text) == (404, unknown)
    assert mock.search(key="two") == []
    assert mock.search(f"transaction_id={row['transaction_id']}", "two") == []
    assert mock.search(f"mobile_number={row['mobile_number']}", "two") == []
    assert len(mock.search(key="one")) == 1


def test_accounts_do_not_share_ids() -> None:
    mock = InProcess()
    ids = [mock.send(key=key)[0]["transaction_id"] for key in ("one", "two", KEY)]
    assert len(set(ids)) == 3


@pytest.mark.ledger("auth.key")
@pytest.mark.parametrize("name", ["x-api-key", "authorization", "cookie"])
def test_secrets_are_shortened_in_the_journal(name: str) -> None:
    mock = InProcess()
    secret = "secret-of-the-test"
    mock.call("GET", SEARCH, headers={"x-api-key": secret, name: secret})
    headers = mock.last(secret).headers
    assert secret.encode() not in headers
    assert f"{name}: secr…".encode() in headers
