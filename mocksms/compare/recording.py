"""Recordings: a redacted run as a JSON file that people can read, to compare another mock with it later."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import AwareDatetime, Base64Bytes, BaseModel, ConfigDict, Field, ValidationError, model_validator

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
    ResultMissing,
    Run,
)
from mocksms.errors import SettingsError
from mocksms.schemas.validation import format_path, validation_issues
from mocksms.sms.display import error_reason
from mocksms.sms.durations import MAX_DURATION
from mocksms.sms.sizes import format_size
from mocksms.sms.times import MAX_INSTANT, MIN_INSTANT
from mocksms.state.whole_file import replace_file

MAX_SIZE: Final = 1 << 27
"""Bytes of a recording."""

FORMAT: Final = 1
"""The format of recordings; another one cannot be read."""

ABOUT: Final = (
    "A recording of mocksms compare. It has no API key. Numbers, the host and the messages of others are replaced. "
    "Compare a mock with it: mocksms compare --recorded FILE."
)

MAX_SECONDS: Final = MAX_DURATION.total_seconds()
"""Seconds of a run."""

NAME: Final = "compare-{:%Y-%m-%dT%H-%M-%SZ}.json"
"""The name of a recording, by which the latest one of a folder is found."""


NEW: Final = "the recording does not have this probe"
CHANGED: Final = "the recording has another request of this probe"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class RecordedResponse(_Model):
    """A response. Its body is JSON where this loses nothing, else text, else base64."""

    status: int
    headers: tuple[str, ...] = ()
    content: Any = Field(None, alias="json")
    text: str = ""
    base64: Base64Bytes = b""

    def response(self) -> ProbeResponse:
        """Return the response with the bytes of its body."""
        body = self.base64 or self.text.encode()
        if "content" in self.model_fields_set:
            body = _compact(self.content).encode()
        headers = (line.partition(": ") for line in self.headers)
        return ProbeResponse(self.status, tuple((name, value) for name, _, value in headers), body)


class RecordedPhone(_Model):
    """What a phone shows."""

    sender: str
    text: str
    segments: int | None = None


class RecordedFailure(_Model):
    """A request without a usable response."""

    kind: FailureKind
    detail: str
    retry_after: float | None = None


class RecordedProbe(_Model):
    """A probe with its request and its result, or why it was not sent."""

    about: str
    at: float = Field(0.0, ge=0, le=MAX_SECONDS)
    request: dict[str, Any] | None = None
    response: RecordedResponse | None = None
    phone: RecordedPhone | None = None
    failure: RecordedFailure | None = None
    not_sent: str | None = None

    @model_validator(mode="after")
    def _check(self) -> RecordedProbe:
        results = [self.response, self.phone, self.failure, self.not_sent]
        if len([each for each in results if each is not None]) != 1:
            raise ValueError("expected one of response, phone, failure and not_sent")
        return self

    def result(self) -> Result | None:
        """Return the result, None if it was not sent."""
        if self.response is not None:
            return self.response.response()
        if self.phone is not None:
            return PhoneScreen(self.phone.sender, self.phone.text, self.phone.segments)
        if self.failure is not None:
            return ProbeFailure(self.failure.kind, self.failure.detail, self.failure.retry_after)
        return None


class RecordingModel(_Model):
    """A recording as it is written."""

    about: str
    format: Literal[1]
    mocksms: str
    started: Annotated[AwareDatetime, Field(ge=MIN_INSTANT, le=MAX_INSTANT)]
    number: str | None = None
    spend: int = 0
    probes: dict[str, RecordedProbe]


class Recording(NamedTuple):
    """A redacted run, and what its paid probes were made from.

    Attributes:
        run: the run.
        number: to which paid probes were sent, hidden; None if there were none.
        spend: SMS that they were allowed to cost.
    """

    run: Run
    number: str | None = None
    spend: int = 0


class ComparableRecording(NamedTuple):
    """A recording whose results can be compared with these probes, and what is not compared."""

    recording: Recording
    new: tuple[str, ...]
    changed: tuple[str, ...]
    unknown: tuple[str, ...]


def requests_of(run: Run, probes: Iterable[Probe]) -> dict[str, dict[str, Any]]:
    """Return the requests of a run by probe, as JSON. They depend on its start and its results alone."""
    requests = {}
    for probe in probes:
        with suppress(ResultMissing):
            request = probe.request(ProbeContext(run.started, run.results))
            requests[probe.id] = json.loads(json.dumps(_request(request)))
    return requests


def check_folder(folder: str) -> Path:
    """Return the path of a folder for recordings; it is created if it does not exist.

    Raises:
        SettingsError: no file can be written there.
    """
    if not folder:
        raise SettingsError("--save is empty, but must be a folder.")
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
        test = path / f".compare-{os.getpid()}"
        test.touch()
        test.unlink()
    except (OSError, ValueError) as error:
        raise SettingsError(f"--save {folder}: no recording can be written there: {error_reason(error)}.") from error
    return path


def save(folder: Path, recording: Recording, probes: Iterable[Probe]) -> Path:
    """Write a recording of a redacted run, whole or not at all, and return its path.

    Raises:
        SettingsError: it cannot be written.
    """
    text = json.dumps(_content_of(recording, [*probes]), ensure_ascii=False, indent=2) + "\n"
    path = folder / NAME.format(recording.run.started)
    try:
        replace_file(path, text.encode())
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error_reason(error)}.") from error
    return path


def load(name: str, probes_of: Callable[[str | None, int], Sequence[Probe]]) -> ComparableRecording:
    """Read a recording, or the latest one in a folder.

    Args:
        name: a file or folder.
        probes_of: returns the probes of this version, for a number and how many SMS they may cost.

    Raises:
        SettingsError: there is none, or it cannot be read.
    """
    path = _find(Path(name))
    model = _read(path)
    results = {probe: recorded.result() for probe, recorded in model.probes.items()}
    run = Run(
        model.started,
        {probe: result for probe, result in results.items() if result is not None},
        {probe: recorded.at for probe, recorded in model.probes.items() if recorded.not_sent is None},
        {probe: recorded.not_sent for probe, recorded in model.probes.items() if recorded.not_sent is not None},
    )
    return _check(Recording(run, model.number, model.spend), model, probes_of(model.number, model.spend))


def _check(recording: Recording, model: RecordingModel, probes: Sequence[Probe]) -> ComparableRecording:
    """Leave out the results of probes whose request is another one today."""
    requests = requests_of(recording.run, probes)
    known = {probe.id for probe in probes}
    changed = tuple(
        probe
        for probe, recorded in model.probes.items()
        if probe in known and recorded.request is not None and recorded.request != requests.get(probe)
    )
    new = tuple(probe.id for probe in probes if probe.id not in model.probes)
    unknown = tuple(probe for probe in model.probes if probe not in known)
    run = recording.run
    results = {probe: result for probe, result in run.results.items() if probe not in (*changed, *unknown)}
    reasons = dict.fromkeys(new, NEW) | dict.fromkeys(changed, CHANGED)
    run = run._replace(results=results, not_sent={**run.not_sent, **reasons})
    return ComparableRecording(recording._replace(run=run), new, changed, unknown)


def _find(path: Path) -> Path:
    """Return the latest recording in a folder, or the file."""
    if not path.is_dir():
        return path
    if found := sorted(path.glob("compare-*.json")):
        return found[-1]
    raise SettingsError(f"{path} has no recording; mocksms compare URL --save {path} writes one.")


def _read(path: Path) -> RecordingModel:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_SIZE + 1)
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read: {error_reason(error)}.") from error
    if len(raw) > MAX_SIZE:
        raise SettingsError(f"{path} is longer than {format_size(MAX_SIZE)}: it is no recording of mocksms compare.")
    try:
        return RecordingModel.model_validate_json(raw)
    except ValidationError as error:
        raise _invalid(path, raw, error) from None


def _invalid(path: Path, raw: bytes, error: ValidationError) -> SettingsError:
    """Return what is wrong with a file: it is damaged, foreign, or of another version."""
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError) as damage:
        return SettingsError(f"{path} is no recording of mocksms compare, or it is damaged: it is not JSON ({damage}).")
    if not isinstance(content, dict) or "probes" not in content or "format" not in content:
        return SettingsError(f"{path} is no recording of mocksms compare; mocksms compare URL --save DIR writes one.")
    if content["format"] != FORMAT:
        return SettingsError(
            f"{path} has format {content['format']!r}, but this mocksms reads format {FORMAT}; "
            f"use mocksms {content.get('mocksms', '')}, which wrote it, or record again."
        )
    issue = validation_issues(RecordingModel, error)[0]
    return SettingsError(f"{path} is damaged: {format_path(issue.path)}: {issue.text}.")


def _content_of(recording: Recording, probes: list[Probe]) -> dict[str, Any]:
    run = recording.run
    requests = requests_of(run, probes)
    recorded: dict[str, Any] = {}
    for probe in probes:
        if probe.id in run.results:
            recorded[probe.id] = {
                "about": probe.about,
                "at": round(run.sent_at[probe.id], 3),
                "request": requests[probe.id],
                **result_json(run.results[probe.id]),
            }
        else:
            recorded[probe.id] = {"about": probe.about, "not_sent": run.not_sent[probe.id]}
    return {
        "about": ABOUT,
        "format": FORMAT,
        "mocksms": version("mocksms"),
        "started": run.started.isoformat(),
        **({} if recording.number is None else {"number": recording.number, "spend": recording.spend}),
        "probes": recorded,
    }


def _request(request: ProbeRequest | PhoneRequest) -> dict[str, Any]:
    if isinstance(request, PhoneRequest):
        return request._asdict()
    prefix = {} if request.prefix is None else {"prefix": request.prefix}
    headers = _headers(request.headers) if request.headers else {}
    named = {"method": request.method, "path": request.path, "key": request.key}
    return {**named, **prefix, **headers, **_body(request.body)}


def result_json(result: Result) -> dict[str, Any]:
    """Return a result as JSON."""
    match result:
        case ProbeResponse():
            return {"response": {"status": result.status, **_headers(result.headers), **_body(result.body)}}
        case PhoneScreen():
            return {"phone": result._asdict()}
    pause = {} if result.retry_after is None else {"retry_after": result.retry_after}
    return {"failure": {"kind": result.kind, "detail": result.detail, **pause}}


def _headers(headers: Iterable[tuple[str, str]]) -> dict[str, Any]:
    return {"headers": [f"{name}: {value}" for name, value in headers]}


def _body(body: bytes) -> dict[str, Any]:
    """Return a body as JSON if the same bytes can be made of it, else as text, else as base64."""
    if not body:
        return {}
    with suppress(ValueError, RecursionError):
        content = json.loads(body)
        if _compact(content).encode() == body:
            return {"json": content}
    try:
        return {"text": body.decode()}
    except UnicodeDecodeError:
        return {"base64": b64encode(body).decode()}


def _compact(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
