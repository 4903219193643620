"""A container of the mock, from its start to its end."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import time
from typing import Final

import pytest

from tests.docker.containers import Container
from tests.docker.engine import Engine
from tests.support import NUMBER, TIMEOUT

MAX_START_RATIO: Final = 2.5
"""Time from the start of a container to its first response, as a multiple of that of a server with one route."""

ONE_ROUTE: Final = """
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
health = {"mock": "mocksms", "status": "ready", "version": "0"}
app = Starlette(routes=[Route("/_mock/health", lambda request: JSONResponse(health))])
uvicorn.run(app, host="0.0.0.0", port=8972)
"""
"""A server with the libraries of the mock, with the response that `mocksms ready` expects."""

MAX_SHUTDOWN_SECONDS: Final = 3.0
"""Seconds from a signal to the end of the container. It takes about 0.3; one that waits for a connection takes 10."""

DELAY_SECONDS: Final = 5.0
"""Seconds by which magic number 70 delays its response."""

MAX_IDLE_MEBIBYTES: Final = 90.0
"""Mebibytes of memory that an idle mock may use."""

HARDENED: Final = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")

WAIT_FOR_SAVE: Final = """
import json, time, zipfile
while True:
    with zipfile.ZipFile("/state/mocksms.zip") as state:
        if len(state.read("messages.jsonl").splitlines()) == 2:
            break
    time.sleep(0.01)
"""
"""A script that ends when the second message is saved."""

Run = Callable[..., Container]


def test_container_is_ready_soon_after_its_start(run: Run) -> None:
    """In turns with a server that has one route, and the best of three: other programs may slow this machine down."""
    starts = [(run().wait(), run("--entrypoint", "python3", arguments=("-c", ONE_ROUTE)).wait()) for _ in range(3)]
    mock, one_route = (min(seconds) for seconds in zip(*starts, strict=True))
    print(f"\nstart to ready: {mock:.2f} s, {mock / one_route:.2f} times that of a server with one route")
    assert mock < MAX_START_RATIO * one_route


def test_health_check_of_the_engine_passes(engine: Engine, run: Run) -> None:
    container = run()
    container.wait()
    # `--until` ends the stream of events.
    which = ["--filter", f"container={container.id}", "--filter", "event=health_status"]
    engine.first_line("events", "--since", "1m", "--until", f"{time() + TIMEOUT:.0f}", *which)
    assert container.field(".State.Health.Status") == "healthy"


def test_health_check_follows_a_port_that_is_set_by_a_flag(engine: Engine, run: Run) -> None:
    container = run(arguments=("--port", "9000"))
    check: list[str] = json.loads(engine.field(container.id, "json .Config.Healthcheck.Test"))
    assert engine("exec", container.id, *check[1:]) == "mocksms is ready at http://127.0.0.1:9000"


def test_foreign_numbers_are_judged(run: Run) -> None:
    container = run()
    container.wait()
    possible, impossible = container.send("+44 20 7946 0123", "+44 20 7946 01234567")
    assert (possible["status"], impossible["status"]) == ("sent", "invalid")


def test_signal_ends_a_container_in_which_python_has_just_started(run: Run, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import time\ntime.sleep(1)\n", encoding="utf-8")
    tmp_path.chmod(0o755)
    code, seconds = run("--volume", f"{tmp_path}:/slow:ro", "--env", "PYTHONPATH=/slow").end()
    assert code == 0
    assert seconds < 1 + MAX_SHUTDOWN_SECONDS


def test_published_port_serves_both_apis(run: Run) -> None:
    container = run()
    container.wait()
    sent, refused = container.send(NUMBER, "972-50-0002100")
    assert (sent["status"], refused["reject_reason"]) == ("sent", "kosher-number")
    found = container.get("/rest/v1/transactional/sms/search")
    assert {row["transaction_id"] for row in found} == {sent["transaction_id"], refused["transaction_id"]}
    assert container.get("/_mock/messages?to=972-54-1111111")["total"] == 1


def test_mounted_scenario_is_activated_by_its_name(run: Run, tmp_path: Path) -> None:
    (tmp_path / "outage.toml").write_text('[[rule]]\noutcome = "exception/no-available-gateways"\n', encoding="utf-8")
    tmp_path.chmod(0o755)
    container = run("--volume", f"{tmp_path}:/scenarios:ro", "--env", "MOCKSMS_SCENARIO=outage")
    container.wait()
    (row,) = container.send(NUMBER)
    assert row["reject_reason"] == "no-available-gateways"


def test_container_runs_read_only_and_without_capabilities(engine: Engine, run: Run) -> None:
    container = run(*HARDENED)
    container.wait()
    container.send(NUMBER)
    assert engine("exec", container.id, "mocksms", "ready").startswith("mocksms is ready")
    assert engine("diff", container.id) == ""
    status = engine("exec", container.id, "python3", "-c", "print(open('/proc/1/status').read())")
    rights = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert rights["Uid"].split()[0] != "0"
    assert int(rights["CapEff"], 16) == 0


def test_idle_mock_uses_little_memory(engine: Engine, run: Run) -> None:
    container = run()
    container.wait()
    status = engine("exec", container.id, "python3", "-c", "print(open('/proc/1/status').read())")
    (resident,) = (int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))
    print(f"\nidle memory: {resident:.1f} MiB")
    assert resident < MAX_IDLE_MEBIBYTES


@pytest.mark.parametrize("signal", ["TERM", "INT"])
def test_signal_ends_the_container_at_once(run: Run, signal: str) -> None:
    """The best of three: the time of the Docker client is included."""
    ends = []
    for container in (run(), run(), run()):
        container.wait()
        ends.append(container.end(signal))
    took = min(seconds for _, seconds in ends)
    print(f"\n{signal} to end: {took:.2f} s")
    assert [code for code, _ in ends] == [0, 0, 0]
    assert took < MAX_SHUTDOWN_SECONDS


def test_signal_ends_the_container_during_a_delayed_response(run: Run) -> None:
    container = run()
    container.wait()
    with ThreadPoolExecutor(1) as pool:
        delayed = pool.submit(container.send, "972-50-0007000")
        container.get("/_mock/messages/wait")
        code, took = container.end()
        assert delayed.result(TIMEOUT)[0]["status"] == "sent"
    assert code == 0
    assert took < DELAY_SECONDS / 2


def test_restart_resets_the_mock(engine: Engine, run: Run) -> None:
    container = run()
    container.wait()
    container.send(NUMBER)
    engine("restart", container.id)
    container.wait()
    assert container.get("/_mock/messages")["total"] == 0
    assert container.send(NUMBER)[0]["status"] == "sent"


def test_state_in_a_volume_survives_a_restart_and_a_kill(engine: Engine, run: Run) -> None:
    state = ("--volume", "/state", "--env", "MOCKSMS_STATE=/state/mocksms.zip", "--env", "MOCKSMS_STATE_EVERY=50ms")
    container = run(*HARDENED, *state)
    container.wait()
    sent = container.send(NUMBER)[0]["transaction_id"]
    engine("restart", container.id)
    container.wait()
    (row,) = container.get("/rest/v1/transactional/sms/search")
    assert row["transaction_id"] == sent
    container.send(NUMBER)
    engine("exec", container.id, "python3", "-c", WAIT_FOR_SAVE)
    assert container.end("KILL")[0] == 137
    engine("start", container.id)
    container.wait()
    assert container.get("/_mock/messages")["total"] == 2
    assert "2 messages restored" in engine("logs", container.id)


def test_single_file_as_state_is_refused_with_a_hint(engine: Engine, image: str, tmp_path: Path) -> None:
    (tmp_path / "mocksms.zip").touch()
    mount = ("--volume", f"{tmp_path / 'mocksms.zip'}:/state/mocksms.zip", "--env", "MOCKSMS_STATE=/state/mocksms.zip")
    done = engine.attempt("run", "--rm", *mount, image)
    assert done.returncode == 2
    assert done.stdout.strip().endswith("which cannot be replaced; mount its folder instead.")


def test_other_container_reaches_the_mock_by_its_name(engine: Engine, run: Run, image: str) -> None:
    network = f"mocksms-{os.getpid()}"
    engine("network", "create", network)
    try:
        run("--network", network, "--name", network).wait()
        beside = ("run", "--rm", "--network", network)
        assert "is ready at" in engine(*beside, image, "ready", "--url", f"http://{network}:8972")
        script = f"import urllib.request as u; print(u.urlopen('http://{network}:8972/_mock/messages').read().decode())"
        assert json.loads(engine(*beside, "--entrypoint", "python3", image, "-c", script))["total"] == 0
    finally:
        for container in engine("ps", "--all", "--quiet", "--filter", f"network={network}").split():
            engine("network", "disconnect", "--force", network, container)
        engine("network", "rm", network)


def test_log_has_lines_or_json_objects(engine: Engine, run: Run) -> None:
    lines, objects = run(), run("--env", "MOCKSMS_LOG_FORMAT=json")
    for container in (lines, objects):
        container.wait()
        container.send(NUMBER, content="שלום")
        container.end()
    assert f"{NUMBER}   sent" in engine("logs", lines.id)
    entries = [json.loads(line) for line in engine("logs", objects.id).splitlines()]
    assert [each["event"] for each in entries] == ["ready", "message"]
    assert entries[1]["content"] == "שלום"


def test_variables_of_a_kubernetes_service_named_mocksms_are_ignored(run: Run) -> None:
    run("--env", "MOCKSMS_PORT=tcp://10.0.0.7:8972", "--env", "MOCKSMS_SERVICE_HOST=10.0.0.7").wait()


def test_linked_container_reaches_the_mock_by_its_name(engine: Engine, run: Run, image: str) -> None:
    """GitLab runners link a job to its services: Docker then sets variables that begin with MOCKSMS_."""
    service = run()
    service.wait()
    link = ("--link", f"{service.id}:mocksms")
    assert "is ready at" in engine("run", "--rm", *link, image, "ready", "--url", "http://mocksms:8972")


def test_unknown_variable_ends_the_container_with_a_sentence(engine: Engine, image: str) -> None:
    done = engine.attempt("run", "--rm", "--env", "MOCKSMS_PROT=1", image)
    assert done.returncode == 2
    assert done.stdout.strip().endswith(
        "MOCKSMS_PROT is not an environment variable of mocksms; did you mean MOCKSMS_PORT?"
    )
