"""What a test session finds and reports: unexpected traffic, unused faults, undelivered callbacks, late messages."""

from __future__ import annotations

import re

import pytest

from mocksms.settings import Settings
from mocksms.testing import client, undelivered
from mocksms.testing.described_errors import errors_to
from mocksms.testing.marker import is_grouped
from tests.support import TIMEOUT, running
from tests.testing.runs import Runs
from tests.testing.test_client import other_server


def test_filter_that_makes_warnings_errors_fails_the_test_with_all_of_them(runs: Runs) -> None:
    printed = runs.run(
        """
        import pytest
        @pytest.mark.mocksms(unexpected="warn")
        def test_it(mocksms, send):
            mocksms.fault(503, match={"tag": "otp"})
            send(key="")
        """,
        "-W",
        "error",
        passed=1,
        errors=1,
    )
    assert "\nUnexpectedTraffic: unexpected traffic: refused request\n" in printed
    assert "\nUnusedFault: unused fault: " in printed
    assert re.search(r"session\.py:\d", printed) is None


def test_fixed_key_is_reset_before_and_after(runs: Runs) -> None:
    runs.run(
        """
        import pytest
        @pytest.mark.mocksms(api_key="fixed")
        class TestFixed:
            def test_one(self, mocksms, send):
                assert (mocksms.api_key, mocksms.outbox) == ("fixed", [])
                send()
            def test_two(self, mocksms, send):
                assert mocksms.outbox == []
                send()
        def test_after(mocksms):
            assert mocksms.account("fixed").outbox == []
        """,
        passed=3,
    )


OUTCOMES = """
import pytest

@pytest.fixture
def breaks_before(send):
    send()
    raise OSError("no database")

@pytest.fixture
def breaks_after(send):
    send()
    yield
    raise OSError("no database")

def test_passed(send): send()
def test_failed(send):
    send()
    assert 0
def test_error(breaks_before): ...
def test_error_after(breaks_after): ...
@pytest.mark.mocksms(api_key="fixed")
def test_failed_after(breaks_after): assert 0
def test_error_unexpected(send): send(content="")
def test_skipped(send):
    send()
    pytest.skip()
@pytest.mark.xfail
def test_xfailed(send):
    send()
    assert 0
@pytest.mark.xfail
def test_xpassed(send): send()
def test_passed_other(mocksms, send):
    send()
    send(key=mocksms.account("other").api_key)

def test_it(send, mocksms):
    send()
    accounts = mocksms.client.accounts()
    for account in accounts:
        name, outcome = account["label"].rpartition("::test_")[2], account["test_outcome"]
        assert name.partition("_")[0] == (outcome or "it"), (name, outcome)
    assert len(accounts) == 10
"""


@pytest.mark.parametrize("is_attached", [False, True], ids=["in process", "attached"])
def test_accounts_have_the_outcome_of_their_test(
    runs: Runs, monkeypatch: pytest.MonkeyPatch, is_attached: bool
) -> None:
    with running() as mock:
        if is_attached:
            monkeypatch.setenv("MOCKSMS_URL", mock.url)
        printed = runs.run(OUTCOMES, passed=5, failed=2, errors=4, skipped=1, xfailed=1, xpassed=1)
        # A mock of the session ends with it, and an account with a fixed key is reset: a link would lead nowhere.
        assert len(re.findall(rf"^inbox: {mock.url}/\?account=\w{{12}}$", printed, re.MULTILINE)) == 4 * is_attached


def test_outcome_that_cannot_be_stored_fails_nothing(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    with running() as mock:
        monkeypatch.setenv("MOCKSMS_URL", mock.url)
        runs.run(
            """
            def test_it(mocksms, monkeypatch):
                monkeypatch.setattr(mocksms, "_set_test_outcome", lambda outcome: 1 / 0)
            """,
            passed=1,
        )


def test_request_that_a_test_holds_is_released_at_its_end(runs: Runs) -> None:
    runs.run(
        """
        from threading import Thread

        def test_hold(mocksms, send):
            for account in (mocksms, mocksms.account("other")):
                held = account.hold()
                Thread(target=send, kwargs={"key": account.api_key}, name="application").start()
                held.wait_for_request()

        def test_after():
            import threading
            for thread in threading.enumerate():
                if thread.name == "application":
                    thread.join(10)
                    assert not thread.is_alive()
        """,
        passed=2,
    )


UNEXPECTED = """
import pytest

def test_refused(mocksms, send):
    assert send(content="") == 400

def test_unknown_path(mocksms, send):
    assert send(path="/sms/send") == 404

def test_nobodys(mocksms, send):
    assert send(key="") == 401

def test_crash(mocksms, send, monkeypatch):
    monkeypatch.setattr("mocksms.provider.send_request.codec_of", lambda *_: 1 / 0)
    assert send() == 500
"""


def test_unexpected_traffic_fails_the_test(runs: Runs) -> None:
    printed = runs.run(UNEXPECTED, passed=4, errors=4)
    kinds = re.findall(r"^unexpected traffic: (.*)$", printed, re.MULTILINE)
    assert kinds == ["refused request", "request to an unknown path", "refused request", "internal error of mocksms"]
    assert "  refused    POST /transactional/sms/send returned 400: message.content" in printed
    assert "  unknown-path POST /sms/send returned 404: no resource at http://" in printed
    assert "  refused    POST /transactional/sms/send without an account returned 401: API key" in printed
    assert "  crash      POST /transactional/sms/send returned 500: internal error in mocksms" in printed
    assert "ZeroDivisionError" in printed
    assert '  allow      @pytest.mark.mocksms(allow="refused") accepts it in one test, mocksms_unexpected' in printed


def test_unexpected_traffic_warns_or_is_ignored_by_option(runs: Runs) -> None:
    printed = runs.run(UNEXPECTED, "--mocksms-unexpected=warn", passed=4, warnings=4)
    assert "UnexpectedTraffic: unexpected traffic: internal error of mocksms" in printed
    runs.run(UNEXPECTED, "--mocksms-unexpected=ignore", passed=4)


def test_marker_allows_unexpected_traffic(runs: Runs) -> None:
    runs.run(
        """
        import pytest
        @pytest.mark.mocksms(allow="refused")
        def test_refused(send):
            assert send(content="") == 400
        @pytest.mark.mocksms(allow=["unknown-path", "refused"])
        def test_unknown_path(send):
            assert send(path="/sms/send") == 404
        @pytest.mark.mocksms(unexpected="ignore")
        def test_ignored(send):
            assert send(content="") == 400
        @pytest.mark.mocksms(allow="unknown-path")
        def test_something_else(send):
            assert send(content="") == 400
        """,
        passed=4,
        errors=1,
    )


def test_faults_that_the_test_set_are_not_unexpected(runs: Runs) -> None:
    runs.run(
        """
        def test_faults(mocksms, send):
            assert send(mocksms.number("http-500")) == 500
            with mocksms.fault(404):
                assert send() == 404
            mocksms.scenario([{"fault": {"kind": "unauthorized"}, "times": 1}])
            assert send() == 401
        def test_next(mocksms): ...
        """,
        passed=2,
    )


def test_requests_of_an_earlier_test_are_not_unexpected(runs: Runs) -> None:
    runs.run(
        """
        import pytest
        kept = []
        @pytest.mark.mocksms(unexpected="ignore")
        def test_first(send):
            kept.append(send)
        def test_second(mocksms):
            assert kept[0](content="") == 400
        """,
        passed=2,
    )


def test_restored_requests_and_callbacks_are_not_unexpected(runs: Runs) -> None:
    runs.run(
        """
        import pytest
        from mocksms import MockSMS
        kept = []
        @pytest.mark.mocksms(unexpected="ignore", undelivered="ignore")
        def test_first(mocksms, send):
            account = mocksms.account("customer")
            account.webhook("http://127.0.0.1:9/hook")
            send(key="customer")
            assert send(key="customer", content="") == 400
            kept.append(account.snapshot())
        @pytest.mark.mocksms(undelivered="fail")
        def test_second(mocksms):
            account = mocksms.account("customer")
            account.restore(kept[0])
            assert len(account.requests) == 2
        def test_refused_later(mocksms, send):
            account = mocksms.account("customer")
            account.restore(kept[0])
            send(key="customer", content="")
        """,
        passed=3,
        errors=1,
    )


def test_requests_of_an_unknown_account_are_unexpected(runs: Runs) -> None:
    tests = """
        import pytest
        def test_sends(mocksms, send):
            send(key="production-key")
            mocksms.assert_nothing_sent()
        def test_refused(send):
            send(key="production-key", content="")
            send(key="", content="")
        @pytest.mark.mocksms(allow="other-account")
        def test_allowed(send):
            send(key="production-key")
        def test_ordered(mocksms, mocksms_server, send):
            mocksms_server.api("POST", "faults", {"fault": {"kind": "status", "status": 503}}, account="production-key")
            assert send(key="production-key") == 503
        """
    printed = runs.run(tests, passed=4, errors=2)
    assert "\n  other-account POST /transactional/sms/send with the API key prod… sent 1 SMS\n" in printed
    assert (
        "\n  other-account POST /transactional/sms/send with the API key prod… was refused: message.content" in printed
    )
    assert "\n  key        the application does not use mocksms.api_key; if its key is fixed" in printed
    assert 'allow      @pytest.mark.mocksms(allow=("other-account", "refused")) accepts it in one test' in printed
    runs.run(tests, "--mocksms-unexpected=warn", passed=4, warnings=2)


def test_requests_of_accounts_with_a_handle_are_not_unexpected(runs: Runs) -> None:
    runs.run(
        """
        import pytest
        kept = []
        @pytest.fixture(scope="module")
        def of_the_module(mocksms_server):
            return mocksms_server.account("module-key")
        def test_account_of_a_fixture(of_the_module, send):
            send(key="module-key")
            send(key="module-key", content="")
        def test_account_of_the_server(mocksms_server, send):
            send(key=mocksms_server.api_key)
        def test_account_of_the_test(mocksms, send):
            mocksms.account("brand")
            send(key="brand")
            kept.append(mocksms.api_key)
        @pytest.mark.mocksms(allow="late")
        def test_account_of_a_test_before(send):
            send(key=kept[0])
        """,
        passed=4,
    )


@pytest.mark.parametrize("attached", [False, True])
def test_accounts_created_in_a_test_are_checked(runs: Runs, attached: bool) -> None:
    with running(Settings(port=0)) as mock:
        printed = runs.run(
            """
            def test_it(mocksms, send):
                mocksms.account("brand")
                assert send(key="brand", content="") == 400
                assert send(content="") == 400
            def test_next(mocksms):
                assert mocksms.account("brand").outbox == []
            """,
            *([f"--mocksms-url={mock.url}"] if attached else []),
            passed=2,
            errors=1,
        )
    assert printed.count("  refused    POST /transactional/sms/send returned 400") == 2


@pytest.mark.parametrize("attached", [False, True])
def test_accounts_created_in_a_test_are_reset_for_the_next(runs: Runs, attached: bool) -> None:
    with running(Settings(port=0)) as mock:
        runs.run(
            """
            def test_it(mocksms, send):
                brand = mocksms.account("brand")
                brand.credit = 5
                brand.opt_out("972-54-1111111")
                brand.scenario([{"outcome": "sent"}])
                send(key="brand")
                assert len(brand.outbox) == 1
            def test_next(mocksms):
                brand = mocksms.account("brand")
                assert (brand.outbox, brand.credit, brand.opted_out, brand.unused_rules) == ([], None, [], [])
            """,
            *([f"--mocksms-url={mock.url}"] if attached else []),
            passed=2,
        )


def test_all_requests_of_a_test_are_checked(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MAX_PAGE", 2)
    runs.run(
        """
        def test_it(send):
            send(content="")
            for _ in range(4):
                send()
        """,
        passed=1,
        errors=1,
    )


def test_strict_test_fails_for_a_warning(runs: Runs) -> None:
    printed = runs.run(
        """
        import pytest
        @pytest.mark.mocksms(strict=True)
        def test_strict(send):
            send(colour="red")
        @pytest.mark.mocksms(strict=True, allow="warning")
        def test_allowed(send):
            send(colour="red")
        def test_not_strict(send):
            send(colour="red")
        """,
        passed=3,
        errors=1,
    )
    assert "  warning    POST /transactional/sms/send: message.colour: " in printed


def test_long_list_of_unexpected_requests_is_cut(runs: Runs) -> None:
    printed = runs.run("def test_it(send):\n    for _ in range(12): send(content='')", passed=1, errors=1)
    assert printed.count("  refused    POST /transactional/sms/send returned 400") == 10
    assert "             and 2 more" in printed


def test_failed_test_shows_what_the_mock_saw(runs: Runs) -> None:
    printed = runs.run(
        """
        def test_it(mocksms, send):
            send()
            send(content="")
            mocksms.reply("972-54-1111111", "Hello")
            mocksms.assert_sent(content="Welcome")
        def test_plain(mocksms, send):
            send()
            assert len(mocksms.outbox) == 2
        def test_without():
            assert False
        """,
        failed=3,
    )
    assert printed.count("- mocksms -") == 2
    assert 'E       AssertionError: no SMS with content "Welcome": 1 SMS in the account\n' in printed
    assert 'where 1 = len([<SMS to 972-54-1111111 "Your code is 481516" sent>])' in printed
    assert re.search(
        r"http://127\.0\.0\.1:\d+, account 0002-main \(\S+::test_it\)\n1 SMS\n  sms        [0-9a-f]{32} <SMS to ",
        printed,
    )
    assert "\n1 refused request\n  refused    POST /transactional/sms/send got 400: message.content" in printed
    timeline = printed.partition("timeline\n")[2].splitlines()[:5]
    whats = [re.sub(r"^  [\d:.]{12}  ([0-9a-f]{8}… )?", "", line)[:24] for line in timeline]
    assert whats == [
        "POST /transactional/sms/",
        "to 972-54-1111111 queued",
        "to 972-54-1111111 sent (",
        "POST /transactional/sms/",
        '972541111111 replies "He',
    ]
    assert "unexpected traffic" not in printed


def test_failure_shows_no_frame_of_ours(runs: Runs) -> None:
    printed = runs.run(
        """
        import pytest
        def test_assert(mocksms):
            mocksms.assert_sent(content=bool)
        def test_wait(mocksms):
            mocksms.wait_for(timeout=0)
        def test_refused(mocksms):
            mocksms.scenario("nowhere")
        def test_fault(mocksms):
            mocksms.fault("delay")
        def test_number(mocksms):
            mocksms.number("koscher")
        """,
        failed=5,
    )
    assert re.search(r"^\S*mocksms/\w+/\w+\.py:\d+", printed, re.MULTILINE) is None
    assert "During handling" not in printed


def test_explanation_is_about_this_test_only(runs: Runs) -> None:
    printed = runs.run(
        """
        import pytest
        @pytest.mark.mocksms(unexpected="ignore")
        def test_before(mocksms, send):
            send(content="Welcome")
            send(key="", content="")
            send(content="Welcome", key="other")
        def test_it(mocksms):
            with pytest.raises(AssertionError) as failed:
                mocksms.assert_sent(content="Welcome")
            assert str(failed.value).splitlines() == [
                'no SMS with content "Welcome": 0 SMS in the account',
                '  expected   content "Welcome", exactly 1',
                "  found      0 SMS in account 0003…, no requests",
            ]
            calls = (lambda: mocksms.wait_for(content="Welcome", timeout=0), lambda: mocksms.assert_sent(content=bool))
            for call in calls:
                with pytest.raises(AssertionError) as failed:
                    call()
                assert "account o" not in str(failed.value) and "cursor" not in str(failed.value)
            with pytest.raises(AssertionError, match="account    account o… has it"):
                mocksms.assert_sent(content="Welcome", since=0)
        def test_accounts_created_in_a_test_start_at_the_same_cursor(mocksms, send):
            other = mocksms.account("other")
            other.assert_nothing_sent()
            send(content="Welcome", key="other")
            other.assert_sent()
            other.assert_no_duplicates()
            assert len(other.outbox) == 2
        """,
        passed=3,
    )
    assert "cursor" not in printed


def test_refusal_that_a_test_sets_up_is_not_unexpected(runs: Runs) -> None:
    runs.run(
        """
        import pytest
        import urllib.error, urllib.request
        RATE = {"kind": "rate_limit", "limit": 1, "per": "1m"}
        def read(mocksms, id):
            url = f"{mocksms.url}/transactional/sms/info?transaction_id={id}"
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(urllib.request.Request(url, headers={"X-API-Key": mocksms.api_key}))
            refused.value.close()
            return refused.value.code
        def test_right(mocksms, send):
            mocksms.update_account(rest_right=False)
            assert send() == 401
        def test_right_of_another_account(mocksms, send):
            other = mocksms.account("other")
            other.update_account(rest_right=False)
            assert send(key="other") == 401
        @pytest.mark.mocksms(scenario={"account": {"rest_right": False}, "rule": []})
        def test_right_of_a_scenario(mocksms, send):
            assert send() == 401
        @pytest.mark.mocksms(scenario=[{"fault": RATE}])
        def test_rule(mocksms, send):
            assert [send() == 429, send()] == [False, 429]
        def test_fault(mocksms, send):
            mocksms.fault("unauthorized")
            assert send() == 401
        def test_magic_number(mocksms, send):
            assert send(to=mocksms.number("http-400")) == 400
        @pytest.mark.parametrize("way", [("POST", "reset"), ("DELETE", "messages"), ("DELETE", "account")])
        def test_deleted(mocksms, send, way):
            sent = send()[0]["transaction_id"]
            mocksms.api(*way)
            assert read(mocksms, sent) == 404
        def test_not_there(mocksms):
            assert read(mocksms, "0" * 32) == 404
        """,
        passed=10,
        errors=1,
    )


UNUSED = """
import pytest

def test_unused(mocksms, send):
    mocksms.fault(503, match={"tag": "otp"})
    mocksms.account("other").fault("delay", duration="1s")
    with mocksms.fault(500, times=1):
        assert send() == 500

def test_matched(mocksms, send):
    mocksms.fault(503, every=2)
    mocksms.fault("rate_limit", limit=5, per="1m", match={"operation": "send"})
    send()

@pytest.mark.mocksms(unused_fault="ignore")
def test_accepted(mocksms):
    mocksms.fault(503)

def test_reset(mocksms):
    mocksms.fault(503)
    mocksms.reset()

def test_skipped(mocksms):
    mocksms.fault(503)
    pytest.skip()

@pytest.mark.xfail(strict=True)
def test_expected_to_fail(mocksms):
    mocksms.fault(503)
    assert False
"""


def test_fault_that_no_request_matched_warns(runs: Runs) -> None:
    printed = runs.run(UNUSED, passed=4, skipped=1, xfailed=1, warnings=1)
    shown = [each.strip() for each in printed.partition("UnusedFault: ")[2].splitlines()[:4]]
    assert shown == [
        "unused fault: no request of this test matched it",
        "fault      503, match={'tag': 'otp'}",
        "fault      delay, duration='1s'",
        'allow      @pytest.mark.mocksms(unused_fault="ignore") accepts it in one test, mocksms_unused_fault = ignore '
        "in all tests",
    ]


def test_fault_that_no_request_matched_fails_the_test_or_is_ignored_by_option(runs: Runs) -> None:
    assert "warning" not in runs.run(UNUSED, "--mocksms-unused-fault=ignore", passed=4, skipped=1, xfailed=1)
    many = "def test_many(mocksms):\n    for _ in range(12): mocksms.fault(503)"
    printed = runs.run(many, "--mocksms-unused-fault=fail", passed=1, errors=1)
    assert "ERROR at teardown of test_many" in printed
    assert printed.count("  fault      503\n") == 10
    assert "             and 2 more" in printed


UNDELIVERED = """
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

@pytest.fixture
def receiver():
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.end_headers()
        def log_message(self, *_):
            pass
    status = 200
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()

def test_undelivered(mocksms, send):
    mocksms.webhook("http://127.0.0.1:9/hooks")
    send()

def test_other_account(mocksms, send):
    other = mocksms.account("other")
    other.webhook("http://127.0.0.1:9/hooks")
    send(key="other")

def test_delivered_while_the_receiver_runs(mocksms, send, receiver):
    mocksms.webhook(receiver)
    send()

def test_asserted(mocksms, send):
    mocksms.webhook("http://127.0.0.1:9/hooks")
    send()
    mocksms.assert_callback("send", delivered=False)

@pytest.mark.mocksms(undelivered="ignore")
def test_accepted(mocksms, send):
    mocksms.webhook("http://127.0.0.1:9/hooks")
    send()

def test_fails(mocksms, send):
    mocksms.webhook("http://127.0.0.1:9/hooks")
    send()
    mocksms.assert_callback("send", timeout=0)
"""


def test_undelivered_callback_warns_and_is_in_the_report_of_a_failure(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undelivered, "SETTLE_SECONDS", TIMEOUT)
    printed = runs.run(UNDELIVERED, passed=5, failed=1, warnings=2)
    shown = [each.strip() for each in printed.partition("UndeliveredCallbacks: ")[2].splitlines()[:4]]
    assert shown[0] == "1 callback was not delivered"
    assert re.fullmatch(r"callback   \d+ send of [0-9a-f]{32} to http://127\.0\.0\.1:9/hooks: pending", shown[1])
    assert shown[2].endswith("connection failed: Connection refused")
    report = printed.partition("- mocksms -")[2]
    assert "\n1 callback, 1 not delivered\n  callback   " in report
    assert re.search(
        r"\n             [\d:.]+ connection failed: Connection refused\n             [\d:.]+ next attempt", report
    )
    assert re.search(r"\n  [\d:.]+  callback \d+ send to http://127\.0\.0\.1:9/hooks connection failed", report)


def test_undelivered_callback_fails_the_test_or_is_ignored_by_option(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undelivered, "SETTLE_SECONDS", TIMEOUT)
    assert "warning" not in runs.run(UNDELIVERED, "--mocksms-undelivered=ignore", passed=5, failed=1)
    with_unexpected = """
        def test_it(mocksms, send):
            mocksms.webhook("http://127.0.0.1:9/hooks")
            send()
            send(content="")
    """
    printed = runs.run(with_unexpected, "--mocksms-undelivered=fail", passed=1, errors=1)
    assert "\n1 callback was not delivered\n" in printed
    assert '(undelivered="ignore") accepts it in one test, mocksms_undelivered = ignore in all tests\n' in printed
    assert "\nunexpected traffic: refused request\n" in printed


def test_tls_and_compressed_bodies_are_named(runs: Runs) -> None:
    printed = runs.run(
        """
        import gzip, pytest, requests

        def test_tls_fails(mocksms):
            requests.get(mocksms.url.replace("http:", "https:"))

        def test_tls_is_not_noticed(mocksms):
            with pytest.raises(requests.ConnectionError):
                requests.get(mocksms.url.replace("http:", "https:"))

        def test_compressed_body(mocksms):
            headers = {"X-API-Key": mocksms.api_key, "Content-Type": "application/json", "Content-Encoding": "gzip"}
            requests.post(mocksms.url + "/transactional/sms/send", gzip.compress(b"{}"), headers=headers)
        """,
        passed=2,
        failed=1,
        errors=2,
    )
    tls = "malformed HTTP: this is TLS; mocksms speaks plain HTTP\n"
    assert f"\nwithout an account: TLS handshake got 400: {tls}" in printed
    assert f"TLS handshake without an account returned 400: {tls}" in printed
    assert " returned 400: the body is gzip, which the vendor's stack does not read\n" in printed


def test_failed_test_names_faults_that_were_never_applied(runs: Runs) -> None:
    printed = runs.run(
        """
        def test_it(mocksms, send):
            with mocksms.fault(503, times=1):
                send()
            with mocksms.fault("delay", duration="1s", match={"tag": "otp"}):
                send()
            mocksms.assert_nothing_sent()
        """,
        failed=1,
    )
    assert "\nnever applied: <fault delay, duration='1s', match={'tag': 'otp'}, applied to 0 requests>\n" in printed
    assert "<fault 503" not in printed


def test_failed_setup_shows_what_the_mock_saw(runs: Runs) -> None:
    printed = runs.run(
        """
        import pytest
        @pytest.fixture
        def app(mocksms):
            raise RuntimeError("no application")
        def test_it(app): ...
        """,
        errors=1,
    )
    assert "0 SMS\n0 refused requests" in printed


@pytest.mark.parametrize("marker", ["unexpected=None", "api_key='fixed'"])
def test_failed_teardown_shows_what_the_mock_saw(runs: Runs, marker: str) -> None:
    printed = runs.run(
        f"""
        import pytest
        pytestmark = pytest.mark.mocksms({marker})
        @pytest.fixture
        def app(mocksms, send):
            yield
            send(content="Goodbye")
            raise RuntimeError("does not close")
        def test_closes(app): ...
        def test_refused(send):
            send(content="")
        def test_has_failed_already(app):
            assert False
        def test_next(mocksms):
            assert mocksms.outbox == []
        """,
        passed=3,
        failed=1,
        errors=3,
    )
    assert printed.count("- mocksms -") == 3
    assert printed.count('Goodbye" sent>') == 1
    assert "\n1 refused request\n  refused    POST /transactional/sms/send got 400: message.content" in printed


@pytest.mark.parametrize("teardown", ["pass", "raise ValueError('teardown of the application')"])
def test_teardown_of_the_last_test_shows_what_the_mock_saw(runs: Runs, teardown: str) -> None:
    """Its report is made when the session has stopped the mock."""
    tests = """
        import pytest
        @pytest.fixture
        def application():
            yield
            TEARDOWN
        def test_it(application, send):
            send(content="")
        """
    printed = runs.run(tests.replace("TEARDOWN", teardown), passed=1, errors=1)
    assert "\n1 refused request\n" in printed
    assert "no report from the mock" not in printed


def test_test_that_fails_as_expected_is_not_failed_again(runs: Runs) -> None:
    runs.run(
        """
        import pytest
        @pytest.mark.xfail(raises=AssertionError, strict=True)
        def test_it(send):
            send(content="")
            assert False
        @pytest.mark.xfail(raises=AssertionError)
        def test_that_passes(send):
            send(content="")
        """,
        xfailed=1,
        xpassed=1,
        errors=1,
    )


LATE = """
import pytest
kept = []
def test_first(mocksms, send):
    kept.append(send)
def test_second(mocksms):
    kept[0]()
    kept[0](content="Bye")
"""


def test_late_messages_fail_the_session(runs: Runs) -> None:
    printed = runs.run(LATE, passed=2)
    assert runs.exit_code == pytest.ExitCode.TESTS_FAILED
    assert "\nthis test run fails because of these messages; its tests passed\n" in printed
    assert 'accept them: @pytest.mark.mocksms(allow="late") in one test, mocksms_unexpected = warn in' in printed
    summary = printed.partition("= mocksms: messages sent after the end of their test =")[2]
    assert re.search(
        r"late_messages_fail\S*\.py::test_first: 2 SMS\n  late       [0-9a-f]{32} to 972-54-1111111 \"Your code",
        summary,
    )
    assert '"Bye"' in summary


def test_late_messages_do_not_fail_a_run_that_warns(runs: Runs) -> None:
    printed = runs.run(LATE, "--mocksms-unexpected=warn", passed=2)
    assert "::test_first: 2 SMS" in printed
    assert "the run fails" not in printed
    assert runs.exit_code == pytest.ExitCode.OK
    assert "2 SMS" not in runs.run(LATE, "--mocksms-unexpected=ignore", passed=2)
    tests = LATE.replace("kept = []", 'kept = []\npytestmark = pytest.mark.mocksms(allow="late")')
    assert "2 SMS" not in runs.run(tests, passed=2)
    assert runs.exit_code == pytest.ExitCode.OK


def test_late_messages_under_a_fixed_key_belong_to_the_test_before(runs: Runs) -> None:
    printed = runs.run(
        """
        import pytest
        pytestmark = pytest.mark.mocksms(api_key="fixed")
        kept = []
        @pytest.fixture
        def late():
            kept[0]()
        def test_first(mocksms, send):
            kept.append(send)
        def test_second(late, mocksms):
            assert mocksms.outbox == []
        """,
        passed=2,
    )
    assert "::test_first: 1 SMS" in printed


OF_WORKERS = {
    "test_fixed.py": """
import pytest
pytestmark = pytest.mark.mocksms(api_key="fixed")
def test_first(mocksms, send):
    assert send() and len(mocksms.outbox) == 1
def test_second(mocksms):
    assert mocksms.outbox == []
""",
    "test_other.py": "import socket\ndef test_other(mocksms): socket.socket.sendall = lambda *_, **__: 1 / 0",
}


def test_workers_have_mocks_of_their_own_and_report_together(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Late messages of one, what another could not read, and a variable that all ignore."""
    for name, content in OF_WORKERS.items():
        (runs.path / name).write_text(content, encoding="utf-8")
    monkeypatch.setenv("MOCKSMS_IMAGE", "mocksms:0.1.0")
    printed = runs.run(LATE, "-n3", "--dist=loadfile", processes=True, passed=5, errors=1, warnings=1)
    assert "::test_first: 2 SMS" in printed
    assert "\nsome may be missing: ZeroDivisionError: division by zero\n" in printed
    assert "this test run fails because" not in printed
    assert "MOCKSMS_IMAGE is not an environment variable of mocksms, and is ignored." in printed
    assert runs.exit_code == pytest.ExitCode.TESTS_FAILED


def test_variable_that_a_test_leaves_behind_does_not_end_the_run(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCKSMS_UNEXPECTED", "fail")
    printed = runs.run(f"{LATE}\ndef test_last(): __import__('os').environ['MOCKSMS_UNEXPECTED'] = 'loudly'", passed=3)
    assert "::test_first: 2 SMS" in printed
    assert runs.exit_code == pytest.ExitCode.TESTS_FAILED


@pytest.mark.parametrize(
    ("reaction", "exit_code"), [("warn", pytest.ExitCode.OK), ("fail", pytest.ExitCode.TESTS_FAILED)]
)
def test_marker_decides_about_late_messages_of_its_test(runs: Runs, reaction: str, exit_code: pytest.ExitCode) -> None:
    tests = LATE.replace("def test_first", f"@pytest.mark.mocksms(unexpected='{reaction}')\ndef test_first")
    assert "::test_first: 2 SMS" in runs.run(tests, "--mocksms-unexpected=ignore", passed=2)
    assert runs.exit_code == exit_code


def test_missing_mock_is_named(runs: Runs) -> None:
    with other_server(404, b"no such page") as url:
        printed = runs.run("def test_it(mocksms): ...", f"--mocksms-url={url}/sms", errors=1)
    assert f"no mock responds at {url}/sms: GET /_mock/health returned 404 and not the JSON of a mock" in printed


def test_ended_mock_is_reported_once_for_each_test_that_needs_it(runs: Runs) -> None:
    printed = runs.run(
        """
        def test_first(mocksms): ...
        def test_ends_it(mocksms, mocksms_server):
            mocksms_server._server.stop()
        def test_next(mocksms): ...
        def test_without(): ...
        """,
        passed=3,
        errors=2,
    )
    assert printed.count("Connection refused; is mocksms running there?") == 2
    assert "raceback" not in printed
    assert "During handling" not in printed
    assert ".py:" not in printed.replace("_that_needs_it.py", "")


def test_failed_test_reports_that_the_mock_has_ended(runs: Runs) -> None:
    printed = runs.run(
        """
        def test_it(mocksms, mocksms_server):
            mocksms_server._server.stop()
            mocksms.outbox
        """,
        failed=1,
    )
    assert "\nno report from the mock: no mock responds at http://127.0.0.1:" in printed
    assert "During handling" not in printed
    assert "direct cause" not in printed


def test_known_late_messages_are_reported_when_the_mock_has_ended(runs: Runs) -> None:
    runs.run(
        """
        def test_first(mocksms): ...
        def test_ends_it(mocksms_server):
            mocksms_server._server.stop()
        """,
        passed=2,
    )
    assert runs.exit_code == pytest.ExitCode.OK


FIXED = """
import pytest
pytestmark = pytest.mark.mocksms(api_key="fixed")
@pytest.mark.xdist_group("fixed")
class TestGrouped:
    def test_first(self, send):
        send()
    def test_second(self, send):
        send()
def test_first(send):
    send()
def test_second(send):
    send()
"""


def test_fixed_key_is_for_one_worker_on_a_mock_that_all_attach_to(runs: Runs) -> None:
    with running(Settings(port=0)) as mock:
        printed = runs.run(FIXED, f"--mocksms-url={mock.url}", "-n2", "--dist=loadgroup", "-v", processes=True)
    refused = "selects one account, which 2 workers would reset during each other's tests; let each worker start"
    assert refused in printed
    assert printed.count("keep these tests in one worker: @pytest.mark.xdist_group with --dist loadgroup") == 2
    # Where pytest lets xdist group tests, their names tell.
    assert ("2 passed, 2 errors in" in printed) == ("@fixed" in printed)
    assert ("run these tests without -n, since pytest-xdist cannot" in printed) != ("@fixed" in printed)


@pytest.mark.parametrize(
    ("nodeid", "expected"),
    [
        ("a.py::test_it@prod", True),
        ("a.py::TestIt::test_it[x]@prod", True),
        ("a.py::test_it[a@b]@prod", True),
        ("a.py::test_it", False),
        ("a@b/c.py::test_it", False),
        ("a.py::test_it[a@b]", False),
        ("a.py::test_it[a::b@c]", False),
    ],
)
def test_grouped_test_is_recognised_by_its_node_id(nodeid: str, expected: bool) -> None:
    assert is_grouped(nodeid) is expected


FOREIGN = """
import json
import socket

import pytest


class Boom(BaseException):
    pass


class Unreadable(Exception):
    def __str__(self):
        raise Boom
    __repr__ = __str__


class Blocked:
    def __getattr__(self, name):
        raise Unreadable


def raiser(error):
    def call(*_, **__):
        raise error
    return call


TARGETS = [
    (socket.socket, "sendall", raiser(RuntimeError("no network in tests"))),
    (socket.socket, "sendall", raiser(Boom("no network \\udc80"))),
    (socket.socket, "sendall", raiser(SystemExit(3))),
    (socket.socket, "sendall", lambda *_, **__: pytest.skip("no network")),
    (socket.socket, "settimeout", raiser(Unreadable())),
    (socket.socket, "sendall", raiser(GeneratorExit())),
    (json, "loads", lambda _: {"messages": [Blocked()], "requests": [Blocked()], "cursor": "x"}),
]


@pytest.mark.parametrize("target", TARGETS, ids=range(len(TARGETS)))
class TestPatched:
    def test_passed(self, monkeypatch, mocksms, target):
        monkeypatch.setattr(*target)

    def test_failed(self, mocksms, monkeypatch, target):
        monkeypatch.setattr(*target)
        assert False

    @pytest.mark.mocksms(api_key="fixed")
    def test_failed_before(self, monkeypatch, mocksms, target):
        monkeypatch.setattr(*target)
        assert False


@pytest.mark.parametrize("reaction", ["warn", "ignore"])
def test_reaction(reaction, request):
    request.applymarker(pytest.mark.mocksms(unexpected=reaction))
    monkeypatch = request.getfixturevalue("monkeypatch")
    send = request.getfixturevalue("send")
    assert send(key="") == 401
    monkeypatch.setattr(*TARGETS[0])


ORIGINAL = socket.socket.sendall


@pytest.mark.mocksms(api_key="left")
def test_left_for_a_while(send):
    send()
    socket.socket.sendall = raiser(Boom)


def test_restored():
    socket.socket.sendall = ORIGINAL


def test_next(mocksms):
    assert mocksms.account("fixed").outbox == mocksms.account("left").outbox == []


def test_left_behind(mocksms):
    socket.socket.sendall = raiser(Boom("no network"))
    assert False


def test_plain():
    pass
"""


@pytest.mark.parametrize("error", [KeyboardInterrupt(), pytest.exit.Exception("enough")], ids=["user", "exit"])
def test_user_and_exit_end_the_run(error: BaseException) -> None:
    described: list[str] = []
    with pytest.raises(type(error)), errors_to(described.append):
        raise error
    assert described == []


def test_error_of_any_class_in_the_plugin_does_not_end_the_run(runs: Runs) -> None:
    printed = runs.run(FOREIGN, processes=True, passed=13, failed=15, errors=8, warnings=1)
    assert runs.exit_code == pytest.ExitCode.TESTS_FAILED
    unread = re.findall(
        r"^(?:\S+UnexpectedTraffic: )?this test is not checked for unexpected traffic: (.*)", printed, re.M
    )
    reasons = ["RuntimeError: no network in tests", r"Boom: no network \udc80", "SystemExit: 3", "Skipped: no network"]
    reasons += ["Unreadable, with a text that cannot be read", "GeneratorExit", "Unreadable, with a text"]
    assert len(unread) == 8
    for reason in reasons:
        assert f"traffic: {reason}" in printed
        assert printed.count(f"\nno report from the mock: {reason}") >= 2
    assert "\nsome may be missing: Boom: no network\n" in printed
