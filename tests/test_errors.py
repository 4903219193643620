from __future__ import annotations

import inspect
import re
from datetime import timedelta
from types import ModuleType

import pytest

from mocksms import errors
from mocksms.engine.rules import RefusedByFault
from mocksms.errors import (
    INTERNAL_ERROR,
    MALFORMED_HTTP,
    BodyTooLarge,
    BodyTooSlow,
    ClockMovedBack,
    ClockOutOfRange,
    CreditRequired,
    CrossOriginRequest,
    HostNotAllowed,
    IllegalStep,
    InvalidRequest,
    InvalidScenario,
    MessageNotFound,
    MethodNotAllowed,
    MockRefused,
    MocksmsError,
    MockUnreachable,
    NoLink,
    NoRestRight,
    NotReady,
    PatternTooSlow,
    RequestRefused,
    RouteNotFound,
    ScenarioIssue,
    SendTooLarge,
    SettingsError,
    TextTooLong,
    Unauthorized,
    UnknownMagicCode,
    UnknownScenario,
    UnsupportedMediaType,
    WebhookForbidden,
    did_you_mean,
)
from mocksms.inspection import errors as refusals
from mocksms.sms.message import State
from tests.support import NOON

_LEAF = re.compile(r"^( *)\+-- (\w+) {2,}\S", re.MULTILINE)


@pytest.mark.parametrize("module", [errors, refusals])
def test_tree_in_the_docstring_is_the_tree_of_classes(module: ModuleType) -> None:
    drawn = [(name, len(indent)) for indent, name in _LEAF.findall(module.__doc__ or "")]
    assert drawn == [(each.__name__, 4 + 4 * depth) for each, depth in _tree(MocksmsError, module)]


@pytest.mark.parametrize("module", [errors, refusals])
def test_every_class_of_the_module_is_in_the_tree(module: ModuleType) -> None:
    classes = (each for _, each in inspect.getmembers(module, inspect.isclass) if each.__module__ == module.__name__)
    defined = {each for each in classes if issubclass(each, Exception)}
    assert defined - {MocksmsError} == {each for each, _ in _tree(MocksmsError, module)}


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SettingsError("--port is 'x'."), "--port is 'x'."),
        (NotReady("http://mock", "Connection refused"), "no mock is ready at http://mock: Connection refused"),
        (
            NotReady("http://mock", "Connection refused", 2.5),
            "no mock is ready at http://mock after 2.5 s: Connection refused",
        ),
        (
            IllegalStep(State.SENT, State.CANCELLED, (State.BOUNCED,)),
            "a message that is sent cannot become rejected/cancelled_by_user; allowed next: rejected/bounced",
        ),
        (
            IllegalStep(State.BOUNCED, State.SENT, ()),
            "a message that is rejected/bounced cannot become sent; allowed next: none, it is final",
        ),
        (NoLink(None, [], State.SENT), "the message, which is sent, has no link to open: it has none"),
        (
            NoLink("http://b.test", ["http://a.test"], State.SENT),
            "the message, which is sent, has no link http://b.test: it has http://a.test",
        ),
        (
            ClockMovedBack(NOON, NOON - timedelta(hours=1)),
            "the clock is at 2026-03-01T12:00:00+00:00 and cannot be advanced to 2026-03-01T11:00:00+00:00, "
            "which is earlier; freeze it there instead",
        ),
        (
            ClockOutOfRange(NOON - timedelta(hours=1), NOON),
            "a clock can only be set to times from 2026-03-01T11:00:00+00:00 to 2026-03-01T12:00:00+00:00",
        ),
        (
            WebhookForbidden("app.test", "224.0.0.1", "never"),
            "app.test is 224.0.0.1, an address of a metadata service or of many machines, which mocksms never calls",
        ),
        (
            WebhookForbidden("app.test", "169.254.1.1", "link-local"),
            "app.test is 169.254.1.1, a link-local address; to allow it, start mocksms with --webhook-allow app.test",
        ),
        (
            WebhookForbidden("app.test", "192.0.2.1", "public"),
            "app.test is 192.0.2.1, neither this machine nor a private network; to allow it, start mocksms with "
            "--webhook-allow app.test",
        ),
        (PatternTooSlow("(a+)+", 0.1), "the regular expression takes longer than 0.1 s; make it simpler"),
        (
            InvalidScenario(
                [ScenarioIssue("a.toml", 3, "rule 1", "is odd"), ScenarioIssue("b.toml", None, "", "is none")]
            ),
            "a.toml:3: rule 1: is odd\nb.toml: is none",
        ),
        (UnknownScenario("outag", ["outage"]), "there is no scenario 'outag'; did you mean outage?"),
        (
            UnknownScenario("zzz", ["a", "b"]),
            "there is no scenario 'zzz'; known are a, b, and the files in the folder of --scenario-folder",
        ),
        (RouteNotFound("http://mock.test/x"), "no resource at http://mock.test/x"),
        (MethodNotAllowed("PUT", "POST"), "method PUT is not supported here, only POST"),
        (Unauthorized("unknown"), "API key refused: unknown"),
        (NoRestRight(), "the account has no REST right"),
        (CrossOriginRequest("http://evil.test"), "cross-origin request from http://evil.test refused"),
        (
            HostNotAllowed("evil.test:80"),
            "host 'evil.test:80' is not allowed; start mocksms with --allowed-host evil.test",
        ),
        (UnsupportedMediaType("text/xml"), "body declared as text/xml"),
        (UnsupportedMediaType(None), "body declared as None"),
        (BodyTooLarge(10), "body longer than 10 bytes"),
        (BodyTooSlow(30.0), "body not complete after 30 seconds"),
        (BodyTooSlow(0.5), "body not complete after 0.5 seconds"),
        (InvalidRequest({"message.to": ["missing"], "async": iter(["a", "b"])}), "message.to: missing; async: a b"),
        (
            UnknownMagicCode(0, "972-50-0009900", "99", ["00", "01"]),
            "magic number 972-50-0009900 has the unknown code 99; known: 00, 01",
        ),
        (TextTooLong(11, 10), "a text of 11 characters; the longest SMS has 10"),
        (CreditRequired(), "the account has no credit, and --schedule-without-credit is off"),
        (SendTooLarge(11, 10), "texts of 11 characters in one send; the limit is 10"),
        (MessageNotFound("abc"), "no message abc"),
        (MockUnreachable("http://mock.test", "gone"), "no mock responds at http://mock.test: gone"),
        (MockRefused("GET /x", 404, {"message": "None."}), "GET /x: None."),
        (MockRefused("GET /x", 401, {}), "GET /x: no reason given"),
    ],
)
def test_error_text_says_what_was_wrong(error: MocksmsError, words: str) -> None:
    assert str(error) == words


def test_sentence_begins_with_a_capital_and_ends_once() -> None:
    assert (
        UnknownScenario("zzz", ["a", "b"]).sentence
        == "There is no scenario 'zzz'; known are a, b, and the files in the folder of --scenario-folder."
    )
    assert UnknownScenario("b", ["bb"]).sentence == "There is no scenario 'b'; did you mean bb?"
    assert SettingsError("Use --port.").sentence == "Use --port."
    assert InvalidScenario([ScenarioIssue("a.toml", None, "", "is empty")]).sentence == "a.toml: is empty"


def test_errors_carry_what_was_wrong_as_attributes() -> None:
    step = IllegalStep(State.SENT, State.KOSHER, [State.BOUNCED])
    assert (step.current, step.requested, step.allowed) == (State.SENT, State.KOSHER, (State.BOUNCED,))
    assert InvalidRequest({"a": iter(["b"])}).issues == {"a": ("b",)}
    code = UnknownMagicCode(3, "972-50-0009900", "99", iter(["00"]))
    assert (code.index, code.number, code.magic_code, code.known) == (3, "972-50-0009900", "99", ("00",))
    refused = MockRefused("GET /x", 409, {"explanation": {"text": "no SMS matched"}})
    assert (refused.status, refused.explanation) == (409, {"text": "no SMS matched"})
    assert MockUnreachable("http://mock.test", "gone").url == "http://mock.test"
    method = MethodNotAllowed("PUT", "POST")
    assert (method.method, method.allowed) == ("PUT", "POST")
    text = TextTooLong(11, 10)
    assert (text.length, text.limit) == (11, 10)
    send = SendTooLarge(11, 10)
    assert (send.length, send.limit) == (11, 10)
    assert BodyTooLarge(10).limit == 10
    assert BodyTooSlow(0.5).timeout == 0.5


def test_each_refusal_has_a_code_of_its_own() -> None:
    codes = [refusal.code for refusal in RequestRefused.__subclasses__()]
    assert "message_not_found" in codes
    assert RefusedByFault.code == "fault"
    assert len(set(codes)) == len(codes)
    assert not {MALFORMED_HTTP, INTERNAL_ERROR} & set(codes)
    assert all(re.fullmatch("[a-z_]+", code) for code in codes)


def test_unusable_setting_is_a_value_error_too() -> None:
    assert issubclass(SettingsError, ValueError)
    assert not issubclass(SettingsError, RequestRefused)


def _tree(root: type[MocksmsError], module: ModuleType, depth: int = 0) -> list[tuple[type[MocksmsError], int]]:
    ours = [each for each in root.__subclasses__() if each.__module__ == module.__name__]
    return [row for each in ours for row in ((each, depth), *_tree(each, module, depth + 1))]


def test_hint_has_the_nearest_known_name_or_the_alternative() -> None:
    assert did_you_mean("sned", ["end", "send", "spend"]) == "did you mean send?"
    assert did_you_mean("x", ["send"], "see --help.") == "see --help."
    assert (did_you_mean("--nope", ["--since"]), did_you_mean("host", ["--host"])) == ("", "did you mean --host?")
    assert (did_you_mean("seam", ["send"]), did_you_mean("seam", ["send"], cutoff=0.5)) == ("", "did you mean send?")
