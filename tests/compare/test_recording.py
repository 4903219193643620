from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mocksms.compare import recording as recording_module
from mocksms.compare.model import (
    FailureKind,
    PhoneRequest,
    PhoneScreen,
    Probe,
    ProbeContext,
    ProbeFailure,
    ProbeRequest,
    ProbeResponse,
    Result,
    Run,
)
from mocksms.compare.recording import CHANGED, NEW, ComparableRecording, Recording, check_folder, load, save
from mocksms.errors import SettingsError

STARTED = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
JSON = (("Content-Type", "application/json"),)


def send(context: ProbeContext) -> ProbeRequest:
    return ProbeRequest("POST", "/send", headers=JSON, body=f'{{"tags":["{context.word}"]}}'.encode())


def info(context: ProbeContext) -> ProbeRequest:
    sent = context.results["send"]
    assert isinstance(sent, ProbeResponse)
    return ProbeRequest("GET", f"/info?id={json.loads(sent.body)[0]['id']}", prefix=True)


def look(_: ProbeContext) -> PhoneRequest:
    return PhoneRequest("5f0c", "What does the phone show?")


def probe(name: str, request: Any, cost: int = 0) -> Probe:
    return Probe(name, f"Does {name}.", {"status": "path.send"}, request, cost=cost)


PROBES = [probe("send", send), probe("info", info), probe("phone", look, 1)]
RESULTS: dict[str, Result] = {
    "send": ProbeResponse(200, JSON, b'[{"id":"5f0c","price":1.0}]'),
    "info": ProbeFailure(FailureKind.RATE_LIMITED, "429", 30.0),
    "phone": PhoneScreen("Shop", "שלום"),
}


def run(**results: Result) -> Run:
    known = RESULTS | results
    return Run(STARTED, known, {name: float(index) for index, name in enumerate(known)}, {})


def probes_of(_: str | None, spend: int) -> list[Probe]:
    return [each for each in PROBES if each.cost <= spend]


def reload(path: Path, probes: list[Probe] | None = None) -> ComparableRecording:
    return load(str(path), lambda *_: PROBES if probes is None else probes)


def test_recording_is_read_as_it_was_written(tmp_path: Path) -> None:
    recording = Recording(run(), "972-52-1111111", 2)
    path = save(tmp_path, recording, PROBES)
    assert path.name == "compare-2026-03-01T12-00-00Z.json"
    assert load(str(path), probes_of) == ComparableRecording(recording, (), (), ())
    assert [*tmp_path.iterdir()] == [path]


def test_recording_without_paid_probes_has_no_number(tmp_path: Path) -> None:
    path = save(tmp_path, Recording(run()), PROBES)
    assert "number" not in json.loads(path.read_text())
    assert load(str(path), probes_of).unknown == ("phone",)


def test_recording_is_readable(tmp_path: Path) -> None:
    path = save(tmp_path, Recording(run()), PROBES)
    content = json.loads(path.read_text(encoding="utf-8"))
    assert "mocksms compare --recorded" in content["about"]
    assert content["started"] == "2026-03-01T12:00:00.250000+00:00"
    assert content["probes"] == {
        "send": {
            "about": "Does send.",
            "at": 0.0,
            "request": {
                "method": "POST",
                "path": "/send",
                "key": "given",
                "headers": ["Content-Type: application/json"],
                "json": {"tags": ["mocksms-20260301-120000"]},
            },
            "response": {
                "status": 200,
                "headers": ["Content-Type: application/json"],
                "json": [{"id": "5f0c", "price": 1.0}],
            },
        },
        "info": {
            "about": "Does info.",
            "at": 1.0,
            "request": {"method": "GET", "path": "/info?id=5f0c", "key": "given", "prefix": True},
            "failure": {"kind": "too many requests", "detail": "429", "retry_after": 30.0},
        },
        "phone": {
            "about": "Does phone.",
            "at": 2.0,
            "request": {
                "transaction_id": "5f0c",
                "question": "What does the phone show?",
                "content": "",
                "segments": False,
            },
            "phone": {"sender": "Shop", "text": "שלום", "segments": None},
        },
    }
    assert "שלום" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'"text"',
        b"null",
        b"[1.50]",
        b"[1e3, 2]",
        b'{"a": 1}',
        b'{"a":1,"a":2}',
        b"NaN",
        "שלום".encode(),
        b'["\\ud83d"]',
        b"\xff\xfe",
        b"[" * 100_000,
        b"\r\n<html>\0",
    ],
)
def test_bytes_of_a_body_are_kept(tmp_path: Path, body: bytes) -> None:
    recorded = run(info=ProbeResponse(200, (), body))
    assert reload(save(tmp_path, Recording(recorded), PROBES)).recording.run == recorded


def test_probe_that_was_not_sent_is_recorded_with_the_reason(tmp_path: Path) -> None:
    recorded = Run(STARTED, {"send": RESULTS["send"]}, {"send": 0.0}, {"info": "no id"})
    path = save(tmp_path, Recording(recorded), PROBES[:2])
    assert reload(path, PROBES[:2]).recording.run == recorded


def test_latest_recording_of_a_folder_is_read(tmp_path: Path) -> None:
    for year in (2027, 2026):
        save(tmp_path, Recording(run()._replace(started=STARTED.replace(year=year))), PROBES)
    (tmp_path / "notes.json").write_text("{}")
    assert reload(tmp_path).recording.run.started.year == 2027


def test_recording_of_another_version_names_probes_that_are_not_compared(tmp_path: Path) -> None:
    path = save(tmp_path, Recording(run()), PROBES)
    changed = probe("send", lambda _: ProbeRequest("POST", "/send", body=b"{}"))
    checked = reload(path, [changed, PROBES[1], probe("search", look)])
    assert (checked.new, checked.changed, checked.unknown) == (("search",), ("send",), ("phone",))
    assert set(checked.recording.run.results) == {"info"}
    assert checked.recording.run.not_sent == {"search": NEW, "send": CHANGED}


def test_folder_is_created_and_left_empty(tmp_path: Path) -> None:
    assert check_folder(str(tmp_path / "a/b")) == tmp_path / "a/b"
    assert [*(tmp_path / "a/b").iterdir()] == []


@pytest.mark.parametrize("name", ["file", "file/below", "nul\0"])
def test_folder_that_cannot_be_written_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="no recording can be written there: "):
        check_folder(str(tmp_path / name))


def test_empty_name_of_a_folder_is_refused() -> None:
    with pytest.raises(SettingsError, match="--save is empty, but must be a folder"):
        check_folder("")


def test_recording_that_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(SettingsError, match=r"cannot be written: No space left on device\."):
        save(tmp_path, Recording(run()), PROBES)
    assert [*tmp_path.iterdir()] == []


def test_interrupt_leaves_no_part_of_a_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        save(tmp_path, Recording(run()), PROBES)
    assert [*tmp_path.iterdir()] == []


def problem_of(path: Path) -> str:
    with pytest.raises(SettingsError) as refused:
        reload(path)
    return str(refused.value).replace(f"{path}", "PATH")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "PATH is no recording of mocksms compare, or it is damaged: it is not JSON (Expecting value: line 1 "),
        ("[" * 100_000, "PATH is no recording of mocksms compare, or it is damaged: it is not JSON ("),
        ("[]", "PATH is no recording of mocksms compare; mocksms compare URL --save DIR writes one."),
        ('{"rules": []}', "PATH is no recording of mocksms compare; mocksms compare URL --save DIR writes one."),
        (
            '{"format": 2, "mocksms": "9.0", "probes": {}}',
            "PATH has format 2, but this mocksms reads format 1; use mocksms 9.0, which wrote it, or record again.",
        ),
        ('{"format": 1, "probes": {}}', "PATH is damaged: about: is required."),
    ],
)
def test_file_that_is_no_recording_is_refused(tmp_path: Path, content: str, problem: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(content)
    assert problem_of(path).startswith(problem)


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("started", "2026-03-01T12:00:00", "PATH is damaged: started: "),
        ("started", "9999-03-01T12:00:00Z", "PATH is damaged: started: "),
        ("probes", {"a": {"about": "", "at": 1e300, "not_sent": ""}}, "PATH is damaged: probes.a.at: "),
        ("probes", {"a": {}}, "PATH is damaged: probes.a.about: is required."),
        ("probes", {"a": {"about": ""}}, "PATH is damaged: probes.a: expected one of response, phone, failure and not"),
        (
            "probes",
            {"a": {"about": "", "phone": {"sender": "", "text": 1}}},
            "PATH is damaged: probes.a.phone.text: must be text; ",
        ),
        (
            "probes",
            {"a": {"about": "", "failure": {"kind": "timout", "detail": ""}}},
            "PATH is damaged: probes.a.failure.kind: must be one of timeout, ",
        ),
    ],
)
def test_damaged_recording_is_refused_with_the_place(tmp_path: Path, name: str, value: object, problem: str) -> None:
    path = save(tmp_path, Recording(run()), PROBES)
    path.write_text(json.dumps(json.loads(path.read_text()) | {name: value}))
    assert problem_of(path).startswith(problem)


def test_missing_empty_and_too_large_recordings_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert problem_of(tmp_path) == "PATH has no recording; mocksms compare URL --save PATH writes one."
    assert problem_of(tmp_path / "none") == "PATH cannot be read: No such file or directory."
    monkeypatch.setattr(recording_module, "MAX_SIZE", 1024)
    (tmp_path / "large").write_bytes(bytes(2048))
    assert problem_of(tmp_path / "large") == "PATH is longer than 1KiB: it is no recording of mocksms compare."
