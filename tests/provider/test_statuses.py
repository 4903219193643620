from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mocksms.engine.controls import Controls
from mocksms.errors import IllegalStep
from mocksms.scenario.compiler import compile_scenario
from mocksms.scenario.schema import Scenario
from mocksms.sms.magic import Catalogue
from mocksms.sms.outcomes import Fault, FaultKind
from mocksms.sms.webhook import Webhook
from tests.provider.inprocess import SEARCH, InProcess
from tests.support import NOON, NUMBER, Mock

Ending = tuple[str, str | None]
ASYNC: dict[str, Any] = {"async": True}

HYPHEN = {
    "sent": ("sent", None),
    "queued": ("queued", None),
    "invalid": ("invalid", "invalid-number"),
    "unsubscribe": ("rejected", "unsubscribe"),
    "kosher": ("rejected", "kosher-number"),
    "bounced": ("rejected", "bounced"),
    "no-credit": ("queued", "insufficient-funds"),
    "cancelled": ("rejected", "cancelled_by_user"),
    "exception": ("exception", "exception"),
    "no-gateway": ("exception", "no-available-gateways"),
}
UNDERSCORE = {
    **HYPHEN,
    "invalid": ("invalid", "invalid_mobile_number"),
    "unsubscribe": ("rejected", "unsubscribed"),
    "kosher": ("rejected", "kosher_number"),
    "no-credit": ("queued", "no_credit"),
    "no-gateway": ("exception", "exception"),
}
SPELLINGS = {"vendor": (HYPHEN, UNDERSCORE), "hyphen": (HYPHEN, HYPHEN), "underscore": (UNDERSCORE, UNDERSCORE)}

AT_ONCE = {
    "00": "sent",
    "10": "invalid",
    "20": "unsubscribe",
    "21": "kosher",
    "22": "bounced",
    "30": "no-credit",
    "40": "exception",
    "41": "no-gateway",
}
LATER = {"01": ("queued", "sent"), "02": ("queued", "queued"), "23": ("sent", "bounced"), "24": ("queued", "cancelled")}

Cause = tuple[str, dict[str, Any]]
CAUSES: dict[str, list[Cause]] = {
    "invalid": [
        ("972-54-111111", {}),
        ("054-1111111", {}),
        ("", {}),
        ("hello", {}),
        ("972-4-8111111", {}),
        ("1", {}),
        ("٩٧٢٥٤١١١١١١١", {}),
    ],
    "unsubscribe": [(NUMBER, {"unsubscribed": ("972541111111",)})],
    "kosher": [
        ("972-58-32XXXXX", {}),
        (NUMBER, {"kosher": ("972541111111",)}),
        (NUMBER, {"kosher_prefix": ("97254",)}),
    ],
    "bounced": [(NUMBER, {"bounced": ("972541111111",)})],
    "no-credit": [(NUMBER, {"credit": 0})],
    "no-gateway": [(NUMBER, {"gateway": False})],
    "sent": [
        (NUMBER, {}),
        ("+972 (54) 111.1111", {}),
        ("972-54-XXXXXXX", {}),
        ("972-58-3200000", {"kosher_prefix": ()}),
        ("054-1111111", {"accept_local_numbers": True}),
        ("1 202 555 0100", {}),
        (NUMBER, {"credit": 1}),
    ],
}
DEFAULT_RULES = [
    pytest.param(ends, number, settings, id=f"{ends}-{index}")
    for ends, causes in CAUSES.items()
    for index, (number, settings) in enumerate(causes)
]


def _ending(row: dict[str, Any]) -> Ending:
    return row["status"], row["reject_reason"]


def _mode(is_async: bool) -> dict[str, Any]:
    return {"async": is_async}


def _magic(code: str, lane: int = 0) -> str:
    return f"972-50-000{code}{lane:02}"


@pytest.mark.ledger(
    "status.sent",
    "status.invalid",
    "status.unsubscribe",
    "status.kosher",
    "status.bounced",
    "status.no-credit",
    "status.exception",
    "status.no-gateway",
    "status.spelling",
    "send.sync",
    "magic.numbers",
)
@pytest.mark.parametrize("code", AT_ONCE)
def test_magic_number_ends_at_once_in_sync_mode_in_each_spelling(code: str) -> None:
    for setting, (in_sends, in_reads) in SPELLINGS.items():
        mock = InProcess(reason_spelling=setting)
        (row,) = mock.send(_magic(code))
        assert _ending(row) == in_sends[AT_ONCE[code]]
        assert _ending(mock.info(row["transaction_id"])) == in_reads[AT_ONCE[code]]


@pytest.mark.ledger("send.async", "send.async-delay", "status.queued")
@pytest.mark.parametrize("code", AT_ONCE)
def test_magic_number_is_queued_in_async_mode_until_its_delay(code: str) -> None:
    mock = InProcess(async_delay=timedelta(seconds=3))
    (row,) = mock.send(_magic(code), **ASYNC)
    assert _ending(row) == ("queued", None)
    mock.time.advance(2.9)
    assert _ending(mock.info(row["transaction_id"])) == ("queued", None)
    mock.time.advance(0.1)
    assert _ending(mock.info(row["transaction_id"])) == UNDERSCORE[AT_ONCE[code]]


@pytest.mark.ledger("status.cancelled", "status.bounced", "status.spelling", "magic.numbers", "status.lifecycle")
@pytest.mark.parametrize("code", LATER)
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_magic_number_with_steps_ends_after_its_delay(code: str, is_async: bool) -> None:
    first, last = LATER[code]
    mock = InProcess(magic_delay=timedelta(seconds=7))
    (row,) = mock.send(_magic(code), **_mode(is_async))
    assert _ending(row) == HYPHEN["queued" if is_async else first]
    assert _ending(mock.info(row["transaction_id"])) == UNDERSCORE[first]
    mock.time.advance(6.9)
    assert _ending(mock.info(row["transaction_id"])) == UNDERSCORE[first]
    mock.time.advance(0.1)
    assert _ending(mock.info(row["transaction_id"])) == UNDERSCORE[last]


def test_magic_number_03_replies_yes() -> None:
    mock = InProcess()
    assert _ending(mock.send(_magic("03"))[0]) == HYPHEN["sent"]
    mock.time.advance(1)
    assert [(sms.digits, sms.text) for sms in mock.account().replies.newest_first()] == [("972500000300", "YES")]
    assert _ending(mock.send(_magic("03"))[0]) == HYPHEN["sent"]


@pytest.mark.ledger("status.unsubscribe")
def test_magic_number_04_opts_out_and_is_refused_from_then_on() -> None:
    mock = InProcess()
    first, other = mock.send(_magic("04"), _magic("04", 1))
    assert _ending(first) == _ending(other) == HYPHEN["sent"]
    mock.time.advance(1)
    assert [sms.text for sms in mock.account().replies.newest_first()] == ["STOP", "STOP"]
    assert _ending(mock.send(_magic("04"))[0]) == HYPHEN["unsubscribe"]
    assert _ending(mock.send(_magic("04", 2))[0]) == HYPHEN["sent"]


def test_magic_number_05_clicks_the_first_link() -> None:
    mock = InProcess()
    (row,) = mock.send(_magic("05"), content="www.a.test www.b.test", track_clicks=True)
    mock.time.advance(1)
    assert [click["url"] for click in mock.info(row["transaction_id"])["clicks_details"]] == ["www.a.test"]


@pytest.mark.ledger(
    "status.sent",
    "status.invalid",
    "status.unsubscribe",
    "status.kosher",
    "status.bounced",
    "status.no-credit",
    "status.no-gateway",
    "status.spelling",
    "number.form",
    "number.local",
    "number.foreign",
    "number.kosher-prefix",
    "send.refused-200",
    "send.echo",
    "number.separators",
    "number.masked",
    "number.kosher-guide",
)
@pytest.mark.parametrize(("ends", "number", "settings"), DEFAULT_RULES)
def test_default_rule_decides_in_sync_mode(ends: str, number: str, settings: dict[str, Any]) -> None:
    mock = InProcess(**settings)
    (row,) = mock.send(number)
    assert row["mobile_number"] == number
    assert _ending(row) == HYPHEN[ends]
    assert _ending(mock.info(row["transaction_id"])) == UNDERSCORE[ends]


@pytest.mark.ledger("send.async", "send.async-delay", "status.queued")
@pytest.mark.parametrize(("ends", "number", "settings"), DEFAULT_RULES)
def test_default_rule_decides_in_async_mode(ends: str, number: str, settings: dict[str, Any]) -> None:
    mock = InProcess(**settings)
    (row,) = mock.send(number, **ASYNC)
    assert _ending(row) == HYPHEN["queued"]
    assert _ending(mock.info(row["transaction_id"])) == UNDERSCORE[ends]


@pytest.mark.ledger("number.foreign", "number.form")
@pytest.mark.parametrize(
    ("number", "ends"),
    [
        ("+1 202 555 0100", "sent"),
        ("44 7911 123456", "sent"),
        ("1 202 555 010", "invalid"),
        ("999 12345678", "invalid"),
        ("972-57-1111111", "invalid"),
        ("972-54-111111A", "invalid"),
        ("972-54-11111111", "invalid"),
    ],
)
def test_number_of_another_country_needs_a_length_it_has_there(number: str, ends: str) -> None:
    assert _ending(InProcess().send(number)[0]) == HYPHEN[ends]


@pytest.mark.ledger("number.kosher-prefix", "number.kosher-guide")
@pytest.mark.parametrize("prefix", ["50-41", "52-71", "52-76", "53-31", "53-41", "54-84", "54-85", "55-67", "58-32"])
def test_number_with_a_kosher_prefix_takes_no_sms(prefix: str) -> None:
    assert _ending(InProcess().send(f"972-{prefix}11111")[0]) == HYPHEN["kosher"]


@pytest.mark.ledger("status.order")
def test_default_rules_are_tried_in_order() -> None:
    digits = "972541111111"
    options: dict[str, Any] = {
        "bounced": (digits, "97254111111"),
        "unsubscribed": (digits,),
        "kosher": (digits,),
        "credit": 0,
        "gateway": False,
    }
    removed: dict[str, Any] = {"bounced": (), "unsubscribed": (), "kosher": (), "credit": None, "gateway": True}
    assert _ending(InProcess(**options).send("972-54-111111")[0]) == HYPHEN["invalid"]
    for setting, ends in zip(removed, ["bounced", "unsubscribe", "kosher", "no-credit", "no-gateway"], strict=True):
        assert _ending(InProcess(**options).send(NUMBER)[0]) == HYPHEN[ends]
        options[setting] = removed[setting]
    assert _ending(InProcess(**options).send(NUMBER)[0]) == HYPHEN["sent"]


@pytest.mark.ledger("status.order")
def test_magic_number_takes_precedence_over_default_rules() -> None:
    mock = InProcess(credit=0, gateway=False, bounced=("972500000000",))
    assert _ending(mock.send(_magic("00"))[0]) == HYPHEN["sent"]


@pytest.mark.ledger("status.cancelled")
@pytest.mark.parametrize(
    ("number", "settings", "more"),
    [
        (_magic("02"), {}, {}),
        (NUMBER, {}, {"send_at": "2026-03-02"}),
        (NUMBER, {"async_delay": timedelta(hours=1)}, {"async": True}),
        (NUMBER, {"credit": 0}, {}),
    ],
    ids=["magic", "scheduled", "async", "out-of-credit"],
)
def test_queued_message_can_be_cancelled(number: str, settings: dict[str, Any], more: dict[str, Any]) -> None:
    mock = InProcess(**settings)
    (row,) = mock.send(number, **more)
    assert row["status"] == "queued"
    Controls(mock.engine).cancel(mock.account(), row["transaction_id"])
    Controls(mock.engine).set_credit(mock.account(), 100)
    mock.time.advance(10 * 86400)
    assert _ending(mock.info(row["transaction_id"])) == UNDERSCORE["cancelled"]


@pytest.mark.ledger("status.cancelled")
def test_sent_message_cannot_be_cancelled() -> None:
    mock = InProcess()
    (row,) = mock.send()
    with pytest.raises(IllegalStep):
        Controls(mock.engine).cancel(mock.account(), row["transaction_id"])
    assert _ending(mock.info(row["transaction_id"])) == HYPHEN["sent"]


@pytest.mark.ledger("status.no-credit", "credit.segments", "status.top-up", "credit.partial")
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_messages_out_of_credit_are_sent_on_top_up_oldest_first(is_async: bool) -> None:
    mock = InProcess(credit=1)
    rows = mock.send(NUMBER, NUMBER, NUMBER, content="x", add_unsubscribe_link=False, **_mode(is_async))
    ids = [row["transaction_id"] for row in rows]

    def endings() -> list[Ending]:
        return [_ending(mock.info(transaction_id)) for transaction_id in ids]

    assert endings() == [UNDERSCORE["sent"], UNDERSCORE["no-credit"], UNDERSCORE["no-credit"]]
    Controls(mock.engine).set_credit(mock.account(), 1)
    assert endings() == [UNDERSCORE["sent"], UNDERSCORE["sent"], UNDERSCORE["no-credit"]]
    Controls(mock.engine).set_credit(mock.account(), None)
    assert endings() == [UNDERSCORE["sent"]] * 3


@pytest.mark.ledger("status.no-credit", "status.top-up")
def test_magic_number_out_of_credit_is_sent_on_top_up() -> None:
    mock = InProcess()
    (row,) = mock.send(_magic("30"))
    Controls(mock.engine).set_credit(mock.account(), 10)
    assert _ending(mock.info(row["transaction_id"])) == UNDERSCORE["sent"]


@pytest.mark.ledger("send.scheduled", "send.time-zone", "row.dates")
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(
    "send_at",
    ["2026-03-01 14:01:00", "2026-03-01 14:01:00+02:00", "2026-03-01T12:01:00Z"],
    ids=["israel", "offset", "utc"],
)
def test_message_for_later_is_queued_until_its_time(is_async: bool, send_at: str) -> None:
    mock = InProcess()
    (row,) = mock.send(NUMBER, send_at=send_at, **_mode(is_async))
    assert _ending(row) == HYPHEN["queued"]
    mock.time.now = datetime(2026, 3, 1, 12, 0, 59, tzinfo=UTC)
    assert mock.info(row["transaction_id"])["status"] == "queued"
    mock.time.now = datetime(2026, 3, 1, 12, 1, tzinfo=UTC)
    read = mock.info(row["transaction_id"])
    assert (read["status"], read["send_at"]) == ("sent", "2026-03-01 14:01:00+02:00")


@pytest.mark.ledger("send.scheduled", "send.past")
@pytest.mark.parametrize(
    "send_at", ["2020-01-20 13:05:00+02:00", "2026-03-01 14:00:00", ""], ids=["past", "now", "none"]
)
def test_message_for_the_past_is_sent_now(send_at: str) -> None:
    mock = InProcess()
    (row,) = mock.send(NUMBER, send_at=send_at)
    assert _ending(row) == HYPHEN["sent"]
    assert mock.info(row["transaction_id"])["send_at"] == "2026-03-01 14:00:00+02:00"
    assert mock.now() == NOON


HTTP = {
    "60": (401, {"Message": "you are not authorized to use rest API"}),
    "61": (400, {"Message": "The request is invalid."}),
    "62": (429, {"Message": "Too many requests."}),
    "63": (500, {"Message": "An error has occurred."}),
    "64": (503, {"Message": "The service is unavailable."}),
}


@pytest.mark.ledger("magic.faults")
@pytest.mark.parametrize("code", HTTP)
@pytest.mark.parametrize(("is_async", "others"), [(False, []), (True, [NUMBER])], ids=["sync", "async-second"])
def test_fault_code_returns_its_status_and_accepts_nothing(code: str, is_async: bool, others: list[str]) -> None:
    mock = InProcess()
    response = mock.try_send(*others, _magic(code), **_mode(is_async))
    assert (response.status, response.json()) == HTTP[code]
    assert response.headers.get("retry-after") == ("5" if code == "62" else None)
    assert len(mock.account().messages) == 0
    assert (mock.last().status, mock.last().note) == (HTTP[code][0], f"magic number {code}: status {HTTP[code][0]}")


def test_fault_code_returns_its_status_over_the_socket(shared_mock: Mock) -> None:
    code = "62"
    data = f'{{"message": {{"content": "x", "to": [{{"mobile_number": "{_magic(code)}"}}]}}}}'
    response = shared_mock.post(data, X_API_Key="statuses")
    assert (response.status_code, response.json()) == HTTP[code]


def test_fault_code_401_follows_the_settings_of_its_message() -> None:
    mock = InProcess(auth_errors="observed", error_envelope="string")
    assert mock.try_send(_magic("60")).json() == "Parameter 'X-API-Key' is invalid."


Damage = Callable[[bytes], bytes | None]
ACCEPTED: dict[str, tuple[list[str], Damage]] = {
    "70": ([], lambda body: body),
    "71": (["reset"], lambda _: None),
    "73": (["close"], lambda body: body[: len(body) // 2]),
    "74": ([], lambda body: body[:-1]),
    "75": ([], lambda body: body),
}


@pytest.mark.ledger("magic.faults")
@pytest.mark.parametrize("code", ACCEPTED)
def test_fault_code_that_accepts_sends_to_everyone(code: str) -> None:
    done, damage = ACCEPTED[code]
    mock, sound = InProcess(), InProcess()
    numbers = [NUMBER, _magic(code), _magic("10")]
    response = mock.try_send(*numbers)
    expected = damage(
        sound.try_send(*numbers[:1], _magic("00"), *numbers[2:]).body.replace(b"000000", b"000" + code.encode() + b"0")
    )
    assert mock.connection.done == done
    assert (response.body if response.status else None) == expected
    assert [row["status"] for row in mock.search()] == ["invalid", "sent", "sent"]
    entry = next(entry for entry in mock.account().journal.newest_first() if entry.method == "POST")
    assert entry.status == (None if code == "71" else 200)
    assert entry.messages == (2, 3, 4)


def test_fault_code_72_resets_the_connection_and_accepts_nothing() -> None:
    mock = InProcess()
    response = mock.try_send(NUMBER, _magic("72"))
    assert (response.status, mock.connection.done) == (None, ["reset"])
    assert len(mock.account().messages) == 0
    assert (mock.last().status, mock.last().response_body) == (None, b"")
    assert mock.last().note == "magic number 72: reset_before_accept"


@pytest.mark.parametrize(
    ("codes", "status", "done", "stored"),
    [
        (["70", "63"], 500, [], 0),
        (["71", "64"], 503, [], 0),
        (["63", "64"], 500, [], 0),
        (["72", "63"], None, ["reset"], 0),
        (["73", "71"], 200, ["close"], 2),
        (["71", "73"], None, ["reset"], 2),
        (["60", "99"], 400, [], 0),
        (["99", "60"], 400, [], 0),
    ],
    ids=str,
)
def test_fault_codes_together_refuse_first_then_take_the_first__an_unknown_one_before_all(
    codes: list[str], status: int | None, done: list[str], stored: int
) -> None:
    mock = InProcess()
    response = mock.try_send(*map(_magic, codes))
    assert (response.status, mock.connection.done, len(mock.account().messages)) == (status, done, stored)


@pytest.mark.ledger("error.model", "magic.unknown-code")
@pytest.mark.parametrize("others", [[], [NUMBER]], ids=["alone", "behind-another"])
@pytest.mark.parametrize("code", ["06", "99"])
def test_unknown_code_is_a_400_that_names_the_catalogue(code: str, others: list[str]) -> None:
    mock = InProcess()
    response = mock.try_send(*others, _magic(code), **ASYNC)
    known = ", ".join(mock.engine.decisions.catalogue.rows)
    text = f"'{_magic(code)}' is a magic number with the unknown code {code}. Known codes: {known}. See /_mock/numbers."
    assert response.status == 400
    assert response.json()["ModelState"] == {f"model.message.to[{len(others)}].mobile_number": [text]}
    assert len(mock.account().messages) == 0


@pytest.mark.parametrize("lane", [0, 1, 42, 99])
def test_every_lane_of_a_code_has_the_same_outcome(lane: int) -> None:
    for code, ends in AT_ONCE.items():
        assert _ending(InProcess().send(_magic(code, lane))[0]) == HYPHEN[ends]


@pytest.mark.parametrize("spelling", ["972500002100", "+972 50 000 2100", "972-50-0002100"])
def test_magic_number_is_read_in_any_spelling(spelling: str) -> None:
    assert _ending(InProcess().send(spelling)[0]) == HYPHEN["kosher"]


@pytest.mark.ledger("magic.numbers")
def test_magic_prefix_can_be_moved() -> None:
    mock = InProcess(magic_prefix="97254999")
    assert _ending(mock.send("972-54-9991000")[0]) == HYPHEN["invalid"]
    assert _ending(mock.send(_magic("10"))[0]) == HYPHEN["sent"]


LIMITED: dict[str, Any] = {"status": "rejected", "reason": "frequency_limit"}
SCHEDULED: dict[str, Any] = {"status": "scheduled"}
DELIVERED: dict[str, Any] = {"status": "delivered", "reason": "kosher-number"}


def _with_rule(rule: dict[str, Any], **options: Any) -> InProcess:
    mock = InProcess(webhook=(Webhook("http://127.0.0.1:1/hooks"),), **options)
    scenario = compile_scenario(Scenario.model_validate({"rule": [rule]}), "new.toml", mock.engine.settings)
    Controls(mock.engine).activate_scenario(mock.account(), scenario)
    return mock


def _callbacks(mock: InProcess) -> list[tuple[str, str | None]]:
    """Return the event and reason of each callback, oldest first."""
    rows = [*mock.account().callbacks.newest_first()][::-1]
    return [(row.event, row.details.reason) for row in rows]


@pytest.mark.ledger("status.free")
@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("state", [LIMITED, SCHEDULED, DELIVERED], ids=str)
def test_rule_writes_any_status_and_reason_as_they_are(state: dict[str, Any], spelling: str) -> None:
    mock = _with_rule({"outcome": state}, reason_spelling=spelling)
    ending = (state["status"], state.get("reason"))
    (row,) = mock.send(NUMBER)
    assert list(row) == ["mobile_number", "status", "reject_reason", "transaction_id"]
    assert _ending(row) == ending
    read = mock.info(row["transaction_id"])
    assert (_ending(read), read["state"]) == (ending, state["status"])
    assert mock.search(f"status={state['status']}") == [read]
    message = mock.account().messages.get(row["transaction_id"])
    assert message is not None
    assert message.decided_by == f"rule 1 of new.toml; own outcome, the vendor's guide has no {message.state}"


@pytest.mark.ledger("status.free")
def test_status_that_no_rule_writes_cannot_be_searched_for() -> None:
    mock = _with_rule({"outcome": SCHEDULED})
    assert mock.get(SEARCH, "status=schedule").status == 400
    assert mock.search("status=scheduled") == []


@pytest.mark.ledger("status.free", "callback.other-reasons")
@pytest.mark.parametrize(
    ("state", "callbacks", "credit"),
    [
        (LIMITED, [("reject", "frequency_limit")], 5),
        ({"status": "rejected"}, [("reject", None)], 5),
        (SCHEDULED, [], 5),
        ({"status": "queued", "reason": "night"}, [], 5),
        ({"status": "sent", "reason": "delivered"}, [("send", "delivered")], 4),
    ],
    ids=str,
)
def test_free_status_has_the_callback_and_price_of_its_status(
    state: dict[str, Any], callbacks: list[tuple[str, str | None]], credit: int
) -> None:
    mock = _with_rule({"outcome": state}, credit=5)
    mock.send(NUMBER)
    assert (_callbacks(mock), mock.account().credit) == (callbacks, credit)


@pytest.mark.ledger("status.free")
def test_free_states_are_steps_among_others() -> None:
    steps = [{"outcome": state, "after": 1} for state in (SCHEDULED, "queued", "sent", DELIVERED, "rejected/bounced")]
    mock = _with_rule({"steps": steps, "reply": {"text": "YES", "after": 1.5}}, credit=5)
    (row,) = mock.send(NUMBER)
    seen = []
    for _ in steps:
        mock.time.advance(1)
        seen.append(mock.info(row["transaction_id"])["status"])
    assert seen == ["scheduled", "queued", "sent", "delivered", "rejected"]
    assert (_callbacks(mock), mock.account().credit) == ([("send", None), ("reject", "bounced")], 4)
    assert [reply.text for reply in mock.account().replies.newest_first()] == ["YES"]


@pytest.mark.ledger("status.late", "callback.bounce")
@pytest.mark.parametrize("late", ["rejected/kosher-number", "invalid", "exception", LIMITED], ids=str)
def test_sent_message_fails_later_with_a_reject_of_its_reason(late: Any) -> None:
    steps = [{"outcome": "sent"}, {"outcome": late, "after": 5}]
    mock = _with_rule({"steps": steps}, credit=5, webhook_bounce="hard_bounce")
    (row,) = mock.send(NUMBER)
    assert _ending(row) == HYPHEN["sent"]
    mock.time.advance(5)
    status, reason = _ending(mock.info(row["transaction_id"]))
    assert (status, mock.account().credit) == (late["status"] if isinstance(late, dict) else late.split("/")[0], 4)
    assert [event for event, _ in _callbacks(mock)] == ["send", "reject"]
    assert reason


def test_every_code_of_the_catalogue_is_tested_here() -> None:
    rows = Catalogue().rows
    faults = {code for code, row in rows.items() if isinstance(row.effect, Fault)}
    assert faults == {*HTTP, *ACCEPTED, "72"}
    assert set(rows) - faults == {*AT_ONCE, *LATER, "03", "04", "05"}
    kinds = {row.effect.kind for row in rows.values() if isinstance(row.effect, Fault)}
    assert kinds == set(FaultKind) - {FaultKind.EMPTY, FaultKind.HOLD}
