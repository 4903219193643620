"""Accusations: applications that report what they know are correct, however they do it; those that do not are found."""

from __future__ import annotations

import json
from collections import defaultdict

from tests.testing.runs import Runs

APPLICATIONS = """
import queue
import threading
from concurrent.futures import ThreadPoolExecutor

import flask
import pytest
import requests

PHONE = "972-54-1111111"
pytestmark = pytest.mark.mocksms(audit={"allow": ["gave up"], "reason": "the caller sends again"})


class SmsError(Exception): ...


def post(sms, phone):
    headers = {"X-API-Key": sms.api_key}
    message = {"content": "Your code is 481516", "to": [{"mobile_number": phone}]}
    url = f"{sms.base_url}/transactional/sms/send"
    return requests.post(url, json={"message": message}, headers=headers, timeout=5)


def send(sms, phone):
    response = post(sms, phone)
    response.raise_for_status()
    if response.json()[0]["status"] != "sent":
        raise SmsError
    return True


def attempt(sms, phone):
    try:
        return send(sms, phone)
    except (requests.RequestException, SmsError):
        return False


class Worker:
    def __init__(self, sms):
        self.sms, self.jobs, self.later = sms, queue.Queue(), []

    def add(self, phone):
        self.jobs.put(phone)

    def run_once(self):
        phone = self.jobs.get()
        if not attempt(self.sms, phone):
            self.later.append(phone)
        self.jobs.task_done()

    def start(self):
        threading.Thread(target=self.run_once, daemon=True).start()
        return True


def create_app(sms):
    app = flask.Flask("shop")

    @app.post("/codes")
    def codes():
        sent = attempt(sms, flask.request.json["phone"])
        return {"sent": sent}, 200 if sent else 502

    return app.test_client()


def swallow(sms, phone=PHONE):
    try:
        post(sms, phone)
    except Exception:
        pass


def lie(sms, phone):
    swallow(sms, phone)
    return True


def test_error_is_correct(mocksms):
    send(mocksms, PHONE)
    mocksms.assert_sent()


def test_false_is_correct(mocksms):
    attempt(mocksms, PHONE)
    mocksms.assert_sent()


def test_error_page_is_correct(mocksms):
    create_app(mocksms).post("/codes", json={"phone": PHONE})
    mocksms.assert_sent()


def test_outbox_is_correct(mocksms):
    worker = Worker(mocksms)
    worker.add(PHONE)
    worker.run_once()
    assert len(mocksms.outbox) == 1
    mocksms.assert_sent(status="sent")


def test_worker_thread_is_correct(mocksms):
    worker = Worker(mocksms)
    worker.add(PHONE)
    assert worker.start()
    worker.jobs.join()
    mocksms.assert_sent(status="sent")


def test_queue_is_correct(mocksms):
    worker = Worker(mocksms)
    worker.add(PHONE)
    worker.start()
    mocksms.wait_for(status="sent", timeout="100ms")


def test_about_a_failure_of_its_own_is_correct(mocksms):
    mocksms.scenario([{"fault": {"kind": "status", "status": 401}}])
    assert not attempt(mocksms, PHONE)
    mocksms.scenario(None)
    assert send(mocksms, PHONE)


def test_swallowed_error_is_a_lie(mocksms):
    swallow(mocksms, PHONE)
    mocksms.assert_sent()


def test_swallowed_error_about_a_number_of_its_own_is_a_lie(mocksms):
    swallow(mocksms)
    assert len(mocksms.outbox) == 1


def test_true_is_a_lie(mocksms):
    assert lie(mocksms, PHONE)


def test_true_of_a_pool_is_a_lie(mocksms):
    with ThreadPoolExecutor() as pool:
        assert list(pool.map(lie, [mocksms], [PHONE])) == [True]
"""


def test_only_lies_are_claimed_sent(runs: Runs) -> None:
    chosen = "--mocksms-audit-only=500,connection-reset,kosher"
    runs.run(APPLICATIONS, "--mocksms-audit", chosen, "--mocksms-audit-report=cells.json")
    found: defaultdict[str, dict[str, list[str]]] = defaultdict(dict)
    for cell in json.loads((runs.path / "cells.json").read_text(encoding="utf-8")):
        found[cell["test"].rpartition("::")[2]][cell["variation"]] = cell["verdicts"]
    verdicts = {name: {verdict for each in cells.values() for verdict in each} for name, cells in found.items()}
    assert {name for name in verdicts if name.endswith("a_lie")} == {
        name for name, each in verdicts.items() if each == {"claimed sent"}
    }
    assert len(verdicts) == 11
    assert {verdict for name, each in verdicts.items() if name.endswith("correct") for verdict in each} == {
        "survived",
        "raised",
    }
