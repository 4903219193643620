"""Every option, defined once: the source of flags, `MOCKSMS_*` variables, pytest ini values and option tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, fields
from datetime import timedelta
from typing import Any, Final, Literal, TypeVar, cast

from mocksms.errors import SettingsError
from mocksms.settings import readers
from mocksms.settings.environment import describe_foreign, read_variables
from mocksms.settings.option_fields import choice, limit, of_account, option
from mocksms.settings.session_options import SessionSettings
from mocksms.sms import numbers, opt_out_words
from mocksms.sms.display import without_credentials
from mocksms.sms.durations import format_duration, parse_duration
from mocksms.sms.sizes import LINK_LENGTH, parse_memory
from mocksms.sms.webhook import Webhook, WebhookKind

Raw = tuple[str, object]
"""Where a value comes from, such as `--port`, and the value: text, or a Python value."""

Options = TypeVar("Options", bound="Settings | SessionSettings")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every option of mocksms with its default."""

    host: str = option("127.0.0.1", readers.host, "address to listen on")
    port: int = option(8972, readers.whole_number(0, 65535), "port to listen on; 0: any free port")
    public_url: str | None = option(
        None, readers.optional_url, "URL of this mock in the links of texts; empty: its host and port"
    )
    allowed_host: tuple[str, ...] = option(
        (), readers.texts, "more host names of the inspection API, and of the emulated API for browsers"
    )
    control_token: str | None = option(
        None, readers.optional_text, "secret text that the inspection API requires as Bearer token"
    )
    api_key: tuple[str, ...] = option((), readers.texts, "API keys that are accepted; empty: every key")
    auth_errors: Literal["documented", "observed"] = choice(
        "text of a 401 response: as in the vendor's guide, or as public clients report it", "documented", "observed"
    )
    error_envelope: Literal["object", "string"] = choice(
        'body of a 401 response: {"Message": ...} or a JSON string', "object", "string"
    )
    auth_status: Literal[401, 400] = option(
        401, readers.one_number_of(401, 400), "status of a response to a missing or unknown API key", ("401", "400")
    )
    reason_spelling: Literal["vendor", "hyphen", "underscore"] = choice(
        "reject reasons: hyphens in send responses and underscores in reads (vendor), or the same in both",
        "vendor",
        "hyphen",
        "underscore",
    )
    row_status_key: Literal["both", "state", "status"] = choice(
        "name of the status in rows of info and search: state and status, or one of them", "both", "state", "status"
    )
    send_at_zone: Literal["israel", "utc"] = choice("time zone of a send_at without an offset", "israel", "utc")
    read_zone: Literal["israel", "utc"] = choice(
        "time zone of the dates in info and search, and of date_from and date_to without an offset", "israel", "utc"
    )
    strict: bool = option(False, readers.flag, "refuse with 400 what otherwise causes only a warning")
    accept_local_numbers: bool = option(False, readers.flag, "accept 05... as an Israeli mobile number")
    kosher_prefix: tuple[str, ...] = option(
        numbers.KOSHER_PREFIXES, readers.phone_numbers, "prefixes of kosher numbers, which cannot receive SMS"
    )
    force_unsubscribe_link: bool = of_account(
        False, readers.flag, "append the unsubscribe link also where the request says no"
    )
    text_without_charset: Literal["as-is", "question-marks"] = choice(
        "characters outside GSM 03.38 in a text without charset unicode: as sent, or ? for each",
        "as-is",
        "question-marks",
    )
    link_length: int = option(
        LINK_LENGTH,
        readers.whole_number(1, 1000),
        "characters that each link of the provider counts as, for segments and credit",
    )
    magic_prefix: str = option(numbers.MAGIC_PREFIX, readers.magic_prefix, "first digits of all magic numbers")
    magic_delay: timedelta = option(
        timedelta(seconds=5), readers.positive_duration, "delay of the magic numbers that act later"
    )
    async_delay: timedelta = of_account(timedelta(), parse_duration, "how long messages of an async send stay queued")
    sync_limit: int | None = option(
        None,
        readers.optional(readers.whole_number(1, 10**6)),
        "most recipients of a sync send, such as 10; a send to more is async; empty: no limit",
    )
    scheduled_status: Literal["queued", "scheduled"] = choice(
        "status of a message that waits for its send_at", "queued", "scheduled"
    )
    schedule_limit: timedelta | None = option(
        None, readers.optional(readers.positive_duration), "how far ahead send_at may be, such as 365d; empty: no limit"
    )
    schedule_without_credit: bool = option(
        True, readers.flag, "whether an account without credit can schedule; otherwise its send gets 402"
    )
    untracked_clicks: bool = option(
        False, readers.flag, "count clicks on links of sends without track_clicks too, which no provider can see"
    )
    ignore_sender: bool = option(False, readers.flag, "ignore the sender of a send; all have the account's")
    sender: str = of_account("SenderID", readers.text, "sender of messages without one")
    credit: int | None = of_account(
        None, readers.optional(readers.whole_number(0, 10**12)), "credit of accounts in segments; empty: no limit"
    )
    gateway: bool = of_account(True, readers.flag, "whether accounts have an SMS gateway")
    rest_right: bool = of_account(True, readers.flag, "whether accounts may use the REST API")
    unsubscribed: tuple[str, ...] = of_account((), readers.phone_numbers, "numbers that are opted out in every account")
    bounced: tuple[str, ...] = of_account((), readers.phone_numbers, "numbers on the bounce list of every account")
    kosher: tuple[str, ...] = of_account(
        (), readers.phone_numbers, "more kosher numbers, besides those with a kosher prefix"
    )
    opt_out_word: tuple[str, ...] = option(opt_out_words.OUT_WORDS, readers.words, "replies that opt out, in any case")
    opt_in_word: tuple[str, ...] = option(
        opt_out_words.IN_WORDS, readers.words, "replies that opt in again, in any case"
    )
    webhook: tuple[Webhook, ...] = of_account(
        (),
        readers.webhooks(WebhookKind.TRANSACTIONAL),
        "URLs of transactional webhooks; #click+reject at the end selects events",
    )
    automation_webhook: tuple[Webhook, ...] = of_account(
        (),
        readers.webhooks(WebhookKind.AUTOMATION),
        "URLs of automation webhooks; #SmsReply+smsSent at the end selects events",
    )
    webhook_allow: tuple[str, ...] = option(
        (),
        readers.texts,
        "public and link-local hosts, addresses and networks for webhooks; empty: only this machine and private "
        "networks",
    )
    webhook_timeout: timedelta = option(
        timedelta(seconds=5), readers.positive_duration, "how long a webhook may take to respond, in real time"
    )
    webhook_retry: tuple[timedelta, ...] = option(
        tuple(timedelta(seconds=pause) for pause in (1, 5, 15, 60, 300, 900)),
        readers.list_of(parse_duration),
        "pauses before each retry of a callback, on the account's clock; empty: no retries",
    )
    webhook_id_key: Literal["vendor", "transaction_id", "transaction_Id"] = choice(
        "name of the message id in callbacks: by event (vendor), or the same in all",
        "vendor",
        "transaction_id",
        "transaction_Id",
    )
    webhook_number_key: Literal["mobile_number", "email"] = choice(
        "name of the recipient field in callbacks", "mobile_number", "email"
    )
    webhook_bounce: Literal["reject", "hard_bounce"] = choice(
        "event for a message that bounces after it was sent", "reject", "hard_bounce"
    )
    webhook_date: Literal["minutes", "seconds", "swapped"] = choice(
        "created_at in callbacks: ISO to the minute, ISO, or with minutes and month swapped as in two vendor samples",
        "minutes",
        "seconds",
        "swapped",
    )
    webhook_zone: Literal["israel", "utc"] = choice("time zone of the dates in callbacks", "israel", "utc")
    automation_date: Literal["iso", "us"] = choice(
        "timeStamp of the automation webhook: 2022-02-10 15:58:01 or 02/10/2022 15:58:01", "iso", "us"
    )
    automation_escapes: Literal["lower", "upper"] = choice(
        "percent-encoding in the automation webhook: %3a or %3A", "lower", "upper"
    )
    scenario: tuple[str, ...] = of_account(
        (), readers.texts, "active scenarios: files, folders, or bundled names", values="scenarios"
    )
    scenario_folder: str | None = option(
        None, readers.optional_text, "folder of scenarios that can be activated by name", values="folders"
    )
    seed: str | None = option(
        None, readers.optional_text, "makes ids repeatable; empty: a random seed, printed at the start"
    )
    state: str | None = option(
        None,
        readers.optional_text,
        "file that keeps the state of the mock, read at the start; empty: the state is lost at the end",
        values="files",
    )
    state_every: timedelta = option(
        timedelta(seconds=30),
        parse_duration,
        "how often the state is saved if something changed; 0: only at the end",
    )
    max_accounts: int = limit(10_000, "accounts kept; beyond it the least recently used is evicted")
    max_messages: int = limit(100_000, "messages kept per account; beyond it the oldest are evicted")
    max_requests: int = limit(100_000, "requests kept per account; beyond it the oldest are evicted")
    max_callbacks: int = limit(100_000, "callbacks kept per account; beyond it the oldest are evicted")
    max_consents: int = limit(100_000, "opt-outs and opt-ins kept per account; beyond it the oldest are evicted")
    max_memory: int | None = option(
        None,
        readers.optional(parse_memory),
        "memory for records, such as 512MiB; empty: a quarter of the machine's, at most 1GiB",
    )
    max_body: int = limit(1_048_576, "maximum size of a request body in bytes")
    quiet: bool = option(False, readers.flag, "print no lines for messages, refused requests and failed callbacks")
    log_format: Literal["lines", "json"] = choice(
        "format of the output: plain lines, or one JSON object per line", "lines", "json"
    )

    @classmethod
    def read(cls, environment: Mapping[str, str], flags: Mapping[str, str]) -> Settings:
        """Read the settings from environment variables and flags; flags take precedence.

        Args:
            environment: variables; only those that start with `MOCKSMS_` count.
            flags: option names (with underscores) to raw values.

        Raises:
            SettingsError: a variable is unknown, or a value is not valid; the text is one sentence.
        """
        from_flags = {name: (flag_name(name), value) for name, value in flags.items()}
        return read_options(cls, from_environment(environment), from_flags)

    def parse_number(self, mobile_number: str) -> numbers.PhoneNumber:
        """Parse a phone number; a local one counts with `accept_local_numbers`."""
        return numbers.parse(mobile_number, accept_local=self.accept_local_numbers)


OPTIONS: Final = {option.name: option for option in fields(Settings)}
SESSION_OPTIONS: Final = {option.name: option for option in fields(SessionSettings)}

COMPARE_KEY: Final = "compare_key"
"""What only has a variable: the API key of the service that `mocksms compare` calls."""

_VARIABLES: Final = (*OPTIONS, *SESSION_OPTIONS, COMPARE_KEY)

GROUPS: Final = {
    "host": "Server",
    "api_key": "Requests and responses",
    "kosher_prefix": "Messages",
    "sender": "Accounts",
    "webhook": "Webhooks",
    "scenario": "Scenarios",
    "seed": "General",
}
"""Groups of options, each by its first option."""


def read_options(kind: type[Options], *sources: Mapping[str, Raw]) -> Options:
    """Read options by name from some sources, of which the last takes precedence; other names are ignored.

    Raises:
        SettingsError: a value is not valid.
    """
    options = {option.name: option for option in fields(kind)}
    latest = {name: raw for source in sources for name, raw in source.items() if name in options}
    values: dict[str, Any] = {name: _read(options[name], *raw) for name, raw in latest.items()}
    return kind(**values)


def default_text(default: object) -> str:
    """Return a default as written on the command line, empty if there is none."""
    match default:
        case None | ():
            return ""
        case bool():
            return str(default).lower()
        case timedelta():
            return format_duration(default)
        case tuple():
            return ",".join(map(default_text, default))
        case _:
            return str(default)


def flag_name(option: str) -> str:
    """Return an option's flag on the command line."""
    return "--" + option.replace("_", "-")


def from_environment(environment: Mapping[str, str]) -> Mapping[str, Raw]:
    """Return the raw options, of the mock and of test sessions, that variables set.

    Raises:
        SettingsError: a variable is the name of an option with a typing error.
    """
    return read_variables(environment, _VARIABLES)


def foreign_variables(environment: Mapping[str, str]) -> str:
    """Return a warning about the variables with our prefix that are ignored, empty if there are none."""
    return describe_foreign(environment, _VARIABLES)


def _read(option: Field[Any], where: str, raw: object) -> object:
    read = cast("Callable[[object], object]", option.metadata["read"])
    try:
        return read(raw)
    except ValueError as error:
        raise SettingsError(f"{where} is {without_credentials(repr(raw))}, but must be {error}.") from error
