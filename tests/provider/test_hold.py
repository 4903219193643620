"""Hold: a response waits for its release, for its client and for the mock, whichever ends first."""

from __future__ import annotations

import asyncio
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from mocksms.engine.controls import Controls
from mocksms.engine.engine import Engine
from mocksms.engine.rules import TriggeredFault
from mocksms.provider.hold import Holder
from mocksms.scenario.compiler import fault_rule
from mocksms.scenario.schema import FaultBody, FaultModel
from mocksms.settings import Settings
from mocksms.sms.outcomes import HOLD_DURATION, Fault, FaultKind
from tests.inspection.support import Api, hold, wait_for_held, wait_until
from tests.provider.inprocess import InProcess
from tests.receiver import receiving
from tests.support import NUMBER, TIMEOUT, Mock, body, running


def test_request_whose_client_disconnects_waits_no_longer(own_mock: Mock) -> None:
    api = Api(own_mock, "leaving")
    fault = hold(api)
    content = json.dumps(body(NUMBER)).encode()
    head = b"POST /rest/v1/transactional/sms/send HTTP/1.1\r\nHost: mock\r\nX-API-Key: leaving\r\n"
    with socket.create_connection((own_mock.host, own_mock.port), TIMEOUT) as connection:
        connection.sendall(b"%bContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (head, len(content)))
        connection.sendall(content)
        wait_for_held(api, fault)
    wait_until(lambda: not api.get("faults")["faults"][0]["waiting"])
    assert api.post(f"faults/{fault}/release") == {"released": 0}
    assert api.get("messages")["total"] == 1


def test_mock_that_stops_sends_the_responses_it_holds(threads: ThreadPoolExecutor) -> None:
    with running() as mock:
        api = Api(mock, "stopping")
        fault = hold(api)
        sending = threads.submit(api.send, NUMBER)
        wait_for_held(api, fault)
    assert sending.result(TIMEOUT)


def test_mock_that_has_stopped_holds_nothing() -> None:
    mock = InProcess()
    rule = fault_rule(FaultBody(fault=FaultModel(kind="hold")), mock.engine.settings)
    Controls(mock.engine).set_fault(None, rule, rule.source.ttl)
    assert mock.send(NUMBER)


def test_request_that_is_released_twice_is_sent_once() -> None:
    async def run() -> bool:
        engine = Engine(Settings())
        holder = Holder(engine, asyncio.Event())
        fault = TriggeredFault(Fault(kind=FaultKind.HOLD, duration=HOLD_DURATION), "held")
        receive: Any = asyncio.Event().wait
        waiting = asyncio.create_task(holder.until_released(1, engine.account("one"), fault, receive))
        await asyncio.sleep(0)
        (held,) = engine.holds._held.values()
        held.release()
        held.release()
        return await waiting

    assert asyncio.run(run())


def test_callbacks_of_a_held_send_wait_for_its_response(own_mock: Mock, threads: ThreadPoolExecutor) -> None:
    with receiving() as receiver:
        api = Api(own_mock, "callbacks")
        api.patch(webhooks=[receiver.url])
        fault = hold(api)
        sending = threads.submit(api.send, NUMBER)
        wait_for_held(api, fault)
        assert api.get("callbacks")["callbacks"][0]["state"] == "pending"
        assert api.get("callbacks")["callbacks"][0]["attempts"] == []
        api.post(f"faults/{fault}/release")
        sending.result(TIMEOUT)
        receiver.wait(1)
