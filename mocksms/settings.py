"""Every option, written once: from here come flags, `MOCKSMS_*` variables, pytest ini values and README tables."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from datetime import timedelta
from math import inf
from os import PathLike
from typing import Any, Final, Literal, TypeVar, cast

from mocksms.errors import SettingsError
from mocksms.sms import numbers, replies
from mocksms.sms.webhook import Webhook, WebhookKind, checked_events, checked_url, parse_webhook

VARIABLE_PREFIX: Final = "MOCKSMS_"

Raw = tuple[str, object]
"""Where a value was set, in words for its user, and the value: text, or a Python value."""

Options = TypeVar("Options", bound="Settings | SessionSettings")

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)?", re.ASCII)
MAX_DURATION_SECONDS: Final = 3650 * 86400
DURATION_SYNTAX: Final = "a duration such as 250ms, 90s, 5m, 2h, 3d or plain seconds"
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})


def _text(raw: object) -> str:
    if isinstance(raw, bool) or not isinstance(raw, str | int | PathLike):
        raise ValueError("a text")
    return str(raw)


def _host(raw: object) -> str:
    if not (host := _text(raw).strip()):
        raise ValueError("an address or a host name, such as 127.0.0.1")
    return host


def _optional_text(raw: object) -> str | None:
    return None if raw is None or raw == "" else _text(raw)


def _flag(raw: object) -> bool:
    word = str(raw).strip().lower()
    if word not in _YES | _NO:
        raise ValueError("true or false")
    return word in _YES


def _whole(low: int, high: int) -> Callable[[object], int]:
    def read(raw: object) -> int:
        if isinstance(raw, str) and re.fullmatch(r"\d{1,15}", raw.strip(), re.ASCII):
            raw = int(raw)
        if type(raw) is not int or not low <= raw <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return raw

    return read


def _optional_whole(low: int, high: int) -> Callable[[object], int | None]:
    read = _whole(low, high)
    return lambda raw: None if raw is None or raw == "" else read(raw)


def seconds(raw: object) -> float:
    """Read a duration: `250ms`, `90s`, `5m`, `2h`, `3d`, a number of seconds, or a timedelta.

    Raises:
        ValueError: it is none of these.
    """
    if isinstance(raw, str) and (found := _DURATION.fullmatch(raw.strip())):
        return float(found[1]) * _UNITS[found[2] or "s"]
    length = raw.total_seconds() if isinstance(raw, timedelta) else raw
    if isinstance(length, bool) or not isinstance(length, int | float) or not 0 <= length < inf:
        raise ValueError(DURATION_SYNTAX)
    return float(length)


def duration(raw: object) -> timedelta:
    """Read a duration of at most 3650 days.

    Raises:
        ValueError: it is none, or longer.
    """
    if (length := seconds(raw)) > MAX_DURATION_SECONDS:
        raise ValueError("a duration such as 2h, of at most 3650d")
    return raw if isinstance(raw, timedelta) else timedelta(seconds=length)


def _one_of(*choices: str) -> Callable[[object], str]:
    def read(raw: object) -> str:
        if not isinstance(raw, str) or raw not in choices:
            near = difflib.get_close_matches(str(raw), choices, 1)
            raise ValueError(f"one of {', '.join(choices)}" + (f" (did you mean {near[0]}?)" if near else ""))
        return raw

    return read


def _items(raw: object) -> tuple[object, ...]:
    """Return the items of a list; those of a text are separated by commas, and anything else is one item."""
    if isinstance(raw, str):
        return tuple(part for part in map(str.strip, raw.split(",")) if part)
    if isinstance(raw, list | tuple | set | frozenset) and not isinstance(raw, Webhook):
        return tuple(raw)
    return () if raw is None else (raw,)


def _listed(raw: object) -> tuple[str, ...]:
    return tuple(map(_text, _items(raw)))


def _listed_numbers(raw: object) -> tuple[str, ...]:
    digits = tuple(map(numbers.digits_of, _listed(raw)))
    if not all(re.fullmatch(r"[0-9X]+", each, re.ASCII) for each in digits):
        raise ValueError("phone numbers separated by commas, such as 972-54-1111111")
    return digits


def _magic_prefix(raw: object) -> str:
    digits = numbers.digits_of(_text(raw))
    if not re.fullmatch(r"[0-9]{4,11}", digits, re.ASCII):
        raise ValueError("4 to 11 digits, to which four more are added, such as 97250000")
    return digits


def _url(raw: object) -> str | None:
    if raw is None or raw == "":
        return None
    if not isinstance(raw, str) or not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", raw):
        raise ValueError("an address such as http://192.168.1.20:8972")
    return raw.rstrip("/")


def _listed_words(raw: object) -> tuple[str, ...]:
    if not (words := _listed(raw)):
        raise ValueError("words separated by commas, such as STOP,QUIT")
    return words


def _webhooks(kind: WebhookKind) -> Callable[[object], tuple[Webhook, ...]]:
    def read(item: object) -> Webhook:
        if not isinstance(item, Webhook):
            return parse_webhook(_text(item), kind)
        return Webhook(checked_url(item.url), kind, checked_events(item.events, kind) if item.events else None)

    return lambda raw: tuple(map(read, _items(raw)))


def _durations(raw: object) -> tuple[timedelta, ...]:
    return tuple(map(duration, _items(raw)))


def _longer_than_zero(raw: object) -> timedelta:
    if not (length := duration(raw)):
        raise ValueError("longer than 0, since what waits must not come at once; 1ms is short enough")
    return length


def _option(default: Any, read: Callable[[object], Any], about: str, choices: tuple[str, ...] = ()) -> Any:
    return field(default=default, metadata={"read": read, "about": about, "choices": choices})


def _choice(about: str, *choices: str) -> Any:
    """Return an option that takes one of some words, the first unless told otherwise."""
    return _option(choices[0], _one_of(*choices), about, choices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every option of mocksms with its default."""

    host: str = _option("127.0.0.1", _host, "address to listen on")
    port: int = _option(8972, _whole(0, 65535), "port to listen on; 0 picks a free one")
    public_url: str | None = _option(None, _url, "address of this mock as phones reach it, for the links in texts")
    allowed_host: tuple[str, ...] = _option((), _listed, "further host names the inspection API answers to")
    control_token: str | None = _option(None, _optional_text, "token the inspection API asks for, as Bearer")
    api_key: tuple[str, ...] = _option((), _listed, "keys that are accepted; none listed: any key is")
    auth_errors: Literal["documented", "observed"] = _choice(
        "words of a 401: the guide's, or those seen in the wild", "documented", "observed"
    )
    error_envelope: Literal["object", "string"] = _choice(
        'body of a 401: {"Message": ...} or a bare JSON string', "object", "string"
    )
    reason_spelling: Literal["vendor", "hyphen", "underscore"] = _choice(
        "reject reasons: hyphens in send answers and underscores in reads as the vendor, or one of them in both",
        "vendor",
        "hyphen",
        "underscore",
    )
    strict: bool = _option(False, _flag, "refuse with 400 whatever would only be a warning")
    accept_local_numbers: bool = _option(False, _flag, "take 05... as an Israeli mobile number")
    kosher_prefix: tuple[str, ...] = _option(
        numbers.KOSHER_PREFIXES, _listed_numbers, "prefixes of numbers that take no SMS"
    )
    force_unsubscribe_link: bool = _option(False, _flag, "append the unsubscribe link whatever the request says")
    magic_prefix: str = _option(numbers.MAGIC_PREFIX, _magic_prefix, "digits that start a magic number")
    magic_delay: timedelta = _option(
        timedelta(seconds=5), _longer_than_zero, "how long it takes where a magic number waits"
    )
    async_delay: timedelta = _option(timedelta(), duration, "how long an async send stays queued")
    sender: str = _option("SenderID", _text, "sender of messages that name none")
    credit: int | None = _option(None, _optional_whole(0, 10**12), "segments an account can send; none given: no limit")
    gateway: bool = _option(True, _flag, "whether accounts have an SMS gateway")
    rest_right: bool = _option(True, _flag, "whether accounts may use the REST API")
    unsubscribed: tuple[str, ...] = _option((), _listed_numbers, "numbers that have opted out of every account")
    bounced: tuple[str, ...] = _option((), _listed_numbers, "numbers on every account's bounce list")
    kosher: tuple[str, ...] = _option((), _listed_numbers, "numbers marked kosher beside the prefixes")
    opt_out_word: tuple[str, ...] = _option(replies.OUT_WORDS, _listed_words, "replies that opt out, in any case")
    opt_in_word: tuple[str, ...] = _option(replies.IN_WORDS, _listed_words, "replies that opt in again, in any case")
    webhook: tuple[Webhook, ...] = _option(
        (),
        _webhooks(WebhookKind.TRANSACTIONAL),
        "addresses the transactional webhook calls; #click+reject names its events",
    )
    automation_webhook: tuple[Webhook, ...] = _option(
        (),
        _webhooks(WebhookKind.AUTOMATION),
        "addresses the automation webhook calls; #SmsReply+smsSent names its events",
    )
    webhook_allow: tuple[str, ...] = _option(
        (), _listed, "public hosts, addresses and networks that may be called; none: this machine and private networks"
    )
    webhook_timeout: timedelta = _option(
        timedelta(seconds=5), _longer_than_zero, "how long a receiver may take, in real time"
    )
    webhook_retry: tuple[timedelta, ...] = _option(
        tuple(timedelta(seconds=pause) for pause in (1, 5, 15, 60, 300, 900)),
        _durations,
        "pauses before a callback is tried again, on the account's clock; none: it is tried once",
    )
    webhook_id_key: Literal["vendor", "transaction_id", "transaction_Id"] = _choice(
        "name of the message's id in callbacks: by the event as the vendor, or one of them in all",
        "vendor",
        "transaction_id",
        "transaction_Id",
    )
    webhook_number_key: Literal["mobile_number", "email"] = _choice(
        "name of the recipient in callbacks", "mobile_number", "email"
    )
    webhook_bounce: Literal["reject", "hard_bounce"] = _choice(
        "event of a message that bounces after it was sent", "reject", "hard_bounce"
    )
    webhook_date: Literal["minutes", "seconds", "swapped"] = _choice(
        "created_at in callbacks: ISO cut to the minute, ISO, or the vendor's slip with minutes and months swapped",
        "minutes",
        "seconds",
        "swapped",
    )
    webhook_zone: Literal["israel", "utc"] = _choice("time zone of the dates in callbacks", "israel", "utc")
    automation_date: Literal["iso", "us"] = _choice(
        "timeStamp of the automation webhook: 2022-02-10 15:58:01 or 02/10/2022 15:58:01", "iso", "us"
    )
    automation_escapes: Literal["lower", "upper"] = _choice(
        "case of the escapes in the automation webhook: %3a or %3A", "lower", "upper"
    )
    scenario: tuple[str, ...] = _option((), _listed, "scenario in force: a file, a folder of files, or a bundled name")
    scenario_folder: str | None = _option(None, _optional_text, "folder whose scenarios can be called by name")
    seed: str | None = _option(None, _optional_text, "makes ids repeatable; none given: drawn at the start and printed")
    max_accounts: int = _option(10_000, _whole(1, 10**9), "accounts kept; beyond it the longest unused goes")
    max_messages: int = _option(100_000, _whole(1, 10**9), "messages kept per account; beyond it the oldest go")
    max_requests: int = _option(100_000, _whole(1, 10**9), "journal entries kept per account; beyond it the oldest go")
    max_callbacks: int = _option(100_000, _whole(1, 10**9), "callbacks kept per account; beyond it the oldest go")
    max_consents: int = _option(
        100_000, _whole(1, 10**9), "opt-outs and opt-ins kept per account; beyond it the oldest go"
    )
    max_body: int = _option(1_048_576, _whole(1, 10**9), "longest request body in bytes")
    quiet: bool = _option(False, _flag, "print no line per message")
    log_format: Literal["lines", "json"] = _choice(
        "what is printed: lines for people, or an object of JSON per line", "lines", "json"
    )

    @classmethod
    def read(cls, environment: Mapping[str, str], flags: Mapping[str, str]) -> Settings:
        """Return the settings of an environment and a command line; flags win.

        Args:
            environment: variables; only those beginning with `MOCKSMS_` are looked at.
            flags: option names (with underscores) to raw values.

        Raises:
            SettingsError: an unknown variable, or a value that does not fit; the text is one sentence.
        """
        given = {name: (flag_name(name), value) for name, value in flags.items()}
        return read_options(cls, from_environment(environment), given)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSettings:
    """Every option of a test suite beside those of the mock it starts."""

    url: str | None = _option(None, _url, "URL of a running mock to attach to; none: the session starts its own")
    unexpected: Literal["fail", "warn", "ignore"] = _choice(
        "what unexpected traffic does to a test: refused requests, wrong API keys, late messages",
        "fail",
        "warn",
        "ignore",
    )
    timeout: timedelta = _option(timedelta(seconds=5), duration, "how long a wait lasts unless the call sets a timeout")


OPTIONS: Final = {option.name: option for option in fields(Settings)}
SESSION_OPTIONS: Final = {option.name: option for option in fields(SessionSettings)}

GROUPS: Final = {
    "host": "Where it listens",
    "api_key": "Answers",
    "kosher_prefix": "Messages",
    "sender": "Accounts",
    "webhook": "Callbacks",
    "scenario": "Scenarios",
    "seed": "The mock itself",
}
"""What the options are about, each from the one named here on."""


def read_options(kind: type[Options], *sources: Mapping[str, Raw]) -> Options:
    """Return options as some sources give them, by their names; the later source wins, and others' names are let be.

    Raises:
        SettingsError: a value does not fit.
    """
    options = {option.name: option for option in fields(kind)}
    given = {name: raw for source in sources for name, raw in source.items() if name in options}
    values: dict[str, Any] = {name: _read(options[name], *raw) for name, raw in given.items()}
    return kind(**values)


def default_text(default: object) -> str:
    """Return a default as it would be given on the command line; nothing when there is none."""
    match default:
        case None | ():
            return ""
        case bool():
            return str(default).lower()
        case timedelta():
            return f"{default.total_seconds():g}s"
        case tuple():
            return ",".join(map(default_text, default))
        case _:
            return str(default)


def flag_name(option: str) -> str:
    """Return an option's flag on the command line."""
    return "--" + option.replace("_", "-")


def variable_name(option: str) -> str:
    """Return an option's environment variable."""
    return VARIABLE_PREFIX + option.upper()


def from_environment(environment: Mapping[str, str]) -> dict[str, Raw]:
    """Return the options, of the mock and of test suites, that variables give by their names.

    Raises:
        SettingsError: a variable has our prefix and is none of them.
    """
    known = {variable_name(name): name for name in (*OPTIONS, *SESSION_OPTIONS)}
    raw: dict[str, Raw] = {}
    for variable, value in environment.items():
        if not variable.startswith(VARIABLE_PREFIX) or _is_of_a_link(variable, value):
            continue
        if variable not in known:
            near = difflib.get_close_matches(variable, known, 1, 0.5)
            hint = f"did you mean {near[0]}?" if near else "see `mocksms --help` for those there are."
            raise SettingsError(f"The environment variable {variable} is not one of mocksms; {hint}")
        raw[known[variable]] = (variable, value)
    return raw


def _is_of_a_link(variable: str, value: str) -> bool:
    """Whether a variable tells where something called mocksms is: a service of Kubernetes, a container Docker links."""
    of_links = ("MOCKSMS_SERVICE_", "MOCKSMS_PORT_", "MOCKSMS_ENV_")
    return variable.startswith(of_links) or variable == "MOCKSMS_NAME" or value.startswith("tcp://")


def _read(option: Field[Any], where: str, raw: object) -> object:
    read = cast("Callable[[object], object]", option.metadata["read"])
    try:
        return read(raw)
    except ValueError as error:
        raise SettingsError(f"{where} is {raw!r}, but must be {error}.") from error


_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def url_of(host: str, port: int) -> str:
    """Return the URL at which programs on this machine reach a mock that listens on this host and port."""
    name = _EVERYWHERE.get(host, host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
